//! Whether the device computes what the CPU does.

use burn::tensor::{Device, FloatDType};
use evonas::network::{ImageShape, NetworkConfig, Precision};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, Operation, published};
use serde_json::json;

use super::caught::caught;
use super::options::GpuOptions;
use super::report::Report;
use crate::Failure;
use crate::bench::agreement::Agreement;

/// The bounds on differences, relative to the largest value of a tensor.
const SINGLE: f64 = 1e-3;
const HALF: f64 = 2e-2;

/// What is compared.
enum Subject {
    Operation(Operation),
    Network(NasnetGenotype),
}

pub(super) fn check(
    options: &GpuOptions,
    device: &Device,
    report: &Report,
) -> Result<bool, Failure> {
    report.title("Agreement with the CPU")?;
    let (size, random) = if options.quick { (8, 1) } else { (16, 5) };
    let config = NetworkConfig::new(ImageShape::rgb(size, size), 10)
        .cells_per_stack(1)
        .filters(8);
    let mut subjects: Vec<(String, Subject)> = Operation::ALL
        .into_iter()
        .map(|operation| (operation.name().to_owned(), Subject::Operation(operation)))
        .collect();
    let mut network = |name: String, genotype| subjects.push((name, Subject::Network(genotype)));
    network("AmoebaNet-A".to_owned(), published::amoebanet_a());
    network("NASNet-A".to_owned(), published::nasnet_a());
    let mut rng = stream(7, 0);
    for number in 1..=random {
        network(
            format!("random {number}"),
            NasnetSpace::sp2().sample(&mut rng),
        );
    }
    let mut precisions = vec![(Precision::Float32, "f32", SINGLE)];
    if device.supports_dtype(FloatDType::BF16) && !report.is_cpu {
        precisions.push((Precision::BFloat16, "bf16", HALF));
    }
    let mut all_hold = true;
    for (precision, name, bound) in precisions {
        let config = config.clone().precision(precision);
        for (network, subject) in &subjects {
            let devices = [&Device::flex(), device];
            let agreement = caught(|| {
                Ok(Agreement::of_some_seed(bound, |seed| match subject {
                    Subject::Operation(operation) => {
                        Agreement::of_operation(*operation, &config, 8, seed, devices)
                    }
                    Subject::Network(genotype) => {
                        Agreement::of(genotype, &config, 8, seed, devices)
                    }
                })?)
            });
            let agreement = match agreement {
                Ok(agreement) => agreement,
                Err(error) => {
                    report.failure("parity", &format!("{network} {name}"), &error.to_string())?;
                    all_hold = false;
                    continue;
                }
            };
            let holds = agreement.is_within(bound);
            all_hold &= holds;
            let verdict = if holds { "ok" } else { "TOO FAR" };
            report.figure(
                &format!("{network} {name}: {agreement}: {verdict}"),
                &json!({
                    "check": "parity", "network": network, "precision": name,
                    "logits": agreement.logits, "loss": agreement.loss,
                    "gradient": agreement.gradient, "parameter": agreement.parameter,
                    "bound": bound, "ok": holds,
                }),
            )?;
        }
    }
    Ok(all_hold)
}
