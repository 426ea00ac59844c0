//! Local search, simulated annealing, the surrogate, and evolution with a proxy: with all that a search offers.

use std::collections::HashSet;
use std::path::Path;

use evonas::prelude::*;
use evonas::search::journal::read;

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 10 };

fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    Ok(Evaluation::new(ones).with_cost(1.0))
}

/// Fails for some genotypes, so that algorithms meet trials without a fitness.
fn ones_or_failure(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    match bits[2] && !bits[3] && !bits[4] {
        true => Err(EvaluationError::failed("a pattern that fails")),
        false => ones(bits, context),
    }
}

fn refused(bits: &Bits) -> bool {
    bits[0] && !bits[1]
}

/// A search with a journal, a constraint and a policy for duplicates, on three virtual workers.
fn search<A: Algorithm<Bits>>(algorithm: A, folder: &Path, trials: u64) -> SearchResult<Bits> {
    let executor = Simulated::new(ones_or_failure, 3).unwrap();
    Search::new(algorithm, executor, Budget::trials(trials))
        .journal(Journal::open_or_create(folder).unwrap())
        .duplicates(Duplicates::Redraw(1000))
        .constraint(|bits: &Bits| match refused(bits) {
            true => Err("1 before 0".to_owned()),
            false => Ok(()),
        })
        .run()
        .unwrap()
}

fn trials(result: &SearchResult<Bits>) -> Vec<(TrialId, Option<TrialId>, Bits, Option<f64>)> {
    let records = result.history.records().iter();
    records
        .map(|record| {
            let genotype = record.genotype.clone();
            (record.id, record.parent, genotype, record.fitness())
        })
        .collect()
}

const TRIALS: u64 = 250;

/// Runs it whole, twice, and killed in the middle with trials in flight. So many of its trials have different
/// genotypes.
fn every_part_of_a_search_works<A: Algorithm<Bits>>(
    distinct_trials: u64,
    algorithm: impl Fn() -> A,
) {
    let folders = [(); 3].map(|()| tempfile::tempdir().unwrap());
    let [whole, again, parts] = folders.each_ref().map(|folder| folder.path());
    let expected = search(algorithm(), whole, TRIALS);
    assert_eq!(expected.best().unwrap().fitness(), Some(10.0));
    let found = trials(&expected);
    assert!(found.iter().any(|(_, parent, ..)| parent.is_some()));
    assert!(found.iter().any(|(.., fitness)| fitness.is_none()));
    assert!(!found.iter().any(|(.., genotype, _)| refused(genotype)));
    let distinct: HashSet<&Bits> = found.iter().map(|(.., genotype, _)| genotype).collect();
    assert_eq!(distinct.len() as u64, distinct_trials, "of {TRIALS}");
    assert_eq!(trials(&search(algorithm(), again, TRIALS)), found);

    let text = std::fs::read_to_string(whole.join("journal.jsonl")).unwrap();
    for lines in [4, 60, 301] {
        let kept: String = text.split_inclusive('\n').take(lines).collect();
        std::fs::write(parts.join("journal.jsonl"), kept).unwrap();
        assert!(!read::<Bits>(parts).unwrap().in_flight.is_empty());
        assert_eq!(trials(&search(algorithm(), parts, TRIALS)), found);
    }
}

#[test]
fn local_search_resumes_and_respects_constraints_and_duplicates() {
    every_part_of_a_search_works(TRIALS, || {
        LocalSearch::builder(SPACE).seed(3).build().unwrap()
    });
    every_part_of_a_search_works(TRIALS, || {
        let builder = LocalSearch::builder(SPACE).seed(4);
        builder.first_improvement().build().unwrap()
    });
}

#[test]
fn simulated_annealing_resumes_and_respects_constraints_and_duplicates() {
    // In the end it has seen all neighbors of a genotype that it won't leave, and sees them again.
    every_part_of_a_search_works(176, || {
        SimulatedAnnealing::builder(SPACE, FlipOneBit)
            .initial_temperature(3.0)
            .final_temperature(0.5)
            .cooling_trials(150)
            .seed(3)
            .build()
            .unwrap()
    });
}

