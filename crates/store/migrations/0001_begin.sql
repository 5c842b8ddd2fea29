-- The first schema. KEY64 becomes INTEGER PRIMARY KEY on SQLite (the row id itself) and BIGINT PRIMARY KEY on PostgreSQL;
-- BYTES becomes BLOB and BYTEA. All numbers are 64 bits wide on both. Times are milliseconds since 1970. Job states are
-- their position in model::JobState::ALL: 0 defined, 1 activated, 2 to 6 with a pilot, 7 finished, 8 failed,
-- 9 cancelled, 10 closed. Pilot states likewise: 0 to 4 live, 5 done, 6 fault.

CREATE TABLE sequence (name TEXT PRIMARY KEY, next BIGINT NOT NULL);
INSERT INTO sequence (name, next) VALUES ('job', 1), ('lane', 1), ('pilot', 1), ('decision', 1), ('command', 1), ('token', 1);

CREATE TABLE meta (name TEXT PRIMARY KEY, value BYTES NOT NULL);
CREATE TABLE duty (name TEXT PRIMARY KEY, holder TEXT NOT NULL, until BIGINT NOT NULL);

CREATE TABLE queue (
    name TEXT PRIMARY KEY, site TEXT NOT NULL, region TEXT NOT NULL, tags TEXT NOT NULL, status BIGINT NOT NULL,
    max_cores BIGINT NOT NULL, max_memory_mib BIGINT NOT NULL, max_wall_time_s BIGINT NOT NULL,
    reason TEXT NOT NULL, changed BIGINT NOT NULL
);

-- All jobs of one user and group with the same needs in one queue, and how many of them are in each state.
CREATE TABLE lane (
    id KEY64, queue TEXT NOT NULL, grp TEXT NOT NULL, usr TEXT NOT NULL, source_label TEXT NOT NULL,
    cores BIGINT NOT NULL, memory_mib BIGINT NOT NULL, wall_time_s BIGINT NOT NULL,
    defined BIGINT NOT NULL DEFAULT 0, activated BIGINT NOT NULL DEFAULT 0, sent BIGINT NOT NULL DEFAULT 0,
    starting BIGINT NOT NULL DEFAULT 0, running BIGINT NOT NULL DEFAULT 0, holding BIGINT NOT NULL DEFAULT 0,
    transferring BIGINT NOT NULL DEFAULT 0, finished BIGINT NOT NULL DEFAULT 0, failed BIGINT NOT NULL DEFAULT 0,
    cancelled BIGINT NOT NULL DEFAULT 0, closed BIGINT NOT NULL DEFAULT 0,
    UNIQUE (queue, grp, usr, source_label, cores, memory_mib, wall_time_s)
);
CREATE INDEX lane_waiting ON lane (queue) WHERE activated > 0;

-- What was asked for. The id is that of the first job; the large column comes last so that the others are read cheaply.
CREATE TABLE submission (
    id KEY64, last BIGINT NOT NULL, usr TEXT NOT NULL, grp TEXT NOT NULL, name TEXT NOT NULL, task BIGINT NOT NULL,
    priority BIGINT NOT NULL, max_attempts BIGINT NOT NULL, in_array BIGINT NOT NULL, submitted BIGINT NOT NULL,
    spec TEXT NOT NULL
);
CREATE INDEX submission_name ON submission (name, id);
CREATE INDEX submission_task ON submission (task, id) WHERE task <> 0;

-- Jobs of an array by state; single jobs need no such row.
CREATE TABLE array_count (
    id KEY64,
    defined BIGINT NOT NULL DEFAULT 0, activated BIGINT NOT NULL DEFAULT 0, sent BIGINT NOT NULL DEFAULT 0,
    starting BIGINT NOT NULL DEFAULT 0, running BIGINT NOT NULL DEFAULT 0, holding BIGINT NOT NULL DEFAULT 0,
    transferring BIGINT NOT NULL DEFAULT 0, finished BIGINT NOT NULL DEFAULT 0, failed BIGINT NOT NULL DEFAULT 0,
    cancelled BIGINT NOT NULL DEFAULT 0, closed BIGINT NOT NULL DEFAULT 0
);

