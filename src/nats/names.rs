//! What a run's streams and subjects are called.

use std::fmt;

use super::error::NatsError;
use super::messages::TaskId;

/// The most characters of a run's name.
const MOST_CHARACTERS: usize = 64;

/// A run's name: letters, digits, `-` and `_`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RunName(String);

impl RunName {
    pub(crate) fn new(name: &str) -> Result<Self, NatsError> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        if name.is_empty() || name.len() > MOST_CHARACTERS || !name.bytes().all(allowed) {
            return Err(NatsError::RunName {
                name: name.to_owned(),
            });
        }
        Ok(Self(name.to_owned()))
    }

    /// The stream of tasks that no worker has finished.
    pub(crate) fn tasks_stream(&self) -> String {
        format!("evonas_{self}_tasks")
    }

    /// The stream of results that the coordinator hasn't recorded.
    pub(crate) fn results_stream(&self) -> String {
        format!("evonas_{self}_results")
    }

    /// The stream with the last value of each [control key](super::ControlKey).
    pub(crate) fn control_stream(&self) -> String {
        format!("evonas_{self}_control")
    }

    /// The subject of a task.
    pub(crate) fn task(&self, task: TaskId) -> String {
        format!("evonas.{self}.task.{task}")
    }

    /// The subjects of all tasks.
    pub(crate) fn tasks(&self) -> String {
        format!("evonas.{self}.task.>")
    }

    /// The subject of a task's result.
    pub(crate) fn result(&self, task: TaskId) -> String {
        format!("evonas.{self}.result.{task}")
    }

    /// The subjects of all results.
    pub(crate) fn results(&self) -> String {
        format!("evonas.{self}.result.>")
    }

    /// The task of a subject of [`RunName::task`].
    pub(crate) fn task_of(&self, subject: &str) -> Option<TaskId> {
        let task = subject
            .strip_prefix("evonas.")?
            .strip_prefix(self.0.as_str())?;
        task.strip_prefix(".task.")?.parse().ok()
    }

    /// The task of a subject of [`RunName::result`].
    pub(crate) fn task_of_result(&self, subject: &str) -> Option<TaskId> {
        let task = subject
            .strip_prefix("evonas.")?
            .strip_prefix(self.0.as_str())?;
        task.strip_prefix(".result.")?.parse().ok()
    }

    /// The subject of a control key.
    pub(crate) fn control(&self, key: &str) -> String {
        format!("evonas.{self}.control.{key}")
    }

    /// Where a worker asks whether to begin.
    pub(crate) fn started(&self) -> String {
        format!("evonas.{self}.started")
    }

    /// Where a worker says that it gives a task back.
    pub(crate) fn returned(&self) -> String {
        format!("evonas.{self}.returned")
    }

    /// Where intermediate results go.
    pub(crate) fn reported(&self) -> String {
        format!("evonas.{self}.reported")
    }

    /// Where a worker asks for the stopper's verdict.
    pub(crate) fn judge(&self) -> String {
        format!("evonas.{self}.judge")
    }

    /// Where every worker hears that the run has ended.
    pub(crate) fn stop(&self) -> String {
        format!("evonas.{self}.stop")
    }
}

impl fmt::Display for RunName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_token_of_a_subject() {
        for good in ["a", "CIFAR-10_seed-1", &"x".repeat(64)] {
            assert!(RunName::new(good).is_ok(), "{good}");
        }
        for bad in ["", "a.b", "*", ">", "a b", "ä", "a/b", &"x".repeat(65)] {
            let error = RunName::new(bad).unwrap_err();
            assert!(error.to_string().contains("letters, digits"), "{error}");
        }
    }
}
