//! How differently a new network responds to different images.

use std::fmt::Debug;

use burn::tensor::Tensor;
use rand::Rng;
use serde_json::{Value, json};

use super::MiniBatch;
use crate::description;
use crate::proxy::Proxy;
use crate::training::classifier::{Decoder, ImageClassifier};

/// Added to eigenvalues, as in the paper's program.
const FLOOR: f64 = 1e-5;

/// The covariance of a new network's Jacobian (Mellor et al. 2020, "Neural Architecture Search without Training",
/// first version; `jacob_cov` of Abdelfattah et al. 2021): for every image of a mini-batch, the gradient of the sum of
/// its logits by its pixels. With the eigenvalues `σ` of the correlation matrix of these gradients, the score is
/// `-Σ (ln(σ + k) + 1 / (σ + k))`, `k = 1e-5`: the higher, the less the network treats different images alike.
///
/// Batch norm uses the batch's statistics; labels aren't used. Takes a forward and a backward pass of the mini-batch,
/// and the memory of a training step.
///
/// ```
/// use evonas::burn::tensor::Device;
/// use evonas::network::ImageShape;
/// use evonas::prelude::*;
/// use evonas::training::{CellDecoder, JacobianCovariance, MiniBatch};
/// use evonas::training::images::{ChannelStatistics, digits};
///
/// let train = digits().train;
/// let batch = MiniBatch::new(
///     &train.limit(16, 0),
///     &ChannelStatistics::of(&train),
///     &Device::flex(),
/// );
/// let config = NetworkConfig::new(ImageShape::gray(8, 8), 10).cells_per_stack(1).filters(4);
/// let proxy = JacobianCovariance::new(CellDecoder::new(config), batch);
/// let score = proxy.score(&published::amoebanet_a(), &mut stream(0, 0));
/// // The most there is, with gradients that aren't correlated at all, is about -1 for an image.
/// assert!(score.is_finite() && score < -16.0);
/// ```
#[derive(Clone, Debug)]
pub struct JacobianCovariance<D> {
    decoder: D,
    batch: MiniBatch,
}

impl<D> JacobianCovariance<D> {
    /// The covariance for the networks of this decoder and this mini-batch, on whose device they are built.
    #[must_use]
    pub const fn new(decoder: D, batch: MiniBatch) -> Self {
        Self { decoder, batch }
    }
}

impl<G, D: Decoder<G, Network: ImageClassifier> + Debug> Proxy<G> for JacobianCovariance<D> {
    fn score(&self, genotype: &G, rng: &mut dyn Rng) -> f64 {
        let device = self.batch.device();
        let Ok(network) = self.decoder.decode(genotype, rng, &device) else {
            return f64::NEG_INFINITY;
        };
        let images = self.batch.images().require_grad();
        let gradients = network.logits(images.clone()).sum().backward();
        let Some(jacobian) = images.grad(&gradients) else {
            return f64::NEG_INFINITY;
        };
        match correlations(gradients_of_images(jacobian)) {
            Some(matrix) => score(matrix),
            None => f64::NEG_INFINITY,
        }
    }

    fn describe(&self) -> Value {
        let settings = json!({
            "decoder": self.decoder.describe(),
            "batch": self.batch.describe(),
        });
        description::named("JacobianCovariance", &settings)
    }
}

/// The gradient of every image.
fn gradients_of_images(jacobian: Tensor<4>) -> Vec<Vec<f64>> {
    let [images, ..] = jacobian.dims();
    let values: Vec<f64> = jacobian.into_data().iter::<f64>().collect();
    let of_image = values.len() / images.max(1);
    values
        .chunks(of_image.max(1))
        .map(<[f64]>::to_vec)
        .collect()
}

/// The correlation of each row with each other; `None` if one is constant.
fn correlations(mut rows: Vec<Vec<f64>>) -> Option<Vec<Vec<f64>>> {
    for row in &mut rows {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter_mut().for_each(|value| *value -= mean);
        let norm = dot(row, row).sqrt();
        if !(norm > 0.0 && norm.is_finite()) {
            return None;
        }
        row.iter_mut().for_each(|value| *value /= norm);
    }
    let with_all = |row: &Vec<f64>| rows.iter().map(|other| dot(row, other)).collect();
    Some(rows.iter().map(with_all).collect())
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The score of a correlation matrix. The sum of the logarithms of the eigenvalues is that of the determinant, and the
/// sum of their inverses the trace of the inverse, so that a Cholesky decomposition `L Lᵀ` is enough: the former is
/// twice the sum of the logarithms of L's diagonal, the latter the sum of the squares of L's inverse.
fn score(mut matrix: Vec<Vec<f64>>) -> f64 {
    let size = matrix.len();
    // L is written over the lower half.
    for row in 0..size {
        matrix[row][row] += FLOOR;
        for column in 0..=row {
            let product = dot(&matrix[row][..column], &matrix[column][..column]);
            let rest = matrix[row][column] - product;
            matrix[row][column] = match row == column {
                true => rest.sqrt(),
                false => rest / matrix[column][column],
            };
        }
    }
    let logarithms: f64 = (0..size).map(|at| 2.0 * matrix[at][at].ln()).sum();
    let mut inverses = 0.0;
    for column in 0..size {
        // The column of the inverse, from the diagonal down.
        let mut inverse = vec![0.0; size];
        for row in column..size {
            let unit = f64::from(u8::from(row == column));
            let product = dot(&matrix[row][column..row], &inverse[column..row]);
            inverse[row] = (unit - product) / matrix[row][row];
        }
        inverses += dot(&inverse, &inverse);
    }
    -(logarithms + inverses)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn expected(eigenvalues: &[f64]) -> f64 {
        let term = |value: &f64| (value + FLOOR).ln() + 1.0 / (value + FLOOR);
        -eigenvalues.iter().map(term).sum::<f64>()
    }

    #[test]
    fn the_score_is_that_of_the_eigenvalues() {
        let independent = vec![vec![1.0, 0.0], vec![0.0, 1.0]];
        assert!((score(independent) - expected(&[1.0, 1.0])).abs() < 1e-12);
        let correlated = vec![vec![1.0, 0.6], vec![0.6, 1.0]];
        assert!((score(correlated) - expected(&[1.6, 0.4])).abs() < 1e-12);
        // Equal correlations r of n rows: 1 + (n - 1) r once, and 1 - r.
        let equal = (0..4).map(|row| {
            (0..4)
                .map(|column| if row == column { 1.0 } else { 0.5 })
                .collect()
        });
        assert!((score(equal.collect()) - expected(&[2.5, 0.5, 0.5, 0.5])).abs() < 1e-12);
    }

    #[test]
    fn alike_rows_score_as_low_as_the_floor_allows() {
        let alike = vec![vec![1.0, 2.0, 4.0]; 3];
        let matrix = correlations(alike).unwrap();
        let [found, expected] = [score(matrix), expected(&[3.0, 0.0, 0.0])];
        assert!((found / expected - 1.0).abs() < 1e-6, "{found} {expected}");
    }

    #[test]
    fn correlations_ignore_scale_and_offset_and_need_a_row_that_varies() {
        let rows = vec![vec![1.0, 2.0, 3.0], vec![30.0, 20.0, 10.0]];
        let matrix = correlations(rows).unwrap();
        assert!((matrix[0][1] + 1.0).abs() < 1e-12);
        assert!(correlations(vec![vec![1.0, 2.0], vec![5.0, 5.0]]).is_none());
        assert!(correlations(vec![vec![1.0, f64::NAN]]).is_none());
    }
}
