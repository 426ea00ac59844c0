//! Augmentation with operations on whole batches.

use std::ops::Range;

use burn::tensor::{Int, Tensor};
use rand::{Rng, RngExt};

use super::super::Augmentation;
use super::indices::{DeviceIntegers, Integers};
use crate::network::ImageShape;

/// How the images of a batch are changed, drawn at random. The numbers are among the integers that were given to
/// [`Changes::draw`].
pub(super) struct Changes {
    rows: Option<ShiftedLines>,
    columns: Option<ShiftedLines>,
    square: Option<Square>,
}

impl Changes {
    /// Draws how every image is shifted, by up to [`Augmentation::crop_padding`] pixels in both directions, and filled with
    /// black, which half of them is mirrored, and which square is set to 0, the channels' means.
    pub(super) fn draw(
        augmentation: &Augmentation,
        shape: ImageShape,
        batch: usize,
        integers: &mut Integers,
        rng: &mut dyn Rng,
    ) -> Self {
        let (mut rows, mut columns) = (None, None);
        let padding =
            i32::try_from(augmentation.crop_padding).expect("padding is smaller than an image");
        if padding > 0 || augmentation.flip {
            let mut down = Lines::new(2, shape.height);
            let mut right = Lines::new(3, shape.width);
            for _ in 0..batch {
                let [by_rows, by_columns] = [(); 2].map(|()| match padding {
                    0 => 0,
                    _ => rng.random_range(-padding..=padding),
                });
                down.push(by_rows, false);
                right.push(by_columns, augmentation.flip && rng.random());
            }
            rows = (padding > 0).then(|| down.among(integers));
            columns = Some(right.among(integers));
        }
        let side = i32::try_from(augmentation.cutout).expect("the square is smaller than an image");
        let square = (side > 0).then(|| {
            let (mut top, mut left) = (Vec::new(), Vec::new());
            for _ in 0..batch {
                for (first, size) in [(&mut top, shape.height), (&mut left, shape.width)] {
                    first.push(rng.random_range(0..size as i32) - side / 2);
                }
            }
            Square {
                side,
                rows: Axis::among(integers, 2, shape.height),
                columns: Axis::among(integers, 3, shape.width),
                top: integers.add(top),
                left: integers.add(left),
            }
        });
        Self {
            rows,
            columns,
            square,
        }
    }

    /// The images shifted and mirrored.
    ///
    /// # Shapes
    /// `[batch, channels, height, width]`
    pub(super) fn moved(&self, images: Tensor<4>, integers: &DeviceIntegers) -> Tensor<4> {
        [&self.rows, &self.columns]
            .into_iter()
            .flatten()
            .fold(images, |images, lines| lines.take(images, integers))
    }

    /// The images without their squares.
    ///
    /// # Shapes
    /// `[batch, channels, height, width]`
    pub(super) fn cut_out(&self, images: Tensor<4>, integers: &DeviceIntegers) -> Tensor<4> {
        match &self.square {
            Some(square) => square.cut_out(images, integers),
            None => images,
        }
    }
}

/// The rows, or columns, that each image of a batch takes from the original.
struct Lines {
    axis: usize,
    size: usize,
    /// For each image, the original's line that comes first, which may be outside the image, and the
    /// step to the next one, 1 or -1.
    first: Vec<i32>,
    step: Vec<i32>,
}

impl Lines {
    const fn new(axis: usize, size: usize) -> Self {
        Self {
            axis,
            size,
            first: Vec::new(),
            step: Vec::new(),
        }
    }

    /// Adds an image whose lines come from `distance` lines further on, in reverse if mirrored.
    fn push(&mut self, distance: i32, mirrored: bool) {
        let last = self.size as i32 - 1;
        self.first.push(distance + if mirrored { last } else { 0 });
        self.step.push(if mirrored { -1 } else { 1 });
    }

    fn among(self, integers: &mut Integers) -> ShiftedLines {
        ShiftedLines {
            axis: Axis::among(integers, self.axis, self.size),
            first: integers.add(self.first),
            step: integers.add(self.step),
        }
    }
}

/// [`Lines`] whose numbers are among the integers of a batch.
struct ShiftedLines {
    axis: Axis,
    first: Range<usize>,
    step: Range<usize>,
}

impl ShiftedLines {
    fn take(&self, images: Tensor<4>, integers: &DeviceIntegers) -> Tensor<4> {
        let dims = images.dims();
        let first = of_images(&self.first, integers);
        let step = of_images(&self.step, integers);
        let from = first + step * self.axis.numbers(integers);
        let last = self.axis.size() as i32 - 1;
        let inside = from.clone().clamp(0, last);
        let is_inside = from.equal(inside.clone()).float();
        images.gather(self.axis.number, inside.expand(dims)) * is_inside
    }
}

/// A square of every image.
struct Square {
    side: i32,
    rows: Axis,
    columns: Axis,
    top: Range<usize>,
    left: Range<usize>,
}

impl Square {
    fn cut_out(&self, images: Tensor<4>, integers: &DeviceIntegers) -> Tensor<4> {
        let within = |axis: &Axis, first: &Range<usize>| {
            let distance = axis.numbers(integers) - of_images(first, integers);
            let inside = distance.clone().clamp(0, self.side - 1);
            distance.equal(inside).float()
        };
        let square = within(&self.rows, &self.top) * within(&self.columns, &self.left);
        images * (square.neg() + 1.0)
    }
}

/// An axis of the images, whose numbers from 0 are among the integers of a batch.
struct Axis {
    number: usize,
    numbers: Range<usize>,
}

impl Axis {
    fn among(integers: &mut Integers, number: usize, size: usize) -> Self {
        Self {
            number,
            numbers: integers.add(0..size as i32),
        }
    }

