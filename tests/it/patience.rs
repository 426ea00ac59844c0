//! Budgets that end when a search makes no progress.

use std::time::Duration;

use evonas::prelude::*;

type Bits = Vec<bool>;

/// Runs a search whose trials have these fitnesses, and the last one from then on.
fn search(fitness: &'static [f64], budget: Budget) -> SearchResult<Bits> {
    let evaluator = move |_: &Bits, context: &Context<'_>| {
        let trial = context.trial().0 as usize;
        Ok(Evaluation::new(fitness[trial.min(fitness.len() - 1)]))
    };
    let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
    Search::new(random, Serial::new(evaluator), budget)
        .run()
        .unwrap()
}

fn trials(fitness: &'static [f64], budget: Budget) -> usize {
    let result = search(fitness, budget);
    assert_eq!(result.termination, Termination::NoImprovement);
    result.history.len()
}

#[test]
fn only_a_rise_by_more_than_the_minimum_gain_counts() {
    const FITNESS: &[f64] = &[1.0, 1.25, 1.5, 1.75, 2.0, 2.0];
    let patience = Budget::unlimited().patience(3);
    assert_eq!(trials(FITNESS, patience), 8);
    for none in [0.0, -1.0, f64::NAN] {
        assert_eq!(trials(FITNESS, patience.minimum_gain(none)), 8);
    }
    // Small rises add up: 1.75 is more than 0.5 above 1.
    assert_eq!(trials(FITNESS, patience.minimum_gain(0.5)), 7);
    assert_eq!(trials(FITNESS, patience.minimum_gain(0.8)), 4);
    assert_eq!(trials(FITNESS, patience.minimum_gain(f64::INFINITY)), 4);
    // The best trial is the fittest all the same.
    let result = search(FITNESS, patience.minimum_gain(0.8));
    assert_eq!(result.best().unwrap().fitness(), Some(1.75));
}

#[test]
fn with_objectives_a_new_member_of_the_front_is_an_improvement() {
    // The fitness stands still while the size falls for ten trials.
    let evaluator = |_: &Bits, context: &Context<'_>| {
        let parameters = 100_u64.saturating_sub(context.trial().0).max(90);
        Ok(Evaluation::new(1.0).with_metric("parameters", parameters as f64))
    };
    let evolution = Evolution::builder(BitsSpace { length: 8 }, FlipOneBit)
        .population(2)
        .sample(1)
        .pareto([Objective::fitness(), Objective::minimize("parameters")])
        .build()
        .unwrap();
    let budget = Budget::unlimited().patience(4);
    let result = Search::new(evolution, Serial::new(evaluator), budget)
        .run()
        .unwrap();
    assert_eq!(result.history.len(), 15);
    assert_eq!(result.termination, Termination::NoImprovement);
}

#[test]
fn a_late_improvement_does_not_undo_the_end() {
    // Of three workers one has trial 2, which is the best and takes the longest.
    let evaluator = |_: &Bits, context: &Context<'_>| {
        let (fitness, cost) = match context.trial().0 {
            2 => (9.0, 1000.0),
            _ => (1.0, 1.0),
        };
        Ok(Evaluation::new(fitness).with_cost(cost))
    };
    let folder = tempfile::tempdir().unwrap();
    let search = |patience| {
        let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
        let executor = Simulated::new(evaluator, 3).unwrap();
        let budget = Budget::trials(40).patience(patience);
        Search::new(random, executor, budget)
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap()
    };
    let ended = search(10);
    assert_eq!(ended.termination, Termination::NoImprovement);
    let last = ended.history.last().unwrap();
    assert_eq!((last.id, last.fitness()), (TrialId(2), Some(9.0)));
    assert_eq!(ended.history.since_improvement(), 0);
    assert!(ended.history.longest_standstill() >= 10);
    // Nor does a resume.
    let resumed = search(10);
    assert_eq!(resumed.termination, Termination::NoImprovement);
    assert_eq!(resumed.history.len(), ended.history.len());
    assert_eq!(resumed.simulated, Some(Duration::from_secs(1000)));
    // More patience does.
    assert_eq!(search(20).history.len(), 35);
}
