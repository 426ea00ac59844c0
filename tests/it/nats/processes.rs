//! The test binary as a worker or a coordinator in a process of its own, which can be killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::Duration;
use std::{env, fs, process};

use evonas::evaluator::IntermediateResult;
use evonas::executor::Nats;
use evonas::nats::{NatsServer, NatsWorker};
use evonas::prelude::*;
use evonas::worker::WorkerSetup;

use super::{Bits, count_ones, description, evolution, space};

const ROLE: &str = "EVONAS_NATS_TEST_ROLE";
const ADDRESS: &str = "EVONAS_NATS_TEST_ADDRESS";
const RUN: &str = "EVONAS_NATS_TEST_RUN";
const FOLDER: &str = "EVONAS_NATS_TEST_FOLDER";
const EVALUATOR: &str = "EVONAS_NATS_TEST_EVALUATOR";
const TRIALS: &str = "EVONAS_NATS_TEST_TRIALS";

/// The file by which a test lets the first trial of `held at first` end.
pub(super) const LET_GO: &str = "let_go";

/// The silence after which a worker of the tests is dead.
pub(super) const SILENCE: Duration = Duration::from_secs(1);
pub(super) const LEASE: Duration = Duration::from_millis(500);

/// Not a test: the process of a coordinator or a worker. Without a role it has nothing to do.
#[test]
#[ignore = "the tests of this module run it as a process of its own"]
fn the_process() {
    let Ok(role) = env::var(ROLE) else {
        return;
    };
    let server = NatsServer::new(env::var(ADDRESS).unwrap());
    let run = env::var(RUN).unwrap();
    match role.as_str() {
        "worker" => {
            let evaluator = evaluator(&env::var(EVALUATOR).unwrap());
            let setup = WorkerSetup::new(space(), evaluator).describe_evaluator(description());
            let worker = NatsWorker::new(server, run).grace(Duration::from_secs(1));
            worker
                .serve(&setup)
                .unwrap_or_else(|error| panic!("{error}"));
        }
        "coordinator" => {
            let trials = env::var(TRIALS).unwrap().parse().unwrap();
            let executor = Nats::builder(&space(), server, run)
                .describe_evaluator(description())
                .in_flight(6)
                .silence(SILENCE)
                .lease(LEASE)
                // Each of them may be killed.
                .deliveries(1000)
                .build()
                .unwrap_or_else(|error| panic!("{error}"));
            let journal = Journal::open_or_create(env::var(FOLDER).unwrap()).unwrap();
            let search = Search::new(evolution(), executor, Budget::trials(trials));
            search.journal(journal).run().unwrap();
        }
        other => panic!("no role {other}"),
    }
    process::exit(0);
}

type Evaluate = fn(&Bits, &Context<'_>) -> Result<Evaluation, EvaluationError>;

fn evaluator(name: &str) -> Evaluate {
    match name {
        "quick" => |bits, context| {
            let milliseconds = context.rng(1).random_range(50..250);
            context.report_with_metrics(IntermediateResult::new(1, 0.5).of(2));
            thread::sleep(Duration::from_millis(milliseconds));
            Ok(Evaluation::new(ones(bits)))
        },
        "trivial" => count_ones,
        "marked" => |bits, context| {
            mark(context, "began");
            thread::sleep(Duration::from_millis(150));
            Ok(Evaluation::new(ones(bits)))
        },
        // Leaves a file for each beginning, and one for the end.
        "long" => |bits, context| {
            mark(context, "began");
            thread::sleep(4 * SILENCE);
            mark(context, "ended");
            Ok(Evaluation::new(ones(bits)))
        },
        // Leaves files too, and the first trial ends once the test lets it go.
        "held at first" => |bits, context| {
            mark(context, "began");
            let folder = env::var(FOLDER).unwrap();
            while context.trial().0 == 0 && !Path::new(&folder).join(LET_GO).exists() {
                thread::sleep(Duration::from_millis(10));
            }
            mark(context, "ended");
            Ok(Evaluation::new(ones(bits)))
        },
        // The first worker that comes to the last step dies.
        "judged" => |bits, context| {
            mark(context, "began");
            let is_first = marks(Path::new(&env::var(FOLDER).unwrap()), "began-0-") == 1;
            for step in 1..=3 {
                context.report(step, step as f64);
                if is_first && step == 3 {
                    process::abort();
                }
            }
            Ok(Evaluation::new(ones(bits)))
        },
        "poison" => |bits, context| {
            mark(context, "began");
            // The genotype of trial 3 kills whoever touches it.
            match context.trial().0 {
                3 => process::abort(),
                _ => Ok(Evaluation::new(ones(bits))),
            }
        },
        "hanging" => |_, context| {
            mark(context, "began");
            loop {
                thread::sleep(Duration::from_secs(1));
            }
        },
        other => panic!("no evaluator {other}"),
    }
}

pub(super) fn ones(bits: &Bits) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// Leaves a file in the folder of the test.
fn mark(context: &Context<'_>, what: &str) {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("{what}-{}-{}-{number}", context.trial(), process::id());
    fs::write(Path::new(&env::var(FOLDER).unwrap()).join(name), "").unwrap();
}

/// How many files with such a name there are.
pub(super) fn marks(folder: &Path, what: &str) -> usize {
    let files = fs::read_dir(folder).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with(what)).count()
}

/// A process that is killed when it is dropped.
pub(super) struct TestProcess(pub(super) Child);

impl Drop for TestProcess {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(role: &str, address: &str, run: &str, folder: &Path, more: (&str, &str)) -> TestProcess {
    command(
        &env::current_exe().unwrap(),
        &[],
        role,
        address,
        run,
        folder,
        more,
    )
}

/// Starts this test binary, behind a command with arguments if there are some.
pub(super) fn command(
    program: &Path,
    before: &[&str],
    role: &str,
    address: &str,
    run: &str,
    folder: &Path,
    (name, value): (&str, &str),
) -> TestProcess {
    let mut command = match before {
        [] => Command::new(program),
        [first, rest @ ..] => {
            let mut command = Command::new(first);
            command.args(rest).arg(program);
            command
        }
    };
    let log = fs::File::options()
        .create(true)
        .append(true)
        .open(folder.join("log"))
        .unwrap();
    let child = command
        .args([
            "--ignored",
            "--exact",
            "nats::processes::the_process",
            "--nocapture",
        ])
        .env(ROLE, role)
        .env(ADDRESS, address)
        .env(RUN, run)
        .env(FOLDER, folder)
        .env(name, value)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .unwrap();
    TestProcess(child)
}

pub(super) fn start_worker(
    address: &str,
    run: &str,
    folder: &Path,
    evaluator: &str,
) -> TestProcess {
    start("worker", address, run, folder, (EVALUATOR, evaluator))
}

pub(super) fn start_coordinator(
    address: &str,
    run: &str,
    folder: &Path,
    trials: u64,
) -> TestProcess {
    start(
        "coordinator",
        address,
        run,
        folder,
        (TRIALS, &trials.to_string()),
    )
}
