//! Every statement is prepared on its engine, and the plans of the hot ones are pinned.

use super::support;
use crate::engine::postgres::Postgres;
use crate::engine::sqlite::{Purpose, Sqlite};
use crate::engine::{Connection, Sql};
use crate::{Location, jobs, migrate};

/// All statements of the store's database.
fn all() -> Vec<&'static Sql> {
    let lists = [
        crate::alarms::ALL,
        crate::alarms::exclusions::ALL,
        crate::alarms::facts::ALL,
        crate::alarms::outbox::ALL,
        crate::alarms::remarks::ALL,
        crate::alarms::silences::ALL,
        crate::archive::ALL,
        crate::archive::copies::ALL,
        crate::archive::forget::ALL,
        crate::archive::size::ALL,
        crate::backup::ALL,
        crate::commands::ALL,
        crate::configuration::ALL,
        crate::decisions::ALL,
        crate::discarded::ALL,
        crate::duty::ALL,
        crate::factories::ALL,
        jobs::broker::ALL,
        jobs::claim::ALL,
        jobs::counts::ALL,
        jobs::detail::ALL,
        jobs::kill::ALL,
        jobs::lane::ALL,
        jobs::lease::ALL,
        jobs::list::ALL,
        jobs::lose::ALL,
        jobs::range::ALL,
        jobs::report::ALL,
        jobs::requeue::ALL,
        jobs::retry::ALL,
        jobs::row::ALL,
        jobs::scan::ALL,
        jobs::specs::ALL,
        jobs::submit::ALL,
        crate::logs::ALL,
        crate::meta::ALL,
        migrate::ALL,
        crate::notify::ALL,
        crate::orders::ALL,
        crate::pilots::announce::ALL,
        crate::pilots::core_time::ALL,
        crate::pilots::ends::ALL,
        crate::pilots::messages::ALL,
        crate::pilots::nodes::ALL,
        crate::pilots::events::ALL,
        crate::pilots::hello::ALL,
        crate::pilots::history::ALL,
        crate::pilots::list::ALL,
        crate::pilots::row::ALL,
        crate::pilots::scope::ALL,
        crate::queues::ALL,
        crate::reported::factories::ALL,
        crate::reported::labels::ALL,
        crate::reported::row::ALL,
        crate::reported::silent::ALL,
        crate::retention::ALL,
        crate::retention::removals::ALL,
        crate::sessions::ALL,
        crate::store::ALL,
        crate::tokens::ALL,
        crate::tx::ALL,
    ];
    lists.into_iter().flatten().copied().collect()
}

