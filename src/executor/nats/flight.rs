//! A trial on its way.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use async_nats::jetstream::message::{OutboundMessage, PublishMessage};
use bytes::Bytes;

use crate::nats::{IDENTITY_HEADER, RunName, TaskId};
use crate::stopper::{SharedStopper, Verdict};

/// A trial that was asked for and has no result.
pub(super) struct Flight {
    message: Bytes,
    pub(super) timeout: Option<Duration>,
    pub(super) stopper: Option<SharedStopper>,
    /// How often it was sent anew because it was missing at the server.
    pub(super) resent: u32,
    pub(super) sending: Sending,
    /// How many workers have begun it and neither ended nor returned it.
    pub(super) starts: u32,
    /// Who began it last, and when.
    pub(super) running: Option<(String, Instant)>,
    /// Whether the search knows that it was begun.
    pub(super) announced: bool,
    /// How many intermediate results the search has seen.
    pub(super) reports: usize,
    /// What the stopper said at each step: it sees a step once, however many workers come to it.
    pub(super) verdicts: BTreeMap<u64, Verdict>,
}

/// How far a task is on its way to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sending {
    /// Waits for the server's acknowledgement.
    Underway,
    /// The server has it, or had it.
    Acknowledged,
    /// Is sent again then.
    Again(Instant),
}

impl Flight {
    pub(super) fn new(
        message: Vec<u8>,
        timeout: Option<Duration>,
        stopper: Option<SharedStopper>,
    ) -> Self {
        Self {
            message: message.into(),
            timeout,
            stopper,
            resent: 0,
            sending: Sending::Underway,
            starts: 0,
            running: None,
            announced: false,
            reports: 0,
            verdicts: BTreeMap::new(),
        }
    }

    /// The message to the server: refused if the task is in its stream, and taken once if it is sent twice.
    pub(super) fn outbound(&self, run: &RunName, task: TaskId, identity: &str) -> OutboundMessage {
        let id = match self.resent {
            0 => task.to_string(),
            // The server remembers messages that it has no more.
            resent => format!("{task}.{resent}"),
        };
        PublishMessage::build()
            .payload(self.message.clone())
            .message_id(id)
            .expected_last_subject_sequence(0)
            .header(IDENTITY_HEADER, identity)
            .outbound_message(run.task(task))
    }
}
