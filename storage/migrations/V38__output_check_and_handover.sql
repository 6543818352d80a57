-- Output check by two, the release officers' two keys, and what was handed to whom. All of it grows and is never changed.

-- What a checker says of a file. Blind first: nobody reads another's before all have voted; then once more where they differ.
CREATE TABLE release.output_vote (
  release_id    text NOT NULL REFERENCES release.ledger,
  manifest_hash text NOT NULL,         -- BLAKE3 of the manifest that was looked at
  phase         text NOT NULL CHECK (phase IN ('blind', 'consolidation')),
  checker       text NOT NULL,
  file          text NOT NULL,
  verdict       text NOT NULL CHECK (verdict IN ('approve', 'change', 'reject')),
  comment       text NOT NULL,
  voted_at      timestamptz NOT NULL,
  PRIMARY KEY (release_id, phase, checker, file),
  CHECK (verdict = 'approve' OR comment <> '')
);

-- A checker asks an officer to accept what a rule of the house would not; never what the law's least cell forbids.
CREATE TABLE release.output_exception (
  exception_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release_id    text NOT NULL REFERENCES release.ledger,
  manifest_hash text NOT NULL,
  file          text NOT NULL,
  ground        text NOT NULL CHECK (ground <> 'cell-minimum'),
  reason        text NOT NULL CHECK (reason <> ''),
  asked_by      text NOT NULL,
  asked_at      timestamptz NOT NULL
);

CREATE TABLE release.output_exception_decision (
  exception_id bigint PRIMARY KEY REFERENCES release.output_exception,
  granted      boolean NOT NULL,
  reason       text NOT NULL CHECK (reason <> ''),
  decided_by   text NOT NULL,
  decided_at   timestamptz NOT NULL
);

-- An officer's word where the checkers still differ.
CREATE TABLE release.output_decision (
  release_id    text PRIMARY KEY REFERENCES release.ledger,
  manifest_hash text NOT NULL,
  accepted      boolean NOT NULL,
  reason        text NOT NULL CHECK (reason <> ''),
  decided_by    text NOT NULL,
  decided_at    timestamptz NOT NULL
);

-- Keys of the release officers: on exactly one manifest.
CREATE TABLE release.hand_key (
  release_id    text NOT NULL REFERENCES release.ledger,
  manifest_hash text NOT NULL,
  holder        text NOT NULL,
  role          text NOT NULL,
  set_at        timestamptz NOT NULL,
  PRIMARY KEY (release_id, holder)
);

CREATE TABLE release.handover (
  release_id     text NOT NULL REFERENCES release.ledger,
  organisation   text NOT NULL,        -- the recipient's id
  recipient      text NOT NULL,        -- its name in request and contract
  manifest_hash  text NOT NULL,
  target         text NOT NULL,        -- what the recipient is, by the contract
  channel        text NOT NULL CHECK (channel IN ('download', 'media', 'visiting')),
  line           text NOT NULL,        -- number of the line; empty: visiting
  contract       text NOT NULL,        -- number of the contract
  certificate    text NOT NULL,        -- of a certified user; empty: none needed
  user_type      text NOT NULL,        -- I or II of a certified user; empty: none
  handed_by      text NOT NULL,
  handed_at      timestamptz NOT NULL,
  expires_on     date NOT NULL,        -- last day of access
  destroy_by     date NOT NULL,        -- the certificate of destruction is due
  PRIMARY KEY (release_id, organisation)
);

CREATE TABLE release.handover_event (
  event_id     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  release_id   text NOT NULL,
  organisation text NOT NULL,
  event        text NOT NULL CHECK (event IN ('fetched', 'acknowledged', 'recalled', 'destroyed')),
  cause        text NOT NULL,          -- of a recall; empty otherwise
  hash         text NOT NULL,          -- of the manifest acknowledged, or of the certificate
  note         text NOT NULL,
  content      bytea,                  -- the certificate of destruction
  actor        text NOT NULL,
  at           timestamptz NOT NULL,
  FOREIGN KEY (release_id, organisation) REFERENCES release.handover
);
CREATE INDEX handover_event_by_handover ON release.handover_event (release_id, organisation, event_id);

-- No program, however wrong, hands over what two have not checked and two others have not set their keys on.
CREATE FUNCTION release.only_checked_and_keyed() RETURNS trigger
  LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE checkers bigint; holders bigint;
BEGIN
  SELECT count(DISTINCT v.checker) INTO checkers FROM release.output_vote v
    WHERE v.release_id = NEW.release_id AND v.manifest_hash = NEW.manifest_hash AND v.voted_at <= NEW.handed_at;
  SELECT count(DISTINCT k.holder) INTO holders FROM release.hand_key k
    WHERE k.release_id = NEW.release_id AND k.manifest_hash = NEW.manifest_hash AND k.set_at <= NEW.handed_at
      AND NOT EXISTS (SELECT FROM release.output_vote v WHERE v.release_id = k.release_id AND v.checker = k.holder);
  IF checkers < 2 OR holders < 2 THEN
    RAISE EXCEPTION 'a release is handed over after two checkers and two keys only';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER only_checked_and_keyed BEFORE INSERT ON release.handover
  FOR EACH ROW EXECUTE FUNCTION release.only_checked_and_keyed();

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['output_vote', 'output_exception', 'output_exception_decision', 'output_decision', 'hand_key',
      'handover', 'handover_event'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON release.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
    EXECUTE format('GRANT SELECT, INSERT ON release.%I TO musubi_act', t);
  END LOOP;
END $$;

-- How many marks of a release other releases have, too, for its output checkers. Never which, and never of fewer than ten.
CREATE FUNCTION release.shared_persons(which text)
  RETURNS TABLE (release_id text, shared bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT o.release_id, count(*) FROM release.released_mark m JOIN release.released_mark o USING (mark)
    WHERE m.release_id = which AND o.release_id <> which
    GROUP BY o.release_id HAVING count(*) >= 10 ORDER BY o.release_id
$$;
REVOKE ALL ON FUNCTION release.shared_persons(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION release.shared_persons(text) TO musubi_release;
