//! Opening files that are there to be read.

use std::fs::{self, File, FileType};
use std::io::{self, Read};
use std::path::Path;

use super::bounded::LimitExceeded;

/// Opens a regular file, or a link to one.
///
/// A pipe, a socket or a device in its place is refused: it has no size, can't be read twice, may never end, and
/// opening a pipe waits for whoever writes to it.
///
/// # Errors
/// The system's error, or one of the kind [`InvalidInput`](io::ErrorKind::InvalidInput) that says what it is instead
/// of a file.
pub fn open_file(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    // Looked at before it is opened, because opening a pipe may wait forever, and afterward, because it may have
    // been replaced.
    require(fs::metadata(path)?.file_type(), FileType::is_file)?;
    let file = File::open(path)?;
    require(file.metadata()?.file_type(), FileType::is_file)?;
    Ok(file)
}

/// Opens a regular file or a pipe, for what is read once from front to back and may come from another program. Devices
/// and sockets are refused: nobody has a table in `/dev/zero`.
///
/// Opening a pipe waits until another program writes to it.
///
/// # Errors
/// As [`open_file`].
pub fn open_stream(path: impl AsRef<Path>) -> io::Result<File> {
    let path = path.as_ref();
    let streams = |kind: &FileType| kind.is_file() || is_pipe(*kind);
    require(fs::metadata(path)?.file_type(), streams)?;
    let file = File::open(path)?;
    require(file.metadata()?.file_type(), streams)?;
    Ok(file)
}

/// The text of a file of at most `most` bytes.
///
/// # Errors
/// The system's error, one of the kind [`InvalidData`](io::ErrorKind::InvalidData) if it isn't UTF-8, or one of the
/// kind [`FileTooLarge`](io::ErrorKind::FileTooLarge) with a [`LimitExceeded`] if it has more bytes.
pub fn read_text(file: File, most: u64) -> io::Result<String> {
    let mut text = Vec::new();
    file.take(most.saturating_add(1)).read_to_end(&mut text)?;
    if text.len() as u64 > most {
        return Err(LimitExceeded {
            has: "has",
            most,
            unit: "bytes",
            advice: "it isn't the file that is meant here",
        }
        .into());
    }
    String::from_utf8(text).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))
}

fn require(kind: FileType, accepts: impl FnOnce(&FileType) -> bool) -> io::Result<()> {
    match accepts(&kind) {
        true => Ok(()),
        false => Err(io::Error::new(io::ErrorKind::InvalidInput, name(kind))),
    }
}

#[cfg(unix)]
fn is_pipe(kind: FileType) -> bool {
    use std::os::unix::fs::FileTypeExt;
    kind.is_fifo()
}

/// Elsewhere pipes have names that no file has.
#[cfg(not(unix))]
const fn is_pipe(_: FileType) -> bool {
    false
}

/// What is there instead of a file.
fn name(kind: FileType) -> &'static str {
    #[cfg(unix)]
    {
        use std::os::unix::fs::FileTypeExt;
        if kind.is_char_device() || kind.is_block_device() {
            return "it is a device, not a file";
        }
        if kind.is_socket() {
            return "it is a socket, not a file";
        }
    }
    match (kind.is_dir(), is_pipe(kind)) {
        (true, _) => "it is a folder, not a file",
        (_, true) => "it is a pipe, not a file",
        _ => "it isn't a file",
    }
}

#[cfg(test)]
mod tests {
    use super::super::limit_exceeded;
    use super::*;

    #[test]
    fn a_text_may_have_as_many_bytes_as_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("text");
        fs::write(&path, "größe").unwrap();
        let read = |most| read_text(open_file(&path).unwrap(), most);
        assert_eq!(read(7).unwrap(), "größe");
        assert_eq!(
            limit_exceeded(&read(6).unwrap_err()).unwrap().to_string(),
            "it has more than 6 bytes: it isn't the file that is meant here"
        );
        fs::write(&path, [0xff]).unwrap();
        assert_eq!(read(7).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }

    #[test]
    fn a_folder_is_not_a_file() {
        let folder = tempfile::tempdir().unwrap();
        for error in [open_file(folder.path()), open_stream(folder.path())] {
            let message = error.unwrap_err().to_string();
            assert_eq!(message, "it is a folder, not a file");
        }
    }

    #[cfg(unix)]
    #[test]
    fn devices_are_refused_and_pipes_only_where_a_file_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status();
        assert!(made.unwrap().success());
        let refused = open_file(&pipe).unwrap_err();
        assert_eq!(refused.to_string(), "it is a pipe, not a file");
        for error in [open_file("/dev/zero"), open_stream("/dev/zero")] {
            let message = error.unwrap_err().to_string();
            assert_eq!(message, "it is a device, not a file");
        }
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::write(pipe, "from another program").unwrap()
        });
        let text = read_text(open_stream(&pipe).unwrap(), 100).unwrap();
        assert_eq!(text, "from another program");
        writer.join().unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_file_is_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("text"), folder.path().join("link"));
        fs::write(&path, "text").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        assert_eq!(read_text(open_file(&link).unwrap(), 4).unwrap(), "text");
    }
}
