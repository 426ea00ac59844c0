//! Spaces of alternatives and numbers together.

use std::collections::HashSet;
use std::fs;
use std::path::Path;

use evonas::description::first_difference;
use evonas::prelude::*;
use evonas::search::{Duplicates, SearchError};
use evonas::spaces::choices::{Choices, Decisions};
use proptest::prelude::{any, prop_assert, prop_assert_eq, prop_assert_ne, proptest};
use serde_json::{Value, json};

fn space() -> Choices {
    Choices::builder()
        .decision("optimizer", ["sgd", "adam"])
        .float("momentum", 0.0..=0.95)
        .only_if("optimizer", ["sgd"])
        .log_float("learning rate", 1e-5..=1e-1)
        .integer("layers", 1..=12)
        .log_integer("width", 8..=512)
        .float("dropout", 0.0..=0.5)
        .step(0.05)
        .uniform()
        .build()
        .unwrap()
}

/// A space of up to eight decisions of all kinds, some of them conditional.
fn random_space(rng: &mut dyn Rng) -> Choices {
    let mut builder = Choices::builder().decision("first", ["a", "b", "c"]);
    for number in 0..rng.random_range(0..8) {
        let name = format!("decision {number}");
        let low = rng.random_range(-1000..1000_i64);
        let high = low + rng.random_range(0..100_000);
        let (from, to) = (rng.random::<f64>() - 0.5, 1.0 + rng.random::<f64>());
        builder = match rng.random_range(0..6) {
            0 => builder.decision(name, ["x", "y"]),
            1 => builder.float(name, from..=to),
            2 => builder
                .float(name, from..=to)
                .step(0.01 + rng.random::<f64>() / 3.0),
            3 => builder.log_float(name, 1e-9 * to..=1e3 * to),
            4 => builder.integer(name, low..=high),
            _ => builder.log_integer(name, low.abs() + 1..=low.abs() + 1 + high - low),
        };
        if rng.random() {
            builder = builder.only_if("first", ["a", "c"]);
        }
    }
    builder.build().unwrap()
}

proptest! {
    #[test]
    fn samples_children_and_crossings_are_valid_and_their_json_reads_back(seed in any::<u64>()) {
        let mut rng = stream(seed, 0);
        let space = random_space(&mut rng);
        let [left, right] = [(); 2].map(|()| space.sample(&mut rng));
        let crossing = space.cross(&left, &right, &mut rng);
        let mut genotypes = vec![left, right, crossing];
        for _ in 0..10 {
            let parent = &genotypes[genotypes.len() - 1];
            let child = space.mutate(parent, &mut rng);
            prop_assert_ne!(space.canonical(parent), space.canonical(&child));
            genotypes.push(child);
        }
        for genotype in genotypes {
            prop_assert!(space.validate(&genotype).is_ok(), "{genotype:?}");
            let text = serde_json::to_string(&genotype).unwrap();
            let read: Decisions = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read, &genotype);
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), text);
            prop_assert!(HashSet::from([genotype.clone()]).contains(&read));
            let canonical = space.canonical(&genotype);
            prop_assert!(space.validate(&canonical).is_ok());
            let named = space.to_json(&genotype).to_string();
            let named: Value = serde_json::from_str(&named).unwrap();
            prop_assert_eq!(space.from_json(&named).unwrap(), canonical);
        }
    }
}

#[test]
fn each_accessor_reads_its_own_kind() {
    let space = space();
    let read = |text: &str| -> Decisions { serde_json::from_str(text).unwrap() };
    let genotype = read("[0,0.9,0.001,4,64,0.1]");
    assert_eq!(space.get(&genotype, "optimizer"), Some("sgd"));
    assert_eq!(space.float(&genotype, "momentum"), Some(0.9));
    assert_eq!(space.integer(&genotype, "layers"), Some(4));
    for other in ["momentum", "layers", "none"] {
        assert_eq!(space.get(&genotype, other), None);
        assert_eq!(space.alternatives(other), None);
    }
    for other in ["optimizer", "layers", "none"] {
        assert_eq!(space.float(&genotype, other), None);
    }
    for other in ["optimizer", "momentum", "none"] {
        assert_eq!(space.integer(&genotype, other), None);
    }
    assert_eq!(genotype.places(), None);
    let named: Vec<(&str, Value)> = space.named(&genotype).collect();
    assert_eq!(named[0], ("optimizer", json!("sgd")));
    assert_eq!(named[3], ("layers", json!(4)));
    assert_eq!(
        space.to_json(&genotype),
        json!({"optimizer": "sgd", "momentum": 0.9, "learning rate": 0.001, "layers": 4,
            "width": 64, "dropout": 0.1})
    );
    assert_eq!(
        format!("{genotype:?}"),
        "Decisions([0, 0.9, 0.001, 4, 64, 0.1])"
    );
    // -0 and 0 are one value.
    assert_eq!(read("[-0.0]"), read("[0.0]"));
    assert_eq!(serde_json::to_string(&read("[-0.0]")).unwrap(), "[0.0]");
    assert!(read("[1]") < read("[0.5]") && read("[0.25]") < read("[0.5]"));
    assert!(read("[-1]") < read("[0]") && read("[0,0.5]") < read("[1]"));
}

