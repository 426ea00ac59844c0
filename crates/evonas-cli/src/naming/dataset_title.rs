//! Data sets as their authors write them, for the titles of drawings.

/// The title of a benchmark's data set; a name that isn't known stays as it is.
pub(crate) fn dataset_title(name: &str) -> &str {
    match name {
        "cifar10" => "CIFAR-10",
        "cifar100" => "CIFAR-100",
        "imagenet16-120" => "ImageNet16-120",
        "bits" => "Bits",
        "digits" => "Digits",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use evonas::comparison::{Benchmark as _, BitsBenchmark, DigitsBenchmark};
    use evonas::tabular::Dataset;

    use super::dataset_title;

    #[test]
    fn every_benchmark_has_a_title_with_a_capital_letter() {
        let bits = BitsBenchmark::default().dataset();
        let digits = DigitsBenchmark::builder().build().unwrap().dataset();
        let tables = Dataset::ALL.map(|dataset| dataset.name().to_owned());
        for name in tables.into_iter().chain([bits, digits]) {
            let title = dataset_title(&name);
            assert!(title.starts_with(char::is_uppercase), "{title}");
            assert_eq!(title.to_lowercase().replace('-', ""), name.replace('-', ""));
        }
    }
}
