//! `evonas journal repair`.

use std::path::PathBuf;

use clap::Args;
use evonas::records::{self, RepairedRecord};
use evonas::search::journal::LockPolicy;
use serde_json::json;

use super::text::as_json;
use crate::Failure;
use crate::naming::lock_policy;
use crate::output::print_line;

/// Cut a damaged record off after its sound lines
///
/// The search or the comparison can then be resumed, and does again what was recorded after the damage. What is cut
/// off is kept in a file next to the record, with .cut added to its name. A record that is sound stays as it is, and one
/// that is in use is refused.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas journal repair found
  evonas journal repair comparison/runs.jsonl --json")]
pub(super) struct RepairOptions {
    /// The folder of a search or a comparison (its --out), or the record's file
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// Whether the record must be locked; optional is for a file system without locks, if no other process uses the
    /// record
    #[arg(long, value_name = "required|optional", value_parser = lock_policy, default_value = "required")]
    lock: LockPolicy,
    /// Print the result as one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl RepairOptions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        let repaired = records::repair(&self.path, self.lock)?;
        print_line(match (&repaired, self.json) {
            (Some(repaired), true) => {
                let mut object = as_json(&repaired.checked);
                object["cut"] = json!({
                    "file": repaired.cut.display().to_string(),
                    "lines": repaired.cut_lines,
                    "bytes": repaired.cut_bytes,
                });
                object.to_string()
            }
            (None, true) => {
                let mut object = as_json(&records::check(&self.path)?);
                object["cut"] = json!(null);
                object.to_string()
            }
            (Some(repaired), false) => as_text(repaired),
            (None, false) => "nothing to repair: the record is sound to its end".to_owned(),
        })
    }
}

fn as_text(repaired: &RepairedRecord) -> String {
    let RepairedRecord {
        checked,
        cut,
        cut_bytes,
        cut_lines,
        ..
    } = repaired;
    format!(
        "{}\ncut off: {cut_lines} lines ({cut_bytes} bytes), kept in {}",
        super::text::sound(checked),
        cut.display()
    )
}
