//! A canonical labeling: numbers for the pairs of a cell that don't depend on their order.
//!
//! It uses individualization and refinement, as in McKay and Piperno, "Practical graph isomorphism, II"
//! (2014). Pairs are colored by what they are and how they are connected, until nothing distinguishes
//! pairs of the same color. Where several pairs share a color, each in turn is individualized, and of
//! all colorings that result, the one that gives the cell the smallest description is chosen. Two
//! colorings with the same description reveal a symmetry of the cell. Of pairs that a known symmetry
//! exchanges, only one needs to be tried.

use super::Operation;
use super::cell::Cell;

/// The number of colorings to visit before giving up. Cells in which the order of equal pairs doesn't
/// matter take about the square of the number of pairs.
const LIMIT: usize = 5_000;

/// A number for each pair of the cell, from 0. It doesn't depend on the order of the pairs and their
/// elements, up to symmetries of the cell.
pub(super) fn canonical(cell: &Cell) -> Vec<usize> {
    let graph = Graph::new(cell);
    let mut search = LabelSearch {
        graph: &graph,
        path: Vec::new(),
        best: None,
        symmetries: Vec::new(),
        left: LIMIT,
    };
    let colors = graph.refined(&vec![0; cell.pairs().len()]);
    search.visit(&colors);
    match search.best {
        Some(best) => best.colors,
        // The first coloring is always completed.
        None => colors,
    }
}

/// How the pairs of a cell are connected.
struct Graph {
    /// The operations and states that each pair reads.
    reads: Vec<[(Operation, usize); 2]>,
    /// For each pair, the pairs that read it and by which operation.
    read_by: Vec<Vec<(Operation, usize)>>,
    /// Whether each pair is in an explicit concat list.
    listed: Vec<bool>,
}

/// What distinguishes a pair, given the colors of all pairs. The old color comes first, so that
/// refinement keeps the order of colors.
type Key = (
    usize,
    bool,
    [(Operation, usize); 2],
    Vec<(Operation, usize)>,
);

impl Graph {
    fn new(cell: &Cell) -> Self {
        let pairs = cell.pairs();
        let declared = cell.declared_concat().unwrap_or_default();
        let mut read_by = vec![Vec::new(); pairs.len()];
        for (reader, combination) in pairs.iter().enumerate() {
            for branch in combination.branches() {
                if let Some(pair) = branch.state.checked_sub(2) {
                    read_by[pair].push((branch.operation, reader));
                }
            }
        }
        Self {
            reads: pairs
                .iter()
                .map(|pair| {
                    pair.branches()
                        .map(|branch| (branch.operation, branch.state))
                })
                .collect(),
            read_by,
            listed: (0..pairs.len())
                .map(|pair| declared.contains(&(pair + 2)))
                .collect(),
        }
    }

    fn key(&self, pair: usize, colors: &[usize]) -> Key {
        let mut readers: Vec<(Operation, usize)> = self.read_by[pair]
            .iter()
            .map(|&(operation, reader)| (operation, colors[reader]))
            .collect();
        readers.sort_unstable();
        let reads = self.colored_reads(pair, colors);
        (colors[pair], self.listed[pair], reads, readers)
    }

    /// What a pair reads, with states replaced by the colors of the pairs that compute them.
    fn colored_reads(&self, pair: usize, colors: &[usize]) -> [(Operation, usize); 2] {
        let mut reads = self.reads[pair].map(|(operation, state)| {
            let color = state.checked_sub(2).map_or(state, |pair| colors[pair] + 2);
            (operation, color)
        });
        reads.sort_unstable();
        reads
    }

    /// The coarsest coloring that refines this one and in which pairs of the same color read, and are
    /// read by, pairs of the same colors. A color is the number of pairs with smaller colors.
    fn refined(&self, colors: &[usize]) -> Vec<usize> {
        let mut colors = colors.to_vec();
        let mut count = 0;
        loop {
            let mut keys: Vec<(Key, usize)> = (0..colors.len())
                .map(|pair| (self.key(pair, &colors), pair))
                .collect();
            keys.sort_unstable();
            let (mut groups, mut first) = (0, 0);
            for (place, (key, pair)) in keys.iter().enumerate() {
                if place == 0 || *key != keys[first].0 {
                    (groups, first) = (groups + 1, place);
                }
                colors[*pair] = first;
            }
            if groups == count {
                return colors;
            }
            count = groups;
        }
    }

