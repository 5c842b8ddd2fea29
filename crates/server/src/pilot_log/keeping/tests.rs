use super::*;

fn file(label: &str, form: Form) -> LogFile {
    LogFile { factory: "f".into(), label: label.into(), form }
}

fn factory() -> FactorySummary {
    let label = |name: &str, days: serde_json::Value| serde_json::json!({"name": name, "queue": "q", "batch": "b", "system": "local", "chain": [], "keep_logs_days": days});
    let labels = [label("short", 2.into()), label("ever", 0.into()), label("silent", serde_json::Value::Null)];
    let said = serde_json::json!({
        "name": "f", "last_heard": Time(0), "version": "1", "host": "h", "pid": 1, "started": Time(0), "cycle_s": 30, "labels": labels
    });
    serde_json::from_value(said).unwrap()
}

#[test]
fn the_age_of_a_label_counts_before_that_of_the_server() {
    let ages = Ages::new(&LogKeeping { keep_days: 30, ..LogKeeping::default() }, &[factory()]);
    let due = |label: &str, form: Form, days: u32| ages.due(&file(label, form), DAY * days);
    assert_eq!(due("short", Form::Plain, 1), Due::Nothing);
    assert_eq!(due("short", Form::Plain, 2), Due::Delete);
    assert_eq!(due("silent", Form::Plain, 29), Due::Compress);
    assert_eq!(due("silent", Form::Compressed, 29), Due::Nothing);
    assert_eq!(due("silent", Form::Compressed, 30), Due::Delete);
    assert_eq!(due("of another factory", Form::Plain, 30), Due::Delete);
    assert_eq!(due("ever", Form::Compressed, 9999), Due::Nothing);
    assert!(!ages.may_be_due(DAY) && ages.may_be_due(DAY * 2));
}

#[test]
fn nothing_goes_where_no_age_is_set() {
    let config = LogKeeping { keep_days: 0, compress_after_days: 0, ..LogKeeping::default() };
    let ages = Ages::new(&config, &[]);
    assert_eq!(ages.due(&file("l", Form::Plain), DAY * 9999), Due::Nothing);
    assert!(!ages.may_be_due(DAY * 9999));
}

#[test]
fn room_is_made_from_the_high_to_the_low_mark() {
    let room = Room { used: 900, total: 1000, logs: 500 };
    let excess = |high: &str, low: Option<&str>| {
        let mark = |text: &str| text.parse().unwrap();
        LogKeeping { high: Some(mark(high)), low: low.map(mark), ..LogKeeping::default() }.excess(&room)
    };
    assert_eq!(excess("90%", Some("50%")), None, "not above");
    assert_eq!(excess("89%", Some("50%")), Some(400));
    assert_eq!(excess("80%", None), Some(180), "down to 72%");
    assert_eq!(excess("1M", None), None);
    let bytes = |high, low| {
        let (high, low) = (Some(Watermark::Bytes(high)), low);
        LogKeeping { high, low, ..LogKeeping::default() }.excess(&room)
    };
    assert_eq!(bytes(500, None), None);
    assert_eq!(bytes(400, Some(Watermark::Bytes(100))), Some(400));
    assert_eq!(bytes(400, None), Some(140), "down to 360");
    assert_eq!(LogKeeping::default().excess(&Room { used: 1, total: 1, logs: 1 }), None, "no mark, no end");
    let share = LogKeeping { high: Some(Watermark::Percent(50)), ..LogKeeping::default() };
    assert_eq!((share.freed(1), share.freed(4097), LogKeeping::default().freed(1)), (4096, 8192, 1));
}

#[test]
fn marks_are_read_and_wrong_ones_refused() {
    let read = ["90%", "500G", "2TiB", "10 GB"].map(|text| text.parse::<Watermark>().unwrap());
    let gib = 1 << 30;
    let expected =
        [Watermark::Percent(90), Watermark::Bytes(500 * gib), Watermark::Bytes(2048 * gib), Watermark::Bytes(10 * gib)];
    assert_eq!(read, expected);
    for bad in ["", "0%", "100%", "%", "G", "1.5G", "-1G", "12", "0G", "99999999999P", "90 percent"] {
        assert!(bad.parse::<Watermark>().is_err(), "{bad}");
    }
    let keys = |high: Option<&str>, low: Option<&str>| -> Vec<&str> {
        let mark = |text: Option<&str>| text.map(|text| text.parse().unwrap());
        let config = LogKeeping { high: mark(high), low: mark(low), ..LogKeeping::default() };
        config.problems().into_iter().map(|(key, _)| key).collect()
    };
    assert_eq!(keys(Some("90%"), Some("80%")), [""; 0]);
    assert_eq!(keys(None, Some("80%")), ["logs.low"]);
    assert_eq!(keys(Some("80%"), Some("80%")), ["logs.low"]);
    assert_eq!(keys(Some("80%"), Some("80G")), ["logs.low"]);
}

#[test]
fn paths_tell_whose_log_it_is() {
    let of = |parts: &[&str]| LogFile::of(&Path::from_iter(parts.iter().copied()));
    assert_eq!(of(&["logs", "f", "2026-01-01", "l", "1.out"]), Some(file("l", Form::Plain)));
    assert_eq!(of(&["logs", "f", "2026-01-01", "a/b", "1/2.err.gz"]), Some(file("a/b", Form::Compressed)));
    assert_eq!(of(&["logs", "f", "2026-01-01", "l", "1.out.aside"]), Some(file("l", Form::Aside)));
    assert_eq!(of(&["logs", "f", "2026-01-01", "1.out"]), None);
    let day = |name: &str| Day::of(Path::from_iter(["logs", "f", name]));
    assert_eq!(day("1970-01-02").unwrap().began, Time(86_400_000));
    assert_eq!((day("lost+found"), day("2026-13-01")), (None, None));
}
