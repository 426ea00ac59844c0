//! Turns a misfit into an error that says what would work.

use super::build::build;
use super::misfit::Misfit;
use crate::network::config::{ImageShape, NetworkConfig};
use crate::network::error::NetworkError;
use crate::spaces::nasnet::NasnetGenotype;

impl Misfit {
    /// The error, which names the smallest figure that works.
    pub(super) fn explain(self, genotype: &NasnetGenotype, config: &NetworkConfig) -> NetworkError {
        let smallest = |config: &dyn Fn(usize) -> NetworkConfig, same: fn(&Self) -> bool| {
            (1..)
                .find(|&figure| match build(genotype, &config(figure)) {
                    Ok(_) => true,
                    Err(misfit) => !same(&misfit),
                })
                .unwrap_or(usize::MAX)
        };
        match self {
            // The search varies one figure while the other is large enough for any genotype.
            Self::Narrow(narrow) => NetworkError::TooFewFilters {
                filters: config.filters,
                narrow,
                smallest: smallest(
                    &|filters| NetworkConfig {
                        filters,
                        image: ImageShape {
                            channels: config.image.channels,
                            height: 1024,
                            width: 1024,
                        },
                        ..config.clone()
                    },
                    |misfit| matches!(misfit, Self::Narrow(_)),
                ),
            },
            Self::Small(part) => {
                let square = |side| NetworkConfig {
                    filters: 64,
                    image: ImageShape {
                        channels: config.image.channels,
                        height: side,
                        width: side,
                    },
                    ..config.clone()
                };
                NetworkError::ImageTooSmall {
                    height: config.image.height,
                    width: config.image.width,
                    part,
                    smallest: smallest(&square, |misfit| matches!(misfit, Self::Small(_))),
                }
            }
        }
    }
}
