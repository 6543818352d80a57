-- The records of the Act: receipts, the book, incidents, inquiries, registers, transfers, reports.
-- All of them are written once. Who corrects something adds a later version; nothing here is updated but the counter.

-- What a receipt has to say of a provider as of the day.
ALTER TABLE agreement.provider
  ADD COLUMN kind           text NOT NULL DEFAULT '',   -- hospital, clinic, pharmacy, municipality, ...
  ADD COLUMN address        text NOT NULL DEFAULT '',
  ADD COLUMN representative text NOT NULL DEFAULT '',
  ADD COLUMN acquisition    text NOT NULL DEFAULT '',   -- how the provider came by the data (取得の経緯)
  ADD COLUMN filing         text NOT NULL DEFAULT '',   -- number of the filing with the ministers
  ADD COLUMN method         text NOT NULL DEFAULT '';   -- line, media, api

-- Receipt records (受領記録), one for each provider of a delivery, written in the load's own transaction.
CREATE TABLE compliance.receipt_record (
  submission_id  bytea NOT NULL CHECK (length(submission_id) = 16),
  provider_id    text NOT NULL,
  received_at    timestamptz NOT NULL,
  provider_name  text NOT NULL,
  kind           text NOT NULL,
  address        text NOT NULL,
  representative text NOT NULL,
  acquisition    text NOT NULL,
  filing_id      text NOT NULL,
  method         text NOT NULL,
  items          text NOT NULL,        -- records by kind, `SY:3 SI:12`
  persons        bigint NOT NULL CHECK (persons >= 0),
  records        bigint NOT NULL CHECK (records >= 0),
  files          bigint NOT NULL CHECK (files >= 0),
  quarantined    bigint NOT NULL CHECK (quarantined >= 0),  -- units
  files_root     text NOT NULL,        -- BLAKE3 over the sorted hashes of the files
  key_id         bytea NOT NULL,       -- key under which the list of persons is sealed
  job            text NOT NULL,        -- the account under which the load ran
  PRIMARY KEY (submission_id, provider_id)
);

-- The list of persons of a receipt (本人を特定するに足りる事項): sealed under a key of its own, so that it outlives an erasure
-- of facts, as the Act asks. Only the role that holds keys can read it, and it hands it out to two people only.
CREATE TABLE compliance.receipt_persons (
  submission_id bytea NOT NULL,
  provider_id   text NOT NULL,
  part          integer NOT NULL,
  sealed        bytea NOT NULL,
  PRIMARY KEY (submission_id, provider_id, part)
);

-- What a person confirmed of a receipt (確認): everything the Act asks for, in full, and never by the job's own account.
CREATE TABLE compliance.receipt_confirmation (
  submission_id  bytea NOT NULL,
  provider_id    text NOT NULL,
  confirmed_at   timestamptz NOT NULL,
  confirmed_by   text NOT NULL CHECK (confirmed_by <> ''),
  provider_name  text NOT NULL CHECK (provider_name <> ''),
  address        text NOT NULL CHECK (address <> ''),
  representative text NOT NULL CHECK (representative <> ''),
  acquisition    text NOT NULL CHECK (acquisition <> ''),
  filing_id      text NOT NULL CHECK (filing_id <> ''),
  method         text NOT NULL CHECK (method IN ('line', 'media', 'api')),
  media_serial   text NOT NULL,
  PRIMARY KEY (submission_id, provider_id),
  FOREIGN KEY (submission_id, provider_id) REFERENCES compliance.receipt_record,
  CHECK (method <> 'media' OR media_serial <> '')
);

-- Reading a sealed list takes two people: one row asks, another agrees, a third says that it was read.
CREATE TABLE compliance.receipt_reading (
  reading_id    bigint NOT NULL,
  step          text NOT NULL CHECK (step IN ('asked', 'agreed', 'read')),
  submission_id bytea NOT NULL,
  provider_id   text NOT NULL,
  at            timestamptz NOT NULL,
  actor         text NOT NULL,
  reason        text NOT NULL,
  PRIMARY KEY (reading_id, step),
  FOREIGN KEY (submission_id, provider_id) REFERENCES compliance.receipt_record
);

-- The provider's own provision record (提供記録), as made for it; our mirror.
CREATE TABLE compliance.provision_record (
  submission_id bytea NOT NULL,
  provider_id   text NOT NULL,
  provided_on   date NOT NULL,
  operator_name text NOT NULL,
  items         text NOT NULL,
  persons       bigint NOT NULL,
  made_at       timestamptz NOT NULL,
  content_hash  text NOT NULL,         -- BLAKE3 of the CSV handed over
  agrees        boolean NOT NULL,      -- counts equal those of the receipt record
  PRIMARY KEY (submission_id, provider_id, made_at),
  FOREIGN KEY (submission_id, provider_id) REFERENCES compliance.receipt_record
);

