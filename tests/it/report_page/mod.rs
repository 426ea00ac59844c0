//! The page that shows what searches did.

mod browser;
mod content;
mod hostile;
mod runs;
mod size;
