//! Finding the images of a folder, without opening them.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::super::listing::first_names;
use super::FolderError;

const ENDINGS: [&str; 3] = ["png", "jpg", "jpeg"];
/// What operating systems leave in folders, beside names that begin with a dot.
const LEFT_BY_SYSTEMS: [&str; 2] = ["Thumbs.db", "desktop.ini"];
/// The first of these that is there holds the test images.
const TEST_NAMES: [&str; 4] = ["test", "val", "valid", "validation"];

/// The images of a split.
pub(super) struct Split {
    folder: PathBuf,
    classes: Vec<Class>,
}

struct Class {
    name: OsString,
    folder: PathBuf,
    images: Vec<PathBuf>,
}

impl Split {
    pub(super) fn train(folder: &Path) -> Result<Self, FolderError> {
        Self::first_of(folder, &["train"])
    }

    pub(super) fn test(folder: &Path) -> Result<Self, FolderError> {
        Self::first_of(folder, &TEST_NAMES)
    }

    fn first_of(folder: &Path, names: &[&'static str]) -> Result<Self, FolderError> {
        if !folder.is_dir() {
            return Err(FolderError::FolderMissing {
                folder: folder.to_owned(),
            });
        }
        let candidates = names.iter().map(|name| folder.join(name));
        match candidates.into_iter().find(|path| path.is_dir()) {
            Some(split) => Self::scan(split),
            None => Err(FolderError::SplitMissing {
                folder: folder.to_owned(),
                split: names[0],
                found: first_names(folder).map_err(|source| read_error(folder, source))?,
            }),
        }
    }

    fn scan(folder: PathBuf) -> Result<Self, FolderError> {
        let mut classes = Vec::new();
        for entry in entries(&folder)? {
            if entry.is_folder {
                classes.push(Class {
                    images: images(&entry.path)?,
                    name: entry.name,
                    folder: entry.path,
                });
            } else if is_named_as_image(&entry.path) {
                return Err(FolderError::StrayImage { file: entry.path });
            }
        }
        if classes.is_empty() {
            return Err(FolderError::NoClasses { folder });
        }
        if classes.len() > usize::from(u16::MAX) + 1 {
            return Err(FolderError::TooManyClasses {
                found: classes.len(),
                folder,
            });
        }
        Ok(Self { folder, classes })
    }

    pub(super) fn class_names(&self) -> Vec<String> {
        let names = self
            .classes
            .iter()
            .map(|class| class.name.to_string_lossy());
        names.map(|name| name.into_owned()).collect()
    }

    /// The images and their labels by the classes of `train`.
    pub(super) fn labeled(&self, train: &Self) -> Result<(Vec<PathBuf>, Vec<u16>), FolderError> {
        let mut files = Vec::new();
        let mut labels = Vec::new();
        for class in &self.classes {
            let label = train
                .classes
                .binary_search_by(|other| other.name.cmp(&class.name))
                .map_err(|_| FolderError::UnknownClass {
                    folder: class.folder.clone(),
                    train: train.folder.clone(),
                })?;
            let label = u16::try_from(label).expect("there are at most 65536 classes");
            files.extend_from_slice(&class.images);
            labels.resize(files.len(), label);
        }
        Ok((files, labels))
    }
}

/// The images in a folder, one at least, in the order of their names.
pub(super) fn images(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut images = Vec::new();
    for entry in entries(folder)? {
        if entry.is_folder {
            return Err(FolderError::NestedFolder { folder: entry.path });
        }
        if !is_named_as_image(&entry.path) {
            return Err(FolderError::NotAnImage { file: entry.path });
        }
        images.push(entry.path);
    }
    if images.is_empty() {
        return Err(FolderError::NoImages {
            folder: folder.to_owned(),
        });
    }
    Ok(images)
}

struct Entry {
    name: OsString,
    path: PathBuf,
    is_folder: bool,
}

/// What is in a folder and not hidden, in the order of its names.
fn entries(folder: &Path) -> Result<Vec<Entry>, FolderError> {
    let in_folder = |source| read_error(folder, source);
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder).map_err(in_folder)? {
        let entry = entry.map_err(in_folder)?;
        let (name, path) = (entry.file_name(), entry.path());
        if is_hidden(&name.to_string_lossy()) {
            continue;
        }
        let mut kind = entry.file_type();
        if kind.as_ref().is_ok_and(fs::FileType::is_symlink) {
            kind = fs::metadata(&path).map(|metadata| metadata.file_type());
        }
        let is_folder = kind.map_err(|source| read_error(&path, source))?.is_dir();
        entries.push(Entry {
            name,
            path,
            is_folder,
        });
    }
    entries.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    Ok(entries)
}

fn is_hidden(name: &str) -> bool {
    name.starts_with('.')
        || LEFT_BY_SYSTEMS
            .iter()
            .any(|left| name.eq_ignore_ascii_case(left))
}

fn is_named_as_image(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        ENDINGS
            .iter()
            .any(|ending| extension.eq_ignore_ascii_case(ending))
    })
}

fn read_error(path: &Path, source: io::Error) -> FolderError {
    FolderError::Read {
        path: path.to_owned(),
        source,
    }
}
