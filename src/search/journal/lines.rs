//! Reading a journal line by line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use serde_json::Value;

use super::header::{FORMAT, Header, MAGIC};
use super::line::{Entry, NoEntry, parse};
use super::seal::{self, Parts};
use super::{JournalError, Warning};

/// The lines of a journal after its header.
#[derive(Debug)]
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    buffer: Vec<u8>,
    header: Header,
    /// The checksum of all lines so far.
    chain: u32,
    /// How many whole lines were read, and how many bytes they are.
    lines: u64,
    length: u64,
    torn: Option<Warning>,
}

impl Lines {
    /// Reads the header. An empty file, or one whose header is torn, holds nothing: then the inner
    /// result says what to warn of.
    pub(super) fn open(
        path: &Path,
        file: File,
    ) -> Result<Result<Self, Option<Warning>>, JournalError> {
        let mut lines = Self {
            path: path.to_owned(),
            reader: BufReader::with_capacity(1 << 18, file),
            buffer: Vec::new(),
            header: Header::new(Default::default(), Value::Null),
            chain: 0,
            lines: 0,
            length: 0,
            torn: None,
        };
        lines.check_magic()?;
        if !lines.read_line()? {
            return Ok(Err(lines.torn));
        }
        // The format first: another one may have another header.
        #[derive(serde::Deserialize)]
        struct Format {
            format: u64,
        }
        let Format { format } =
            serde_json::from_slice(&lines.buffer).map_err(|error| lines.damaged(error))?;
        if format != FORMAT {
            return Err(JournalError::Format {
                path: path.to_owned(),
                found: format,
                supported: FORMAT,
            });
        }
        let (content, _) = lines.open_line()?;
        let header = serde_json::from_str(content);
        lines.header = header.map_err(|error| lines.damaged(error))?;
        Ok(Ok(lines))
    }

    pub(super) const fn header(&self) -> &Header {
        &self.header
    }

    /// The checksum to go on from.
    pub(super) const fn chain(&self) -> u32 {
        self.chain
    }

    /// How many bytes of the file count.
    pub(super) const fn length(&self) -> u64 {
        self.length
    }

    /// What is amiss at the end, once it is reached.
    pub(super) fn torn(&self) -> Option<Warning> {
        self.torn.clone()
    }

    pub(super) fn next_entry<G: DeserializeOwned>(
        &mut self,
    ) -> Result<Option<Entry<G>>, JournalError> {
        if !self.read_line()? {
            return Ok(None);
        }
        let number = self.lines;
        let (content, times) = self.open_line()?;
        let entry = parse(number, content, times);
        entry.map(Some).map_err(|error| match error {
            NoEntry::Damaged(reason) => self.damaged(reason),
            NoEntry::OtherGenotype(reason) => JournalError::OtherGenotype {
                path: self.path.clone(),
                line: number,
                reason,
            },
        })
    }

    /// Looks whether the file begins like a journal, as far as it goes. Other files may have no lines:
    /// nothing more of them is read.
    fn check_magic(&mut self) -> Result<(), JournalError> {
        let mut begins = Vec::with_capacity(MAGIC.len());
        self.reader
            .by_ref()
            .take(MAGIC.len() as u64)
            .read_to_end(&mut begins)
            .and_then(|_| self.reader.rewind())
            .map_err(|source| self.unreadable(source))?;
        if MAGIC.as_bytes().starts_with(&begins) {
            Ok(())
        } else {
            Err(JournalError::NotAJournal(self.path.clone()))
        }
    }

    /// Reads the next line; false at the end of the file, where a line without an end doesn't count.
    fn read_line(&mut self) -> Result<bool, JournalError> {
        self.buffer.clear();
        self.reader
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| self.unreadable(source))?;
        if self.buffer.last() != Some(&b'\n') {
            if !self.buffer.is_empty() {
                self.torn = Some(Warning::TornLine {
                    line: self.lines + 1,
                    bytes: self.buffer.len(),
                });
            }
            return Ok(false);
        }
        self.lines += 1;
        self.length += self.buffer.len() as u64;
        Ok(true)
    }

    /// Checks the line; returns its content, a JSON object, and its times.
    fn open_line(&mut self) -> Result<(&str, &str), JournalError> {
        let Parts {
            content,
            times,
            chain,
        } = seal::open(&self.buffer, self.chain).map_err(|reason| self.damaged(reason))?;
        self.chain = chain;
        // The comma before the checksum makes room for the brace that the content lacks.
        self.buffer[content] = b'}';
        match std::str::from_utf8(&self.buffer) {
            Ok(line) => Ok((&line[..=content], &line[times])),
            Err(error) => Err(self.damaged(error)),
        }
    }

    fn unreadable(&self, source: io::Error) -> JournalError {
        JournalError::Unreadable {
            path: self.path.clone(),
            source,
        }
    }

    fn damaged(&self, reason: impl std::fmt::Display) -> JournalError {
        JournalError::Damaged {
            path: self.path.clone(),
            line: self.lines,
            reason: reason.to_string(),
        }
    }
}
