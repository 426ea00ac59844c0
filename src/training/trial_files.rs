//! Files of a folder that belong to trials, a file each, of which only the latest are kept.

use std::path::{Path, PathBuf};
use std::{fs, io};

use crate::trial::TrialId;

/// The files of a folder whose names are a prefix, the number of a trial and an extension.
#[derive(Clone, Debug)]
pub(super) struct TrialFiles {
    folder: PathBuf,
    prefix: &'static str,
    extension: &'static str,
}

impl TrialFiles {
    pub(super) const fn new(
        folder: PathBuf,
        prefix: &'static str,
        extension: &'static str,
    ) -> Self {
        Self {
            folder,
            prefix,
            extension,
        }
    }

    pub(super) fn of(&self, trial: TrialId) -> PathBuf {
        let Self {
            folder,
            prefix,
            extension,
        } = self;
        folder.join(format!("{prefix}-{trial}.{extension}"))
    }

    /// Removes the files of all trials that are more than so many older than this one. Other files stay.
    pub(super) fn keep_last(&self, trials: u64, trial: TrialId) -> io::Result<()> {
        let Some(oldest) = trial.0.checked_sub(trials) else {
            return Ok(());
        };
        for entry in fs::read_dir(&self.folder)? {
            let path = entry?.path();
            if self.trial_of(&path).is_some_and(|number| number < oldest) {
                // Another worker may have removed it.
                let _ = fs::remove_file(path);
            }
        }
        Ok(())
    }

    /// The number of the trial that a file belongs to.
    fn trial_of(&self, path: &Path) -> Option<u64> {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_prefix(self.prefix)?.strip_prefix('-')?;
        let number = number.strip_suffix(self.extension)?.strip_suffix('.')?;
        number.parse().ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_files_of_older_trials_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let files = TrialFiles::new(folder.path().to_owned(), "paused", "bpk");
        let others = [
            "paused-1.txt",
            "paused-1",
            "1.bpk",
            "other-1.bpk",
            "paused-x.bpk",
        ];
        let others = others.map(|name| folder.path().join(name));
        let of_trials = [0, 1, 4, 5, 12].map(|trial| files.of(TrialId(trial)));
        for path in others.iter().chain(&of_trials) {
            fs::write(path, "").unwrap();
        }
        files.keep_last(20, TrialId(12)).unwrap();
        assert!(of_trials.iter().all(|path| path.exists()));
        files.keep_last(8, TrialId(12)).unwrap();
        assert_eq!(
            of_trials.map(|path| path.exists()),
            [false, false, true, true, true]
        );
        assert!(others.iter().all(|path| path.exists()));
    }
}
