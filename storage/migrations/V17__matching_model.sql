-- Models of patient matching (名寄せモデル): each file once, by its hash, with the signature of the house; and which of them
-- decided when. Nothing here is ever changed: a model is retired by the adoption of the next.

CREATE TABLE identity.model (
  hash       text PRIMARY KEY CHECK (hash ~ '^[0-9a-f]{64}$'),  -- BLAKE3 of the file
  version    text NOT NULL UNIQUE,                              -- name/number+hash8, as decisions cite it
  file       bytea NOT NULL,
  signature  text NOT NULL,
  trained_on text NOT NULL,                                     -- counts, JSON
  put_at     timestamptz NOT NULL,
  put_by     text NOT NULL
);

-- A line without approved_by is a proposal; one with it is an adoption, by two different people.
CREATE TABLE identity.model_adoption (
  adoption_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  hash        text NOT NULL REFERENCES identity.model,
  at          timestamptz NOT NULL,
  adopted_by  text NOT NULL,          -- who proposed it
  approved_by text,                   -- the second person
  reason      text NOT NULL,
  CHECK (approved_by <> adopted_by)
);

CREATE TRIGGER model_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.model
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER model_adoption_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.model_adoption
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

GRANT SELECT, INSERT ON identity.model, identity.model_adoption TO musubi_identity;
