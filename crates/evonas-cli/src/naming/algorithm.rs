//! The algorithms by name.

use std::fmt;

use evonas::comparison::contenders::{
    Aging, Annealing, EvolutionByProxy, EvolutionBySize, Inheriting, LocalSearchContender,
    NonAging, Nsga2, PpoContender, Promoted, PromotedRandom, Random, RandomBySize, Recommended,
    ReinforceContender, SizeProxy, Surrogate, WithCrossover,
};
use evonas::comparison::{Benchmark, Contender, UntrainedProxy};
use evonas::space::CategoricalSpace;

use super::named_values::NamedValues;

/// An algorithm of a comparison.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AlgorithmName {
    Aging,
    NonAging,
    Random,
    Reinforce,
    Ppo,
    Recommended,
    LocalSearch,
    Annealing,
    Crossover,
    Surrogate,
    Nsga2,
    RandomByMultiplyAdds,
    RandomByParameters,
    EvolutionByMultiplyAdds,
    EvolutionByParameters,
    EvolutionBySynflow,
    EvolutionByGradientNorm,
    EvolutionByLowGradientNorm,
    EvolutionByLowGradientNormOfLarge,
    EvolutionByJacobianCovariance,
    Inheriting,
    Promoted,
    PromotedByMultiplyAdds,
    PromotedByParameters,
    PromotedRandom,
}

impl AlgorithmName {
    const ALL: [Self; 25] = [
        Self::Aging,
        Self::NonAging,
        Self::Random,
        Self::Reinforce,
        Self::Ppo,
        Self::Recommended,
        Self::LocalSearch,
        Self::Annealing,
        Self::Crossover,
        Self::Surrogate,
        Self::Nsga2,
        Self::RandomByMultiplyAdds,
        Self::RandomByParameters,
        Self::EvolutionByMultiplyAdds,
        Self::EvolutionByParameters,
        Self::EvolutionBySynflow,
        Self::EvolutionByGradientNorm,
        Self::EvolutionByLowGradientNorm,
        Self::EvolutionByLowGradientNormOfLarge,
        Self::EvolutionByJacobianCovariance,
        Self::Inheriting,
        Self::Promoted,
        Self::PromotedByMultiplyAdds,
        Self::PromotedByParameters,
        Self::PromotedRandom,
    ];

    /// Those of the paper's comparison but PPO, which takes far longer than the others.
    pub(crate) const QUICK: [Self; 4] =
        [Self::Aging, Self::NonAging, Self::Random, Self::Reinforce];

