//! CUDA devices.

use super::devices::Devices;
use super::error::DeviceError;

/// The CUDA device of this number, or all of them.
#[cfg(feature = "cuda")]
pub(super) fn open(number: Option<usize>) -> Result<Devices, DeviceError> {
    use burn::tensor::{Device, DeviceType};

    use super::count::count;

    // Without a driver the first operation panics in a thread of the runtime, so look first.
    if !has_driver() {
        return Err(DeviceError::NoDriver);
    }
    keep_compiled_kernels();
    let available = count("CUDA", DeviceType::Cuda)?;
    let numbers = match number {
        _ if available == 0 => return Err(DeviceError::NoDevice),
        None => 0..available,
        Some(number) if number < available => number..number + 1,
        Some(number) => return Err(DeviceError::NoSuchDevice { number, available }),
    };
    if !has_libdevice() {
        return Err(DeviceError::NoLibdevice);
    }
    Ok(Devices {
        devices: numbers
            .map(|number| (format!("cuda:{number}"), Device::cuda(number)))
            .collect(),
        not_cuda: None,
    })
}

/// Whether the driver's library can be loaded: what counts in containers and on Jetson, where device files have
/// other names or none.
#[cfg(feature = "cuda")]
#[allow(unsafe_code)]
fn has_driver() -> bool {
    let names = ["libcuda.so.1", "libcuda.so", "nvcuda.dll"];
    names.into_iter().any(|name| {
        // SAFETY: what a library runs when it is loaded could do anything; the CUDA runtime loads the library of
        // this name right after this.
        unsafe { libloading::Library::new(name) }.is_ok()
    })
}

/// Keeps compiled kernels on disk, as tuning results are, unless a `cubecl.toml` or `burn.toml` of the user's decides:
/// compiling them takes most of the first step of a network.
#[cfg(feature = "cuda")]
fn keep_compiled_kernels() {
    use cubecl::config::{CubeClRuntimeConfig, RuntimeConfig as _};

    let configured = std::env::current_dir().is_ok_and(|folder| {
        let names = ["cubecl.toml", "CubeCL.toml", "burn.toml", "Burn.toml"];
        folder
            .ancestors()
            .any(|folder| names.iter().any(|name| folder.join(name).is_file()))
    });
    if !configured {
        let mut config = CubeClRuntimeConfig::default().override_from_env();
        config.compilation.cache = true;
        // Whoever has set or read the configuration before has decided.
        let _ = CubeClRuntimeConfig::try_set(config);
    }
}

/// Whether CubeCL will find libdevice, which exponentials, logarithms and the like call. It looks when it
/// compiles the first kernel that needs it, in these places, and panics if it finds nothing.
#[cfg(feature = "cuda")]
fn has_libdevice() -> bool {
    use std::path::{Path, PathBuf};

    const ROOTS: [&str; 4] = ["/usr/local/cuda", "/opt/cuda", "/usr/lib/cuda", "/usr"];
    let libdevice = |root: &Path| root.join("nvvm").join("libdevice");
    let root = match std::env::var("CUDA_PATH") {
        Ok(path) => Some(PathBuf::from(path)),
        Err(_) => ROOTS
            .into_iter()
            .map(PathBuf::from)
            .find(|root| libdevice(root).is_dir()),
    };
    root.is_some_and(|root| libdevice(&root).join("libdevice.10.bc").is_file())
}

#[cfg(not(feature = "cuda"))]
pub(super) const fn open(_number: Option<usize>) -> Result<Devices, DeviceError> {
    Err(DeviceError::NotBuilt {
        device: "CUDA",
        feature: "cuda",
    })
}
