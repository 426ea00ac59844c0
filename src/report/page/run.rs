//! A run that a page shows.

use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::error::PageError;
use crate::description;
use crate::search::journal::{JournalHeader, Timeline, timeline};

/// A recorded search that a [`Page`](super::Page) shows.
#[derive(Debug)]
pub struct PageRun {
    pub(super) name: String,
    pub(super) timeline: Timeline<Value>,
    pub(super) commands: Vec<(String, String)>,
    pub(super) settings: Vec<(String, Value)>,
}

impl PageRun {
    /// Reads the journal in a folder, whether its search has finished, is running, was killed, or was copied from
    /// another machine. It takes no lock and writes nothing there. The run's name is the folder's.
    ///
    /// A journal that is damaged is read up to the damage, and the page says so.
    ///
    /// # Errors
    /// [`PageError::Journal`] if there is no journal, or not even its first line can be read.
    pub fn read(folder: impl AsRef<Path>) -> Result<Self, PageError> {
        let folder = folder.as_ref();
        let name = folder.file_name().map(|name| name.display().to_string());
        // What `.` and `..` are called needs the whole path.
        let name = name.or_else(|| {
            let whole = folder.canonicalize().ok()?;
            Some(whole.file_name()?.display().to_string())
        });
        Ok(Self {
            name: name.unwrap_or_else(|| folder.display().to_string()),
            timeline: timeline(folder)?,
            commands: Vec::new(),
            settings: Vec::new(),
        })
    }

    /// Sets its name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Adds a command to copy, and what it is for: how to resume the search, for example.
    #[must_use]
    pub fn command(mut self, purpose: impl Into<String>, command: impl Into<String>) -> Self {
        self.commands.push((purpose.into(), command.into()));
        self
    }

    /// Adds settings that the journal doesn't have, under a title.
    ///
    /// # Panics
    /// If they have no JSON form.
    #[must_use]
    pub fn settings(
        mut self,
        title: impl Into<String>,
        settings: &(impl Serialize + ?Sized),
    ) -> Self {
        self.settings
            .push((title.into(), description::of(settings)));
        self
    }

    /// What was searched and how.
    #[must_use]
    pub const fn header(&self) -> &JournalHeader {
        &self.timeline.header
    }

    /// How many trials have finished.
    #[must_use]
    pub const fn finished(&self) -> usize {
        self.timeline.finished.len()
    }

    /// How many trials were begun and haven't finished.
    #[must_use]
    pub const fn unfinished(&self) -> usize {
        self.timeline.trials.len() - self.timeline.finished.len()
    }
}
