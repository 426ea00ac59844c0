//! Reading while replaying.

use std::panic::resume_unwind;
use std::path::Path;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde::de::DeserializeOwned;

use super::entry::{JournalEntry, next_entry};
use super::error::JournalError;
use crate::sealed_log::LogReader;
use crate::search::SearchError;
use crate::search::guarded::guarded;

/// Takes a recorded entry.
pub(in crate::search) type TakeEntry<'a, G> =
    dyn FnMut(JournalEntry<G>) -> Result<(), SearchError> + 'a;

/// How many entries go from one thread to the other at a time.
const BATCH: usize = 256;

/// Reads entries in a second thread while this one replays earlier ones: reading is half the work.
pub(super) fn read_ahead<G: DeserializeOwned + Send>(
    log: &mut LogReader,
    path: &Path,
    each: &mut TakeEntry<'_, G>,
) -> Result<(), SearchError> {
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(4);
        let reader =
            scope.spawn(move || guarded("reading a genotype", || read(log, path, &sender)));
        for entry in batches.into_iter().flatten() {
            each(entry)?;
        }
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(read??)
    })
}

/// Sends all entries up to the end or a damaged line.
fn read<G: DeserializeOwned>(
    reader: &mut LogReader,
    path: &Path,
    batches: &SyncSender<Vec<JournalEntry<G>>>,
) -> Result<(), JournalError> {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        let ended = loop {
            match next_entry(reader, path) {
                Ok(Some(entry)) => batch.push(entry),
                Ok(None) => break Some(Ok(())),
                Err(error) => break Some(Err(error)),
            }
            if batch.len() == BATCH {
                break None;
            }
        };
        // The receiver is gone if the replay has failed.
        if batches.send(batch).is_err() {
            return Ok(());
        }
        if let Some(ended) = ended {
            return ended;
        }
    }
}
