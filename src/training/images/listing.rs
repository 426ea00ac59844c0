//! The contents of a folder, for messages about what is missing from it.

use std::fs;
use std::path::Path;

use super::DatasetError;

const MAX_LISTED: usize = 8;

/// The first few names in a folder, sorted and on one line; `…` stands for the others.
pub(super) fn contents(folder: &Path) -> Result<String, DatasetError> {
    let in_folder = |source| DatasetError::io(folder, source);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let name = entry.map_err(in_folder)?.file_name();
        names.push(name.to_string_lossy().into_owned());
    }
    if names.is_empty() {
        return Ok("nothing".to_owned());
    }
    names.sort_unstable();
    if names.len() > MAX_LISTED {
        names.truncate(MAX_LISTED);
        names.push("…".to_owned());
    }
    Ok(names.join(", "))
}
