//! Units: the rows of a dense convolution, its matrix product, and the way back.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::cast;
use burn_cubecl::ops::{permute, reshape};
use burn_cubecl::tensor::CubeTensor;

use super::launch::{contiguous, rows_of, single};
use super::matrix::product;
use super::{depthwise, patches};
use crate::operations::{UnitGradients, UnitWeights, Wanted};
use crate::unit_shape::{Rows, UnitShape};
use crate::window::Window;

/// What the gradients of convolutions need.
#[derive(Clone, Debug)]
pub(crate) struct Saved {
    unit: UnitShape,
    /// The input.
    image: CubeTensor,
    depthwise: Option<CubeTensor>,
    /// In the type of the images.
    dense: Option<CubeTensor>,
    /// What the dense convolution multiplied; `None` if it is cheaper to compute again.
    rows: Option<CubeTensor>,
}

fn transposed(matrix: CubeTensor) -> CubeTensor {
    permute(matrix, &[1, 0])
}

/// The weights of a dense convolution as a matrix: `[outputs, channels · taps]`.
fn matrix(weight: CubeTensor) -> CubeTensor {
    let [outputs, channels, rows, columns] = weight.shape().dims();
    reshape(weight, [outputs, channels * rows * columns].into())
}

/// The size of the output's images.
fn out_size(unit: UnitShape, image: &CubeTensor) -> [usize; 2] {
    match unit.rows {
        Rows::Pixels => {
            let [_, height, width, _] = image.shape().dims();
            [height, width]
        }
        Rows::Depthwise(window) | Rows::Patches(window) => [window.out_height, window.out_width],
    }
}

/// Rows as images of a size.
pub(super) fn images_of(rows: CubeTensor, [height, width]: [usize; 2]) -> CubeTensor {
    let [pixels, channels] = rows.shape().dims();
    let images = pixels / (height * width);
    reshape(rows, [images, height, width, channels].into())
}

fn pixel_of(image: &CubeTensor) -> Window {
    let [_, height, width, _] = image.shape().dims();
    Window::pixel([height, width])
}

impl Saved {
    pub(super) fn new(
        image: CubeTensor,
        weights: UnitWeights<CubeBackend>,
        unit: UnitShape,
    ) -> Self {
        let [_, _, _, channels] = image.shape().dims();
        let depthwise = weights.depthwise.map(single);
        if let Some(rounded) = &weights.rounded {
            assert_eq!(
                rounded.dtype, image.dtype,
                "the weights were rounded to another type than that of the images"
            );
        }
        let dense = weights.dense.map(|weight| {
            let round = || cast(single(weight), image.dtype);
            weights.rounded.unwrap_or_else(round)
        });
        if let Some(weight) = &depthwise {
            assert_eq!(
                weight.shape().dims::<4>()[..2],
                [channels, 1],
                "the images have other channels than the depthwise weights"
            );
        }
        if let Some(weight) = &dense {
            assert_eq!(
                weight.shape().dims::<4>()[1],
                channels,
                "the images have other channels than the weights"
            );
        }
        Self {
            unit,
            image: contiguous(image),
            depthwise,
            dense,
            rows: None,
        }
    }

    /// One row for each pixel of the output.
    fn gathered(&self) -> CubeTensor {
        let (image, relu) = (self.image.clone(), self.unit.relu);
        match (self.unit.rows, &self.depthwise) {
            (Rows::Pixels, _) if !relu => rows_of(image),
            (Rows::Pixels, _) => patches::gather(image, &pixel_of(&self.image), relu),
            (Rows::Patches(window), _) => patches::gather(image, &window, relu),
            (Rows::Depthwise(window), Some(weight)) => {
                rows_of(depthwise::forward(image, weight.clone(), &window, relu))
            }
            (Rows::Depthwise(_), None) => panic!("a depthwise convolution has weights"),
        }
    }

    /// The convolutions' output, as rows.
    pub(super) fn forward(&mut self) -> CubeTensor {
        let rows = self.gathered();
        let Some(weight) = &self.dense else {
            return rows;
        };
        // Patches take several times the image's memory.
        let is_patches = matches!(self.unit.rows, Rows::Patches(window) if window.taps() > 1);
        if !is_patches {
            self.rows = Some(rows.clone());
        }
        let dtype = rows.dtype;
        let weight = transposed(matrix(weight.clone()));
        product(rows, weight, self.unit.products, dtype)
    }

    pub(super) fn out_size(&self) -> [usize; 2] {
        out_size(self.unit, &self.image)
    }

    /// The gradients from the one by the output, as rows.
    pub(super) fn backward(
        self,
        gradient: CubeTensor,
        image: Option<Wanted<CubeBackend>>,
    ) -> UnitGradients<CubeBackend> {
        let mut by = UnitGradients {
            image: None,
            depthwise: None,
            dense: None,
        };
        let mut by_rows = gradient;
        if let Some(weight) = &self.dense {
            let products = self.unit.products;
            let rows = match &self.rows {
                Some(rows) => rows.clone(),
                None => self.gathered(),
            };
            let by_matrix = product(transposed(by_rows.clone()), rows, products, DType::F32);
            by.dense = Some(reshape(by_matrix, weight.shape()));
            if image.is_none() && self.depthwise.is_none() {
                return by;
            }
            let dtype = by_rows.dtype;
            by_rows = product(by_rows, matrix(weight.clone()), products, dtype);
        }
        let shape: [usize; 4] = self.image.shape().dims();
        let mask = self.unit.relu.then(|| self.image.clone());
        match (self.unit.rows, self.depthwise) {
            (Rows::Depthwise(window), Some(weight)) => {
                let gradient = images_of(by_rows, [window.out_height, window.out_width]);
                let inputs = depthwise::Inputs {
                    image: self.image,
                    weight,
                    window: &window,
                    relu: self.unit.relu,
                };
                by.depthwise = Some(match image {
                    Some(Wanted { onto }) => {
                        let [by_image, by_weight] = inputs.gradients(gradient, onto);
                        by.image = Some(by_image);
                        by_weight
                    }
                    None => inputs.weight_gradient(&gradient),
                });
            }
            (Rows::Patches(window), _) => {
                by.image = image
                    .map(|image| patches::scatter(by_rows, shape, &window, [mask, image.onto]));
            }
            (_, _) => {
                let window = pixel_of(&self.image);
                by.image = image.map(|image| match mask {
                    Some(_) => patches::scatter(by_rows, shape, &window, [mask, image.onto]),
                    None => image.add(reshape(by_rows, shape.into())),
                });
            }
        }
        by
    }
}
