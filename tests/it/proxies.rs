//! Proxies, and the wrappers that use them.

use evonas::network::{CostModel, MultiplyAddCount, NasBench201Network, ParameterCount};
use evonas::prelude::*;
use evonas::spaces::bits::UniformCrossover;
use evonas::spaces::nasbench201::{NasBench201Cell, NasBench201Space};

type Bits = Vec<bool>;

const SPACE: BitsSpace = BitsSpace { length: 12 };

fn ones(bits: &Bits) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

/// The number of ones, or what is said instead of an odd number.
#[derive(Clone, Copy, Debug)]
struct EvenOnes(f64);

impl Proxy<Bits> for EvenOnes {
    fn score(&self, bits: &Bits, _: &mut dyn Rng) -> f64 {
        match ones(bits) % 2.0 == 0.0 {
            true => ones(bits),
            false => self.0,
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Constant(f64);

impl Proxy<Bits> for Constant {
    fn score(&self, _: &Bits, _: &mut dyn Rng) -> f64 {
        self.0
    }
}

#[test]
fn the_best_of_several_mutants_children_and_random_genotypes_is_kept() {
    let proxy = EvenOnes(-1.0);
    let (first, second) = (vec![false; 12], vec![true; 12]);
    let mut rng = stream(1, 0);
    let mut mean = |draw: &dyn Fn(&mut dyn Rng) -> Bits| {
        let sum: f64 = (0..200)
            .map(|_| proxy.score(&draw(&mut rng), &mut stream(0, 0)))
            .sum();
        sum / 200.0
    };
    let space = BestOf::new(20, SPACE, proxy).unwrap();
    assert!(mean(&|rng| space.sample(rng)) > mean(&|rng| SPACE.sample(rng)) + 3.0);
    let crossover = BestOf::new(20, UniformCrossover, proxy).unwrap();
    let better = mean(&|rng| crossover.cross(&first, &second, rng));
    assert!(better > mean(&|rng| UniformCrossover.cross(&first, &second, rng)) + 3.0);
    // Eleven ones: every mutant but one has ten, and the other has twelve.
    let parent: Bits = (0..12).map(|bit| bit != 4).collect();
    let mutation = BestOf::new(200, FlipOneBit, proxy).unwrap();
    assert_eq!(mutation.mutate(&parent, &mut stream(1, 0)), second);
}

#[test]
fn with_one_candidate_the_proxy_changes_nothing() {
    let space = BestOf::new(1, SPACE, Constant(1.0)).unwrap();
    let (mut left, mut right) = (stream(5, 0), stream(5, 0));
    for _ in 0..50 {
        assert_eq!(space.sample(&mut left), SPACE.sample(&mut right));
    }
}

#[test]
fn nan_is_the_lowest_score_and_among_genotypes_that_cant_be_scored_the_first_is_kept() {
    for unscored in [f64::NAN, -f64::NAN, f64::NEG_INFINITY] {
        let space = BestOf::new(30, SPACE, EvenOnes(unscored)).unwrap();
        let warm_up = WarmUp::new(100, EvenOnes(unscored));
        let mut rng = stream(2, 0);
        for _ in 0..50 {
            let bits = space.sample(&mut rng);
            assert!(ones(&bits) >= 6.0 && ones(&bits) % 2.0 == 0.0, "{bits:?}");
        }
        let sorted = warm_up.best_first(&SPACE, &mut rng);
        let counts: Vec<f64> = sorted.iter().map(ones).collect();
        let scored = counts
            .iter()
            .take_while(|&count| count % 2.0 == 0.0)
            .count();
        assert!(counts[..scored].is_sorted_by(|left, right| left >= right));
        assert!(counts[scored..].iter().all(|count| count % 2.0 == 1.0));
        assert!(scored > 20 && scored < 80, "{scored}");

        // All are as bad, so the first is kept, which is the one that is drawn without a proxy.
        let space = BestOf::new(3, SPACE, Constant(unscored)).unwrap();
        let drawn = space.sample(&mut stream(9, 0));
        assert_eq!(drawn, SPACE.sample(&mut stream(9, 0)));
    }
}

#[test]
fn the_best_of_no_candidates_and_a_warm_up_below_the_population_are_refused() {
    let error = BestOf::new(0, SPACE, Constant(0.0)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the best of 0 candidates is no genotype; draw at least 1"
    );
    let builder = Evolution::builder(SPACE, FlipOneBit)
        .population(20)
        .sample(5);
    let error = builder.warm_up(WarmUp::new(19, Constant(0.0))).build();
    assert_eq!(
        error.unwrap_err().to_string(),
        "the number of genotypes of the warm-up is 19; it must be at least the population size"
    );
}

fn warmed_up(proxy: impl Proxy<Bits> + 'static) -> Evolution<Bits> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .warm_up(WarmUp::new(50, proxy))
        .seed(6)
        .build()
        .unwrap()
}

#[test]
fn the_first_population_is_the_best_of_the_warm_up_and_what_fails_is_replaced_by_the_next_best() {
    let expected = WarmUp::new(50, EvenOnes(f64::NAN))
        .best_first(&SPACE, &mut evonas::randomness::algorithm_rng(6));
    let mut ledger = Ledger::new(warmed_up(EvenOnes(f64::NAN)));
    // The second is withdrawn, the fourth fails, the fifth is infeasible.
    for (number, expected) in expected.iter().take(13).enumerate() {
        let trial = ledger.ask();
        assert_eq!((&trial.genotype, trial.parent), (expected, None));
        let outcome = match number {
            1 => {
                ledger.withdraw(trial.id).unwrap();
                continue;
            }
            3 => Outcome::Failed {
                reason: String::new(),
            },
            4 => Outcome::Infeasible {
                reason: String::new(),
            },
            _ => Outcome::Completed(1.0.into()),
        };
        ledger.tell(trial.id, &outcome).unwrap();
    }
    assert_eq!(ledger.algorithm().population().len(), 10);
    assert!(ledger.ask().parent.is_some());
}

#[test]
fn a_search_isnt_resumed_with_another_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let run = |evolution| {
        let evaluator = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(ones(bits)));
        Search::new(evolution, Serial::new(evaluator), Budget::trials(20))
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
    };
    run(warmed_up(EvenOnes(0.0))).unwrap();
    let error = run(warmed_up(Constant(0.0))).unwrap_err().to_string();
    assert!(error.contains("algorithm.warm_up.proxy.type"), "{error}");
}

#[derive(Debug)]
struct Panics;

impl Proxy<Bits> for Panics {
    fn score(&self, _: &Bits, _: &mut dyn Rng) -> f64 {
        panic!("no score today")
    }
}

#[test]
fn a_proxy_that_panics_ends_the_search_with_its_message() {
    let evaluator = |bits: &Bits, _: &Context<'_>| Ok(Evaluation::new(ones(bits)));
    let search = Search::new(
        warmed_up(Panics),
        Serial::new(evaluator),
        Budget::trials(20),
    );
    let error = search.run().unwrap_err();
    assert!(matches!(error, SearchError::Panicked { .. }));
    assert!(error.to_string().contains("no score today"), "{error}");
}

#[test]
fn the_size_of_a_nasnet_network_is_that_of_its_plan() {
    let config = NetworkConfig::cifar().cells_per_stack(1).filters(8);
    let genotype = published::amoebanet_a();
    let cost = Cost::without_auxiliary(&NetworkPlan::new(&genotype, &config).unwrap());
    let rng = &mut stream(0, 0);
    let multiply_adds = MultiplyAddCount::new(config.clone()).score(&genotype, rng);
    assert_eq!(multiply_adds, cost.multiply_adds as f64);
    let parameters = ParameterCount::new(config.clone()).score(&genotype, rng);
    assert_eq!(parameters, cost.parameters as f64);
    // No network: every layer would have no filters.
    let none = MultiplyAddCount::new(config.filters(0)).score(&genotype, rng);
    assert_eq!(none, f64::NEG_INFINITY);
}

fn cell(text: &str) -> NasBench201Cell {
    text.parse().unwrap()
}

/// Figures of the official table.
#[test]
fn the_size_of_a_nas_bench_201_network_is_the_official_one() {
    let cells = [
        (
            "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|",
            129_306,
            15_647_360,
        ),
        (
            "|nor_conv_3x3~0|+|nor_conv_3x3~0|nor_conv_3x3~1|+|nor_conv_3x3~0|nor_conv_3x3~1|nor_conv_3x3~2|",
            1_531_546,
            220_119_680,
        ),
        (
            "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
            73_306,
            7_783_040,
        ),
    ];
    for (text, parameters, multiply_adds) in cells {
        let cost = NasBench201Network::cifar10().cost(&cell(text)).unwrap();
        assert_eq!(
            (cost.parameters, cost.multiply_adds),
            (parameters, multiply_adds)
        );
    }
    let (text, ..) = cells[1];
    let cost = NasBench201Network::cifar100().cost(&cell(text)).unwrap();
    assert_eq!(
        (cost.parameters, cost.multiply_adds),
        (1_537_396, 220_125_440)
    );
    let cost = NasBench201Network::imagenet16().cost(&cell(text)).unwrap();
    assert_eq!(
        (cost.parameters, cost.multiply_adds),
        (1_538_696, 55_037_440)
    );
    // Nothing overflows.
    let huge = NasBench201Network::new(u32::MAX, u32::MAX)
        .cost(&cell(text))
        .unwrap();
    assert_eq!(huge.multiply_adds, u64::MAX);
}

#[cfg(feature = "tabular")]
#[test]
fn the_sizes_of_all_cells_agree_with_the_table() {
    use evonas::tabular::Dataset;

    let Some(table) = crate::real_table::real_table() else {
        return;
    };
    for (dataset, network, classes) in [
        (Dataset::Cifar10, NasBench201Network::cifar10(), 10.0),
        (Dataset::Cifar100, NasBench201Network::cifar100(), 100.0),
        (Dataset::ImageNet16, NasBench201Network::imagenet16(), 120.0),
    ] {
        let mut other_parameters = 0;
        for cell in NasBench201Cell::all() {
            let cost = network.cost(&cell).unwrap();
            // The table counts the classifier's bias as multiply-adds.
            let multiply_adds = cost.multiply_adds as f64 + classes;
            assert!((multiply_adds - table.multiply_adds(cell, dataset)).abs() < 0.5);
            let difference = cost.parameters as f64 - table.parameters(cell, dataset);
            other_parameters += usize::from(difference.abs() > 0.5);
        }
        assert_eq!(other_parameters, 150, "{dataset}");
    }
}

#[test]
fn random_search_for_large_networks_draws_large_ones() {
    let size = MultiplyAddCount::new(NasBench201Network::cifar10());
    let space = BestOf::new(100, NasBench201Space, size.clone()).unwrap();
    let mut rng = stream(0, 0);
    for _ in 0..20 {
        let cell = space.sample(&mut rng);
        assert!(size.score(&cell, &mut rng) > 1e8, "{cell}");
    }
    assert_eq!(
        SearchSpace::describe(&space),
        serde_json::json!({
            "type": "BestOf",
            "candidates": 100,
            "of": {"type": "NasBench201Space"},
            "proxy": {
                "type": "MultiplyAddCount",
                "model": {"type": "NasBench201Network", "size": 32, "classes": 10},
            },
        })
    );
}
