//! The table's data sets and accuracies.

use std::fmt;

/// A data set on which the architectures were trained.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dataset {
    /// CIFAR-10. Validated on half of its training images, tested on its test images.
    Cifar10 = 0,
    /// CIFAR-100. Validated and tested on the two halves of its test images.
    Cifar100 = 1,
    /// ImageNet at 16x16 pixels with 120 classes. Validated and tested on the two halves of its validation
    /// images.
    ImageNet16 = 2,
}

impl Dataset {
    /// All data sets.
    pub const ALL: [Self; 3] = [Self::Cifar10, Self::Cifar100, Self::ImageNet16];

    /// The name in reports and on command lines. The benchmark capitalizes it: `ImageNet16-120`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cifar10 => "cifar10",
            Self::Cifar100 => "cifar100",
            Self::ImageNet16 => "imagenet16-120",
        }
    }

    /// The prefix of the data set's columns.
    pub(super) const fn prefix(self) -> &'static str {
        match self {
            Self::Cifar10 => "c10",
            Self::Cifar100 => "c100",
            Self::ImageNet16 => "in16",
        }
    }

    /// The duration of an epoch relative to one on `cifar10-valid`.
    pub(super) const fn epoch_scale(self) -> f64 {
        match self {
            Self::Cifar10 => 1.0,
            Self::Cifar100 => 2.0,
            Self::ImageNet16 => 6.068,
        }
    }

    pub(super) const fn validation_images(self) -> f64 {
        match self {
            Self::Cifar10 => 25_000.0,
            Self::Cifar100 => 5_000.0,
            Self::ImageNet16 => 3_000.0,
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// One of a cell's accuracies on a data set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Metric {
    /// On the validation images after the 12-epoch schedule: the search's reward in the benchmark.
    Valid12 = 0,
    /// On the test images after the 12-epoch schedule.
    Test12 = 1,
    /// On the validation images after 200 epochs.
    Valid200 = 2,
    /// On the test images after 200 epochs: the result that the benchmark reports.
    Test200 = 3,
}

impl Metric {
    /// All accuracies.
    pub const ALL: [Self; 4] = [Self::Valid12, Self::Test12, Self::Valid200, Self::Test200];

    /// The name in the table's columns.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Valid12 => "val12",
            Self::Test12 => "test12",
            Self::Valid200 => "val200",
            Self::Test200 => "test200",
        }
    }

    pub(super) const fn epochs(self) -> f64 {
        match self {
            Self::Valid12 | Self::Test12 => 12.0,
            Self::Valid200 | Self::Test200 => 200.0,
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}
