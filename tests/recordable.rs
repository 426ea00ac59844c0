//! What can't be recorded is refused before it is, so that every journal can be read.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
#![allow(clippy::ptr_arg)]

use evonas::evaluator::Ended;
use evonas::executor::{ExecutorEvent, Terms};
use evonas::prelude::*;
use evonas::search::journal::read;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

type Bits = Vec<bool>;

fn evolution() -> Evolution<Bits> {
    Evolution::aging(BitsSpace { length: 12 }, FlipOneBit, 10, 3, 1).unwrap()
}

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// An executor of someone else's, which checks nothing.
struct Careless<X>(X);

impl<X: Executor<Bits>> Executor<Bits> for Careless<X> {
    fn workers(&self) -> usize {
        self.0.workers()
    }

    fn submit(&mut self, trial: Trial<Bits>, terms: Terms) {
        self.0.submit(trial, terms);
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        let mut event = self.0.next()?;
        if let ExecutorEvent::Finished { trial, ended, .. } = &mut event {
            let one = || Evaluation::new(1.0);
            let outcome = match trial.0 % 8 {
                0 => Outcome::Completed(Evaluation::new(f64::NAN)),
                1 => Outcome::Completed(Evaluation::new(f64::INFINITY)),
                2 => Outcome::Completed(one().with_metric("loss", f64::NEG_INFINITY)),
                3 => Outcome::Completed(one().with_cost(f64::NAN)),
                4 => Outcome::Completed(one().with_metric("worker", 1.0)),
                5 => Outcome::Stopped {
                    step: 1,
                    value: f64::NAN,
                },
                _ => return Some(event),
            };
            *ended = Ended::Outcome(outcome);
        }
        Some(event)
    }

    fn stop_signal(&self) -> StopSignal {
        self.0.stop_signal()
    }
}

#[test]
fn figures_that_are_not_finite_fail_the_trial_whatever_the_executor() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        let ones = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(count(bits)));
        let executor = Careless(Serial::new(ones));
        Search::new(evolution(), executor, Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap()
    };
    let result = search(40);
    for record in result.history.records() {
        let failed = matches!(record.outcome, Outcome::Failed { .. });
        assert_eq!(failed, record.id.0 % 8 < 6, "{record:?}");
    }
    let recorded = read::<Bits>(folder.path()).unwrap();
    assert_eq!(recorded.history.records(), result.history.records());
    assert_eq!(search(60).history.len(), 60);
}
