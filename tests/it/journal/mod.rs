//! The journal and resuming from it.

mod holes;
mod hostile;
mod refused;
mod repaired;

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::fs;
use std::path::Path;

use evonas::algorithm::{AlgorithmDescription, TellError};
use evonas::prelude::*;
use evonas::search::journal::{JournalError, RecordError, Warning, read};
use evonas::search::{Retry, SearchError};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

use crate::timeless::timeless;

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 16 };

fn evolution(seed: u64) -> Evolution<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(seed)
        .build()
        .unwrap()
}

/// Every kind of outcome, metrics, reports, and figures that JSON could change.
fn evaluator(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    context.report(1, 0.1 + context.trial().0 as f64);
    match context.trial().0 % 11 {
        3 => panic!("a \"bad\" candidate"),
        5 => Err(EvaluationError::Infeasible("too large".to_owned())),
        7 => Err(EvaluationError::failed("CUDA out of memory")),
        9 => Err(EvaluationError::TimedOut),
        _ => {
            let noise: f64 = context.rng(0).random();
            let ones = bits.iter().filter(|&&bit| bit).count() as f64;
            Ok(Evaluation::new(ones + noise / 3.0)
                .with_metric("parameters", 1234.0)
                .with_metric("noise", noise)
                .with_cost(1.5))
        }
    }
}

fn run(folder: &Path, seed: u64, trials: u64) -> Result<SearchResult<Bits>, SearchError> {
    Search::new(
        evolution(seed),
        Serial::new(evaluator),
        Budget::trials(trials),
    )
    .journal(Journal::open_or_create(folder)?.evaluator("ones and noise"))
    .retry(Retry::none().timed_out(1))
    .run()
}

fn text(folder: &Path) -> String {
    fs::read_to_string(folder.join("journal.jsonl")).unwrap()
}

/// A folder that holds this journal.
fn folder_with(journal: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("journal.jsonl"), journal).unwrap();
    folder
}

fn recorded(trials: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 1, trials).unwrap();
    text(folder.path())
}

#[test]
fn a_search_cut_anywhere_resumes_to_the_journal_of_an_uninterrupted_one() {
    let whole = recorded(40);
    let step = whole.len() / 150;
    let mut torn = 0;
    for cut in (0..whole.len()).step_by(step.max(1)) {
        let folder = folder_with(&whole[..cut]);
        let result = run(folder.path(), 1, 40).unwrap();
        torn += result.warnings.len();
        assert_eq!(result.history.len(), 40);
        assert!(
            timeless(&text(folder.path())) == timeless(&whole),
            "cut at byte {cut}"
        );
    }
    assert!(torn > 100, "{torn}");
}

#[test]
fn a_finished_search_is_extended_by_a_larger_budget() {
    let folder = folder_with(&recorded(20));
    let result = run(folder.path(), 1, 40).unwrap();
    assert_eq!(result.history.len(), 40);
    assert_eq!(timeless(&text(folder.path())), timeless(&recorded(40)));
    // Resumed with nothing left to do, it doesn't change.
    let before = text(folder.path());
    let again = run(folder.path(), 1, 40).unwrap();
    assert_eq!(again.history.records(), result.history.records());
    assert_eq!(again.termination, Termination::Trials);
    assert_eq!(text(folder.path()), before);
}

#[test]
fn the_journal_reads_back_as_the_history() {
    let folder = tempfile::tempdir().unwrap();
    let result = run(folder.path(), 1, 40).unwrap();
    let read = read::<Bits>(folder.path()).unwrap();
    assert_eq!(read.history.records(), result.history.records());
    assert!(read.in_flight.is_empty() && read.warnings.is_empty());
    assert_eq!(read.header.seed, 1);
    assert_eq!(read.header.evaluator, "ones and noise");
    let fittest = read.fittest();
    assert_eq!(fittest[0].id, result.best().unwrap().id);
    assert!(fittest.is_sorted_by(|a, b| a.fitness() >= b.fitness()));
    let retried = &result.history.records()[9];
    assert_eq!((retried.id.0, retried.attempts), (9, 2));
}

