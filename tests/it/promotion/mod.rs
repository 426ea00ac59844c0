//! Promotion: genotypes are evaluated a little, and the best of them more and more thoroughly.

mod algorithm_2;
mod comparable;
mod inside;
mod learning_curves;
mod searches;

use std::collections::HashMap;
use std::sync::Mutex;

use evonas::prelude::*;
use evonas::search::TrialRecord;

type Bits = Vec<bool>;

const FULL: u64 = 27;

fn epochs(fidelity: &Fidelity) -> u64 {
    fidelity
        .amount("epochs")
        .map_or(FULL, |epochs| epochs as u64)
}

fn promotion<A: Algorithm<Bits>>(algorithm: A) -> Promotion<Bits, A> {
    Promotion::builder(algorithm, "epochs").build().unwrap()
}

fn evolution(length: usize, seed: u64) -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length }, FlipOneBit)
        .population(20)
        .sample(5)
        .seed(seed)
        .build()
        .unwrap()
}

fn share_of_ones(bits: &Bits) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64 / bits.len() as f64
}

/// A training that may be continued: its epochs, its value, and its randomness.
#[derive(Clone)]
struct State {
    epochs: u64,
    value: f64,
    rng: Stream,
}

/// Trains as [`State`] says. Its states are lost with it.
#[derive(Default)]
struct Continuing {
    states: Mutex<HashMap<TrialId, State>>,
    /// The epochs that were trained.
    trained: Mutex<u64>,
}

impl Evaluator<Bits> for Continuing {
    fn evaluate(&self, bits: &Bits, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let earlier = context.continues();
        let known = earlier.and_then(|earlier| self.states.lock().unwrap().get(&earlier).cloned());
        let mut state = known.unwrap_or_else(|| State {
            epochs: 0,
            value: 0.0,
            rng: context.rng(0),
        });
        let before = state.epochs;
        while state.epochs < epochs(context.fidelity()) {
            let noise = 0.1 * (state.rng.random::<f64>() - 0.5);
            state.value += 0.2 * (share_of_ones(bits) + noise - state.value);
            state.epochs += 1;
        }
        let trained = state.epochs - before;
        *self.trained.lock().unwrap() += trained;
        let evaluation = Evaluation::new(state.value).with_cost(trained as f64);
        self.states.lock().unwrap().insert(context.trial(), state);
        Ok(evaluation)
    }
}

fn by_id(records: &[TrialRecord<Bits>]) -> HashMap<TrialId, &TrialRecord<Bits>> {
    records.iter().map(|record| (record.id, record)).collect()
}