    /// The cell with its pairs ordered by color. No two pairs may share a color.
    fn description(&self, colors: &[usize]) -> Vec<(bool, [(Operation, usize); 2])> {
        let mut pairs: Vec<usize> = (0..colors.len()).collect();
        pairs.sort_unstable_by_key(|&pair| colors[pair]);
        pairs
            .into_iter()
            .map(|pair| (self.listed[pair], self.colored_reads(pair, colors)))
            .collect()
    }
}

/// A coloring in which every pair has its own color.
struct Leaf {
    description: Vec<(bool, [(Operation, usize); 2])>,
    colors: Vec<usize>,
    /// The pairs that were individualized on the way here.
    path: Vec<usize>,
}

struct LabelSearch<'a> {
    graph: &'a Graph,
    /// The pairs that are currently individualized.
    path: Vec<usize>,
    best: Option<Leaf>,
    /// Known symmetries: for each pair, the pair that it is mapped to.
    symmetries: Vec<Vec<usize>>,
    /// How many more colorings may be visited.
    left: usize,
}

impl LabelSearch<'_> {
    /// Visits everything below a coloring. If a symmetry shows that the rest of a subtree is known,
    /// returns the length of the path to backtrack to.
    fn visit(&mut self, colors: &[usize]) -> Option<usize> {
        self.left = self.left.saturating_sub(1);
        let Some(alike) = first_alike(colors) else {
            return self.leaf(colors);
        };
        let level = self.path.len();
        let mut tried: Vec<usize> = Vec::new();
        for &pair in &alike {
            if !tried.is_empty() && (self.left == 0 || self.known(pair, &tried)) {
                continue;
            }
            tried.push(pair);
            let mut apart = colors.to_vec();
            for &other in &alike {
                // This pair keeps its color, and the others come after it.
                apart[other] += usize::from(other != pair);
            }
            self.path.push(pair);
            let back = self.visit(&self.graph.refined(&apart));
            self.path.pop();
            if let Some(back) = back.filter(|&back| back < level) {
                return Some(back);
            }
        }
        None
    }

    fn leaf(&mut self, colors: &[usize]) -> Option<usize> {
        let description = self.graph.description(colors);
        if let Some(best) = &self.best {
            if best.description == description {
                let symmetry = exchange(&best.colors, colors);
                let shared = self.path.iter().zip(&best.path);
                let shared = shared.take_while(|(ours, theirs)| ours == theirs).count();
                self.symmetries.push(symmetry);
                // Below the point where the paths part, everything has been visited already.
                return Some(shared);
            }
            if best.description < description {
                return None;
            }
        }
        self.best = Some(Leaf {
            description,
            colors: colors.to_vec(),
            path: self.path.clone(),
        });
        None
    }

    /// Whether symmetries that fix the current path map one of the pairs already tried to this one.
    fn known(&self, pair: usize, tried: &[usize]) -> bool {
        let fitting: Vec<&Vec<usize>> = self
            .symmetries
            .iter()
            .filter(|symmetry| self.path.iter().all(|&fixed| symmetry[fixed] == fixed))
            .collect();
        let mut reached = tried.to_vec();
        let mut next = 0;
        while let Some(&from) = reached.get(next) {
            for symmetry in &fitting {
                if !reached.contains(&symmetry[from]) {
                    reached.push(symmetry[from]);
                }
            }
            next += 1;
        }
        reached.contains(&pair)
    }
}

/// The pairs of the first color that several pairs share; `None` if there is no such color.
fn first_alike(colors: &[usize]) -> Option<Vec<usize>> {
    let mut pairs_of = vec![Vec::new(); colors.len()];
    for (pair, &color) in colors.iter().enumerate() {
        pairs_of[color].push(pair);
    }
    pairs_of.into_iter().find(|pairs| pairs.len() > 1)
}

/// For each pair, the pair with the same color in the other coloring.
fn exchange(from: &[usize], to: &[usize]) -> Vec<usize> {
    let mut with_color = vec![0; to.len()];
    for (pair, &color) in to.iter().enumerate() {
        with_color[color] = pair;
    }
    from.iter().map(|&color| with_color[color]).collect()
}
