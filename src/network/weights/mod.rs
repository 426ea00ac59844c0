//! Networks in files: weights, configuration and genotype in one, so that the file rebuilds the
//! network.

mod error;
mod stored;

pub use error::WeightsError;

use std::path::Path;

use burn::module::Module;
use burn::store::burn_pack::Writer;
use burn::store::{ModuleSnapshot, ModuleStore, SafetensorsStore};
use burn::tensor::Device;

use self::stored::{DESCRIPTION, Description, Format, Stored};
use super::{CellNetwork, NetworkPlan};

impl CellNetwork {
    /// Writes weights, batch norm's running statistics, configuration and genotype to a file:
    /// `.safetensors` or Burn's own `.bpk`, by its extension. A file that is there is replaced, and
    /// only by a complete one.
    ///
    /// A tensor's name is its layer's [`Place`](super::Place) and its own:
    /// `cells.0.base.layers.1.weight`. Convolutions are `[output, input / groups, height, width]`,
    /// as in PyTorch; the classifier's matrix is `[features, classes]`; batch norm has `gamma`,
    /// `beta`, `running_mean` and `running_var`.
    ///
    /// # Errors
    /// [`WeightsError`] if the extension is another, or the file can't be written.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), WeightsError> {
        let path = path.as_ref();
        let format = Format::of(path)?;
        let failed = |reason: String| WeightsError::Write {
            path: path.to_owned(),
            reason,
        };
        let description = serde_json::to_string(&Description::of(self))
            .map_err(|error| failed(error.to_string()))?;
        // Only this brings batch norm's running statistics up to the last training pass.
        let network = self.valid();
        match format {
            Format::Burnpack => Writer::new(network.collect(None, None, true))
                .with_metadata(DESCRIPTION, &description)
                .overwrite(true)
                .write_to_file(path)
                .map_err(|error| failed(error.to_string())),
            Format::Safetensors => SafetensorsStore::from_file(path)
                .skip_enum_variants(true)
                .overwrite(true)
                .metadata(DESCRIPTION, description)
                .collect_from(&network)
                .map_err(|error| failed(error.to_string())),
        }
    }

    /// Rebuilds the network of a file that [`CellNetwork::save`] wrote. To train it on, the device
    /// must have autodiff.
    ///
    /// # Errors
    /// [`WeightsError`] if the file can't be read, was not written by [`CellNetwork::save`], or
    /// holds other tensors than its network has. Nothing is built before all names and shapes fit.
    pub fn load(path: impl AsRef<Path>, device: &Device) -> Result<Self, WeightsError> {
        let path = path.as_ref();
        let stored = Stored::read(path)?;
        let Some(description) = stored.description(path)? else {
            return Err(WeightsError::NoDescription {
                path: path.to_owned(),
            });
        };
        stored.build(&description.genotype, &description.config, device, path)
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
        if let Some(found) = stored.description(path)?
            && !computes_the_same(&found, self)
        {
            return Err(WeightsError::OtherNetwork {
                path: path.to_owned(),
                found: Box::new(found.genotype),
                expected: Box::new(self.genotype().clone()),
            });
        }
        stored.build(self.genotype(), self.config(), &device, path)
    }
}

/// Whether a described network is the same function of its weights. Shapes tell the rest.
fn computes_the_same(description: &Description, network: &CellNetwork) -> bool {
    let (a, b) = (&description.config, network.config());
    description.genotype == *network.genotype()
        && a.skip_reduction_input == b.skip_reduction_input
        && a.batch_norm.epsilon == b.batch_norm.epsilon
}
