//! Options that raise a reader's limits, by the names that its errors have for them.

use std::fmt;
use std::marker::PhantomData;

use evonas::tabular::TableLimits;
use evonas::training::images::ImageLimits;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Limits that have names.
pub(crate) trait NamedLimits {
    const NAMES: &'static [&'static str];

    /// Sets the limit of this name, which is one of them.
    fn set(&mut self, name: &str, most: u64);
}

impl NamedLimits for TableLimits {
    const NAMES: &'static [&'static str] = &["bytes", "ratio", "values"];

    fn set(&mut self, name: &str, most: u64) {
        match name {
            "bytes" => self.bytes = most,
            "ratio" => self.ratio = most,
            _ => self.values = most,
        }
    }
}

impl NamedLimits for ImageLimits {
    const NAMES: &'static [&'static str] = &["split_bytes", "image_bytes", "image_side", "ratio"];

    fn set(&mut self, name: &str, most: u64) {
        match name {
            "split_bytes" => self.split_bytes = most,
            "image_bytes" => self.image_bytes = most,
            "image_side" => self.image_side = u32::try_from(most).unwrap_or(u32::MAX),
            _ => self.ratio = most,
        }
    }
}

/// A limit from a text such as `bytes=100000000`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RaisedLimit<L> {
    name: &'static str,
    most: u64,
    of: PhantomData<L>,
}

impl<L: NamedLimits> RaisedLimit<L> {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let (name, most) = text
            .split_once('=')
            .ok_or_else(|| format!("'{text}' is not a limit like {}=100000000", L::NAMES[0]))?;
        let found = L::NAMES.iter().find(|known| **known == name);
        let name = found.ok_or_else(|| {
            let (last, first) = L::NAMES.split_last().expect("there are limits");
            format!(
                "'{name}' is not one of the limits {} and {last}",
                first.join(", ")
            )
        })?;
        let most = most.parse().ok().filter(|&most: &u64| most > 0);
        let most =
            most.ok_or_else(|| format!("the limit '{name}' must be a whole number from 1"))?;
        Ok(Self {
            name,
            most,
            of: PhantomData,
        })
    }

    pub(crate) const fn name(&self) -> &'static str {
        self.name
    }

    /// Limits with some of them raised.
    pub(crate) fn applied(raised: &[Self], mut limits: L) -> L {
        for limit in raised {
            limits.set(limit.name, limit.most);
        }
        limits
    }
}

/// The text that it was parsed from.
impl<L> fmt::Display for RaisedLimit<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.most)
    }
}

impl<L> Serialize for RaisedLimit<L> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, L: NamedLimits> Deserialize<'de> for RaisedLimit<L> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_raised_by_its_name_alone() {
        let raise = |text: &str| {
            let limit = RaisedLimit::<ImageLimits>::parse(text).unwrap();
            assert_eq!(limit.to_string(), text);
            RaisedLimit::applied(&[limit], ImageLimits::default())
        };
        let with = |change: fn(&mut ImageLimits)| {
            let mut limits = ImageLimits::default();
            change(&mut limits);
            limits
        };
        assert_eq!(
            raise("split_bytes=7"),
            with(|limits| limits.split_bytes = 7)
        );
        assert_eq!(
            raise("image_bytes=7"),
            with(|limits| limits.image_bytes = 7)
        );
        assert_eq!(raise("ratio=7"), with(|limits| limits.ratio = 7));
        let largest = with(|limits| limits.image_side = u32::MAX);
        assert_eq!(raise("image_side=4294967296"), largest);
        for name in TableLimits::NAMES {
            let limit = RaisedLimit::parse(&format!("{name}=7")).unwrap();
            let limits = RaisedLimit::applied(&[limit], TableLimits::TABLE);
            let raised = [limits.bytes, limits.ratio, limits.values];
            assert_eq!(raised.iter().filter(|&&most| most == 7).count(), 1);
        }
    }
}
