//! Networks that begin with their parents' weights.
use burn::module::Module;
use burn::tensor::{Device, Tensor};
use evonas::prelude::*;
use evonas::search::Journal;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::InheritedWeights;

fn config() -> NetworkConfig {
    NetworkConfig::new(ImageShape::gray(8, 8), 10)
        .cells_per_stack(1)
        .filters(4)
}

fn network(genotype: &NasnetGenotype, seed: u64) -> CellNetwork {
    CellNetwork::new(genotype, &config(), &mut stream(seed, 0), &Device::flex()).unwrap()
}

fn logits(network: &CellNetwork) -> Vec<f32> {
    let mut rng = stream(9, 9);
    let images: Vec<f32> = (0..3 * 64).map(|_| rng.random()).collect();
    let images = Tensor::<1>::from_data(images.as_slice(), &Device::flex()).reshape([3, 1, 8, 8]);
    network
        .valid()
        .forward(images)
        .into_data()
        .try_to_vec()
        .unwrap()
}

#[test]
fn a_network_of_the_same_genotype_inherits_everything() {
    let genotype = published::amoebanet_a();
    let parent = network(&genotype, 1);
    let child = network(&genotype, 2);
    assert_ne!(logits(&child), logits(&parent));
    let heir = child.inherit(&parent).unwrap();
    assert_eq!(heir.inherited, 1.0);
    assert_eq!(logits(&heir.network), logits(&parent));
}

/// The new state is concatenated, and everything that reads it has the weight 0 for it.
#[test]
fn a_cell_that_concatenates_another_state_computes_what_its_parent_computes() {
    let normal =
        "max3@1+sep3@0,identity@0+avg3@1,identity@2+avg3@0,identity@1+avg3@0,sep5@2+sep3@0";
    let reduction = "max3@1+sep3@0,sep5@1+avg3@0,identity@1+max3@0,identity@0+avg3@1,sep3@0+sep3@1";
    let of = |states: &str| -> NasnetGenotype {
        format!("{normal}:{states}/{reduction}").parse().unwrap()
    };
    let (few, many) = (network(&of("4.6"), 1), network(&of("3.4.5.6"), 2));
    let heir = many.inherit(&few).unwrap();
    assert!((0.5..1.0).contains(&heir.inherited), "{}", heir.inherited);
    for (found, wanted) in logits(&heir.network).into_iter().zip(logits(&few)) {
        assert!((found - wanted).abs() < 1e-5, "{found} {wanted}");
    }
}

#[test]
fn mutants_inherit_most_of_their_weights_and_differ_in_the_rest() {
    let space = NasnetSpace::sp1();
    let mut rng = stream(5, 0);
    let mut shares = Vec::new();
    for seed in 0..20 {
        let genotype = space.sample(&mut rng);
        let mutant = space.mutation().mutate(&genotype, &mut rng);
        let parent = network(&genotype, seed);
        let heir = network(&mutant, 100 + seed).inherit(&parent).unwrap();
        if mutant == genotype {
            assert_eq!(heir.inherited, 1.0);
            assert_eq!(logits(&heir.network), logits(&parent));
        }
        shares.push(heir.inherited);
    }
    shares.sort_by(f64::total_cmp);
    assert!(shares[0] > 0.2 && shares[10] > 0.8, "{shares:?}");
}

fn search(folder: &std::path::Path, trials: u64) -> Vec<(f64, Option<f64>)> {
    let dataset = digits().limit_train(120, 0);
    let trainer = Trainer::new(TrainingConfig::default().epochs(2)).unwrap();
    let hook = InheritedWeights::in_folder(folder.join("weights"))
        .unwrap()
        .keep(8)
        .epochs(1);
    let decoder = CellDecoder::new(config());
    let evaluator = TrainingEvaluator::builder(decoder, trainer, &dataset.train)
        .hook(hook)
        .build()
        .unwrap();
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation())
        .population(4)
        .sample(2)
        .build()
        .unwrap();
    let result = Search::new(evolution, Serial::new(evaluator), Budget::trials(trials))
        .journal(Journal::open_or_create(folder).unwrap())
        .run()
        .unwrap();
    let records = result.history.records().iter();
    records
        .map(|record| (record.fitness().unwrap(), record.metric("inherited")))
        .collect()
}

#[test]
fn a_resumed_search_inherits_what_an_uninterrupted_one_does_and_keeps_a_bounded_number_of_files() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let expected = search(whole.path(), 24);
    search(parts.path(), 11);
    assert_eq!(search(parts.path(), 24), expected);
    let inherited = |&(_, share): &(f64, Option<f64>)| share.unwrap();
    assert!(expected[..4].iter().all(|trial| inherited(trial) == 0.0));
    assert!(expected[4..].iter().any(|trial| inherited(trial) > 0.5));
    let files = std::fs::read_dir(whole.path().join("weights")).unwrap();
    // Trials 7 to 23: those of twice eight trials, and the last.
    assert_eq!(files.count(), 17);
}
