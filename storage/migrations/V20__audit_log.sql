-- The audit log: purpose and object class, the tree over the entries, signed checkpoints and witnesses' signatures.

-- Entries written before have format 1; their hashes do not cover purpose and class, which therefore stay empty.
ALTER TABLE compliance.audit
  ADD COLUMN format       smallint NOT NULL DEFAULT 1,
  ADD COLUMN purpose      text NOT NULL DEFAULT '',
  ADD COLUMN object_class text NOT NULL DEFAULT '';
CREATE INDEX audit_by_object ON compliance.audit (object);

-- Complete subtrees over 256, 65536, … entries: kept so that a root or a proof need not read every entry.
-- They can be made again from the entries, and are held against them by every verification.
CREATE TABLE compliance.audit_node (
  level smallint NOT NULL CHECK (level IN (8, 16, 24, 32, 40, 48, 56)),
  place bigint NOT NULL CHECK (place >= 0),
  hash  bytea NOT NULL CHECK (length(hash) = 32),
  PRIMARY KEY (level, place)
);

-- Checkpoints (控え), texts exactly as signed.
CREATE TABLE compliance.checkpoint (
  size      bigint PRIMARY KEY CHECK (size > 0),
  origin    text NOT NULL,
  root      text NOT NULL,
  at        text NOT NULL,
  key       text NOT NULL,
  signature text NOT NULL
);

-- What witnesses (立会人) signed.
CREATE TABLE compliance.checkpoint_witness (
  size      bigint NOT NULL REFERENCES compliance.checkpoint,
  witness   text NOT NULL,
  key       text NOT NULL,
  signature text NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (size, witness)
);

CREATE TRIGGER audit_node_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.audit_node
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER checkpoint_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.checkpoint
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
CREATE TRIGGER checkpoint_witness_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.checkpoint_witness
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

GRANT SELECT, INSERT ON compliance.audit_node, compliance.checkpoint, compliance.checkpoint_witness TO musubi_act;
GRANT SELECT ON compliance.checkpoint, compliance.checkpoint_witness TO musubi_console;