#[test]
fn a_surrogate_search_resumes_and_respects_constraints_and_duplicates() {
    every_part_of_a_search_works(TRIALS, || {
        SurrogateSearch::builder(SPACE, FlipOneBit)
            .seed(3)
            .build()
            .unwrap()
    });
}

/// The ones among the first bits, where the draw of a random number decides between equally good ones. Bits that
/// begin with three zeros can't be scored.
#[derive(Debug)]
struct FirstBits;

impl Proxy<Bits> for FirstBits {
    fn score(&self, bits: &Bits, rng: &mut dyn Rng) -> f64 {
        let ones = bits[..6].iter().filter(|&&bit| bit).count() as f64;
        match bits[..3].contains(&true) {
            true => ones + 0.5 * rng.random::<f64>(),
            false => f64::NAN,
        }
    }
}

#[test]
fn evolution_with_a_proxy_resumes_and_respects_constraints_and_duplicates() {
    every_part_of_a_search_works(TRIALS, || {
        let mutation = BestOf::new(3, FlipOneBit, FirstBits).unwrap();
        Evolution::builder(SPACE, mutation)
            .population(20)
            .sample(5)
            .warm_up(WarmUp::new(60, FirstBits))
            .seed(3)
            .build()
            .unwrap()
    });
}

/// What each trial proposes, one after another.
fn proposals<A: Algorithm<Bits>>(
    algorithm: A,
    fitness: impl Fn(&Bits) -> f64,
    count: usize,
) -> Vec<Trial<Bits>> {
    let mut ledger = Ledger::new(algorithm);
    (0..count)
        .map(|_| {
            let trial = ledger.ask();
            let outcome = Outcome::Completed(fitness(&trial.genotype).into());
            ledger.tell(trial.id, &outcome).unwrap();
            trial
        })
        .collect()
}

fn distance(left: &Bits, right: &Bits) -> usize {
    left.iter()
        .zip(right)
        .filter(|(left, right)| left != right)
        .count()
}

#[test]
fn local_search_evaluates_whole_neighborhoods_and_moves_to_the_best_neighbor() {
    // The last bit is worth most.
    let worth = |bits: &Bits| -> f64 {
        let bits = bits.iter().zip(1..);
        bits.map(|(&bit, worth)| f64::from(u8::from(bit) * worth))
            .sum()
    };
    let local_search = LocalSearch::builder(BitsSpace { length: 4 })
        .seed(1)
        .build()
        .unwrap();
    let trials = proposals(local_search, worth, 60);
    let mut center = &trials[0];
    assert_eq!(center.parent, None);
    let mut next = 1;
    loop {
        let neighborhood = &trials[next..next + 4];
        let distinct: HashSet<&Bits> = neighborhood.iter().map(|trial| &trial.genotype).collect();
        assert_eq!(distinct.len(), 4);
        for neighbor in neighborhood {
            assert_eq!(neighbor.parent, Some(center.id));
            assert_eq!(distance(&neighbor.genotype, &center.genotype), 1);
        }
        let best = neighborhood
            .iter()
            .max_by(|left, right| worth(&left.genotype).total_cmp(&worth(&right.genotype)));
        next += 4;
        if worth(&best.unwrap().genotype) < worth(&center.genotype) {
            break;
        }
        center = best.unwrap();
    }
    assert_eq!(center.genotype, [true; 4], "the only optimum");
    assert_eq!(trials[next].parent, None, "and then it begins again");
}

#[test]
fn local_search_by_first_improvement_moves_at_once() {
    let count = |bits: &Bits| bits.iter().filter(|&&bit| bit).count() as f64;
    let builder = LocalSearch::builder(BitsSpace { length: 100 }).first_improvement();
    let trials = proposals(builder.build().unwrap(), count, 100);
    let mut center = &trials[0];
    for trial in &trials[1..] {
        assert_eq!(trial.parent, Some(center.id));
        if count(&trial.genotype) > count(&center.genotype) {
            center = trial;
        }
    }
    assert!(count(&center.genotype) > count(&trials[0].genotype) + 5.0);
}

