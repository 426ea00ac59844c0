//! Code that is given to a search may panic anywhere; the search says so and can be resumed.

mod genotypes;
mod silent;

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::cell::Cell;
use std::fs;
use std::hash::{Hash, Hasher};
use std::panic::panic_any;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use evonas::prelude::*;
use evonas::search::journal::read;
use evonas::search::{Duplicates, Retry, SearchError, Warning};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use evonas::stopper::{Stopper, Verdict};
use serde::{Deserialize, Serialize, Serializer};

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 12 };

fn evolution() -> Evolution<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap()
}

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

fn ones(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    context.report(1, count(bits));
    context.check_stop()?;
    Ok(Evaluation::new(count(bits)))
}

/// A panic's message in this file as an error has it, up to the number of the line.
fn located(message: &str) -> String {
    format!("{message} ({}:", file!())
}

fn journal(folder: &Path) -> Journal {
    Journal::open_or_create(folder).unwrap()
}

/// Stops every fourth trial, and panics at a trial: when it reports, or when it ends.
#[derive(Debug)]
struct Fragile {
    at: u64,
    reported: bool,
}

impl Stopper for Fragile {
    fn reported(&mut self, trial: TrialId, _: u64, _: f64) -> Verdict {
        assert!(!self.reported || trial.0 < self.at, "what is a step?");
        match trial.0 % 4 {
            3 => Verdict::Stop,
            _ => Verdict::Continue,
        }
    }

    fn ended(&mut self, trial: TrialId, _: &Outcome) {
        assert!(self.reported || trial.0 < self.at, "what is an end?");
    }
}

#[test]
fn a_stopper_that_panics_is_left_out_with_a_warning_by_a_resume_too() {
    for reported in [true, false] {
        let folder = tempfile::tempdir().unwrap();
        let warned = Arc::new(Mutex::new(Vec::new()));
        let search = |trials| {
            let warned = warned.clone();
            Search::new(evolution(), Serial::new(ones), Budget::trials(trials))
                .stopper(Fragile { at: 20, reported })
                .journal(journal(folder.path()))
                .observe(move |event: &Event<'_, Bits>| {
                    if let Event::Warned { warning } = event {
                        warned.lock().unwrap().push((*warning).clone());
                    }
                })
                .run()
                .unwrap()
        };
        let result = search(40);
        let stopped: Vec<u64> = result
            .history
            .records()
            .iter()
            .filter(|record| matches!(record.outcome, Outcome::Stopped { .. }))
            .map(|record| record.id.0)
            .collect();
        assert_eq!(stopped, [3, 7, 11, 15, 19]);
        let [Warning::StopperLeftOut { message }] = &result.warnings[..] else {
            panic!("{:?}", result.warnings);
        };
        assert!(message.starts_with("what is a"), "{message}");
        assert_eq!(*warned.lock().unwrap(), result.warnings);
        // The replay shows it the same values, with the same result.
        let again = search(60);
        assert_eq!((again.history.len(), again.history.failed()), (60, 0));
        assert_eq!(again.warnings, result.warnings);
    }
}

/// A mutation that panics until it is fixed.
#[derive(Debug)]
struct Brittle(Arc<AtomicBool>);

impl Mutation<Bits> for Brittle {
    fn mutate(&self, parent: &Bits, rng: &mut dyn Rng) -> Bits {
        let broken = self.0.load(Ordering::Relaxed);
        assert!(!broken || count(parent) < 8.0, "there is no ninth bit");
        FlipOneBit.mutate(parent, rng)
    }
}

#[test]
fn a_mutation_that_panics_is_an_error_and_the_search_resumes_once_it_is_fixed() {
    let folder = tempfile::tempdir().unwrap();
    let broken = Arc::new(AtomicBool::new(true));
    let search = |trials| {
        let mutation = Brittle(broken.clone());
        let evolution = Evolution::builder(SPACE, mutation)
            .population(10)
            .sample(3)
            .seed(1)
            .build()
            .unwrap();
        Search::new(evolution, Serial::new(ones), Budget::trials(trials))
            .journal(journal(folder.path()))
            .run()
    };
    for _ in 0..2 {
        let error = search(300).unwrap_err();
        let SearchError::Panicked { what, message } = error else {
            panic!("{error}");
        };
        assert!(
            message.starts_with(&located("there is no ninth bit")),
            "{message}"
        );
        assert!(what.contains("the algorithm"), "{what}");
    }
    let finished = read::<Bits>(folder.path()).unwrap().history.len();
    assert!(finished >= 10);
    broken.store(false, Ordering::Relaxed);
    let result = search(300).unwrap();
    assert_eq!(result.history.len(), 300);
}

