//! Tasks that the server should have and hasn't.

use std::collections::HashSet;

use async_nats::jetstream::Context;
use futures_util::TryStreamExt as _;

use crate::nats::{RunName, TaskId};

/// Which of these tasks have neither a message nor a result at the server; `None` if it can't be told now.
///
/// Tasks are looked up first: a worker removes one only after its result is there.
pub(super) async fn missing(
    jetstream: Context,
    run: RunName,
    tasks: Vec<TaskId>,
) -> Option<Vec<TaskId>> {
    let queued = subjects(&jetstream, run.tasks_stream(), run.tasks()).await?;
    let ended = subjects(&jetstream, run.results_stream(), run.results()).await?;
    let is_missing = |task: &TaskId| {
        !queued.contains(run.task(*task).as_str()) && !ended.contains(run.result(*task).as_str())
    };
    Some(tasks.into_iter().filter(is_missing).collect())
}

/// The subjects of a stream's messages.
async fn subjects(jetstream: &Context, stream: String, filter: String) -> Option<HashSet<String>> {
    let stream = jetstream.get_stream(stream).await.ok()?;
    let subjects = stream.info_with_subjects(filter).await.ok()?;
    subjects
        .map_ok(|(subject, _)| subject)
        .try_collect()
        .await
        .ok()
}
