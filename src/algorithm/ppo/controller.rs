//! The controller: an LSTM with one softmax per decision.

use burn::module::{Module, Param};
use burn::tensor::activation::{log_softmax, sigmoid, tanh};
use burn::tensor::{Device, Int, Tensor, TensorData};
use rand::{Rng, RngExt};

use crate::algorithm::categorical::draw;

/// An LSTM (Hochreiter and Schmidhuber 1997) of one layer with `H` hidden units that takes one decision
/// a step. Its input is the previous step's choice as a one-hot vector; each decision has input weights
/// of its own.
///
/// A bias would be redundant: every step reads exactly one row of input weights.
#[derive(Module, Debug)]
pub(super) struct Controller {
    /// The input of the first step: `[1, 4 H]`. The gates are in the order input, forget, cell, output.
    start: Param<Tensor<2>>,
    /// The input weights for the choice of every decision but the last: `[alternatives, 4 H]`.
    inputs: Vec<Param<Tensor<2>>>,
    /// `[H, 4 H]`
    recurrent: Param<Tensor<2>>,
    /// The weights of each decision's softmax: `[H, alternatives]`.
    heads: Vec<Param<Tensor<2>>>,
    /// Their biases: `[1, alternatives]`.
    biases: Vec<Param<Tensor<2>>>,
}

/// The state of the LSTM between steps: two tensors of `[batch, H]`.
struct LstmState {
    hidden: Tensor<2>,
    cell: Tensor<2>,
}

/// One choice for each decision, and the logarithms of the probabilities they were drawn with.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sample {
    pub(super) choices: Vec<usize>,
    pub(super) log_probabilities: Vec<f32>,
}

impl Controller {
    /// A controller with all weights drawn uniformly from `-range..range`.
    pub(super) fn new(
        alternatives: &[usize],
        hidden_units: usize,
        range: f64,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let gates = 4 * hidden_units;
        let mut weights = |rows: usize, columns: usize| {
            let draw = |_| (range * (2.0 * rng.random::<f64>() - 1.0)) as f32;
            let values: Vec<f32> = (0..rows * columns).map(draw).collect();
            Param::from_data(TensorData::new(values, [rows, columns]), device)
        };
        let (_, inner) = alternatives
            .split_last()
            .expect("a controller takes at least one decision");
        Self {
            start: weights(1, gates),
            inputs: inner.iter().map(|&count| weights(count, gates)).collect(),
            recurrent: weights(hidden_units, gates),
            heads: alternatives
                .iter()
                .map(|&count| weights(hidden_units, count))
                .collect(),
            biases: alternatives
                .iter()
                .map(|&count| weights(1, count))
                .collect(),
        }
    }

    /// Draws a choice for every decision, each with one uniform number.
    pub(super) fn sample(&self, rng: &mut dyn Rng) -> Sample {
        let mut state = self.initial_state(1);
        let mut sample = Sample {
            choices: Vec::with_capacity(self.heads.len()),
            log_probabilities: Vec::with_capacity(self.heads.len()),
        };
        for decision in 0..self.heads.len() {
            let before = sample.choices.last().map(|&choice| self.indices(&[choice]));
            state = self.step(decision, before, state);
            let logs = values(self.head(decision, &state));
            let probabilities: Vec<f64> = logs.iter().map(|&log| f64::from(log).exp()).collect();
            let choice = draw(&probabilities, rng);
            sample.choices.push(choice);
            sample.log_probabilities.push(logs[choice]);
        }
        sample
    }

    /// The logarithms of the probabilities of all alternatives, decision by decision, for a batch of
    /// genotypes: each row is conditional on the choices before it.
    ///
    /// # Shapes
    /// - `batch`: the choices of each genotype
    /// - output: `[batch, alternatives]` for each decision
    pub(super) fn log_probabilities(&self, batch: &[&[usize]]) -> Vec<Tensor<2>> {
        let mut state = self.initial_state(batch.len());
        let mut heads = Vec::with_capacity(self.heads.len());
        for decision in 0..self.heads.len() {
            let before = decision
                .checked_sub(1)
                .map(|before| self.choices(batch, before));
            state = self.step(decision, before, state);
            heads.push(self.head(decision, &state));
        }
        heads
    }

    /// The choices that a batch of genotypes makes in one decision: `[batch]`.
    pub(super) fn choices(&self, batch: &[&[usize]], decision: usize) -> Tensor<1, Int> {
        let choices: Vec<usize> = batch.iter().map(|choices| choices[decision]).collect();
        self.indices(&choices)
    }

    fn indices(&self, places: &[usize]) -> Tensor<1, Int> {
        let places: Vec<i32> = places
            .iter()
            .map(|&place| i32::try_from(place).expect("a head has fewer alternatives than 2^31"))
            .collect();
        let shape = [places.len()];
        Tensor::from_data(TensorData::new(places, shape), &self.device())
    }

    pub(super) fn device(&self) -> Device {
        self.start.val().device()
    }

    fn initial_state(&self, batch: usize) -> LstmState {
        let [hidden_units, _] = self.recurrent.val().dims();
        let zeros = Tensor::zeros([batch, hidden_units], &self.device());
        LstmState {
            hidden: zeros.clone(),
            cell: zeros,
        }
    }

    /// One step of the LSTM. `before` holds the choices of the previous decision: `[batch]`.
    fn step(&self, decision: usize, before: Option<Tensor<1, Int>>, state: LstmState) -> LstmState {
        let input = match before {
            Some(choices) => self.inputs[decision - 1].val().select(0, choices),
            None => self.start.val(),
        };
        let gates = state.hidden.matmul(self.recurrent.val()) + input;
        let [input, forget, cell, output]: [Tensor<2>; 4] = gates
            .chunk(4, 1)
            .try_into()
            .expect("the gates split into four equal parts");
        let cell = sigmoid(forget) * state.cell + sigmoid(input) * tanh(cell);
        LstmState {
            hidden: sigmoid(output) * tanh(cell.clone()),
            cell,
        }
    }

    fn head(&self, decision: usize, state: &LstmState) -> Tensor<2> {
        let logits =
            state.hidden.clone().matmul(self.heads[decision].val()) + self.biases[decision].val();
        log_softmax(logits, 1)
    }
}

/// The values of a tensor, row by row.
pub(super) fn values(tensor: Tensor<2>) -> Vec<f32> {
    tensor
        .into_data()
        .try_to_vec()
        .expect("the controller computes in single precision")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    #[test]
    fn initial_weights_are_value_stable_and_within_their_range() {
        let device = Device::flex();
        let controller = Controller::new(&[3, 2], 2, 0.1, &mut stream(7, 0), &device);
        assert_eq!(
            values(controller.start.val())[..3],
            [-0.06844078, -0.06640213, 0.040855225],
            "changing these changes every search that was ever recorded"
        );
        let all = [
            &controller.inputs[0],
            &controller.recurrent,
            &controller.heads[1],
        ];
        for value in all.into_iter().flat_map(|weights| values(weights.val())) {
            assert!(value.abs() <= 0.1 && value != 0.0, "{value}");
        }
    }
}
