//! The pool: slots of memory, by length, lent and taken back. Plain safe Rust.

use std::collections::HashMap;

/// A position in a slab's memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    /// The unique number of the slab.
    pub(super) slab: u64,
    /// The position of its first value.
    pub(super) start: usize,
}

/// Memory `M`, divided into slots of one length.
#[derive(Debug)]
struct Slab<M> {
    number: u64,
    memory: M,
    slots: usize,
    /// The number of slots that were ever handed out, from the first on.
    used: usize,
    lent: usize,
}

/// The slabs of one length.
#[derive(Debug)]
struct Slabs<M> {
    slabs: Vec<Slab<M>>,
    /// Slots that were handed out and came back.
    free: Vec<Slot>,
    /// When a slot of this length was last taken or given back.
    time: u64,
}

impl<M> Slabs<M> {
    fn slab(&mut self, number: u64) -> Option<&mut Slab<M>> {
        self.slabs.iter_mut().find(|slab| slab.number == number)
    }

    fn take(&mut self, length: usize) -> Option<(&mut Slab<M>, Slot)> {
        if let Some(slot) = self.free.pop() {
            let slab = self.slab(slot.slab)?;
            slab.lent += 1;
            return Some((slab, slot));
        }
        let slab = self.slabs.last_mut()?;
        if slab.used == slab.slots {
            return None;
        }
        let slot = Slot {
            slab: slab.number,
            start: slab.used * length,
        };
        slab.used += 1;
        slab.lent += 1;
        Some((slab, slot))
    }
}

/// Slabs of memory `M`. All lengths and sums count values.
#[derive(Debug)]
pub(super) struct Pool<M> {
    by_length: HashMap<usize, Slabs<M>>,
    /// Values that were handed out and came back.
    waiting: usize,
    lent: usize,
    /// The most values on loan at once: ever, and since nothing was on loan last.
    most_lent: usize,
    lately: usize,
    /// The number of times that something was taken or given back.
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
    /// A slot of this length, in a slab that has one or in a new slab from `allocate`, which also returns its
    /// number of slots. `None` if `allocate` fails.
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
                .is_none_or(|slab| slab.used == slab.slots) =>
            {
                let (memory, slots) = allocate()?;
                self.slabs += 1;
                slabs.slabs.push(Slab {
                    number: self.slabs,
                    memory,
                    slots,
                    used: 0,
                    lent: 0,
                });
            }
            true => {}
        }
        let (slab, slot) = slabs.take(length)?;
        self.lent += length;
        self.lately = self.lately.max(self.lent);
        self.most_lent = self.most_lent.max(self.lately);
        Some((&mut slab.memory, slot))
    }

    /// Takes a slot back, and returns memory to free. The pool keeps up to half as much again as was on loan at
    /// once, since the mix of lengths varies. Beyond that it frees slabs of which nothing is on loan, first those
    /// whose length went unused for the longest time, since another network has other lengths. The most values
    /// on loan are measured again whenever nothing is.
    #[must_use]
    pub(super) fn give(&mut self, length: usize, slot: Slot) -> Vec<M> {
        self.time += 1;
        self.lent -= length;
        if self.lent == 0 {
            self.most_lent = self.lately;
            self.lately = 0;
        }
        if let Some(slabs) = self.by_length.get_mut(&length) {
            slabs.time = self.time;
            slabs.free.push(slot);
            if let Some(slab) = slabs.slab(slot.slab) {
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

    /// A slab of which nothing is on loan, of the length that went unused for the longest time.
    fn drop_oldest(&mut self) -> Option<M> {
        let all = self.by_length.iter_mut();
        let oldest = all
            .filter(|(_, slabs)| slabs.slabs.iter().any(|slab| slab.lent == 0))
            .min_by_key(|(_, slabs)| slabs.time);
        let (&length, slabs) = oldest?;
        let index = slabs.slabs.iter().position(|slab| slab.lent == 0)?;
        let slab = slabs.slabs.remove(index);
        slabs.free.retain(|slot| slot.slab != slab.number);
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

    /// A slab of two slots.
    fn two() -> Option<((), usize)> {
        Some(((), 2))
    }

    fn nothing() -> Option<((), usize)> {
        None
    }

    #[test]
    fn slots_are_handed_out_again() {
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
        // Never more than two at once.
        for length in [10, 20, 30, 40] {
            let slots = [0; 2].map(|_| pool.take(length, two).unwrap().1);
            for slot in slots {
                let _ = pool.give(length, slot);
            }
            assert!(pool.waiting <= pool.most_lent * 3 / 2);
        }
        assert_eq!((pool.most_lent, pool.lent), (80, 0));
        // 20, 40 and 60 were freed; 80 stays.
        assert_eq!(pool.waiting, 80);
        assert!(pool.take(30, nothing).is_none());
        // A smaller network keeps less.
        let slot = pool.take(10, two).unwrap().1;
        assert_eq!(pool.give(10, slot).len(), 1);
        assert_eq!((pool.most_lent, pool.waiting), (10, 10));
    }

    #[test]
    fn a_slab_of_which_something_is_lent_stays() {
        let mut pool = Pool::default();
        let kept = pool.take(10, two).unwrap().1;
        let mut went = 0;
        for length in [50, 60, 70] {
            let slots = [0; 2].map(|_| pool.take(length, two).unwrap().1);
            for slot in slots {
                went += pool.give(length, slot).len();
            }
        }
        assert!(went > 0);
        let other = pool.take(10, nothing).unwrap().1;
        assert_eq!(other.slab, kept.slab);
    }
}
