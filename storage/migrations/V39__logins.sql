-- Accounts that log in: credentials, sessions, certificates of machines, roles lent in an emergency.
-- A role of its own sees them, and of the books of the Act only who an account is and which roles it holds.

DO $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = 'musubi_login') THEN
    BEGIN
      CREATE ROLE musubi_login LOGIN;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END;
  END IF;
  IF NOT pg_has_role(current_user, 'musubi_login', 'MEMBER') THEN
    GRANT musubi_login TO CURRENT_USER;
  END IF;
END $$;

CREATE SCHEMA login;

-- One row for an account: invited (an invitation is open) or active (password and second factor, both). What became of it
-- stands in the audit log; `version` lets only one of two writers through.
CREATE TABLE login.credential (
  principal_id  text PRIMARY KEY,
  version       bigint NOT NULL,
  password      text,                   -- argon2id, as a PHC string
  totp          bytea,                  -- the secret, sealed under a key that is not in the database
  totp_step     bigint NOT NULL,        -- the last time step that was used; none up to it is taken again
  invitation    bytea UNIQUE CHECK (length(invitation) = 32),  -- BLAKE3 of the code
  invited_until timestamptz,
  failures      integer NOT NULL CHECK (failures >= 0),
  failed_at     timestamptz,
  locked        boolean NOT NULL,       -- by people, until people unlock it
  must_change   boolean NOT NULL,       -- the password is to be changed before anything else
  english       boolean NOT NULL,
  last_login    timestamptz,
  changed_at    timestamptz NOT NULL,
  CHECK ((invitation IS NULL) = (invited_until IS NULL)),
  CHECK (invitation IS NOT NULL OR (password IS NOT NULL AND totp IS NOT NULL))
);

-- Between the two factors. Not a session: it opens no page.
CREATE TABLE login.pending (
  token        bytea PRIMARY KEY CHECK (length(token) = 32),  -- BLAKE3 of the token
  principal_id text NOT NULL REFERENCES login.credential,
  enrolling    boolean NOT NULL,
  begun_at     timestamptz NOT NULL,
  until        timestamptz NOT NULL
);

-- Nobody has a session without both factors: the two times cannot be missing.
CREATE TABLE login.session (
  session_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  token        bytea NOT NULL UNIQUE CHECK (length(token) = 32),  -- BLAKE3 of the token
  principal_id text NOT NULL REFERENCES login.credential,
  password_at  timestamptz NOT NULL,
  code_at      timestamptz NOT NULL,
  english      boolean NOT NULL,
  seen_at      timestamptz NOT NULL,
  ends_at      timestamptz NOT NULL,
  ended_at     timestamptz,
  ended_why    text CHECK (ended_why IN ('left', 'idle', 'over', 'ended', 'closed', 'changed')),
  CHECK ((ended_at IS NULL) = (ended_why IS NULL)),
  CHECK (password_at <= code_at AND code_at <= ends_at)
);
CREATE INDEX session_of_account ON login.session (principal_id);

-- Machines of submitters: a client certificate by its fingerprint, for one account, until a day.
CREATE TABLE login.certificate (
  fingerprint   bytea PRIMARY KEY CHECK (length(fingerprint) = 32),  -- SHA-256 of the DER
  principal_id  text NOT NULL,
  registered_by text NOT NULL,
  registered_at timestamptz NOT NULL,
  valid_to      timestamptz NOT NULL,
  ended_at      timestamptz,
  ended_by      text,
  used_at       timestamptz,
  CHECK ((ended_at IS NULL) = (ended_by IS NULL))
);

-- A role lent for a short time in an emergency, and what another person found of it afterwards.
CREATE TABLE login.break_glass (
  break_glass_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  principal_id   text NOT NULL,
  role           text NOT NULL,
  reason         text NOT NULL,
  asked_at       timestamptz NOT NULL,
  until          timestamptz NOT NULL,
  CHECK (asked_at < until)
);
CREATE TABLE login.break_glass_review (
  break_glass_id bigint PRIMARY KEY REFERENCES login.break_glass,
  reviewed_by    text NOT NULL,
  reviewed_at    timestamptz NOT NULL,
  justified      boolean NOT NULL,
  note           text NOT NULL
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['break_glass', 'break_glass_review'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON login.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
    EXECUTE format('GRANT SELECT, INSERT ON login.%I TO musubi_login', t);
    EXECUTE format('GRANT SELECT ON login.%I TO musubi_act', t);
  END LOOP;
END $$;

GRANT USAGE ON SCHEMA login, compliance TO musubi_login;
GRANT SELECT, INSERT ON compliance.audit TO musubi_login;
GRANT SELECT, INSERT, UPDATE ON login.credential TO musubi_login;
GRANT SELECT, INSERT, DELETE ON login.pending TO musubi_login;
GRANT SELECT, INSERT ON login.session, login.certificate TO musubi_login;
GRANT UPDATE (english, seen_at, ended_at, ended_why) ON login.session TO musubi_login;
GRANT UPDATE (ended_at, ended_by, used_at) ON login.certificate TO musubi_login;
GRANT SELECT (principal_id, version, organisation_id, kind, left_on, retired) ON compliance.principal TO musubi_login;
GRANT SELECT ON compliance.principal_role TO musubi_login;
GRANT SELECT (organisation_id, version, name, kind, retired) ON compliance.organisation TO musubi_login;

-- The books of the Act: who was lent what, whether sessions had both factors, and when accounts were last used.
GRANT USAGE ON SCHEMA login TO musubi_act;
GRANT SELECT (session_id, principal_id, password_at, code_at, seen_at, ends_at, ended_at, ended_why) ON login.session
  TO musubi_act;
GRANT SELECT (principal_id, last_login) ON login.credential TO musubi_act;
