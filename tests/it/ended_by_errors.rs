//! What an error leaves: the running trials end and are recorded, and what was found is returned.

use std::error::Error;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::search::journal::{JournalError, RecordError, read};

type Bits = Vec<bool>;

/// Kept by observers.
type Log = Arc<Mutex<Vec<String>>>;

fn random() -> impl Algorithm<Bits> {
    RandomSearch::new(BitsSpace { length: 16 }, 1)
}

/// Trials whose number is even take long, so that there is one running whenever another one ends.
fn slow(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let milliseconds = if context.trial().0 % 2 == 0 { 60 } else { 5 };
    std::thread::sleep(Duration::from_millis(milliseconds));
    Ok(Evaluation::new(
        bits.iter().filter(|&&bit| bit).count() as f64
    ))
}

fn logging(log: &Log) -> impl FnMut(&Event<'_, Bits>) + use<> {
    let log = log.clone();
    move |event: &Event<'_, Bits>| {
        let line = match event {
            Event::Finished { history } => format!("{} finished", history.last().unwrap().id),
            Event::Failed { error, running } => format!("failed with {running} running: {error}"),
            Event::Ended { termination } => termination.to_string(),
            _ => return,
        };
        log.lock().unwrap().push(line);
    }
}

/// An observer whose disk is full once three trials have ended.
struct FullDisk;

impl Observer<Bits> for FullDisk {
    fn observe(&mut self, event: &Event<'_, Bits>) -> Result<(), Box<dyn Error + Send + Sync>> {
        match event {
            Event::Finished { history } if history.len() >= 3 => Err("the disk is full".into()),
            _ => Ok(()),
        }
    }
}

#[test]
fn an_error_is_observed_first_and_then_the_running_trials_end_and_are_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let log = Log::default();
    let executor = Threads::new(slow, 3).unwrap();
    let ended = Search::new(random(), executor, Budget::trials(1000))
        .journal(Journal::create(folder.path()).unwrap())
        .observe(FullDisk)
        .observe(logging(&log))
        .run_to_the_end();
    assert!(matches!(ended.error, Some(SearchError::Observer(_))));
    assert_eq!(ended.result.termination, Termination::Failed);

    let log = log.lock().unwrap();
    let failed = "failed with 2 running: the disk is full";
    let place = log.iter().position(|line| line == failed).unwrap();
    // The third trial is seen by the observers after the one that failed, too.
    assert_eq!(place, 3, "{log:?}");
    assert_eq!(log.len(), 3 + 1 + 2 + 1, "{log:?}");
    assert_eq!(log.last().unwrap(), "ended by an error");

    let recorded = read::<Bits>(folder.path()).unwrap();
    assert!(recorded.in_flight.is_empty());
    assert_eq!(recorded.history.len(), 5);
    assert_eq!(ended.result.history.records(), recorded.history.records());
    assert!(ended.result.best().is_some());
}

#[test]
fn constraints_that_refuse_everything_cost_no_running_trial() {
    let folder = tempfile::tempdir().unwrap();
    let accepted = Mutex::new(0);
    let error = Search::new(
        random(),
        Threads::new(slow, 2).unwrap(),
        Budget::trials(100),
    )
    .journal(Journal::create(folder.path()).unwrap())
    .constraint(move |_: &Bits| {
        let mut accepted = accepted.lock().unwrap();
        *accepted += 1;
        match *accepted {
            1..=4 => Ok(()),
            _ => Err("enough".to_owned()),
        }
    })
    .run()
    .unwrap_err();
    assert!(
        matches!(error, SearchError::TooManyRefused { .. }),
        "{error}"
    );
    let recorded = read::<Bits>(folder.path()).unwrap();
    assert_eq!((recorded.history.len(), recorded.in_flight.len()), (4, 0));
}

