-- Notices (通知), the filings they rest on, what is held until they are ripe, and the nightly reconciliation.
-- Persons stand here as keyed tokens only. Notices are added, never changed: a wrong one is voided by a later row.

CREATE TABLE compliance.minister_filing (
  filing_id    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id  text NOT NULL,
  receipt_no   text NOT NULL CHECK (receipt_no <> ''),
  filed_on     date NOT NULL,
  published_on date,
  valid_from   date NOT NULL,
  valid_to     date,
  items        text[] NOT NULL,
  change_of    text,
  entered_at   timestamptz NOT NULL,
  UNIQUE (provider_id, receipt_no)
);

-- One row for each ledger of a provider that came; each carries the hash of the one before.
CREATE TABLE compliance.notice_ledger (
  ledger_id       bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  provider_id     text NOT NULL,
  submitter_id    text NOT NULL,
  exported_at     timestamptz NOT NULL,
  received_at     timestamptz NOT NULL,
  document        bytea NOT NULL CHECK (length(document) = 32),
  programme_start date NOT NULL,
  lines           bigint NOT NULL,     -- lines of the file
  refused         bigint NOT NULL,     -- lines that could not stand
  added           bigint NOT NULL,     -- notices that were not here before
  persons         bigint NOT NULL,     -- persons with a notice at this provider, now
  rows_hash       bytea NOT NULL,      -- over the added notices, in their order
  previous        text NOT NULL,
  hash            text NOT NULL
);
CREATE INDEX notice_ledger_by_provider ON compliance.notice_ledger (provider_id, ledger_id);

CREATE TABLE compliance.notice_template (
  provider_id text NOT NULL,
  version     text NOT NULL,
  scope       text NOT NULL CHECK (scope IN ('anonymized', 'pseudonymized', 'both')),
  items       text[] NOT NULL,
  text_hash   bytea NOT NULL,
  ledger_id   bigint NOT NULL,
  PRIMARY KEY (provider_id, version)
);

CREATE TABLE compliance.notice (
  notice_id   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  ledger_id   bigint NOT NULL,
  provider_id text NOT NULL,
  row_hash    bytea NOT NULL UNIQUE,
  subject     bytea NOT NULL,          -- keyed hash that is the same for all notices of one person at this provider
  notified_on date NOT NULL,
  method      text NOT NULL CHECK (method IN ('paper', 'mail', 'email', 'screen')),
  template    text NOT NULL,
  party       text NOT NULL CHECK (party IN ('self', 'guardian', 'both')),
  last_visit  date,
  minor       boolean NOT NULL,        -- under the age at which a guardian must be told, on the day of the notice
  birth       bytea,                   -- sealed; only where a guardian alone was told, for the day they turn 16
  local       boolean NOT NULL,        -- the ledger knows the person's chart number
  void        boolean NOT NULL         -- takes back an earlier row of the same person, day and text
);
CREATE INDEX notice_by_ledger ON compliance.notice (ledger_id);
CREATE INDEX notice_by_subject ON compliance.notice (subject);

CREATE TABLE compliance.notice_key (
  token       bytea NOT NULL,
  kind        text NOT NULL,
  guard       bytea NOT NULL,
  provider_id text NOT NULL,
  notice_id   bigint NOT NULL,
  PRIMARY KEY (token, notice_id)
);
CREATE INDEX notice_key_by_notice ON compliance.notice_key (notice_id);

-- Units that wait, sealed, until their notice is ripe. Each lies under a key of its own.
CREATE TABLE intake.held (
  document      bytea NOT NULL,
  unit          integer NOT NULL,
  submission_id bytea NOT NULL,
  file          integer NOT NULL,
  provider_id   text NOT NULL,
  key_id        bytea NOT NULL,
  reason        text NOT NULL,
  ripe_on       date,                  -- the first day on which the clock has run out, where it runs
  subject       bytea NOT NULL,        -- keyed: the same for all units of one person at one provider
  personal      boolean NOT NULL,      -- the insurance card names one person (a branch number is given)
  guard         bytea,                 -- null: birth date or sex unknown
  state         text NOT NULL DEFAULT 'held' CHECK (state IN ('held', 'loaded', 'excluded')),
  since         timestamptz NOT NULL,
  settled_at    timestamptz,
  PRIMARY KEY (submission_id, file, unit)
);
CREATE INDEX held_waiting ON intake.held (submission_id) WHERE state = 'held';
CREATE INDEX held_by_key ON intake.held (key_id);

