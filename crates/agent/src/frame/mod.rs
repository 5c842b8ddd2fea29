//! Frames between pilot and runner: a length (u32), then a body whose first byte says what it is.
//!
//! Binary, little endian, and only spoken between two processes of the same program, so that it needs no version.

mod codec;
mod message;

pub(crate) use codec::{BadFrame, FrameBuffer};
pub(crate) use message::{Captured, Ended, FromRunner, JobKey, JobOrder, Setup, Share, ToRunner, is_batch_end};
