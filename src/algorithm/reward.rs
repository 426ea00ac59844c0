//! The reward that a policy learns from.

/// The bound of a reward's magnitude. Policies learn from differences and squares of rewards, PPO in
/// single precision. Within this bound both stay finite, so a single absurd evaluation can't turn a
/// policy's numbers into NaN.
const HIGHEST_REWARD: f64 = 1e12;

/// The reward of a trial: its fitness times the scale, clamped to [`HIGHEST_REWARD`] in magnitude.
pub(super) fn reward(fitness: f64, scale: f64) -> f64 {
    (scale * fitness).clamp(-HIGHEST_REWARD, HIGHEST_REWARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reward_is_scaled_and_within_bounds() {
        assert_eq!(reward(0.5, 100.0), 50.0);
        assert_eq!(reward(f64::MAX, 100.0), HIGHEST_REWARD);
        assert_eq!(reward(-1e13, 1.0), -HIGHEST_REWARD);
    }
}
