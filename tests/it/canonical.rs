//! Equivalent NASNet cells share a canonical form.

use std::collections::{HashMap, HashSet};
use std::time::{Duration, Instant};

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{
    Branch, Cell, NasnetGenotype, NasnetSpace, PairwiseCombination, published,
};
use proptest::prelude::{any, prop, prop_assert_eq, proptest};
use rand::seq::SliceRandom;

/// The same cell with its pairs in another valid order and their elements swapped at random.
fn shuffled(cell: &Cell, rng: &mut dyn Rng) -> Cell {
    let pairs = cell.pairs();
    let mut left: Vec<usize> = (0..pairs.len()).collect();
    let mut renamed = vec![usize::MAX; pairs.len() + 2];
    (renamed[0], renamed[1]) = (0, 1);
    let mut ordered = Vec::new();
    while !left.is_empty() {
        left.shuffle(rng);
        let ready = left
            .iter()
            .position(|&pair| pairs[pair].branches().iter().all(|b| renamed[b.state] < 99))
            .unwrap();
        let pair = left.remove(ready);
        let [a, b] = pairs[pair]
            .branches()
            .map(|branch| Branch::new(branch.operation, renamed[branch.state]));
        let (a, b) = if rng.random() { (a, b) } else { (b, a) };
        renamed[pair + 2] = ordered.len() + 2;
        ordered.push(PairwiseCombination::new(a, b));
    }
    let concat = cell.declared_concat().map(|states| {
        let mut states: Vec<usize> = states.iter().map(|&state| renamed[state]).collect();
        states.shuffle(rng);
        states
    });
    Cell::new(ordered, concat).unwrap()
}

#[test]
fn the_order_of_elements_and_of_independent_pairs_does_not_matter() {
    let mut rng = stream(1, 0);
    // Two operations only, so that equal pairs are common.
    let few = NasnetSpace::new(NasnetSpace::sp1().operations()[..2].to_vec(), 6).unwrap();
    for space in [NasnetSpace::sp1(), few] {
        for _ in 0..500 {
            let genotype = space.sample(&mut rng);
            let canonical = genotype.canonical();
            let other = NasnetGenotype::new(
                shuffled(&genotype.normal, &mut rng),
                shuffled(&genotype.reduction, &mut rng),
            );
            assert_eq!(other.canonical(), canonical, "{genotype}\n{other}");
            assert_eq!(canonical.canonical(), canonical);
        }
    }
    let published = published::amoebanet_a();
    let other = NasnetGenotype::new(
        shuffled(&published.normal, &mut rng),
        shuffled(&published.reduction, &mut rng),
    );
    assert_eq!(other.canonical(), published.canonical());
}

#[test]
fn cells_that_differ_keep_different_forms() {
    let cell = |text: &str| text.parse::<Cell>().unwrap().canonical();
    // The pair that reads both copies is not the pair that reads one of them twice.
    let copies = "sep3@0+sep3@1,sep3@0+sep3@1,";
    assert_ne!(
        cell(&format!("{copies}max3@2+max3@3")),
        cell(&format!("{copies}max3@2+max3@2"))
    );
    assert_eq!(
        cell(&format!("{copies}max3@2+max3@2")),
        cell(&format!("{copies}max3@3+max3@3"))
    );
    assert_eq!(
        cell(&format!("{copies}max3@2+avg3@3")),
        cell(&format!("{copies}max3@3+avg3@2"))
    );
    assert_ne!(cell("sep3@0+sep3@1"), cell("sep3@0+sep3@0"));
    assert_ne!(cell("sep3@0+sep3@1:1.2"), cell("sep3@0+sep3@1:2"));
}

/// All cells of two pairs over two operations, counted by hand.
#[test]
fn small_cells_have_as_many_forms_as_counted_by_hand() {
    let operations = NasnetSpace::sp1().operations()[..2].to_vec();
    let branches = |states: usize| -> Vec<Branch> {
        operations
            .iter()
            .flat_map(|&operation| (0..states).map(move |state| Branch::new(operation, state)))
            .collect()
    };
    let mut forms = HashSet::new();
    for &a in &branches(2) {
        for &b in &branches(2) {
            for &c in &branches(3) {
                for &d in &branches(3) {
                    let pairs = vec![
                        PairwiseCombination::new(a, b),
                        PairwiseCombination::new(c, d),
                    ];
                    forms.insert(Cell::new(pairs, None).unwrap().canonical());
                }
            }
        }
    }
    // 4 branches on inputs make 10 unordered pairs; two independent pairs are 55 unordered choices;
    // a second pair that reads the first has 21 - 10 = 11 unordered forms for each of the 10.
    assert_eq!(forms.len(), 55 + 110);
}

#[test]
fn many_equal_pairs_stay_fast() {
    let text = ["identity@0+identity@1"; 12].join(",");
    let start = Instant::now();
    let cell: Cell = text.parse().unwrap();
    assert_eq!(cell.canonical(), cell);
    assert!(start.elapsed() < Duration::from_secs(1));
}

