//! How long training steps take, beside PyTorch's, and how much memory they need.

use burn::tensor::{Device, FloatDType};
use evonas::evaluator::is_out_of_memory;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig, Precision, trainable_parameters};
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::{Trainer, TrainingConfig};
use serde_json::{Value, json};

use super::Bench;
use super::caught::caught;
use super::plan::Part;
use super::pytorch::{Exported, MODES};
use crate::Failure;
use crate::bench::step_times::StepTimes;
use crate::precision::name_of;

/// Steps after the first that are not timed: the fourth may be recorded.
const WARM_UP: usize = 4;

/// What a driver without a device counted for a step, on two cores (`docs/gpu.md`).
#[derive(Clone, Copy)]
struct Predicted {
    launches: u32,
    host_ms: f64,
    recorded_host_ms: f64,
}

struct Size {
    config: NetworkConfig,
    batch: usize,
    predicted: Option<Predicted>,
}

fn sizes(part: Part, quick: bool) -> Vec<Size> {
    let small = |cells, filters, batch, predicted| Size {
        config: NetworkConfig::cifar()
            .cells_per_stack(cells)
            .filters(filters),
        batch,
        predicted,
    };
    match (part, quick) {
        (Part::First, true) => vec![small(1, 8, 16, None)],
        (Part::Rest, true) => Vec::new(),
        (Part::First, false) => {
            let predicted = Predicted {
                launches: 1_293,
                host_ms: 40.0,
                recorded_host_ms: 0.4,
            };
            vec![small(3, 24, 128, Some(predicted))]
        }
        (Part::Rest, false) => vec![
            small(6, 36, 128, None),
            Size {
                config: NetworkConfig::imagenet(224).cells_per_stack(6).filters(190),
                batch: 32,
                predicted: None,
            },
        ],
    }
}

pub(super) fn measure(bench: &Bench<'_>, part: Part) -> Result<bool, Failure> {
    let sizes = sizes(part, bench.options.quick);
    if sizes.is_empty() {
        return Ok(true);
    }
    bench.report.title(match part {
        Part::First => "Steps of AmoebaNet-A",
        Part::Rest => "Steps of larger networks",
    })?;
    let mut precisions = vec![Precision::Float32];
    if !bench.report.is_cpu && bench.device.supports_dtype(FloatDType::BF16) {
        // What PyTorch does unless it is told otherwise comes first.
        precisions = vec![Precision::Tf32, Precision::BFloat16, Precision::Float32];
    }
    let mut all_ran = true;
    for size in sizes {
        for &precision in &precisions {
            if bench.clock.is_over() {
                bench.report.left_out("steps", "no time is left")?;
                return Ok(all_ran);
            }
            let measured = Measured {
                bench,
                config: size.config.clone().precision(precision),
                predicted: size.predicted.filter(|_| precision == Precision::Float32),
                precision: name_of(precision),
            };
            all_ran &= measured.run(size.batch)?;
        }
    }
    Ok(all_ran)
}

/// One network in one precision.
struct Measured<'a> {
    bench: &'a Bench<'a>,
    config: NetworkConfig,
    predicted: Option<Predicted>,
    precision: &'static str,
}