#[test]
fn annealing_at_a_low_temperature_only_climbs_and_at_a_high_one_wanders() {
    let falls = |temperature: f64| {
        let annealing = SimulatedAnnealing::builder(BitsSpace { length: 30 }, FlipOneBit)
            .initial_temperature(temperature)
            .final_temperature(temperature)
            .build()
            .unwrap();
        let count = |bits: &Bits| bits.iter().filter(|&&bit| bit).count() as f64;
        let trials = proposals(annealing, count, 300);
        let parents = trials[1..].iter().map(|trial| {
            let parent = trial.parent.unwrap().0 as usize;
            count(&trials[parent].genotype)
        });
        let parents: Vec<f64> = parents.collect();
        parents.windows(2).filter(|pair| pair[1] < pair[0]).count()
    };
    assert_eq!(falls(1e-6), 0);
    assert!(falls(100.0) > 50);
}

#[test]
fn a_surrogate_learns_from_its_trials() {
    let mean_best = |search: &dyn Fn(u64) -> Box<dyn Algorithm<Bits>>| -> f64 {
        let best = |seed| {
            let budget = Budget::trials(120);
            let result = Search::new(search(seed), Serial::new(ones), budget)
                .run()
                .unwrap();
            result.best().unwrap().fitness().unwrap()
        };
        (0..10).map(best).sum::<f64>() / 10.0
    };
    let space = BitsSpace { length: 40 };
    let surrogate = mean_best(&|seed| {
        let builder = SurrogateSearch::builder(space, FlipOneBit).seed(seed);
        Box::new(builder.build().unwrap())
    });
    let random = mean_best(&|seed| Box::new(RandomSearch::new(space, seed)));
    assert!(surrogate > random + 3.0, "{surrogate} and {random}");
}

#[test]
fn spaces_without_decisions_and_settings_out_of_range_are_refused() {
    let nothing = BitsSpace { length: 0 };
    let error = LocalSearch::builder(nothing).build().unwrap_err();
    assert_eq!(error, AlgorithmError::NoDecisions);
    let error = SurrogateSearch::builder(nothing, FlipOneBit).build();
    assert_eq!(error.unwrap_err(), AlgorithmError::NoDecisions);
    let surrogate = || SurrogateSearch::builder(SPACE, FlipOneBit);
    for (builder, setting) in [
        (surrogate().trees(0), "number of trees"),
        (surrogate().candidates(0), "number of candidates"),
        (surrogate().parents(0), "number of parents"),
        (surrogate().initial_trials(0), "number of random trials"),
    ] {
        let message = builder.build().unwrap_err().to_string();
        assert_eq!(
            message,
            format!("the {setting} is 0; it must be at least 1")
        );
    }
    let annealing = || SimulatedAnnealing::builder(SPACE, FlipOneBit);
    for (builder, message) in [
        (
            annealing().initial_temperature(f64::NAN),
            "the initial temperature is NaN",
        ),
        (
            annealing().initial_temperature(0.0),
            "the initial temperature is 0",
        ),
        (
            annealing().final_temperature(1.0),
            "it must be at most the initial one",
        ),
        (annealing().cooling_trials(0), "it must be at least 1"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn a_search_isnt_resumed_with_other_settings_of_its_algorithm() {
    let folder = tempfile::tempdir().unwrap();
    let run = |trees| {
        let surrogate = SurrogateSearch::builder(SPACE, FlipOneBit).trees(trees);
        Search::new(
            surrogate.build().unwrap(),
            Serial::new(ones),
            Budget::trials(20),
        )
        .journal(Journal::open_or_create(folder.path()).unwrap())
        .run()
    };
    run(20).unwrap();
    let error = run(21).unwrap_err().to_string();
    assert!(
        error.contains("algorithm.trees: 20 recorded, 21 now"),
        "{error}"
    );
}
