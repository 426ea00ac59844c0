//! Contenders and benchmarks of your own, and what the built-in contenders' runs have always been.

use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evonas::comparison::contenders::{self, Aging, Custom, Named, NonAging, Random, Recommended};
use evonas::comparison::{
    Benchmark, BitsBenchmark, CanonicalForm, Capped, Comparison, ComparisonError, Contender, Meter,
    RunEvent, RunRecord, Setup,
};
use evonas::network::{Cost, CostModel};
use evonas::prelude::*;

/// A number to be made large, from a space without decisions.
#[derive(Debug)]
struct LineBenchmark;

impl SearchSpace for LineBenchmark {
    type Genotype = f64;

    fn sample(&self, rng: &mut dyn Rng) -> f64 {
        rng.random_range(0.0..1.0)
    }
}

impl Mutation<f64> for LineBenchmark {
    fn mutate(&self, parent: &f64, rng: &mut dyn Rng) -> f64 {
        parent + rng.random_range(-0.1..0.1)
    }
}

impl Benchmark for LineBenchmark {
    type Genotype = f64;
    type Space = Self;

    fn dataset(&self) -> String {
        "line".to_owned()
    }

    fn space(&self) -> Self {
        Self
    }

    fn mutation(&self) -> Box<dyn Mutation<f64>> {
        Box::new(Self)
    }

    fn evaluator(&self) -> Box<dyn Evaluator<f64>> {
        Box::new(|number: &f64, _: &Context<'_>| Ok(Evaluation::new(*number).with_cost(1.0)))
    }

    fn test(&self, number: &f64, _: &Evaluation) -> f64 {
        *number
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(200)
    }

    fn runs(&self) -> usize {
        3
    }
}

/// Random search that pays for something before its first proposal.
#[derive(Debug)]
struct Prepaid;

impl<B: Benchmark> Contender<B> for Prepaid {
    fn name(&self) -> &str {
        "prepaid"
    }

    fn algorithm(
        &self,
        benchmark: &B,
        seed: u64,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        Ok(Box::new(RandomSearch::new(benchmark.space(), seed)))
    }

    fn metered_algorithm(
        &self,
        benchmark: &B,
        seed: u64,
        meter: &Meter,
    ) -> Result<Box<dyn Algorithm<B::Genotype>>, Box<dyn Error + Send + Sync>> {
        meter.charge(50.0);
        self.algorithm(benchmark, seed)
    }
}

#[test]
fn what_proposals_cost_is_a_part_of_the_evaluations_cost() {
    let setup = || Setup::new(&LineBenchmark).runs(2);
    let contenders: [Box<dyn Contender<LineBenchmark>>; 2] =
        [Box::new(Prepaid), Box::new(Named::new("other", Prepaid))];
    for contender in contenders {
        let comparison = Comparison::builder(&LineBenchmark).contender(&contender);
        let comparison = comparison.setup(setup()).run().unwrap();
        for run in &comparison.entries()[0].runs {
            assert_eq!((run.evaluations, run.seconds), (150, 200.0));
            assert_eq!(run.incumbents[0].seconds, 51.0);
        }
    }
}

/// Evolution whose parents are the best of the whole population.
fn greedy(population: usize) -> impl Contender<LineBenchmark> + 'static {
    Custom::new("greedy", move |line: &LineBenchmark, seed| {
        let evolution = Evolution::builder(line.space(), line.mutation());
        let evolution = evolution.population(population).sample(population);
        Ok(evolution.seed(seed).build()?)
    })
}

