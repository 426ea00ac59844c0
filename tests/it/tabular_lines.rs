//! The lines that errors in tables name.

use std::io::Write;

use evonas::tabular::{TableErrorKind, TabularColumns};

#[test]
fn errors_name_the_files_lines_for_every_kind_of_line_end() {
    let line = |csv: &str| {
        let error = TabularColumns::new()
            .genotype("name")
            .fitness("score")
            .read_from(csv.as_bytes(), |name| Ok::<_, String>(name.to_owned()))
            .unwrap_err();
        match *error.kind() {
            TableErrorKind::Number { line, .. }
            | TableErrorKind::Repeated { line, .. }
            | TableErrorKind::Csv { line, .. } => line,
            _ => panic!("{error}"),
        }
    };
    for (what, csv, expected) in [
        ("one row a line", "name,score\na,1\nb,x\n", 3),
        ("blank lines", "\nname,score\n\na,1\n\n\nb,x\n", 7),
        (
            "a field of three lines in an earlier row",
            "name,score\n\"a\nb\n\",1\nb,x\n",
            5,
        ),
        (
            "a field of two lines in the same row",
            "name,score\na,1\n\"b\nc\",x\n",
            3,
        ),
        ("a repeated row", "name,score\na,1\n\nb,2\na,3\n", 5),
        ("a short row", "name,score\na,1\n\nb\n", 4),
        (
            "no line end at the end of the file",
            "name,score\n\na,1\nb,x",
            4,
        ),
        ("a byte order mark", "\u{feff}name,score\na,x\n", 2),
    ] {
        for ends in ["\n", "\r\n", "\r"] {
            let csv = csv.replace('\n', ends);
            assert_eq!(line(&csv), expected, "{what}: {csv:?}");
        }
    }
}

#[test]
fn a_truncated_gzip_names_the_last_whole_line() {
    let mut csv = "name,score\n".to_owned();
    for number in 0..20_000 {
        csv.push_str(&format!("{number},{}\n", number * 7919 % 10_007));
    }
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(csv.as_bytes()).unwrap();
    let whole = encoder.finish().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv.gz");
    let columns = TabularColumns::new().genotype("name").fitness("score");
    let broken = |bytes: &[u8]| {
        std::fs::write(&path, bytes).unwrap();
        let error = columns.read(&path, str::parse::<u32>).unwrap_err();
        match *error.kind() {
            TableErrorKind::BrokenOff { lines, .. } => lines,
            _ => panic!("{error}"),
        }
    };
    std::fs::write(&path, &whole).unwrap();
    assert!(columns.read(&path, str::parse::<u32>).is_ok());
    let half = broken(&whole[..whole.len() / 2]);
    assert!((5_000..15_000).contains(&half), "{half}");
    let most = broken(&whole[..whole.len() - 1]);
    assert!(most > half, "{most}");
    assert_eq!(broken(&whole[..4]), 0, "not even the header");
    let error = columns.read(&path, str::parse::<u32>).unwrap_err();
    let expected = format!("{}: reading failed after line 0: ", path.display());
    assert!(error.to_string().starts_with(&expected), "{error}");
}
