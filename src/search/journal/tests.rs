//! Disks that fail.

use std::io::{self, Write};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::{Journal, JournalError, RecordError, SyncPolicy, read};
use crate::algorithm::Evolution;
use crate::evaluator::Context;
use crate::executor::Serial;
use crate::sealed_log::{CHECK, Storage};
use crate::search::{Budget, Search, SearchError, SearchResult};
use crate::spaces::bits::{BitsSpace, FlipOneBit};
use crate::trial::Evaluation;

/// A disk with room for a number of bytes; a broken one can't shorten a file.
#[derive(Clone, Default)]
struct Disk {
    content: Arc<Mutex<Vec<u8>>>,
    room: usize,
    broken: bool,
    sync_fails: bool,
    synced: Arc<Mutex<usize>>,
}

impl Disk {
    fn content(&self) -> Vec<u8> {
        self.content.lock().unwrap().clone()
    }
}

impl Write for Disk {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut content = self.content.lock().unwrap_or_else(PoisonError::into_inner);
        let fits = (self.room - content.len()).min(bytes.len());
        content.extend_from_slice(&bytes[..fits]);
        match fits {
            0 => Err(io::ErrorKind::StorageFull.into()),
            _ => Ok(fits),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Storage for Disk {
    fn sync(&self) -> io::Result<()> {
        *self.synced.lock().unwrap() += 1;
        match self.sync_fails {
            true => Err(io::ErrorKind::TimedOut.into()),
            false => Ok(()),
        }
    }

    fn is_at(&self, _: &Path) -> io::Result<bool> {
        Ok(true)
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        if self.broken && length > 0 {
            return Err(io::ErrorKind::ReadOnlyFilesystem.into());
        }
        self.content.lock().unwrap().truncate(length as usize);
        Ok(())
    }
}

type Bits = Vec<bool>;

fn search(journal: Journal) -> Result<SearchResult<Bits>, SearchError> {
    let ones = |bits: &Bits, _: &Context<'_>| {
        Ok(Evaluation::new(
            bits.iter().filter(|&&bit| bit).count() as f64
        ))
    };
    let evolution = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
        .population(5)
        .sample(2)
        .seed(1)
        .build()
        .unwrap();
    Search::new(evolution, Serial::new(ones), Budget::trials(30))
        .journal(journal)
        .run()
}

fn whole() -> Vec<u8> {
    let disk = Disk {
        room: usize::MAX,
        ..Disk::default()
    };
    search(Journal::on(Box::new(disk.clone()))).unwrap();
    disk.content()
}

/// Lines without what depends on time.
fn timeless(content: &[u8]) -> Vec<String> {
    let end = |line: &str| line.rfind(CHECK).unwrap() + CHECK.len() + 8;
    std::str::from_utf8(content)
        .unwrap()
        .lines()
        .map(|line| line[..end(line)].to_owned())
        .collect()
}

#[test]
fn a_full_disk_ends_the_search_and_loses_nothing_that_was_acknowledged() {
    let whole = whole();
    let header = 1 + whole.iter().position(|&byte| byte == b'\n').unwrap();
    for (room, broken) in (0..whole.len())
        .step_by(97)
        .zip([false, true].iter().cycle())
    {
        let disk = Disk {
            room,
            broken: *broken,
            ..Disk::default()
        };
        let error = search(Journal::on(Box::new(disk.clone()))).unwrap_err();
        let message = error.to_string();
        let SearchError::Journal(JournalError::Record(RecordError::Unwritable {
            source,
            recorded,
            ..
        })) = error
        else {
            panic!("{message}");
        };
        assert_eq!(recorded, room >= header, "room for {room} bytes");
        assert_eq!(recorded, message.contains("is safe"), "{message}");
        assert_eq!(source.kind(), io::ErrorKind::StorageFull);
        // With room again the search resumes to the same end.
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("journal.jsonl");
        std::fs::write(&file, disk.content()).unwrap();
        search(Journal::open_or_create(folder.path()).unwrap()).unwrap();
        let resumed = timeless(&std::fs::read(&file).unwrap());
        assert!(resumed == timeless(&whole), "room for {room} bytes");
        assert_eq!(read::<Bits>(folder.path()).unwrap().history.len(), 30);
    }
}

#[test]
fn the_sync_policy_says_how_often_the_disk_is_asked() {
    for (policy, expected) in [
        (SyncPolicy::Always, 61),
        (SyncPolicy::EveryN(10), 7),
        (SyncPolicy::Never, 1),
    ] {
        let disk = Disk {
            room: usize::MAX,
            ..Disk::default()
        };
        search(Journal::on(Box::new(disk.clone())).sync(policy)).unwrap();
        assert_eq!(*disk.synced.lock().unwrap(), expected, "{policy:?}");
    }
    let disk = Disk {
        room: usize::MAX,
        sync_fails: true,
        ..Disk::default()
    };
    // Under any policy the search ends with an error if the disk refuses in the end what it accepted before.
    for policy in [SyncPolicy::Always, SyncPolicy::Never] {
        let error = search(Journal::on(Box::new(disk.clone())).sync(policy)).unwrap_err();
        assert!(
            matches!(
                error,
                SearchError::Journal(JournalError::Record(RecordError::Unwritable { .. }))
            ),
            "{policy:?}: {error}"
        );
    }
}
