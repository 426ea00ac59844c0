//! Appending lines so that they last.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use serde::Serialize;

use super::JournalError;
use super::seal::seal;

/// When lines are forced to the disk itself, rather than left to the operating system.
///
/// Whatever the policy, a line is handed to the operating system before it counts: a process that is
/// killed loses nothing. The policy is about power cuts and kernel panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SyncPolicy {
    /// After every line.
    Always,
    /// After so many lines, and at the end.
    EveryN(u32),
    /// When the operating system sees fit.
    #[default]
    Never,
}

/// A text that is no policy.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is none of always, never, and a number of lines")]
pub struct UnknownSyncPolicy(String);

impl FromStr for SyncPolicy {
    type Err = UnknownSyncPolicy;

    /// `always`, `never`, or a number of lines.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "always" => Ok(Self::Always),
            "never" => Ok(Self::Never),
            _ => match text.parse() {
                Ok(lines) if lines > 0 => Ok(Self::EveryN(lines)),
                _ => Err(UnknownSyncPolicy(text.to_owned())),
            },
        }
    }
}

/// Where lines go: a file, or in tests something that fails.
pub(super) trait Storage: Write + Send {
    fn sync(&self) -> io::Result<()>;
    fn set_length(&self, length: u64) -> io::Result<()>;
}

impl Storage for File {
    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

/// Appends lines to a journal.
pub(super) struct Writer {
    path: PathBuf,
    storage: Box<dyn Storage>,
    pub(super) policy: SyncPolicy,
    buffer: Vec<u8>,
    chain: u32,
    /// How many bytes of the file count.
    length: u64,
    unsynced: u32,
}

impl Debug for Writer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Writer")
            .field("path", &self.path)
            .field("policy", &self.policy)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl Writer {
    pub(super) fn new(path: PathBuf, storage: Box<dyn Storage>) -> Self {
        Self {
            path,
            storage,
            policy: SyncPolicy::default(),
            buffer: Vec::new(),
            chain: 0,
            length: 0,
            unsynced: 0,
        }
    }

    /// Goes on after so many bytes with their checksum; what comes behind them is dropped.
    pub(super) fn go_on(&mut self, chain: u32, length: u64) -> Result<(), JournalError> {
        self.storage
            .set_length(length)
            .map_err(|source| self.unwritable(source))?;
        self.chain = chain;
        self.length = length;
        Ok(())
    }

    /// Appends the JSON object `content`, with the times and checksums added.
    pub(super) fn append(
        &mut self,
        content: &impl Serialize,
        times: &[(&str, Option<Duration>)],
    ) -> Result<(), JournalError> {
        self.append_if(content, times, |_| Ok(()))
    }

    /// The same, if `check` has nothing against the object's JSON.
    pub(super) fn append_if(
        &mut self,
        content: &impl Serialize,
        times: &[(&str, Option<Duration>)],
        check: impl FnOnce(&[u8]) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.buffer.clear();
        serde_json::to_writer(&mut self.buffer, content)
            .map_err(|source| JournalError::NoJson { source })?;
        check(&self.buffer)?;
        // The closing brace comes at the end.
        self.buffer.pop();
        let written = seal(&mut self.buffer, self.chain, |line| {
            write_times(line, times)
        })
        .and_then(|chain| self.storage.write_all(&self.buffer).map(|()| chain));
        self.chain = match written {
            Ok(chain) => chain,
            Err(source) => {
                // Half a line may stand there. If it can't be taken back, reading drops it.
                let _ = self.storage.set_length(self.length);
                return Err(self.unwritable(source));
            }
        };
        self.length += self.buffer.len() as u64;
        self.unsynced += 1;
        match self.policy {
            SyncPolicy::Always => self.sync(),
            SyncPolicy::EveryN(lines) if self.unsynced >= lines => self.sync(),
            _ => Ok(()),
        }
    }

    /// The search has ended.
    pub(super) fn finish(&mut self) -> Result<(), JournalError> {
        match self.policy {
            SyncPolicy::Never => Ok(()),
            _ if self.unsynced == 0 => Ok(()),
            _ => self.sync(),
        }
    }

    /// Makes a new file's name last, where folders can be synced.
    pub(super) fn sync_folder(&self) {
        if self.policy != SyncPolicy::Never
            && let Some(Ok(folder)) = self.path.parent().map(File::open)
        {
            // Not every file system can; the file's own content is synced all the same.
            let _ = folder.sync_all();
        }
    }

    fn sync(&mut self) -> Result<(), JournalError> {
        self.storage
            .sync()
            .map_err(|source| self.unwritable(source))?;
        self.unsynced = 0;
        Ok(())
    }

    fn unwritable(&self, source: io::Error) -> JournalError {
        JournalError::Unwritable {
            path: self.path.clone(),
            source,
        }
    }
}

/// Leaves out a time that there isn't.
fn write_times(line: &mut Vec<u8>, times: &[(&str, Option<Duration>)]) -> io::Result<()> {
    let known = times
        .iter()
        .filter_map(|(name, time)| Some((name, (*time)?)));
    for (name, time) in known {
        let (seconds, nanoseconds) = (time.as_secs(), time.subsec_nanos());
        write!(line, ",\"{name}\":{seconds}.{nanoseconds:09}")?;
    }
    Ok(())
}
