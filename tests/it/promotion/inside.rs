//! Every algorithm works inside a promotion.

use evonas::prelude::*;
use evonas::search::Duplicates;

use super::{Bits, Continuing, by_id, evolution, promotion, share_of_ones};

const SPACE: BitsSpace = BitsSpace { length: 12 };

fn algorithms() -> Vec<(&'static str, Box<dyn Algorithm<Bits>>)> {
    let pareto = Evolution::builder(SPACE, FlipOneBit)
        .population(20)
        .sample(5)
        .pareto([Objective::fitness(), Objective::minimize("cost")]);
    let non_aging = Evolution::builder(SPACE, FlipOneBit)
        .population(20)
        .sample(5)
        .non_aging();
    let annealing = SimulatedAnnealing::builder(SPACE, FlipOneBit)
        .initial_temperature(0.1)
        .final_temperature(0.01)
        .cooling_trials(400);
    vec![
        ("aging", Box::new(evolution(12, 0))),
        ("non-aging", Box::new(non_aging.build().unwrap())),
        ("pareto", Box::new(pareto.build().unwrap())),
        ("random", Box::new(RandomSearch::new(SPACE, 0))),
        (
            "local search",
            Box::new(LocalSearch::builder(SPACE).build().unwrap()),
        ),
        ("annealing", Box::new(annealing.build().unwrap())),
        (
            "surrogate",
            Box::new(SurrogateSearch::builder(SPACE, FlipOneBit).build().unwrap()),
        ),
        (
            "reinforce",
            Box::new(Reinforce::builder(SPACE).build().unwrap()),
        ),
    ]
}

/// One in ten trials fails.
fn often_failing(
    evaluator: Continuing,
) -> impl Fn(&Bits, &Context<'_>) -> Result<Evaluation, EvaluationError> {
    move |bits, context| match context.seed() % 10 {
        0 => Err(EvaluationError::failed("no luck")),
        _ => evaluator.evaluate(bits, context),
    }
}

#[test]
fn every_algorithm_searches_with_five_workers_failures_and_redraws() {
    for (name, algorithm) in algorithms() {
        let executor = Simulated::new(often_failing(Continuing::default()), 5).unwrap();
        let result = Search::new(promotion(algorithm), executor, Budget::trials(1500))
            .duplicates(Duplicates::Redraw(20))
            .run()
            .unwrap();
        let records = result.history.records();
        assert_eq!(records.len(), 1500, "{name}");
        let full = records.iter().filter(|record| record.fidelity.is_full());
        // A 40th, less what failed, and less duplicates of local algorithms.
        let full = full.count();
        assert!((5..=38).contains(&full), "{name}: {full}");
        let best = result.best().unwrap();
        assert!(best.fidelity.is_full(), "{name}");
        let reached = share_of_ones(&best.genotype);
        let expected = if name == "random" { 10.0 } else { 11.0 };
        assert!(reached >= expected / 12.0, "{name}: {reached}");
    }
}

#[test]
fn policies_learn_from_the_first_rung() {
    let reinforce = Reinforce::builder(SPACE).build().unwrap();
    let mut ledger = Ledger::new(promotion(reinforce));
    for _ in 0..3000 {
        let trial = ledger.ask();
        let value = share_of_ones(&trial.genotype);
        let told = ledger.tell(trial.id, &Outcome::Completed(value.into()));
        told.unwrap();
    }
    let probabilities = ledger.algorithm().algorithm().probabilities();
    assert!(probabilities.iter().all(|of_bit| of_bit[1] > 0.8));
}

#[test]
fn children_descend_mostly_from_promoted_trials() {
    let promotion = promotion(evolution(40, 1));
    let search = Search::new(
        promotion,
        Serial::new(Continuing::default()),
        Budget::trials(1000),
    );
    let result = search.run().unwrap();
    let records = result.history.records();
    let known = by_id(records);
    let children = records.iter().filter(|record| record.continues.is_none());
    let parents: Vec<_> = children.filter_map(|child| child.parent).collect();
    let promoted = parents
        .iter()
        .filter(|parent| known[parent].continues.is_some());
    let (promoted, all) = (promoted.count(), parents.len());
    assert!(all > 500, "{all}");
    assert!(promoted * 5 > all * 4, "{promoted} of {all}");
    for record in records {
        if let Some(earlier) = record.continues {
            let earlier = known[&earlier];
            let of = |record: &evonas::search::TrialRecord<Bits>| (record.parent, record.seed);
            assert_eq!(of(record), of(earlier));
        }
    }
}

#[test]
fn the_settings_of_the_inner_algorithm_are_found_in_the_description() {
    let inner = Evolution::builder(SPACE, FlipOneBit)
        .pareto([Objective::fitness(), Objective::minimize("cost")])
        .seed(5)
        .build()
        .unwrap();
    let promotion = promotion(inner);
    let description = promotion.describe();
    assert_eq!(description.algorithm["type"], "Promotion");
    assert_eq!(
        description.algorithm["rungs"],
        serde_json::json!([1, 3, 9, 27])
    );
    assert_eq!(description.algorithm["algorithm"]["type"], "Evolution");
    assert_eq!(description.objectives(), promotion.objectives());
    assert_eq!(promotion.objectives().len(), 2);
    assert_eq!((promotion.seed(), promotion.minimum_trials()), (5, 100));
}
