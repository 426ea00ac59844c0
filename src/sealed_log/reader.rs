//! Reading a log line by line.

use std::fmt::Display;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::error::RecordError;
use super::kind::RecordKind;
use super::raw_line::{LineEnd, MAX_LINE_BYTES, read_line};
use super::seal::{self, SealedParts};

/// Reads the lines of a log, checking each.
#[derive(Debug)]
pub(crate) struct LogReader {
    path: PathBuf,
    kind: &'static RecordKind,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    /// The checksum of all lines so far.
    chain: u32,
    /// How many whole lines were read, and how many bytes they take.
    lines: u64,
    length: u64,
    /// How many of them the line read last takes.
    line_bytes: u64,
    torn: Option<TornLine>,
}

/// The last line of a log, if it is incomplete: cut off, or with zeros where a block never reached the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TornLine {
    /// The line, from 1.
    pub(crate) line: u64,
    /// From there to the end of the file.
    pub(crate) bytes: u64,
}

/// A line with correct checksums.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SealedLine<'a> {
    /// The line, from 1.
    pub(crate) number: u64,
    /// A JSON object.
    pub(crate) content: &'a str,
    /// Its fields that depend on time, each with a comma before it.
    pub(crate) times: &'a str,
}

impl LogReader {
    /// Begins to read a file that must begin like a log of this kind, as far as it goes.
    pub(crate) fn new(
        path: &Path,
        file: File,
        kind: &'static RecordKind,
    ) -> Result<Self, RecordError> {
        let is_file = file.metadata().map(|metadata| metadata.is_file());
        let mut reader = Self {
            path: path.to_owned(),
            kind,
            reader: BufReader::with_capacity(1 << 18, file),
            buffer: Vec::new(),
            chain: 0,
            lines: 0,
            length: 0,
            line_bytes: 0,
            torn: None,
        };
        if !is_file.map_err(|source| reader.unreadable(source))? {
            let reason = io::Error::new(io::ErrorKind::InvalidInput, "it isn't a file");
            return Err(reader.unreadable(reason));
        }
        reader.check_magic()?;
        Ok(reader)
    }

    /// Reads the first line: `None` if it is missing or incomplete.
    pub(crate) fn header<H: DeserializeOwned>(&mut self) -> Result<Option<H>, RecordError> {
        Ok(self.header_with_times()?.map(|(header, _)| header))
    }

    /// As [`LogReader::header`], with the fields that depend on time ([`SealedLine::times`]).
    pub(crate) fn header_with_times<H: DeserializeOwned>(
        &mut self,
    ) -> Result<Option<(H, String)>, RecordError> {
        // The format comes first: the header of another one may look different.
        #[derive(Deserialize)]
        struct FormatField {
            format: u64,
        }
        if !self.read_line()? || self.ends_in_hole()? {
            return Ok(None);
        }
        let FormatField { format } =
            serde_json::from_slice(&self.buffer).map_err(|error| self.damaged(error))?;
        if format != self.kind.format {
            return Err(RecordError::Format {
                path: self.path.clone(),
                kind: self.kind,
                found: format,
                supported: self.kind.format,
            });
        }
        let parts = self.open_line()?;
        let line = self.sealed_line(parts)?;
        let times = line.times.to_owned();
        let header = serde_json::from_str(line.content);
        match header {
            Ok(header) => Ok(Some((header, times))),
            Err(error) => Err(self.damaged(error)),
        }
    }