-- The book (帳簿): consecutive numbers without a gap. The counter's row is taken in the writer's own transaction, so a
-- writer that dies takes its number back.
CREATE TABLE compliance.book_counter (
  only_row boolean PRIMARY KEY DEFAULT true CHECK (only_row),
  seq      bigint NOT NULL,
  hash     text NOT NULL
);
INSERT INTO compliance.book_counter (seq, hash) VALUES (0, 'musubi-book/1');

CREATE TABLE compliance.ledger_book (
  seq          bigint PRIMARY KEY CHECK (seq > 0),
  event        text NOT NULL CHECK (event IN
    ('receipt', 'anonymize', 'provide', 'delete', 'outsource', 'transfer', 'complaint', 'incident')),
  on_day       date NOT NULL,          -- in Japan
  at           timestamptz NOT NULL,
  counterparty text NOT NULL,
  items        text NOT NULL,
  persons      bigint NOT NULL CHECK (persons >= 0),
  records      bigint NOT NULL CHECK (records >= 0),
  reference    text NOT NULL,
  previous     text NOT NULL,
  hash         text NOT NULL,
  UNIQUE (event, reference)            -- what is booked again is not booked twice
);
CREATE INDEX ledger_book_by_day ON compliance.ledger_book (on_day);

CREATE FUNCTION compliance.next_in_book() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF NEW.seq <> COALESCE((SELECT max(seq) FROM compliance.ledger_book), 0) + 1 THEN
    RAISE EXCEPTION 'the book would get a gap at %', NEW.seq;
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER ledger_book_without_gap BEFORE INSERT ON compliance.ledger_book
  FOR EACH ROW EXECUTE FUNCTION compliance.next_in_book();

CREATE TABLE compliance.book_export (
  month       text NOT NULL CHECK (month ~ '^[0-9]{4}-[0-9]{2}$'),
  exported_at timestamptz NOT NULL,
  actor       text NOT NULL,
  first_seq   bigint NOT NULL,         -- 0: no entry
  last_seq    bigint NOT NULL,
  csv_hash    text NOT NULL,
  pdf_hash    text NOT NULL,
  PRIMARY KEY (month, exported_at)
);

-- Incidents (漏えい等): opened on suspicion; everything later is an event of its own.
CREATE TABLE compliance.incident (
  incident_id  text PRIMARY KEY,
  suspected_at timestamptz NOT NULL,
  opened_at    timestamptz NOT NULL,
  opened_by    text NOT NULL,
  kind         text NOT NULL,
  automatic    boolean NOT NULL,
  title        text NOT NULL,
  CHECK (suspected_at <= opened_at)
);
CREATE TABLE compliance.incident_event (
  incident_id text NOT NULL REFERENCES compliance.incident,
  ordinal     integer NOT NULL,
  at          timestamptz NOT NULL,
  actor       text NOT NULL,
  action      text NOT NULL CHECK (action IN ('update', 'count', 'freeze', 'class', 'report', 'close')),
  class       text NOT NULL DEFAULT '',
  persons     bigint NOT NULL DEFAULT 0 CHECK (persons >= 0),  -- un-notified persons known so far
  version     integer NOT NULL DEFAULT 0,                      -- of a report
  reference   text NOT NULL DEFAULT '',                        -- a frozen set; a report's hash
  note        text NOT NULL DEFAULT '',
  PRIMARY KEY (incident_id, ordinal)
);

-- Inquiries (問い合わせ). Who asked, what, and what was answered lie sealed under a key for each inquiry.
CREATE TABLE compliance.inquiry (
  inquiry_id text PRIMARY KEY,
  at         timestamptz NOT NULL,
  taken_by   text NOT NULL,
  channel    text NOT NULL CHECK (channel IN ('phone', 'letter', 'mail', 'web', 'visit', 'provider')),
  kind       text NOT NULL CHECK (kind IN ('opt-out', 'question', 'complaint', 'disclosure', 'incident')),
  answer_due date NOT NULL,
  opt_out    text NOT NULL DEFAULT '',
  sealed     bytea NOT NULL
);
CREATE TABLE compliance.inquiry_event (
  inquiry_id text NOT NULL REFERENCES compliance.inquiry,
  ordinal    integer NOT NULL,
  at         timestamptz NOT NULL,
  actor      text NOT NULL,
  action     text NOT NULL CHECK (action IN ('answer', 'escalate', 'close')),
  reference  text NOT NULL DEFAULT '',
  sealed     bytea,
  PRIMARY KEY (inquiry_id, ordinal)
);

