//! The search loop: asks, runs, tells, until the budget is spent.
//!
//! What happens to a trial, and which settings of a [`Search`] apply:
//!
//! 1. The algorithm proposes a genotype. One that a [constraint](Search::constraint) refuses, or that the policy
//!    for [duplicates](Search::duplicates) rejects, is withdrawn, and the algorithm proposes another.
//! 2. The ask is written to the [journal](Search::journal).
//! 3. The executor runs the trial, as long as its [time limit](Search::timeout) and the
//!    [stopper](Search::stopper) allow.
//! 4. A failed attempt may be [retried](Search::retry).
//! 5. The algorithm learns how it ended, the journal records it, and [observers](Search::observe) are
//!    notified. Too many [failures in a row](Search::max_consecutive_failures) end the search.
//!
//! If the search was interrupted, the journal restores all of this.
//!
//! An error ends the search in the same order: [observers](Event::Failed) see it first, then the running trials end
//! and are recorded, and [`Search::run_to_the_end`] returns what was found with it.

mod best_file;
mod budget;
mod builder;
mod constraints;
mod duplicates;
mod end_conditions;
mod engine;
mod error;
mod file_error;
mod guarded;
mod history;
pub mod journal;
mod observer;
mod observers;
mod outcome_json;
mod record_json;
mod result;
mod retry;
mod settings;
mod standstill;
mod traced;
mod trial_record;
mod trials_file;
mod warning;

pub use best_file::BestFile;
pub use budget::{Budget, Termination};
pub use builder::Search;
pub use duplicates::Duplicates;
pub use error::SearchError;
pub use history::History;
pub use journal::Journal;
pub use observer::{Event, Observer};
pub use result::{EndedSearch, SearchResult};
pub use retry::Retry;
pub use traced::Traced;
pub use trial_record::TrialRecord;
pub use trials_file::TrialsFile;
pub use warning::Warning;
