//! A trial that the device has no memory for, and the trials behind it.

use burn::tensor::Device;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::bits::BitsSpace;
use evonas::spaces::nasnet::published;
use evonas::training::{StepTimes, Trainer, TrainingConfig};
use serde_json::json;

use crate::{Failure, Options, Report};

/// Images in a batch of the trial that is too large: 224 pixels and 512 filters take terabytes.
const TOO_MANY: usize = 1 << 14;

pub fn check(options: &Options, device: &Device, report: &Report) -> Result<bool, Failure> {
    report.title("A full device");
    if options.device.to_string() == "cpu" || options.quick {
        // The system would end the program before it had no memory left.
        report.figure(
            "left out: it would fill the memory of the machine",
            &json!({"check": "memory", "left_out": true}),
        );
        return Ok(true);
    }
    let device = device.clone();
    let evaluator = move |_: &Vec<bool>, context: &Context<'_>| {
        let (filters, side, batch) = match context.trial().0 {
            1 => (512, 224, TOO_MANY),
            _ => (8, 16, 16),
        };
        let image = ImageShape::new(3, side, side);
        let config = NetworkConfig::new(1, filters, 10, image);
        let autodiff = device.clone().autodiff();
        let genotype = published::amoebanet_a();
        let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &autodiff)
            .map_err(EvaluationError::failed)?;
        let trainer =
            Trainer::new(TrainingConfig::new(1, batch)).map_err(EvaluationError::failed)?;
        let times = StepTimes::of(network, &trainer, image, 10, 0, 1);
        Ok(Evaluation::new(times.median()))
    };
    let random = RandomSearch::new(BitsSpace { length: 4 }, 0);
    let search = Search::new(random, Serial::new(evaluator), Budget::trials(4));
    let result = search.run()?;
    let outcomes: Vec<&Outcome> = result
        .history
        .records()
        .iter()
        .map(|trial| &trial.outcome)
        .collect();
    let of_kind = |completed: bool| {
        let kinds = outcomes.iter().enumerate();
        kinds
            .filter(|(trial, _)| (*trial != 1) == completed)
            .all(|(_, outcome)| match completed {
                true => matches!(outcome, Outcome::Completed(_)),
                false => matches!(outcome, Outcome::OutOfMemory { .. }),
            })
    };
    let holds = outcomes.len() == 4 && of_kind(true) && of_kind(false);
    let words: Vec<String> = outcomes
        .iter()
        .map(|outcome| format!("{outcome:?}"))
        .collect();
    report.figure(
        &format!(
            "trial 1 asked for too much: {}\n{}",
            if holds { "ok" } else { "NOT AS IT SHOULD BE" },
            words.join("\n")
        ),
        &json!({"check": "memory", "outcomes": words, "ok": holds}),
    );
    Ok(holds)
}
