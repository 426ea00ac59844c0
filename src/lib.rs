//! Evolutionary neural architecture search: regularized (aging) evolution as in Real, Aggarwal,
//! Huang and Le, "Regularized Evolution for Image Classifier Architecture Search" (2018), generic
//! over the search space.
//!
//! A [`space::SearchSpace`] and a [`space::Mutation`] define what is searched, an
//! [`evaluator::Evaluator`] scores a candidate, an [`algorithm::Algorithm`] proposes the next one, an
//! [`executor::Executor`] runs the evaluations, and [`search::Search`] is the loop around them:
//!
//! ```
//! use evonas::prelude::*;
//!
//! let ones = |bits: &Vec<bool>, _: &Context<'_>| {
//!     Ok(Evaluation::new(bits.iter().filter(|&&bit| bit).count() as f64))
//! };
//! let evolution = Evolution::builder(BitsSpace { length: 20 }, FlipOneBit)
//!     .population(20)
//!     .sample(5)
//!     .build()?;
//! let result = Search::new(evolution, Serial::new(ones), Budget::trials(500)).run()?;
//! assert_eq!(result.best().and_then(|best| best.fitness()), Some(20.0));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # How the parts fit together
//!
//! ```text
//!   SearchSpace, Mutation
//!           │
//!           ▼       propose     ┌────────────── Search ──────────────┐   submit
//!       Algorithm ─────────────▶│ Ledger: numbers, seeds             │──────────▶ Executor
//!           ▲                   │ constraints, duplicates            │                │ one for each worker
//!           │        learn      │ time limits, retries               │    next        ▼
//!           └───────────────────│ Budget: when it ends               │◀────────── Evaluator
//!                               └─────────┬────────────────┬─────────┘
//!                                         ▼                ▼
//!                                      Journal         Observers
//!                               every ask and tell     progress, files, your own
//! ```
//!
//! | module | what it has |
//! |---|---|
//! | [`space`], [`spaces`] | the traits of a search space, and ready ones: the NASNet cells, named decisions ([`Choices`](spaces::choices::Choices)), NAS-Bench-201, bits |
//! | [`algorithm`] | aging evolution ([`Evolution`](algorithm::Evolution)), random search, REINFORCE, PPO; the ledger for your own loop |
//! | [`selection`], [`replacement`], [`population`], [`objective`] | the parts of evolution, and several objectives |
//! | [`trial`], [`evaluator`], [`stopper`] | a trial and how it ends, scoring it, ending it early |
//! | [`executor`], `worker`, `nats` | threads, processes, a virtual clock, other machines |
//! | [`search`] | the loop, its budget and observers, the [journal](search::journal) and resuming |
//! | [`comparison`], `tabular` | algorithms compared, and finished evaluations as evaluators |
//! | [`network`], `training`, `export` | cell networks: plans and costs; with the feature `burn` as modules, trained, and taken to PyTorch and ONNX |
//! | `report`, [`records`] | progress, plots and drawings; checking and repairing records |
//!
//! The guide in the folder `docs` of the source leads from a first search to weeks on many machines.
//!
//! # Features
//!
//! Without any, the crate is the core: spaces, algorithms, executors, the search loop, and the cost of cell networks.
//! `burn` (default) adds networks and training on the CPU, `report` (default) progress bars and drawings, `tabular`
//! (default) tables as evaluators, `dataset` images from Burn's data sets, `train` Burn's own training of cell networks,
//! `cuda` and `wgpu` GPUs, `autotune` the tuning of their kernels, and `nats` searches on many machines.
//!
//! # Other crates
//!
//! The types of other crates that appear in this crate's interface are re-exported: [`rand`] for random
//! numbers, [`serde_json`] for descriptions, and `burn` (with the feature of that name) for tensors, modules and
//! devices.
//!
//! # Panics of your code
//!
//! A search catches panics of the code that it is given, and turns them into outcomes and errors that have the
//! panic's message, file and line. Such a panic isn't printed: the first search installs a [panic
//! hook](std::panic::set_hook) that is silent while code of yours is being called and otherwise calls the hook
//! that was there before. A hook that the program installs later replaces it; outcomes then lack file and line.
//! A panic in a thread that your code starts is printed as usual.
#![forbid(unsafe_code)]
// docs.rs says of each item which feature it needs.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod algorithm;
mod by_id;
pub mod comparison;
pub mod description;
pub mod evaluator;
mod excerpt;
pub mod executor;
#[cfg(feature = "burn")]
pub mod export;
mod figure;
#[cfg(doctest)]
mod guide;
pub mod input;
#[cfg(all(unix, feature = "nats"))]
pub mod nats;
pub mod network;
pub mod objective;
mod panics;
pub mod population;
pub mod proxy;
pub mod randomness;
pub mod records;
pub mod replace_file;
pub mod replacement;
#[cfg(feature = "report")]
pub mod report;
mod sealed_log;
pub mod search;
pub mod selection;
mod setting_error;
pub mod space;
pub mod spaces;
pub mod stopper;
#[cfg(feature = "tabular")]
pub mod tabular;
#[cfg(feature = "burn")]
pub mod training;
pub mod trial;
#[cfg(unix)]
pub mod worker;

