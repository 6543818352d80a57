-- Who may do what. The snapshot test in storage/tests prints this as a matrix.

-- Older servers let everybody make tables here.
REVOKE ALL ON SCHEMA public FROM PUBLIC;

GRANT USAGE ON SCHEMA agreement TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT SELECT ON ALL TABLES IN SCHEMA agreement
  TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT INSERT, UPDATE ON agreement.submitter, agreement.provider, agreement.feed TO musubi_ingest;
-- An edition of a master is never changed; only its number of entries is set at the end of its loading.
GRANT INSERT ON agreement.master_edition, agreement.master_entry TO musubi_ingest;
GRANT UPDATE (entries) ON agreement.master_edition TO musubi_ingest;

GRANT USAGE ON SCHEMA compliance TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT SELECT, INSERT ON compliance.audit TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT SELECT ON compliance.parameter_set TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT INSERT ON compliance.parameter_set TO musubi_ingest, musubi_release;
GRANT SELECT ON compliance.opt_out TO musubi_ingest, musubi_identity;
GRANT INSERT, UPDATE ON compliance.opt_out TO musubi_identity;

-- Z1, raw bytes and their keys
GRANT USAGE ON SCHEMA intake, keys TO musubi_ingest;
GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA intake TO musubi_ingest;
GRANT SELECT, INSERT ON keys.data_key TO musubi_ingest;

-- Z2
GRANT USAGE ON SCHEMA identity, keys TO musubi_identity;
GRANT SELECT, INSERT, UPDATE ON identity.source_identity, identity.token, identity.person, identity.member,
  identity.conflict TO musubi_identity;
GRANT SELECT, INSERT ON identity.decision TO musubi_identity;
GRANT SELECT, INSERT, UPDATE ON keys.data_key TO musubi_identity;

-- Z3
GRANT USAGE ON SCHEMA repository TO musubi_ingest, musubi_identity, musubi_release, musubi_console;
GRANT SELECT ON ALL TABLES IN SCHEMA repository TO musubi_ingest, musubi_identity, musubi_release, musubi_console;
GRANT INSERT ON ALL TABLES IN SCHEMA repository TO musubi_ingest;
GRANT UPDATE (removed) ON repository.lake_file TO musubi_ingest;

-- the board
GRANT USAGE ON SCHEMA board TO musubi_board, musubi_release, musubi_console;
GRANT SELECT, INSERT ON ALL TABLES IN SCHEMA board TO musubi_board;
GRANT SELECT ON ALL TABLES IN SCHEMA board TO musubi_release, musubi_console;

-- Z4 to Z6
GRANT USAGE ON SCHEMA release TO musubi_identity, musubi_release, musubi_console, musubi_ingest;
GRANT SELECT, INSERT ON release.cohort, release.cohort_member TO musubi_identity;
GRANT SELECT ON release.cohort, release.cohort_member TO musubi_release;
GRANT DELETE ON release.cohort_member TO musubi_release;
GRANT SELECT, INSERT ON release.ledger, release.input TO musubi_release;
GRANT SELECT ON release.ledger, release.input TO musubi_console, musubi_ingest, musubi_identity;

-- the console sees states, counts and findings, never identities or keys
GRANT USAGE ON SCHEMA intake TO musubi_console;
GRANT SELECT ON intake.submission, intake.submission_event, intake.finding, intake.balance TO musubi_console;
