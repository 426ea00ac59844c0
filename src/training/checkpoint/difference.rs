//! The first difference between two descriptions.

use serde_json::{Map, Value};

/// The first difference between two values, `path: recorded, now`, inside the field `path`.
pub(super) fn first_difference(path: &str, recorded: &Value, now: &Value) -> Option<String> {
    if recorded == now {
        return None;
    }
    if let (Value::Object(recorded), Value::Object(now)) = (recorded, now) {
        let mut keys: Vec<_> = recorded.keys().chain(now.keys()).collect();
        keys.sort();
        let value = |map: &Map<String, Value>, key: &str| map.get(key).cloned().unwrap_or_default();
        return keys.into_iter().find_map(|key| {
            let below = match path {
                "" => key.clone(),
                _ => format!("{path}.{key}"),
            };
            first_difference(&below, &value(recorded, key), &value(now, key))
        });
    }
    Some(format!("{path}: {recorded} recorded, {now} now"))
}
