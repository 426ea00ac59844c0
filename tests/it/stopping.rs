//! Ending a search from outside and by its own conditions, and searches in other threads.

use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use evonas::prelude::*;
use evonas::search::journal::read;
use evonas::search::{Retry, SearchError};

type Bits = Vec<bool>;

fn evolution() -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length: 16 }, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap()
}

fn ones(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    context.check_stop()?;
    Ok(Evaluation::new(
        bits.iter().filter(|&&bit| bit).count() as f64
    ))
}

/// Calls the first or the second stage of a signal when that many trials have ended.
fn at(
    finished: usize,
    stop: StopSignal,
    stage: fn(&StopSignal),
) -> impl FnMut(&Event<'_, Bits>) + Send {
    move |event| {
        if matches!(event, Event::Finished { history } if history.len() == finished) {
            stage(&stop);
        }
    }
}

#[test]
fn a_search_is_send_with_all_its_parts() {
    const fn is_send<T: Send>(_: &T) {}
    let folder = tempfile::tempdir().unwrap();
    let search = Search::new(
        evolution(),
        Ordered::new(Threads::new(ones, 2).unwrap()),
        Budget::trials(20),
    )
    .journal(Journal::create(folder.path()).unwrap())
    .constraint(|_| Ok(()))
    .duplicates(Duplicates::Redraw(1))
    .end_when(|_| false)
    .observe(|_: &Event<'_, Bits>| {})
    .stopper(MedianRule::new());
    is_send(&search);
    is_send(&Search::new(
        evolution(),
        Serial::new(ones),
        Budget::trials(20),
    ));
    is_send(&Search::new(
        RandomSearch::new(BitsSpace { length: 3 }, 1),
        Simulated::new(ones, 2).unwrap(),
        Budget::trials(20),
    ));
    let result = thread::spawn(move || search.run()).join().unwrap();
    assert_eq!(result.unwrap().history.len(), 20);
}

#[test]
fn a_search_that_finishes_lets_running_trials_end_and_asks_for_no_more() {
    for stage in [StopSignal::finish as fn(&StopSignal), StopSignal::stop] {
        let folder = tempfile::tempdir().unwrap();
        let stop = StopSignal::new();
        let slow = |bits: &Bits, context: &Context<'_>| {
            thread::sleep(Duration::from_millis(5));
            ones(bits, context)
        };
        let executor = Threads::with_stop_signal(slow, 3, &stop).unwrap();
        let result = Search::new(evolution(), executor, Budget::trials(1000))
            .journal(Journal::create(folder.path()).unwrap())
            .observe(at(20, stop.clone(), stage))
            .run()
            .unwrap();
        assert_eq!(result.termination, Termination::Stopped);
        let in_flight = read::<Bits>(folder.path()).unwrap().in_flight.len();
        let is_finishing = !stop.is_set();
        if is_finishing {
            // The twentieth ended; two others were running.
            assert_eq!((result.history.len(), in_flight), (22, 0));
        } else {
            assert_eq!(result.history.len() + in_flight, 22);
            assert!(in_flight > 0, "nothing was interrupted");
        }
    }
}

#[test]
fn a_search_that_finishes_runs_no_trial_again() {
    let folder = tempfile::tempdir().unwrap();
    let stop = StopSignal::new();
    let signal = stop.clone();
    let failing = move |bits: &Bits, context: &Context<'_>| {
        if context.trial().0 == 7 {
            signal.finish();
            return Err(EvaluationError::failed("no luck"));
        }
        ones(bits, context)
    };
    let search = |trials| {
        let executor = Serial::with_stop_signal(failing.clone(), &stop);
        Search::new(evolution(), executor, Budget::trials(trials))
            .retry(Retry::none().failed(3))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap()
    };
    // The resumed search is asked to finish from the beginning.
    for _ in 0..2 {
        let result = search(100);
        assert_eq!(
            (result.history.len(), result.termination),
            (7, Termination::Stopped)
        );
    }
    let in_flight = read::<Bits>(folder.path()).unwrap().in_flight;
    assert_eq!(in_flight[0].id, TrialId(7));
}

#[test]
fn a_condition_ends_a_search_once_it_has_held() {
    let calls = Arc::new(Mutex::new(Vec::new()));
    let log = calls.clone();
    let search = |budget| Search::new(evolution(), Serial::new(ones), budget);
    let result = search(Budget::unlimited())
        .end_when(|history| history.len() == 1000)
        .end_when(move |history| {
            log.lock().unwrap().push(history.len());
            history
                .best()
                .is_some_and(|best| best.fitness() >= Some(13.0))
        })
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Condition);
    assert_eq!(result.history.last().unwrap().fitness(), Some(13.0));
    // Once before the first trial and after each.
    let expected: Vec<usize> = (0..=result.history.len()).collect();
    assert_eq!(*calls.lock().unwrap(), expected);

    // It holds no longer when the trials in flight have ended.
    let result = Search::new(
        evolution(),
        Threads::new(ones, 4).unwrap(),
        Budget::trials(100),
    )
    .end_when(|history| history.len() == 30)
    .run()
    .unwrap();
    assert_eq!(result.termination, Termination::Condition);
    assert_eq!(result.history.len(), 33);
    // The budget ends a search too.
    let result = search(Budget::trials(20))
        .end_when(|_| false)
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Trials);
}

#[test]
fn a_resumed_search_checks_its_condition_before_anything_else() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        Search::new(evolution(), Serial::new(ones), Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
    };
    search(25).run().unwrap();
    let result = search(100)
        .end_when(|history| history.len() > 20)
        .run()
        .unwrap();
    assert_eq!(
        (result.history.len(), result.termination),
        (25, Termination::Condition)
    );
}

#[test]
fn a_condition_that_panics_ends_the_search_with_its_name() {
    let error = Search::new(evolution(), Serial::new(ones), Budget::trials(100))
        .end_when(|history| history.records()[0].fitness().is_none())
        .run()
        .unwrap_err();
    assert!(matches!(error, SearchError::Panicked { .. }));
    assert!(
        error
            .to_string()
            .starts_with("a condition that ends the search panicked"),
        "{error}"
    );
}

#[test]
fn observers_see_every_refused_genotype_and_why() {
    let refused = Arc::new(Mutex::new(Vec::new()));
    let log = refused.clone();
    let folder = tempfile::tempdir().unwrap();
    Search::new(evolution(), Serial::new(ones), Budget::trials(100))
        .constraint(|bits: &Bits| match bits[0] {
            true => Err("the first bit is set".to_owned()),
            false => Ok(()),
        })
        .duplicates(Duplicates::Redraw(3))
        .journal(Journal::create(folder.path()).unwrap())
        .observe(move |event: &Event<'_, Bits>| {
            if let &Event::Refused { genotype, reason } = event {
                log.lock().unwrap().push((genotype[0], reason.to_owned()));
            }
        })
        .run()
        .unwrap();
    let refused = refused.lock().unwrap();
    for (first_bit, reason) in refused.iter() {
        let expected = match first_bit {
            true => "the first bit is set",
            false => "a duplicate of an earlier genotype",
        };
        assert_eq!(reason, expected);
    }
    let reasons = |set| {
        refused
            .iter()
            .filter(|(first_bit, _)| *first_bit == set)
            .count()
    };
    assert!(reasons(true) > 10 && reasons(false) > 0);
    // As many as the journal counts.
    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    let counts = journal.lines().filter_map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        line["refused"].as_u64()
    });
    assert_eq!(counts.sum::<u64>(), refused.len() as u64);
}
