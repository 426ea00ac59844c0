//! One file of records, and the file with the names of the classes.

use std::io::Read;
use std::path::Path;

use sha1::{Digest, Sha1};

use super::super::{DatasetError, ImageLimits, LabeledImages};
use super::archive::{Archive, OfficialFile, PIXELS, SHAPE};
use crate::excerpt::shown;
use crate::input::{open_file, read_text};

/// The most bytes of a file of names; anything larger is something else.
const MAX_NAMES_BYTES: u64 = 1 << 16;

/// The records of several files.
pub(super) struct Records {
    archive: &'static Archive,
    limits: ImageLimits,
    pixels: Vec<u8>,
    labels: Vec<u16>,
}

impl Records {
    pub(super) const fn new(archive: &'static Archive, limits: ImageLimits) -> Self {
        Self {
            archive,
            limits,
            pixels: Vec::new(),
            labels: Vec::new(),
        }
    }

    /// Reads one more file, which must be the official one if `verify` is set.
    pub(super) fn append(
        &mut self,
        folder: &Path,
        official: &OfficialFile,
        verify: bool,
    ) -> Result<(), DatasetError> {
        let file = folder.join(official.name);
        let record = self.archive.label_bytes + PIXELS;
        let check_size = |found: u64| {
            if verify {
                check_official_size(&file, official.records * record as u64, found)
            } else {
                self.check_whole_records(&file, record as u64, found)
            }
        };
        // Checked before any byte is read, and again afterward in case the file grew.
        let bytes = read(&file, check_size)?;
        check_size(bytes.len() as u64)?;
        if verify {
            check_checksum(&file, official, &bytes)?;
        }
        self.take(&file, bytes.chunks_exact(record))
    }

    fn check_whole_records(
        &self,
        file: &Path,
        record: u64,
        found: u64,
    ) -> Result<(), DatasetError> {
        if found.saturating_add(self.pixels.len() as u64) > self.limits.split_bytes {
            return Err(DatasetError::TooLarge {
                claim: format!("{} has {found} bytes", shown(file)),
                most: self.limits.split_bytes,
                advice: "use fewer images",
            });
        }
        if found == 0 || !found.is_multiple_of(record) {
            let problem = format!(
                "has {found} bytes, but must hold one or more whole records of {record} bytes, {} for \
                 labels and {PIXELS} for pixels",
                self.archive.label_bytes
            );
            return Err(DatasetError::invalid(file, problem));
        }
        Ok(())
    }

    fn take<'a>(
        &mut self,
        file: &Path,
        records: impl ExactSizeIterator<Item = &'a [u8]>,
    ) -> Result<(), DatasetError> {
        self.pixels.reserve_exact(records.len() * PIXELS);
        self.labels.reserve_exact(records.len());
        let classes = self.archive.classes();
        for (index, record) in records.enumerate() {
            let (labels, pixels) = record.split_at(self.archive.label_bytes);
            let label = labels[labels.len() - 1];
            if usize::from(label) >= classes {
                let problem = format!(
                    "has label {label} in record {index} (from 0), but labels must be below the number of \
                     classes, {classes}"
                );
                return Err(DatasetError::invalid(file, problem));
            }
            self.labels.push(label.into());
            self.pixels.extend_from_slice(pixels);
        }
        Ok(())
    }

    pub(super) fn into_images(self) -> LabeledImages {
        let classes = self.archive.classes();
        LabeledImages::new(SHAPE, classes, self.pixels, self.labels)
            .expect("a record is one checked label and the pixels of one image")
    }
}

/// The whole file, if `check` accepts its size.
fn read(
    path: &Path,
    check: impl Fn(u64) -> Result<(), DatasetError>,
) -> Result<Vec<u8>, DatasetError> {
    let read_error = |source| DatasetError::io(path, source);
    let file = open_file(path).map_err(read_error)?;
    let metadata = file.metadata().map_err(read_error)?;
    check(metadata.len())?;
    let mut bytes = Vec::new();
    file.take(metadata.len() + 1)
        .read_to_end(&mut bytes)
        .map_err(read_error)?;
    Ok(bytes)
}

fn check_official_size(file: &Path, expected: u64, found: u64) -> Result<(), DatasetError> {
    if found == expected {
        return Ok(());
    }
    let problem = format!(
        "has {found} bytes, but the official file has {expected}: unpack the archive again, or read your \
         own images without verification"
    );
    Err(DatasetError::invalid(file, problem))
}

fn check_checksum(path: &Path, official: &OfficialFile, bytes: &[u8]) -> Result<(), DatasetError> {
    let found: String = Sha1::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect();
    if found == official.sha1 {
        return Ok(());
    }
    let problem = format!(
        "has the SHA-1 checksum {found}, but the official file has {}: download and unpack the archive \
         again, or read your own images without verification",
        official.sha1
    );
    Err(DatasetError::invalid(path, problem))
}

/// The names of the classes from the folder's file of names, if it has one.
pub(super) fn class_names(
    folder: &Path,
    archive: &Archive,
) -> Result<Option<Vec<String>>, DatasetError> {
    let path = folder.join(archive.names_file);
    if !path.exists() {
        return Ok(None);
    }
    let text = open_file(&path)
        .and_then(|file| read_text(file, MAX_NAMES_BYTES))
        .map_err(|source| DatasetError::io(&path, source))?;
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let names: Vec<String> = lines.map(str::to_owned).collect();
    if names.len() == archive.classes() {
        return Ok(Some(names));
    }
    let problem = format!(
        "has {} names, but there are {} classes: write one name per line, or remove the file",
        names.len(),
        archive.classes()
    );
    Err(DatasetError::invalid(&path, problem))
}
