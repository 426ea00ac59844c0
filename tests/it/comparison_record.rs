//! Recorded comparisons that resume after an interruption.

use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use evonas::comparison::contenders::{Aging, Named, NonAging, Random, ReinforceContender};
use evonas::comparison::{
    Benchmark, BitsBenchmark, Comparison, ComparisonBuilder, ComparisonError, Contender,
    LockPolicy, RecordError, RunEvent, RunRecord, Setup,
};
use evonas::prelude::*;
use evonas::records;

use crate::sealed::{opened, sealed};

type Contenders<B> = Vec<Box<dyn Contender<B>>>;

fn two<B: Benchmark<Space: CategoricalSpace>>() -> Contenders<B> {
    let aging = Aging::new().population(10).sample(3);
    vec![Box::new(aging), Box::new(ReinforceContender::new())]
}

fn setup(runs: usize) -> Setup {
    Setup::new(&BitsBenchmark::default())
        .runs(runs)
        .budget(Duration::from_secs(60))
        .workers(2)
        .seed(4)
}

fn builder<'a>(
    benchmark: &'a BitsBenchmark,
    contenders: Contenders<BitsBenchmark>,
    setup: &Setup,
) -> ComparisonBuilder<'a, BitsBenchmark> {
    Comparison::builder(benchmark)
        .contenders(contenders)
        .setup(setup.clone())
}

/// The comparison without a record.
fn at_once(contenders: Contenders<BitsBenchmark>, setup: &Setup) -> Comparison {
    let benchmark = BitsBenchmark::default();
    builder(&benchmark, contenders, setup).run().unwrap()
}

/// Resumes in a folder: the comparison, how many runs came from the record, and how many ran.
fn resume(
    folder: &Path,
    contenders: Contenders<BitsBenchmark>,
    setup: &Setup,
) -> Result<(Comparison, usize, usize), ComparisonError> {
    let (mut taken, mut run) = (0, 0);
    let comparison = builder(&BitsBenchmark::default(), contenders, setup)
        .record(RunRecord::open_or_create(folder)?)
        .observe(|event: &RunEvent<'_>| match event {
            RunEvent::Began { recorded, .. } => taken = *recorded,
            RunEvent::Finished { .. } => run += 1,
            _ => {}
        })
        .run()?;
    Ok((comparison, taken, run))
}

fn csv_files(comparison: &Comparison) -> Vec<String> {
    let folder = tempfile::tempdir().unwrap();
    comparison.write_csv(folder.path()).unwrap();
    let read = |name| fs::read_to_string(folder.path().join(name)).unwrap();
    ["runs.csv", "pairs.csv", "curves.csv"].map(read).into()
}

#[test]
fn a_comparison_that_was_cut_off_anywhere_resumes_to_the_same_result() {
    let uninterrupted = at_once(two(), &setup(3));
    let folder = tempfile::tempdir().unwrap();
    let (whole, taken, run) = resume(folder.path(), two(), &setup(3)).unwrap();
    assert_eq!((taken, run), (0, 6));
    assert_eq!(whole, uninterrupted);
    let record = fs::read(folder.path().join("runs.jsonl")).unwrap();
    let lines = |bytes: &[u8]| bytes.iter().filter(|&&byte| byte == b'\n').count();
    assert_eq!(lines(&record), 1 + 2 + 6);
    let cut = tempfile::tempdir().unwrap();
    let path = cut.path().join("runs.jsonl");
    for length in (0..=record.len()).step_by(97).chain([record.len()]) {
        fs::write(&path, &record[..length]).unwrap();
        let (again, taken, run) = resume(cut.path(), two(), &setup(3)).unwrap();
        let whole_runs = lines(&record[..length]).saturating_sub(1 + 2);
        assert_eq!(
            (taken, run),
            (whole_runs, 6 - whole_runs),
            "cut at {length}"
        );
        assert_eq!(again, uninterrupted, "cut at {length}");
        let (_, taken, run) = resume(cut.path(), two(), &setup(3)).unwrap();
        assert_eq!((taken, run), (6, 0), "cut at {length}");
    }
    let (again, ..) = resume(cut.path(), two(), &setup(3)).unwrap();
    assert_eq!(csv_files(&again), csv_files(&uninterrupted));
}

#[test]
fn more_runs_and_other_algorithms_reuse_the_recorded_runs() {
    let folder = tempfile::tempdir().unwrap();
    resume(folder.path(), two(), &setup(2)).unwrap();
    let four = || {
        let mut four = two();
        four.insert(1, Box::new(NonAging::new()));
        four.insert(2, Box::new(Random::new()));
        four
    };
    let workers = setup(3).workers(1);
    let (extended, taken, run) = resume(folder.path(), four(), &workers).unwrap();
    assert_eq!((taken, run), (4, 12 - 4));
    assert_eq!(extended, at_once(four(), &setup(3)));
    let random = vec![Box::new(Random::new()) as Box<dyn Contender<_>>];
    let (fewer, taken, run) = resume(folder.path(), random, &setup(1)).unwrap();
    assert_eq!((taken, run), (1, 0));
    assert_eq!(fewer.entries()[0].runs[..], extended.entries()[2].runs[..1]);
}

