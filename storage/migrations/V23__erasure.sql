-- Erasure (削除): jobs with their proof, what became of lake files, and the one way by which rows of a person can go.
-- Nothing here names anybody: the list of a job lies sealed, and in the clear only in `identity.erasing` while it runs.

CREATE TABLE compliance.erasure_job (
  erasure_id   text PRIMARY KEY CHECK (erasure_id ~ '^E-[0-9]{4}-[0-9]{4,6}$'),
  ground       text NOT NULL CHECK (ground IN
    ('opt-out', 'no-longer-needed', 'wrongly-received', 'contract-end', 'certification-lost')),
  scope        text NOT NULL CHECK (scope IN ('opt-outs', 'person', 'submission')),
  instruction  text NOT NULL DEFAULT '',  -- the number of the instruction or request
  scope_hash   text NOT NULL CHECK (scope_hash ~ '^[0-9a-f]{64}$'), -- keyed: says nothing to who has not the key
  scope_sealed bytea NOT NULL,            -- the identities, sealed under the house's key
  before       jsonb NOT NULL,            -- counts only
  planned_at   timestamptz NOT NULL,
  planned_by   text NOT NULL,
  state        text NOT NULL DEFAULT 'planned'
               CHECK (state IN ('planned', 'confirmed', 'running', 'erased', 'verified')),
  confirmed_at timestamptz,
  confirmed_by text,                      -- first executor
  run_at       timestamptz,
  run_by       text,                      -- second executor
  erased_at    timestamptz,
  after        jsonb,                     -- what was done, counts only
  verified_at  timestamptz,
  verified_by  text,                      -- neither of the executors
  left_over    bigint,                    -- hits of the scan; a job is verified at zero only
  CHECK (run_by IS NULL OR (confirmed_by IS NOT NULL AND run_by <> confirmed_by)),
  CHECK (verified_by IS NULL OR (run_by IS NOT NULL AND verified_by NOT IN (run_by, confirmed_by))),
  CHECK (state IN ('planned', 'confirmed') OR run_by IS NOT NULL),
  CHECK ((state = 'verified') = (verified_by IS NOT NULL)),
  CHECK (state <> 'verified' OR left_over = 0)
);

-- A job only goes forward, and what was said of it once is never said otherwise.
CREATE FUNCTION compliance.erasure_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  states CONSTANT text[] := ARRAY['planned', 'confirmed', 'running', 'erased', 'verified'];
BEGIN
  IF (NEW.erasure_id, NEW.ground, NEW.scope, NEW.instruction, NEW.scope_hash, NEW.scope_sealed, NEW.before,
      NEW.planned_at, NEW.planned_by)
     IS DISTINCT FROM (OLD.erasure_id, OLD.ground, OLD.scope, OLD.instruction, OLD.scope_hash, OLD.scope_sealed,
      OLD.before, OLD.planned_at, OLD.planned_by)
     OR (OLD.confirmed_by IS NOT NULL AND NEW.confirmed_by IS DISTINCT FROM OLD.confirmed_by)
     OR (OLD.run_by IS NOT NULL AND NEW.run_by IS DISTINCT FROM OLD.run_by)
     OR OLD.state = 'verified'
     OR array_position(states, NEW.state) < array_position(states, OLD.state)
     OR array_position(states, NEW.state) > array_position(states, OLD.state) + 1 THEN
    RAISE EXCEPTION 'an erasure only goes forward';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER erasure_job_forward BEFORE UPDATE ON compliance.erasure_job
  FOR EACH ROW EXECUTE FUNCTION compliance.erasure_goes_forward();
