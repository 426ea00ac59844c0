//! Trained classifiers: saving, loading and using them.
use std::path::Path;

use burn::tensor::Device;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::RngExt as _;
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::images::{ChannelStatistics, LabeledImages};
use evonas::training::{ClassifierError, TrainedClassifier};

fn images(classes: usize, size: usize) -> LabeledImages {
    let mut rng = stream(1, 0);
    let pixels = (0..12 * size * size).map(|_| rng.random()).collect();
    let labels = (0..12).map(|index| index % 3).collect();
    LabeledImages::new(ImageShape::gray(size, size), classes, pixels, labels).unwrap()
}

fn classifier() -> TrainedClassifier {
    let config = NetworkConfig::new(ImageShape::gray(8, 8), 3)
        .cells_per_stack(1)
        .filters(4);
    let genotype = published::amoebanet_a();
    let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &Device::flex()).unwrap();
    let names = ["cat", "dog", "owl"].map(str::to_owned).to_vec();
    TrainedClassifier::new(network, ChannelStatistics::of(&images(3, 8))).class_names(names)
}

fn in_both_formats(check: impl Fn(&Path)) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["weights.safetensors", "weights.bpk"] {
        check(&folder.path().join(name));
    }
}

#[test]
fn a_saved_classifier_loads_with_the_same_accuracy() {
    in_both_formats(|path| {
        let saved = classifier();
        saved.save(path).unwrap();
        let loaded = TrainedClassifier::load(path, &Device::flex()).unwrap();
        assert_eq!(loaded.statistics, saved.statistics);
        assert_eq!(loaded.class_names, saved.class_names);
        let images = images(3, 8);
        assert_eq!(
            loaded.accuracy(&images).unwrap(),
            saved.accuracy(&images).unwrap()
        );
    });
}

#[test]
fn equal_classifiers_are_saved_as_equal_files() {
    in_both_formats(|path| {
        classifier().save(path).unwrap();
        let first = std::fs::read(path).unwrap();
        classifier().save(path).unwrap();
        assert!(first == std::fs::read(path).unwrap());
    });
}

/// Weights aren't secret: their files have the default permissions.
#[cfg(unix)]
#[test]
fn files_of_weights_have_the_default_permissions() {
    use std::os::unix::fs::PermissionsExt as _;
    in_both_formats(|path| {
        classifier().save(path).unwrap();
        let other = path.with_extension("txt");
        std::fs::write(&other, "").unwrap();
        let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(path), mode(&other));
    });
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_keeps_the_old_weights() {
    in_both_formats(|path| {
        classifier().save(path).unwrap();
        let before = std::fs::read(path).unwrap();
        let beside = format!("{}.new", path.display());
        std::os::unix::fs::symlink("/dev/full", beside).unwrap();
        let error = classifier().save(path).unwrap_err();
        assert!(error.to_string().contains("No space left"), "{error}");
        assert!(before == std::fs::read(path).unwrap());
    });
}

#[test]
fn images_of_another_task_are_refused() {
    let classifier = classifier();
    let error = classifier.accuracy(&images(4, 8)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the images have 4 classes, but the network has 3"
    );
    let error = classifier.accuracy(&images(3, 9)).unwrap_err();
    assert!(matches!(error, ClassifierError::OtherImages { .. }));
}

#[test]
fn classes_are_compared_by_name_and_order() {
    let mut classifier = classifier();
    let check = |classifier: &TrainedClassifier, names: &[&str]| {
        let names: Vec<String> = names.iter().map(|&name| name.to_owned()).collect();
        let result = classifier.check_classes(Some(&names));
        result.map_err(|error| error.to_string())
    };
    assert_eq!(check(&classifier, &["cat", "dog", "owl"]), Ok(()));
    assert_eq!(
        check(&classifier, &["cat", "owl", "dog"]).unwrap_err(),
        "class 1 of the images is \"owl\", but the network was trained on \"dog\""
    );
    assert_eq!(
        check(&classifier, &["cat", "dog"]).unwrap_err(),
        "class 2 of the images is missing, but the network was trained on \"owl\""
    );
    assert!(classifier.check_classes(None).is_ok());
    classifier.class_names = None;
    assert_eq!(check(&classifier, &["any"]), Ok(()));
}

#[test]
fn a_damaged_file_is_noticed() {
    let images = images(3, 8);
    let folder = tempfile::tempdir().unwrap();
    in_both_formats(|path| {
        let saved = classifier();
        saved.save(path).unwrap();
        let whole = std::fs::read(path).unwrap();
        let damaged = folder.path().join(path.file_name().unwrap());
        let mut rng = stream(4, 0);
        for _ in 0..60 {
            let mut bytes = whole.clone();
            let place = rng.random_range(0..bytes.len());
            bytes[place] ^= 1 << rng.random_range(0..8_u32);
            std::fs::write(&damaged, bytes).unwrap();
            // Damage to padding changes nothing; any other damage is noticed.
            if let Ok(loaded) = TrainedClassifier::load(&damaged, &Device::flex()) {
                assert_eq!(loaded.statistics, saved.statistics);
                assert_eq!(
                    loaded.accuracy(&images).unwrap(),
                    saved.accuracy(&images).unwrap()
                );
            }
        }
    });
}
