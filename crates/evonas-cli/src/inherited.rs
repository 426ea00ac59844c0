//! Signals that the program ignores because whoever started it said so.

use std::fs;
use std::process::{Command, Stdio};

/// Whether a signal was ignored when the program began: SIGHUP under `nohup`, SIGINT in a script's background job.
/// Such a signal is to stay ignored. To be asked before anything handles the signal.
pub(crate) fn is_ignored(signal: i32) -> bool {
    let status = fs::read_to_string("/proc/self/status");
    let ignored = status.ok().and_then(|status| ignored_by(&status));
    match ignored {
        Some(signals) => signals >> (signal - 1) & 1 == 1,
        // A child process inherits what is ignored.
        None => survived_by_a_shell(signal),
    }
}

/// The set of ignored signals in Linux's `/proc/self/status`, the lowest bit for signal 1.
fn ignored_by(status: &str) -> Option<u64> {
    let set = status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))?;
    u64::from_str_radix(set.trim(), 16).ok()
}

/// Has a shell send itself the signal.
fn survived_by_a_shell(signal: i32) -> bool {
    let status = Command::new("sh")
        .args(["-c", &format!("kill -{signal} $$")])
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    status.is_ok_and(|status| status.success())
}

#[cfg(test)]
mod tests {
    use signal_hook::consts::SIGURG;
    use signal_hook::consts::{SIGTERM, SIGUSR1};

    use super::*;

    #[test]
    fn a_shell_and_the_kernel_agree_on_what_is_ignored() {
        let ignored = ignored_by("Name:\tevonas\nSigIgn:\t0000000000000001\nSigCgt:\t0\n");
        assert_eq!(ignored, Some(1));
        assert_eq!(ignored_by("Name:\tevonas\n"), None);
        assert!(!survived_by_a_shell(SIGTERM) && !survived_by_a_shell(SIGUSR1));
        // By default this one does nothing, which is as good as being ignored.
        assert!(survived_by_a_shell(SIGURG));
    }
}
