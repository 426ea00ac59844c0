//! Units: the rows of a dense convolution, its matrix product, and the way back.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::kernel::cast;
use burn_cubecl::ops::{permute, reshape};
use burn_cubecl::tensor::CubeTensor;

use super::launch::{contiguous, rows_of, single};
use super::matrix::product;
use super::norm::{self, Norm};
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
    /// How the convolutions included the batch norm of the input, if they did.
    before: Option<NormBefore>,
    depthwise: Option<CubeTensor>,
    /// In the type of the images.
    dense: Option<CubeTensor>,
    /// What the dense convolution multiplied; `None` if it is cheaper to compute again.
    rows: Option<CubeTensor>,
}

/// How convolutions include the batch norm of their input.
#[derive(Clone, Debug)]
enum NormBefore {
    /// A depthwise convolution normalizes what it reads.
    Depthwise(Box<depthwise::Before>),
    /// Batch norm writes the rows that the dense convolution multiplies, after the ReLU.
    Rows,
}

fn transposed(matrix: CubeTensor) -> CubeTensor {
    permute(matrix, &[1, 0])
}

/// The weights of a dense convolution as a matrix: `[outputs, channels · taps]`.
fn matrix(weight: CubeTensor) -> CubeTensor {
    let [outputs, channels, rows, columns] = weight.shape().dims();
    match is_turned(&weight) {
        true => transposed(reshape(turned(weight), [channels, outputs].into())),
        false => reshape(
            contiguous(weight),
            [outputs, channels * rows * columns].into(),
        ),
    }
}

fn turned(weight: CubeTensor) -> CubeTensor {
    permute(weight, &[1, 0, 2, 3])
}

/// Whether weights of a single pixel lie in memory by channels and then outputs, as those of a classifier.
fn is_turned(weight: &CubeTensor) -> bool {
    let [_, _, rows, columns] = weight.shape().dims();
    rows * columns == 1 && !weight.is_contiguous() && turned(weight.clone()).is_contiguous()
}

