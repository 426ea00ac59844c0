//! The memory of large results that nobody holds any more, for those to come.
//!
//! A training step makes the same tensors as the one before. Fresh memory is mapped by the system page by
//! page, zeroed, and given back at the end of the step: a sixth of the step's time. Here it is kept, and
//! handed out again as it is.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::mem::MaybeUninit;
use std::slice;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use burn::tensor::{AllocationProperty, Bytes, TensorData};
use burn_std::{AccessError, AccessPolicy, AllocationController};

/// Values from which on it pays; smaller memory the allocator keeps itself.
const SMALLEST: usize = 1 << 14;

/// `length` values, whatever they are: all are to be written.
pub(super) fn values(length: usize) -> Vec<f32> {
    let recycled = (length >= SMALLEST).then(|| pool().take(length)).flatten();
    let mut values = recycled.unwrap_or_else(|| vec![0.0; length]);
    if cfg!(test) {
        values.fill(f32::NAN);
    }
    values
}

/// Values as a tensor's data, whose memory is used again once no tensor has it.
pub(super) fn data<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> TensorData {
    if values.len() < SMALLEST || values.len() != values.capacity() {
        return TensorData::new(values, shape);
    }
    let length = size_of_val(values.as_slice());
    let controller = Box::new(Recycled::new(values));
    // SAFETY: the controller's memory is `length` bytes of a vector's values, all initialised.
    let bytes = unsafe { Bytes::from_controller(controller, length) };
    TensorData::from_bytes(bytes, shape, burn::tensor::DType::F32)
}

/// Memory of a tensor that goes back into the pool.
struct Recycled {
    values: Vec<f32>,
}

impl Recycled {
    fn new(values: Vec<f32>) -> Self {
        pool().lend(values.len());
        Self { values }
    }
}

impl Drop for Recycled {
    fn drop(&mut self) {
        let superfluous = pool().give(std::mem::take(&mut self.values));
        // The lock is open again: to give memory to the system takes a while.
        drop(superfluous);
    }
}

impl AllocationController for Recycled {
    fn alloc_align(&self) -> usize {
        align_of::<f32>()
    }

    fn property(&self) -> AllocationProperty {
        AllocationProperty::Other
    }

    unsafe fn memory_mut(
        &mut self,
        _: AccessPolicy,
    ) -> Result<&mut [MaybeUninit<u8>], AccessError> {
        let length = size_of_val(self.values.as_slice());
        let start = self.values.as_mut_ptr().cast();
        // SAFETY: the vector owns these bytes, and is borrowed for as long as the slice. A byte has no
        // alignment. The caller promises to write initialised bytes only, and every four of them are
        // a value.
        Ok(unsafe { slice::from_raw_parts_mut(start, length) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let length = size_of_val(self.values.as_slice());
        let start = self.values.as_ptr().cast();
        // SAFETY: as above; a shared slice of `MaybeUninit` can't be written to.
        Ok(unsafe { slice::from_raw_parts(start, length) })
    }
}

static POOL: LazyLock<Mutex<Pool>> = LazyLock::new(Mutex::default);

fn pool() -> MutexGuard<'static, Pool> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What waits to be used again. All lengths and sums are numbers of values.
#[derive(Default)]
struct Pool {
    by_length: HashMap<usize, Waiting>,
    waiting: usize,
    /// What tensors have.
    lent: usize,
    /// The most that they had at once, and the most since they last had nothing.
    most_lent: usize,
    lately: usize,
    /// How often something was taken or given back.
    time: u64,
}

/// Memory of one length.
#[derive(Default)]
struct Waiting {
    memory: Vec<Vec<f32>>,
    used: u64,
}

impl Pool {
    fn take(&mut self, length: usize) -> Option<Vec<f32>> {
        self.time += 1;
        let waiting = self.by_length.get_mut(&length)?;
        waiting.used = self.time;
        let values = waiting.memory.pop()?;
        self.waiting -= length;
        Some(values)
    }

    fn lend(&mut self, length: usize) {
        self.lent += length;
        self.lately = self.lately.max(self.lent);
        self.most_lent = self.most_lent.max(self.lately);
    }

    /// Takes memory back, and returns what is too much of it: no more waits than was in use at once, and
    /// that is measured anew whenever nothing is in use. What wasn't wanted for the longest time goes
    /// first: another network has other lengths.
    #[must_use]
    fn give(&mut self, values: Vec<f32>) -> Vec<Vec<f32>> {
        self.time += 1;
        let length = values.len();
        self.lent -= length;
        if self.lent == 0 {
            self.most_lent = self.lately;
            self.lately = 0;
        }
        self.waiting += length;
        let waiting = self.by_length.entry(length).or_default();
        waiting.used = self.time;
        waiting.memory.push(values);
        let mut superfluous = Vec::new();
        while self.waiting > self.most_lent + self.most_lent / 2 {
            let oldest = self
                .by_length
                .iter()
                .min_by_key(|(_, waiting)| waiting.used);
            let Some((&length, _)) = oldest else { break };
            match self
                .by_length
                .get_mut(&length)
                .and_then(|waiting| waiting.memory.pop())
            {
                Some(values) => {
                    self.waiting -= values.len();
                    superfluous.push(values);
                }
                None => {
                    self.by_length.remove(&length);
                }
            }
        }
        superfluous
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_handed_out_again() {
        let mut pool = Pool::default();
        pool.lend(20_000);
        assert!(pool.give(vec![1.0; 20_000]).is_empty());
        assert!(pool.take(10_000).is_none());
        assert_eq!(pool.take(20_000), Some(vec![1.0; 20_000]));
        assert!(pool.take(20_000).is_none());
        assert_eq!((pool.lent, pool.waiting), (0, 0));
    }

    #[test]
    fn no_more_waits_than_was_in_use_and_the_oldest_goes_first() {
        let mut pool = Pool::default();
        // Never more than two at a time.
        for length in [10, 20, 30, 40] {
            for _ in 0..2 {
                pool.lend(length);
            }
            for _ in 0..2 {
                let _ = pool.give(vec![0.0; length]);
            }
            assert!(pool.waiting <= pool.most_lent);
        }
        assert_eq!((pool.most_lent, pool.lent), (80, 0));
        // A smaller network keeps less.
        pool.lend(10);
        let _ = pool.give(vec![0.0; 10]);
        assert_eq!((pool.most_lent, pool.waiting), (10, 10));
        pool.lend(40);
        let _ = pool.give(vec![0.0; 40]);
        assert!(pool.take(10).is_none() && pool.take(20).is_none());
        assert!(pool.take(40).is_some());
    }

    #[test]
    fn a_tensor_may_be_read_written_and_dropped() {
        let mut values = values(SMALLEST + 1);
        values.fill(2.0);
        let tensor = burn::backend::flex::FlexTensor::from_data(data(values, [SMALLEST + 1]));
        let mut copy = tensor.clone();
        drop(tensor);
        let written = copy.try_storage_mut::<f32>().unwrap();
        written[SMALLEST] = 3.0;
        assert_eq!(copy.as_slice::<f32>().unwrap()[SMALLEST - 1..], [2.0, 3.0]);
    }
}
