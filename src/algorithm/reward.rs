//! What a policy learns from a fitness.

/// Rewards beyond this, to either side, count as this. Policies learn from differences and squares of
/// rewards, one of them in single precision: both stay finite up to here, and one evaluation that went
/// astray can't make a policy of numbers that are none.
const HIGHEST_REWARD: f64 = 1e12;

/// The reward of a trial: its fitness times the scale, within [`HIGHEST_REWARD`].
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
