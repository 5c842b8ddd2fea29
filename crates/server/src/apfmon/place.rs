//! Paths of APFmon's calls: with and without a slash at the end, at the root and below `/mon`.

use percent_encoding::percent_decode_str;

/// Patterns of all paths, so that pages of ours keep theirs.
pub(super) const ROUTES: &[&str] = &[
    "/api/factories",
    "/api/factories/",
    "/api/factories/{*name}",
    "/api/labels",
    "/api/labels/",
    "/api/labels/{*name}",
    "/api/jobs",
    "/api/jobs/",
    "/api/jobs/{*name}",
    "/mon/{*call}",
    "/h",
    "/h/",
    "/c",
    "/c/",
    "/m",
    "/m/",
    "/cr",
    "/cr/",
    "/msg",
    "/msg/",
    "/st",
    "/st/",
    "/stale",
    "/stale/",
    "/awol",
    "/awol/",
    "/f",
    "/f/",
    "/r",
    "/r/",
    "/stats",
    "/stats/",
    "/rn/{*pilot}",
    "/ex/{*pilot}",
    "/i/{*pilot}",
    "/cid/{*factory}",
    "/old/{*factory}",
    "/n/{*counted}",
    "/apirn/{*pilot}",
    "/apiex/{*pilot}",
    "/kit/q",
    "/kit/q/",
    "/kit/update",
    "/kit/update/",
    "/report",
    "/report/",
    "/q/{*queue}",
    "/site/{*site}",
    "/cloud/{*region}",
    "/query/{*text}",
];

/// What a call is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Factories,
    Factory(String),
    Labels,
    /// Factory and label.
    Label(String, String),
    Jobs,
    /// Factory and id in the batch system.
    Job(String, String),
    /// A word of the query style, and what follows it in the path.
    Query(Word, Vec<String>),
    KitQueues,
    KitUpdate,
    Report,
    /// A page of the old monitor.
    Page(Page),
}

/// A page of the old monitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Page {
    Queue(String),
    Site(String),
    Region(String),
    Search(String),
}

/// A word of the query style.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Hello,
    Created,
    Messages,
    CreatedOne,
    Message,
    Running,
    Exiting,
    State,
    Stale,
    Awol,
    Info,
    ExitingIds,
    OldIds,
    Count,
    Factories,
    Queues,
    Stats,
}

impl Word {
    fn of(word: &str) -> Option<Word> {
        Some(match word {
            "h" => Word::Hello,
            "c" => Word::Created,
            "m" => Word::Messages,
            "cr" => Word::CreatedOne,
            "msg" => Word::Message,
            // An old wrapper with the base of the REST calls puts the two together.
            "rn" | "apirn" => Word::Running,
            "ex" | "apiex" => Word::Exiting,
            "st" => Word::State,
            "stale" => Word::Stale,
            "awol" => Word::Awol,
            "i" => Word::Info,
            "cid" => Word::ExitingIds,
            "old" => Word::OldIds,
            "n" => Word::Count,
            "f" => Word::Factories,
            "r" => Word::Queues,
            "stats" => Word::Stats,
            _ => return None,
        })
    }
}

impl Place {
    /// What a path is about; none when nothing is there.
    pub(super) fn of(path: &str) -> Option<Place> {
        let parts: Vec<String> = path.split('/').filter(|part| !part.is_empty()).map(decoded).collect();
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        match parts.as_slice() {
            ["api", "factories"] => Some(Place::Factories),
            ["api", "factories", name @ ..] => Some(Place::Factory(name.join("/"))),
            ["api", "labels"] => Some(Place::Labels),
            ["api", "labels", name @ ..] => pair(&name.join("/")).map(|(factory, label)| Place::Label(factory, label)),
            ["api", "jobs"] => Some(Place::Jobs),
            ["api", "jobs", name @ ..] => pair(&name.join("/")).map(|(factory, cid)| Place::Job(factory, cid)),
            ["kit", "q"] => Some(Place::KitQueues),
            ["kit", "update"] => Some(Place::KitUpdate),
            ["report"] | ["mon", "report"] => Some(Place::Report),
            ["mon", rest @ ..] => query(rest).or_else(|| page(rest)),
            rest => query(rest).or_else(|| page(rest)),
        }
    }
}

fn query(parts: &[&str]) -> Option<Place> {
    let (word, rest) = parts.split_first()?;
    Some(Place::Query(Word::of(word)?, rest.iter().map(|part| (*part).to_owned()).collect()))
}

fn page(parts: &[&str]) -> Option<Place> {
    let (kind, name) = parts.split_first()?;
    // Pages of a queue had numbers: /q/NAME/page/3.
    let name = (*name.first()?).to_owned();
    Some(Place::Page(match *kind {
        "q" => Page::Queue(name),
        "site" => Page::Site(name),
        "cloud" => Page::Region(name),
        "query" => Page::Search(name),
        _ => return None,
    }))
}

/// `FACTORY:REST`, split at the first colon.
fn pair(name: &str) -> Option<(String, String)> {
    let (factory, rest) = name.split_once(':')?;
    Some((factory.to_owned(), rest.to_owned())).filter(|(factory, rest)| !factory.is_empty() && !rest.is_empty())
}

fn decoded(part: &str) -> String {
    percent_decode_str(part).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_understood_in_all_their_forms() {
        let query =
            |word, rest: &[&str]| Some(Place::Query(word, rest.iter().map(|part| (*part).to_owned()).collect()));
        let job = |factory: &str, cid: &str| Some(Place::Job(factory.to_owned(), cid.to_owned()));
        for (path, place) in [
            ("/api/factories", Some(Place::Factories)),
            ("/api/factories/", Some(Place::Factories)),
            ("/api/factories/fab%20one/", Some(Place::Factory("fab one".to_owned()))),
            ("/api/labels/f:q-ce.example:9619", Some(Place::Label("f".to_owned(), "q-ce.example:9619".to_owned()))),
            ("/api/labels/f:a/b", Some(Place::Label("f".to_owned(), "a/b".to_owned()))),
            ("/api/jobs/f:17.0/", job("f", "17.0")),
            ("/api/jobs/f%3A17.0", job("f", "17.0")),
            ("/api/jobs/17.0", None),
            ("/api/jobs/f:", None),
            ("/mon/rn/f/17.0/", query(Word::Running, &["f", "17.0"])),
            ("/rn/f/17.0", query(Word::Running, &["f", "17.0"])),
            ("/mon/ex/f/17.0/64", query(Word::Exiting, &["f", "17.0", "64"])),
            ("/apiex/f/17.0/64", query(Word::Exiting, &["f", "17.0", "64"])),
            ("/mon/c/", query(Word::Created, &[])),
            ("/kit/q/", Some(Place::KitQueues)),
            ("/q/ANALY_X/page/3", Some(Place::Page(Page::Queue("ANALY_X".to_owned())))),
            ("/mon/site/X", Some(Place::Page(Page::Site("X".to_owned())))),
            ("/mon/sleep", None),
        ] {
            assert_eq!(Place::of(path), place, "{path}");
        }
    }
}
