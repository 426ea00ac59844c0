//! Zeros that a power cut left where a block of the journal never reached the disk.

use evonas::records;

use super::*;

/// A journal, and where each of its lines begins.
fn journal() -> (Vec<u8>, Vec<usize>) {
    let whole = recorded(20).into_bytes();
    let ends = whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n');
    let starts = std::iter::once(0).chain(ends.map(|(place, _)| place + 1));
    let mut starts: Vec<usize> = starts.collect();
    starts.pop();
    (whole, starts)
}

fn folder_of(journal: &[u8]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("journal.jsonl"), journal).unwrap();
    folder
}

/// A search whose journal lost its end from a line on resumes with a warning.
fn resumes_from(line: usize, journal: &[u8], (whole, starts): &(Vec<u8>, Vec<usize>)) {
    let folder = folder_of(journal);
    let warning = Warning::TornLine {
        line: line as u64,
        bytes: (journal.len() - starts[line - 1]) as u64,
    };
    let checked = records::check(folder.path()).unwrap();
    assert!(checked.damage.is_none(), "{:?}", checked.damage);
    assert_eq!(checked.bytes as usize, starts[line - 1]);
    let read = read::<Bits>(folder.path()).unwrap();
    assert_eq!(read.warnings, std::slice::from_ref(&warning));
    assert_eq!(run(folder.path(), 1, 20).unwrap().warnings, [warning]);
    let whole = std::str::from_utf8(whole).unwrap();
    assert_eq!(timeless(&text(folder.path())), timeless(whole));
}

#[test]
fn zeros_before_a_whole_last_line_are_an_incomplete_end() {
    let recorded = journal();
    let (whole, starts) = &recorded;
    let last = starts.len();
    for first_lost in [2, last / 2, last - 1, last] {
        for from in [starts[first_lost - 1], starts[first_lost - 1] + 20] {
            // Zeros up to the last line, into it, and up to the line break before it.
            for to in [
                starts[last - 1],
                starts[last - 1] + 40,
                starts[last - 1] - 1,
            ] {
                if to <= from {
                    continue;
                }
                let mut journal = whole.clone();
                journal[from..to].fill(0);
                resumes_from(first_lost, &journal, &recorded);
                // The next line was cut off.
                journal.extend(br#"{"ask":"#);
                resumes_from(first_lost, &journal, &recorded);
            }
        }
    }
    // Zeros to the end of the file.
    let mut journal = whole[..starts[last - 1]].to_vec();
    journal.resize(journal.len() + 5000, 0);
    resumes_from(last, &journal, &recorded);
}

#[test]
fn zeros_before_more_than_that_are_damage() {
    let (whole, starts) = journal();
    let last = starts.len();
    let refused = |journal: &[u8], damaged: usize| {
        let folder = folder_of(journal);
        let error = run(folder.path(), 1, 20).unwrap_err();
        assert!(
            matches!(
                error,
                SearchError::Journal(JournalError::Record(RecordError::Damaged { line, .. })) if line == damaged as u64
            ),
            "{error}"
        );
        assert_eq!(text(folder.path()).as_bytes(), journal, "it is unchanged");
    };
    // Two whole lines follow.
    let mut journal = whole.clone();
    journal[starts[last - 4]..starts[last - 2] - 1].fill(0);
    refused(&journal, last - 3);
    // What follows isn't a line as it was written.
    let mut journal = whole.clone();
    journal[starts[last - 2] + 3] = 0;
    journal[starts[last - 1] + 60] ^= 1;
    let time_check = whole.len() - 5;
    journal[time_check] ^= 1;
    refused(&journal, last - 1);
}

#[test]
fn a_hole_of_gigabytes_takes_no_memory() {
    let (whole, starts) = journal();
    let last = starts.len();
    let folder = folder_of(&whole[..starts[last - 1]]);
    let path = folder.path().join("journal.jsonl");
    let file = fs::File::options().write(true).open(&path).unwrap();
    let size = 1 << 30;
    if file.set_len(size).is_err() {
        // The file system has no sparse files.
        return;
    }
    let read = read::<Bits>(folder.path()).unwrap();
    let warning = Warning::TornLine {
        line: last as u64,
        bytes: size - starts[last - 1] as u64,
    };
    assert_eq!(read.warnings, [warning]);
    #[cfg(target_os = "linux")]
    {
        let status = fs::read_to_string("/proc/self/status").unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let peak = peak.unwrap().trim().trim_end_matches(" kB");
        assert!(peak.parse::<u64>().unwrap() < (1 << 20), "{peak} kB");
    }
}
