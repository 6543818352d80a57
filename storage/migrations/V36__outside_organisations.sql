-- Those who work in the browser from outside: submitters, users, municipalities, the committee.
ALTER TABLE compliance.organisation DROP CONSTRAINT organisation_kind_check;
ALTER TABLE compliance.organisation ADD CONSTRAINT organisation_kind_check CHECK (kind IN
  ('operator', 'contractor', 'sub-contractor', 'submitter', 'user', 'municipality', 'committee'));
