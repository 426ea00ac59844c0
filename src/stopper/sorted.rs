//! Sorted values that are added one at a time.

/// The most values in a block. One that is full is split.
const BLOCK: usize = 512;

/// Values in ascending order, in blocks, so that adding one moves few others: a single sorted list would move half of
/// a million values for each further one.
#[derive(Clone, Debug, Default)]
pub(super) struct SortedValues {
    /// None is empty.
    blocks: Vec<Vec<f64>>,
    len: usize,
}

impl SortedValues {
    pub(super) const fn len(&self) -> usize {
        self.len
    }

    pub(super) fn insert(&mut self, value: f64) {
        self.len += 1;
        let place = self
            .block_of(value)
            .min(self.blocks.len().saturating_sub(1));
        let Some(block) = self.blocks.get_mut(place) else {
            self.blocks.push(vec![value]);
            return;
        };
        block.insert(block.partition_point(|&other| other < value), value);
        if block.len() > BLOCK {
            let upper = block.split_off(BLOCK / 2);
            self.blocks.insert(place + 1, upper);
        }
    }

    /// Removes a value if it is there, once.
    pub(super) fn remove(&mut self, value: f64) {
        let place = self.block_of(value);
        let Some(block) = self.blocks.get_mut(place) else {
            return;
        };
        let at = block.partition_point(|&other| other < value);
        if block.get(at) != Some(&value) {
            return;
        }
        block.remove(at);
        self.len -= 1;
        if block.is_empty() {
            self.blocks.remove(place);
        }
    }

    /// How many are greater.
    pub(super) fn above(&self, value: f64) -> usize {
        let first = self
            .blocks
            .partition_point(|block| ends_at_most(block, value));
        let mut blocks = self.blocks[first..].iter();
        let in_first = blocks.next().map_or(0, |block| {
            block.len() - block.partition_point(|&other| other <= value)
        });
        in_first + blocks.map(Vec::len).sum::<usize>()
    }

    /// The median; of an even number of values, the mean of the two in the middle. `None` if there are none.
    pub(super) fn median(&self) -> Option<f64> {
        let middle = self.len / 2;
        match self.len % 2 {
            1 => self.get(middle),
            _ => Some(f64::midpoint(
                self.get(middle.checked_sub(1)?)?,
                self.get(middle)?,
            )),
        }
    }

    #[cfg(test)]
    pub(super) fn to_vec(&self) -> Vec<f64> {
        self.blocks.concat()
    }

    fn get(&self, mut place: usize) -> Option<f64> {
        for block in &self.blocks {
            match block.get(place) {
                Some(value) => return Some(*value),
                None => place -= block.len(),
            }
        }
        None
    }

    /// The first block that doesn't end below the value.
    fn block_of(&self, value: f64) -> usize {
        self.blocks
            .partition_point(|block| block.last().is_some_and(|&last| last < value))
    }
}

fn ends_at_most(block: &[f64], value: f64) -> bool {
    block.last().is_some_and(|&last| last <= value)
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn values_are_counted_and_removed_as_in_a_sorted_list() {
        let (mut sorted, mut list) = (SortedValues::default(), Vec::new());
        assert_eq!((sorted.median(), sorted.above(0.0)), (None, 0));
        for step in 0..5000_u32 {
            // Values in no order, many of them several times.
            let value = f64::from(step.wrapping_mul(2_654_435_761) >> 22);
            sorted.insert(value);
            list.push(value);
            if step % 3 == 2 {
                let gone = list.swap_remove(list.len() / 2);
                sorted.remove(gone);
                sorted.remove(-1.0);
            }
        }
        list.sort_by(f64::total_cmp);
        assert_eq!(sorted.len(), list.len());
        for value in [-1.0, 0.0, 17.0, 511.5, 1023.0, 2000.0] {
            let above = list.iter().filter(|&&other| other > value).count();
            assert_eq!(sorted.above(value), above, "{value}");
        }
        let middle = list.len() / 2;
        let median = match list.len() % 2 {
            1 => list[middle],
            _ => f64::midpoint(list[middle - 1], list[middle]),
        };
        assert_eq!(sorted.median(), Some(median));
        for value in list {
            sorted.remove(value);
        }
        assert_eq!((sorted.len(), sorted.blocks.len()), (0, 0));
    }

    #[test]
    fn a_million_values_are_added_in_seconds() {
        let mut sorted = SortedValues::default();
        let start = Instant::now();
        for step in 0..1_000_000_u32 {
            // Falling: each comes before all others.
            sorted.insert(-f64::from(step));
        }
        assert_eq!(sorted.len(), 1_000_000);
        assert!(start.elapsed() < Duration::from_secs(10));
    }
}
