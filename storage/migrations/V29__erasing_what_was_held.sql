-- Units that waited for their notice lie under keys of their own, also after they were loaded: an erasure destroys these
-- keys with the others. Their tokens are not needed any more once they are loaded.

CREATE OR REPLACE FUNCTION identity.keys_of_erasing(job text) RETURNS SETOF bytea LANGUAGE sql STABLE AS $$
  SELECT identity_id FROM identity.erasing WHERE erasure_id = job
  UNION
  SELECT h.key_id FROM intake.held h
    JOIN intake.unit u ON u.document = h.document AND u.ordinal = h.unit
      AND u.submission_id = h.submission_id AND u.file = h.file
    JOIN identity.erasing e ON e.identity_id = u.identity_id
  WHERE e.erasure_id = job
$$;

GRANT DELETE ON intake.held_token TO musubi_ingest;

-- Erasure opens keys, too, and is counted like everybody who does.
GRANT SELECT, INSERT, UPDATE (opened) ON compliance.access_count TO musubi_erasure;
