-- Probabilistic matching (確率的名寄せ) with stable research ids: where candidates are found, what is decided again when,
-- what people ruled, and the past of every membership.

-- Block keys: keyed hashes of what records must share to be compared. No names, no numbers, no order.
CREATE TABLE identity.match_key (
  key         bigint NOT NULL,
  identity_id bytea NOT NULL
);
CREATE INDEX match_key_by_key ON identity.match_key (key);

-- Keys that too many identities hold to say anything. A key never becomes rare again.
CREATE TABLE identity.crowded_key (
  key bigint PRIMARY KEY
);

-- What matching changes of an identity stands beside its person and not beside the sealed description, which is long
-- and never changes.
ALTER TABLE identity.member
  ADD COLUMN origin     bytea,        -- research id last given by anything but a merge: where an undo leads back to
  ADD COLUMN known_from timestamptz,  -- since when the identity belongs to its person, as far as we know
  ADD COLUMN component  bigint,       -- decided together with all of that number; null: not yet in the index
  ADD COLUMN timed      boolean NOT NULL DEFAULT false, -- the decision hangs on days: made again when they grow
  ADD COLUMN seen_first date,
  ADD COLUMN seen_last  date;
UPDATE identity.member m SET origin = m.research_id, known_from = coalesce(
  (SELECT min(d.at) FROM identity.decision d WHERE d.identity_id = m.identity_id), '-infinity');
ALTER TABLE identity.member ALTER COLUMN origin SET NOT NULL, ALTER COLUMN known_from SET NOT NULL;
CREATE INDEX member_by_component ON identity.member (component);
CREATE INDEX member_unindexed ON identity.member (identity_id) WHERE component IS NULL;
CREATE SEQUENCE identity.component_number;

-- Memberships that ended. The current one is in identity.member, so a first load writes nothing here.
CREATE TABLE identity.member_history (
  identity_id bytea NOT NULL,
  research_id bytea NOT NULL,
  known_from  timestamptz NOT NULL,
  known_to    timestamptz NOT NULL
);
CREATE INDEX member_history_by_identity ON identity.member_history (identity_id);
CREATE INDEX member_history_by_person ON identity.member_history (research_id);
CREATE TRIGGER member_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.member_history
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Order of births, for "the older id survives". Splits and rulings have no submission.
ALTER TABLE identity.person ADD COLUMN born bigint GENERATED ALWAYS AS IDENTITY;
ALTER TABLE identity.person ALTER COLUMN born_in DROP NOT NULL;

-- kind: new, join, merge, split, move, revive, ruling. other: merge, the research id that became an alias; split, move,
-- revive, the person left; ruling and, before this version, join: the other identity.
ALTER TABLE identity.decision ALTER COLUMN submission_id DROP NOT NULL;
ALTER TABLE identity.decision
  ADD COLUMN record    bytea,    -- the other identity of the evidence
  ADD COLUMN weight    integer,
  ADD COLUMN levels    bigint,   -- level vector, four bits a comparison; the waterfall is drawn from it and the model
  ADD COLUMN model     text,
  ADD COLUMN component bigint;
CREATE INDEX decision_by_alias ON identity.decision (other) WHERE kind = 'merge';

-- What people ruled (人による裁定): outranks every rule and survives every model. One person rules, undoing takes two.
CREATE TABLE identity.ruling (
  ruling_id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  identity_a       bytea NOT NULL,
  identity_b       bytea NOT NULL,
  same             boolean NOT NULL,
  reason           text NOT NULL,
  ruled_by         text NOT NULL,
  ruled_at         timestamptz NOT NULL,
  undo_proposed_by text,
  undo_proposed_at timestamptz,
  undo_reason      text,
  undone_by        text,
  undone_at        timestamptz,
  CHECK (identity_a < identity_b),
  CHECK ((undone_by IS NULL) = (undone_at IS NULL)),
  CHECK (undone_by IS NULL OR (undo_proposed_by IS NOT NULL AND undone_by <> undo_proposed_by))
);
CREATE UNIQUE INDEX ruling_in_force ON identity.ruling (identity_a, identity_b) WHERE undone_at IS NULL;
CREATE INDEX ruling_by_b ON identity.ruling (identity_b) WHERE undone_at IS NULL;

-- Pairs for people (確認待ち), the most harmful first. settled: later evidence made the doubt go away.
CREATE TABLE identity.review (
  identity_a    bytea NOT NULL,
  identity_b    bytea NOT NULL,
  weight        integer NOT NULL,
  levels        bigint NOT NULL,
  doubt         text NOT NULL CHECK (doubt IN ('below', 'refused', 'narrow')),
  harm          bigint NOT NULL,      -- millionths of a misplaced record
  model         text NOT NULL,
  state         text NOT NULL DEFAULT 'open'
                CHECK (state IN ('open', 'postponed', 'same', 'different', 'settled')),
  submission_id bytea,
  at            timestamptz NOT NULL,
  reason        text,
  changed_by    text,
  changed_at    timestamptz,
  PRIMARY KEY (identity_a, identity_b),
  CHECK (identity_a < identity_b)
);
CREATE INDEX review_by_harm ON identity.review (state, harm DESC, identity_a, identity_b);
CREATE INDEX review_by_b ON identity.review (identity_b);

-- Counted, not silently dropped: what did not fit into the queue, and identities with nothing to match on.
CREATE TABLE identity.match_run (
  run_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at             timestamptz NOT NULL,
  submission_id  bytea,
  engine         text NOT NULL,
  model          text NOT NULL,
  identities_new bigint NOT NULL,
  decided        bigint NOT NULL,     -- identities decided, new and again
  persons_new    bigint NOT NULL,
  persons_merged bigint NOT NULL,
  persons_split  bigint NOT NULL,
  moved          bigint NOT NULL,     -- known identities whose research id changed
  unlinkable     bigint NOT NULL,
  crowded_new    bigint NOT NULL,
  reviews_new    bigint NOT NULL,
  reviews_left_out bigint NOT NULL
);

GRANT SELECT, INSERT ON identity.match_key, identity.crowded_key, identity.member_history, identity.ruling,
  identity.review, identity.match_run TO musubi_identity;
GRANT UPDATE (undo_proposed_by, undo_proposed_at, undo_reason, undone_by, undone_at) ON identity.ruling
  TO musubi_identity;
GRANT UPDATE (weight, levels, doubt, harm, model, state, reason, changed_by, changed_at) ON identity.review
  TO musubi_identity;
GRANT USAGE ON SEQUENCE identity.component_number TO musubi_identity;
