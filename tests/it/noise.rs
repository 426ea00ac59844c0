//! What acts in training only: drop path, dropout, the auxiliary head.
use burn::module::Module;
use burn::tensor::Device;
use evonas::network::{AuxiliaryHead, DropPath, ImageShape, NetworkConfig, TrainingPass};
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, published};

use crate::network::{build, cifar, images, values};

#[test]
fn drop_path_that_keeps_everything_is_the_identity() {
    let genotype = published::amoebanet_a();
    let device = Device::flex().autodiff();
    let logits = |config: &NetworkConfig, progress| {
        let network = build(&genotype, config, &device);
        let mut rng = stream(3, 0);
        let mut pass = TrainingPass::new(progress, &mut rng);
        let output = network.forward_training(images(config, 2, 0), &mut pass);
        values(output.logits.inner())
    };
    let config = cifar(1, 4);
    let plain = logits(&config, 1.0);
    let dropping = config.drop_path(DropPath::scheduled(0.5));
    assert_eq!(logits(&dropping, 0.0), plain);
    assert_ne!(logits(&dropping, 1.0), plain);
}

#[test]
fn evaluation_is_deterministic_and_free_of_noise() {
    let genotype = published::nasnet_a();
    let noisy = cifar(1, 4).drop_path(DropPath::scheduled(0.5)).dropout(0.5);
    let network = build(&genotype, &noisy, &Device::flex());
    let first = values(network.forward(images(&noisy, 2, 0)));
    assert_eq!(values(network.forward(images(&noisy, 2, 0))), first);
    let plain = build(&genotype, &cifar(1, 4), &Device::flex());
    assert_eq!(values(plain.forward(images(&noisy, 2, 0))), first);
}

#[test]
fn the_auxiliary_head_is_used_in_training_only() {
    let config = NetworkConfig::imagenet(67)
        .cells_per_stack(1)
        .filters(16)
        .auxiliary(AuxiliaryHead {
            channel_scale: 0.1,
            loss_weight: 0.3,
        });
    let network = build(
        &published::amoebanet_a(),
        &config,
        &Device::flex().autodiff(),
    );
    let mut rng = stream(3, 0);
    let output =
        network.forward_training(images(&config, 2, 0), &mut TrainingPass::new(0.0, &mut rng));
    let (logits, weight) = output.auxiliary.unwrap();
    assert_eq!((logits.dims(), weight), ([2, 1000], 0.3));
    assert_eq!(
        network.valid().forward(images(&config, 2, 0)).dims(),
        [2, 1000]
    );
}

#[test]
fn each_branch_drops_its_own_examples() {
    let genotype: NasnetGenotype = "avg3@0+max3@0:2/avg3@0+max3@0:2".parse().unwrap();
    let config = NetworkConfig::new(ImageShape::gray(8, 8), 3)
        .cells_per_stack(1)
        .filters(4)
        .drop_path(DropPath::scheduled(0.5));
    let network = build(&genotype, &config, &Device::flex().autodiff());
    let mut rng = stream(5, 0);
    let mut pass = TrainingPass::new(1.0, &mut rng);
    let output = network.forward_training(images(&config, 200, 0), &mut pass);
    let logits = values(output.logits.inner());
    // An example that both branches of the last cell drop, each with probability one half, has the same
    // logits whatever it shows.
    let mut times = std::collections::HashMap::new();
    for logits in logits.chunks_exact(3) {
        let bits: Vec<u32> = logits.iter().map(|value| value.to_bits()).collect();
        *times.entry(bits).or_insert(0) += 1;
    }
    let dropped = times.values().max().unwrap();
    assert!((25..=75).contains(dropped), "{dropped} of 200");
}
