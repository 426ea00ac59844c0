//! Reading lines whose content is not to be trusted.

use std::io::{self, BufRead};

/// The most bytes of a line's content. A longer one can't be written, so nothing that was recorded is refused.
pub(super) const MAX_CONTENT_BYTES: usize = 32 << 20;

/// The most bytes of a line, with its times and checksums.
pub(super) const MAX_LINE_BYTES: u64 = MAX_CONTENT_BYTES as u64 + (1 << 10);

/// How many bytes are read before they are looked at.
const PIECE: usize = 1 << 20;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// With a line break.
    Whole,
    /// With the file.
    Torn,
}

/// Reads a line, its line break included, into a buffer, and counts its bytes. Of a line that is longer than
/// [`MAX_LINE_BYTES`], or long and with a zero byte, the rest is only counted, so that neither a file without line
/// breaks nor the hole of a sparse file takes memory.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
) -> io::Result<(u64, LineEnd)> {
    buffer.clear();
    let mut looked_at = 0;
    loop {
        let room = looked_at + PIECE - buffer.len();
        let (part, ended) = next_part(reader, room)?;
        buffer.extend_from_slice(part);
        let read = part.len();
        reader.consume(read);
        if ended {
            return Ok((buffer.len() as u64, LineEnd::Whole));
        }
        if read == 0 {
            return Ok((buffer.len() as u64, LineEnd::Torn));
        }
        if read == room {
            let bytes = buffer.len() as u64;
            if bytes > MAX_LINE_BYTES || buffer[looked_at..].contains(&0) {
                let (skipped, end) = skip_line(reader)?;
                return Ok((bytes + skipped, end));
            }
            looked_at = buffer.len();
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<(u64, LineEnd)> {
    let mut skipped = 0;
    loop {
        let (part, ended) = next_part(reader, usize::MAX)?;
        let read = part.len();
        reader.consume(read);
        skipped += read as u64;
        if ended {
            return Ok((skipped, LineEnd::Whole));
        }
        if read == 0 {
            return Ok((skipped, LineEnd::Torn));
        }
    }
}

/// What is at hand of the line, up to `most` bytes of it, and whether it ends with the line break. Nothing at the end
/// of the file. The caller consumes it.
fn next_part(reader: &mut impl BufRead, most: usize) -> io::Result<(&[u8], bool)> {
    while let Err(error) = reader.fill_buf() {
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let available = reader.fill_buf()?;
    let available = &available[..available.len().min(most)];
    Ok(match memchr::memchr(b'\n', available) {
        Some(place) => (&available[..=place], true),
        None => (available, false),
    })
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, Read, repeat};

    use super::*;

    #[test]
    fn zeros_are_counted_and_not_kept() {
        let zeros = 1 << 26;
        for (end, expected) in [("", LineEnd::Torn), ("end\nnext", LineEnd::Whole)] {
            let input = b"begin".chain(repeat(0).take(zeros)).chain(end.as_bytes());
            let mut buffer = Vec::new();
            let read = read_line(&mut BufReader::new(input), &mut buffer).unwrap();
            let ending = end.find('\n').map_or(0, |place| place as u64 + 1);
            assert_eq!(read, (5 + zeros + ending, expected));
            assert!(buffer.len() <= PIECE);
        }
    }

    #[test]
    fn no_more_of_a_long_line_is_kept_than_a_line_may_have() {
        let length = 2 * MAX_LINE_BYTES;
        let mut buffer = Vec::new();
        let mut input = BufReader::new(repeat(b'x').take(length));
        let read = read_line(&mut input, &mut buffer).unwrap();
        assert_eq!(read, (length, LineEnd::Torn));
        assert!(buffer.len() as u64 <= MAX_LINE_BYTES + PIECE as u64);
    }
}