/// Bits whose evaluations fail after a number of them.
struct Failing {
    bits: BitsBenchmark,
    evaluations: AtomicUsize,
    last: usize,
}

impl Benchmark for &Failing {
    type Genotype = Vec<bool>;
    type Space = BitsSpace;

    fn dataset(&self) -> String {
        self.bits.dataset()
    }

    fn describe(&self) -> serde_json::Value {
        self.bits.describe()
    }

    fn space(&self) -> BitsSpace {
        self.bits.space()
    }

    fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
        self.bits.mutation()
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
        let made = self.evaluations.fetch_add(60, Ordering::Relaxed);
        match made < self.last {
            true => self.bits.evaluator(),
            false => Box::new(|_: &Vec<bool>, _: &Context<'_>| {
                Err(EvaluationError::failed("the machine is on fire"))
            }),
        }
    }

    fn test(&self, bits: &Vec<bool>, evaluation: &Evaluation) -> f64 {
        self.bits.test(bits, evaluation)
    }

    fn text(&self, bits: &Vec<bool>) -> String {
        self.bits.text(bits)
    }

    fn budget(&self) -> Duration {
        self.bits.budget()
    }

    fn reward_scale(&self) -> f64 {
        self.bits.reward_scale()
    }
}

#[test]
fn a_failed_run_costs_no_finished_run() {
    let folder = tempfile::tempdir().unwrap();
    let failing = Failing {
        bits: BitsBenchmark::default(),
        evaluations: AtomicUsize::new(0),
        last: 4 * 60,
    };
    let error = Comparison::builder(&&failing)
        .contenders(two())
        .setup(setup(3).workers(1))
        .record(RunRecord::create(folder.path()).unwrap())
        .run()
        .unwrap_err();
    assert!(error.to_string().contains("on fire"), "{error}");
    let (resumed, taken, run) = resume(folder.path(), two(), &setup(3)).unwrap();
    assert_eq!((taken, run), (4, 2));
    assert_eq!(resumed, at_once(two(), &setup(3)));
}

#[test]
fn the_record_of_another_comparison_is_refused_by_what_differs() {
    let folder = tempfile::tempdir().unwrap();
    resume(folder.path(), two(), &setup(1)).unwrap();
    let before = fs::read(folder.path().join("runs.jsonl")).unwrap();
    let error = |noise: f64, change: fn(&mut Setup)| {
        let mut setup = setup(2);
        change(&mut setup);
        let benchmark = BitsBenchmark::default().noise(noise);
        let error = builder(&benchmark, two(), &setup)
            .record(RunRecord::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap_err();
        assert!(
            matches!(error, ComparisonError::OtherComparison { .. }),
            "{error}"
        );
        error.to_string()
    };
    for (error, words) in [
        (
            error(0.05, |setup| setup.seed = 5),
            "setup.seed: 4 recorded, 5 now",
        ),
        (
            error(0.05, |setup| setup.budget = Duration::from_millis(60_500)),
            "setup.budget_seconds: 60.0 recorded, 60.5 now",
        ),
        (
            error(0.01, |_| ()),
            "benchmark.evaluations.noise: 0.05 recorded, 0.01 now",
        ),
    ] {
        assert!(error.contains("records another comparison: "), "{error}");
        assert!(error.contains(words), "{error}");
    }
    let after = fs::read(folder.path().join("runs.jsonl")).unwrap();
    assert_eq!(before, after, "a refusal changes nothing");
}

#[test]
fn a_folder_with_a_comparison_is_not_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("new/folder");
    let record = RunRecord::create(&inner).unwrap();
    assert!(record.path().starts_with(&inner));
    let in_use = RunRecord::open_or_create(&inner).unwrap_err();
    assert!(
        matches!(in_use, ComparisonError::Record(RecordError::InUse(_))),
        "{in_use}"
    );
    drop(record);
    let (comparison, ..) = resume(&inner, two(), &setup(1)).unwrap();
    let occupied = RunRecord::create(&inner).unwrap_err();
    assert!(
        matches!(occupied, ComparisonError::Occupied(_)),
        "{occupied}"
    );
    assert!(
        occupied.to_string().ends_with(
            "new/folder holds a comparison already; resume it, or choose another folder"
        ),
        "{occupied}"
    );
    // Results without a record, as earlier versions wrote them.
    let old = folder.path().join("old");
    comparison.write_csv(&old).unwrap();
    let occupied = RunRecord::create(&old).unwrap_err();
    assert!(
        matches!(occupied, ComparisonError::Occupied(_)),
        "{occupied}"
    );
    let no_record = RunRecord::open_or_create(&old).unwrap_err();
    assert!(
        matches!(no_record, ComparisonError::NoRecord(_)),
        "{no_record}"
    );
}

