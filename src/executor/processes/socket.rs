//! A socket at which a new process finds the search.

use std::collections::hash_map::RandomState;
use std::env;
use std::fs::{self, DirBuilder};
use std::hash::BuildHasher as _;
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process;

/// A socket that only this user's processes can reach. It is removed when it is dropped; a connection stays.
pub(super) struct PrivateSocket {
    folder: PathBuf,
    path: PathBuf,
    listener: UnixListener,
}

impl PrivateSocket {
    /// A socket in the folder for temporary files, or in `/tmp` if that folder's path is too long for one.
    pub(super) fn new() -> io::Result<Self> {
        Self::in_first(&[&env::temp_dir(), Path::new("/tmp")])
    }

    fn in_first(parents: &[&Path; 2]) -> io::Result<Self> {
        match Self::within(parents[0]) {
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => Self::within(parents[1]),
            socket => socket,
        }
    }

    fn within(parent: &Path) -> io::Result<Self> {
        let random = RandomState::new().hash_one(process::id());
        let folder = parent.join(format!("evonas-{random:016x}"));
        // It fails if the folder exists, whoever made it.
        DirBuilder::new().mode(0o700).create(&folder)?;
        let path = folder.join("socket");
        let listener = UnixListener::bind(&path).and_then(|listener| {
            listener.set_nonblocking(true)?;
            Ok(listener)
        });
        match listener {
            Ok(listener) => Ok(Self {
                folder,
                path,
                listener,
            }),
            Err(error) => {
                remove(&folder, &path);
                Err(error)
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A connection, if there is one.
    pub(super) fn accept(&self) -> io::Result<Option<UnixStream>> {
        match self.listener.accept() {
            Ok((stream, _)) => {
                stream.set_nonblocking(false)?;
                Ok(Some(stream))
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => Ok(None),
                _ => Err(error),
            },
        }
    }
}

impl Drop for PrivateSocket {
    fn drop(&mut self) {
        remove(&self.folder, &self.path);
    }
}

/// What can't be removed stays: an empty folder for temporary files.
fn remove(folder: &Path, path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir(folder);
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_socket_is_private_and_leaves_nothing_behind() {
        let parent = tempfile::tempdir().unwrap();
        let socket = PrivateSocket::within(parent.path()).unwrap();
        let mode = fs::metadata(&socket.folder).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        assert!(socket.accept().unwrap().is_none());
        let _connection = UnixStream::connect(socket.path()).unwrap();
        assert!(socket.accept().unwrap().is_some());
        drop(socket);
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_socket_whose_path_would_be_too_long_is_elsewhere() {
        let parent = tempfile::tempdir().unwrap();
        let deep = parent.path().join("x".repeat(120));
        fs::create_dir(&deep).unwrap();
        let error = PrivateSocket::within(&deep).err().unwrap();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(fs::read_dir(&deep).unwrap().count(), 0);
        let socket = PrivateSocket::in_first(&[&deep, parent.path()]).unwrap();
        assert_eq!(socket.folder.parent(), Some(parent.path()));
        let gone = PrivateSocket::in_first(&[&parent.path().join("gone"), parent.path()]);
        assert_eq!(gone.err().unwrap().kind(), io::ErrorKind::NotFound);
    }
}
