//! Keeps the memory of large results that are no longer used for later results.
//!
//! A training step creates the same tensors as the one before. The system maps fresh memory page by page,
//! zeroes it, and takes it back at the end of the step, which is a sixth of the step's time. Here it is kept and
//! handed out again unchanged. It comes from slabs of several results each, which the system is asked to map
//! with large pages. Small pages cost as much again, since a network's tensors have more of them than a
//! processor remembers.

#![allow(unsafe_code)]

mod pool;

use std::mem::MaybeUninit;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::slice;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use burn::tensor::{AllocationProperty, Bytes, DType, TensorData};
use burn_std::{AccessError, AccessPolicy, AllocationController};
use memmap2::{MmapMut, MmapRaw};

use self::pool::{Pool, Slot};

/// The smallest number of values for which it pays; the allocator itself keeps smaller memory.
const SMALLEST: usize = 1 << 14;

/// Values per slab, unless one result has more: 8 MiB.
const SLAB: usize = 1 << 21;

/// Values per cache line; every result begins at one.
const LINE: usize = 16;

/// The memory of a result.
#[derive(Debug)]
pub(super) enum Memory {
    Own(Vec<f32>),
    Lent(Lent),
}

impl From<Vec<f32>> for Memory {
    fn from(values: Vec<f32>) -> Self {
        Self::Own(values)
    }
}

impl Deref for Memory {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        match self {
            Self::Own(values) => values,
            Self::Lent(lent) => lent.values(),
        }
    }
}

impl DerefMut for Memory {
    fn deref_mut(&mut self) -> &mut [f32] {
        match self {
            Self::Own(values) => values,
            Self::Lent(lent) => lent.values_mut(),
        }
    }
}

/// `length` values of unspecified contents, all of which must be written.
pub(super) fn values(length: usize) -> Memory {
    let lent = (length >= SMALLEST).then(|| Lent::new(length)).flatten();
    let mut values = match lent {
        Some(lent) => Memory::Lent(lent),
        None => Memory::Own(vec![0.0; length]),
    };
    if cfg!(test) {
        values.fill(f32::NAN);
    }
    values
}

/// Values as a tensor's data, whose memory is reused once no tensor holds it.
pub(super) fn data<const D: usize>(values: Memory, shape: [usize; D]) -> TensorData {
    match values {
        Memory::Own(values) => TensorData::new(values, shape),
        Memory::Lent(lent) => {
            let length = size_of_val(lent.values());
            // SAFETY: the controller's memory is `length` bytes of values, all initialized.
            let bytes = unsafe { Bytes::from_controller(Box::new(lent), length) };
            TensorData::from_bytes(bytes, shape, DType::F32)
        }
    }
}

/// Values in a slab of the pool, on loan until this is dropped.
#[derive(Debug)]
pub(super) struct Lent {
    start: NonNull<f32>,
    length: usize,
    slot: Slot,
}

// SAFETY: it owns its values as a vector does, since the pool lends each slot to one borrower at a time.
unsafe impl Send for Lent {}
// SAFETY: a shared reference gives only shared slices.
unsafe impl Sync for Lent {}

impl Lent {
    /// `None` if the system can't map the memory.
    fn new(length: usize) -> Option<Self> {
        let apart = length.next_multiple_of(LINE);
        let mut pool = pool();
        let (memory, slot) = pool.take(apart, || slab(apart))?;
        // SAFETY: the slot lies in the slab's memory, which is mapped, aligned to a page, and has at least `apart`
        // values from there. The slab's other slots may be in use elsewhere, so there is never a reference to the
        // whole slab, only this pointer.
        let start = unsafe { memory.as_mut_ptr().cast::<f32>().add(slot.start) };
        Some(Self {
            start: NonNull::new(start)?,
            length,
            slot,
        })
    }

    fn values(&self) -> &[f32] {
        // SAFETY: the slab stays mapped while any slot of it is lent; nobody else has these values, which the
        // system or the previous borrower initialized.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and `self` is borrowed exclusively.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let superfluous = pool().give(self.length.next_multiple_of(LINE), self.slot);
        // After the lock is released, since returning memory to the system takes a while.
        drop(superfluous);
    }
}

