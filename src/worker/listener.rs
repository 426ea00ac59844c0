//! The thread of a worker that hears what the search says, while another one evaluates.

use std::io;
use std::sync::mpsc::{Receiver, Sender, channel};

use serde::de::{DeserializeOwned, IgnoredAny};

use super::MOST_BYTES;
use super::order::{Order, TrialTask};
use super::reply::Reply;
use super::serve::send;
use super::transport::Transport;
use crate::evaluator::StopSignal;
use crate::stopper::Verdict;
use crate::trial::{Outcome, Trial, TrialId};

/// A task, with what the search may say while it is evaluated.
pub(super) struct AcceptedTask<G> {
    pub(super) task: TrialTask<Trial<G>>,
    pub(super) stop: StopSignal,
    pub(super) verdicts: Receiver<Verdict>,
}

/// The attempt that the search speaks of.
struct CurrentAttempt {
    trial: TrialId,
    attempt: u32,
    stop: StopSignal,
    verdicts: Sender<Verdict>,
}

/// Passes on what the search says until the transport is closed. The evaluation that is running then is interrupted.
pub(super) fn listen<G: DeserializeOwned>(
    transport: &impl Transport,
    tasks: &Sender<AcceptedTask<G>>,
) -> io::Result<()> {
    let mut current = None;
    let heard = hear(transport, tasks, &mut current);
    if let Some(CurrentAttempt { stop, .. }) = current {
        stop.stop();
    }
    heard
}

fn hear<G: DeserializeOwned>(
    transport: &impl Transport,
    tasks: &Sender<AcceptedTask<G>>,
    current: &mut Option<CurrentAttempt>,
) -> io::Result<()> {
    while let Some(message) = transport.receive()? {
        if message.len() > MOST_BYTES {
            return Err(unexpected("a message is too long"));
        }
        let order = match serde_json::from_slice(&message) {
            Ok(order) => order,
            Err(error) => {
                refuse(&message, &error, transport)?;
                continue;
            }
        };
        match order {
            Order::Task(task) => {
                let stop = StopSignal::new();
                let (sender, verdicts) = channel();
                *current = Some(CurrentAttempt {
                    trial: task_id(&task),
                    attempt: task.attempt,
                    stop: stop.clone(),
                    verdicts: sender,
                });
                let accepted = AcceptedTask {
                    task,
                    stop,
                    verdicts,
                };
                if tasks.send(accepted).is_err() {
                    break;
                }
            }
            // What comes too late, for an attempt that has ended, has no effect.
            Order::Verdict {
                trial,
                attempt,
                stop,
            } => {
                if let Some(current) = matching(current, trial, attempt) {
                    let verdict = match stop {
                        true => Verdict::Stop,
                        false => Verdict::Continue,
                    };
                    let _ = current.verdicts.send(verdict);
                }
            }
            Order::Stop { trial, attempt } => {
                if let Some(current) = matching(current, trial, attempt) {
                    current.stop.stop();
                }
            }
            Order::Accepted | Order::Refused { .. } => {
                return Err(unexpected("the worker is accepted or refused twice"));
            }
        }
    }
    Ok(())
}

/// Fails the trial of a task that can't be read, if that is due to its genotype: one that JSON changes, such as an
/// infinite float, is no reason for the worker to end.
fn refuse(message: &[u8], error: &serde_json::Error, transport: &impl Transport) -> io::Result<()> {
    let Ok(Order::Task(task)) = serde_json::from_slice::<Order<Trial<IgnoredAny>>>(message) else {
        return Err(unexpected(error.to_string()));
    };
    let (trial, attempt) = (task_id(&task), task.attempt);
    let reason = format!("the genotype can't be read from its JSON: {error}");
    send(transport, &Reply::Started { trial, attempt })?;
    send(
        transport,
        &Reply::Ended {
            trial,
            attempt,
            outcome: Some(Outcome::Failed { reason }),
        },
    )
}

const fn task_id<G>(task: &TrialTask<Trial<G>>) -> TrialId {
    task.trial.id
}

fn matching(
    current: &Option<CurrentAttempt>,
    trial: TrialId,
    attempt: u32,
) -> Option<&CurrentAttempt> {
    current
        .as_ref()
        .filter(|current| (current.trial, current.attempt) == (trial, attempt))
}

fn unexpected(reason: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}
