-- What factories tell of their configuration: when and why it came to be, its sections as JSON of model::ConfigSection, and
-- what changed as JSON of model::SettingChange.
CREATE TABLE configuration (factory TEXT PRIMARY KEY, record TEXT NOT NULL);
CREATE TABLE configuration_section (
    factory TEXT NOT NULL, is_label BIGINT NOT NULL, name TEXT NOT NULL, digest TEXT NOT NULL, record TEXT NOT NULL,
    PRIMARY KEY (factory, is_label, name)
) BY_KEY;
CREATE TABLE configuration_change (id KEY64, factory TEXT NOT NULL, section TEXT NOT NULL, record TEXT NOT NULL);
CREATE INDEX configuration_change_of ON configuration_change (factory, id);
CREATE INDEX configuration_change_in ON configuration_change (factory, section, id);
INSERT INTO sequence (name, next) VALUES ('configuration_change', 1);
