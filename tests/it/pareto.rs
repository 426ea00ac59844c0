//! Pareto tournaments, the front, and the order that selection and replacement share.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use evonas::objective::dominates;
use evonas::prelude::*;
use evonas::replacement::{Replacement, WorstOfSample};
use evonas::search::journal::read;
use evonas::search::{BestFile, TrialRecord};
use evonas::selection::{LexicographicTournament, ParetoTournament, Selection, Tournament};

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 24 };

fn builder(population: usize, sample: usize) -> EvolutionBuilder<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(population)
        .sample(sample)
        .seed(3)
}

fn objectives() -> [Objective; 2] {
    [Objective::fitness(), Objective::maximize("second")]
}

fn completed(first: f64, second: f64) -> Outcome {
    Outcome::Completed(Evaluation::new(first).with_metric("second", second))
}

/// Fills the population with members of these figures, whose trials have the numbers 0, 1, 2…
fn fill(evolution: &mut Ledger<Bits, Evolution<Bits>>, figures: &[(f64, f64)]) {
    for &(first, second) in figures {
        let trial = evolution.ask();
        let outcome = completed(first, second);
        evolution.tell(trial.id, &outcome).unwrap();
    }
}

/// Leading ones and trailing zeros, whose front has one member for each number of leading ones.
fn both_ends(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().take_while(|&&bit| bit).count();
    let zeros = bits.iter().rev().take_while(|&&bit| !bit).count();
    Ok(Evaluation::new(ones as f64).with_metric("second", zeros as f64))
}

#[test]
fn every_member_of_the_population_s_front_becomes_a_parent() {
    // A front of 11 and 30 dominated members that are extreme in one objective.
    let mut figures: Vec<(f64, f64)> = (0..=10)
        .map(|x| (f64::from(x), f64::from(10 - x)))
        .collect();
    for x in 0..15 {
        figures.push((10.0 - 0.01 * f64::from(x), -1.0));
        figures.push((-1.0, 10.0 - 0.01 * f64::from(x)));
    }
    let mut evolution = Ledger::new(builder(41, 10).pareto(objectives()).build().unwrap());
    fill(&mut evolution, &figures);
    let mut chosen = HashMap::new();
    for _ in 0..2000 {
        *chosen.entry(evolution.ask().parent.unwrap().0).or_insert(0) += 1;
    }
    for member in 0..=10 {
        let times = chosen.get(&member).copied().unwrap_or(0);
        assert!(
            times >= 50,
            "member {member}: {times} of 2000 in {chosen:?}"
        );
    }
}

#[test]
fn members_of_equal_figures_are_equally_good() {
    // The second and the third are equal; so are the ends.
    let figures = [(0.0, 2.0), (1.0, 1.0), (1.0, 1.0), (2.0, 0.0), (0.0, 2.0)];
    let mut evolution = Ledger::new(builder(5, 1).pareto(objectives()).build().unwrap());
    fill(&mut evolution, &figures);
    let worst = |members: &[usize]| {
        ParetoTournament::new(1).worst(evolution.algorithm().population(), members)
    };
    assert_eq!([worst(&[1, 2]), worst(&[2, 1])], [1, 2]);
    assert_eq!([worst(&[0, 4, 3]), worst(&[4, 0])], [0, 4]);
    assert_eq!(worst(&[0, 2, 3]), 2);
}

#[test]
fn the_parents_of_a_search_cover_the_interior_of_the_front() {
    let evolution = builder(100, 25).pareto(objectives()).build().unwrap();
    let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(6000))
        .run()
        .unwrap();
    let on_front = |record: &&TrialRecord<Bits>| {
        record.fitness().unwrap() + record.metric("second").unwrap() == 24.0
    };
    let records = result.history.records();
    let parents = records[3000..].iter().filter_map(|record| record.parent);
    let covered: HashSet<u64> = parents
        .map(|parent| &records[parent.0 as usize])
        .filter(on_front)
        .map(|record| record.fitness().unwrap() as u64)
        .collect();
    assert_eq!(covered.len(), 25, "{covered:?}");
}

#[test]
fn a_population_of_a_thousand_is_no_burden() {
    let objectives = [
        Objective::fitness(),
        Objective::maximize("second"),
        Objective::minimize("third"),
    ];
    let mut evolution = Ledger::new(builder(1000, 25).pareto(objectives).build().unwrap());
    for id in 0..1200_u32 {
        let trial = evolution.ask();
        let spread = |factor| f64::from(id * factor % 1009);
        let evaluation = Evaluation::new(spread(7))
            .with_metric("second", spread(31))
            .with_metric("third", spread(101));
        evolution
            .tell(trial.id, &Outcome::Completed(evaluation))
            .unwrap();
    }
    assert_eq!(evolution.algorithm().population().len(), 1000);
}

