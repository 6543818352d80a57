-- Standing agreements and code masters.

CREATE TABLE agreement.submitter (
  submitter_id text PRIMARY KEY,
  name         text NOT NULL,
  public_key   text NOT NULL
);

CREATE TABLE agreement.provider (
  provider_id text PRIMARY KEY,
  name        text NOT NULL,
  prefecture  text NOT NULL
);

CREATE TABLE agreement.feed (
  feed_id           text PRIMARY KEY,
  submitter_id      text NOT NULL REFERENCES agreement.submitter,
  kind              text NOT NULL,
  providers         text[] NOT NULL,
  interface_version text NOT NULL,
  every_days        integer NOT NULL CHECK (every_days > 0)
);

CREATE TABLE agreement.master_edition (
  system       text NOT NULL,
  edition      text NOT NULL,
  effective_on date NOT NULL,
  entries      bigint NOT NULL,
  blake3       text NOT NULL,
  PRIMARY KEY (system, edition)
);

CREATE TABLE agreement.master_entry (
  system          text NOT NULL,
  edition         text NOT NULL,
  code            text NOT NULL,
  name            text NOT NULL,
  standard_system text NOT NULL DEFAULT '',
  standard_code   text NOT NULL DEFAULT '',
  PRIMARY KEY (system, edition, code),
  FOREIGN KEY (system, edition) REFERENCES agreement.master_edition
);