CREATE TABLE idempotency (
    usr TEXT NOT NULL, name TEXT NOT NULL, answer TEXT NOT NULL, made BIGINT NOT NULL, PRIMARY KEY (usr, name)
);
CREATE INDEX idempotency_made ON idempotency (made);

-- Consecutive jobs of one submission to which the same happened: they wait (0, 1), or ended before they ran (9, 10).
-- Keyed by the last id, because a claim takes from the front and then changes no key. With attempt > 0 it is one job
-- that waits for its next attempt and has a row in job too.
CREATE TABLE job_range (
    last KEY64, first BIGINT NOT NULL, submission BIGINT NOT NULL, lane BIGINT NOT NULL, state BIGINT NOT NULL,
    rank BIGINT NOT NULL, since BIGINT NOT NULL, not_before BIGINT NOT NULL DEFAULT 0, attempt BIGINT NOT NULL DEFAULT 0,
    in_array BIGINT NOT NULL, ended BIGINT, reason TEXT
);
CREATE INDEX job_range_claim ON job_range (lane, rank, last) WHERE state = 1 AND not_before = 0;
CREATE INDEX job_range_due ON job_range (not_before) WHERE not_before > 0;
CREATE INDEX job_range_lane ON job_range (lane, state, last);

-- A job that a pilot has or had, with its current or last attempt.
CREATE TABLE job (
    id KEY64, submission BIGINT NOT NULL, lane BIGINT NOT NULL, state BIGINT NOT NULL, in_array BIGINT NOT NULL,
    attempt BIGINT NOT NULL, failures BIGINT NOT NULL, losses BIGINT NOT NULL, outcome BIGINT NOT NULL,
    pilot BIGINT NOT NULL, incarnation BIGINT NOT NULL, sent BIGINT NOT NULL, started BIGINT, ended BIGINT,
    exit_code BIGINT, signal BIGINT, error_class BIGINT, wall_ms BIGINT, cpu_ms BIGINT, max_rss_kib BIGINT, message TEXT
);
CREATE INDEX job_lane ON job (lane, id);
CREATE INDEX job_pilot ON job (pilot, id);
CREATE INDEX job_open ON job (id) WHERE state < 7;
CREATE INDEX job_held ON job (pilot) WHERE state BETWEEN 2 AND 6;
CREATE INDEX job_bad ON job (state, lane, id) WHERE state >= 8;

-- Attempts before the current one.
CREATE TABLE attempt (
    job BIGINT NOT NULL, attempt BIGINT NOT NULL, outcome BIGINT NOT NULL, pilot BIGINT NOT NULL,
    incarnation BIGINT NOT NULL, sent BIGINT NOT NULL, started BIGINT, ended BIGINT, exit_code BIGINT, signal BIGINT,
    error_class BIGINT, wall_ms BIGINT, cpu_ms BIGINT, max_rss_kib BIGINT, message TEXT, PRIMARY KEY (job, attempt)
);

-- A log: small ones inline, growing ones in chunks, large complete ones in the object store at location.
CREATE TABLE job_log (
    job BIGINT NOT NULL, attempt BIGINT NOT NULL, stream BIGINT NOT NULL, size BIGINT NOT NULL, complete BIGINT NOT NULL,
    location TEXT, inline BYTES, PRIMARY KEY (job, attempt, stream)
);
CREATE TABLE job_log_chunk (
    job BIGINT NOT NULL, attempt BIGINT NOT NULL, stream BIGINT NOT NULL, start BIGINT NOT NULL, bytes BYTES NOT NULL,
    PRIMARY KEY (job, attempt, stream, start)
);
CREATE TABLE job_output (
    job BIGINT NOT NULL, attempt BIGINT NOT NULL, name TEXT NOT NULL, location TEXT NOT NULL, size BIGINT NOT NULL,
    made BIGINT NOT NULL, PRIMARY KEY (job, attempt, name)
);

