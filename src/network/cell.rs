//! One cell as a Burn module.

use burn::module::Module;
use burn::tensor::Device;
use evonas_kernels::{HiddenState, Normalized};
use rand::Rng;

use super::config::NetworkConfig;
use super::modules::{ConvolutionLayer, Sequence};
use super::noise::TrainingPass;
use super::plan::CellPlan;

/// A cell: two inputs, pairwise combinations, and a concatenation.
#[derive(Module, Debug)]
pub(crate) struct CellModule {
    base: Sequence,
    align: Sequence,
    branches: Vec<Sequence>,
    parts: Vec<Sequence>,
    #[module(skip)]
    branch_states: Vec<usize>,
    #[module(skip)]
    part_states: Vec<usize>,
    /// Whether all that reads the output begins with a ReLU.
    #[module(skip)]
    feeds_relu: bool,
}

impl CellModule {
    pub(super) fn new(
        plan: &CellPlan,
        feeds_relu: bool,
        config: &NetworkConfig,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Self {
        let mut sequence = |layers: &[_]| Sequence::new(layers, config, rng, device);
        Self {
            base: sequence(&plan.base),
            align: sequence(&plan.align),
            branches: plan.branches.iter().map(|b| sequence(&b.layers)).collect(),
            parts: plan.concat.iter().map(|c| sequence(&c.layers)).collect(),
            branch_states: plan.branches.iter().map(|branch| branch.state).collect(),
            part_states: plan.concat.iter().map(|part| part.state).collect(),
            feeds_relu,
        }
    }

    /// Adds its convolutions to those found.
    pub(super) fn convolutions<'a>(&'a self, found: &mut Vec<&'a ConvolutionLayer>) {
        let edges = self.branches.iter().chain(&self.parts);
        for layers in [&self.base, &self.align].into_iter().chain(edges) {
            layers.convolutions(found);
        }
    }

    /// The cell's output. Drop path acts only with a training pass.
    ///
    /// # Shapes
    /// - `previous`: the previous cell's output
    /// - `before`: the output of the cell before that, with the same or twice the height and width
    /// - output: filters · concatenated states as channels; half the height and width in a reduction cell. It may be
    ///   the output's ReLU if that is all that is read of it.
    #[must_use]
    pub(super) fn forward(
        &self,
        previous: HiddenState,
        before: HiddenState,
        mut training: Option<&mut TrainingPass<'_>>,
    ) -> HiddenState {
        let mut states = vec![
            self.base.forward(previous, training.as_deref_mut()),
            self.align.forward(before, training.as_deref_mut()),
        ];
        for (branches, inputs) in self.branches.chunks(2).zip(self.branch_states.chunks(2)) {
            let mut pair: Vec<_> = branches.iter().zip(inputs).collect();
            if states[0].joins_epilogues() {
                // The last one adds what comes before it, which an identity can't. It draws no random numbers, so that
                // their order stays.
                pair.sort_by_key(|(branch, _)| !branch.is_identity());
            }
            let sum = match pair.as_slice() {
                &[first, second] if normalize_together(&states[0], [first.0, second.0]) => {
                    Some(Normalized::sum([first, second].map(|(branch, &state)| {
                        let input = states[state].clone();
                        branch.forward_before_norm(input, training.as_deref_mut())
                    })))
                }
                _ => pair.into_iter().fold(None, |sum, (branch, &state)| {
                    let input = states[state].clone();
                    Some(branch.forward_plus(input, training.as_deref_mut(), sum))
                }),
            };
            states.extend(sum);
        }
        let parts = self
            .parts
            .iter()
            .zip(&self.part_states)
            .map(|(part, &state)| part.forward(states[state].clone(), training.as_deref_mut()))
            .collect();
        match self.feeds_relu {
            true => HiddenState::concatenate_for_relu(parts),
            false => HiddenState::concatenate(parts),
        }
    }
}

/// Whether the batch norms at the end of both branches of a pair are part of their sum, on this state's device.
fn normalize_together(state: &HiddenState, branches: [&Sequence; 2]) -> bool {
    state.joins_epilogues() && branches.into_iter().all(Sequence::ends_with_norm)
}
