//! Pickles of the NATS-Bench archive.

use std::error::Error;
use std::io::Write;

use evonas::tabular::TableLimits;
use evonas::tabular::nats_bench::{NatsBenchError, convert_within};

use super::at_once;

/// Converts an archive of one architecture with this pickle.
fn convert(pickle: &[u8], limits: TableLimits) -> NatsBenchError {
    let folder = tempfile::tempdir().unwrap();
    let file = std::fs::File::create(folder.path().join("000000.pickle.pbz2")).unwrap();
    let mut packed = bzip2::write::BzEncoder::new(file, bzip2::Compression::fast());
    packed.write_all(pickle).unwrap();
    packed.finish().unwrap();
    at_once(|| convert_within(folder.path(), std::io::sink(), limits)).unwrap_err()
}

fn with_causes(error: &NatsBenchError) -> String {
    let cause = error.source().map(ToString::to_string);
    format!("{error} {}", cause.unwrap_or_default())
}

#[track_caller]
fn assert_refused(pickle: &[u8], limits: TableLimits, words: &str) {
    let message = with_causes(&convert(pickle, limits));
    assert!(message.contains(words), "{message}");
}

#[test]
fn a_pickle_of_lists_in_lists_does_not_overflow_the_stack() {
    for depth in [10_000, 400_000] {
        let lists = [
            &b"\x80\x04"[..],
            &b"]".repeat(depth),
            &b"a".repeat(depth - 1),
            b".",
        ]
        .concat();
        assert_refused(
            &lists,
            TableLimits::ARCHIVE,
            "expected a string, found nothing",
        );
        let tuples = [&b"\x80\x04)"[..], &b"\x85".repeat(depth), b"."].concat();
        assert_refused(
            &tuples,
            TableLimits::ARCHIVE,
            "expected a string, found nothing",
        );
    }
}

#[test]
fn a_list_that_doubles_with_every_byte_is_kept_once() {
    // Each list holds the one before twice: written out, the last has 2^1000 items.
    let mut pickle = b"\x80\x04]\x94".to_vec();
    for _ in 0..1000 {
        pickle.extend(b"2\x86\x94");
    }
    pickle.push(b'.');
    assert_refused(
        &pickle,
        TableLimits::ARCHIVE,
        "expected a string, found nothing",
    );
}

#[test]
fn a_number_of_five_million_digits_is_refused_without_computing_it() {
    let text = ["(S'12'\nL", &"9".repeat(5_000_000), "L\nd."].concat();
    assert_refused(text.as_bytes(), TableLimits::ARCHIVE, "expected a string");
    let architecture = |number: &[u8]| {
        let key = |name: &str| [b"\x8c", &[name.len() as u8][..], name.as_bytes()].concat();
        let text = [&key("arch_str")[..], &key("text")[..], b"s"].concat();
        [
            b"}",
            &key("12")[..],
            b"}",
            &key("arch_index")[..],
            number,
            b"s",
            &text[..],
            b"s.",
        ]
        .concat()
    };
    let binary = [b"\x8b", &5_000_000_u32.to_le_bytes()[..], &[1; 5_000_000]].concat();
    for number in [
        binary,
        ["L", &"9".repeat(5_000_000), "L\n"].concat().into_bytes(),
    ] {
        let refused = convert(&architecture(&number), TableLimits::ARCHIVE);
        let message = with_causes(&refused);
        assert!(message.contains("000000.pickle.pbz2: 12"), "{message}");
    }
}

#[test]
fn a_pickle_that_decompresses_to_far_more_than_its_size_is_refused() {
    let zeros = vec![0; 17 << 20];
    let limits = TableLimits::ARCHIVE;
    assert_refused(
        &zeros,
        limits,
        "decompresses to more than 200 times its size",
    );
    assert_refused(&zeros, limits, "raise the limit 'ratio'");
    // With the limit raised, it is read, and turns out to be no pickle.
    let raised = TableLimits {
        ratio: 1 << 40,
        ..limits
    };
    assert_refused(&zeros, raised, "there is no operation 0x00");
}

#[test]
fn a_pickle_of_many_bytes_or_values_is_refused_unless_the_limit_is_raised() {
    let pickle = [&b"\x80\x04]("[..], &b"N".repeat(1000), b"e."].concat();
    let limits = TableLimits {
        bytes: 1000,
        ..TableLimits::ARCHIVE
    };
    assert_refused(&pickle, limits, "more than 1000 bytes once decompressed");
    assert_refused(&pickle, limits, "raise the limit 'bytes'");
    let limits = TableLimits {
        values: 1000,
        ..TableLimits::ARCHIVE
    };
    assert_refused(&pickle, limits, "it has more than 1000 values");
    assert_refused(&pickle, limits, "raise the limit 'values'");
    let limits = TableLimits {
        values: 1001,
        ..limits
    };
    assert_refused(&pickle, limits, "expected a string, found nothing");
}

#[test]
fn marks_remembered_objects_and_objects_on_the_stack_count_as_values() {
    let limits = TableLimits {
        values: 1000,
        ..TableLimits::ARCHIVE
    };
    let marks = |count| [&b"(".repeat(count)[..], b"N."].concat();
    let remembered = |count| [b"N", &b"\x94".repeat(count)[..], b"."].concat();
    let doubled = |count: usize| [b"N", &b"2".repeat(count - 1)[..], b"."].concat();
    let recalled = |count: usize| [b"N\x94", &b"h\x00".repeat(count - 1)[..], b"."].concat();
    for pickle in [marks(1001), remembered(1001), doubled(1001), recalled(1001)] {
        assert_refused(&pickle, limits, "it has more than 1000 values");
        assert_refused(&pickle, limits, "raise the limit 'values'");
    }
    for pickle in [remembered(1000), doubled(1000), recalled(1000)] {
        assert_refused(&pickle, limits, "expected a string");
    }
}

#[test]
fn a_million_seeds_are_refused() {
    let seeds = [&b"](K\x01\x94"[..], &b"h\x00".repeat(100), b"e"].concat();
    let key = |name: &str| [b"\x8c", &[name.len() as u8][..], name.as_bytes()].concat();
    let cell = "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|";
    let results = [
        b"}(",
        &key("arch_index")[..],
        b"K\x00",
        &key("arch_str"),
        &key(cell),
        &key("dataset_seed"),
        b"}",
        &key("cifar10-valid"),
        &seeds,
        b"su",
    ]
    .concat();
    let schedule = |name: &str| [&key(name)[..], &results, b"s"].concat();
    let pickle = [&b"}"[..], &schedule("12"), &schedule("200"), b"."].concat();
    assert_refused(
        &pickle,
        TableLimits::ARCHIVE,
        "expected a list of at most 100 seeds",
    );
}

#[test]
fn a_pickle_that_ends_early_or_lacks_an_object_is_refused_with_the_place() {
    for (pickle, words) in [
        (&b"\x80\x04]"[..], "at byte 3: it ends early"),
        (
            b"\x8e\xff\xff\xff\xff\xff\xff\xff\xff.",
            "at byte 0: it ends early",
        ),
        (b"N00.", "at byte 2: an operation needs an object"),
        (b"(0N1.", "at byte 3: an operation needs a mark"),
        (
            b"h\x07.",
            "at byte 0: an object that isn't there is referred to",
        ),
        (b"N)R.", "expected a string"),
        (b"K\x01)R.", "something else than a class is called"),
        (b"NNa.", "items are added to something else"),
        (b"\xfe.", "there is no operation 0xfe"),
    ] {
        assert_refused(pickle, TableLimits::ARCHIVE, words);
    }
}