#[test]
fn a_custom_algorithm_is_compared_on_a_benchmark_whose_space_has_no_decisions() {
    let comparison = Comparison::builder(&LineBenchmark)
        .contender(greedy(10))
        .contender(Aging::new().population(10).sample(3))
        .contender(Random::new())
        .setup(Setup::new(&LineBenchmark).runs(10))
        .run()
        .unwrap();
    let names: Vec<&str> = comparison
        .entries()
        .iter()
        .map(|entry| entry.contender.as_str())
        .collect();
    assert_eq!(names, ["greedy", "aging", "random"]);
    let pairs = comparison.pairs();
    assert_eq!(
        (pairs[1].first.as_str(), pairs[1].second.as_str()),
        ("greedy", "random")
    );
    assert!(pairs[1].test.p < 1e-3, "{pairs:?}");
    assert_eq!(comparison.summaries()[0].algorithm, "greedy");
    // The text of a genotype is its Debug form unless the benchmark says otherwise.
    let run = &comparison.entries()[0].runs[0];
    assert_eq!(run.genotype, format!("{:?}", run.best().test));
    let printed = comparison.to_string();
    assert!(printed.contains("greedy - random"), "{printed}");
}

#[test]
fn a_custom_contenders_runs_depend_on_its_name_and_not_on_its_place() {
    let seeds = |comparison: &Comparison, position: usize| -> Vec<u64> {
        let runs = &comparison.entries()[position].runs;
        runs.iter().map(|run| run.seed).collect()
    };
    let last = Comparison::builder(&LineBenchmark)
        .contender(Random::new())
        .contender(Named::new("other", greedy(10)))
        .contender(greedy(10));
    let last = last.run().unwrap();
    let alone = Comparison::builder(&LineBenchmark).contender(greedy(10));
    let alone = alone.run().unwrap();
    assert_eq!(alone.entries()[0], last.entries()[2]);
    assert_ne!(seeds(&last, 1), seeds(&last, 2), "another name");
}

#[test]
fn two_contenders_of_the_same_name_are_refused() {
    let error = Comparison::builder(&LineBenchmark)
        .contender(Aging::new())
        .contender(Random::new())
        .contender(Named::new("aging", NonAging::new()))
        .run()
        .unwrap_err();
    assert!(
        matches!(&error, ComparisonError::SameName(name) if name == "aging"),
        "{error}"
    );
    assert_eq!(
        error.to_string(),
        "two algorithms have the name aging; each needs its own"
    );
}

#[test]
fn a_contender_that_cannot_be_set_up_is_refused_before_the_first_run() {
    let refused = |contender: Box<dyn Contender<LineBenchmark>>| {
        let mut events = 0;
        let error = Comparison::builder(&LineBenchmark)
            .contender(Random::new())
            .contender(contender)
            .observe(|_: &RunEvent<'_>| events += 1)
            .run()
            .unwrap_err();
        assert!(matches!(error, ComparisonError::Algorithm { .. }));
        assert_eq!(events, 0);
        error.to_string()
    };
    assert_eq!(
        refused(Box::new(Aging::new().population(20).sample(30))),
        "can't set up aging: the sample size 30 exceeds the population size 20; choose \
         1 <= sample <= population"
    );
    let broken = Custom::new(
        "broken",
        |_: &LineBenchmark, _| -> Result<RandomSearch<f64>, _> {
            Err("there is no licence".into())
        },
    );
    assert_eq!(
        refused(Box::new(broken)),
        "can't set up broken: there is no licence"
    );
}

#[test]
fn a_record_takes_custom_contenders_and_refuses_other_settings_of_one_that_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let resume = |contenders: Vec<Box<dyn Contender<LineBenchmark>>>| {
        let mut taken = 0;
        Comparison::builder(&LineBenchmark)
            .contenders(contenders)
            .record(RunRecord::open_or_create(folder.path()).unwrap())
            .observe(|event: &RunEvent<'_>| {
                if let RunEvent::Began { recorded, .. } = event {
                    taken = *recorded;
                }
            })
            .run()
            .map(|comparison| (comparison, taken))
    };
    let (first, taken) = resume(vec![Box::new(greedy(10))]).unwrap();
    assert_eq!(taken, 0);
    let random = || Box::new(Random::new());
    let (second, taken) = resume(vec![random(), Box::new(greedy(10))]).unwrap();
    assert_eq!(taken, 3);
    assert_eq!(first.entries()[0], second.entries()[1]);

    let before = fs::read(folder.path().join("runs.jsonl")).unwrap();
    let error = resume(vec![random(), Box::new(greedy(9))]).unwrap_err();
    assert!(
        matches!(error, ComparisonError::OtherComparison { .. }),
        "{error}"
    );
    let difference = "algorithms.greedy.population: 10 recorded, 9 now";
    assert!(error.to_string().ends_with(difference), "{error}");
    let after = fs::read(folder.path().join("runs.jsonl")).unwrap();
    assert_eq!(before, after, "a refusal changes nothing");

    // Other settings by another name are another algorithm.
    let other = Box::new(Named::new("greedy, 9", greedy(9)));
    let (_, taken) = resume(vec![Box::new(greedy(10)), other]).unwrap();
    assert_eq!(taken, 3);
}

