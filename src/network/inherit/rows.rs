//! Which layers of two networks correspond.

use std::collections::BTreeMap;

use crate::network::layers::LayerPlan;
use crate::network::plan::NetworkPlan;
use crate::network::walk::LayerPath;

/// For each input channel of a child's layer, the parent's channel that it corresponds to.
pub(super) type ChannelMap = Vec<Option<usize>>;

/// Where a layer of a child has its weights from.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Origin {
    /// The path of the parent's layer.
    pub(super) layer: String,
    /// How the layer's input channels correspond, if not one to one.
    pub(super) channels: Option<ChannelMap>,
}

/// The layers of a child that a parent has too, by their paths: the same layers, in the same place of the same cell. A
/// part of a cell's output is identified by its state. Where a row of layers reads another cell's output, which
/// concatenates other states in the parent, its first mixing layer takes over the channels of the common states.
pub(super) fn origins(child: &NetworkPlan, parent: &NetworkPlan) -> BTreeMap<String, Origin> {
    let mut origins = BTreeMap::new();
    let parent_rows = rows(parent);
    for (key, row) in rows(child) {
        let Some(of_parent) = parent_rows.get(&key) else {
            continue;
        };
        if row.without_input() != of_parent.without_input() {
            continue;
        }
        let channels = channel_map(&row.input, &of_parent.input);
        let mixing = row.mixing();
        for (place, (path, _)) in row.layers.iter().enumerate() {
            let origin = Origin {
                layer: of_parent.layers[place].0.clone(),
                channels: channels.clone().filter(|_| Some(place) == mixing),
            };
            origins.insert(path.clone(), origin);
        }
    }
    origins
}

/// Identifies a row of layers within a network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum RowKey {
    Stem,
    Base { cell: usize },
    Align { cell: usize },
    Branch { cell: usize, branch: usize },
    Part { cell: usize, state: usize },
    Auxiliary,
    Head,
}

/// Layers in a row with their paths, and what its input channels are: blocks, by what they come from and how many.
#[derive(Debug, Default)]
struct Row {
    input: Vec<(usize, usize)>,
    layers: Vec<(String, LayerPlan)>,
}

impl Row {
    /// The first layer that computes with all channels of the row's input.
    fn mixing(&self) -> Option<usize> {
        self.layers.iter().position(|(_, layer)| match layer {
            LayerPlan::Convolution(convolution) => convolution.groups == 1,
            LayerPlan::FactorizedReduction { .. } | LayerPlan::Linear { .. } => true,
            _ => false,
        })
    }

    /// The layers without the number of their input's channels.
    fn without_input(&self) -> Vec<LayerPlan> {
        let mixing = self.mixing();
        let layers = self.layers.iter().enumerate();
        layers
            .map(|(place, (_, layer))| {
                let mut layer = layer.clone();
                if Some(place) == mixing {
                    match &mut layer {
                        LayerPlan::Convolution(convolution) => convolution.input = 0,
                        LayerPlan::FactorizedReduction { input, .. }
                        | LayerPlan::Linear { input, .. } => *input = 0,
                        _ => {}
                    }
                }
                layer
            })
            .collect()
    }
}

fn rows(plan: &NetworkPlan) -> BTreeMap<RowKey, Row> {
    let mut rows: BTreeMap<RowKey, Row> = BTreeMap::new();
    plan.visit(&mut |path, layer, input, _| {
        let (key, source) = key(plan, path);
        let row = rows.entry(key).or_insert_with(|| Row {
            input: match source {
                Some(output) if output > 0 => blocks(plan, output - 1),
                _ => vec![(0, input.channels)],
            },
            layers: Vec::new(),
        });
        row.layers.push((path.to_string(), layer.clone()));
    });
    rows
}

/// The key of a layer's row, and the output that the row reads, if it reads one: 0 is the stem's, `i + 1` that of cell
/// `i`.
fn key(plan: &NetworkPlan, path: LayerPath) -> (RowKey, Option<usize>) {
    match path {
        LayerPath::Stem { .. } => (RowKey::Stem, None),
        LayerPath::Base { cell, .. } => (RowKey::Base { cell }, Some(plan.cells[cell].inputs[0])),
        LayerPath::Align { cell, .. } => (RowKey::Align { cell }, Some(plan.cells[cell].inputs[1])),
        LayerPath::Branch { cell, branch, .. } => (RowKey::Branch { cell, branch }, None),
        LayerPath::Part { cell, part, .. } => {
            let state = plan.cells[cell].concat[part].state;
            (RowKey::Part { cell, state }, None)
        }
        LayerPath::Auxiliary { .. } => {
            let after = plan.auxiliary.as_ref().map(|head| head.after_cell + 1);
            (RowKey::Auxiliary, after)
        }
        LayerPath::Head { .. } => (RowKey::Head, Some(plan.cells.len())),
    }
}

/// The channels of a cell's output: its concatenated states.
fn blocks(plan: &NetworkPlan, cell: usize) -> Vec<(usize, usize)> {
    let cell = &plan.cells[cell];
    let parts = cell.concat.iter();
    parts.map(|part| (part.state, cell.filters)).collect()
}

/// How the channels of a child's input correspond to those of the parent's; `None` if they are the same.
fn channel_map(child: &[(usize, usize)], parent: &[(usize, usize)]) -> Option<ChannelMap> {
    if child == parent {
        return None;
    }
    let mut map = Vec::new();
    for &(state, channels) in child {
        let mut first = 0;
        let mut found = None;
        for &(other, width) in parent {
            if other == state && width == channels {
                found = Some(first);
            }
            first += width;
        }
        map.extend((0..channels).map(|channel| found.map(|first| first + channel)));
    }
    Some(map)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::{ImageShape, NetworkConfig};
    use crate::spaces::nasnet::{NasnetGenotype, published};

    fn plan(genotype: &NasnetGenotype) -> NetworkPlan {
        let config = NetworkConfig::new(ImageShape::gray(8, 8), 10)
            .cells_per_stack(1)
            .filters(4);
        NetworkPlan::new(genotype, &config).unwrap()
    }

    #[test]
    fn a_network_corresponds_to_itself_layer_by_layer() {
        let plan = plan(&published::amoebanet_a());
        let origins = origins(&plan, &plan);
        let mut layers = 0;
        plan.visit(&mut |path, _, _, _| {
            layers += 1;
            let origin = &origins[&path.to_string()];
            assert_eq!(
                (&origin.layer, &origin.channels),
                (&path.to_string(), &None)
            );
        });
        assert_eq!(layers, origins.len());
    }

    #[test]
    fn channels_of_common_states_correspond_and_new_ones_do_not() {
        let map = channel_map(&[(2, 2), (4, 2), (5, 2)], &[(4, 2), (2, 2)]);
        let none = None;
        assert_eq!(
            map.unwrap(),
            [Some(2), Some(3), Some(0), Some(1), none, none]
        );
        assert_eq!(channel_map(&[(2, 2)], &[(2, 2)]), None);
    }
}
