//! The Adam optimizer (Kingma and Ba 2015), computed as in PyTorch.

/// The decay rates of the two moments, and the term that keeps the division finite.
const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

/// The optimizer's state.
#[derive(Clone, Debug)]
pub(super) struct Adam {
    learning_rate: f64,
    steps: i32,
    first: Vec<f64>,
    second: Vec<f64>,
}

impl Adam {
    pub(super) fn new(learning_rate: f64, parameters: usize) -> Self {
        Self {
            learning_rate,
            steps: 0,
            first: vec![0.0; parameters],
            second: vec![0.0; parameters],
        }
    }

    /// Takes one step down the gradient.
    pub(super) fn step(&mut self, parameters: &mut [f64], gradient: &[f64]) {
        self.steps = self.steps.saturating_add(1);
        let first_correction = 1.0 - BETA1.powi(self.steps);
        let second_correction = (1.0 - BETA2.powi(self.steps)).sqrt();
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((parameter, slope), (first, second)) in
            parameters.iter_mut().zip(gradient).zip(moments)
        {
            *first = BETA1 * *first + (1.0 - BETA1) * slope;
            *second = BETA2 * *second + (1.0 - BETA2) * slope * slope;
            let denominator = second.sqrt() / second_correction + EPSILON;
            *parameter -= self.learning_rate / first_correction * *first / denominator;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected values are worked out by hand from the formula of `torch.optim.Adam`.
    #[test]
    fn the_first_step_has_the_length_of_the_learning_rate() {
        let mut parameters = [1.0, -2.0, 0.5];
        let mut adam = Adam::new(0.01, 3);
        adam.step(&mut parameters, &[300.0, -0.02, 0.0]);
        assert!((parameters[0] - 0.99).abs() < 1e-9);
        assert!((parameters[1] + 1.99).abs() < 1e-8);
        assert_eq!(parameters[2], 0.5);
    }

    #[test]
    fn opposite_gradients_cancel_in_the_first_moment() {
        let mut parameters = [0.0];
        let mut adam = Adam::new(0.1, 1);
        adam.step(&mut parameters, &[1.0]);
        adam.step(&mut parameters, &[-1.0]);
        // Second step: first moment (0.09 - 0.1) / 0.19, second moment 1.
        assert!((parameters[0] - (-0.1 + 0.1 * 0.01 / 0.19)).abs() < 1e-8);
    }
}
