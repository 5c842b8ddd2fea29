//! Writing and reading of the fields of a frame.

/// The most bytes of one frame: a spec of the largest accepted payload as JSON, escapes included.
pub(crate) const FRAME_MAX: usize = 16 << 20;

/// Bytes already read that are kept in front of unread ones before they are moved.
const COMPACT_AT: usize = 64 << 10;

/// Bytes that are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadFrame {
    /// Longer than [`FRAME_MAX`].
    #[error("read a frame of {0} bytes, at most {FRAME_MAX} are allowed")]
    TooLong(usize),
    /// The fields do not fill the body.
    #[error("read a frame that ends too early")]
    Short,
    /// No such message.
    #[error("read a frame of the unknown kind {0}")]
    Kind(u8),
    /// A field that makes no sense.
    #[error("read a frame with a bad {0}")]
    Field(&'static str),
}

/// Appends fields to a buffer.
pub(crate) struct Writer<'a> {
    out: &'a mut Vec<u8>,
    start: usize,
}

impl<'a> Writer<'a> {
    /// Begins a frame of `kind` at the end of `out`.
    pub(crate) fn begin(out: &'a mut Vec<u8>, kind: u8) -> Writer<'a> {
        let start = out.len();
        out.extend_from_slice(&[0, 0, 0, 0, kind]);
        Writer { out, start }
    }

    pub(crate) fn u8(self, value: u8) -> Self {
        self.out.push(value);
        self
    }

    pub(crate) fn u32(self, value: u32) -> Self {
        self.out.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn u64(self, value: u64) -> Self {
        self.out.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn i64(self, value: i64) -> Self {
        self.out.extend_from_slice(&value.to_le_bytes());
        self
    }

    pub(crate) fn opt_i32(self, value: Option<i32>) -> Self {
        let writer = self.u8(u8::from(value.is_some()));
        writer.out.extend_from_slice(&value.unwrap_or_default().to_le_bytes());
        writer
    }

    pub(crate) fn bytes(self, value: &[u8]) -> Self {
        let writer = self.u32(u32::try_from(value.len()).unwrap_or(u32::MAX));
        writer.out.extend_from_slice(value);
        writer
    }

    /// Writes the length in front.
    pub(crate) fn end(self) {
        let length = u32::try_from(self.out.len() - self.start - 4).unwrap_or(u32::MAX);
        self.out[self.start..self.start + 4].copy_from_slice(&length.to_le_bytes());
    }
}

/// Takes fields off a body.
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(body: &'a [u8]) -> Reader<'a> {
        Reader { rest: body }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], BadFrame> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or(BadFrame::Short)?;
        self.rest = rest;
        Ok(*head)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, BadFrame> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, BadFrame> {
        self.array().map(u32::from_le_bytes)
    }

    pub(crate) fn u64(&mut self) -> Result<u64, BadFrame> {
        self.array().map(u64::from_le_bytes)
    }

    pub(crate) fn i64(&mut self) -> Result<i64, BadFrame> {
        self.array().map(i64::from_le_bytes)
    }

    pub(crate) fn opt_i32(&mut self) -> Result<Option<i32>, BadFrame> {
        let present = self.u8()? != 0;
        let value = self.array().map(i32::from_le_bytes)?;
        Ok(present.then_some(value))
    }

    pub(crate) fn bytes(&mut self) -> Result<&'a [u8], BadFrame> {
        let length = self.u32()? as usize;
        let (head, rest) = self.rest.split_at_checked(length).ok_or(BadFrame::Short)?;
        self.rest = rest;
        Ok(head)
    }

    pub(crate) fn text(&mut self) -> Result<String, BadFrame> {
        self.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned())
    }
}

/// Received bytes that are cut into frames.
#[derive(Default)]
pub(crate) struct FrameBuffer {
    bytes: Vec<u8>,
    read: usize,
}

impl FrameBuffer {
    /// Adds what arrived.
    pub(crate) fn push(&mut self, bytes: &[u8]) {
        if self.read > 0 && self.read == self.bytes.len() {
            self.bytes.clear();
            self.read = 0;
        } else if self.read > COMPACT_AT {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The body of the next whole frame.
    pub(crate) fn next_body(&mut self) -> Result<Option<&[u8]>, BadFrame> {
        let Some((head, rest)) = self.bytes[self.read..].split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_le_bytes(*head) as usize;
        if length > FRAME_MAX {
            return Err(BadFrame::TooLong(length));
        }
        if rest.len() < length {
            return Ok(None);
        }
        let start = self.read + 4;
        self.read = start + length;
        Ok(Some(&self.bytes[start..start + length]))
    }
}
