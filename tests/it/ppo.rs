//! PPO of an LSTM controller through the public interface.

use std::path::Path;

use evonas::algorithm::{AlgorithmError, Ppo, PpoBuilder, TellError};
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::space::CategoricalSpace;
use evonas::spaces::bits::BitsSpace;
use evonas::spaces::choices::Choices;
use evonas::spaces::nasnet::NasnetSpace;

type Bits = Vec<bool>;

fn ones(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

fn completed(fitness: f64) -> Outcome {
    Outcome::Completed(Evaluation::new(fitness))
}

/// A small controller that learns fast.
fn small(length: usize) -> PpoBuilder<Bits> {
    Ppo::builder(BitsSpace { length })
        .hidden_units(16)
        .learning_rate(0.01)
        .batch(10)
}

/// The mean of the last `count` fitnesses of a search.
fn late_mean(result: &SearchResult<Bits>, count: usize) -> f64 {
    let records = result.history.records();
    let late = &records[records.len() - count..];
    let sum: f64 = late.iter().filter_map(|record| record.fitness()).sum();
    sum / count as f64
}

#[test]
fn it_learns_bits_far_better_than_random_draws() {
    let score = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(ones(bits) / 20.0));
    for seed in 0..4 {
        let ppo = small(20).seed(seed).build().unwrap();
        let result = Search::new(ppo, Serial::new(score), Budget::trials(600))
            .run()
            .unwrap();
        // A random draw has a mean of 0.5 and a deviation of 0.11; the mean of 50 deviates by 0.016.
        let mean = late_mean(&result, 50);
        assert!(mean > 0.85, "seed {seed} ends at {mean}");
    }
}

#[test]
fn it_learns_with_the_default_settings() {
    let score = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(ones(bits) / 10.0));
    for seed in 0..2 {
        let ppo = Ppo::builder(BitsSpace { length: 10 })
            .seed(seed)
            .build()
            .unwrap();
        let result = Search::new(ppo, Serial::new(score), Budget::trials(600))
            .run()
            .unwrap();
        // The mean of 50 random draws is 0.5, with a deviation of 0.022.
        let mean = late_mean(&result, 50);
        assert!(mean > 0.75, "seed {seed} ends at {mean}");
    }
}

/// The second bit must equal the first one, which no policy of independent decisions can learn.
#[test]
fn a_decision_is_conditional_on_those_before_it() {
    let mut ppo = Ledger::new(small(2).entropy_bonus(0.05).build().unwrap());
    for _ in 0..600 {
        let trial = ppo.ask();
        let fitness = f64::from(trial.genotype[0] == trial.genotype[1]);
        ppo.tell(trial.id, &completed(fitness)).unwrap();
    }
    let probability = |first, second| ppo.algorithm().log_probability(&vec![first, second]).exp();
    let equal = probability(false, false) + probability(true, true);
    assert!(equal > 0.9, "equal bits have the probability {equal}");
    let both = probability(false, false).min(probability(true, true));
    assert!(both > 0.1, "the rarer pair of equal bits has {both}");
}

#[test]
fn the_probabilities_of_all_genotypes_sum_to_1() {
    let space = Choices::builder()
        .decision("color", ["red", "green", "blue"])
        .decision("only", ["one"])
        .decision("size", ["small", "large"])
        .build()
        .unwrap()
        .categorical()
        .unwrap();
    let ppo = Ppo::builder(space.clone())
        .hidden_units(5)
        .weight_range(2.0)
        .build()
        .unwrap();
    let mut sum = 0.0;
    for color in 0..3 {
        for size in 0..2 {
            sum += ppo.log_probability(&space.decode(&[color, 0, size])).exp();
        }
    }
    assert!((sum - 1.0).abs() < 1e-5, "{sum}");
}

#[test]
fn a_better_than_average_genotype_becomes_likelier_and_a_worse_one_less_likely() {
    let mut ppo = Ledger::new(small(6).batch(2).build().unwrap());
    let (first, second) = loop {
        let (first, second) = (ppo.ask(), ppo.ask());
        if first.genotype != second.genotype {
            break (first, second);
        }
    };
    let before = [&first, &second].map(|trial| ppo.algorithm().log_probability(&trial.genotype));
    // The first reward is its own baseline, so only the second has an advantage, a negative one.
    ppo.tell(first.id, &completed(1.0)).unwrap();
    ppo.tell(second.id, &completed(0.0)).unwrap();
    let after = [&first, &second].map(|trial| ppo.algorithm().log_probability(&trial.genotype));
    assert!(after[1] < before[1], "{before:?} {after:?}");

    let better = ppo.ask();
    let worse = ppo.ask();
    let before = ppo.algorithm().log_probability(&better.genotype);
    ppo.tell(better.id, &completed(2.0)).unwrap();
    // It fails, so it doesn't count toward the batch.
    let reason = "made up".to_owned();
    ppo.tell(worse.id, &Outcome::Failed { reason }).unwrap();
    assert_eq!(ppo.algorithm().log_probability(&better.genotype), before);
    let average = ppo.ask();
    ppo.tell(average.id, &completed(0.7)).unwrap();
    assert!(ppo.algorithm().log_probability(&better.genotype) > before);
}

