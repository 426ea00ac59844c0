//! The colors and dashes of charts, in light and dark surroundings.
//!
//! Colors are those of Okabe and Ito (2008), which people with any color vision can tell apart, darker in light
//! surroundings and lighter in dark ones, so that each has a contrast of 3 to 1 with the background at least. Lines
//! have dashes too.

use std::fmt::Write as _;

/// The dashes of each series' line; its color has the same place.
const DASHES: [&str; 8] = [
    "none",
    "7 3",
    "2 3",
    "9 3 2 3",
    "4 2",
    "12 4",
    "1 2",
    "6 2 1 2 1 2",
];

struct Palette {
    text: &'static str,
    axis: &'static str,
    grid: &'static str,
    paper: &'static str,
    idle: &'static str,
    series: [&'static str; 8],
}

const LIGHT: Palette = Palette {
    text: "#1c1c1e",
    axis: "#55585e",
    grid: "#d5d8dd",
    paper: "#fff",
    idle: "#e3e6ea",
    series: [
        "#0072b2", "#c04a00", "#6b6f76", "#8a4f7d", "#00795a", "#9a6700", "#1c1c1e", "#b3261e",
    ],
};

const DARK: Palette = Palette {
    text: "#eceef1",
    axis: "#b3b8c0",
    grid: "#3a3f47",
    paper: "#16181c",
    idle: "#31363d",
    series: [
        "#56b4e9", "#ff9a5c", "#a3a9b2", "#e39ccb", "#3fd0a4", "#f0c04a", "#eceef1", "#ff9a8f",
    ],
};

/// What doesn't depend on the surroundings.
const FIXED: &str = "\
.chart{font:12px 'DejaVu Sans',Verdana,sans-serif}\
.chart .title{font-size:15px;font-weight:bold}\
.chart .end{text-anchor:end}.chart .mid{text-anchor:middle}\
.grid,.axis,.line,.dots,.disks,.bars{fill:none}\
.line{stroke-width:2}\
.bars{stroke-width:1.2}\
.dots{stroke-width:3.4;stroke-linecap:round;stroke-opacity:.55}\
.disks{stroke-width:8;stroke-linecap:round}\
.band{stroke:none;fill-opacity:.2}";

/// The style of charts.
pub(in crate::report) fn style() -> String {
    let mut style = FIXED.to_owned();
    for (series, dashes) in DASHES.iter().enumerate() {
        let _ = write!(style, ".line.s{series}{{stroke-dasharray:{dashes}}}");
    }
    style += &rules(&LIGHT);
    style += "@media(prefers-color-scheme:dark){";
    style += &rules(&DARK);
    style + "}"
}

fn rules(palette: &Palette) -> String {
    let Palette {
        text,
        axis,
        grid,
        paper,
        idle,
        ..
    } = palette;
    let mut rules = format!(
        ".chart text{{fill:{text}}}.axis{{stroke:{axis}}}.grid{{stroke:{grid}}}.paper{{fill:{paper}}}.idle{{fill:{idle}}}"
    );
    for (series, color) in palette.series.iter().enumerate() {
        let _ = write!(
            rules,
            ".s{series}{{stroke:{color}}}.band.s{series},.fill{series}{{fill:{color};stroke:none}}"
        );
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The contrast of two colors by WCAG 2.
    fn contrast(one: &str, other: &str) -> f64 {
        let light = |color: &str| {
            let digits = &color[1..];
            let width = digits.len() / 3;
            let part = |place: usize| {
                let digits = digits[place * width..(place + 1) * width].repeat(3 - width);
                let value = f64::from(u8::from_str_radix(&digits, 16).unwrap()) / 255.0;
                match value <= 0.03928 {
                    true => value / 12.92,
                    false => ((value + 0.055) / 1.055).powf(2.4),
                }
            };
            0.2126 * part(0) + 0.7152 * part(1) + 0.0722 * part(2)
        };
        let (one, other) = (light(one), light(other));
        (one.max(other) + 0.05) / (one.min(other) + 0.05)
    }

    #[test]
    fn every_color_can_be_seen_and_every_text_read() {
        assert!((contrast("#000", "#fff") - 21.0).abs() < 1e-9);
        for palette in [LIGHT, DARK] {
            assert!(contrast(palette.text, palette.paper) > 7.0);
            for color in palette.series {
                let contrast = contrast(color, palette.paper);
                assert!(contrast > 4.5, "{color}: {contrast}");
            }
        }
    }
}
