-- Two more roles for the Act's own work.
-- musubi_act keeps the books: notices, filings, organisations, instructions, checks, incidents. It sees states, counts and
-- ledgers of the other zones, never an identity, a key or a raw byte.
-- musubi_erasure removes: the only role that may delete a person's rows, and only by an erasure job.

DO $$
DECLARE r text;
BEGIN
  FOREACH r IN ARRAY ARRAY['musubi_act','musubi_erasure'] LOOP
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = r) THEN
      BEGIN
        EXECUTE format('CREATE ROLE %I LOGIN', r);
      EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
      END;
    END IF;
    IF NOT pg_has_role(current_user, r, 'MEMBER') THEN
      EXECUTE format('GRANT %I TO CURRENT_USER', r);
    END IF;
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA agreement, compliance, intake, repository, board, release TO musubi_act;
GRANT SELECT ON ALL TABLES IN SCHEMA agreement TO musubi_act;
GRANT SELECT, INSERT ON compliance.audit, compliance.parameter_set TO musubi_act;
GRANT SELECT ON intake.submission, intake.submission_event, intake.finding, intake.balance, intake.control_total
  TO musubi_act;
GRANT SELECT ON ALL TABLES IN SCHEMA repository, board TO musubi_act;
GRANT SELECT ON release.cohort, release.ledger, release.input TO musubi_act;

GRANT USAGE ON SCHEMA compliance, intake, keys, identity, repository, release TO musubi_erasure;
GRANT SELECT, INSERT ON compliance.audit TO musubi_erasure;
GRANT SELECT ON compliance.parameter_set, compliance.opt_out TO musubi_erasure;
