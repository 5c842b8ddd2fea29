//! Metrics of pilots and factories. They are made anew for each scrape, from the store's counters: the work goes by the
//! number of labels, whatever the number of pilots.

use model::alarm::{Rule, Severity};
use model::{Durations, EndedPilots, FactorySummary, Order};
use prometheus_client::encoding::text::encode_registry;
use prometheus_client::encoding::{EncodeLabelSet, EncodeMetric, MetricEncoder, NoLabelSet};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use store::{LabelCount, PilotDurations};

/// Bounds of the histograms in seconds; each is also one of the buckets that are counted.
const BOUNDS_S: [u32; 10] = [16, 64, 256, 1024, 4096, 8192, 16_384, 65_536, 262_144, 1_048_576];

/// What is told.
#[derive(Debug, Default)]
pub struct Facts {
    /// Pilots by label and state, of those that are kept.
    pub kept: Vec<LabelCount>,
    /// Of those that are not kept any more.
    pub forgotten: Vec<LabelCount>,
    /// How pilots ended in this hour and the one before.
    pub ended: Vec<EndedPilots>,
    /// How long pilots waited and ran, since a time that does not change while the server runs.
    pub durations: PilotDurations,
    /// All factories.
    pub factories: Vec<FactorySummary>,
    /// Orders in force.
    pub orders: Vec<Order>,
    /// Open alarms by rule and severity.
    pub alarms: BTreeMap<(Rule, Severity), u64>,
    /// Sites by queue.
    pub sites: BTreeMap<String, String>,
    /// The most labels that are told apart; with more, the dimension is left out.
    pub labels_max: usize,
}