/// All genotypes that were asked for, and the log probability of the first one of the last round.
fn run_out_of_order(seed: u64) -> (Vec<Bits>, f64) {
    let mut ppo = Ledger::new(small(12).batch(4).seed(seed).build().unwrap());
    let mut asked = Vec::new();
    let mut last = 0.0;
    for round in 0..6 {
        let trials: Vec<_> = (0..5).map(|_| ppo.ask()).collect();
        for place in [2, 0, 4, 1, 3] {
            let trial: &Trial<Bits> = &trials[place];
            let outcome = match (round + place) % 4 {
                3 => Outcome::TimedOut,
                _ => completed(ones(&trial.genotype)),
            };
            ppo.tell(trial.id, &outcome).unwrap();
        }
        last = ppo.algorithm().log_probability(&trials[0].genotype);
        asked.extend(trials.into_iter().map(|trial| trial.genotype));
    }
    (asked, last)
}

#[test]
fn the_same_asks_and_tells_give_the_same_controller_bit_for_bit() {
    let alone = run_out_of_order(3);
    assert_eq!(alone, run_out_of_order(3));
    assert_ne!(alone, run_out_of_order(4));
    // Next to others that use the same threads and draw from the device's generator.
    let beside: Vec<_> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                scope.spawn(|| {
                    let device = burn::tensor::Device::flex();
                    let distribution = burn::tensor::Distribution::Default;
                    let _ = burn::tensor::Tensor::<2>::random([64, 64], distribution, &device);
                    run_out_of_order(3)
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(beside.iter().all(|run| run == &alone));
    let one_thread = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    assert_eq!(one_thread.unwrap().install(|| run_out_of_order(3)), alone);
}

/// Matrix products of the default size are large enough to be split among threads.
#[test]
fn a_controller_of_the_default_size_is_the_same_with_any_number_of_threads() {
    let learned = || {
        let mut ppo = Ledger::new(Ppo::builder(NasnetSpace::sp1()).seed(2).build().unwrap());
        let genotypes: Vec<_> = (0..65)
            .map(|number| {
                let trial = ppo.ask();
                let fitness = f64::from(number % 9);
                ppo.tell(trial.id, &completed(fitness)).unwrap();
                trial.genotype
            })
            .collect();
        let last = ppo.algorithm().log_probability(&genotypes[0]);
        (genotypes, last)
    };
    let pool = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(learned)
    };
    let alone = pool(1);
    assert_eq!(pool(2), alone);
    assert_eq!(pool(7), alone);
}

#[test]
fn the_first_trials_depend_only_on_the_seed() {
    let asked = |seed| {
        let mut ppo = Ledger::new(Ppo::builder(NasnetSpace::sp1()).seed(seed).build().unwrap());
        let space = NasnetSpace::sp1();
        (0..3)
            .map(|_| {
                let genotype = ppo.ask().genotype;
                space.validate(&genotype).unwrap();
                genotype.to_string()
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(asked(1), asked(1));
    assert_ne!(asked(1), asked(2));
}

fn journaled(folder: &Path, trials: u64) -> Vec<(TrialId, Bits, Option<f64>)> {
    let score = |bits: &Bits, context: &Context<'_>| match context.trial().0 % 7 {
        5 => Err(EvaluationError::failed("made up")),
        _ => Ok(Evaluation::new(ones(bits)).with_cost(1.0 + context.rng(0).random::<f64>())),
    };
    let executor = Simulated::new(score, 7).unwrap();
    let ppo = small(10).seed(5).build().unwrap();
    let result = Search::new(ppo, executor, Budget::trials(trials))
        .journal(Journal::open_or_create(folder).unwrap())
        .run()
        .unwrap();
    let mut records: Vec<_> = result
        .history
        .records()
        .iter()
        .map(|record| (record.id, record.genotype.clone(), record.fitness()))
        .collect();
    records.sort_by_key(|(id, ..)| *id);
    records
}

#[test]
fn a_resumed_search_asks_for_the_same_trials() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = journaled(whole.path(), 90);
    // A killed search: its journal ends in the middle, with trials in flight.
    let text = std::fs::read_to_string(whole.path().join("journal.jsonl")).unwrap();
    let kept: String = text.split_inclusive('\n').take(100).collect();
    std::fs::write(parts.path().join("journal.jsonl"), kept).unwrap();
    assert_eq!(journaled(parts.path(), 90), expected);
}

#[test]
fn a_journal_distinguishes_searches_by_their_settings() {
    let describe = |builder: PpoBuilder<Bits>| builder.build().unwrap().describe();
    let description = describe(small(4));
    assert_eq!(description.algorithm["learning_rate"], 0.01);
    assert_ne!(description, describe(small(4).clip(0.1)));
    let mut ppo = Ledger::new(small(4).build().unwrap());
    let trial = ppo.ask();
    ppo.tell(trial.id, &completed(1.0)).unwrap();
    assert_eq!(ppo.algorithm().describe(), description);
}

#[test]
fn an_entropy_bonus_keeps_the_policy_open() {
    let certainty = |bonus| {
        let mut ppo = Ledger::new(small(4).entropy_bonus(bonus).build().unwrap());
        for _ in 0..500 {
            let trial = ppo.ask();
            let fitness = ones(&trial.genotype) / 4.0;
            ppo.tell(trial.id, &completed(fitness)).unwrap();
        }
        ppo.algorithm().log_probability(&vec![true; 4]).exp()
    };
    let (closed, open) = (certainty(0.0), certainty(1.0));
    assert!(closed > 0.8, "{closed}");
    assert!(open < 0.4, "{open}");
}

#[test]
fn rewards_of_any_size_leave_the_controller_working() {
    let mut ppo = Ledger::new(small(3).batch(2).reward_scale(100.0).build().unwrap());
    for fitness in [f64::MAX, f64::MIN, 0.0, 1e-300, -1.0, f64::MAX] {
        let trial = ppo.ask();
        ppo.tell(trial.id, &completed(fitness)).unwrap();
    }
    let probability = ppo.algorithm().log_probability(&vec![true; 3]);
    assert!(probability.is_finite(), "{probability}");
}

#[test]
fn unknown_trials_are_refused_and_a_withdrawn_one_gives_its_number_back() {
    let mut ppo = Ledger::new(small(4).build().unwrap());
    assert_eq!(
        ppo.tell(TrialId(9), &completed(0.0)),
        Err(TellError::NotInFlight(TrialId(9)))
    );
    let trial = ppo.ask();
    let error = ppo.tell(trial.id, &completed(f64::NAN)).unwrap_err();
    assert!(matches!(error, TellError::NotFinite { .. }), "{error}");
    ppo.withdraw(trial.id).unwrap();
    assert_eq!(ppo.ask().id, trial.id);
}

#[test]
fn bad_settings_are_refused() {
    assert_eq!(
        Ppo::builder(BitsSpace { length: 0 })
            .seed(0)
            .build()
            .unwrap_err(),
        AlgorithmError::NoDecisions
    );
    let builder = || small(4);
    for (builder, words) in [
        (builder().hidden_units(0), "number of hidden units is 0"),
        (builder().hidden_units(usize::MAX), "must be at most 8192"),
        (builder().batch(0), "number of trials in a batch is 0"),
        (builder().passes(0), "number of passes is 0"),
        (builder().weight_range(-1.0), "range of the weights is -1"),
        (builder().learning_rate(0.0), "learning rate is 0"),
        (builder().clip(0.0), "clipping range is 0"),
        (builder().clip(f64::NAN), "clipping range is NaN"),
        (builder().clip(1.0), "clipping range is 1"),
        (builder().baseline_momentum(1.0), "baseline momentum is 1"),
        (builder().entropy_bonus(-0.5), "entropy bonus is -0.5"),
        (builder().reward_scale(f64::NAN), "reward scale is NaN"),
    ] {
        let error = builder.build().unwrap_err().to_string();
        assert!(error.contains(words), "{error}");
    }
}

/// Bits with a custom description.
#[derive(Debug)]
struct DescribedBits(BitsSpace);

impl SearchSpace for DescribedBits {
    type Genotype = Bits;

    fn sample(&self, rng: &mut dyn Rng) -> Bits {
        self.0.sample(rng)
    }

    fn describe(&self) -> serde_json::Value {
        "bits, in words".into()
    }
}

impl CategoricalSpace for DescribedBits {
    fn alternative_counts(&self) -> Vec<usize> {
        self.0.alternative_counts()
    }

    fn encode(&self, genotype: &Bits) -> Vec<usize> {
        self.0.encode(genotype)
    }

    fn decode(&self, choices: &[usize]) -> Bits {
        self.0.decode(choices)
    }
}

#[test]
fn a_journal_keeps_the_description_of_the_space() {
    let space = DescribedBits(BitsSpace { length: 4 });
    let ppo = Ppo::builder(space).hidden_units(4).build().unwrap();
    assert_eq!(ppo.describe().space, "bits, in words");
}
