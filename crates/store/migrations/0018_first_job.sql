-- When a pilot took its first job; none of pilots that took theirs before.
ALTER TABLE pilot ADD COLUMN first_job BIGINT;
