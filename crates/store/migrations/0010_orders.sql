-- What people hold labels of factories to. `scope` is 0 for all labels, 1 for one, 2 for those of a queue; `hold` is 0 for
-- pause, 1 for drain, 2 for cap.
CREATE TABLE factory_order (
    id KEY64, factory TEXT NOT NULL, scope BIGINT NOT NULL, name TEXT NOT NULL, hold BIGINT NOT NULL, cap BIGINT NOT NULL,
    issuer TEXT NOT NULL, given BIGINT NOT NULL, reason TEXT NOT NULL, until BIGINT, ended BIGINT, ended_by TEXT,
    ended_why TEXT
);
CREATE INDEX factory_order_open ON factory_order (factory, id) WHERE ended IS NULL;
CREATE INDEX factory_order_of ON factory_order (factory, id);
INSERT INTO sequence (name, next) VALUES ('order', 1);
-- Tests of a label: the command that sent the pilot, and the pilot that the command sent.
ALTER TABLE pilot ADD COLUMN test BIGINT;
ALTER TABLE command ADD COLUMN sent BIGINT;
