//! The journal and resuming from it.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::fs;
use std::path::Path;

use evonas::algorithm::{AlgorithmDescription, TellError};
use evonas::prelude::*;
use evonas::search::journal::{JournalError, Warning, read};
use evonas::search::{Retry, SearchError};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use proptest::prelude::{Just, Strategy, any, prop, prop_assert_eq, prop_oneof, proptest};

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

/// Every kind of outcome, metrics, reports, and figures that JSON could spoil.
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

/// The journal without what depends on time: all that follows the checksum of a line.
fn timeless(journal: &str) -> Vec<String> {
    let end = |line: &str| line.rfind(",\"check\":\"").unwrap() + ",\"check\":\"01234567\"".len();
    journal
        .lines()
        .map(|line| line[..end(line)].to_owned())
        .collect()
}

fn recorded(trials: u64) -> String {
    let folder = tempfile::tempdir().unwrap();
    run(folder.path(), 1, trials).unwrap();
    text(folder.path())
}

#[test]
fn a_search_cut_anywhere_goes_on_to_the_journal_of_an_uninterrupted_one() {
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
    // And resumed with nothing left to do, it stays as it is.
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
    assert_eq!(read.header.description.seed, Some(1));
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
        bytes: last,
    };
    let read = read::<Bits>(folder.path()).unwrap();
    assert_eq!(read.warnings, std::slice::from_ref(&warning));
    assert_eq!(read.in_flight.len(), 1);
    assert_eq!(run(folder.path(), 1, 20).unwrap().warnings, [warning]);
}

#[test]
fn any_other_damage_is_an_error_that_names_the_line() {
    let whole = recorded(20);
    let lines: Vec<&str> = whole.lines().collect();
    let damaged_line = |journal: &str| {
        let folder = folder_with(journal);
        match run(folder.path(), 1, 20) {
            Err(SearchError::Journal(error @ JournalError::Damaged { line, .. })) => {
                assert!(error.to_string().contains(&format!("line {line} of ")));
                assert_eq!(text(folder.path()), journal, "it is left as it is");
                line
            }
            other => panic!("{other:?}"),
        }
    };
    for index in 1..lines.len() {
        let with = |changed: &[&str]| {
            let mut journal = lines.clone();
            journal.splice(index..=index, changed.iter().copied());
            journal.join("\n") + "\n"
        };
        let number = index as u64 + 1;
        assert_eq!(damaged_line(&with(&["", lines[index]])), number);
        assert_eq!(damaged_line(&with(&[&lines[index][..30]])), number);
        assert_eq!(
            damaged_line(&with(&[&lines[index].replacen(':', ":1", 1)])),
            number
        );
        assert_eq!(
            damaged_line(&with(&[lines[index], lines[index]])),
            number + 1
        );
        let time = lines[index].find("\"at\":").unwrap() + 5;
        let digit = if lines[index].as_bytes()[time] == b'0' {
            "1"
        } else {
            "0"
        };
        let mut later = lines[index].to_owned();
        later.replace_range(time..=time, digit);
        assert_eq!(damaged_line(&with(&[&later])), number, "another time");
        if index + 1 < lines.len() {
            assert_eq!(damaged_line(&with(&[])), number, "a missing line");
        }
    }
}

