//! Steps that a device records once and repeats.
//!
//! A training step is hundreds of launches, and each costs the host some ten microseconds or more: a fast GPU waits for its
//! host. A recorded step is one launch. It repeats the same operations on the same memory, so whatever differs from step to
//! step must lie in tensors whose values are replaced before the step is repeated: [`StepTensor::replace_all`].

use std::fmt;

use burn::backend::DispatchTensor;
use burn::tensor::{Device, Int, Tensor};

/// Why a step can't be recorded or repeated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordingError(pub(crate) String);

impl fmt::Display for RecordingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for RecordingError {}

/// A tensor without autodiff that a step reads or writes, of any rank and type.
#[derive(Clone, Debug)]
pub struct StepTensor(pub(crate) DispatchTensor);

impl<const D: usize> From<Tensor<D>> for StepTensor {
    fn from(tensor: Tensor<D>) -> Self {
        Self(tensor.into_dispatch())
    }
}

impl<const D: usize> From<Tensor<D, Int>> for StepTensor {
    fn from(tensor: Tensor<D, Int>) -> Self {
        Self(tensor.into_dispatch())
    }
}

impl StepTensor {
    /// The tensor, if it has numbers with a point.
    ///
    /// # Panics
    /// If it has integers, or another rank.
    #[must_use]
    pub fn into_float<const D: usize>(self) -> Tensor<D> {
        Tensor::from_dispatch(self.0)
    }

    /// The tensor, if it has integers.
    ///
    /// # Panics
    /// If it has other numbers, or another rank.
    #[must_use]
    pub fn into_integers<const D: usize>(self) -> Tensor<D, Int> {
        Tensor::from_dispatch(self.0)
    }
}

/// Where the values of a tensor lie. Two tensors of one device with equal places share their memory, as long as both
/// live.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct StepPlace {
    pub(crate) memory: usize,
    pub(crate) offset: Option<u64>,
}

/// The shape and the type of a tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StepShape {
    pub(crate) dims: Vec<usize>,
    pub(crate) kind: burn::tensor::DType,
}

#[cfg(any(feature = "cuda", feature = "wgpu"))]
impl StepTensor {
    /// The tensor's shape and type, if its values can be [replaced](Self::replace_all) where they lie: numbers of four bytes,
    /// without gaps, on a device that records steps.
    #[must_use]
    pub fn shape(&self) -> Option<StepShape> {
        let values = crate::cube::any_values_of(&self.0)?;
        crate::cube::can_be_replaced(values).then(|| StepShape {
            dims: values.meta.shape().to_vec(),
            kind: values.dtype,
        })
    }

    /// Where the values lie, on a device that records steps.
    #[must_use]
    pub fn place(&self) -> Option<StepPlace> {
        let values = crate::cube::any_values_of(&self.0)?;
        Some(StepPlace {
            memory: values.handle.memory.descriptor().id.value,
            offset: values.handle.offset_start,
        })
    }

    /// The same values in memory of their own.
    ///
    /// # Panics
    /// On devices that don't record steps.
    #[must_use]
    pub fn copied(&self) -> Self {
        let values = crate::cube::any_values_of(&self.0).expect("the device records steps");
        Self(crate::cube::with_values(
            &self.0,
            crate::cube::copied(values),
        ))
    }

    /// Replaces the values of the first tensor of each pair, where they lie, by those of the second.
    ///
    /// # Panics
    /// If the tensors of a pair differ in shape or type, or have none that can be replaced.
    pub fn replace_all(pairs: &[[&Self; 2]]) {
        let pairs = pairs.iter().map(|pair| {
            let [old, new] = pair.map(Self::shape);
            assert!(
                old.is_some() && old == new,
                "values are replaced by as many of their kind"
            );
            pair.map(|one| crate::cube::any_values_of(&one.0).expect("it has a shape"))
        });
        crate::cube::replace(pairs.collect());
    }
}

