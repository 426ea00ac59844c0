use proptest::prelude::*;

use super::*;
use crate::network::ImageShape;

/// Images of one pixel, whose value is the index of the image.
fn numbered(labels: &[u16], classes: usize) -> LabeledImages {
    let pixels = (0..labels.len()).map(|i| i as u8).collect();
    LabeledImages::new(ImageShape::gray(1, 1), classes, pixels, labels.to_vec()).unwrap()
}

fn bytes(images: &LabeledImages) -> &[u8] {
    images.pixels().bytes().unwrap()
}

#[test]
fn an_image_is_its_slice_of_the_pixels() {
    let images =
        LabeledImages::new(ImageShape::rgb(2, 1), 2, (0..12).collect(), vec![1, 0]).unwrap();
    assert_eq!(images.image(0), Pixels::Bytes(&[0, 1, 2, 3, 4, 5]));
    assert_eq!(images.image(1), Pixels::Bytes(&[6, 7, 8, 9, 10, 11]));
    assert_eq!(
        (images.channels(), images.height(), images.width()),
        (3, 2, 1)
    );
    assert_eq!((images.classes(), images.len()), (2, 2));
    assert!(!images.is_empty());
}

#[test]
fn images_and_labels_that_do_not_fit_together_are_refused() {
    let message = |channels, width, classes, pixels, labels| {
        let shape = ImageShape {
            channels,
            height: 1,
            width,
        };
        LabeledImages::new(shape, classes, pixels, labels)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(0, 1, 1, vec![], vec![]),
        "the number of channels is 0, but must be at least 1"
    );
    assert_eq!(
        message(1, 2, 1, vec![0; 3], vec![0, 0]),
        "2 images of 1x1x2 (channels x height x width) do not have 3 pixels: \
         pass one pixel per channel, row and column of each image"
    );
    assert_eq!(
        message(1, 1, 2, vec![0; 2], vec![0, 2]),
        "image 1 has label 2, but labels must be below the number of classes, 2"
    );
}

#[test]
fn sizes_whose_product_overflows_are_refused() {
    let shape = ImageShape {
        channels: usize::MAX,
        height: 2,
        width: 2,
    };
    let result = LabeledImages::new(shape, 1, vec![0; 4], vec![0]);
    assert!(matches!(result, Err(ImagesError::PixelCount { .. })));
}

#[test]
fn the_checksum_depends_on_pixels_labels_and_sizes() {
    let images = |height, width, classes, pixels: [u8; 4], labels: [u16; 2]| {
        let shape = ImageShape::gray(height, width);
        LabeledImages::new(shape, classes, pixels.into(), labels.into()).unwrap()
    };
    let checksum = images(1, 2, 2, [1, 2, 3, 4], [0, 1]).checksum();
    assert_eq!(images(1, 2, 2, [1, 2, 3, 4], [0, 1]).checksum(), checksum);
    for other in [
        images(1, 2, 2, [1, 2, 3, 5], [0, 1]),
        images(1, 2, 2, [3, 4, 1, 2], [0, 1]),
        images(1, 2, 2, [1, 2, 3, 4], [1, 1]),
        images(2, 1, 2, [1, 2, 3, 4], [0, 1]),
        images(1, 2, 3, [1, 2, 3, 4], [0, 1]),
    ] {
        assert_ne!(other.checksum(), checksum, "{other:?}");
    }
}

#[test]
fn a_subset_follows_the_order_of_its_indices() {
    let subset = numbered(&[0, 1, 0], 2).subset(&[2, 1, 2]).unwrap();
    assert_eq!(subset.pixels(), Pixels::Bytes(&[2, 1, 2]));
    assert_eq!(subset.labels(), [0, 1, 0]);
}

#[test]
fn a_subset_outside_the_images_is_refused() {
    let error = numbered(&[0, 1], 2).subset(&[1, 2]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "there is no image 2: the 2 images are numbered from 0"
    );
}

#[test]
fn a_limit_above_the_number_of_images_keeps_all() {
    let images = numbered(&[0, 1, 0], 2);
    assert_eq!(images.limit(4, 1), images);
    assert_eq!(images.limit(3, 1), images);
    assert!(images.limit(0, 1).is_empty());
}

#[test]
fn limiting_a_data_set_keeps_all_test_images() {
    let whole = digits();
    let limited = whole.clone().limit_train(100, 3);
    assert_eq!(limited.train, whole.train.limit(100, 3));
    assert_eq!(limited.test, whole.test);
}

#[test]
fn debugging_output_does_not_list_the_pixels() {
    let text = format!("{:?}", numbered(&[0, 1, 0], 2));
    assert_eq!(
        text,
        "LabeledImages { len: 3, channels: 1, height: 1, width: 1, classes: 2, .. }"
    );
}

