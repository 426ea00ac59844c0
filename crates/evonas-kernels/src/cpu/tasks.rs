//! How a batch is cut into tasks.

/// At most so many tasks: enough for the cores of a large machine, and few enough that what they
/// add up fits.
const MOST: usize = 32;
/// Values that are worth a task.
const SMALLEST: usize = 8192;

/// How many images a task takes, if each stands for `work` values. It depends on sizes alone, and
/// never on the number of threads: the sums of tasks are added in their order.
pub(super) fn images_of_a_task(images: usize, work: usize) -> usize {
    images
        .div_ceil(MOST)
        .max((SMALLEST / work.max(1)).min(images))
        .max(1)
}
