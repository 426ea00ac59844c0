use std::fs;
use std::io::{Cursor, Write};

use image::{DynamicImage, GrayImage, ImageFormat, Rgb, RgbImage};
use tempfile::TempDir;

use super::*;

mod mutations;
mod refusals;

/// An image of one color.
fn color(height: u32, width: u32, color: [u8; 3]) -> DynamicImage {
    RgbImage::from_pixel(width, height, Rgb(color)).into()
}

fn encode(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).unwrap();
    bytes.into_inner()
}

fn png(image: &DynamicImage) -> Vec<u8> {
    encode(image, ImageFormat::Png)
}

/// Writes a file, and the folders above it.
fn write(dir: &TempDir, path: &str, bytes: &[u8]) {
    let path = dir.path().join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}

/// Two classes of one training image each, of 2x3 pixels, and one test image of the second class.
fn flowers() -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "train/rose/1.png", &png(&color(2, 3, [1, 2, 3])));
    write(&dir, "train/tulip/1.png", &png(&color(2, 3, [4, 5, 6])));
    write(&dir, "test/tulip/2.png", &png(&color(2, 3, [7, 8, 9])));
    dir
}

#[test]
fn classes_are_the_folders_in_the_order_of_their_names() {
    let dir = flowers();
    write(&dir, "train/Zinnia/1.png", &png(&color(2, 3, [0; 3])));
    let dataset = ImageFolder::new(dir.path()).read().unwrap();
    assert_eq!(
        dataset.class_names.unwrap(),
        ["Zinnia", "rose", "tulip"],
        "bytewise"
    );
    assert_eq!(dataset.train.labels(), [0, 1, 2]);
    assert_eq!(dataset.test.labels(), [2]);
    assert_eq!(dataset.test.classes(), 3);
    assert_eq!(
        dataset.name,
        dir.path().file_name().unwrap().to_str().unwrap()
    );
}

#[test]
fn pixels_are_planes_row_by_row() {
    let dir = flowers();
    let image = RgbImage::from_fn(3, 2, |x, y| Rgb([(10 * y + x) as u8, 100, 200 + x as u8]));
    write(&dir, "test/tulip/2.png", &png(&image.into()));
    let ImageDataset { train, test, .. } = ImageFolder::new(dir.path()).read().unwrap();
    assert_eq!((train.channels(), train.height(), train.width()), (3, 2, 3));
    assert_eq!(train.image(1).bytes().unwrap()[..7], [4, 4, 4, 4, 4, 4, 5]);
    assert_eq!(test.image(0).bytes().unwrap()[..6], [0, 1, 2, 10, 11, 12]);
    assert_eq!(test.image(0).bytes().unwrap()[6..12], [100; 6]);
    assert_eq!(
        test.image(0).bytes().unwrap()[12..],
        [200, 201, 202, 200, 201, 202]
    );
}

#[test]
fn images_are_in_the_order_of_their_names_and_extensions_have_any_case() {
    let dir = flowers();
    let jpeg = |value| encode(&color(2, 3, [value; 3]), ImageFormat::Jpeg);
    write(&dir, "train/rose/b.jpeg", &jpeg(20));
    write(&dir, "train/rose/c.JPG", &jpeg(30));
    write(&dir, "train/rose/a.PNG", &png(&color(2, 3, [10; 3])));
    let train = ImageFolder::new(dir.path()).read().unwrap().train;
    let brightness: Vec<u8> = (0..4)
        .map(|index| train.image(index).bytes().unwrap()[0])
        .collect();
    assert_eq!(brightness, [1, 10, 20, 30]);
}

#[test]
fn a_format_is_recognized_by_its_content() {
    let dir = flowers();
    write(&dir, "test/tulip/3.JPEG", &png(&color(2, 3, [9; 3])));
    let test = ImageFolder::new(dir.path()).read().unwrap().test;
    assert_eq!(test.image(1).bytes().unwrap(), [9; 18]);
}

#[test]
fn every_image_becomes_three_channels_of_eight_bits() {
    let dir = tempfile::tempdir().unwrap();
    let image = color(1, 1, [10, 20, 30]);
    write(&dir, "1.png", &png(&DynamicImage::from(image.to_rgba8())));
    write(&dir, "2.png", &png(&DynamicImage::from(image.to_rgb16())));
    let gray = GrayImage::from_pixel(1, 1, image::Luma([7]));
    write(&dir, "3.png", &png(&gray.into()));
    let images = ImageFolder::new(dir.path()).read_unlabeled().unwrap();
    assert_eq!(images.pixels(), [10, 20, 30, 10, 20, 30, 7, 7, 7]);
}

#[test]
fn gray_images_have_one_channel() {
    let dir = flowers();
    write(&dir, "test/tulip/2.png", &png(&color(2, 3, [255; 3])));
    let dataset = ImageFolder::new(dir.path()).gray(true).read().unwrap();
    assert_eq!(dataset.train.channels(), 1);
    assert_eq!(dataset.test.image(0).bytes().unwrap(), [255; 6]);
}

