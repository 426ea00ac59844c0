//! The algorithms by name.

use std::fmt;

use evonas::comparison::contenders::{
    Aging, NonAging, PpoContender, Random, Recommended, ReinforceContender,
};
use evonas::comparison::{Benchmark, Contender};
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
}

impl AlgorithmName {
    const ALL: [Self; 6] = [
        Self::Aging,
        Self::NonAging,
        Self::Random,
        Self::Reinforce,
        Self::Ppo,
        Self::Recommended,
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
        }
    }
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
            AlgorithmName::parse("annealing").unwrap_err(),
            "unknown algorithm 'annealing'; choose one of aging, non-aging, random, reinforce, ppo, recommended"
        );
    }
}
