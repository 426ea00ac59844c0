//! Tables as evaluators.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use crate::real_table::real_table;
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::spaces::nasbench201::{CELLS, NasBench201Cell, NasBench201Space, ReplaceOperation};
use evonas::tabular::{
    Dataset, Metric, NasBench201Table, TableError, TableErrorKind, TabularColumns,
};

const HEADER: &str = "index,arch,c10_val12,c10_test12,c10_val200,c10_test200,\
    c100_val12,c100_test12,c100_val200,c100_test200,in16_val12,in16_test12,in16_val200,\
    in16_test200,c10_params_m,c100_params_m,in16_params_m,c10_flops_m,c100_flops_m,in16_flops_m,\
    c10valid_train_s_per_epoch,eval_us_per_image";

/// A made-up table of all cells, in the order of their codes.
fn made_up() -> Vec<String> {
    let mut lines = vec![HEADER.to_owned()];
    for (index, cell) in NasBench201Cell::all().enumerate() {
        let accuracies: Vec<String> = (1..=12)
            .map(|place| format!("{}.5", place + index % 7))
            .collect();
        lines.push(format!(
            "{index},{cell},{},0.1,0.2,0.3,10,20,30,7.5,100",
            accuracies.join(",")
        ));
    }
    lines
}

fn read(lines: &[String]) -> Result<NasBench201Table, TableError> {
    NasBench201Table::read_from(lines.join("\n").as_bytes())
}

fn error(change: impl FnOnce(&mut Vec<String>)) -> TableError {
    let mut lines = made_up();
    change(&mut lines);
    read(&lines).unwrap_err()
}

#[test]
fn every_number_of_a_row_is_found_by_its_cell() {
    let table = read(&made_up()).unwrap();
    let cell = NasBench201Cell::from_code(3).unwrap();
    let mut expected = 4.5;
    for dataset in Dataset::ALL {
        for metric in [
            Metric::Valid12,
            Metric::Test12,
            Metric::Valid200,
            Metric::Test200,
        ] {
            assert_eq!(table.accuracy(cell, dataset, metric), expected);
            expected += 1.0;
        }
    }
    assert_eq!(table.parameters(cell, Dataset::Cifar100), 0.2 * 1e6);
    assert_eq!(table.multiply_adds(cell, Dataset::ImageNet16), 30e6);
    assert_eq!(table.index(cell), 3);
    assert_eq!(table.cell(3), Some(cell));
    assert_eq!(table.cell(CELLS), None);
}

#[test]
fn an_evaluation_costs_the_seconds_of_the_documented_formula() {
    let table = read(&made_up()).unwrap();
    let cell = NasBench201Cell::from_code(0).unwrap();
    let (t, e) = (7.5, 100e-6);
    for (dataset, metric, seconds) in [
        (Dataset::Cifar10, Metric::Valid12, 12.0 * t + 25_000.0 * e),
        (Dataset::Cifar100, Metric::Valid12, 24.0 * t + 5_000.0 * e),
        (
            Dataset::ImageNet16,
            Metric::Valid12,
            12.0 * 6.068 * t + 3_000.0 * e,
        ),
        (Dataset::Cifar10, Metric::Valid200, 200.0 * t + 25_000.0 * e),
    ] {
        let found = table.seconds(cell, dataset, metric);
        assert!(
            (found - seconds).abs() < 1e-9,
            "{dataset} {metric}: {found}, not {seconds}"
        );
    }
}

#[test]
fn the_simulated_executor_takes_its_time_from_the_table() {
    let table = Arc::new(read(&made_up()).unwrap());
    let evaluator = table.evaluator(Dataset::Cifar10, Metric::Valid12);
    let evolution = Evolution::builder(NasBench201Space, ReplaceOperation)
        .population(10)
        .sample(3)
        .build()
        .unwrap();
    let budget = Budget::trials(u64::MAX).simulated_time(Duration::from_secs(9250));
    let result = Search::new(evolution, Simulated::new(evaluator, 1).unwrap(), budget)
        .run()
        .unwrap();
    // 92.5 s each: the hundredth ends with the budget.
    assert_eq!(result.history.len(), 100);
    assert_eq!(result.simulated, Some(Duration::from_secs(9250)));
}

#[test]
fn a_table_that_lacks_a_column_is_refused_with_its_name() {
    let error = error(|lines| lines[0] = HEADER.replace("in16_test200", "other"));
    assert!(
        matches!(error.kind(), TableErrorKind::MissingColumn { column, found }
            if column == "in16_test200" && found.contains(&"other".to_owned())),
        "{error}"
    );
}

