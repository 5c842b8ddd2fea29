-- Of the pilots of a label in a state, those that their batch system holds back (flag 0).
ALTER TABLE label_count ADD COLUMN held BIGINT NOT NULL DEFAULT 0;
UPDATE label_count SET held = h.pilots FROM (
    SELECT factory, label, queue, state, COUNT(*) AS pilots FROM pilot WHERE state < 5 AND flag = 0
    GROUP BY factory, label, queue, state
) AS h
WHERE label_count.factory = h.factory AND label_count.label = h.label AND label_count.queue = h.queue
    AND label_count.state = h.state;
