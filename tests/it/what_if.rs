//! Replaying recorded evaluations through another configuration.

use std::path::Path;

use evonas::evaluator::IntermediateResult;
use evonas::prelude::*;
use evonas::search::journal::{DivergenceReason, WhatIf};

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 4 };

fn evolution(population: usize, sample: usize) -> Evolution<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(population)
        .sample(sample)
        .seed(5)
        .build()
        .unwrap()
}

/// Reports four steps; the fitness is the share of ones with a little noise.
fn score(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    for step in 1..=4 {
        context.report_with_metrics(IntermediateResult::new(step, ones * step as f64).of(4));
        context.check_stop()?;
    }
    let noise: f64 = context.rng(0).random();
    Ok(Evaluation::new(ones + 0.1 * noise).with_cost(1.0 + noise))
}

fn record(folder: &Path, stopper: Option<SuccessiveHalving>) -> SearchResult<Bits> {
    let executor = Simulated::new(score, 3).unwrap();
    let search = Search::new(evolution(10, 3), executor, Budget::trials(200))
        .constraint(|bits: &Bits| match bits.iter().any(|&bit| bit) {
            true => Ok(()),
            false => Err("no ones".to_owned()),
        })
        .journal(Journal::create(folder).unwrap());
    match stopper {
        Some(stopper) => search.stopper(stopper),
        None => search,
    }
    .run()
    .unwrap()
}

#[test]
fn the_recorded_configuration_replays_to_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = record(folder.path(), None);
    let replayed = WhatIf::of(folder.path()).replay(evolution(10, 3)).unwrap();
    assert_eq!(replayed.divergence, None);
    assert_eq!(replayed.history.records(), recorded.history.records());
    assert_eq!(
        (replayed.steps.replayed, replayed.steps.recorded),
        (800, 800)
    );
}

#[test]
fn another_sample_size_replays_until_its_first_proposal_without_an_evaluation() {
    let folder = tempfile::tempdir().unwrap();
    let recorded = record(folder.path(), None);
    let replayed = WhatIf::of(folder.path()).replay(evolution(10, 10)).unwrap();
    let divergence = replayed.divergence.expect("it proposes other genotypes");
    assert_eq!(divergence.reason, DivergenceReason::NotEvaluated);
    // The first population is the same, and its children are different.
    let replayed = replayed.history.records();
    assert!((10..200).contains(&replayed.len()), "{}", replayed.len());
    assert_eq!(replayed[..7], recorded.history.records()[..7]);
    let fitness_of = |record: &evonas::search::TrialRecord<Bits>| {
        let same = |other: &&evonas::search::TrialRecord<Bits>| {
            other.genotype == record.genotype && other.fitness() == record.fitness()
        };
        recorded.history.records().iter().find(same).is_some()
    };
    assert!(
        replayed.iter().all(fitness_of),
        "only recorded evaluations count"
    );
}

#[test]
fn a_stopper_would_have_saved_steps() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), None);
    let random = || RandomSearch::new(SPACE, 5);
    let halving = || SuccessiveHalving::builder().build().unwrap();
    // Evolution would ask for other genotypes once trials are stopped.
    let replayed = WhatIf::of(folder.path())
        .stopper(halving())
        .replay(evolution(10, 3))
        .unwrap();
    let stopped = replayed
        .history
        .records()
        .iter()
        .filter(|record| matches!(record.outcome, Outcome::Stopped { .. }));
    assert!(stopped.count() > 0);
    assert!(replayed.steps.replayed < replayed.steps.recorded);
    // What was stopped can't be continued.
    let folder = tempfile::tempdir().unwrap();
    Search::new(random(), Serial::new(score), Budget::trials(50))
        .stopper(halving())
        .journal(Journal::create(folder.path()).unwrap())
        .run()
        .unwrap();
    let as_recorded = WhatIf::of(folder.path()).replay(random()).unwrap();
    assert_eq!(as_recorded.divergence, None);
    let median = MedianRule::new().minimum_trials(1000);
    let what_if = WhatIf::of(folder.path()).stopper(median);
    let replayed = what_if.replay(random()).unwrap();
    let reason = replayed.divergence.unwrap().reason;
    assert!(
        matches!(reason, DivergenceReason::StoppedBefore { step: 1 | 2 }),
        "{reason:?}"
    );
    let same = WhatIf::of(folder.path())
        .stopper(halving())
        .replay(random())
        .unwrap();
    assert_eq!(same.divergence, None);
    assert_eq!(same.history.len(), 50);
}

#[test]
fn a_search_that_was_killed_replays_as_far_as_its_journal_goes() {
    let folder = tempfile::tempdir().unwrap();
    record(folder.path(), None);
    let path = folder.path().join("journal.jsonl");
    let text = std::fs::read_to_string(&path).unwrap();
    for lines in [100, 101, 102, 103] {
        let kept: String = text.split_inclusive('\n').take(lines).collect();
        std::fs::write(&path, &kept).unwrap();
        let replayed = WhatIf::of(folder.path()).replay(evolution(10, 3)).unwrap();
        assert_eq!(replayed.divergence, None, "{lines} lines");
        assert_eq!(replayed.history.len(), kept.matches("{\"tell\":").count());
    }
}

#[test]
fn a_replay_knows_the_objectives_of_its_algorithm() {
    let evolution = || {
        let builder = Evolution::builder(SPACE, FlipOneBit)
            .population(5)
            .sample(2);
        let objectives = [Objective::fitness(), Objective::minimize("cost")];
        builder.pareto(objectives).build().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let recorded = Search::new(evolution(), Serial::new(score), Budget::trials(60))
        .journal(Journal::create(folder.path()).unwrap())
        .run()
        .unwrap();
    let replayed = WhatIf::of(folder.path()).replay(evolution()).unwrap();
    assert!(recorded.pareto_front().len() > 1);
    assert_eq!(replayed.history.pareto_front(), recorded.pareto_front());
}

#[test]
fn a_folder_without_a_journal_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    assert!(WhatIf::of(folder.path()).replay(evolution(10, 3)).is_err());
}