#[test]
fn a_table_that_lacks_an_architecture_says_which() {
    let error = error(|lines| {
        lines.remove(5);
        lines.pop();
    });
    let fourth = NasBench201Cell::from_code(4).unwrap().to_string();
    assert!(
        matches!(error.kind(), TableErrorKind::MissingArchitectures { missing: 2, count: CELLS, first }
            if *first == fourth),
        "{error}"
    );
}

#[test]
fn a_field_that_is_not_a_number_is_refused_with_line_and_column() {
    for (field, text) in [("7.5", "fast"), ("7.5", ""), ("7.5", "NaN"), ("7.5", "inf")] {
        let error = error(|lines| lines[7] = lines[7].replace(field, text));
        assert!(
            matches!(error.kind(), TableErrorKind::Number { line: 8, column, text: found }
                if column == "c10valid_train_s_per_epoch" && found == text),
            "{error}"
        );
    }
}

#[test]
fn a_number_out_of_range_is_refused_with_line_and_column() {
    for (column, field, text, range) in [
        ("c10valid_train_s_per_epoch", 20, "0", "from 1e-9"),
        ("c10valid_train_s_per_epoch", 20, "1e-300", "from 1e-9"),
        ("c10valid_train_s_per_epoch", 20, "-3", "from 1e-9"),
        ("c10valid_train_s_per_epoch", 20, "1e20", "to 1e12"),
        ("eval_us_per_image", 21, "-0.0", "from 1e-3"),
        ("eval_us_per_image", 21, "1e300", "to 1e12"),
        ("c100_test12", 7, "100.5", "from 0 to 100"),
        ("in16_val200", 12, "-0.5", "from 0 to 100"),
        ("c10_flops_m", 17, "1e305", "from 0 to 1e12"),
        ("in16_params_m", 16, "-1", "from 0 to 1e12"),
    ] {
        let error = error(|lines| {
            let mut fields: Vec<&str> = lines[7].split(',').collect();
            fields[field] = text;
            lines[7] = fields.join(",");
        });
        assert!(
            matches!(error.kind(), TableErrorKind::OutOfRange { line: 8, column: found, number, range: words }
                if found == column && *number == text.parse::<f64>().unwrap() && words.contains(range)),
            "{error}"
        );
    }
    let tabular = |cost: &str, score: &str| {
        TabularColumns::new()
            .genotype("name")
            .fitness("score")
            .cost("time")
            .metric("score")
            .read_from(
                format!("name,score,time\n1,2,3\n2,{score},{cost}\n").as_bytes(),
                str::parse::<u8>,
            )
    };
    assert!(tabular("1e-9", "-1e100").is_ok());
    for (cost, score, message) in [
        (
            "0",
            "1",
            "line 3, column 'time': 0.0 is not a time in seconds, from 1e-9 to 1e12",
        ),
        (
            "-1",
            "1",
            "line 3, column 'time': -1.0 is not a time in seconds, from 1e-9 to 1e12",
        ),
        (
            "1",
            "1e308",
            "line 3, column 'score': 1e308 is not a number from -1e100 to 1e100",
        ),
    ] {
        assert_eq!(tabular(cost, score).unwrap_err().to_string(), message);
    }
}

#[test]
fn spaces_around_an_index_or_architecture_are_ignored() {
    let mut lines = made_up();
    for line in &mut lines[1..] {
        let fields: Vec<&str> = line.splitn(3, ',').collect();
        *line = format!(" {} ,\t{} , {}", fields[0], fields[1], fields[2]);
    }
    let (spaced, plain) = (read(&lines).unwrap(), read(&made_up()).unwrap());
    for cell in NasBench201Cell::all() {
        assert_eq!(spaced.index(cell), plain.index(cell));
        for dataset in Dataset::ALL {
            let accuracy =
                |table: &NasBench201Table| table.accuracy(cell, dataset, Metric::Test200);
            assert_eq!(accuracy(&spaced), accuracy(&plain));
        }
    }
}

