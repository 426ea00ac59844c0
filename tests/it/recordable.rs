//! What can't be recorded is refused beforehand, so that every journal can be read.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use evonas::evaluator::TrialEnd;
use evonas::executor::{ExecutorEvent, Limits};
use evonas::prelude::*;
use evonas::search::journal::{JournalError, read};
use evonas::search::{SearchError, TrialRecord};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

type Bits = Vec<bool>;

fn evolution() -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length: 12 }, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap()
}

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// A custom executor, which checks nothing.
struct Careless<X>(X);

impl<X: Executor<Bits>> Executor<Bits> for Careless<X> {
    fn workers(&self) -> usize {
        self.0.workers()
    }

    fn submit(&mut self, trial: Trial<Bits>, limits: Limits) {
        self.0.submit(trial, limits);
    }

    fn next(&mut self) -> Option<ExecutorEvent> {
        let mut event = self.0.next()?;
        if let ExecutorEvent::Finished { trial, end, .. } = &mut event {
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
            *end = TrialEnd::Outcome(outcome);
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

/// Growth rates that a careless mutation turns into infinity.
#[derive(Debug)]
struct Rates(f64);

impl SearchSpace for Rates {
    type Genotype = Vec<f64>;

    fn sample(&self, rng: &mut dyn Rng) -> Vec<f64> {
        vec![-0.0, rng.random()]
    }
}

impl Mutation<Vec<f64>> for Rates {
    fn mutate(&self, parent: &Vec<f64>, rng: &mut dyn Rng) -> Vec<f64> {
        let rate = if rng.random() { self.0 } else { 0.5 };
        vec![parent[0], parent[1] * rate]
    }
}

#[test]
fn a_genotype_that_json_would_change_ends_the_search_before_it_is_recorded() {
    for careless in [f64::INFINITY, f64::NAN] {
        let folder = tempfile::tempdir().unwrap();
        let search = |rate, trials| {
            let sum = |rates: &Vec<f64>, _: &Context<'_>| Ok(Evaluation::new(rates.iter().sum()));
            let evolution = Evolution::builder(Rates(rate), Rates(rate))
                .population(5)
                .sample(2)
                .seed(1)
                .build()
                .unwrap();
            Search::new(evolution, Serial::new(sum), Budget::trials(trials))
                .journal(Journal::open_or_create(folder.path()).unwrap())
                .run()
        };
        let error = search(careless, 50).unwrap_err();
        assert!(
            matches!(
                &error,
                SearchError::Journal(JournalError::ChangedByJson { trial, .. }) if trial.0 >= 5
            ),
            "{error}"
        );
        // What was recorded can be read and replayed.
        let recorded = read::<Vec<f64>>(folder.path()).unwrap();
        let finished = recorded.history.len();
        assert!(finished >= 5 && recorded.in_flight.is_empty());
        assert_eq!(search(careless, 5).unwrap().history.len(), finished);
    }
}

#[test]
fn minus_zero_keeps_its_sign_in_a_record() {
    let ones = |_: &Bits, _: &Context<'_>| Ok(Evaluation::new(-0.0).with_metric("drift", -0.0));
    let result = Search::new(evolution(), Serial::new(ones), Budget::trials(10))
        .run()
        .unwrap();
    let json = serde_json::to_string(result.history.last().unwrap()).unwrap();
    let again: TrialRecord<Bits> = serde_json::from_str(&json).unwrap();
    for value in [again.fitness(), again.metric("drift")] {
        assert!(value.unwrap().is_sign_negative(), "{json}");
    }
}
