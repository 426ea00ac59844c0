//! A file that exists only until its content is where it belongs.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process;

/// A file in the system's folder for such files, removed when it is dropped.
pub(super) struct ScratchFile(PathBuf);

impl ScratchFile {
    /// An empty file with a name that no other file has.
    pub(super) fn create() -> io::Result<Self> {
        let folder = std::env::temp_dir();
        let process = process::id();
        let mut number = 0_u32;
        loop {
            let path = folder.join(format!("evonas-{process}-{number}"));
            match File::create_new(&path) {
                Ok(_) => return Ok(Self(path)),
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the content to a device or a FIFO. Opening a FIFO waits for its reader.
    pub(super) fn copy_to(&self, stream: &Path) -> io::Result<()> {
        let mut stream = File::options().write(true).open(stream)?;
        io::copy(&mut File::open(&self.0)?, &mut stream).map(drop)
    }
}

impl Drop for ScratchFile {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}
