//! Ways to damage a file.

use proptest::prelude::*;
use proptest::sample::Index;

/// One change.
#[derive(Clone, Debug)]
pub(super) enum Damage {
    /// Another byte in place of one.
    Set(Index, u8),
    /// One bit of a byte flipped.
    Flip(Index, u8),
    /// Everything from here on missing.
    Cut(Index),
    /// A part missing.
    Remove(Index, Index),
    /// A part once more.
    Repeat(Index, Index),
    /// The end of another file from here on.
    Splice(Index, Index),
    /// Digits in place of those that begin here or later, or inserted if none do.
    Number(Index, i128),
    /// The largest or the smallest number of 1 to 8 bytes here.
    Extreme(Index, u8, bool),
    /// Zeros at the end.
    Zeros(u16),
}

impl Arbitrary for Damage {
    type Parameters = ();
    type Strategy = BoxedStrategy<Self>;

    fn arbitrary_with((): ()) -> BoxedStrategy<Self> {
        let at = any::<Index>;
        let numbers = prop_oneof![
            Just(i128::from(u64::MAX)),
            Just(i128::from(i64::MIN)),
            Just(i128::MAX),
            Just(-1),
            0..2_000_i128,
        ];
        prop_oneof![
            (at(), any::<u8>()).prop_map(|(at, byte)| Self::Set(at, byte)),
            (at(), 0..8_u8).prop_map(|(at, bit)| Self::Flip(at, bit)),
            at().prop_map(Self::Cut),
            (at(), at()).prop_map(|(at, length)| Self::Remove(at, length)),
            (at(), at()).prop_map(|(at, length)| Self::Repeat(at, length)),
            (at(), at()).prop_map(|(at, other)| Self::Splice(at, other)),
            (at(), numbers).prop_map(|(at, number)| Self::Number(at, number)),
            (at(), 1..9_u8, any::<bool>())
                .prop_map(|(at, size, largest)| Self::Extreme(at, size, largest)),
            any::<u16>().prop_map(Self::Zeros),
        ]
        .boxed()
    }
}

/// A file after some changes; `other` is a file that parts may come from.
pub(super) fn mutate(bytes: &[u8], other: &[u8], mutations: &[Damage]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for mutation in mutations {
        let length = bytes.len();
        if let Damage::Zeros(count) = mutation {
            bytes.resize(length + usize::from(*count), 0);
            continue;
        }
        if length == 0 {
            continue;
        }
        // Parts have up to 64 bytes: most structures are smaller.
        let part = |at: &Index, size: &Index| {
            let at = at.index(length);
            at..(at + 1 + size.index(64)).min(length)
        };
        match mutation {
            Damage::Set(at, byte) => bytes[at.index(length)] = *byte,
            Damage::Flip(at, bit) => bytes[at.index(length)] ^= 1 << bit,
            Damage::Cut(at) => bytes.truncate(at.index(length)),
            Damage::Remove(at, size) => drop(bytes.drain(part(at, size))),
            Damage::Repeat(at, size) => {
                let part = part(at, size);
                let copy = bytes[part.clone()].to_vec();
                bytes.splice(part.end..part.end, copy);
            }
            Damage::Splice(at, from) => {
                bytes.truncate(at.index(length));
                bytes.extend(&other[from.index(other.len() + 1)..]);
            }
            Damage::Number(at, number) => {
                let at = at.index(length);
                let digits = |bytes: &[u8]| {
                    bytes
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .count()
                };
                let begin = bytes[at..]
                    .iter()
                    .position(u8::is_ascii_digit)
                    .map_or(at, |found| at + found);
                let end = begin + digits(&bytes[begin..]);
                bytes.splice(begin..end, number.to_string().into_bytes());
            }
            Damage::Extreme(at, size, largest) => {
                let at = at.index(length);
                let end = (at + usize::from(*size)).min(length);
                bytes[at..end].fill(if *largest { 0xff } else { 0 });
            }
            Damage::Zeros(_) => {}
        }
    }
    bytes
}