impl AllocationController for Lent {
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
        let values = self.values_mut();
        let (start, length) = (values.as_mut_ptr().cast(), size_of_val(values));
        // SAFETY: these are the bytes of the values, borrowed for as long. Bytes need no alignment. The caller
        // promises to write initialized bytes only, and any four of them are a value.
        Ok(unsafe { slice::from_raw_parts_mut(start, length) })
    }

    fn memory(&self, _: AccessPolicy) -> Result<&[MaybeUninit<u8>], AccessError> {
        let values = self.values();
        let (start, length) = (values.as_ptr().cast(), size_of_val(values));
        // SAFETY: as above; a shared slice of `MaybeUninit` can't be written to.
        Ok(unsafe { slice::from_raw_parts(start, length) })
    }
}

static POOL: LazyLock<Mutex<Pool<MmapRaw>>> = LazyLock::new(Mutex::default);

fn pool() -> MutexGuard<'static, Pool<MmapRaw>> {
    POOL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A slab of slots of this length, and their number.
fn slab(length: usize) -> Option<(MmapRaw, usize)> {
    let slots = (SLAB / length).max(1);
    let memory = MmapMut::map_anon(slots * length * size_of::<f32>()).ok()?;
    // If the system has no large pages, small ones will do.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    Some((memory.into(), slots))
}

#[cfg(test)]
mod tests {
    use burn::backend::flex::FlexTensor;

    use super::*;
    use rand::RngExt as _;

    use crate::cpu::tests::stream;

    #[test]
    fn a_tensor_may_be_read_written_and_dropped() {
        let mut values = values(SMALLEST + 1);
        assert!(matches!(values, Memory::Lent(_)));
        values.fill(2.0);
        let tensor = FlexTensor::from_data(data(values, [SMALLEST + 1]));
        let mut copy = tensor.clone();
        drop(tensor);
        let written = copy.try_storage_mut::<f32>().unwrap();
        written[SMALLEST] = 3.0;
        assert_eq!(copy.as_slice::<f32>().unwrap()[SMALLEST - 1..], [2.0, 3.0]);
    }

    #[test]
    fn neighbors_do_not_overlap_and_what_is_dropped_is_used_again() {
        // A length that no other test uses, so that their memory isn't part of it.
        let length = 3 * SMALLEST + 5;
        let mut all: Vec<Memory> = (0..60).map(|_| values(length)).collect();
        for (number, values) in all.iter_mut().enumerate() {
            values.fill(number as f32);
        }
        let holds = |values: &Memory, number: usize| {
            values.len() == length && values.iter().all(|&value| value == number as f32)
        };
        let every = || all.iter().enumerate();
        assert!(every().all(|(number, values)| holds(values, number)));
        let dropped = all.split_off(30);
        let places: Vec<*const f32> = dropped.iter().map(|values| values.as_ptr()).collect();
        drop(dropped);
        let again = values(length);
        assert!(places.contains(&again.as_ptr()));
        let mut every = all.iter().enumerate();
        assert!(every.all(|(number, values)| holds(values, number)));
    }

    #[test]
    fn threads_take_and_give_at_once() {
        let works = |seed: u64| {
            let mut rng = stream(seed, 0);
            let mut held: Vec<(f32, Memory)> = Vec::new();
            for turn in 0..300 {
                if held.len() > rng.random_range(0..12) {
                    let (mark, values) = held.swap_remove(rng.random_range(0..held.len()));
                    assert!(values.iter().all(|&value| value == mark));
                }
                // Few lengths, so that allocations share slabs.
                let mut values = values(SMALLEST + 1000 * rng.random_range(0..3));
                let mark = (1000 * seed + turn) as f32;
                values.fill(mark);
                held.push((mark, values));
            }
        };
        std::thread::scope(|scope| {
            for seed in 0..4 {
                scope.spawn(move || works(seed));
            }
        });
    }
}
