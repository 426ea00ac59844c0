//! How the messages of a worker travel.

use std::io;

/// Carries messages between a worker and the search, in order and each as a whole.
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
