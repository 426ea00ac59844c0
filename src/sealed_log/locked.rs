//! Exclusive access to a file.

use std::fs::{self, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::RecordError;
use super::writer::Storage;
use crate::input::open_file;

/// Whether a record must be locked, which keeps a second process from writing it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LockPolicy {
    /// A record that can't be locked is refused ([`RecordError::NoLock`]).
    #[default]
    Required,
    /// Where the file system has no locks, as some network file systems, the record is used without one. You see to
    /// it that no other process uses it.
    Optional,
}

/// A file to append to, locked against other processes until it and its clones are dropped.
#[derive(Clone, Debug)]
pub(crate) struct LockedFile(Arc<UnlockedOnDrop>);

#[derive(Debug)]
struct UnlockedOnDrop {
    file: File,
    /// What is locked, if it isn't the file itself.
    lock: Option<File>,
}

/// Where the lock is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum LockPlace {
    /// On the file itself, which is opened to append only. A lock is advisory, so that others can read meanwhile.
    File,
    /// On a file next to it with `.lock` appended to its name. On Windows, a lock would keep others from reading, and
    /// a file that is opened to append can't be shortened.
    Beside,
}

const PLACE: LockPlace = match cfg!(unix) {
    true => LockPlace::File,
    false => LockPlace::Beside,
};

impl LockedFile {
    /// Opens a file, or creates it with the folders that lead to it.
    pub(crate) fn open(path: &Path, policy: LockPolicy) -> Result<Self, RecordError> {
        Self::open_as(path, policy, PLACE, File::try_lock)
    }

    fn open_as(
        path: &Path,
        policy: LockPolicy,
        place: LockPlace,
        try_lock: impl FnOnce(&File) -> Result<(), TryLockError>,
    ) -> Result<Self, RecordError> {
        let unwritable = |path: &Path, source| RecordError::Unwritable {
            path: path.to_owned(),
            source,
            recorded: false,
        };
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        }
        let mut options = OpenOptions::new();
        options.read(true).create(true);
        match place {
            LockPlace::File => options.append(true),
            LockPlace::Beside => options.write(true).truncate(false),
        };
        let open = |path: &Path| {
            options
                .open(path)
                .map_err(|source| unwritable(path, source))
        };
        let lock = match place {
            LockPlace::File => None,
            LockPlace::Beside => Some(open(&beside(path, ".lock"))?),
        };
        let file = open(path)?;
        match try_lock(lock.as_ref().unwrap_or(&file)) {
            Err(TryLockError::WouldBlock) => return Err(RecordError::InUse(path.to_owned())),
            Err(TryLockError::Error(source)) if policy == LockPolicy::Required => {
                return Err(RecordError::NoLock {
                    path: path.to_owned(),
                    source,
                });
            }
            Ok(()) | Err(TryLockError::Error(_)) => {}
        }
        Ok(Self(Arc::new(UnlockedOnDrop { file, lock })))
    }

    /// The same file, to read it.
    pub(crate) fn reader(&self) -> io::Result<File> {
        self.file().try_clone()
    }

    fn file(&self) -> &File {
        &self.0.file
    }
}

/// The path of a file next to another one, with an ending added to its name.
pub(crate) fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

impl Drop for UnlockedOnDrop {
    /// Unlocks the file now. Without this the lock would last until a process that is just being spawned,
    /// and shares the open file up to its start, is under way.
    fn drop(&mut self) {
        let _ = self.lock.as_ref().unwrap_or(&self.file).unlock();
    }
}

impl Write for LockedFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A file that isn't opened to append is written where it was read last.
        if self.0.lock.is_some() {
            self.file().seek(SeekFrom::End(0))?;
        }
        self.file().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file().flush()
    }
}

impl Storage for LockedFile {
    fn sync(&self) -> io::Result<()> {
        self.file().sync_data()
    }

    fn set_length(&self, length: u64) -> io::Result<()> {
        self.file().set_len(length)
    }

    fn is_at(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(there) => Ok(is_same_file(&there, &self.file().metadata()?)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
            // A folder in between has become a file.
            Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(false),
            Err(error) => Err(error),
        }
    }
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;

    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Files have no number that the standard library knows, so one that was replaced isn't noticed.
#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Opens a log for reading only, even while another process has locked it.
pub(crate) fn open_read_only(path: &Path) -> Result<File, RecordError> {
    open_file(path).map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => RecordError::Missing(path.to_owned()),
        _ => RecordError::Unreadable {
            path: path.to_owned(),
            source,
        },
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    #[test]
    fn either_place_of_the_lock_keeps_others_out_and_appends_after_shortening() {
        for place in [LockPlace::File, LockPlace::Beside] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("log");
            fs::write(&path, "one\ntwo\nhalf").unwrap();
            let open = || LockedFile::open_as(&path, LockPolicy::Required, place, File::try_lock);
            let mut file = open().unwrap();
            assert!(matches!(open(), Err(RecordError::InUse(_))), "{place:?}");
            // The reader shares the place in the file.
            let mut beginning = [0; 4];
            file.reader().unwrap().read_exact(&mut beginning).unwrap();
            file.set_length(8).unwrap();
            file.write_all(b"three\n").unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
            drop(file);
            open().unwrap();
            let files = fs::read_dir(folder.path()).unwrap().count();
            assert_eq!(files, 1 + usize::from(place == LockPlace::Beside));
        }
    }

    #[test]
    fn a_file_system_without_locks_is_refused_unless_the_lock_is_optional() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let no_locks = |_: &File| Err(TryLockError::Error(io::ErrorKind::Unsupported.into()));
        let open = |policy| LockedFile::open_as(&path, policy, PLACE, no_locks);
        let error = open(LockPolicy::Required).unwrap_err();
        assert!(matches!(error, RecordError::NoLock { .. }), "{error}");
        assert!(
            error.to_string().contains("make the lock optional"),
            "{error}"
        );
        open(LockPolicy::Optional).unwrap();
    }

    #[test]
    fn an_optional_lock_is_taken_where_there_are_locks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("log");
        let _file = LockedFile::open(&path, LockPolicy::Optional).unwrap();
        let second = LockedFile::open(&path, LockPolicy::Optional);
        assert!(matches!(second, Err(RecordError::InUse(_))));
    }
}
