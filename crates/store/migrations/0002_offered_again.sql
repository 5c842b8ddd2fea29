-- A command that was delivered is offered again until its outcome is told: the answer that carried it may have been lost.
ALTER TABLE command ADD COLUMN delivered BIGINT;
DROP INDEX command_waiting;
DROP INDEX command_pilot;
DROP INDEX command_expires;
CREATE INDEX command_waiting ON command (target, kind, id) WHERE state <= 1;
CREATE INDEX command_pilot ON command (pilot, id) WHERE state <= 1;
CREATE INDEX command_expires ON command (expires) WHERE state <= 1;
