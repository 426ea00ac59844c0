//! The file of a checkpoint: a Burnpack file followed by the CRC-32 of its bytes.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use burn::store::burn_pack::{Reader, Scalar, Tensor as PackedTensor, Writer};
use burn::tensor::TensorData;

use super::error::CheckpointError;
use super::header::{CheckpointHeader, VERSION};
use crate::input::open_file;
use crate::replace_file::replace_file_durably;

/// The metadata entry with the [`CheckpointHeader`].
const HEADER: &str = "evonas.checkpoint";

/// Bytes of the checksum at the end of a file, little-endian.
const CHECKSUM: usize = 4;

/// The contents of a checkpoint.
pub(super) struct CheckpointFile {
    pub(super) header: CheckpointHeader,
    pub(super) tensors: BTreeMap<String, TensorData>,
    pub(super) scalars: BTreeMap<String, Scalar>,
}

impl CheckpointFile {
    /// Replaces a file; if the disk is full, the old one is kept.
    pub(super) fn write(self, path: &Path) -> Result<(), CheckpointError> {
        let failed = |reason: String| CheckpointError::Write {
            path: path.to_owned(),
            reason,
        };
        let header =
            serde_json::to_string(&self.header).map_err(|error| failed(error.to_string()))?;
        let tensors = self.tensors.into_iter().map(|(name, data)| {
            let (bytes, shape, dtype) = data.into_parts();
            PackedTensor::new(name, dtype, shape, None, bytes)
        });
        let mut writer = Writer::new(tensors.collect())
            .with_metadata(HEADER, &header)
            .auto_extension(false)
            .overwrite(true);
        for (name, value) in self.scalars {
            writer = writer.with_scalar(&name, value);
        }
        replace_file_durably(
            path,
            |error| failed(error.to_string()),
            |new| {
                writer
                    .write_to_file_in_place(new)
                    .map_err(|error| failed(error.to_string()))?;
                seal(new).map_err(|error| failed(error.to_string()))
            },
        )
    }

    /// Reads a file of at most so many bytes, and checks its version and checksum.
    pub(super) fn read(path: &Path, most: u64) -> Result<Self, CheckpointError> {
        let failed = |reason: String| CheckpointError::Read {
            path: path.to_owned(),
            reason,
        };
        // Opened here for the system's own words, such as "No such file or directory".
        let file = open_file(path).map_err(|error| failed(error.to_string()))?;
        let metadata = file.metadata().map_err(|error| failed(error.to_string()))?;
        let bytes = metadata.len();
        // A file may have holes that take no place on the disk, but memory.
        if bytes > most {
            return Err(failed(format!(
                "it has {bytes} bytes, and a training of this network at most {most}"
            )));
        }
        let reader = Reader::from_file_exact(path).map_err(|error| match is_sealed(&file) {
            // The reader would speak of a buffer that can't be filled.
            Ok(false) => {
                failed("it is cut short or damaged, or it isn't a training checkpoint".to_owned())
            }
            _ => failed(error.to_string()),
        })?;
        let header = reader
            .metadata()
            .get(HEADER)
            .ok_or_else(|| failed("it isn't a training checkpoint".to_owned()))?;
        let found = CheckpointHeader::version_of(header);
        if found.as_ref().is_some_and(|found| *found != VERSION) {
            return Err(CheckpointError::Version {
                path: path.to_owned(),
                found: found.unwrap_or_default().to_string(),
                supported: VERSION,
            });
        }
        if !is_sealed(&file).map_err(|error| failed(error.to_string()))? {
            return Err(failed(
                "it is cut short or damaged: its checksum doesn't match".to_owned(),
            ));
        }
        let header: CheckpointHeader =
            serde_json::from_str(header).map_err(|error| failed(error.to_string()))?;
        let scalars = reader.scalars().clone();
        let mut tensors = BTreeMap::new();
        let packed = reader
            .into_tensors()
            .map_err(|error| failed(error.to_string()))?;
        for tensor in packed {
            let (name, dtype, shape, _, bytes) = tensor
                .into_parts()
                .map_err(|error| failed(error.to_string()))?;
            tensors.insert(name, TensorData::from_bytes(bytes, shape, dtype));
        }
        Ok(Self {
            header,
            tensors,
            scalars,
        })
    }

    /// Takes the tensors whose names begin with `prefix`, and removes it from their names.
    pub(super) fn take(&mut self, prefix: &str) -> BTreeMap<String, TensorData> {
        let all = std::mem::take(&mut self.tensors).into_iter();
        let (taken, rest): (Vec<_>, Vec<_>) = all.partition(|(name, _)| name.starts_with(prefix));
        self.tensors.extend(rest);
        taken
            .into_iter()
            .map(|(name, data)| (name[prefix.len()..].to_owned(), data))
            .collect()
    }
}

/// Appends the checksum of a file's bytes to it.
fn seal(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let length = file.metadata()?.len();
    let checksum = checksum(&mut BufReader::new(file).take(length))?;
    let mut file = File::options().append(true).open(path)?;
    file.write_all(&checksum.to_le_bytes())
}

/// Whether a file ends with the checksum of the bytes before it.
fn is_sealed(file: &File) -> io::Result<bool> {
    let Some(length) = file.metadata()?.len().checked_sub(CHECKSUM as u64) else {
        return Ok(false);
    };
    let mut reader = BufReader::new(file);
    let expected = checksum(&mut reader.by_ref().take(length))?;
    let mut found = [0; CHECKSUM];
    reader.read_exact(&mut found)?;
    Ok(u32::from_le_bytes(found) == expected)
}

fn checksum(reader: &mut impl Read) -> io::Result<u32> {
    let mut hasher = crc32fast::Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match reader.read(&mut buffer)? {
            0 => return Ok(hasher.finalize()),
            count => hasher.update(&buffer[..count]),
        }
    }
}
