//! How far a record is sound, for people and programs.

use evonas::records::CheckedRecord;
use evonas::search::journal::RecordError;
use serde_json::{Value, json};

/// The file, what it holds, and what is left of it to resume.
pub(super) fn sound(checked: &CheckedRecord) -> String {
    let CheckedRecord {
        lines,
        bytes,
        finished,
        unfinished,
        ..
    } = checked;
    let task = checked.kind.task();
    let content = match task {
        "search" => format!("{finished} finished trials, {unfinished} unfinished"),
        _ => format!("{finished} finished runs"),
    };
    format!(
        "{}: the record of a {task}\nsound: {lines} lines ({bytes} bytes): {content}",
        checked.path.display()
    )
}

pub(super) fn as_text(checked: &CheckedRecord) -> String {
    let (sound, rest, from) = (sound(checked), checked.unsound_bytes(), checked.bytes);
    match (&checked.damage, rest) {
        (None, 0) => sound,
        (None, _) => format!(
            "{sound}\nincomplete: the last line ({rest} bytes), which is dropped when the {} resumes",
            checked.kind.task()
        ),
        (Some(_), _) => {
            let line = checked.lines + 1;
            format!("{sound}\ndamaged: from line {line} on (byte {from}); {rest} bytes to the end")
        }
    }
}

pub(super) fn as_json(checked: &CheckedRecord) -> Value {
    let damage = match &checked.damage {
        Some(RecordError::Damaged { line, reason, .. }) => {
            json!({"line": line, "byte": checked.bytes, "reason": reason})
        }
        _ => Value::Null,
    };
    json!({
        "file": checked.path.display().to_string(),
        "records": checked.kind.task(),
        "lines": checked.lines,
        "bytes": checked.bytes,
        "file_bytes": checked.file_bytes,
        "finished": checked.finished,
        "unfinished": checked.unfinished,
        "damage": damage,
    })
}