-- Jobs finished by queue and minute, for the expected wait.
CREATE TABLE throughput (queue TEXT NOT NULL, minute BIGINT NOT NULL, finished BIGINT NOT NULL, PRIMARY KEY (queue, minute));

CREATE TABLE pilot (
    id KEY64, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, batch TEXT NOT NULL, state BIGINT NOT NULL,
    flag BIGINT, incarnation BIGINT NOT NULL DEFAULT 0, slots BIGINT NOT NULL DEFAULT 0, cores BIGINT NOT NULL DEFAULT 0,
    memory_mib BIGINT NOT NULL DEFAULT 0, life_s BIGINT NOT NULL DEFAULT 0, jobs_now BIGINT NOT NULL DEFAULT 0,
    jobs_ended BIGINT NOT NULL DEFAULT 0, announced BIGINT NOT NULL, started BIGINT, last_heard BIGINT, ended BIGINT,
    error_class BIGINT, batch_id TEXT, native_state TEXT, instance TEXT, node TEXT, version TEXT, message TEXT,
    secret BYTES NOT NULL
);
CREATE INDEX pilot_live ON pilot (factory, id) WHERE state < 5;
CREATE INDEX pilot_state ON pilot (state, id);
CREATE INDEX pilot_label ON pilot (label, id);
CREATE INDEX pilot_queue ON pilot (queue, id);

-- Where each start of a pilot was.
CREATE TABLE incarnation (
    pilot BIGINT NOT NULL, incarnation BIGINT NOT NULL, node TEXT NOT NULL, started BIGINT NOT NULL,
    PRIMARY KEY (pilot, incarnation)
);

CREATE TABLE label_count (
    factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, state BIGINT NOT NULL,
    pilots BIGINT NOT NULL, slots BIGINT NOT NULL, PRIMARY KEY (factory, label, queue, state)
);

CREATE TABLE factory (name TEXT PRIMARY KEY, last_heard BIGINT NOT NULL, said TEXT NOT NULL);

CREATE TABLE decision (
    id KEY64, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, first_time BIGINT NOT NULL,
    last_time BIGINT NOT NULL, times BIGINT NOT NULL, number BIGINT NOT NULL, announced BIGINT NOT NULL,
    accepted BIGINT NOT NULL, error TEXT NOT NULL, facts TEXT NOT NULL, steps TEXT NOT NULL
);
CREATE INDEX decision_label ON decision (factory, label, id);
CREATE INDEX decision_only_label ON decision (label, id);
CREATE INDEX decision_queue ON decision (queue, id);

CREATE TABLE command (
    id KEY64, kind BIGINT NOT NULL, target TEXT NOT NULL, pilot BIGINT, verb BIGINT NOT NULL, arguments TEXT NOT NULL,
    issuer TEXT NOT NULL, given BIGINT NOT NULL, expires BIGINT NOT NULL, state BIGINT NOT NULL, note TEXT NOT NULL
);
CREATE INDEX command_target ON command (kind, target, id);
CREATE INDEX command_waiting ON command (target, kind, id) WHERE state = 0;
CREATE INDEX command_pilot ON command (pilot, id) WHERE state = 0;
CREATE INDEX command_expires ON command (expires) WHERE state = 0;

CREATE TABLE token (
    id KEY64, hash BYTES NOT NULL UNIQUE, usr TEXT NOT NULL, grp TEXT NOT NULL, role TEXT NOT NULL, sites TEXT NOT NULL,
    note TEXT NOT NULL, made BIGINT NOT NULL, expires BIGINT, revoked BIGINT NOT NULL DEFAULT 0
);

-- Days of the archive, with the ids that lie in them. The jobs themselves are in a file of the day (SQLite) or a
-- partition of the day (PostgreSQL).
CREATE TABLE archive_day (day BIGINT PRIMARY KEY, first BIGINT NOT NULL, last BIGINT NOT NULL);
