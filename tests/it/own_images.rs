//! Images that aren't read from files: from arrays, from Burn's data sets, as bytes and as floats.

use burn::tensor::Device;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::training::images::{
    ChannelStatistics, ImagesError, LabeledImages, MultiLabelImages, PixelLayout, Pixels,
};
use evonas::training::{DeviceImages, Trainer, TrainingConfig};

/// Two rows of three columns.
const SHAPE: ImageShape = ImageShape {
    channels: 2,
    height: 2,
    width: 3,
};

#[test]
fn an_array_one_image_after_the_other_and_either_layout_give_the_same_images() {
    let pixels: Vec<u8> = (0..24).collect();
    let expected = LabeledImages::new(SHAPE, 3, pixels.clone(), vec![2, 0]).unwrap();
    let builder = || LabeledImages::builder(SHAPE, 3);
    let array = builder().array(&pixels, &[2, 0]).build().unwrap();
    let one_by_one = builder().image(&pixels[..12], 2).image(&pixels[12..], 0);
    let items = vec![(pixels[..12].to_vec(), 2), (pixels[12..].to_vec(), 0)];
    let channels_last: Vec<u8> = pixels
        .chunks(12)
        .flat_map(|image| (0..6).flat_map(move |place| [image[place], image[6 + place]]))
        .collect();
    let turned = builder()
        .layout(PixelLayout::ChannelsLast)
        .array(&channels_last, &[2, 0]);
    assert_ne!(channels_last, pixels);
    assert_eq!(array, expected);
    assert_eq!(one_by_one.build().unwrap(), expected);
    assert_eq!(builder().images(items).build().unwrap(), expected);
    assert_eq!(turned.build().unwrap(), expected);
    assert_eq!(builder().array(&[0_u8; 0], &[]).build().unwrap().len(), 0);
}

