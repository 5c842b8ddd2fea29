//! Jobs of users, counted in the real pool.

use crate::pool::{Pool, bin, call};
use batch::condor::{Alike, CondorJobs};
use std::fs;

/// Jobs that never start: three idle ones and one held, and two of four cores, in a queue of their own.
const JOBS: &str = "universe = vanilla\nexecutable = /bin/true\ntransfer_executable = false\nshould_transfer_files = no\n\
    requirements = false\nrequest_memory = 128\n+CensusOf = \"FACTORY\"\nrequest_cpus = $(cores)\nhold = $(held)\n\
    +CensusQueue = $(name)\nqueue cores, held, name from (\n1 false \"blue\"\n1 false \"blue\"\n1 false \"blue\"\n1 true \"blue\"\n\
    4 false \"two words\"\n4 false \"two words\"\n1 false undefined\n)\n";

#[tokio::test]
async fn jobs_are_counted_by_queue_and_pilots_are_none() {
    let pool = Pool::new("census");
    let submit = pool.path("jobs.sub");
    fs::write(&submit, JOBS.replace("FACTORY", &pool.factory)).unwrap();
    let output = call("condor_submit", &[&submit]);
    assert!(output.status.success(), "{output:?}");
    let _end = End(format!("CensusOf =?= \"{}\"", pool.factory));
    pool.submit(104, 1).await;

    let jobs = CondorJobs {
        constraint: format!("CensusOf =?= \"{0}\" || PilotageFactory =?= \"{0}\"", pool.factory),
        queue: "CensusQueue".into(),
        bin: bin(),
        ..CondorJobs::default()
    };
    let alike = |queue: &str, status, cores| Alike { queue: queue.into(), status, cores, memory_mib: 128 };
    let counted = jobs.count().await.unwrap();
    let expected =
        [(alike("", 1, 1), 1), (alike("blue", 1, 1), 3), (alike("blue", 5, 1), 1), (alike("two words", 1, 4), 2)];
    assert_eq!(counted.into_iter().collect::<Vec<_>>(), expected);

    let wide = CondorJobs { queue: "ifThenElse(RequestCpus > 1, \"wide\", \"narrow\")".into(), ..jobs.clone() };
    let counted = wide.count().await.unwrap();
    assert_eq!((counted[&alike("wide", 1, 4)], counted[&alike("narrow", 1, 1)]), (2, 4));

    let none = CondorJobs { constraint: "CensusOf == \"nobody's\"".into(), ..jobs.clone() };
    assert!(none.count().await.unwrap().is_empty());

    let odd = CondorJobs { queue: "a b(".into(), ..jobs.clone() };
    let said = odd.count().await.unwrap_err().to_string();
    assert!(said.contains("line 1: is no job with its state, cores, memory and queue"), "{said}");
    let odd = CondorJobs { constraint: "a ==".into(), ..jobs.clone() };
    let said = odd.count().await.unwrap_err().to_string();
    assert!(said.contains("Parse error in constraint expression"), "{said}");
    let away = CondorJobs { schedds: vec!["no-such-schedd@nowhere".into()], ..jobs.clone() };
    away.count().await.unwrap_err();
    let silent = CondorJobs { bin: pool.commands("condor_q", "exit 0"), ..jobs };
    let said = silent.count().await.unwrap_err().to_string();
    assert!(said.contains("it shows no jobs and no totals"), "{said}");
}

/// Takes the jobs away.
struct End(String);

impl Drop for End {
    fn drop(&mut self) {
        call("condor_rm", &["-constraint", &self.0]);
    }
}
