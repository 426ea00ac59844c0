//! Algorithms that users write: simulated annealing and local search, with all that a search offers.

use std::collections::VecDeque;
use std::path::Path;

use evonas::prelude::*;
use evonas::search::journal::read;
use rand::seq::SliceRandom;

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 10 };

/// Simulated annealing: moves to a neighbor that is better, or worse with a probability that falls.
#[derive(Debug)]
struct Annealing {
    rng: Stream,
    seed: u64,
    temperature: f64,
    current: Option<(f64, TrialId, Bits)>,
}

impl Annealing {
    fn new(seed: u64) -> Self {
        Self {
            rng: stream(seed, 0),
            seed,
            temperature: 3.0,
            current: None,
        }
    }
}

impl Algorithm<Bits> for Annealing {
    fn propose(&mut self, _: TrialId) -> Proposal<Bits> {
        match &self.current {
            Some((_, trial, bits)) => {
                Proposal::child(*trial, FlipOneBit.mutate(bits, &mut self.rng))
            }
            None => Proposal::random(SPACE.sample(&mut self.rng)),
        }
    }

    fn learn(&mut self, trial: &Trial<Bits>, outcome: &Outcome) -> Result<(), TellError> {
        self.temperature *= 0.98;
        let Some(fitness) = outcome.fitness() else {
            return Ok(());
        };
        let current = self.current.as_ref().map_or(f64::NEG_INFINITY, |c| c.0);
        let chance = ((fitness - current) / self.temperature).exp();
        if self.rng.random::<f64>() < chance {
            self.current = Some((fitness, trial.id, trial.genotype.clone()));
        }
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

/// Local search: tries all neighbors in random order, moves to the first better one, and restarts where
/// there is none.
#[derive(Debug)]
struct NeighborSearch {
    rng: Stream,
    seed: u64,
    current: Option<(f64, TrialId, Bits)>,
    neighbors: VecDeque<Bits>,
}

impl NeighborSearch {
    fn new(seed: u64) -> Self {
        Self {
            rng: stream(seed, 0),
            seed,
            current: None,
            neighbors: VecDeque::new(),
        }
    }

    fn move_to(&mut self, fitness: f64, trial: &Trial<Bits>) {
        let bits = &trial.genotype;
        let mut neighbors: Vec<Bits> = (0..bits.len())
            .map(|bit| {
                let mut neighbor = bits.clone();
                neighbor[bit] = !neighbor[bit];
                neighbor
            })
            .collect();
        neighbors.shuffle(&mut self.rng);
        self.neighbors = neighbors.into();
        self.current = Some((fitness, trial.id, bits.clone()));
    }
}

impl Algorithm<Bits> for NeighborSearch {
    fn propose(&mut self, _: TrialId) -> Proposal<Bits> {
        match (&self.current, self.neighbors.pop_front()) {
            (Some((_, trial, _)), Some(neighbor)) => Proposal::child(*trial, neighbor),
            _ => {
                self.current = None;
                Proposal::random(SPACE.sample(&mut self.rng))
            }
        }
    }

    fn learn(&mut self, trial: &Trial<Bits>, outcome: &Outcome) -> Result<(), TellError> {
        if let Some(fitness) = outcome.fitness()
            && self.current.as_ref().is_none_or(|c| fitness > c.0)
        {
            self.move_to(fitness, trial);
        }
        Ok(())
    }

    fn seed(&self) -> u64 {
        self.seed
    }
}

fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    Ok(Evaluation::new(ones).with_cost(1.0))
}

/// A search with a journal, a constraint and a policy for duplicates, on three virtual workers.
fn search<A: Algorithm<Bits>>(algorithm: A, folder: &Path, trials: u64) -> SearchResult<Bits> {
    Search::new(
        algorithm,
        Simulated::new(ones, 3).unwrap(),
        Budget::trials(trials),
    )
    .journal(Journal::open_or_create(folder).unwrap())
    .duplicates(Duplicates::Redraw(3))
    .constraint(|bits: &Bits| match bits[0] && !bits[1] {
        true => Err("1 before 0".to_owned()),
        false => Ok(()),
    })
    .run()
    .unwrap()
}

fn every_part_of_a_search_works<A: Algorithm<Bits>>(algorithm: impl Fn() -> A) {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = search(algorithm(), whole.path(), 300);
    assert_eq!(expected.best().unwrap().fitness(), Some(10.0));
    assert!(
        expected
            .history
            .records()
            .iter()
            .any(|record| record.parent.is_some())
    );
    // Killed in the middle, with trials in flight, and resumed.
    let text = std::fs::read_to_string(whole.path().join("journal.jsonl")).unwrap();
    let kept: String = text.split_inclusive('\n').take(151).collect();
    std::fs::write(parts.path().join("journal.jsonl"), kept).unwrap();
    assert!(!read::<Bits>(parts.path()).unwrap().in_flight.is_empty());
    let resumed = search(algorithm(), parts.path(), 300);
    let trials = |result: &SearchResult<Bits>| -> Vec<_> {
        let records = result.history.records().iter();
        records
            .map(|record| {
                (
                    record.id,
                    record.parent,
                    record.genotype.clone(),
                    record.fitness(),
                )
            })
            .collect()
    };
    assert_eq!(trials(&resumed), trials(&expected));
}

#[test]
fn simulated_annealing_is_an_algorithm_like_any_other() {
    every_part_of_a_search_works(|| Annealing::new(3));
}

#[test]
fn local_search_is_an_algorithm_like_any_other() {
    every_part_of_a_search_works(|| NeighborSearch::new(3));
}

#[test]
fn a_search_gives_its_algorithm_back_even_if_it_fails() {
    let evolution = || {
        Evolution::builder(SPACE, FlipOneBit)
            .population(5)
            .sample(2)
            .build()
            .unwrap()
    };
    let (result, algorithm) =
        Search::new(evolution(), Serial::new(ones), Budget::trials(40)).run_and_return();
    assert_eq!(result.unwrap().history.len(), 40);
    assert_eq!(algorithm.population().len(), 5);
    let failing = |bits: &Bits, context: &Context<'_>| match context.trial().0 {
        0..20 => ones(bits, context),
        _ => Err(EvaluationError::failed("no more")),
    };
    let (result, algorithm) =
        Search::new(evolution(), Serial::new(failing), Budget::trials(100)).run_and_return();
    assert!(result.is_err());
    assert_eq!(algorithm.population().len(), 5);
}

