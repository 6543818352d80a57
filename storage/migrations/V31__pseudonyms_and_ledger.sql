-- Keys of releases, the vault of pseudonyms, and what every release said as constraints on later ones.

-- What became of the key of a release (提供用鍵の記録; C-035). Written in the transaction that enters the release, so that a
-- release has one key and one end of it. Never the key: its name is a one-way hash. Append-only.
CREATE TABLE release.key_event (
  release_id text NOT NULL REFERENCES release.ledger,
  event      text NOT NULL CHECK (event IN ('created', 'destroyed', 'vaulted')),
  key_name   text NOT NULL CHECK (key_name ~ '^[0-9a-f]{64}$'),
  at         timestamptz NOT NULL,
  made_by    text NOT NULL CHECK (made_by <> ''),   -- the account that made the release
  ordered_by text CHECK (ordered_by <> ''),         -- the person on whose instruction it did
  PRIMARY KEY (release_id, event),
  CHECK (event = 'created' OR (ordered_by IS NOT NULL AND ordered_by <> made_by))
);
CREATE UNIQUE INDEX key_event_one_end ON release.key_event (release_id) WHERE event <> 'created';
CREATE UNIQUE INDEX key_event_one_release ON release.key_event (key_name) WHERE event = 'created';

-- The map of a pseudonymised release (対応表), sealed under a data key of its own. Part -1 is that key, wrapped; the others
-- begin with the pseudonym in `first`. Nobody may read this table: only release.open_vault does.
CREATE TABLE release.pseudonym_vault (
  release_id text NOT NULL REFERENCES release.ledger,
  part       integer NOT NULL CHECK (part >= -1),
  first      bytea NOT NULL CHECK (length(first) IN (0, 8)),
  sealed     bytea NOT NULL,
  PRIMARY KEY (release_id, part)
);

-- Every opening of the vault, under the operation of two people that allowed it; each allows one. Append-only.
CREATE TABLE release.vault_opening (
  operation_id bigint PRIMARY KEY REFERENCES compliance.operation_use,
  release_id   text NOT NULL REFERENCES release.ledger,
  persons      bigint NOT NULL,        -- pseudonyms asked for
  parts        bigint NOT NULL,        -- sealed parts handed out
  at           timestamptz NOT NULL DEFAULT now()
);

-- Who was in a release, for counting overlaps: keyed hashes under a key of the identity zone. Nobody may read this table.
CREATE TABLE release.released_mark (
  mark       bytea NOT NULL CHECK (length(mark) = 8),
  release_id text NOT NULL REFERENCES release.ledger,
  PRIMARY KEY (mark, release_id)
);

-- What a release of rows said: of whom, to whom …
CREATE TABLE release.ledger_rows (
  release_id  text PRIMARY KEY REFERENCES release.ledger,
  product     text NOT NULL,
  cohort_hash text NOT NULL,           -- hash of the cohort as it was asked for
  from_day    date NOT NULL,
  to_day      date NOT NULL,
  policy_hash text NOT NULL,
  recipients  text[] NOT NULL,         -- empty: unknown
  allowed_by  bigint REFERENCES compliance.operation_use   -- the operation that allowed it to refine earlier releases
);
CREATE INDEX ledger_rows_by_recipient ON release.ledger_rows USING gin (recipients);

-- … and how fine, column by column.
CREATE TABLE release.ledger_level (
  release_id  text NOT NULL REFERENCES release.ledger_rows,
  file        text NOT NULL,
  column_name text NOT NULL,
  class       text NOT NULL,           -- quasi, sensitive, neutral
  hierarchy   text NOT NULL,           -- hash of the hierarchy: levels of another one cannot be compared
  finest      integer NOT NULL CHECK (finest >= 0),   -- the finest level told; 0: the value itself
  local       boolean NOT NULL,        -- levels differ from class to class
  PRIMARY KEY (release_id, file, column_name)
);

