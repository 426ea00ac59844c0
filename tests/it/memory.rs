//! A long search takes no more memory than a short one.
use std::process::Command;
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use evonas::network::{ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use evonas::training::images::digits;
use evonas::training::{CellDecoder, Trainer, TrainingConfig, TrainingEvaluator};

const TRIALS: usize = 200;

/// Set in the process that measures its memory.
const ALONE: &str = "EVONAS_TEST_MEMORY_ALONE";

/// The process's memory, in MiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1));
    kib.unwrap().parse::<f64>().unwrap() / 1024.0
}

/// The median around a trial: a single measurement may see half a network.
fn around(seen: &[f64], trial: usize) -> f64 {
    let mut part = seen[trial - 20..trial].to_vec();
    part.sort_by(f64::total_cmp);
    part[10]
}

/// Runs in a process of its own, since other tests take memory too.
#[test]
fn two_hundred_trials_take_the_memory_of_forty() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "memory::the_trials_whose_memory_is_measured",
            "--nocapture",
        ])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    println!("{text}");
    assert!(output.status.success(), "{text}{errors}");
    assert!(
        text.contains("MiB after 40 trials"),
        "nothing was measured: {text}{errors}"
    );
}

/// Not a test: the process that the test runs. A leaked network and its training would add at least 0.1 MiB a
/// trial; the history adds about a kilobyte of genotypes.
#[test]
#[ignore = "the test of this module runs it as a process of its own"]
fn the_trials_whose_memory_is_measured() {
    if std::env::var_os(ALONE).is_none() {
        return;
    }
    let config = NetworkConfig::new(ImageShape::gray(8, 8), 10)
        .cells_per_stack(1)
        .filters(4);
    let trainer = Trainer::new(TrainingConfig::default()).unwrap();
    let images = digits().train.limit(80, 0);
    let evaluator = TrainingEvaluator::builder(CellDecoder::new(config), trainer, &images)
        .device(&Device::flex())
        .threads_per_worker(1)
        .build()
        .unwrap();
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation())
        .population(20)
        .sample(5)
        .seed(0)
        .build()
        .unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
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
