-- Alarms as JSON of model::Alarm. At any time at most one of a rule about a thing is not over.
INSERT INTO sequence (name, next) VALUES ('alarm', 1), ('alarm_event', 1), ('silence', 1), ('alarm_message', 1);
CREATE TABLE alarm (
    id KEY64, rule TEXT NOT NULL, subject TEXT NOT NULL, ended BIGINT, record TEXT NOT NULL
);
CREATE UNIQUE INDEX alarm_open ON alarm (rule, subject) WHERE ended IS NULL;
CREATE INDEX alarm_past ON alarm (id) WHERE ended IS NOT NULL;
CREATE INDEX alarm_ended ON alarm (ended) WHERE ended IS NOT NULL;
-- What happened to them; the kind is its position in model::AlarmEventKind::ALL.
CREATE TABLE alarm_event (
    id KEY64, alarm BIGINT NOT NULL, at BIGINT NOT NULL, kind BIGINT NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL
);
CREATE INDEX alarm_event_alarm ON alarm_event (alarm, id);
CREATE TABLE silence (
    id KEY64, matcher TEXT NOT NULL, owner TEXT NOT NULL, reason TEXT NOT NULL, made BIGINT NOT NULL, until BIGINT NOT NULL
);
CREATE INDEX silence_until ON silence (until);
-- Messages to receivers that are not sent yet.
CREATE TABLE alarm_message (
    id KEY64, receiver TEXT NOT NULL, made BIGINT NOT NULL, due BIGINT NOT NULL, tries BIGINT NOT NULL, notices TEXT NOT NULL
);
CREATE INDEX alarm_message_due ON alarm_message (due);
