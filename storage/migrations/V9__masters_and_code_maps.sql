-- Masters with parts, revisions and per-code validity; reviewed maps of local codes; codes that found no standard.

-- An edition is a file of one day. A corrected file of the same day is a new revision; the old one stays, since facts
-- were mapped with it.
ALTER TABLE agreement.master_edition
  ADD COLUMN part      text NOT NULL DEFAULT '',     -- publishers keep some systems in several lists
  ADD COLUMN revision  integer NOT NULL DEFAULT 1 CHECK (revision > 0),
  ADD COLUMN file_name text NOT NULL DEFAULT '',
  ADD COLUMN bad_lines bigint NOT NULL DEFAULT 0,
  ADD COLUMN loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ADD COLUMN loaded_by text NOT NULL DEFAULT '';
CREATE INDEX master_edition_by_day ON agreement.master_edition (system, part, effective_on);

-- A code may stand in an edition several times, for periods that follow one another.
ALTER TABLE agreement.master_entry
  ADD COLUMN period      integer NOT NULL DEFAULT 0,
  ADD COLUMN also        text NOT NULL DEFAULT '',   -- other codes for the same thing, SYSTEM=CODE joined by spaces
  ADD COLUMN unit        text NOT NULL DEFAULT '',
  ADD COLUMN valid_from  date,
  ADD COLUMN valid_until date,                       -- last day of use
  DROP CONSTRAINT master_entry_pkey,
  ADD PRIMARY KEY (system, edition, code, period);

-- Local codes and what they mean. A row is a proposal and never changes; what was decided about it stands beside it.
CREATE TABLE agreement.code_map (
  map_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id     text NOT NULL,                     -- '*': all providers
  system          text NOT NULL,
  code            text NOT NULL CHECK (code <> ''),
  name            text NOT NULL,                     -- as sent
  standard_system text NOT NULL,
  standard_code   text NOT NULL CHECK (standard_code <> ''),
  valid_from      date,                              -- day of care from which it holds; null: always
  proposed_by     text NOT NULL,
  proposed_at     timestamptz NOT NULL,
  reason          text NOT NULL
);
CREATE INDEX code_map_by_code ON agreement.code_map (system, code);

CREATE TABLE agreement.code_map_decision (
  decision_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  map_id      bigint NOT NULL REFERENCES agreement.code_map,
  decision    text NOT NULL CHECK (decision IN ('approved', 'rejected')),
  decided_by  text NOT NULL,
  decided_at  timestamptz NOT NULL,
  reason      text NOT NULL,
  UNIQUE (map_id, decision)
);

-- Nobody approves what they proposed, and what was rejected stays so: it may be proposed anew.
CREATE FUNCTION agreement.check_code_map_decision() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.decision = 'approved' AND EXISTS (SELECT FROM agreement.code_map
      WHERE map_id = NEW.map_id AND lower(btrim(proposed_by)) = lower(btrim(NEW.decided_by))) THEN
    RAISE EXCEPTION 'code map %: proposed and approved by the same person', NEW.map_id;
  END IF;
  IF EXISTS (SELECT FROM agreement.code_map_decision WHERE map_id = NEW.map_id AND decision = 'rejected') THEN
    RAISE EXCEPTION 'code map % was rejected', NEW.map_id;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER code_map_two_persons BEFORE INSERT ON agreement.code_map_decision
  FOR EACH ROW EXECUTE FUNCTION agreement.check_code_map_decision();
CREATE TRIGGER code_map_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement.code_map
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER code_map_decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON agreement.code_map_decision
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Codes that found no standard, counted in the load that brought them. A local code or a name stands here only when it
-- came for enough persons in one submission that it tells of none of them; otherwise both are blank and only their
-- shape is kept.
CREATE TABLE intake.unmapped_code (
  submission_id bytea NOT NULL,
  provider_id   text NOT NULL,
  system        text NOT NULL,
  code          text NOT NULL,
  name          text NOT NULL,
  code_shape    text NOT NULL,
  name_shape    text NOT NULL,
  reason        text NOT NULL CHECK (reason IN ('local', 'unknown', 'no-standard')),
  records       bigint NOT NULL,
  persons       bigint NOT NULL,                     -- counted up to a limit
  persons_more  boolean NOT NULL                     -- the limit was reached
);
CREATE INDEX unmapped_code_by_submission ON intake.unmapped_code (submission_id);
CREATE INDEX unmapped_code_by_code ON intake.unmapped_code (system, provider_id, code);

GRANT SELECT, INSERT ON agreement.code_map, agreement.code_map_decision TO musubi_ingest;
GRANT SELECT, INSERT ON intake.unmapped_code TO musubi_ingest;
