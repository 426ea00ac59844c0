//! A genotype, from a name, a text or a file.

use std::io;
use std::path::Path;

use evonas::input::{open_stream, read_text};
use evonas::report::printable_line;
use evonas::spaces::nasnet::{NasnetError, NasnetGenotype, published};
use serde_json::Value;

/// The most bytes of a file with a genotype, which takes about a thousand.
const MOST_BYTES: u64 = 1 << 20;

/// The genotype that an argument means: the name of a published one (`amoebanet-a`), a genotype's text, or
/// the path of a file that holds a text, a genotype as JSON, or a JSON object with a `genotype` key, such as
/// a search's `best.json`.
///
/// # Errors
/// [`GenotypeError`] if it is none of these, or if the file can't be read.
pub(crate) fn find(argument: &str) -> Result<NasnetGenotype, GenotypeError> {
    if let Some(genotype) = published::by_name(argument) {
        return Ok(genotype);
    }
    let path = Path::new(argument);
    // Pipes are files too.
    if path.exists() && !path.is_dir() {
        return read(path);
    }
    let is_file_name = path
        .extension()
        .is_some_and(|end| end == "json" || end == "txt");
    if is_file_name {
        return read(path);
    }
    if argument.contains('@') {
        return Ok(argument.parse()?);
    }
    Err(GenotypeError::Unknown(argument.to_owned()))
}

fn read(path: &Path) -> Result<NasnetGenotype, GenotypeError> {
    let text = open_stream(path)
        .and_then(|file| read_text(file, MOST_BYTES))
        .map_err(|source| GenotypeError::Unreadable {
            path: path.display().to_string(),
            source,
        })?;
    parse(text.trim()).map_err(|reason| GenotypeError::InvalidFile {
        path: path.display().to_string(),
        reason: printable_line(reason).to_string(),
    })
}

fn parse(text: &str) -> Result<NasnetGenotype, String> {
    let from_text = |text: &str| text.parse().map_err(|error: NasnetError| error.to_string());
    if !text.starts_with('{') {
        return from_text(text);
    }
    let mut value: Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if let Some(genotype) = value.get_mut("genotype") {
        value = genotype.take();
    }
    match value {
        Value::String(text) => from_text(&text),
        value => serde_json::from_value(value).map_err(|error| error.to_string()),
    }
}

/// Why an argument isn't a genotype.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GenotypeError {
    #[error(
        "'{0}' is neither a published genotype ({known}), nor a genotype's text (op@state+op@state,…/…), nor a file",
        known = published::ALL.map(|(name, _)| name).join(", ")
    )]
    Unknown(String),
    #[error(transparent)]
    Invalid(#[from] NasnetError),
    #[error("{path} can't be read: {source}")]
    Unreadable { path: String, source: io::Error },
    #[error("{path} holds no genotype: {reason}")]
    InvalidFile { path: String, reason: String },
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_genotype_is_found_by_name_by_text_and_in_files() {
        let genotype = published::amoebanet_d();
        let folder = tempfile::tempdir().unwrap();
        let file = |content: &str| {
            let path = folder.path().join("genotype");
            fs::write(&path, content).unwrap();
            path.to_str().unwrap().to_owned()
        };
        let json = serde_json::to_string(&genotype).unwrap();
        for argument in ["amoebanet-d", "AmoebaNet-D", published::AMOEBANET_D] {
            assert_eq!(find(argument).unwrap(), genotype);
        }
        for content in [
            format!("{}\n", published::AMOEBANET_D),
            json.clone(),
            format!(r#"{{"fitness": 0.9, "genotype": {json}}}"#),
            format!(r#"{{"genotype": "{}"}}"#, published::AMOEBANET_D),
        ] {
            assert_eq!(find(&file(&content)).unwrap(), genotype);
        }
        let message = |argument: &str| find(argument).unwrap_err().to_string();
        assert!(message("amoebanet-z").contains("amoebanet-a, amoebanet-b"));
        assert!(message("sep3@0+sep3@9/sep3@0+sep3@1").contains("reads state 9"));
        for content in ["", "{", r#"{"genotype": 3}"#, "sep3@0"] {
            let path = file(content);
            assert!(message(&path).contains("holds no genotype"), "{content}");
        }
    }
}
