//! The streams of a run.

use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, PullConsumer, pull};
use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType, Stream};
use async_nats::jetstream::{Context, ErrorCode};

use super::error::NatsError;
use super::names::RunName;

/// The name of the workers' consumer.
const WORKERS: &str = "workers";

/// The most tasks that may be with workers at a time: more than there are workers.
const MOST_WITH_WORKERS: i64 = 1_000_000;

/// Makes what is missing of a run's streams and their consumer. Returns the stream of results.
pub(crate) async fn ensure_streams(
    jetstream: &Context,
    run: &RunName,
    ack_wait: Duration,
) -> Result<Stream, NatsError> {
    let base = |name: String, subjects: String| Config {
        name,
        subjects: vec![subjects],
        storage: StorageType::File,
        allow_direct: true,
        ..Config::default()
    };
    let refused = || NatsError::refused("make the streams of a run");
    let tasks = jetstream
        .get_or_create_stream(Config {
            retention: RetentionPolicy::WorkQueue,
            ..base(run.tasks_stream(), run.tasks())
        })
        .await
        .map_err(|error| refused()(error.into()))?;
    let results = jetstream
        .get_or_create_stream(base(run.results_stream(), run.results()))
        .await
        .map_err(|error| refused()(error.into()))?;
    jetstream
        .get_or_create_stream(Config {
            max_messages_per_subject: 1,
            discard: DiscardPolicy::Old,
            ..base(run.control_stream(), run.control("*"))
        })
        .await
        .map_err(|error| refused()(error.into()))?;
    tasks
        .get_or_create_consumer(
            WORKERS,
            pull::Config {
                durable_name: Some(WORKERS.to_owned()),
                ack_policy: AckPolicy::Explicit,
                ack_wait,
                max_ack_pending: MOST_WITH_WORKERS,
                // Each waiting worker has a request there.
                max_waiting: 100_000,
                ..pull::Config::default()
            },
        )
        .await
        .map_err(|error| NatsError::refused("make the consumer of a run's tasks")(error.into()))?;
    Ok(results)
}

/// The workers' consumer, if the run has one.
pub(crate) async fn task_consumer(jetstream: &Context, run: &RunName) -> Option<PullConsumer> {
    jetstream
        .get_consumer_from_stream(WORKERS, run.tasks_stream())
        .await
        .ok()
}

/// Whether the server says that there is no such stream.
pub(super) fn is_missing(error: &GetStreamError) -> bool {
    match error.kind() {
        GetStreamErrorKind::JetStream(answer) => answer.error_code() == ErrorCode::STREAM_NOT_FOUND,
        _ => false,
    }
}
