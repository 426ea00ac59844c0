//! What a weights file claims, checked before its tensors are read: they take as much memory as the file is large, and a
//! file may have holes that take no place on the disk.

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use safetensors::tensor::Metadata;

use super::description::{DESCRIPTION, NetworkDescription};
use super::error::WeightsError;
use super::stored::tensors_of;
use crate::input::open_file;
use crate::network::decoder::CellNetwork;
use crate::network::plan::NetworkPlan;

/// The most bytes of a file: twice what the parameters of the largest network take, which leaves room for running
/// statistics.
const MOST_BYTES: u64 = 8 * CellNetwork::MOST_PARAMETERS;

/// The most bytes of what comes before the tensors. A tensor takes about a hundred there.
pub(super) const MOST_HEADER_BYTES: u64 = 16 << 20;

/// Opens a weights file whose size fits some network.
pub(super) fn open(path: &Path) -> Result<File, WeightsError> {
    let failed = |reason: String| WeightsError::Read {
        path: path.to_owned(),
        reason,
    };
    let unreadable = |error: io::Error| failed(error.to_string());
    // So that both formats report "not found" and the like in the system's words.
    let file = open_file(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length > MOST_BYTES {
        return Err(failed(format!(
            "it has {length} bytes, and the largest network that can be built takes at most {MOST_BYTES}"
        )));
    }
    Ok(file)
}

/// Refuses tensors that take more bytes than those of the network that the file describes, if it describes one.
pub(super) fn check_bytes(
    found: u64,
    description: Option<&String>,
    path: &Path,
) -> Result<(), WeightsError> {
    let Some(text) = description else {
        return Ok(());
    };
    let described = NetworkDescription::parse(text, path)?;
    let plan = NetworkPlan::new(&described.genotype, &described.config)?;
    let most = bytes_of(&plan);
    match found <= most {
        true => Ok(()),
        false => Err(WeightsError::Read {
            path: path.to_owned(),
            reason: format!(
                "its tensors take {found} bytes, and those of the network that it describes {most}"
            ),
        }),
    }
}

/// Reads a safetensors file whose tensors take all that follows its header.
pub(super) fn read_safetensors(mut file: File, path: &Path) -> Result<Vec<u8>, WeightsError> {
    let failed = |reason: String| WeightsError::Read {
        path: path.to_owned(),
        reason,
    };
    let length = file.metadata().map_err(|error| failed(error.to_string()))?;
    let header = header(&file, length.len()).map_err(failed)?;
    let entries = header.metadata().as_ref();
    let description = entries.and_then(|entries| entries.get(DESCRIPTION));
    check_bytes(header.data_len() as u64, description, path)?;
    let mut bytes = Vec::new();
    file.rewind()
        .and_then(|()| file.take(length.len()).read_to_end(&mut bytes))
        .map_err(|error| failed(error.to_string()))?;
    Ok(bytes)
}

/// The header of a safetensors file whose tensors take the rest of the file.
fn header(mut file: &File, length: u64) -> Result<Metadata, String> {
    let damaged =
        |what: &str| format!("it is cut short or damaged, or isn't a weights file ({what})");
    let mut size = [0; 8];
    file.read_exact(&mut size)
        .map_err(|error| damaged(&error.to_string()))?;
    let size = u64::from_le_bytes(size);
    let Some(rest) = length
        .checked_sub(8)
        .and_then(|rest| rest.checked_sub(size))
    else {
        return Err(damaged("its header is longer than the file"));
    };
    if size > MOST_HEADER_BYTES {
        return Err(damaged(&format!(
            "its header takes {size} bytes, and that of a network at most {MOST_HEADER_BYTES}"
        )));
    }
    let mut header = Vec::new();
    file.take(size)
        .read_to_end(&mut header)
        .map_err(|error| error.to_string())?;
    let header: Metadata =
        serde_json::from_slice(&header).map_err(|error| damaged(&error.to_string()))?;
    match header.data_len() as u64 == rest {
        true => Ok(header),
        false => Err(damaged("its tensors don't fill the file")),
    }
}

/// The bytes of all tensors of a network.
fn bytes_of(plan: &NetworkPlan) -> u64 {
    let mut numbers = 0_u64;
    plan.visit(&mut |path, layer, _, _| {
        for (_, shape) in tensors_of(path, layer) {
            let size = shape
                .iter()
                .fold(1_u64, |size, &side| size.saturating_mul(side as u64));
            numbers = numbers.saturating_add(size);
        }
    });
    numbers.saturating_mul(4)
}
