//! Maps of trials by their numbers.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::trial::TrialId;

/// A map of trials. The one inserted last stands apart, so that a loop with one trial in flight at a time
/// never hashes.
#[derive(Debug)]
pub(crate) struct MapById<T> {
    newest: Option<(TrialId, T)>,
    others: HashMap<TrialId, T, BuildHasherDefault<IdHasher>>,
}

impl<T> Default for MapById<T> {
    fn default() -> Self {
        Self {
            newest: None,
            others: HashMap::default(),
        }
    }
}

impl<T> MapById<T> {
    /// Adds a trial that the map doesn't have, and returns what was added.
    pub(crate) fn insert(&mut self, id: TrialId, value: T) -> &mut T {
        if let Some((earlier, value)) = self.newest.take() {
            self.others.insert(earlier, value);
        }
        &mut self.newest.insert((id, value)).1
    }

    pub(crate) fn get(&self, id: TrialId) -> Option<&T> {
        match &self.newest {
            Some((newest, value)) if *newest == id => Some(value),
            _ => self.others.get(&id),
        }
    }

    pub(crate) fn get_mut(&mut self, id: TrialId) -> Option<&mut T> {
        match &mut self.newest {
            Some((newest, value)) if *newest == id => Some(value),
            _ => self.others.get_mut(&id),
        }
    }

    pub(crate) fn remove(&mut self, id: TrialId) -> Option<T> {
        match self.newest.take_if(|(newest, _)| *newest == id) {
            Some((_, value)) => Some(value),
            None => self.others.remove(&id),
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.others.len() + usize::from(self.newest.is_some())
    }

    /// The numbers, in any order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = TrialId> {
        let newest = self.newest.iter().map(|(id, _)| *id);
        newest.chain(self.others.keys().copied())
    }

    /// The values, in any order.
    pub(crate) fn values(&self) -> impl Iterator<Item = &T> {
        let newest = self.newest.iter().map(|(_, value)| value);
        newest.chain(self.others.values())
    }
}

/// Spreads a trial's number over all bits (Knuth's multiplicative hashing by the golden ratio): numbers count
/// up, so any hash works.
#[derive(Clone, Copy, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    fn write_u64(&mut self, number: u64) {
        self.0 = (self.0 ^ number).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_trial_is_found_however_many_came_after_it() {
        let mut map = MapById::default();
        for id in [3, 5, 4] {
            assert_eq!(*map.insert(TrialId(id), 10 * id), 10 * id);
        }
        *map.get_mut(TrialId(3)).unwrap() += 1;
        *map.get_mut(TrialId(4)).unwrap() += 1;
        let mut all: Vec<_> = map.keys().map(|id| (id.0, *map.get(id).unwrap())).collect();
        all.sort_unstable();
        assert_eq!(all, [(3, 31), (4, 41), (5, 50)]);
        assert_eq!((map.len(), map.values().sum::<u64>()), (3, 122));
        for (id, value) in [
            (5, Some(50)),
            (5, None),
            (4, Some(41)),
            (3, Some(31)),
            (3, None),
        ] {
            assert_eq!(map.remove(TrialId(id)), value);
        }
        assert_eq!((map.len(), map.get(TrialId(4))), (0, None));
    }
}
