//! Reading results as they come.

use std::time::{Duration, Instant};

use async_nats::jetstream::consumer::{AckPolicy, pull};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::{sleep, timeout};

use crate::nats::{Connection, RunName, TaskId, ensure_streams};

/// How many results are asked for at a time, and for how long.
const BATCH: usize = 256;
const EXPIRES: Duration = Duration::from_secs(10);

/// How often the connection is looked at.
const LOOK: Duration = Duration::from_millis(500);

/// The pause before another try.
const PAUSE: Duration = Duration::from_millis(300);

/// What is heard of the results.
pub(super) enum Heard {
    /// They are read from the beginning again, after the streams were made if they were missing.
    Restarted,
    /// A result.
    Result {
        task: TaskId,
        /// Its place in the stream.
        sequence: u64,
        payload: Bytes,
    },
}

/// Reads results until nobody listens. Whenever the connection was lost, it begins again with all that are there: the
/// server may have lost the last ones, or all.
pub(super) async fn read_results(
    connection: Connection,
    run: RunName,
    ack_wait: Duration,
    heard: UnboundedSender<Heard>,
) {
    while !heard.is_closed() {
        let connects = connection.connects();
        let Ok(results) = ensure_streams(&connection.jetstream, &run, ack_wait).await else {
            sleep(PAUSE).await;
            continue;
        };
        let config = pull::Config {
            ack_policy: AckPolicy::None,
            memory_storage: true,
            inactive_threshold: 6 * EXPIRES,
            ..pull::Config::default()
        };
        let Ok(consumer) = results.create_consumer(config).await else {
            sleep(PAUSE).await;
            continue;
        };
        if heard.send(Heard::Restarted).is_err() {
            return;
        }
        while connection.connects() == connects {
            let fetch = consumer.fetch().max_messages(BATCH).expires(EXPIRES);
            let Ok(mut batch) = fetch.messages().await else {
                break;
            };
            let begin = Instant::now();
            let whole = loop {
                match timeout(LOOK, batch.next()).await {
                    Ok(None) => break true,
                    Ok(Some(Err(_))) => break false,
                    Ok(Some(Ok(message))) => {
                        let task = run.task_of_result(&message.subject);
                        let sequence = message.info().map(|info| info.stream_sequence);
                        if let (Some(task), Ok(sequence)) = (task, sequence) {
                            let payload = message.message.payload;
                            let result = Heard::Result {
                                task,
                                sequence,
                                payload,
                            };
                            if heard.send(result).is_err() {
                                return;
                            }
                        }
                    }
                    Err(_) if connection.connects() != connects => break false,
                    // The server should have said that it has no more.
                    Err(_) if begin.elapsed() > EXPIRES + 4 * LOOK => break false,
                    Err(_) => {}
                }
            };
            if !whole {
                break;
            }
        }
        sleep(PAUSE).await;
    }
}
