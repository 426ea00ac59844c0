//! How far a record is sound.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::{Path, PathBuf};

use crate::comparison::{RUNS, RUNS_FILE};
use crate::sealed_log::{LogReader, RecordError, RecordKind, open_read_only};
use crate::search::journal::{self, JOURNAL};
use crate::{comparison, search};

/// How far a record is sound.
#[derive(Debug)]
#[non_exhaustive]
pub struct CheckedRecord {
    /// The file.
    pub path: PathBuf,
    /// What it records.
    pub kind: &'static RecordKind,
    /// The sound lines, the header among them.
    pub lines: u64,
    /// The bytes that they take, from the beginning of the file.
    pub bytes: u64,
    /// The bytes of the file.
    pub file_bytes: u64,
    /// The finished trials of a search, or the finished runs of a comparison, in the sound lines.
    pub finished: u64,
    /// The trials of a search that were asked for and didn't finish. A comparison has none.
    pub unfinished: u64,
    /// Why the line after the sound ones isn't sound: a [`RecordError::Damaged`].
    pub damage: Option<RecordError>,
}

impl CheckedRecord {
    /// The bytes after the sound lines. Without damage, they are an incomplete last line, which doesn't keep anyone
    /// from resuming and which may be being written.
    #[must_use]
    pub const fn unsound_bytes(&self) -> u64 {
        self.file_bytes.saturating_sub(self.bytes)
    }
}

/// Reads a record to its end or to the first damage, even while it is written.
///
/// - `path`: the record's file, or the folder that holds it.
///
/// # Errors
/// [`RecordError`] if there is no record, it can't be read, or it has another format. Damage is no error, but part of
/// the result.
pub fn check(path: impl AsRef<Path>) -> Result<CheckedRecord, RecordError> {
    let path = record_file(path.as_ref());
    check_file(&path, open_read_only(&path)?)
}

/// The record's file if `path` is a folder.
pub(super) fn record_file(path: &Path) -> PathBuf {
    if !path.is_dir() {
        return path.to_owned();
    }
    let [journal, runs] = [journal::FILE_NAME, RUNS_FILE].map(|name| path.join(name));
    match !journal.exists() && runs.exists() {
        true => runs,
        false => journal,
    }
}

pub(super) fn check_file(path: &Path, mut file: File) -> Result<CheckedRecord, RecordError> {
    let unreadable = |source| RecordError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file_bytes = file.metadata().map_err(unreadable)?.len();
    let kind = kind(&mut file).map_err(unreadable)?;
    let reader = LogReader::new(path, file, kind)?;
    let (lines, finished, unfinished) = if kind == &RUNS {
        let survey = comparison::survey(reader)?;
        (survey.lines, survey.finished, 0)
    } else {
        let survey = search::journal::survey(reader)?;
        (survey.lines, survey.finished, survey.unfinished)
    };
    // It may have grown meanwhile.
    let incomplete = lines.torn.map_or(0, |torn| torn.bytes);
    Ok(CheckedRecord {
        path: path.to_owned(),
        kind,
        lines: lines.lines,
        bytes: lines.bytes,
        file_bytes: file_bytes.max(lines.bytes + incomplete),
        finished,
        unfinished,
        damage: lines.damage,
    })
}

/// The kind of record that begins like the file. One that begins like none is taken for a journal, and refused.
fn kind(file: &mut File) -> io::Result<&'static RecordKind> {
    let magic = RUNS.magic.as_bytes();
    let mut beginning = Vec::with_capacity(magic.len());
    file.take(magic.len() as u64).read_to_end(&mut beginning)?;
    file.rewind()?;
    Ok(match beginning == magic {
        true => &RUNS,
        false => &JOURNAL,
    })
}
