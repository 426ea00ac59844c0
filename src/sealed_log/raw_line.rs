//! Reading lines whose content is not to be trusted.

use std::io::{self, BufRead, Read};

/// The most bytes of a line, its line break included. A file of another kind may have no line breaks.
pub(super) const LONGEST_LINE: usize = 1 << 28;

/// How many bytes are read before they are looked at.
const PIECE: u64 = 1 << 20;

/// How a line ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum LineEnd {
    /// With a line break.
    Whole,
    /// With the file.
    Torn,
    /// It has more than [`LONGEST_LINE`] bytes and isn't read further.
    TooLong,
}

/// Reads a line, its line break included, into a buffer, and counts its bytes. A long line that has a zero byte is
/// only counted from there on, so that the hole of a sparse file takes no memory.
pub(super) fn read_line(
    reader: &mut impl BufRead,
    buffer: &mut Vec<u8>,
) -> io::Result<(u64, LineEnd)> {
    buffer.clear();
    loop {
        let before = buffer.len();
        let read = reader.by_ref().take(PIECE).read_until(b'\n', buffer)?;
        if buffer.ends_with(b"\n") {
            return Ok((buffer.len() as u64, LineEnd::Whole));
        }
        if (read as u64) < PIECE {
            return Ok((buffer.len() as u64, LineEnd::Torn));
        }
        if buffer[before..].contains(&0) {
            let (skipped, end) = skip_line(reader)?;
            return Ok((buffer.len() as u64 + skipped, end));
        }
        if buffer.len() >= LONGEST_LINE {
            return Ok((buffer.len() as u64, LineEnd::TooLong));
        }
    }
}

fn skip_line(reader: &mut impl BufRead) -> io::Result<(u64, LineEnd)> {
    let mut skipped = 0;
    loop {
        let available = reader.fill_buf()?;
        if available.is_empty() {
            return Ok((skipped, LineEnd::Torn));
        }
        let (bytes, ended) = match available.iter().position(|&byte| byte == b'\n') {
            Some(place) => (place + 1, true),
            None => (available.len(), false),
        };
        reader.consume(bytes);
        skipped += bytes as u64;
        if ended {
            return Ok((skipped, LineEnd::Whole));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufReader, repeat};

    use super::*;

    #[test]
    fn zeros_without_end_are_counted_not_kept() {
        let zeros = 1 << 26;
        for (end, expected) in [("", LineEnd::Torn), ("end\nnext", LineEnd::Whole)] {
            let input = b"begin".chain(repeat(0).take(zeros)).chain(end.as_bytes());
            let mut buffer = Vec::new();
            let read = read_line(&mut BufReader::new(input), &mut buffer).unwrap();
            let ending = end.find('\n').map_or(0, |place| place as u64 + 1);
            assert_eq!(read, (5 + zeros + ending, expected));
            assert!(buffer.len() as u64 <= PIECE);
        }
    }

    #[test]
    fn a_line_without_end_is_given_up() {
        let mut input = BufReader::new(repeat(b'x'));
        let (read, end) = read_line(&mut input, &mut Vec::new()).unwrap();
        assert_eq!((read, end), (LONGEST_LINE as u64, LineEnd::TooLong));
    }
}