    /// The algorithm of this name.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let named = Self::ALL.map(|algorithm| (algorithm.name(), algorithm));
        NamedValues::new("algorithm", named).parse(text)
    }

    /// The name, which is also the contender's.
    const fn name(self) -> &'static str {
        match self {
            Self::Aging => "aging",
            Self::NonAging => "non-aging",
            Self::Random => "random",
            Self::Reinforce => "reinforce",
            Self::Ppo => "ppo",
            Self::Recommended => "recommended",
            Self::LocalSearch => "local-search",
            Self::Annealing => "annealing",
            Self::Crossover => "crossover",
            Self::Surrogate => "surrogate",
            Self::Nsga2 => "nsga2",
            Self::RandomByMultiplyAdds => "random-by-multiply-adds",
            Self::RandomByParameters => "random-by-parameters",
            Self::EvolutionByMultiplyAdds => "evolution-by-multiply-adds",
            Self::EvolutionByParameters => "evolution-by-parameters",
            Self::EvolutionBySynflow => "evolution-by-synflow",
            Self::EvolutionByGradientNorm => "evolution-by-gradient-norm",
            Self::EvolutionByLowGradientNorm => "evolution-by-low-gradient-norm",
            Self::EvolutionByLowGradientNormOfLarge => "evolution-by-low-gradient-norm-of-large",
            Self::EvolutionByJacobianCovariance => "evolution-by-jacobian-covariance",
            Self::Inheriting => "inheriting",
            Self::Promoted => "promoted",
            Self::PromotedByMultiplyAdds => "promoted-by-multiply-adds",
            Self::PromotedByParameters => "promoted-by-parameters",
            Self::PromotedRandom => "promoted-random",
        }
    }

    /// The algorithm as a contender, with evolution's sizes.
    pub(crate) fn contender<B: Benchmark<Space: CategoricalSpace>>(
        self,
        population: usize,
        sample: usize,
    ) -> Box<dyn Contender<B>> {
        match self {
            Self::Aging => Box::new(Aging::new().population(population).sample(sample)),
            Self::NonAging => Box::new(NonAging::new().population(population).sample(sample)),
            Self::Random => Box::new(Random::new()),
            Self::Reinforce => Box::new(ReinforceContender::new()),
            Self::Ppo => Box::new(PpoContender::new()),
            Self::Recommended => Box::new(Recommended::new()),
            Self::LocalSearch => Box::new(LocalSearchContender::new()),
            Self::Annealing => Box::new(Annealing::new()),
            Self::Crossover => Box::new(WithCrossover::new()),
            Self::Surrogate => Box::new(Surrogate::new()),
            Self::Nsga2 => Box::new(Nsga2::new()),
            Self::RandomByMultiplyAdds => Box::new(RandomBySize::new(SizeProxy::MultiplyAdds)),
            Self::RandomByParameters => Box::new(RandomBySize::new(SizeProxy::Parameters)),
            Self::EvolutionByMultiplyAdds => {
                Box::new(EvolutionBySize::new(SizeProxy::MultiplyAdds))
            }
            Self::EvolutionByParameters => Box::new(EvolutionBySize::new(SizeProxy::Parameters)),
            Self::EvolutionBySynflow => by_proxy(UntrainedProxy::Synflow),
            Self::EvolutionByGradientNorm => by_proxy(UntrainedProxy::GradientNorm),
            Self::EvolutionByLowGradientNorm => by_proxy(UntrainedProxy::LowGradientNorm),
            Self::EvolutionByLowGradientNormOfLarge => {
                Box::new(EvolutionByProxy::new(UntrainedProxy::LowGradientNorm).of_large())
            }
            Self::EvolutionByJacobianCovariance => by_proxy(UntrainedProxy::JacobianCovariance),
            Self::Inheriting => Box::new(Inheriting::new()),
            Self::Promoted => Box::new(Promoted::new()),
            Self::PromotedByMultiplyAdds => Box::new(Promoted::by_size(SizeProxy::MultiplyAdds)),
            Self::PromotedByParameters => Box::new(Promoted::by_size(SizeProxy::Parameters)),
            Self::PromotedRandom => Box::new(PromotedRandom::new()),
        }
    }
}

fn by_proxy<B: Benchmark>(proxy: UntrainedProxy) -> Box<dyn Contender<B>> {
    Box::new(EvolutionByProxy::new(proxy))
}

impl fmt::Display for AlgorithmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use evonas::comparison::BitsBenchmark;

    use super::*;

    #[test]
    fn algorithms_have_the_names_of_their_contenders() {
        for known in AlgorithmName::ALL {
            assert_eq!(AlgorithmName::parse(&known.to_string()), Ok(known));
            let contender = known.contender::<BitsBenchmark>(20, 5);
            assert_eq!(contender.name(), known.name());
        }
    }

    #[test]
    fn unknown_algorithms_are_refused() {
        assert_eq!(
            AlgorithmName::parse("hill-climbing").unwrap_err(),
            "unknown algorithm 'hill-climbing'; choose one of aging, non-aging, random, reinforce, ppo, recommended, \
             local-search, annealing, crossover, surrogate, nsga2, random-by-multiply-adds, random-by-parameters, \
             evolution-by-multiply-adds, evolution-by-parameters, evolution-by-synflow, \
             evolution-by-gradient-norm, evolution-by-low-gradient-norm, \
             evolution-by-low-gradient-norm-of-large, evolution-by-jacobian-covariance, \
             inheriting, promoted, promoted-by-multiply-adds, promoted-by-parameters, promoted-random"
        );
    }
}
