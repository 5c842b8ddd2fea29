-- Who wrote a queue's record last, and when; empty for those from before.
ALTER TABLE queue ADD COLUMN put_by TEXT NOT NULL DEFAULT '';
ALTER TABLE queue ADD COLUMN put_at BIGINT NOT NULL DEFAULT 0;
-- When a token was used last, to the minute.
ALTER TABLE token ADD COLUMN last_used BIGINT;
-- Comments and acknowledgements of alarms, positions 4 and 5 in model::AlarmEventKind::ALL.
CREATE INDEX alarm_event_said ON alarm_event (id) WHERE kind IN (4, 5);
-- What retention removed last, by kind.
CREATE TABLE removal (kind TEXT PRIMARY KEY, at BIGINT NOT NULL, pieces BIGINT NOT NULL);
