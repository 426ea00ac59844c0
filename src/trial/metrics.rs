//! Named figures, stored compactly.

use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Named figures, sorted by name. A search keeps a few of them for every trial, so they are one short list.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Metrics(Vec<(Box<str>, f64)>);

impl Metrics {
    /// No figures.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The figure of this name, if there is one.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<f64> {
        self.place(name).ok().map(|place| self.0[place].1)
    }

    /// Sets a figure, replacing one of the same name.
    pub fn insert(&mut self, name: impl Into<String>, value: f64) {
        let name = name.into();
        match self.place(&name) {
            Ok(place) => self.0[place].1 = value,
            Err(place) => {
                self.0.reserve_exact(1);
                self.0.insert(place, (name.into_boxed_str(), value));
            }
        }
    }

    /// Removes a figure, and returns it if there was one of this name.
    pub fn remove(&mut self, name: &str) -> Option<f64> {
        let place = self.place(name).ok()?;
        Some(self.0.remove(place).1)
    }

    /// The figures in the order of their names.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, value)| (&**name, *value))
    }

    /// The number of figures.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are no figures.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn place(&self, name: &str) -> Result<usize, usize> {
        self.0.binary_search_by(|(other, _)| (**other).cmp(name))
    }
}

impl<N: Into<String>> FromIterator<(N, f64)> for Metrics {
    fn from_iter<I: IntoIterator<Item = (N, f64)>>(figures: I) -> Self {
        let mut metrics = Self::new();
        for (name, value) in figures {
            metrics.insert(name, value);
        }
        metrics
    }
}

impl Serialize for Metrics {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> Deserialize<'de> for Metrics {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Figures;

        impl<'de> Visitor<'de> for Figures {
            type Value = Metrics;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map of names to numbers")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Metrics, M::Error> {
                let mut metrics = Metrics::new();
                while let Some((name, value)) = map.next_entry::<String, f64>()? {
                    metrics.insert(name, value);
                }
                Ok(metrics)
            }
        }

        deserializer.deserialize_map(Figures)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_sorted_and_replaced_by_name() {
        let mut metrics: Metrics = [("b", 2.0), ("a", 1.0), ("b", 3.0)].into_iter().collect();
        metrics.insert("c", 0.5);
        metrics.insert("d", 4.0);
        assert_eq!(
            (metrics.remove("d"), metrics.remove("d")),
            (Some(4.0), None)
        );
        let listed: Vec<_> = metrics.iter().collect();
        assert_eq!(listed, [("a", 1.0), ("b", 3.0), ("c", 0.5)]);
        assert_eq!((metrics.get("b"), metrics.get("d")), (Some(3.0), None));
        let json = serde_json::to_string(&metrics).unwrap();
        assert_eq!(json, r#"{"a":1.0,"b":3.0,"c":0.5}"#);
        assert_eq!(serde_json::from_str::<Metrics>(&json).unwrap(), metrics);
    }
}