#[test]
fn an_observer_that_panicked_sees_nothing_more_and_the_others_see_all() {
    let log = Log::default();
    let mut seen = 0;
    let panicking = move |event: &Event<'_, Bits>| {
        if matches!(event, Event::Finished { .. }) {
            seen += 1;
            assert!(seen < 2, "panic {}", seen - 1);
        }
    };
    let error = Search::new(random(), Threads::new(slow, 3).unwrap(), Budget::trials(50))
        .observe(panicking)
        .observe(logging(&log))
        .run()
        .unwrap_err();
    assert!(error.to_string().contains("panic 1"), "{error}");
    let log = log.lock().unwrap();
    let finished = log.iter().filter(|line| line.ends_with("finished"));
    assert_eq!(finished.count(), 4, "{log:?}");
}

/// A search whose fourth trial does this to the journal, and takes longer than the time between two looks at the file.
fn meddled_with(meddle: impl Fn(&std::path::Path) + Send + 'static) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let evaluator = move |bits: &Bits, context: &Context<'_>| {
        if context.trial().0 == 3 {
            meddle(&path);
            std::thread::sleep(Duration::from_millis(1100));
        }
        Ok(Evaluation::new(f64::from(bits[0])))
    };
    let log = Log::default();
    let ended = Search::new(random(), Serial::new(evaluator), Budget::trials(1_000_000))
        .journal(Journal::create(folder.path()).unwrap())
        .observe(logging(&log))
        .run_to_the_end();
    let error = ended.error.unwrap();
    assert!(
        matches!(
            error,
            SearchError::Journal(JournalError::Record(RecordError::Removed(_)))
        ),
        "{error}"
    );
    assert!(
        error.to_string().ends_with(
            "was removed or replaced while it was written, so what followed is not recorded there"
        ),
        "{error}"
    );
    assert_eq!(ended.result.history.len(), 3);
    assert_eq!(
        log.lock().unwrap()[3],
        format!("failed with 0 running: {error}")
    );
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_removed_ends_the_search_with_an_error_and_what_it_found() {
    meddled_with(|journal| std::fs::remove_file(journal).unwrap());
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_replaced_by_a_copy_ends_the_search_too() {
    meddled_with(|journal| {
        let copy = journal.with_extension("copy");
        std::fs::copy(journal, &copy).unwrap();
        std::fs::rename(&copy, journal).unwrap();
    });
}

#[cfg(unix)]
#[test]
fn a_journal_that_is_removed_just_before_the_end_is_missed_there() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let evaluator = move |_: &Bits, context: &Context<'_>| {
        if context.trial().0 == 9 {
            std::fs::remove_file(&path).unwrap();
        }
        Ok(Evaluation::new(1.0))
    };
    let ended = Search::new(random(), Serial::new(evaluator), Budget::trials(10))
        .journal(Journal::create(folder.path()).unwrap())
        .run_to_the_end();
    let error = ended.error.unwrap().to_string();
    assert!(error.contains("was removed or replaced"), "{error}");
    assert_eq!(ended.result.history.len(), 10);
}

#[test]
fn a_search_that_can_not_begin_has_found_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let search = |seed, trials| {
        let random = RandomSearch::new(BitsSpace { length: 16 }, seed);
        Search::new(random, Serial::new(slow), Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run_to_the_end()
    };
    assert!(search(1, 3).error.is_none());
    for (seed, trials) in [(2, 3), (1, 0)] {
        let ended = search(seed, trials);
        assert!(ended.error.is_some());
        assert!(ended.result.history.is_empty());
    }
}

#[test]
fn a_lock_keeps_the_journal_after_its_search() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::create(folder.path()).unwrap();
    let lock = journal.lock();
    Search::new(random(), Serial::new(slow), Budget::trials(2))
        .journal(journal)
        .run()
        .unwrap();
    let refused = Journal::open(folder.path()).unwrap_err().to_string();
    assert!(refused.contains("in use by another process"), "{refused}");
    drop(lock);
    assert!(Journal::open(folder.path()).unwrap().is_resumed());
}
