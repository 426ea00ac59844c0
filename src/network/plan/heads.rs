//! The classifiers: the main head and the auxiliary one.

use super::misfit::Misfit;
use super::network::{AuxiliaryPlan, HeadPlan};
use crate::network::config::{AuxiliaryHead, ImageShape, NetworkConfig};
use crate::network::layers::{ConvolutionPlan, LayerPlan, PoolKind, PoolPlan};
use crate::network::operations::project;
use crate::network::padding::Padding;

impl HeadPlan {
    /// The head on the last cell's output.
    pub(super) fn main(channels: usize, config: &NetworkConfig) -> Self {
        let mut features = vec![LayerPlan::Relu, LayerPlan::GlobalAveragePool];
        if config.dropout > 0.0 {
            features.push(LayerPlan::Dropout {
                share: config.dropout,
            });
        }
        Self {
            features,
            classifier: LayerPlan::Linear {
                input: channels,
                output: config.classes,
            },
        }
    }
}

impl AuxiliaryPlan {
    pub(super) fn new(
        auxiliary: &AuxiliaryHead,
        after_cell: usize,
        input: ImageShape,
        config: &NetworkConfig,
    ) -> Result<Self, Misfit> {
        let [middle, features] = auxiliary.channels();
        let pool = LayerPlan::Pool(PoolPlan {
            kind: PoolKind::Average,
            kernel: 5,
            stride: 3,
            padding: Padding::Valid,
        });
        let pooled = pool.output(input);
        if pooled.height == 0 || pooled.width == 0 {
            return Err(Misfit::Small("auxiliary head"));
        }
        let mut layers = vec![LayerPlan::Relu, pool];
        layers.extend(project(input.channels, middle, 1));
        layers.extend([
            LayerPlan::Relu,
            LayerPlan::Convolution(ConvolutionPlan {
                input: middle,
                output: features,
                kernel: [pooled.height, pooled.width],
                stride: [1, 1],
                dilation: 1,
                groups: 1,
                padding: Padding::Valid,
            }),
            LayerPlan::BatchNorm { channels: features },
            LayerPlan::Relu,
        ]);
        Ok(Self {
            after_cell,
            // Only the main classifier has dropout.
            head: HeadPlan {
                features: layers,
                classifier: LayerPlan::Linear {
                    input: features,
                    output: config.classes,
                },
            },
            loss_weight: auxiliary.loss_weight,
        })
    }
}