#[test]
fn an_observer_that_panics_is_an_error_that_names_it() {
    struct Plotter;
    impl Observer<Bits> for Plotter {
        fn observe(
            &mut self,
            event: &Event<'_, Bits>,
        ) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
            match event {
                Event::Finished { history } if history.len() == 25 => panic!("no pens"),
                _ => Ok(()),
            }
        }
    }
    let folder = tempfile::tempdir().unwrap();
    let search = || {
        Search::new(evolution(), Serial::new(ones), Budget::trials(40))
            .journal(journal(folder.path()))
    };
    let error = search().observe(Plotter).run().unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("Plotter") && text.contains(&located("panicked: no pens")),
        "{text}"
    );
    assert_eq!(read::<Bits>(folder.path()).unwrap().history.len(), 25);
    assert_eq!(search().run().unwrap().history.len(), 40);
}

/// Panics with itself when it is dropped.
struct PanicsOnDrop;

impl Drop for PanicsOnDrop {
    fn drop(&mut self) {
        panic_any(PanicsOnDrop);
    }
}

#[test]
fn a_payload_that_panics_when_it_is_dropped_costs_a_trial_and_no_worker() {
    let explosive = |bits: &Bits, context: &Context<'_>| match context.trial().0 % 3 {
        0 => panic_any(PanicsOnDrop),
        _ => ones(bits, context),
    };
    let executors: [Box<dyn Executor<Bits>>; 2] = [
        Box::new(Serial::new(explosive)),
        Box::new(Threads::new(explosive, 2).unwrap()),
    ];
    for executor in executors {
        let result = Search::new(evolution(), executor, Budget::trials(30))
            .run()
            .unwrap();
        assert_eq!((result.history.len(), result.history.failed()), (30, 10));
    }
}

thread_local! {
    static IS_WORKER: Cell<bool> = const { Cell::new(false) };
}

/// A genotype that no worker thread can drop.
#[derive(Clone, Debug, PartialEq)]
struct Sticky(u8);

impl Drop for Sticky {
    fn drop(&mut self) {
        if IS_WORKER.get() && !std::thread::panicking() {
            panic!("it sticks");
        }
    }
}

#[derive(Debug)]
struct StickySpace;

impl SearchSpace for StickySpace {
    type Genotype = Sticky;

    fn sample(&self, rng: &mut dyn Rng) -> Sticky {
        Sticky(rng.random())
    }
}

#[test]
fn a_worker_survives_whatever_panics_in_its_thread() {
    let sticky = |genotype: &Sticky, _: &Context<'_>| {
        IS_WORKER.set(true);
        Ok(Evaluation::new(f64::from(genotype.0)))
    };
    let executor = Threads::new(sticky, 2).unwrap();
    let result = Search::new(
        RandomSearch::new(StickySpace, 1),
        executor,
        Budget::trials(20),
    )
    .retry(Retry::none().lost(1))
    .run()
    .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (20, 0));
}

#[test]
fn the_journal_of_a_search_whose_code_panicked_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let error = Search::new(evolution(), Serial::new(ones), Budget::trials(40))
        .journal(journal(folder.path()))
        .observe(|event: &Event<'_, Bits>| {
            assert!(!matches!(event, Event::Asked { trial } if trial.id.0 == 12));
        })
        .run()
        .unwrap_err();
    assert!(matches!(error, SearchError::Panicked { .. }), "{error}");
    let text = fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    assert!(text.ends_with("\"}\n"));
    // Observers hear of an ask that is on record.
    let recorded = read::<Bits>(folder.path()).unwrap();
    assert_eq!(recorded.in_flight[0].id, TrialId(12));
}
