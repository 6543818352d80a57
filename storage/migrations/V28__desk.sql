-- The help desk (相談窓口): single requests to stop or to take a stop back, their receipts, the recalls they ask for, and
-- who might be somebody that asked to stop. Who a request is about lies sealed; no column asks for a reason.

-- Entries get numbers from one row of figures, refused ones too. Append-only.
CREATE TABLE compliance.opt_out_request (
  entry           text PRIMARY KEY CHECK (entry ~ '^O-[0-9]{4}-[0-9]{4,6}$'),
  kind            text NOT NULL CHECK (kind IN ('stop', 'withdraw')),
  withdraws       text,                    -- the entry that is taken back
  received_on     date NOT NULL,
  at              timestamptz NOT NULL,    -- when it was registered: from then on it is in effect
  taken_by        text NOT NULL,
  channel         text NOT NULL CHECK (channel IN ('provider', 'operator-helpdesk', 'phone', 'paper', 'web')),
  requester       text NOT NULL CHECK (requester IN ('self', 'family', 'guardian', 'agent')),
  relation        text NOT NULL DEFAULT '' CHECK (relation ~ '^[a-z-]{0,32}$'),
  life            text NOT NULL CHECK (life IN ('living', 'dead')),
  capacity        text NOT NULL CHECK (capacity IN ('able', 'minor', 'incapable')),
  check_method    text NOT NULL CHECK (check_method IN ('document', 'mail-copy', 'call-back', 'by-provider')),
  checker         text NOT NULL,
  check_confirmed boolean NOT NULL,
  refused         text,                    -- the reason code; null: accepted
  provider_id     text,                    -- null: all providers
  effective_from  date NOT NULL,
  receipt_due     date NOT NULL,
  identities      bigint NOT NULL,         -- descriptions held at that moment
  releases        text[] NOT NULL,         -- releases the person's data had gone into by then
  target_sealed   bytea,                   -- who it is about, sealed; null: refused, or taken back
  CHECK ((kind = 'withdraw') = (withdraws IS NOT NULL))
);
CREATE INDEX opt_out_request_by_withdrawn ON compliance.opt_out_request (withdraws);

-- The paper handed over (書面の交付). It can be made again byte for byte; the hash says whether it was.
CREATE TABLE compliance.opt_out_receipt (
  entry     text PRIMARY KEY REFERENCES compliance.opt_out_request,
  issued_on date NOT NULL,
  issued_at timestamptz NOT NULL,
  issued_by text NOT NULL,
  copy_hash text NOT NULL CHECK (copy_hash ~ '^[0-9a-f]{64}$')
);

-- What a certified user is asked to give back. Anonymised and statistical releases are never recalled (R-OPT-09).
CREATE TABLE compliance.recall_request (
  entry      text NOT NULL REFERENCES compliance.opt_out_request,
  release_id text NOT NULL,
  at         timestamptz NOT NULL,
  PRIMARY KEY (entry, release_id)
);

-- Block keys of those who asked to stop: whoever shares several of them may be the same person under another name.
CREATE TABLE compliance.opt_out_block (
  entry text NOT NULL,
  key   bigint NOT NULL,
  PRIMARY KEY (entry, key)
);
CREATE INDEX opt_out_block_by_key ON compliance.opt_out_block (key);

