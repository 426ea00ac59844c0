//! Workers that are processes. The test binary runs itself as a worker: [`the_worker`] serves the evaluator that the
//! environment names.

mod deaths;
mod journals;
mod limits;
mod protocol;
mod replacing;
mod starts;
mod workers;

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use evonas::executor::{Processes, ProcessesBuilder};
use evonas::prelude::*;

pub(crate) type Bits = Vec<bool>;

/// The variable that names a worker's evaluator.
const EVALUATOR: &str = "EVONAS_TEST_EVALUATOR";
/// The variable with the folder in which each worker leaves a file named by its process.
const FOLDER: &str = "EVONAS_TEST_FOLDER";

/// A shell command that runs the program that follows, silently and with at most 1 GiB.
const QUIETLY: &str = "ulimit -v 1048576; exec \"$0\" \"$@\" > /dev/null 2>&1";

fn space() -> BitsSpace {
    BitsSpace { length: 8 }
}

fn random() -> RandomSearch<Bits> {
    RandomSearch::new(space(), 1)
}

/// Not a test: the process of a worker. Without an evaluator it has nothing to do.
#[test]
#[ignore = "the tests of this module run it as a process of its own"]
fn the_worker() {
    if let Ok(evaluator) = std::env::var(EVALUATOR) {
        if let Some(folder) = std::env::var_os(FOLDER) {
            let process = std::process::id().to_string();
            fs::write(Path::new(&folder).join(process), "").unwrap();
        }
        workers::serve(&evaluator);
    }
}

/// Processes whose workers have this evaluator.
fn builder(evaluator: &'static str) -> ProcessesBuilder<Bits> {
    let this = std::env::current_exe().unwrap().into_os_string();
    let test = [
        "--ignored",
        "--exact",
        "processes::the_worker",
        "--nocapture",
    ];
    let arguments = ["-c", QUIETLY].map(Into::into).into_iter();
    Processes::builder(&space())
        .program("sh")
        .arguments(arguments.chain([this]).chain(test.map(Into::into)))
        // Without memory, a backtrace takes long.
        .environment("RUST_BACKTRACE", |_| "0")
        .environment(EVALUATOR, move |_| evaluator)
}

/// The processes that left a file in the folder.
fn started(folder: &Path) -> Vec<u32> {
    let files = fs::read_dir(folder).unwrap();
    files
        .filter_map(|file| file.unwrap().file_name().to_str()?.parse().ok())
        .collect()
}

/// Whether a process is there: one that has ended and only waits for its parent counts if that is this process.
fn lives(process: u32) -> bool {
    let Ok(status) = fs::read_to_string(format!("/proc/{process}/status")) else {
        return false;
    };
    let is_zombie = status.lines().any(|line| line.starts_with("State:\tZ"));
    let parent = format!("PPid:\t{}", std::process::id());
    !is_zombie || status.lines().any(|line| line == parent)
}

/// Waits until something holds, for half a minute at most.
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(30), "never: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
