//! Where the figures go.

use std::fs::File;
use std::io::Write as _;

use serde_json::{Value, json};

use crate::Failure;
use crate::output::print_line;
use evonas::report::note;

/// Prints figures for people or as JSON lines, and records the JSON lines in a file.
pub(super) struct Report {
    pub(super) json: bool,
    pub(super) record: Option<File>,
    /// The name of the device that was opened.
    pub(super) device: String,
    pub(super) is_cpu: bool,
}

impl Report {
    /// Begins a section.
    pub(super) fn title(&self, title: &str) -> Result<(), Failure> {
        match self.json {
            true => Ok(()),
            false => print_line(format_args!("\n## {title}")),
        }
    }

    /// Reports a figure: the line for people, and the object for programs.
    pub(super) fn figure(&self, line: &str, object: &Value) -> Result<(), Failure> {
        if let Some(mut file) = self.record.as_ref()
            && let Err(error) = writeln!(file, "{object}")
        {
            note(format_args!("error: the record can't be written: {error}"));
        }
        match self.json {
            true => print_line(object),
            false => print_line(line),
        }
    }

    /// Reports that something isn't done, and why.
    pub(super) fn left_out(&self, check: &str, why: &str) -> Result<(), Failure> {
        self.figure(
            &format!("{check}: left out: {why}"),
            &json!({"check": check, "left_out": true, "why": why}),
        )
    }

    /// Reports that something failed.
    pub(super) fn failure(&self, check: &str, what: &str, reason: &str) -> Result<(), Failure> {
        self.figure(
            &format!("{what}: FAILED: {reason}"),
            &json!({"check": check, "what": what, "error": reason, "ok": false}),
        )
    }
}
