//! The checksum of a weights file.

use std::collections::BTreeMap;

use burn::tensor::TensorData;

/// The metadata entry that holds the checksum of everything else in the file.
pub(super) const CHECKSUM: &str = "evonas.checksum";

/// The CRC-32 of all tensors and of all metadata but the checksum itself.
pub(super) fn checksum(
    tensors: &BTreeMap<String, TensorData>,
    metadata: &BTreeMap<String, String>,
) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for (key, text) in metadata.iter().filter(|(key, _)| *key != CHECKSUM) {
        hasher.update(format!("{key:?} {text:?} ").as_bytes());
    }
    for (name, data) in tensors {
        let of_tensor = format!("{name} {:?} {:?} ", data.shape(), data.dtype());
        hasher.update(of_tensor.as_bytes());
        hasher.update(data.as_bytes());
    }
    format!("{:08x}", hasher.finalize())
}
