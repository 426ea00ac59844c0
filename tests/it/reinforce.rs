//! REINFORCE through the public interface.

use evonas::algorithm::{AlgorithmError, TellError};
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::space::CategoricalSpace;
use evonas::spaces::bits::BitsSpace;
use evonas::spaces::choices::Choices;

fn ones(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

fn completed(fitness: f64) -> Outcome {
    Outcome::Completed(Evaluation::new(fitness))
}

fn text(bits: &[bool]) -> String {
    bits.iter()
        .map(|&bit| if bit { '1' } else { '0' })
        .collect()
}

#[test]
fn it_optimizes_bits_where_random_search_does_not() {
    let score = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(ones(bits)));
    let space = BitsSpace { length: 40 };
    let reinforce = Reinforce::builder(space).seed(1).build().unwrap();
    let learned = Search::new(reinforce, Serial::new(score), Budget::trials(3000))
        .run()
        .unwrap();
    let random = Search::new(
        RandomSearch::new(space, 1),
        Serial::new(score),
        Budget::trials(3000),
    )
    .run()
    .unwrap();
    let best = |result: &SearchResult<Vec<bool>>| result.best().unwrap().fitness().unwrap();
    assert_eq!(best(&learned), 40.0);
    assert!(best(&random) < 34.0, "random search has {}", best(&random));
}

#[test]
fn the_sequence_of_trials_is_value_stable() {
    let mut reinforce = Ledger::new(
        Reinforce::builder(BitsSpace { length: 12 })
            .learning_rate(0.5)
            .seed(7)
            .build()
            .unwrap(),
    );
    let mut asked = Vec::new();
    for _ in 0..6 {
        let trial = reinforce.ask();
        asked.push(text(&trial.genotype));
        reinforce
            .tell(trial.id, &completed(ones(&trial.genotype)))
            .unwrap();
    }
    assert_eq!(
        asked,
        [
            "111001011100",
            "011001101010",
            "110101000011",
            "101010010101",
            "100110110100",
            "101010010101"
        ],
        "changing these changes every search that was ever recorded"
    );
}

#[test]
fn a_trial_told_out_of_order_replays_to_the_same_policy() {
    let order = [2, 0, 1, 4, 3];
    let run = || {
        let mut reinforce = Ledger::new(
            Reinforce::builder(BitsSpace { length: 8 })
                .seed(3)
                .build()
                .unwrap(),
        );
        let trials: Vec<_> = (0..5).map(|_| reinforce.ask()).collect();
        for place in order {
            let trial = &trials[place];
            reinforce
                .tell(trial.id, &completed(ones(&trial.genotype)))
                .unwrap();
        }
        (reinforce.algorithm().probabilities(), reinforce.ask())
    };
    assert_eq!(run(), run());
}

#[test]
fn it_learns_with_many_trials_in_flight() {
    let score = |bits: &Vec<bool>, context: &Context<'_>| {
        let seconds = 1.0 + context.rng(0).random::<f64>();
        Ok(Evaluation::new(ones(bits)).with_cost(seconds))
    };
    let reinforce = Reinforce::builder(BitsSpace { length: 20 })
        .seed(0)
        .build()
        .unwrap();
    let executor = Simulated::new(score, 50).unwrap();
    let result = Search::new(reinforce, executor, Budget::trials(3000))
        .run()
        .unwrap();
    assert_eq!(result.best().unwrap().fitness(), Some(20.0));
}

#[test]
fn a_better_than_average_choice_becomes_likelier() {
    let mut reinforce = Ledger::new(
        Reinforce::builder(BitsSpace { length: 1 })
            .logit_deviation(0.0)
            .build()
            .unwrap(),
    );
    let (zero, one) = loop {
        let (first, second) = (reinforce.ask(), reinforce.ask());
        match (first.genotype[0], second.genotype[0]) {
            (false, true) => break (first, second),
            (true, false) => break (second, first),
            _ => {}
        }
    };
    reinforce.tell(zero.id, &completed(10.0)).unwrap();
    assert_eq!(
        reinforce.algorithm().probabilities(),
        [[0.5, 0.5]],
        "the first reward is its own baseline"
    );
    reinforce.tell(one.id, &completed(20.0)).unwrap();
    assert!(reinforce.algorithm().probabilities()[0][1] > 0.5);
}

