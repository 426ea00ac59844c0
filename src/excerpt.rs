//! Foreign text inside messages.
//!
//! What comes from a file, a path or the user's code may hold anything. Here it becomes text that can't act on a
//! terminal, can't pretend to be another line, and is short enough to read.

use std::fmt::{self, Display, Write as _};
use std::path::Path;

/// The most characters of a name or a value that a message shows.
const MOST: usize = 120;

/// The most characters of a reason, a genotype or another longer text that a message shows.
const MOST_OF_A_PASSAGE: usize = 1000;

/// The beginning of a name or a value, in one line.
pub(crate) fn excerpt(text: &str) -> impl Display {
    Excerpt { text, most: MOST }
}

/// The beginning of a longer text, such as another error's message or a genotype, in one line.
pub(crate) fn passage(text: &str) -> impl Display {
    Excerpt {
        text,
        most: MOST_OF_A_PASSAGE,
    }
}

/// A path, whole, in one line.
pub(crate) fn shown(path: &Path) -> impl Display {
    Escaped(path.display())
}

/// All of a text, in one line.
pub(crate) fn escaped(text: impl Display) -> impl Display {
    Escaped(text)
}

/// All of a text whose line breaks and tabs are its own, for a terminal. Only what else would act on one is escaped;
/// text that is JSON stays JSON of the same value.
#[cfg(feature = "report")]
pub(crate) fn escaped_lines(text: impl Display) -> impl Display {
    EscapedLines(text)
}

struct Excerpt<'a> {
    text: &'a str,
    most: usize,
}

impl Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.text.chars();
        for character in characters.by_ref().take(self.most) {
            write_escaped(f, character)?;
        }
        match characters.count() {
            0 => Ok(()),
            rest => write!(f, "… ({rest} more characters)"),
        }
    }
}

struct Escaped<T>(T);

impl<T: Display> Display for Escaped<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Writer(f, write_escaped), "{}", self.0)
    }
}

#[cfg(feature = "report")]
struct EscapedLines<T>(T);

#[cfg(feature = "report")]
impl<T: Display> Display for EscapedLines<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(Writer(f, write_of_lines), "{}", self.0)
    }
}

/// Passes text on character by character.
struct Writer<'a, 'b>(
    &'a mut fmt::Formatter<'b>,
    fn(&mut fmt::Formatter<'_>, char) -> fmt::Result,
);

impl fmt::Write for Writer<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let Self(formatter, write) = self;
        text.chars()
            .try_for_each(|character| write(formatter, character))
    }
}

#[cfg(feature = "report")]
fn write_of_lines(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' | '\t' => f.write_char(character),
        _ => write_escaped(f, character),
    }
}

/// Escapes as JSON does, so that text that is JSON stays JSON.
fn write_escaped(f: &mut fmt::Formatter<'_>, character: char) -> fmt::Result {
    match character {
        '\n' => f.write_str("\\n"),
        '\r' => f.write_str("\\r"),
        '\t' => f.write_str("\\t"),
        _ if acts(character) => write!(f, "\\u{:04x}", u32::from(character)),
        _ => f.write_char(character),
    }
}

/// Whether a character does something instead of being shown: control characters, line separators, and what changes
/// the direction of writing. All of these have four hexadecimal digits.
fn acts(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_shown_whole() {
        for text in ["", "sep3@0", "größe", "🔬", &"x".repeat(MOST)] {
            assert_eq!(excerpt(text).to_string(), text);
        }
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_escaped() {
        let long = excerpt(&"ä".repeat(MOST + 30)).to_string();
        assert_eq!(long, format!("{}… (30 more characters)", "ä".repeat(MOST)));
        let long = passage(&"ä".repeat(2000)).to_string();
        assert!(long.ends_with("ä… (1000 more characters)"));
        for shown in [
            excerpt("a\u{1b}[2J\n\u{9b}b\u{202e}").to_string(),
            escaped("a\u{1b}[2J\n\u{9b}b\u{202e}").to_string(),
            shown(Path::new("a\u{1b}[2J\n\u{9b}b\u{202e}")).to_string(),
        ] {
            assert_eq!(shown, r"a\u001b[2J\n\u009bb\u202e");
        }
    }

    #[cfg(feature = "report")]
    #[test]
    fn lines_keep_their_breaks_and_json_its_value() {
        let text = "two\n\tlines\r\u{7f}";
        assert_eq!(escaped_lines(text).to_string(), "two\n\tlines\\r\\u007f");
        let value = serde_json::json!({"name": "a\u{1b}\u{9b}\u{202e}\n\"b\""});
        let shown = escaped_lines(&value).to_string();
        assert!(!shown.contains(acts), "{shown}");
        let reread: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(reread, value);
    }
}