CREATE TRIGGER erasure_job_stays BEFORE DELETE OR TRUNCATE ON compliance.erasure_job
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Steps that are done. `again`: done once more after a restore. Counts and numbers only.
CREATE TABLE compliance.erasure_step (
  erasure_id text NOT NULL REFERENCES compliance.erasure_job,
  step       text NOT NULL,
  at         timestamptz NOT NULL,
  detail     jsonb NOT NULL,
  again      boolean NOT NULL DEFAULT false
);
CREATE INDEX erasure_step_by_job ON compliance.erasure_step (erasure_id);
CREATE TRIGGER erasure_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.erasure_step
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Which file took the place of which: an input of an old release leads to what is left of it.
CREATE TABLE compliance.erased_file (
  erasure_id   text NOT NULL REFERENCES compliance.erasure_job,
  old_file     text NOT NULL,
  new_file     text,                      -- null: nothing was left
  fact_table   text NOT NULL,
  rows_removed bigint NOT NULL,
  bytes_before bigint NOT NULL,
  bytes_after  bigint NOT NULL,
  submissions  bytea[] NOT NULL,          -- deliveries whose facts the old file held
  at           timestamptz NOT NULL,
  PRIMARY KEY (erasure_id, old_file)
);
CREATE INDEX erased_file_by_old ON compliance.erased_file (old_file);
CREATE TRIGGER erased_file_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.erased_file
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- Backups and the trials of restoring them (C-028).
CREATE TABLE compliance.backup (
  backup_id     text PRIMARY KEY,
  made_at       timestamptz NOT NULL,
  made_by       text NOT NULL,
  files         bigint NOT NULL,
  bytes         bigint NOT NULL,
  manifest_hash text NOT NULL
);
CREATE TABLE compliance.backup_drill (
  backup_id      text NOT NULL REFERENCES compliance.backup,
  at             timestamptz NOT NULL,
  by             text NOT NULL,
  reapplied      bigint NOT NULL,
  forbidden_rows bigint NOT NULL
);
CREATE TRIGGER backup_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.backup
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER backup_drill_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.backup_drill
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- The identities of the job that runs now; empty at all other times.
CREATE TABLE identity.erasing (
  erasure_id  text NOT NULL REFERENCES compliance.erasure_job,
  identity_id bytea NOT NULL CHECK (length(identity_id) = 16),
  PRIMARY KEY (identity_id)
);

-- The log of matching and the past of memberships stay append-only for everybody. A running erasure alone may take rows
-- out, and only rows that are about identities on its list: looked at row by row after the statement.
CREATE FUNCTION identity.refuse_all_but_erasure() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'TRUNCATE' OR NOT EXISTS (
       SELECT FROM compliance.erasure_job j
       WHERE j.erasure_id = current_setting('musubi.erasing', true) AND j.state IN ('running', 'erased', 'verified')
         AND EXISTS (SELECT FROM identity.erasing e WHERE e.erasure_id = j.erasure_id)) THEN
    RAISE EXCEPTION 'append-only table %.%', TG_TABLE_SCHEMA, TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION identity.only_listed_history() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT FROM gone g WHERE NOT EXISTS
       (SELECT FROM identity.erasing e WHERE e.identity_id = g.identity_id)) THEN
    RAISE EXCEPTION 'append-only table %.%', TG_TABLE_SCHEMA, TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION identity.only_listed_decisions() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
       SELECT FROM gone g
       WHERE NOT EXISTS (SELECT FROM identity.erasing e WHERE e.identity_id IN (g.identity_id, g.record, g.other))
         -- merges among persons of whom nobody is left
         AND NOT (g.kind = 'merge' AND EXISTS (
           SELECT FROM identity.person p WHERE p.research_id = g.research_id AND p.state = 'retired'))) THEN
    RAISE EXCEPTION 'append-only table %.%', TG_TABLE_SCHEMA, TG_TABLE_NAME;
  END IF;
  RETURN NULL;
END $$;

DROP TRIGGER decision_append_only ON identity.decision;
DROP TRIGGER member_history_append_only ON identity.member_history;
CREATE TRIGGER decision_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.decision
  FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_all_but_erasure();
CREATE TRIGGER decision_gone AFTER DELETE ON identity.decision
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION identity.only_listed_decisions();
CREATE TRIGGER decision_blanked AFTER UPDATE ON identity.decision
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION identity.only_listed_decisions();
CREATE TRIGGER member_history_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON identity.member_history
  FOR EACH STATEMENT EXECUTE FUNCTION identity.refuse_all_but_erasure();
CREATE TRIGGER member_history_gone AFTER DELETE ON identity.member_history
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION identity.only_listed_history();
CREATE TRIGGER member_history_blanked AFTER UPDATE ON identity.member_history
  REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

-- The keys that open what is held of the job's identities. Whoever keeps bytes of a person under another key adds it
-- here, and it is destroyed with the rest.
CREATE FUNCTION identity.keys_of_erasing(job text) RETURNS SETOF bytea LANGUAGE sql STABLE AS $$
  SELECT identity_id FROM identity.erasing WHERE erasure_id = job
$$;

