use clap::Args;
use evonas::search::journal::LockPolicy;

use super::library_values::lock_policy;

// No doc comment: clap would take it for a command's.
#[derive(Args, Debug)]
pub(crate) struct LockOption {
    /// Whether the folder must be locked against other processes; optional is for a file system without locks, if no
    /// other process uses the folder
    #[arg(
        long = "lock",
        value_name = "required|optional",
        value_parser = lock_policy,
        default_value = "required",
        requires = "out"
    )]
    pub(crate) policy: LockPolicy,
}
