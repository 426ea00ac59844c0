//! Crossover of genotypes.

use rand::{Rng, RngExt};
use serde_json::Value;

use super::cell_kind::CellKind;
use super::genotype::NasnetGenotype;
use crate::description;
use crate::space::Crossover;

/// Takes each pairwise combination of each cell from either parent with equal probability.
///
/// The child is always valid: pair `k` reads states `0..=k + 1` in both parents. Its cells have as many pairs
/// as the first parent's. An explicit concat list is dropped, as it is by a mutation that rewires the cell,
/// unless the cell has the same pairs as the first parent's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PairCrossover;

impl Crossover<NasnetGenotype> for PairCrossover {
    fn cross(
        &self,
        first: &NasnetGenotype,
        second: &NasnetGenotype,
        rng: &mut dyn Rng,
    ) -> NasnetGenotype {
        let mut child = first.clone();
        for kind in [CellKind::Normal, CellKind::Reduction] {
            let cell = child.cell_mut(kind);
            for (pair, &other) in second.cell(kind).pairs().iter().enumerate() {
                if pair < cell.pairs().len() && rng.random() && cell.pairs()[pair] != other {
                    cell.replace_pair(pair, other);
                }
            }
        }
        child
    }

    fn describe(&self) -> Value {
        description::named("PairCrossover", &())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;
    use crate::space::SearchSpace;
    use crate::spaces::nasnet::{NasnetSpace, published};

    #[test]
    fn every_pair_comes_from_either_parent_and_the_child_is_in_the_space() {
        let space = NasnetSpace::sp1();
        let mut rng = stream(1, 0);
        let mut from_second = 0;
        for _ in 0..200 {
            let (first, second) = (space.sample(&mut rng), space.sample(&mut rng));
            let child = PairCrossover.cross(&first, &second, &mut rng);
            space.validate(&child).unwrap();
            for kind in [CellKind::Normal, CellKind::Reduction] {
                let parents = first
                    .cell(kind)
                    .pairs()
                    .iter()
                    .zip(second.cell(kind).pairs());
                for (pair, (one, other)) in child.cell(kind).pairs().iter().zip(parents) {
                    assert!(pair == one || pair == other);
                    from_second += usize::from(pair == other);
                }
            }
        }
        assert!((900..1100).contains(&from_second), "{from_second} of 2000");
    }

    #[test]
    fn a_cell_keeps_its_concat_list_only_with_its_pairs() {
        let (first, second) = (published::nasnet_a(), published::amoebanet_a());
        let mut rng = stream(1, 0);
        assert_eq!(PairCrossover.cross(&first, &first, &mut rng), first);
        let child = PairCrossover.cross(&first, &second, &mut rng);
        assert_ne!(child.normal.pairs(), first.normal.pairs());
        assert_eq!(child.normal.declared_concat(), None);
    }
}
