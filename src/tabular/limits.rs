//! How much a table may have.

/// The most that a table, or a file of the NATS-Bench archive, may have. A file with more is refused with an error that
/// names the limit, as a damaged file, the wrong one, or one made to fill the memory.
///
/// ```
/// use evonas::tabular::{TableLimits, TabularColumns};
///
/// let mut limits = TableLimits::TABLE;
/// limits.bytes = 4 << 30;
/// let columns = TabularColumns::new().limits(limits);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TableLimits {
    /// The bytes of a file, once decompressed.
    pub bytes: u64,
    /// How many times larger a compressed file may be once decompressed. The first 16 MiB are always taken.
    pub ratio: u64,
    /// The fields of a table, or the values of a pickle: what `bytes` turn into takes more memory than they do.
    pub values: u64,
}

impl TableLimits {
    /// For tables: 256 MiB, 200 times the compressed size, ten million fields. NAS-Bench-201's has 6 MiB and
    /// half a million fields.
    pub const TABLE: Self = Self {
        bytes: 256 << 20,
        ratio: 200,
        values: 10_000_000,
    };

    /// For the files of the NATS-Bench archive: 64 MiB, 200 times the compressed size, a million values. Official
    /// ones have about 100 KiB and some thousand values.
    pub const ARCHIVE: Self = Self {
        bytes: 64 << 20,
        ratio: 200,
        values: 1_000_000,
    };
}

/// [`TableLimits::TABLE`].
impl Default for TableLimits {
    fn default() -> Self {
        Self::TABLE
    }
}
