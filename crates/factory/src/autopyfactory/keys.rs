//! Every documented key of AutoPyFactory, and what becomes of it here. The table in `docs/autopyfactory.md` is made from
//! this.

/// What becomes of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// It is this key here: of the label, of the factory or of an end point, as the table says.
    Becomes(&'static str),
    /// It is read, and goes into something else.
    Read(&'static str),
    /// It does nothing here, for this reason.
    Ignored(&'static str),
}

use Meaning::{Becomes, Ignored, Read};

/// A key and its meaning. A key that ends with `.` stands for all that begin with it.
pub type Known = (&'static str, Meaning);

/// Of keys that name files.
pub const FILES: &str = "what it names is read";
const STATUS: Meaning = Ignored("status has one time-out and one age limit; see factory.stale_s");
const NEVER: Meaning = Ignored("AutoPyFactory never read it");
const LOGS: Meaning = Ignored("the server keeps and shows logs");
const ROBOTS: Meaning = Ignored("the server's file has allow_robots");
const MAIL: Meaning = Ignored("the server tells what is wrong");

/// `[Factory]` of `autopyfactory.conf`.
pub const FACTORY: &[Known] = &[
    ("factoryId", Becomes("factory.name")),
    ("factoryAdminEmail", Becomes("batch.*.mail")),
    ("factorySMTPServer", MAIL),
    ("factoryMinEmailRepeatSeconds", MAIL),
    ("factoryUser", Becomes("batch.*.factory_user")),
    ("enablequeues", Becomes("label.*.enabled")),
    ("queueConf", Read(FILES)),
    ("queueDirConf", Read(FILES)),
    ("authConf", Read(FILES)),
    ("monitorConf", Read(FILES)),
    ("mappingsConf", Ignored("states are mapped by the batch system's own plug-in")),
    ("authmanager.enabled", Ignored("credentials are used as they lie there")),
    ("authmanager.sleep", NEVER),
    ("cycles", Ignored("a factory runs until it is told to stop")),
    ("factory.sleep", Ignored("there is no main loop beside the cycles")),
    ("cleanlogs.keepdays", Becomes("factory.logs.keep_days")),
    ("wmsstatus.panda.sleep", Becomes("wms.*.poll_s")),
    ("wmsstatus.panda.maxage", STATUS),
    ("wmsstatus.condor.sleep", Becomes("wms.*.poll_s")),
    ("wmsstatus.condor.maxage", STATUS),
    ("wmsstatus.queue.sleep", Ignored("pilots of other labels are counted in every cycle")),
    ("wmsstatus.queue.maxage", STATUS),
    ("batchstatus.condor.sleep", Becomes("batch.*.poll_s")),
    ("batchstatus.condor.maxage", STATUS),
    ("baseLogDir", LOGS),
    ("baseLogDirUrl", Becomes("batch.*.log_url")),
    ("logserver.enabled", LOGS),
    ("logserver.index", LOGS),
    ("logserver.allowrobots", ROBOTS),
    ("config.queues.plugin", Read("Agis becomes [source.*]")),
    ("config.auth.plugin", Read("File is the only one")),
    ("config.reconfig", Becomes("factory.reload_s")),
    ("config.reconfig.interval", Becomes("factory.reload_s")),
    ("config.queues.agis.baseurl", Becomes("source.*.from")),
    ("config.queues.agis.sleep", Becomes("source.*.interval_s")),
    ("config.queues.agis.vos", Becomes("source.*.only.vo_name")),
    ("config.queues.agis.clouds", Becomes("source.*.only.cloud")),
    ("config.queues.agis.activities", Becomes("source.*.only.type")),
    ("config.queues.agis.pilotmanager", Becomes("source.*.only.pilot_manager")),
    ("config.queues.agis.defaultsfiles", Read(FILES)),
    ("config.queues.agis.defaultsfile", Ignored("AutoPyFactory read defaultsfiles")),
    ("config.queues.agis.jobsperpilot", Becomes("source.*.jobs_per_pilot")),
    ("config.queues.agis.numfactories", Becomes("source.*.factories")),
    ("maxperfactory.maximum", Becomes("factory.max_pilots")),
    ("abort_no_queues", Ignored("a factory without labels waits for some")),
    ("monitor", Ignored("it could not be loaded")),
    ("proxyConf", NEVER),
    ("proxymanager.enabled", NEVER),
    ("proxymanager.sleep", NEVER),
    ("monitor.section", NEVER),
    ("monitor.interval", NEVER),
    ("versionTag", NEVER),
    ("baseLogHttpPort", NEVER),
    ("monitorURL", NEVER),
    ("logmanager.enabled", NEVER),
    ("configplugin", NEVER),
];

/// A section of `queues.conf`.
pub const QUEUE: &[Known] = &[
    ("enabled", Becomes("enabled")),
    ("wmsqueue", Becomes("queue")),
    ("batchqueue", Ignored("only other values were made of it")),
    ("vo", Ignored("only other values were made of it")),
    ("grid", Ignored("only other values were made of it")),
    ("cloud", Ignored("only other values were made of it")),
    ("status", Ignored("only other values were made of it")),
    ("override", NEVER),
    ("wmsstatusplugin", Becomes("wms.source")),
    ("batchstatusplugin", Ignored("status comes from the end point that pilots are submitted to")),
    ("schedplugin", Becomes("chain")),
    ("batchsubmitplugin", Becomes("condor.grid.type")),
    ("monitorsection", Becomes("monitors")),
    ("apfqueue.sleep", Becomes("factory.cycle_s")),
    ("cleanlogs.keepdays", Becomes("logs.keep_days")),
    ("executable", Becomes("condor.executable")),
    ("executable.arguments", Becomes("condor.arguments")),
    ("executable.defaultarguments", Ignored("only other values were made of it")),
    ("batchstatus.condor.scheddhost", Becomes("batch.*.schedd")),
    ("batchstatus.condor.scheddport", Ignored("the collector knows the schedd's port")),
    ("batchstatus.condor.collectorhost", Becomes("batch.*.pool")),
    ("batchstatus.condor.collectorport", Becomes("batch.*.pool")),
    ("batchstatus.condor.queryargs", Ignored("the end point names the schedd")),
    ("wmsstatus.condor.scheddhost", Becomes("wms.*.schedds")),
    ("wmsstatus.condor.scheddport", Ignored("the collector knows the schedd's port")),
    ("wmsstatus.condor.collectorhost", Becomes("wms.*.pool")),
    ("wmsstatus.condor.collectorport", Becomes("wms.*.pool")),
    ("wmsstatus.condor.queueskey", NEVER),
    ("wmsstatus.queue.qname", Becomes("wms.label")),
    ("creamattr", Ignored("only other values were made of it")),
    ("factoryconf", Ignored("for programs that embedded a plug-in")),
    ("sched.", Becomes("sched.")),
    ("globusrsl.gram2.globusrsl", Becomes("condor.grid.rsl_add")),
    ("globusrsl.gram2.globusrsladd", Becomes("condor.grid.rsl_add")),
    ("globusrsl.gram2.", Becomes("condor.grid.rsl.")),
    ("globusrsl.gram5.globusrsl", Becomes("condor.grid.rsl_add")),
    ("globusrsl.gram5.globusrsladd", Becomes("condor.grid.rsl_add")),
    ("globusrsl.gram5.", Becomes("condor.grid.rsl.")),
    ("nordugridrsl.nordugridrsl", Becomes("condor.grid.rsl_add")),
    ("nordugridrsl.nordugridrsladd", Becomes("condor.grid.rsl_add")),
    ("nordugridrsl.addenv.", Becomes("environment.")),
    ("nordugridrsl.", Becomes("condor.grid.rsl.")),
    ("proxy", Ignored("AutoPyFactory reads it below batchsubmit.PLUGIN only")),
    ("batchsubmit", Ignored("AutoPyFactory reads batchsubmitplugin")),
];

/// Below `batchsubmit.PLUGIN.`, of all plug-ins.
pub const SUBMIT: &[Known] = &[
    ("environ", Becomes("environment")),
    ("condor_attributes", Becomes("condor.attributes")),
    ("condor_attributes.", Becomes("condor.attributes.")),
    ("submitargs", NEVER),
    ("overlay.peaceful", Becomes("peaceful")),
    ("overlay.killorder", Ignored("the newest go first")),
    ("peaceful", NEVER),
    ("killorder", NEVER),
];

/// Below `batchsubmit.PLUGIN.`, of single plug-ins and those that build on them.
pub const SUBMIT_OF: &[(&str, &[Known])] = &[
    ("condorlocal", &[("proxy", Ignored("AutoPyFactory never used it for CondorLocal"))]),
    ("condorgrid", &[("proxy", Becomes("credential")), ("proxyfile", Becomes("condor.proxy"))]),
    ("condorosgce", &[("gridresource", Becomes("condor.grid.host")), ("port", Becomes("condor.grid.port"))]),
    (
        "condorcream",
        &[
            ("webservice", Becomes("condor.grid.webservice")),
            ("port", Becomes("condor.grid.port")),
            ("batch", Becomes("condor.grid.batch")),
            ("queue", Becomes("condor.grid.queue")),
            ("gridresource", Becomes("condor.grid.gridresource")),
        ],
    ),
    ("condorgt2", &[("gridresource", Becomes("condor.grid.gatekeeper")), ("queue", NEVER)]),
    ("condorgt5", &[("gridresource", Becomes("condor.grid.gatekeeper")), ("queue", NEVER)]),
    ("condornordugrid", &[("gridresource", Becomes("condor.grid.host")), ("nordugridrsl", NEVER)]),
    (
        "condorssh",
        &[
            ("batch", Becomes("condor.grid.system")),
            ("host", Becomes("condor.grid.host")),
            ("port", NEVER),
            ("user", Becomes("condor.grid.user")),
            ("authprofile", Becomes("condor.grid.key")),
        ],
    ),
    (
        "condorec2",
        &[
            ("gridresource", Becomes("condor.grid.url")),
            ("ami_id", Becomes("condor.grid.ami_id")),
            ("instance_type", Becomes("condor.grid.instance_type")),
            ("security_groups", Becomes("condor.grid.security_groups")),
            ("spot_price", Becomes("condor.grid.spot_price")),
            ("user_data", Becomes("condor.grid.user_data")),
            ("user_data_file", Becomes("condor.grid.user_data_file")),
            ("access_key_id", Becomes("condor.grid.access_key_id")),
            ("secret_access_key", Becomes("condor.grid.secret_access_key")),
            ("usessh", Ignored("machines are not drained by SSH")),
            ("peaceful", Becomes("peaceful")),
            ("proxy", NEVER),
        ],
    ),
];

const NOWHERE: Meaning = Ignored("AutoPyFactory never sent proxies anywhere");

/// A profile of `auth.conf`.
pub const AUTH: &[Known] = &[
    ("plugin", Read("tells the kind of the profile")),
    ("authbasedir", Ignored("keys are used where they lie")),
    ("x509.proxyfile", Becomes("credential.*.path")),
    ("x509.flavor", Read("tells the kind of the credential")),
    ("x509.renew", Read("tells whether the factory renews it")),
    ("x509.vorole", Becomes("credential.*.vo")),
    ("x509.baseproxy", Becomes("credential.*.base")),
    ("x509.usercert", Becomes("credential.*.certificate")),
    ("x509.userkey", Becomes("credential.*.key")),
    ("x509.lifetime", Becomes("credential.*.life_s")),
    ("x509.minlife", Becomes("credential.*.renew.at_percent")),
    ("x509.checktime", Becomes("credential.*.renew.retry_s")),
    ("x509.voms.args", Becomes("credential.*.arguments")),
    ("x509.myproxy_hostname", Becomes("credential.*.server")),
    ("x509.myproxy_username", Becomes("credential.*.username")),
    ("x509.myproxy_passphrase", Becomes("credential.*.passphrase_file")),
    ("x509.retriever_list", Becomes("credential.*.retriever")),
    ("x509.owner", Ignored("it belongs to the account of the factory")),
    ("x509.initdelay", NEVER),
    ("x509.interruptcheck", NEVER),
    ("x509.remote_host", NOWHERE),
    ("x509.remote_user", NOWHERE),
    ("x509.remote_owner", NOWHERE),
    ("x509.remote_group", NOWHERE),
    ("ssh.privatekeyfile", Becomes("label.*.condor.grid.key")),
    ("ssh.", Ignored("HTCondor uses the file with the private key")),
];

/// A section of `monitor.conf`.
pub const MONITOR: &[Known] =
    &[("monitorplugin", Read("tells whether there is one")), ("monitorURL", Becomes("monitor.*.url"))];

/// The meaning of a key: its own, or that of the longest beginning that is known.
pub fn meaning(table: &[Known], key: &str) -> Option<Meaning> {
    let own = table.iter().find(|(name, _)| *name == key);
    let begins = table.iter().filter(|(name, _)| name.ends_with('.') && key.starts_with(name) && key != *name);
    own.or_else(|| begins.max_by_key(|(name, _)| name.len())).map(|(_, meaning)| *meaning)
}

/// All tables as a page of Markdown.
pub fn reference() -> String {
    let mut text = String::from(
        "# Keys of AutoPyFactory\n\nMade by `cargo xtask generate`; do not edit. What `pilotage factory import` makes of each key. A key that ends with\n\
         a dot stands for all that begin with it; `*` is a name.\n",
    );
    let mut section = |title: &str, prefix: &str, table: &[Known]| {
        text.push_str(&format!("\n## {title}\n\n| key | becomes |\n|---|---|\n"));
        for (key, meaning) in table {
            text.push_str(&format!("| `{key}` | {} |\n", in_words(prefix, meaning)));
        }
    };
    section("autopyfactory.conf, [Factory]", "", FACTORY);
    section("queues.conf, every section", "label.*.", QUEUE);
    section("batchsubmit.PLUGIN., every plug-in", "label.*.", SUBMIT);
    for (plugin, table) in SUBMIT_OF {
        section(&format!("batchsubmit.{plugin}."), "label.*.", table);
    }
    section("auth.conf, every profile", "", AUTH);
    section("monitor.conf, every section", "", MONITOR);
    text
}

fn in_words(prefix: &str, meaning: &Meaning) -> String {
    match meaning {
        Becomes(key)
            if ["batch.", "credential.", "factory.", "monitor.", "source.", "label.", "wms.*."]
                .iter()
                .any(|top| key.starts_with(top)) =>
        {
            format!("`{key}`")
        }
        Becomes(key) => format!("`{prefix}{key}`"),
        Read(why) => format!("used: {why}"),
        Ignored(why) => format!("ignored: {why}"),
    }
}
