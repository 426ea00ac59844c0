//! `config.json`.

use std::collections::BTreeMap;
use std::path::Path;

use burn::tensor::Device;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::export::ExportError;
use crate::input::{open_file, read_text};
use crate::network::{CellNetwork, NetworkConfig, Precision};
use crate::spaces::nasnet::NasnetGenotype;
use crate::training::TrainedClassifier;
use crate::training::images::ChannelStatistics;

/// The version of what this crate reads of the file.
const FORMAT: u32 = 1;

/// The most bytes of the file, names of very many classes included.
const MOST_BYTES: u64 = 64 << 20;

/// The description of a classifier, for `model.py`, for the Hub, and to read the folder back.
#[derive(Debug, Serialize)]
pub(super) struct Config {
    architectures: [&'static str; 1],
    model_type: &'static str,
    num_channels: usize,
    /// Height and width.
    image_size: [usize; 2],
    image_mean: Vec<f32>,
    image_std: Vec<f32>,
    /// Class names by number; the numbers, where there are no names.
    id2label: BTreeMap<usize, String>,
    evonas: Described,
}

/// What it takes to build the network again.
#[derive(Debug, Serialize, Deserialize)]
struct Described {
    format: u32,
    genotype: NasnetGenotype,
    network: NetworkConfig,
    class_names: Option<Vec<String>>,
    /// Mean and standard deviation of each channel, for pixels from 0 to 1.
    channels: Vec<(f32, f32)>,
}

impl Config {
    pub(super) fn of(classifier: &TrainedClassifier) -> Self {
        let network = classifier.network.config();
        let channels = classifier.statistics.channels().to_vec();
        Self {
            architectures: ["Network"],
            model_type: "evonas",
            num_channels: network.image.channels,
            image_size: [network.image.height, network.image.width],
            image_mean: channels.iter().map(|(mean, _)| *mean).collect(),
            image_std: channels.iter().map(|(_, deviation)| *deviation).collect(),
            id2label: (0..network.classes)
                .map(|class| (class, classifier.class_name(class)))
                .collect(),
            evonas: Described {
                format: FORMAT,
                genotype: classifier.network.genotype().clone(),
                network: network.clone(),
                class_names: classifier.class_names.clone(),
                channels,
            },
        }
    }

    pub(super) fn to_text(&self) -> String {
        // All of it has a JSON form.
        let json = serde_json::to_string_pretty(self).unwrap_or_default();
        json + "\n"
    }
}

/// What [`Config::of`] says about a network, read back.
pub(super) struct DescribedClassifier {
    described: Described,
    statistics: ChannelStatistics,
}

impl DescribedClassifier {
    pub(super) fn read(path: &Path) -> Result<Self, ExportError> {
        let text = open_file(path).and_then(|file| read_text(file, MOST_BYTES));
        let text = text.map_err(|error| ExportError::Read {
            path: path.to_owned(),
            error,
        })?;
        Self::parse(&text).map_err(|reason| ExportError::Description {
            path: path.to_owned(),
            reason,
        })
    }

    fn parse(text: &str) -> Result<Self, String> {
        let mut json: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let described = json.get_mut("evonas").map(Value::take);
        let described = described.ok_or("it has no entry evonas, so this crate didn't write it")?;
        let format = described.get("format").and_then(Value::as_u64);
        if format != Some(FORMAT.into()) {
            return Err(format!(
                "its format is {}, and this version reads {FORMAT}",
                format.map_or("missing".to_owned(), |format| format.to_string())
            ));
        }
        let mut described: Described = serde_json::from_value(described)
            .map_err(|error| format!("its entry evonas: {error}"))?;
        let channels = std::mem::take(&mut described.channels);
        let [found, wanted] = [channels.len(), described.network.image.channels];
        if found != wanted {
            return Err(format!(
                "it has the statistics of {found} channels, but the network takes {wanted}"
            ));
        }
        let classes = described.network.classes;
        if let Some(names) = &described.class_names
            && names.len() != classes
        {
            return Err(format!(
                "it names {} classes, but the network has {classes}",
                names.len()
            ));
        }
        let statistics = ChannelStatistics::from_channels(channels)
            .ok_or("the mean or deviation of a channel is invalid")?;
        Ok(Self {
            described,
            statistics,
        })
    }

    pub(super) const fn genotype(&self) -> &NasnetGenotype {
        &self.described.genotype
    }

    /// The network's settings on a device: in single precision where it has no other.
    pub(super) fn network(&self, device: &Device) -> NetworkConfig {
        let mut config = self.described.network.clone();
        if !config.precision.supported_by(device) {
            config.precision = Precision::Float32;
        }
        config
    }

    pub(super) fn classifier(self, network: CellNetwork) -> TrainedClassifier {
        TrainedClassifier::new(network, self.statistics).class_names(self.described.class_names)
    }
}
