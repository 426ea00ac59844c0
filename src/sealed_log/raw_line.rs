//! Reading lines whose content is not to be trusted.

use std::io::{self, BufRead, Read};

/// The most bytes of a line's content. A longer one can't be written, so nothing that was recorded is refused.
pub(super) const MAX_CONTENT_BYTES: usize = 32 << 20;

/// The most bytes of a line, with its times and checksums.
pub(super) const MAX_LINE_BYTES: u64 = MAX_CONTENT_BYTES as u64 + (1 << 10);

/// How many bytes are read before they are looked at.
const PIECE: u64 = 1 << 20;

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
    loop {
        let before = buffer.len();
        let read = reader.by_ref().take(PIECE).read_until(b'\n', buffer)?;
        let bytes = buffer.len() as u64;
        if buffer.ends_with(b"\n") {
            return Ok((bytes, LineEnd::Whole));
        }
        if (read as u64) < PIECE {
            return Ok((bytes, LineEnd::Torn));
        }
        if bytes > MAX_LINE_BYTES || buffer[before..].contains(&0) {
            let (skipped, end) = skip_line(reader)?;
            return Ok((bytes + skipped, end));
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
    fn zeros_are_counted_and_not_kept() {
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
    fn no_more_of_a_long_line_is_kept_than_a_line_may_have() {
        let length = 2 * MAX_LINE_BYTES;
        let mut buffer = Vec::new();
        let mut input = BufReader::new(repeat(b'x').take(length));
        let read = read_line(&mut input, &mut buffer).unwrap();
        assert_eq!(read, (length, LineEnd::Torn));
        assert!(buffer.len() as u64 <= MAX_LINE_BYTES + PIECE);
    }
}