#[test]
fn what_does_not_fit_is_refused_with_the_image_and_the_first_of_several_is_named() {
    let builder = || LabeledImages::builder(ImageShape::gray(1, 2), 70_000);
    let sound = || builder().image(&[0.5_f32, 0.5], 1);
    for (built, expected) in [
        (
            sound().image(&[0.5; 3], 1),
            "image 1 has 3 pixels, but must have 1x1x2 (channels x height x width)",
        ),
        (
            sound().image(&[0.5; 2], 70_000),
            "image 1 has label 70000, but labels must be below the number of classes, 70000",
        ),
        (
            sound().image(&[0.5; 2], 65_536),
            "image 1 has label 65536, but labels must be below 65536",
        ),
        (
            sound().image(&[0.5, f32::NAN], 1),
            "image 1 has a pixel that is NaN or infinite: replace or leave out the image",
        ),
        (
            sound().array(&[0.0, 0.0, 0.0, f32::INFINITY, 0.0, 0.0], &[0; 3]),
            "image 2 has a pixel that is NaN or infinite: replace or leave out the image",
        ),
        (
            sound().array(&[0.5; 5], &[0; 2]).image(&[], 9),
            "2 images of 1x1x2 (channels x height x width) do not have 5 pixels: \
             pass one pixel per channel, row and column of each image",
        ),
        (
            LabeledImages::builder(ImageShape::gray(0, 2), 1).array(&[0.5; 9], &[0]),
            "the height is 0, but must be at least 1",
        ),
        (
            LabeledImages::builder(ImageShape::gray(usize::MAX, 2), 1).image(&[0.5], 0),
            "image 0 has 1 pixels, but must have 1x18446744073709551615x2 (channels x height x width)",
        ),
    ] {
        // Whatever comes later is left out.
        let error = built.image(&[f32::NAN; 7], 0).build().unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn floats_are_kept_to_the_last_bit_and_must_be_finite() {
    let shape = ImageShape::gray(1, 2);
    let images =
        |pixels: [f32; 6]| LabeledImages::from_floats(shape, 2, pixels.to_vec(), vec![0, 1, 0]);
    let sound = images([-1e30, 0.1, 2.0, 3.0, 4.0, 5.0]).unwrap();
    assert_eq!(sound.image(0), Pixels::Floats(&[-1e30, 0.1]));
    let chosen = sound.subset(&[2, 0]).unwrap();
    assert_eq!(chosen.pixels(), Pixels::Floats(&[4.0, 5.0, -1e30, 0.1]));
    assert_eq!(chosen.labels(), [0, 0]);
    assert_eq!(sound.limit(2, 1).len(), 2);
    let other = images([-1e30, 0.1, 2.0, 3.0, 4.0, 5.5]).unwrap();
    assert_ne!(sound.checksum(), other.checksum());
    let error = images([0.0, 0.0, 0.0, f32::NEG_INFINITY, f32::NAN, 0.0]).unwrap_err();
    assert_eq!(error, ImagesError::NotFinite { index: 1 });
    let error = LabeledImages::from_floats(shape, 2, vec![f32::NAN; 3], vec![0]).unwrap_err();
    assert!(matches!(error, ImagesError::PixelCount { .. }), "{error}");
}

#[test]
fn images_of_several_classes_are_a_task_for_each_class() {
    let shape = ImageShape::gray(1, 1);
    let new = |labels: &[&[usize]]| {
        let labels = labels.iter().map(|labels| labels.to_vec());
        MultiLabelImages::new(shape, 3, vec![0.5_f32, 1.5, 2.5], labels)
    };
    let images = new(&[&[2, 0, 2], &[], &[1]]).unwrap();
    assert_eq!((images.len(), images.classes()), (3, 3));
    assert_eq!(images.labels(0), [0, 2]);
    assert!(images.labels(1).is_empty());
    assert_eq!(
        images.targets(),
        [1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0, 0.0]
    );
    for (class, expected) in [(0, [1, 0, 0]), (1, [0, 0, 1]), (2, [1, 0, 0])] {
        let task = images.of_class(class).unwrap();
        assert_eq!((task.labels(), task.classes()), (&expected[..], 2));
        assert_eq!(task.pixels(), images.pixels());
    }
    assert_eq!(
        images.of_class(3).unwrap_err().to_string(),
        "there is no class 3: the 3 classes are numbered from 0"
    );
    let refused = |labels: &[&[usize]]| new(labels).unwrap_err();
    assert!(matches!(
        refused(&[&[], &[0, 3], &[]]),
        ImagesError::LabelOutOfRange {
            index: 1,
            label: 3,
            classes: 3
        }
    ));
    assert!(matches!(
        refused(&[&[], &[]]),
        ImagesError::PixelCount { images: 2, .. }
    ));
    let infinite = MultiLabelImages::new(shape, 1, vec![0.0, f32::INFINITY], [vec![], vec![]]);
    assert_eq!(infinite.unwrap_err(), ImagesError::NotFinite { index: 1 });
}

/// Temperatures in kelvin: one half of each image is a bit warmer, and which one is its class.
fn temperatures() -> LabeledImages {
    let mut rng = stream(7, 0);
    let images = (0..48).map(|index| {
        let class = index % 2;
        let pixel = |place: usize| {
            let is_warm = usize::from(place % 8 >= 4) == class;
            300.0 + f32::from(u8::from(is_warm)) + rng.random_range(-0.5..0.5)
        };
        ((0..64).map(pixel).collect::<Vec<f32>>(), class)
    });
    let builder = LabeledImages::builder(ImageShape::gray(8, 8), 2);
    builder.images(images).build().unwrap()
}

#[test]
fn a_network_learns_from_floats_on_any_scale_and_knows_the_scale_when_it_is_loaded() {
    let images = temperatures();
    let device = Device::flex();
    let config = NetworkConfig::new(images.shape(), 2)
        .cells_per_stack(1)
        .filters(4);
    let mut weights = stream(1, 0);
    let genotype = published::amoebanet_a();
    let network = CellNetwork::new(&genotype, &config, &mut weights, &device.clone().autodiff());
    let trainer = Trainer::new(TrainingConfig::default().epochs(10).batch_size(8)).unwrap();
    let on_device = DeviceImages::new(&images, &images, &device);
    let all: Vec<usize> = (0..images.len()).collect();
    let network = trainer
        .train(network.unwrap(), &on_device, &all, 3, &mut Progress::ignore)
        .unwrap();
    let accuracy = trainer.evaluate(&network, &on_device, &all).unwrap();
    assert!(accuracy > 0.9, "{accuracy}");

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("warm.safetensors");
    let classifier = TrainedClassifier::new(network, ChannelStatistics::of(&images));
    classifier.save(&file).unwrap();
    let loaded = TrainedClassifier::load(&file, &device).unwrap();
    assert_eq!(loaded.accuracy(&images).unwrap(), accuracy);
}

#[cfg(feature = "dataset")]
mod of_burn {
    use evonas::burn_dataset::{Dataset, DatasetError, InMemDataset};

    use super::*;

    #[derive(Clone, Debug)]
    struct Scan {
        depths: [f32; 2],
        name: &'static str,
    }

    const SHAPE: ImageShape = ImageShape {
        channels: 1,
        height: 1,
        width: 2,
    };

    fn images(dataset: &dyn Dataset<Scan>) -> Result<LabeledImages, ImagesError> {
        LabeledImages::from_dataset(dataset, SHAPE, 2, |scan| {
            (scan.depths, usize::from(scan.name == "crack"))
        })
    }

    fn scans() -> Vec<Scan> {
        let scan = |depths, name| Scan { depths, name };
        vec![scan([0.5, 9.0], "crack"), scan([0.5, 0.6], "sound")]
    }

    #[test]
    fn every_item_becomes_an_image() {
        let images = images(&InMemDataset::new(scans())).unwrap();
        assert_eq!(images.pixels(), Pixels::Floats(&[0.5, 9.0, 0.5, 0.6]));
        assert_eq!(images.labels(), [1, 0]);
    }

    #[test]
    fn an_item_that_does_not_fit_or_can_not_be_read_is_named() {
        let mut scans = scans();
        scans[1].depths[0] = f32::NAN;
        let error = images(&InMemDataset::new(scans)).unwrap_err();
        assert_eq!(error, ImagesError::NotFinite { index: 1 });
        let error = images(&Broken).unwrap_err();
        assert_eq!(
            error.to_string(),
            "item 1 of the data set can't be read: the disk is gone"
        );
    }

    /// Its second item can't be read.
    struct Broken;

    impl Dataset<Scan> for Broken {
        fn get(&self, index: usize) -> Result<Scan, DatasetError> {
            match index {
                1 => Err(DatasetError::new(std::io::Error::other("the disk is gone"))),
                _ => Ok(scans().remove(0)),
            }
        }

        fn len(&self) -> usize {
            3
        }
    }
}
