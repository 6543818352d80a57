-- Beds of a provider (病床数), for tables by classes of beds (地域別・病床規模別).

ALTER TABLE agreement.provider ADD COLUMN beds integer CHECK (beds >= 0);
