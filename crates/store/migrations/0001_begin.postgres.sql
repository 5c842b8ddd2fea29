-- The archive of ended jobs: one partition for each day of end, dropped whole.
CREATE TABLE archive_job (
    id BIGINT NOT NULL, submission BIGINT NOT NULL, lane BIGINT NOT NULL, state BIGINT NOT NULL, in_array BIGINT NOT NULL,
    attempt BIGINT NOT NULL, failures BIGINT NOT NULL, losses BIGINT NOT NULL, outcome BIGINT NOT NULL,
    pilot BIGINT NOT NULL, incarnation BIGINT NOT NULL, sent BIGINT NOT NULL, started BIGINT, ended BIGINT NOT NULL,
    exit_code BIGINT, signal BIGINT, error_class BIGINT, wall_ms BIGINT, cpu_ms BIGINT, max_rss_kib BIGINT, message TEXT,
    PRIMARY KEY (ended, id)
) PARTITION BY RANGE (ended);
CREATE INDEX archive_job_id ON archive_job (id);
-- Counters and queues of jobs are rewritten all the time: leave room so that updates stay on their page.
ALTER TABLE lane SET (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
ALTER TABLE array_count SET (fillfactor = 50);
ALTER TABLE pilot SET (fillfactor = 80);
ALTER TABLE job SET (fillfactor = 80);
ALTER TABLE job_range SET (fillfactor = 70);
