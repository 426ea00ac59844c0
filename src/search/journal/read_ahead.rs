//! Reading while replaying.

use std::panic::resume_unwind;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use serde::de::DeserializeOwned;

use super::lines::Lines;
use super::{Entry, JournalError, Replayed};
use crate::search::SearchError;
use crate::search::guarded::guarded;

/// How many entries go from one thread to the other at a time.
const BATCH: usize = 256;

/// Reads lines in a second thread while this one replays those before: reading is half the work.
pub(super) fn read_ahead<G: DeserializeOwned + Send>(
    lines: &mut Lines,
    each: &mut Replayed<'_, G>,
) -> Result<(), SearchError> {
    thread::scope(|scope| {
        let (sender, batches) = sync_channel(4);
        let reader = scope.spawn(move || guarded("reading a genotype", || read(lines, &sender)));
        for entry in batches.into_iter().flatten() {
            each(entry)?;
        }
        let read = reader.join().unwrap_or_else(|panic| resume_unwind(panic));
        Ok(read??)
    })
}

/// Sends all entries, those before a damaged line too.
fn read<G: DeserializeOwned>(
    lines: &mut Lines,
    batches: &SyncSender<Vec<Entry<G>>>,
) -> Result<(), JournalError> {
    loop {
        let mut batch = Vec::with_capacity(BATCH);
        let ended = loop {
            match lines.next_entry() {
                Ok(Some(entry)) => batch.push(entry),
                Ok(None) => break Some(Ok(())),
                Err(error) => break Some(Err(error)),
            }
            if batch.len() == BATCH {
                break None;
            }
        };
        // Nobody takes it once the replay has failed; then there is nothing more to read.
        if batches.send(batch).is_err() {
            return Ok(());
        }
        if let Some(ended) = ended {
            return ended;
        }
    }
}
