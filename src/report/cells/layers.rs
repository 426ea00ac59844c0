//! The order within the layers: few edges cross.

use super::graph::LayeredCell;

/// How often the layers are swept, up and down in turn.
const SWEEPS: usize = 24;

impl LayeredCell {
    /// Orders every layer by the mean position of its neighbors (Sugiyama, Tagawa and Toda 1981), and keeps the
    /// order with the fewest crossings.
    pub(super) fn untangle(&mut self) {
        let mut best = (self.crossings(), self.layers.clone());
        for sweep in 0..SWEEPS {
            self.sweep(sweep % 2 == 0);
            let crossings = self.crossings();
            if crossings < best.0 {
                best = (crossings, self.layers.clone());
            }
        }
        self.layers = best.1;
    }

    fn sweep(&mut self, up: bool) {
        let layers = self.layers.len();
        for step in 1..layers {
            let layer = if up { step } else { layers - 1 - step };
            let positions = self.positions();
            let mut sums = vec![(0.0, 0.0); self.vertices.len()];
            for edge in &self.edges {
                let (this, other, shift) = match up {
                    true => (edge.to, edge.from, 0.0),
                    // A pair's left entrance is left of its right one.
                    false => (edge.from, edge.to, 0.1 * edge.entrance as f64),
                };
                sums[this].0 += positions[other] + shift;
                sums[this].1 += 1.0;
            }
            let mean = |vertex: usize| match sums[vertex] {
                (_, 0.0) => positions[vertex],
                (sum, count) => sum / count,
            };
            self.layers[layer].sort_by(|&left, &right| mean(left).total_cmp(&mean(right)));
        }
    }

    /// The position of every vertex in its layer, from 0 at the left to 1.
    fn positions(&self) -> Vec<f64> {
        let mut positions = vec![0.0; self.vertices.len()];
        for layer in &self.layers {
            for (place, &vertex) in layer.iter().enumerate() {
                positions[vertex] = (place as f64 + 0.5) / layer.len() as f64;
            }
        }
        positions
    }

    /// How many pairs of edges cross.
    pub(super) fn crossings(&self) -> usize {
        let mut places = vec![(0, 0); self.vertices.len()];
        for (layer, vertices) in self.layers.iter().enumerate() {
            for (place, &vertex) in vertices.iter().enumerate() {
                places[vertex] = (layer, place);
            }
        }
        let mut by_layer = vec![Vec::new(); self.layers.len()];
        for edge in &self.edges {
            let (layer, from) = places[edge.from];
            by_layer[layer].push((from, (places[edge.to].1, edge.entrance)));
        }
        by_layer
            .iter_mut()
            .map(|edges| {
                edges.sort_unstable();
                let targets: Vec<_> = edges.iter().map(|&(_, target)| target).collect();
                let sources: Vec<_> = edges.iter().map(|&(source, _)| source).collect();
                let pairs =
                    (0..edges.len()).flat_map(|right| (0..right).map(move |left| (left, right)));
                pairs
                    .filter(|&(left, right)| {
                        sources[left] < sources[right] && targets[left] > targets[right]
                    })
                    .count()
            })
            .sum()
    }
}
