//! Pickled Python values by their position.

use std::borrow::Cow;
use std::io::Read;
use std::path::Path;

use bzip2::read::BzDecoder;
use serde_pickle::{DeOptions, HashableValue, Value};

use super::error::NatsBenchError;

/// Reads a pickle compressed with bzip2.
pub(super) fn read(path: &Path) -> Result<Value, NatsBenchError> {
    let error = |source| NatsBenchError::Read {
        path: path.to_owned(),
        source,
    };
    let file = std::fs::File::open(path).map_err(error)?;
    let mut bytes = Vec::new();
    BzDecoder::new(file)
        .read_to_end(&mut bytes)
        .map_err(error)?;
    let options = DeOptions::new().replace_unresolved_globals();
    serde_pickle::value_from_slice(&with_plain_dicts(&bytes), options).map_err(|source| {
        NatsBenchError::Pickle {
            path: path.to_owned(),
            source: source.into(),
        }
    })
}

/// How pickles name `collections.OrderedDict`, as two strings (from protocol 4) or two lines (before),
/// each with its replacement.
const REPLACEMENTS: [(&[u8], &[u8]); 3] = [
    (b"\x8c\x0bcollections", b"\x8c\x07copyreg"),
    (b"\x8c\x0bOrderedDict", b"\x8c\x0e_reconstructor"),
    (
        b"ccollections\nOrderedDict\n",
        b"ccopyreg\n_reconstructor\n",
    ),
];

/// The pickle with every `OrderedDict` as a plain dictionary.
///
/// The official files hold the epochs' times in `OrderedDict`s. serde-pickle reads a class that it doesn't
/// know as an opaque object, which can't take items, but `copyreg._reconstructor` as an empty dictionary;
/// so that name replaces the other one. The frame lengths are wrong afterward, but serde-pickle ignores
/// them.
fn with_plain_dicts(bytes: &[u8]) -> Cow<'_, [u8]> {
    let mut bytes = Cow::Borrowed(bytes);
    for (ordered_dict, reconstructor) in REPLACEMENTS {
        let mut changed = Vec::new();
        let mut rest = &*bytes;
        while let Some(start) = position(rest, ordered_dict) {
            changed.extend_from_slice(&rest[..start]);
            changed.extend_from_slice(reconstructor);
            rest = &rest[start + ordered_dict.len()..];
        }
        if rest.len() < bytes.len() {
            changed.extend_from_slice(rest);
            bytes = Cow::Owned(changed);
        }
    }
    bytes
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

/// A value within a pickle, with the path to it.
#[derive(Clone, Debug)]
pub(super) struct PickleValue<'a> {
    file: &'a Path,
    path: String,
    /// `None` if the path leads nowhere.
    value: Option<&'a Value>,
}

impl<'a> PickleValue<'a> {
    pub(super) const fn root(file: &'a Path, value: &'a Value) -> Self {
        Self {
            file,
            path: String::new(),
            value: Some(value),
        }
    }

    /// A dictionary's value for a key.
    pub(super) fn get(&self, key: &HashableValue) -> Self {
        let name = key_text(key);
        Self {
            file: self.file,
            path: match self.path.is_empty() {
                true => name,
                false => format!("{}/{name}", self.path),
            },
            value: match self.value {
                Some(Value::Dict(items)) => items.get(key),
                _ => None,
            },
        }
    }

    /// A dictionary's value for a string.
    pub(super) fn key(&self, key: &str) -> Self {
        self.get(&HashableValue::String(key.to_owned()))
    }

    pub(super) fn text(&self) -> Result<&'a str, NatsBenchError> {
        match self.value {
            Some(Value::String(text)) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub(super) fn integer(&self) -> Result<i64, NatsBenchError> {
        match self.value {
            Some(&Value::I64(integer)) => Ok(integer),
            _ => Err(self.expected("a whole number")),
        }
    }

    pub(super) fn number(&self) -> Result<f64, NatsBenchError> {
        number(self.value).ok_or_else(|| self.expected("a number"))
    }

    /// The numbers of a list, a tuple or a dictionary's values.
    pub(super) fn numbers(&self) -> Result<Vec<f64>, NatsBenchError> {
        let values: Vec<&Value> = match self.value {
            Some(Value::List(values) | Value::Tuple(values)) => values.iter().collect(),
            Some(Value::Dict(items)) => items.values().collect(),
            _ => return Err(self.expected("a collection of numbers")),
        };
        values
            .into_iter()
            .map(|value| {
                number(Some(value)).ok_or_else(|| self.expected("a collection of numbers"))
            })
            .collect()
    }

    /// The whole numbers of a list.
    pub(super) fn integers(&self) -> Result<Vec<i64>, NatsBenchError> {
        match self.value {
            Some(Value::List(values)) => values
                .iter()
                .map(|value| match value {
                    Value::I64(integer) => Ok(*integer),
                    _ => Err(self.expected("a list of whole numbers")),
                })
                .collect(),
            _ => Err(self.expected("a list of whole numbers")),
        }
    }

    pub(super) const fn is_none(&self) -> bool {
        matches!(self.value, None | Some(Value::None))
    }

    /// The error for a value that isn't `wanted`.
    pub(super) fn expected(&self, wanted: &'static str) -> NatsBenchError {
        NatsBenchError::Layout {
            path: self.file.to_owned(),
            place: self.path.clone(),
            found: kind(self.value),
            wanted,
        }
    }
}

fn number(value: Option<&Value>) -> Option<f64> {
    match value {
        Some(&Value::F64(number)) if number.is_finite() => Some(number),
        Some(&Value::I64(number)) => Some(number as f64),
        _ => None,
    }
}

fn kind(value: Option<&Value>) -> &'static str {
    match value {
        None => "nothing",
        Some(Value::None) => "None or an unknown object",
        Some(Value::Bool(_)) => "a truth value",
        Some(Value::I64(_) | Value::Int(_)) => "a whole number",
        Some(Value::F64(_)) => "a number",
        Some(Value::Bytes(_)) => "bytes",
        Some(Value::String(_)) => "a string",
        Some(Value::List(_)) => "a list",
        Some(Value::Tuple(_)) => "a tuple",
        Some(Value::Set(_) | Value::FrozenSet(_)) => "a set",
        Some(Value::Dict(_)) => "a dictionary",
    }
}

fn key_text(key: &HashableValue) -> String {
    match key {
        HashableValue::String(text) => text.clone(),
        HashableValue::I64(number) => number.to_string(),
        HashableValue::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(key_text).collect();
            format!("({})", parts.join(", "))
        }
        other => format!("{other:?}"),
    }
}
