-- The zones of the house (design: zones and keys) and one role for each kind of job.
-- A process connects with the role of its job, so the database refuses what the design forbids.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['musubi_ingest','musubi_identity','musubi_board','musubi_release','musubi_console'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I LOGIN', r);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    -- A superuser may take any role already; the owner of a managed database must be made a member.
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', r);
    END IF;
  END LOOP;
END $$;

CREATE SCHEMA agreement;   -- who delivers what; masters; nobody's personal data
CREATE SCHEMA intake;      -- Z1: packages, documents, units, findings, balances
CREATE SCHEMA keys;        -- wrapped data keys
CREATE SCHEMA identity;    -- Z2: sealed demographics, tokens, persons
CREATE SCHEMA repository;  -- Z3: catalogue of the lake
CREATE SCHEMA compliance;  -- opt-outs, parameters, audit chain
CREATE SCHEMA board;       -- requests and approvals
CREATE SCHEMA release;     -- Z4 to Z6: cohorts, leave-outs, ledger
