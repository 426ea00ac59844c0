//! Messages as lines of a Unix domain socket.

use std::io::{self, Read, Write as _};
use std::mem;
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::{Mutex, PoisonError};

use super::MOST_BYTES;
use super::transport::Transport;

/// Messages as lines of a Unix domain socket. JSON as serde_json writes it has no line breaks.
#[derive(Debug)]
pub(crate) struct Lines {
    stream: UnixStream,
    received: Mutex<Received>,
    /// Held while a line is written, so that those of two threads don't mix.
    sending: Mutex<()>,
}

/// What has been read and isn't a whole line yet.
#[derive(Debug, Default)]
struct Received {
    bytes: Vec<u8>,
    /// How many of them are known to hold no line break.
    searched: usize,
}

impl Lines {
    pub(crate) fn new(stream: UnixStream) -> Self {
        Self {
            stream,
            received: Mutex::default(),
            sending: Mutex::default(),
        }
    }

    /// Tells the other end that nothing more comes.
    pub(crate) fn close(&self) {
        // It fails only if the other end is gone already.
        let _ = self.stream.shutdown(Shutdown::Both);
    }
}

impl Transport for Lines {
    /// An error of the kind `WouldBlock` or `TimedOut` loses nothing: the next call continues.
    fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        let mut received = self.received.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(line) = received.line() {
                return Ok(Some(line));
            }
            if received.bytes.len() > MOST_BYTES {
                return Err(too_long(io::ErrorKind::InvalidData));
            }
            let mut chunk = [0; 8192];
            match (&self.stream).read(&mut chunk) {
                Ok(0) if received.bytes.is_empty() => return Ok(None),
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => received.bytes.extend_from_slice(&chunk[..count]),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        if message.len() > MOST_BYTES {
            return Err(too_long(io::ErrorKind::InvalidInput));
        }
        let mut line = Vec::with_capacity(message.len() + 1);
        line.extend_from_slice(message);
        line.push(b'\n');
        let _sending = self.sending.lock().unwrap_or_else(PoisonError::into_inner);
        (&self.stream).write_all(&line)
    }
}

impl Received {
    fn line(&mut self) -> Option<Vec<u8>> {
        let unsearched = &self.bytes[self.searched..];
        let Some(end) = unsearched.iter().position(|&byte| byte == b'\n') else {
            self.searched = self.bytes.len();
            return None;
        };
        let rest = self.bytes.split_off(self.searched + end + 1);
        let mut line = mem::replace(&mut self.bytes, rest);
        self.searched = 0;
        line.pop();
        Some(line)
    }
}

fn too_long(kind: io::ErrorKind) -> io::Error {
    io::Error::new(kind, format!("a message has more than {MOST_BYTES} bytes"))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn pair() -> (UnixStream, Lines) {
        let (other, stream) = UnixStream::pair().unwrap();
        (other, Lines::new(stream))
    }

    #[test]
    fn lines_arrive_whole_however_they_are_cut() {
        let (mut other, lines) = pair();
        lines
            .stream
            .set_read_timeout(Some(Duration::from_millis(1)))
            .unwrap();
        other.write_all(b"{\"a\"").unwrap();
        let error = lines.receive().unwrap_err().kind();
        assert!(matches!(
            error,
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
        ));
        other.write_all(b":1}\n\n{\"b\":2}\n{").unwrap();
        let next = || lines.receive().unwrap();
        assert_eq!(next(), Some(b"{\"a\":1}".to_vec()));
        assert_eq!(next(), Some(Vec::new()));
        assert_eq!(next(), Some(b"{\"b\":2}".to_vec()));
        drop(other);
        let cut = lines.receive().unwrap_err();
        assert_eq!(cut.kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn the_end_between_two_lines_is_no_error() {
        let (other, lines) = pair();
        let other = Lines::new(other);
        other.send(b"1").unwrap();
        other.close();
        assert_eq!(lines.receive().unwrap(), Some(b"1".to_vec()));
        assert_eq!(lines.receive().unwrap(), None);
    }

    #[test]
    fn a_line_without_an_end_is_refused_before_it_fills_the_memory() {
        let (mut other, lines) = pair();
        let writer = std::thread::spawn(move || {
            let chunk = [b'x'; 1 << 16];
            let mut written = 0;
            // Fails once the other end is gone.
            while other.write_all(&chunk).is_ok() {
                written += chunk.len();
            }
            written
        });
        let error = lines.receive().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData);
        drop(lines);
        assert!(writer.join().unwrap() < 2 * MOST_BYTES);
        let (_other, lines) = pair();
        let error = lines.send(&vec![b'x'; MOST_BYTES + 1]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
    }
}
