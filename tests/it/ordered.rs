//! `Ordered`: one seed gives one journal with several workers too, interrupted or not.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::time::Duration;

use evonas::randomness::standard_normal;
use evonas::search::{Duplicates, Retry, SearchError};

use evonas::prelude::*;

use crate::timeless::timeless_in;

type Bits = Vec<bool>;

const WORKERS: usize = 4;
const TRIALS: u64 = 120;

fn evolution() -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length: 16 }, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap()
}

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// Takes another time whenever it runs. Some trials fail, some only at their first attempt.
fn jittery(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    std::thread::sleep(Duration::from_micros(
        RandomState::new().hash_one(()) % 2000,
    ));
    context.check_stop()?;
    context.report(1, count(bits));
    match context.trial().0 % 10 {
        7 => Err(EvaluationError::failed("no luck")),
        _ => Ok(Evaluation::new(count(bits))),
    }
}

fn search<X: Executor<Bits> + 'static>(
    executor: X,
    folder: &Path,
) -> Search<Bits, Evolution<Bits>, X> {
    Search::new(evolution(), executor, Budget::trials(TRIALS))
        .retry(Retry::none().failed(1))
        .duplicates(Duplicates::Reuse)
        .journal(Journal::open_or_create(folder).unwrap())
}

fn threads() -> Threads<Bits> {
    Threads::new(jittery, WORKERS).unwrap()
}

/// The journal of an uninterrupted search.
fn whole() -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    search(Ordered::new(threads()), folder.path())
        .run()
        .unwrap();
    timeless_in(folder.path())
}

#[test]
fn two_searches_on_threads_have_the_same_journal_and_without_it_they_do_not() {
    let ordered = whole();
    assert!(ordered == whole());
    let tells = |text: &str| ordered.iter().filter(|line| line.starts_with(text)).count();
    assert!(tells("{\"tell\":") == TRIALS as usize && tells("{\"retry\":") > 5);
    assert!(ordered.iter().any(|line| line.contains("\"reused\":")));

    let folder = tempfile::tempdir().unwrap();
    search(threads(), folder.path()).run().unwrap();
    assert!(timeless_in(folder.path()) != ordered);
}

#[test]
fn outcomes_are_told_in_the_order_of_asking() {
    let folder = tempfile::tempdir().unwrap();
    let result = search(Ordered::new(threads()), folder.path())
        .run()
        .unwrap();
    let evaluated = result
        .history
        .records()
        .iter()
        .filter(|record| record.reused.is_none());
    let ids: Vec<u64> = evaluated.clone().map(|record| record.id.0).collect();
    assert!(ids.is_sorted());
    assert!(
        evaluated
            .clone()
            .all(|record| record.worker as u64 == record.id.0 % 4)
    );
    assert!(evaluated.clone().any(|record| record.attempts == 2));
}

#[test]
fn a_search_that_was_killed_after_any_line_resumes_to_the_same_journal() {
    let folder = tempfile::tempdir().unwrap();
    search(Ordered::new(threads()), folder.path())
        .run()
        .unwrap();
    let expected = timeless_in(folder.path());
    let lines = fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    for kept in (1..lines.len()).step_by(17) {
        let folder = tempfile::tempdir().unwrap();
        let start = lines[..kept].join("\n") + "\n";
        fs::write(folder.path().join("journal.jsonl"), start).unwrap();
        search(Ordered::new(threads()), folder.path())
            .run()
            .unwrap();
        assert!(timeless_in(folder.path()) == expected, "after {kept} lines");
    }
}

#[test]
fn a_search_that_is_stopped_again_and_again_ends_with_the_same_journal() {
    let expected = whole();
    let folder = tempfile::tempdir().unwrap();
    let mut stops = 0;
    loop {
        let stop = StopSignal::new();
        let threads = Threads::with_stop_signal(jittery, WORKERS, &stop).unwrap();
        // At a moment that has nothing to do with the state of the search.
        let alarm = std::thread::spawn(move || {
            let milliseconds = RandomState::new().hash_one(()) % 30;
            std::thread::sleep(Duration::from_millis(milliseconds));
            stop.stop();
        });
        let result = search(Ordered::new(threads), folder.path()).run();
        alarm.join().unwrap();
        let recorded = timeless_in(folder.path());
        assert!(
            recorded == expected[..recorded.len()],
            "after {stops} stops"
        );
        let termination = match result {
            Err(SearchError::StoppedInReplay) => Termination::Stopped,
            result => result.unwrap().termination,
        };
        match termination {
            Termination::Stopped => stops += 1,
            _ => break,
        }
    }
    assert!(timeless_in(folder.path()) == expected);
    assert!(stops > 0);
}