    const fn size(&self) -> usize {
        self.numbers.end - self.numbers.start
    }

    /// The numbers along the axis.
    fn numbers(&self, integers: &DeviceIntegers) -> Tensor<4, Int> {
        let mut shape = [1; 4];
        shape[self.number] = self.size();
        integers.take(self.numbers.clone()).reshape(shape)
    }
}

/// One number per image, `[batch, 1, 1, 1]`.
fn of_images(range: &Range<usize>, integers: &DeviceIntegers) -> Tensor<4, Int> {
    integers.take(range.clone()).reshape([range.len(), 1, 1, 1])
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, TensorData};

    use super::*;
    use crate::randomness::stream;

    fn changed(images: Tensor<4>, augmentation: &Augmentation, rng: &mut dyn Rng) -> Tensor<4> {
        let [batch, channels, height, width] = images.dims();
        let shape = ImageShape {
            channels,
            height,
            width,
        };
        let mut integers = Integers::default();
        let changes = Changes::draw(augmentation, shape, batch, &mut integers, rng);
        let integers = integers.on(&images.device());
        let moved = changes.moved(images, &integers);
        changes.cut_out(moved, &integers)
    }

    const SIZE: usize = 6;

    /// Images whose pixels encode their position: all pixels of an image differ, and none is 0.
    fn images(batch: usize) -> Tensor<4> {
        let pixels: Vec<f32> = (0..batch * 2 * SIZE * SIZE)
            .map(|place| 1.0 + (place % (2 * SIZE * SIZE)) as f32)
            .collect();
        Tensor::from_data(
            TensorData::new(pixels, [batch, 2, SIZE, SIZE]),
            &Device::flex(),
        )
    }

    fn planes(images: Tensor<4>) -> Vec<Vec<f32>> {
        let values: Vec<f32> = images.into_data().try_to_vec().unwrap();
        values
            .chunks(2 * SIZE * SIZE)
            .map(<[f32]>::to_vec)
            .collect()
    }

    /// An image moved and mirrored by definition.
    fn moved(image: &[f32], down: i32, right: i32, mirrored: bool) -> Vec<f32> {
        let size = SIZE as i32;
        let mut result = Vec::new();
        for channel in 0..2 {
            for row in 0..size {
                for column in 0..size {
                    let column = if mirrored { size - 1 - column } else { column };
                    let (row, column) = (row + down, column + right);
                    let outside = ![row, column].iter().all(|place| (0..size).contains(place));
                    let place = (channel * size + row) * size + column;
                    result.push(if outside { 0.0 } else { image[place as usize] });
                }
            }
        }
        result
    }

    #[test]
    fn crops_and_flips_match_the_definition_and_all_occur() {
        let augmentation = Augmentation::NONE.crop_padding(1).flip(true);
        let original = planes(images(1)).remove(0);
        let mut possible = Vec::new();
        for down in -1..=1 {
            for right in -1..=1 {
                for mirrored in [false, true] {
                    possible.push(moved(&original, down, right, mirrored));
                }
            }
        }
        let augmented = planes(changed(images(500), &augmentation, &mut stream(1, 0)));
        let mut seen = vec![0; possible.len()];
        for image in augmented {
            let which = possible.iter().position(|other| *other == image);
            seen[which.expect("the move is allowed")] += 1;
        }
        // 500 / 18 each, within four standard deviations.
        assert!(
            seen.iter().all(|&count| (7..=49).contains(&count)),
            "{seen:?}"
        );
    }

    #[test]
    fn a_flip_alone_mirrors_half_of_the_images() {
        let augmentation = Augmentation::NONE.flip(true);
        let original = planes(images(1)).remove(0);
        let mirrored = moved(&original, 0, 0, true);
        let augmented = planes(changed(images(400), &augmentation, &mut stream(2, 0)));
        let count = augmented.iter().filter(|image| **image == mirrored).count();
        assert!(
            augmented
                .iter()
                .all(|image| *image == mirrored || *image == original)
        );
        assert!((160..=240).contains(&count), "{count}");
    }

    #[test]
    fn cutout_clears_one_square_in_all_channels() {
        for side in [3, 4] {
            let augmentation = Augmentation::NONE.cutout(side);
            let original = planes(images(1)).remove(0);
            let mut whole = 0;
            for image in planes(changed(images(300), &augmentation, &mut stream(3, 0))) {
                let mut rows = Vec::new();
                let mut columns = Vec::new();
                for (place, (value, old)) in image.iter().zip(&original).enumerate() {
                    assert!(*value == *old || *value == 0.0);
                    if *value == 0.0 {
                        rows.push(place / SIZE % SIZE);
                        columns.push(place % SIZE);
                    }
                }
                let spans = [&mut rows, &mut columns].map(|places| {
                    places.sort_unstable();
                    places.dedup();
                    assert!(places.windows(2).all(|pair| pair[1] == pair[0] + 1));
                    places.len()
                });
                // At the border part of the square is outside, but never all of it.
                assert!(
                    spans.iter().all(|span| (1..=side).contains(span)),
                    "{spans:?}"
                );
                let zeros = image.iter().filter(|value| **value == 0.0).count();
                assert_eq!(zeros, 2 * spans[0] * spans[1]);
                whole += usize::from(spans == [side, side]);
            }
            assert!(whole > 30, "{whole} whole squares of side {side}");
        }
    }

    #[test]
    fn the_same_stream_augments_the_same_way() {
        let augmentation = Augmentation::CIFAR.cutout(2);
        let twice = [(); 2].map(|()| {
            let mut rng = stream(4, 0);
            planes(changed(images(20), &augmentation, &mut rng))
        });
        assert_eq!(twice[0], twice[1]);
    }
}
