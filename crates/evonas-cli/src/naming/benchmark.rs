//! The benchmarks by name.

use clap::ValueEnum;

/// What algorithms are compared on.
#[derive(Clone, Copy, Debug, PartialEq, ValueEnum)]
pub(crate) enum BenchmarkName {
    /// The paper's toy problem: noisy counts of ones in bit strings
    Bits,
    /// A table of trained networks
    #[value(name = "nasbench201")]
    NasBench201,
    /// Real training of small networks on the embedded digits, by trials
    Digits,
    /// The same by equal compute, judged by trainings from scratch
    DigitsByCompute,
    /// Real training by equal compute on IDX files, such as Fashion-MNIST, in --data
    IdxByCompute,
}

impl BenchmarkName {
    /// The name that `--benchmark` takes.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Bits => "bits",
            Self::NasBench201 => "nasbench201",
            Self::Digits => "digits",
            Self::DigitsByCompute => "digits-by-compute",
            Self::IdxByCompute => "idx-by-compute",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn benchmarks_have_the_names_that_they_parse_from() {
        for benchmark in BenchmarkName::value_variants() {
            let value = benchmark.to_possible_value().unwrap();
            assert_eq!(value.get_name(), benchmark.as_str());
            assert_eq!(
                BenchmarkName::from_str(value.get_name(), false),
                Ok(*benchmark)
            );
        }
        assert!(BenchmarkName::from_str("mnist", false).is_err());
    }
}