-- Destroys the keys. A row without key stays for ever: it proves the destruction and keeps the person out.
CREATE FUNCTION identity.destroy_keys(job text, moment timestamptz) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE n bigint;
BEGIN
  IF NOT EXISTS (SELECT FROM compliance.erasure_job WHERE erasure_id = job AND state IN ('running', 'erased', 'verified')) THEN
    RAISE EXCEPTION 'no erasure of that number is running';
  END IF;
  WITH gone AS (
    INSERT INTO keys.data_key (key_id, wrapped, destroyed_at)
    SELECT DISTINCT k, NULL::bytea, moment FROM identity.keys_of_erasing(job) k
    ON CONFLICT (key_id) DO UPDATE SET wrapped = NULL, destroyed_at = moment WHERE data_key.wrapped IS NOT NULL
    RETURNING 1)
  SELECT count(*) INTO n FROM gone;
  RETURN n;
END $$;

-- Takes every row of the job's identities out of the registry; says how many, and which components of matching must be
-- decided again without them. All or nothing; a second call finds nothing.
CREATE FUNCTION identity.erase_rows(job text, crowd_max integer) RETURNS jsonb
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
  done jsonb := '{}';
  n bigint;
  nobody CONSTANT bytea := '\x00000000000000000000000000000000';
  ids bytea[];
  left_persons bytea[];
  retired bytea[];
  components bigint[];
  rare bigint[];
BEGIN
  IF NOT EXISTS (SELECT FROM compliance.erasure_job WHERE erasure_id = job AND state IN ('running', 'erased', 'verified')) THEN
    RAISE EXCEPTION 'no erasure of that number is running';
  END IF;
  SELECT coalesce(array_agg(identity_id), '{}') INTO ids FROM identity.erasing WHERE erasure_id = job;
  IF cardinality(ids) = 0 THEN
    RETURN jsonb_build_object('components', '[]'::jsonb);
  END IF;
  PERFORM set_config('musubi.erasing', job, true);

  SELECT coalesce(array_agg(DISTINCT m.component) FILTER (WHERE m.component IS NOT NULL), '{}'),
         coalesce(array_agg(DISTINCT m.research_id), '{}')
    INTO components, left_persons
    FROM identity.member m WHERE m.identity_id = ANY(ids);
  SELECT coalesce(array_agg(DISTINCT c.key), '{}') INTO rare
    FROM identity.match_key k JOIN identity.crowded_key c ON c.key = k.key WHERE k.identity_id = ANY(ids);

  DELETE FROM identity.member WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.member', n);
  DELETE FROM identity.source_identity WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.source_identity', n);
  DELETE FROM identity.token WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.token', n);
  DELETE FROM identity.match_key WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.match_key', n);
  DELETE FROM identity.conflict WHERE identity_a = ANY(ids) OR identity_b = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.conflict', n);
  DELETE FROM identity.review WHERE identity_a = ANY(ids) OR identity_b = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.review', n);
  DELETE FROM identity.ruling WHERE identity_a = ANY(ids) OR identity_b = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.ruling', n);

  -- Persons of whom nobody is left, and the aliases that led to them: retired, never used again.
  SELECT coalesce(array_agg(p), '{}') INTO retired FROM unnest(left_persons) p
    WHERE NOT EXISTS (SELECT FROM identity.member m WHERE m.research_id = p);
  WITH RECURSIVE chain AS (
    SELECT unnest(retired) AS id UNION
    SELECT p.research_id FROM identity.person p JOIN chain c ON p.merged_into = c.id)
  SELECT coalesce(array_agg(id), '{}') INTO retired FROM chain;
  UPDATE identity.person SET state = 'retired' WHERE research_id = ANY(retired) AND state <> 'retired';
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.person retired', n);

  DELETE FROM identity.member_history WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.member_history', n);
  -- A merge tells of two persons and stands for all their members: it goes when nobody is left of them.
  DELETE FROM identity.decision
    WHERE (identity_id = ANY(ids) AND (kind <> 'merge' OR research_id = ANY(retired)))
       OR (kind = 'merge' AND research_id = ANY(retired));
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.decision', n);
  UPDATE identity.decision
    SET identity_id = CASE WHEN identity_id = ANY(ids) THEN nobody ELSE identity_id END,
        record = CASE WHEN record = ANY(ids) THEN NULL ELSE record END,
        other = CASE WHEN kind = 'join' AND other = ANY(ids) THEN NULL ELSE other END
    WHERE identity_id = ANY(ids) OR record = ANY(ids) OR (kind = 'join' AND other = ANY(ids));
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.decision blanked', n);

  -- A key that says something again, now that they are gone: its holders are decided again.
  SELECT coalesce(array_agg(r), '{}') INTO rare FROM unnest(rare) r
    WHERE (SELECT count(*) FROM identity.match_key k WHERE k.key = r) <= crowd_max;
  DELETE FROM identity.crowded_key WHERE key = ANY(rare);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('identity.crowded_key', n);
  SELECT components || coalesce(array_agg(DISTINCT m.component) FILTER (WHERE m.component IS NOT NULL), '{}')
    INTO components
    FROM identity.match_key k JOIN identity.member m ON m.identity_id = k.identity_id WHERE k.key = ANY(rare);
  SELECT coalesce(array_agg(DISTINCT m.component), '{}') INTO components
    FROM identity.member m WHERE m.component = ANY(components);

  DELETE FROM release.cohort_member WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('release.cohort_member', n);

  -- Findings, answers and sealed paths of their units. Documents that told of them alone lose their path.
  CREATE TEMPORARY TABLE erased_unit ON COMMIT DROP AS
    SELECT submission_id, document, ordinal, file FROM intake.unit WHERE identity_id = ANY(ids);
  CREATE TEMPORARY TABLE erased_document ON COMMIT DROP AS
    SELECT DISTINCT e.submission_id, e.document, e.file FROM erased_unit e
    WHERE NOT EXISTS (SELECT FROM intake.unit u WHERE u.document = e.document AND u.submission_id = e.submission_id
                      AND u.file = e.file AND (u.identity_id IS NULL OR u.identity_id <> ALL(ids)));
  DELETE FROM intake.finding f USING erased_unit e
    WHERE f.submission_id = e.submission_id AND f.document = e.document AND f.unit = e.ordinal;
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('intake.finding', n);
  DELETE FROM intake.finding f USING erased_document e
    WHERE f.submission_id = e.submission_id AND f.document = e.document;
  DELETE FROM intake.quality_answer q USING erased_unit e
    WHERE q.submission_id = e.submission_id
      AND substring(q.fact_id FROM 1 FOR 13) = substring(e.document FROM 1 FOR 9) || int4send(e.ordinal);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('intake.quality_answer', n);
  UPDATE intake.document d SET path_sealed = '', path_key = nobody FROM erased_document e
    WHERE d.submission_id = e.submission_id AND d.ordinal = e.file AND d.path_sealed <> '';
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('intake.document path', n);
  -- The row itself stays with its disposition: the balance of the delivery still closes.
  UPDATE intake.unit SET identity_id = NULL, version_key = NULL, version_time = NULL WHERE identity_id = ANY(ids);
  GET DIAGNOSTICS n = ROW_COUNT; done := done || jsonb_build_object('intake.unit', n);
  DROP TABLE erased_unit, erased_document;

  RETURN done || jsonb_build_object('components', to_jsonb(components),
    'retired', to_jsonb(ARRAY(SELECT encode(r, 'hex') FROM unnest(retired) r)));