-- What the tables of a release showed and hid (差分攻撃の照合; R-STA-03, C-056). Cells are opaque here.
CREATE TABLE release.ledger_table (
  release_id text NOT NULL REFERENCES release.ledger,
  name       text NOT NULL,
  universe   text NOT NULL,            -- tables of one universe constrain each other
  recipients text[] NOT NULL,
  cells      bytea NOT NULL,
  PRIMARY KEY (release_id, name)
);
CREATE INDEX ledger_table_by_universe ON release.ledger_table (universe);

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['key_event', 'pseudonym_vault', 'vault_opening', 'released_mark', 'ledger_rows', 'ledger_level',
      'ledger_table'] LOOP
    EXECUTE format('CREATE TRIGGER %I BEFORE UPDATE OR DELETE OR TRUNCATE ON release.%I
      FOR EACH STATEMENT EXECUTE FUNCTION compliance.refuse_change()', t || '_append_only', t);
  END LOOP;
END $$;

-- Hands out the sealed parts in which pseudonyms lie, once for each operation, and only when two people agreed to exactly
-- this release before it was used (R-PSE-06, R-ANO-10). No program, however wrong, gets a part without them.
CREATE FUNCTION release.open_vault(operation bigint, which text, asked bytea[])
  RETURNS TABLE (part integer, sealed bytea)
  LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE people bigint; wanted integer[]; persons bigint := cardinality(asked);
BEGIN
  SELECT count(DISTINCT p.who) INTO people
    FROM compliance.operation o
    JOIN compliance.operation_use u USING (operation_id)
    CROSS JOIN LATERAL (
      SELECT o.proposed_by AS who WHERE o.proposed_role IN ('officer', 'key-custodian')
      UNION ALL
      SELECT d.decided_by FROM compliance.operation_decision d
      WHERE d.operation_id = o.operation_id AND d.approved AND d.role IN ('officer', 'key-custodian')
        AND d.decided_at <= u.used_at) p
    WHERE o.operation_id = operation AND o.kind = 'verify-source' AND u.used_at <= o.expires_at
      AND o.content::jsonb ->> 'release' = which AND (o.content::jsonb ->> 'persons')::bigint >= persons
      AND NOT EXISTS (SELECT FROM compliance.operation_decision n
                      WHERE n.operation_id = o.operation_id AND NOT n.approved);
  IF people < 2 THEN
    RAISE EXCEPTION 'the vault opens for an operation of two people only';
  END IF;
  SELECT array_agg(DISTINCT v.part) INTO wanted FROM unnest(asked) a(pid)
    CROSS JOIN LATERAL (SELECT p.part FROM release.pseudonym_vault p
      WHERE p.release_id = which AND p.part >= 0 AND p.first <= a.pid ORDER BY p.first DESC LIMIT 1) v;
  INSERT INTO release.vault_opening (operation_id, release_id, persons, parts)
    VALUES (operation, which, persons, coalesce(cardinality(wanted), 0));
  RETURN QUERY SELECT p.part, p.sealed FROM release.pseudonym_vault p
    WHERE p.release_id = which AND (p.part = -1 OR p.part = ANY (wanted)) ORDER BY p.part;
END $$;

-- How many of these marks each release has. Never which; and nothing for few marks, so that nobody is asked after alone.
CREATE FUNCTION release.overlaps(marks bytea[])
  RETURNS TABLE (release_id text, shared bigint)
  LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
  IF cardinality(marks) < 10 THEN
    RAISE EXCEPTION 'overlaps are counted for ten persons or more';
  END IF;
  RETURN QUERY SELECT m.release_id, count(*) FROM release.released_mark m WHERE m.mark = ANY (marks)
    GROUP BY m.release_id ORDER BY m.release_id;
END $$;

REVOKE ALL ON FUNCTION release.open_vault(bigint, text, bytea[]), release.overlaps(bytea[]) FROM PUBLIC;
-- Where the way back leads is where raw bytes and their keys are.
GRANT EXECUTE ON FUNCTION release.open_vault(bigint, text, bytea[]) TO musubi_ingest;
GRANT EXECUTE ON FUNCTION release.overlaps(bytea[]) TO musubi_release;

GRANT SELECT, INSERT ON release.key_event, release.ledger_rows, release.ledger_level, release.ledger_table
  TO musubi_release;
GRANT INSERT ON release.pseudonym_vault, release.released_mark TO musubi_release;
GRANT SELECT ON release.key_event TO musubi_act, musubi_console;
GRANT SELECT ON release.vault_opening TO musubi_act, musubi_console;
