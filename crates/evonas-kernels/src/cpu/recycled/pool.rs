//! What waits to be used again, by length.

use std::collections::HashMap;

/// A place in a slab's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The slab's number, which no other ever has.
    pub(super) slab: u64,
    /// The first of its values.
    pub(super) start: usize,
}

/// Memory `M` in places of one length.
#[derive(Debug)]
struct Slab<M> {
    number: u64,
    memory: M,
    places: usize,
    /// How many of the places were ever handed out: the first ones.
    used: usize,
    lent: usize,
}

/// The slabs of one length.
#[derive(Debug)]
struct Slabs<M> {
    slabs: Vec<Slab<M>>,
    /// Places that were handed out and came back.
    free: Vec<Slot>,
    /// When something of this length was taken or given back for the last time.
    time: u64,
}

impl<M> Slabs<M> {
    fn slab(&mut self, number: u64) -> Option<&mut Slab<M>> {
        self.slabs.iter_mut().find(|slab| slab.number == number)
    }

    fn take(&mut self, length: usize) -> Option<(&mut Slab<M>, Slot)> {
        if let Some(place) = self.free.pop() {
            let slab = self.slab(place.slab)?;
            slab.lent += 1;
            return Some((slab, place));
        }
        let slab = self.slabs.last_mut()?;
        if slab.used == slab.places {
            return None;
        }
        let place = Slot {
            slab: slab.number,
            start: slab.used * length,
        };
        slab.used += 1;
        slab.lent += 1;
        Some((slab, place))
    }
}

/// Slabs of memory `M`. All lengths and sums are numbers of values.
#[derive(Debug)]
pub(super) struct Pool<M> {
    by_length: HashMap<usize, Slabs<M>>,
    /// What was handed out and came back.
    waiting: usize,
    lent: usize,
    /// The most that was lent at once, and the most since nothing was for the last time.
    most_lent: usize,
    lately: usize,
    /// How often something was taken or given back.
    time: u64,
    slabs: u64,
}

impl<M> Default for Pool<M> {
    fn default() -> Self {
        Self {
            by_length: HashMap::new(),
            waiting: 0,
            lent: 0,
            most_lent: 0,
            lately: 0,
            time: 0,
            slabs: 0,
        }
    }
}

impl<M> Pool<M> {
    /// A place of this length in a slab that has one, or in a new one from `allocate`, which says how many
    /// places there are; none if it can't.
    pub(super) fn take(
        &mut self,
        length: usize,
        allocate: impl FnOnce() -> Option<(M, usize)>,
    ) -> Option<(&mut M, Slot)> {
        self.time += 1;
        let slabs = self.by_length.entry(length).or_insert_with(|| Slabs {
            slabs: Vec::new(),
            free: Vec::new(),
            time: 0,
        });
        slabs.time = self.time;
        match slabs.free.is_empty() {
            false => self.waiting -= length,
            true if slabs
                .slabs
                .last()
                .is_none_or(|slab| slab.used == slab.places) =>
            {
                let (memory, places) = allocate()?;
                self.slabs += 1;
                slabs.slabs.push(Slab {
                    number: self.slabs,
                    memory,
                    places,
                    used: 0,
                    lent: 0,
                });
            }
            true => {}
        }
        let (slab, place) = slabs.take(length)?;
        self.lent += length;
        self.lately = self.lately.max(self.lent);
        self.most_lent = self.most_lent.max(self.lately);
        Some((&mut slab.memory, place))
    }

    /// Takes a place back, and returns memory that is too much: what waits beyond half as much again as was
    /// lent at once, since lengths don't come in the same numbers at all times. Only slabs of which nothing is
    /// lent can go, those first of the length that wasn't wanted for the longest time: another network has
    /// other lengths. The most that was lent is measured anew whenever nothing is.
    #[must_use]
    pub(super) fn give(&mut self, length: usize, place: Slot) -> Vec<M> {
        self.time += 1;
        self.lent -= length;
        if self.lent == 0 {
            self.most_lent = self.lately;
            self.lately = 0;
        }
        if let Some(slabs) = self.by_length.get_mut(&length) {
            slabs.time = self.time;
            slabs.free.push(place);
            if let Some(slab) = slabs.slab(place.slab) {
                slab.lent -= 1;
            }
            self.waiting += length;
        }
        let mut superfluous = Vec::new();
        while self.waiting > self.most_lent + self.most_lent / 2 {
            match self.drop_oldest() {
                Some(memory) => superfluous.push(memory),
                None => break,
            }
        }
        superfluous
    }

    /// A slab of which nothing is lent, of the length that wasn't wanted for the longest time.
    fn drop_oldest(&mut self) -> Option<M> {
        let all = self.by_length.iter_mut();
        let oldest = all
            .filter(|(_, slabs)| slabs.slabs.iter().any(|slab| slab.lent == 0))
            .min_by_key(|(_, slabs)| slabs.time);
        let (&length, slabs) = oldest?;
        let index = slabs.slabs.iter().position(|slab| slab.lent == 0)?;
        let slab = slabs.slabs.remove(index);
        slabs.free.retain(|place| place.slab != slab.number);
        self.waiting -= slab.used * length;
        if slabs.slabs.is_empty() {
            self.by_length.remove(&length);
        }
        Some(slab.memory)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A slab of two places.
    fn two() -> Option<((), usize)> {
        Some(((), 2))
    }

    fn nothing() -> Option<((), usize)> {
        None
    }

    #[test]
    fn places_are_handed_out_again() {
        let mut pool = Pool::default();
        let first = pool.take(20, two).unwrap().1;
        let second = pool.take(20, nothing).unwrap().1;
        assert_eq!((first.start, second.start), (0, 20));
        assert!(pool.take(20, nothing).is_none());
        assert!(pool.give(20, first).is_empty());
        assert!(pool.take(10, nothing).is_none());
        assert_eq!(pool.take(20, nothing).unwrap().1, first);
        assert_eq!((pool.lent, pool.waiting), (40, 0));
        let third = pool.take(20, two).unwrap().1;
        assert_ne!(third.slab, first.slab);
    }

    #[test]
    fn only_half_as_much_again_waits_as_was_in_use_and_the_oldest_goes_first() {
        let mut pool = Pool::default();
        // Never more than two at a time.
        for length in [10, 20, 30, 40] {
            let places = [0; 2].map(|_| pool.take(length, two).unwrap().1);
            for place in places {
                let _ = pool.give(length, place);
            }
            assert!(pool.waiting <= pool.most_lent * 3 / 2);
        }
        assert_eq!((pool.most_lent, pool.lent), (80, 0));
        // 20, 40 and 60 went, and 80 stays.
        assert_eq!(pool.waiting, 80);
        assert!(pool.take(30, nothing).is_none());
        // A smaller network keeps less.
        let place = pool.take(10, two).unwrap().1;
        assert_eq!(pool.give(10, place).len(), 1);
        assert_eq!((pool.most_lent, pool.waiting), (10, 10));
    }

    #[test]
    fn a_slab_of_which_something_is_lent_stays() {
        let mut pool = Pool::default();
        let kept = pool.take(10, two).unwrap().1;
        let mut went = 0;
        for length in [50, 60, 70] {
            let places = [0; 2].map(|_| pool.take(length, two).unwrap().1);
            for place in places {
                went += pool.give(length, place).len();
            }
        }
        assert!(went > 0);
        let other = pool.take(10, nothing).unwrap().1;
        assert_eq!(other.slab, kept.slab);
    }
}
