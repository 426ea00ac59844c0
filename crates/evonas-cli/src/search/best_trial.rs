//! The trial that a search's folder names as its best, and those whose final trainings diverged.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use evonas::input::{open_file, read_text};
use evonas::prelude::*;
use evonas::replace_file;
use evonas::report::note;
use evonas::search::BestFile;
use evonas::spaces::nasnet::NasnetGenotype;

use crate::Failure;
use crate::recipe::BEST_FILE;

/// The genotypes that are better than the one of `best.json`, and whose final trainings diverged. Without it, there
/// are none.
pub(super) const DIVERGED_FILE: &str = "diverged.json";

/// A genotype's text takes about a hundred bytes.
const MOST_BYTES: u64 = 1 << 20;

/// Keeps the best trial so far in `best.json`. Once its final training has diverged, the file holds the next best, which
/// was trained instead, until there is a better trial.
pub(super) struct BestTrialFile {
    folder: PathBuf,
    file: BestFile,
    diverged: Vec<NasnetGenotype>,
}

impl BestTrialFile {
    pub(super) fn new(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
            file: BestFile::new(folder.join(BEST_FILE)),
            diverged: Vec::new(),
        }
    }
}

impl Observer<NasnetGenotype> for BestTrialFile {
    fn observe(&mut self, event: &Event<'_, NasnetGenotype>) -> Result<(), Failure> {
        let best = match event {
            Event::Resumed { history, .. } => {
                if self.folder.join(BEST_FILE).exists() {
                    self.diverged = read_diverged(&self.folder);
                }
                history.best()
            }
            Event::Finished { history } => history.best(),
            _ => None,
        };
        match best {
            Some(best) if self.diverged.contains(&best.genotype) => Ok(()),
            _ => self.file.observe(event),
        }
    }
}

/// The genotypes in a folder's file; none if it can't be read.
fn read_diverged(folder: &Path) -> Vec<NasnetGenotype> {
    let path = folder.join(DIVERGED_FILE);
    let text = match open_file(&path).and_then(|file| read_text(file, MOST_BYTES)) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Vec::new(),
        text => text.map_err(|error| error.to_string()),
    };
    let read = text.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    read.unwrap_or_else(|error: String| {
        let path = path.display();
        note(format_args!(
            "warning: {path} can't be read, so {BEST_FILE} holds the best trial: {error}"
        ));
        Vec::new()
    })
}

/// Replaces the genotypes in a folder's file.
///
/// # Errors
/// The file can't be written or removed.
pub(super) fn write_diverged(folder: &Path, diverged: &[NasnetGenotype]) -> Result<(), Failure> {
    let path = folder.join(DIVERGED_FILE);
    if diverged.is_empty() {
        return match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(format!("can't remove {}: {error}", path.display()).into())
            }
            _ => Ok(()),
        };
    }
    replace_file::write(&path, serde_json::to_string_pretty(diverged)?)
        .map_err(|error| format!("can't write {}: {error}", path.display()).into())
}

#[cfg(test)]
mod tests {
    use evonas::spaces::nasnet::published;

    use super::*;

    #[test]
    fn what_diverged_is_read_back_and_nothing_stays_of_an_empty_list() {
        let folder = tempfile::tempdir().unwrap();
        assert!(read_diverged(folder.path()).is_empty());
        let diverged = [published::amoebanet_a(), published::nasnet_a()];
        write_diverged(folder.path(), &diverged).unwrap();
        assert_eq!(read_diverged(folder.path()), diverged);
        fs::write(folder.path().join(DIVERGED_FILE), "[\"no genotype\"]").unwrap();
        assert!(read_diverged(folder.path()).is_empty());
        for _ in 0..2 {
            write_diverged(folder.path(), &[]).unwrap();
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
        }
    }
}
