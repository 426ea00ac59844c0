//! Checking and repairing records on disk, the journal of a search and the runs of a comparison, and locking folders.
//!
//! A line that a killed process or a power cut left incomplete needs no repair: whoever resumes the search or the
//! comparison drops it. Any other damage, such as a changed byte, is an error that keeps them from resuming.
//! [`check`] says how far such a record is sound, and [`repair`] cuts it off there. What was recorded after that is
//! then done again.
//!
//! ```
//! use evonas::prelude::*;
//! use evonas::records;
//! use evonas::search::journal::LockPolicy;
//!
//! # let scratch = tempfile::tempdir()?;
//! # let folder = scratch.path();
//! # let score = |bits: &Vec<bool>, _: &Context<'_>| Ok(Evaluation::new(f64::from(u8::from(bits[0]))));
//! # let search = || -> Result<_, Box<dyn std::error::Error>> {
//! #     let space = BitsSpace { length: 6 };
//! #     let random = RandomSearch::new(space, 0);
//! #     let journal = Journal::open_or_create(folder)?;
//! #     Ok(Search::new(random, Serial::new(score), Budget::trials(20)).journal(journal).run()?)
//! # };
//! # search()?;
//! # let path = folder.join("journal.jsonl");
//! # let text = std::fs::read_to_string(&path)?;
//! # std::fs::write(&path, text.replacen(r#"{"tell":9"#, r#"{"tell":8"#, 1))?;
//! let checked = records::check(folder)?;
//! if let Some(damage) = &checked.damage {
//!     println!("{damage}; {} trials before it are sound", checked.finished);
//!     let repaired = records::repair(folder, LockPolicy::Required)?;
//!     println!("{repaired:?}");
//! }
//! # assert_eq!((checked.finished, search()?.history.len()), (9, 20));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod check;
mod lock;
mod repair;

pub use check::{CheckedRecord, check};
pub use lock::FolderLock;
pub use repair::{RepairedRecord, repair};
