//! The formats of weights files.

use std::path::Path;

use super::error::WeightsError;

/// The format of a weights file, told by its extension.
#[derive(Clone, Copy)]
pub(super) enum WeightsFormat {
    Burnpack,
    Safetensors,
}

impl WeightsFormat {
    pub(super) fn of(path: &Path) -> Result<Self, WeightsError> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension.map(str::to_ascii_lowercase).as_deref() {
            Some("bpk") => Ok(Self::Burnpack),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(WeightsError::UnknownFormat {
                path: path.to_owned(),
            }),
        }
    }
}
