//! Reading what others have made: files, and how much of them to take.
//!
//! No reader of this crate trusts a file. It takes memory for what is there, not for what a header claims, and ends
//! with a [`LimitExceeded`] where a file has more than a table, a data set or a genotype plausibly needs. Readers
//! whose limits someone may want to raise take them as a setting, such as
//! `tabular::TableLimits` or `training::images::ImageLimits`.
//!
//! What must be a file, because it is read more than once or judged by its size, is opened by [`open_file`]. What may
//! come from another program is opened by [`open_stream`], so `--table <(zcat part*.gz)` and `/dev/stdin` work.

mod bounded;
mod open;

pub use bounded::LimitExceeded;
pub use open::{open_file, open_stream, read_text};

#[cfg(any(test, feature = "burn", feature = "tabular"))]
pub(crate) use bounded::limit_exceeded;
#[cfg(any(feature = "burn", feature = "tabular"))]
pub(crate) use bounded::{Bounded, Counted};