#[test]
fn a_failure_teaches_nothing() {
    let mut reinforce = Ledger::new(
        Reinforce::builder(BitsSpace { length: 4 })
            .seed(0)
            .build()
            .unwrap(),
    );
    let before = reinforce.algorithm().probabilities();
    let trial = reinforce.ask();
    let reason = "made up".to_owned();
    reinforce
        .tell(trial.id, &Outcome::Failed { reason })
        .unwrap();
    assert_eq!(reinforce.algorithm().probabilities(), before);
}

#[test]
fn an_extreme_reward_leaves_a_policy_that_samples_every_choice() {
    for extreme in [f64::MAX, f64::MIN, 1e200, -1e160] {
        let mut reinforce = Ledger::new(
            Reinforce::builder(BitsSpace { length: 6 })
                .reward_scale(100.0)
                .build()
                .unwrap(),
        );
        for number in 0..300 {
            let trial = reinforce.ask();
            let fitness = if number == 20 {
                extreme
            } else {
                ones(&trial.genotype)
            };
            reinforce.tell(trial.id, &completed(fitness)).unwrap();
        }
        for row in reinforce.algorithm().probabilities() {
            assert!(row.iter().all(|share| *share > 0.01), "{extreme}: {row:?}");
        }
        let mut drawn = [[false; 2]; 6];
        for _ in 0..2000 {
            for (bit, seen) in reinforce.ask().genotype.into_iter().zip(&mut drawn) {
                seen[usize::from(bit)] = true;
            }
        }
        assert_eq!(drawn, [[true; 2]; 6], "{extreme}");
    }
}

#[test]
fn an_entropy_bonus_keeps_the_policy_open() {
    let certainty = |bonus| {
        let mut reinforce = Ledger::new(
            Reinforce::builder(BitsSpace { length: 10 })
                .entropy_bonus(bonus)
                .build()
                .unwrap(),
        );
        for _ in 0..2000 {
            let trial = reinforce.ask();
            let fitness = ones(&trial.genotype) / 10.0;
            reinforce.tell(trial.id, &completed(fitness)).unwrap();
        }
        let highest = |row: Vec<f64>| row.into_iter().fold(0.0, f64::max);
        reinforce
            .algorithm()
            .probabilities()
            .into_iter()
            .map(highest)
            .sum::<f64>()
            / 10.0
    };
    assert!(certainty(0.0) > 0.95, "{}", certainty(0.0));
    assert!(certainty(0.5) < 0.75, "{}", certainty(0.5));
}

#[test]
fn a_withdrawn_trial_gives_its_number_back() {
    let mut reinforce = Ledger::new(
        Reinforce::builder(BitsSpace { length: 4 })
            .seed(0)
            .build()
            .unwrap(),
    );
    let trial = reinforce.ask();
    reinforce.withdraw(trial.id).unwrap();
    assert_eq!(reinforce.ask().id, trial.id);
}

#[test]
fn unknown_trials_and_bad_settings_are_refused() {
    let mut reinforce = Ledger::new(
        Reinforce::builder(BitsSpace { length: 4 })
            .seed(0)
            .build()
            .unwrap(),
    );
    assert_eq!(
        reinforce.tell(TrialId(9), &completed(0.0)),
        Err(TellError::NotInFlight(TrialId(9)))
    );
    let builder = || Reinforce::builder(BitsSpace { length: 4 });
    assert_eq!(
        Reinforce::builder(BitsSpace { length: 0 })
            .seed(0)
            .build()
            .unwrap_err(),
        AlgorithmError::NoDecisions
    );
    for (builder, words) in [
        (builder().learning_rate(0.0), "learning rate is 0"),
        (builder().baseline_momentum(1.0), "baseline momentum is 1"),
        (builder().entropy_bonus(-0.5), "entropy bonus is -0.5"),
        (builder().reward_scale(f64::NAN), "reward scale is NaN"),
        (
            builder().logit_deviation(-1.0),
            "deviation of the logits is -1",
        ),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

#[test]
fn choices_and_bits_survive_encoding_and_decoding() {
    let bits = BitsSpace { length: 3 };
    let codes = bits.encode(&vec![true, false, true]);
    assert_eq!(codes, [1, 0, 1]);
    assert_eq!(bits.decode(&codes), [true, false, true]);
    let choices = Choices::builder()
        .decision("color", ["red", "green", "blue"])
        .decision("size", ["small", "large"])
        .build()
        .unwrap();
    let categorical = choices.categorical().unwrap();
    assert_eq!(categorical.alternative_counts(), [3, 2]);
    let blue = categorical.decode(&[2, 0]);
    assert_eq!(choices.get(&blue, "color"), Some("blue"));
    assert_eq!(categorical.encode(&blue), [2, 0]);
}