#[test]
fn the_journal_of_another_search_is_refused() {
    let journal = recorded(20);
    let folder = folder_with(&journal);
    let differs = |result: Result<SearchResult<Bits>, SearchError>| match result {
        Err(SearchError::Journal(JournalError::OtherSearch { difference, .. })) => difference.path,
        other => panic!("{other:?}"),
    };
    let open = || Journal::open(folder.path()).unwrap();
    let search = |algorithm: Evolution<Bits>, journal: Journal| {
        Search::new(algorithm, Serial::new(evaluator), Budget::trials(20))
            .journal(journal)
            .run()
    };
    let ours = |journal: Journal| journal.evaluator("ones and noise");
    assert_eq!(differs(run(folder.path(), 2, 20)), "seed");
    assert_eq!(differs(search(evolution(1), open())), "evaluator");
    let space = BitsSpace { length: 17 };
    let other_space = Evolution::builder(space, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap();
    assert_eq!(differs(search(other_space, ours(open()))), "space.length");
    let other = Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .non_aging()
        .build()
        .unwrap();
    let result = search(other, ours(open()));
    let message = result.as_ref().unwrap_err().to_string();
    assert!(
        message.contains("Oldest") && message.contains("WorstOfSample"),
        "{message}"
    );
    assert_eq!(differs(result), "algorithm.replacement.type");
    assert_eq!(text(folder.path()), journal, "nothing was written");

    for other in [1, 3] {
        let format = format!("\"format\":{other}");
        let folder = folder_with(&journal.replacen("\"format\":2", &format, 1));
        assert!(matches!(
            Journal::open(folder.path()),
            Err(JournalError::Format { found, supported: 2, .. }) if found == other
        ));
    }
    for other in ["hello\n", "{\"journal\":\"other\"}\n", "hello"] {
        let folder = folder_with(other);
        let error = Journal::open_or_create(folder.path()).unwrap_err();
        assert!(matches!(error, JournalError::NotAJournal(_)), "{error}");
        assert_eq!(text(folder.path()), other);
    }
}

#[test]
fn a_sound_journal_of_genotypes_of_another_type_is_not_called_damaged() {
    let folder = folder_with(&recorded(20));
    let error = read::<Vec<u8>>(folder.path()).unwrap_err();
    let JournalError::OtherGenotype { line, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(line, 2);
    assert!(
        error.to_string().contains("of another type") && !error.to_string().contains("damaged"),
        "{error}"
    );
    // Where a byte of it is another, it is damaged all the same.
    let folder = folder_with(&recorded(20).replacen("true", "1234", 1));
    let error = read::<Vec<u8>>(folder.path()).unwrap_err();
    assert!(
        matches!(error, JournalError::Damaged { line: 2, .. }),
        "{error}"
    );
}

#[test]
fn a_checksum_in_other_digits_is_damage() {
    let whole = recorded(20);
    let lines: Vec<&str> = whole.lines().collect();
    let mut tried = 0;
    for (index, line) in lines.iter().enumerate() {
        for name in ["\"check\":\"", "\"time_check\":\""] {
            let start = line.rfind(name).unwrap() + name.len();
            let upper = line[start..start + 8].to_uppercase();
            if upper == line[start..start + 8] {
                continue;
            }
            let mut changed = (*line).to_owned();
            changed.replace_range(start..start + 8, &upper);
            let mut journal = lines.clone();
            journal[index] = &changed;
            let folder = folder_with(&(journal.join("\n") + "\n"));
            let error = run(folder.path(), 1, 20).unwrap_err();
            let number = index as u64 + 1;
            assert!(
                matches!(
                    error,
                    SearchError::Journal(JournalError::Damaged { line, .. }) if line == number
                ),
                "{error}"
            );
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn damage_to_the_header_names_its_line_wherever_it_is() {
    let whole = recorded(20);
    let header = whole.lines().next().unwrap().len();
    for place in 0..header {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] ^= 1;
        let folder = folder_with("");
        fs::write(folder.path().join("journal.jsonl"), &bytes).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        // One digit makes another format, of which this version knows nothing.
        let names_it =
            matches!(error, JournalError::Format { .. }) || error.to_string().contains("line 1 ");
        assert!(names_it, "byte {place}: {error}");
    }
}

#[test]
fn a_file_without_lines_that_is_no_journal_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    // Sixteen terabytes, or what the file system allows, without a byte on the disk.
    let file = fs::File::create(&path).unwrap();
    let allowed = (30..45)
        .rev()
        .find(|&power| file.set_len(1 << power).is_ok());
    assert!(allowed.is_some());
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(matches!(error, JournalError::NotAJournal(_)), "{error}");
}

/// An algorithm that says it is another.
#[derive(Debug)]
struct Impostor(Evolution<Bits>, AlgorithmDescription);

impl Algorithm<Bits> for Impostor {
    fn ask(&mut self) -> Trial<Bits> {
        self.0.ask()
    }

    fn tell(&mut self, id: TrialId, outcome: &Outcome) -> Result<(), TellError> {
        self.0.tell(id, outcome)
    }

    fn describe(&self) -> AlgorithmDescription {
        self.1.clone()
    }
}

#[test]
fn an_algorithm_that_asks_for_something_else_is_refused() {
    let folder = folder_with(&recorded(20));
    let impostor = Impostor(evolution(2), evolution(1).describe());
    let error = Search::new(impostor, Serial::new(evaluator), Budget::trials(20))
        .journal(
            Journal::open(folder.path())
                .unwrap()
                .evaluator("ones and noise"),
        )
        .run()
        .unwrap_err();
    let SearchError::Journal(JournalError::OtherTrial { line: 2, what, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(what, "seed");
}

#[test]
fn one_search_at_a_time_has_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let journal = Journal::create(folder.path()).unwrap();
    for second in [
        Journal::create(folder.path()),
        Journal::open(folder.path()),
        Journal::open_or_create(folder.path()),
    ] {
        assert!(matches!(second, Err(JournalError::InUse(_))), "{second:?}");
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
    assert!(matches!(missing, JournalError::Missing(_)), "{missing}");
    assert!(!folder.path().join("nothing").exists());
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let error = Journal::create(file.join("run")).unwrap_err();
    assert!(matches!(error, JournalError::Unwritable { .. }), "{error}");
    assert!(error.to_string().contains("file"), "{error}");
    // Whoever may write everywhere can't make a folder there.
    if cfg!(target_os = "linux") {
        let error = Journal::create("/proc/evonas").unwrap_err();
        assert!(matches!(error, JournalError::Unwritable { .. }), "{error}");
    }
    let empty = folder_with("");
    assert!(matches!(
        read::<Bits>(empty.path()),
        Err(JournalError::Empty(_))
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
        assert!(matches!(result, Err(JournalError::Unwritable { .. })));
    }
}

#[test]
fn a_resume_starts_counting_failures_anew() {
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

/// Whatever an evaluator may come up with, texts and figures that JSON could spoil among it.
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
