//! Words of a shell's command line.

use std::path::Path;

/// A path as a word of a command line, where it can't be taken for an option.
pub(crate) fn path_word(path: &Path) -> String {
    let text = path.display().to_string();
    match text.starts_with('-') {
        true => word(&format!("./{text}")),
        false => word(&text),
    }
}

/// A word of a command line, quoted if a shell would read it otherwise.
pub(crate) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./_-".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::word;

    #[test]
    fn words_are_quoted_where_a_shell_would_split_or_change_them() {
        assert_eq!(
            word("sep3@0+max3@1,/data/x_y-2.0"),
            "sep3@0+max3@1,/data/x_y-2.0"
        );
        assert_eq!(word("my images"), "'my images'");
        assert_eq!(word("it's"), r"'it'\''s'");
        assert_eq!(word(""), "''");
    }
}
