//! An unlucky user: the program is killed, stopped, suspended, raced and starved of disk space at random moments, and
//! what it recorded must survive. `EVONAS_CAMPAIGN=N` runs N rounds instead of a few.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use evonas::randomness::{Stream, stream};
use evonas::search::journal;
use evonas::spaces::nasnet::NasnetGenotype;
use rand::RngExt as _;

use crate::harness::{Dir, program, signal, with_default_signals};
use crate::search::{timeless, tiny};

/// Rounds without `EVONAS_CAMPAIGN`.
const ROUNDS: u64 = 6;
/// Mishaps in a round, before the search may end.
const MISHAPS: u64 = 4;

const TRIALS: u64 = 10;

fn line(out: &str, workers: &str) -> String {
    tiny(&format!(
        "--trials {TRIALS} --seed 11 --resume --quiet --out {out} {workers}"
    ))
}

/// What can happen to a search.
#[derive(Clone, Copy, Debug)]
enum Mishap {
    Signal(&'static str),
    /// The first Ctrl-C, and the second.
    Twice,
    /// Suspended for a while.
    Suspended,
    /// Another process wants the same folder.
    Race,
    /// No file may grow beyond this many blocks.
    Limit(u32),
}

impl Mishap {
    fn draw(rng: &mut Stream, may_finish: bool) -> Self {
        match rng.random_range(0..9) {
            // A search on several workers that finishes the running trials differs from an uninterrupted one.
            0 if may_finish => Self::Signal("-INT"),
            0 | 1 => Self::Signal("-TERM"),
            2 => Self::Signal("-HUP"),
            3 if may_finish => Self::Twice,
            4 => Self::Suspended,
            5 => Self::Race,
            6 => Self::Limit(rng.random_range(1..40)),
            _ => Self::Signal("-KILL"),
        }
    }

