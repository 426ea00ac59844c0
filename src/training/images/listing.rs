//! What is in a folder, for messages about what is not.

use std::fs;
use std::io;
use std::path::Path;

const MOST_LISTED: usize = 8;

/// The first few names in a folder, in their order; the last one tells whether there are more.
pub(super) fn first_names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    if names.len() > MOST_LISTED {
        names.truncate(MOST_LISTED);
        names.push("…".to_owned());
    }
    Ok(names)
}

/// The names in one line.
pub(super) fn in_a_line(names: &[String]) -> String {
    if names.is_empty() {
        "nothing".to_owned()
    } else {
        names.join(", ")
    }
}
