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
    /// Whether all layers that read the output of a cell begin with a ReLU.
    pub(in crate::network) fn feeds_relu(&self, cell: usize) -> bool {
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
