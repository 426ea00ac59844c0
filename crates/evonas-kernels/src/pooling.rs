//! The kinds of pooling.

/// Which value a pooling takes from its window. Padding never contributes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pooling {
    /// The mean of the pixels inside the image.
    Average,
    /// The largest value; of equal ones, the first gets the gradient.
    Max,
    /// The smallest value; of equal ones, the first gets the gradient.
    Min,
}
