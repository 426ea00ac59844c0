//! Steps as graphs of CubeCL.
#![allow(unsafe_code)]

use std::fmt;
use std::thread::{self, ThreadId};

use burn::backend::{
    BackendTensor, DispatchDevice, DispatchTensor, DispatchTensorKind, TensorMetadata as _,
};
use burn::tensor::{DType, Device};
use burn_cubecl::tensor::CubeTensor;
use cubecl::client::{Client, Graph};
use cubecl::prelude::*;

use super::launch::{contiguous, empty};
use super::update::{MOST_TENSORS, across, arguments, at_once, length};
use crate::recording::RecordingError;

/// The values of a float or integer tensor on a device of CubeCL.
pub(crate) fn any_values_of(tensor: &DispatchTensor) -> Option<&CubeTensor> {
    match &tensor.kind {
        DispatchTensorKind::Cube(BackendTensor::Float(values) | BackendTensor::Int(values)) => {
            Some(values)
        }
        _ => None,
    }
}

/// Other values of the same kind.
pub(crate) fn with_values(tensor: &DispatchTensor, values: CubeTensor) -> DispatchTensor {
    let mut other = tensor.clone();
    other.kind = DispatchTensorKind::Cube(match &tensor.kind {
        DispatchTensorKind::Cube(BackendTensor::Int(_)) => BackendTensor::Int(values),
        _ => BackendTensor::Float(values),
    });
    other
}

pub(crate) fn can_be_replaced(values: &CubeTensor) -> bool {
    matches!(values.dtype, DType::F32 | DType::I32) && values.is_contiguous()
}

/// The same values in memory of their own, without gaps.
pub(crate) fn copied(values: &CubeTensor) -> CubeTensor {
    let values = contiguous(values.clone());
    if !can_be_replaced(&values) {
        return values.copy();
    }
    let copy = empty(&values, values.shape(), values.dtype);
    replace(vec![[&copy, &values]]);
    copy
}

#[cube(launch)]
fn replace_kernel<N: Numeric>(
    old: &mut Sequence<Box<[N]>>,
    new: &Sequence<Box<[N]>>,
    #[comptime] count: usize,
) {
    let stride = (CUBE_COUNT_X * CUBE_DIM_X) as usize;
    #[unroll]
    for number in 0..count {
        if CUBE_POS_Y as usize == number {
            let old = old.index_mut(number);
            let new = new.index(number);
            let mut place = ABSOLUTE_POS_X as usize;
            while place < new.len() {
                old[place] = new[place];
                place += stride;
            }
        }
    }
}

/// Replaces the values of the first tensor of each pair, where they lie, by those of the second. All are contiguous.
pub(crate) fn replace(pairs: Vec<[&CubeTensor; 2]>) {
    let (floats, integers): (Vec<_>, Vec<_>) = pairs
        .into_iter()
        .partition(|[old, _]| old.dtype == DType::F32);
    replace_numbers::<f32>(floats);
    replace_numbers::<i32>(integers);
}

fn replace_numbers<N: Numeric>(mut pairs: Vec<[&CubeTensor; 2]>) {
    pairs.sort_by_key(|[old, _]| length(old));
    let size = pairs
        .first()
        .map_or(MOST_TENSORS, |[old, _]| at_once(old, 2));
    for group in pairs.chunks(size) {
        let longest = group.iter().map(|[old, _]| length(old)).max();
        let (across, dim) = across(longest.unwrap_or(1));
        replace_kernel::launch::<N>(
            &group[0][0].client,
            CubeCount::Static(across, group.len() as u32, 1),
            dim,
            arguments(group.iter().map(|[old, _]| *old)),
            arguments(group.iter().map(|[_, new]| *new)),
            group.len(),
        );
    }
}

/// A stream that is prepared for a recording.
pub(crate) struct Recorder {
    /// `None` once the recording is over.
    client: Option<Client>,
    thread: ThreadId,
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").finish_non_exhaustive()
    }
}

impl Recorder {
    pub(crate) fn prepare(device: &Device) -> Result<Self, RecordingError> {
        let client = match device.clone().inner().as_dispatch() {
            DispatchDevice::Cube(device) => device.client(),
            other => return Err(RecordingError(format!("{other:?} records no steps"))),
        };
        client.graph_prepare().map_err(failed)?;
        Ok(Self {
            client: Some(client),
            thread: thread::current().id(),
        })
    }

    pub(crate) fn record<T>(
        mut self,
        step: impl FnOnce() -> T,
    ) -> (T, Result<Recorded, RecordingError>) {
        let client = self.client.as_ref().expect("it is taken once, below");
        if let Err(error) = client.start_capture() {
            return (step(), Err(failed(error)));
        }
        let result = step();
        let graph = client.stop_capture().map_err(failed);
        self.client = None;
        let thread = self.thread;
        (result, graph.map(|graph| Recorded { graph, thread }))
    }
}

/// A recording that was prepared and never made, or whose step panicked, ends here.
impl Drop for Recorder {
    fn drop(&mut self) {
        if let Some(client) = &self.client {
            // It says that there is no recording, which is what is wanted.
            let _ = client.stop_capture();
        }
    }
}

/// A graph, which belongs to the stream of one thread.
#[derive(Debug)]
pub(crate) struct Recorded {
    graph: Graph,
    thread: ThreadId,
}

impl Recorded {
    pub(crate) fn is_of_this_thread(&self) -> bool {
        thread::current().id() == self.thread
    }

    pub(crate) fn repeat(&self) -> Result<(), RecordingError> {
        if !self.is_of_this_thread() {
            let reason = "a step is repeated by the thread that recorded it";
            return Err(RecordingError(reason.to_owned()));
        }
        // SAFETY: the graph keeps the pages that it was recorded with reserved and in place, so that it writes to no
        // memory that was given to another tensor. What the step reads and writes is ordered by the stream of this thread,
        // which is the graph's.
        unsafe { self.graph.replay() }.map_err(failed)
    }
}

fn failed(error: impl fmt::Display) -> RecordingError {
    RecordingError(error.to_string())
}
