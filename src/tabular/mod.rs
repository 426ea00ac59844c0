//! Tables of finished evaluations as evaluators: searches that take seconds instead of GPU years.
//!
//! [`NasBench201Table`] reads the table of NAS-Bench-201 and NATS-Bench, [`TabularColumns`] any CSV file
//! with a genotype column. [`nats_bench`] converts the official NATS-Bench files to CSV.
//!
//! ```no_run
//! use std::sync::Arc;
//! use std::time::Duration;
//!
//! use evonas::executor::Simulated;
//! use evonas::prelude::*;
//! use evonas::spaces::nasbench201::{NasBench201Space, ReplaceOperation};
//! use evonas::tabular::{Dataset, Metric, NasBench201Table};
//!
//! let table = Arc::new(NasBench201Table::read("nasbench201.csv.gz")?);
//! let evaluator = table.clone().evaluator(Dataset::Cifar10, Metric::Valid12);
//! let evolution = Evolution::builder(NasBench201Space, ReplaceOperation)
//!     .population(10)
//!     .sample(3)
//!     .build()?;
//! let budget = Budget::unlimited().simulated_time(Duration::from_secs(20_000));
//! let result = Search::new(evolution, Simulated::new(evaluator, 1)?, budget).run()?;
//! if let Some(best) = result.best() {
//!     let test = table.accuracy(best.genotype, Dataset::Cifar10, Metric::Test200);
//!     println!("{} has a test accuracy of {test} %", best.genotype);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod csv_file;
mod error;
mod evaluator;
mod limits;
mod line_number;
mod nasbench201;
pub mod nats_bench;
mod quantity;

pub use error::{TableError, TableErrorKind};
pub use evaluator::{TabularColumns, TabularEvaluator};
pub use limits::TableLimits;
pub use nasbench201::{Dataset, Metric, NasBench201Evaluator, NasBench201Table};