/// Whose pilots.
#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Whose {
    factory: String,
    /// Empty when there are too many labels.
    label: String,
    queue: String,
    site: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    factory: String,
    label: String,
    queue: String,
    site: String,
    state: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Ended {
    factory: String,
    label: String,
    queue: String,
    site: String,
    result: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndedBy {
    factory: String,
    label: String,
    queue: String,
    site: String,
    result: &'static str,
    class: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Factory {
    factory: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct FactoryInfo {
    factory: String,
    version: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Credential {
    factory: String,
    credential: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Held {
    factory: String,
    hold: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Alarming {
    rule: &'static str,
    severity: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Program {
    version: &'static str,
}

type Seconds = Gauge<f64, AtomicU64>;

/// The families, filled.
#[derive(Default)]
struct Families {
    pilots: Family<InState, Gauge>,
    created: Family<Whose, Counter>,
    finished: Family<Ended, Counter>,
    recently: Family<EndedBy, Gauge>,
    heard: Family<Factory, Seconds>,
    cycle: Family<Factory, Gauge>,
    troubled: Family<Factory, Gauge>,
    info: Family<FactoryInfo, Gauge>,
    expiry: Family<Credential, Seconds>,
    orders: Family<Held, Gauge>,
    alarms: Family<Alarming, Gauge>,
    server: Family<Program, Gauge>,
}

/// A histogram of durations that were counted elsewhere.
#[derive(Debug)]
struct Counted(Durations);

impl EncodeMetric for Counted {
    fn encode(&self, mut encoder: MetricEncoder) -> Result<(), std::fmt::Error> {
        let buckets = buckets(&self.0);
        encoder.encode_histogram::<NoLabelSet>(self.0.sum_s(), self.0.count(), &buckets, None)
    }

    fn metric_type(&self) -> MetricType {
        MetricType::Histogram
    }
}

/// How many fall between two bounds; the last is without a bound.
fn buckets(durations: &Durations) -> Vec<(f64, u64)> {
    let bounds = BOUNDS_S.map(f64::from).into_iter().chain([f64::MAX]);
    let mut below = 0;
    bounds
        .map(|bound| {
            let until = durations.at_most(bound);
            let between = until - below;
            below = until;
            (bound, between)
        })
        .collect()
}

/// Everything as text, without a mark at its end.
pub fn encoded(facts: &Facts) -> Result<String, std::fmt::Error> {
    written(&Families::of(facts), &facts.durations)
}

/// The same with one member of each family, for the documentation: a family without members is not written.
pub fn touched() -> Result<String, std::fmt::Error> {
    written(&Families::touched(), &PilotDurations::default())
}

fn written(families: &Families, durations: &PilotDurations) -> Result<String, std::fmt::Error> {
    let mut registry = Registry::with_prefix("pilotage");
    families.register(&mut registry);
    let (waited, ran) = (Counted(durations.waited.clone()), Counted(durations.ran.clone()));
    registry.register("pilot_wait_seconds", "Seconds from announcement to start, of pilots that started", waited);
    registry.register("pilot_run_seconds", "Seconds from start to end, of pilots that ended", ran);
    let mut text = String::new();
    encode_registry(&mut text, &registry)?;
    Ok(text)
}

impl Families {
    fn of(facts: &Facts) -> Families {
        let families = Families::default();
        let program = Program { version: env!("CARGO_PKG_VERSION") };
        families.server.get_or_create(&program).set(1);
        families.count_pilots(facts);
        facts.factories.iter().for_each(|factory| families.describe(factory));
        for order in &facts.orders {
            let held = Held { factory: order.factory.clone(), hold: order.hold.as_str() };
            families.orders.get_or_create(&held).inc();
        }
        for ((rule, severity), open) in &facts.alarms {
            let alarming = Alarming { rule: rule.as_str(), severity: severity.as_str() };
            families.alarms.get_or_create(&alarming).set(number(*open));
        }
        families
    }

    fn count_pilots(&self, facts: &Facts) {
        let tells_labels = facts.tells_labels();
        let whose = |factory: &str, label: &str, queue: &str| Whose {
            factory: factory.to_owned(),
            label: if tells_labels { label.to_owned() } else { String::new() },
            queue: queue.to_owned(),
            site: facts.sites.get(queue).cloned().unwrap_or_default(),
        };
        for count in &facts.kept {
            let Whose { factory, label, queue, site } = whose(&count.factory, &count.label, &count.queue);
            if !count.state.is_final() {
                let state = count.state.as_str();
                let one = InState { factory, label, queue, site, state };
                self.pilots.get_or_create(&one).inc_by(number(count.pilots));
            }
        }
        for count in facts.kept.iter().chain(&facts.forgotten) {
            let of = whose(&count.factory, &count.label, &count.queue);
            self.created.get_or_create(&of).inc_by(count.pilots);
            if count.state.is_final() {
                let Whose { factory, label, queue, site } = of;
                let ended = Ended { factory, label, queue, site, result: count.state.as_str() };
                self.finished.get_or_create(&ended).inc_by(count.pilots);
            }
        }
        for ended in &facts.ended {
            let Whose { factory, label, queue, site } = whose(&ended.factory, &ended.label, &ended.queue);
            let class = ended.error_class.map_or("", |class| class.as_str());
            let one = EndedBy { factory, label, queue, site, result: ended.state.as_str(), class };
            self.recently.get_or_create(&one).inc_by(number(ended.pilots));
        }
    }

    fn describe(&self, summary: &FactorySummary) {
        let (factory, said) = (summary.name.clone(), &summary.said);
        let of = Factory { factory: factory.clone() };
        self.heard.get_or_create(&of).set(summary.last_heard.0 as f64 / 1000.0);
        self.cycle.get_or_create(&of).set(said.cycle_s.into());
        let troubled = said.labels.iter().filter(|label| !label.trouble.is_empty()).count();
        self.troubled.get_or_create(&of).set(number(troubled as u64));
        let info = FactoryInfo { factory: factory.clone(), version: said.version.clone() };
        self.info.get_or_create(&info).set(1);
        for credential in &said.credentials {
            if let Some(end) = credential.end() {
                let one = Credential { factory: factory.clone(), credential: credential.name.clone() };
                self.expiry.get_or_create(&one).set(end.0 as f64 / 1000.0);
            }
        }
    }

    fn register(&self, registry: &mut Registry) {
        let r = registry;
        r.register("server_info", "1, with the version of the server", self.server.clone());
        r.register("pilots", "Live pilots by factory, label, queue, site and state", self.pilots.clone());
        r.register("pilots_created", "Pilots that were announced, ever", self.created.clone());
        r.register("pilots_finished", "Pilots that ended, ever, by result", self.finished.clone());
        r.register(
            "pilots_ended_recently",
            "Pilots that ended in this hour and the one before, by result and class of error",
            self.recently.clone(),
        );
        r.register("factory_info", "1, with the version of the factory", self.info.clone());
        r.register("factory_last_heard_timestamp_seconds", "When the factory was heard", self.heard.clone());
        r.register("factory_cycle_seconds", "Seconds between two cycles of the factory", self.cycle.clone());
        r.register("factory_labels_in_trouble", "Labels of the factory that are in trouble", self.troubled.clone());
        r.register(
            "credential_expiry_timestamp_seconds",
            "When the part of a credential ends that ends first",
            self.expiry.clone(),
        );
        r.register("orders_in_force", "Orders that hold labels back, by kind", self.orders.clone());
        r.register(
            "alarms",
            "Open alarms by rule and severity, silenced and explained ones among them",
            self.alarms.clone(),
        );
    }

    fn touched() -> Families {
        let families = Families::default();
        let none = String::new;
        let (factory, label, queue, site) = (none(), none(), none(), none());
        let (state, result, class) = ("", "", "");
        let whose = Whose { factory: none(), label: none(), queue: none(), site: none() };
        let ended = Ended { factory: none(), label: none(), queue: none(), site: none(), result };
        let by = EndedBy { factory: none(), label: none(), queue: none(), site: none(), result, class };
        let of = Factory { factory: none() };
        let _ = families.pilots.get_or_create(&InState { factory, label, queue, site, state });
        let _ = families.created.get_or_create(&whose);
        let _ = families.finished.get_or_create(&ended);
        let _ = families.recently.get_or_create(&by);
        let _ = families.heard.get_or_create(&of);
        let _ = families.cycle.get_or_create(&of);
        let _ = families.troubled.get_or_create(&of);
        let _ = families.info.get_or_create(&FactoryInfo { factory: none(), version: none() });
        let _ = families.expiry.get_or_create(&Credential { factory: none(), credential: none() });
        let _ = families.orders.get_or_create(&Held { factory: none(), hold: "" });
        let _ = families.alarms.get_or_create(&Alarming { rule: "", severity: "" });
        let _ = families.server.get_or_create(&Program { version: "" });
        families
    }
}

impl Facts {
    /// Whether there are few enough labels to tell them apart.
    fn tells_labels(&self) -> bool {
        let all = self.kept.iter().chain(&self.forgotten).map(|count| (&count.factory, &count.label));
        all.collect::<BTreeSet<_>>().len() <= self.labels_max
    }
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests;
