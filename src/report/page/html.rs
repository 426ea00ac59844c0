//! The parts that panels are made of.

use std::fmt::{Display, Write as _};

use crate::report::markup::escape;

/// A panel: its anchor, its title and its HTML.
pub(super) struct Panel {
    pub(super) id: &'static str,
    pub(super) title: &'static str,
    pub(super) body: String,
}

/// A paragraph of a text, which may be foreign.
pub(super) fn paragraph(text: impl Display) -> String {
    format!("<p>{}</p>", escape(text))
}

/// An image with a title, and a text that says what it shows; of the image's absence, why.
pub(super) fn figure(title: &str, image: Option<&str>, summary: &str) -> String {
    let caption = match summary {
        "" => String::new(),
        summary => format!("<figcaption>{}</figcaption>", escape(summary)),
    };
    format!(
        "<figure><h4>{}</h4>{}{caption}</figure>",
        escape(title),
        image.unwrap_or_default()
    )
}

/// An image that may be wider than a phone, which scrolls on its own.
pub(super) fn scrolling(label: &str, content: &str) -> String {
    format!(
        "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{}\">{content}</div>",
        escape(label)
    )
}

/// A table with a header; cells are texts, and numbers among them are flush right.
pub(super) fn table<R: AsRef<[String]>>(label: &str, head: &[&str], rows: &[R]) -> String {
    let mut html = String::from("<table><thead><tr>");
    for name in head {
        let _ = write!(html, "<th scope=\"col\">{}</th>", escape(name));
    }
    html.push_str("</tr></thead><tbody>");
    for row in rows {
        html.push_str("<tr>");
        for cell in row.as_ref() {
            let _ = match is_number(cell) {
                true => write!(html, "<td class=\"n\">{}</td>", escape(cell)),
                false => write!(html, "<td>{}</td>", escape(cell)),
            };
        }
        html.push_str("</tr>");
    }
    html.push_str("</tbody></table>");
    scrolling(label, &html)
}

/// Whether a text begins like a number.
fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+', '\u{2212}']).unwrap_or(text);
    digits.starts_with(|first: char| first.is_ascii_digit())
}

/// Names and values, one below the other.
pub(super) fn facts(pairs: &[(&str, String)]) -> String {
    let mut html = String::from("<dl>");
    for (name, value) in pairs {
        let _ = write!(
            html,
            "<div><dt>{}</dt><dd>{}</dd></div>",
            escape(name),
            escape(value)
        );
    }
    html + "</dl>"
}

/// A count with its noun: `1 trial`, `2,000 trials`.
pub(super) fn counted(count: usize, noun: &str) -> String {
    let number = crate::report::chart::grouped(count as u64);
    match count {
        1 => format!("1 {noun}"),
        _ => format!("{number} {noun}s"),
    }
}
