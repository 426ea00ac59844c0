//! Journals that are refused: damaged, or of another search.

use super::*;

#[test]
fn any_other_damage_is_an_error_that_names_the_line() {
    let whole = recorded(20);
    let lines: Vec<&str> = whole.lines().collect();
    let damaged_line = |journal: &str| {
        let folder = folder_with(journal);
        match run(folder.path(), 1, 20) {
            Err(SearchError::Journal(JournalError::Record(
                error @ RecordError::Damaged { line, .. },
            ))) => {
                assert!(error.to_string().contains(&format!("line {line} of ")));
                assert_eq!(text(folder.path()), journal, "it is unchanged");
                line
            }
            other => panic!("{other:?}"),
        }
    };
    for index in 1..lines.len() {
        let with = |changed: &[&str]| {
            let mut journal = lines.clone();
            journal.splice(index..=index, changed.iter().copied());
            journal.join("\n") + "\n"
        };
        let number = index as u64 + 1;
        assert_eq!(damaged_line(&with(&["", lines[index]])), number);
        assert_eq!(damaged_line(&with(&[&lines[index][..30]])), number);
        assert_eq!(
            damaged_line(&with(&[&lines[index].replacen(':', ":1", 1)])),
            number
        );
        assert_eq!(
            damaged_line(&with(&[lines[index], lines[index]])),
            number + 1
        );
        let time = lines[index].find("\"at\":").unwrap() + 5;
        let digit = if lines[index].as_bytes()[time] == b'0' {
            "1"
        } else {
            "0"
        };
        let mut later = lines[index].to_owned();
        later.replace_range(time..=time, digit);
        assert_eq!(damaged_line(&with(&[&later])), number, "another time");
        if index + 1 < lines.len() {
            assert_eq!(damaged_line(&with(&[])), number, "a missing line");
        }
    }
}

