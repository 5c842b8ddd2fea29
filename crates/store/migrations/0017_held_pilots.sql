-- Pilots that their batch system holds back (flag 0), by label.
CREATE INDEX pilot_held ON pilot (factory, label, queue, id) WHERE flag = 0 AND state < 5;
