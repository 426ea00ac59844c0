//! Drawing images by a seed so that every class keeps its share.

use rand::SeedableRng;
use rand::seq::SliceRandom;
use rand_chacha::ChaCha8Rng;

/// Two disjoint sets of indices that together cover all images, each in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// The images to train on.
    pub kept: Vec<usize>,
    /// The images set aside.
    pub held_out: Vec<usize>,
}

/// Sets aside `held_out_fraction` of the images of each class.
///
/// - `labels`: the class of each image.
/// - `held_out_fraction`: strictly between 0 and 1. Of a class with `n` images,
///   `round(n * held_out_fraction)` are set aside, halves rounded up; a rare class may so end up whole on
///   one side.
/// - `seed`: the same seed gives the same split, on every platform.
///
/// # Errors
///
/// [`SplitError::Fraction`] for a fraction that is not strictly between 0 and 1, and
/// [`SplitError::NothingKept`] or [`SplitError::NothingHeldOut`] where rounding leaves a side empty.
///
/// # Example
///
/// ```
/// use evonas::training::images::stratified_split;
///
/// let split = stratified_split(&[0, 0, 0, 0, 1, 1], 0.5, 7)?;
/// assert_eq!((split.kept.len(), split.held_out.len()), (3, 3));
/// # Ok::<(), evonas::training::images::SplitError>(())
/// ```
pub fn stratified_split(
    labels: &[u16],
    held_out_fraction: f64,
    seed: u64,
) -> Result<Split, SplitError> {
    let fraction = held_out_fraction;
    if !(fraction > 0.0 && fraction < 1.0) {
        return Err(SplitError::Fraction { fraction });
    }
    let images = labels.len();
    let held_out = draw(by_class(labels), seed, |_, class_size| {
        (class_size as f64 * fraction).round() as usize
    });
    if held_out.is_empty() {
        return Err(SplitError::NothingHeldOut { fraction, images });
    }
    if held_out.len() == images {
        return Err(SplitError::NothingKept { fraction, images });
    }
    let mut is_kept = vec![true; images];
    for &index in &held_out {
        is_kept[index] = false;
    }
    let kept = (0..images).filter(|&index| is_kept[index]).collect();
    Ok(Split { kept, held_out })
}

/// `count` indices in ascending order, the classes in proportion; `count` is at most the number of labels.
pub(super) fn stratified_sample(labels: &[u16], count: usize, seed: u64) -> Vec<usize> {
    let classes = by_class(labels);
    let sizes: Vec<usize> = classes.iter().map(Vec::len).collect();
    let shares = shares(&sizes, count);
    draw(classes, seed, |class, _| shares[class])
}

/// Splits `count` in proportion to `sizes` by the method of largest remainders.
fn shares(sizes: &[usize], count: usize) -> Vec<usize> {
    // u128, because the product of two lengths need not fit into usize.
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

/// Shuffles class after class with one generator and takes `share(class, class size)` of each.
fn draw(classes: Vec<Vec<usize>>, seed: u64, share: impl Fn(usize, usize) -> usize) -> Vec<usize> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    let mut drawn = Vec::new();
    for (class, mut members) in classes.into_iter().enumerate() {
        members.shuffle(&mut rng);
        members.truncate(share(class, members.len()));
        drawn.extend(members);
    }
    drawn.sort_unstable();
    drawn
}

/// Why images cannot be split.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum SplitError {
    /// The fraction is not strictly between 0 and 1.
    #[error("the held-out fraction is {fraction}, but must be greater than 0 and less than 1")]
    Fraction {
        /// The fraction passed.
        fraction: f64,
    },
    /// Every class rounds to no held-out image.
    #[error(
        "a held-out fraction of {fraction} of {images} images holds out none of them: \
         use a larger fraction or more images"
    )]
    NothingHeldOut {
        /// The fraction passed.
        fraction: f64,
        /// The number of images.
        images: usize,
    },
    /// Every class rounds to no kept image.
    #[error(
        "a held-out fraction of {fraction} of {images} images keeps none of them: \
         use a smaller fraction or more images"
    )]
    NothingKept {
        /// The fraction passed.
        fraction: f64,
        /// The number of images.
        images: usize,
    },
}
