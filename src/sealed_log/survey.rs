//! How far a log is sound.

use super::error::RecordError;
use super::reader::{LogReader, SealedLine, TornLine};

/// How far a log is sound.
#[derive(Debug)]
pub(crate) struct Survey {
    /// The sound lines, and how many bytes they take.
    pub(crate) lines: u64,
    pub(crate) bytes: u64,
    /// Why the next line isn't sound, if it isn't.
    pub(crate) damage: Option<RecordError>,
    /// The last line, if it is incomplete.
    pub(crate) torn: Option<TornLine>,
}

/// Reads a log to its end or the first line that isn't sound. `header` reads the first line, false if there is none,
/// and `check` judges the content of the others.
pub(crate) fn survey(
    mut reader: LogReader,
    header: impl FnOnce(&mut LogReader) -> Result<bool, RecordError>,
    mut check: impl FnMut(SealedLine<'_>) -> Result<(), String>,
) -> Result<Survey, RecordError> {
    let (mut lines, mut bytes) = (0, 0);
    let read = header(&mut reader).and_then(|found| {
        if !found {
            return Ok(());
        }
        loop {
            (lines, bytes) = (reader.lines(), reader.length());
            let Some(line) = reader.next_line()? else {
                return Ok(());
            };
            check(line).map_err(|reason| reader.damaged(reason))?;
        }
    });
    let damage = match read {
        Ok(()) => None,
        Err(damage @ RecordError::Damaged { .. }) => Some(damage),
        Err(error) => return Err(error),
    };
    Ok(Survey {
        lines,
        bytes,
        damage,
        torn: reader.torn(),
    })
}
