//! The checksums that end a line.
//!
//! `{content,"check":"01234567",times,"time_check":"89abcdef"}`: `check` covers the content and, since
//! it continues the `check` of the line before, all lines before it. `time_check` continues from there
//! over the rest. So the content's checksum doesn't depend on times, and every byte is covered.

use std::io;
use std::ops::Range;

pub(crate) const CHECK: &str = ",\"check\":\"";
const TIME_CHECK: &str = ",\"time_check\":\"";
const END: &str = "\"}\n";
/// Hexadecimal digits of a checksum.
const DIGITS: usize = 8;

/// Ends a line: `line` is its content without the closing brace; `times` appends the fields that depend on
/// time. Returns the checksum that the next line continues.
pub(super) fn seal(
    line: &mut Vec<u8>,
    chain: u32,
    times: impl FnOnce(&mut Vec<u8>) -> io::Result<()>,
) -> io::Result<u32> {
    let content = line.len();
    let chain = checksum(chain, line);
    line.extend_from_slice(CHECK.as_bytes());
    line.extend_from_slice(&digits(chain));
    line.push(b'"');
    times(line)?;
    let time_check = checksum(chain, &line[content..]);
    line.extend_from_slice(TIME_CHECK.as_bytes());
    line.extend_from_slice(&digits(time_check));
    line.extend_from_slice(END.as_bytes());
    Ok(chain)
}

/// Where the parts of a sealed line are.
pub(super) struct SealedParts {
    /// Where the content ends, without its closing brace.
    pub(super) content: usize,
    /// The fields that depend on time, each with a comma before it.
    pub(super) times: Range<usize>,
    /// The checksum that the next line continues.
    pub(super) chain: u32,
}

/// Checks a line, its end included, that continues the line whose checksum is `chain`.
pub(super) fn open(line: &[u8], chain: u32) -> Result<SealedParts, &'static str> {
    let marks = Marks::of(line)?;
    let chain = checksum(chain, &line[..marks.content]);
    if !marks.check(line).starts_with(&digits(chain)) {
        return Err("its checksum is wrong: this line was changed, or one before it is missing");
    }
    if !marks.times_are_whole(line, chain) {
        return Err("the checksum of its times is wrong: they were changed");
    }
    Ok(SealedParts {
        content: marks.content,
        times: marks.times..marks.end,
        chain,
    })
}

/// Whether a line is whole as far as it can be told without the line before: its times and both checksums fit each
/// other.
pub(super) fn is_whole(line: &[u8]) -> bool {
    Marks::of(line).is_ok_and(|marks| {
        let chain = parsed(marks.check(line));
        chain.is_some_and(|chain| marks.times_are_whole(line, chain))
    })
}

/// Where a line's checksums are.
struct Marks {
    /// Where the content ends, without its closing brace.
    content: usize,
    /// Where the times begin and end.
    times: usize,
    end: usize,
}

impl Marks {
    fn of(line: &[u8]) -> Result<Self, &'static str> {
        let no_checksum = "it has no checksum";
        let end = line
            .strip_suffix(END.as_bytes())
            .and_then(|line| line.len().checked_sub(DIGITS + TIME_CHECK.len()))
            .filter(|&end| line[end..].starts_with(TIME_CHECK.as_bytes()))
            .ok_or(no_checksum)?;
        // The last k before that is the one of "check": the names of times have none.
        let content = memchr::memrchr(b'k', &line[..end])
            .and_then(|place| place.checked_sub(",\"chec".len()))
            .filter(|&place| line[place..].starts_with(CHECK.as_bytes()))
            .ok_or(no_checksum)?;
        let times = content + CHECK.len() + DIGITS + 1;
        // A quote ends the digits.
        match line[..end].get(times - 1) {
            Some(b'"') => Ok(Self {
                content,
                times,
                end,
            }),
            _ => Err(no_checksum),
        }
    }

    /// What begins with the digits of the content's checksum.
    fn check<'a>(&self, line: &'a [u8]) -> &'a [u8] {
        &line[self.content + CHECK.len()..]
    }

    /// Whether the times have the right checksum, which continues the content's.
    fn times_are_whole(&self, line: &[u8], chain: u32) -> bool {
        let expected = checksum(chain, &line[self.content..self.end]);
        line[self.end + TIME_CHECK.len()..].starts_with(&digits(expected))
    }
}

/// A checksum in hexadecimal, as [`seal`] writes it.
fn digits(checksum: u32) -> [u8; DIGITS] {
    let mut digits = [0; DIGITS];
    for (place, digit) in digits.iter_mut().rev().enumerate() {
        *digit = b"0123456789abcdef"[(checksum >> (4 * place) & 15) as usize];
    }
    digits
}

/// The checksum that a text begins with.
fn parsed(text: &[u8]) -> Option<u32> {
    let text = str::from_utf8(text.get(..DIGITS)?).ok()?;
    let checksum = u32::from_str_radix(text, 16).ok()?;
    // Only as written: with lower-case digits and no sign.
    (digits(checksum) == text.as_bytes()).then_some(checksum)
}

fn checksum(chain: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn sealed(chain: u32) -> Vec<u8> {
        let mut line = br#"{"ask":1"#.to_vec();
        seal(&mut line, chain, |line| write!(line, ",\"at\":1.0")).unwrap();
        line
    }

    #[test]
    fn a_line_is_whole_whatever_line_it_continues() {
        for chain in [0, 7] {
            let line = sealed(chain);
            assert!(open(&line, chain).is_ok() && is_whole(&line));
            assert!(open(&line, 1).is_err());
            let mut changed = line.clone();
            let time = line.iter().rposition(|&byte| byte == b'1').unwrap();
            changed[time] = b'2';
            assert!(!is_whole(&changed));
            assert!(!is_whole(&line[1..line.len() - 1]));
        }
    }

    #[test]
    fn digits_that_no_quote_ends_are_refused_even_with_the_right_checksums() {
        for after in ["", "\u{e9}", "x"] {
            let mut line = br#"{"ask":1"#.to_vec();
            let content = line.len();
            let chain = checksum(0, &line);
            write!(line, "{CHECK}{chain:08x}{after}").unwrap();
            let time_check = checksum(chain, &line[content..]);
            write!(line, "{TIME_CHECK}{time_check:08x}{END}").unwrap();
            assert!(open(&line, 0).is_err(), "{after}");
        }
    }
}
