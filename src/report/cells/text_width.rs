//! How wide a text is.

/// Advance widths of the printable ASCII characters in DejaVu Sans, in thousandths of the font size. It is
/// among the widest of the fonts that browsers use for text without serifs.
#[rustfmt::skip]
const WIDTHS: [u16; 95] = [
    318, 401, 460, 838, 636, 950, 780, 275, 390, 390, 500, 838, 318, 361, 318, 337,
    636, 636, 636, 636, 636, 636, 636, 636, 636, 636, 337, 337, 838, 838, 838, 531,
    1000, 684, 686, 698, 770, 632, 575, 775, 752, 295, 295, 656, 557, 863, 748, 787,
    603, 787, 695, 635, 611, 732, 684, 989, 685, 611, 685, 390, 337, 390, 838, 500,
    500, 613, 635, 550, 635, 615, 352, 635, 634, 278, 278, 579, 278, 974, 634, 612,
    635, 635, 411, 521, 392, 634, 592, 818, 592, 592, 525, 636, 337, 636, 838,
];

/// The width of a text at a font size of 1; other characters count as the widest.
pub(in crate::report) fn text_width(text: &str) -> f64 {
    let width = |character: char| {
        let place = u32::from(character).checked_sub(32);
        let place = place.and_then(|place| usize::try_from(place).ok());
        place
            .and_then(|place| WIDTHS.get(place))
            .copied()
            .unwrap_or(1000)
    };
    text.chars()
        .map(|character| f64::from(width(character)))
        .sum::<f64>()
        / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_has_its_own_width() {
        assert_eq!(
            text_width("sep 3x3"),
            (521 + 615 + 635 + 318 + 636 + 592 + 636) as f64 / 1000.0
        );
        assert_eq!(text_width("~\u{e9}"), 1.838);
        assert_eq!(text_width(""), 0.0);
    }
}
