//! How a process ended, in words.

use std::os::unix::process::ExitStatusExt as _;
use std::process::ExitStatus;

/// How a process ended, as the end of a sentence: "was ended by signal 11 (SIGSEGV, …)".
pub(super) fn in_words(status: ExitStatus) -> String {
    match (status.signal(), status.code()) {
        (Some(signal), _) => match meaning(signal) {
            Some(meaning) => format!("was ended by signal {signal} ({meaning})"),
            None => format!("was ended by signal {signal}"),
        },
        (None, Some(0)) => "exited with code 0, without an outcome".to_owned(),
        (None, Some(code)) => format!("exited with code {code}"),
        (None, None) => format!("ended: {status}"),
    }
}

/// Whether somebody asked the process to end: a batch system does so with all processes of a job, the search included.
/// A program that handles such a signal exits with 128 and its number.
pub(super) fn was_asked(status: ExitStatus) -> bool {
    matches!(status.signal(), Some(1 | 2 | 15)) || matches!(status.code(), Some(129 | 130 | 143))
}

/// Signals that have the same number on all Unix systems, and SIGBUS.
const fn meaning(signal: i32) -> Option<&'static str> {
    Some(match signal {
        1 => "SIGHUP, its terminal is gone",
        2 => "SIGINT, an interrupt",
        3 => "SIGQUIT",
        4 => "SIGILL, an illegal instruction",
        6 => "SIGABRT, it aborted, as a program does that gets no memory",
        8 => "SIGFPE, an arithmetic error",
        9 => "SIGKILL, perhaps by the system for lack of memory",
        11 => "SIGSEGV, an invalid memory access",
        13 => "SIGPIPE, a closed pipe",
        15 => "SIGTERM, a request to end",
        #[cfg(target_os = "linux")]
        7 => "SIGBUS, an invalid memory access",
        #[cfg(target_os = "linux")]
        24 => "SIGXCPU, past its limit of processor time",
        #[cfg(target_os = "linux")]
        31 => "SIGSYS, a forbidden system call",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signals_and_exit_codes_are_told_apart() {
        let words = |raw| in_words(ExitStatus::from_raw(raw));
        assert_eq!(
            words(11),
            "was ended by signal 11 (SIGSEGV, an invalid memory access)"
        );
        // The bit of a core dump.
        assert!(words(6 | 0x80).starts_with("was ended by signal 6 (SIGABRT"));
        assert_eq!(words(40), "was ended by signal 40");
        assert_eq!(words(3 << 8), "exited with code 3");
        assert_eq!(words(0), "exited with code 0, without an outcome");
        let asked = |raw| was_asked(ExitStatus::from_raw(raw));
        assert!(asked(15) && asked(2) && !asked(9) && !asked(15 << 8));
        assert!(asked(143 << 8) && asked(129 << 8) && !asked(137 << 8));
    }
}
