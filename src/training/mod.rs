//! Training the networks that a search proposes.
pub mod images;
