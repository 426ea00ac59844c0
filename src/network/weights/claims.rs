//! What a weights file claims, checked before its tensors are read: they take as much memory as the file is large, and a
//! file may have holes that take no place on the disk.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use safetensors::tensor::Metadata;

use super::description::{DESCRIPTION, NetworkDescription};
use super::error::WeightsError;
use super::format::WeightsFormat;
use super::stored::tensors_of;
use crate::input::open_file;
use crate::network::decoder::CellNetwork;
use crate::network::plan::NetworkPlan;

/// The most bytes of a file: twice what the parameters of the largest network take, which leaves room for running
/// statistics.
const MOST_BYTES: u64 = 8 * CellNetwork::MOST_PARAMETERS;

/// The most bytes of the header of a safetensors file. A tensor takes about a hundred.
const MOST_HEADER_BYTES: u64 = 16 << 20;

/// Opens a weights file and refuses it if no network fits its size, or if that of its description doesn't.
pub(super) fn check(path: &Path, format: WeightsFormat) -> Result<(), WeightsError> {
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
    match format {
        // Its reader takes tensors from the file one by one.
        WeightsFormat::Burnpack => Ok(()),
        WeightsFormat::Safetensors => {
            let header = header(file, length).map_err(failed)?;
            let entries = header.metadata().as_ref();
            let Some(text) = entries.and_then(|entries| entries.get(DESCRIPTION)) else {
                return Ok(());
            };
            let described = NetworkDescription::parse(text, path)?;
            let plan = NetworkPlan::new(&described.genotype, &described.config)?;
            let (found, most) = (header.data_len() as u64, bytes_of(&plan));
            match found <= most {
                true => Ok(()),
                false => Err(failed(format!(
                    "its tensors take {found} bytes, and those of the network that it describes {most}"
                ))),
            }
        }
    }
}

/// The header of a safetensors file whose tensors take the rest of the file.
fn header(mut file: File, length: u64) -> Result<Metadata, String> {
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
