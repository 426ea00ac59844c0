//! Networks that are exported compute in PyTorch what they compute here, and come back with what was changed there.

use std::fs;
use std::path::Path;
use std::process::Command;

use burn::tensor::Device;
use evonas::export::pytorch;
use evonas::network::{
    AuxiliaryHead, BatchNormSettings, CellNetwork, DropPath, DropPathSchedule, ImageShape,
    NetworkConfig, Stem,
};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, published};
use evonas::training::TrainedClassifier;
use evonas::training::images::ChannelStatistics;
use safetensors::SafeTensors;

use super::fixture::Fixture;
use super::{Cells, LOGITS, SINGLE, agree, python, root};

/// A network of 8 filters for small images, or with the ImageNet stem and an auxiliary head for larger ones.
pub(super) fn config(imagenet: bool) -> NetworkConfig {
    match imagenet {
        false => NetworkConfig::new(ImageShape::rgb(16, 15), 7)
            .cells_per_stack(1)
            .filters(8),
        true => NetworkConfig::new(ImageShape::gray(79, 75), 5)
            .cells_per_stack(1)
            .filters(18)
            .stem(Stem::ImageNet { filters: 12 })
            .batch_norm(BatchNormSettings::IMAGENET)
            .skip_reduction_input(true)
            .auxiliary(AuxiliaryHead::new(0.4)),
    }
}

fn classifier(genotype: &NasnetGenotype, config: &NetworkConfig) -> TrainedClassifier {
    let device = Device::flex().autodiff();
    let network = CellNetwork::new(genotype, config, &mut stream(1, 0), &device).unwrap();
    let channels = vec![(0.4, 0.25); config.image.channels];
    TrainedClassifier::new(network, ChannelStatistics::from_channels(channels).unwrap())
}

/// Exports networks, has PyTorch run them, and compares.
fn check(networks: &[(String, NasnetGenotype, NetworkConfig)], cells: Cells) {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (name, genotype, config) in networks {
        pytorch::write(&classifier(genotype, config), folder.path().join(name)).unwrap();
    }
    let run = Command::new(python)
        .arg(root().join("tests/pytorch/exported.py"))
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let said = format!("{} networks\n", networks.len());
    assert_eq!(String::from_utf8_lossy(&run.stdout), said);
    let mut off = Vec::new();
    for (name, _, config) in networks {
        let exported = folder.path().join(name);
        let back = pytorch::read(&exported, &Device::flex().autodiff()).unwrap();
        // Drop path that acts draws numbers of single precision.
        let by_depth = config.drop_path.schedule == DropPathSchedule::Layer;
        let precisions: &[_] = match by_depth {
            true => &["single"],
            false => &["single", "double"],
        };
        for results in precisions {
            let path = exported.join(format!("{results}.safetensors"));
            let fixture = Fixture::of(back.network.clone(), &path);
            if matches!(cells, Cells::Random) && !fixture.is_double() {
                // Their gradients amplify rounding; double precision has compared them.
                let worst = fixture.compare();
                assert!(worst.logits < LOGITS && worst.loss < SINGLE, "{name}");
                continue;
            }
            if !agree(&format!("{name}, {results}"), &fixture, cells) {
                off.push(format!("{name}, {results}"));
            }
        }
        let again = folder.path().join("again");
        pytorch::write(&back, &again).unwrap();
        assert_same(&exported, &again);
    }
    assert!(off.is_empty(), "the gradients of {off:?} differ");
}

/// Whether two folders have the same tensors and texts.
fn assert_same(one: &Path, other: &Path) {
    for text in ["model.py", "config.json", "README.md"] {
        let [one, other] =
            [one, other].map(|folder| fs::read_to_string(folder.join(text)).unwrap());
        assert_eq!(one, other);
    }
    let [one, other] =
        [one, other].map(|folder| fs::read(folder.join("model.safetensors")).unwrap());
    let [one, other] = [&one, &other].map(|bytes| SafeTensors::deserialize(bytes).unwrap());
    assert_eq!(one.len(), other.len());
    for (name, tensor) in one.tensors() {
        assert!(tensor == other.tensor(&name).unwrap(), "{name}");
    }
}

#[test]
fn published_networks_compute_the_same_in_pytorch() {
    let networks: Vec<_> = published::ALL
        .into_iter()
        .flat_map(|(name, text)| {
            [("cifar", false), ("imagenet", true)].map(|(stem, imagenet)| {
                let genotype = text.parse().unwrap();
                (format!("{name}-{stem}"), genotype, config(imagenet))
            })
        })
        .collect();
    check(&networks, Cells::Published);
}

#[test]
fn random_networks_compute_the_same_in_pytorch() {
    let space = NasnetSpace::sp3();
    let networks: Vec<_> = (0..20)
        .map(|number: u64| {
            let genotype = space.sample(&mut stream(number, 3));
            let mut config = config(number % 10 == 9);
            if number % 2 == 1 {
                // The comparison is without progress; `exported.py` checks each layer with it.
                let schedules = [
                    DropPathSchedule::Time,
                    DropPathSchedule::TimeAndLayer,
                    DropPathSchedule::Layer,
                ];
                let schedule = schedules[number as usize % 3];
                config = config.drop_path(DropPath {
                    // By depth alone it acts from the beginning.
                    keep_probability: if schedule == DropPathSchedule::Layer {
                        1.0 - 1e-12
                    } else {
                        0.7
                    },
                    schedule,
                });
            }
            (format!("random-{number}"), genotype, config)
        })
        .collect();
    check(&networks, Cells::Random);
}
