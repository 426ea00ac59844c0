//! Foreign text inside messages.

use std::fmt::{self, Write as _};

/// The most characters of a text that a message shows.
const MOST: usize = 120;

/// The beginning of a text from a file, for a message: control characters are escaped, so that they can't act on a
/// terminal, and what is too long to read is cut.
pub(crate) fn excerpt(text: &str) -> impl fmt::Display {
    Excerpt(text)
}

struct Excerpt<'a>(&'a str);

impl fmt::Display for Excerpt<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut characters = self.0.chars();
        for character in characters.by_ref().take(MOST) {
            match character.is_control() {
                true => write!(f, "{}", character.escape_default())?,
                false => f.write_char(character)?,
            }
        }
        match characters.count() {
            0 => Ok(()),
            rest => write!(f, "… ({rest} more characters)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_texts_are_shown_whole() {
        for text in ["", "sep3@0", "größe", &"x".repeat(MOST)] {
            assert_eq!(excerpt(text).to_string(), text);
        }
    }

    #[test]
    fn long_texts_are_cut_and_control_characters_escaped() {
        let long = excerpt(&"ä".repeat(MOST + 30)).to_string();
        assert_eq!(long, format!("{}… (30 more characters)", "ä".repeat(MOST)));
        assert_eq!(
            excerpt("a\u{1b}[2J\n\u{9b}b").to_string(),
            r"a\u{1b}[2J\n\u{9b}b"
        );
    }
}
