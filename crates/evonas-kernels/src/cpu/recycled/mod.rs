//! The memory of large results that nobody holds any more, for those to come.
//!
//! A training step makes the same tensors as the one before. Fresh memory is mapped by the system page by
//! page, zeroed, and given back at the end of the step: a sixth of the step's time. Here it is kept, and
//! handed out again as it is. It comes from slabs of several results each, which the system is asked to map
//! by large pages: small ones cost as much again, since a network's tensors have more of them than a
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

/// Values from which on it pays; smaller memory the allocator keeps itself.
const SMALLEST: usize = 1 << 14;

/// Values of a slab, unless one result has more: 8 MiB.
const SLAB: usize = 1 << 21;

/// Values of a line of the cache, where every result begins.
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

/// `length` values, whatever they are: all are to be written.
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

/// Values as a tensor's data, whose memory is used again once no tensor has it.
pub(super) fn data<const D: usize>(values: Memory, shape: [usize; D]) -> TensorData {
    match values {
        Memory::Own(values) => TensorData::new(values, shape),
        Memory::Lent(lent) => {
            let length = size_of_val(lent.values());
            // SAFETY: the controller's memory is `length` bytes of values, all initialised.
            let bytes = unsafe { Bytes::from_controller(Box::new(lent), length) };
            TensorData::from_bytes(bytes, shape, DType::F32)
        }
    }
}

/// Values in a slab of the pool, which goes on lending them until this is dropped.
#[derive(Debug)]
pub(super) struct Lent {
    start: NonNull<f32>,
    length: usize,
    place: Slot,
}

// SAFETY: it owns its values as a vector does: the pool lends a place to one at a time.
unsafe impl Send for Lent {}
// SAFETY: a shared one gives shared slices only.
unsafe impl Sync for Lent {}

impl Lent {
    /// None if the system has no memory of this kind.
    fn new(length: usize) -> Option<Self> {
        let apart = length.next_multiple_of(LINE);
        let mut pool = pool();
        let (memory, place) = pool.take(apart, || slab(apart))?;
        // SAFETY: the place lies in the slab's memory, which is mapped, aligned to a page and `apart` values
        // long from there on. Others may be using the slab's other places: there is never a reference to the
        // slab as a whole, only this pointer.
        let start = unsafe { memory.as_mut_ptr().cast::<f32>().add(place.start) };
        Some(Self {
            start: NonNull::new(start)?,
            length,
            place,
        })
    }

    fn values(&self) -> &[f32] {
        // SAFETY: the slab stays mapped while something of it is lent; nobody else has these values, which
        // the system or who had them before has initialised.
        unsafe { slice::from_raw_parts(self.start.as_ptr(), self.length) }
    }

    fn values_mut(&mut self) -> &mut [f32] {
        // SAFETY: as above, and `self` is borrowed alone.
        unsafe { slice::from_raw_parts_mut(self.start.as_ptr(), self.length) }
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        let superfluous = pool().give(self.length.next_multiple_of(LINE), self.place);
        // The lock is open again: to give memory to the system takes a while.
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
        // SAFETY: these are the values' bytes, borrowed for as long. A byte has no alignment. The caller
        // promises to write initialised bytes only, and every four of them are a value.
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

/// A slab of places of this length, and how many there are.
fn slab(length: usize) -> Option<(MmapRaw, usize)> {
    let places = (SLAB / length).max(1);
    let memory = MmapMut::map_anon(places * length * size_of::<f32>()).ok()?;
    // Where the system has no large pages, small ones do as well.
    #[cfg(target_os = "linux")]
    let _ = memory.advise(memmap2::Advice::HugePage);
    Some((memory.into(), places))
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
    fn neighbours_do_not_overlap_and_what_is_dropped_is_used_again() {
        // A length of its own, so that other tests' memory isn't among it.
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
                // Few lengths, so that slabs are shared.
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
