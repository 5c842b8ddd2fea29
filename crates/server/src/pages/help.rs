//! `/help`: what each state, column and class means, and what to do about it.

use super::frame::{self, Answer, Asked, Frame, Section};
use super::tone::{self, Badge};
use super::{assets, moment};
use askama::Template;
use model::{ErrorClass, JobState, PilotState, QueueStatus};

#[derive(Template)]
#[template(path = "help.html")]
struct Help {
    frame: Frame,
    pilots: Vec<(Badge, &'static str)>,
    jobs: Vec<(Badge, &'static str)>,
    queues: Vec<(Badge, &'static str)>,
    classes: Vec<(ErrorClass, &'static str, &'static str)>,
}

fn of_pilot(state: &PilotState) -> &'static str {
    match state {
        PilotState::Announced => "Written down by its factory, not yet in the batch system. Should last seconds.",
        PilotState::Submitted => "The batch system accepted it and has not said yet what it does with it.",
        PilotState::Pending => "It waits in the batch system's queue. Long waits: the site is busy, or it is held.",
        PilotState::Running => {
            "It said hello from a worker node, or the batch system started it; it asks for jobs and runs them."
        }
        PilotState::Exiting => {
            "It takes no more jobs and cleans up: no work left, its time is over, or it was told to drain."
        }
        PilotState::Done => "Gone, as wanted.",
        PilotState::Fault => "Gone, not as wanted. The error class says who or what is to blame.",
    }
}

fn of_job(state: &JobState) -> &'static str {
    match state {
        JobState::Defined => "It waits for a queue that fits; its page says why none does.",
        JobState::Activated => "It waits in its queue for a pilot.",
        JobState::Sent => "A pilot has it and has not begun.",
        JobState::Starting => "Its inputs are brought to the node.",
        JobState::Running => "Its program runs.",
        JobState::Holding => "Its program has ended; the end waits to be confirmed, as pilots of PanDA do.",
        JobState::Transferring => "Its outputs are taken away.",
        JobState::Finished => "It ended well.",
        JobState::Failed => "Its last attempt failed and no further one is left.",
        JobState::Cancelled => "Somebody killed it.",
        JobState::Closed => "Given up by the system before it ran, such as after its deadline.",
    }
}

fn of_queue(status: &QueueStatus) -> &'static str {
    match status {
        QueueStatus::Online => "Jobs are brokered to it and pilots are submitted.",
        QueueStatus::Offline => "No job goes there and no pilot is submitted.",
        QueueStatus::Test => "Only jobs that name it go there, and factories send test pilots.",
        QueueStatus::BrokerOff => "No new job is brokered there; what waits is still run.",
    }
}

/// What it means, and what to do.
fn of_class(class: ErrorClass) -> (&'static str, &'static str) {
    match class {
        ErrorClass::Payload => {
            ("The program ended with an error of its own.", "Read the job's output; its owner mends it.")
        }
        ErrorClass::Start => {
            ("The program could not be started.", "Check its name, its permission, and whether the node has it.")
        }
        ErrorClass::Memory => ("It used more memory than it asked for.", "Ask for more, or find the leak."),
        ErrorClass::WallTime => ("It ran longer than it asked for.", "Ask for more time, or split the work."),
        ErrorClass::Disk => ("It wrote more than its scratch directory may hold.", "Ask for more, or write less."),
        ErrorClass::StageIn => {
            ("An input could not be brought.", "Check its address and the storage; then retry the job.")
        }
        ErrorClass::StageOut => {
            ("An output was missing or could not be taken away.", "Check the output's name and the storage.")
        }
        ErrorClass::Killed => ("Somebody killed it.", "Nothing; the record says who."),
        ErrorClass::Lost => (
            "The pilot or its node went away without a word.",
            "Many on one node: tell the site. Many at once: look at the batch system.",
        ),
        ErrorClass::Evicted => (
            "The batch system ended the pilot, or its time was over.",
            "Preemption is usual on some queues; else compare the pilot's life with the batch limit.",
        ),
        ErrorClass::Node => (
            "The node failed its checks before the first job.",
            "The message names the check; send node and check to the site.",
        ),
        ErrorClass::Batch => (
            "The batch system refused, held or removed the pilot.",
            "Read the record of the batch system on the pilot's page; check account, partition and credential.",
        ),
        ErrorClass::Internal => ("A fault of Pilotage itself.", "Please report it with the pilot's logs."),
    }
}

/// `GET /help`.
pub async fn show(asked: Asked) -> Answer {
    let with_advice = |class: ErrorClass| {
        let (meaning, advice) = of_class(class);
        (class, meaning, advice)
    };
    frame::shown(&Help {
        frame: Frame::new(Section::None, "What the words mean", &asked),
        pilots: PilotState::ALL.iter().map(|state| (tone::pilot(state), of_pilot(state))).collect(),
        jobs: JobState::ALL.iter().map(|state| (tone::job(state), of_job(state))).collect(),
        queues: QueueStatus::ALL.iter().map(|status| (tone::queue(status), of_queue(status))).collect(),
        classes: ErrorClass::ALL.into_iter().map(with_advice).collect(),
    })
}
