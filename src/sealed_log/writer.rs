//! Appending lines durably.

use std::fmt::{self, Debug};
use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use serde::Serialize;

use super::error::RecordError;
use super::kind::RecordKind;
use super::reader::MAX_CONTENT_BYTES;
use super::seal::seal;

/// When lines are forced to the disk itself instead of being left to the operating system.
///
/// Under every policy, a line is handed to the operating system before it counts, so a process that is killed
/// loses nothing. The policy is for power cuts and kernel panics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SyncPolicy {
    /// After every line.
    Always,
    /// After this many lines, and at the end.
    EveryN(u32),
    /// Whenever the operating system decides.
    #[default]
    Never,
}

/// Where lines go: a file, or in tests something that fails.
pub(crate) trait Storage: Write + Send {
    fn sync(&self) -> io::Result<()>;
    fn set_length(&self, length: u64) -> io::Result<()>;
}

/// Appends lines to a log.
pub(crate) struct LogWriter {
    path: PathBuf,
    kind: &'static RecordKind,
    storage: Box<dyn Storage>,
    pub(crate) policy: SyncPolicy,
    buffer: Vec<u8>,
    chain: u32,
    /// How many bytes of the file count.
    length: u64,
    unsynced: u32,
}

impl Debug for LogWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LogWriter")
            .field("path", &self.path)
            .field("policy", &self.policy)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl LogWriter {
    pub(crate) fn new(path: PathBuf, kind: &'static RecordKind, storage: Box<dyn Storage>) -> Self {
        Self {
            path,
            kind,
            storage,
            policy: SyncPolicy::default(),
            buffer: Vec::new(),
            chain: 0,
            length: 0,
            unsynced: 0,
        }
    }

    /// Continues after the first `length` bytes, whose checksum is `chain`, and drops the rest.
    pub(crate) fn resume(&mut self, chain: u32, length: u64) -> Result<(), RecordError> {
        self.storage
            .set_length(length)
            .map_err(|source| self.unwritable(source))?;
        self.chain = chain;
        self.length = length;
        Ok(())
    }

    /// Appends the JSON object `content`, with the times and checksums added.
    pub(crate) fn append(
        &mut self,
        content: &impl Serialize,
        times: &[(&str, Option<Duration>)],
    ) -> Result<(), RecordError> {
        self.append_if(content, times, |_| Ok(()))
    }

    /// Appends it only if `check` accepts the object's JSON.
    pub(crate) fn append_if<E: From<RecordError>>(
        &mut self,
        content: &impl Serialize,
        times: &[(&str, Option<Duration>)],
        check: impl FnOnce(&[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        self.buffer.clear();
        let kind = self.kind;
        serde_json::to_writer(&mut self.buffer, content)
            .map_err(|source| RecordError::NoJson { kind, source })?;
        if self.buffer.len() > MAX_CONTENT_BYTES {
            let reason = format_args!("it takes more than {MAX_CONTENT_BYTES} bytes");
            let source = serde::ser::Error::custom(reason);
            return Err(RecordError::NoJson { kind, source }.into());
        }
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
                // Half a line may have been written. If it can't be taken back, reading drops it.
                let _ = self.storage.set_length(self.length);
                return Err(self.unwritable(source).into());
            }
        };
        self.length += self.buffer.len() as u64;
        self.unsynced += 1;
        match self.policy {
            SyncPolicy::Always => self.sync()?,
            SyncPolicy::EveryN(lines) if self.unsynced >= lines => self.sync()?,
            _ => {}
        }
        Ok(())
    }

    /// Syncs what is left to sync: the log is complete.
    pub(crate) fn finish(&mut self) -> Result<(), RecordError> {
        match self.policy {
            SyncPolicy::Never => Ok(()),
            _ if self.unsynced == 0 => Ok(()),
            _ => self.sync(),
        }
    }

    /// Makes the name of a new file durable, where folders can be synced.
    pub(crate) fn sync_folder(&self) {
        if self.policy != SyncPolicy::Never
            && let Some(Ok(folder)) = self.path.parent().map(File::open)
        {
            // Not every file system can; the file's own content is synced all the same.
            let _ = folder.sync_all();
        }
    }

    fn sync(&mut self) -> Result<(), RecordError> {
        self.storage
            .sync()
            .map_err(|source| self.unwritable(source))?;
        self.unsynced = 0;
        Ok(())
    }

    fn unwritable(&self, source: io::Error) -> RecordError {
        RecordError::Unwritable {
            path: self.path.clone(),
            source,
            recorded: self.length > 0,
        }
    }
}

/// Leaves out times that are `None`.
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
