//! Intermediate results as JSON, which has no numbers that aren't finite.

use serde::{Deserialize, Serialize};

use crate::evaluator::IntermediateResult;

/// An [`IntermediateResult`] on its way to the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct WireResult {
    step: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_step: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    value: Option<WireNumber>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    metrics: Vec<(String, WireNumber)>,
}

/// Any `f64`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum WireNumber {
    Finite(f64),
    NonFinite(NonFiniteName),
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum NonFiniteName {
    #[serde(rename = "nan")]
    NotANumber,
    #[serde(rename = "inf")]
    Infinite,
    #[serde(rename = "-inf")]
    NegativeInfinite,
}

impl From<f64> for WireNumber {
    fn from(figure: f64) -> Self {
        if figure.is_nan() {
            Self::NonFinite(NonFiniteName::NotANumber)
        } else if figure == f64::INFINITY {
            Self::NonFinite(NonFiniteName::Infinite)
        } else if figure == f64::NEG_INFINITY {
            Self::NonFinite(NonFiniteName::NegativeInfinite)
        } else {
            Self::Finite(figure)
        }
    }
}

impl From<WireNumber> for f64 {
    fn from(figure: WireNumber) -> Self {
        match figure {
            WireNumber::Finite(figure) => figure,
            WireNumber::NonFinite(NonFiniteName::NotANumber) => Self::NAN,
            WireNumber::NonFinite(NonFiniteName::Infinite) => Self::INFINITY,
            WireNumber::NonFinite(NonFiniteName::NegativeInfinite) => Self::NEG_INFINITY,
        }
    }
}

impl From<IntermediateResult> for WireResult {
    fn from(result: IntermediateResult) -> Self {
        let metrics = result.metrics.iter();
        Self {
            step: result.step,
            last_step: result.last_step,
            value: result.value.map(WireNumber::from),
            metrics: metrics
                .map(|(name, figure)| (name.to_owned(), figure.into()))
                .collect(),
        }
    }
}

impl From<WireResult> for IntermediateResult {
    fn from(wire: WireResult) -> Self {
        let mut result = Self::without_value(wire.step);
        result.last_step = wire.last_step;
        result.value = wire.value.map(f64::from);
        for (name, figure) in wire.metrics {
            result.metrics.insert(name, figure.into());
        }
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_arrives_as_it_was() {
        for figure in [
            0.1,
            -0.0,
            f64::MAX,
            5e-324,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ] {
            let result = IntermediateResult::new(3, figure)
                .of(4)
                .with_metric("loss", figure);
            let json = serde_json::to_string(&WireResult::from(result)).unwrap();
            let wire: WireResult = serde_json::from_str(&json).unwrap();
            let read = IntermediateResult::from(wire);
            let bits = |figure: Option<f64>| figure.map(f64::to_bits);
            assert_eq!((read.step, read.last_step), (3, Some(4)));
            assert_eq!(bits(read.value), bits(Some(figure)), "{json}");
            assert_eq!(bits(read.metrics.get("loss")), bits(Some(figure)), "{json}");
        }
        let bare = WireResult::from(IntermediateResult::without_value(1));
        assert_eq!(serde_json::to_string(&bare).unwrap(), r#"{"step":1}"#);
    }
}
