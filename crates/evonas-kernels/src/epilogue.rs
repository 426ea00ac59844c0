//! What happens to an operation's output.

use burn::tensor::Tensor;

use crate::hidden_state::HiddenState;
use crate::operations::{EpilogueTensors, Input};

/// What happens to an operation's output: in the pass that writes it, on devices where that saves one
/// ([`HiddenState::joins_epilogues`]).
#[derive(Clone, Debug, Default)]
pub struct Epilogue {
    /// A factor for each example, `[batch, 1, 1, 1]`, as drop path needs. It gets no gradient.
    pub factors: Option<Tensor<4>>,
    /// What is then added, of the output's shape.
    pub plus: Option<HiddenState>,
}

impl Epilogue {
    /// Refuses factors and summands that don't fit an output of this shape.
    pub(crate) fn assert_fits(&self, dims: [usize; 4]) {
        if let Some(factors) = &self.factors {
            assert_eq!(
                factors.dims(),
                [dims[0], 1, 1, 1],
                "an epilogue has a factor for each example"
            );
        }
        if let Some(plus) = &self.plus {
            assert_eq!(
                plus.dims(),
                dims,
                "an epilogue adds a hidden state of the output's shape"
            );
        }
    }

    /// Whether it has a tensor of a device with autodiff.
    pub(crate) fn is_autodiff(&self) -> bool {
        let factors = self.factors.as_ref().map(Tensor::device);
        let plus = self.plus.as_ref().map(HiddenState::device);
        [factors, plus]
            .into_iter()
            .flatten()
            .any(|device| device.is_autodiff())
    }

    /// Refuses to add a concatenation for ReLUs.
    fn assert_whole(&self) {
        if let Some(plus) = &self.plus {
            plus.assert_whole();
        }
    }

    /// The output after it, by operations of their own.
    ///
    /// # Panics
    /// If it doesn't fit the output.
    #[must_use]
    pub fn apply(self, output: HiddenState) -> HiddenState {
        self.assert_fits(output.dims());
        let output = match self.factors {
            Some(factors) => output.multiply(factors.detach()),
            None => output,
        };
        match self.plus {
            Some(plus) => plus + output,
            None => output,
        }
    }

    /// For the kernels.
    pub(crate) fn into_tensors(self) -> EpilogueTensors {
        self.assert_whole();
        EpilogueTensors {
            // With one value for each example, every order is the same.
            factors: self.factors.map(Tensor::detach),
            plus: self.plus.map(Input::from),
        }
    }
}
