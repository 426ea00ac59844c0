//! Recognizing in a message that a device no longer works.

/// The words of CUDA, HIP, Vulkan, wgpu and CubeCL, in lower case. After these errors of CUDA, every later call in the
/// process fails too ("the context cannot be used (and must be destroyed)", CUDA driver API, `CUresult`).
const SIGNS: [&str; 24] = [
    "cuda_error_illegal_address",
    "illegal memory access",
    "cuda_error_launch_failed",
    "unspecified launch failure",
    "cuda_error_launch_timeout",
    "cuda_error_illegal_instruction",
    "cuda_error_misaligned_address",
    "cuda_error_invalid_address_space",
    "cuda_error_invalid_pc",
    "cuda_error_hardware_stack_error",
    "cuda_error_assert",
    "device-side assert",
    "cuda_error_ecc_uncorrectable",
    "uncorrectable ecc error",
    "cuda_error_context_is_destroyed",
    "cuda_error_device_unavailable",
    "hiperrorillegaladdress",
    "hiperrorlaunchfailure",
    "error_device_lost",
    "devicelost",
    "device lost",
    "device is lost",
    "device is poisoned",
    "device was poisoned",
];

/// Whether an error or panic message says that the device no longer works, so that later trials in this process
/// would fail as well.
///
/// Burn reports such an error only in the text of a panic or error, so this looks at the text. An evaluator that knows
/// better returns [`EvaluationError::DeviceLost`](super::EvaluationError::DeviceLost).
#[must_use]
pub fn is_device_lost(message: &str) -> bool {
    let message = message.to_lowercase();
    SIGNS.iter().any(|sign| message.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_broken_devices_say_is_recognized() {
        for message in [
            "DriverError(CUDA_ERROR_ILLEGAL_ADDRESS, \"an illegal memory access was encountered\")",
            "CUDA_ERROR_LAUNCH_FAILED: unspecified launch failure",
            "uncorrectable ECC error encountered",
            "wgpu error: Validation Error: Parent device is lost",
            "VK_ERROR_DEVICE_LOST",
            "SurfaceError::DeviceLost",
            "The device was poisoned during launch\nCaused by:\n  an illegal instruction",
            "The device is poisoned: a kernel faulted",
        ] {
            assert!(is_device_lost(message), "{message}");
        }
    }

    #[test]
    fn other_failures_are_not() {
        for message in [
            "DriverError(CUDA_ERROR_OUT_OF_MEMORY, \"out of memory\")",
            "no device found",
            "index out of bounds: the len is 3 but the index is 7",
            "",
        ] {
            assert!(!is_device_lost(message), "{message}");
        }
    }
}
