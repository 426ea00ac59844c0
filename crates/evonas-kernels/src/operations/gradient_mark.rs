//! Gradients of one hidden state that come from several operations.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::backend::Backend;
use burn::backend::autodiff::NodeId;
use burn::backend::autodiff::grads::Gradients;
use burn::backend::autodiff::ops::Ops;
use burn::backend::tensor::FloatTensor;

/// Whether an operation of this crate has registered a gradient by a hidden state. The next one takes that
/// gradient and adds its own to it, in its own pass.
///
/// Burn's container of gradients can't be asked whether it has one. The answer stays true: an operation that reads a
/// state runs, on the way back, before the one that made it, and Burn runs each of them once.
#[derive(Clone, Debug, Default)]
pub(crate) struct GradientMark(Arc<AtomicBool>);

impl GradientMark {
    /// Adds a gradient to those registered.
    pub(super) fn register<B: Backend>(
        &self,
        gradients: &mut Gradients,
        parent: NodeId,
        gradient: FloatTensor<B>,
    ) {
        gradients.register::<B>(parent, gradient);
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_set(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A gradient that is wanted.
pub(crate) struct Wanted<B: Backend> {
    /// What it is added to.
    pub(crate) onto: Option<FloatTensor<B>>,
}

impl<B: Backend> Wanted<B> {
    /// The gradient by one of an operation's parents, if it is wanted: the caller registers it. What other operations
    /// have registered for it, as far as the mark knows, is taken out.
    pub(super) fn by_parent<S, const N: usize>(
        ops: &Ops<S, N>,
        number: usize,
        mark: &GradientMark,
        gradients: &mut Gradients,
    ) -> Option<Self> {
        let parent = ops.parents[number].as_ref()?;
        // Gradients of leaves stay in the container.
        let is_leaf = parent.order == 0;
        let onto = (mark.is_set() && !is_leaf).then(|| gradients.consume::<B>(parent));
        Some(Self { onto })
    }

    /// The sum of a gradient and of what it is added to, by an operation of its own.
    pub(crate) fn add(self, gradient: FloatTensor<B>) -> FloatTensor<B> {
        match self.onto {
            Some(onto) => B::float_add(gradient, onto),
            None => gradient,
        }
    }
}
