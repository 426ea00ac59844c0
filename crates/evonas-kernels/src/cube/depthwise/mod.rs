//! ReLU and a depthwise convolution in one kernel, and its gradients. Images are
//! `[images, height, width, channels]`, weights `[channels, 1, rows, columns]`.

mod affine;
mod convolve;
mod normalized;
mod strided;
mod weight_gradient;

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::tensor::CubeTensor;
use cubecl::CubeCount;

use self::convolve::{Pass, convolve_kernel};
pub(super) use self::normalized::{Before, forward_normalized, normalizes};
use self::strided::strided_gradient_kernel;
use self::weight_gradient::{GroupSumsLaunch, add_groups_kernel, weight_gradient_kernel};
use super::launch::{
    Groups, Taps, Tile, at_most_lanes, element, empty, empty_like, lanes, sequence, threads,
};
use super::optional::{given, optional};
use crate::window::Window;

/// Bytes of a cube's weights: what every device has for threads to share.
const MOST_SHARED: usize = 1 << 14;
/// The most rows of cubes; every device takes twice as many.
const MOST_PARTS: usize = 1 << 15;
/// Neighboring outputs worth a thread, in blocks.
const BLOCKS_OF_A_THREAD: usize = 2;
/// The most sums of a thread of the gradient by a weight: more would not stay in registers.
const MOST_SUMS: usize = 32;
/// The most groups of pixels whose gradients are added up in the end.
const MOST_GROUPS: usize = 256;

/// The outputs of a thread.
const fn several(out_width: usize) -> u32 {
    if out_width >= 4 { 4 } else { 1 }
}

/// The gradient by the weight of each group of pixels, `[groups, taps, channels]`, and memory for their sum, which the
/// kernel of the gradient by the image adds up.
struct Groupwise {
    sums: CubeTensor,
    weight: CubeTensor,
}

/// How the outputs of a pass are split.
struct Split {
    lanes: usize,
    tile: Tile,
    /// Blocks of each cube but the last.
    of_each: usize,
    /// Rows of cubes.
    parts: usize,
    /// Cubes side by side.
    columns: usize,
}

impl Split {
    fn of([images, height, width, channels]: [usize; 4], pass: Pass, most_parts: usize) -> Self {
        let of_channel = (pass.taps.rows * pass.taps.columns) as usize * size_of::<f32>();
        let fitting = MOST_SHARED / of_channel;
        let lanes = at_most_lanes(channels, fitting);
        let tile = Tile::at_most(fitting / lanes, channels / lanes);
        let blocks = images * height * width.div_ceil(pass.several as usize);
        let worthwhile = tile.rows as usize * BLOCKS_OF_A_THREAD;
        let of_each = worthwhile.max(blocks.div_ceil(most_parts));
        Self {
            lanes,
            tile,
            of_each,
            parts: blocks.div_ceil(of_each),
            columns: tile.columns(channels / lanes),
        }
    }

    /// The cubes, and as many more as add up the groups of this many weights.
    fn cubes(&self, weights: usize) -> CubeCount {
        let adding = weights.div_ceil(self.columns * self.tile.threads());
        CubeCount::Static(self.columns as u32, (self.parts + adding) as u32, 1)
    }
}

fn convolve(
    image: CubeTensor,
    weight: CubeTensor,
    [mask, onto]: [Option<CubeTensor>; 2],
    groups: Option<Groupwise>,
    shape: [usize; 4],
    pass: Pass,
) -> CubeTensor {
    let output = empty_like(&image, shape);
    let split = Split::of(shape, pass, MOST_PARTS);
    let weights = groups
        .as_ref()
        .map_or(0, |groups| groups.weight.meta.num_elements());
    let sums = groups.as_ref().map(|groups| groups.sums.clone());
    let has = given([&mask, &onto, &sums]);
    let groups = groups.map(|Groupwise { sums, weight }| {
        GroupSumsLaunch::new(sums.into_buffer_arg(), weight.into_buffer_arg())
    });
    convolve_kernel::launch(
        &output.client,
        split.cubes(weights),
        split.tile.dim(),
        split.lanes,
        image.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        output.clone().into_tensor_arg(),
        groups.into(),
        split.parts,
        split.of_each,
        pass,
        split.tile,
        has,
        element(&output),
    );
    output
}

pub(super) fn forward(
    image: CubeTensor,
    weight: CubeTensor,
    window: &Window,
    relu: bool,
) -> CubeTensor {
    let [images, _, _, channels] = image.shape().dims();
    let pass = Pass {
        taps: Taps::of(window),
        several: several(window.out_width),
        normalized: false,
        relu,
        turned: false,
    };
    let shape = [images, window.out_height, window.out_width, channels];
    convolve(image, weight, [None, None], None, shape, pass)
}

