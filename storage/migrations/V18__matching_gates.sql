-- Gates of a night (夜間の関門) and the switch of a model (モデルの切替): what was measured after the matching, whether
-- releases may be made from it, and who said so when a gate stood in the way.

CREATE TABLE identity.gate_run (
  gate_run_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at             timestamptz NOT NULL,
  model          text NOT NULL,
  from_decision  bigint NOT NULL,     -- what came after this decision and
  upto_decision  bigint NOT NULL,     -- up to this one was judged: a younger one shuts the gate
  from_run       bigint NOT NULL,     -- likewise for identity.match_run
  upto_run       bigint NOT NULL,
  judged         boolean NOT NULL,    -- there were enough new identities for shares to say something
  identities_new bigint NOT NULL,
  joined         bigint NOT NULL,     -- of those: did not begin a person
  measured       jsonb NOT NULL,      -- name to number
  verdicts       jsonb NOT NULL,      -- one for each gate, in order
  passed         boolean NOT NULL,
  proposed_by    text,                -- opening a gate that failed takes two and a reason
  proposed_at    timestamptz,
  reason         text,
  opened_by      text,
  opened_at      timestamptz,
  CHECK ((proposed_by IS NULL) = (proposed_at IS NULL) AND (proposed_by IS NULL) = (reason IS NULL)),
  CHECK ((opened_by IS NULL) = (opened_at IS NULL)),
  CHECK (opened_by IS NULL OR (proposed_by IS NOT NULL AND opened_by <> proposed_by)),
  CHECK (NOT passed OR proposed_by IS NULL)
);

-- The switch of a model for all that is stored. One person proposes it after the shadow run, another confirms.
CREATE TABLE identity.relink (
  relink_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  model         text NOT NULL,
  model_hash    text NOT NULL,        -- BLAKE3 of the model as JSON: what is confirmed is what was proposed
  proposed_by   text NOT NULL,
  proposed_at   timestamptz NOT NULL,
  confirmed_by  text,
  confirmed_at  timestamptz,
  upto_decision bigint,               -- the last decision of the switch
  CHECK ((confirmed_by IS NULL) = (confirmed_at IS NULL)),
  CHECK (confirmed_by <> proposed_by)
);

GRANT SELECT, INSERT ON identity.gate_run, identity.relink TO musubi_identity;
GRANT UPDATE (proposed_by, proposed_at, reason, opened_by, opened_at) ON identity.gate_run TO musubi_identity;
GRANT UPDATE (confirmed_by, confirmed_at, upto_decision) ON identity.relink TO musubi_identity;
-- Block keys are made from what is sealed, and made anew when a model is switched.
GRANT TRUNCATE ON identity.match_key TO musubi_identity;
