//! Workers of `Threads` with evaluators of their own, and trials that don't end.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};
use std::time::Duration;

use evonas::executor::ExecutorError;
use evonas::prelude::*;

type Bits = Vec<bool>;

fn random() -> RandomSearch<Bits> {
    RandomSearch::new(BitsSpace { length: 8 }, 1)
}

/// What can't leave its thread: neither `Send` nor `Sync`.
struct Handle {
    thread: ThreadId,
    calls: Rc<Cell<u64>>,
}

impl Handle {
    fn open() -> Self {
        Self {
            thread: thread::current().id(),
            calls: Rc::default(),
        }
    }
}

impl Evaluator<Bits> for Handle {
    fn evaluate(&self, _: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        assert_eq!(self.thread, thread::current().id());
        self.calls.set(self.calls.get() + 1);
        Ok(Evaluation::new(self.calls.get() as f64))
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        assert_eq!(self.thread, thread::current().id());
    }
}

#[test]
fn each_worker_makes_its_own_evaluator_in_its_own_thread() {
    let made = Arc::new(Mutex::new(Vec::new()));
    let log = made.clone();
    let executor = Threads::with_init(3, move |worker| {
        log.lock().unwrap().push(worker);
        Ok::<_, std::convert::Infallible>(Handle::open())
    })
    .unwrap();
    // All are made before a search begins.
    made.lock().unwrap().sort_unstable();
    assert_eq!(*made.lock().unwrap(), [0, 1, 2]);
    let result = Search::new(random(), executor, Budget::trials(60))
        .run()
        .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (60, 0));
}

#[test]
fn evaluators_that_can_t_be_made_are_an_error_that_names_the_first_of_their_workers() {
    let executor = |fails: fn(usize) -> bool| {
        Threads::<Bits>::with_init(4, move |worker| match fails(worker) {
            true => Err(format!("GPU {worker} is busy")),
            false => Ok(Handle::open()),
        })
    };
    let error = executor(|worker| worker % 2 == 1).unwrap_err();
    assert!(matches!(
        error,
        ExecutorError::NoEvaluator { worker: 1, .. }
    ));
    assert_eq!(
        error.to_string(),
        "worker 1 can't make its evaluator: GPU 1 is busy"
    );
    let error = executor(|worker| {
        assert!(worker != 2, "no driver");
        false
    });
    let error = error.unwrap_err().to_string();
    assert!(
        error.starts_with("worker 2 can't make its evaluator: panic: no driver"),
        "{error}"
    );
    assert!(matches!(
        Threads::<Bits>::with_init(0, |_| Ok::<_, String>(Handle::open())),
        Err(ExecutorError::NoWorkers)
    ));
}

#[test]
fn an_evaluator_of_the_calling_thread_needs_not_be_thread_safe() {
    let result = Search::new(random(), Serial::new(Handle::open()), Budget::trials(5)).run();
    assert_eq!(result.unwrap().best().unwrap().fitness(), Some(5.0));
    let calls = Rc::new(Cell::new(0));
    let counter = calls.clone();
    let costly = move |_: &Bits, _: &Context<'_>| {
        counter.set(counter.get() + 1);
        Ok(Evaluation::new(0.0).with_cost(1.0))
    };
    let simulated = Simulated::new(costly, 2).unwrap();
    Search::new(random(), simulated, Budget::trials(5))
        .run()
        .unwrap();
    assert_eq!(calls.get(), 5);
}

#[test]
fn shared_and_boxed_evaluators_are_evaluators() {
    fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        Ok(Evaluation::new(f64::from(bits[0])))
    }
    let run = |executor: Box<dyn Executor<Bits>>| {
        let result = Search::new(random(), executor, Budget::trials(8)).run();
        assert_eq!(result.unwrap().history.failed(), 0);
    };
    let boxed: Box<dyn Evaluator<Bits>> = Box::new(ones);
    run(Box::new(Serial::new(boxed)));
    let boxed: Box<dyn Evaluator<Bits> + Send + Sync> = Box::new(ones);
    run(Box::new(Threads::new(boxed, 2).unwrap()));
    let shared: Arc<dyn Evaluator<Bits> + Send + Sync> = Arc::new(ones);
    run(Box::new(Threads::new(shared.clone(), 2).unwrap()));
    run(Box::new(Serial::new(shared)));
}

#[test]
fn a_trial_that_hangs_after_its_time_limit_is_reported_once_while_it_hangs() {
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let hanging = move |bits: &Bits, context: &Context<'_>| {
        if context.trial().0 == 3 {
            // Neither checks nor returns, until the search has said so.
            let _ = released
                .lock()
                .unwrap()
                .recv_timeout(Duration::from_secs(20));
            thread::sleep(Duration::from_millis(100));
        }
        Ok(Evaluation::new(f64::from(bits[0])))
    };
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let result = Search::new(
        random(),
        Threads::new(hanging, 2).unwrap(),
        Budget::trials(12),
    )
    .timeout(Duration::from_millis(20))
    .observe(move |event: &Event<'_, Bits>| {
        if let &Event::Overdue {
            trial,
            worker,
            limit,
            running,
        } = event
        {
            log.lock().unwrap().push((trial, worker, limit, running));
            release.send(()).unwrap();
        }
    })
    .run()
    .unwrap();
    let [(trial, worker, limit, running)] = seen.lock().unwrap()[..] else {
        panic!("{seen:?}");
    };
    assert_eq!((trial, limit), (TrialId(3), Duration::from_millis(20)));
    // The limit and a second of grace.
    assert!((1.02..10.0).contains(&running.as_secs_f64()), "{running:?}");
    let record = result
        .history
        .records()
        .iter()
        .find(|record| record.id == trial)
        .unwrap();
    assert_eq!(
        (record.worker, &record.outcome),
        (worker, &Outcome::TimedOut)
    );
}

#[test]
fn an_evaluation_knows_its_deadline_and_its_parent() {
    let evolution = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
        .population(5)
        .sample(2)
        .build()
        .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let evaluator = move |bits: &Bits, context: &Context<'_>| {
        let left = context.deadline().map(|deadline| deadline.elapsed());
        log.lock()
            .unwrap()
            .push((context.trial(), context.parent(), left));
        Ok(Evaluation::new(f64::from(bits[0])))
    };
    let result = Search::new(
        evolution,
        Threads::new(evaluator, 2).unwrap(),
        Budget::trials(20),
    )
    .timeout(Duration::from_secs(100))
    .run()
    .unwrap();
    for (trial, parent, left) in seen.lock().unwrap().iter() {
        let record = result
            .history
            .records()
            .iter()
            .find(|record| record.id == *trial);
        assert_eq!(record.unwrap().parent, *parent);
        assert_eq!(*left, Some(Duration::ZERO), "the deadline is in the future");
    }
    assert!(
        seen.lock()
            .unwrap()
            .iter()
            .any(|(_, parent, _)| parent.is_some())
    );
}