/// Statements that run often or on large tables.
fn hot() -> Vec<&'static Sql> {
    let names = [
        "CLAIM",
        "CLAIM_TASK",
        "LANES_WAITING",
        "LANES_OF_QUEUE",
        "JOBS_BY_ID",
        "SAVE_JOBS",
        "SHORTEN_RANGE",
        "DELETE_RANGES",
        "RANGES_FROM",
        "DUE",
        "NEXT_DUE",
        "HELD_ROWS",
        "HELD",
        "HOLDERS",
        "OPEN_ROWS",
        "ENDED_ROWS",
        "SCAN_ALL",
        "SCAN_OPEN",
        "SCAN_LANE",
        "SCAN_BAD",
        "SCAN_PILOT",
        "RANGES_BELOW",
        "RANGES_OF_LANE",
        "RANGE_AT",
        "BY_NAME",
        "BY_TASK",
        "ROW_COUNTS",
        "RANGE_COUNTS",
        "ARRAY_COUNTS",
        "WAITING",
        "WAITING_IN_LANE",
        "KNOWN",
        "OTHERS_SUBMISSION",
        "SAME_COMMAND",
        "OPEN_FOR_PILOT",
        "OPEN_FOR_FACTORY",
        "EXPIRE",
        "LAST_DECISION",
        "DECISIONS_OF_LABEL",
        "DECISIONS_OF_QUEUE",
        "LIVE",
        "LIVE_OF_FACTORY",
        "LIVE_OF_FACTORY_BELOW",
        "PILOTS_IN_STATE",
        "PILOTS_OF_LABEL",
        "PILOTS_OF_QUEUE",
        "PILOTS_OF_NODE",
        "TOKEN_BY_HASH",
        "CHUNKS",
        "CHUNK_BEFORE",
        "LOOK_AT",
        "FIRST_ANSWER",
        "LATEST_FAILURES",
        "DUE_FILES",
        "LARGE_LOGS",
        "PILOTS_BY_BATCH_ID",
        "PILOT_OF_BATCH_ID",
        "SILENT",
        "EVENTS_OF_PILOT",
        "EVENTS_AFTER",
        "EVENTS_BEFORE",
        "DROP_EVENTS",
        "OLD_PILOTS",
        "ENDS_SINCE",
        "FIND_SCOPE",
        "FLOW_OF_SCOPE",
        "FLOW_OF_LABEL",
        "FLOW_OF_QUEUE",
        "FLOW_OF_SITE",
        "FLOW_OF_REGION",
        "DURATIONS_OF_SITE",
        "FLOW_BY_LABEL",
        "DURATIONS_OF_LABEL",
        "SCOPES_AFTER",
        "CORE_TIME_SINCE",
        "MESSAGES_SINCE",
        "NODES_SINCE",
        "NODE_BY_HOUR",
        "PILOTS_ON_NODE",
        "BY_BATCH_ID",
        "ADD_TO_NODES",
        "OLD_FLOW",
        "SECTION_DIGESTS",
        "SECTIONS_OF_FACTORY",
        "SECTION_OF_LABEL",
        "CHANGES_OF_FACTORY",
        "CHANGES_IN_SECTION",
        "DROP_CHANGES",
        "ORDERS_IN_FORCE",
        "ORDERS_IN_FORCE_ON",
        "DUE_ORDERS",
        "ORDERS",
        "ORDERS_TO",
        "OPEN_ALARMS",
        "PAST_ALARMS",
        "OLD_ALARMS",
        "EVENTS_OF_ALARM",
        "SILENCES",
        "DUE_MESSAGES",
        "RUNS_BY_LABEL",
        "STARTS_BY_LABEL",
        "LAST_DECISIONS",
        "HELD_PILOTS",
        "REMARKS",
        "QUEUES_AFTER",
        "TOKEN_USED",
    ];
    let all = all();
    let find = |name: &str| all.iter().copied().find(|sql| sql.name == name);
    names.iter().map(|name| find(name).unwrap_or_else(|| panic!("there is no statement {name}"))).collect()
}

fn prepare_all(connection: &mut dyn Connection) {
    let refused: Vec<String> =
        all().into_iter().filter_map(|sql| connection.prepare(sql).err().map(|error| error.to_string())).collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

#[test]
fn every_statement_is_prepared_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = Sqlite::open(&directory.path().join("a.db"), Purpose::Write).unwrap();
    migrate::run(&mut connection).unwrap();
    prepare_all(&mut connection);
    let mut day = Sqlite::open(&directory.path().join("day.db"), Purpose::Archive).unwrap();
    day.run(crate::archive::day::SCHEMA).unwrap();
    for sql in crate::archive::day::ALL {
        day.prepare(sql).unwrap();
    }
}

#[test]
fn every_statement_is_prepared_on_postgresql() {
    let (config, _home) = support::postgres();
    let Location::Postgres(url) = config.location else { panic!("not postgresql") };
    let mut connection = Postgres::open(&url).unwrap();
    migrate::run(&mut connection).unwrap();
    prepare_all(&mut connection);
}

#[test]
fn no_two_statements_have_one_name() {
    let mut names: Vec<&str> = all().into_iter().map(|sql| sql.name).collect();
    names.sort_unstable();
    let twice: Vec<&&str> = names.windows(2).filter(|pair| pair[0] == pair[1]).map(|pair| &pair[0]).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn plans_of_hot_statements_on_sqlite() {
    let directory = tempfile::tempdir().unwrap();
    let mut connection = Sqlite::open(&directory.path().join("a.db"), Purpose::Write).unwrap();
    migrate::run(&mut connection).unwrap();
    insta::assert_snapshot!(plans(&mut connection));
}

/// With the settings of every session, which forbid scans of whole tables; on empty tables the planner sorts and makes
/// bitmaps where it would not on full ones.
#[test]
fn plans_of_hot_statements_on_postgresql() {
    let (config, _home) = support::postgres();
    let Location::Postgres(url) = config.location else { panic!("not postgresql") };
    let mut connection = Postgres::open(&url).unwrap();
    migrate::run(&mut connection).unwrap();
    insta::assert_snapshot!(plans(&mut connection));
}

fn plans(connection: &mut dyn Connection) -> String {
    let plan = |sql: &&Sql| format!("{}\n{}\n", sql.name, indent(&connection.plan(sql).unwrap()));
    hot().iter().map(plan).collect::<Vec<_>>().join("\n")
}

fn indent(text: &str) -> String {
    text.lines().map(|line| format!("    {line}")).collect::<Vec<_>>().join("\n")
}
