//! Compressing logs and reading compressed ones piece by piece. A file of ours is one gzip member (RFC 1952): its header
//! holds when the log arrived, its trailer the size of the log.

use super::Stream;
use bytes::Bytes;
use flate2::write::{GzDecoder, GzEncoder};
use flate2::{Compression, GzBuilder};
use futures_util::{StreamExt, TryStreamExt, stream};
use model::Time;
use object_store::{ObjectMeta, ObjectStore, Result};
use std::io::{self, Write};
use std::ops::Range;

/// Bytes of a header without further fields, and of the trailer.
const HEADER: u64 = 10;
const TRAILER: u64 = 8;
/// Where the header has the time, in seconds since 1970, and the trailer the size.
const TIME_AT: Range<usize> = 4..8;
const SIZE_AT: Range<usize> = 4..8;

/// Size of the log in a compressed object, and when it arrived: all without unpacking it.
pub async fn ends(store: &dyn ObjectStore, object: &ObjectMeta) -> Result<(u64, Time)> {
    if object.size < HEADER + TRAILER {
        return Err(broken(object.location.as_ref(), "it is too short"));
    }
    let ranges = [0..HEADER, object.size - TRAILER..object.size];
    let read = store.get_ranges(&object.location, &ranges).await?;
    let number = |piece: usize, at: &Range<usize>| {
        let bytes = read.get(piece).and_then(|bytes| bytes.get(at.clone()))?;
        Some(u32::from_le_bytes(bytes.try_into().ok()?))
    };
    match (number(0, &TIME_AT), number(1, &SIZE_AT)) {
        (Some(seconds), Some(size)) => Ok((u64::from(size), Time(i64::from(seconds) * 1000))),
        _ => Err(broken(object.location.as_ref(), "its ends cannot be read")),
    }
}

/// The bytes of a log, compressed.
pub fn packed(plain: Stream, arrived: Time) -> Stream {
    let seconds = u32::try_from(arrived.as_secs()).unwrap_or_default();
    let encoder = GzBuilder::new().mtime(seconds).write(Vec::new(), Compression::default());
    let pieces = stream::try_unfold((plain, Some(encoder)), |(mut plain, encoder)| async move {
        let Some(mut encoder) = encoder else { return Ok(None) };
        match plain.try_next().await? {
            Some(piece) => {
                encoder.write_all(&piece).map_err(|error| failed("compress", error))?;
                let done = std::mem::take(encoder.get_mut());
                Ok(Some((Bytes::from(done), (plain, Some(encoder)))))
            }
            None => {
                let done = GzEncoder::finish(encoder).map_err(|error| failed("compress", error))?;
                Ok(Some((Bytes::from(done), (plain, None))))
            }
        }
    });
    without_empty(pieces.boxed())
}

/// A part of the log whose compressed bytes come. What lies before it is unpacked too, but not kept.
pub fn unpacked(packed: Stream, part: Range<u64>) -> Stream {
    let begin = Unpacking { packed, decoder: GzDecoder::new(Vec::new()), at: 0, part };
    without_empty(stream::try_unfold(begin, Unpacking::next).boxed())
}

struct Unpacking {
    packed: Stream,
    decoder: GzDecoder<Vec<u8>>,
    /// Bytes of the log that came out so far.
    at: u64,
    part: Range<u64>,
}

impl Unpacking {
    async fn next(mut self) -> Result<Option<(Bytes, Unpacking)>> {
        if self.at >= self.part.end {
            return Ok(None);
        }
        let Some(piece) = self.packed.try_next().await? else {
            let short = io::Error::new(io::ErrorKind::UnexpectedEof, format!("{} bytes came out", self.at));
            return Err(failed("unpack", short));
        };
        self.decoder.write_all(&piece).map_err(|error| failed("unpack", error))?;
        self.decoder.flush().map_err(|error| failed("unpack", error))?;
        let plain = Bytes::from(std::mem::take(self.decoder.get_mut()));
        let inside = |offset: u64| {
            let within = offset.saturating_sub(self.at).min(plain.len() as u64);
            usize::try_from(within).unwrap_or(plain.len())
        };
        let wanted = plain.slice(inside(self.part.start)..inside(self.part.end));
        self.at += plain.len() as u64;
        Ok(Some((wanted, self)))
    }
}

fn without_empty(pieces: Stream) -> Stream {
    pieces.try_filter(|piece| std::future::ready(!piece.is_empty())).boxed()
}

fn failed(what: &str, error: io::Error) -> object_store::Error {
    let source = io::Error::new(error.kind(), format!("failed to {what} the log: {error}"));
    object_store::Error::Generic { store: "logs of pilots", source: Box::new(source) }
}

fn broken(location: &str, why: &str) -> object_store::Error {
    let source = io::Error::new(io::ErrorKind::InvalidData, format!("{location} is no compressed log: {why}"));
    object_store::Error::Generic { store: "logs of pilots", source: Box::new(source) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use object_store::memory::InMemory;
    use object_store::path::Path;
    use object_store::{ObjectStoreExt, PutPayload};
    use std::io::Read;

    fn pieces(text: &[u8], size: usize) -> Stream {
        let pieces: Vec<Result<Bytes>> = text.chunks(size).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        stream::iter(pieces).boxed()
    }

    async fn whole(stream: Stream) -> Vec<u8> {
        stream.try_collect::<Vec<_>>().await.unwrap().concat()
    }

    fn text() -> Vec<u8> {
        (0..20_000).flat_map(|line| format!("{line}: {}\n", line * 7919).into_bytes()).collect()
    }

    #[tokio::test]
    async fn every_part_of_a_compressed_log_is_that_of_the_log() {
        let text = text();
        let packed_bytes = whole(packed(pieces(&text, 5000), Time(1_763_800_000_123))).await;
        assert!(packed_bytes.len() * 2 < text.len());
        let end = text.len() as u64;
        for part in [0..end, 0..1, 7..7, end - 1..end, 4000..4001, 100_000..200_000] {
            let read = whole(unpacked(pieces(&packed_bytes, 777), part.clone())).await;
            assert!(read == text[part.start as usize..part.end as usize], "{part:?}");
        }
    }

    #[tokio::test]
    async fn others_can_unpack_it_and_its_ends_tell_size_and_time() {
        let text = text();
        let bytes = whole(packed(pieces(&text, 100), Time(1_763_800_000_123))).await;
        let mut read = Vec::new();
        flate2::read::GzDecoder::new(&bytes[..]).read_to_end(&mut read).unwrap();
        assert!(read == text);
        let (store, place) = (InMemory::new(), Path::from("logs/a.gz"));
        store.put(&place, PutPayload::from(bytes)).await.unwrap();
        let told = ends(&store, &store.head(&place).await.unwrap()).await.unwrap();
        assert_eq!(told, (text.len() as u64, Time(1_763_800_000_000)));
        assert!(whole(packed(pieces(&[], 1), Time(0))).await.len() >= 18, "an empty log has both ends");
    }

    #[tokio::test]
    async fn a_torn_file_is_an_error() {
        let text = text();
        let bytes = whole(packed(pieces(&text, 5000), Time(0))).await;
        let torn = unpacked(pieces(&bytes[..bytes.len() / 2], 777), 0..text.len() as u64);
        let error = torn.try_collect::<Vec<_>>().await.unwrap_err().to_string();
        assert!(error.contains("failed to unpack the log"), "{error}");
    }
}
