//! The checksums that end a line.
//!
//! `{content,"check":"01234567",times,"time_check":"89abcdef"}`: `check` covers the content and, since
//! it continues the `check` of the line before, all lines before it. `time_check` continues from there
//! over the rest. So the content's checksum doesn't depend on times, and every byte is covered.

use std::io::{self, Write};
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
    write!(line, "{CHECK}{chain:08x}\"")?;
    times(line)?;
    let time_check = checksum(chain, &line[content..]);
    write!(line, "{TIME_CHECK}{time_check:08x}{END}")?;
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

/// Checks a line, its end included.
pub(super) fn open(line: &[u8], chain: u32) -> Result<SealedParts, &'static str> {
    let no_checksum = "it has no checksum";
    let end = line
        .strip_suffix(END.as_bytes())
        .and_then(|line| line.len().checked_sub(DIGITS + TIME_CHECK.len()))
        .filter(|&end| line[end..].starts_with(TIME_CHECK.as_bytes()))
        .ok_or(no_checksum)?;
    // The last k before that is the one of "check": the names of times have none.
    let content = line[..end]
        .iter()
        .rposition(|&byte| byte == b'k')
        .and_then(|place| place.checked_sub(",\"chec".len()))
        .filter(|&place| line[place..].starts_with(CHECK.as_bytes()))
        .ok_or(no_checksum)?;
    let chain = checksum(chain, &line[..content]);
    if digits(&line[content + CHECK.len()..]) != Some(chain) {
        return Err("its checksum is wrong: this line was changed, or one before it is missing");
    }
    let time_check = checksum(chain, &line[content..end]);
    if digits(&line[end + TIME_CHECK.len()..]) != Some(time_check) {
        return Err("the checksum of its times is wrong: they were changed");
    }
    let digits_end = content + CHECK.len() + DIGITS;
    if line[digits_end] != b'"' {
        return Err(no_checksum);
    }
    let times = digits_end + 1..end;
    Ok(SealedParts {
        content,
        times,
        chain,
    })
}

/// The checksum that a text begins with, as [`seal`] writes it: with lower-case digits and no sign.
fn digits(text: &[u8]) -> Option<u32> {
    text.get(..DIGITS)?.iter().try_fold(0, |number, byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'a'..=b'f' => byte - b'a' + 10,
            _ => return None,
        };
        Some(number << 4 | u32::from(digit))
    })
}

fn checksum(chain: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(bytes);
    hasher.finalize()
}
