//! The loss of a classifier.

use burn::tensor::{DType, Int, Tensor};

/// The loss of a classifier for a batch.
#[derive(Clone, Debug)]
pub struct ClassifierLoss {
    /// The mean cross-entropy, `[1]`.
    pub mean: Tensor<1>,
    /// How many examples have their largest logit at their label, `[1]`. It has no gradient.
    pub correct: Tensor<1>,
}

impl ClassifierLoss {
    /// The loss of logits, with label smoothing: this share of each label is spread evenly over all classes (Szegedy et al.
    /// 2016). `None` where it has no kernels: it takes two launches on GPUs, and its gradient one, where Burn's operations
    /// take some twenty.
    ///
    /// # Shapes
    /// - `logits`: `[batch, classes]`, in single precision
    /// - `labels`: `[batch]`, from 0 to `classes - 1`
    ///
    /// # Panics
    /// If there are other labels than examples, or the smoothing isn't in 0 to 1.
    #[must_use]
    pub fn of(logits: Tensor<2>, labels: Tensor<1, Int>, smoothing: f64) -> Option<Self> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        if crate::cube::run_on(&logits.device())
            && (logits.dtype(), labels.dtype()) == (DType::F32, DType::I32)
        {
            assert!(
                (0.0..=1.0).contains(&smoothing),
                "label smoothing is in 0 to 1"
            );
            let [mean, correct] = crate::operations::classifier_loss(logits, labels, smoothing);
            return Some(Self {
                mean,
                correct: correct.without_autodiff(),
            });
        }
        let _ = (logits, labels, smoothing, DType::F32);
        None
    }
}
