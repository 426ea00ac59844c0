//! The worker's side of the protocol, on a transport that is a pair of channels.

use std::io;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

use evonas::prelude::*;
use evonas::worker::{Transport, WorkerSetup, serve};
use serde_json::{Value, json};

use super::{Bits, space};

struct Channels {
    orders: Mutex<Receiver<Vec<u8>>>,
    replies: Mutex<Sender<Value>>,
}

impl Transport for Channels {
    fn receive(&self) -> io::Result<Option<Vec<u8>>> {
        Ok(self.orders.lock().unwrap().recv().ok())
    }

    fn send(&self, message: &[u8]) -> io::Result<()> {
        let message = serde_json::from_slice(message)?;
        self.replies
            .lock()
            .unwrap()
            .send(message)
            .map_err(io::Error::other)
    }
}

/// A search that has this worker.
struct DirectWorker {
    orders: Sender<Vec<u8>>,
    replies: Receiver<Value>,
    serving: thread::JoinHandle<io::Result<()>>,
}

impl DirectWorker {
    fn start<E: Evaluator<Bits> + Send + 'static>(evaluator: E) -> Self {
        let (orders, receiver) = channel();
        let (sender, replies) = channel();
        let transport = Channels {
            orders: Mutex::new(receiver),
            replies: Mutex::new(sender),
        };
        let setup = WorkerSetup::new(Eight, evaluator);
        let serving = thread::spawn(move || serve(&setup, 4, transport));
        Self {
            orders,
            replies,
            serving,
        }
    }

    fn order(&self, order: Value) {
        self.orders.send(order.to_string().into_bytes()).unwrap();
    }

    fn reply(&self) -> Value {
        self.replies.recv().unwrap()
    }

    /// Closes the transport.
    fn end(self) -> io::Result<()> {
        drop(self.orders);
        self.serving.join().unwrap()
    }
}

/// Eight bits, and it checks.
#[derive(Debug)]
struct Eight;

impl SearchSpace for Eight {
    type Genotype = Bits;

    fn sample(&self, rng: &mut dyn Rng) -> Bits {
        space().sample(rng)
    }

    fn validate(&self, genotype: &Bits) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        match genotype.len() {
            8 => Ok(()),
            bits => Err(format!("it has {bits} bits").into()),
        }
    }
}

fn task(id: u64, bits: usize) -> Value {
    let trial = json!({"id": id, "parent": 3, "seed": u64::MAX, "genotype": vec![true; bits]});
    json!({"task": {"attempt": 2, "judged": true, "trial": trial}})
}

#[test]
fn a_worker_says_that_it_begins_what_it_measures_and_how_it_ended() {
    let worker = DirectWorker::start(|bits: &Bits, context: &Context<'_>| {
        assert_eq!((context.worker(), context.seed()), (4, u64::MAX));
        assert_eq!(
            (context.parent(), context.deadline()),
            (Some(TrialId(3)), None)
        );
        for step in 1..=2 {
            let result = IntermediateResult::new(step, 0.5).of(9);
            context.report_with_metrics(result.with_metric("loss", f64::NAN));
            context.check_stop()?;
        }
        Ok(Evaluation::new(bits.len() as f64))
    });
    worker.order(task(7, 8));
    assert_eq!(
        worker.reply(),
        json!({"started": {"trial": 7, "attempt": 2}})
    );
    let reported = |step| {
        let result =
            json!({"step": step, "last_step": 9, "value": 0.5, "metrics": [["loss", "nan"]]});
        json!({"reported": {"trial": 7, "attempt": 2, "result": result}})
    };
    let judge = |step| json!({"judge": {"trial": 7, "attempt": 2, "step": step, "value": 0.5}});
    let verdict = |trial, stop| json!({"verdict": {"trial": trial, "attempt": 2, "stop": stop}});
    assert_eq!((worker.reply(), worker.reply()), (reported(1), judge(1)));
    // A verdict on another trial has no effect.
    worker.order(verdict(6, true));
    worker.order(verdict(7, false));
    assert_eq!((worker.reply(), worker.reply()), (reported(2), judge(2)));
    worker.order(verdict(7, true));
    let stopped = json!({"status": "stopped", "step": 2, "value": 0.5});
    assert_eq!(
        worker.reply(),
        json!({"ended": {"trial": 7, "attempt": 2, "outcome": stopped}})
    );
    worker.end().unwrap();
}

