//! A genotype from wherever a person has it.

use std::path::Path;

use super::{NasnetError, NasnetGenotype, published};

impl NasnetGenotype {
    /// The genotype that a command line argument means: the name of a published one
    /// (`amoebanet-a`), a text form, or the path of a file that holds a text form, a genotype as
    /// JSON, or a JSON object with a `genotype` key, such as a search's `best.json`.
    ///
    /// # Errors
    /// [`GenotypeSourceError`] if it is none of these, or the file can't be read.
    pub fn find(argument: &str) -> Result<Self, GenotypeSourceError> {
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
        if argument.contains('@') && !is_file_name {
            return Ok(argument.parse()?);
        }
        if is_file_name {
            return read(path);
        }
        Err(GenotypeSourceError::Unknown(argument.to_owned()))
    }
}

fn read(path: &Path) -> Result<NasnetGenotype, GenotypeSourceError> {
    let name = || path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|source| GenotypeSourceError::Unreadable {
        path: name(),
        source,
    })?;
    let text = text.trim();
    if !text.starts_with('{') {
        return text
            .parse()
            .map_err(|source| GenotypeSourceError::InvalidFile {
                path: name(),
                reason: NasnetError::to_string(&source),
            });
    }
    let invalid = |source: serde_json::Error| GenotypeSourceError::InvalidFile {
        path: name(),
        reason: source.to_string(),
    };
    let value: serde_json::Value = serde_json::from_str(text).map_err(invalid)?;
    let value = match value.get("genotype") {
        Some(genotype) => genotype.clone(),
        None => value,
    };
    match value {
        serde_json::Value::String(text) => {
            text.parse()
                .map_err(|source: NasnetError| GenotypeSourceError::InvalidFile {
                    path: name(),
                    reason: source.to_string(),
                })
        }
        value => serde_json::from_value(value).map_err(invalid),
    }
}

/// A genotype that can't be found.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum GenotypeSourceError {
    /// Neither a name, nor a text form, nor a file.
    #[error(
        "'{0}' is neither a published genotype ({known}), nor a genotype's text (op@state+op@state,…/…), nor a file",
        known = published::ALL.map(|(name, _)| name).join(", ")
    )]
    Unknown(String),
    /// A text form that is no genotype.
    #[error(transparent)]
    Invalid(#[from] NasnetError),
    /// The file can't be read.
    #[error("{path} can't be read: {source}")]
    Unreadable {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The file holds no genotype.
    #[error("{path} holds no genotype: {reason}")]
    InvalidFile {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}
