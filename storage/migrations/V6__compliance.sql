-- The Act's books.

-- Opt-outs (提供停止の求め), as tokens: whoever matches one is not taken in.
CREATE TABLE compliance.opt_out (
  opt_out_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  entry          text NOT NULL,        -- the entry's own number
  token          bytea NOT NULL,
  kind           text NOT NULL,
  guard          bytea NOT NULL,
  provider_id    text,                 -- null: all providers
  effective_from date NOT NULL,
  received_at    timestamptz NOT NULL,
  withdrawn_at   timestamptz,
  UNIQUE (entry, token, kind)
);

CREATE TABLE compliance.parameter_set (
  hash      text PRIMARY KEY,
  content   text NOT NULL,
  loaded_at timestamptz NOT NULL
);

-- The audit chain: each entry carries the hash of the one before.
CREATE TABLE compliance.audit (
  seq       bigint PRIMARY KEY,
  at        timestamptz NOT NULL,
  actor     text NOT NULL,
  role      text NOT NULL,
  action    text NOT NULL,
  object    text NOT NULL,
  persons   bigint NOT NULL,
  result    text NOT NULL,
  previous  text NOT NULL,
  hash      text NOT NULL
);

CREATE FUNCTION compliance.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'append-only table %.%', TG_TABLE_SCHEMA, TG_TABLE_NAME;
END $$;

CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.audit
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.decision
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