#[test]
fn a_damaged_record_is_refused_by_its_line() {
    let folder = tempfile::tempdir().unwrap();
    resume(folder.path(), two(), &setup(2)).unwrap();
    let path = folder.path().join("runs.jsonl");
    let sound = fs::read_to_string(&path).unwrap();
    let error = |text: String| {
        fs::write(&path, text).unwrap();
        match resume(folder.path(), two(), &setup(2)).unwrap_err() {
            ComparisonError::Record(error) => error,
            other => panic!("{other}"),
        }
    };
    let lines: Vec<&str> = sound.lines().collect();
    let changed = error(sound.replacen("\"valid\":0.", "\"valid\":1.", 1));
    assert!(
        matches!(changed, RecordError::Damaged { line: 4, .. }),
        "{changed}"
    );
    let missing = error(format!("{}\n{}\n", lines[..4].join("\n"), lines[5]));
    assert!(
        matches!(missing, RecordError::Damaged { line: 5, .. }),
        "{missing}"
    );
    let other_settings = error(sound.replacen("\"seed\":4", "\"seed\":5", 1));
    assert!(
        matches!(other_settings, RecordError::Damaged { line: 1, .. }),
        "{other_settings}"
    );
    let format = error(sound.replacen("\"format\":3", "\"format\":9", 1));
    assert!(
        matches!(
            format,
            RecordError::Format {
                found: 9,
                supported: 3,
                ..
            }
        ),
        "{format}"
    );
    assert!(
        format.to_string().ends_with("or begin a new comparison"),
        "{format}"
    );
    let other_file = error("algorithm,run\n".to_owned());
    assert!(
        matches!(other_file, RecordError::OtherKind { .. }),
        "{other_file}"
    );
    assert!(
        other_file.to_string().ends_with(
            "runs.jsonl is not a record of runs: line 1 doesn't begin like a record's header"
        ),
        "{other_file}"
    );
    let header_end = error(format!("{{\"comparison\":\"evonas\",\"format\":\n{sound}"));
    assert!(
        matches!(header_end, RecordError::Damaged { line: 1, .. }),
        "{header_end}"
    );
}

#[test]
fn a_damaged_record_is_repaired_and_runs_only_what_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (whole, ..) = resume(folder.path(), two(), &setup(3)).unwrap();
    let path = folder.path().join("runs.jsonl");
    let record = fs::read_to_string(&path).unwrap();
    let sound = records::check(folder.path()).unwrap();
    assert!(sound.damage.is_none());
    assert_eq!((sound.finished, sound.unsound_bytes()), (6, 0));

    let lines: Vec<&str> = record.lines().collect();
    let changed = lines[5].replacen("\"evaluations\":", "\"evaluations\":1", 1);
    fs::write(&path, record.replacen(lines[5], &changed, 1)).unwrap();
    resume(folder.path(), two(), &setup(3)).unwrap_err();
    let checked = records::check(folder.path()).unwrap();
    assert!(matches!(
        checked.damage,
        Some(RecordError::Damaged { line: 6, .. })
    ));
    assert_eq!(checked.finished, 2);
    let repaired = records::repair(folder.path(), LockPolicy::Required).unwrap();
    assert_eq!(repaired.unwrap().cut_lines, 4);
    let (again, taken, run) = resume(folder.path(), two(), &setup(3)).unwrap();
    assert_eq!((taken, run), (2, 4));
    assert_eq!(again, whole);
}

#[test]
fn a_run_that_no_comparison_would_record_is_damage() {
    let folder = tempfile::tempdir().unwrap();
    resume(folder.path(), two(), &setup(2)).unwrap();
    let path = folder.path().join("runs.jsonl");
    let lines = opened(&fs::read_to_string(&path).unwrap());
    let field = |content: &str, name: &str| {
        let start = content.find(name).unwrap() + name.len();
        let end = start + content[start..].find([',', ']', '}']).unwrap();
        start..end
    };
    for (name, value) in [
        ("\"trials\":", "0"),
        ("\"trials\":", "18446744073709551615"),
        ("\"evaluations\":", "0"),
        ("\"seconds\":", "-1e300"),
        ("\"incumbents\":", "[]"),
    ] {
        let mut lines = lines.clone();
        let content = &mut lines[3].content;
        let mut range = field(content, name);
        if value == "[]" {
            range.end = content.find("}]").unwrap() + 2;
        }
        content.replace_range(range, value);
        fs::write(&path, sealed(&lines)).unwrap();
        let error = resume(folder.path(), two(), &setup(2)).unwrap_err();
        assert!(
            matches!(
                error,
                ComparisonError::Record(RecordError::Damaged { line: 4, .. })
            ),
            "{name}{value}: {error}"
        );
    }
}

#[test]
fn control_characters_of_names_are_escaped_in_every_file() {
    let folder = tempfile::tempdir().unwrap();
    let name = "a\u{1b}[31m\n\"b\", c";
    let comparison = at_once(vec![Box::new(Named::new(name, Random::new()))], &setup(2));
    comparison.write_csv(folder.path()).unwrap();
    let runs = fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    assert_eq!(runs.lines().count(), 3, "{runs}");
    let escaped = r#""a\u001b[31m\n""b"", c",bits"#;
    assert!(
        runs.lines().skip(1).all(|line| line.starts_with(escaped)),
        "{runs}"
    );
    assert!(!comparison.to_string().contains('\u{1b}'));
}
