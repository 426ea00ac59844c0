//! What a log holds.

/// What a log holds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogKind {
    /// How its first line begins, up to the number of the format.
    pub(crate) magic: &'static str,
    /// The format that this version writes and reads.
    pub(crate) format: u64,
}
