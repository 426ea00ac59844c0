//! The arguments of a pickle's operations.

use super::object::PythonObject;

/// What is wrong with a pickle.
pub(super) type Problem = Box<dyn std::error::Error + Send + Sync>;

/// The bytes of a pickle that are still to be read.
#[derive(Clone, Copy)]
pub(super) struct PickleBytes<'a>(&'a [u8]);

impl<'a> PickleBytes<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// How many bytes are left.
    pub(super) const fn left(self) -> usize {
        self.0.len()
    }

    pub(super) fn byte(&mut self) -> Result<u8, Problem> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let (array, rest) = self.0.split_first_chunk().ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(*array)
    }

    /// As many bytes as the number before them says, which takes `N` bytes.
    pub(super) fn counted<const N: usize>(&mut self) -> Result<&'a [u8], Problem> {
        let mut count = [0; 8];
        count[..N].copy_from_slice(&self.array::<N>()?);
        let count = usize::try_from(u64::from_le_bytes(count)).map_err(|_| ENDS_EARLY)?;
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(ENDS_EARLY)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// Everything up to the end of the line, which is left out.
    pub(super) fn line(&mut self) -> Result<&'a [u8], Problem> {
        let mut parts = self.0.splitn(2, |&byte| byte == b'\n');
        let (Some(line), Some(rest)) = (parts.next(), parts.next()) else {
            return Err(ENDS_EARLY.into());
        };
        self.0 = rest;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    /// A number on a line of its own.
    pub(super) fn number<T: std::str::FromStr>(&mut self) -> Result<T, Problem> {
        let line = self.line()?;
        let number = std::str::from_utf8(line)
            .ok()
            .and_then(|line| line.parse().ok());
        number.ok_or_else(|| "a line should hold a number".into())
    }

    /// A whole number of any length on a line of its own, or a truth value, which older pickles write as `00` and `01`.
    pub(super) fn decimal(&mut self) -> Result<PythonObject, Problem> {
        let line = self.line()?;
        if line == b"00" || line == b"01" {
            return Ok(PythonObject::Bool);
        }
        let digits = line.strip_suffix(b"L").unwrap_or(line);
        let integer = std::str::from_utf8(digits)
            .ok()
            .and_then(|text| text.parse().ok());
        let unsigned = digits.strip_prefix(b"-").unwrap_or(digits);
        match integer {
            Some(integer) => Ok(PythonObject::Integer(integer)),
            None if !unsigned.is_empty() && unsigned.iter().all(u8::is_ascii_digit) => {
                Ok(PythonObject::LargeInteger)
            }
            None => Err("a line should hold a whole number".into()),
        }
    }
}

const ENDS_EARLY: &str = "it ends early";

/// A whole number in two's complement, the lowest byte first.
pub(super) fn binary_integer(bytes: &[u8]) -> PythonObject {
    let sign = match bytes.last() {
        Some(last) if last & 0x80 != 0 => 0xff,
        _ => 0,
    };
    match bytes.len() <= 8 {
        true => {
            let mut integer = [sign; 8];
            integer[..bytes.len()].copy_from_slice(bytes);
            PythonObject::Integer(i64::from_le_bytes(integer))
        }
        false => PythonObject::LargeInteger,
    }
}

/// A text in which every character above 255 is escaped.
pub(super) fn escaped_text(line: &[u8]) -> Result<PythonObject, Problem> {
    let problem = "a text has an escape that Python doesn't write";
    let mut text = String::new();
    let mut rest = line;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            text.push(char::from(byte));
            continue;
        }
        let digits = match rest.first() {
            Some(b'u') => 4,
            Some(b'U') => 8,
            _ => return Err(problem.into()),
        };
        let (number, after) = rest[1..].split_at_checked(digits).ok_or(problem)?;
        rest = after;
        let number = std::str::from_utf8(number)?;
        text.extend(char::from_u32(u32::from_str_radix(number, 16)?));
    }
    Ok(PythonObject::Text(text.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn integer(object: PythonObject) -> Option<i64> {
        match object {
            PythonObject::Integer(integer) => Some(integer),
            PythonObject::LargeInteger => None,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn whole_numbers_of_up_to_64_bits_are_read_and_larger_ones_are_only_large() {
        for (bytes, expected) in [
            (&[][..], Some(0)),
            (&[0xff], Some(-1)),
            (&[0xff, 0], Some(255)),
            (&[0, 0, 0, 0, 0, 0, 0, 0x80], Some(i64::MIN)),
            (&[0; 9], None),
        ] {
            assert_eq!(integer(binary_integer(bytes)), expected, "{bytes:?}");
        }
        let many = "9".repeat(5_000_000);
        for (line, expected) in [
            ("12L", Some(12)),
            ("-9223372036854775808", Some(i64::MIN)),
            ("9223372036854775808", None),
            (&many, None),
        ] {
            let line = format!("{line}\n");
            let object = PickleBytes::new(line.as_bytes()).decimal().unwrap();
            assert_eq!(integer(object), expected);
        }
        for line in ["\n", "-\n", "L\n", "1e3\n", "1"] {
            assert!(
                PickleBytes::new(line.as_bytes()).decimal().is_err(),
                "{line:?}"
            );
        }
    }

    #[test]
    fn a_count_beyond_the_end_reserves_nothing() {
        let mut bytes = PickleBytes::new(&[0xff; 9]);
        assert_eq!(bytes.counted::<8>().unwrap_err().to_string(), ENDS_EARLY);
    }

    #[test]
    fn escaped_characters_are_read() {
        let text = |line: &str| match escaped_text(line.as_bytes()) {
            Ok(PythonObject::Text(text)) => text.to_string(),
            other => format!("{other:?}"),
        };
        assert_eq!(text(r"a\u00e4\U0001f600|nor~0|"), "aä😀|nor~0|");
        for line in [r"\n", r"\u12", r"\u12g4", r"\U0001f60"] {
            assert!(escaped_text(line.as_bytes()).is_err(), "{line}");
        }
    }
}
