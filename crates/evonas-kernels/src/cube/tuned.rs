//! CubeK's matrix products, tuned for each shape on the device.
//!
//! Those with tensor cores round single precision to TF32. Burn's own tuning tries them among others, so that it would
//! be a matter of timings whether a result is exact; here, only those without tensor cores are tried unless the caller
//! allows rounding. All of them multiply and add in single precision, in an order of their own.
//!
//! Products of half precision are exact in single precision, and tensor cores add them up in it; so all are tried.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeTuneId;
use burn_cubecl::kernel::matmul::{MatmulStrategy, matmul};
use burn_cubecl::tensor::CubeTensor;
use cubecl::tune::{LocalTuner, Tunable, TunableSet, local_tuner};
use cubek::matmul::definition::{MatmulElems, MatmulGlobalElems};
use cubek::matmul::multi_level::Strategy;
use cubek::matmul::multi_level::routines::TileSizeSelection;
use cubek::matmul::multi_level::routines::batch::double_unit::DoubleUnitSelectionArgs;
use cubek::matmul::multi_level::routines::batch::simple_unit::SimpleUnitSelectionArgs;
use cubek::matmul::multi_level::routines::gemm::GemmStrategy;
use cubek::matmul::routine::BlueprintStrategy;
use cubek::matmul::tune_key::MatmulAutotuneKey;
use cubek::std::InputBinding;

use super::launch::element;
use super::matrix::tiled_product;
use crate::convolution::Products;

/// How many times as long an inner dimension is at least, for its split to matter more than tensor cores.
const DEEP: usize = 64;

/// The operands and the memory of the result.
type Matrices = (CubeTensor, CubeTensor, CubeTensor);

/// The product of two matrices of one type.
pub(super) fn product(left: CubeTensor, right: CubeTensor, output: CubeTensor, products: Products) {
    let ([rows, inner], [_, columns]) = (left.shape().dims(), right.shape().dims());
    // CubeK's programs don't split the inner dimension: a gradient by a weight, which is a small matrix, would be computed
    // by one or a few multiprocessors.
    let is_deep = inner > DEEP * rows.max(columns);
    match (left.dtype == DType::F32, is_deep) {
        (true, false) if products == Products::Tf32 => rounded(left, right, output),
        (true, _) => exact((left, right, output)),
        (false, true) => tiled_product(left, right, output),
        (false, false) => rounded(left, right, output),
    }
}

/// Computes a product by the fastest of all programs.
fn rounded(left: CubeTensor, right: CubeTensor, output: CubeTensor) {
    let (strategy, dtype) = (MatmulStrategy::default(), output.dtype);
    matmul(left, right, Some(output), strategy, dtype)
        .expect("matrices of one device have a product");
}

/// The programs without tensor cores; the first serves nearly every shape.
fn programs() -> Vec<Strategy> {
    let sizes = [
        TileSizeSelection::MaxTileSize,
        TileSizeSelection::MinTileSize,
    ];
    let simple = sizes.map(|tile_size| {
        Strategy::SimpleUnit(BlueprintStrategy::Inferred(SimpleUnitSelectionArgs {
            tile_size,
        }))
    });
    let double = sizes.map(|tile_size| {
        Strategy::DoubleUnit(BlueprintStrategy::Inferred(DoubleUnitSelectionArgs {
            tile_size,
        }))
    });
    let unstaged = Strategy::Gemm(BlueprintStrategy::Inferred(GemmStrategy {
        target_num_planes: None,
    }));
    let mut programs = vec![Strategy::Naive];
    programs.extend(simple);
    programs.extend(double);
    programs.push(unstaged);
    programs
}

/// Computes a product by the fastest of the programs without tensor cores, and of a kernel that splits the inner dimension.
fn exact(matrices: Matrices) {
    static TUNER: LocalTuner<MatmulAutotuneKey, CubeTuneId> = local_tuner!();

    let (client, device) = (matrices.0.client.clone(), matrices.0.device.clone());
    let id = CubeTuneId::new(&client, &device);
    let tunables = TUNER.init(&id, || {
        let set = TunableSet::new(
            key,
            |_key: &MatmulAutotuneKey, (left, right, output): &Matrices| {
                (left.clone(), right.clone(), output.copy())
            },
        );
        let split = Tunable::new("split", |(left, right, output): Matrices| {
            tiled_product(left, right, output);
            Ok::<(), String>(())
        });
        let programs = programs().into_iter().fold(set, |set, program| {
            let name = program.to_string();
            set.with(Tunable::new(&name, move |matrices: Matrices| {
                launch(&program, matrices)
            }))
        });
        programs.with(split)
    });
    TUNER.execute(&id, &client, tunables, matrices);
}

fn launch(program: &Strategy, (left, right, output): Matrices) -> Result<(), String> {
    let [of_left, of_right, of_output] = [&left, &right, &output].map(element);
    let mut elements = MatmulElems::from_globals(&MatmulGlobalElems {
        lhs: of_left,
        rhs: of_right,
        out: of_output,
    });
    let client = output.client.clone();
    cubek::matmul::launch::launch_ref(
        &program.clone().into(),
        &client,
        InputBinding::new(left.binding(), of_left),
        InputBinding::new(right.binding(), of_right),
        output.binding(),
        &mut elements,
    )
    .map_err(|error| format!("{error:?}"))
}

/// What products have in common that share a tuning.
fn key((left, right, output): &Matrices) -> MatmulAutotuneKey {
    let [of_left, of_right, of_output] = [left, right, output].map(element);
    MatmulAutotuneKey::generate(
        &left.client,
        left.meta.shape(),
        right.meta.shape(),
        left.meta.strides(),
        right.meta.strides(),
        left.meta.tiling,
        right.meta.tiling,
        of_left,
        of_right,
        of_output,
        None,
        None,
    )
}
