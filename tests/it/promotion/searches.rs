//! Promotion with all that a search offers: journals, resuming, duplicates, executors, what-if.

use std::fs;
use std::path::Path;

use evonas::prelude::*;
use evonas::search::journal::{WhatIf, read};
use evonas::search::{Duplicates, TrialRecord};

use super::{Bits, Continuing, epochs, evolution, promotion};
use crate::timeless::timeless_in;

const TRIALS: u64 = 240;

fn run(executor: impl Executor<Bits> + 'static, folder: &Path) -> SearchResult<Bits> {
    let brackets = Promotion::builder(evolution(16, 3), "epochs").brackets(2);
    Search::new(brackets.build().unwrap(), executor, Budget::trials(TRIALS))
        .journal(Journal::open_or_create(folder).unwrap())
        .run()
        .unwrap()
}

/// The first lines of a journal in a folder of their own, as a kill leaves them.
fn cut(folder: &Path, lines: usize) -> tempfile::TempDir {
    let whole = fs::read_to_string(folder.join("journal.jsonl")).unwrap();
    let part: String = whole.split_inclusive('\n').take(lines).collect();
    let cut = tempfile::tempdir().unwrap();
    fs::write(cut.path().join("journal.jsonl"), part).unwrap();
    cut
}

#[test]
fn a_search_that_is_killed_and_has_lost_its_states_gives_the_same_journal() {
    let serial = |folder: &Path| run(Serial::new(Continuing::default()), folder);
    let ordered = |folder: &Path| {
        let threads = Threads::new(Continuing::default(), 4).unwrap();
        run(Ordered::new(threads), folder)
    };
    for run in [&serial as &dyn Fn(&Path) -> SearchResult<Bits>, &ordered] {
        let folder = tempfile::tempdir().unwrap();
        let whole = run(folder.path());
        let mut journal = timeless_in(folder.path());
        assert!(journal.iter().any(|line| line.contains(r#","continues":"#)));
        // The cost is what was trained, and a lost state costs more.
        let without_cost = |lines: &mut Vec<String>| {
            lines.iter_mut().for_each(|line| {
                *line = line.split(",\"cost\"").next().unwrap().to_owned();
                *line = line.split(",\"check\"").next().unwrap().to_owned();
            });
        };
        without_cost(&mut journal);
        for lines in [2, 121, 300] {
            let cut = cut(folder.path(), lines);
            let resumed = run(cut.path());
            let mut again = timeless_in(cut.path());
            without_cost(&mut again);
            assert_eq!(again, journal);
            let best = |result: &SearchResult<Bits>| result.best().map(|best| best.id);
            assert_eq!(best(&resumed), best(&whole));
        }
    }
}

#[test]
fn continuing_pays_for_what_is_added_only() {
    let evaluator = std::sync::Arc::new(Continuing::default());
    let shared = evaluator.clone();
    let evaluator_of_search =
        move |bits: &Bits, context: &Context<'_>| shared.evaluate(bits, context);
    let search = Search::new(
        promotion(evolution(16, 0)),
        Serial::new(evaluator_of_search),
        Budget::trials(500),
    );
    let result = search.run().unwrap();
    let records = result.history.records();
    let from_scratch: u64 = records.iter().map(|record| epochs(&record.fidelity)).sum();
    let trained = *evaluator.trained.lock().unwrap();
    assert!(
        trained * 5 < from_scratch * 4,
        "{trained} of {from_scratch}"
    );
}

#[test]
fn records_and_journals_name_the_trial_that_is_continued() {
    let folder = tempfile::tempdir().unwrap();
    let result = run(Serial::new(Continuing::default()), folder.path());
    let recorded = read::<Bits>(folder.path()).unwrap();
    let mut continuing = 0;
    for (record, read) in result
        .history
        .records()
        .iter()
        .zip(recorded.history.records())
    {
        assert_eq!((record.continues, record.seed), (read.continues, read.seed));
        let json = serde_json::to_value(record).unwrap();
        let continues = record.continues.map(|earlier| serde_json::json!(earlier));
        assert_eq!(json.get("continues"), continues.as_ref());
        let back: TrialRecord<Bits> = serde_json::from_value(json).unwrap();
        assert_eq!(&back, record);
        continuing += u64::from(continues.is_some());
    }
    assert!(continuing > 50);
    assert!(
        recorded
            .fittest()
            .iter()
            .all(|record| record.fidelity.is_full())
    );
}

#[test]
fn without_promotions_a_journal_is_as_it_always_was() {
    let folder = tempfile::tempdir().unwrap();
    let ones = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(super::share_of_ones(bits)));
    Search::new(evolution(4, 1), Serial::new(ones), Budget::trials(40))
        .journal(Journal::create(folder.path()).unwrap())
        .run()
        .unwrap();
    let journal = timeless_in(folder.path());
    assert!(journal.iter().all(|line| !line.contains("continues")));
    // What was written before promotion existed.
    assert!(
        journal[1].starts_with(r#"{"ask":0,"seed":"#),
        "{}",
        journal[1]
    );
    let trial: Trial<Bits> =
        serde_json::from_str(r#"{"id":3,"parent":null,"seed":7,"genotype":[true]}"#).unwrap();
    assert_eq!(trial, Trial::new(TrialId(3), 7, vec![true]));
    let mut continuing = trial.clone();
    continuing.continues = Some(TrialId(1));
    let json = serde_json::to_string(&continuing).unwrap();
    assert_eq!(
        serde_json::from_str::<Trial<Bits>>(&json).unwrap(),
        continuing
    );
    let (stop, report) = (StopSignal::new(), |_: IntermediateResult| {});
    let of = |trial: &Trial<Bits>| Context::of(trial, 0, &stop, &report).continues();
    assert_eq!((of(&trial), of(&continuing)), (None, Some(TrialId(1))));
    let json = serde_json::to_string(&trial).unwrap();
    assert_eq!(json, r#"{"id":3,"parent":null,"seed":7,"genotype":[true]}"#);
}

#[test]
fn a_metric_can_not_be_named_continues() {
    let evaluation = Evaluation::new(0.5).with_metric("continues", 1.0);
    let outcome = Outcome::Completed(evaluation).recordable();
    assert!(matches!(outcome, Outcome::Failed { .. }));
}

#[test]
fn what_if_replays_a_promotion_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let whole = run(Serial::new(Continuing::default()), folder.path());
    let brackets = Promotion::builder(evolution(16, 3), "epochs").brackets(2);
    let same = WhatIf::of(folder.path()).replay(brackets.build().unwrap());
    let same = same.unwrap();
    assert_eq!(same.divergence, None);
    assert_eq!(same.history.len(), whole.history.len());
    let other = WhatIf::of(folder.path()).replay(promotion(evolution(16, 3)));
    assert!(other.unwrap().divergence.is_some());
}

#[test]
fn redrawing_duplicates_ends_in_a_space_that_is_exhausted() {
    for isomorphic in [false, true] {
        let inner = RandomSearch::new(BitsSpace { length: 4 }, 2);
        let search = Search::new(
            promotion(inner),
            Serial::new(Continuing::default()),
            Budget::trials(300),
        );
        let search = match isomorphic {
            // Genotypes with as many ones are the same.
            true => search.duplicates_by(Duplicates::Redraw(30), |bits: &Bits| {
                bits.iter().filter(|&&bit| bit).count()
            }),
            false => search.duplicates(Duplicates::Redraw(30)),
        };
        let result = search.run().unwrap();
        assert_eq!(result.history.len(), 300);
        let full = result.history.comparable().next();
        assert!(isomorphic || full.unwrap().fidelity.is_full());
    }
}

#[test]
fn reused_evaluations_are_promoted_too() {
    let search = Search::new(
        promotion(RandomSearch::new(BitsSpace { length: 4 }, 2)),
        Serial::new(Continuing::default()),
        Budget::trials(300),
    );
    let result = search.duplicates(Duplicates::Reuse).run().unwrap();
    let records = result.history.records().iter();
    let full = records.filter(|record| record.fidelity.is_full());
    assert!(full.count() >= 5);
}

#[test]
fn of_450_workers_none_waits() {
    let executor = Simulated::new(Continuing::default(), 450).unwrap();
    let promotion = Promotion::builder(evolution(30, 0), "epochs").brackets(2);
    let search = Search::new(promotion.build().unwrap(), executor, Budget::trials(20_000));
    let result = search.run().unwrap();
    let records = result.history.records().iter();
    let cost: f64 = records
        .filter_map(|record| record.outcome.evaluation()?.cost)
        .sum();
    let simulated = result.simulated.unwrap().as_secs_f64();
    // Only the last trials end at different times.
    let longest_tail = 27.0;
    assert!(
        cost / 450.0 > simulated - longest_tail,
        "{cost} in {simulated}"
    );
}
