//! The tasks whose results were recorded last.

use std::collections::{HashSet, VecDeque};

use crate::nats::TaskId;

/// How many of them are remembered.
const REMEMBERED: usize = 100_000;

/// A set that forgets its oldest tasks.
#[derive(Default)]
pub(super) struct LastTasks {
    set: HashSet<TaskId>,
    order: VecDeque<TaskId>,
}

impl LastTasks {
    pub(super) fn contains(&self, task: TaskId) -> bool {
        self.set.contains(&task)
    }

    pub(super) fn insert(&mut self, task: TaskId) {
        if self.set.insert(task) {
            self.order.push_back(task);
        }
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.set.remove(&oldest);
        }
    }
}
