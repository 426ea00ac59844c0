//! A runtime of one thread, which serves one connection.

use tokio::runtime::{Builder, Runtime};

use super::error::NatsError;

/// A runtime that works in the thread that blocks on it.
pub(crate) fn runtime() -> Result<Runtime, NatsError> {
    let built = Builder::new_current_thread().enable_all().build();
    built.map_err(NatsError::Runtime)
}

/// Does asynchronous work in the calling thread.
pub(crate) fn block_on<T>(
    work: impl Future<Output = Result<T, NatsError>>,
) -> Result<T, NatsError> {
    runtime()?.block_on(work)
}