#[test]
fn runs_of_the_built_in_contenders_are_value_stable() {
    let benchmark = BitsBenchmark::default();
    let setup = Setup::new(&benchmark).runs(2).seed(4);
    let comparison = Comparison::builder(&benchmark)
        .contender(Aging::new().population(20).sample(5))
        .contender(NonAging::new().population(20).sample(5))
        .contender(Random::new())
        .contender(contenders::ReinforceContender::new())
        .setup(setup.budget(Duration::from_secs(300)))
        .run()
        .unwrap();
    let found: Vec<(u64, u64, f64, f64)> = comparison
        .entries()
        .iter()
        .flat_map(|entry| &entry.runs)
        .map(|run| {
            (
                run.seed,
                run.best().trials,
                run.best().valid,
                run.best().test,
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (13397615786452766498, 129, 0.7192621583064415, 0.57),
            (12215659584349752668, 285, 0.752861277501449, 0.62),
            (8401825148886008364, 221, 0.7964475618375833, 0.65),
            (15832585713803562928, 264, 0.769993486447499, 0.63),
            (7353225779522395376, 223, 0.703569492485157, 0.6),
            (16106587975895923974, 125, 0.6604207875760898, 0.57),
            (5859453631918803172, 296, 0.7903671438210831, 0.67),
            (82397568928001692, 224, 0.7475056872952593, 0.7),
        ],
        "changing these changes every comparison that was ever recorded"
    );
}

/// The bits of a number below 64, with what was evaluated.
#[derive(Clone, Debug, Default)]
struct WatchedBits(Arc<Mutex<Vec<Vec<bool>>>>);

impl Benchmark for WatchedBits {
    type Genotype = Vec<bool>;
    type Space = BitsSpace;

    fn dataset(&self) -> String {
        "counted".to_owned()
    }

    fn space(&self) -> BitsSpace {
        BitsSpace { length: 6 }
    }

    fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
        Box::new(FlipOneBit)
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
        let seen = self.0.clone();
        Box::new(move |bits: &Vec<bool>, _: &Context<'_>| {
            seen.lock().unwrap().push(bits.clone());
            let ones = bits.iter().filter(|&&bit| bit).count();
            Ok(Evaluation::new(ones as f64).with_cost(1.0))
        })
    }

    fn test(&self, _: &Vec<bool>, evaluation: &Evaluation) -> f64 {
        evaluation.fitness
    }

    /// Reversed bits are the same network.
    fn canonical(&self) -> CanonicalForm<Vec<bool>> {
        Box::new(|bits| {
            let reversed: Vec<bool> = bits.iter().rev().copied().collect();
            format!("{:?}", bits.min(&reversed))
        })
    }

    fn population(&self) -> usize {
        5
    }

    fn sample(&self) -> usize {
        2
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(30)
    }
}

#[test]
fn the_recommended_contender_evaluates_nothing_twice_and_says_so() {
    let repeats = |contender: Box<dyn Contender<WatchedBits>>| {
        let benchmark = WatchedBits::default();
        Comparison::builder(&benchmark)
            .contender(contender)
            .setup(Setup::new(&benchmark).runs(1))
            .run()
            .unwrap();
        let seen = benchmark.0.lock().unwrap();
        let canonical = benchmark.canonical();
        let distinct: BTreeSet<String> = seen.iter().map(canonical).collect();
        seen.len() - distinct.len()
    };
    assert!(repeats(Box::new(Aging::new())) > 0);
    assert_eq!(repeats(Box::new(Recommended::new())), 0);
    let renamed = Named::new("renamed", Recommended::new());
    assert_eq!(repeats(Box::new(renamed)), 0);
    let described = Recommended::new()
        .describe(&WatchedBits::default())
        .unwrap();
    assert_eq!(described["redraws"], 100);
}

