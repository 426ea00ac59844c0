//! Descriptions, which tell whether a recorded search or comparison may resume.
//!
//! Every part of a search describes itself as a JSON value built from its settings. A journal keeps the
//! descriptions, and a resumed search must have the same: [`first_difference`] names the setting that
//! changed, as in `algorithm.population: 100 recorded, 50 now`.
//!
//! ```
//! use evonas::description::{first_difference, named};
//! use serde::Serialize;
//! use serde_json::json;
//!
//! #[derive(Serialize)]
//! struct Warehouse {
//!     shelves: usize,
//! }
//!
//! let recorded = named("Warehouse", &Warehouse { shelves: 3 });
//! assert_eq!(recorded, json!({"type": "Warehouse", "shelves": 3}));
//!
//! let now = named("Warehouse", &Warehouse { shelves: 4 });
//! let difference = first_difference(&recorded, &now).expect("the number of shelves differs");
//! assert_eq!(difference.to_string(), "shelves: 3 recorded, 4 now");
//! ```

use std::any::type_name;
use std::fmt;

use serde::Serialize;
use serde_json::{Map, Value};

use crate::excerpt::passage;

/// The field of a description that says what is described, and that is compared first.
const TYPE: &str = "type";

/// Describes `settings` by their serialized form.
///
/// # Panics
/// If the settings have no JSON form: a map whose keys aren't strings or numbers, for example.
pub fn of<T: Serialize + ?Sized>(settings: &T) -> Value {
    serde_json::to_value(settings)
        .unwrap_or_else(|error| panic!("{} has no JSON form: {error}", type_name::<T>()))
}

/// Describes `settings` together with the name of what they configure, in a field `type`.
///
/// The name distinguishes parts with equal settings, or with none. Settings that aren't an object,
/// or have a field `type` of their own, go into a field `settings`.
///
/// # Panics
/// As [`of`].
pub fn named<T: Serialize + ?Sized>(name: &str, settings: &T) -> Value {
    let mut fields = Map::new();
    fields.insert(TYPE.to_owned(), name.into());
    match of(settings) {
        Value::Null => {}
        Value::Object(settings) if !settings.contains_key(TYPE) => fields.extend(settings),
        other => {
            fields.insert("settings".to_owned(), other);
        }
    }
    Value::Object(fields)
}

/// Describes a part by its type's name alone: the default where nothing better is given.
pub(crate) fn of_type<T: ?Sized>() -> Value {
    named(type_name::<T>(), &())
}

/// The first place where two descriptions differ. Its text reads
/// `training.learning_rate: 0.1 recorded, 0.5 now`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Difference {
    /// The names of fields that lead to it, joined by dots, with positions in lists in brackets; empty
    /// if the descriptions differ as a whole.
    pub path: String,
    /// The recorded value; `None` if the record has nothing there.
    pub recorded: Option<Value>,
    /// The present value; `None` if there is nothing there now.
    pub now: Option<Value>,
}

impl Difference {
    /// The same difference seen from the description that holds these two in `field`.
    #[must_use]
    pub fn within(mut self, field: &str) -> Self {
        self.path = match self.path.as_str() {
            "" => field.to_owned(),
            path if path.starts_with('[') => format!("{field}{path}"),
            path => format!("{field}.{path}"),
        };
        self
    }
}

impl Difference {
    /// Its text with other words than `recorded` and `now` for the two sides.
    pub(crate) fn between<'a>(&'a self, recorded: &'a str, now: &'a str) -> impl fmt::Display + 'a {
        fmt::from_fn(move |f| {
            if !self.path.is_empty() {
                write!(f, "{}: ", passage(&self.path))?;
            }
            let (first, second) = (
                shortened(self.recorded.as_ref()),
                shortened(self.now.as_ref()),
            );
            write!(
                f,
                "{} {recorded}, {} {now}",
                passage(&first),
                passage(&second)
            )
        })
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.between("recorded", "now").fmt(f)
    }
}

