//! Which line of a text a byte is in.

/// The line, from 1, of what stands at a byte or, if line ends stand there, behind them: where a row begins
/// whose reader was at that byte. Lines end with LF, CR LF or CR.
pub(super) fn line_at(text: &[u8], byte: usize) -> u64 {
    let byte = byte.min(text.len());
    let ends = text[byte..]
        .iter()
        .take_while(|byte| matches!(byte, b'\r' | b'\n'))
        .count();
    1 + ends_of(text, byte + ends)
}

/// How many lines of a text have their end.
pub(super) fn whole_lines(text: &[u8]) -> u64 {
    ends_of(text, text.len())
}

/// How many lines end before a byte.
fn ends_of(text: &[u8], byte: usize) -> u64 {
    let ends = |place: &usize| match text[*place] {
        b'\n' => true,
        b'\r' => text.get(place + 1) != Some(&b'\n'),
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
            let place = |letter: char| text.find(letter).unwrap();
            let line = |byte: usize| line_at(text.as_bytes(), byte);
            assert_eq!(line(place('a')), 1, "{text:?}");
            assert_eq!(line(place('b')), 2, "{text:?}");
            assert_eq!(
                line(place('b') + 1),
                4,
                "the line ends stand before c: {text:?}"
            );
            assert_eq!(line(place('c')), 4, "{text:?}");
            assert_eq!(whole_lines(text.as_bytes()), 3, "{text:?}");
        }
        assert_eq!(line_at(b"", 7), 1);
    }
}