/// The contenders that work on every benchmark with a crossover and decisions.
fn searchers<B: Benchmark<Space: CategoricalSpace>>() -> Vec<Box<dyn Contender<B>>> {
    vec![
        Box::new(contenders::LocalSearchContender::new()),
        Box::new(contenders::Annealing::new()),
        Box::new(contenders::WithCrossover::new()),
        Box::new(contenders::Surrogate::new()),
    ]
}

#[test]
fn the_other_searchers_beat_random_search_on_bits() {
    let benchmark = BitsBenchmark::default().length(16).noise(0.0);
    let setup = Setup::new(&benchmark).runs(5);
    let comparison = Comparison::builder(&benchmark)
        .contenders(searchers())
        .contender(Random::new())
        .setup(setup.budget(Duration::from_secs(200)))
        .run()
        .unwrap();
    let summaries = comparison.summaries();
    let names: Vec<&str> = summaries.iter().map(|s| s.algorithm.as_str()).collect();
    let expected = [
        "local-search",
        "annealing",
        "crossover",
        "surrogate",
        "random",
    ];
    assert_eq!(names, expected);
    let random = summaries[4].test_mean;
    for summary in &summaries[..4] {
        assert!(
            summary.test_mean > random + 0.03,
            "{summary:?} and {random}"
        );
    }
}

#[test]
fn what_evaluates_nothing_twice_says_so_in_its_description() {
    let benchmark = WatchedBits::default();
    for contender in searchers::<WatchedBits>() {
        if contender.name() == "crossover" {
            continue;
        }
        assert_eq!(contender.duplicates(), Duplicates::Redraw(100));
        let described = contender.describe(&benchmark).unwrap();
        assert_eq!(described["redraws"], 100, "{described}");
    }
}

#[test]
fn contenders_that_a_benchmark_has_nothing_for_are_refused_with_the_reason() {
    use contenders::{EvolutionBySize, Nsga2, RandomBySize, SizeProxy, WithCrossover};

    let bits = BitsBenchmark::default();
    let refused = |contender: Box<dyn Contender<BitsBenchmark>>| {
        let comparison = Comparison::builder(&bits).contender(contender);
        comparison.run().unwrap_err().to_string()
    };
    let reason = "the genotypes of the benchmark aren't networks, so they have no size";
    for proxy in [SizeProxy::MultiplyAdds, SizeProxy::Parameters] {
        assert!(refused(Box::new(RandomBySize::new(proxy))).ends_with(reason));
        assert!(refused(Box::new(EvolutionBySize::new(proxy))).ends_with(reason));
    }
    assert!(refused(Box::new(Nsga2::new())).ends_with(reason));
    let comparison = Comparison::builder(&LineBenchmark).contender(WithCrossover::new());
    assert_eq!(
        comparison.run().unwrap_err().to_string(),
        "can't set up crossover: the benchmark has no crossover"
    );
    assert_eq!(
        Capped::new(bits, 100).unwrap_err().to_string(),
        "the genotypes of bits aren't networks, so their multiply-adds can't be limited"
    );
}

/// Networks of which the first ten bits are worth something, and each costs something.
#[derive(Debug)]
struct HalfWorthIt;

impl HalfWorthIt {
    fn price(bits: &[bool]) -> u64 {
        bits.iter().filter(|&&bit| bit).count() as u64
    }
}

impl CostModel<Vec<bool>> for HalfWorthIt {
    fn cost(&self, bits: &Vec<bool>) -> Option<Cost> {
        let mut cost = Cost::default();
        cost.multiply_adds = Self::price(bits);
        Some(cost)
    }
}