#[test]
fn a_fraction_outside_zero_to_one_is_refused() {
    for fraction in [0.0, 1.0, -0.5, 1.5, f64::NAN, f64::INFINITY] {
        let result = HoldOut::fraction(fraction).split(&[0, 1]);
        assert!(
            matches!(result, Err(ImagesError::Fraction { .. })),
            "{fraction}"
        );
    }
}

#[test]
fn a_split_that_leaves_a_side_empty_is_refused() {
    let message = |labels, fraction| {
        HoldOut::fraction(fraction)
            .split(labels)
            .unwrap_err()
            .to_string()
    };
    assert_eq!(
        message(&[0, 0, 1], 0.1),
        "a held-out fraction of 0.1 of 3 images holds out none of them: \
         use a larger fraction or more images"
    );
    assert_eq!(
        message(&[0, 0, 1], 0.9),
        "a held-out fraction of 0.9 of 3 images keeps none of them: \
         use a smaller fraction or more images"
    );
    assert!(matches!(
        HoldOut::fraction(0.5).split(&[]),
        Err(ImagesError::NothingHeldOut { .. })
    ));
}

/// Changing these values changes every split, which is a breaking change and must be deliberate.
#[test]
fn splits_and_samples_are_stable_across_versions() {
    let labels = [0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 0, 0, 0];
    let split = HoldOut::fraction(0.25).seed(42).split(&labels).unwrap();
    assert_eq!(split.held_out, [1, 3, 11, 15]);
    assert_eq!(split.kept, [0, 2, 4, 5, 6, 7, 8, 9, 10, 12, 13, 14]);
    let limited = numbered(&labels, 3).limit(6, 42);
    assert_eq!(limited.pixels(), Pixels::Bytes(&[1, 3, 4, 11, 13, 15]));
}

#[test]
fn the_digits_are_complete() {
    let digits = digits();
    assert_eq!((digits.train.len(), digits.test.len()), (1_438, 359));
    let sum = |images: &LabeledImages| bytes(images).iter().map(|&p| u64::from(p)).sum::<u64>();
    assert_eq!(sum(&digits.train) + sum(&digits.test), 8_953_801);
    assert_eq!((digits.train.height(), digits.train.width()), (8, 8));
    assert_eq!((digits.train.channels(), digits.train.classes()), (1, 10));
    assert_eq!(digits.class_names.unwrap()[9], "9");
    assert!(bytes(&digits.train).contains(&255));
    assert!(bytes(&digits.train).contains(&128), "8 of 16 rounds up");
    for images in [&digits.train, &digits.test] {
        for class in 0..10 {
            let count = images.labels().iter().filter(|&&l| l == class).count();
            let share = count as f64 / images.len() as f64;
            assert!((0.09..0.11).contains(&share), "class {class}: {share}");
        }
    }
}

/// Changing these values makes accuracies on the digits incomparable with earlier ones.
#[test]
fn the_test_set_of_the_digits_is_stable_across_versions() {
    let digits = digits();
    assert_eq!(
        digits.test.labels()[..12],
        [6, 1, 4, 7, 1, 5, 9, 5, 0, 2, 1, 6]
    );
    let sum: u64 = bytes(&digits.test).iter().map(|&p| u64::from(p)).sum();
    assert_eq!(sum, 1_777_533);
}

proptest! {
    #[test]
    fn a_split_covers_each_image_once_and_rounds_per_class(
        labels in prop::collection::vec(0_u16..5, 1..200),
        fraction in 0.01..0.99_f64,
        seed: u64,
    ) {
        let Ok(split) = HoldOut::fraction(fraction).seed(seed).split(&labels) else {
            return Ok(());
        };
        prop_assert!(split.kept.is_sorted() && split.held_out.is_sorted());
        let mut all = [split.kept, split.held_out.clone()].concat();
        all.sort_unstable();
        prop_assert_eq!(all, (0..labels.len()).collect::<Vec<_>>());
        for class in 0..5 {
            let size = labels.iter().filter(|&&l| l == class).count();
            let held_out = split.held_out.iter().filter(|&&i| labels[i] == class).count();
            prop_assert_eq!(held_out, (size as f64 * fraction).round() as usize);
        }
    }

    #[test]
    fn a_limit_is_exact_and_within_one_image_of_each_class_share(
        labels in prop::collection::vec(0_u16..5, 1..200),
        count in 0_usize..200,
        seed: u64,
    ) {
        let images = numbered(&labels, 5);
        let limited = images.limit(count, seed);
        prop_assert_eq!(limited.len(), count.min(labels.len()));
        prop_assert!(bytes(&limited).is_sorted_by(|a, b| a < b));
        let ratio = limited.len() as f64 / labels.len() as f64;
        for class in 0..5 {
            let of_class = |labels: &[u16]| labels.iter().filter(|&&l| l == class).count() as f64;
            let distance = of_class(limited.labels()) - of_class(&labels) * ratio;
            prop_assert!(distance.abs() < 1.0);
        }
    }
}
