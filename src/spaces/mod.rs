//! Search spaces that are ready to use.

pub mod nasnet;
