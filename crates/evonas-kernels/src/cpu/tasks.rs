//! How a batch is split into tasks.

/// The most tasks: enough for the cores of a large machine, and few enough for the memory of their
/// sums.
const MOST: usize = 32;
/// The number of values worth a task.
const SMALLEST: usize = 8192;

/// The number of images per task, if each amounts to `work` values. It depends on sizes alone, never on
/// the number of threads, since the tasks' sums are added in order.
pub(super) fn images_of_a_task(images: usize, work: usize) -> usize {
    images
        .div_ceil(MOST)
        .max((SMALLEST / work.max(1)).min(images))
        .max(1)
}