#[test]
fn a_torn_last_line_is_dropped_with_a_warning() {
    let whole = recorded(20);
    let lines = whole.lines().count() as u64;
    let torn = &whole[..whole.len() - 5];
    let last = torn.len() - torn.rfind('\n').unwrap() - 1;
    let folder = folder_with(torn);
    let warning = Warning::TornLine {
        line: lines,
        bytes: last as u64,
    };
    let read = read::<Bits>(folder.path()).unwrap();
    assert_eq!(read.warnings, std::slice::from_ref(&warning));
    assert_eq!(read.in_flight.len(), 1);
    assert_eq!(run(folder.path(), 1, 20).unwrap().warnings, [warning]);
}

#[test]
fn only_one_search_at_a_time_uses_a_folder() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::create(folder.path()).unwrap();
    for second in [
        Journal::create(folder.path()),
        Journal::open(folder.path()),
        Journal::open_or_create(folder.path()),
    ] {
        assert!(
            matches!(second, Err(JournalError::Record(RecordError::InUse(_)))),
            "{second:?}"
        );
    }
    drop(journal);
    run(folder.path(), 1, 20).unwrap();
    let error = Journal::create(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::Occupied(_)), "{error}");
}

#[test]
fn folders_that_can_t_be_used_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let missing = Journal::open(folder.path().join("nothing")).unwrap_err();
    assert!(
        matches!(missing, JournalError::Record(RecordError::Missing(_))),
        "{missing}"
    );
    assert!(!missing.to_string().contains("resume"), "{missing}");
    assert!(!folder.path().join("nothing").exists());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::create(file.join("run")).unwrap_err();
    assert!(
        matches!(error, JournalError::Record(RecordError::Unwritable { .. })),
        "{error}"
    );
    assert!(error.to_string().contains("file"), "{error}");
    assert!(!error.to_string().contains("safe"), "{error}");
    // Not even root can create a folder there.
    if cfg!(target_os = "linux") {
        let error = Journal::create("/proc/evonas").unwrap_err();
        assert!(
            matches!(error, JournalError::Record(RecordError::Unwritable { .. })),
            "{error}"
        );
    }
    let empty = folder_with("");
    assert!(matches!(
        read::<Bits>(empty.path()).unwrap_err().error,
        JournalError::Empty(_)
    ));
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let permissions = |mode| fs::set_permissions(folder.path(), fs::Permissions::from_mode(mode));
    permissions(0o555).unwrap();
    let allowed_anyway = fs::write(folder.path().join("probe"), "").is_ok();
    let result = Journal::create(folder.path());
    permissions(0o755).unwrap();
    // Root may write everywhere.
    if !allowed_anyway {
        assert!(matches!(
            result,
            Err(JournalError::Record(RecordError::Unwritable { .. }))
        ));
    }
}

#[test]
fn a_resumed_search_starts_counting_failures_from_zero() {
    let folder = tempfile::tempdir().unwrap();
    let search = |broken: bool| {
        let evaluator = move |bits: &Bits, _: &Context<'_>| match broken {
            true => Err(EvaluationError::failed("the data is not there")),
            false => Ok(Evaluation::new(f64::from(u8::from(bits[0])))),
        };
        Search::new(evolution(1), Serial::new(evaluator), Budget::trials(60))
            .max_consecutive_failures(20)
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
    };
    for _ in 0..2 {
        let error = search(true).unwrap_err();
        assert!(matches!(
            error,
            SearchError::TooManyFailures { count: 20, .. }
        ));
    }
    let result = search(false).unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (60, 40));
}

