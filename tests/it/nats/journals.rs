//! The same seed gives the same journal.

use std::time::Duration;

use evonas::evaluator::IntermediateResult;
use evonas::executor::Nats;
use evonas::prelude::*;
use evonas::stopper::MedianRule;

use super::server::each_server;
use super::{Bits, description, evolution, space, with_workers};
use crate::timeless::timeless_in;

fn noisy(bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    let ones = bits.iter().filter(|&&bit| bit).count() as f64;
    if context.rng(1).random_range(0..10) == 0 {
        return Err(EvaluationError::failed("a bad day"));
    }
    for step in 1..=3 {
        let value = ones * step as f64;
        let result = IntermediateResult::new(step, value).of(3);
        context.report_with_metrics(result.with_metric("loss", f64::NAN));
        context.check_stop()?;
    }
    let noise: f64 = context.rng(0).random();
    Ok(Evaluation::new(ones + noise).with_metric("ones", ones))
}

fn search<X: Executor<Bits>>(executor: X, folder: &std::path::Path, judged: bool) {
    let mut search = Search::new(evolution(), executor, Budget::trials(60))
        .journal(Journal::create(folder).unwrap());
    if judged {
        search = search.stopper(MedianRule::new());
    }
    let result = search.run().unwrap();
    assert_eq!(result.history.len(), 60);
}

#[test]
fn one_worker_gives_the_journal_of_a_serial_search() {
    each_server(|server| {
        for judged in [false, true] {
            let folder = tempfile::tempdir().unwrap();
            let (serial, nats) = (folder.path().join("serial"), folder.path().join("nats"));
            search(Serial::new(noisy), &serial, judged);
            with_workers(server, "journal", 1, noisy, || {
                let executor = Nats::builder(&space(), server.at(), "journal")
                    .describe_evaluator(description())
                    .lease(Duration::from_secs(1))
                    .build()
                    .unwrap();
                search(executor, &nats, judged);
            });
            assert_eq!(timeless_in(&serial), timeless_in(&nats));
        }
    });
}
