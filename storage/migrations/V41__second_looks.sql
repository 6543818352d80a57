-- The second reviewer's blind sample (二人目の確認): a drawn share of rulings is judged again by somebody who is not told the
-- first word. And by which tokens an inquiry can be found again when the same person asks.

CREATE TABLE identity.second_look (
  ruling_id bigint PRIMARY KEY REFERENCES identity.ruling ON DELETE CASCADE,
  drawn_at  timestamptz NOT NULL,
  same      boolean,                  -- the second word; null: nobody has said it yet
  said_by   text,
  reason    text,
  said_at   timestamptz,
  CHECK ((same IS NULL) = (said_by IS NULL) AND (same IS NULL) = (said_at IS NULL) AND (same IS NULL) = (reason IS NULL))
);
CREATE INDEX second_look_waiting ON identity.second_look (ruling_id) WHERE same IS NULL;

-- A word is said once, and not by whoever ruled.
CREATE FUNCTION identity.second_look_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.same IS NOT NULL OR (NEW.ruling_id, NEW.drawn_at) IS DISTINCT FROM (OLD.ruling_id, OLD.drawn_at) THEN
    RAISE EXCEPTION 'a second look is said once';
  END IF;
  IF EXISTS (SELECT FROM identity.ruling r WHERE r.ruling_id = NEW.ruling_id AND r.ruled_by = NEW.said_by) THEN
    RAISE EXCEPTION 'a second look is somebody else''s';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER second_look_forward BEFORE UPDATE ON identity.second_look
  FOR EACH ROW EXECUTE FUNCTION identity.second_look_goes_forward();

GRANT SELECT, INSERT ON identity.second_look TO musubi_identity;
GRANT UPDATE (same, said_by, reason, said_at) ON identity.second_look TO musubi_identity;

-- About whom an inquiry was, as keyed tokens: so that the desk finds its own past answers, and nobody else can.
CREATE TABLE compliance.inquiry_person (
  inquiry_id text NOT NULL REFERENCES compliance.inquiry,
  kind       text NOT NULL,
  token      bytea NOT NULL,
  guard      bytea NOT NULL,
  PRIMARY KEY (inquiry_id, kind)
);
CREATE INDEX inquiry_person_by_token ON compliance.inquiry_person (token);
CREATE TRIGGER inquiry_person_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.inquiry_person
  FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change();
GRANT SELECT, INSERT ON compliance.inquiry_person TO musubi_identity;
