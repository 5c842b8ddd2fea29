-- What a pilot found on the node of each of its starts, as JSON.
ALTER TABLE incarnation ADD COLUMN profile TEXT;