-- Registers (契約・委託・証跡等): classes and their fields stand in compliance/registers/registers.toml.
CREATE TABLE compliance.register (
  class   text NOT NULL,
  entry   text NOT NULL,
  version integer NOT NULL CHECK (version > 0),
  at      timestamptz NOT NULL,
  actor   text NOT NULL,
  fields  jsonb NOT NULL,
  PRIMARY KEY (class, entry, version)
);

-- Transfers between certified operators (他の認定事業者への提供): both sides keep a row.
CREATE TABLE compliance.transfer (
  transfer_id  text NOT NULL,
  side         text NOT NULL CHECK (side IN ('sent', 'received')),
  at           timestamptz NOT NULL,
  actor        text NOT NULL,
  operator     text NOT NULL,
  request      text NOT NULL CHECK (request <> ''),  -- the other operator's letter
  scope        text NOT NULL,
  persons      bigint NOT NULL,
  documents    bigint NOT NULL,
  package_hash text NOT NULL,
  gate_hash    text NOT NULL,          -- of the receiver's gate report; empty until it is back
  PRIMARY KEY (transfer_id, side, at)
);

-- Yearly reports and public pages that went out: whoever makes them again must get the same bytes.
CREATE TABLE compliance.published (
  kind    text NOT NULL CHECK (kind IN ('yearly', 'disclosure')),
  year    integer NOT NULL,
  cutoff  timestamptz NOT NULL,        -- what came later is not counted
  made_at timestamptz NOT NULL,
  actor   text NOT NULL,
  hash    text NOT NULL,               -- BLAKE3 of the JSON
  PRIMARY KEY (kind, year, made_at)
);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['receipt_record','receipt_persons','receipt_confirmation','receipt_reading','provision_record',
    'ledger_book','book_export','incident','incident_event','inquiry','inquiry_event','register','transfer','published']
  LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
    EXECUTE format('GRANT SELECT, INSERT ON compliance.%I TO musubi_act', t);
  END LOOP;
END $$;

-- Sealed lists: written by the load, read by the role that holds the keys, by no other.
REVOKE ALL ON compliance.receipt_persons FROM musubi_act;
GRANT INSERT ON compliance.receipt_persons, compliance.receipt_record, compliance.ledger_book TO musubi_ingest;
GRANT SELECT ON compliance.receipt_record, compliance.ledger_book, compliance.book_counter TO musubi_ingest;
GRANT UPDATE (seq, hash) ON compliance.book_counter TO musubi_ingest, musubi_act;
GRANT SELECT ON compliance.book_counter TO musubi_act;
GRANT SELECT ON compliance.receipt_persons, compliance.receipt_record, compliance.receipt_reading TO musubi_identity;

-- The second count of a delivery, from what was stored: by provider, kinds of records and distinct descriptions of
-- persons; numbers only, so that the books may ask although they may not see a unit.
CREATE FUNCTION compliance.stored_counts(delivery bytea)
  RETURNS TABLE (provider_id text, persons bigint, items text[], quarantined bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT u.provider_id, count(DISTINCT u.identity_id), array_agg(u.records) FILTER (WHERE u.disposition <> 'excluded'),
         count(*) FILTER (WHERE u.disposition = 'quarantined')
  FROM intake.unit u WHERE u.submission_id = delivery GROUP BY 1 ORDER BY 1
$$;

-- How many people asked to stop, by provider and year; numbers only.
CREATE FUNCTION compliance.opt_out_counts(since timestamptz, until timestamptz)
  RETURNS TABLE (provider_id text, entries bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT COALESCE(o.provider_id, ''), count(DISTINCT o.entry) FROM compliance.opt_out o
  WHERE o.received_at >= since AND o.received_at < until GROUP BY 1 ORDER BY 1
$$;

-- Rows of a table whose day lies before a time: how many are overdue by the schedule. Numbers only.
CREATE FUNCTION compliance.older_than(place regclass, day_column name, before timestamptz) RETURNS bigint
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE n bigint;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s WHERE %I < $1', place, day_column) INTO n USING before;
  RETURN n;
END $$;

REVOKE ALL ON FUNCTION compliance.stored_counts(bytea), compliance.opt_out_counts(timestamptz, timestamptz),
  compliance.older_than(regclass, name, timestamptz) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compliance.stored_counts(bytea), compliance.opt_out_counts(timestamptz, timestamptz),
  compliance.older_than(regclass, name, timestamptz) TO musubi_act;
