//! What a journal keeps of a search's parts in words, where their `Debug` form won't do.

use std::collections::{BTreeMap, HashMap};

use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::search::journal::JournalError;
use evonas::spaces::bits::FlipOneBit;

/// How many of each kind: a form that differs from one map to the next.
type Counts = HashMap<String, u32>;

fn sorted(counts: &Counts) -> String {
    format!("{:?}", counts.iter().collect::<BTreeMap<_, _>>())
}

/// Counts up to limits.
#[derive(Debug)]
struct Warehouse {
    limits: Counts,
    described: bool,
}

impl Warehouse {
    fn new(described: bool) -> Self {
        let limits = (0..30).map(|kind| (format!("kind {kind}"), kind + 1));
        Self {
            limits: limits.collect(),
            described,
        }
    }

    fn words(&self) -> String {
        match self.described {
            true => sorted(&self.limits),
            false => format!("{self:?}"),
        }
    }
}

impl SearchSpace for Warehouse {
    type Genotype = Counts;

    fn sample(&self, rng: &mut dyn Rng) -> Counts {
        let ordered: BTreeMap<_, _> = self.limits.iter().collect();
        let counts = ordered
            .into_iter()
            .map(|(kind, &limit)| (kind.clone(), rng.random_range(0..=limit)));
        counts.collect()
    }

    fn describe(&self) -> String {
        self.words()
    }

    fn describe_genotype(&self, genotype: &Counts) -> String {
        sorted(genotype)
    }
}

impl Mutation<Counts> for Warehouse {
    fn mutate(&self, parent: &Counts, rng: &mut dyn Rng) -> Counts {
        let mut child = parent.clone();
        let kind = rng.random_range(0..30);
        child.insert(format!("kind {kind}"), rng.random_range(0..=kind + 1));
        child
    }

    fn describe(&self) -> String {
        self.words()
    }
}

fn search(
    folder: &std::path::Path,
    described: bool,
    trials: u64,
) -> Result<SearchResult<Counts>, SearchError> {
    let sum = |counts: &Counts, _: &Context<'_>| {
        Ok(Evaluation::new(f64::from(counts.values().sum::<u32>())))
    };
    let empty: Counts = (0..30).map(|kind| (format!("kind {kind}"), 0)).collect();
    let evolution = Evolution::builder(Warehouse::new(described), Warehouse::new(described))
        .population(10)
        .sample(3)
        .initial([empty])
        .build()
        .unwrap();
    Search::new(evolution, Serial::new(sum), Budget::trials(trials))
        .journal(Journal::open_or_create(folder)?)
        .run()
}

#[test]
fn a_space_without_a_stable_debug_form_is_resumed_by_its_description() {
    let folder = tempfile::tempdir().unwrap();
    for trials in [20, 40, 60] {
        let result = search(folder.path(), true, trials).unwrap();
        assert_eq!(result.history.len() as u64, trials);
    }
    // Its debug form would not do.
    let folder = tempfile::tempdir().unwrap();
    search(folder.path(), false, 20).unwrap();
    assert!(matches!(
        search(folder.path(), false, 40),
        Err(SearchError::Journal(JournalError::OtherSearch {
            what: "space",
            ..
        }))
    ));
}

/// The words of journals that were written before, and of spaces behind a box.
#[test]
fn descriptions_are_debug_forms_unless_they_are_overridden() {
    let flips = OneOf::new(vec![
        (0.25, Box::new(FlipOneBit) as Box<dyn Mutation<Vec<bool>>>),
        (0.75, Box::new(FlipOneBit)),
    ])
    .unwrap();
    assert_eq!(flips.describe(), format!("{flips:?}"));
    let boxed: Box<dyn SearchSpace<Genotype = Counts>> = Box::new(Warehouse::new(true));
    assert_eq!(boxed.describe(), Warehouse::new(true).words());
    let boxed: Box<dyn Mutation<Counts>> = Box::new(Warehouse::new(true));
    let one = OneOf::new(vec![(1.0, boxed)]).unwrap();
    assert_eq!(
        one.describe(),
        format!("[(1.0, {})]", Warehouse::new(true).words())
    );
}