#[test]
fn a_search_that_finishes_tells_the_running_trials_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let search = search(Ordered::new(threads()), folder.path());
    let stop = search.stop_signal();
    let result = search
        .observe(move |event: &Event<'_, Bits>| {
            if matches!(event, Event::Finished { history } if history.len() == 50) {
                stop.finish();
            }
        })
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Stopped);
    let recorded = evonas::search::journal::read::<Bits>(folder.path()).unwrap();
    // Only a trial that was to run again is left.
    assert!(recorded.in_flight.iter().all(|trial| trial.id.0 % 10 == 7));
    let evaluated = result
        .history
        .records()
        .iter()
        .filter(|record| record.reused.is_none());
    assert!(
        evaluated
            .map(|record| record.id.0)
            .collect::<Vec<_>>()
            .is_sorted()
    );
}

/// A search on virtual workers whose trials cost `exp(spread * normal)` seconds.
fn simulated(spread: f64, workers: usize, is_ordered: bool, trials: u64) -> SimulatedSearch {
    let costly = move |bits: &Bits, context: &Context<'_>| {
        let cost = (spread * standard_normal(&mut context.rng(0))).exp();
        Ok(Evaluation::new(count(bits)).with_cost(cost))
    };
    let random = RandomSearch::new(BitsSpace { length: 16 }, 1);
    let simulated = Simulated::new(costly, workers).unwrap();
    let executor: Box<dyn Executor<Bits>> = match is_ordered {
        true => Box::new(Ordered::new(simulated)),
        false => Box::new(simulated),
    };
    Search::new(random, executor, Budget::trials(trials))
}

type SimulatedSearch = Search<Bits, RandomSearch<Bits>, Box<dyn Executor<Bits>>>;

#[test]
fn a_simulated_search_resumes_to_the_same_journal_and_the_same_time() {
    let folder = tempfile::tempdir().unwrap();
    let run = |folder: &Path| {
        simulated(0.5, 7, true, 200)
            .journal(Journal::open_or_create(folder).unwrap())
            .run()
            .unwrap()
    };
    let whole = run(folder.path());
    let lines = fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    let lines: Vec<&str> = lines.lines().collect();
    for kept in [5, 100, 101, 333] {
        let resumed = tempfile::tempdir().unwrap();
        let start = lines[..kept].join("\n") + "\n";
        fs::write(resumed.path().join("journal.jsonl"), start).unwrap();
        let result = run(resumed.path());
        assert!(timeless_in(resumed.path()) == timeless_in(folder.path()));
        assert_eq!(result.simulated, whole.simulated);
        assert_eq!(result.history.records(), whole.history.records());
    }
}

/// The table in `docs/decisions.md`: how much longer a search takes if its outcomes are told in order. Run it with
/// `--nocapture` to see the figures.
#[test]
fn order_costs_idle_time_that_grows_with_the_workers() {
    let seconds = |spread, workers, is_ordered| {
        let result = simulated(spread, workers, is_ordered, 10_000)
            .run()
            .unwrap();
        result.simulated.unwrap().as_secs_f64()
    };
    let ratios = [1, 2, 8, 32].map(|workers| {
        let ratios = [0.1, 0.5]
            .map(|spread| seconds(spread, workers, true) / seconds(spread, workers, false));
        println!("| {workers} | {:.2} | {:.2} |", ratios[0], ratios[1]);
        ratios.map(|ratio| (100.0 * ratio).round())
    });
    assert_eq!(
        ratios,
        [
            [100.0, 100.0],
            [101.0, 114.0],
            [104.0, 154.0],
            [110.0, 202.0]
        ]
    );
}