/// A value's JSON, cut where it gets too long for a message.
fn shortened(value: Option<&Value>) -> String {
    const CHARACTERS: usize = 200;
    let Some(value) = value else {
        return "nothing".to_owned();
    };
    let mut text = value.to_string();
    if let Some((end, _)) = text.char_indices().nth(CHARACTERS) {
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Finds the first difference between two descriptions: `None` if they are equal.
///
/// Of an object, the field `type` is compared first, then the others in alphabetical order.
#[must_use]
pub fn first_difference(recorded: &Value, now: &Value) -> Option<Difference> {
    difference(Some(recorded), Some(now))
}

fn difference(recorded: Option<&Value>, now: Option<&Value>) -> Option<Difference> {
    match (recorded, now) {
        (Some(recorded), Some(now)) if recorded == now => None,
        (Some(Value::Object(recorded)), Some(Value::Object(now))) => {
            let mut fields: Vec<_> = recorded.keys().chain(now.keys()).collect();
            fields.sort_by_key(|&field| (field != TYPE, field));
            fields.into_iter().find_map(|field| {
                Some(difference(recorded.get(field), now.get(field))?.within(field))
            })
        }
        (Some(Value::Array(recorded)), Some(Value::Array(now))) => {
            (0..recorded.len().max(now.len())).find_map(|place| {
                let difference = difference(recorded.get(place), now.get(place))?;
                Some(difference.within(&format!("[{place}]")))
            })
        }
        (None, None) => None,
        _ => Some(Difference {
            path: String::new(),
            recorded: recorded.cloned(),
            now: now.cloned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(recorded: &Value, now: &Value) -> Option<String> {
        first_difference(recorded, now).map(|difference| difference.to_string())
    }

    #[test]
    fn a_difference_is_named_by_its_path() {
        let recorded = json!({"training": {"epochs": 3, "rates": [0.1, {"last": 0.2}]}, "seed": 1});
        assert_eq!(text(&recorded, &recorded), None);
        for (pointer, value, message) in [
            (
                "/training/epochs",
                json!(4),
                "training.epochs: 3 recorded, 4 now",
            ),
            (
                "/training/rates/1/last",
                json!(0.5),
                "training.rates[1].last: 0.2 recorded, 0.5 now",
            ),
            (
                "/training/rates",
                json!([0.1]),
                r#"training.rates[1]: {"last":0.2} recorded, nothing now"#,
            ),
            ("/seed", Value::Null, "seed: 1 recorded, null now"),
        ] {
            let mut now = recorded.clone();
            *now.pointer_mut(pointer).unwrap() = value;
            assert_eq!(text(&recorded, &now).as_deref(), Some(message));
        }
        let more = json!({"training": recorded["training"], "seed": 1, "workers": 2});
        assert_eq!(
            text(&recorded, &more).as_deref(),
            Some("workers: nothing recorded, 2 now")
        );
        assert_eq!(
            text(&json!(1), &json!("one")).as_deref(),
            Some("1 recorded, \"one\" now")
        );
    }

    #[test]
    fn the_type_is_compared_first() {
        let (tournament, oldest) = (
            json!({"size": 3, "type": "A"}),
            json!({"size": 4, "type": "B"}),
        );
        assert_eq!(
            text(&tournament, &oldest).as_deref(),
            Some(r#"type: "A" recorded, "B" now"#)
        );
    }

    #[test]
    fn parts_without_settings_differ_by_their_names() {
        #[derive(Serialize)]
        struct Nothing;
        #[derive(Serialize)]
        struct Typed {
            r#type: u8,
        }
        assert_eq!(named("Nothing", &Nothing), json!({"type": "Nothing"}));
        assert_eq!(
            named("Typed", &Typed { r#type: 1 }),
            json!({"type": "Typed", "settings": {"type": 1}})
        );
        assert_eq!(
            named("List", &[1, 2]),
            json!({"type": "List", "settings": [1, 2]})
        );
    }

    #[test]
    fn a_description_reads_back_from_json_as_it_was() {
        let value = of(&(0.1_f32, 0.1, 1.0, u64::MAX, -3, f64::NAN, "text"));
        let read: Value = serde_json::from_str(&value.to_string()).unwrap();
        assert_eq!(text(&value, &read), None);
    }

    #[test]
    fn a_long_value_is_cut_in_the_message() {
        let message = text(&json!("é".repeat(1000)), &json!(1)).unwrap();
        assert!(message.chars().count() < 230, "{message}");
        assert!(message.ends_with("… recorded, 1 now"), "{message}");
    }
}
