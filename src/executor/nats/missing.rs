//! Tasks that the server should hand out and won't.

use std::collections::HashSet;

use async_nats::jetstream::Context;
use futures_util::TryStreamExt as _;

use crate::nats::{RunName, TaskId, task_consumer};

/// What the server has of some tasks.
#[derive(Debug, Default)]
pub(super) struct AtServer {
    /// The tasks that have neither a message nor a result.
    pub(super) missing: Vec<TaskId>,
    /// The tasks with a message.
    pub(super) queued: Vec<TaskId>,
    /// How many messages the server will hand out, or has handed out and waits for.
    pub(super) alive: usize,
}

/// Looks these tasks up; `None` if the server can't tell now.
///
/// Tasks are looked up first: a worker removes one only after its result is there.
pub(super) async fn at_server(
    jetstream: Context,
    run: RunName,
    tasks: Vec<TaskId>,
) -> Option<AtServer> {
    let in_queue = subjects(&jetstream, run.tasks_stream(), run.tasks()).await?;
    let mut consumer = task_consumer(&jetstream, &run).await?;
    let info = consumer.info().await.ok()?;
    let alive = info.num_pending.saturating_add(info.num_ack_pending as u64);
    let ended = subjects(&jetstream, run.results_stream(), run.results()).await?;
    let mut found = AtServer {
        alive: usize::try_from(alive).unwrap_or(usize::MAX),
        ..AtServer::default()
    };
    for task in tasks {
        if ended.contains(run.result(task).as_str()) {
            continue;
        }
        match in_queue.contains(run.task(task).as_str()) {
            true => found.queued.push(task),
            false => found.missing.push(task),
        }
    }
    Some(found)
}

/// Removes the messages of a task.
pub(super) async fn remove_task(jetstream: Context, run: RunName, task: TaskId) {
    if let Ok(tasks) = jetstream.get_stream_no_info(run.tasks_stream()).await {
        let _ = tasks.purge().filter(run.task(task)).await;
    }
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
