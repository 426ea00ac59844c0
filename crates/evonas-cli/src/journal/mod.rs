//! `evonas journal`: how far the record of a search or a comparison is sound, and its repair.

mod check;
mod repair;
mod text;

use clap::{Args, Subcommand};

use self::check::CheckOptions;
use self::repair::RepairOptions;
use crate::Failure;

/// Check the journal of a search or the runs of a comparison, or repair them
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas journal check found
  evonas journal repair comparison/runs.jsonl")]
pub(crate) struct RecordOptions {
    #[command(subcommand)]
    action: RecordAction,
}

// The documentation of each variant's options is its help.
#[derive(Subcommand)]
enum RecordAction {
    Check(CheckOptions),
    Repair(RepairOptions),
}

impl RecordOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        match &self.action {
            RecordAction::Check(options) => options.run(),
            RecordAction::Repair(options) => options.run(),
        }
    }
}