END $$;

REVOKE ALL ON FUNCTION identity.destroy_keys(text, timestamptz), identity.erase_rows(text, integer),
  identity.keys_of_erasing(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION identity.destroy_keys(text, timestamptz), identity.erase_rows(text, integer)
  TO musubi_erasure;

GRANT SELECT, INSERT ON compliance.erasure_step, compliance.erased_file, compliance.backup, compliance.backup_drill
  TO musubi_erasure;
GRANT SELECT, INSERT ON compliance.erasure_job TO musubi_erasure;
GRANT UPDATE (state, confirmed_at, confirmed_by, run_at, run_by, erased_at, after, verified_at, verified_by, left_over)
  ON compliance.erasure_job TO musubi_erasure;
GRANT SELECT ON compliance.erasure_job, compliance.erasure_step, compliance.erased_file, compliance.backup,
  compliance.backup_drill TO musubi_act, musubi_console;
GRANT SELECT ON compliance.erased_file TO musubi_release, musubi_ingest;
GRANT SELECT, INSERT, DELETE ON identity.erasing TO musubi_erasure;
GRANT SELECT ON identity.member, identity.token, identity.person TO musubi_erasure;
-- never the sealed description
GRANT SELECT (identity_id, provider_id, complete) ON identity.source_identity TO musubi_erasure;
GRANT SELECT ON keys.data_key TO musubi_erasure;
GRANT SELECT ON intake.unit, intake.document, intake.submission TO musubi_erasure;
GRANT UPDATE (document, bytes, path_sealed, pack, pack_offset, pack_len) ON intake.document TO musubi_erasure;
GRANT SELECT, INSERT, UPDATE, DELETE ON repository.lake_file TO musubi_erasure;
GRANT SELECT ON repository.lake_commit TO musubi_erasure;
GRANT SELECT ON release.ledger, release.input, release.cohort, release.cohort_member TO musubi_erasure;
-- Opt-outs made since a backup come back with the erasures.
GRANT INSERT, UPDATE ON compliance.opt_out TO musubi_erasure;
