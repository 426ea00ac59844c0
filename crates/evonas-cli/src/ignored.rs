//! Options that would have no effect.

use crate::Failure;

/// Refuses options that a mode ignores, so that no setting is silently left unused.
///
/// - `when`: the mode, as in `with --benchmark bits`.
/// - `options`: each option that the mode ignores, and whether it was given.
pub(crate) fn refuse_ignored(when: &str, options: &[(&str, bool)]) -> Result<(), Failure> {
    match options.iter().find(|(_, given)| *given) {
        Some((option, _)) => Err(format!("{option} has no effect {when}; leave it out").into()),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::refuse_ignored;

    #[test]
    fn the_first_option_that_was_given_is_named() {
        let refused = |given: [bool; 2]| {
            let options = [("--table", given[0]), ("--images", given[1])];
            refuse_ignored("with --benchmark bits", &options).map_err(|error| error.to_string())
        };
        assert_eq!(refused([false, false]), Ok(()));
        assert_eq!(
            refused([false, true]).unwrap_err(),
            "--images has no effect with --benchmark bits; leave it out"
        );
    }
}
