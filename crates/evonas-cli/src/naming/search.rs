//! The names of search spaces, algorithms and stoppers.

use clap::ValueEnum;
use evonas::spaces::nasnet::NasnetSpace;

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum SpaceName {
    /// SP-I: 8 operations, 5 pairwise combinations per cell
    Sp1,
    /// SP-II: 19 operations, 5 pairwise combinations per cell
    Sp2,
    /// SP-III: 19 operations, 10 pairwise combinations per cell
    Sp3,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SearchAlgorithm {
    /// Regularized evolution: the oldest of the population is removed
    Aging,
    /// The same without aging: the worst of the sample is removed
    NonAging,
    /// Random search
    Random,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StopperName {
    /// Train every candidate to the end
    None,
    /// End a trial whose accuracy is below the median at the same epoch
    Median,
    /// Successive halving: the better half survives each rung
    Halving,
}

impl SpaceName {
    pub(crate) fn space(self) -> NasnetSpace {
        match self {
            Self::Sp1 => NasnetSpace::sp1(),
            Self::Sp2 => NasnetSpace::sp2(),
            Self::Sp3 => NasnetSpace::sp3(),
        }
    }
}
