//! What algorithms are compared on.

use std::time::Duration;

use serde_json::Value;

use super::meter::Meter;
use super::untrained::UntrainedProxy;
use crate::description;
use crate::evaluator::Evaluator;
use crate::network::CostModel;
use crate::proxy::Proxy;
use crate::space::{Crossover, Genotype, Mutation, SearchSpace};
use crate::trial::Evaluation;

/// A canonical form of genotypes, as text.
pub type CanonicalForm<G> = Box<dyn Fn(&G) -> String + Send>;

/// A predicate whose error says why a genotype is refused.
pub type GenotypeConstraint<G> = Box<dyn Fn(&G) -> Result<(), String> + Send>;

/// A search problem in which every evaluation has a cost, and what a search found can be tested.
///
/// The search sees only the evaluator's fitness, the reward. What it found is then judged by
/// [`Benchmark::test`], which the search never sees.
///
/// ```
/// use std::time::Duration;
///
/// use evonas::comparison::contenders::{Aging, Random};
/// use evonas::comparison::{Benchmark, Comparison, Setup};
/// use evonas::prelude::*;
///
/// /// Ones in eight bits; an evaluation takes a second.
/// struct Ones;
///
/// fn ones(bits: &[bool]) -> f64 {
///     bits.iter().filter(|&&bit| bit).count() as f64
/// }
///
/// impl Benchmark for Ones {
///     type Genotype = Vec<bool>;
///     type Space = BitsSpace;
///
///     fn dataset(&self) -> String {
///         "eight bits".to_owned()
///     }
///
///     fn space(&self) -> BitsSpace {
///         BitsSpace { length: 8 }
///     }
///
///     fn mutation(&self) -> Box<dyn Mutation<Vec<bool>>> {
///         Box::new(FlipOneBit)
///     }
///
///     fn evaluator(&self) -> Box<dyn Evaluator<Vec<bool>>> {
///         Box::new(|bits: &Vec<bool>, _: &Context<'_>| {
///             Ok(Evaluation::new(ones(bits)).with_cost(1.0))
///         })
///     }
///
///     fn test(&self, bits: &Vec<bool>, _: &Evaluation) -> f64 {
///         ones(bits)
///     }
///
///     fn budget(&self) -> Duration {
///         Duration::from_secs(30)
///     }
/// }
///
/// let comparison = Comparison::builder(&Ones)
///     .contender(Aging::new().population(10).sample(3))
///     .contender(Random::new())
///     .setup(Setup::new(&Ones).runs(5))
///     .run()?;
/// assert_eq!(comparison.summaries().len(), 2);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Benchmark: Sync {
    /// A point of the search space.
    type Genotype: Genotype;

    /// The search space. REINFORCE and PPO need a
    /// [`CategoricalSpace`](crate::space::CategoricalSpace); all other contenders work with any space.
    type Space: SearchSpace<Genotype = Self::Genotype> + 'static;

    /// The name of the data set that is searched, for summaries and files.
    fn dataset(&self) -> String;

    /// Identifies everything that evaluations and tests depend on. A record of runs keeps this description
    /// and compares it, so it must be the same in every process and differ between different benchmarks.
    /// [`description::named`] builds it from serializable settings. The default is the type's name.
    fn describe(&self) -> Value {
        description::of_type::<Self>()
    }

    /// The search space.
    fn space(&self) -> Self::Space;

    /// The mutation that evolution uses.
    fn mutation(&self) -> Box<dyn Mutation<Self::Genotype>>;

    /// The crossover of contenders that have one; by default, the benchmark offers none.
    fn crossover(&self) -> Option<Box<dyn Crossover<Self::Genotype>>> {
        None
    }

    /// Refuses genotypes before they are evaluated, whatever the contender; by default, none.
    fn constraint(&self) -> Option<GenotypeConstraint<Self::Genotype>> {
        None
    }

    /// What networks cost; `None`, the default, if genotypes aren't networks. Contenders may favor large ones by it, and a
    /// contender with objectives finds the multiply-adds in each evaluation, as the metric `multiply_adds`.
    fn cost_model(&self) -> Option<Box<dyn CostModel<Self::Genotype>>> {
        None
    }

    /// The evaluator. Its fitness is the search's reward, and each of its evaluations must cost at least
    /// a nanosecond of simulated time.
    fn evaluator(&self) -> Box<dyn Evaluator<Self::Genotype>>;

    /// What [`Benchmark::test`] measures, as the label of a plot's axis.
    fn test_name(&self) -> &'static str {
        "test"
    }

    /// How good a genotype really is: a finite number, higher is better. `evaluation` is the result that
    /// the search saw for this genotype.
    fn test(&self, genotype: &Self::Genotype, evaluation: &Evaluation) -> f64;

    /// The genotype as text, for files. The default is its `Debug` form.
    fn text(&self, genotype: &Self::Genotype) -> String {
        format!("{genotype:?}")
    }

    /// A function that gives genotypes with the same network the same text, for contenders that evaluate none twice. The
    /// default is the `Debug` form, which only equal genotypes share.
    fn canonical(&self) -> CanonicalForm<Self::Genotype> {
        Box::new(|genotype| format!("{genotype:?}"))
    }

    /// The multiply-adds of a genotype's network for one input; `None` if genotypes aren't networks.
    fn multiply_adds(&self, genotype: &Self::Genotype) -> Option<f64> {
        let _ = genotype;
        None
    }

    /// The epochs of a full training, for contenders that ask for less of it by the fidelities
    /// [`Fidelity::EPOCHS`](crate::trial::Fidelity::EPOCHS), [`Fidelity::PAUSE_AFTER`](crate::trial::Fidelity::PAUSE_AFTER) and
    /// [`Fidelity::INHERIT`](crate::trial::Fidelity::INHERIT); `None`, the default, if trials aren't trainings that know
    /// these.
    fn training_epochs(&self) -> Option<u64> {
        None
    }

    /// A proxy of this kind, which charges the meter with what it computes, in the seconds of the evaluations; `None`, the
    /// default, if the benchmark has none.
    fn untrained_proxy(
        &self,
        kind: UntrainedProxy,
        meter: &Meter,
    ) -> Option<Box<dyn Proxy<Self::Genotype>>> {
        let _ = (kind, meter);
        None
    }

    /// The usual population size of evolution. The default is the paper's, 100.
    fn population(&self) -> usize {
        100
    }

    /// The usual tournament size of evolution. The default is the paper's, 25.
    fn sample(&self) -> usize {
        25
    }

    /// The population size that serves best here, as far as is known. The default is the usual one.
    fn recommended_population(&self) -> usize {
        self.population()
    }

    /// The tournament size that serves best with it. The default is the usual one.
    fn recommended_sample(&self) -> usize {
        self.sample()
    }

    /// The usual simulated time of a run.
    fn budget(&self) -> Duration;

    /// The usual number of runs of each algorithm.
    fn runs(&self) -> usize {
        500
    }

    /// Whether an evaluation counts that starts within the budget and ends after it.
    fn overshooting_counts(&self) -> bool {
        true
    }

    /// The factor that turns the fitness into a percentage, for REINFORCE and PPO.
    fn reward_scale(&self) -> f64 {
        1.0
    }
}
