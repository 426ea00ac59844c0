//! Text inside HTML and SVG.

use std::fmt::{self, Display, Write as _};

use crate::excerpt::escaped;

/// A text, which may be foreign, inside HTML, SVG or a quoted attribute of theirs. Control characters are escaped as in
/// errors.
pub(super) fn escape(text: impl Display) -> impl Display {
    EscapedMarkup(text)
}

struct EscapedMarkup<T>(T);

impl<T: Display> Display for EscapedMarkup<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(MarkupWriter(f), "{}", escaped(&self.0))
    }
}

struct MarkupWriter<'a, 'b>(&'a mut fmt::Formatter<'b>);

impl fmt::Write for MarkupWriter<'_, '_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let mut rest = text;
        while let Some(place) = rest.find(['&', '<', '>', '"', '\'']) {
            let (plain, special) = rest.split_at(place);
            self.0.write_str(plain)?;
            self.0.write_str(match special.as_bytes()[0] {
                b'&' => "&amp;",
                b'<' => "&lt;",
                b'>' => "&gt;",
                b'"' => "&quot;",
                _ => "&#39;",
            })?;
            rest = &special[1..];
        }
        self.0.write_str(rest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_of_a_foreign_text_acts_as_markup() {
        let text = "</script><b title='x' class=\"y\">&amp; \u{1b}[2J\u{202e}ä\n";
        let shown = escape(text).to_string();
        assert_eq!(
            shown,
            "&lt;/script&gt;&lt;b title=&#39;x&#39; class=&quot;y&quot;&gt;&amp;amp; \\u001b[2J\\u202eä\\n"
        );
        assert_eq!(escape("plain").to_string(), "plain");
    }
}
