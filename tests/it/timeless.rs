//! What must be equal in the journals of equal searches.

use std::fs;
use std::path::Path;

/// The journal without what depends on time: all that follows the checksum of a line.
pub(crate) fn timeless(journal: &str) -> Vec<String> {
    let end = |line: &str| line.rfind(",\"check\":\"").unwrap() + ",\"check\":\"01234567\"".len();
    let lines = journal.lines();
    lines.map(|line| line[..end(line)].to_owned()).collect()
}

/// [`timeless`] for the journal in a folder.
pub(crate) fn timeless_in(folder: &Path) -> Vec<String> {
    timeless(&fs::read_to_string(folder.join("journal.jsonl")).unwrap())
}
