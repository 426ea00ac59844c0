//! CSV tables.

use std::io::Write;

use evonas::tabular::{TableError, TableErrorKind, TableLimits, TabularColumns};

use super::at_once;

fn read(bytes: &[u8], limits: TableLimits) -> Result<usize, TableError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    std::fs::write(&path, bytes).unwrap();
    let columns = TabularColumns::new().limits(limits);
    at_once(|| columns.read(&path, str::parse::<u32>)).map(|table| table.genotypes().len())
}

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn table(rows: u32) -> Vec<u8> {
    let rows = (0..rows).map(|row| format!("{row},1\n"));
    ["genotype,fitness\n".to_owned()]
        .into_iter()
        .chain(rows)
        .collect::<String>()
        .into_bytes()
}

#[track_caller]
fn assert_too_large(bytes: &[u8], limits: TableLimits, words: &str) {
    let error = read(bytes, limits).unwrap_err();
    assert!(
        matches!(error.kind(), TableErrorKind::TooLarge(_)),
        "{error}"
    );
    let message = error.to_string();
    assert!(message.contains("table.csv: it "), "{message}");
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_compressed_table_of_zeros_is_refused() {
    let bomb = gzip(&vec![b'\n'; 64 << 20]);
    let limits = TableLimits::TABLE;
    assert_too_large(
        &bomb,
        limits,
        "decompresses to more than 200 times its size",
    );
    assert_too_large(&bomb, limits, "raise the limit 'ratio'");
    let raised = TableLimits {
        ratio: 2000,
        ..limits
    };
    let error = read(&bomb, raised).unwrap_err();
    assert!(
        matches!(error.kind(), TableErrorKind::MissingColumn { .. }),
        "{error}"
    );
}

#[test]
fn a_table_of_more_bytes_or_fields_is_refused_unless_the_limit_is_raised() {
    let plain = table(1000);
    let limits = |bytes: usize, values| TableLimits {
        bytes: bytes as u64,
        values,
        ..TableLimits::TABLE
    };
    for bytes in [plain.clone(), gzip(&plain)] {
        assert_eq!(read(&bytes, limits(plain.len(), 2000)).unwrap(), 1000);
        let small = limits(plain.len() - 1, 2000);
        assert_too_large(&bytes, small, "raise the limit 'bytes'");
        let few = limits(plain.len(), 1999);
        assert_too_large(&bytes, few, "has more than 1999 fields");
        assert_too_large(&bytes, few, "raise the limit 'values'");
    }
}

#[cfg(unix)]
#[test]
fn a_table_may_come_through_a_pipe_but_not_from_a_device() {
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status();
    assert!(made.unwrap().success());
    for bytes in [table(3), gzip(&table(3))] {
        let writer = std::thread::spawn({
            let pipe = pipe.clone();
            move || std::fs::write(pipe, bytes).unwrap()
        });
        let read = TabularColumns::new().read(&pipe, str::parse::<u32>);
        assert_eq!(read.unwrap().genotypes().len(), 3);
        writer.join().unwrap();
    }
    let error = TabularColumns::new().read("/dev/zero", str::parse::<u32>);
    let message = error.unwrap_err().to_string();
    assert_eq!(message, "can't read /dev/zero: it is a device, not a file");
}
