//! How far proxies of untrained networks agree with trained accuracy, beside what is known for nothing, the number of
//! multiply-adds: random cells of NAS-Bench-201, scored with one mini-batch of CIFAR-10, against the table.
//!
//! ```sh
//! cargo run --release --example proxies -- nasbench201.csv.gz cifar10/ 1000      # table, image folder, cells
//! ```
//!
//! Prints rank correlations with the test accuracy on the three data sets, and what the best of a hundred random cells
//! by each proxy achieves on average; then both for the cells of at most fifty million multiply-adds alone.

use std::collections::HashSet;
use std::error::Error;
use std::io::{Write, stdout};

use evonas::burn::tensor::Device;
use evonas::comparison::statistics::rank_correlation;
use evonas::network::{CostModel, MultiplyAddCount, NasBench201Network, ParameterCount};
use evonas::prelude::*;
use evonas::spaces::nasbench201::{NasBench201Cell, NasBench201Space};
use evonas::tabular::{Dataset, Metric, NasBench201Table};
use evonas::training::images::{ChannelStatistics, ImageFolder};
use evonas::training::{GradientNorm, JacobianCovariance, MiniBatch, Synflow};

const IMAGES: usize = 64;
const CAP: u64 = 50_000_000;
/// How many cells a proxy chooses from, and how often.
const CANDIDATES: usize = 100;
const CHOICES: usize = 1000;

type NamedProxy = (&'static str, Box<dyn Proxy<NasBench201Cell>>);

fn proxies(batch: &MiniBatch) -> Vec<NamedProxy> {
    let network = NasBench201Network::cifar10();
    vec![
        ("multiply-adds", Box::new(MultiplyAddCount::new(network))),
        ("parameters", Box::new(ParameterCount::new(network))),
        (
            "synflow",
            Box::new(Synflow::new(network, ImageShape::rgb(32, 32))),
        ),
        (
            "gradient norm",
            Box::new(GradientNorm::new(network, batch.clone())),
        ),
        (
            "jacobian covariance",
            Box::new(JacobianCovariance::new(network, batch.clone())),
        ),
    ]
}

/// What a proxy says of each cell.
struct Scores {
    name: &'static str,
    of_cells: Vec<f64>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [table, images, rest @ ..] = &arguments[..] else {
        return Err("usage: proxies TABLE IMAGES [CELLS]".into());
    };
    let count = rest.first().map_or(Ok(1000), |count| count.parse())?;
    let table = NasBench201Table::read(table)?;
    let train = ImageFolder::new(images).read()?.train;
    let statistics = ChannelStatistics::of(&train);
    let batch = MiniBatch::new(&train.limit(IMAGES, 0), &statistics, &Device::flex());

    let mut rng = stream(0, 0);
    let mut known = HashSet::new();
    let cells: Vec<NasBench201Cell> = std::iter::repeat_with(|| NasBench201Space.sample(&mut rng))
        .filter(|cell| known.insert(*cell))
        .take(count.min(evonas::spaces::nasbench201::CELLS))
        .collect();
    let mut scores = Vec::new();
    for (name, proxy) in proxies(&batch) {
        let begin = std::time::Instant::now();
        // One after another: the kernels use all cores.
        let of_cells = cells
            .iter()
            .enumerate()
            .map(|(index, cell)| proxy.score(cell, &mut stream(1, index as u64)))
            .collect();
        let seconds = begin.elapsed().as_secs_f64();
        eprintln!(
            "{name}: {:.1} ms a cell",
            1e3 * seconds / cells.len() as f64
        );
        scores.push(Scores { name, of_cells });
    }

    let network = NasBench201Network::cifar10();
    let all: Vec<usize> = (0..cells.len()).collect();
    let is_small = |cell: &NasBench201Cell| {
        network
            .cost(cell)
            .is_some_and(|cost| cost.multiply_adds <= CAP)
    };
    let small: Vec<usize> = all
        .iter()
        .copied()
        .filter(|&index| is_small(&cells[index]))
        .collect();
    for (title, chosen) in [
        ("all cells", all),
        ("at most 50 million multiply-adds", small),
    ] {
        let mut out = stdout().lock();
        if chosen.is_empty() {
            writeln!(out, "\n{title}: none")?;
            continue;
        }
        writeln!(out, "\n{title} ({})", chosen.len())?;
        writeln!(
            out,
            "{:<20} {:>24} {:>24} {:>24}",
            "", "CIFAR-10", "CIFAR-100", "ImageNet16-120"
        )?;
        for Scores { name, of_cells } in &scores {
            write!(out, "{name:<20}")?;
            for dataset in Dataset::ALL {
                let accuracy =
                    |index: usize| table.accuracy(cells[index], dataset, Metric::Test200);
                let of_chosen = |of: &dyn Fn(usize) -> f64| {
                    chosen.iter().map(|&index| of(index)).collect::<Vec<_>>()
                };
                let correlation =
                    rank_correlation(&of_chosen(&|index| of_cells[index]), &of_chosen(&accuracy));
                let (mean, deviation) = best_of(&chosen, &|index| of_cells[index], &accuracy);
                write!(out, "  {correlation:>6.3} {mean:>6.2} ± {deviation:<5.2}")?;
            }
            writeln!(out)?;
        }
    }
    Ok(())
}

/// The mean and the deviation of the accuracy of the best of random cells by a score.
fn best_of(
    cells: &[usize],
    score: &dyn Fn(usize) -> f64,
    accuracy: &dyn Fn(usize) -> f64,
) -> (f64, f64) {
    let mut rng = stream(2, 0);
    let found: Vec<f64> = (0..CHOICES)
        .map(|_| {
            let drawn = (0..CANDIDATES).map(|_| cells[rng.random_range(0..cells.len())]);
            let best = drawn.max_by(|&a, &b| score(a).total_cmp(&score(b)));
            accuracy(best.expect("there are candidates"))
        })
        .collect();
    let mean = found.iter().sum::<f64>() / found.len() as f64;
    let squares = found.iter().map(|value| (value - mean).powi(2));
    (mean, (squares.sum::<f64>() / found.len() as f64).sqrt())
}
