//! Saving and loading networks.
use std::path::Path;

use burn::module::Module;
use burn::store::{ModuleStore, SafetensorsStore};
use burn::tensor::{Device, Tensor, TensorData};
use evonas::network::{
    BatchNormSettings, CellNetwork, DropPath, ImageShape, NetworkConfig, NetworkError,
    WeightsError, trainable_parameters,
};
use evonas::prelude::RngExt as _;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, published};

fn network(filters: usize, seed: u64) -> CellNetwork {
    CellNetwork::new(
        &published::amoebanet_a(),
        &NetworkConfig::cifar().cells_per_stack(1).filters(filters),
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
fn a_loaded_network_can_be_trained_further() {
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

/// A network after some training passes, whose running statistics differ from the initial ones.
fn trained(seed: u64) -> CellNetwork {
    let network = CellNetwork::new(
        &published::amoebanet_a(),
        &NetworkConfig::cifar().cells_per_stack(1).filters(4),
        &mut stream(seed, 0),
        &Device::flex().autodiff(),
    )
    .unwrap();
    for pass in 0..3 {
        let mut rng = stream(seed, 1 + pass);
        let values: Vec<f32> = (0..2 * 3 * 16 * 16).map(|_| rng.random()).collect();
        let images =
            Tensor::<4>::from_data(TensorData::new(values, [2, 3, 16, 16]), &Device::flex());
        let _ = network.forward(images);
    }
    network
}

#[test]
fn weights_go_into_a_network_of_the_same_architecture() {
    in_both_formats(|path| {
        // Saved right after training passes, and loaded into a network after other passes.
        let saved = trained(1);
        saved.save(path).unwrap();
        let expected = logits(&saved.valid());
        assert_ne!(expected, logits(&network(4, 1)));
        let other = trained(2);
        let with_weights = other.with_weights(path).unwrap();
        assert_eq!(logits(&with_weights.valid()), expected);
        let loaded = CellNetwork::load(path, &Device::flex()).unwrap();
        assert_eq!(logits(&loaded), expected);
        assert_eq!(logits(&other.valid()), logits(&trained(2).valid()));
    });
}

#[test]
fn a_network_trained_in_another_thread_is_saved_unchanged() {
    in_both_formats(|path| {
        let network = std::thread::spawn(|| trained(1)).join().unwrap();
        network.save(path).unwrap();
        let loaded = CellNetwork::load(path, &Device::flex()).unwrap();
        assert_eq!(logits(&loaded), logits(&trained(1).valid()));
    });
}

#[test]
fn another_network_of_the_same_shapes_is_refused() {
    let build = |text: &str, config: &NetworkConfig| {
        let genotype: NasnetGenotype = text.parse().unwrap();
        CellNetwork::new(&genotype, config, &mut stream(0, 0), &Device::flex()).unwrap()
    };
    let config = NetworkConfig::cifar().cells_per_stack(1).filters(4);
    in_both_formats(|path| {
        let text = "max3@0+sep3@1/max3@0+sep3@1";
        build(text, &config).save(path).unwrap();
        let error = build("avg3@0+dilsep3@1/min2@0+dilsep3@1", &config)
            .with_weights(path)
            .unwrap_err();
        assert!(matches!(error, WeightsError::OtherNetwork { .. }));
        let message = error.to_string();
        assert!(
            message.contains("max3@0") && message.contains("avg3@0"),
            "{message}"
        );
        let other_norm = config.clone().batch_norm(BatchNormSettings::IMAGENET);
        let error = build(text, &other_norm).with_weights(path).unwrap_err();
        assert!(matches!(error, WeightsError::OtherNetwork { .. }));
        // Settings that affect only training, and the size of the image, don't make another network.
        let trained_otherwise = config
            .clone()
            .dropout(0.3)
            .drop_path(DropPath::scheduled(0.6))
            .image(ImageShape::rgb(20, 20));
        build(text, &trained_otherwise).with_weights(path).unwrap();
    });
}

#[test]
fn a_description_of_a_huge_network_is_refused_before_it_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge.safetensors");
    let genotype = serde_json::to_string(&published::amoebanet_a()).unwrap();
    let config = NetworkConfig::cifar().cells_per_stack(1024).filters(65_536);
    let config = serde_json::to_string(&config).unwrap();
    let described = |version: u32| {
        let text = format!(r#"{{"version":{version},"genotype":{genotype},"config":{config}}}"#);
        SafetensorsStore::from_file(&path)
            .skip_enum_variants(true)
            .overwrite(true)
            .metadata("evonas.network", text)
            .collect_from(&network(4, 1))
            .unwrap();
        CellNetwork::load(&path, &Device::flex()).unwrap_err()
    };
    let error = described(1);
    let WeightsError::Mismatch { parameter, .. } = &error else {
        panic!("{error}");
    };
    assert_eq!(parameter, "stem.layers.0.weight");
    assert!(described(2).to_string().contains("version 2"));
    let too_many = CellNetwork::new(
        &published::amoebanet_a(),
        &NetworkConfig::cifar().cells_per_stack(1).filters(65_536),
        &mut stream(0, 0),
        &Device::flex(),
    );
    assert!(matches!(
        too_many.unwrap_err(),
        NetworkError::TooManyParameters { .. }
    ));
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
            &NetworkConfig::cifar().cells_per_stack(2).filters(4),
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

#[test]
fn weights_whose_checksum_was_taken_out_are_refused() {
    in_both_formats(|path| {
        network(4, 1).save(path).unwrap();
        let mut file = std::fs::read(path).unwrap();
        let name = b"evonas.checksum";
        let place = file.windows(name.len()).position(|bytes| bytes == name);
        file[place.unwrap()..][..name.len()].copy_from_slice(b"evonas.removed_");
        std::fs::write(path, &file).unwrap();
        for error in [
            CellNetwork::load(path, &Device::flex()).unwrap_err(),
            network(4, 1).with_weights(path).unwrap_err(),
        ] {
            let message = error.to_string();
            assert!(message.contains("its checksum was taken out"), "{message}");
        }
    });
}
