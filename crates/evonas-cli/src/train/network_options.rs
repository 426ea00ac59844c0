//! Options of a network, each of which replaces one setting of a preset or a recipe.

use clap::Args;
use evonas::network::{AuxiliaryHead, DropPath, NetworkConfig, Stem};

use crate::precision::PrecisionOptions;
use crate::ranges::count;

/// Without an option, the setting is that of --from or --preset.
#[derive(Args, Debug)]
#[command(next_help_heading = "Network (default of each: the setting of --from or --preset)")]
pub(super) struct NetworkOptions {
    /// Normal cells per stack N [without --from: 6]
    #[arg(long, value_name = "N", value_parser = count)]
    cells: Option<usize>,
    /// Filters F of the first stack [without --from: 36]
    #[arg(long, value_name = "F", value_parser = count)]
    filters: Option<usize>,
    /// Use the ImageNet stem, whose convolution has this many filters: stride 2 and two reduction cells before
    /// the first stack [without --from: the CIFAR stem]
    #[arg(long, value_name = "FILTERS", value_parser = count)]
    imagenet_stem: Option<usize>,
    /// Drop path's lowest keep probability, from 0 to 1; 1 turns it off
    #[arg(long, value_name = "PROBABILITY")]
    keep_path: Option<f64>,
    /// The share of features that is dropped before the classifier, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f64>,
    /// The weight of the auxiliary head's loss; 0 leaves the head out
    #[arg(long, value_name = "WEIGHT")]
    auxiliary: Option<f64>,
    #[command(flatten)]
    precision: PrecisionOptions,
}

impl NetworkOptions {
    /// The size of `config` where the options don't name another; presets leave it alone.
    pub(super) fn sized(&self, config: NetworkConfig) -> NetworkConfig {
        let (cells, filters) = (config.cells_per_stack, config.filters);
        config
            .cells_per_stack(self.cells.unwrap_or(cells))
            .filters(self.filters.unwrap_or(filters))
    }

    /// The settings of `config`, a preset's or a recipe's, with the options applied.
    pub(super) fn config(&self, config: NetworkConfig) -> NetworkConfig {
        let mut config = self.sized(config);
        if let Some(filters) = self.imagenet_stem {
            config.stem = Stem::ImageNet { filters };
        }
        if let Some(keep) = self.keep_path {
            config.drop_path = DropPath::scheduled(keep);
        }
        if let Some(share) = self.dropout {
            config.dropout = share;
        }
        if let Some(weight) = self.auxiliary {
            let head = config.auxiliary.unwrap_or(AuxiliaryHead::new(1.0));
            config.auxiliary = (weight != 0.0).then_some(AuxiliaryHead {
                loss_weight: weight,
                ..head
            });
        }
        if let Some(precision) = self.precision.chosen() {
            config.precision = precision;
        }
        config
    }
}
