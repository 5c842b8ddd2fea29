//! The messages.

use super::codec::{BadFrame, Reader, Writer};
use model::{ErrorClass, JobId, JobSpec, SubmissionId, Time};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use wire::api::Usage;

/// One attempt of one job.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct JobKey {
    /// The job.
    pub(crate) job: JobId,
    /// The attempt.
    pub(crate) attempt: u32,
}

/// What a runner is told once, before any job.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Setup {
    /// The pilot's directory; the last runner to go removes it when the pilot was killed.
    pub(crate) root: PathBuf,
    /// The slot's directory below it.
    pub(crate) slot_dir: PathBuf,
    /// Value of `PILOTAGE_QUEUE`.
    pub(crate) queue: String,
    /// Value of `PILOTAGE_SITE`.
    pub(crate) site: String,
    /// Milliseconds between TERM and KILL.
    pub(crate) grace_ms: u64,
    /// The most bytes kept of each output.
    pub(crate) output_max: u64,
    /// The most bytes in the scratch directory; 0 means no bound.
    pub(crate) scratch_max: u64,
}

/// What the next jobs of a runner get of the node: a wide job what several slots have.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Share {
    /// Memory bound in MiB of jobs that name none; 0 means no bound.
    pub(crate) memory_mib: u32,
    /// CPUs they are bound to; empty for no binding.
    pub(crate) cpus: Vec<usize>,
}

/// One job to run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct JobOrder {
    /// Job and attempt.
    pub(crate) key: JobKey,
    /// Index in its submission.
    pub(crate) index: u64,
    /// Which spec.
    pub(crate) submission: SubmissionId,
    /// Keep the scratch directory after the end until [`ToRunner::Release`].
    pub(crate) hold: bool,
}

/// From the pilot.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ToRunner {
    /// First of all.
    Setup(Box<Setup>),
    /// What jobs get from now on.
    Share(Box<Share>),
    /// A spec that following jobs refer to.
    Spec(SubmissionId, Box<JobSpec>),
    /// No job refers to this spec any more.
    Forget(SubmissionId),
    /// Run this after all before it.
    Job(JobOrder),
    /// End this job, for this reason in words.
    Kill(JobKey, ErrorClass, String),
    /// Write its output to files from now on, so that it can be read while it runs.
    Follow(JobKey),
    /// Give back all jobs that were not started.
    Recall,
    /// The held scratch directory may be cleaned.
    Release,
}

/// From the runner.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum FromRunner {
    /// It runs for a while already: since when.
    Started(JobKey, Time),
    /// Its output is in files now.
    Following(JobKey),
    /// It ended.
    Ended(Box<Ended>),
    /// Given back, not started.
    Returned(JobKey),
    /// The answer to [`ToRunner::Release`]: the scratch directory is empty.
    Clean,
    /// The slot cannot run jobs any more, in words.
    Broken(String),
}

/// How a payload ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ended {
    /// Job and attempt.
    pub(crate) key: JobKey,
    /// When its process started; the time of the failure when it did not start.
    pub(crate) started: Time,
    /// When it ended.
    pub(crate) ended: Time,
    /// Exit code.
    pub(crate) exit_code: Option<i32>,
    /// Signal that ended it.
    pub(crate) signal: Option<i32>,
    /// Why it did not end well; none when it did.
    pub(crate) class: Option<ErrorClass>,
    /// In words.
    pub(crate) message: String,
    /// What it used.
    pub(crate) usage: Usage,
    /// Wall time in microseconds, for the pilot's estimate.
    pub(crate) wall_us: u64,
    /// Standard output.
    pub(crate) stdout: Captured,
    /// Standard error.
    pub(crate) stderr: Captured,
}

impl Ended {
    /// Whether somebody else's TERM or KILL ended the payload, or what it started: a shell and a container tell of that
    /// by 128 and the signal's number.
    pub(crate) fn is_from_outside(&self) -> bool {
        self.class == Some(ErrorClass::Payload) && is_batch_end(self.exit_code, self.signal)
    }
}

/// Whether a process that ended so may have been ended by a batch system.
pub(crate) fn is_batch_end(exit_code: Option<i32>, signal: Option<i32>) -> bool {
    matches!(signal, Some(9 | 15)) || matches!(exit_code, Some(137 | 143))
}

/// An output of a payload.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Captured {
    /// All of it.
    Inline(Vec<u8>),
    /// It is in the log file of the slot.
    File {
        /// Bytes in the file.
        bytes: u64,
    },
}

const SETUP: u8 = 1;
const SPEC: u8 = 2;
const FORGET: u8 = 3;
const JOB: u8 = 4;
const KILL: u8 = 5;
const FOLLOW: u8 = 6;
const RECALL: u8 = 7;
const RELEASE: u8 = 8;
const SHARE: u8 = 9;
const STARTED: u8 = 65;
const FOLLOWING: u8 = 66;
const ENDED: u8 = 67;
const RETURNED: u8 = 68;
const BROKEN: u8 = 69;
const CLEAN: u8 = 70;

