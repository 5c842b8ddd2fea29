-- Programs that nodes download: pilots and wrappers. What is in one never changes.
CREATE TABLE program (
    name TEXT NOT NULL, version TEXT NOT NULL, sha256 TEXT NOT NULL, bytes BIGINT NOT NULL, added BIGINT NOT NULL,
    added_by TEXT NOT NULL, location TEXT NOT NULL, PRIMARY KEY (name, version)
);
CREATE INDEX program_sum ON program (sha256);
