//! How long training steps take, and how much memory they need.

use burn::tensor::{Device, FloatDType};
use evonas::evaluator::is_out_of_memory;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig, Precision, trainable_parameters};
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::{Trainer, TrainingConfig};
use serde_json::json;

use super::caught::caught;
use super::options::GpuOptions;
use super::report::Report;
use crate::Failure;
use crate::bench::step_times::StepTimes;

struct Size {
    config: NetworkConfig,
    batch: usize,
}

fn sizes(options: &GpuOptions) -> Vec<Size> {
    let small = |cells, filters, batch| Size {
        config: NetworkConfig::cifar()
            .cells_per_stack(cells)
            .filters(filters),
        batch,
    };
    if options.quick {
        return vec![small(1, 8, 16)];
    }
    vec![
        small(3, 24, 128),
        small(6, 36, 128),
        Size {
            config: NetworkConfig::imagenet(224).cells_per_stack(6).filters(190),
            batch: 32,
        },
    ]
}

pub(super) fn measure(
    options: &GpuOptions,
    device: &Device,
    report: &Report,
) -> Result<bool, Failure> {
    report.title("Steps of AmoebaNet-A")?;
    let mut precisions = vec![(Precision::Float32, "f32")];
    if !report.is_cpu && device.supports_dtype(FloatDType::BF16) {
        precisions.push((Precision::BFloat16, "bf16"));
    }
    let mut all_ran = true;
    for size in sizes(options) {
        for &(precision, name) in &precisions {
            let config = size.config.clone().precision(precision);
            let ImageShape { height, .. } = config.image;
            let title = |batch| {
                format!(
                    "({}, {}) at {height}x{height}, batch {batch}, {name}",
                    config.cells_per_stack, config.filters
                )
            };
            // When memory runs out, a smaller batch may fit. Whatever fails, the next size may work.
            let mut batch = size.batch;
            let ran = loop {
                device.memory_cleanup();
                let error = match caught(|| steps(&config, batch, options.steps(), device)) {
                    Ok(ran) => break Some(ran),
                    Err(error) => error.to_string(),
                };
                if batch < 8 || !is_out_of_memory(&error) {
                    report.failure("steps", &title(batch), &error)?;
                    break None;
                }
                report.figure(
                    &format!("{}: out of memory", title(batch)),
                    &json!({"check": "steps", "what": title(batch), "out_of_memory": true}),
                )?;
                batch /= 2;
            };
            let Some((parameters, times)) = ran else {
                all_ran = false;
                continue;
            };
            let title = title(batch);
            let memory = device.memory_pool_usage();
            let mebibytes = memory.map(|usage| usage.bytes_reserved as f64 / f64::from(1 << 20));
            let median = times.median();
            let images = 1e3 * batch as f64 / median;
            let reserved = mebibytes.map_or("memory unknown".to_owned(), |m| format!("{m:.0} MiB"));
            report.figure(
                &format!(
                    "{title}: first step {:.1} s, then {median:.2} ms (shortest {:.2}), \
                     {images:.0} images a second, {reserved}",
                    times.first / 1e3,
                    times.shortest(),
                ),
                &json!({
                    "check": "steps",
                    "engine": format!("evonas {}", env!("CARGO_PKG_VERSION")),
                    "device": report.device,
                    "genotype": "amoebanet-a",
                    "stem": config.stem.name(), "classes": config.classes,
                    "cells": config.cells_per_stack, "filters": config.filters,
                    "size": height, "batch": batch, "precision": name,
                    "params": parameters,
                    "first_step_ms": times.first, "median_step_ms": median,
                    "min_step_ms": times.shortest(), "images_per_second": images,
                    "reserved_mib": mebibytes,
                }),
            )?;
        }
    }
    Ok(all_ran)
}

/// Parameters and times. A step that panics, as it does when memory runs out, is an error.
fn steps(
    config: &NetworkConfig,
    batch: usize,
    steps: usize,
    device: &Device,
) -> Result<(usize, StepTimes), Failure> {
    let autodiff = device.clone().autodiff();
    let genotype = published::amoebanet_a();
    let network = CellNetwork::new(&genotype, config, &mut stream(0, 0), &autodiff)?;
    let parameters = trainable_parameters(&network);
    let trainer = Trainer::new(TrainingConfig::default().batch_size(batch))?.record_steps(true);
    let (image, classes) = (config.image, config.classes);
    // Its own thread is its own stream of the device.
    let worker = std::thread::spawn(move || {
        caught(|| {
            Ok(StepTimes::of(
                network,
                &trainer,
                image,
                classes,
                4,
                steps,
                || (),
            ))
        })
    });
    let times = worker
        .join()
        .map_err(|_| "the thread that ran the steps died")??;
    Ok((parameters, times))
}