#[cfg(feature = "burn")]
pub use burn;
#[cfg(feature = "dataset")]
pub use burn_dataset;
pub use rand;
pub use serde_json;
pub use setting_error::SettingError;

/// Everything that a typical program imports: `use evonas::prelude::*;`.
///
/// ```
/// use evonas::prelude::*;
///
/// let space = NasnetSpace::sp1();
/// let evolution = Evolution::builder(space.clone(), space.mutation()).build()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub mod prelude {
    pub use crate::algorithm::{
        Algorithm, AlgorithmError, Evolution, EvolutionBuilder, Ledger, LocalSearch,
        LocalSearchBuilder, Promotion, PromotionBuilder, Proposal, RandomSearch, Reinforce,
        ReinforceBuilder, SimulatedAnnealing, SimulatedAnnealingBuilder, SurrogateSearch,
        SurrogateSearchBuilder, TellError,
    };
    #[cfg(feature = "burn")]
    pub use crate::algorithm::{Ppo, PpoBuilder};
    pub use crate::evaluator::{
        Context, EvaluationError, Evaluator, IntermediateResult, StopSignal,
    };
    #[cfg(unix)]
    pub use crate::executor::Processes;
    pub use crate::executor::{Executor, Ordered, Serial, Simulated, Threads};
    #[cfg(feature = "burn")]
    pub use crate::network::CellNetwork;
    pub use crate::network::{Cost, Fan, ImageShape, NetworkConfig, NetworkPlan, Stem};
    pub use crate::objective::Objective;
    pub use crate::proxy::{BestOf, Proxy, WarmUp};
    pub use crate::randomness::{Stream, standard_normal, stream, trial_seed};
    #[cfg(feature = "report")]
    pub use crate::report::{ProgressBar, WarningLines};
    pub use crate::search::{
        BestFile, Budget, Duplicates, Event, History, Journal, Observer, Retry, Search,
        SearchError, SearchResult, Termination, TrialsFile,
    };
    pub use crate::space::{CategoricalSpace, Crossover, Mutation, OneOf, SearchSpace};
    pub use crate::spaces::bits::{BitsSpace, FlipOneBit};
    pub use crate::spaces::choices::{Choices, ChoicesBuilder, Decisions};
    pub use crate::spaces::nasnet::{NasnetGenotype, NasnetSpace, published};
    pub use crate::stopper::{MedianRule, SuccessiveHalving, SuccessiveHalvingBuilder};
    #[cfg(feature = "burn")]
    pub use crate::training::{
        CellDecoder, Decoder, DeviceName, ImageClassifier, Progress, TrainedClassifier, Trainer,
        TrainingConfig, TrainingEvaluator, TrainingEvaluatorBuilder, draw_weights, images::digits,
        train_fully,
    };
    pub use crate::trial::{Evaluation, Fidelity, Outcome, Trial, TrialId};
    pub use rand::{Rng, RngExt};
}

/// Compiles and runs the README's examples as tests.
#[cfg(all(doctest, feature = "burn"))]
#[doc = include_str!("../README.md")]
pub struct Readme;