#[test]
fn a_genotype_outside_the_space_fails_its_trial_and_is_not_evaluated() {
    let worker = DirectWorker::start(|_: &Bits, _: &Context<'_>| Ok(Evaluation::new(1.0)));
    for (id, bits) in [(0, 9), (1, 8)] {
        worker.order(task(id, bits));
        assert_eq!(
            worker.reply(),
            json!({"started": {"trial": id, "attempt": 2}})
        );
        let outcome = match bits {
            8 => json!({"status": "completed", "fitness": 1.0}),
            _ => json!({
                "status": "failed",
                "reason": "the genotype that arrived at the worker isn't in the space: it has 9 bits",
            }),
        };
        assert_eq!(
            worker.reply(),
            json!({"ended": {"trial": id, "attempt": 2, "outcome": outcome}})
        );
    }
    worker.end().unwrap();
}

#[test]
fn a_worker_is_interrupted_by_a_stop_for_its_trial_and_by_the_end_of_the_transport() {
    let patient = |_: &Bits, context: &Context<'_>| {
        loop {
            context.check_stop()?;
            thread::yield_now();
        }
    };
    let worker = DirectWorker::start(patient);
    for (id, closes) in [(0, false), (1, true)] {
        worker.order(task(id, 8));
        worker.reply();
        let ended = json!({"ended": {"trial": id, "attempt": 2, "outcome": null}});
        if closes {
            let DirectWorker {
                orders,
                replies,
                serving,
            } = worker;
            drop(orders);
            assert_eq!(replies.recv().unwrap(), ended);
            return serving.join().unwrap().unwrap();
        }
        worker.order(json!({"stop": {"trial": id, "attempt": 1}}));
        worker.order(json!({"stop": {"trial": id, "attempt": 2}}));
        assert_eq!(worker.reply(), ended);
    }
}

#[test]
fn a_genotype_that_can_not_be_read_fails_its_trial_and_not_the_worker() {
    let worker = DirectWorker::start(|_: &Bits, _: &Context<'_>| Ok(Evaluation::new(1.0)));
    let nested = (0..200).fold(json!(true), |inner, _| json!([inner]));
    for genotype in [json!("bits"), json!([true, null]), nested] {
        let trial = json!({"id": 5, "seed": 1, "genotype": genotype});
        worker.order(json!({"task": {"attempt": 1, "trial": trial}}));
        let started = json!({"started": {"trial": 5, "attempt": 1}});
        assert_eq!(worker.reply(), started);
        let outcome = &worker.reply()["ended"]["outcome"];
        assert_eq!(outcome["status"], "failed");
        let reason = outcome["reason"].as_str().unwrap();
        assert!(
            reason.starts_with("the genotype can't be read from its JSON: "),
            "{reason}"
        );
    }
    worker.order(task(6, 8));
    assert_eq!(worker.reply()["started"]["trial"], 6);
    worker.end().unwrap();
}

#[test]
fn a_message_that_makes_no_sense_ends_the_worker_with_an_error() {
    for message in [
        json!("accepted"),
        json!({"task": {"attempt": 1}}),
        json!({"task": {"attempt": 1, "trial": {"id": 0, "genotype": "bits"}}}),
        json!({"reboot": {}}),
        json!(7),
    ] {
        let worker = DirectWorker::start(|_: &Bits, _: &Context<'_>| Ok(Evaluation::new(1.0)));
        worker.order(message.clone());
        let error = worker.end().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{message}");
    }
}
