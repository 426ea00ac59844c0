//! How much memory a process has.

use std::fs;

/// The bytes that a process has in main memory, where the system says it in `/proc`.
pub(super) fn resident_bytes(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    resident(&status)
}

fn resident(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_resident_memory_is_found_among_the_other_lines() {
        let status = "Name:\tevonas\nVmPeak:\t  9000 kB\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        assert_eq!(resident(status), Some(2 << 20));
        assert_eq!(resident("Name:\tkthreadd\nThreads:\t1\n"), None);
        if cfg!(target_os = "linux") {
            assert!(resident_bytes(std::process::id()).unwrap() > 100_000);
        }
    }
}