    /// Lets it happen to a search in `run`, some time after it was started.
    fn happen(self, dir: &Dir, line: &str, moment: Duration) {
        let mut child = match self {
            Self::Limit(blocks) => limited(dir, line, blocks),
            _ => quiet(dir, line),
        };
        // A deadline, so that a lost signal shows as such.
        let wait = |child: &mut Child| ended_within(child, Duration::from_secs(120));
        std::thread::sleep(moment);
        match self {
            Self::Signal(name) => {
                signal(&child, name);
                let status = wait(&mut child);
                assert!(ended_by(status, name), "{self:?}: {status}");
            }
            Self::Twice => {
                signal(&child, "-INT");
                std::thread::sleep(Duration::from_millis(20));
                signal(&child, "-INT");
                let status = wait(&mut child);
                assert!(ended_by(status, "-INT"), "{self:?}: {status}");
            }
            Self::Suspended => {
                signal(&child, "-STOP");
                std::thread::sleep(Duration::from_millis(100));
                signal(&child, "-CONT");
                let status = wait(&mut child);
                assert!(status.success(), "{self:?}: {status}");
            }
            Self::Race => {
                let mut second = quiet(dir, line);
                let codes = [wait(&mut child), wait(&mut second)].map(|status| status.code());
                let refused = codes.iter().filter(|&&code| code == Some(1)).count();
                assert!(codes.contains(&Some(0)) && refused <= 1, "{codes:?}");
            }
            Self::Limit(_) => {
                let status = wait(&mut child);
                assert!(matches!(status.code(), Some(0 | 1)), "{self:?}: {status}");
            }
        }
    }
}

/// Whether it had ended before, or ended with the exit code of this signal, or by the signal itself before the program
/// listened.
fn ended_by(status: ExitStatus, name: &str) -> bool {
    let number = match name {
        "-HUP" => 1,
        "-INT" => 2,
        "-KILL" => 9,
        "-TERM" => 15,
        other => panic!("{other} is not sent"),
    };
    status.success() || status.code() == Some(128 + number) || status.signal() == Some(number)
}

fn ended_within(child: &mut Child, limit: Duration) -> ExitStatus {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            return status;
        }
        if begin.elapsed() > limit {
            child.kill().unwrap();
            panic!("the program didn't end");
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn quiet(dir: &Dir, line: &str) -> Child {
    let mut command = with_default_signals(program());
    spawn(command.args(line.split_whitespace()), dir)
}

/// The program under a limit of the size of files, where writing more is an error as on a full disk.
fn limited(dir: &Dir, line: &str, blocks: u32) -> Child {
    let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
    let mut shell = with_default_signals("sh");
    shell.args(["-c", &script]).arg(program());
    spawn(shell.args(line.split_whitespace()), dir)
}

fn spawn(command: &mut Command, dir: &Dir) -> Child {
    command
        .current_dir(dir.path(""))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

/// What is on record of each finished trial, apart from times.
fn recorded(dir: &Dir, out: &str) -> BTreeMap<u64, String> {
    let Ok(recorded) = journal::read::<NasnetGenotype>(dir.path(out)) else {
        // The first mishap came before the journal's first line.
        let journal = fs::read(dir.path(out).join("journal.jsonl")).unwrap_or_default();
        assert!(!journal.contains(&b'\n'), "{out}: the journal is damaged");
        return BTreeMap::new();
    };
    let records = recorded.history.records();
    let trials: BTreeMap<u64, String> = records
        .iter()
        .map(|record| {
            let text = format!("{} {} {}", record.seed, record.genotype, record.outcome);
            (record.id.0, text)
        })
        .collect();
    assert_eq!(trials.len(), records.len(), "{out}: a trial is doubled");
    trials
}

/// Searches that meet mishaps, compared with one that met none.
fn campaign(workers: &str, may_finish: bool, stream_number: u64) {
    let rounds = match std::env::var("EVONAS_CAMPAIGN") {
        Ok(rounds) => rounds
            .parse()
            .expect("EVONAS_CAMPAIGN is a number of rounds"),
        Err(_) => ROUNDS,
    };
    let dir = Dir::new();
    let begin = Instant::now();
    dir.line(&line("whole", workers)).assert().success();
    let whole = begin.elapsed();
    let (journal, network) = (timeless(&dir, "whole"), dir.bytes("whole/best.safetensors"));
    for round in 0..rounds {
        let out = format!("run{round}");
        let line = line(&out, workers);
        let mut rng = stream(round, stream_number);
        let mut before = BTreeMap::new();
        for _ in 0..MISHAPS {
            let mishap = Mishap::draw(&mut rng, may_finish);
            let moment = whole.mul_f64(rng.random_range(0.0..0.6));
            mishap.happen(&dir, &line, moment);
            let after = recorded(&dir, &out);
            for (trial, text) in &before {
                assert_eq!(
                    after.get(trial),
                    Some(text),
                    "{out}: {mishap:?} lost trial {trial}"
                );
            }
            before = after;
        }
        dir.line(&line).assert().success();
        assert!(
            timeless(&dir, &out) == journal,
            "{out}: another search than the whole one"
        );
        assert!(
            dir.bytes(&format!("{out}/best.safetensors")) == network,
            "{out}: another network than that of the whole search"
        );
        fs::remove_dir_all(dir.path(&out)).unwrap();
    }
}

#[test]
fn a_search_that_meets_every_mishap_ends_like_one_that_meets_none() {
    campaign("--workers 1", true, 0);
}

#[test]
fn an_ordered_search_on_several_workers_that_meets_mishaps_ends_like_one_that_meets_none() {
    campaign("--workers 2 --ordered", false, 1);
}

/// A file system of a few pages, which only this process sees. Skipped where an ordinary user can't have one.
#[cfg(target_os = "linux")]
#[test]
fn a_full_file_system_ends_a_search_that_resumes_once_there_is_space() {
    let dir = Dir::new();
    let search = line("run/found", "--workers 1");
    let script = format!(
        "mkdir run && mount -t tmpfs -o size=12k none run || exit 77
         \"$0\" {search} 2>said; echo $? >code
         mount -o remount,size=50m none run && \"$0\" {search} && cp -r run/found found"
    );
    let mut unshare = Command::new("unshare");
    unshare.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
    let output = unshare.arg(program()).current_dir(dir.path("")).output();
    match output {
        Ok(output) if dir.exists("code") => {
            assert!(output.status.success(), "{output:?}");
        }
        refused => {
            eprintln!("skipped, since there is no file system for this test: {refused:?}");
            return;
        }
    }
    assert_eq!(dir.read("code"), "1\n");
    assert!(dir.read("said").contains("No space left on device"));
    dir.line(&line("whole", "--workers 1")).assert().success();
    assert!(timeless(&dir, "found") == timeless(&dir, "whole"));
}
