//! Several objectives, and warm starts.

use std::collections::HashSet;

use evonas::SettingError;
use evonas::algorithm::{AlgorithmError, TellError};
use evonas::evaluator::{UNWEIGHTED_FITNESS, WeightedSum};
use evonas::objective::{Objective, dominates};
use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::search::journal::read;
use evonas::selection::{LexicographicTournament, ParetoTournament, Selection};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

type Bits = Vec<bool>;

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// Leading ones and trailing zeros: the classic conflict of two objectives.
fn both_ends(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let run = |bits: &mut dyn Iterator<Item = &bool>| bits.take_while(|&&bit| bit).count() as f64;
    let leading = run(&mut bits.iter());
    let trailing_zeros = bits.iter().rev().take_while(|&&bit| !bit).count() as f64;
    Ok(Evaluation::new(leading)
        .with_metric("trailing_zeros", trailing_zeros)
        .with_metric("ones", count(bits)))
}

fn builder(length: usize) -> EvolutionBuilder<Bits> {
    Evolution::builder(BitsSpace { length }, FlipOneBit)
        .population(40)
        .sample(10)
        .seed(1)
}

#[test]
fn pareto_tournaments_find_the_whole_front() {
    let objectives = [Objective::fitness(), Objective::maximize("trailing_zeros")];
    let evolution = builder(10).pareto(objectives.clone()).build().unwrap();
    let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(3000))
        .run()
        .unwrap();
    let front = result.pareto_front();
    let figures: HashSet<(u64, u64)> = front
        .iter()
        .map(|record| {
            let zeros = record.metric("trailing_zeros").unwrap();
            (record.fitness().unwrap() as u64, zeros as u64)
        })
        .collect();
    let expected: HashSet<(u64, u64)> = (0..=10).map(|ones| (ones, 10 - ones)).collect();
    assert_eq!(figures, expected);
    assert_eq!(front.len(), figures.len(), "no figures twice");
    let vector = |record: &evonas::search::TrialRecord<Bits>| -> Vec<f64> {
        let evaluation = record.outcome.evaluation().unwrap();
        objectives
            .iter()
            .map(|o| o.value(evaluation).unwrap())
            .collect()
    };
    for member in &front {
        for other in result.history.records() {
            assert!(!dominates(&vector(other), &vector(member)));
        }
    }
}

#[test]
fn with_one_objective_every_tournament_is_the_same() {
    let run = |builder: EvolutionBuilder<Bits>| -> Vec<(Option<TrialId>, Bits)> {
        let evolution = builder.build().unwrap();
        let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(500))
            .run()
            .unwrap();
        let records = result.history.records().iter();
        records.map(|r| (r.parent, r.genotype.clone())).collect()
    };
    let plain = run(builder(10));
    assert_eq!(run(builder(10).pareto([Objective::fitness()])), plain);
    assert_eq!(
        run(builder(10).lexicographic([Objective::fitness()])),
        plain
    );
}

#[test]
fn one_objective_has_the_best_trial_as_its_front() {
    let evolution = builder(10).build().unwrap();
    let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(100))
        .run()
        .unwrap();
    assert_eq!(result.pareto_front(), [result.best().unwrap()]);
}

#[test]
fn lexicographic_order_improves_the_second_objective_once_the_first_is_within_its_tolerance() {
    let run = |objectives: Vec<Objective>| {
        let evolution = builder(20).lexicographic(objectives).build().unwrap();
        let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(4000))
            .run()
            .unwrap();
        let last = &result.history.records()[3000..];
        let mean = |figure: &dyn Fn(&Bits) -> f64| {
            last.iter()
                .map(|record| figure(&record.genotype))
                .sum::<f64>()
                / last.len() as f64
        };
        (
            mean(&|bits| count(&bits[..1])),
            mean(&|bits| count(&bits[1..])),
        )
    };
    // A tolerance so wide that only the second objective counts: as few ones as possible.
    let first = Objective::fitness().tolerance(19.0);
    let (_, few) = run(vec![first, Objective::minimize("ones")]);
    assert!(few < 3.0, "{few}");
    let (leading, many) = run(vec![Objective::fitness(), Objective::minimize("ones")]);
    assert!(leading > 0.9 && many > 10.0, "{leading} {many}");
}

#[test]
fn the_weighted_sum_is_the_fitness_everywhere() {
    let weighted = WeightedSum::new(both_ends, [("fitness", 1.0), ("trailing_zeros", 2.0)]);
    let evolution = builder(10).build().unwrap();
    let result = Search::new(evolution, Serial::new(weighted), Budget::trials(1500))
        .run()
        .unwrap();
    let best = result.best().unwrap();
    assert_eq!(best.fitness(), Some(20.0));
    // The measured fitness is kept.
    for record in result.history.records() {
        let measured = record.metric(UNWEIGHTED_FITNESS).unwrap();
        let weighted = measured + 2.0 * record.metric("trailing_zeros").unwrap();
        assert_eq!(record.fitness(), Some(weighted));
    }
    let missing = WeightedSum::new(both_ends, [("parameters", 1.0)]);
    let error = Search::new(
        builder(10).build().unwrap(),
        Serial::new(missing),
        Budget::trials(100),
    )
    .run()
    .unwrap_err();
    assert!(
        error.to_string().contains("'parameters' is missing"),
        "{error}"
    );
}

