//! Cutting a record off where it is damaged.

use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, BufWriter, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use super::check::{CheckedRecord, check_file, record_file};
use crate::sealed_log::{
    LockPolicy, LockedFile, RecordError, Storage as _, beside, open_read_only,
};

/// What a repair did.
#[derive(Debug)]
#[non_exhaustive]
pub struct RepairedRecord {
    /// How far the record was sound, which is all that it holds now.
    pub checked: CheckedRecord,
    /// The file that keeps what was cut off.
    pub cut: PathBuf,
    /// The bytes that were cut off.
    pub cut_bytes: u64,
    /// How many lines they were, an incomplete one included.
    pub cut_lines: u64,
}

/// Cuts a record off after its sound lines. What is cut off is kept in a file next to it, whose name has `.cut`
/// appended. A record that is sound to its end stays as it is: `None`.
///
/// - `path`: the record's file, or the folder that holds it.
///
/// # Errors
/// [`RecordError`] if there is no record, another process is using it, it has another format, or a file can't be read,
/// written or locked; and [`RecordError::Damaged`] if not even its first line is sound: every other line depends on
/// it.
pub fn repair(
    path: impl AsRef<Path>,
    lock: LockPolicy,
) -> Result<Option<RepairedRecord>, RecordError> {
    let path = record_file(path.as_ref());
    // A pipe, for example, is no record, and reading it could wait for ever.
    drop(open_read_only(&path)?);
    let file = LockedFile::open(&path, lock)?;
    let unreadable = |source| RecordError::Unreadable {
        path: path.clone(),
        source,
    };
    let reader = || file.reader().map_err(unreadable);
    let checked = check_file(&path, reader()?)?;
    let cut_bytes = checked.unsound_bytes();
    match checked.damage {
        Some(damage) if checked.lines == 0 => return Err(damage),
        None if cut_bytes == 0 => return Ok(None),
        _ => {}
    }
    let mut reader = reader()?;
    reader
        .seek(SeekFrom::Start(checked.bytes))
        .map_err(unreadable)?;
    let (cut, cut_lines) = keep(reader, &path)?;
    // The rest is on the disk by now.
    let shortened = file.set_length(checked.bytes).and_then(|()| file.sync());
    shortened.map_err(|source| RecordError::Unwritable {
        path: path.clone(),
        source,
        recorded: true,
    })?;
    Ok(Some(RepairedRecord {
        checked,
        cut,
        cut_bytes,
        cut_lines,
    }))
}

/// Copies the rest of a record into a new file next to it; returns the file, and how many lines it has.
fn keep(rest: File, record: &Path) -> Result<(PathBuf, u64), RecordError> {
    let mut path = beside(record, ".cut");
    let mut number = 1_u32;
    let file = loop {
        match File::create_new(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                number += 1;
                path = beside(record, &format!(".cut{number}"));
            }
            other => break other,
        }
    };
    let copied = file.and_then(|file| {
        let lines = copy(rest, &file)?;
        file.sync_all().map(|()| lines)
    });
    match copied {
        Ok(lines) => Ok((path, lines)),
        Err(source) => {
            // Half of what was cut off is of no use, and the record still has it all.
            let _ = fs::remove_file(&path);
            Err(RecordError::Unwritable {
                path,
                source,
                recorded: false,
            })
        }
    }
}

/// Copies a file and counts its lines.
fn copy(from: File, to: &File) -> io::Result<u64> {
    let (mut from, mut to) = (BufReader::with_capacity(1 << 18, from), BufWriter::new(to));
    let (mut lines, mut in_line) = (0, false);
    loop {
        let piece = from.fill_buf()?;
        let Some(last) = piece.last() else {
            break;
        };
        in_line = *last != b'\n';
        lines += piece.iter().filter(|&&byte| byte == b'\n').count() as u64;
        to.write_all(piece)?;
        let bytes = piece.len();
        from.consume(bytes);
    }
    to.flush()?;
    Ok(lines + u64::from(in_line))
}
