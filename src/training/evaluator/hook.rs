//! What else happens to the network of a trial.

use crate::evaluator::{Context, EvaluationError};
use crate::trial::Metrics;

/// What else happens to the network of a trial: before its training, such as
/// [inheriting weights](crate::training::InheritedWeights), and after it, such as measuring its
/// [latency](crate::training::Latency). It gets the network as it is; nothing is trained or decoded again.
///
/// A closure is one that measures. What it returns becomes metrics of the trial, and may be an objective of the search:
///
/// ```
/// use evonas::network::trainable_parameters;
/// use evonas::prelude::*;
/// use evonas::trial::Metrics;
///
/// let dataset = digits();
/// let network = NetworkConfig::new(dataset.train.shape(), 10).cells_per_stack(1).filters(4);
/// let trainer = Trainer::new(TrainingConfig::default())?;
/// let evaluator = TrainingEvaluator::builder(CellDecoder::new(network), trainer, &dataset.train)
///     .hook(|network: &CellNetwork, _: &Context<'_>| {
///         let mut metrics = Metrics::new();
///         metrics.insert("megabytes", trainable_parameters(network) as f64 * 4e-6);
///         Ok(metrics)
///     })
///     .build()?;
/// # drop(evaluator);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Two hooks are a pair, `(first, second)`.
pub trait TrainingHook<M>: Send + Sync {
    /// Prepares a network that was just decoded, on the device and with autodiff. By default, it stays as it is.
    ///
    /// # Errors
    /// [`EvaluationError`] ends the trial.
    fn prepare(
        &self,
        network: M,
        context: &Context<'_>,
    ) -> Result<PreparedNetwork<M>, EvaluationError> {
        let _ = context;
        Ok(PreparedNetwork::new(network))
    }

    /// Measures the trained network, without autodiff, on the device that it was trained on.
    ///
    /// # Errors
    /// [`EvaluationError`] ends the trial.
    fn measure(&self, network: &M, context: &Context<'_>) -> Result<Metrics, EvaluationError>;
}

/// A network to train, and what is special about its training.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PreparedNetwork<M> {
    /// The network.
    pub network: M,
    /// The epochs of its training, if not the trainer's. The trial's fidelity comes first.
    pub epochs: Option<usize>,
    /// Metrics of the trial.
    pub metrics: Metrics,
}

impl<M> PreparedNetwork<M> {
    /// A network that is trained like any other.
    #[must_use]
    pub const fn new(network: M) -> Self {
        Self {
            network,
            epochs: None,
            metrics: Metrics::new(),
        }
    }
}

/// Does nothing.
impl<M> TrainingHook<M> for () {
    fn measure(&self, _: &M, _: &Context<'_>) -> Result<Metrics, EvaluationError> {
        Ok(Metrics::new())
    }
}

impl<M, F> TrainingHook<M> for F
where
    F: Fn(&M, &Context<'_>) -> Result<Metrics, EvaluationError> + Send + Sync,
{
    fn measure(&self, network: &M, context: &Context<'_>) -> Result<Metrics, EvaluationError> {
        self(network, context)
    }
}

/// One that may be left out.
impl<M, H: TrainingHook<M>> TrainingHook<M> for Option<H> {
    fn prepare(
        &self,
        network: M,
        context: &Context<'_>,
    ) -> Result<PreparedNetwork<M>, EvaluationError> {
        match self {
            Some(hook) => hook.prepare(network, context),
            None => Ok(PreparedNetwork::new(network)),
        }
    }

    fn measure(&self, network: &M, context: &Context<'_>) -> Result<Metrics, EvaluationError> {
        match self {
            Some(hook) => hook.measure(network, context),
            None => Ok(Metrics::new()),
        }
    }
}

/// Both in turn. Of two numbers of epochs, the second counts.
impl<M, A: TrainingHook<M>, B: TrainingHook<M>> TrainingHook<M> for (A, B) {
    fn prepare(
        &self,
        network: M,
        context: &Context<'_>,
    ) -> Result<PreparedNetwork<M>, EvaluationError> {
        let first = self.0.prepare(network, context)?;
        let mut second = self.1.prepare(first.network, context)?;
        second.epochs = second.epochs.or(first.epochs);
        second.metrics = joined(first.metrics, &second.metrics);
        Ok(second)
    }

    fn measure(&self, network: &M, context: &Context<'_>) -> Result<Metrics, EvaluationError> {
        let first = self.0.measure(network, context)?;
        Ok(joined(first, &self.1.measure(network, context)?))
    }
}

pub(super) fn joined(mut metrics: Metrics, others: &Metrics) -> Metrics {
    for (name, value) in others.iter() {
        metrics.insert(name, value);
    }
    metrics
}
