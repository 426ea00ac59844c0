//! Spaces and genotypes that are refused.

use std::ops::RangeInclusive;

use evonas::prelude::*;
use evonas::space::CategoricalSpace;
use evonas::spaces::choices::{Choices, ChoicesBuilder, ChoicesError, Decisions};
use serde_json::{Value, json};

use super::space;

#[test]
fn foreign_genotypes_are_refused() {
    let space = space();
    for places in ["[0,0,0]", "[0,3,0,0]", "[0,0,0,1]"] {
        let genotype: Decisions = serde_json::from_str(places).unwrap();
        assert!(space.validate(&genotype).is_err(), "{places}");
    }
}

#[test]
fn invalid_choices_are_refused() {
    let build = |builder: ChoicesBuilder| builder.build().unwrap_err();
    let one = || Choices::builder().decision("a", ["x", "y"]);
    assert_eq!(build(Choices::builder()), ChoicesError::NoDecisions);
    assert!(matches!(
        build(one().decision("a", ["z"])),
        ChoicesError::RepeatedDecision(name) if name == "a"
    ));
    assert!(matches!(
        build(one().decision("b", Vec::<String>::new())),
        ChoicesError::AlternativeCount { count: 0, .. }
    ));
    assert!(matches!(
        build(one().decision("b", ["z", "z"])),
        ChoicesError::RepeatedAlternative { .. }
    ));
    assert!(matches!(
        build(one().only_if("b", ["z"])),
        ChoicesError::UnknownCondition { .. }
    ));
    assert!(matches!(
        build(one().only_if("a", ["x"])),
        ChoicesError::UnknownCondition { .. }
    ));
    assert!(matches!(
        build(one().decision("b", ["z"]).only_if("a", ["w"])),
        ChoicesError::UnknownInCondition { .. }
    ));
    // Conditions that contradict another of the same decision, and one further back.
    assert_eq!(
        build(
            one()
                .decision("b", ["z"])
                .only_if("a", ["x"])
                .only_if("a", ["y"])
        ),
        ChoicesError::NeverMatters {
            decision: "b".to_owned(),
            on: "a".to_owned()
        }
    );
    let far = one()
        .decision("b", ["z"])
        .only_if("a", ["x"])
        .decision("c", ["z"])
        .only_if("b", ["z"]);
    assert!(far.clone().only_if("a", ["x", "y"]).build().is_ok());
    assert!(matches!(
        build(far.only_if("a", ["y"])),
        ChoicesError::NeverMatters { decision, on } if decision == "c" && on == "a"
    ));
    assert!(matches!(
        build(Choices::builder().only_if("a", ["x"])),
        ChoicesError::ConditionWithoutDecision(_)
    ));
}

fn refusal(builder: ChoicesBuilder) -> String {
    builder.build().unwrap_err().to_string()
}

#[test]
fn invalid_ranges_are_refused() {
    let space = Choices::builder;
    let (nan, infinite) = (f64::NAN, f64::INFINITY);
    for (builder, words) in [
        (
            space().float("a", 1.0..=0.5),
            "1.0..=0.5 of decision 'a' is empty",
        ),
        (
            space().integer("a", RangeInclusive::new(3, 2)),
            "3..=2 of decision 'a' is empty",
        ),
        (space().float("a", nan..=0.5), "must have finite bounds"),
        (
            space().log_float("a", 1.0..=infinite),
            "must have finite bounds",
        ),
        (space().float("a", f64::MIN..=f64::MAX), "too wide"),
        (space().integer("a", 0..=i64::MAX), "too wide"),
        (space().integer("a", i64::MIN..=i64::MAX), "too wide"),
        (space().integer("a", -(1 << 53)..=1), "too wide"),
        (space().log_float("a", 0.0..=1.0), "must be above 0"),
        (space().log_integer("a", -1..=1), "must be above 0"),
    ] {
        let error = refusal(builder);
        assert!(error.contains(words), "{error}");
    }
    assert!(space().integer("a", 1..=1 << 53).build().is_ok());
    assert!(space().log_integer("a", 1..=1 << 53).build().is_ok());
}

#[test]
fn invalid_steps_and_widths_are_refused() {
    let float = || Choices::builder().float("a", 0.0..=1.0);
    let integer = || Choices::builder().integer("a", 0..=10);
    let log = || Choices::builder().log_float("a", 1.0..=2.0);
    for step in [0.0, -0.1, 1.5, f64::NAN, f64::INFINITY] {
        assert!(refusal(float().step(step)).contains("it must be above 0, at most the range"));
    }
    assert!(refusal(integer().step(0.5)).contains("whole for integers"));
    assert!(refusal(float().step(1e-300)).contains("too fine"));
    let far = Choices::builder().float("a", 1e16..=1e16 + 100.0);
    assert!(refusal(far.step(1)).contains("too fine"));
    assert!(refusal(log().step(0.1)).contains("a logarithmic scale can't have"));
    for width in [0.0, -0.1, 1.1, f64::NAN, f64::INFINITY] {
        assert!(refusal(log().gaussian(width)).contains("above 0 and at most 1"));
    }
    // The last setting counts.
    assert!(float().gaussian(7.0).uniform().build().is_ok());
}

