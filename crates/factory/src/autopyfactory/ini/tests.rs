use super::*;
use proptest::prelude::*;
use serde::Deserialize;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

fn read(text: &str) -> Result<Ini, Vec<Problem>> {
    let mut ini = Ini::default();
    ini.read(text, Path::new("queues.conf")).map(|()| ini)
}

/// The value of a key in section `s`.
fn value(text: &str, key: &str) -> String {
    interpolate(&read(text).unwrap().section("s").unwrap(), key).unwrap().text
}

type Values = BTreeMap<String, BTreeMap<String, Option<String>>>;

/// All values; `None` for one that cannot be interpolated.
fn values(ini: &Ini) -> Values {
    let names = ini.sections.iter().map(|(name, _)| name.clone());
    names
        .map(|name| {
            let section = ini.section(&name).unwrap();
            let all = section.keys().map(|key| (key.clone(), interpolate(&section, key).ok().map(|made| made.text)));
            (name, all.collect())
        })
        .collect()
}

/// Python's configparser in a process of its own.
struct Oracle {
    process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Answer {
    Error(String),
    Sections(Values),
}

impl Oracle {
    fn start() -> Oracle {
        let mut process = Command::new("python3")
            .args(["-c", include_str!("configparser.py")])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (input, output) = (process.stdin.take().unwrap(), BufReader::new(process.stdout.take().unwrap()));
        Oracle { process, input, output }
    }

