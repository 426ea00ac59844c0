//! The horizontal places of a layer's vertices.

/// Places with at least the given distances between neighbors whose weighted squared distance from the wanted
/// ones is smallest: isotonic regression by pooling neighbors (Ayer et al. 1955). `distances[i]` is that between
/// places `i` and `i + 1`.
pub(in crate::report) fn spaced(wanted: &[f64], weights: &[f64], distances: &[f64]) -> Vec<f64> {
    // Without the distances, the places only need to be in order.
    let mut offset = 0.0;
    let offsets: Vec<f64> = (0..wanted.len())
        .map(|place| {
            if place > 0 {
                offset += distances[place - 1];
            }
            offset
        })
        .collect();
    // Runs of equal places: their mean, weight and length.
    let mut runs: Vec<(f64, f64, usize)> = Vec::new();
    for (place, &want) in wanted.iter().enumerate() {
        let mut run = (want - offsets[place], weights[place], 1);
        while let Some(&(mean, weight, length)) = runs.last() {
            if mean <= run.0 {
                break;
            }
            runs.pop();
            let total = weight + run.1;
            run = (
                (mean * weight + run.0 * run.1) / total,
                total,
                length + run.2,
            );
        }
        runs.push(run);
    }
    let means = runs
        .into_iter()
        .flat_map(|(mean, _, length)| std::iter::repeat_n(mean, length));
    means
        .zip(offsets)
        .map(|(mean, offset)| mean + offset)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_keep_their_distances_and_stay_close_to_the_wanted_ones() {
        assert_eq!(spaced(&[0.0, 10.0], &[1.0; 2], &[3.0]), [0.0, 10.0]);
        assert_eq!(spaced(&[5.0, 5.0], &[1.0; 2], &[4.0]), [3.0, 7.0]);
        assert_eq!(spaced(&[5.0, 5.0], &[3.0, 1.0], &[4.0]), [4.0, 8.0]);
        assert_eq!(
            spaced(&[2.0, 0.0, 9.0], &[1.0; 3], &[1.0, 1.0]),
            [0.5, 1.5, 9.0]
        );
    }
}
