//! The configuration, and the commands that continue from here.

use std::fmt::Write as _;

use serde_json::Value;

use crate::excerpt::passage;
use crate::report::chart::{date, grouped};
use crate::report::markup::escape;
use crate::report::page::digest::RunDigest;
use crate::report::page::html::{Panel, paragraph, table};
use crate::search::journal::JournalHeader;

/// The most settings of a kind that are listed.
const MOST: usize = 120;

pub(super) fn panel(run: &RunDigest<'_>) -> Panel {
    let mut body = String::new();
    if !run.run.commands.is_empty() {
        body += "<h4>To go on from here</h4><dl class=\"commands\">";
        for (purpose, command) in &run.run.commands {
            let _ = write!(
                body,
                "<div><dt>{}</dt><dd><code>{}</code></dd></div>",
                escape(purpose),
                escape(command)
            );
        }
        body += "</dl>";
    }
    let header = &run.run.timeline.header;
    let mut recorded = vec![
        ["seed".to_owned(), header.seed.to_string()],
        ["version of evonas".to_owned(), header.crate_version.clone()],
        [
            "format of the journal".to_owned(),
            header.format.to_string(),
        ],
    ];
    if let Some(started) = run.run.timeline.started {
        recorded.push(["began".to_owned(), date(started)]);
    }
    body += "<h4>The search</h4>";
    body += &table("The search", &["setting", "value"], &recorded);
    for (title, value) in [
        ("Space", &header.description.space),
        ("Algorithm", &header.description.algorithm),
        ("Evaluator", &header.evaluator),
    ] {
        body += &settings(title, value);
    }
    for (title, value) in &run.run.settings {
        body += &settings(title, value);
    }
    Panel {
        id: "settings",
        title: "Configuration",
        body,
    }
}

/// The algorithm in a few words: its type, and what a population it has.
pub(in crate::report::page) fn algorithm_name(header: &JournalHeader) -> String {
    let algorithms = header.description.wrapped();
    let names: Vec<String> = algorithms.map(described_algorithm).collect();
    names.join(" of ")
}

fn described_algorithm(algorithm: &Value) -> String {
    let name = algorithm["type"].as_str().unwrap_or("not recorded");
    let size = |value: &Value, what: &str| match value.as_u64() {
        Some(size) => format!(", {what} {}", grouped(size)),
        None => String::new(),
    };
    let kind = match algorithm["replacement"]["type"].as_str() {
        Some("Oldest") => " (aging)",
        Some("WorstOfSample") => " (non-aging)",
        Some("WorstOfPopulation") => " (steady state)",
        _ => "",
    };
    format!(
        "{}{kind}{}{}",
        passage(name),
        size(&algorithm["population"], "population"),
        size(&algorithm["selection"]["size"], "sample")
    )
}

fn settings(title: &str, value: &Value) -> String {
    let mut rows = Vec::new();
    flatten(String::new(), value, &mut rows);
    if rows.is_empty() {
        return String::new();
    }
    let more = rows.len().saturating_sub(MOST);
    rows.truncate(MOST);
    let mut html = format!(
        "<details><summary>{}</summary>{}",
        escape(title),
        table(title, &["setting", "value"], &rows)
    );
    if more > 0 {
        html += &paragraph(format_args!("And {} more.", grouped(more as u64)));
    }
    html + "</details>"
}

/// The settings inside a value, by their paths; short lists stay whole.
fn flatten(path: String, value: &Value, rows: &mut Vec<[String; 2]>) {
    let is_plain = |value: &Value| !value.is_object() && !value.is_array();
    match value {
        _ if rows.len() > MOST => {}
        Value::Null if path.is_empty() => {}
        Value::Object(fields) if !fields.is_empty() => {
            for (name, value) in fields {
                let path = match path.as_str() {
                    "" => name.clone(),
                    path => format!("{path}.{name}"),
                };
                flatten(path, value, rows);
            }
        }
        Value::Array(values) if !values.iter().all(is_plain) => {
            for (place, value) in values.iter().enumerate() {
                flatten(format!("{path}[{place}]"), value, rows);
            }
        }
        value => {
            let text = match value {
                Value::String(text) => text.clone(),
                Value::Array(values) => {
                    let texts: Vec<String> = values.iter().map(ToString::to_string).collect();
                    texts.join(", ")
                }
                value => value.to_string(),
            };
            let path = if path.is_empty() {
                "value".to_owned()
            } else {
                path
            };
            rows.push([passage(&path).to_string(), passage(&text).to_string()]);
        }
    }
}
