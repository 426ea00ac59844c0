//! Checks ONNX files that evonas exported in tract, as `tests/onnx/check.py` does in onnxruntime.
//!
//! ```sh
//! EVONAS_ONNX_FOLDER=ROOT cargo test --workspace --test it onnxruntime
//! cargo run --manifest-path tests/onnx/tract/Cargo.toml ROOT
//! ```
//!
//! The first writes the networks. The second takes every folder in ROOT with a `model.onnx` and an
//! `expected.safetensors` (a batch and the logits that evonas computes for it). The logits must be the same, for the
//! whole batch and for its first image alone.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, panic};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use tract_onnx::prelude::*;

/// Relative to the largest logit. onnxruntime differs by up to 1.2e-5 on images of 224 pixels.
const BOUND: f32 = 2e-5;

type Failure = Box<dyn Error>;

/// The first images of a batch as the network takes them: bytes or floats.
fn batch(view: &TensorView<'_>, images: usize) -> Result<Tensor, Failure> {
    let mut shape = view.shape().to_vec();
    let values: usize = shape[1..].iter().product::<usize>() * images;
    shape[0] = images;
    Ok(match view.dtype() {
        safetensors::Dtype::U8 => Tensor::from_shape(&shape, &view.data()[..values])?,
        _ => Tensor::from_shape(&shape, &floats(view)[..values])?,
    })
}

fn floats(view: &TensorView<'_>) -> Vec<f32> {
    let values = view.data().chunks_exact(4);
    values
        .map(|value| f32::from_le_bytes(value.try_into().expect("four bytes")))
        .collect()
}

/// The largest difference, relative to the largest logit.
fn difference(found: &Tensor, expected: &[f32]) -> Result<f32, Failure> {
    let found = found.as_slice::<f32>()?;
    if found.len() != expected.len() || found.iter().any(|value| !value.is_finite()) {
        return Err(format!("{} logits instead of {}", found.len(), expected.len()).into());
    }
    let largest = expected
        .iter()
        .fold(0.0_f32, |most, value| most.max(value.abs()));
    let differences = found.iter().zip(expected);
    Ok(differences.fold(0.0_f32, |most, (a, b)| most.max((a - b).abs())) / largest)
}

fn check(folder: &Path) -> Result<f32, Failure> {
    let file = fs::read(folder.join("expected.safetensors"))?;
    let expected = SafeTensors::deserialize(&file)?;
    let (input, logits) = (expected.tensor("input")?, expected.tensor("logits")?);
    let images = input.shape()[0];
    let logits = floats(&logits);
    let network = tract_onnx::onnx()
        .model_for_path(folder.join("model.onnx"))?
        .into_optimized()?
        .into_runnable()?;
    let mut worst = 0.0_f32;
    for images in [images, 1] {
        let found = network.run(tvec![batch(&input, images)?.into()])?;
        let expected = &logits[..logits.len() / input.shape()[0] * images];
        worst = worst.max(difference(&found[0], expected)?);
    }
    Ok(worst)
}

fn main() -> Result<ExitCode, Failure> {
    let root = env::args_os().nth(1).ok_or("usage: onnx-in-tract ROOT")?;
    let mut folders: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(root)? {
        let folder = entry?.path();
        if folder.join("model.onnx").exists() {
            folders.push(folder);
        }
    }
    folders.sort();
    let mut wrong = 0;
    for folder in &folders {
        let name = folder.file_name().unwrap_or_default().display();
        // An overflow in a debug build of tract is its failure, and no reason to leave the others out.
        let checked = panic::catch_unwind(|| check(folder));
        match checked.unwrap_or_else(|_| Err("tract panicked".into())) {
            Ok(worst) => {
                println!("{name}: {worst:.1e}");
                wrong += usize::from(worst >= BOUND);
            }
            Err(error) => {
                println!("{name}: {error:?}");
                wrong += 1;
            }
        }
    }
    println!("{} networks, {wrong} wrong", folders.len());
    let good = wrong == 0 && !folders.is_empty();
    Ok(if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
