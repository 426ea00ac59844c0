//! Recorded searches for pages.

use std::fs;
use std::path::Path;

use evonas::evaluator::IntermediateResult;
use evonas::prelude::*;
use evonas::search::Retry;
use serde_json::json;

/// A score of cells without training: some operations are worth more, and noise belongs to the trial.
fn value_of(genotype: &NasnetGenotype, noise: f64) -> f64 {
    let text = genotype.to_string();
    let worth = |name: &str| text.matches(name).count() as f64;
    let sum = 0.03 * worth("sep3") + 0.02 * worth("sep5") + 0.01 * worth("max3");
    0.5 + 0.45 * (1.0 - (-sum - 0.01 * worth("@0")).exp()) + 0.02 * noise
}

fn evaluated(
    genotype: &NasnetGenotype,
    context: &Context<'_>,
) -> Result<Evaluation, EvaluationError> {
    let mut rng = context.rng(0);
    let (noise, fate): (f64, f64) = (rng.random(), rng.random());
    match fate {
        _ if fate < 0.01 => return Err(EvaluationError::failed("the loss is NaN after 3 steps")),
        _ if fate < 0.02 => return Err(EvaluationError::DeviceLost("the driver is gone".into())),
        _ if fate < 0.03 => return Err(EvaluationError::Infeasible("too many channels".into())),
        _ => {}
    }
    let value = value_of(genotype, noise);
    for step in 1..4 {
        let reached = value * (1.0 - 0.5_f64.powi(step));
        context.report_with_metrics(IntermediateResult::new(step as u64, reached).of(4));
        context.check_stop()?;
    }
    let parameters = 20_000.0 + 1e5 * (genotype.to_string().len() % 37) as f64;
    Ok(Evaluation::new(value)
        .with_cost(20.0 + 30.0 * noise)
        .with_metric("parameters", parameters))
}

/// A search over cells on simulated workers, with failures, losses, retries, early stops and duplicates.
pub(super) fn cells(folder: &Path, seed: u64, population: usize, trials: u64, workers: usize) {
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation())
        .population(population)
        .sample(8)
        .seed(seed)
        .build()
        .unwrap();
    let evaluator = json!({"network": NetworkConfig::cifar(), "dataset": "none"});
    Search::new(
        evolution,
        Simulated::new(evaluated, workers).unwrap(),
        Budget::trials(trials),
    )
    .retry(Retry::none().lost(1))
    .stopper(SuccessiveHalving::builder().build().unwrap())
    .duplicates_by(Duplicates::Reuse, NasnetGenotype::canonical)
    .journal(Journal::create(folder).unwrap().evaluator(evaluator))
    .run()
    .unwrap();
}

/// A search over named choices with two objectives.
pub(super) fn choices(folder: &Path, trials: u64) {
    let space = Choices::builder()
        .decision("optimizer", ["sgd", "adam", "rmsprop"])
        .float("momentum", 0.0..=0.95)
        .only_if("optimizer", ["sgd"])
        .log_float("learning rate", 1e-5..=1e-1)
        .integer("layers", 1..=40)
        .build()
        .unwrap();
    let named = space.clone();
    let score = move |decisions: &Decisions, _: &Context<'_>| {
        let rate = named.float(decisions, "learning rate").unwrap();
        let layers = named.integer(decisions, "layers").unwrap() as f64;
        let fitness = 1.0 - 0.1 * (rate.log10() + 3.0).powi(2) - 2.0 / layers;
        Ok(Evaluation::new(fitness).with_metric("flops", layers * 1e6))
    };
    let evolution = Evolution::builder(space.clone(), space)
        .population(20)
        .sample(5)
        .pareto([Objective::fitness(), Objective::minimize("flops")])
        .build()
        .unwrap();
    Search::new(evolution, Serial::new(score), Budget::trials(trials))
        .journal(Journal::create(folder).unwrap())
        .run()
        .unwrap();
}

/// A search over bits at random.
pub(super) fn bits(folder: &Path, seed: u64, trials: u64) {
    let ones = |bits: &Vec<bool>, _: &Context<'_>| {
        Ok(Evaluation::new(
            bits.iter().filter(|&&bit| bit).count() as f64
        ))
    };
    let random = RandomSearch::new(BitsSpace { length: 24 }, seed);
    Search::new(random, Serial::new(ones), Budget::trials(trials))
        .journal(Journal::create(folder).unwrap())
        .run()
        .unwrap();
}

/// A search over bits that promotes them.
pub(super) fn promoted(folder: &Path, trials: u64) {
    let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
        let epochs = context.fidelity().amount("epochs").unwrap_or(27.0);
        let ones = bits.iter().filter(|&&bit| bit).count() as f64;
        // Scores fall with the epochs.
        Ok(Evaluation::new(ones - epochs))
    };
    let evolution = Evolution::builder(BitsSpace { length: 24 }, FlipOneBit)
        .population(20)
        .sample(5);
    let promotion = Promotion::builder(evolution.build().unwrap(), "epochs");
    let search = Search::new(
        promotion.build().unwrap(),
        Serial::new(evaluator),
        Budget::trials(trials),
    );
    search
        .journal(Journal::create(folder).unwrap())
        .run()
        .unwrap();
}

/// Cuts a journal off after so many lines, as a kill does.
pub(super) fn cut(folder: &Path, lines: usize) {
    let path = folder.join("journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(lines).collect();
    fs::write(&path, kept).unwrap();
}