/// The least list of pairs over all orders and all swaps of elements, found by trying them all.
fn by_trying_all(cell: &Cell) -> Vec<PairwiseCombination> {
    fn extend(
        cell: &Cell,
        renamed: &mut Vec<usize>,
        ordered: &mut Vec<PairwiseCombination>,
        least: &mut Option<Vec<PairwiseCombination>>,
    ) {
        if ordered.len() == cell.pairs().len() {
            if least.as_ref().is_none_or(|least| *ordered < *least) {
                *least = Some(ordered.clone());
            }
            return;
        }
        for (pair, combination) in cell.pairs().iter().enumerate() {
            let branches = combination.branches();
            let ready = branches.iter().all(|b| renamed[b.state] != usize::MAX);
            if renamed[pair + 2] == usize::MAX && ready {
                let [a, b] = branches.map(|b| Branch::new(b.operation, renamed[b.state]));
                renamed[pair + 2] = ordered.len() + 2;
                ordered.push(PairwiseCombination::new(a.min(b), a.max(b)));
                extend(cell, renamed, ordered, least);
                ordered.pop();
                renamed[pair + 2] = usize::MAX;
            }
        }
    }
    let mut renamed = vec![usize::MAX; cell.pairs().len() + 2];
    (renamed[0], renamed[1]) = (0, 1);
    let mut least = None;
    extend(cell, &mut renamed, &mut Vec::new(), &mut least);
    least.unwrap()
}

#[test]
fn forms_are_equal_exactly_if_trying_all_orders_says_so() {
    let mut rng = stream(2, 0);
    let (mut forms, mut orders) = (HashMap::new(), HashMap::new());
    for (operations, pairs) in [(1, 4), (1, 5), (1, 6), (2, 4)] {
        let operations = NasnetSpace::sp1().operations()[..operations].to_vec();
        let space = NasnetSpace::new(operations, pairs).unwrap();
        for _ in 0..2000 {
            let cell = space.sample(&mut rng).normal;
            let (form, order) = (cell.canonical(), by_trying_all(&cell));
            assert_eq!(
                *forms.entry(form.clone()).or_insert(order.clone()),
                order,
                "{cell}"
            );
            assert_eq!(*orders.entry(order).or_insert(form.clone()), form, "{cell}");
        }
    }
    assert!(forms.len() > 1000, "{}", forms.len());
}

proptest! {
    #[test]
    fn a_shuffled_cell_of_many_equal_pairs_keeps_its_form(
        seed in any::<u64>(),
        pairs in 1..16_usize,
        operations in 1..3_usize,
        listed in prop::option::of(any::<u16>()),
    ) {
        let mut rng = stream(seed, 0);
        let operations = NasnetSpace::sp1().operations()[..operations].to_vec();
        let space = NasnetSpace::new(operations, pairs).unwrap();
        let pairs = space.sample(&mut rng).normal.pairs().to_vec();
        let concat = listed.map(|bits| -> Vec<usize> {
            let states = 0..pairs.len() + 2;
            let listed: Vec<usize> = states.filter(|state| bits >> (state % 16) & 1 == 1).collect();
            if listed.is_empty() { vec![0] } else { listed }
        });
        let cell = Cell::new(pairs, concat).unwrap();
        let form = cell.canonical();
        for _ in 0..5 {
            prop_assert_eq!(&shuffled(&cell, &mut rng).canonical(), &form);
        }
        prop_assert_eq!(&form.canonical(), &form);
    }
}

/// A graph as a cell: equal pairs for its vertices, and for each edge a pair that reads both ends.
fn of_graph(vertices: usize, edges: impl IntoIterator<Item = (usize, usize)>) -> Cell {
    let vertex = ["identity@0+identity@1".to_owned()];
    let pairs = vertex.iter().cycle().take(vertices).cloned();
    let edges = edges
        .into_iter()
        .map(|(from, to)| format!("max3@{}+max3@{}", from + 2, to + 2));
    let text: Vec<String> = pairs.chain(edges).collect();
    text.join(",").parse().unwrap()
}

/// A ring of vertices, each with an edge to the one `step` places further on.
fn ring(vertices: usize, first: usize, step: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..vertices).map(move |from| (first + from, first + (from + step) % vertices))
}

#[test]
fn regular_cells_stay_fast_and_keep_their_differences() {
    let petersen = ring(5, 0, 1)
        .chain(ring(5, 5, 2))
        .chain((0..5).map(|vertex| (vertex, vertex + 5)));
    let prism = ring(5, 0, 1)
        .chain(ring(5, 5, 1))
        .chain((0..5).map(|vertex| (vertex, vertex + 5)));
    // Each has its own reader, so swapping two of them swaps the readers too.
    let readers = (0..20).map(|vertex| (vertex, vertex));
    let cells = [
        of_graph(10, petersen),
        of_graph(10, prism),
        of_graph(12, ring(12, 0, 1)),
        of_graph(12, ring(6, 0, 1).chain(ring(6, 6, 1))),
        of_graph(12, (0..3).flat_map(|four| ring(4, 4 * four, 1))),
        of_graph(20, readers.clone()),
        of_graph(20, readers.chain([(3, 3)])),
        of_graph(40, []),
    ];
    let mut rng = stream(3, 0);
    let start = Instant::now();
    let mut forms = HashSet::new();
    for cell in cells {
        let form = cell.canonical();
        for _ in 0..5 {
            assert_eq!(shuffled(&cell, &mut rng).canonical(), form);
        }
        assert!(forms.insert(form), "{cell}");
    }
    assert!(
        start.elapsed() < Duration::from_secs(10),
        "{:?}",
        start.elapsed()
    );
}
