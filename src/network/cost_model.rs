//! What the networks of genotypes cost, and the proxies that follow from it.

use std::fmt::Debug;

use rand::Rng;
use serde_json::{Value, json};

use super::config::NetworkConfig;
use super::cost::Cost;
use super::plan::NetworkPlan;
use crate::description;
use crate::proxy::Proxy;
use crate::spaces::nasnet::NasnetGenotype;

/// Tells the cost of a genotype's network without building it.
///
/// [`NetworkConfig`] does so for NASNet genotypes, [`NasBench201Network`](super::NasBench201Network) for the cells of
/// NAS-Bench-201.
pub trait CostModel<G>: Debug + Send + Sync {
    /// The cost; `None` if there is no network for this genotype.
    fn cost(&self, genotype: &G) -> Option<Cost>;

    /// Describes the model and its settings, as [`Proxy::describe`].
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }
}

impl<G, M: CostModel<G> + ?Sized> CostModel<G> for Box<M> {
    fn cost(&self, genotype: &G) -> Option<Cost> {
        (**self).cost(genotype)
    }

    fn describe(&self) -> Value {
        (**self).describe()
    }
}

/// The cost without the auxiliary head, as in the paper's tables.
impl CostModel<NasnetGenotype> for NetworkConfig {
    fn cost(&self, genotype: &NasnetGenotype) -> Option<Cost> {
        let plan = NetworkPlan::new(genotype, self).ok()?;
        Some(Cost::without_auxiliary(&plan))
    }

    fn describe(&self) -> Value {
        description::named("NetworkConfig", self)
    }
}

/// A proxy: the more multiply-adds a genotype's network has, the better.
///
/// This is the control for other proxies. Much of what they achieve is that they favor large networks, too.
#[derive(Clone, Debug)]
pub struct MultiplyAddCount<M>(M);

impl<M> MultiplyAddCount<M> {
    /// The multiply-adds by this model of the cost.
    pub const fn new(model: M) -> Self {
        Self(model)
    }
}

/// A proxy: the more trainable parameters a genotype's network has, the better.
#[derive(Clone, Debug)]
pub struct ParameterCount<M>(M);

impl<M> ParameterCount<M> {
    /// The parameters by this model of the cost.
    pub const fn new(model: M) -> Self {
        Self(model)
    }
}

fn score(count: Option<u64>) -> f64 {
    count.map_or(f64::NEG_INFINITY, |count| count as f64)
}

impl<G, M: CostModel<G>> Proxy<G> for MultiplyAddCount<M> {
    fn score(&self, genotype: &G, _: &mut dyn Rng) -> f64 {
        score(self.0.cost(genotype).map(|cost| cost.multiply_adds))
    }

    fn describe(&self) -> Value {
        json!({"type": "MultiplyAddCount", "model": self.0.describe()})
    }
}

impl<G, M: CostModel<G>> Proxy<G> for ParameterCount<M> {
    fn score(&self, genotype: &G, _: &mut dyn Rng) -> f64 {
        score(self.0.cost(genotype).map(|cost| cost.parameters))
    }

    fn describe(&self) -> Value {
        json!({"type": "ParameterCount", "model": self.0.describe()})
    }
}
