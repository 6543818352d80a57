-- What an acknowledgement tells a sender besides findings and balance, and what senders answer. Counts, codes and
-- hashes of documents only.

-- Control totals: what the manifest promised and what was counted. Null: nothing promised, or never counted.
CREATE TABLE intake.control_total (
  submission_id bytea NOT NULL,
  kind          text NOT NULL,
  promised      bigint,
  counted       bigint,
  PRIMARY KEY (submission_id, kind)
);

-- Findings by the product that made the documents, where the format says so (MSH-3, author of a CDA).
CREATE TABLE intake.finding_vendor (
  submission_id bytea NOT NULL,
  rule          text NOT NULL,
  vendor        text NOT NULL,
  findings      bigint NOT NULL,
  PRIMARY KEY (submission_id, rule, vendor)
);

-- What a sender answered after comparing sampled facts with the original (定性確認).
CREATE TABLE intake.quality_answer (
  submission_id bytea NOT NULL,
  fact_id       bytea NOT NULL CHECK (length(fact_id) = 16),
  answer        text NOT NULL CHECK (answer IN ('match', 'mismatch', 'missing')),
  answered_at   timestamptz NOT NULL,
  PRIMARY KEY (submission_id, fact_id)
);

GRANT SELECT, INSERT, UPDATE ON intake.control_total, intake.finding_vendor, intake.quality_answer TO musubi_ingest;
GRANT SELECT ON intake.control_total, intake.finding_vendor, intake.quality_answer TO musubi_console;