#[test]
fn images_of_different_sizes_are_resized_to_one() {
    let dir = flowers();
    write(&dir, "train/rose/2.png", &png(&color(40, 30, [50, 60, 70])));
    let dataset = ImageFolder::new(dir.path())
        .resize(ImageSize {
            height: 5,
            width: 4,
        })
        .read()
        .unwrap();
    let train = dataset.train;
    assert_eq!((train.height(), train.width()), (5, 4));
    assert_eq!((dataset.test.height(), dataset.test.width()), (5, 4));
    let expected = [[50; 20], [60; 20], [70; 20]].concat();
    assert_eq!(train.image(1).bytes().unwrap(), expected);
}

#[test]
fn validation_images_stand_in_for_missing_test_images() {
    let dir = flowers();
    for name in ["val", "valid", "validation"] {
        fs::create_dir_all(dir.path().join(name)).unwrap();
    }
    let read = || ImageFolder::new(dir.path()).read();
    assert_eq!(read().unwrap().test.len(), 1, "test wins");
    fs::remove_dir(dir.path().join("valid")).unwrap();
    fs::rename(dir.path().join("test"), dir.path().join("valid")).unwrap();
    assert!(read().is_err(), "val comes before valid, and is empty");
    fs::remove_dir(dir.path().join("val")).unwrap();
    assert_eq!(read().unwrap().test.len(), 1);
}

#[test]
fn hidden_files_and_other_files_next_to_the_classes_are_skipped() {
    let dir = flowers();
    for path in [
        ".git/config",
        "README.md",
        "train/labels.csv",
        "train/.DS_Store",
        "train/.cache/1.png",
        "train/rose/.DS_Store",
        "train/rose/._1.png",
        "train/rose/thumbs.db",
        "test/desktop.ini",
    ] {
        write(&dir, path, b"not an image");
    }
    let dataset = ImageFolder::new(dir.path()).read().unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (2, 1));
}

#[test]
fn more_classes_than_a_byte_can_number_are_read() {
    let dir = tempfile::tempdir().unwrap();
    let image = png(&color(1, 1, [0; 3]));
    for class in 0..300 {
        write(&dir, &format!("train/{class:03}/1.png"), &image);
    }
    write(&dir, "test/299/1.png", &image);
    let dataset = ImageFolder::new(dir.path()).read().unwrap();
    assert_eq!(dataset.train.classes(), 300);
    assert_eq!(dataset.test.labels(), [299]);
}

#[test]
fn images_to_predict_come_from_one_folder_or_one_file() {
    let dir = tempfile::tempdir().unwrap();
    write(&dir, "b.png", &png(&color(1, 1, [4, 5, 6])));
    write(&dir, "a.png", &png(&color(1, 1, [1, 2, 3])));
    let (a, b) = (dir.path().join("a.png"), dir.path().join("b.png"));
    let images = ImageFolder::new(dir.path()).read_unlabeled().unwrap();
    assert_eq!(images.files(), [a, b.clone()]);
    assert_eq!(images.pixels(), [1, 2, 3, 4, 5, 6]);
    let one = ImageFolder::new(&b)
        .resize(ImageSize {
            height: 2,
            width: 1,
        })
        .read_unlabeled()
        .unwrap();
    assert_eq!(one.files(), [b]);
    assert_eq!((one.channels(), one.height(), one.width()), (3, 2, 1));
    assert_eq!(one.pixels(), [4, 4, 5, 5, 6, 6]);
}

/// Reads all CIFAR-10 images as JPEG files from the folder in `EVONAS_CIFAR10_JPEG`.
#[test]
fn a_folder_of_sixty_thousand_images_reads() {
    let Some(folder) = std::env::var_os("EVONAS_CIFAR10_JPEG") else {
        // Straight to the terminal, because the test harness swallows what a passing test prints.
        let line = "skipped: a_folder_of_sixty_thousand_images_reads, because EVONAS_CIFAR10_JPEG is not set\n";
        std::io::stderr().write_all(line.as_bytes()).unwrap();
        return;
    };
    let dataset = ImageFolder::new(PathBuf::from(folder)).read().unwrap();
    assert_eq!((dataset.train.len(), dataset.test.len()), (50_000, 10_000));
    assert_eq!((dataset.train.height(), dataset.train.width()), (32, 32));
    let names = dataset.class_names.unwrap();
    assert_eq!(
        (names.len(), &*names[0], &*names[9]),
        (10, "airplane", "truck")
    );
    for (images, each) in [(&dataset.train, 5_000), (&dataset.test, 1_000)] {
        for class in 0..10 {
            let count = images.labels().iter().filter(|&&l| l == class).count();
            assert_eq!(count, each);
        }
    }
}
