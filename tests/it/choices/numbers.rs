//! Numeric decisions: which values samples and mutations give, and how often.

use std::collections::BTreeMap;

use evonas::prelude::*;
use evonas::spaces::choices::{Choices, ChoicesBuilder, Decisions};
use serde_json::json;

/// A space of one number, named "number".
fn built(builder: ChoicesBuilder) -> Choices {
    builder.build().unwrap()
}

fn float(space: &Choices, genotype: &Decisions) -> f64 {
    space.float(genotype, "number").unwrap()
}

fn integer(space: &Choices, genotype: &Decisions) -> i64 {
    space.integer(genotype, "number").unwrap()
}

/// How large a part of `values` is below `limit`.
fn share_below(values: &[f64], limit: f64) -> f64 {
    values.iter().filter(|&&value| value < limit).count() as f64 / values.len() as f64
}

fn assert_close(value: f64, expected: f64, tolerance: f64) {
    assert!(
        (value - expected).abs() < tolerance,
        "{value} instead of {expected}"
    );
}

#[test]
fn floats_are_uniform_on_their_scale() {
    let mut rng = stream(1, 0);
    let linear = built(Choices::builder().float("number", -1.0..=3.0));
    let log = built(Choices::builder().log_float("number", 1e-5..=1e-1));
    let mut drawn = |space: &Choices| -> Vec<f64> {
        (0..20_000)
            .map(|_| float(space, &space.sample(&mut rng)))
            .collect()
    };
    let values = drawn(&linear);
    for quarter in 1..4 {
        let share = 0.25 * f64::from(quarter);
        assert_close(share_below(&values, 4.0 * share - 1.0), share, 0.015);
    }
    let values = drawn(&log);
    for (limit, share) in [(1e-4, 0.25), (1e-3, 0.5), (1e-2, 0.75)] {
        assert_close(share_below(&values, limit), share, 0.015);
    }
}

#[test]
fn integers_are_uniform_and_logarithmic_ones_favor_small_numbers() {
    let mut rng = stream(2, 0);
    let mut counts = |builder: ChoicesBuilder| {
        let space = built(builder);
        let mut counts = BTreeMap::new();
        for _ in 0..20_000 {
            let value = integer(&space, &space.sample(&mut rng));
            *counts.entry(value).or_insert(0_u32) += 1;
        }
        counts
    };
    let linear = counts(Choices::builder().integer("number", -2..=2));
    assert_eq!(
        linear.keys().copied().collect::<Vec<_>>(),
        [-2, -1, 0, 1, 2]
    );
    for count in linear.values() {
        assert_close(f64::from(*count), 4000.0, 250.0);
    }
    let stepped = counts(Choices::builder().integer("number", 8..=30).step(8));
    assert_eq!(stepped.keys().copied().collect::<Vec<_>>(), [8, 16, 24]);
    let log = counts(Choices::builder().log_integer("number", 1..=9));
    assert_eq!(log.len(), 9);
    for (&value, &count) in &log {
        let value = value as f64;
        let share = ((value + 0.5) / (value - 0.5)).ln() / (9.5_f64 / 0.5).ln();
        assert_close(f64::from(count), 20_000.0 * share, 250.0);
    }
}

