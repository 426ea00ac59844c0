//! A long search takes no more memory than a short one.
use burn::tensor::Device;
use evonas::network::{ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use evonas::training::images::digits;
use evonas::training::{CellDecoder, Trainer, TrainingConfig, TrainingEvaluator};

const TRIALS: usize = 200;

/// The process's memory, in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<f64>().unwrap() / 1024.0
}

/// The median of what was seen around a trial: a single look may meet a network half built.
fn around(seen: &[f64], trial: usize) -> f64 {
    let mut part = seen[trial - 20..trial].to_vec();
    part.sort_by(f64::total_cmp);
    part[10]
}

/// Kept tensors of a network and its training would be about 0.1 MiB a trial at least; the history
/// itself is a kilobyte of genotypes.
#[test]
fn two_hundred_trials_take_the_memory_of_forty() {
    let config = NetworkConfig::new(ImageShape::gray(8, 8), 10)
        .cells_per_stack(1)
        .filters(4);
    let evaluator = TrainingEvaluator::new(
        CellDecoder::new(config),
        Trainer::new(TrainingConfig::new(1, 32)).unwrap(),
        &digits().train.limit(80, 0),
        0.2,
        0,
        &Device::flex(),
    )
    .unwrap()
    .threads_per_worker(1);
    let space = NasnetSpace::sp1();
    let evolution = Evolution::aging(space.clone(), space.mutation(), 20, 5, 0).unwrap();
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = seen.clone();
    let result = Search::new(
        evolution,
        Threads::new(evaluator, 2).unwrap(),
        Budget::trials(TRIALS as u64),
    )
    .observe(move |event: &Event<'_, NasnetGenotype>| {
        if let Event::Finished { .. } = event {
            log.lock().unwrap().push(resident());
        }
    })
    .run()
    .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (TRIALS, 0));
    let seen = seen.lock().unwrap();
    let (early, late) = (around(&seen, 40), around(&seen, TRIALS));
    println!("{early:.1} MiB after 40 trials, {late:.1} MiB after {TRIALS}");
    assert!(late - early < 8.0, "from {early:.1} to {late:.1} MiB");
}
