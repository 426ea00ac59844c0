//! Saving and loading networks. A file holds weights, configuration and genotype, all that it takes to
//! rebuild the network.

mod checksum;
mod claims;
mod description;
mod error;
mod format;
mod pytorch;
mod stored;
mod written;

pub use error::WeightsError;

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, TensorData};

use self::description::{DESCRIPTION, NetworkDescription};
use self::format::WeightsFormat;
use self::stored::StoredWeights;
use self::written::WrittenWeights;
use super::decoder::CellNetwork;
use super::plan::NetworkPlan;
use super::precision::Precision;

impl CellNetwork {
    /// Writes weights, batch norm's running statistics, configuration and genotype to a file, as
    /// `.safetensors` or Burn's `.bpk` by its extension. An existing file is replaced atomically.
    /// Equal networks give equal files.
    ///
    /// A tensor's name is its layer's [`LayerPath`](super::LayerPath) followed by its own name:
    /// `cells.0.base.layers.1.weight`. Convolutions are `[output, input / groups, height, width]`,
    /// as in PyTorch; the classifier's matrix is `[features, classes]`; batch norm has `gamma`,
    /// `beta`, `running_mean` and `running_var`.
    ///
    /// # Errors
    /// [`WeightsError`] if the extension is unknown or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        self.save_noted(path.as_ref(), &[])
    }

    /// All weights and running statistics, by the names that files have.
    pub(crate) fn tensors(&self) -> Result<BTreeMap<String, TensorData>, WeightsError> {
        let written = WrittenWeights::new(&self.valid(), BTreeMap::new());
        let written = written.map_err(|reason| WeightsError::Write {
            path: "the network's weights".into(),
            reason,
        })?;
        Ok(written.tensors)
    }

    /// [`CellNetwork::save`] with further metadata entries.
    pub(crate) fn save_noted(
        &self,
        path: &Path,
        notes: &[(&str, String)],
    ) -> Result<(), WeightsError> {
        let format = WeightsFormat::of(path)?;
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        let description = serde_json::to_string(&NetworkDescription::of(self))
            .map_err(|error| failed(error.to_string()))?;
        let notes = notes.iter();
        let metadata = notes
            .map(|(key, note)| ((*key).to_owned(), note.clone()))
            .chain([(DESCRIPTION.to_owned(), description)])
            .collect();
        // Only `valid` updates batch norm's running statistics with the last training pass.
        WrittenWeights::new(&self.valid(), metadata)
            .map_err(failed)?
            .write(path, format)
    }

    /// Rebuilds the network of a file that [`CellNetwork::save`] wrote. It computes in the saved network's
    /// precision, but in single precision where that was bfloat16 and the device lacks it. To train it further, the
    /// device must have autodiff.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, was not written by [`CellNetwork::save`], its checksum is wrong
    /// or was taken out, or its tensors are not those of its network. All names and shapes are checked before anything is
    /// built.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        let (network, _) = Self::load_noted(path.as_ref(), device)?;
        Ok(network)
    }

    /// [`CellNetwork::load`], with the file's metadata.
    pub(crate) fn load_noted(
        path: &Path,
        device: &Device,
    ) -> Result<(Self, BTreeMap<String, String>), WeightsError> {
        let mut stored = StoredWeights::read(path)?;
        let Some(description) = stored.description(path)? else {
            return Err(WeightsError::NoDescription {
                path: path.to_owned(),
            });
        };
        let NetworkDescription {
            genotype,
            mut config,
            ..
        } = description;
        // The weights themselves are always in single precision.
        if !config.precision.supported_by(device) {
            config.precision = Precision::Float32;
        }
        stored.check(&NetworkPlan::new(&genotype, &config)?, path)?;
        let metadata = std::mem::take(&mut stored.metadata);
        let network = stored.build(&genotype, &config, device, path)?;
        Ok((network, metadata))
    }

    /// A copy of this network, on the same device, with the weights and running statistics of a
    /// file. Any program may have written the file, as long as its tensors have the names and shapes
    /// that [`CellNetwork::save`] uses. Only a file of [`CellNetwork::save`] has a checksum; a change to the values of
    /// another one can't be noticed.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, or belongs to another architecture. It names the first
    /// parameter that doesn't fit, or, if all names and shapes agree, what else differs.
    pub fn with_weights(&self, path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let stored = StoredWeights::read(path)?;
        let device = self.devices().into_iter().next().unwrap_or_default();
        stored.check(&NetworkPlan::new(self.genotype(), self.config())?, path)?;
        let described = stored.description(path)?;
        if let Some(difference) = described.and_then(|found| found.difference(self)) {
            return Err(WeightsError::OtherNetwork {
                path: path.to_owned(),
                difference,
            });
        }
        stored.build(self.genotype(), self.config(), &device, path)
    }
}
