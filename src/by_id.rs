//! Maps of trials, hashed cheaply: their numbers count up, so any hash works.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use crate::trial::TrialId;

pub(crate) type MapById<T> = HashMap<TrialId, T, BuildHasherDefault<IdHasher>>;

/// Spreads a trial's number over all bits (Knuth's multiplicative hashing by the golden ratio).
#[derive(Clone, Copy, Default)]
pub(crate) struct IdHasher(u64);

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
