-- A verification of a release names the run in which it was made (C-058): never the run that built the release.
ALTER TABLE compliance.release_check ADD COLUMN run_id text NOT NULL DEFAULT '';
-- Rows from before stand with an empty run and count for nothing; a new one names its run.
ALTER TABLE compliance.release_check ALTER COLUMN run_id DROP DEFAULT;
