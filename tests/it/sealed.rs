//! Sealed lines with any content: what a hostile hand could write.

const CHECK: &str = ",\"check\":\"";
const TIME_CHECK: &str = ",\"time_check\":\"";

/// The parts of a sealed line: its JSON, and its fields that depend on time, each with a comma before it.
#[derive(Clone)]
pub(crate) struct Line {
    pub(crate) content: String,
    pub(crate) times: String,
}

/// The lines of a journal or of a comparison's record.
pub(crate) fn opened(log: &str) -> Vec<Line> {
    let parts = |line: &str| {
        let (content, rest) = line.rsplit_once(CHECK).unwrap();
        let (times, _) = rest["01234567\"".len()..].split_once(TIME_CHECK).unwrap();
        Line {
            content: format!("{content}}}"),
            times: times.to_owned(),
        }
    };
    log.lines().map(parts).collect()
}

/// The same lines with right checksums.
pub(crate) fn sealed(lines: &[Line]) -> String {
    let mut chain = 0;
    let seal = |line: &Line| seal(&mut chain, &line.content, &format!("\"{}", line.times));
    lines.iter().map(seal).collect()
}

/// A line after others with the checksum `chain`. What follows the content's checksum may be anything, even without
/// the quote that ends it.
pub(crate) fn seal(chain: &mut u32, content: &str, rest: &str) -> String {
    let content = content.strip_suffix('}').unwrap();
    *chain = checksum(*chain, content);
    let rest = format!("{CHECK}{chain:08x}{rest}");
    let time_check = checksum(*chain, &rest);
    format!("{content}{rest}{TIME_CHECK}{time_check:08x}\"}}\n")
}

fn checksum(chain: u32, text: &str) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(chain);
    hasher.update(text.as_bytes());
    hasher.finalize()
}
