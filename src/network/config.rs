//! What a network is built for.

/// The shape of one image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ImageShape {
    /// Channels: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl ImageShape {
    /// An image shape.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }
}

/// How cells are put together: three stacks of `N` normal cells with a reduction cell between
/// stacks, `F` filters in the first stack and twice as many after each reduction.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct NetworkConfig {
    /// Normal cells per stack, `N`.
    pub cells_per_stack: usize,
    /// Filters of the first stack, `F`.
    pub filters: usize,
    /// Classes of the classifier.
    pub classes: usize,
    /// The images.
    pub image: ImageShape,
    /// Batch norm's epsilon: 1e-5, as in the released CIFAR settings.
    pub batch_norm_epsilon: f64,
    /// The share of a batch in batch norm's running statistics: 0.1 (a decay of 0.9), as in the
    /// released CIFAR settings.
    pub batch_norm_momentum: f64,
}

impl NetworkConfig {
    /// A configuration with the CIFAR batch norm settings.
    #[must_use]
    pub const fn new(
        cells_per_stack: usize,
        filters: usize,
        classes: usize,
        image: ImageShape,
    ) -> Self {
        Self {
            cells_per_stack,
            filters,
            classes,
            image,
            batch_norm_epsilon: 1e-5,
            batch_norm_momentum: 0.1,
        }
    }

    /// Checks every figure.
    ///
    /// # Errors
    /// [`NetworkError`] names the first one that can't be.
    pub fn validate(&self) -> Result<(), NetworkError> {
        let figures = [
            ("number of cells per stack", self.cells_per_stack),
            ("number of filters", self.filters),
            ("number of classes", self.classes),
            ("number of image channels", self.image.channels),
            ("image height", self.image.height),
            ("image width", self.image.width),
        ];
        for (figure, value) in figures {
            if value == 0 {
                return Err(NetworkError::Zero { figure });
            }
        }
        if self.filters < 2 {
            return Err(NetworkError::TooFewFilters {
                filters: self.filters,
            });
        }
        let reals = [
            ("batch norm epsilon", self.batch_norm_epsilon, f64::INFINITY),
            ("batch norm momentum", self.batch_norm_momentum, 1.0),
        ];
        for (figure, value, most) in reals {
            if !(value.is_finite() && value > 0.0 && value <= most) {
                return Err(NetworkError::OutOfRange { figure, value });
            }
        }
        Ok(())
    }
}

/// A network that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NetworkError {
    /// A count is zero.
    #[error("the {figure} is 0; it must be at least 1")]
    Zero {
        /// Which count.
        figure: &'static str,
    },
    /// A factorized reduction needs a filter for each of its two paths.
    #[error("{filters} filter is too few: a factorized reduction has two paths, so use at least 2")]
    TooFewFilters {
        /// How many filters.
        filters: usize,
    },
    /// A real figure is out of range.
    #[error("the {figure} is {value}; it must be above 0, and a momentum at most 1")]
    OutOfRange {
        /// Which figure.
        figure: &'static str,
        /// Its value.
        value: f64,
    },
}