#[test]
fn gaussian_moves_have_their_width_and_stay_in_the_range() {
    let mut rng = stream(3, 0);
    let mut deviation = |builder: ChoicesBuilder, parent: &str, log: bool| {
        let space = built(builder);
        let parent: Decisions = serde_json::from_str(parent).unwrap();
        let scale = |value: f64| if log { value.ln() } else { value };
        let middle = scale(space.to_json(&parent)["number"].as_f64().unwrap());
        let squares = (0..20_000).map(|_| {
            let child = space.mutate(&parent, &mut rng);
            space.validate(&child).unwrap();
            (scale(space.to_json(&child)["number"].as_f64().unwrap()) - middle).powi(2)
        });
        (squares.sum::<f64>() / 20_000.0).sqrt()
    };
    let float = || Choices::builder().float("number", -5.0..=5.0);
    assert_close(deviation(float(), "[0.0]", false), 1.0, 0.03);
    assert_close(
        deviation(float().gaussian(0.02), "[0.0]", false),
        0.2,
        0.006,
    );
    // At a bound, noise is reflected: the distances are as in the middle.
    assert_close(deviation(float(), "[5.0]", false), 1.0, 0.03);
    // Reflected so often that the child is nearly uniform.
    let uniform = 10.0 / 12.0_f64.sqrt();
    assert_close(
        deviation(float().gaussian(1.0), "[0.0]", false),
        uniform,
        0.1,
    );
    let log = Choices::builder().log_float("number", 1e-4..=1.0);
    let range = 1e4_f64.ln();
    assert_close(deviation(log, "[0.01]", true), 0.1 * range, 0.03);
    let integer = Choices::builder().integer("number", 0..=1000);
    assert_close(deviation(integer, "[500]", false), 100.0, 3.0);
    let log = Choices::builder().log_integer("number", 1..=1_000_000);
    let range = 1e6_f64.ln();
    assert_close(deviation(log, "[1000]", true), 0.1 * range, 0.05);
}

#[test]
fn uniform_moves_draw_every_other_value_equally_often() {
    let mut rng = stream(4, 0);
    let mut children = |builder: ChoicesBuilder, parent: &str| {
        let space = built(builder.uniform());
        let parent: Decisions = serde_json::from_str(parent).unwrap();
        let mut counts = BTreeMap::new();
        for _ in 0..20_000 {
            let child = space.mutate(&parent, &mut rng);
            space.validate(&child).unwrap();
            *counts.entry(child).or_insert(0_u32) += 1;
        }
        (space, counts)
    };
    let (_, counts) = children(Choices::builder().integer("number", 1..=5), "[3]");
    assert_eq!(counts.len(), 4);
    for count in counts.values() {
        assert_close(f64::from(*count), 5000.0, 300.0);
    }
    let (_, counts) = children(
        Choices::builder().float("number", 0.0..=1.0).step(0.25),
        "[0.0]",
    );
    assert_eq!(counts.len(), 4);
    for count in counts.values() {
        assert_close(f64::from(*count), 5000.0, 300.0);
    }
    let (space, counts) = children(Choices::builder().log_integer("number", 1..=4), "[2]");
    let cell = |value: f64| ((value + 0.5) / (value - 0.5)).ln();
    let sum = cell(1.0) + cell(3.0) + cell(4.0);
    assert_eq!(counts.len(), 3);
    for (child, count) in &counts {
        let share = cell(integer(&space, child) as f64) / sum;
        assert_close(f64::from(*count), 20_000.0 * share, 300.0);
    }
    let (space, counts) = children(Choices::builder().log_float("number", 1e-4..=1.0), "[0.5]");
    let values: Vec<f64> = counts.keys().map(|child| float(&space, child)).collect();
    assert_close(share_below(&values, 0.01), 0.5, 0.015);
}

#[test]
fn mutations_reach_every_integer() {
    let mut rng = stream(5, 0);
    for builder in [
        Choices::builder().integer("number", 1..=12),
        Choices::builder().integer("number", 1..=12).gaussian(1e-6),
        Choices::builder().integer("number", 1..=12).uniform(),
        Choices::builder().log_integer("number", 1..=12),
        Choices::builder()
            .log_integer("number", 1..=12)
            .gaussian(1e-6),
        Choices::builder().log_integer("number", 1..=12).uniform(),
    ] {
        let space = built(builder);
        let mut genotype = space.sample(&mut rng);
        let mut seen = [false; 12];
        for _ in 0..5000 {
            genotype = space.mutate(&genotype, &mut rng);
            seen[usize::try_from(integer(&space, &genotype)).unwrap() - 1] = true;
        }
        assert_eq!(seen, [true; 12], "{space:?}");
    }
}