#[test]
fn an_evaluation_without_an_objective_fails_its_trial_but_not_the_search() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        let forgetful = |bits: &Bits, context: &Context<'_>| match context.trial().0 % 3 {
            0 => Ok(Evaluation::new(count(bits))),
            _ => both_ends(bits, context),
        };
        let objectives = [Objective::fitness(), Objective::maximize("trailing_zeros")];
        let evolution = builder(10).pareto(objectives).build().unwrap();
        Search::new(evolution, Serial::new(forgetful), Budget::trials(trials))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap()
    };
    for trials in [60, 90] {
        for record in search(trials).history.records() {
            match &record.outcome {
                Outcome::Failed { reason } if record.id.0 % 3 == 0 => {
                    assert!(reason.contains("no metric 'trailing_zeros'"), "{reason}");
                }
                outcome => assert!(outcome.evaluation().is_some(), "{record:?}"),
            }
        }
    }
    // If every evaluation lacks it, the search ends, as with any other failure.
    let evolution = builder(10)
        .pareto([Objective::minimize("parameters")])
        .build()
        .unwrap();
    let error = Search::new(evolution, Serial::new(both_ends), Budget::trials(100))
        .run()
        .unwrap_err();
    assert!(
        matches!(&error, SearchError::TooManyFailures { last, .. }
            if last[0].contains("no metric 'parameters'")),
        "{error}"
    );
}

#[test]
fn a_tell_without_an_objective_is_refused_and_names_the_objective() {
    let mut evolution = Ledger::new(
        builder(10)
            .pareto([Objective::minimize("parameters")])
            .build()
            .unwrap(),
    );
    let trial = evolution.ask();
    let outcome = Outcome::Completed(Evaluation::new(1.0));
    assert!(matches!(
        evolution.tell(trial.id, &outcome),
        Err(TellError::NoMetric { trial: TrialId(0), metric }) if metric == "parameters"
    ));
    assert_eq!(
        evolution.tell(trial.id, &Outcome::lost("its process died")),
        Ok(trial)
    );
}

#[test]
fn missing_objectives_are_refused() {
    assert!(matches!(
        builder(10).pareto([]).build(),
        Err(AlgorithmError::NoObjectives)
    ));
    // A selection by objectives needs them as well.
    let needs = |build: Result<Evolution<Bits>, AlgorithmError>| match build {
        Err(AlgorithmError::TooFewObjectives { needed, given }) => (needed, given),
        other => panic!("{other:?}"),
    };
    let lexicographic = |tolerances| LexicographicTournament::new(5, tolerances).unwrap();
    let pareto = ParetoTournament::new(5);
    assert_eq!(needs(builder(10).selection(pareto).build()), (1, 0));
    let one = || builder(10).lexicographic([Objective::fitness()]);
    for (build, expected) in [
        (builder(10).selection(lexicographic(vec![])), (1, 0)),
        (builder(10).selection(lexicographic(vec![0.0])), (1, 0)),
        (one().selection(lexicographic(vec![0.0; 2])), (2, 1)),
    ] {
        assert_eq!(needs(build.build()), expected);
    }
    let boxed: Box<dyn Selection<Bits>> = Box::new(pareto);
    assert_eq!(needs(builder(10).selection(boxed).build()), (1, 0));
    assert!(one().selection(lexicographic(vec![0.5])).build().is_ok());
}

#[test]
fn a_tolerance_is_at_least_0() {
    for width in [-0.1, f64::NAN, f64::NEG_INFINITY] {
        let objective = Objective::fitness().tolerance(width);
        let objectives = [objective, Objective::minimize("ones")];
        let error = builder(10).lexicographic(objectives).build().unwrap_err();
        assert!(
            matches!(error, AlgorithmError::Setting(SettingError::Tolerance(_))),
            "{error}"
        );
        assert!(error.to_string().contains("at least 0"), "{error}");
        assert!(LexicographicTournament::new(5, vec![0.0, width]).is_err());
    }
    assert!(LexicographicTournament::new(5, vec![0.0, f64::INFINITY]).is_ok());
}

#[test]
fn a_warm_start_begins_with_given_genotypes() {
    let given: Vec<Bits> = (0..5)
        .map(|ones| (0..10).map(|bit| bit < ones).collect())
        .collect();
    let evolution = builder(10).initial(given.clone()).build().unwrap();
    let result = Search::new(evolution, Serial::new(both_ends), Budget::trials(60))
        .run()
        .unwrap();
    let records = result.history.records();
    let first: Vec<Bits> = records[..5]
        .iter()
        .map(|record| record.genotype.clone())
        .collect();
    assert_eq!(first, given);
    assert!(records[..40].iter().all(|record| record.parent.is_none()));
    assert!(records[40..].iter().all(|record| record.parent.is_some()));

    // From another run's journal.
    let folder = tempfile::tempdir().unwrap();
    let first = Search::new(
        builder(10).build().unwrap(),
        Serial::new(both_ends),
        Budget::trials(300),
    )
    .journal(Journal::create(folder.path()).unwrap())
    .run()
    .unwrap();
    let recorded = read::<Bits>(folder.path()).unwrap();
    let fittest = recorded
        .fittest()
        .into_iter()
        .take(40)
        .map(|record| record.genotype.clone());
    let evolution = builder(10).initial(fittest).build().unwrap();
    let second = Search::new(evolution, Serial::new(both_ends), Budget::trials(40))
        .run()
        .unwrap();
    assert_eq!(
        second.best().unwrap().fitness(),
        first.best().unwrap().fitness()
    );
}

#[test]
fn a_warm_start_outside_the_space_is_refused() {
    use evonas::spaces::choices::{Choices, Decisions};
    let space = Choices::builder()
        .decision("a", ["x", "y"])
        .build()
        .unwrap();
    let genotypes: Vec<Decisions> = serde_json::from_str("[[0],[2]]").unwrap();
    let error = Evolution::builder(space.clone(), space)
        .initial(genotypes)
        .build()
        .unwrap_err();
    assert!(
        matches!(error, AlgorithmError::InvalidInitial { index: 1, .. }),
        "{error}"
    );
}
