//! Evaluating what a search sends.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::thread;

use serde::de::DeserializeOwned;

use super::listener::{AcceptedTask, listen};
use super::remote_stopper::RemoteStopper;
use super::reply::Reply;
use super::setup::WorkerSetup;
use super::transport::Transport;
use super::wire_result::WireResult;
use crate::evaluator::{Context, Evaluator, TrialEnd, run_trial};
use crate::panics::caught;
use crate::space::SearchSpace;
use crate::stopper::SharedStopper;
use crate::trial::Outcome;

/// Evaluates the trials that arrive, one after another, until the transport is closed. The evaluator stays in the
/// calling thread; another thread hears what the search says meanwhile.
///
/// This is the part of the [protocol](super) after the worker was accepted. `number` is the worker's, from 0. A genotype
/// outside the space isn't evaluated: its trial fails, with the reason.
///
/// # Errors
/// The transport's error, or [`io::ErrorKind::InvalidData`] if a message can't be understood.
pub fn serve<S, E>(
    setup: &WorkerSetup<S, E>,
    number: usize,
    transport: impl Transport,
) -> io::Result<()>
where
    S: SearchSpace,
    S::Genotype: DeserializeOwned,
    E: Evaluator<S::Genotype>,
{
    let transport = Arc::new(transport);
    thread::scope(|scope| {
        let (sender, tasks) = channel();
        let listening = transport.clone();
        let listener = scope.spawn(move || listen::<S::Genotype>(&*listening, &sender));
        for task in tasks {
            work(setup, number, &transport, task);
        }
        // The sender is gone, so the thread has ended, or is about to.
        listener
            .join()
            .unwrap_or_else(|_| Err(io::Error::other("the transport panicked")))
    })
}

fn work<S, E>(
    setup: &WorkerSetup<S, E>,
    number: usize,
    transport: &Arc<impl Transport>,
    accepted: AcceptedTask<S::Genotype>,
) where
    S: SearchSpace,
    E: Evaluator<S::Genotype>,
{
    let AcceptedTask {
        task,
        stop,
        verdicts,
    } = accepted;
    let (trial, attempt) = (&task.trial, task.attempt);
    let id = trial.id;
    // If something can't be sent, the search is gone, and the next wait for a task ends.
    let _ = send(&**transport, &Reply::Started { trial: id, attempt });
    let stopper = task.judged.then(|| {
        SharedStopper::new(RemoteStopper {
            transport: transport.clone(),
            attempt,
            verdicts,
        })
    });
    let report = |result| {
        let reported = Reply::Reported {
            trial: id,
            attempt,
            result: WireResult::from(result),
        };
        let _ = send(&**transport, &reported);
    };
    let mut context = Context::of(trial, number, &stop, &report);
    if let Some(timeout) = task.timeout {
        context = context.with_timeout(timeout);
    }
    if let Some(stopper) = &stopper {
        context = context.with_stopper(stopper);
    }
    let end = match problem(&setup.space, &trial.genotype) {
        Some(reason) => TrialEnd::Outcome(Outcome::Failed { reason }),
        None => run_trial(trial, &setup.evaluator, &context),
    };
    let ended = |outcome| Reply::Ended {
        trial: id,
        attempt,
        outcome,
    };
    let outcome = match end {
        TrialEnd::Outcome(outcome) => Some(outcome),
        TrialEnd::Interrupted => None,
    };
    if let Err(error) = send(&**transport, &ended(outcome)) {
        let reason = format!("the worker can't send how the evaluation ended: {error}");
        let _ = send(&**transport, &ended(Some(Outcome::Failed { reason })));
    }
}

/// Why a genotype that arrived isn't one of the space.
fn problem<S: SearchSpace>(space: &S, genotype: &S::Genotype) -> Option<String> {
    let reason = match caught(|| space.validate(genotype)) {
        Ok(Ok(())) => return None,
        Ok(Err(reason)) => reason.to_string(),
        Err(panic) => format!("panic: {panic}"),
    };
    Some(format!(
        "the genotype that arrived at the worker isn't in the space: {reason}"
    ))
}

/// Sends a reply.
pub(super) fn send(transport: &impl Transport, reply: &Reply) -> io::Result<()> {
    transport.send(&serde_json::to_vec(reply)?)
}
