-- Municipalities (市区町村): who stands for which, how many people live there, and which providers stand in them, for tables
-- by place and the table desk. Nothing here is about a person.

CREATE TABLE agreement.municipality (
  code         text PRIMARY KEY CHECK (code ~ '^[0-9]{5}$'),
  name         text NOT NULL UNIQUE CHECK (name <> ''),
  prefecture   text NOT NULL,
  area         text NOT NULL,             -- secondary medical area (二次医療圏)
  area_name    text NOT NULL,
  population   bigint NOT NULL CHECK (population >= 0),
  organisation text,                      -- compliance.organisation, when one stands for it
  tile         smallint[] CHECK (cardinality(tile) = 2),
  providers    text[] NOT NULL DEFAULT '{}'
);

GRANT SELECT, INSERT, UPDATE ON agreement.municipality TO musubi_ingest;
GRANT SELECT ON agreement.municipality TO musubi_release, musubi_console, musubi_act;
