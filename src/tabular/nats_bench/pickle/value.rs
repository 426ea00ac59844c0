//! Pickled values by their position.

use super::Pickle;
use super::object::{ObjectId, PythonKey, PythonObject};
use crate::excerpt::excerpt;
use crate::tabular::nats_bench::NatsBenchError;

/// A value within a pickle, with the path to it.
#[derive(Clone)]
pub(in super::super) struct PickleValue<'a> {
    pickle: &'a Pickle,
    path: String,
    /// `None` if the path leads nowhere.
    value: Option<ObjectId>,
}

impl<'a> PickleValue<'a> {
    pub(super) const fn root(pickle: &'a Pickle) -> Self {
        Self {
            pickle,
            path: String::new(),
            value: Some(pickle.root),
        }
    }

    fn object(&self) -> Option<&'a PythonObject> {
        self.value.map(|id| self.pickle.object(id))
    }

    /// A dictionary's value for a key.
    pub(in super::super) fn get(&self, key: &PythonKey) -> Self {
        let name = key_text(key);
        Self {
            pickle: self.pickle,
            path: match self.path.is_empty() {
                true => name,
                false => format!("{}/{name}", self.path),
            },
            value: match self.object() {
                Some(PythonObject::Dict(items)) => {
                    let found = items.binary_search_by(|(other, _)| other.cmp(key));
                    found.ok().map(|index| items[index].1)
                }
                _ => None,
            },
        }
    }

    /// A dictionary's value for a string.
    pub(in super::super) fn key(&self, key: &str) -> Self {
        self.get(&PythonKey::Text(key.into()))
    }

    pub(in super::super) fn text(&self) -> Result<&'a str, NatsBenchError> {
        match self.object() {
            Some(PythonObject::Text(text)) => Ok(text),
            _ => Err(self.expected("a string")),
        }
    }

    pub(in super::super) fn integer(&self) -> Result<i64, NatsBenchError> {
        match self.object() {
            Some(&PythonObject::Integer(integer)) => Ok(integer),
            _ => Err(self.expected("a whole number")),
        }
    }

    pub(in super::super) fn number(&self) -> Result<f64, NatsBenchError> {
        number(self.object()).ok_or_else(|| self.expected("a number"))
    }

    /// The numbers of a list, a tuple or a dictionary's values.
    pub(in super::super) fn numbers(&self) -> Result<Vec<f64>, NatsBenchError> {
        let values: Vec<ObjectId> = match self.object() {
            Some(PythonObject::List(values) | PythonObject::Tuple(values)) => values.clone(),
            Some(PythonObject::Dict(items)) => items.iter().map(|&(_, value)| value).collect(),
            _ => return Err(self.expected("a collection of numbers")),
        };
        values
            .into_iter()
            .map(|id| {
                number(Some(self.pickle.object(id)))
                    .ok_or_else(|| self.expected("a collection of numbers"))
            })
            .collect()
    }

    /// The whole numbers of a list.
    pub(in super::super) fn integers(&self) -> Result<Vec<i64>, NatsBenchError> {
        let Some(PythonObject::List(values)) = self.object() else {
            return Err(self.expected("a list of whole numbers"));
        };
        values
            .iter()
            .map(|&id| match self.pickle.object(id) {
                PythonObject::Integer(integer) => Ok(*integer),
                _ => Err(self.expected("a list of whole numbers")),
            })
            .collect()
    }

    pub(in super::super) fn is_none(&self) -> bool {
        matches!(
            self.object(),
            None | Some(PythonObject::None | PythonObject::Global(_))
        )
    }

    /// The error for a value that isn't `wanted`.
    pub(in super::super) fn expected(&self, wanted: &'static str) -> NatsBenchError {
        NatsBenchError::Layout {
            path: self.pickle.path.clone(),
            place: self.path.clone(),
            found: kind(self.object()),
            wanted,
        }
    }
}

fn number(object: Option<&PythonObject>) -> Option<f64> {
    match object {
        Some(&PythonObject::Float(number)) if number.is_finite() => Some(number),
        Some(&PythonObject::Integer(number)) => Some(number as f64),
        _ => None,
    }
}

const fn kind(object: Option<&PythonObject>) -> &'static str {
    match object {
        None => "nothing",
        Some(PythonObject::None | PythonObject::Global(_)) => "None or an unknown object",
        Some(PythonObject::Bool) => "a truth value",
        Some(PythonObject::Integer(_)) => "a whole number",
        Some(PythonObject::LargeInteger) => "a whole number of more than 64 bits",
        Some(PythonObject::Float(_)) => "a number",
        Some(PythonObject::Bytes) => "bytes",
        Some(PythonObject::Text(_)) => "a string",
        Some(PythonObject::List(_)) => "a list",
        Some(PythonObject::Tuple(_)) => "a tuple",
        Some(PythonObject::Set) => "a set",
        Some(PythonObject::Dict(_)) => "a dictionary",
    }
}

fn key_text(key: &PythonKey) -> String {
    match key {
        PythonKey::Text(text) => excerpt(text).to_string(),
        PythonKey::Integer(number) => number.to_string(),
        PythonKey::Tuple(parts) => {
            let parts: Vec<String> = parts.iter().map(key_text).collect();
            format!("({})", parts.join(", "))
        }
        PythonKey::Other(_) => "an object".to_owned(),
    }
}