#[test]
fn with_threads_no_trial_is_lost_doubled_or_changed() {
    let folder = tempfile::tempdir().unwrap();
    let search = |stop_at: u64| {
        let stop = StopSignal::new();
        let inner = stop.clone();
        let evaluator = move |bits: &Bits, context: &Context<'_>| {
            if context.trial().0 == stop_at {
                inner.stop();
            }
            std::thread::sleep(std::time::Duration::from_micros(context.seed() % 500));
            context.check_stop()?;
            evaluator(bits, context)
        };
        let executor = Threads::with_stop_signal(evaluator, 3, &stop).unwrap();
        Search::new(evolution(1), executor, Budget::trials(100))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap()
    };
    for stop_at in [7, 30, 31, 60] {
        let before = read::<Bits>(folder.path())
            .map(|read| read.in_flight)
            .unwrap_or_default();
        let result = search(stop_at);
        assert_eq!(result.termination, Termination::Stopped);
        let after = read::<Bits>(folder.path()).unwrap();
        for trial in before {
            let finished = after
                .history
                .records()
                .iter()
                .find(|record| record.id == trial.id);
            let again = after.in_flight.iter().find(|other| other.id == trial.id);
            match (finished, again) {
                (Some(record), None) => {
                    assert_eq!(
                        (&record.genotype, record.seed),
                        (&trial.genotype, trial.seed)
                    );
                }
                (None, Some(other)) => assert_eq!(*other, trial),
                other => panic!("{other:?}"),
            }
        }
    }
    let result = search(u64::MAX);
    assert_eq!(result.termination, Termination::Trials);
    let mut ids: Vec<u64> = result
        .history
        .records()
        .iter()
        .map(|record| record.id.0)
        .collect();
    ids.sort_unstable();
    assert_eq!(ids, (0..100).collect::<Vec<_>>());
    assert_eq!(
        read::<Bits>(folder.path()).unwrap().history.records(),
        result.history.records()
    );
}

/// Anything an evaluator may return, with texts and figures that JSON could change.
fn any_evaluation() -> impl Strategy<Value = Result<Evaluation, EvaluationError>> {
    let figure = prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO;
    let metrics = prop::collection::btree_map("[^a-z]{0,8}", figure, 0..4);
    let completed =
        (figure, metrics, prop::option::of(0.0..1e9)).prop_map(|(fitness, metrics, cost)| {
            let mut evaluation = Evaluation::new(fitness);
            evaluation.metrics = metrics.into_iter().collect();
            evaluation.cost = cost;
            Ok(evaluation)
        });
    prop_oneof![
        3 => completed,
        1 => any::<String>().prop_map(|reason| Err(EvaluationError::Failed(reason))),
        1 => any::<String>().prop_map(|reason| Err(EvaluationError::Infeasible(reason))),
        1 => any::<String>().prop_map(|reason| Err(EvaluationError::OutOfMemory(reason))),
        1 => any::<String>().prop_map(|reason| Err(EvaluationError::DeviceLost(reason))),
        1 => (any::<u64>(), figure)
            .prop_map(|(step, value)| Err(EvaluationError::Stopped { step, value })),
        1 => Just(Err(EvaluationError::TimedOut)),
    ]
}

proptest! {
    #[test]
    fn any_outcome_reads_back_as_it_was(
        evaluations in prop::collection::vec(any_evaluation(), 20),
        report in any::<f64>(),
    ) {
        let folder = tempfile::tempdir().unwrap();
        let evaluator = move |_: &Bits, context: &Context<'_>| {
            context.report(1, report);
            evaluations[context.trial().0 as usize].clone()
        };
        let result = Search::new(evolution(1), Serial::new(evaluator), Budget::trials(20))
            .journal(Journal::create(folder.path()).unwrap())
            .run()
            .unwrap();
        let recorded = read::<Bits>(folder.path()).unwrap();
        prop_assert_eq!(recorded.history.records(), result.history.records());
        for record in result.history.records() {
            let json = serde_json::to_string(record).unwrap();
            let again: evonas::search::TrialRecord<Bits> = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(&again, record);
        }
    }
}
