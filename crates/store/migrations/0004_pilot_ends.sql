-- How pilots ended, by hour: error classes of the last hours without a look at any pilot. Class -1 is none; last is one
-- of them, to look at.
CREATE TABLE pilot_end (
    hour BIGINT NOT NULL, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, state BIGINT NOT NULL,
    error_class BIGINT NOT NULL, pilots BIGINT NOT NULL, last BIGINT NOT NULL,
    PRIMARY KEY (hour, factory, label, queue, state, error_class)
);
