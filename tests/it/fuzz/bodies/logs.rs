//! Journals, and records of comparisons.

use std::path::Path;
use std::time::Duration;

use evonas::comparison::contenders::Random;
use evonas::comparison::{BitsBenchmark, Comparison, RunRecord, Setup};
use evonas::search::journal::read;

use super::told;

/// A journal.
pub(crate) fn journal(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("journal.jsonl"), bytes).unwrap();
    if let Some(recorded) = told(read::<Vec<bool>>(folder.path())) {
        told(recorded.header.initial::<Vec<bool>>());
        told(recorded.header.imported::<Vec<bool>>());
        assert!(recorded.fittest().len() <= recorded.history.len());
    }
}

/// A journal whose lines get their checksums here, so that what they say is read.
pub(crate) fn sealed_journal(bytes: &[u8]) {
    journal(&sealed(bytes));
}

/// Lines with the checksums of a log. A line is the content without its closing brace and, after a tab, the times.
pub(crate) fn sealed(bytes: &[u8]) -> Vec<u8> {
    let checksum = |chain: u32, part: &[u8]| {
        let mut hasher = crc32fast::Hasher::new_with_initial(chain);
        hasher.update(part);
        hasher.finalize()
    };
    let mut chain = 0;
    let mut log = Vec::new();
    for line in bytes
        .split(|&byte| byte == b'\n')
        .filter(|line| !line.is_empty())
    {
        let mut parts = line.splitn(2, |&byte| byte == b'\t');
        let (content, times) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        chain = checksum(chain, content);
        let rest = [format!(",\"check\":\"{chain:08x}\"").as_bytes(), times].concat();
        let time_check = checksum(chain, &rest);
        log.extend(
            [
                content,
                &rest,
                format!(",\"time_check\":\"{time_check:08x}\"}}\n").as_bytes(),
            ]
            .concat(),
        );
    }
    log
}

/// A comparison's record, which a comparison of one run resumes from.
pub(crate) fn comparison_record(bytes: &[u8]) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("runs.jsonl"), bytes).unwrap();
    compare(folder.path());
}

/// Begins or resumes that comparison.
pub(crate) fn compare(folder: &Path) {
    let benchmark = BitsBenchmark::default();
    let setup = Setup::new(&benchmark)
        .runs(1)
        .budget(Duration::from_secs(20))
        .workers(1);
    let Some(record) = told(RunRecord::open_or_create(folder)) else {
        return;
    };
    let comparison = Comparison::builder(&benchmark)
        .contenders([Box::new(Random::new()) as Box<_>])
        .setup(setup)
        .record(record);
    told(comparison.run());
}
