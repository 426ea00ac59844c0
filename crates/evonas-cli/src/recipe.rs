//! How a search's final training is repeated: its data set and its settings, kept next to its best genotype
//! so that `evonas train --from` needs no other option.

use std::path::{Path, PathBuf};

use evonas::input::{open_file, read_text};
use evonas::network::NetworkConfig;
use evonas::prelude::*;
use evonas::replace_file;
use evonas::report::printable_line;
use evonas::search::TrialRecord;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::TrainingConfig;
use serde::{Deserialize, Serialize};

use crate::Failure;
use crate::naming::DatasetLocation;

/// The file of a search's folder that holds the recipe.
pub(crate) const RECIPE_FILE: &str = "recipe.json";

/// The file of a search's folder that holds its best trial.
pub(crate) const BEST_FILE: &str = "best.json";

/// The most bytes of either file; a search writes a few thousand.
const MOST_BYTES: u64 = 1 << 20;

/// All that a training depends on besides its genotype and its seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Recipe {
    pub(crate) dataset: DatasetLocation,
    /// The number of training images, if not all of them are used.
    pub(crate) limit: Option<usize>,
    /// The seed that selected them.
    pub(crate) limit_seed: u64,
    pub(crate) network: NetworkConfig,
    pub(crate) training: TrainingConfig,
}

impl Recipe {
    /// Reads the recipe of a search's folder.
    ///
    /// # Errors
    /// The folder has none of this version.
    pub(crate) fn read(folder: &Path) -> Result<Self, Failure> {
        parse(&folder.join(RECIPE_FILE))
    }

    /// Writes the recipe into a search's folder.
    ///
    /// # Errors
    /// The file can't be written.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), Failure> {
        let path = folder.join(RECIPE_FILE);
        replace(&path, &serde_json::to_string_pretty(self)?)
    }
}

/// Writes a trial into a search's folder as its best one: the one that its trained network is of.
///
/// # Errors
/// The file can't be written.
pub(crate) fn write_best(folder: &Path, best: &TrialRecord<NasnetGenotype>) -> Result<(), Failure> {
    replace(
        &folder.join(BEST_FILE),
        &serde_json::to_string_pretty(best)?,
    )
}

/// The trial that a search's folder names as its best one.
///
/// # Errors
/// The folder contains no search of this program, or the search has no best trial yet.
pub(crate) fn read_best(folder: &Path) -> Result<TrialRecord<NasnetGenotype>, Failure> {
    parse(&folder.join(BEST_FILE))
}

fn replace(path: &Path, text: &str) -> Result<(), Failure> {
    replace_file::write(path, text)
        .map_err(|error| format!("can't write {}: {error}", path.display()).into())
}

/// What a search found, and how it trained it last.
#[derive(Debug)]
pub(crate) struct FoundNetwork {
    pub(crate) genotype: NasnetGenotype,
    /// The seed of its trial and of the final training.
    pub(crate) seed: u64,
    pub(crate) recipe: Recipe,
}

impl FoundNetwork {
    /// Reads a search's folder.
    ///
    /// - `from`: the folder, or its `best.json`.
    ///
    /// # Errors
    /// The folder contains no search of this program, or the search has no best trial yet.
    pub(crate) fn read(from: &Path) -> Result<Self, Failure> {
        let folder = match from.file_name() {
            Some(name) if name == BEST_FILE && !from.is_dir() => from.parent().unwrap_or(from),
            _ => from,
        };
        let best = read_best(folder)?;
        Ok(Self {
            genotype: best.genotype,
            seed: best.seed,
            recipe: parse(&folder.join(RECIPE_FILE))?,
        })
    }
}

fn parse<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, Failure> {
    let hint = "--from takes the folder of a search: evonas search --out FOLDER";
    let text = open_file(path)
        .and_then(|file| read_text(file, MOST_BYTES))
        .map_err(|error| format!("can't read {}: {error}; {hint}", path.display()))?;
    let value = serde_json::from_str(&text).map_err(|error| {
        format!(
            "{} is damaged or has another version: {}; {hint}",
            printable_line(path.display()),
            printable_line(error)
        )
    })?;
    Ok(value)
}

/// Writes the recipe once the search has begun or resumed, so that a refused one leaves the old recipe.
pub(crate) struct RecipeFile {
    pub(crate) folder: PathBuf,
    pub(crate) recipe: Recipe,
}

impl<G> Observer<G> for RecipeFile {
    fn observe(&mut self, event: &Event<'_, G>) -> Result<(), Failure> {
        match event {
            Event::Began { .. } => self.recipe.write(&self.folder),
            _ => Ok(()),
        }
    }
}
