//! Names for processes.

use std::collections::hash_map::RandomState;
use std::fs;
use std::hash::BuildHasher as _;
use std::process;

/// A name for this process: the machine, the process, and something random, since containers repeat the former.
pub(crate) fn process_name() -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname")
        .or_else(|_| fs::read_to_string("/etc/hostname"))
        .unwrap_or_default();
    let host: String = host
        .trim()
        .chars()
        .filter(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(*letter))
        .take(64)
        .collect();
    let host = match host.is_empty() {
        true => "host".to_owned(),
        false => host,
    };
    let random = RandomState::new().hash_one(process::id()) & 0xffff_ffff;
    format!("{host}-{}-{random:08x}", process::id())
}