-- Who might be somebody that asked to stop. Goes with the description it is about; the entry names the request.
CREATE TABLE identity.opt_out_doubt (
  doubt_id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  identity_id   bytea NOT NULL REFERENCES identity.source_identity ON DELETE CASCADE,
  entry         text NOT NULL,
  found         text NOT NULL CHECK (found IN ('candidate', 'block-keys')),
  submission_id bytea NOT NULL,
  at            timestamptz NOT NULL,
  proposed      text CHECK (proposed IN ('same', 'different')),
  proposed_by   text,
  proposed_at   timestamptz,
  decided_by    text,
  decided_at    timestamptz,
  UNIQUE (identity_id, entry),
  CHECK ((proposed IS NULL) = (proposed_by IS NULL)),
  CHECK (decided_by IS NULL OR (proposed_by IS NOT NULL AND decided_by <> proposed_by))
);
CREATE INDEX opt_out_doubt_open ON identity.opt_out_doubt (doubt_id) WHERE decided_at IS NULL;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['opt_out_request', 'opt_out_receipt', 'recall_request', 'opt_out_block'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON compliance.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
  END LOOP;
END $$;

-- What is decided is decided.
CREATE FUNCTION identity.doubt_goes_forward() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.decided_at IS NOT NULL
     OR (NEW.identity_id, NEW.entry, NEW.found, NEW.submission_id, NEW.at)
        IS DISTINCT FROM (OLD.identity_id, OLD.entry, OLD.found, OLD.submission_id, OLD.at) THEN
    RAISE EXCEPTION 'a doubt is decided once';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER opt_out_doubt_forward BEFORE UPDATE ON identity.opt_out_doubt
  FOR EACH ROW EXECUTE FUNCTION identity.doubt_goes_forward();

-- What is held of somebody, without anything clinical: units and the first day, by provider. Waiting units by token.
CREATE FUNCTION compliance.held_of(ids bytea[], tokens bytea[])
  RETURNS TABLE (provider_id text, units bigint, since timestamptz, waiting bigint)
  LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
  SELECT p.provider_id, sum(p.units)::bigint, min(p.since), sum(p.waiting)::bigint FROM (
    SELECT u.provider_id, count(*) AS units, min(s.received_at) AS since, 0::bigint AS waiting
    FROM intake.unit u JOIN intake.submission s USING (submission_id) WHERE u.identity_id = ANY (ids) GROUP BY 1
    UNION ALL
    SELECT h.provider_id, 0, min(h.since), count(DISTINCT h.key_id) FROM intake.held h
    WHERE h.state = 'held' AND h.key_id IN (SELECT t.key_id FROM intake.held_token t WHERE t.token = ANY (tokens))
    GROUP BY 1) p
  GROUP BY 1 ORDER BY 1
$$;

-- The way of each accepted stop of the desk, for the checks C-017 to C-019: days only.
CREATE VIEW compliance.opt_out_case AS
  SELECT r.entry, r.requester, r.relation, r.life, r.received_on,
         (r.at AT TIME ZONE 'Asia/Tokyo')::date AS blocked_on,
         r.identities > 0 AS erasable,
         (SELECT min((j.erased_at AT TIME ZONE 'Asia/Tokyo')::date) FROM compliance.erasure_job j
          WHERE j.state IN ('erased', 'verified')
            AND (j.instruction = r.entry OR (j.scope = 'opt-outs' AND j.planned_at >= r.at))) AS erased_on,
         c.issued_on AS receipt_on, c.copy_hash IS NOT NULL AS copy,
         EXISTS (SELECT FROM compliance.opt_out_request w WHERE w.withdraws = r.entry AND w.refused IS NULL) AS withdrawn
  FROM compliance.opt_out_request r LEFT JOIN compliance.opt_out_receipt c USING (entry)
  WHERE r.kind = 'stop' AND r.refused IS NULL;

REVOKE ALL ON FUNCTION compliance.held_of(bytea[], bytea[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION compliance.held_of(bytea[], bytea[]) TO musubi_identity;

GRANT SELECT, INSERT ON compliance.opt_out_request, compliance.recall_request, compliance.opt_out_block TO musubi_identity;
GRANT SELECT ON compliance.opt_out_receipt TO musubi_identity;
GRANT SELECT, INSERT ON identity.opt_out_doubt TO musubi_identity;
GRANT UPDATE (proposed, proposed_by, proposed_at, decided_by, decided_at) ON identity.opt_out_doubt TO musubi_identity;
GRANT SELECT (entry, kind, withdraws, received_on, at, taken_by, channel, requester, relation, life, capacity,
  check_method, checker, check_confirmed, refused, provider_id, effective_from, receipt_due, identities, releases)
  ON compliance.opt_out_request TO musubi_act;
GRANT SELECT, INSERT ON compliance.opt_out_receipt TO musubi_act;
GRANT SELECT ON compliance.recall_request, compliance.opt_out_case TO musubi_act;
-- A restored house takes the desk's books back with the erasures.
GRANT SELECT, INSERT ON compliance.opt_out_request, compliance.opt_out_receipt, compliance.recall_request,
  compliance.opt_out_block TO musubi_erasure;
GRANT SELECT ON identity.opt_out_doubt TO musubi_erasure;
-- A release may see how far the book of opt-outs has come, and nothing else of it.
GRANT SELECT (opt_out_id) ON compliance.opt_out TO musubi_release;
