//! The checksum of a weights file.

use std::collections::BTreeMap;

use burn::tensor::{DType, TensorData};

/// The metadata entry that holds the checksum of everything else in the file.
pub(super) const CHECKSUM: &str = "evonas.checksum";

/// The CRC-32 of all tensors and of all metadata but the checksum itself.
///
/// Files keep this number, so the text that is hashed is spelled out here and depends on no `Debug` form.
pub(super) fn checksum(
    tensors: &BTreeMap<String, TensorData>,
    metadata: &BTreeMap<String, String>,
) -> String {
    let mut hasher = crc32fast::Hasher::new();
    for (key, text) in metadata.iter().filter(|(key, _)| *key != CHECKSUM) {
        let entry = format!("{} {} ", quoted(key), quoted(text));
        hasher.update(entry.as_bytes());
    }
    for (name, data) in tensors {
        let lengths: Vec<String> = data.shape().iter().map(usize::to_string).collect();
        let (shape, number) = (lengths.join(", "), number_type(data.dtype()));
        let of_tensor = format!("{name} Shape {{ dims: [{shape}] }} {number} ");
        hasher.update(of_tensor.as_bytes());
        hasher.update(data.as_bytes());
    }
    format!("{:08x}", hasher.finalize())
}

/// A text in double quotes, with everything but single quotes escaped as in a Rust literal.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for character in text.chars() {
        match character {
            '\'' => quoted.push(character),
            _ => quoted.extend(character.escape_debug()),
        }
    }
    quoted.push('"');
    quoted
}

const fn number_type(number: DType) -> &'static str {
    match number {
        DType::F64 => "F64",
        DType::F32 => "F32",
        DType::Flex32 => "Flex32",
        DType::F16 => "F16",
        DType::BF16 => "BF16",
        DType::I64 => "I64",
        DType::I32 => "I32",
        DType::I16 => "I16",
        DType::I8 => "I8",
        DType::U64 => "U64",
        DType::U32 => "U32",
        DType::U16 => "U16",
        DType::U8 => "U8",
        // No network has these.
        DType::Bool(_) => "Bool",
        DType::QFloat(_) => "QFloat",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tensor(name: &str, data: TensorData) -> (String, TensorData) {
        (name.to_owned(), data)
    }

    fn entry(key: &str, text: &str) -> (String, String) {
        (key.to_owned(), text.to_owned())
    }

    #[test]
    fn checksums_are_stable() {
        let weight = vec![0.5_f32, -1.25, 3.0, 0.0, 1.0e-7, -2.5];
        let tensors = BTreeMap::from([
            tensor("stem.weight", TensorData::new(weight, [2, 3])),
            tensor("classifier.bias", TensorData::new(vec![0.1_f64], [1])),
            tensor("step", TensorData::new(vec![7_i64], Vec::<usize>::new())),
        ]);
        let classes = "it's 'a' \\ \"b\"\n\t\r\0 \u{7f} \u{1b} ä 猫 👩\u{200d}🔬 e\u{301} \u{a0}";
        let metadata = BTreeMap::from([
            entry("evonas.network", r#"{"filters":8,"stem":"cifar"}"#),
            entry("classes", classes),
            entry(CHECKSUM, "itself, not hashed"),
        ]);
        assert_eq!(checksum(&tensors, &metadata), "fb4c22c3");
    }
}
