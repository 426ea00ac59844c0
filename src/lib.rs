//! Evolutionary neural architecture search: regularized (aging) evolution as in Real, Aggarwal,
//! Huang and Le, "Regularized Evolution for Image Classifier Architecture Search" (2018), generic
//! over the search space.
//!
//! A [`space::SearchSpace`] and a [`space::Mutation`] say what is searched, an
//! [`evaluator::Evaluator`] scores it, an [`algorithm::Algorithm`] decides what comes next, an
//! [`executor::Executor`] runs it, and [`search::Search`] is the loop around them:
//!
//! ```
//! use evonas::prelude::*;
//! use evonas::spaces::bits::{BitsSpace, FlipOneBit};
//!
//! let ones = |bits: &Vec<bool>, _: &Context<'_>| {
//!     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
//! };
//! let evolution = Evolution::aging(BitsSpace { length: 20 }, FlipOneBit, 20, 5, 0)?;
//! let result = Search::new(evolution, Serial::new(ones), Budget::trials(500)).run()?;
//! assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod algorithm;
mod by_id;
pub mod comparison;
pub mod evaluator;
pub mod executor;
pub mod network;
pub mod objective;
mod panics;
pub mod population;
pub mod randomness;
mod replace_file;
pub mod replacement;
#[cfg(feature = "report")]
pub mod report;
pub mod search;
pub mod selection;
pub mod space;
pub mod spaces;
pub mod stopper;
#[cfg(feature = "tabular")]
pub mod tabular;
#[cfg(feature = "burn")]
pub mod training;
pub mod trial;
mod unknown_name;

/// What most programs need.
pub mod prelude {
    #[cfg(feature = "burn")]
    pub use crate::algorithm::Ppo;
    pub use crate::algorithm::{Algorithm, Evolution, EvolutionBuilder, RandomSearch, Reinforce};
    pub use crate::evaluator::{Context, EvaluationError, Evaluator, StopSignal};
    pub use crate::executor::{Executor, Serial, Threads};
    pub use crate::search::{Budget, Event, Journal, Observer, Search, SearchResult, Termination};
    pub use crate::space::{Mutation, OneOf, SearchSpace};
    pub use crate::trial::{Evaluation, Outcome, Trial, TrialId};
    pub use rand::{Rng, RngExt};
}

/// The README's example is a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
