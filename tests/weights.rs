//! Networks in files.
#![cfg(feature = "burn")]

use std::path::Path;

use burn::module::Module;
use burn::store::{ModuleStore, SafetensorsStore};
use burn::tensor::{Device, Tensor};
use evonas::network::{CellNetwork, NetworkConfig, WeightsError, trainable_parameters};
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;

fn network(filters: usize, seed: u64) -> CellNetwork {
    CellNetwork::new(
        &published::amoebanet_a(),
        &NetworkConfig::cifar(1, filters),
        &mut stream(seed, 0),
        &Device::flex(),
    )
    .unwrap()
}

fn logits(network: &CellNetwork) -> Vec<f32> {
    let images = Tensor::<4>::ones([1, 3, 16, 16], &Device::flex());
    network.forward(images).into_data().try_to_vec().unwrap()
}

fn in_both_formats(check: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["network.safetensors", "network.bpk"] {
        check(&folder.path().join(name));
    }
}

#[test]
fn a_loaded_network_trains_on() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        let loaded = CellNetwork::load(path, &Device::flex().autodiff()).unwrap();
        assert_eq!(
            trainable_parameters(&loaded),
            trainable_parameters(&network(4, 1))
        );
        assert_eq!(logits(&loaded.clone().valid()), logits(&network(4, 1)));
        let images = Tensor::<4>::ones([2, 3, 16, 16], &Device::flex());
        let gradients = loaded.forward(images).powi_scalar(2).mean().backward();
        let gradients = burn::optim::GradientsParams::from_grads(gradients, &loaded);
        assert!(gradients.len() > 100);
    });
}

#[test]
fn weights_go_into_a_network_of_the_same_architecture() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        let other = network(4, 2);
        let with_weights = other.with_weights(path).unwrap();
        assert_eq!(logits(&with_weights), logits(&network(4, 1)));
        assert_eq!(logits(&other), logits(&network(4, 2)));
    });
}

#[test]
fn saving_again_replaces_the_file() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        network(8, 2).save(path).unwrap();
        let loaded = CellNetwork::load(path, &Device::flex()).unwrap();
        assert_eq!(logits(&loaded), logits(&network(8, 2)));
        let files = std::fs::read_dir(path.parent().unwrap()).unwrap().count();
        assert!(files <= 2, "no scratch file is left");
    });
}

#[test]
fn another_architecture_is_refused_with_the_first_parameter_that_differs() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        let error = network(8, 1).with_weights(path).unwrap_err();
        let WeightsError::Mismatch {
            parameter, reason, ..
        } = &error
        else {
            panic!("{error}");
        };
        assert_eq!(parameter, "stem.layers.0.weight");
        assert!(reason.contains("[12, 3, 3, 3]") && reason.contains("[24, 3, 3, 3]"));
        let deeper = CellNetwork::new(
            &published::amoebanet_a(),
            &NetworkConfig::cifar(2, 4),
            &mut stream(0, 0),
            &Device::flex(),
        )
        .unwrap();
        let message = deeper.with_weights(path).unwrap_err().to_string();
        // The second normal cell of the deeper network is the reduction cell of the file.
        assert!(message.contains("parameter cells.1."), "{message}");
        deeper.save(path).unwrap();
        let message = network(4, 1).with_weights(path).unwrap_err().to_string();
        assert!(message.contains("parameter cells.1."), "{message}");
    });
}

#[test]
fn damaged_and_foreign_files_are_refused() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        let bytes = std::fs::read(path).unwrap();
        for cut in [0, 5, 100, bytes.len() / 2, bytes.len() - 1] {
            std::fs::write(path, &bytes[..cut]).unwrap();
            let error = CellNetwork::load(path, &Device::flex()).unwrap_err();
            assert!(matches!(error, WeightsError::Read { .. }), "{cut}: {error}");
        }
        std::fs::write(path, "not weights at all, but long enough to hold a header").unwrap();
        let error = CellNetwork::load(path, &Device::flex()).unwrap_err();
        assert!(matches!(error, WeightsError::Read { .. }), "{error}");
        std::fs::remove_file(path).unwrap();
        let message = CellNetwork::load(path, &Device::flex())
            .unwrap_err()
            .to_string();
        assert!(message.contains("No such file"), "{message}");
        let nowhere = path.parent().unwrap().join("no").join("network.bpk");
        let error = network(4, 1).save(nowhere).unwrap_err();
        assert!(matches!(error, WeightsError::Write { .. }), "{error}");
    });
    let error = network(4, 1).save("network.onnx").unwrap_err();
    assert!(matches!(error, WeightsError::UnknownFormat { .. }));
}

#[test]
fn a_file_without_description_gives_its_weights_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("plain.safetensors");
    SafetensorsStore::from_file(&path)
        .skip_enum_variants(true)
        .collect_from(&network(4, 1))
        .unwrap();
    let error = CellNetwork::load(&path, &Device::flex()).unwrap_err();
    assert!(matches!(error, WeightsError::NoDescription { .. }));
    let loaded = network(4, 2).with_weights(&path).unwrap();
    assert_eq!(logits(&loaded), logits(&network(4, 1)));
}
