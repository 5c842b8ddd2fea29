-- Factories of other software, which report by APFmon's calls. What is known of them beside what factories of ours say;
-- nothing for factories of ours.
ALTER TABLE factory ADD COLUMN reported TEXT;
CREATE TABLE reported_label (
    factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, resource TEXT NOT NULL, last_heard BIGINT NOT NULL,
    PRIMARY KEY (factory, label)
);
-- Pilots are found by the batch system's id; result is what the wrapper of a reported one returned.
ALTER TABLE pilot ADD COLUMN reported BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pilot ADD COLUMN result BIGINT;
CREATE INDEX pilot_silent ON pilot (state, last_heard) WHERE reported = 1 AND state < 5;
