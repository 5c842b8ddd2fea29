-- What the cores of ended pilots were used for: on the pilot while it lives, by hour and label when it has ended.
ALTER TABLE pilot ADD COLUMN good_ms BIGINT NOT NULL DEFAULT 0;
ALTER TABLE pilot ADD COLUMN failed_ms BIGINT NOT NULL DEFAULT 0;
CREATE TABLE pilot_core_time (
    hour BIGINT NOT NULL, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, good_ms BIGINT NOT NULL,
    failed_ms BIGINT NOT NULL, lost_ms BIGINT NOT NULL, idle_ms BIGINT NOT NULL, empty_ms BIGINT NOT NULL,
    refused_ms BIGINT NOT NULL, PRIMARY KEY (hour, factory, label, queue)
) BY_KEY;
-- How often pilots broke with messages that are alike; last is one of them, to look at. Class -1 is none.
CREATE TABLE pilot_message (
    hour BIGINT NOT NULL, factory TEXT NOT NULL, label TEXT NOT NULL, queue TEXT NOT NULL, error_class BIGINT NOT NULL,
    template TEXT NOT NULL, pilots BIGINT NOT NULL, last BIGINT NOT NULL,
    PRIMARY KEY (hour, factory, label, queue, error_class, template)
) BY_KEY;
-- What happened on each node: ends of pilots, ends of attempts. Last is the last pilot that broke there, 0 when none did.
CREATE TABLE node_hour (
    hour BIGINT NOT NULL, queue TEXT NOT NULL, node TEXT NOT NULL, done BIGINT NOT NULL, empty BIGINT NOT NULL,
    fault BIGINT NOT NULL, refused BIGINT NOT NULL, finished BIGINT NOT NULL, failed BIGINT NOT NULL,
    last BIGINT NOT NULL, PRIMARY KEY (hour, queue, node)
) BY_KEY;
CREATE INDEX pilot_node ON pilot (node, id) WHERE node IS NOT NULL;
CREATE INDEX pilot_batch_id ON pilot (batch_id, factory) WHERE batch_id IS NOT NULL;
