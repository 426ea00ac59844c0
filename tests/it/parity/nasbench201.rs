//! The networks of NAS-Bench-201, and the proxies that look at them, compute what PyTorch does.

use std::collections::HashMap;
use std::process::Command;

use burn::module::{Module, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor};
use evonas::network::{ImageShape, NasBench201Network};
use evonas::prelude::*;
use evonas::spaces::nasbench201::{NasBench201Cell, NasBench201Space};
use evonas::training::images::{ChannelStatistics, LabeledImages};
use evonas::training::{
    Decoder, DeviceImages, GradientNorm, ImageClassifier, JacobianCovariance, MiniBatch, Synflow,
};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::json;

use super::{python, root};

const IMAGES: usize = 8;
const NETWORK: NasBench201Network = NasBench201Network::new(16, 10);

/// Cells with every operation, and with a node that has no input.
const CELLS: [&str; 2] = [
    "|nor_conv_3x3~0|+|nor_conv_1x1~0|avg_pool_3x3~1|+|skip_connect~0|none~1|nor_conv_3x3~2|",
    "|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|skip_connect~0|nor_conv_3x3~1|avg_pool_3x3~2|",
];

struct Parameters(Vec<(Vec<usize>, Vec<f32>)>);

impl ModuleVisitor for Parameters {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if param.is_require_grad() {
            let value = param.val();
            let values = value.to_data().iter::<f32>().collect();
            self.0.push((value.dims().to_vec(), values));
        }
    }
}

fn images() -> LabeledImages {
    let shape = ImageShape::rgb(16, 16);
    let mut rng = stream(7, 0);
    let size = shape.channels * shape.height * shape.width;
    let pixels: Vec<u8> = (0..IMAGES * size).map(|_| rng.random()).collect();
    let labels = (0..IMAGES).map(|image| (image % 10) as u16).collect();
    LabeledImages::new(shape, 10, pixels, labels).unwrap()
}

fn write(cell: &NasBench201Cell, seed: u64, path: &std::path::Path) {
    let device = Device::flex().autodiff();
    let network = NETWORK.decode(cell, &mut stream(seed, 0), &device).unwrap();
    let mut parameters = Parameters(Vec::new());
    network.visit(&mut parameters);
    let images = images();
    let statistics = ChannelStatistics::of(&images);
    let on_device = DeviceImages::normalized_by(&images, &statistics, &device);
    let (pixels, _) = on_device.batch(&(0..IMAGES).collect::<Vec<_>>());
    let logits = network.logits(pixels.clone());
    let float =
        |tensor: Vec<f32>| -> Vec<u8> { tensor.into_iter().flat_map(f32::to_le_bytes).collect() };
    let mut tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = parameters
        .0
        .into_iter()
        .enumerate()
        .map(|(number, (shape, values))| {
            (
                format!("parameter.{number}"),
                Dtype::F32,
                shape,
                float(values),
            )
        })
        .collect();
    let values = |data: burn::tensor::TensorData| data.iter::<f32>().collect();
    let shape = pixels.dims().to_vec();
    tensors.push((
        "images".into(),
        Dtype::F32,
        shape,
        float(values(pixels.into_data())),
    ));
    tensors.push((
        "logits".into(),
        Dtype::F32,
        vec![IMAGES, 10],
        float(values(logits.into_data())),
    ));
    let labels = images
        .labels()
        .iter()
        .flat_map(|&label| i64::from(label).to_le_bytes());
    tensors.push(("labels".into(), Dtype::I64, vec![IMAGES], labels.collect()));

    // The proxies draw the same weights.
    let score = |proxy: &dyn Proxy<NasBench201Cell>| proxy.score(cell, &mut stream(seed, 0));
    let batch = MiniBatch::new(&images, &statistics, &Device::flex());
    let scores = json!({
        "gradient_norm": score(&GradientNorm::new(NETWORK, batch.clone())),
        "jacobian_covariance": score(&JacobianCovariance::new(NETWORK, batch)),
        "synflow": score(&Synflow::new(NETWORK, images.shape())),
    });
    let operations = cell.operations.map(|operation| operation.name());
    let metadata = HashMap::from([
        ("operations".to_owned(), json!(operations).to_string()),
        ("scores".to_owned(), scores.to_string()),
    ]);
    let views: Vec<_> = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| {
            (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap())
        })
        .collect();
    safetensors::serialize_to_file(views, Some(metadata), path).unwrap();
}

#[test]
fn networks_of_nasbench201_and_proxies_agree_with_pytorch() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    let chosen = CELLS.map(|text| text.parse().unwrap());
    // Without a path through the cell, the logits depend on no image.
    let random = (0..40)
        .map(|seed| NasBench201Space.sample(&mut stream(seed, 1)))
        .filter(|cell| cell.canonical() != "#")
        .take(5);
    let cells: Vec<NasBench201Cell> = chosen.into_iter().chain(random).collect();
    for (number, cell) in cells.iter().enumerate() {
        let path = folder.path().join(format!("{number}.safetensors"));
        write(cell, number as u64, &path);
    }
    let run = Command::new(python)
        .arg(root().join("tests/pytorch/nasbench201.py"))
        .arg(folder.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout);
    println!("{said}");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    assert!(
        said.ends_with(&format!("\n{} networks\n", cells.len())),
        "{said}"
    );
}
