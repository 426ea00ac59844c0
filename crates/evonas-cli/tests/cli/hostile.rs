//! Files whose checksums are right and whose content no search would write, and names that act on a terminal.

use predicates::prelude::*;
use predicates::str::contains;

use crate::harness::{Dir, json_lines};
use crate::png::{crc32_after, gray_png};
use crate::search::tiny;

/// The journal in a folder with its lines changed, each with right checksums. A line is its JSON without the last
/// brace; times are left as they are.
fn change(dir: &Dir, journal: &str, change: impl Fn(usize, &mut String)) {
    let mut chain = 0;
    let mut changed = String::new();
    for (number, line) in dir.read(journal).lines().enumerate() {
        let (content, rest) = line.rsplit_once(",\"check\":\"").unwrap();
        let (times, _) = rest[8..].split_once(",\"time_check\":\"").unwrap();
        let mut content = content.to_owned();
        change(number, &mut content);
        chain = crc32_after(chain, content.as_bytes());
        let rest = format!(",\"check\":\"{chain:08x}{times}");
        let time_check = crc32_after(chain, rest.as_bytes());
        changed += &format!("{content}{rest},\"time_check\":\"{time_check:08x}\"}}\n");
    }
    dir.write(journal, changed);
}

fn recorded() -> Dir {
    let dir = Dir::new();
    let search = tiny("--trials 4 --workers 1 --quiet --out run");
    dir.line(&search).assert().success();
    dir
}

const JOURNAL: &str = "run/journal.jsonl";

#[cfg(unix)]
#[test]
fn an_interrupt_ends_the_replay_of_a_journal() {
    let dir = recorded();
    change(&dir, JOURNAL, |number, line| {
        if number == 1 {
            *line = line.replacen("\"genotype\"", "\"refused\":1000000000000,\"genotype\"", 1);
        }
    });
    let before = dir.bytes(JOURNAL);
    let search = tiny("--trials 6 --workers 1 --out run --resume");
    let child = dir.start(search.split_whitespace());
    std::thread::sleep(std::time::Duration::from_secs(2));
    crate::harness::signal(&child, "-INT");
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(
        said.contains("stopped while the journal was read; --resume continues"),
        "{said}"
    );
    assert!(dir.bytes(JOURNAL) == before, "the journal is unchanged");
}

#[test]
fn a_genotype_of_300_000_pairs_makes_a_short_message() {
    let dir = recorded();
    change(&dir, JOURNAL, |number, line| {
        if number == 1 {
            let place = line.find("\"genotype\"").unwrap();
            let pairs = vec![r#"[["max3",0],["avg3",1]]"#; 300_000].join(",");
            let cell = format!(r#"{{"pairs":[{pairs}]}}"#);
            line.replace_range(
                place..,
                &format!(r#""genotype":{{"normal":{cell},"reduction":{cell}}}"#),
            );
        }
    });
    let search = tiny("--trials 6 --workers 1 --quiet --out run --resume");
    let refused = dir.line(&search).assert().code(1);
    let said = &refused.get_output().stderr;
    assert!(said.len() < 5000, "{} bytes", said.len());
    refused.stderr(contains("the genotype of trial 0 was "));
}

#[test]
fn control_characters_of_a_journal_do_not_reach_the_terminal() {
    let dir = recorded();
    change(&dir, JOURNAL, |number, line| match number {
        0 => {
            *line = line.replacen(
                "\"evaluator\":",
                "\"evaluator\":\"\\u001b[2J\\u009b\\n\",\"x\":",
                1,
            )
        }
        1 => *line = line.replacen("\"genotype\"", "\"\\u001b[2J\\u009b\\n\":1,\"genotype\"", 1),
        _ => {}
    });
    for line in [
        "whatif run".to_owned(),
        tiny("--trials 6 --workers 1 --quiet --out run --resume"),
    ] {
        let refused = dir.line(&line).assert().code(1);
        let acts = |text: &str| text.trim_end().contains(char::is_control);
        refused.stderr(
            predicate::function(acts)
                .not()
                .and(contains(r"\u001b[2J\u009b")),
        );
    }
}

#[cfg(unix)]
#[test]
fn control_characters_of_file_names_do_not_reach_the_terminal() {
    let dir = recorded();
    dir.write("photos/a\u{1b}[31m\nb.png", gray_png(8, &[100; 64]));
    let predict = "predict --weights run/best.safetensors --images photos";
    let named = dir.line(predict).assert().success();
    let printed = String::from_utf8(named.get_output().stdout.clone()).unwrap();
    assert!(
        printed.starts_with(r"photos/a\u001b[31m\nb.png: "),
        "{printed}"
    );
    assert_eq!(printed.lines().count(), 1, "{printed:?}");
    // As JSON the name keeps its value.
    let named = dir.line(&format!("{predict} --json")).assert().success();
    let printed = String::from_utf8(named.get_output().stdout.clone()).unwrap();
    assert_eq!(
        json_lines(&printed)[0]["image"],
        "photos/a\u{1b}[31m\nb.png"
    );
    assert!(
        !printed.trim_end().contains(char::is_control),
        "{printed:?}"
    );
    dir.write("photos/c\u{1b}.png", "no image");
    let refused = dir.line(predict).assert().code(1);
    refused.stderr(contains('\u{1b}').not().and(contains(r"c\u001b.png")));
}

#[test]
fn weights_whose_checksum_was_taken_out_are_refused() {
    let dir = recorded();
    let mut weights = dir.bytes("run/best.safetensors");
    let name = b"evonas.checksum";
    let place = weights.windows(name.len()).position(|bytes| bytes == name);
    weights[place.unwrap()..][..name.len()].copy_from_slice(b"evonas.removed_");
    dir.write("changed.safetensors", weights);
    let refused = dir
        .line("evaluate --weights changed.safetensors")
        .assert()
        .code(1);
    refused.stderr(contains("its checksum was taken out"));
}
