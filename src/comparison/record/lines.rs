//! Reading a record of runs.

use std::fmt::Display;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::settings::{FORMAT, MAGIC};
use super::{Line, RunRecordError, Settings};
use crate::comparison::Run;
use crate::search::journal::seal;

/// The lines of a record, from the first.
pub(super) struct Lines {
    path: PathBuf,
    text: Vec<u8>,
    /// The checksum of all lines so far, how many they are, and how many bytes.
    chain: u32,
    lines: u64,
    length: usize,
}

impl Lines {
    pub(super) fn read(path: &Path, mut file: &File) -> Result<Self, RunRecordError> {
        let mut text = Vec::new();
        file.read_to_end(&mut text)
            .map_err(|source| RunRecordError::Unreadable {
                path: path.to_owned(),
                source,
            })?;
        let begins = &text[..text.len().min(MAGIC.len())];
        if !MAGIC.as_bytes().starts_with(begins) {
            return Err(RunRecordError::NotARecord(path.to_owned()));
        }
        Ok(Self {
            path: path.to_owned(),
            text,
            chain: 0,
            lines: 0,
            length: 0,
        })
    }

    /// The first line; none if it isn't there, or not to its end.
    pub(super) fn settings(&mut self) -> Result<Option<Settings>, RunRecordError> {
        // The format first: another one may have another first line.
        #[derive(Deserialize)]
        struct Format {
            format: u64,
        }
        let Some(line) = self.whole_line() else {
            return Ok(None);
        };
        let format = serde_json::from_slice::<Format>(line).map(|first| first.format);
        match format {
            Ok(FORMAT) => self.next_object(),
            Ok(found) => Err(RunRecordError::Format {
                path: self.path.clone(),
                found,
                supported: FORMAT,
            }),
            Err(reason) => {
                self.lines += 1;
                Err(self.damaged(reason))
            }
        }
    }

    /// The next run; none at the end, where a line without its own end doesn't count.
    pub(super) fn next_line(&mut self) -> Result<Option<Line<Run>>, RunRecordError> {
        self.next_object()
    }

    /// The checksum to go on from, and how many bytes count.
    pub(super) const fn end(&self) -> (u32, u64) {
        (self.chain, self.length as u64)
    }

    /// That the last line that was read is not as it was written.
    pub(super) fn damaged(&self, reason: impl Display) -> RunRecordError {
        RunRecordError::Damaged {
            path: self.path.clone(),
            line: self.lines,
            reason: reason.to_string(),
        }
    }

    fn whole_line(&self) -> Option<&[u8]> {
        let rest = &self.text[self.length..];
        let end = rest.iter().position(|&byte| byte == b'\n')?;
        Some(&rest[..=end])
    }

    fn next_object<T: DeserializeOwned>(&mut self) -> Result<Option<T>, RunRecordError> {
        let Some(line) = self.whole_line() else {
            return Ok(None);
        };
        let (length, opened) = (line.len(), seal::open(line, self.chain));
        self.lines += 1;
        let parts = opened.map_err(|reason| self.damaged(reason))?;
        // The content lacks the brace that closes it.
        let mut content = self.text[self.length..][..parts.content].to_vec();
        content.push(b'}');
        self.chain = parts.chain;
        self.length += length;
        serde_json::from_slice(&content)
            .map(Some)
            .map_err(|reason| self.damaged(reason))
    }
}
