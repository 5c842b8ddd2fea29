-- What was said about pilots, also what changed nothing. Source and word are positions in model::pilot::Source::ALL and
-- Word::ALL; before and state those of a pilot's states.
INSERT INTO sequence (name, next) VALUES ('pilot_event', 1);
CREATE TABLE pilot_event (
    id KEY64, pilot BIGINT NOT NULL, time BIGINT NOT NULL, source BIGINT NOT NULL, word BIGINT NOT NULL,
    before BIGINT NOT NULL, state BIGINT NOT NULL, refused BIGINT NOT NULL, error_class BIGINT, address TEXT, text TEXT
);
CREATE INDEX pilot_event_pilot ON pilot_event (pilot, id);
-- How many there are of a pilot, for they are bounded.
ALTER TABLE pilot ADD COLUMN events BIGINT NOT NULL DEFAULT 0;
