-- What happened to pilots in spans of time, written by the commits that move them. A scope is what is counted together:
-- kind 0 all pilots, 1 those of a factory, 2 those of a label that serves a queue.
INSERT INTO sequence (name, next) VALUES ('scope', 1);
CREATE TABLE pilot_scope (
    id KEY64, kind BIGINT NOT NULL, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL,
    UNIQUE (kind, factory, label, queue)
);
CREATE INDEX pilot_scope_queue ON pilot_scope (queue) WHERE kind = 2;
-- Span and start in seconds, start since 1970.
CREATE TABLE pilot_flow (
    span BIGINT NOT NULL, scope BIGINT NOT NULL, start BIGINT NOT NULL, submitted BIGINT NOT NULL, started BIGINT NOT NULL,
    done BIGINT NOT NULL, empty BIGINT NOT NULL, fault BIGINT NOT NULL, pending_change BIGINT NOT NULL,
    running_change BIGINT NOT NULL, PRIMARY KEY (span, scope, start)
) BY_KEY;
-- How long pilots waited (0) and ran (1): how many in each logarithmic bucket of model::Durations.
CREATE TABLE pilot_duration (
    span BIGINT NOT NULL, scope BIGINT NOT NULL, start BIGINT NOT NULL, kind BIGINT NOT NULL, bucket BIGINT NOT NULL,
    pilots BIGINT NOT NULL, PRIMARY KEY (span, scope, start, kind, bucket)
) BY_KEY;
