-- What a key was used for: the same key with another request is refused.
ALTER TABLE idempotency ADD COLUMN digest BYTES;

-- Files in the object store that are deleted when they are due: those that nothing refers to any more, and uploads under
-- way, which are taken out when something refers to them.
CREATE TABLE discarded (location TEXT PRIMARY KEY, due BIGINT NOT NULL);
CREATE INDEX discarded_due ON discarded (due);

-- Pilots that are kept no longer: how many a label ever had is what some factories go by.
CREATE TABLE forgotten_pilots (
    factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, state BIGINT NOT NULL, pilots BIGINT NOT NULL,
    PRIMARY KEY (factory, label, queue, state)
);

-- Browsers that are logged in: hash of the cookie, and the token that it stands for.
CREATE TABLE session (hash BYTES PRIMARY KEY, token BYTES NOT NULL, ends BIGINT NOT NULL);

-- Who set the status of a queue.
ALTER TABLE queue ADD COLUMN changed_by TEXT NOT NULL DEFAULT '';

-- The jobs that failed last.
CREATE INDEX job_failed_end ON job (ended) WHERE state = 8;

-- What has ended, for retention. Complete logs of more than 64 KiB go to the object store.
CREATE INDEX pilot_ended ON pilot (ended) WHERE state >= 5;
CREATE INDEX job_log_large ON job_log (job) WHERE complete = 1 AND location IS NULL AND inline IS NULL AND size > 65536;
