//! Trials at a partial fidelity compete only while none has completed at full fidelity.

use evonas::prelude::*;
use evonas::search::TrialRecord;

fn record(id: u64, epochs: Option<f64>, evaluation: Evaluation) -> TrialRecord<u64> {
    let mut trial = Trial::new(TrialId(id), 0, id);
    if let Some(epochs) = epochs {
        trial.fidelity = Fidelity::full().with("epochs", epochs);
    }
    TrialRecord::new(trial, Outcome::Completed(evaluation))
}

#[test]
fn the_first_full_evaluation_is_the_best_however_fit_the_partial_ones_are() {
    let mut history = History::default();
    let best = |history: &History<u64>| history.best().map(|best| best.id.0);
    for (id, epochs, fitness, best_after, highest, standstill) in [
        (0, Some(1.0), 0.5, 0, 0.5, 0),
        (1, Some(3.0), 0.9, 1, 0.9, 0),
        (2, Some(1.0), 0.7, 1, 0.9, 1),
        (3, None, 0.6, 3, 0.6, 0),
        (4, Some(9.0), 0.95, 3, 0.6, 1),
        (5, None, 0.6, 3, 0.6, 2),
        (6, None, 0.8, 6, 0.8, 0),
    ] {
        history.push(record(id, epochs, Evaluation::new(fitness)));
        assert_eq!(best(&history), Some(best_after), "trial {id}");
        assert_eq!(history.highest_fitness(), Some(highest), "trial {id}");
        assert_eq!(history.since_improvement(), standstill, "trial {id}");
    }
    assert_eq!(history.hypervolume(&[0.0]), Ok(0.8));
    assert_eq!(history.pareto_front().len(), 1);
    let comparable: Vec<u64> = history.comparable().map(|record| record.id.0).collect();
    assert_eq!(comparable, [3, 5, 6]);
}

#[test]
fn the_front_is_that_of_full_evaluations_as_soon_as_there_is_one() {
    let objectives = vec![Objective::fitness(), Objective::minimize("cost")];
    let mut history = History::with_objectives(objectives);
    let front = |history: &History<u64>| -> Vec<u64> {
        let front = history.pareto_front();
        front.iter().map(|record| record.id.0).collect()
    };
    for (id, epochs, fitness, cost, after) in [
        (0, Some(1.0), 0.9, 1.0, vec![0]),
        (1, Some(1.0), 0.95, 2.0, vec![0, 1]),
        (2, None, 0.5, 3.0, vec![2]),
        (3, Some(1.0), 0.99, 0.5, vec![2]),
        (4, None, 0.4, 1.0, vec![2, 4]),
    ] {
        let evaluation = Evaluation::new(fitness).with_cost(cost);
        history.push(record(id, epochs, evaluation));
        assert_eq!(front(&history), after, "trial {id}");
    }
    assert_eq!(history.best().map(|best| best.id.0), Some(2));
}

#[test]
fn a_target_is_met_by_a_full_evaluation_only() {
    // The last rung is worth less than the ones before.
    let evaluator = |_: &Vec<bool>, context: &Context<'_>| {
        Ok(Evaluation::new(
            context.fidelity().amount("epochs").map_or(0.5, |_| 0.9),
        ))
    };
    let random = RandomSearch::new(BitsSpace { length: 20 }, 1);
    let promotion = Promotion::builder(random, "epochs").build().unwrap();
    let budget = Budget::trials(500).target_fitness(0.4);
    let result = Search::new(promotion, Serial::new(evaluator), budget).run();
    let result = result.unwrap();
    assert_eq!(result.termination, Termination::TargetFitness);
    assert!(result.history.last().unwrap().fidelity.is_full());
    assert_eq!(result.best().unwrap().fitness(), Some(0.5));
}

#[test]
fn a_search_without_full_evaluations_has_a_best_trial_too() {
    let mut history = History::default();
    for (id, fitness) in [(0, 0.5), (1, 0.7), (2, 0.6)] {
        history.push(record(id, Some(1.0), Evaluation::new(fitness)));
    }
    assert_eq!(history.best().map(|best| best.id.0), Some(1));
    assert_eq!(history.comparable().count(), 3);
}
