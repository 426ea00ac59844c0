//! Panics in the genotype's own traits and in the key of duplicates.

use super::*;

/// A panic's message in this file as an error has it, up to the number of the line.
fn located(message: &str) -> String {
    format!("{message} ({}:", file!())
}

#[test]
fn a_key_that_panics_is_an_error_and_the_search_resumes_once_it_is_fixed() {
    for policy in [
        Duplicates::Reuse,
        Duplicates::Average,
        Duplicates::Redraw(2),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let search = |broken: bool| {
            Search::new(evolution(), Serial::new(ones), Budget::trials(300))
                .duplicates_by(policy, move |bits: &Bits| {
                    assert!(!broken || count(bits) < 8.0, "too many");
                    bits.clone()
                })
                .journal(journal(folder.path()))
                .run()
        };
        for _ in 0..2 {
            let error = search(true).unwrap_err();
            let expected = located("the key of duplicates panicked: too many");
            assert!(error.to_string().starts_with(&expected), "{error}");
        }
        assert_eq!(search(false).unwrap().history.len(), 300);
    }
}

thread_local! {
    /// Which trait of a [`Cracked`] panics, and after how many more calls.
    static CRACK: Cell<Option<(&'static str, u32)>> = const { Cell::new(None) };
}

/// A genotype one of whose traits may panic.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
struct Cracked(u8);

impl Cracked {
    fn call(name: &'static str) {
        if let Some((cracked, left)) = CRACK.get()
            && cracked == name
        {
            assert!(left > 0, "no more {name}");
            CRACK.set(Some((name, left - 1)));
        }
    }
}

impl Serialize for Cracked {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        Self::call("serializing");
        self.0.serialize(serializer)
    }
}

impl Clone for Cracked {
    fn clone(&self) -> Self {
        Self::call("cloning");
        Self(self.0)
    }
}

impl PartialEq for Cracked {
    fn eq(&self, other: &Self) -> bool {
        Self::call("comparing");
        self.0 == other.0
    }
}

impl Eq for Cracked {}

impl Hash for Cracked {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Self::call("hashing");
        self.0.hash(state);
    }
}

#[derive(Debug)]
struct CrackedSpace;

impl SearchSpace for CrackedSpace {
    type Genotype = Cracked;

    fn sample(&self, rng: &mut dyn Rng) -> Cracked {
        Cracked(rng.random_range(0..20))
    }
}

/// The search's error if a trait panics after a number of calls.
fn cracked(
    folder: Option<&Path>,
    duplicates: Duplicates,
    crack: Option<(&'static str, u32)>,
) -> Result<usize, String> {
    let executor =
        Serial::new(|cracked: &Cracked, _: &Context<'_>| Ok(Evaluation::new(f64::from(cracked.0))));
    let random = RandomSearch::new(CrackedSpace, 1);
    let mut search = Search::new(random, executor, Budget::trials(30)).duplicates(duplicates);
    if let Some(folder) = folder {
        search = search.journal(journal(folder));
    }
    CRACK.set(crack);
    let result = search.run();
    CRACK.set(None);
    result
        .map(|result| result.history.len())
        .map_err(|error| match error {
            SearchError::Panicked { .. } => error.to_string(),
            other => panic!("{other}"),
        })
}

#[test]
fn a_genotype_whose_own_traits_panic_is_an_error_that_says_where() {
    for (name, whom) in [
        ("serializing", "recording a genotype as JSON"),
        ("comparing", "recording a genotype as JSON"),
        ("cloning", "asking the algorithm for a trial"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let run = |crack| cracked(Some(folder.path()), Duplicates::Allow, crack);
        let error = run(Some((name, 7))).unwrap_err();
        let expected = located(&format!("{whom} panicked: no more {name}"));
        assert!(error.starts_with(&expected), "{error}");
        // A replay compares what is asked for with the record.
        if name == "comparing" {
            let expected =
                located("comparing a genotype with its record panicked: no more comparing");
            let error = run(Some((name, 3))).unwrap_err();
            assert!(error.starts_with(&expected), "{error}");
        }
        assert_eq!(run(None), Ok(30));
    }
}

#[test]
fn a_key_that_can_t_be_hashed_or_compared_is_an_error_wherever_that_happens() {
    for policy in [
        Duplicates::Reuse,
        Duplicates::Average,
        Duplicates::Redraw(2),
    ] {
        for name in ["hashing", "comparing"] {
            for calls in 0..8 {
                let error = cracked(None, policy, Some((name, calls))).unwrap_err();
                let expected = located(&format!("the key of duplicates panicked: no more {name}"));
                let starts = error.starts_with(&expected);
                assert!(starts, "{policy:?} after {calls} calls: {error}");
            }
        }
    }
}
