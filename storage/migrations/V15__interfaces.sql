-- Interfaces of tables (連携仕様): which column of a sender's table is what. A version is never changed; the newest of
-- a name is the one in use, older ones tell how earlier loads were read.

CREATE TABLE agreement.interface (
  name      text NOT NULL,
  version   text NOT NULL,
  toml      text NOT NULL,
  blake3    text NOT NULL,
  loaded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (name, version)
);

GRANT SELECT ON agreement.interface
  TO musubi_ingest, musubi_identity, musubi_board, musubi_release, musubi_console;
GRANT INSERT ON agreement.interface TO musubi_ingest;
