//! The seeds of runs.

use rand::Rng;

use crate::randomness::stream;

/// The names with fixed streams, those of the built-in contenders. A name's position is its stream, so this list
/// never changes.
const FIXED: [&str; 5] = ["aging", "non-aging", "random", "reinforce", "ppo"];

/// The seed of a contender's run. It depends on the root seed, the contender's name and the run's number only, so
/// that a run is the same whatever it is compared with. Runs of different contenders are independent of each
/// other.
///
/// The position of a name in [`FIXED`] is part of the number of a stream of the root seed. Another name is hashed
/// to the number of a stream beyond those, from which the contender gets a root seed of its own: that leaves all
/// 64 bits of a stream's number to the runs.
pub(super) fn run_seed(root: u64, contender: &str, run: u64) -> u64 {
    match FIXED.iter().position(|&name| name == contender) {
        Some(position) => stream(root, ((position as u64) << 48) | run).next_u64(),
        None => {
            let beyond = (1 << 63) | fnv1a(contender.as_bytes());
            stream(stream(root, beyond).next_u64(), run).next_u64()
        }
    }
}

/// The hash FNV-1a with 64 bits (Fowler, Noll and Vo, RFC 9923), the same in every process and version.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn seeds_are_value_stable() {
        for (contender, seeds) in [
            ("aging", [13397615786452766498, 12215659584349752668]),
            ("non-aging", [8401825148886008364, 15832585713803562928]),
            ("random", [7353225779522395376, 16106587975895923974]),
            ("reinforce", [5859453631918803172, 82397568928001692]),
            ("ppo", [237998856900324595, 17488893587914127980]),
            ("another", [5101789819138951795, 12097953808135248239]),
        ] {
            assert_eq!(
                [0, 1].map(|run| run_seed(4, contender, run)),
                seeds,
                "changing the seeds of {contender} changes every comparison that was ever recorded"
            );
        }
    }

    #[test]
    fn runs_of_different_names_have_different_seeds() {
        let names = ["", "a", "b", "ab", "ba", "aging ", "Aging"];
        let names = names.into_iter().chain(FIXED);
        let seeds: HashSet<u64> = names
            .flat_map(|name| (0..50).map(move |run| run_seed(0, name, run)))
            .collect();
        assert_eq!(seeds.len(), 12 * 50);
    }

    /// The test vectors of the hash's authors.
    #[test]
    fn names_are_hashed_by_fnv_1a() {
        for (text, hash) in [
            ("", 0xcbf2_9ce4_8422_2325),
            ("a", 0xaf63_dc4c_8601_ec8c),
            ("foobar", 0x8594_4171_f739_67e8),
        ] {
            assert_eq!(fnv1a(text.as_bytes()), hash);
        }
    }
}
