//! What a path names that is to be written.

use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

/// Where a result goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Destination {
    /// A regular file, or one that doesn't exist yet: it can be replaced. This is where the path's symbolic links
    /// end, so that they stay.
    File(PathBuf),
    /// A device or a FIFO, which takes what is written to it. Replacing it would destroy it.
    Stream,
}

impl Destination {
    /// # Errors
    /// What the path names can't be written to, such as a folder or a socket, or its links have no end.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        match fs::metadata(path) {
            Ok(found) if found.is_file() => end_of_links(path).map(Self::File),
            Ok(found) => match refusal(found.file_type()) {
                Some(refusal) => Err(refusal),
                None => Ok(Self::Stream),
            },
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                end_of_links(path).map(Self::File)
            }
            Err(error) => Err(error),
        }
    }
}

fn refusal(found: FileType) -> Option<io::Error> {
    if found.is_dir() {
        let reason = "it is a folder, not a file";
        return Some(io::Error::new(io::ErrorKind::IsADirectory, reason));
    }
    is_socket(found).then(|| {
        let reason = "it is a socket, which can't be written to like a file";
        io::Error::new(io::ErrorKind::InvalidInput, reason)
    })
}

#[cfg(unix)]
fn is_socket(found: FileType) -> bool {
    std::os::unix::fs::FileTypeExt::is_socket(&found)
}

#[cfg(not(unix))]
fn is_socket(_: FileType) -> bool {
    false
}

/// As many links in a row as Linux follows.
const MOST_LINKS: usize = 40;

/// Follows a path's symbolic links, also to a file that doesn't exist.
fn end_of_links(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..MOST_LINKS {
        let Ok(next) = fs::read_link(&path) else {
            return Ok(path);
        };
        // A relative link begins where the link is.
        path = path.parent().unwrap_or(Path::new("")).join(next);
    }
    Err(io::Error::other("its symbolic links never end"))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    #[test]
    fn links_lead_to_the_file_that_is_replaced_whether_it_exists_or_not() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("there/file");
        fs::create_dir(folder.path().join("there")).unwrap();
        symlink("there/second", folder.path().join("first")).unwrap();
        symlink("file", folder.path().join("there/second")).unwrap();
        let of = |name: &str| Destination::of(&folder.path().join(name)).unwrap();
        for _ in 0..2 {
            assert_eq!(of("first"), Destination::File(file.clone()));
            assert_eq!(of("there/file"), Destination::File(file.clone()));
            fs::write(&file, "").unwrap();
        }
    }

    #[test]
    fn a_device_is_a_stream_and_a_folder_a_socket_or_a_ring_of_links_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        symlink("/dev/null", path("device")).unwrap();
        for device in [Path::new("/dev/null"), &path("device")] {
            assert_eq!(Destination::of(device).unwrap(), Destination::Stream);
        }
        let kind = |path: &Path| Destination::of(path).unwrap_err().kind();
        assert_eq!(kind(folder.path()), io::ErrorKind::IsADirectory);
        let _socket = UnixListener::bind(path("socket")).unwrap();
        assert_eq!(kind(&path("socket")), io::ErrorKind::InvalidInput);
        symlink("ring", path("ring")).unwrap();
        Destination::of(&path("ring")).unwrap_err();
    }
}
