//! Recognizing in a message that memory ran out.

/// The words of CUDA, HIP, cuBLAS, CubeCL, wgpu and Burn, in lower case.
const SIGNS: [&str; 13] = [
    "out of memory",
    "out of device memory",
    "out of host memory",
    "outofmemory",
    "out_of_memory",
    "memoryallocation",
    "alloc_failed",
    "buffer too big",
    "buffertoobig",
    "can't allocate buffer of size",
    "not enough memory",
    "memory allocation of",
    "every page size",
];

/// Whether an error or panic message says that memory ran out.
///
/// Burn reports a full GPU only in the text of a panic or error, so this looks at the text.
#[must_use]
pub fn is_out_of_memory(message: &str) -> bool {
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_devices_say_is_recognized() {
        for message in [
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "cudaErrorMemoryAllocation",
            "CUBLAS_STATUS_ALLOC_FAILED",
            "called `Result::unwrap()` on an `Err` value: BufferTooBig(4294967296)",
            "can't allocate buffer of size: 17179869184",
            "out of device memory allocating 1048576 bytes",
            "hipErrorOutOfMemory",
            "wgpu error: Out of Memory",
            "Not enough memory left on device",
            "memory allocation of 8589934592 bytes failed",
        ] {
            assert!(is_out_of_memory(message), "{message}");
        }
    }

    #[test]
    fn other_failures_are_not() {
        for message in [
            "index out of bounds: the len is 3 but the index is 7",
            "the loss of epoch 3 is NaN; a lower learning rate may help",
            "failed to allocate port 8080",
            "",
        ] {
            assert!(!is_out_of_memory(message), "{message}");
        }
    }
}
