-- What the checks of the Act read beside the books (C-001 to C-029): where a unit stands in its delivery, the hashes of
-- files, and, for the role of matching, which keys a notice is found by. No identity, no key, no raw byte.

GRANT SELECT (file) ON intake.unit TO musubi_act;
GRANT SELECT (submission_id, provider_id, ordinal, document) ON intake.document TO musubi_act;
-- C-011: is a notice one of the person's own? Tokens are compared where tokens lie; only a count comes out.
GRANT SELECT (token, notice_id) ON compliance.notice_key TO musubi_identity;
