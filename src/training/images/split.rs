//! Seeded draws of images that keep the proportions of the classes.

use rand::seq::SliceRandom;

use super::ImagesError;
use crate::randomness::stream;

/// Two disjoint sets of indices that together cover all images, each in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Split {
    /// The images to train on.
    pub kept: Vec<usize>,
    /// The images set aside.
    pub held_out: Vec<usize>,
}

/// Sets aside a fraction of the images of each class.
///
/// # Example
///
/// ```
/// use evonas::training::images::HoldOut;
///
/// let split = HoldOut::fraction(0.5).seed(7).split(&[0, 0, 0, 0, 1, 1])?;
/// assert_eq!((split.kept.len(), split.held_out.len()), (3, 3));
/// # Ok::<(), evonas::training::images::ImagesError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[must_use = "nothing is split before `split`"]
pub struct HoldOut {
    fraction: f64,
    seed: u64,
}

impl HoldOut {
    /// Sets aside this fraction, strictly between 0 and 1, drawn with seed 0.
    ///
    /// A class of `n` images loses `round(n * fraction)`, with halves rounded up, so a rare class may
    /// end up entirely on one side.
    pub const fn fraction(fraction: f64) -> Self {
        Self { fraction, seed: 0 }
    }

    /// Sets the seed of the draw. The same seed gives the same split on every platform.
    pub const fn seed(mut self, seed: u64) -> Self {
        self.seed = seed;
        self
    }

    /// Splits the images that have these labels.
    ///
    /// # Errors
    ///
    /// [`ImagesError::Fraction`] if the fraction is not strictly between 0 and 1, and
    /// [`ImagesError::NothingKept`] or [`ImagesError::NothingHeldOut`] if rounding leaves one side empty.
    pub fn split(self, labels: &[u16]) -> Result<Split, ImagesError> {
        let Self { fraction, seed } = self;
        if !(fraction > 0.0 && fraction < 1.0) {
            return Err(ImagesError::Fraction { fraction });
        }
        let images = labels.len();
        let held_out = draw(by_class(labels), seed, |_, class_size| {
            (class_size as f64 * fraction).round() as usize
        });
        if held_out.is_empty() {
            return Err(ImagesError::NothingHeldOut { fraction, images });
        }
        if held_out.len() == images {
            return Err(ImagesError::NothingKept { fraction, images });
        }
        let mut is_kept = vec![true; images];
        for &index in &held_out {
            is_kept[index] = false;
        }
        let kept = (0..images).filter(|&index| is_kept[index]).collect();
        Ok(Split { kept, held_out })
    }
}

/// Draws `count` indices, at most one per label, in proportion to the classes and in ascending order.
pub(super) fn stratified_sample(labels: &[u16], count: usize, seed: u64) -> Vec<usize> {
    let classes = by_class(labels);
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let shares = shares(&sizes, count);
    draw(classes, seed, |class, _| shares[class])
}

/// Divides `count` in proportion to `sizes` by the method of largest remainders.
fn shares(sizes: &[usize], count: usize) -> Vec<usize> {
    // u128, because the product of two lengths may overflow usize.
    let total = sizes.iter().sum::<usize>().max(1) as u128;
    let exact = |size: usize| size as u128 * count as u128;
    let mut shares: Vec<usize> = sizes
        .iter()
        .map(|&size| (exact(size) / total) as usize)
        .collect();
    let missing = count - shares.iter().sum::<usize>();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by_key(|&class| std::cmp::Reverse(exact(sizes[class]) % total));
    for &class in order.iter().take(missing) {
        shares[class] += 1;
    }
    shares
}

/// The indices of each class, up to the highest label.
fn by_class(labels: &[u16]) -> Vec<Vec<usize>> {
    let classes = labels
        .iter()
        .max()
        .map_or(0, |&label| usize::from(label) + 1);
    let mut members = vec![Vec::new(); classes];
    for (index, &label) in labels.iter().enumerate() {
        members[usize::from(label)].push(index);
    }
    members
}

/// Shuffles one class after the other with one generator and takes `share(class, class size)` of each.
fn draw(classes: Vec<Vec<usize>>, seed: u64, share: impl Fn(usize, usize) -> usize) -> Vec<usize> {
    let mut rng = stream(seed, 0);
    let mut drawn = Vec::new();
    for (class, mut members) in classes.into_iter().enumerate() {
        members.shuffle(&mut rng);
        members.truncate(share(class, members.len()));
        drawn.extend(members);
    }
    drawn.sort_unstable();
    drawn
}
