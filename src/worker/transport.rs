//! How the messages of a worker travel.

use std::io;

/// Carries messages between a worker and the search, in order and each as a whole.
///
/// A transport over channels, for a worker that is a thread:
///
/// ```
/// use std::io;
/// use std::sync::Mutex;
/// use std::sync::mpsc::{Receiver, Sender, channel};
///
/// use evonas::worker::Transport;
///
/// struct Channels {
///     from_search: Mutex<Receiver<Vec<u8>>>,
///     to_search: Sender<Vec<u8>>,
/// }
///
/// impl Transport for Channels {
///     fn receive(&self) -> io::Result<Option<Vec<u8>>> {
///         let messages = self.from_search.lock().map_err(|_| io::ErrorKind::Other)?;
///         Ok(messages.recv().ok())
///     }
///
///     fn send(&self, message: &[u8]) -> io::Result<()> {
///         let sent = self.to_search.send(message.to_owned());
///         sent.map_err(|_| io::ErrorKind::BrokenPipe.into())
///     }
/// }
///
/// let (search, from_search) = channel();
/// let (to_search, answers) = channel();
/// let worker = Channels { from_search: from_search.into(), to_search };
/// search.send(b"stop".to_vec())?;
/// assert_eq!(worker.receive()?.as_deref(), Some(&b"stop"[..]));
/// worker.send(b"yes")?;
/// assert_eq!(answers.recv()?, b"yes");
/// drop(search);
/// assert_eq!(worker.receive()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Transport: Send + Sync + 'static {
    /// Waits for the next message; `None` when the search has closed the transport. Only one thread calls it.
    ///
    /// # Errors
    /// If nothing more can be received. The worker then ends as if the transport was closed.
    fn receive(&self) -> io::Result<Option<Vec<u8>>>;

    /// Sends a message; any thread may.
    ///
    /// # Errors
    /// If the message can't be sent. The worker goes on, until it can't receive either.
    fn send(&self, message: &[u8]) -> io::Result<()>;
}