#[test]
fn a_mutation_always_changes_a_number_that_can_change() {
    let mut rng = stream(6, 0);
    let log = |low, high| Choices::builder().log_float("number", low..=high);
    let linear = |low, high| Choices::builder().float("number", low..=high);
    let large = 1 << 53;
    for builder in [
        linear(0.0, 1.0),
        linear(-1e-300, 1e-300),
        linear(0.0, 5e-324),
        linear(1.0, 1.0_f64.next_up()),
        linear(f64::MIN / 2.0, f64::MAX / 2.0),
        linear(0.0, 0.3).step(0.1),
        linear(0.0, 1.0).step(1),
        log(5e-324, f64::MAX),
        log(1e300, 1e300_f64.next_up()),
        log(1.0, 1.0_f64.next_up()),
        Choices::builder().integer("number", 0..=1),
        Choices::builder().integer("number", -large..=0),
        Choices::builder().log_integer("number", 1..=2),
        Choices::builder().log_integer("number", large - 1..=large),
        Choices::builder().log_integer("number", 1..=large),
    ] {
        let moves = [
            builder.clone().uniform(),
            builder.clone().gaussian(1e-300),
            builder.clone().gaussian(0.1),
            builder.gaussian(1.0),
        ];
        for space in moves.map(built) {
            for _ in 0..300 {
                let mut genotype = space.sample(&mut rng);
                for _ in 0..3 {
                    let child = space.mutate(&genotype, &mut rng);
                    assert_ne!(child, genotype, "{space:?}");
                    space.validate(&child).unwrap();
                    genotype = child;
                }
            }
        }
    }
    let single = built(linear(0.5, 0.5).step(0.1));
    let only = single.sample(&mut rng);
    assert_eq!(single.mutate(&only, &mut rng), only);
}

#[test]
fn steps_start_at_the_lower_bound_and_end_below_the_upper_or_at_it() {
    let mut rng = stream(7, 0);
    for (high, step, expected) in [
        (0.3, 0.1, json!([0.0, 0.1, 0.2, 0.3])),
        (0.35, 0.1, json!([0.0, 0.1, 0.2, 0.30000000000000004])),
        (1.0, 0.4, json!([0.0, 0.4, 0.8])),
    ] {
        let space = built(Choices::builder().float("number", 0.0..=high).step(step));
        let mut values: Vec<f64> = (0..200)
            .map(|_| float(&space, &space.sample(&mut rng)))
            .collect();
        values.sort_by(f64::total_cmp);
        values.dedup();
        assert_eq!(json!(values), expected);
    }
}

#[test]
fn moves_of_numbers_are_value_stable() {
    let space = Choices::builder()
        .decision("optimizer", ["sgd", "adam"])
        .float("dropout", 0.0..=0.5)
        .integer("layers", 1..=12)
        .log_integer("width", 8..=512)
        .float("decay", 0.0..=1.0)
        .step(0.25)
        .uniform()
        .build()
        .unwrap();
    let mut rng = stream(3, 0);
    let mut genotype = space.sample(&mut rng);
    // The logarithm and the cosine behind normal noise may differ in the last digit between systems.
    let text = |genotype: &Decisions| {
        let float = |name| space.float(genotype, name).unwrap();
        let integer = |name| space.integer(genotype, name).unwrap();
        let (layers, width) = (integer("layers"), integer("width"));
        format!(
            "{:.10} {layers} {width} {}",
            float("dropout"),
            float("decay")
        )
    };
    let mut walk = vec![text(&genotype)];
    for _ in 0..7 {
        genotype = space.mutate(&genotype, &mut rng);
        walk.push(text(&genotype));
    }
    assert_eq!(
        walk,
        [
            "0.3194730762 11 220 0.75",
            "0.3194730762 12 220 0.75",
            "0.3194730762 12 240 0.75",
            "0.4006495563 12 240 0.75",
            "0.4006495563 11 240 0.75",
            "0.4006495563 11 240 0",
            "0.4006495563 10 240 0",
            "0.4006495563 10 240 1"
        ],
        "changing this changes every recorded search"
    );
}
