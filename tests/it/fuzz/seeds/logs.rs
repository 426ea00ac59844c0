//! Journals and records of comparisons.

use evonas::prelude::*;
use evonas::search::Retry;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

use crate::fuzz::bodies;

/// A journal with every kind of line.
fn journal() -> Vec<u8> {
    let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
        context.report(1, 0.25);
        match context.trial().0 % 7 {
            3 => Err(EvaluationError::failed("the disk is full")),
            5 => Err(EvaluationError::TimedOut),
            _ => {
                let ones = bits.iter().filter(|&&bit| bit).count() as f64;
                Ok(Evaluation::new(ones)
                    .with_metric("size", 3.5)
                    .with_cost(1.5))
            }
        }
    };
    let evolution = Evolution::builder(BitsSpace { length: 6 }, FlipOneBit);
    let evolution = evolution
        .population(4)
        .sample(2)
        .initial(vec![vec![true; 6]])
        .build()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    Search::new(evolution, Serial::new(evaluator), Budget::trials(8))
        .journal(Journal::open_or_create(folder.path()).unwrap())
        .retry(Retry::none().timed_out(1))
        .run()
        .unwrap();
    std::fs::read(folder.path().join("journal.jsonl")).unwrap()
}

pub(crate) fn journals() -> Vec<Vec<u8>> {
    let journal = journal();
    let zeros = [&journal[..], &[0; 5000]].concat();
    let half = journal[..journal.len() - 30].to_vec();
    vec![journal, zeros, half]
}

/// Lines as [`bodies::sealed`] takes them.
pub(crate) fn journal_contents() -> Vec<Vec<u8>> {
    let journal = String::from_utf8(journal()).unwrap();
    let line = |line: &str| {
        let (content, rest) = line.split_once(",\"check\":\"").unwrap();
        let (times, _) = rest.split_once(",\"time_check\":").unwrap();
        format!("{content}\t{}\n", &times["01234567\"".len()..])
    };
    let contents: String = journal.lines().map(line).collect();
    assert_eq!(bodies::sealed(contents.as_bytes()), journal.as_bytes());
    vec![contents.into_bytes()]
}

pub(crate) fn comparison_records() -> Vec<Vec<u8>> {
    let folder = tempfile::tempdir().unwrap();
    bodies::compare(folder.path());
    vec![std::fs::read(folder.path().join("runs.jsonl")).unwrap()]
}
