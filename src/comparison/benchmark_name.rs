//! Benchmarks by name.

use std::fmt;
use std::str::FromStr;

/// A benchmark of this crate, as command lines name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BenchmarkName {
    /// [`BitsBenchmark`](super::BitsBenchmark).
    Bits,
    /// `NasBench201Benchmark`, with the feature `tabular`.
    NasBench201,
    /// `DigitsBenchmark`, with the feature `burn`.
    Digits,
}

impl BenchmarkName {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Bits, Self::NasBench201, Self::Digits];

    /// The name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bits => "bits",
            Self::NasBench201 => "nasbench201",
            Self::Digits => "digits",
        }
    }
}

impl fmt::Display for BenchmarkName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// A name that is no benchmark.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no benchmark '{name}'; there are {known}", name = .0, known = known())]
pub struct UnknownBenchmark(String);

fn known() -> String {
    BenchmarkName::ALL.map(BenchmarkName::name).join(", ")
}

impl FromStr for BenchmarkName {
    type Err = UnknownBenchmark;

    fn from_str(text: &str) -> Result<Self, UnknownBenchmark> {
        Self::ALL
            .into_iter()
            .find(|benchmark| benchmark.name() == text)
            .ok_or_else(|| UnknownBenchmark(text.to_owned()))
    }
}
