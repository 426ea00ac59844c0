//! One file of records, and the file of the classes' names.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha1::{Digest, Sha1};

use super::super::dataset::MOST_BYTES;
use super::{Archive, CHANNELS, CifarError, LabeledImages, PIXELS, SIDE, archive};

/// The most bytes that a file of names may have; more is not a file of names.
const MOST_NAMES_BYTES: u64 = 1 << 16;

/// The records of several files.
pub(super) struct Records {
    archive: &'static Archive,
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

impl Records {
    pub(super) const fn new(archive: &'static Archive) -> Self {
        Self {
            archive,
            pixels: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Reads one more file, which must be the official one if `verify`.
    pub(super) fn append(
        &mut self,
        folder: &Path,
        official: &archive::File,
        verify: bool,
    ) -> Result<(), CifarError> {
        let file = folder.join(official.name);
        let record = self.archive.label_bytes + PIXELS;
        let check_size = |found: u64| {
            if verify {
                check_official_size(&file, official.records * record as u64, found)
            } else {
                self.check_whole_records(&file, record as u64, found)
            }
        };
        // Checked before any byte is read, and after it in case the file grew.
        let bytes = read(&file, check_size)?;
        check_size(bytes.len() as u64)?;
        if verify {
            check_checksum(&file, official, &bytes)?;
        }
        self.take(file, bytes.chunks_exact(record))
    }

    fn check_whole_records(&self, file: &Path, record: u64, found: u64) -> Result<(), CifarError> {
        if found > MOST_BYTES {
            return Err(CifarError::TooLarge {
                file: file.to_owned(),
                found,
            });
        }
        if found == 0 || !found.is_multiple_of(record) {
            return Err(CifarError::PartialRecord {
                file: file.to_owned(),
                record,
                label_bytes: self.archive.label_bytes,
                found,
            });
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        file: PathBuf,
        records: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Result<(), CifarError> {
        self.pixels.reserve_exact(records.len() * PIXELS);
        self.labels.reserve_exact(records.len());
        let classes = self.archive.classes();
        for (index, record) in records.enumerate() {
            let (labels, pixels) = record.split_at(self.archive.label_bytes);
            let label = labels[labels.len() - 1];
            if usize::from(label) >= classes {
                return Err(CifarError::LabelOutOfRange {
                    file,
                    record: index,
                    label,
                    classes,
                });
            }
            self.labels.push(label.into());
            self.pixels.extend_from_slice(pixels);
        }
        Ok(())
    }

    pub(super) fn into_images(self) -> LabeledImages {
        let classes = self.archive.classes();
        LabeledImages::new(CHANNELS, SIDE, SIDE, classes, self.pixels, self.labels)
            .expect("a record is one checked label and the pixels of one image")
    }
}

/// The whole file, if `check` accepts its size.
fn read(path: &Path, check: impl Fn(u64) -> Result<(), CifarError>) -> Result<Vec<u8>, CifarError> {
    let read_error = |source| CifarError::Read {
        file: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(read_error)?;
    let metadata = file.metadata().map_err(read_error)?;
    if !metadata.is_file() {
        return Err(read_error(io::ErrorKind::InvalidInput.into()));
    }
    check(metadata.len())?;
    let mut bytes = Vec::new();
    file.take(metadata.len() + 1)
        .read_to_end(&mut bytes)
        .map_err(read_error)?;
    Ok(bytes)
}

fn check_official_size(file: &Path, expected: u64, found: u64) -> Result<(), CifarError> {
    if found == expected {
        return Ok(());
    }
    Err(CifarError::WrongSize {
        file: file.to_owned(),
        expected,
        found,
    })
}

fn check_checksum(path: &Path, official: &archive::File, bytes: &[u8]) -> Result<(), CifarError> {
    let found: String = Sha1::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found == official.sha1 {
        return Ok(());
    }
    Err(CifarError::WrongChecksum {
        file: path.to_owned(),
        expected: official.sha1,
        found,
    })
}

/// The names that the folder gives the classes, if it does.
pub(super) fn class_names(
    folder: &Path,
    archive: &Archive,
) -> Result<Option<Vec<String>>, CifarError> {
    let path = folder.join(archive.names_file);
    if !path.exists() {
        return Ok(None);
    }
    let mut text = String::new();
    let result =
        File::open(&path).and_then(|file| file.take(MOST_NAMES_BYTES).read_to_string(&mut text));
    if let Err(source) = result {
        return Err(CifarError::Read { file: path, source });
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<String> = lines.map(str::to_owned).collect();
    if names.len() == archive.classes() {
        return Ok(Some(names));
    }
    Err(CifarError::ClassNames {
        file: path,
        classes: archive.classes(),
        found: names.len(),
    })
}
