//! The table of the topology space of NAS-Bench-201 and NATS-Bench.

mod dataset;
mod evaluator;
mod read;
mod table;

pub use dataset::{Dataset, Metric};
pub use evaluator::NasBench201Evaluator;
pub use table::NasBench201Table;
