//! Journals.

use std::fs::OpenOptions;
use std::path::Path;

use evonas::prelude::*;
use evonas::search::journal::{JournalError, read};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

use super::at_once;

fn search(folder: &Path) {
    let ones = |bits: &Vec<bool>, _: &Context<'_>| {
        Ok(Evaluation::new(
            bits.iter().filter(|&&bit| bit).count() as f64
        ))
    };
    let evolution = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit);
    let evolution = evolution.population(4).sample(2).build().unwrap();
    Search::new(evolution, Serial::new(ones), Budget::trials(5))
        .journal(Journal::open_or_create(folder).unwrap())
        .run()
        .unwrap();
}

#[test]
fn gigabytes_of_zeros_after_the_last_line_are_dropped() {
    let folder = tempfile::tempdir().unwrap();
    search(folder.path());
    let path = folder.path().join("journal.jsonl");
    let file = OpenOptions::new().write(true).open(&path).unwrap();
    if file.set_len(1 << 30).is_err() {
        return; // This file system has no files of this size.
    }
    let recorded = at_once(|| read::<Vec<bool>>(folder.path())).unwrap();
    assert_eq!(recorded.history.len(), 5);
    assert_eq!(recorded.warnings.len(), 1);
}

#[test]
fn a_line_longer_than_any_that_is_written_is_damaged() {
    let folder = tempfile::tempdir().unwrap();
    search(folder.path());
    let path = folder.path().join("journal.jsonl");
    let sound = std::fs::read(&path).unwrap();
    let line = [&b" ".repeat(34 << 20)[..], b"\n"].concat();
    std::fs::write(&path, [sound, line].concat()).unwrap();
    let error = at_once(|| read::<Vec<bool>>(folder.path())).unwrap_err();
    let message = error.to_string();
    assert!(
        message.contains("is damaged: it has 35651585 bytes"),
        "{message}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_in_place_of_a_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("journal.jsonl");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    let error = at_once(|| read::<Vec<bool>>(folder.path())).unwrap_err();
    assert!(matches!(error.error, JournalError::Record(_)), "{error}");
    assert!(
        error.to_string().contains("it is a pipe, not a file"),
        "{error}"
    );
}
