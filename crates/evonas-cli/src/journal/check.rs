//! `evonas journal check`.

use std::path::PathBuf;

use clap::Args;
use evonas::records;

use super::text::{as_json, as_text};
use crate::Failure;
use crate::output::print_line;

/// Say how far a record is sound, and where it is damaged
///
/// Every line has a checksum over itself and all lines before it. The exit code is 1 if a line isn't as it was
/// written. An incomplete last line is no damage: a process that was killed left it, or one is writing it, and a
/// resumed search or comparison drops it. Nothing is changed, and the record may be in use.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas journal check found
  evonas journal check found --json")]
pub(super) struct CheckOptions {
    /// The folder of a search or a comparison (its --out), or the record's file
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Print the result as one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl CheckOptions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let checked = records::check(&self.path)?;
        print_line(match self.json {
            true => as_json(&checked).to_string(),
            false => as_text(&checked),
        })?;
        match checked.damage {
            Some(damage) => Err(damage.into()),
            None => Ok(()),
        }
    }
}
