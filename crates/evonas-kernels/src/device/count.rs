//! Counting the devices of a backend.

use burn::tensor::{Device, DeviceType};

use super::error::DeviceError;

/// The number of devices that a backend has. Looking for them panics on some machines.
pub(super) fn count(device: &'static str, kind: DeviceType) -> Result<usize, DeviceError> {
    std::panic::catch_unwind(|| Device::enumerate(kind).len()).map_err(|payload| {
        let message = payload.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| payload.downcast_ref::<&str>().copied());
        DeviceError::Failed {
            device,
            reason: message
                .unwrap_or("it panicked without a message")
                .to_owned(),
        }
    })
}