const NO_CLASS: u8 = 255;

impl Writer<'_> {
    fn key(self, key: JobKey) -> Self {
        self.i64(key.job.0).u32(key.attempt)
    }

    fn class(self, class: Option<ErrorClass>) -> Self {
        let place = |class| ErrorClass::ALL.iter().position(|other| *other == class);
        self.u8(class.and_then(place).and_then(|at| u8::try_from(at).ok()).unwrap_or(NO_CLASS))
    }

    fn captured(self, captured: &Captured) -> Self {
        match captured {
            Captured::Inline(bytes) => self.u8(0).bytes(bytes),
            Captured::File { bytes } => self.u8(1).u64(*bytes),
        }
    }

    fn json<T: Serialize>(self, value: &T) -> Self {
        self.bytes(&serde_json::to_vec(value).unwrap_or_default())
    }
}

impl Reader<'_> {
    fn key(&mut self) -> Result<JobKey, BadFrame> {
        Ok(JobKey { job: JobId(self.i64()?), attempt: self.u32()? })
    }

    fn class(&mut self) -> Result<Option<ErrorClass>, BadFrame> {
        match self.u8()? {
            NO_CLASS => Ok(None),
            at => ErrorClass::ALL.get(usize::from(at)).copied().map(Some).ok_or(BadFrame::Field("error class")),
        }
    }

    fn captured(&mut self) -> Result<Captured, BadFrame> {
        match self.u8()? {
            0 => Ok(Captured::Inline(self.bytes()?.to_vec())),
            _ => Ok(Captured::File { bytes: self.u64()? }),
        }
    }

    fn json<T: for<'de> Deserialize<'de>>(&mut self, what: &'static str) -> Result<T, BadFrame> {
        serde_json::from_slice(self.bytes()?).map_err(|_| BadFrame::Field(what))
    }
}

impl ToRunner {
    /// Appends the frame.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            ToRunner::Setup(setup) => Writer::begin(out, SETUP).json(setup).end(),
            ToRunner::Share(share) => Writer::begin(out, SHARE).json(share).end(),
            ToRunner::Spec(submission, spec) => Writer::begin(out, SPEC).i64(submission.0).json(spec).end(),
            ToRunner::Forget(submission) => Writer::begin(out, FORGET).i64(submission.0).end(),
            ToRunner::Job(order) => {
                let frame = Writer::begin(out, JOB).key(order.key).u64(order.index);
                frame.i64(order.submission.0).u8(u8::from(order.hold)).end();
            }
            ToRunner::Kill(key, class, words) => {
                Writer::begin(out, KILL).key(*key).class(Some(*class)).bytes(words.as_bytes()).end();
            }
            ToRunner::Follow(key) => Writer::begin(out, FOLLOW).key(*key).end(),
            ToRunner::Recall => Writer::begin(out, RECALL).end(),
            ToRunner::Release => Writer::begin(out, RELEASE).end(),
        }
    }

    /// Reads the body of a frame.
    pub(crate) fn decode(body: &[u8]) -> Result<ToRunner, BadFrame> {
        let mut body = Reader::new(body);
        let message = match body.u8()? {
            SETUP => ToRunner::Setup(body.json("set-up")?),
            SHARE => ToRunner::Share(body.json("share")?),
            SPEC => ToRunner::Spec(SubmissionId(body.i64()?), body.json("spec")?),
            FORGET => ToRunner::Forget(SubmissionId(body.i64()?)),
            JOB => {
                let (key, index, submission) = (body.key()?, body.u64()?, SubmissionId(body.i64()?));
                ToRunner::Job(JobOrder { key, index, submission, hold: body.u8()? != 0 })
            }
            KILL => {
                let (key, class) = (body.key()?, body.class()?);
                ToRunner::Kill(key, class.ok_or(BadFrame::Field("error class"))?, body.text()?)
            }
            FOLLOW => ToRunner::Follow(body.key()?),
            RECALL => ToRunner::Recall,
            RELEASE => ToRunner::Release,
            kind => return Err(BadFrame::Kind(kind)),
        };
        Ok(message)
    }
}

impl FromRunner {
    /// Appends the frame.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        match self {
            FromRunner::Started(key, time) => Writer::begin(out, STARTED).key(*key).i64(time.0).end(),
            FromRunner::Following(key) => Writer::begin(out, FOLLOWING).key(*key).end(),
            FromRunner::Ended(ended) => ended.encode(out),
            FromRunner::Returned(key) => Writer::begin(out, RETURNED).key(*key).end(),
            FromRunner::Clean => Writer::begin(out, CLEAN).end(),
            FromRunner::Broken(words) => Writer::begin(out, BROKEN).bytes(words.as_bytes()).end(),
        }
    }

    /// Reads the body of a frame.
    pub(crate) fn decode(body: &[u8]) -> Result<FromRunner, BadFrame> {
        let mut body = Reader::new(body);
        match body.u8()? {
            STARTED => Ok(FromRunner::Started(body.key()?, Time(body.i64()?))),
            FOLLOWING => Ok(FromRunner::Following(body.key()?)),
            ENDED => Ended::decode(&mut body).map(|ended| FromRunner::Ended(Box::new(ended))),
            RETURNED => Ok(FromRunner::Returned(body.key()?)),
            CLEAN => Ok(FromRunner::Clean),
            BROKEN => Ok(FromRunner::Broken(body.text()?)),
            kind => Err(BadFrame::Kind(kind)),
        }
    }
}

