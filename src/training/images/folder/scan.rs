//! Finds the images of a folder without opening them.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::DatasetError;
use super::super::listing::contents;
use crate::excerpt::shown;

const EXTENSIONS: [&str; 3] = ["png", "jpg", "jpeg"];
/// Files that operating systems leave in folders, apart from names that begin with a dot.
const SYSTEM_FILES: [&str; 2] = ["Thumbs.db", "desktop.ini"];
/// The first of these that exists holds the test images.
const TEST_NAMES: [&str; 4] = ["test", "val", "valid", "validation"];

/// Most classes that labels of 16 bits can tell apart.
const MAX_CLASSES: usize = 1 << u16::BITS;

/// The images of one split.
pub(super) struct SplitFolder {
    folder: PathBuf,
    classes: Vec<Class>,
}

struct Class {
    name: OsString,
    folder: PathBuf,
    images: Vec<PathBuf>,
}

impl SplitFolder {
    pub(super) fn train(folder: &Path) -> Result<Self, DatasetError> {
        Self::first_of(folder, &["train"])
    }

    pub(super) fn test(folder: &Path) -> Result<Self, DatasetError> {
        Self::first_of(folder, &TEST_NAMES)
    }

    fn first_of(folder: &Path, names: &[&'static str]) -> Result<Self, DatasetError> {
        if !folder.is_dir() {
            return Err(DatasetError::NotAFolder {
                folder: folder.to_owned(),
                advice: "pass the folder that holds the folders train and test".to_owned(),
            });
        }
        let candidates = names.iter().map(|name| folder.join(name));
        match candidates.into_iter().find(|path| path.is_dir()) {
            Some(split) => Self::scan(split),
            None => Err(DatasetError::Missing {
                folder: folder.to_owned(),
                missing: format!("folder {}", names[0]),
                advice: format!(
                    "put the images of each class in {}/CLASS/; found {}",
                    names[0],
                    contents(folder)?
                ),
            }),
        }
    }

    fn scan(folder: PathBuf) -> Result<Self, DatasetError> {
        let mut classes = Vec::new();
        for entry in entries(&folder)? {
            if entry.is_folder {
                classes.push(Class {
                    images: images(&entry.path)?,
                    name: entry.name,
                    folder: entry.path,
                });
            } else if is_named_as_image(&entry.path) {
                let problem = "is in no class: move it into the folder of its class";
                return Err(DatasetError::invalid(&entry.path, problem));
            }
        }
        if classes.is_empty() {
            return Err(DatasetError::Missing {
                folder,
                missing: "folders".to_owned(),
                advice: "put the images of each class in a folder of their own".to_owned(),
            });
        }
        if classes.len() > MAX_CLASSES {
            let problem = format!(
                "has {} folders, but at most {MAX_CLASSES} classes can be read",
                classes.len()
            );
            return Err(DatasetError::invalid(&folder, problem));
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

    /// The images and their labels, which number the classes of `train`.
    pub(super) fn labeled(&self, train: &Self) -> Result<(Vec<PathBuf>, Vec<u16>), DatasetError> {
        let mut files = Vec::new();
        let mut labels = Vec::new();
        for class in &self.classes {
            let label = train
                .classes
                .binary_search_by(|other| other.name.cmp(&class.name))
                .map_err(|_| class.unknown(&train.folder))?;
            let label = u16::try_from(label).expect("there are at most 65536 classes");
            files.extend_from_slice(&class.images);
            labels.resize(files.len(), label);
        }
        Ok((files, labels))
    }
}

impl Class {
    fn unknown(&self, train: &Path) -> DatasetError {
        let problem = format!(
            "is a class that the training images in {} do not have: give both the same folders",
            shown(train)
        );
        DatasetError::invalid(&self.folder, problem)
    }
}

/// The images in a folder, at least one, in the order of their names.
pub(super) fn images(folder: &Path) -> Result<Vec<PathBuf>, DatasetError> {
    let mut images = Vec::new();
    for entry in entries(folder)? {
        if entry.is_folder {
            let problem = "is a folder among images: move its images to the folder above, or make it a \
                           class";
            return Err(DatasetError::invalid(&entry.path, problem));
        }
        if !is_named_as_image(&entry.path) {
            let problem =
                "does not end in .png, .jpg or .jpeg: convert the image, or remove the file";
            return Err(DatasetError::invalid(&entry.path, problem));
        }
        images.push(entry.path);
    }
    if images.is_empty() {
        return Err(DatasetError::Missing {
            folder: folder.to_owned(),
            missing: "images".to_owned(),
            advice: "put PNG or JPEG files there, or remove the folder".to_owned(),
        });
    }
    Ok(images)
}

struct FolderEntry {
    name: OsString,
    path: PathBuf,
    is_folder: bool,
}

/// The visible entries of a folder, in the order of their names.
fn entries(folder: &Path) -> Result<Vec<FolderEntry>, DatasetError> {
    let in_folder = |source| DatasetError::io(folder, source);
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
        let is_folder = kind
            .map_err(|source| DatasetError::io(&path, source))?
            .is_dir();
        entries.push(FolderEntry {
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
        || SYSTEM_FILES
            .iter()
            .any(|file| name.eq_ignore_ascii_case(file))
}

fn is_named_as_image(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        EXTENSIONS
            .iter()
            .any(|known| extension.eq_ignore_ascii_case(known))
    })
}
