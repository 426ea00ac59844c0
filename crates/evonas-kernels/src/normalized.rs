//! Hidden states that are still to be normalized.

use burn::tensor::Tensor;

use crate::batch_norm::BatchNorm;
use crate::epilogue::Epilogue;
use crate::hidden_state::{HiddenState, MemoryOrder};
use crate::operations;
use crate::unit::{Unit, trains_on};

/// A hidden state, the batch norm that follows, and factors of the normalized state: what a [`sum`](Self::sum) adds.
#[derive(Clone, Debug)]
pub struct Normalized<'a> {
    /// What is normalized.
    pub state: HiddenState,
    /// The batch norm.
    pub norm: &'a BatchNorm,
    /// A factor for each example, `[batch, 1, 1, 1]`, as drop path needs. It gets no gradient.
    pub factors: Option<Tensor<4>>,
}

impl Normalized<'_> {
    /// The sum of two states of one shape, each after its batch norm and times its factors. Where passes are
    /// [saved](HiddenState::joins_epilogues), it takes two in training, as many as a single batch norm, and as many back, unless
    /// only one has factors or both have the same norm.
    ///
    /// # Panics
    /// If the states have different shapes or the norms other channels, or if there isn't a factor for each example.
    #[must_use]
    pub fn sum(addends: [Self; 2]) -> HiddenState {
        let dims = addends[0].state.dims();
        for addend in &addends {
            addend.state.assert_whole();
            let epilogue = Epilogue {
                factors: addend.factors.clone(),
                plus: Some(addend.state.clone()),
            };
            epilogue.assert_fits(dims);
            assert_eq!(
                addend.norm.gamma.val().dims(),
                [dims[1]],
                "a batch norm has the state's channels"
            );
        }
        let joins =
            |addend: &Self| addend.state.joins_epilogues() && trains_on(addend.norm, &addend.state);
        let factors = addends.each_ref().map(|addend| addend.factors.is_some());
        let is_one_norm = std::ptr::eq(addends[0].norm, addends[1].norm);
        if addends.iter().all(joins) && factors[0] == factors[1] && !is_one_norm {
            return Self::sum_in_one(addends);
        }
        let [first, second] = addends;
        let first = first.plus(None);
        second.plus(Some(first))
    }

    /// The sum by one operation. Either both have factors, or none.
    pub(crate) fn sum_in_one(addends: [Self; 2]) -> HiddenState {
        let norms = addends.each_ref().map(|addend| addend.norm);
        let [first, second] = addends;
        let factors = match (first.factors, second.factors) {
            (Some(first), Some(second)) => Some([first.detach(), second.detach()]),
            _ => None,
        };
        let states = [first.state.into(), second.state.into()];
        let sum = operations::normalize_sum(states, norms, factors);
        HiddenState::new(sum, MemoryOrder::ChannelsLast)
    }

    fn plus(self, plus: Option<HiddenState>) -> HiddenState {
        let unit = Unit {
            norm: Some(self.norm),
            ..Unit::default()
        };
        let epilogue = Epilogue {
            factors: self.factors,
            plus,
        };
        unit.forward_with(self.state, epilogue)
    }
}
