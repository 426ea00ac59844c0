//! Progress on the terminal, plots of results, drawings of cells, and the page that shows what searches did.

mod cells;
mod chart;
mod comparison_progress;
mod markup;
mod meter;
mod note;
mod page;
mod plots;
mod progress;
#[cfg(feature = "burn")]
mod training_progress;
mod warning_lines;

pub use cells::{CellDrawingError, MOST_DRAWN_PAIRS, cell_svg, genotype_dot, genotype_svg};
pub use comparison_progress::ComparisonProgress;
pub use note::{note, printable, printable_line};
pub use page::{Page, PageError, PageRun};
pub use plots::{CurvePlot, LearningPlot, PlotError, ScatterPlot, ScatterPoint};
pub use progress::ProgressBar;
#[cfg(feature = "burn")]
pub use training_progress::TrainingProgress;
pub use warning_lines::WarningLines;
