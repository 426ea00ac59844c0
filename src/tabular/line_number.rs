//! The line of a text that contains a byte.

/// The line, from 1, of the first byte at or after `byte` that isn't a line end: the line on which a row
/// begins whose reader was at `byte`. Lines end with LF, CR LF or CR.
pub(super) fn line_at(text: &[u8], byte: usize) -> u64 {
    let byte = byte.min(text.len());
    let ends = text[byte..]
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    1 + ends_of(text, byte + ends)
}

/// The number of lines that end within a text.
pub(super) fn whole_lines(text: &[u8]) -> u64 {
    ends_of(text, text.len())
}

/// The number of lines that end before a byte.
fn ends_of(text: &[u8], byte: usize) -> u64 {
    let ends = |position: &usize| match text[*position] {
        b'\n' => true,
        b'\r' => text.get(position + 1) != Some(&b'\n'),
        _ => false,
    };
    (0..byte).filter(ends).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_line_end_counts_once() {
        for text in ["a\nb\n\nc", "a\r\nb\r\n\r\nc", "a\rb\r\rc"] {
            let position = |letter: char| text.find(letter).unwrap();
            let line = |byte: usize| line_at(text.as_bytes(), byte);
            assert_eq!(line(position('a')), 1, "{text:?}");
            assert_eq!(line(position('b')), 2, "{text:?}");
            assert_eq!(
                line(position('b') + 1),
                4,
                "line ends come before c: {text:?}"
            );
            assert_eq!(line(position('c')), 4, "{text:?}");
            assert_eq!(whole_lines(text.as_bytes()), 3, "{text:?}");
        }
        assert_eq!(line_at(b"", 7), 1);
    }
}