/// Proposes the same genotype with one epoch, then two, and so on.
#[derive(Debug)]
struct MoreAndMore;

impl Algorithm<Bits> for MoreAndMore {
    fn propose(&mut self, trial: TrialId) -> Proposal<Bits> {
        let fidelity = Fidelity::full().with("epochs", (trial.0 + 1) as f64);
        Proposal::random(vec![true; 10]).with_fidelity(fidelity)
    }

    fn learn(&mut self, _: &Trial<Bits>, _: &Outcome) -> Result<(), TellError> {
        Ok(())
    }
}

#[test]
fn an_evaluator_sees_the_fidelity_that_the_algorithm_proposed_and_records_keep_it() {
    let epochs = |_: &Bits, context: &Context<'_>| {
        let epochs = context.fidelity().amount("epochs").unwrap();
        Ok(Evaluation::new(epochs))
    };
    let folder = tempfile::tempdir().unwrap();
    for trials in [2, 4] {
        let executor = Threads::new(epochs, 1).unwrap();
        let result = Search::new(MoreAndMore, executor, Budget::trials(trials))
            .duplicates(Duplicates::Reuse)
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap();
        for (record, epochs) in result.history.records().iter().zip(1..) {
            assert_eq!(record.fitness(), Some(f64::from(epochs)));
            assert_eq!(record.fidelity.amount("epochs"), record.fitness());
            let json = serde_json::to_string(record).unwrap();
            assert!(json.contains(r#""fidelity":{"epochs":"#), "{json}");
            let back: evonas::search::TrialRecord<Bits> = serde_json::from_str(&json).unwrap();
            assert_eq!(back, *record);
        }
    }
}
