//! A trial that the device has no memory for, and the trials after it.

use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::bits::BitsSpace;
use evonas::spaces::nasnet::published;
use evonas::training::{Trainer, TrainingConfig};
use serde_json::json;

use super::Bench;
use crate::Failure;
use crate::bench::step_times::StepTimes;

/// Images of the first large trial; each further one has twice as many. On the CPU, 64 images need some 25 GiB;
/// 2,048 need more than any card has, in tensors of less than 2³² values each.
const FIRST: usize = 64;
const LARGE_TRIALS: u64 = 6;

pub(super) fn check(bench: &Bench<'_>) -> Result<bool, Failure> {
    let report = &bench.report;
    report.title("A full device")?;
    if report.is_cpu || bench.options.quick {
        // The system would kill the program before its memory was full.
        report.left_out("memory", "it would fill the machine's memory")?;
        return Ok(true);
    }
    let device = bench.device.clone();
    // Small trials, each followed by a larger one than before, until one finds the device full.
    let evaluator = move |_: &Vec<bool>, context: &Context<'_>| {
        let trial = context.trial().0;
        let (cells, filters, side, batch) = match trial % 2 {
            1 => (6, 64, 64, FIRST << (trial / 2)),
            _ => (1, 8, 16, 16),
        };
        let image = ImageShape::rgb(side, side);
        let config = NetworkConfig::new(image, 10)
            .cells_per_stack(cells)
            .filters(filters);
        let autodiff = device.clone().autodiff();
        let genotype = published::amoebanet_a();
        let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &autodiff)
            .map_err(EvaluationError::failed)?;
        let trainer = Trainer::new(TrainingConfig::default().batch_size(batch))
            .map_err(EvaluationError::failed)?;
        let times = StepTimes::of(network, &trainer, image, 10, 0, 1, || ());
        Ok(Evaluation::new(times.median()))
    };
    let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
    let budget = Budget::trials(2 * LARGE_TRIALS + 1);
    let result = Search::new(random, Serial::new(evaluator), budget).run()?;
    let records = result.history.records();
    let outcomes: Vec<&Outcome> = records.iter().map(|trial| &trial.outcome).collect();
    let is_small = |trial: usize| trial.is_multiple_of(2);
    let mut holds = outcomes.len() as u64 == 2 * LARGE_TRIALS + 1;
    let mut full = 0;
    for (trial, outcome) in outcomes.iter().enumerate() {
        match outcome {
            Outcome::Completed(_) => {}
            Outcome::OutOfMemory { .. } if !is_small(trial) => full += 1,
            _ => holds = false,
        }
    }
    holds &= full > 0;
    let words: Vec<String> = outcomes
        .iter()
        .enumerate()
        .map(|(trial, outcome)| match is_small(trial) {
            true => format!("small: {outcome:?}"),
            false => format!("{} images: {outcome:?}", FIRST << (trial / 2)),
        })
        .collect();
    report.figure(
        &format!(
            "{full} trials ran out of device memory: {}\n{}",
            if holds { "ok" } else { "NOT AS EXPECTED" },
            words.join("\n")
        ),
        &json!({"check": "memory", "outcomes": words, "full": full, "ok": holds}),
    )?;
    Ok(holds)
}