#[cfg(not(any(feature = "cuda", feature = "wgpu")))]
impl StepTensor {
    /// The tensor's shape and type, if its values can be [replaced](Self::replace_all) where they lie: numbers of four bytes,
    /// without gaps, on a device that records steps.
    #[must_use]
    pub const fn shape(&self) -> Option<StepShape> {
        None
    }

    /// Where the values lie, on a device that records steps.
    #[must_use]
    pub const fn place(&self) -> Option<StepPlace> {
        None
    }

    /// The same values in memory of their own.
    ///
    /// # Panics
    /// On devices that don't record steps.
    #[must_use]
    pub fn copied(&self) -> Self {
        panic!("this build has no device that records steps");
    }

    /// Replaces the values of the first tensor of each pair, where they lie, by those of the second.
    ///
    /// # Panics
    /// If the tensors of a pair differ in shape or type, or have none that can be replaced.
    pub fn replace_all(pairs: &[[&Self; 2]]) {
        assert!(
            pairs.is_empty(),
            "this build has no device that records steps"
        );
    }
}

/// A device that is about to record a step: what it computes until then prepares it, by reserving the memory that the step
/// needs. Dropped, it records nothing.
#[derive(Debug)]
pub struct StepRecorder {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    recorder: crate::cube::Recorder,
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    never: std::convert::Infallible,
}

impl StepRecorder {
    /// Prepares a device. The calling thread must take one whole step, with tensors of the same shapes, before it
    /// [records](Self::record) one.
    ///
    /// # Errors
    /// [`RecordingError`] if the device can't record steps, or prepares for one already.
    pub fn prepare(device: &Device) -> Result<Self, RecordingError> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        return Ok(Self {
            recorder: crate::cube::Recorder::prepare(device)?,
        });
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        {
            let _ = device;
            let reason = "this build has no device that records steps";
            Err(RecordingError(reason.to_owned()))
        }
    }

    /// Records what `step` computes on the device, from the calling thread, without computing it. A step may neither read
    /// from the device nor copy to it. WGSL refuses what it would copy; CUDA copies the same again in every repetition.
    ///
    /// # Errors
    /// [`RecordingError`] if the step can't be recorded. Tensors that it would have written can't be read until they are
    /// [replaced](StepTensor::replace_all).
    pub fn record<T>(self, step: impl FnOnce() -> T) -> (T, Result<RecordedStep, RecordingError>) {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        {
            let (result, recorded) = self.recorder.record(step);
            (result, recorded.map(|recorded| RecordedStep { recorded }))
        }
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        {
            let _ = step;
            match self.never {}
        }
    }
}

/// A step that a device has recorded. The memory that it uses stays reserved while this exists.
#[derive(Debug)]
pub struct RecordedStep {
    #[cfg(any(feature = "cuda", feature = "wgpu"))]
    recorded: crate::cube::Recorded,
    #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
    never: std::convert::Infallible,
}

impl RecordedStep {
    /// Whether the calling thread recorded it. Another one can't repeat it.
    #[must_use]
    pub fn is_of_this_thread(&self) -> bool {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        return self.recorded.is_of_this_thread();
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        match self.never {}
    }

    /// Computes the step, on the memory that it was recorded with, after everything that the calling thread has given to
    /// the device.
    ///
    /// Tensors that the step wrote change their values, and so do all that share their memory: keep them to yourself.
    ///
    /// # Errors
    /// [`RecordingError`] if another thread recorded it, or the device has failed. In the second case, tensors that the step
    /// writes can't be read until it is repeated or they are [replaced](StepTensor::replace_all).
    pub fn repeat(&self) -> Result<(), RecordingError> {
        #[cfg(any(feature = "cuda", feature = "wgpu"))]
        return self.recorded.repeat();
        #[cfg(not(any(feature = "cuda", feature = "wgpu")))]
        match self.never {}
    }
}
