//! NASNet cells that mean the same share a canonical form.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::{
    Branch, Cell, NasnetGenotype, NasnetSpace, PairwiseCombination, published,
};
use rand::seq::SliceRandom;

/// The same cell with its pairs in another possible order and their elements exchanged at random.
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

/// All cells of two pairs over two operations, against a count by hand.
#[test]
fn small_cells_are_counted_right() {
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
fn many_equal_pairs_take_no_time() {
    let text = ["identity@0+identity@1"; 12].join(",");
    let start = Instant::now();
    let cell: Cell = text.parse().unwrap();
    assert_eq!(cell.canonical(), cell);
    assert!(start.elapsed() < Duration::from_secs(1));
}
