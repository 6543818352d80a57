-- Z3. The catalogue of the lake: which files make which snapshot.

CREATE TABLE repository.lake_commit (
  commit_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at            timestamptz NOT NULL,
  kind          text NOT NULL,         -- load, compact
  submission_id bytea
);

CREATE TABLE repository.lake_file (
  file_id     text PRIMARY KEY,        -- BLAKE3 of the file, hexadecimal; also its name
  fact_table  text NOT NULL,
  bucket_min  smallint NOT NULL,
  bucket_max  smallint NOT NULL,
  rows        bigint NOT NULL,
  bytes       bigint NOT NULL,
  first_day   integer,                 -- days since 1970-01-01
  last_day    integer,
  submissions bytea[] NOT NULL,        -- deliveries whose facts are in it
  added       bigint NOT NULL REFERENCES repository.lake_commit,
  removed     bigint REFERENCES repository.lake_commit
);
CREATE INDEX lake_file_current ON repository.lake_file (fact_table) WHERE removed IS NULL;

-- Units whose facts are no longer current: the current view of a snapshot leaves them out. Once dead, always dead.
CREATE TABLE repository.dead_unit (
  document bytea NOT NULL,
  unit     integer NOT NULL,
  since    bigint NOT NULL REFERENCES repository.lake_commit,
  PRIMARY KEY (document, unit)
);
