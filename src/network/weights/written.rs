//! Writing weights files.
//!
//! Equal weights and metadata give equal bytes, so that files can be compared: Burn's random parameter ids
//! are left out, and metadata is sorted by name.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use burn::store::ModuleSnapshot;
use burn::store::bridge;
use burn::store::burn_pack::{Tensor as StoredTensor, Writer};
use burn::tensor::{DType, TensorData};
use safetensors::Dtype;
use safetensors::tensor::TensorView;
use serde_json::Value;

use super::checksum::{CHECKSUM, checksum};
use super::error::WeightsError;
use super::format::WeightsFormat;
use crate::network::decoder::CellNetwork;
use crate::replace_file::replace_file_durably;

/// The entry of a safetensors header that holds the metadata.
const METADATA: &str = "__metadata__";

/// The contents of a weights file to be: all tensors of a network by name, and metadata.
pub(super) struct WrittenWeights {
    pub(super) tensors: BTreeMap<String, TensorData>,
    metadata: BTreeMap<String, String>,
}

impl WrittenWeights {
    pub(super) fn new(
        network: &CellNetwork,
        mut metadata: BTreeMap<String, String>,
    ) -> Result<Self, String> {
        let mut tensors = BTreeMap::new();
        for tensor in network.collect(None, None, true) {
            let data = bridge::to_data(&tensor).map_err(|error| error.to_string())?;
            tensors.insert(tensor.name, data);
        }
        let checksum = checksum(&tensors, &metadata);
        metadata.insert(CHECKSUM.to_owned(), checksum);
        Ok(Self { tensors, metadata })
    }

    /// Leaves the checksum out, for programs that don't know it.
    pub(super) fn without_checksum(&mut self) {
        self.metadata.remove(CHECKSUM);
    }

    pub(super) fn write(self, path: &Path, format: WeightsFormat) -> Result<(), WeightsError> {
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        replace_file_durably(
            path,
            |error| failed(error.to_string()),
            |new| {
                match format {
                    WeightsFormat::Burnpack => self.write_burnpack(new),
                    WeightsFormat::Safetensors => self
                        .safetensors()
                        .and_then(|bytes| fs::write(new, bytes).map_err(|error| error.to_string())),
                }
                .map_err(failed)
            },
        )
    }

    fn write_burnpack(self, path: &Path) -> Result<(), String> {
        let tensors = self.tensors.into_iter().map(|(name, data)| {
            let (bytes, shape, dtype) = data.into_parts();
            StoredTensor::new(name, dtype, shape, None, bytes)
        });
        let writer = Writer::new(tensors.collect()).auto_extension(false);
        let metadata = self.metadata.iter();
        metadata
            .fold(writer, |writer, (key, text)| {
                writer.with_metadata(key, text)
            })
            .overwrite(true)
            .write_to_file_in_place(path)
            .map_err(|error| error.to_string())
    }

    fn safetensors(self) -> Result<Vec<u8>, String> {
        let views = self.tensors.iter().map(|(name, data)| {
            let number = match data.dtype() {
                DType::F32 => Dtype::F32,
                DType::I64 => Dtype::I64,
                other => return Err(format!("{name} has type {other:?}, not F32")),
            };
            let view = TensorView::new(number, data.shape().to_vec(), data.as_bytes());
            Ok((name, view.map_err(|error| error.to_string())?))
        });
        let views = views.collect::<Result<Vec<_>, String>>()?;
        let metadata = self.metadata.clone().into_iter().collect();
        let bytes = safetensors::serialize(views, Some(metadata));
        in_order(&bytes.map_err(|error| error.to_string())?, &self.metadata)
            .ok_or_else(|| "the header that was written has no metadata".to_owned())
    }
}

/// The same safetensors file with its metadata sorted by name. A file consists of the header's length (eight
/// bytes), the header (JSON, padded with spaces to a multiple of eight bytes) and the tensors.
fn in_order(bytes: &[u8], metadata: &BTreeMap<String, String>) -> Option<Vec<u8>> {
    let (length, rest) = bytes.split_first_chunk()?;
    let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
    let (header, tensors) = rest.split_at_checked(length)?;
    let mut header: BTreeMap<String, Value> = serde_json::from_slice(header).ok()?;
    // Serialized maps keep their order, the header's entries as well as the metadata's.
    header.remove(METADATA)?;
    let entries = serde_json::to_string(&header).ok()?;
    let metadata = serde_json::to_string(metadata).ok()?;
    let entries = entries.strip_prefix('{')?;
    let comma = if header.is_empty() { "" } else { "," };
    let mut header = format!("{{\"{METADATA}\":{metadata}{comma}{entries}").into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = u64::try_from(header.len()).ok()?.to_le_bytes();
    Some([&length, &header[..], tensors].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_sorted_and_tensors_are_unchanged() {
        let metadata: BTreeMap<String, String> = (0..20)
            .map(|entry| (format!("entry {entry}"), format!("\"{entry}\" ü")))
            .collect();
        let values: Vec<u8> = (0..12).collect();
        let written = || {
            let view = TensorView::new(Dtype::F32, vec![3], &values).unwrap();
            let unordered = metadata.clone().into_iter().collect();
            let bytes = safetensors::serialize([("b", view)], Some(unordered)).unwrap();
            in_order(&bytes, &metadata).unwrap()
        };
        let bytes = written();
        assert_eq!(bytes, written());
        let (_, header) = safetensors::SafeTensors::read_metadata(&bytes).unwrap();
        let found: BTreeMap<String, String> =
            header.metadata().clone().unwrap().into_iter().collect();
        assert_eq!(found, metadata);
        let read = safetensors::SafeTensors::deserialize(&bytes).unwrap();
        let tensor = read.tensor("b").unwrap();
        assert_eq!((tensor.data(), tensor.shape()), (&values[..], &[3][..]));
    }
}
