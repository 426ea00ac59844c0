//! Networks in files: weights, configuration and genotype in one, so that the file rebuilds the
//! network.

mod error;
mod stored;
mod written;

pub use error::WeightsError;

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::Device;

use self::stored::{DESCRIPTION, Description, Format, Stored};
use self::written::Written;
use super::{CellNetwork, NetworkPlan, Precision};

impl CellNetwork {
    /// Writes weights, batch norm's running statistics, configuration and genotype to a file:
    /// `.safetensors` or Burn's own `.bpk`, by its extension. A file that is there is replaced, and
    /// only by a complete one. Equal networks make equal files.
    ///
    /// A tensor's name is its layer's [`LayerPath`](super::LayerPath) and its own:
    /// `cells.0.base.layers.1.weight`. Convolutions are `[output, input / groups, height, width]`,
    /// as in PyTorch; the classifier's matrix is `[features, classes]`; batch norm has `gamma`,
    /// `beta`, `running_mean` and `running_var`.
    ///
    /// # Errors
    /// [`WeightsError`] if the extension is another, or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        self.save_noted(path.as_ref(), &[])
    }

    /// [`CellNetwork::save`], with more entries of metadata.
    pub(crate) fn save_noted(
        &self,
        path: &Path,
        notes: &[(&str, String)],
    ) -> Result<(), WeightsError> {
        let format = Format::of(path)?;
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        let description = serde_json::to_string(&Description::of(self))
            .map_err(|error| failed(error.to_string()))?;
        let notes = notes.iter();
        let metadata = notes
            .map(|(key, note)| ((*key).to_owned(), note.clone()))
            .chain([(DESCRIPTION.to_owned(), description)])
            .collect();
        // Only this brings batch norm's running statistics up to the last training pass.
        Written::new(&self.valid(), metadata)
            .map_err(failed)?
            .write(path, format)
    }

    /// Rebuilds the network of a file that [`CellNetwork::save`] wrote, to compute as it did: in
    /// bfloat16 if it did so and the device can, else in single precision. To train it on, the device
    /// must have autodiff.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, was not written by [`CellNetwork::save`], or
    /// holds other tensors than its network has. Nothing is built before all names and shapes fit.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        let (network, _) = Self::load_noted(path.as_ref(), device)?;
        Ok(network)
    }

    /// [`CellNetwork::load`], and the file's metadata.
    pub(crate) fn load_noted(
        path: &Path,
        device: &Device,
    ) -> Result<(Self, BTreeMap<String, String>), WeightsError> {
        let mut stored = Stored::read(path)?;
        let Some(description) = stored.description(path)? else {
            return Err(WeightsError::NoDescription {
                path: path.to_owned(),
            });
        };
        let Description {
            genotype,
            mut config,
            ..
        } = description;
        // The weights themselves are of single precision, whatever they were trained in.
        if !config.precision.supported_by(device) {
            config.precision = Precision::Float32;
        }
        stored.check(&NetworkPlan::new(&genotype, &config)?, path)?;
        let metadata = std::mem::take(&mut stored.metadata);
        let network = stored.build(&genotype, &config, device, path)?;
        Ok((network, metadata))
    }

    /// A network of this genotype and configuration, on the same device, with the weights and
    /// running statistics of a file; this network stays as it is. The file may be of any program,
    /// if its tensors have the names and shapes that [`CellNetwork::save`] gives.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, or is of another architecture: the first
    /// parameter that doesn't fit is named, or, where all names and shapes are the same, the
    /// network that the file says it is of.
    pub fn with_weights(&self, path: impl AsRef<Path>) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let stored = Stored::read(path)?;
        let device = self.devices().into_iter().next().unwrap_or_default();
        stored.check(&NetworkPlan::new(self.genotype(), self.config())?, path)?;
        let described = stored.description(path)?;
        if let Some(difference) = described.and_then(|found| difference(&found, self)) {
            return Err(WeightsError::OtherNetwork {
                path: path.to_owned(),
                difference,
            });
        }
        stored.build(self.genotype(), self.config(), &device, path)
    }
}

/// Why a described network is another function of the same weights. Shapes tell the rest.
fn difference(found: &Description, network: &CellNetwork) -> Option<String> {
    let (found_config, config) = (&found.config, network.config());
    let [found_skip, skip] = [found_config, config].map(|config| config.skip_reduction_input);
    let [found_epsilon, epsilon] = [found_config, config].map(|config| config.batch_norm.epsilon);
    if found.genotype != *network.genotype() {
        let (genotype, expected) = (&found.genotype, network.genotype());
        Some(format!(
            "its genotype is {genotype}, and the network's is {expected}"
        ))
    } else if found_skip != skip {
        Some(format!(
            "its skip_reduction_input is {found_skip}, and the network's is {skip}"
        ))
    } else if found_epsilon != epsilon {
        Some(format!(
            "its batch norm's epsilon is {found_epsilon}, and the network's is {epsilon}"
        ))
    } else {
        None
    }
}
