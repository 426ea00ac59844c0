//! Architecture search on the digits, from images to a list of trials.
use std::sync::{Arc, Mutex};

use burn::tensor::Device;
use evonas::network::{ImageShape, NetworkConfig};
use evonas::prelude::*;
use evonas::search::TrialRecord;
use evonas::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use evonas::training::images::digits;
use evonas::training::{CellDecoder, Trainer, TrainingConfig, TrainingEvaluator};

fn evaluator(learning_rate: f64) -> TrainingEvaluator<CellDecoder> {
    let config = NetworkConfig::new(ImageShape::gray(8, 8), 10)
        .cells_per_stack(1)
        .filters(4);
    let training = TrainingConfig::default()
        .batch_size(64)
        .learning_rate(learning_rate);
    let trainer = Trainer::new(training).unwrap();
    let images = digits().train.limit(300, 0);
    TrainingEvaluator::builder(CellDecoder::new(config), trainer, &images)
        .validation_fraction(0.2)
        .split_seed(0)
        .device(&Device::flex())
        .threads_per_worker(1)
        .build()
        .unwrap()
}

fn random_trials(workers: usize) -> Vec<TrialRecord<NasnetGenotype>> {
    let search = Search::new(
        RandomSearch::new(NasnetSpace::sp1(), 3),
        Threads::new(evaluator(0.05), workers).unwrap(),
        Budget::trials(4),
    );
    let mut records = search.run().unwrap().history.records().to_vec();
    records.sort_by_key(|record| record.id);
    records
}

#[test]
fn a_genotype_and_seed_score_the_same_with_one_worker_and_with_four() {
    let (one, four) = (random_trials(1), random_trials(4));
    for (a, b) in one.iter().zip(&four) {
        assert_eq!((a.id, &a.genotype, a.seed), (b.id, &b.genotype, b.seed));
        assert!(a.fitness().is_some());
        assert_eq!(a.fitness(), b.fitness(), "trial {}", a.id);
        assert!(a.metric("parameters").unwrap() > 0.0);
    }
}

#[test]
fn an_observer_sees_the_loss_and_the_accuracy_of_every_epoch() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let search = Search::new(
        RandomSearch::new(NasnetSpace::sp1(), 3),
        Threads::new(evaluator(0.05), 1).unwrap(),
        Budget::trials(2),
    );
    let search = search.observe(move |event: &Event<'_, NasnetGenotype>| {
        if let Event::Reported { trial, result } = event {
            let figure = |name| result.metrics.get(name).unwrap();
            let loss = figure(TrainingEvaluator::<()>::LOSS);
            let accuracy = figure(TrainingEvaluator::<()>::ACCURACY);
            assert_eq!((result.value, result.last_step), (None, Some(1)));
            let report = (trial.0, result.step, loss, accuracy);
            log.lock().unwrap().push(report);
        }
    });
    search.run().unwrap();
    let seen = seen.lock().unwrap();
    let epochs: Vec<_> = seen
        .iter()
        .map(|&(trial, step, ..)| (trial, step))
        .collect();
    assert_eq!(epochs, [(0, 1), (1, 1)]);
    for &(.., loss, accuracy) in seen.iter() {
        // One epoch leaves the network far from trained.
        assert!(0.5 < loss && loss < 10.0, "{loss}");
        assert!(0.05 < accuracy && accuracy < 1.0, "{accuracy}");
    }
}

#[test]
fn the_same_seed_gives_the_same_trial_list() {
    let run = || {
        let space = NasnetSpace::sp1();
        let evolution = Evolution::builder(space.clone(), space.mutation())
            .population(2)
            .sample(2)
            .seed(1)
            .build()
            .unwrap();
        let executor = Serial::new(evaluator(0.05));
        let result = Search::new(evolution, executor, Budget::trials(5))
            .run()
            .unwrap();
        let list: Vec<_> = result
            .history
            .records()
            .iter()
            .map(|r| {
                (
                    r.id,
                    r.parent,
                    r.genotype.to_string(),
                    r.seed,
                    r.outcome.clone(),
                )
            })
            .collect();
        list
    };
    assert_eq!(run(), run());
}

#[test]
fn a_loss_that_is_not_finite_fails_the_trial() {
    let result = Search::new(
        RandomSearch::new(NasnetSpace::sp1(), 0),
        Serial::new(evaluator(1e30)),
        Budget::trials(1),
    )
    .run()
    .unwrap();
    let outcome = &result.history.records()[0].outcome;
    assert!(
        matches!(outcome, Outcome::Failed { reason } if reason.contains("the loss of epoch 1 is")),
        "{outcome}"
    );
}
