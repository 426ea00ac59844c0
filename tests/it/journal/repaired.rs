//! Damaged journals: what is sound before the damage, and cutting them off there.

use evonas::records;
use evonas::search::TrialRecord;
use evonas::search::journal::LockPolicy;

use super::*;

/// A journal with a changed digit in the line that tells a trial's outcome, and the number of that line.
fn damaged(trial: u64) -> (String, usize) {
    let whole = recorded(20);
    let tell = format!("{{\"tell\":{trial},");
    let line = whole.lines().position(|line| line.starts_with(&tell));
    let journal = whole.replacen(&tell, &format!("{{\"tell\":{},", trial + 1), 1);
    (journal, line.unwrap() + 1)
}

/// The same trials, except for how long they took.
fn assert_same(found: &[TrialRecord<Bits>], expected: &[TrialRecord<Bits>]) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        let mut found = found.clone();
        found.seconds = expected.seconds;
        assert_eq!(&found, expected);
    }
}

#[test]
fn the_error_of_a_damaged_journal_has_what_is_sound_before() {
    let whole = folder_with(&recorded(20));
    let whole = read::<Bits>(whole.path()).unwrap();
    for trial in [0, 7, 19] {
        let (journal, damaged) = damaged(trial);
        let folder = folder_with(&journal);
        let error = read::<Bits>(folder.path()).unwrap_err();
        assert!(
            matches!(
                error.error,
                JournalError::Record(RecordError::Damaged { line, .. }) if line == damaged as u64
            ),
            "{error}"
        );
        let sound = error.sound.unwrap();
        assert_eq!(sound.header, whole.header);
        assert_same(
            sound.history.records(),
            &whole.history.records()[..trial as usize],
        );
        let in_flight: Vec<u64> = sound.in_flight.iter().map(|trial| trial.id.0).collect();
        assert_eq!(in_flight, [trial]);
    }
    // Nothing can be read of a header that is damaged.
    let folder = folder_with(&recorded(20).replacen("\"seed\":1", "\"seed\":2", 1));
    let error = read::<Bits>(folder.path()).unwrap_err();
    assert!(error.sound.is_none(), "{error}");
}

#[test]
fn a_repaired_journal_resumes_and_keeps_what_was_cut_off() {
    let whole = recorded(20);
    for trial in [0, 7, 19] {
        let (journal, damaged) = damaged(trial);
        let folder = folder_with(&journal);
        run(folder.path(), 1, 20).unwrap_err();
        let checked = records::check(folder.path()).unwrap();
        let sound: usize = journal
            .lines()
            .take(damaged - 1)
            .map(|line| line.len() + 1)
            .sum();
        assert_eq!(
            (checked.lines, checked.bytes),
            (damaged as u64 - 1, sound as u64)
        );
        assert_eq!((checked.finished, checked.unfinished), (trial, 1));
        assert_eq!(checked.unsound_bytes() as usize, journal.len() - sound);
        assert!(matches!(checked.damage, Some(RecordError::Damaged { .. })));
        assert_eq!(text(folder.path()), journal, "checking changes nothing");

        let repaired = records::repair(folder.path(), LockPolicy::Required)
            .unwrap()
            .unwrap();
        assert_eq!(text(folder.path()), journal[..sound]);
        assert_eq!(fs::read_to_string(&repaired.cut).unwrap(), journal[sound..]);
        assert_eq!(repaired.cut_bytes as usize, journal.len() - sound);
        assert_eq!(
            repaired.cut_lines as usize,
            journal.lines().count() - damaged + 1
        );
        assert!(
            records::repair(folder.path(), LockPolicy::Required)
                .unwrap()
                .is_none()
        );
        run(folder.path(), 1, 20).unwrap();
        assert_eq!(timeless(&text(folder.path())), timeless(&whole));
    }
}

#[test]
fn what_was_cut_off_before_is_not_overwritten() {
    let (journal, _) = damaged(7);
    let folder = folder_with(&journal);
    let path = folder.path().join("journal.jsonl");
    let mut cut = Vec::new();
    for _ in 0..3 {
        fs::write(&path, &journal).unwrap();
        cut.push(
            records::repair(&path, LockPolicy::Required)
                .unwrap()
                .unwrap()
                .cut,
        );
    }
    let names = [
        "journal.jsonl.cut",
        "journal.jsonl.cut2",
        "journal.jsonl.cut3",
    ];
    assert_eq!(cut, names.map(|name| folder.path().join(name)));
    let kept: Vec<String> = cut
        .iter()
        .map(|cut| fs::read_to_string(cut).unwrap())
        .collect();
    assert!(kept[0] == kept[1] && kept[1] == kept[2] && journal.ends_with(&kept[0]));
}

#[test]
fn a_repair_refuses_what_it_must_not_or_cannot_cut() {
    let repair = |folder: &Path| records::repair(folder, LockPolicy::Required);
    // In use.
    let (journal, _) = damaged(7);
    let folder = folder_with(&journal);
    let open = Journal::open(folder.path()).unwrap();
    assert!(matches!(repair(folder.path()), Err(RecordError::InUse(_))));
    assert_eq!(text(folder.path()), journal);
    drop(open);
    // A damaged header, from which every line follows.
    let headless = recorded(20).replacen("\"seed\":1", "\"seed\":2", 1);
    let folder = folder_with(&headless);
    let refused = repair(folder.path()).unwrap_err();
    assert!(
        matches!(refused, RecordError::Damaged { line: 1, .. }),
        "{refused}"
    );
    assert_eq!(text(folder.path()), headless);
    // Another file, and none.
    let folder = folder_with("hello\n");
    let refused = repair(folder.path()).unwrap_err();
    assert!(
        matches!(refused, RecordError::OtherKind { .. }),
        "{refused}"
    );
    let refused = repair(&folder.path().join("nothing")).unwrap_err();
    assert!(matches!(refused, RecordError::Missing(_)), "{refused}");
    assert!(!folder.path().join("nothing").exists());
}

#[test]
fn a_repair_cuts_an_incomplete_line_and_leaves_a_sound_journal() {
    let whole = recorded(20);
    let folder = folder_with(&whole);
    assert!(
        records::repair(folder.path(), LockPolicy::Required)
            .unwrap()
            .is_none()
    );
    assert_eq!(text(folder.path()), whole);
    let torn = &whole[..whole.len() - 5];
    let folder = folder_with(torn);
    let checked = records::check(folder.path()).unwrap();
    assert!(checked.damage.is_none() && checked.unsound_bytes() > 0);
    let repaired = records::repair(folder.path(), LockPolicy::Required)
        .unwrap()
        .unwrap();
    assert_eq!(repaired.cut_lines, 1);
    let kept = text(folder.path());
    assert_eq!(kept + &fs::read_to_string(repaired.cut).unwrap(), torn);
}
