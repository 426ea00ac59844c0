//! Numbers for the pairs of a cell that don't depend on their order.
//!
//! Individualisation and refinement, as in McKay and Piperno, "Practical graph isomorphism, II"
//! (2014): pairs get colours by what they are and how they are connected, until nothing tells those of
//! one colour apart. Where several are left of a colour, each in turn is set apart from the others, and
//! of all colourings that come of it the one under which the cell's description is the least counts.
//! Two colourings of the same description show a symmetry of the cell; pairs that a known symmetry
//! exchanges need not both be tried.

use super::Operation;
use super::genotype::Cell;

/// How many colourings are looked at before the search is given up. Cells in which the order of equal
/// pairs doesn't matter take about the square of their number.
const LIMIT: usize = 5_000;

/// A number for each pair of the cell, from 0: the same for the same pair in whatever order the cell
/// has its pairs and their elements, up to symmetries of the cell.
pub(super) fn canonical(cell: &Cell) -> Vec<usize> {
    let graph = Graph::new(cell);
    let mut search = LabelSearch {
        graph: &graph,
        path: Vec::new(),
        best: None,
        symmetries: Vec::new(),
        left: LIMIT,
    };
    let colours = graph.refined(&vec![0; cell.pairs().len()]);
    search.visit(&colours);
    match search.best {
        Some(best) => best.colours,
        // The first colouring is always looked at to its end.
        None => colours,
    }
}

/// How the pairs of a cell are connected.
struct Graph {
    /// What each pair reads: operations and states.
    reads: Vec<[(Operation, usize); 2]>,
    /// By which operation which pairs read it.
    read_by: Vec<Vec<(Operation, usize)>>,
    /// Whether an explicit concat list has it.
    listed: Vec<bool>,
}

/// What a pair is, given the colours of all; the old colour comes first, so that order is kept.
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

    fn key(&self, pair: usize, colours: &[usize]) -> Key {
        let mut readers: Vec<(Operation, usize)> = self.read_by[pair]
            .iter()
            .map(|&(operation, reader)| (operation, colours[reader]))
            .collect();
        readers.sort_unstable();
        let reads = self.coloured_reads(pair, colours);
        (colours[pair], self.listed[pair], reads, readers)
    }

    /// What a pair reads, with colours for the pairs among it.
    fn coloured_reads(&self, pair: usize, colours: &[usize]) -> [(Operation, usize); 2] {
        let mut reads = self.reads[pair].map(|(operation, state)| {
            let colour = state.checked_sub(2).map_or(state, |pair| colours[pair] + 2);
            (operation, colour)
        });
        reads.sort_unstable();
        reads
    }

    /// The coarsest colours that tell apart whatever these do, and whatever the colours of what a pair
    /// reads and of what reads it do. A colour is the number of pairs of lesser ones.
    fn refined(&self, colours: &[usize]) -> Vec<usize> {
        let mut colours = colours.to_vec();
        let mut count = 0;
        loop {
            let mut keys: Vec<(Key, usize)> = (0..colours.len())
                .map(|pair| (self.key(pair, &colours), pair))
                .collect();
            keys.sort_unstable();
            let (mut groups, mut first) = (0, 0);
            for (place, (key, pair)) in keys.iter().enumerate() {
                if place == 0 || *key != keys[first].0 {
                    (groups, first) = (groups + 1, place);
                }
                colours[*pair] = first;
            }
            if groups == count {
                return colours;
            }
            count = groups;
        }
    }

    /// The cell as described by colours of which no two pairs share one.
    fn description(&self, colours: &[usize]) -> Vec<(bool, [(Operation, usize); 2])> {
        let mut pairs: Vec<usize> = (0..colours.len()).collect();
        pairs.sort_unstable_by_key(|&pair| colours[pair]);
        pairs
            .into_iter()
            .map(|pair| (self.listed[pair], self.coloured_reads(pair, colours)))
            .collect()
    }
}

/// A colouring in which every pair has a colour of its own.
struct Leaf {
    description: Vec<(bool, [(Operation, usize); 2])>,
    colours: Vec<usize>,
    /// The pairs that were set apart on the way.
    path: Vec<usize>,
}

struct LabelSearch<'a> {
    graph: &'a Graph,
    /// The pairs that are set apart.
    path: Vec<usize>,
    best: Option<Leaf>,
    /// For each pair the one that takes its place.
    symmetries: Vec<Vec<usize>>,
    /// How many further colourings may be looked at.
    left: usize,
}

impl LabelSearch<'_> {
    /// Looks at all that comes of a colouring. Returns the length of the path to go back to, if what
    /// lies below is known by a symmetry.
    fn visit(&mut self, colours: &[usize]) -> Option<usize> {
        self.left = self.left.saturating_sub(1);
        let Some(alike) = first_alike(colours) else {
            return self.leaf(colours);
        };
        let level = self.path.len();
        let mut tried: Vec<usize> = Vec::new();
        for &pair in &alike {
            if !tried.is_empty() && (self.left == 0 || self.known(pair, &tried)) {
                continue;
            }
            tried.push(pair);
            let mut apart = colours.to_vec();
            for &other in &alike {
                // The one keeps its colour, the others are above it.
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

    fn leaf(&mut self, colours: &[usize]) -> Option<usize> {
        let description = self.graph.description(colours);
        if let Some(best) = &self.best {
            if best.description == description {
                let symmetry = exchange(&best.colours, colours);
                let shared = self.path.iter().zip(&best.path);
                let shared = shared.take_while(|(ours, theirs)| ours == theirs).count();
                self.symmetries.push(symmetry);
                // Where the paths part, all below the other's pair was looked at already.
                return Some(shared);
            }
            if best.description < description {
                return None;
            }
        }
        self.best = Some(Leaf {
            description,
            colours: colours.to_vec(),
            path: self.path.clone(),
        });
        None
    }

    /// Whether symmetries that leave the path as it is bring one of the pairs that were tried to this
    /// one's place.
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

/// The pairs of the first colour that several share; none if there is no such colour.
fn first_alike(colours: &[usize]) -> Option<Vec<usize>> {
    let mut pairs_of = vec![Vec::new(); colours.len()];
    for (pair, &colour) in colours.iter().enumerate() {
        pairs_of[colour].push(pair);
    }
    pairs_of.into_iter().find(|pairs| pairs.len() > 1)
}

/// For each pair the one that has its colour in the other colouring.
fn exchange(from: &[usize], to: &[usize]) -> Vec<usize> {
    let mut with_colour = vec![0; to.len()];
    for (pair, &colour) in to.iter().enumerate() {
        with_colour[colour] = pair;
    }
    from.iter().map(|&colour| with_colour[colour]).collect()
}