#[test]
fn the_worst_of_the_sample_leaves_by_the_order_of_the_selection() {
    // Trial 1 has the lowest fitness, but by two objectives trial 2 is the worst.
    let figures = [(5.0, 4.0), (0.5, 9.0), (1.0, 3.0)];
    let mut evolution = Ledger::new(builder(3, 3).pareto(objectives()).build().unwrap());
    fill(&mut evolution, &figures);
    let lexicographic = LexicographicTournament::new(1, vec![100.0, 0.0]).unwrap();
    let leaves = |sample: &[u64], selection: &dyn Selection<Bits>| {
        WorstOfSample.leaves(evolution.algorithm().population(), sample, selection)
    };
    for sample in [vec![1, 0, 2, 1], vec![], vec![17]] {
        assert_eq!(leaves(&sample, &lexicographic), 2);
        assert_eq!(leaves(&sample, &ParetoTournament::new(1)), 2);
        assert_eq!(leaves(&sample, &Tournament::new(1)), 1);
    }
    let boxed: Box<dyn Selection<Bits>> = Box::new(ParetoTournament::new(1));
    assert_eq!(leaves(&[0, 1, 2], &boxed), 2);
    assert_eq!(leaves(&[0, 1], &boxed), 0);
}

#[test]
fn non_aging_evolution_keeps_what_its_selection_prefers() {
    // By the fitness, the best member would be the first to leave.
    let order = [Objective::maximize("second"), Objective::fitness()];
    let evolution = builder(20, 5).lexicographic(order).non_aging();
    let mut evolution = Ledger::new(evolution.build().unwrap());
    for _ in 0..2000 {
        let trial = evolution.ask();
        let zeros = trial.genotype.iter().rev().take_while(|&&bit| !bit).count() as f64;
        evolution.tell(trial.id, &completed(-zeros, zeros)).unwrap();
    }
    let zeros = evolution
        .algorithm()
        .population()
        .iter()
        .map(|member| -member.fitness);
    assert_eq!(zeros.fold(0.0, f64::max), 24.0);
}

#[test]
fn the_worst_in_lexicographic_order_is_never_the_best() {
    let figures = [(0.0, 9.0), (0.5, 5.0), (1.0, 3.0)];
    let first = Objective::fitness().tolerance(0.6);
    let order = [first, Objective::maximize("second")];
    let mut evolution = Ledger::new(builder(3, 3).lexicographic(order).build().unwrap());
    fill(&mut evolution, &figures);
    let tournament = LexicographicTournament::new(1, vec![0.6, 0.0]).unwrap();
    assert_eq!(
        tournament.worst(evolution.algorithm().population(), &[0, 1, 2]),
        0
    );
    assert_eq!(
        tournament.worst(evolution.algorithm().population(), &[2, 1, 2, 1]),
        2
    );
}

/// The fitness saturates, so many sizes reach it; more ones are larger.
fn saturated(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    Ok(Evaluation::new(ones.min(8.0)).with_metric("parameters", ones))
}

#[test]
fn the_best_trial_is_on_the_front_for_every_way_to_compare() {
    let objectives = [Objective::fitness(), Objective::minimize("parameters")];
    for builder in [
        builder(40, 10).pareto(objectives.clone()),
        builder(40, 10).lexicographic(objectives.clone()),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let best_file = folder.path().join("best.json");
        let fronts = Arc::new(Mutex::new(Vec::new()));
        let seen = fronts.clone();
        let search = Search::new(
            builder.build().unwrap(),
            Serial::new(saturated),
            Budget::trials(1000),
        );
        let result = search
            .journal(Journal::create(folder.path()).unwrap())
            .observe(BestFile::new(&best_file))
            .observe(move |event: &Event<'_, Bits>| {
                if let Event::Finished { history } = event {
                    seen.lock().unwrap().push(history.pareto_front().len());
                }
            })
            .run()
            .unwrap();
        let best = result.best().unwrap();
        assert_eq!(best.metric("parameters"), Some(8.0));
        assert_eq!(best.fitness(), Some(8.0));
        let front = result.pareto_front();
        assert!(front.contains(&best));
        let vector = |record: &TrialRecord<Bits>| {
            [
                record.fitness().unwrap(),
                -record.metric("parameters").unwrap(),
            ]
        };
        for other in result.history.records() {
            assert!(
                front
                    .iter()
                    .all(|member| !dominates(&vector(other), &vector(member)))
            );
        }
        assert_eq!(fronts.lock().unwrap().last(), Some(&front.len()));
        // A journal and a file without the search know the same.
        let recorded = read::<Bits>(folder.path()).unwrap();
        assert_eq!(recorded.history.best(), Some(best));
        assert_eq!(recorded.history.pareto_front(), front);
        assert_eq!(recorded.header.objectives(), objectives);
        let file = std::fs::read(best_file).unwrap();
        let written: TrialRecord<Bits> = serde_json::from_slice(&file).unwrap();
        assert_eq!(&written, best);
    }
}