/// The pass that computes the gradient by the image, without a stride: every pixel sees the gradients around it, as an
/// output does the image.
fn turned(window: &Window) -> Pass {
    let taps = Taps::of(window);
    let before = |size: u32, before: i32| ((size - 1) * taps.dilation) as i32 - before;
    Pass {
        taps: Taps {
            above: before(taps.rows, taps.above),
            left: before(taps.columns, taps.left),
            ..taps
        },
        several: several(window.width),
        normalized: false,
        relu: false,
        turned: true,
    }
}

/// What the gradients need.
pub(super) struct Inputs<'a> {
    pub(super) image: CubeTensor,
    pub(super) weight: CubeTensor,
    pub(super) window: &'a Window,
    /// The batch norm of the image, if it was normalized.
    pub(super) before: Option<&'a Before>,
    /// Whether the image was passed through a ReLU.
    pub(super) relu: bool,
}

impl Inputs<'_> {
    /// The gradient by the image, added to `onto` if there is one, and the gradient by the weight.
    pub(super) fn gradients(
        self,
        gradient: CubeTensor,
        onto: Option<CubeTensor>,
    ) -> [CubeTensor; 2] {
        let groups = self.group_sums(&gradient);
        let by_weight = groups.weight.clone();
        let mask = self.relu.then(|| self.image.clone());
        let by_image = image_gradient(gradient, self.weight, self.window, [mask, onto], groups);
        [by_image, by_weight]
    }

    /// The gradient by the weight alone.
    pub(super) fn weight_gradient(self, gradient: &CubeTensor) -> CubeTensor {
        let Groupwise { sums, weight } = self.group_sums(gradient);
        let (count, dim) = threads(&weight, weight.meta.num_elements());
        add_groups_kernel::launch(
            &weight.client,
            count,
            dim,
            sums.into_buffer_arg(),
            weight.clone().into_buffer_arg(),
            weight.shape().dims::<4>()[0],
        );
        weight
    }

    fn group_sums(&self, gradient: &CubeTensor) -> Groupwise {
        let [images, height, width, channels] = gradient.shape().dims();
        let [rows, columns] = self.window.kernel;
        let lanes = at_most_lanes(channels, MOST_SUMS / columns);
        let groups = Groups::at_most(MOST_GROUPS, images * height * width, channels / lanes);
        let shape = [groups.count, rows * columns, channels];
        let sums = empty(gradient, shape, DType::F32);
        weight_gradient_kernel::launch(
            &sums.client,
            groups.layers(rows),
            groups.tile.dim(),
            lanes,
            self.image.clone().into_tensor_arg(),
            gradient.clone().into_tensor_arg(),
            sequence(self.before.iter().flat_map(|before| before.tensors())),
            sums.clone().into_tensor_arg(),
            groups.of_each,
            Taps::of(self.window),
            self.before.is_some(),
            self.relu,
            groups.tile,
            element(gradient),
        );
        let weight = empty(&sums, [channels, 1, rows, columns], DType::F32);
        Groupwise { sums, weight }
    }
}

/// The gradient by the image; 0 where `mask`, if there is one, isn't positive, and then added to `onto`.
fn image_gradient(
    gradient: CubeTensor,
    weight: CubeTensor,
    window: &Window,
    [mask, onto]: [Option<CubeTensor>; 2],
    groups: Groupwise,
) -> CubeTensor {
    let [images, _, _, channels] = gradient.shape().dims();
    let shape = [images, window.height, window.width, channels];
    if window.stride == [1, 1] {
        let groups = Some(groups);
        return convolve(
            gradient,
            weight,
            [mask, onto],
            groups,
            shape,
            turned(window),
        );
    }
    let image = empty_like(&gradient, shape);
    let weights = groups.weight.meta.num_elements();
    let lanes = lanes(channels);
    let (count, dim) = threads(&image, shape.iter().product::<usize>() / lanes + weights);
    let has = given([&mask, &onto]);
    strided_gradient_kernel::launch(
        &image.client,
        count,
        dim,
        lanes,
        gradient.into_tensor_arg(),
        weight.into_tensor_arg(),
        optional(mask),
        optional(onto),
        image.clone().into_tensor_arg(),
        groups.sums.into_buffer_arg(),
        groups.weight.into_buffer_arg(),
        Taps::of(window),
        has,
        element(&image),
    );
    image
}