/// The weights in the type of images. They may keep their order in memory.
fn in_type(weight: CubeTensor, dtype: DType) -> CubeTensor {
    let is_single = [weight.dtype, dtype] == [DType::F32; 2];
    match is_single && is_turned(&weight) {
        true => weight,
        false => cast(single(weight), dtype),
    }
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
            let round = || in_type(weight, image.dtype);
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
            before: None,
            depthwise,
            dense,
            rows: None,
        }
    }

    /// One row for each pixel of the output.
    fn gathered(&self) -> CubeTensor {
        let (image, relu) = (self.image.clone(), self.unit.relu);
        match self.unit.rows {
            Rows::Pixels if !relu => rows_of(image),
            Rows::Pixels => patches::gather(image, &pixel_of(&self.image), relu),
            Rows::Patches(window) => patches::gather(image, &window, relu),
            Rows::Depthwise(window) => {
                let weight = self.depthwise_weight();
                rows_of(depthwise::forward(image, weight, &window, relu))
            }
        }
    }

    /// The convolutions' output, as rows.
    pub(super) fn forward(&mut self) -> CubeTensor {
        let rows = self.gathered();
        self.multiplied(rows)
    }

    /// Whether the convolutions can include the input's batch norm.
    pub(super) fn can_include_norm(&self) -> bool {
        match self.unit.rows {
            Rows::Depthwise(window) => depthwise::normalizes(&self.image, &window),
            Rows::Pixels => true,
            Rows::Patches(_) => false,
        }
    }

    /// As [`forward`](Self::forward), of the normalized input, if the convolutions
    /// [can include](Self::can_include_norm) its batch norm. Also returns the running statistics, and what the gradient of
    /// batch norm needs.
    pub(super) fn forward_after(
        &mut self,
        norm: Norm,
    ) -> (CubeTensor, [CubeTensor; 2], norm::Saved) {
        let (image, relu) = (self.image.clone(), self.unit.relu);
        let [height, width] = self.size();
        match self.unit.rows {
            Rows::Depthwise(window) => {
                let weight = self.depthwise_weight();
                let (output, running, before) =
                    depthwise::forward_normalized(image, norm, weight, &window, relu);
                let of_norm = norm::Saved {
                    rows: rows_of(self.image.clone()),
                    gamma: before.gamma.clone(),
                    statistics: before.statistics.clone(),
                    factors: None,
                    mask: None,
                    of_image: height * width,
                };
                self.before = Some(NormBefore::Depthwise(Box::new(before)));
                (self.multiplied(rows_of(output)), running, of_norm)
            }
            Rows::Pixels => {
                let input = norm::Input {
                    rows: rows_of(image),
                    norm,
                    factors: None,
                };
                let (rows, [running], [of_norm]) =
                    norm::forward([input], None, height * width, relu);
                self.before = Some(NormBefore::Rows);
                (self.multiplied(rows), running, of_norm)
            }
            Rows::Patches(_) => panic!("patches include no batch norm"),
        }
    }

    /// The size of the input's images.
    pub(super) fn size(&self) -> [usize; 2] {
        let [_, height, width, _] = self.image.shape().dims();
        [height, width]
    }

    fn depthwise_weight(&self) -> CubeTensor {
        let weight = self.depthwise.clone();
        weight.expect("a depthwise convolution has weights")
    }

    /// The dense convolution's output, if there is one, from the rows that it multiplies.
    fn multiplied(&mut self, rows: CubeTensor) -> CubeTensor {
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

    /// The gradient by the dense weight, and the one by the rows that it multiplied, if that is `wanted`.
    fn dense_gradients(
        &self,
        gradient: CubeTensor,
        wanted: bool,
    ) -> (Option<CubeTensor>, Option<CubeTensor>) {
        let Some(weight) = &self.dense else {
            return (None, Some(gradient));
        };
        let products = self.unit.products;
        let rows = match &self.rows {
            Some(rows) => rows.clone(),
            None => self.gathered(),
        };
        // In the order of the weights, so that no copy follows.
        let by_weight = match is_turned(weight) {
            true => {
                let by_matrix = product(transposed(rows), gradient.clone(), products, DType::F32);
                let [outputs, channels, _, _] = weight.shape().dims();
                turned(reshape(by_matrix, [channels, outputs, 1, 1].into()))
            }
            false => {
                let left = transposed(gradient.clone());
                reshape(product(left, rows, products, DType::F32), weight.shape())
            }
        };
        let dtype = gradient.dtype;
        let by_rows = wanted.then(|| product(gradient, matrix(weight.clone()), products, dtype));
        (Some(by_weight), by_rows)
    }

    /// The gradients from the one by the output, as rows.
    pub(super) fn backward(
        self,
        gradient: CubeTensor,
        image: Option<Wanted<CubeBackend>>,
    ) -> UnitGradients<CubeBackend> {
        let wanted = image.is_some() || self.depthwise.is_some();
        let (by_dense, by_rows) = self.dense_gradients(gradient, wanted);
        let mut by = UnitGradients {
            image: None,
            depthwise: None,
            dense: by_dense,
        };
        let Some(by_rows) = by_rows else {
            return by;
        };
        let shape: [usize; 4] = self.image.shape().dims();
        let mask = self.unit.relu.then(|| self.image.clone());
        match (self.unit.rows, self.depthwise) {
            (Rows::Depthwise(window), Some(weight)) => {
                let gradient = images_of(by_rows, [window.out_height, window.out_width]);
                let inputs = depthwise::Inputs {
                    image: self.image,
                    weight,
                    window: &window,
                    before: None,
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

    /// Whether the convolutions included the input's batch norm.
    pub(super) const fn included_norm(&self) -> bool {
        self.before.is_some()
    }

    /// The gradients after [`forward_after`](Self::forward_after): by the weights, and by what batch norm read and by its
    /// weights.
    pub(super) fn backward_after(
        self,
        of_norm: norm::Saved,
        gradient: CubeTensor,
    ) -> (UnitGradients<CubeBackend>, norm::Gradients) {
        let (by_dense, by_rows) = self.dense_gradients(gradient, true);
        let by_rows = by_rows.expect("it is wanted");
        let mut by = UnitGradients {
            image: None,
            depthwise: None,
            dense: by_dense,
        };
        let Some(NormBefore::Depthwise(before)) = &self.before else {
            let [by_norm] = norm::backward([of_norm], by_rows);
            return (by, by_norm);
        };
        let gradient = images_of(by_rows, self.out_size());
        let weight = self.depthwise_weight();
        let inputs = depthwise::Inputs {
            image: self.image,
            weight,
            window: &before.window,
            before: Some(before),
            relu: self.unit.relu,
        };
        let [by_image, sums, by_depthwise] = inputs.normalized_gradients(gradient);
        by.depthwise = Some(by_depthwise);
        let [by_norm] = norm::input_gradients([of_norm], rows_of(by_image), sums);
        (by, by_norm)
    }
}
