//! Noticing that the server is away.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::server::Connection;

/// How often the connection is looked at.
const LOOK: Duration = Duration::from_millis(250);

/// How long a server may be away before it is worth a word: one that is restarted is back sooner.
const PATIENCE: Duration = Duration::from_secs(3);

/// What becomes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outage {
    /// The server has been away for some seconds.
    Begins,
    /// It is back, after so long.
    Ends(Duration),
}

/// Tells of the outages of a connection, and never returns.
pub(crate) async fn tell_outages(connection: Connection, tell: impl Fn(Outage)) {
    let mut since = None;
    let mut told = false;
    loop {
        sleep(LOOK).await;
        if connection.is_up() {
            if let Some(begin) = since.take()
                && std::mem::take(&mut told)
            {
                tell(Outage::Ends(
                    Instant::now().saturating_duration_since(begin),
                ));
            }
        } else {
            let begin = *since.get_or_insert_with(Instant::now);
            if !told && begin.elapsed() >= PATIENCE {
                told = true;
                tell(Outage::Begins);
            }
        }
    }
}
