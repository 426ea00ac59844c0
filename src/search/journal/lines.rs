//! Reading a journal line by line.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::header::{FORMAT, Header, MAGIC};
use super::line::{Entry, parse};
use super::{JournalError, Warning};

/// What stands between the part of a line that is checked and the rest.
pub(super) const CHECK: &str = ",\"check\":\"";

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
            header: Header::new(Default::default(), String::new()),
            chain: 0,
            lines: 0,
            length: 0,
            torn: None,
        };
        let not_a_journal = || JournalError::NotAJournal(path.to_owned());
        let whole = lines.read_line()?;
        let begins = MAGIC.as_bytes();
        let shared = begins.len().min(lines.buffer.len());
        if lines.buffer[..shared] != begins[..shared] {
            return Err(not_a_journal());
        }
        if !whole {
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
        let checked = lines.verify()?;
        let (content, _) = lines.content(checked)?;
        lines.header = serde_json::from_str(content).map_err(|error| lines.damaged(error))?;
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
        let checked = self.verify()?;
        let (content, end) = self.content(checked)?;
        parse(self.lines, content, end)
            .map(Some)
            .map_err(|reason| self.damaged(reason))
    }

    /// Reads the next line; false at the end of the file, where a line without an end doesn't count.
    fn read_line(&mut self) -> Result<bool, JournalError> {
        self.buffer.clear();
        self.reader
            .read_until(b'\n', &mut self.buffer)
            .map_err(|source| JournalError::Unreadable {
                path: self.path.clone(),
                source,
            })?;
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

    /// Compares the line's checksum; returns where the part that it covers ends, and closes that part.
    fn verify(&mut self) -> Result<usize, JournalError> {
        // The last k of a whole line is that of "check".
        let checked = self
            .buffer
            .iter()
            .rposition(|&byte| byte == b'k')
            .and_then(|place| place.checked_sub(",\"chec".len()))
            .filter(|&place| self.buffer[place..].starts_with(CHECK.as_bytes()))
            .ok_or_else(|| self.damaged("it has no checksum"))?;
        let digits = &self.buffer[checked + CHECK.len()..];
        let recorded = digits
            .get(..8)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .and_then(|digits| u32::from_str_radix(digits, 16).ok());
        let chain = checksum(self.chain, &self.buffer[..checked]);
        if recorded != Some(chain) {
            return Err(self.damaged(
                "its checksum is wrong: this line was changed, or one before it is missing",
            ));
        }
        self.chain = chain;
        // The comma before the checksum makes room for the brace that the checked part lacks.
        self.buffer[checked] = b'}';
        Ok(checked)
    }

    /// The checked part of the line as a whole JSON object, and the rest from the checksum on.
    fn content(&self, checked: usize) -> Result<(&str, &str), JournalError> {
        match std::str::from_utf8(&self.buffer) {
            Ok(line) => Ok((&line[..=checked], &line[checked + CHECK.len()..])),
            Err(error) => Err(self.damaged(error)),
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

/// The checksum of a line that follows others.
pub(super) fn checksum(chain: u32, bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(bytes);
    hasher.finalize()
}
