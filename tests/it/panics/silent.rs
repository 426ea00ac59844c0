//! What panics print. The test binary runs itself as the process whose standard error is read.

use std::process::Command;

use super::*;

const VARIABLE: &str = "EVONAS_PANICS_PRINT";

/// A search in which code of every kind panics; nothing to do unless a test runs it.
#[test]
fn child_process() {
    if std::env::var_os(VARIABLE).is_none() {
        return;
    }
    let fragile = |bits: &Bits, context: &Context<'_>| {
        assert!(context.trial().0 % 2 == 0, "silent evaluator");
        ones(bits, context)
    };
    let result = Search::new(
        evolution(),
        Threads::new(fragile, 2).unwrap(),
        Budget::trials(40),
    )
    .constraint(|bits: &Bits| {
        assert!(bits[0], "silent constraint");
        Ok(())
    })
    .stopper(Fragile {
        at: 5,
        reported: true,
    })
    .run()
    .unwrap();
    assert!(result.history.failed() >= 19);
    let failed = std::thread::spawn(|| panic!("loud thread")).join();
    assert!(failed.is_err());
}

#[test]
fn panics_that_a_search_catches_print_nothing_and_others_do() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "panics::silent::child_process", "--nocapture"])
        .env(VARIABLE, "1")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{printed}");
    assert!(printed.contains("loud thread"), "{printed}");
    assert_eq!(printed.matches("panicked at").count(), 1, "{printed}");
    for message in ["silent evaluator", "silent constraint", "what is a step"] {
        assert!(!printed.contains(message), "{printed}");
    }
}
