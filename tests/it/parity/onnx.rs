//! Networks that are exported to ONNX pass its checks, and compute the same in onnxruntime.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{Device, Tensor, TensorData};
use evonas::export::onnx::OnnxExport;
use evonas::network::{BatchNormSettings, CellNetwork, ImageShape, NetworkConfig, TrainingPass};
use evonas::prelude::*;
use evonas::randomness::{Stream, stream};
use evonas::spaces::nasnet::{NasnetGenotype, published};
use evonas::training::TrainedClassifier;
use evonas::training::images::ChannelStatistics;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use super::exported::config;
use super::root;

const BATCH: usize = 3;
const MEAN: f32 = 0.4;
const DEVIATION: f32 = 0.25;

/// The Python with the packages, if there is one. With `EVONAS_REQUIRE_ONNX`, lacking them is an error.
fn python() -> Option<String> {
    let python = std::env::var("EVONAS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ready = Command::new(&python)
        .args(["-c", "import numpy, onnx, onnxruntime, safetensors"])
        .output()
        .is_ok_and(|output| output.status.success());
    if !ready {
        let reason = format!("{python} doesn't have the packages of tests/onnx/requirements.txt");
        assert!(
            std::env::var_os("EVONAS_REQUIRE_ONNX").is_none(),
            "{reason}"
        );
        let _ = writeln!(std::io::stderr(), "skipped: {reason}");
    }
    ready.then_some(python)
}

/// Moves what is 0 or 1 in a new network, where it would hide errors.
struct Perturbed(Stream);

impl ModuleMapper for Perturbed {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        if D != 1 {
            return param;
        }
        let (id, tensor, mapper) = param.consume();
        let trains = tensor.is_require_grad();
        let device = tensor.device();
        let data = tensor.detach().into_data();
        let moved: Vec<f32> = data
            .iter::<f32>()
            .map(|value| value + 0.5 * self.0.random::<f32>() - 0.2)
            .collect();
        let data = TensorData::new(moved, data.shape().clone());
        let tensor = Tensor::from_data(data, &device).set_require_grad(trains);
        Param::from_mapped_value(id, tensor, mapper)
    }
}

fn random(config: &NetworkConfig, rng: &mut Stream) -> (Vec<u8>, Vec<f32>) {
    let image = config.image;
    let size = BATCH * image.channels * image.height * image.width;
    let pixels: Vec<u8> = (0..size).map(|_| rng.random()).collect();
    let normalized = pixels
        .iter()
        .map(|&pixel| (f32::from(pixel) / 255.0 - MEAN) / DEVIATION);
    (pixels.clone(), normalized.collect())
}

fn classifier(genotype: &NasnetGenotype, config: &NetworkConfig) -> TrainedClassifier {
    let device = Device::flex().autodiff();
    // Statistics that move fast.
    let settings = BatchNormSettings {
        momentum: 0.5,
        ..config.batch_norm
    };
    let config = config.clone().batch_norm(settings);
    let mut rng = stream(1, 0);
    let network = CellNetwork::new(genotype, &config, &mut rng, &device).unwrap();
    let network = network.map(&mut Perturbed(stream(2, 0)));
    for _ in 0..2 {
        let (_, images) = random(&config, &mut rng);
        let _ = network.forward_training(
            tensor(images, &config, &device),
            &mut TrainingPass::new(0.0, &mut stream(3, 0)),
        );
    }
    let channels = vec![(MEAN, DEVIATION); config.image.channels];
    let statistics = ChannelStatistics::from_channels(channels).unwrap();
    TrainedClassifier::new(network.valid(), statistics)
}

fn tensor(images: Vec<f32>, config: &NetworkConfig, device: &Device) -> Tensor<4> {
    let image = config.image;
    let shape = [BATCH, image.channels, image.height, image.width];
    Tensor::from_data(TensorData::new(images, shape), device)
}