impl Benchmark for HalfWorthIt {
    type Genotype = Vec<bool>;
    type Space = BitsSpace;

    fn dataset(&self) -> String {
        "half of twenty bits".to_owned()
    }

    fn space(&self) -> BitsSpace {
        BitsSpace { length: 20 }
    }

    fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
        Box::new(FlipOneBit)
    }

    fn cost_model(&self) -> Option<Box<dyn CostModel<Vec<bool>>>> {
        Some(Box::new(Self))
    }

    fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
        Box::new(|bits: &Vec<bool>, _: &Context<'_>| {
            let worth = Self::price(&bits[..10]);
            Ok(Evaluation::new(worth as f64).with_cost(1.0))
        })
    }

    fn test(&self, bits: &Vec<bool>, _: &Evaluation) -> f64 {
        Self::price(&bits[..10]) as f64
    }

    fn multiply_adds(&self, bits: &Vec<bool>) -> Option<f64> {
        Some(Self::price(bits) as f64)
    }

    fn population(&self) -> usize {
        20
    }

    fn sample(&self) -> usize {
        5
    }

    fn budget(&self) -> Duration {
        Duration::from_secs(1000)
    }

    fn runs(&self) -> usize {
        10
    }
}

/// What a comparison judges of NSGA-II is the accurate end of its front, and its networks are small.
#[test]
fn nsga2_finds_what_others_do_at_a_lower_price() {
    let comparison = Comparison::builder(&HalfWorthIt)
        .contender(Recommended::new())
        .contender(contenders::Nsga2::new())
        .run()
        .unwrap();
    let [recommended, nsga2] = comparison.entries() else {
        panic!("two contenders");
    };
    let of = |runs: &[evonas::comparison::Run], figure: fn(&evonas::comparison::Run) -> f64| {
        runs.iter().map(figure).sum::<f64>() / runs.len() as f64
    };
    for entry in [recommended, nsga2] {
        assert_eq!(of(&entry.runs, |run| run.best().test), 10.0);
    }
    let price = |runs| of(runs, |run| run.multiply_adds.unwrap());
    let (recommended, nsga2) = (price(&recommended.runs), price(&nsga2.runs));
    assert!(nsga2 + 1.0 < recommended, "{nsga2} {recommended}");
}

/// Under a limit, no contender evaluates a larger network, and one that favors large ones still finds those that are
/// allowed.
#[cfg(feature = "tabular")]
#[test]
fn a_limit_of_multiply_adds_holds_for_every_contender() {
    use contenders::{EvolutionBySize, RandomBySize, SizeProxy};
    use evonas::comparison::{NasBench201Benchmark, Protocol};
    use evonas::tabular::Dataset;

    const MOST: u64 = 60_000_000;
    let Some(table) = crate::real_table::real_table() else {
        return;
    };
    let table = NasBench201Benchmark::new(table, Protocol::NatsBench, Dataset::Cifar10);
    let capped = Capped::new(table.clone(), MOST).unwrap();
    let size = |proxy| -> [Box<dyn Contender<_>>; 2] {
        [
            Box::new(RandomBySize::new(proxy)),
            Box::new(EvolutionBySize::new(proxy)),
        ]
    };
    let comparison = Comparison::builder(&capped)
        .contenders(searchers())
        .contenders(size(SizeProxy::MultiplyAdds))
        .contenders(size(SizeProxy::Parameters))
        .contender(Recommended::new())
        .contender(contenders::Nsga2::new())
        .setup(Setup::new(&capped).runs(1))
        .run()
        .unwrap();
    let most = MOST as f64 + 10.0;
    for entry in comparison.entries() {
        let found = entry.runs[0].multiply_adds.unwrap();
        assert!(found <= most, "{}: {found}", entry.contender);
    }
    // The largest cells below the limit have 58.9 million.
    assert!(comparison.entries()[4].runs[0].multiply_adds.unwrap() > 45e6);

    let described = capped.describe();
    assert_eq!(described["multiply_adds"], MOST);
    assert_eq!(described["benchmark"], table.describe());
}
