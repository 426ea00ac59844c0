//! `evonas search`: the order of its outcomes, and how it stops.

use predicates::str::contains;

use crate::harness::Dir;
use crate::search::{tells, tiny};

#[test]
fn an_ordered_search_on_several_workers_is_repeated_by_its_seed() {
    let dir = Dir::new();
    for out in ["first", "second"] {
        let options = format!("--trials 12 --workers 3 --ordered --quiet --seed 4 --out {out}");
        dir.line(&tiny(&options)).assert().success();
    }
    // All but the times, which follow the checksum of a line.
    let [first, second] = ["first", "second"].map(|out| {
        let journal = dir.read(&format!("{out}/journal.jsonl"));
        let timeless = |line: &str| line.split(",\"check\":").next().unwrap().to_owned();
        journal.lines().skip(1).map(timeless).collect::<Vec<_>>()
    });
    assert_eq!(first, second);
    assert_eq!(
        tells(&dir, "first/journal.jsonl"),
        (0..12).collect::<Vec<_>>()
    );
}

#[test]
fn an_ordered_search_refuses_a_stopper() {
    let dir = Dir::new();
    let mut search = dir.line("search --ordered --stopper median");
    let refused = search.assert().code(1);
    refused.stderr(contains("--ordered can't be used with --stopper"));
}

/// Starts a search that would never end, and waits until a trial has ended.
#[cfg(unix)]
pub(crate) fn endless(dir: &Dir, options: &str) -> std::process::Child {
    let line = tiny(&format!("--trials 1000000 --workers 2 --out run {options}"));
    let mut child = dir.start(line.split_whitespace());
    while !dir.exists("run/journal.jsonl") || !dir.read("run/journal.jsonl").contains("{\"tell\":")
    {
        assert_eq!(child.try_wait().unwrap(), None, "it has ended");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    child
}

#[cfg(unix)]
#[test]
fn the_first_interrupt_of_a_search_lets_the_running_trials_end() {
    let dir = Dir::new();
    let child = endless(&dir, "");
    crate::harness::signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("the running trials end first"), "{said}");
    assert!(said.contains("Press Ctrl-C again to interrupt"), "{said}");
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(printed.contains("stopped by request"), "{printed}");
    let journal = dir.read("run/journal.jsonl");
    let count = |kind| journal.matches(kind).count();
    assert_eq!(count("{\"ask\":"), count("{\"tell\":"));
}

#[cfg(unix)]
#[test]
fn the_second_interrupt_of_a_search_interrupts_its_trials_and_so_do_other_signals() {
    for (signals, code) in [
        (&["-INT", "-INT"][..], 130),
        (&["-TERM"], 143),
        (&["-HUP"], 129),
    ] {
        let dir = Dir::new();
        let child = endless(&dir, "--quiet");
        for name in signals {
            crate::harness::signal(&child, name);
            // Signals of a kind that come at the same time count as one.
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(code));
        let noted = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            noted.contains("the running trials end first"),
            signals.len() == 2
        );
        assert!(noted.contains("stopped; --resume continues"), "{noted}");
    }
}
