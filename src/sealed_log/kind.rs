//! What a log holds.

/// What a record holds, and how its errors speak of it.
#[derive(Debug, PartialEq, Eq)]
pub struct RecordKind {
    /// How its first line begins, up to the number of the format.
    pub(crate) magic: &'static str,
    /// The format that this version writes and reads.
    pub(crate) format: u64,
    /// What it is, with an article.
    pub(crate) name: &'static str,
    /// What it is, in a word.
    pub(crate) noun: &'static str,
    /// What it has lines for.
    pub(crate) entry: &'static str,
    /// What it records.
    pub(crate) task: &'static str,
}

impl RecordKind {
    /// What the record is, in a word: `journal` for a search's, `record` for a comparison's.
    #[must_use]
    pub const fn noun(&self) -> &'static str {
        self.noun
    }

    /// What it records: a `search` or a `comparison`.
    #[must_use]
    pub const fn task(&self) -> &'static str {
        self.task
    }
}
