//! One architecture as a row of the table.

use super::architecture::{Architecture, Trials, mean};
use super::error::NatsBenchError;
use crate::spaces::nasbench201::NasBench201Cell;

/// A data set's column prefix, and the official names of the data sets and image sets with its validation
/// and test results.
struct DatasetSource {
    prefix: &'static str,
    valid: (&'static str, &'static str),
    test: (&'static str, &'static str),
}

const SOURCES: [DatasetSource; 3] = [
    DatasetSource {
        prefix: "c10",
        valid: ("cifar10-valid", "x-valid"),
        test: ("cifar10", "ori-test"),
    },
    DatasetSource {
        prefix: "c100",
        valid: ("cifar100", "x-valid"),
        test: ("cifar100", "x-test"),
    },
    DatasetSource {
        prefix: "in16",
        valid: ("ImageNet16-120", "x-valid"),
        test: ("ImageNet16-120", "x-test"),
    },
];

/// The number of validation images of CIFAR-10, on which evaluation times were measured.
const VALIDATION_IMAGES: f64 = 25_000.0;

pub(super) fn header() -> Vec<String> {
    let mut header: Vec<String> = ["index", "ops", "arch"].map(str::to_owned).into();
    for DatasetSource { prefix, .. } in &SOURCES {
        for name in [
            "val12",
            "test12",
            "val200",
            "val200_std",
            "test200",
            "params_m",
            "flops_m",
        ] {
            header.push(format!("{prefix}_{name}"));
        }
    }
    header.extend(
        [
            "val200_seeds",
            "c10valid_train_s_per_epoch",
            "eval_us_per_image",
            "c10_latency_ms",
        ]
        .map(str::to_owned),
    );
    header
}

pub(super) fn fields(architecture: &Architecture) -> Result<Vec<String>, NatsBenchError> {
    let text = architecture.text();
    let cell: NasBench201Cell = text
        .text()?
        .parse()
        .map_err(|_| text.expected("an architecture's string"))?;
    let operations = cell
        .operations
        .map(|operation| (operation as u8).to_string());
    let mut fields = vec![
        architecture.index()?.to_string(),
        operations.concat(),
        cell.to_string(),
    ];
    let trials = |epochs, dataset| Trials { epochs, dataset };
    for DatasetSource { valid, test, .. } in &SOURCES {
        let accuracies = |epochs, (dataset, set): (&'static str, &str)| {
            architecture.accuracies(trials(epochs, dataset), set)
        };
        let valid200 = accuracies(200, *valid)?;
        let sizes = trials(12, test.0);
        let numbers = [
            mean(&accuracies(12, *valid)?),
            mean(&accuracies(12, *test)?),
            mean(&valid200),
            deviation(&valid200),
            mean(&accuracies(200, *test)?),
            architecture.size(sizes, "params")?,
            architecture.size(sizes, "flop")?,
        ];
        fields.extend(numbers.map(|number| number.to_string()));
    }
    let (dataset, set) = SOURCES[0].valid;
    let timed = trials(12, dataset);
    let seeds = architecture.accuracies(trials(200, dataset), set)?.len();
    let evaluation = architecture.evaluation_seconds(timed, set)? / VALIDATION_IMAGES;
    let latency = architecture.latency(trials(12, SOURCES[0].test.0))?;
    fields.push(seeds.to_string());
    fields.push(architecture.train_seconds(timed)?.to_string());
    fields.push((1e6 * evaluation).to_string());
    fields.push(latency.map_or_else(String::new, |seconds| (1e3 * seconds).to_string()));
    Ok(fields)
}

/// The standard deviation of a population, divided by `n`.
fn deviation(values: &[f64]) -> f64 {
    let mean = mean(values);
    let squares: Vec<f64> = values.iter().map(|value| (value - mean).powi(2)).collect();
    self::mean(&squares).sqrt()
}
