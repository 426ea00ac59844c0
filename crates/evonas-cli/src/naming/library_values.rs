//! The library's values by name, as the options take them.

use evonas::comparison::Protocol;
use evonas::search::Duplicates;
use evonas::search::journal::{LockPolicy, SyncPolicy};
use evonas::tabular::Dataset;

use super::named_values::NamedValues;

/// A data set of NAS-Bench-201's table. Ignores case, so that the official `ImageNet16-120` is a name too.
pub(crate) fn table_dataset(text: &str) -> Result<Dataset, String> {
    let named = Dataset::ALL.map(|dataset| (dataset.name(), dataset));
    NamedValues::new("data set", named)
        .ignoring_case()
        .parse(text)
}

/// The rules of a benchmark.
pub(crate) fn protocol(text: &str) -> Result<Protocol, String> {
    let named = Protocol::ALL.map(|protocol| (protocol.name(), protocol));
    NamedValues::new("protocol", named).parse(text)
}

/// `allow`, `reuse`, `average`, or `redraw:N`.
pub(crate) fn duplicates(text: &str) -> Result<Duplicates, String> {
    let named = [
        ("allow", Duplicates::Allow),
        ("reuse", Duplicates::Reuse),
        ("average", Duplicates::Average),
    ];
    NamedValues::new("policy for duplicates", named)
        .or_numbered("redraw:N with a number N", |text| {
            let draws = text.strip_prefix("redraw:")?.parse().ok()?;
            Some(Duplicates::Redraw(draws))
        })
        .parse(text)
}

/// `always`, `never`, or a number of lines.
pub(crate) fn sync_policy(text: &str) -> Result<SyncPolicy, String> {
    let named = [("always", SyncPolicy::Always), ("never", SyncPolicy::Never)];
    NamedValues::new("sync policy", named)
        .or_numbered("a number of lines", |text| {
            let lines = text.parse().ok().filter(|&lines| lines > 0)?;
            Some(SyncPolicy::EveryN(lines))
        })
        .parse(text)
}

/// `required` or `optional`.
pub(crate) fn lock_policy(text: &str) -> Result<LockPolicy, String> {
    let named = [
        ("required", LockPolicy::Required),
        ("optional", LockPolicy::Optional),
    ];
    NamedValues::new("lock policy", named).parse(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_sets_are_named_in_any_case_and_unknown_ones_are_refused() {
        for dataset in Dataset::ALL {
            assert_eq!(table_dataset(&dataset.to_string()), Ok(dataset));
        }
        assert_eq!(table_dataset("ImageNet16-120"), Ok(Dataset::ImageNet16));
        assert_eq!(
            table_dataset("cifar").unwrap_err(),
            "unknown data set 'cifar'; choose one of cifar10, cifar100, imagenet16-120"
        );
    }

    #[test]
    fn unknown_protocols_are_refused() {
        for known in Protocol::ALL {
            assert_eq!(protocol(&known.to_string()), Ok(known));
        }
        assert_eq!(
            protocol("nas-bench-101").unwrap_err(),
            "unknown protocol 'nas-bench-101'; choose one of nats-bench, nas-bench-201"
        );
    }

    #[test]
    fn policies_have_names() {
        assert_eq!(duplicates("allow"), Ok(Duplicates::Allow));
        assert_eq!(duplicates("reuse"), Ok(Duplicates::Reuse));
        assert_eq!(duplicates("average"), Ok(Duplicates::Average));
        assert_eq!(duplicates("redraw:7"), Ok(Duplicates::Redraw(7)));
        assert_eq!(
            duplicates("redraw").unwrap_err(),
            "unknown policy for duplicates 'redraw'; choose one of allow, reuse, average, \
             redraw:N with a number N"
        );
        assert_eq!(sync_policy("always"), Ok(SyncPolicy::Always));
        assert_eq!(sync_policy("never"), Ok(SyncPolicy::Never));
        assert_eq!(sync_policy("100"), Ok(SyncPolicy::EveryN(100)));
        assert_eq!(lock_policy("required"), Ok(LockPolicy::Required));
        assert_eq!(lock_policy("optional"), Ok(LockPolicy::Optional));
        assert_eq!(
            sync_policy("0").unwrap_err(),
            "unknown sync policy '0'; choose one of always, never, a number of lines"
        );
    }
}