#[test]
fn the_journal_of_another_search_is_refused() {
    let journal = recorded(20);
    let folder = folder_with(&journal);
    let differs = |result: Result<SearchResult<Bits>, SearchError>| match result {
        Err(SearchError::Journal(JournalError::OtherSearch { difference, .. })) => difference.path,
        other => panic!("{other:?}"),
    };
    let open = || Journal::open(folder.path()).unwrap();
    let search = |algorithm: Evolution<Bits>, journal: Journal| {
        Search::new(algorithm, Serial::new(evaluator), Budget::trials(20))
            .journal(journal)
            .run()
    };
    let ours = |journal: Journal| journal.evaluator("ones and noise");
    assert_eq!(differs(run(folder.path(), 2, 20)), "seed");
    assert_eq!(differs(search(evolution(1), open())), "evaluator");
    let space = BitsSpace { length: 17 };
    let other_space = Evolution::builder(space, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .build()
        .unwrap();
    assert_eq!(differs(search(other_space, ours(open()))), "space.length");
    let other = Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(1)
        .non_aging()
        .build()
        .unwrap();
    let result = search(other, ours(open()));
    let message = result.as_ref().unwrap_err().to_string();
    assert!(
        message.contains("Oldest") && message.contains("WorstOfSample"),
        "{message}"
    );
    assert_eq!(differs(result), "algorithm.replacement.type");
    assert_eq!(text(folder.path()), journal, "nothing was written");

    for other in [1, 2, 4] {
        let format = format!("\"format\":{other}");
        let folder = folder_with(&journal.replacen("\"format\":3", &format, 1));
        assert!(matches!(
            Journal::open(folder.path()),
            Err(JournalError::Record(RecordError::Format { found, supported: 3, .. })) if found == other
        ));
    }
    for other in ["hello\n", "{\"journal\":\"other\"}\n", "hello"] {
        let folder = folder_with(other);
        let error = Journal::open_or_create(folder.path()).unwrap_err();
        assert!(
            matches!(error, JournalError::Record(RecordError::OtherKind { .. })),
            "{error}"
        );
        assert!(
            error.to_string().ends_with(
                "is not an evonas journal: line 1 doesn't begin like a journal's header"
            ),
            "{error}"
        );
        assert_eq!(text(folder.path()), other);
    }
}

#[test]
fn an_intact_journal_of_another_type_of_genotype_is_not_called_damaged() {
    let folder = folder_with(&recorded(20));
    let error = read::<Vec<u8>>(folder.path()).unwrap_err().error;
    let JournalError::OtherGenotype { line, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(line, 2);
    assert!(
        error.to_string().contains("has another type than expected")
            && !error.to_string().contains("damaged"),
        "{error}"
    );
    // With a changed byte it is damaged all the same.
    let folder = folder_with(&recorded(20).replacen("true", "1234", 1));
    let error = read::<Vec<u8>>(folder.path()).unwrap_err().error;
    assert!(
        matches!(
            error,
            JournalError::Record(RecordError::Damaged { line: 2, .. })
        ),
        "{error}"
    );
}

#[test]
fn a_checksum_in_other_digits_is_damage() {
    let whole = recorded(20);
    let lines: Vec<&str> = whole.lines().collect();
    let mut tried = 0;
    for (index, line) in lines.iter().enumerate() {
        for name in ["\"check\":\"", "\"time_check\":\""] {
            let start = line.rfind(name).unwrap() + name.len();
            let upper = line[start..start + 8].to_uppercase();
            if upper == line[start..start + 8] {
                continue;
            }
            let mut changed = (*line).to_owned();
            changed.replace_range(start..start + 8, &upper);
            let mut journal = lines.clone();
            journal[index] = &changed;
            let folder = folder_with(&(journal.join("\n") + "\n"));
            let error = run(folder.path(), 1, 20).unwrap_err();
            let number = index as u64 + 1;
            assert!(
                matches!(
                    error,
                    SearchError::Journal(JournalError::Record(RecordError::Damaged { line, .. })) if line == number
                ),
                "{error}"
            );
            tried += 1;
        }
    }
    assert!(tried > 60, "{tried}");
}

#[test]
fn damage_to_the_header_names_its_line_wherever_it_is() {
    let whole = recorded(20);
    let header = whole.lines().next().unwrap().len();
    for place in 0..header {
        let mut bytes = whole.clone().into_bytes();
        bytes[place] ^= 1;
        let folder = folder_with("");
        fs::write(folder.path().join("journal.jsonl"), &bytes).unwrap();
        let error = Journal::open(folder.path()).unwrap_err();
        // A changed digit makes it another format, which this version doesn't know.
        let names_it = matches!(error, JournalError::Record(RecordError::Format { .. }))
            || error.to_string().contains("line 1 ");
        assert!(names_it, "byte {place}: {error}");
    }
}

#[test]
fn a_file_without_lines_that_is_not_a_journal_is_not_read_to_its_end() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    // Sixteen terabytes, or what the file system allows, without a byte on the disk.
    let file = fs::File::create(&path).unwrap();
    let allowed = (30..45)
        .rev()
        .find(|&power| file.set_len(1 << power).is_ok());
    assert!(allowed.is_some());
    let error = Journal::open(folder.path()).unwrap_err();
    assert!(
        matches!(error, JournalError::Record(RecordError::OtherKind { .. })),
        "{error}"
    );
}

/// An algorithm that describes itself as another one.
#[derive(Debug)]
struct Impostor(Evolution<Bits>, AlgorithmDescription);

impl Algorithm<Bits> for Impostor {
    fn propose(&mut self, trial: TrialId) -> Proposal<Bits> {
        self.0.propose(trial)
    }

    fn learn(&mut self, trial: &Trial<Bits>, outcome: &Outcome) -> Result<(), TellError> {
        self.0.learn(trial, outcome)
    }

    fn seed(&self) -> u64 {
        1
    }

    fn describe(&self) -> AlgorithmDescription {
        self.1.clone()
    }
}

#[test]
fn an_algorithm_that_asks_for_something_else_is_refused() {
    let folder = folder_with(&recorded(20));
    let impostor = Impostor(evolution(2), evolution(1).describe());
    let error = Search::new(impostor, Serial::new(evaluator), Budget::trials(20))
        .journal(
            Journal::open(folder.path())
                .unwrap()
                .evaluator("ones and noise"),
        )
        .run()
        .unwrap_err();
    let SearchError::Journal(JournalError::OtherTrial { line: 2, what, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(what, "genotype");
}