#[test]
fn a_conditional_number_only_counts_where_it_matters() {
    let space = space();
    let read = |text: &str| -> Decisions { serde_json::from_str(text).unwrap() };
    let (sgd, adam) = (
        read("[0,0.9,0.001,4,64,0.1]"),
        read("[1,0.9,0.001,4,64,0.1]"),
    );
    assert_eq!(space.float(&adam, "momentum"), None);
    assert_eq!(space.canonical(&sgd), sgd);
    assert_eq!(space.canonical(&adam), read("[1,0.0,0.001,4,64,0.1]"));
    let mut rng = stream(1, 0);
    for _ in 0..500 {
        let child = space.mutate(&adam, &mut rng);
        assert_ne!(space.canonical(&child), space.canonical(&adam));
    }
}

#[test]
fn a_description_names_the_setting_of_a_number_that_changed() {
    let described = |low, width| {
        let builder = Choices::builder().log_float("rate", low..=0.1);
        SearchSpace::describe(&builder.gaussian(width).build().unwrap())
    };
    assert_eq!(
        described(1e-5, 0.1),
        json!({"type": "Choices", "decisions": [
            {"name": "rate", "conditions": [], "range": {
                "low": 1e-5, "high": 0.1, "scale": "logarithmic", "mutation": {"gaussian": 0.1}}},
        ]})
    );
    let difference = |now| {
        first_difference(&described(1e-5, 0.1), &now)
            .unwrap()
            .to_string()
    };
    assert_eq!(
        difference(described(1e-4, 0.1)),
        "decisions[0].range.low: 0.00001 recorded, 0.0001 now"
    );
    assert_eq!(
        difference(described(1e-5, 0.2)),
        "decisions[0].range.mutation.gaussian: 0.1 recorded, 0.2 now"
    );
}

/// Best with SGD, much momentum, a learning rate of 0.01 and four layers.
fn score(space: &Choices, decisions: &Decisions) -> f64 {
    let momentum = space.float(decisions, "momentum").unwrap_or(0.0);
    let rate = space.float(decisions, "learning rate").unwrap();
    let layers = space.integer(decisions, "layers").unwrap() as f64;
    momentum - (rate / 0.01).ln().abs() - (layers - 4.0).abs()
}

fn search(folder: &Path, trials: u64) -> Result<SearchResult<Decisions>, SearchError> {
    let space = space();
    let names = space.clone();
    let evaluator =
        move |decisions: &Decisions, _: &Context<'_>| Ok(Evaluation::new(score(&names, decisions)));
    let evolution = Evolution::builder(space.clone(), space.clone())
        .population(20)
        .sample(5)
        .seed(3)
        .build()
        .unwrap();
    Search::new(evolution, Serial::new(evaluator), Budget::trials(trials))
        .duplicates_by(Duplicates::Reuse, move |genotype: &Decisions| {
            space.canonical(genotype)
        })
        .journal(Journal::open_or_create(folder)?)
        .run()
}

#[test]
fn a_search_finds_good_numbers_and_resumes_to_the_same_history() {
    let [whole, halves] = [(); 2].map(|()| tempfile::tempdir().unwrap());
    let expected = search(whole.path(), 600).unwrap();
    assert!(expected.best().unwrap().fitness().unwrap() > 0.8);
    search(halves.path(), 300).unwrap();
    // As if the process had been killed while it wrote.
    let journal = halves.path().join("journal.jsonl");
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, &text[..text.len() - 700]).unwrap();
    let resumed = search(halves.path(), 600).unwrap();
    let genotypes = |result: &SearchResult<Decisions>| -> Vec<Decisions> {
        let records = result.history.records().iter();
        records.map(|record| record.genotype.clone()).collect()
    };
    assert_eq!(genotypes(&resumed), genotypes(&expected));
}