/// Exports a network both ways, with a batch and the logits for it.
fn export(genotype: &NasnetGenotype, config: &NetworkConfig, folder: &Path, name: &str) {
    let classifier = classifier(genotype, config);
    let (pixels, images) = random(config, &mut stream(4, 0));
    let logits = classifier
        .network
        .forward(tensor(images.clone(), config, &Device::flex()));
    let logits: Vec<f32> = logits.into_data().iter::<f32>().collect();
    let bytes = |values: &[f32]| -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    };
    let image = config.image;
    let shape = vec![BATCH, image.channels, image.height, image.width];
    let (images, logits) = (bytes(&images), bytes(&logits));
    for (kind, inside) in [("plain", false), ("inside", true)] {
        let folder = folder.join(format!("{name}-{kind}"));
        OnnxExport::new(&classifier)
            .normalize(inside)
            .fold_batch_norm(inside)
            .write(&folder)
            .unwrap();
        let input = match inside {
            true => TensorView::new(Dtype::U8, shape.clone(), &pixels),
            false => TensorView::new(Dtype::F32, shape.clone(), &images),
        };
        let logits = TensorView::new(Dtype::F32, vec![BATCH, config.classes], &logits);
        let tensors = [("input", input.unwrap()), ("logits", logits.unwrap())];
        let expected = safetensors::serialize(tensors, None).unwrap();
        fs::write(folder.join("expected.safetensors"), expected).unwrap();
    }
}

#[test]
fn networks_compute_the_same_in_onnxruntime() {
    let Some(python) = python() else { return };
    let removed = tempfile::tempdir().unwrap();
    // Kept for other runtimes (tests/onnx/tract) if it is named: with images that are larger than every kernel in every
    // cell, since tract fails on others. The largest add up enough to differ by more from rounding.
    let kept = std::env::var_os("EVONAS_ONNX_FOLDER").map(PathBuf::from);
    let config = |imagenet| match (&kept, imagenet) {
        (None, _) => config(imagenet),
        (Some(_), false) => config(false).image(ImageShape::rgb(32, 30)),
        (Some(_), true) => config(true).image(ImageShape::gray(224, 219)),
    };
    let folder = kept.as_deref().unwrap_or(removed.path());
    for (name, text) in published::ALL {
        for (stem, imagenet) in [("cifar", false), ("imagenet", true)] {
            let name = format!("{name}-{stem}");
            export(&text.parse().unwrap(), &config(imagenet), folder, &name);
        }
    }
    let space = NasnetSpace::sp3();
    for number in 0..20 {
        let genotype = space.sample(&mut stream(number, 3));
        let config = config(number % 4 == 3).drop_path(evonas::network::DropPath::scheduled(0.7));
        export(&genotype, &config, folder, &format!("random-{number}"));
    }
    let run = Command::new(python)
        .arg(root().join("tests/onnx/check.py"))
        .arg(folder)
        .args(["--bound", if kept.is_some() { "2e-5" } else { "1e-5" }])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&run.stdout).into_owned();
    println!("{said}");
    assert!(
        run.status.success(),
        "{}",
        String::from_utf8_lossy(&run.stderr)
    );
    let networks = 2 * (2 * published::ALL.len() + 20);
    assert!(
        said.ends_with(&format!("\n{networks} networks\n")),
        "{said}"
    );
}

/// The figures of `docs/export.md`: `… it -- time_of_an_image --ignored --nocapture`, on an idle machine.
#[test]
#[ignore = "a measurement"]
fn the_time_of_an_image() {
    let Some(python) = python() else { return };
    let folder = tempfile::tempdir().unwrap();
    for (cells, filters) in [(1, 8), (3, 24)] {
        let config = NetworkConfig::cifar()
            .cells_per_stack(cells)
            .filters(filters);
        let name = format!("amoebanet-a-{cells}-{filters}");
        export(&published::amoebanet_a(), &config, folder.path(), &name);
        let classifier = classifier(&published::amoebanet_a(), &config);
        let (_, images) = random(&config, &mut stream(4, 0));
        let images = tensor(images, &config, &Device::flex());
        let pool = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let mut times: Vec<f64> = pool.unwrap().install(|| {
            let time = |_| {
                let begin = std::time::Instant::now();
                let _ = classifier.network.forward(images.clone()).into_data();
                1e3 * begin.elapsed().as_secs_f64() / BATCH as f64
            };
            (0..20).map(time).collect()
        });
        times.sort_by(f64::total_cmp);
        println!("{name}: {:.2} ms an image here", times[10]);
    }
    let run = Command::new(python)
        .arg(root().join("tests/onnx/check.py"))
        .args([folder.path().as_os_str(), "--time".as_ref()])
        .output()
        .unwrap();
    println!("{}", String::from_utf8_lossy(&run.stdout));
}
