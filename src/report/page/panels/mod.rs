//! The panels of a run, in the order of the page. A new panel is a file and a line in [`all`].

mod cells;
mod decisions;
mod duplicates;
mod learning;
mod lineage;
mod outcomes;
mod population;
mod progress;
mod settings;
mod sizes;
mod summary;
mod trials;
mod workers;

pub(super) use settings::algorithm_name;

use super::digest::RunDigest;
use super::html::Panel;

/// All panels of a run.
pub(super) fn all(run: &RunDigest<'_>) -> Vec<Panel> {
    vec![
        summary::panel(run),
        progress::panel(run),
        population::panel(run),
        sizes::panel(run),
        decisions::panel(run),
        learning::panel(run),
        workers::panel(run),
        outcomes::panel(run),
        duplicates::panel(run),
        lineage::panel(run),
        cells::panel(run),
        trials::panel(run),
        settings::panel(run),
    ]
}
