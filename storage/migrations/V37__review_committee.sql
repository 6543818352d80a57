-- The review committee: applications with their versions and steps, members with their interests, meetings, ballots that
-- nobody can read before they are closed, conditions, and what became of approvals. Nothing is ever changed.

CREATE TABLE board.application (
  application_id text PRIMARY KEY,
  organisation   text NOT NULL,          -- the applicant's, as registered
  amends         text REFERENCES board.application,
  created_by     text NOT NULL,
  created_at     timestamptz NOT NULL
);

CREATE TABLE board.application_version (
  application_id text NOT NULL REFERENCES board.application,
  version        integer NOT NULL CHECK (version > 0),
  document       text NOT NULL,          -- canonical JSON of the sections
  hash           text NOT NULL,          -- BLAKE3 of the document
  saved_by       text NOT NULL,
  saved_at       timestamptz NOT NULL,
  PRIMARY KEY (application_id, version)
);

-- Steps, messages and cards of the secretariat, one after the other: two writers cannot both be the next.
CREATE TABLE board.application_event (
  application_id text NOT NULL REFERENCES board.application,
  nth            integer NOT NULL CHECK (nth > 0),
  kind           text NOT NULL,
  version        integer,
  body           text NOT NULL,          -- JSON
  account        text NOT NULL,
  role           text NOT NULL,
  at             timestamptz NOT NULL,
  PRIMARY KEY (application_id, nth)
);

-- A member's seat; a later row of a member replaces the earlier from its entry on.
CREATE TABLE board.committee_member (
  member       text NOT NULL,
  revision     integer NOT NULL CHECK (revision > 0),
  view         text NOT NULL CHECK (view IN ('natural-science', 'humanities', 'public')),
  sex          text NOT NULL CHECK (sex IN ('female', 'male')),
  outside      boolean NOT NULL,
  organisation text NOT NULL,
  term_from    date NOT NULL,
  term_until   date NOT NULL CHECK (term_until >= term_from),
  entered_by   text NOT NULL,
  entered_at   timestamptz NOT NULL,
  PRIMARY KEY (member, revision)
);

CREATE TABLE board.member_interest (
  interest_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  member      text NOT NULL,
  kind        text NOT NULL,
  with_party  text NOT NULL,             -- an organisation or funder
  since       date NOT NULL,
  entered_by  text NOT NULL,
  entered_at  timestamptz NOT NULL
);

CREATE TABLE board.member_interest_end (
  interest_id bigint PRIMARY KEY REFERENCES board.member_interest,
  ended_on    date NOT NULL,
  entered_by  text NOT NULL,
  entered_at  timestamptz NOT NULL
);

CREATE TABLE board.declaration (
  application_id text NOT NULL REFERENCES board.application,
  member         text NOT NULL,
  nth            integer NOT NULL CHECK (nth > 0),
  conflict       boolean NOT NULL,
  reason         text NOT NULL,
  at             timestamptz NOT NULL,
  PRIMARY KEY (application_id, member, nth)
);

CREATE TABLE board.meeting (
  meeting_id text PRIMARY KEY,
  held_on    date NOT NULL,
  mode       text NOT NULL CHECK (mode IN ('in-person', 'online', 'hybrid')),
  place      text NOT NULL,
  called_by  text NOT NULL,
  called_at  timestamptz NOT NULL
);

CREATE TABLE board.meeting_item (
  meeting_id     text NOT NULL REFERENCES board.meeting,
  application_id text NOT NULL REFERENCES board.application,
  put_by         text NOT NULL,
  put_at         timestamptz NOT NULL,
  PRIMARY KEY (meeting_id, application_id)
);

CREATE TABLE board.attendance (
  meeting_id text NOT NULL REFERENCES board.meeting,
  member     text NOT NULL,
  entered_by text NOT NULL,
  entered_at timestamptz NOT NULL,
  PRIMARY KEY (meeting_id, member)
);

-- What the members were given, as they were given it.
CREATE TABLE board.dossier (
  application_id text NOT NULL REFERENCES board.application,
  nth            integer NOT NULL CHECK (nth > 0),
  version        integer NOT NULL,
  content        text NOT NULL,          -- JSON
  hash           text NOT NULL,
  made_by        text NOT NULL,
  made_at        timestamptz NOT NULL,
  PRIMARY KEY (application_id, nth)
);

-- A vote being taken on one version of one application; without a meeting it is an expedited review.
CREATE TABLE board.ballot_box (
  ballot_id      text PRIMARY KEY,
  application_id text NOT NULL REFERENCES board.application,
  version        integer NOT NULL,
  document_hash  text NOT NULL,
  dossier_hash   text NOT NULL,          -- empty: none was made
  request_id     text NOT NULL REFERENCES board.request,
  scope_hash     text NOT NULL,
  meeting_id     text REFERENCES board.meeting,
  opened_by      text NOT NULL,
  opened_at      timestamptz NOT NULL
);

