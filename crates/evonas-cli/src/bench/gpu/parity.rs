//! Whether the device computes what the CPU does.

use burn::tensor::{Device, FloatDType};
use evonas::network::{ImageShape, NetworkConfig, NetworkError, Precision};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace, Operation, published};
use serde_json::json;

use super::Bench;
use super::caught::caught;
use super::plan::Part;
use crate::Failure;
use crate::bench::agreement::Agreement;
use crate::precision::name_of;

/// The bounds on differences, relative to the largest value of a tensor.
const SINGLE: f64 = 1e-3;
const ROUNDED: f64 = 2e-2;
/// How many times as far as rounding to bfloat16 leads on the CPU results may be: in bfloat16, whose values aren't carried
/// across the same kinks of ReLUs here and there, and with TF32, which keeps three bits more of fewer numbers.
const AS_BFLOAT16: f64 = 2.0;
const AS_TF32: f64 = 0.5;
/// A result this far off agrees in nothing.
const FAR: f64 = 0.5;

/// What differences are allowed.
enum Allowed {
    Bound(f64),
    /// So many times those of rounding to bfloat16 elsewhere.
    Rounding(Agreement, f64),
}

impl Allowed {
    fn holds(&self, agreement: &Agreement) -> bool {
        match self {
            Self::Bound(bound) => agreement.is_within(*bound),
            Self::Rounding(other, times) => agreement.is_as_close_as(other, *times, [ROUNDED, FAR]),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Bound(bound) => format!("bound {bound:.0e}"),
            Self::Rounding(other, times) => {
                format!("{times} times the CPU's rounding to bf16: {other}")
            }
        }
    }
}

/// What is compared.
enum Subject {
    Operation(Operation),
    Network(NasnetGenotype),
}

impl Subject {
    /// How far rounding to bfloat16 leads on the CPU.
    fn rounding(&self, config: &NetworkConfig) -> Result<Agreement, NetworkError> {
        match self {
            Self::Operation(operation) => {
                Agreement::of_operation_rounded_to_bfloat16(*operation, config, BATCH, 0)
            }
            Self::Network(genotype) => {
                Agreement::of_rounding_to_bfloat16(genotype, config, BATCH, 0)
            }
        }
    }
}

/// The images of a batch.
const BATCH: usize = 8;
/// The part of the time that the first subjects may take: most of it goes into compiling kernels that are needed later.
const SHARE: f64 = 0.3;

/// The published networks and, in single precision, every operation first; then what is left of them, and random networks.
fn subjects(part: Part, random: usize) -> Vec<(String, Subject, Precision)> {
    let mut subjects = Vec::new();
    let mut rng = stream(7, 0);
    let both = [Precision::Float32, Precision::BFloat16];
    match part {
        Part::First => {
            for precision in [Precision::Float32, Precision::Tf32, Precision::BFloat16] {
                let network = Subject::Network(published::amoebanet_a());
                subjects.push(("AmoebaNet-A".to_owned(), network, precision));
            }
            for operation in Operation::ALL {
                let name = operation.name().to_owned();
                subjects.push((name, Subject::Operation(operation), Precision::Float32));
            }
        }
        Part::Rest => {
            for precision in both {
                let network = Subject::Network(published::nasnet_a());
                subjects.push(("NASNet-A".to_owned(), network, precision));
            }
            for number in 1..=random {
                let genotype = NasnetSpace::sp2().sample(&mut rng);
                for precision in both {
                    let network = Subject::Network(genotype.clone());
                    subjects.push((format!("random {number}"), network, precision));
                }
            }
            for operation in Operation::ALL {
                let name = operation.name().to_owned();
                subjects.push((name, Subject::Operation(operation), Precision::BFloat16));
            }
        }
    }
    subjects
}

pub(super) fn check(bench: &Bench<'_>, part: Part) -> Result<bool, Failure> {
    let (device, report) = (&bench.device, &bench.report);
    let (title, clock) = match part {
        Part::First => ("Agreement with the CPU", bench.clock.share(SHARE)),
        Part::Rest => ("Agreement with the CPU: other networks", bench.clock),
    };
    report.title(title)?;
    let (size, random) = if bench.options.quick { (8, 1) } else { (16, 5) };
    let config = NetworkConfig::new(ImageShape::rgb(size, size), 10)
        .cells_per_stack(1)
        .filters(8);
    let has_bfloat16 = device.supports_dtype(FloatDType::BF16) && !report.is_cpu;
    let mut all_hold = true;
    for (network, subject, precision) in subjects(part, random) {
        // The same GPUs have both.
        if precision != Precision::Float32 && !has_bfloat16 {
            continue;
        }
        let name = name_of(precision);
        if clock.is_over() {
            report.left_out("parity", "its time is over")?;
            break;
        }
        let config = config.clone().precision(precision);
        let devices = [&Device::flex(), device];
        let compared = caught(|| {
            let allowed = match precision {
                Precision::Float32 => Allowed::Bound(SINGLE),
                Precision::Tf32 => Allowed::Rounding(subject.rounding(&config)?, AS_TF32),
                _ => Allowed::Rounding(subject.rounding(&config)?, AS_BFLOAT16),
            };
            let holds = |agreement: &Agreement| allowed.holds(agreement);
            let agreement = Agreement::of_first_seed(holds, |seed| match &subject {
                Subject::Operation(operation) => {
                    Agreement::of_operation(*operation, &config, BATCH, seed, devices)
                }
                Subject::Network(genotype) => {
                    Agreement::of(genotype, &config, BATCH, seed, devices)
                }
            })?;
            Ok((agreement, allowed))
        });
        let (agreement, allowed) = match compared {
            Ok(compared) => compared,
            Err(error) => {
                report.failure("parity", &format!("{network} {name}"), &error.to_string())?;
                all_hold = false;
                continue;
            }
        };
        let holds = allowed.holds(&agreement);
        all_hold &= holds;
        let verdict = if holds { "ok" } else { "TOO FAR" };
        report.figure(
            &format!(
                "{network} {name}: {agreement}: {verdict} ({})",
                allowed.text()
            ),
            &json!({
                "check": "parity", "network": network, "precision": name,
                "logits": agreement.logits, "loss": agreement.loss,
                "gradient": agreement.gradient, "parameter": agreement.parameter,
                "gradients_together": agreement.overall,
                "allowed": allowed.text(), "ok": holds,
            }),
        )?;
    }
    Ok(all_hold)
}
