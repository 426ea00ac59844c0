//! The training that the options, the recipe and the preset describe.

use std::fmt::Display;

use evonas::network::NetworkConfig;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::TrainingConfig;
use evonas::training::images::ImageDataset;

use super::options::TrainOptions;
use crate::Failure;
use crate::ignored::refuse_ignored;
use crate::naming::{DatasetLocation, PresetName, genotype};
use crate::recipe::FoundNetwork;

/// A training, decided down to its last setting.
pub(super) struct TrainingPlan {
    pub(super) genotype: NasnetGenotype,
    pub(super) location: DatasetLocation,
    pub(super) dataset: ImageDataset,
    pub(super) network: NetworkConfig,
    pub(super) training: TrainingConfig,
    pub(super) seed: u64,
}

impl TrainingPlan {
    /// Reads what the options name.
    ///
    /// # Errors
    /// A file can't be read, or an option would have no effect.
    pub(super) fn new(options: &TrainOptions) -> Result<Self, Failure> {
        let from = options
            .from
            .as_deref()
            .map(FoundNetwork::read)
            .transpose()?;
        let recipe = from.as_ref().map(|found| &found.recipe);
        let genotype = match (&options.genotype, &from) {
            (Some(argument), _) => genotype::find(argument)?,
            (None, Some(found)) => found.genotype.clone(),
            (None, None) => genotype::find("amoebanet-a")?,
        };
        let seed = options.seed.or(from.as_ref().map(|found| found.seed));
        let seed = seed.unwrap_or(0);

        let location = match recipe {
            Some(recipe) => options.data.location_or(&recipe.dataset),
            None => options.data.location(),
        };
        let limit = options.limit.or(recipe.and_then(|recipe| recipe.limit));
        if limit.is_none() {
            refuse_ignored(
                "without --limit",
                &[("--limit-seed", options.limit_seed.is_some())],
            )?;
        }
        let mut dataset = location.read()?;
        if let Some(limit) = limit {
            let own = options
                .limit_seed
                .or(recipe.map(|recipe| recipe.limit_seed));
            dataset = dataset.limit_train(limit, own.unwrap_or(seed));
        }
        let images = &dataset.train;

        let size = NetworkConfig::new(images.shape(), images.classes());
        let (network, training) = match (recipe, options.preset) {
            (Some(recipe), None) => {
                let network = recipe.network.clone();
                let network = network.image(images.shape()).classes(images.classes());
                (network, recipe.training.clone())
            }
            (recipe, preset) => {
                let (cells, filters) = recipe.map_or((6, 36), |recipe| {
                    (recipe.network.cells_per_stack, recipe.network.filters)
                });
                let size = options
                    .network
                    .sized(size.cells_per_stack(cells).filters(filters));
                let preset = preset.unwrap_or(PresetName::Search);
                (preset.network(size), preset.training(images.shape()))
            }
        };
        Ok(Self {
            genotype,
            location,
            network: options.network.config(network),
            training: options.training.config(training)?,
            dataset,
            seed,
        })
    }

    /// A warning about settings that are probably a mistake.
    pub(super) fn warning(&self) -> Option<impl Display> {
        let augmentation = &self.training.augmentation;
        augmentation.large_padding(self.dataset.train.shape())
    }
}