#[test]
fn an_earlier_trial_is_the_best_again_when_the_best_is_dominated() {
    // The fitness is no objective: trial 2 dominates trial 0, whose fitness is the highest.
    let figures = [(9.0, 1.0, 5.0), (5.0, 5.0, 1.0), (1.0, 2.0, 6.0)];
    let evaluator = move |_: &Bits, context: &Context<'_>| {
        let (fitness, left, right) = figures[context.trial().0 as usize];
        let evaluation = Evaluation::new(fitness);
        Ok(evaluation
            .with_metric("left", left)
            .with_metric("right", right))
    };
    let folder = tempfile::tempdir().unwrap();
    let best_file = folder.path().join("best.json");
    let objectives = [Objective::maximize("left"), Objective::maximize("right")];
    let evolution = builder(3, 3).pareto(objectives).build().unwrap();
    let best = Arc::new(Mutex::new(Vec::new()));
    let seen = best.clone();
    let file = best_file.clone();
    let result = Search::new(evolution, Serial::new(evaluator), Budget::trials(3))
        .observe(BestFile::new(best_file))
        .observe(move |event: &Event<'_, Bits>| {
            if let Event::Finished { .. } = event {
                let written = std::fs::read(&file).unwrap();
                let record: TrialRecord<Bits> = serde_json::from_slice(&written).unwrap();
                seen.lock().unwrap().push(record.id.0);
            }
        })
        .run()
        .unwrap();
    assert_eq!(*best.lock().unwrap(), [0, 0, 1]);
    assert_eq!(result.best().unwrap().id.0, 1);
    assert_eq!(result.history.highest_fitness(), Some(9.0));
}

#[test]
fn a_search_knows_its_hypervolume() {
    let objectives = [Objective::fitness(), Objective::minimize("parameters")];
    let evolution = builder(40, 10).pareto(objectives).build().unwrap();
    let result = Search::new(evolution, Serial::new(saturated), Budget::trials(3000))
        .run()
        .unwrap();
    // The whole front has k ones and fitness k, from some k up to 8, against fitness 0 and 24 parameters.
    let lowest = result.pareto_front().len() as f64;
    let ones: Vec<f64> = (0..lowest as u32).map(|k| 8.0 - f64::from(k)).collect();
    let expected: f64 = ones
        .iter()
        .rev()
        .fold((0.0, 0.0), |(volume, below), k| {
            (volume + (k - below) * (24.0 - k), *k)
        })
        .0;
    assert_eq!(result.hypervolume(&[0.0, 24.0]), Ok(expected));
    let error = result.hypervolume(&[0.0]).unwrap_err();
    assert!(
        error
            .to_string()
            .contains("1 values, but there are 2 objectives"),
        "{error}"
    );
    let plain = Search::new(
        builder(40, 10).build().unwrap(),
        Serial::new(saturated),
        Budget::trials(1000),
    );
    assert_eq!(plain.run().unwrap().hypervolume(&[2.0]), Ok(6.0));
}

#[test]
fn the_cost_is_an_objective() {
    let evaluator = |bits: &Bits, context: &Context<'_>| {
        let evaluation = both_ends(bits, context)?;
        Ok(match context.trial().0 % 4 {
            3 => evaluation,
            _ => evaluation.with_cost(bits.iter().filter(|&&bit| bit).count() as f64),
        })
    };
    let objectives = [Objective::maximize("second"), Objective::minimize("cost")];
    let evolution = builder(20, 5).pareto(objectives).build().unwrap();
    let result = Search::new(evolution, Serial::new(evaluator), Budget::trials(1000))
        .run()
        .unwrap();
    for record in result.history.records() {
        match &record.outcome {
            Outcome::Failed { reason } if record.id.0 % 4 == 3 => {
                assert!(
                    reason.contains("no metric 'cost', which is an objective"),
                    "{reason}"
                );
            }
            outcome => assert!(outcome.evaluation().is_some(), "{record:?}"),
        }
    }
    let cheapest = result.pareto_front().into_iter().map(|record| {
        record
            .outcome
            .evaluation()
            .and_then(|evaluation| evaluation.cost)
    });
    assert_eq!(cheapest.flatten().fold(f64::INFINITY, f64::min), 0.0);
}
