-- Labels that alarms hold back, by the alarm, as JSON of model::alarm::exclusion::Exclusion.
CREATE TABLE alarm_exclusion (alarm KEY64, record TEXT NOT NULL);