impl Measured<'_> {
    fn title(&self, batch: usize) -> String {
        let ImageShape { height, .. } = self.config.image;
        format!(
            "({}, {}) at {height}x{height}, batch {batch}, {}",
            self.config.cells_per_stack, self.config.filters, self.precision
        )
    }

    /// What identifies the network in the record.
    fn figures(&self, batch: usize, engine: &str) -> Value {
        let config = &self.config;
        json!({
            "check": "steps",
            "engine": engine,
            "device": self.bench.report.device,
            "genotype": "amoebanet-a",
            "stem": config.stem.name(), "classes": config.classes,
            "cells": config.cells_per_stack, "filters": config.filters,
            "size": config.image.height, "batch": batch, "precision": self.precision,
        })
    }

    fn run(&self, batch: usize) -> Result<bool, Failure> {
        let (fits, all_ran) = self.recorded_and_taken(batch)?;
        if let (Some(batch), Some(python)) = (fits, &self.bench.options.python) {
            self.beside_pytorch(python, batch)?;
        }
        Ok(all_ran)
    }

    /// The batch that there is memory for, if any step ran, and whether both ways of taking steps did.
    fn recorded_and_taken(&self, mut batch: usize) -> Result<(Option<usize>, bool), Failure> {
        let (device, report) = (&self.bench.device, &self.bench.report);
        let (mut fits, mut all_ran) = (None, true);
        for records in [true, false] {
            // When memory runs out, a smaller batch may fit. Whatever fails, the next size may work.
            loop {
                device.memory_cleanup();
                let steps = self.bench.options.steps();
                let error = match caught(|| time(&self.config, batch, steps, records, device)) {
                    Ok((parameters, times)) => {
                        self.report(batch, records, parameters, &times)?;
                        fits = Some(batch);
                        break;
                    }
                    Err(error) => error.to_string(),
                };
                if batch < 8 || !is_out_of_memory(&error) {
                    report.failure("steps", &self.title(batch), &error)?;
                    all_ran = false;
                    break;
                }
                report.figure(
                    &format!("{}: out of memory", self.title(batch)),
                    &json!({"check": "steps", "what": self.title(batch), "recorded": records, "out_of_memory": true}),
                )?;
                batch /= 2;
            }
        }
        Ok((fits, all_ran))
    }

    fn report(
        &self,
        batch: usize,
        records: bool,
        parameters: usize,
        times: &StepTimes,
    ) -> Result<(), Failure> {
        let memory = self.bench.device.memory_pool_usage();
        let mebibytes = memory.map(|usage| usage.bytes_reserved as f64 / f64::from(1 << 20));
        let (median, host) = (times.median(), times.host());
        let images = 1e3 * batch as f64 / median;
        let reserved = mebibytes.map_or("memory unknown".to_owned(), |m| format!("{m:.0} MiB"));
        // Asked for isn't done: a device may not record.
        let recorded = times.repeated > 0;
        let how = match (records, recorded) {
            (true, true) => "recorded",
            (true, false) => "not recorded, though asked for",
            (false, _) => "taken",
        };
        let mut line = format!(
            "{}, {how}: first step {:.1} s, then {median:.2} ms (shortest {:.2}), of which the host works \
             {host:.2}, {images:.0} images a second, {reserved}",
            self.title(batch),
            times.first / 1e3,
            times.shortest(),
        );
        let mut figures = self.figures(batch, &format!("evonas {}", env!("CARGO_PKG_VERSION")));
        let more = json!({
            "recorded": recorded, "repeated_steps": times.repeated, "params": parameters,
            "first_step_ms": times.first, "median_step_ms": median,
            "min_step_ms": times.shortest(), "host_ms": host, "images_per_second": images,
            "reserved_mib": mebibytes,
        });
        extend(&mut figures, more);
        if let Some(predicted) = self.predicted {
            let (launches, host_ms) = match recorded {
                true => (5, predicted.recorded_host_ms),
                false => (predicted.launches, predicted.host_ms),
            };
            line += &format!("; predicted: {launches} launches, {host_ms} ms of the host");
            figures["predicted"] = json!({"launches": launches, "host_ms": host_ms});
        }
        self.bench.report.figure(&line, &figures)
    }

    fn beside_pytorch(&self, python: &std::path::Path, batch: usize) -> Result<(), Failure> {
        let report = &self.bench.report;
        let exported = Exported::new(&self.config)?;
        for mode in MODES {
            let title = format!("PyTorch, {mode}, {}", self.title(batch));
            if self.bench.clock.is_over() {
                report.left_out("steps", &format!("no time is left for {title}"))?;
                return Ok(());
            }
            // Graphs are CUDA's, and compiling takes minutes.
            if mode == "captured" && !report.device.starts_with("cuda")
                || mode == "compiled" && self.bench.options.quick
            {
                continue;
            }
            // PyTorch needs the memory that the pools here keep.
            self.bench.device.memory_cleanup();
            let (device, steps) = (&report.device, self.bench.options.steps());
            let clock = &self.bench.clock;
            match exported.time(python, mode, device, batch, steps, clock) {
                Ok(theirs) => {
                    let median = theirs["median_step_ms"].as_f64().unwrap_or(f64::NAN);
                    let mut figures = self.figures(batch, "torch");
                    figures["mode"] = json!(mode);
                    extend(&mut figures, theirs);
                    report.figure(&format!("{title}: {median:.2} ms"), &figures)?;
                }
                // What PyTorch can't do is no failure of ours.
                Err(error) => report.left_out("steps", &format!("{title}: {error}"))?,
            }
        }
        Ok(())
    }
}

/// Adds the entries of one object to another.
fn extend(figures: &mut Value, more: Value) {
    if let (Value::Object(figures), Value::Object(more)) = (figures, more) {
        figures.extend(more);
    }
}

/// Parameters and times. A step that panics, as it does when memory runs out, is an error.
fn time(
    config: &NetworkConfig,
    batch: usize,
    steps: usize,
    records: bool,
    device: &Device,
) -> Result<(usize, StepTimes), Failure> {
    let autodiff = device.clone().autodiff();
    let genotype = published::amoebanet_a();
    let network = CellNetwork::new(&genotype, config, &mut stream(0, 0), &autodiff)?;
    let parameters = trainable_parameters(&network);
    let training = TrainingConfig::default().batch_size(batch);
    let trainer = Trainer::new(training)?.record_steps(records);
    let (image, classes) = (config.image, config.classes);
    // Its own thread is its own stream of the device.
    let worker = std::thread::spawn(move || {
        caught(|| {
            Ok(StepTimes::of(
                network,
                &trainer,
                image,
                classes,
                WARM_UP,
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
