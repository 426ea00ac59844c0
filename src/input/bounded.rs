//! Readers that end with an error where a limit is reached.

#[cfg(any(feature = "burn", feature = "tabular"))]
use std::cell::Cell;
use std::io;
#[cfg(any(feature = "burn", feature = "tabular"))]
use std::io::Read;
#[cfg(any(feature = "burn", feature = "tabular"))]
use std::rc::Rc;

/// A file has more of something than its reader takes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it {has} more than {most} {unit}: {advice}")]
pub struct LimitExceeded {
    /// What the file does with too much of it.
    pub(crate) has: &'static str,
    /// The limit.
    pub(crate) most: u64,
    /// What is limited.
    pub(crate) unit: &'static str,
    /// What to do, and the name of the limit if it can be raised.
    pub(crate) advice: &'static str,
}

impl LimitExceeded {
    /// The message after the name of the file.
    #[cfg(feature = "burn")]
    pub(crate) fn of_this(&self) -> String {
        let message = self.to_string();
        message.trim_start_matches("it ").to_owned()
    }
}

impl From<LimitExceeded> for io::Error {
    fn from(limit: LimitExceeded) -> Self {
        Self::new(io::ErrorKind::FileTooLarge, limit)
    }
}

/// The limit that an error of reading is about.
#[cfg(any(test, feature = "burn", feature = "tabular"))]
pub(crate) fn limit_exceeded(error: &io::Error) -> Option<&LimitExceeded> {
    error.get_ref()?.downcast_ref()
}

/// Decompressed bytes that are always taken, however few bytes they came from: small files of equal values shrink
/// more than any limit on the ratio should allow for.
#[cfg(any(feature = "burn", feature = "tabular"))]
const ALWAYS_TAKEN: u64 = 16 << 20;

/// Counts the bytes that are read through it.
#[cfg(any(feature = "burn", feature = "tabular"))]
pub(crate) struct Counted<R> {
    reader: R,
    count: Rc<Cell<u64>>,
}

#[cfg(any(feature = "burn", feature = "tabular"))]
impl<R: Read> Counted<R> {
    pub(crate) fn new(reader: R) -> Self {
        Self {
            reader,
            count: Rc::default(),
        }
    }

    /// The number of bytes so far, shared with this reader.
    pub(crate) fn count(&self) -> Rc<Cell<u64>> {
        self.count.clone()
    }
}

#[cfg(any(feature = "burn", feature = "tabular"))]
impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.count.set(self.count.get() + read as u64);
        Ok(read)
    }
}

/// Reads at most so many bytes, and at most so many for each byte of the compressed file behind it.
#[cfg(any(feature = "burn", feature = "tabular"))]
pub(crate) struct Bounded<R> {
    reader: R,
    read: u64,
    most: u64,
    compressed: Option<(Rc<Cell<u64>>, u64)>,
}

#[cfg(any(feature = "burn", feature = "tabular"))]
impl<R: Read> Bounded<R> {
    /// A reader that fails past `most` bytes.
    pub(crate) const fn new(reader: R, most: u64) -> Self {
        Self {
            reader,
            read: 0,
            most,
            compressed: None,
        }
    }

    /// Fails also where there are more than `ratio` bytes for each byte that was read from the compressed file.
    pub(crate) fn ratio(mut self, compressed: Rc<Cell<u64>>, ratio: u64) -> Self {
        self.compressed = Some((compressed, ratio));
        self
    }

    fn check(&self) -> Result<(), LimitExceeded> {
        if self.read > self.most {
            return Err(LimitExceeded {
                has: "has",
                most: self.most,
                unit: match self.compressed {
                    Some(_) => "bytes once decompressed",
                    None => "bytes",
                },
                advice: "if that is right, raise the limit 'bytes'",
            });
        }
        match &self.compressed {
            Some((compressed, ratio))
                if self.read > ALWAYS_TAKEN.max(compressed.get().saturating_mul(*ratio)) =>
            {
                Err(LimitExceeded {
                    has: "decompresses to",
                    most: *ratio,
                    unit: "times its size",
                    advice: "if that is right, decompress it first, or raise the limit 'ratio'",
                })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(any(feature = "burn", feature = "tabular"))]
impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        self.read += read as u64;
        self.check()?;
        Ok(read)
    }
}

#[cfg(all(test, any(feature = "burn", feature = "tabular")))]
mod tests {
    use super::*;

    fn read(reader: impl Read) -> io::Result<usize> {
        io::copy(&mut { reader }, &mut io::sink()).map(|bytes| bytes as usize)
    }

    #[test]
    fn as_many_bytes_as_the_limit_are_read_and_no_more() {
        assert_eq!(read(Bounded::new(&[0; 10][..], 10)).unwrap(), 10);
        let error = read(Bounded::new(&[0; 11][..], 10)).unwrap_err();
        let limit = limit_exceeded(&error).unwrap();
        assert_eq!(
            limit.to_string(),
            "it has more than 10 bytes: if that is right, raise the limit 'bytes'"
        );
    }

    #[test]
    fn a_file_may_grow_by_the_ratio_once_it_is_large() {
        let compressed = Rc::new(Cell::new(1 << 20));
        let ratio = |bytes: u64, ratio| {
            let decompressed = io::repeat(0).take(bytes);
            read(Bounded::new(decompressed, u64::MAX).ratio(compressed.clone(), ratio))
        };
        assert!(ratio(20 << 20, 20).is_ok());
        assert!(ratio(ALWAYS_TAKEN, 1).is_ok());
        let error = ratio((20 << 20) + 1, 20).unwrap_err();
        assert_eq!(
            error.to_string(),
            "it decompresses to more than 20 times its size: if that is right, decompress it first, or raise the \
             limit 'ratio'"
        );
    }

    #[test]
    fn bytes_are_counted_as_they_are_read() {
        let mut counted = Counted::new(&[0; 7][..]);
        let count = counted.count();
        assert_eq!(count.get(), 0);
        counted.read_exact(&mut [0; 3]).unwrap();
        assert_eq!(count.get(), 3);
    }
}