    /// Reads the next line: `None` at the end of the file, where an incomplete line doesn't count.
    pub(crate) fn next_line(&mut self) -> Result<Option<SealedLine<'_>>, RecordError> {
        if !self.read_line()? {
            return Ok(None);
        }
        match self.open_line() {
            Ok(parts) => self.sealed_line(parts).map(Some),
            Err(_) if self.ends_in_hole()? => Ok(None),
            Err(damage) => Err(damage),
        }
    }

    /// The checksum that the next line continues.
    pub(crate) const fn chain(&self) -> u32 {
        self.chain
    }

    /// How many whole lines were read.
    pub(crate) const fn lines(&self) -> u64 {
        self.lines
    }

    /// How many bytes of the file count.
    pub(crate) const fn length(&self) -> u64 {
        self.length
    }

    /// The incomplete line, once the end of the file is reached.
    pub(crate) const fn torn(&self) -> Option<TornLine> {
        self.torn
    }

    /// The error that the line read last is not what was written.
    pub(crate) fn damaged(&self, reason: impl Display) -> RecordError {
        RecordError::Damaged {
            path: self.path.clone(),
            line: self.lines,
            reason: reason.to_string(),
        }
    }

    /// Refuses a file of another kind before its first line is read: such a file may have no lines.
    fn check_magic(&mut self) -> Result<(), RecordError> {
        let magic = self.kind.magic.as_bytes();
        let mut beginning = Vec::with_capacity(magic.len());
        self.reader
            .by_ref()
            .take(magic.len() as u64)
            .read_to_end(&mut beginning)
            .and_then(|_| self.reader.rewind())
            .map_err(|source| self.unreadable(source))?;
        match magic.starts_with(&beginning) {
            true => Ok(()),
            false => Err(RecordError::OtherKind {
                path: self.path.clone(),
                kind: self.kind,
            }),
        }
    }

    /// Reads a line into the buffer; false at the end of the file. Takes no more memory than a line may need, however
    /// many bytes come before the next line end: a power cut may leave gigabytes of zeros.
    fn read_line(&mut self) -> Result<bool, RecordError> {
        let read = read_line(&mut self.reader, &mut self.buffer);
        let (bytes, end) = read.map_err(|source| self.unreadable(source))?;
        match end {
            LineEnd::Whole => {
                self.lines += 1;
                self.length += bytes;
                self.line_bytes = bytes;
                Ok(true)
            }
            LineEnd::Torn => {
                if bytes > 0 {
                    self.torn = Some(TornLine {
                        line: self.lines + 1,
                        bytes,
                    });
                }
                Ok(false)
            }
        }
    }

    /// Checks the checksums of the line in the buffer.
    fn open_line(&self) -> Result<SealedParts, RecordError> {
        let bytes = self.line_bytes;
        if bytes > MAX_LINE_BYTES {
            return Err(self.damaged(format_args!(
                "it has {bytes} bytes, and no line has more than {MAX_LINE_BYTES}"
            )));
        }
        seal::open(&self.buffer, self.chain).map_err(|reason| self.damaged(reason))
    }

    /// Whether the whole line in the buffer, and all that follows it, is what a power cut leaves when the last blocks
    /// reach the disk in another order: zeros, which no line contains, and after them at most one whole line. It then
    /// counts as an incomplete last line. More lines after the zeros are no accident of the last moment, so that
    /// dropping them is left to a repair.
    fn ends_in_hole(&mut self) -> Result<bool, RecordError> {
        if !self.buffer.contains(&0) {
            return Ok(false);
        }
        let mut next = Vec::new();
        let mut dropped = self.line_bytes;
        for follower in 0..2 {
            let read = read_line(&mut self.reader, &mut next);
            let (bytes, end) = read.map_err(|source| self.unreadable(source))?;
            dropped += bytes;
            match end {
                LineEnd::Torn => {
                    self.length -= self.line_bytes;
                    self.torn = Some(TornLine {
                        line: self.lines,
                        bytes: dropped,
                    });
                    self.lines -= 1;
                    return Ok(true);
                }
                LineEnd::Whole if follower == 0 && seal::is_whole(&next) => {}
                _ => break,
            }
        }
        Ok(false)
    }

    /// The line in the buffer, which has the right checksums.
    fn sealed_line(
        &mut self,
        SealedParts {
            content,
            times,
            chain,
        }: SealedParts,
    ) -> Result<SealedLine<'_>, RecordError> {
        self.chain = chain;
        // The comma before the checksum makes room for the brace that the content lacks.
        self.buffer[content] = b'}';
        match std::str::from_utf8(&self.buffer) {
            Ok(line) => Ok(SealedLine {
                number: self.lines,
                content: &line[..=content],
                times: &line[times],
            }),
            Err(error) => Err(self.damaged(error)),
        }
    }

    fn unreadable(&self, source: io::Error) -> RecordError {
        RecordError::Unreadable {
            path: self.path.clone(),
            source,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs::OpenOptions;

    use super::super::raw_line::MAX_CONTENT_BYTES;
    use super::super::{LockPolicy, LockedFile, LogWriter};
    use super::*;

    static KIND: RecordKind = RecordKind {
        magic: "{\"log\":",
        format: 1,
        name: "a log",
        noun: "log",
        entry: "value",
        task: "test",
    };

    #[test]
    fn what_follows_the_last_line_takes_no_more_memory_than_a_line() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = LockedFile::open(&path, LockPolicy::Required).unwrap();
        let mut writer = LogWriter::new(path.clone(), &KIND, Box::new(log));
        writer.append(&serde_json::json!({"log": 1}), &[]).unwrap();
        drop(writer);
        let file = OpenOptions::new().append(true).open(&path).unwrap();
        let length = file.metadata().unwrap().len();
        file.set_len(length + (100 << 20)).unwrap();
        let mut reader = LogReader::new(&path, File::open(&path).unwrap(), &KIND).unwrap();
        assert!(reader.next_line().unwrap().is_some());
        assert!(reader.next_line().unwrap().is_none());
        let torn = TornLine {
            line: 2,
            bytes: 100 << 20,
        };
        assert_eq!(reader.torn(), Some(torn));
        assert_eq!(reader.length(), length);
        assert!(reader.buffer.capacity() as u64 <= 2 * MAX_LINE_BYTES);
    }

    #[test]
    fn a_line_that_could_not_be_read_back_is_not_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let log = LockedFile::open(&path, LockPolicy::Required).unwrap();
        let mut writer = LogWriter::new(path.clone(), &KIND, Box::new(log));
        let longest = "x".repeat(MAX_CONTENT_BYTES - "{\"log\":\"\"}".len());
        writer
            .append(&serde_json::json!({"log": longest}), &[])
            .unwrap();
        let error = writer.append(&serde_json::json!({"log": longest + "x"}), &[]);
        assert!(matches!(error, Err(RecordError::NoJson { .. })));
        let mut reader = LogReader::new(&path, File::open(&path).unwrap(), &KIND).unwrap();
        assert!(reader.next_line().unwrap().is_some());
        assert!(reader.next_line().unwrap().is_none());
        drop(writer);
        // Nor is a longer one read.
        let file = File::options().append(true).open(&path).unwrap();
        io::copy(
            &mut io::repeat(b'x').take(MAX_LINE_BYTES).chain(&b"\n"[..]),
            &mut &file,
        )
        .unwrap();
        let mut reader = LogReader::new(&path, File::open(&path).unwrap(), &KIND).unwrap();
        reader.next_line().unwrap();
        let error = reader.next_line().unwrap_err();
        assert!(
            error.to_string().contains("no line has more than"),
            "{error}"
        );
    }
}