    fn read(&mut self, text: &str) -> Answer {
        writeln!(self.input, "{}", serde_json::json!({ "text": text })).unwrap();
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Oracle {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// A piece of a value: what makes parsers differ.
fn piece() -> impl Strategy<Value = &'static str> {
    let pieces = [
        "a", "B", "1", "é", " ", "  ", "\t", "=", ":", "#", " #x", ",", "\"", "\\,", "[x]", "%%", "%(a)s", "%(b)s",
        "%(Key)s", "%(no)s", "%", "%(a", "%()s", "%(a)d", "(", ")s", "&&", "'", "+x = 1", "None",
    ];
    proptest::sample::select(pieces.to_vec())
}

fn text_of(most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(piece(), 0..most).prop_map(|pieces| pieces.concat())
}

/// Keys, so that duplicates and differences in case alone are frequent.
fn key() -> impl Strategy<Value = &'static str> {
    proptest::sample::select(vec!["a", "A", "b", "Key", "key", "sched.ready.offset", "x y", "+attr", "a]"])
}

fn header_line() -> impl Strategy<Value = String> {
    let names = vec!["DEFAULT", "default", "s", "S", "two words", "a:b=c", "x#y", " s "];
    (proptest::sample::select(names), proptest::sample::select(vec!["", " ", " # more"]))
        .prop_map(|(name, after)| format!("[{name}]{after}"))
}

/// One setting with its continuation lines; between them comments in the first column.
fn setting() -> impl Strategy<Value = String> {
    let delimiter = proptest::sample::select(vec!["=", ":", " = ", " : ", "=\t", "   =", "= ", " :  "]);
    let comment = proptest::sample::select(vec!["", "", "", " ; remark", "\t; a ; b", " ;"]);
    let more = proptest::collection::vec((any::<bool>(), text_of(5)), 0..3);
    (key(), delimiter, text_of(8), comment, more).prop_filter_map("odd lines are not for Python 3", |parts| {
        let (key, delimiter, value, comment, more) = parts;
        // Python 3 takes these for comments or sees an empty value; see the module's words on the differences.
        let odd = value.trim().is_empty() && !comment.is_empty() || value.trim() == "\"\"";
        let mut text = format!("{key}{delimiter}{value}{comment}");
        for (remark, line) in more {
            text += if remark { "\n# a remark = x" } else { "" };
            if !line.trim().is_empty() && !line.trim_start().starts_with(['#', ';']) {
                text += &format!("\n \t{line}");
            }
        }
        (!odd).then_some(text)
    })
}

fn line() -> impl Strategy<Value = String> {
    let whole = vec!["# remark", ";", "#", "", "; [no] = section", "garbage", "= no key", ": no key", "[]", "[open"];
    prop_oneof![
        8 => setting(),
        2 => header_line(),
        2 => proptest::sample::select(whole).prop_map(str::to_owned),
    ]
}

#[test]
fn python_s_configparser_reads_the_same() {
    let oracle = std::cell::RefCell::new(Oracle::start());
    let (accepted, refused) = (std::cell::Cell::new(0), std::cell::Cell::new(0));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 3000,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let texts = (any::<bool>(), proptest::collection::vec(line(), 0..12), proptest::sample::select(vec!["\n", "\r\n"]));
    runner
        .run(&texts, |(opened, lines, end)| {
            let text = if opened { format!("[s]{end}") } else { String::new() } + &lines.join("\n").replace('\n', end);
            match (oracle.borrow_mut().read(&text), read(&text)) {
                (Answer::Sections(theirs), Ok(ours)) => {
                    accepted.set(accepted.get() + 1);
                    prop_assert_eq!(values(&ours), theirs);
                }
                (Answer::Error(_), Err(_)) => refused.set(refused.get() + 1),
                (Answer::Error(error), Ok(ours)) => prop_assert!(false, "python refuses it: {error}; we read {ours:?}"),
                (Answer::Sections(theirs), Err(error)) => {
                    prop_assert!(false, "we refuse it: {error:?}; python reads {theirs:?}")
                }
            }
            Ok(())
        })
        .unwrap();
    assert!(accepted.get() > 500 && refused.get() > 500, "{} and {}", accepted.get(), refused.get());
}

/// What Python 2.7 makes of lines that Python 3 reads in another way.
#[test]
fn odd_lines_are_read_as_autopyfactory_s_python_did() {
    let odd = [
        ("[s]\nk = a\n  # no comment\n  ; nor this\n", "a\n# no comment\n; nor this"),
        ("[s]\nk = a\n\n\n  b\n", "a\nb"),
        ("[s]\nk = a\n  b ; no comment\n", "a\nb ; no comment"),
        ("[s]\nk = a;b ; no comment\n", "a;b ; no comment"),
        ("[s]\nk = ; no comment\n", "; no comment"),
        ("[s]\nk = ; comment \n", ""),
        ("[s]\nk = a ; comment\n", "a"),
        ("[s]\nk = a\nrem k = b\nREM\n", "a"),
        ("[s]\nk = \"\"\n", ""),
        ("[s]\nk = \"\" ; comment\n", ""),
        ("[s]x]\nk = a\n", "a"),
        ("[s]\nremote = a\nk = %(remote)s\n", "a"),
    ];
    for (text, wanted) in odd {
        assert_eq!(value(text, "k"), wanted, "{text}");
    }
    for refused in ["[s]\n  k = a\n", "  [s]\nk = a\n", "k = a\n"] {
        assert!(read(refused).is_err(), "{refused}");
    }
}

#[test]
fn sections_and_files_are_merged() {
    let mut folder = read("[DEFAULT]\na = 1\n[s]\nb = 1\n[t]\n").unwrap();
    folder.read("[DEFAULT]\na = 2\n[s]\nb = 2\nc = %(a)s\n", Path::new("more.conf")).unwrap();
    let names = |ini: &Ini| ini.sections.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
    assert_eq!(names(&folder), ["s", "t"]);
    let section = folder.section("s").unwrap();
    assert_eq!(interpolate(&section, "c").unwrap().text, "2");
    assert_eq!(section["b"].place.to_string(), "more.conf:4");

    // Sources that are merged after they were read keep their own defaults.
    let mut first = read("[DEFAULT]\na = 1\n[s]\nb = %(a)s\n").unwrap().folded();
    first.merge(read("[DEFAULT]\nz = 9\n[u]\n").unwrap().folded());
    assert_eq!(names(&first), ["s", "u"]);
    assert!(!first.section("s").unwrap().contains_key("z"));
    assert_eq!(first.section("u").unwrap()["z"].text, "9");
}

#[test]
fn what_is_wrong_is_told_with_its_line() {
    let problems = read("early = 1\n[s]\nk = 1\nword\n= 2\n[]\n").unwrap_err();
    let lines: Vec<usize> = problems.iter().map(|problem| problem.line).collect();
    assert_eq!(lines, [1, 4, 5, 6]);
    assert_eq!(problems[1].to_string(), "queues.conf:4: is no [section], no 'key = value' and continues no value");

    let section = read("[s]\nwmsqueue = Q\na = %(wmsqeue)s\nb = 50%\nc = %(c)s\n").unwrap().section("s").unwrap();
    let said = |key| interpolate(&section, key).unwrap_err();
    assert_eq!(said("a"), "refers to 'wmsqeue', which is not set here; did you mean 'wmsqueue'?");
    assert!(said("b").starts_with("has a single '%'"));
    assert_eq!(said("c"), "refers to itself, or through more than 10 other keys");
}

#[test]
fn what_a_value_was_made_from_is_known() {
    let section = read("[s]\na = %(b)s\nb = %(c)s!\nc = 1\nd = 2\n").unwrap().section("s").unwrap();
    let made = interpolate(&section, "a").unwrap();
    assert_eq!(made.text, "1!");
    assert_eq!(made.used.into_iter().collect::<Vec<_>>(), ["b", "c"]);
}
