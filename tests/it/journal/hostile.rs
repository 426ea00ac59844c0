//! Journals whose checksums are right and whose values no search would write.

use std::thread;
use std::time::{Duration, Instant};

use evonas::search::journal::WhatIf;

use super::*;
use crate::sealed::{Line, opened, seal, sealed};

const LATEST: &str = "18446744073709551615.999999999";

/// A journal of 20 trials with its lines changed.
fn changed(change: impl FnOnce(&mut Vec<Line>)) -> tempfile::TempDir {
    let mut lines = opened(&recorded(20));
    change(&mut lines);
    folder_with(&sealed(&lines))
}

/// The first line that tells an outcome.
fn first_tell(lines: &mut [Line]) -> &mut Line {
    let tells = |line: &&mut Line| line.content.starts_with("{\"tell\"");
    lines.iter_mut().find(tells).unwrap()
}

/// Adds a field before another one.
fn insert(content: &mut String, before: &str, field: &str) {
    let place = content.find(before).unwrap();
    content.insert_str(place, field);
}

fn damage(result: Result<SearchResult<Bits>, SearchError>) -> String {
    match result {
        Err(SearchError::Journal(JournalError::Record(error @ RecordError::Damaged { .. }))) => {
            error.to_string()
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn lines_sealed_by_the_test_are_those_of_the_journal() {
    let journal = recorded(20);
    assert!(sealed(&opened(&journal)) == journal);
}

#[test]
fn the_latest_time_there_is_resumes() {
    let folder = changed(|lines| {
        lines.last_mut().unwrap().times = format!(",\"seconds\":{LATEST},\"at\":{LATEST}");
    });
    let result = run(folder.path(), 1, 40).unwrap();
    assert_eq!(result.history.len(), 40);
    assert_eq!(result.duration, Duration::MAX);
    // What was recorded after it can be resumed as well.
    assert_eq!(run(folder.path(), 1, 60).unwrap().history.len(), 60);
}

#[test]
fn the_latest_time_of_a_virtual_clock_resumes() {
    let simulated = |folder: &Path, trials| {
        let executor = Simulated::new(evaluator, 3).unwrap();
        Search::new(evolution(1), executor, Budget::trials(trials))
            .journal(Journal::open_or_create(folder).unwrap())
            .run()
    };
    let folder = tempfile::tempdir().unwrap();
    simulated(folder.path(), 20).unwrap();
    let mut lines = opened(&text(folder.path()));
    for line in &mut lines[15..] {
        let at = line.times.find("\"at\":").unwrap();
        line.times
            .replace_range(at.., &format!("\"at\":{LATEST},\"real\":{LATEST}"));
    }
    let folder = folder_with(&sealed(&lines));
    let result = simulated(folder.path(), 40).unwrap();
    assert_eq!(result.history.len(), 40);
    assert_eq!(result.simulated, Some(Duration::MAX));
}

#[test]
fn a_replay_of_a_billion_refused_draws_hears_the_stop_signal() {
    let folder = changed(|lines| {
        insert(
            &mut lines[1].content,
            "\"genotype\"",
            "\"refused\":1000000000,",
        )
    });
    let before = text(folder.path());
    for stop in [StopSignal::finish, StopSignal::stop] {
        let executor = Serial::new(evaluator);
        let search = Search::new(evolution(1), executor, Budget::trials(40)).journal(
            Journal::open(folder.path())
                .unwrap()
                .evaluator("ones and noise"),
        );
        let signal = search.stop_signal();
        let what_if = WhatIf::of(folder.path()).stop_signal(&signal);
        let stopper = thread::spawn(move || {
            thread::sleep(Duration::from_millis(200));
            stop(&signal);
        });
        let error = search.run().unwrap_err();
        stopper.join().unwrap();
        assert!(matches!(error, SearchError::StoppedInReplay), "{error}");
        assert_eq!(text(folder.path()), before, "it is unchanged");
        let error = what_if.replay(evolution(1)).unwrap_err();
        assert!(matches!(error, SearchError::StoppedInReplay), "{error}");
    }
}

#[test]
fn a_million_reports_are_replayed_in_seconds() {
    let folder = changed(|lines| {
        let tell = &mut first_tell(lines).content;
        let start = tell.find("\"reports\":").unwrap();
        let end = start + tell[start..].find("]]").unwrap() + 2;
        let reports = vec!["[1,0.5]"; 1_000_000].join(",");
        tell.replace_range(start..end, &format!("\"reports\":[{reports}]"));
    });
    let start = Instant::now();
    let result = Search::new(evolution(1), Serial::new(evaluator), Budget::trials(20))
        .journal(
            Journal::open(folder.path())
                .unwrap()
                .evaluator("ones and noise"),
        )
        .stopper(MedianRule::new())
        .run()
        .unwrap();
    assert_eq!(result.history.len(), 20);
    let took = start.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}

#[test]
fn a_message_about_a_huge_genotype_is_short_and_shows_the_difference() {
    for (bits, what) in [(300_000, "length"), (16, "last bit")] {
        let folder = changed(|lines| {
            let ask = &mut lines[1].content;
            let start = ask.find("\"genotype\":").unwrap();
            let genotype = match bits {
                16 => {
                    let (first, last) = ask[start..].rsplit_once(',').unwrap();
                    let other = if last.starts_with("true") {
                        "false"
                    } else {
                        "true"
                    };
                    format!("{first},{other}]}}")
                }
                _ => format!("\"genotype\":[{}]}}", vec!["true"; bits].join(",")),
            };
            ask.replace_range(start.., &genotype);
        });
        let error = run(folder.path(), 1, 20).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("the genotype of trial 0 was "),
            "{what}: {message}"
        );
        assert!(message.len() < 3000, "{what}: {} bytes", message.len());
        assert!(format!("{error:?}").len() < 6000, "{what}");
    }
}

#[test]
fn a_checksum_without_its_quote_is_damage() {
    let lines = opened(&recorded(20));
    for rest in ["", "x", "é\"", "\\\"", "0"] {
        let mut chain = 0;
        let header = seal(
            &mut chain,
            &lines[0].content,
            &format!("\"{}", lines[0].times),
        );
        let ask = seal(&mut chain, &lines[1].content, rest);
        let folder = folder_with(&(header + &ask));
        let message = damage(run(folder.path(), 1, 20));
        assert!(message.starts_with("line 2 of "), "{rest:?}: {message}");
        assert!(read::<Bits>(folder.path()).is_err(), "{rest:?}");
    }
}

#[test]
fn an_attempt_that_no_other_can_follow_is_damage() {
    let folder = changed(|lines| {
        let retry = lines
            .iter_mut()
            .find(|line| line.content.starts_with("{\"retry\""));
        let content = &mut retry.unwrap().content;
        *content = content.replace("\"attempt\":1", "\"attempt\":4294967295");
    });
    let message = damage(run(folder.path(), 1, 20));
    assert!(message.contains("no attempt comes after"), "{message}");
}

/// Where the numbers of a line begin and end.
fn numbers(content: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut rest = 0;
    while let Some(start) = content[rest..].find(|c: char| c.is_ascii_digit()) {
        let start = rest + start;
        let end = content[start..]
            .find(|c: char| !(c.is_ascii_digit() || "+-.e".contains(c)))
            .map_or(content.len(), |length| start + length);
        found.push((start, end));
        rest = end;
    }
    found
}

#[test]
fn no_number_in_any_place_of_a_line_brings_a_search_down() {
    let lines = opened(&recorded(20));
    let (mut tried, mut accepted) = (0, 0);
    for index in 0..lines.len() {
        for (start, end) in numbers(&lines[index].content) {
            for hostile in [
                "0",
                "18446744073709551615",
                "-1",
                "1e308",
                "1e999",
                "4294967295",
            ] {
                let mut lines = lines.clone();
                lines[index].content.replace_range(start..end, hostile);
                let folder = folder_with(&sealed(&lines));
                let _ = read::<Bits>(folder.path());
                let _ = WhatIf::of(folder.path()).replay(evolution(1));
                match Journal::open(folder.path())
                    .map(drop)
                    .map(|()| run(folder.path(), 1, 25))
                {
                    Ok(Ok(result)) => {
                        assert_eq!(result.history.len(), 25);
                        accepted += 1;
                    }
                    Ok(Err(error)) => {
                        let message = error.to_string();
                        assert!(
                            !message.contains("panicked"),
                            "{hostile} in line {index}: {message}"
                        );
                    }
                    Err(error) => assert!(!error.to_string().is_empty()),
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 1000 && accepted > 100, "{accepted} of {tried}");
}

#[test]
fn control_characters_of_a_journal_and_of_its_path_are_escaped_in_messages() {
    let escape = '\u{1b}';
    let folder = changed(|lines| {
        insert(
            &mut lines[1].content,
            "\"genotype\"",
            "\"\\u001b[2J\\u009b\":1,",
        );
    });
    let place = folder.path().join(format!("a{escape}[31m\nb"));
    fs::create_dir(&place).unwrap();
    fs::rename(
        folder.path().join("journal.jsonl"),
        place.join("journal.jsonl"),
    )
    .unwrap();
    let error = read::<Bits>(&place).unwrap_err().to_string();
    assert!(error.contains(r"a\u001b[31m\nb"), "{error}");
    assert!(
        error.contains(r"unknown field `\u001b[2J\u009b`"),
        "{error}"
    );
    assert!(!error.contains(char::is_control), "{error:?}");
}
