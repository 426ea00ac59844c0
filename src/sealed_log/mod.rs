//! A file of sealed lines: the format of a search's journal and a comparison's runs.
//!
//! Lines of JSON are only ever appended. The first is a header that begins with what the file is and its
//! format. Every line ends with checksums that continue those of the line before ([`seal`]), so a line that
//! was changed, removed or duplicated is detected and reported. A process that is killed loses nothing that
//! it has appended; a power cut may leave an incomplete last line, which is dropped when the file is read
//! again. Only one process at a time can lock the file.

mod error;
mod kind;
mod locked;
mod raw_line;
mod reader;
mod seal;
mod survey;
mod writer;

pub use error::RecordError;
pub use kind::RecordKind;
pub use locked::LockPolicy;
pub use writer::SyncPolicy;

pub(crate) use locked::{LockedFile, beside, open_read_only};
pub(crate) use reader::{LogReader, SealedLine, TornLine};
#[cfg(test)]
pub(crate) use seal::CHECK;
pub(crate) use survey::{Survey, survey};
pub(crate) use writer::{LogWriter, Storage};
