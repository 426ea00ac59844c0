//! Controlled comparisons: several algorithms on one benchmark, many independent runs of each, and
//! whether their differences are more than chance.
//!
//! A [`Benchmark`] says what is searched, what an evaluation costs and how the result is tested; a
//! [`Contender`] is a named algorithm, one of [`contenders`] or your own; a [`Setup`] says how often and how
//! long each runs. Every run is a separate search on one virtual worker, timed by the benchmark's simulated
//! clock. The results don't depend on how many threads share the runs.
//!
//! ```
//! use evonas::comparison::contenders::{Aging, Random};
//! use evonas::comparison::{BitsBenchmark, Comparison, Setup};
//!
//! let benchmark = BitsBenchmark::default().length(30);
//! let comparison = Comparison::builder(&benchmark)
//!     .contender(Aging::new().population(20).sample(5))
//!     .contender(Random::new())
//!     .setup(Setup::new(&benchmark).runs(20))
//!     .run()?;
//! for summary in comparison.summaries() {
//!     println!("{}: {:.3} ± {:.3}", summary.algorithm, summary.test_mean, summary.test_std);
//! }
//! let pair = &comparison.pairs()[0];
//! assert!(pair.test.p < 0.01, "evolution is better by more than chance");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod aging_grid;
mod benchmark;
mod bits;
mod builder;
mod capped;
mod contender;
pub mod contenders;
mod csv_files;
mod curve;
#[cfg(feature = "burn")]
mod digits;
mod error;
mod events;
mod meter;
#[cfg(feature = "tabular")]
mod nasbench201;
mod parallel;
mod record;
mod results;
mod run;
mod run_seed;
mod setup;
mod single_run;
mod sized;
mod standstill;
pub mod statistics;
mod summary;
#[cfg(feature = "burn")]
mod training;
mod untrained;

pub use crate::sealed_log::{LockPolicy, RecordError, RecordKind};
pub use aging_grid::{AgingGrid, AgingGridBuilder, GridPoint};
pub use benchmark::{Benchmark, CanonicalForm, GenotypeConstraint};
pub use bits::BitsBenchmark;
pub use builder::ComparisonBuilder;
pub use capped::Capped;
pub use contender::Contender;
pub use curve::{Axis, CurvePoint, IncumbentCurve};
#[cfg(feature = "burn")]
pub use digits::{DigitsBenchmark, DigitsBenchmarkBuilder};
pub use error::ComparisonError;
pub use events::{RunEvent, RunObserver};
pub use meter::Meter;
#[cfg(feature = "tabular")]
pub use nasbench201::{NasBench201Benchmark, Protocol};
pub(crate) use record::{FILE_NAME as RUNS_FILE, RUNS, survey};
pub use record::{RunRecord, RunRecordOptions};
pub use results::{Comparison, ContenderRuns};
pub use run::{Incumbent, Run};
pub use setup::Setup;
use sized::MULTIPLY_ADDS;
pub use summary::{Pair, Summary};
#[cfg(feature = "burn")]
pub use training::{TrainingBenchmark, TrainingBenchmarkBuilder};
pub use untrained::UntrainedProxy;
