//! How the parts of a search describe themselves for a journal.

use std::collections::{BTreeMap, HashMap};

use evonas::description::named;
use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::search::journal::JournalError;
use evonas::spaces::bits::FlipOneBit;
use serde_json::{Value, json};

/// How many of each kind: a map whose `Debug` form differs from one to the next.
type Counts = HashMap<String, u32>;

/// Counts up to limits.
#[derive(Debug)]
struct Warehouse {
    limits: Counts,
}

impl Warehouse {
    fn new(kinds: u32) -> Self {
        let limits = (0..kinds).map(|kind| (format!("kind {kind}"), kind + 1));
        Self {
            limits: limits.collect(),
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

    fn describe(&self) -> Value {
        named("Warehouse", &self.limits)
    }
}

impl Mutation<Counts> for Warehouse {
    fn mutate(&self, parent: &Counts, rng: &mut dyn Rng) -> Counts {
        let mut child = parent.clone();
        let kind = rng.random_range(0..30);
        child.insert(format!("kind {kind}"), rng.random_range(0..=kind + 1));
        child
    }

    fn describe(&self) -> Value {
        named("Warehouse", &self.limits)
    }
}

fn search(
    folder: &std::path::Path,
    warehouse: Warehouse,
    first: u32,
    trials: u64,
) -> Result<SearchResult<Counts>, SearchError> {
    let sum = |counts: &Counts, _: &Context<'_>| {
        Ok(Evaluation::new(f64::from(counts.values().sum::<u32>())))
    };
    let initial: Counts = (0..30)
        .map(|kind| (format!("kind {kind}"), first))
        .collect();
    let evolution = Evolution::builder(warehouse, Warehouse::new(30))
        .population(10)
        .sample(3)
        .initial([initial])
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
        let result = search(folder.path(), Warehouse::new(30), 0, trials).unwrap();
        assert_eq!(result.history.len() as u64, trials);
    }
    for (warehouse, first, message) in [
        (
            Warehouse::new(29),
            0,
            r#"space.kind 29: 30 recorded, nothing now"#,
        ),
        (
            Warehouse::new(30),
            1,
            "algorithm.initial[0].kind 0: 0 recorded, 1 now",
        ),
    ] {
        let error = search(folder.path(), warehouse, first, 60).unwrap_err();
        assert!(error.to_string().ends_with(message), "{error}");
        assert!(matches!(
            error,
            SearchError::Journal(JournalError::OtherSearch { .. })
        ));
    }
}

/// A space without settings.
#[derive(Debug)]
struct Undescribed;

impl SearchSpace for Undescribed {
    type Genotype = Counts;

    fn sample(&self, _: &mut dyn Rng) -> Counts {
        Counts::new()
    }
}

#[test]
fn a_description_is_the_type_s_name_unless_it_is_overridden() {
    let boxed: Box<dyn SearchSpace<Genotype = Counts>> = Box::new(Undescribed);
    let name = boxed.describe()["type"].clone();
    assert!(
        name.as_str()
            .unwrap()
            .ends_with("descriptions::Undescribed")
    );
    let boxed: Box<dyn SearchSpace<Genotype = Counts>> = Box::new(Warehouse::new(3));
    assert_eq!(
        boxed.describe(),
        json!({"type": "Warehouse", "kind 0": 1, "kind 1": 2, "kind 2": 3})
    );
    let warehouse: Box<dyn Mutation<Counts>> = Box::new(Warehouse::new(1));
    let one = OneOf::new(vec![(1.0, warehouse)]).unwrap();
    assert_eq!(
        one.describe(),
        json!({
            "type": "OneOf",
            "mutations": [{"probability": 1.0, "mutation": {"type": "Warehouse", "kind 0": 1}}],
        })
    );
    let flips = OneOf::new(vec![
        (0.25, Box::new(FlipOneBit) as Box<dyn Mutation<Vec<bool>>>),
        (0.75, Box::new(FlipOneBit)),
    ])
    .unwrap();
    assert_eq!(
        flips.describe()["mutations"][1],
        json!({"probability": 0.75, "mutation": {"type": "FlipOneBit"}})
    );
}