-- Who was there when the vote was opened, as they were then.
CREATE TABLE board.sitting (
  ballot_id text NOT NULL REFERENCES board.ballot_box,
  member    text NOT NULL,
  view      text NOT NULL,
  sex       text NOT NULL,
  outside   boolean NOT NULL,
  grounds   text NOT NULL,               -- JSON: computed reasons to stand aside; [] none
  PRIMARY KEY (ballot_id, member)
);

CREATE TABLE board.ballot_condition (
  ballot_id text NOT NULL REFERENCES board.ballot_box,
  nth       integer NOT NULL CHECK (nth > 0),
  gate      text NOT NULL,               -- JSON
  words     text NOT NULL,
  verifier  text NOT NULL,               -- the role that closes it
  due       date NOT NULL,
  PRIMARY KEY (ballot_id, nth)
);

CREATE TABLE board.condition_closing (
  ballot_id text NOT NULL,
  nth       integer NOT NULL,
  evidence  text NOT NULL,
  closed_by text NOT NULL,
  role      text NOT NULL,
  closed_at timestamptz NOT NULL,
  PRIMARY KEY (ballot_id, nth),
  FOREIGN KEY (ballot_id, nth) REFERENCES board.ballot_condition
);

CREATE TABLE board.ballot_closing (
  ballot_id text PRIMARY KEY REFERENCES board.ballot_box,
  closed_by text NOT NULL,
  closed_at timestamptz NOT NULL
);

-- A vote. Nobody reads this table: what is closed stands in the view `closed_ballot`, and before that only who has voted.
CREATE TABLE board.ballot (
  ballot_id text NOT NULL,
  member    text NOT NULL,
  vote      text NOT NULL CHECK (vote IN ('approve', 'conditional', 'revise', 'reject', 'abstain')),
  reason    text NOT NULL,
  at        timestamptz NOT NULL,
  PRIMARY KEY (ballot_id, member),
  FOREIGN KEY (ballot_id, member) REFERENCES board.sitting
);

-- The box is shut by one statement: a vote after it finds it shut, and no reading comes before it.
CREATE FUNCTION board.refuse_late_vote() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM board.ballot_box b WHERE b.ballot_id = NEW.ballot_id FOR UPDATE;
  IF EXISTS (SELECT 1 FROM board.ballot_closing c WHERE c.ballot_id = NEW.ballot_id) THEN
    RAISE EXCEPTION 'the ballot is closed';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ballot_in_time BEFORE INSERT ON board.ballot FOR EACH ROW EXECUTE FUNCTION board.refuse_late_vote();
CREATE FUNCTION board.lock_box() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
  SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  PERFORM 1 FROM board.ballot_box b WHERE b.ballot_id = NEW.ballot_id FOR UPDATE;
  RETURN NEW;
END $$;
CREATE TRIGGER closing_alone BEFORE INSERT ON board.ballot_closing FOR EACH ROW EXECUTE FUNCTION board.lock_box();

-- Whoever closes a box sees no vote before its closing stands.
CREATE VIEW board.closed_ballot AS
  SELECT b.ballot_id, b.member, b.vote, b.reason, b.at FROM board.ballot b JOIN board.ballot_closing c USING (ballot_id);
CREATE VIEW board.cast_ballot AS SELECT ballot_id, member FROM board.ballot;

-- What was counted after the closing, by rule.
CREATE TABLE board.ballot_result (
  ballot_id text PRIMARY KEY REFERENCES board.ballot_closing,
  outcome   text NOT NULL,
  tally     text NOT NULL,               -- JSON: votes by kind, seats counted, what the quorum lacked
  at        timestamptz NOT NULL
);

-- Suspended, resumed, ended. An approval of which nothing stands here holds.
CREATE TABLE board.approval_event (
  approval_id text NOT NULL REFERENCES board.approval,
  nth         integer NOT NULL CHECK (nth > 0),
  kind        text NOT NULL CHECK (kind IN ('suspend', 'resume', 'end')),
  reason      text NOT NULL,
  account     text NOT NULL,
  at          timestamptz NOT NULL,
  PRIMARY KEY (approval_id, nth)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['application', 'application_version', 'application_event', 'committee_member',
      'member_interest', 'member_interest_end', 'declaration', 'meeting', 'meeting_item', 'attendance', 'dossier',
      'ballot_box', 'sitting', 'ballot_condition', 'condition_closing', 'ballot_closing', 'ballot', 'ballot_result',
      'approval_event'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON board.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
    EXECUTE format('GRANT INSERT ON board.%I TO musubi_board', t);
    IF t <> 'ballot' THEN
      EXECUTE format('GRANT SELECT ON board.%I TO musubi_board, musubi_act, musubi_console', t);
    END IF;
  END LOOP;
END $$;
GRANT SELECT ON board.closed_ballot, board.cast_ballot TO musubi_board, musubi_act, musubi_console;
GRANT SELECT ON board.ballot_condition, board.condition_closing, board.ballot_result, board.ballot_box,
  board.approval_event TO musubi_release;
