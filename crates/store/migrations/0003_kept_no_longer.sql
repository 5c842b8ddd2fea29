-- What a key was used for: the same key with another request is refused.
ALTER TABLE idempotency ADD COLUMN digest BYTES;

-- Files in the object store that are deleted when they are due: those that nothing refers to any more, and uploads under
-- way, which are taken out when something refers to them.
CREATE TABLE discarded (location TEXT PRIMARY KEY, due BIGINT NOT NULL);
CREATE INDEX discarded_due ON discarded (due);

-- What has ended, for retention. Complete logs of more than 64 KiB go to the object store.
CREATE INDEX pilot_ended ON pilot (ended) WHERE state >= 5;
CREATE INDEX job_log_large ON job_log (job) WHERE complete = 1 AND location IS NULL AND inline IS NULL AND size > 65536;
