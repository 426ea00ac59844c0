//! How far a record of runs is sound, whatever was compared.

use std::collections::HashSet;

use super::{RecordLine, RecordedSettings};
use crate::sealed_log::{LogReader, RecordError, Survey};

/// How far a record of runs is sound.
pub(crate) struct RunSurvey {
    pub(crate) lines: Survey,
    /// The finished runs of the sound lines.
    pub(crate) finished: u64,
}

/// Reads a record to its end or the first line that isn't sound.
pub(crate) fn survey(reader: LogReader) -> Result<RunSurvey, RecordError> {
    let mut finished = 0;
    let mut algorithms = HashSet::new();
    let header = |reader: &mut LogReader| Ok(reader.header::<RecordedSettings>()?.is_some());
    let lines = crate::sealed_log::survey(reader, header, |line| {
        let line: RecordLine<'_> =
            serde_json::from_str(line.content).map_err(|error| error.to_string())?;
        match line {
            RecordLine::Algorithm { algorithm, .. } => {
                algorithms.insert(algorithm.into_owned());
            }
            RecordLine::Run { algorithm, .. } if !algorithms.contains(&*algorithm) => {
                return Err(format!("'{algorithm}' has no settings"));
            }
            RecordLine::Run { result, .. } => match result.problem() {
                Some(problem) => return Err(problem.to_owned()),
                None => finished += 1,
            },
        }
        Ok(())
    })?;
    Ok(RunSurvey { lines, finished })
}
