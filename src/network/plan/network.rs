//! The plan of a whole network, without weights.

use super::cell::CellPlan;
use crate::network::config::NetworkConfig;
use crate::network::layers::LayerPlan;

/// The plan of a network, layer by layer.
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkPlan {
    /// The stem's convolution and batch norm.
    pub stem: Vec<LayerPlan>,
    /// The cells in order, the stem's included.
    pub cells: Vec<CellPlan>,
    /// The auxiliary head, if there is one.
    pub auxiliary: Option<AuxiliaryPlan>,
    /// The classifier of the last cell's output.
    pub head: HeadPlan,
    /// The configuration it was planned for.
    pub config: NetworkConfig,
}

impl NetworkPlan {
    /// Whether whatever reads the output of a cell begins with a ReLU: other cells and heads. Their ReLU can then be computed
    /// once for all of them.
    #[must_use]
    pub fn feeds_relu(&self, cell: usize) -> bool {
        let output = cell + 1;
        let mut readers: Vec<&[LayerPlan]> = Vec::new();
        for CellPlan {
            inputs: [previous, before],
            base,
            align,
            ..
        } in &self.cells
        {
            readers.extend((*previous == output).then_some(base.as_slice()));
            readers.extend((*before == output).then_some(align.as_slice()));
        }
        if output == self.cells.len() {
            readers.push(&self.head.features);
        }
        if let Some(auxiliary) = &self.auxiliary
            && auxiliary.after_cell == cell
        {
            readers.push(&auxiliary.head.features);
        }
        readers
            .iter()
            .all(|layers| matches!(layers.first(), Some(LayerPlan::Relu)))
    }
}

/// The plan of a classifier.
#[derive(Clone, Debug, PartialEq)]
pub struct HeadPlan {
    /// The layers that reduce the image to one pixel of features.
    pub features: Vec<LayerPlan>,
    /// The linear classifier.
    pub classifier: LayerPlan,
}

/// The plan of an auxiliary head.
#[derive(Clone, Debug, PartialEq)]
pub struct AuxiliaryPlan {
    /// The cell whose output it reads: the last one of the second stack.
    pub after_cell: usize,
    /// Its layers.
    pub head: HeadPlan,
    /// The weight of its loss.
    pub loss_weight: f64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::config::AuxiliaryHead;
    use crate::network::{ImageShape, Stem};
    use crate::spaces::nasnet::published;

    fn plan(config: NetworkConfig) -> NetworkPlan {
        NetworkPlan::new(&published::amoebanet_a(), &config).unwrap()
    }

    #[test]
    fn cells_of_published_networks_feed_relus() {
        let cifar = NetworkConfig::new(ImageShape::rgb(32, 32), 10)
            .cells_per_stack(2)
            .filters(8);
        let mut with_head = cifar.clone();
        with_head.auxiliary = Some(AuxiliaryHead::new(0.4));
        let mut imagenet = NetworkConfig::new(ImageShape::rgb(224, 224), 10)
            .cells_per_stack(1)
            .filters(16);
        imagenet.stem = Stem::ImageNet { filters: 8 };
        for config in [cifar, with_head, imagenet] {
            let plan = plan(config);
            assert!((0..plan.cells.len()).all(|cell| plan.feeds_relu(cell)));
        }
    }

    #[test]
    fn a_reader_without_a_relu_is_noticed_wherever_it_is() {
        let config = NetworkConfig::new(ImageShape::rgb(32, 32), 10)
            .cells_per_stack(2)
            .filters(8);
        let mut config_with_head = config.clone();
        config_with_head.auxiliary = Some(AuxiliaryHead::new(0.4));
        let feeds = |change: &dyn Fn(&mut NetworkPlan)| {
            let mut plan = plan(config_with_head.clone());
            change(&mut plan);
            let cells = 0..plan.cells.len();
            cells.filter(|&cell| !plan.feeds_relu(cell)).collect()
        };
        let [previous, before] = plan(config).cells[3].inputs;
        let without: Vec<Vec<usize>> = vec![
            feeds(&|plan| plan.cells[3].base.clear()),
            feeds(&|plan| plan.cells[3].align.clear()),
            feeds(&|plan| {
                plan.head.features.remove(0);
            }),
            feeds(&|plan| {
                let auxiliary = plan.auxiliary.as_mut().unwrap();
                auxiliary.head.features.remove(0);
            }),
        ];
        let whole = plan(config_with_head.clone());
        let last = whole.cells.len() - 1;
        let read_by_head = whole.auxiliary.unwrap().after_cell;
        assert_eq!(
            without,
            [
                vec![previous - 1],
                vec![before - 1],
                vec![last],
                vec![read_by_head]
            ]
        );
    }
}