#[test]
fn settings_of_numbers_are_refused_for_alternatives_and_conditions_on_numbers_too() {
    let alternatives = || Choices::builder().decision("a", ["x", "y"]);
    for (builder, setting) in [
        (alternatives().step(1), "step"),
        (alternatives().gaussian(0.1), "gaussian"),
        (alternatives().uniform(), "uniform"),
    ] {
        let decision = "a".to_owned();
        assert_eq!(
            builder.build(),
            Err(ChoicesError::NotNumeric { decision, setting })
        );
    }
    assert_eq!(
        Choices::builder().uniform().float("a", 0.0..=1.0).build(),
        Err(ChoicesError::SettingWithoutDecision("uniform"))
    );
    let (decision, on) = ("b".to_owned(), "a".to_owned());
    assert_eq!(
        Choices::builder()
            .integer("a", 1..=3)
            .decision("b", ["x"])
            .only_if("a", ["1"])
            .build(),
        Err(ChoicesError::NumericCondition { decision, on })
    );
}

#[test]
fn a_policy_gets_alternatives_alone() {
    let space = space();
    assert_eq!(
        space.categorical().unwrap().alternative_counts(),
        [3, 3, 2, 1]
    );
    let numeric = Choices::builder()
        .decision("a", ["x"])
        .float("b", 0.0..=1.0)
        .build()
        .unwrap();
    assert_eq!(
        numeric.categorical(),
        Err(ChoicesError::NotCategorical("b".to_owned()))
    );
}

#[test]
fn numbers_outside_their_range_are_refused() {
    let space = Choices::builder()
        .decision("a", ["x", "y"])
        .float("b", -1.0..=1.0)
        .integer("c", 10..=20)
        .step(5)
        .float("d", 0.1..=0.5)
        .step(0.1)
        .build()
        .unwrap();
    for (values, words) in [
        (json!([1, 0.5, 15, 0.1]), ""),
        (
            json!([1.0, 0.5, 15, 0.1]),
            "'a' is 1.0; it must be the index",
        ),
        (
            json!([-1, 0.5, 15, 0.1]),
            "takes alternative -1, but has only 2",
        ),
        (json!([1, 1, 15, 0.1]), "'b' is 1; it must be a float"),
        (
            json!([1, 1.5, 15, 0.1]),
            "'b' is 1.5; it must be from -1.0 to 1.0",
        ),
        (
            json!([1, 0.5, 15.0, 0.1]),
            "'c' is 15.0; it must be an integer",
        ),
        (
            json!([1, 0.5, 25, 0.1]),
            "'c' is 25; it must be from 10 to 20",
        ),
        (
            json!([1, 0.5, 16, 0.1]),
            "'c' is 16; it must be 10 plus a multiple of 5",
        ),
        (
            json!([1, 0.5, 15, 0.25]),
            "'d' is 0.25; it must be 0.1 plus a multiple of 0.1",
        ),
        (json!([1, 0.5, 15]), "it has 3 decisions"),
    ] {
        let genotype: Decisions = serde_json::from_value(values).unwrap();
        match space.validate(&genotype) {
            Ok(()) => assert_eq!(words, ""),
            Err(error) => assert!(
                !words.is_empty() && error.to_string().contains(words),
                "{error}"
            ),
        }
    }
    for text in ["[1e999]", "[18446744073709551615]", "[\"1\"]", "[null]"] {
        assert!(serde_json::from_str::<Decisions>(text).is_err(), "{text}");
    }
    let error = |json: Value| space.from_json(&json).unwrap_err().to_string();
    assert!(error(json!({"a": 1})).contains("'a' is 1; it must be the name of an alternative"));
    let with = |b, c, d| json!({"a": "x", "b": b, "c": c, "d": d});
    assert!(error(with(json!("1"), json!(10), json!(0.1))).contains("it must be a float"));
    assert!(error(with(json!(1), json!(10.5), json!(0.1))).contains("it must be an integer"));
    assert!(error(with(json!(1), json!(1e300), json!(0.1))).contains("it must be an integer"));
    assert!(error(with(json!(1), json!(10), json!(0.15))).contains("a multiple of 0.1"));
    assert!(error(with(json!(2), json!(10), json!(0.1))).contains("from -1.0 to 1.0"));
    // 0.1 + 2 * 0.1 is 0.30000000000000004, and both mean the same.
    let lenient = space
        .from_json(&with(json!(1), json!(10.0), json!(0.3)))
        .unwrap();
    space.validate(&lenient).unwrap();
    assert_eq!(
        serde_json::to_string(&lenient).unwrap(),
        "[0,1.0,10,0.30000000000000004]"
    );
}
