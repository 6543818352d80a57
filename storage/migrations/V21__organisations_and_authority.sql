-- Who may decide and who carries out (organisations, accounts, instructions), what two people decide, and parameters as
-- rows. All books here grow and are never changed: a new version of an organisation or an account stands beside the old.

CREATE TABLE compliance.organisation (
  organisation_id text NOT NULL,
  version         bigint NOT NULL,
  name            text NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('operator', 'contractor', 'sub-contractor')),
  parent          text,                 -- who entrusted a sub-contractor
  certificate     text NOT NULL,        -- number of the certificate
  valid_from      date NOT NULL,
  valid_to        date NOT NULL,
  zones           text[] NOT NULL,      -- of Z1 to Z6, those the certificate covers
  work            text NOT NULL,        -- what is entrusted
  retired         boolean NOT NULL,
  recorded_at     timestamptz NOT NULL,
  recorded_by     text NOT NULL,
  PRIMARY KEY (organisation_id, version)
);

CREATE TABLE compliance.principal (
  principal_id    text NOT NULL,
  version         bigint NOT NULL,
  organisation_id text NOT NULL,
  kind            text NOT NULL CHECK (kind IN ('human', 'service')),
  staff_number    text,                 -- no name of a person stands here
  is_default      boolean NOT NULL,     -- acts where no account is named
  trained_on      date,
  pledged_on      date,                 -- secrecy
  left_on         date,
  retired         boolean NOT NULL,
  recorded_at     timestamptz NOT NULL,
  recorded_by     text NOT NULL,
  PRIMARY KEY (principal_id, version)
);

CREATE TABLE compliance.principal_role (
  principal_id text NOT NULL,
  version      bigint NOT NULL,
  role         text NOT NULL,
  valid_from   date NOT NULL,
  valid_to     date,
  PRIMARY KEY (principal_id, version, role, valid_from),
  FOREIGN KEY (principal_id, version) REFERENCES compliance.principal
);

-- When an account last acted in a role. The audit chain has every act; this row answers quickly.
CREATE TABLE compliance.role_use (
  principal_id text NOT NULL,
  role         text NOT NULL,
  used_at      timestamptz NOT NULL,
  PRIMARY KEY (principal_id, role)
);

CREATE TABLE compliance.instruction (
  instruction_id  text PRIMARY KEY,
  given_by        text NOT NULL,
  given_at        timestamptz NOT NULL,
  organisation_id text NOT NULL,        -- to whom
  role            text,                 -- to which role of theirs; null: any that the job asks for
  jobs            text[] NOT NULL,
  scope           text[] NOT NULL,      -- feeds, approvals, requests …; empty: everything
  valid_from      date NOT NULL,
  valid_to        date NOT NULL,
  reason          text NOT NULL
);

CREATE TABLE compliance.instruction_revocation (
  instruction_id text PRIMARY KEY REFERENCES compliance.instruction,
  revoked_by     text NOT NULL,
  revoked_at     timestamptz NOT NULL,
  reason         text NOT NULL
);

-- A job that ran, under which instruction, with which rules and which program.
CREATE TABLE compliance.run (
  run_id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  job            text NOT NULL,
  verb           text NOT NULL,
  scope          text,
  instruction_id text NOT NULL REFERENCES compliance.instruction,
  principal_id   text NOT NULL,
  role           text NOT NULL,
  parameter_hash text NOT NULL,
  code_version   text NOT NULL,
  binary_hash    text NOT NULL,
  started_at     timestamptz NOT NULL
);

-- Absent: the run goes on, or was killed.
CREATE TABLE compliance.run_end (
  run_id   bigint PRIMARY KEY REFERENCES compliance.run,
  ended_at timestamptz NOT NULL,
  result   text NOT NULL
);

-- What two people decide, word for word.
CREATE TABLE compliance.operation (
  operation_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind          text NOT NULL,
  content       text NOT NULL,          -- canonical JSON of what exactly is to be done
  hash          text NOT NULL,
  reason        text NOT NULL,
  proposed_by   text NOT NULL,
  proposed_role text,                   -- the role that counts; null: the proposal counts as no approval
  proposed_at   timestamptz NOT NULL,
  expires_at    timestamptz NOT NULL
);

CREATE TABLE compliance.operation_decision (
  operation_id bigint NOT NULL REFERENCES compliance.operation,
  decided_by   text NOT NULL,
  role         text NOT NULL,
  approved     boolean NOT NULL,
  reason       text NOT NULL,
  decided_at   timestamptz NOT NULL,
  PRIMARY KEY (operation_id, decided_by)
);

CREATE TABLE compliance.operation_use (
  operation_id bigint PRIMARY KEY REFERENCES compliance.operation,
  used_by      text NOT NULL,
  used_at      timestamptz NOT NULL
);

-- Approved changes of parameters; nothing stands here that two people did not agree to.
CREATE TABLE compliance.parameter_change (
  change_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  operation_id bigint NOT NULL UNIQUE REFERENCES compliance.operation_use,
  name         text NOT NULL,
  number       bigint,
  word         text,
  valid_from   date NOT NULL,
  basis        text NOT NULL,
  verified     text NOT NULL CHECK (verified IN ('V', 'M', 'D')),
  approved_at  timestamptz NOT NULL,
  CHECK ((number IS NULL) <> (word IS NULL))
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['organisation', 'principal', 'principal_role', 'instruction', 'instruction_revocation', 'run',
      'run_end', 'operation', 'operation_decision', 'operation_use', 'parameter_change'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
    EXECUTE format('GRANT SELECT, INSERT ON compliance.%I TO musubi_act', t);
  END LOOP;
END $$;
GRANT SELECT, INSERT, UPDATE ON compliance.role_use TO musubi_act;
