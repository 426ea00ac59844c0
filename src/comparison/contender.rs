//! The algorithms that can be compared.

use std::fmt;

/// An algorithm that takes part in comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Contender {
    /// Aging (regularized) evolution.
    Aging,
    /// Non-aging evolution: the worst of the sample is removed.
    NonAging,
    /// Random search.
    Random,
    /// REINFORCE with one softmax per decision.
    Reinforce,
    /// PPO with an LSTM controller, the paper's baseline. Needs the feature `burn`.
    Ppo,
}

impl Contender {
    /// All algorithms. A run's seed depends on its algorithm's position in this list.
    pub const ALL: [Self; 5] = [
        Self::Aging,
        Self::NonAging,
        Self::Random,
        Self::Reinforce,
        Self::Ppo,
    ];

    /// The algorithms that take microseconds a trial and work without Burn: all but PPO, whose
    /// controller takes milliseconds.
    pub const QUICK: [Self; 4] = [Self::Aging, Self::NonAging, Self::Random, Self::Reinforce];

    /// The name in files and on command lines.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Aging => "aging",
            Self::NonAging => "non-aging",
            Self::Random => "random",
            Self::Reinforce => "reinforce",
            Self::Ppo => "ppo",
        }
    }
}

impl fmt::Display for Contender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