#[test]
fn other_broken_rows_are_refused_with_their_line() {
    let short = error(|lines| lines[9].truncate(100));
    assert!(
        matches!(short.kind(), TableErrorKind::Csv { line: 10, .. }),
        "{short}"
    );
    let no_cell = error(|lines| lines[2] = lines[2].replace("none~0", "pool~0"));
    assert!(
        matches!(no_cell.kind(), TableErrorKind::Genotype { line: 3, .. }),
        "{no_cell}"
    );
    let twice = error(|lines| lines[4] = lines[3].clone());
    assert!(
        matches!(twice.kind(), TableErrorKind::Repeated { line: 5, .. }),
        "{twice}"
    );
    let same_index = error(|lines| lines[4] = lines[4].replacen("3,", "2,", 1));
    assert!(
        matches!(same_index.kind(), TableErrorKind::Repeated { line: 5, .. }),
        "{same_index}"
    );
    let beyond = error(|lines| lines[4] = lines[4].replacen("3,", "15625,", 1));
    for (error, index) in [
        (beyond, "15625"),
        (
            error(|lines| lines[4] = lines[4].replacen("3,", " third ,", 1)),
            "third",
        ),
        (
            error(|lines| lines[4] = lines[4].replacen("3,", ",", 1)),
            "",
        ),
    ] {
        assert_eq!(
            error.to_string(),
            format!("line 5, column 'index': '{index}' is not an index from 0 to 15624")
        );
    }
    let empty = error(Vec::clear);
    assert!(
        matches!(empty.kind(), TableErrorKind::MissingColumn { .. }),
        "{empty}"
    );
    let nothing = NasBench201Table::read("no such file").unwrap_err();
    assert!(
        matches!(nothing.kind(), TableErrorKind::Open { .. }),
        "{nothing}"
    );
}

#[test]
fn any_csv_table_can_be_searched_plain_or_gzip() {
    let mut csv = "name,score,time\n".to_owned();
    for number in 0..64 {
        csv.push_str(&format!("{number:06b},{},{}\n", number % 10, 1 + number));
    }
    let folder = tempfile::tempdir().unwrap();
    let (plain, zipped) = (
        folder.path().join("table.csv"),
        folder.path().join("table.csv.gz"),
    );
    std::fs::write(&plain, &csv).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(csv.as_bytes()).unwrap();
    std::fs::write(&zipped, encoder.finish().unwrap()).unwrap();
    let bits = |text: &str| -> Result<Vec<bool>, String> {
        Ok(text.chars().map(|digit| digit == '1').collect())
    };
    let columns = TabularColumns::new()
        .genotype("name")
        .fitness("score")
        .cost("time");
    let evaluator = columns.read(&plain, bits).unwrap();
    assert_eq!(evaluator, columns.read(&zipped, bits).unwrap());
    assert_eq!(evaluator.genotypes().len(), 64);
    let space = evonas::spaces::bits::BitsSpace { length: 6 };
    let executor = Simulated::new(evaluator, 3).unwrap();
    let result = Search::new(RandomSearch::new(space, 0), executor, Budget::trials(200))
        .run()
        .unwrap();
    assert_eq!(result.best().unwrap().fitness(), Some(9.0));
    assert!(result.simulated.unwrap() > Duration::from_secs(100));
}

#[test]
fn a_genotype_without_a_row_fails_and_broken_tables_are_refused() {
    let columns = TabularColumns::new()
        .genotype("name")
        .fitness("score")
        .metric("size");
    let read = |csv: &str| columns.read_from(csv.as_bytes(), str::parse::<u8>);
    let evaluator = read("name,score,size\n1,0.5,3\n").unwrap();
    let (stop, report) = (StopSignal::new(), |_| {});
    let context = Context::new(TrialId(0), 0, 0, &stop, &report);
    assert_eq!(
        evaluator.evaluate(&2, &context),
        Err(EvaluationError::Failed(
            "the table has no row for 2".to_owned()
        ))
    );
    for (csv, message) in [
        (
            "name,score\n1,0.5\n",
            "the table has no column 'size'; it has name, score",
        ),
        ("name,score,size\n", "the table has no rows"),
        (
            "name,score,size\n1,high,3\n",
            "line 2, column 'score': 'high' is not a number",
        ),
        (
            "name,score,size\n1,1,3\n1,1,3\n",
            "line 3: 1 already has a row",
        ),
        (
            "name,score,size\n300,1,3\n",
            "line 2, column 'name': number too large to fit in target type",
        ),
        (
            "name,score,size\n1,1\n",
            "line 2: 2 fields, but the header has 3",
        ),
    ] {
        assert_eq!(read(csv).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_real_table_has_the_known_best_architectures() {
    let Some(table) = real_table() else { return };
    for (dataset, index, accuracy) in [
        (Dataset::Cifar10, 6111, 94.373),
        (Dataset::Cifar100, 9930, 73.513),
        (Dataset::ImageNet16, 857, 47.311),
    ] {
        let (cell, found) = table.best(dataset, Metric::Test200);
        assert_eq!(table.index(cell), index, "{dataset}");
        assert!((found - accuracy).abs() < 1e-3, "{dataset}: {found}");
    }
    // The first row of the official order.
    assert_eq!(
        table.cell(0).unwrap().to_string(),
        "|avg_pool_3x3~0|+|nor_conv_1x1~0|skip_connect~1|+|nor_conv_1x1~0|skip_connect~1|skip_connect~2|"
    );
}