CREATE TABLE intake.held_token (
  key_id bytea NOT NULL,
  kind   text NOT NULL,
  token  bytea NOT NULL,
  PRIMARY KEY (key_id, kind)
);
CREATE INDEX held_token_by_token ON intake.held_token (token);

-- Reconciliation (R-RCV-05): persons by provider and delivery.
CREATE TABLE compliance.reconciliation (
  submission_id bytea NOT NULL,
  provider_id   text NOT NULL,
  feed_id       text NOT NULL,
  at            timestamptz NOT NULL,
  notified      bigint NOT NULL,       -- N
  opted_out     bigint NOT NULL,       -- O
  eligible      bigint NOT NULL,       -- E = N - O
  in_feed       bigint NOT NULL,       -- F
  admitted      bigint NOT NULL,       -- A
  set_aside     bigint NOT NULL,       -- Q = F - A
  unnotified    bigint NOT NULL,       -- of Q: without any notice
  growth_base   bigint,                -- the largest A of the deliveries before; null: the first
  stopped       text,                  -- why the delivery was held as a whole; null: it was not
  PRIMARY KEY (submission_id, provider_id),
  CHECK (eligible = notified - opted_out),
  CHECK (admitted + set_aside = in_feed),
  CHECK (admitted <= in_feed)
);
CREATE INDEX reconciliation_by_feed ON compliance.reconciliation (feed_id, provider_id, at);

-- A stop for abnormal growth that people have looked at and opened.
CREATE TABLE compliance.growth_allowance (
  submission_id bytea PRIMARY KEY,
  proposed_by   text NOT NULL,
  proposed_at   timestamptz NOT NULL,
  reason        text NOT NULL,
  allowed_by    text,
  allowed_at    timestamptz,
  CHECK (allowed_by IS NULL OR allowed_by <> proposed_by)
);

-- Who turned 16 and was notified through a guardian only (C-009).
CREATE TABLE compliance.renotice_task (
  notice_id  bigint PRIMARY KEY,
  provider_id text NOT NULL,
  due_on     date NOT NULL,
  made_at    timestamptz NOT NULL,
  closed_at  timestamptz
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['minister_filing','notice_ledger','notice_template','notice','notice_key'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
  END LOOP;
END $$;

GRANT SELECT, INSERT ON compliance.minister_filing, compliance.notice_ledger, compliance.notice_template,
  compliance.notice, compliance.notice_key, compliance.growth_allowance, compliance.renotice_task TO musubi_act;
GRANT UPDATE (allowed_by, allowed_at) ON compliance.growth_allowance TO musubi_act;
GRANT UPDATE (closed_at) ON compliance.renotice_task TO musubi_act;
GRANT SELECT ON compliance.reconciliation, compliance.opt_out TO musubi_act;
GRANT SELECT (document, unit, submission_id, file, provider_id, reason, ripe_on, state, since, settled_at)
  ON intake.held TO musubi_act, musubi_console;
GRANT SELECT ON compliance.minister_filing, compliance.notice_ledger, compliance.notice_template, compliance.notice,
  compliance.notice_key, compliance.growth_allowance TO musubi_ingest;
GRANT SELECT, INSERT ON compliance.reconciliation, intake.held_token TO musubi_ingest;
GRANT UPDATE ON compliance.reconciliation TO musubi_ingest;
GRANT SELECT, INSERT, UPDATE ON intake.held TO musubi_ingest;
GRANT SELECT ON compliance.reconciliation TO musubi_console;

-- An opt-out reaches what is held, too: its key is destroyed.
GRANT SELECT, UPDATE ON intake.held, intake.unit, intake.balance, keys.data_key TO musubi_erasure;
GRANT SELECT, DELETE ON intake.held_token TO musubi_erasure;
GRANT SELECT ON intake.submission TO musubi_erasure;
GRANT USAGE ON SEQUENCE compliance.notice_ledger_ledger_id_seq TO musubi_act;
