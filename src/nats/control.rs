//! The few values that a run keeps on the server beside its tasks and results.

use std::time::{Duration, SystemTime};

use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::context::traits::Publisher as _;
use async_nats::jetstream::message::{PublishMessage, StreamMessage};
use async_nats::jetstream::stream::DirectGetErrorKind;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::error::NatsError;
use super::names::RunName;
use super::streams::is_missing;
use crate::worker::RunIdentity;

/// Which value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ControlKey {
    /// What search it is, and which coordinator has it.
    Lease,
    /// What it is doing, for people.
    Status,
}

impl ControlKey {
    const fn name(self) -> &'static str {
        match self {
            Self::Lease => "lease",
            Self::Status => "status",
        }
    }
}

/// A coordinator's claim to a run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Lease {
    /// Who has it: a text for people, with something random.
    pub(crate) holder: String,
    /// What search it is, for workers to compare.
    pub(crate) identity: RunIdentity,
    /// How long it lasts after it was renewed last.
    pub(crate) lasts: Duration,
    /// Whether the holder gave it back.
    #[serde(default)]
    pub(crate) released: bool,
    /// Whether a trial was asked for. Before that, the run belongs to nobody's search.
    #[serde(default)]
    pub(crate) begun: bool,
    /// Whether the run has ended: workers have nothing left to do.
    #[serde(default)]
    pub(crate) ended: bool,
}

impl Lease {
    /// Whether the run belongs to the search with this identity, which goes on or can be resumed.
    pub(crate) const fn is_of_a_search(&self) -> bool {
        self.begun && !self.ended
    }

    /// Whether nobody has the run and nobody had it: its last search failed before it began.
    pub(crate) const fn is_vacant(&self) -> bool {
        self.released && !self.begun && !self.ended
    }
}

/// Reads and writes a run's control values.
#[derive(Clone)]
pub(crate) struct Control {
    pub(crate) jetstream: Context,
    pub(crate) run: RunName,
}

impl Control {
    /// A value and its revision; `None` if it was never written.
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        key: ControlKey,
    ) -> Result<Option<(T, u64)>, NatsError> {
        let Some(message) = self.last_message(key).await? else {
            return Ok(None);
        };
        match serde_json::from_slice(&message.payload) {
            Ok(value) => Ok(Some((value, message.sequence))),
            Err(error) => Err(NatsError::OtherVersion {
                run: self.run.to_string(),
                reason: error.to_string(),
            }),
        }
    }

    /// Whether the server says that the run isn't there; false if it says nothing.
    pub(crate) async fn is_missing(&self) -> bool {
        let stream = self.jetstream.get_stream(self.run.control_stream()).await;
        stream.is_err_and(|error| is_missing(&error))
    }

    /// How many seconds ago a value was written, by this machine's clock and the server's.
    pub(crate) async fn age(&self, key: ControlKey) -> Result<Option<f64>, NatsError> {
        let message = self.last_message(key).await?;
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        let now = now.unwrap_or_default().as_secs_f64();
        Ok(
            message
                .map(|message| (now - message.time.unix_timestamp_nanos() as f64 / 1e9).max(0.0)),
        )
    }

    async fn last_message(&self, key: ControlKey) -> Result<Option<StreamMessage>, NatsError> {
        let refused = NatsError::refused("read a value of the run");
        let control = self.run.control_stream();
        let stream = match self.jetstream.get_stream_no_info(control).await {
            Ok(stream) => stream,
            Err(error) => return Err(refused(error.into())),
        };
        let subject = self.run.control(key.name());
        // Not the request that any stream answers: sent while the stream is made, it makes a server 2.9.10 crash.
        match stream.direct_get_last_for_subject(subject).await {
            Ok(message) => Ok(Some(message)),
            Err(error) if error.kind() == DirectGetErrorKind::NotFound => Ok(None),
            Err(error) => Err(refused(error.into())),
        }
    }

    /// Writes a value. With a revision, only if it is the last one (0: if there is none): else `None`.
    pub(crate) async fn write<T: Serialize>(
        &self,
        key: ControlKey,
        value: &T,
        revision: Option<u64>,
    ) -> Result<Option<u64>, NatsError> {
        let refused = NatsError::refused("keep a value of the run");
        let payload = match serde_json::to_vec(value) {
            Ok(payload) => payload,
            Err(error) => return Err(refused(error.into())),
        };
        let mut message = PublishMessage::build().payload(payload.into());
        if let Some(revision) = revision {
            message = message.expected_last_subject_sequence(revision);
        }
        let message = message.outbound_message(self.run.control(key.name()));
        let sent = match self.jetstream.publish_message(message).await {
            Ok(sent) => sent.await,
            Err(error) => Err(error),
        };
        match sent {
            Ok(ack) => Ok(Some(ack.sequence)),
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(None),
            Err(error) => Err(refused(error.into())),
        }
    }
}
