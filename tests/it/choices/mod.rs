//! Spaces of named decisions.

mod mixed;
mod numbers;
mod refused;

use std::collections::{BTreeMap, HashSet};

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::choices::{Choices, ChoicesError, Decisions};
use serde_json::json;

/// `level` matters only with zstd, `dictionary` only with zstd at level 9.
fn space() -> Choices {
    Choices::builder()
        .decision("compression", ["none", "gzip", "zstd"])
        .decision("level", ["1", "5", "9"])
        .only_if("compression", ["zstd"])
        .decision("dictionary", ["no", "yes"])
        .only_if("level", ["9"])
        .decision("port", ["80"])
        .build()
        .unwrap()
}

fn places(genotype: &Decisions) -> &[u16] {
    genotype.places().unwrap()
}

#[test]
fn samples_are_uniform_and_valid() {
    let space = space();
    let mut rng = stream(1, 0);
    let mut counts = BTreeMap::new();
    for _ in 0..18_000 {
        let genotype = space.sample(&mut rng);
        space.validate(&genotype).unwrap();
        *counts.entry(genotype).or_insert(0_u32) += 1;
    }
    assert_eq!(counts.len(), 18);
    assert!(
        counts.values().all(|count| (850..1150).contains(count)),
        "{counts:?}"
    );
}

#[test]
fn a_mutation_changes_one_decision_that_matters() {
    let space = space();
    let mut rng = stream(2, 0);
    for _ in 0..2000 {
        let parent = space.sample(&mut rng);
        let child = space.mutate(&parent, &mut rng);
        let changed: Vec<usize> = (0..4)
            .filter(|&place| places(&parent)[place] != places(&child)[place])
            .collect();
        assert_eq!(changed.len(), 1);
        let name = space.names().nth(changed[0]).unwrap();
        assert!(space.get(&parent, name).is_some(), "{parent:?} {child:?}");
        assert_ne!(space.canonical(&parent), space.canonical(&child));
    }
}

#[test]
fn moves_are_value_stable() {
    let space = space();
    let mut rng = stream(3, 0);
    let text = |genotype: &Decisions| -> String {
        places(genotype).iter().map(ToString::to_string).collect()
    };
    let samples: Vec<String> = (0..5).map(|_| text(&space.sample(&mut rng))).collect();
    let mut genotype: Decisions = serde_json::from_str("[2,2,0,0]").unwrap();
    let walk: Vec<String> = (0..7)
        .map(|_| {
            genotype = space.mutate(&genotype, &mut rng);
            text(&genotype)
        })
        .collect();
    let pinned = "changing this changes every recorded search";
    assert_eq!(
        samples,
        ["0110", "2010", "2100", "0010", "1010"],
        "{pinned}"
    );
    assert_eq!(
        walk,
        ["2210", "1210", "0210", "2210", "2200", "0200", "1200"],
        "{pinned}"
    );
}

#[test]
fn the_description_and_order_of_alternatives_are_stable() {
    let pinned = "changing this keeps recorded searches from resuming";
    let described = SearchSpace::describe(&space());
    assert_eq!(
        described,
        json!({"type": "Choices", "decisions": [
            {"name": "compression", "alternatives": ["none", "gzip", "zstd"], "conditions": []},
            {"name": "level", "alternatives": ["1", "5", "9"],
                "conditions": [{"decision": 0, "alternatives": [2]}]},
            {"name": "dictionary", "alternatives": ["no", "yes"],
                "conditions": [{"decision": 1, "alternatives": [2]}]},
            {"name": "port", "alternatives": ["80"], "conditions": []},
        ]}),
        "{pinned}"
    );
    let sorted: std::collections::BTreeSet<Decisions> =
        serde_json::from_str("[[1,0],[0,2],[0],[0,10]]").unwrap();
    assert_eq!(
        serde_json::to_string(&sorted).unwrap(),
        "[[0],[0,2],[0,10],[1,0]]"
    );
}

#[test]
fn genotypes_of_the_same_meaning_share_a_canonical_form() {
    let space = space();
    let mut rng = stream(4, 0);
    let forms: HashSet<Decisions> = (0..1000)
        .map(|_| space.canonical(&space.sample(&mut rng)))
        .collect();
    // none, gzip, zstd at levels 1 and 5, zstd at level 9 with and without a dictionary.
    assert_eq!(forms.len(), 6);
    for form in forms {
        assert_eq!(space.canonical(&form), form);
    }
}

#[test]
fn json_with_names_round_trips() {
    let space = space();
    let mut rng = stream(5, 0);
    for _ in 0..100 {
        let genotype = space.canonical(&space.sample(&mut rng));
        let json = space.to_json(&genotype);
        assert_eq!(space.from_json(&json).unwrap(), genotype);
        let places = serde_json::to_string(&genotype).unwrap();
        assert_eq!(
            serde_json::from_str::<Decisions>(&places).unwrap(),
            genotype
        );
    }
    let error = |json| space.from_json(&json).unwrap_err().to_string();
    assert_eq!(
        error(json!({"compression": "zstd"})),
        "decision 'level' is missing"
    );
    assert_eq!(
        error(json!({"compression": "none", "level": "1", "port": "80"})),
        "decision 'level' is given, but doesn't matter with these other decisions"
    );
    assert_eq!(
        error(json!({"compression": "xz", "port": "80"})),
        "decision 'compression' has no alternative 'xz'"
    );
    assert_eq!(
        error(json!({"speed": "high"})),
        "there is no decision 'speed'"
    );
    assert!(matches!(
        space.from_json(&json!([1])),
        Err(ChoicesError::NotAnObject(_))
    ));
}

#[test]
fn a_crossover_takes_each_decision_from_either_parent() {
    let space = space();
    let mut rng = stream(6, 0);
    let (left, right) = (
        space
            .from_json(&json!({"compression": "none", "port": "80"}))
            .unwrap(),
        space
            .from_json(&json!({
                "compression": "zstd", "level": "9", "dictionary": "yes", "port": "80"
            }))
            .unwrap(),
    );
    let children: HashSet<Decisions> = (0..200)
        .map(|_| space.cross(&left, &right, &mut rng))
        .collect();
    assert_eq!(children.len(), 8);
}

#[test]
fn chains_of_conditions_stay_fast() {
    let mut builder = Choices::builder().decision("0", ["no", "yes"]);
    for number in 1..60_usize {
        builder = builder.decision(number.to_string(), ["no", "yes"]);
        for earlier in number.saturating_sub(3)..number {
            builder = builder.only_if(earlier.to_string(), ["yes"]);
        }
    }
    let space = builder.build().unwrap();
    let start = std::time::Instant::now();
    let all: Decisions = serde_json::from_str(&format!("{:?}", [1; 60])).unwrap();
    assert_eq!(space.named(&all).count(), 60);
    assert_eq!(space.get(&all, "59"), Some("yes"));
    assert_eq!(space.canonical(&all), all);
    assert_eq!(space.from_json(&space.to_json(&all)).unwrap(), all);
    let mut rng = stream(7, 0);
    let child = space.mutate(&all, &mut rng);
    assert_ne!(child, all);
    assert!(start.elapsed() < std::time::Duration::from_secs(1));
}