impl Ended {
    fn encode(&self, out: &mut Vec<u8>) {
        Writer::begin(out, ENDED)
            .key(self.key)
            .i64(self.started.0)
            .i64(self.ended.0)
            .opt_i32(self.exit_code)
            .opt_i32(self.signal)
            .class(self.class)
            .bytes(self.message.as_bytes())
            .u64(self.usage.wall_ms)
            .u64(self.usage.cpu_ms)
            .u64(self.usage.max_rss_kib)
            .u64(self.wall_us)
            .captured(&self.stdout)
            .captured(&self.stderr)
            .end();
    }

    fn decode(body: &mut Reader<'_>) -> Result<Ended, BadFrame> {
        Ok(Ended {
            key: body.key()?,
            started: Time(body.i64()?),
            ended: Time(body.i64()?),
            exit_code: body.opt_i32()?,
            signal: body.opt_i32()?,
            class: body.class()?,
            message: body.text()?,
            usage: Usage { wall_ms: body.u64()?, cpu_ms: body.u64()?, max_rss_kib: body.u64()? },
            wall_us: body.u64()?,
            stdout: body.captured()?,
            stderr: body.captured()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::FrameBuffer;
    use super::super::codec::FRAME_MAX;
    use super::*;

    const KEY: JobKey = JobKey { job: JobId(17), attempt: 3 };

    fn ended() -> Ended {
        Ended {
            key: KEY,
            started: Time(1),
            ended: Time(-2),
            exit_code: Some(-1),
            signal: None,
            class: Some(ErrorClass::Internal),
            message: "näh".into(),
            usage: Usage { wall_ms: 1, cpu_ms: 2, max_rss_kib: 3 },
            wall_us: 4,
            stdout: Captured::Inline(vec![0, 255]),
            stderr: Captured::File { bytes: 9 },
        }
    }

    #[test]
    fn every_message_survives_the_way_byte_by_byte() {
        let to = [
            ToRunner::Setup(Box::new(Setup { queue: "q".into(), ..Setup::default() })),
            ToRunner::Share(Box::new(Share { memory_mib: 7, cpus: vec![3] })),
            ToRunner::Spec(SubmissionId(5), Box::new(JobSpec::command("/bin/true", ["a".to_owned()]))),
            ToRunner::Forget(SubmissionId(5)),
            ToRunner::Job(JobOrder { key: KEY, index: 9, submission: SubmissionId(5), hold: true }),
            ToRunner::Kill(KEY, ErrorClass::Killed, "by alice".into()),
            ToRunner::Follow(KEY),
            ToRunner::Recall,
            ToRunner::Release,
        ];
        let from = [
            FromRunner::Started(KEY, Time(4)),
            FromRunner::Following(KEY),
            FromRunner::Ended(Box::new(ended())),
            FromRunner::Returned(KEY),
            FromRunner::Clean,
            FromRunner::Broken("no scratch".into()),
        ];
        let mut bytes = Vec::new();
        to.iter().for_each(|message| message.encode(&mut bytes));
        from.iter().for_each(|message| message.encode(&mut bytes));
        let (mut buffer, mut bodies) = (FrameBuffer::default(), Vec::new());
        for byte in bytes {
            buffer.push(&[byte]);
            while let Some(body) = buffer.next_body().unwrap() {
                bodies.push(body.to_vec());
            }
        }
        let got_to: Vec<_> = bodies[..9].iter().map(|body| ToRunner::decode(body).unwrap()).collect();
        let got_from: Vec<_> = bodies[9..].iter().map(|body| FromRunner::decode(body).unwrap()).collect();
        assert_eq!((got_to.as_slice(), got_from.as_slice()), (to.as_slice(), from.as_slice()));
    }

    #[test]
    fn bad_bytes_are_refused() {
        assert_eq!(ToRunner::decode(&[]), Err(BadFrame::Short));
        assert_eq!(ToRunner::decode(&[200]), Err(BadFrame::Kind(200)));
        assert_eq!(FromRunner::decode(&[STARTED, 1]), Err(BadFrame::Short));
        let mut buffer = FrameBuffer::default();
        buffer.push(&u32::MAX.to_le_bytes());
        assert_eq!(buffer.next_body(), Err(BadFrame::TooLong(u32::MAX as usize)));
        assert!(FRAME_MAX > JobSpec::command("x", []).payload_bytes());
    }
}
