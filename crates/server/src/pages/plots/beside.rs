//! What is laid beside the history that a page is about: an earlier time, another thing of the same kind.

use super::view::PlotView;
use crate::ApiError;
use crate::api::history::Window;
use model::Time;
use wire::api::HistoryQuery;

/// One history to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What its lines are called beside those of the others; empty when there are no others.
    pub name: String,
    /// In words, before what happened.
    pub words: String,
    /// What is asked.
    pub query: HistoryQuery,
}

/// What pages can be about, and what its name is.
pub fn subject(of: &HistoryQuery) -> Option<(&'static str, &str)> {
    let kinds = [
        ("label", &of.label),
        ("queue", &of.queue),
        ("site", &of.site),
        ("region", &of.region),
        ("factory", &of.factory),
    ];
    kinds.into_iter().find_map(|(kind, name)| Some((kind, name.as_deref()?)))
}

/// The same of another thing of this kind. A label is one of the same factory, or `FACTORY/LABEL`.
fn other(of: &HistoryQuery, name: &str) -> Option<HistoryQuery> {
    let (kind, _) = subject(of)?;
    let mut other = of.clone();
    match (kind, name.split_once('/')) {
        ("label", Some((factory, label))) => (other.factory, other.label) = (Some(factory.into()), Some(label.into())),
        ("label", None) => other.label = Some(name.into()),
        ("queue", _) => other.queue = Some(name.into()),
        ("site", _) => other.site = Some(name.into()),
        ("region", _) => other.region = Some(name.into()),
        _ => other.factory = Some(name.into()),
    }
    Some(other)
}

/// What a page about `of` reads: that itself, and what is asked for beside it. All are told by the same spans.
pub fn wanted(view: &PlotView, of: &HistoryQuery, now: Time) -> (Wanted, Vec<Wanted>) {
    let time = view.words(now);
    let mut first = Wanted { name: String::new(), words: time.clone(), query: view.query(of) };
    let mut beside = Vec::new();
    if let Some((back_s, name)) = view.back(now) {
        let query = HistoryQuery { back_s: Some(back_s), ..first.query.clone() };
        beside.push(Wanted { words: super::super::number::capitalised(&name), name, query });
    }
    if let Some(name) = &view.with
        && let (Some(query), Some((_, own))) = (other(&first.query, name), subject(of))
    {
        beside.push(Wanted { name: name.clone(), words: format!("{name} in the same time"), query });
        first.name = own.to_owned();
    }
    if !beside.is_empty() {
        let all = || std::iter::once(&first).chain(&beside);
        let span = all().filter_map(|one| Window::of(&one.query, now).ok()).map(|window| window.span).max();
        first.query.span = span;
        beside.iter_mut().for_each(|one| one.query.span = span);
    }
    (first, beside)
}

/// What is asked for and cannot be had on a page about `of`.
pub fn refused(view: &PlotView, of: &HistoryQuery) -> Option<ApiError> {
    let is_refused = view.with.is_some() && subject(of).is_none();
    is_refused
        .then(|| ApiError::invalid("nothing-beside", "with", "all pilots can only be compared with an earlier time"))
}

#[cfg(test)]
mod tests {
    use super::super::view::{Before, Range};
    use super::*;
    use model::Span;

    const NOW: Time = Time(1_795_312_800_000);

    fn label() -> HistoryQuery {
        HistoryQuery { factory: Some("f".into()), label: Some("l".into()), ..HistoryQuery::default() }
    }

    fn with(name: &str) -> PlotView {
        PlotView { with: Some(name.into()), ..PlotView::default() }
    }

    #[test]
    fn another_is_of_the_same_kind() {
        let place = |of: &HistoryQuery, name: &str| {
            let (first, beside) = wanted(&with(name), of, NOW);
            let query = &beside[0].query;
            assert_eq!((first.query.hours, query.hours), (Some(48), Some(48)));
            [&query.factory, &query.label, &query.queue, &query.site].map(|name| name.clone().unwrap_or_default())
        };
        assert_eq!(place(&label(), "m"), ["f", "m", "", ""]);
        assert_eq!(place(&label(), "g/m"), ["g", "m", "", ""]);
        assert_eq!(place(&HistoryQuery { queue: Some("q".into()), ..HistoryQuery::default() }, "r"), ["", "", "r", ""]);
        assert_eq!(place(&HistoryQuery { site: Some("s".into()), ..HistoryQuery::default() }, "t"), ["", "", "", "t"]);
        assert_eq!(
            place(&HistoryQuery { factory: Some("f".into()), ..HistoryQuery::default() }, "g"),
            ["g", "", "", ""]
        );
        let all = HistoryQuery::default();
        assert_eq!(wanted(&with("x"), &all, NOW).1, []);
        assert!(refused(&with("x"), &all).is_some() && refused(&with("x"), &label()).is_none());
    }

    #[test]
    fn all_are_told_by_the_same_spans_and_named() {
        let view = PlotView { before: Some(Before::Week), ..with("m") };
        let (first, beside) = wanted(&view, &label(), NOW);
        let named: Vec<_> = [&first].into_iter().chain(&beside).map(|one| (&*one.name, one.query.span)).collect();
        let tens = Some(Span::TenMinutes);
        assert_eq!(named, [("l", tens), ("a week earlier", tens), ("m", tens)]);
        assert_eq!(beside[0].query.back_s, Some(604_800));
        let alone = wanted(&PlotView { range: Range::Month, ..PlotView::default() }, &label(), NOW);
        assert_eq!((alone.0.query.span, alone.0.name, alone.1), (None, String::new(), vec![]));
    }
}
