-- Disclosure policies as the board signed them. A policy is never changed: another text is another version.

CREATE TABLE board.policy (
  name       text NOT NULL,
  version    integer NOT NULL,
  text       text NOT NULL,            -- the TOML, byte for byte
  adopted_by text NOT NULL,
  adopted_at timestamptz NOT NULL,
  signature  text NOT NULL,            -- the board's, over the text
  PRIMARY KEY (name, version)
);

CREATE TRIGGER policy_is_never_changed BEFORE UPDATE OR DELETE ON board.policy
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();

GRANT SELECT, INSERT ON board.policy TO musubi_board;
GRANT SELECT ON board.policy TO musubi_release, musubi_console;
