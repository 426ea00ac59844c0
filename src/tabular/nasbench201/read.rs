//! Reading the table.

use std::io::Read;

use super::{Dataset, Metric, NasBench201Table, OnDataset, Row};
use crate::spaces::nasbench201::{CELLS, NasBench201Cell};
use crate::tabular::TableError;
use crate::tabular::csv_file::{Column, Rows};
use crate::tabular::figure::Figure;

/// Columns in millions.
const MILLION: f64 = 1e6;

/// Where everything stands.
struct Columns {
    index: Column,
    arch: Column,
    train_seconds: Column,
    evaluation_microseconds: Column,
    on: [DatasetColumns; 3],
}

struct DatasetColumns {
    accuracies: [Column; 4],
    parameters: Column,
    multiply_adds: Column,
}

impl Columns {
    fn of(rows: &Rows) -> Result<Self, TableError> {
        let on = |dataset: Dataset| {
            let column = |name: &str| rows.column(&format!("{}_{name}", dataset.prefix()));
            let [first, second, third, fourth] = Metric::ALL.map(|metric| column(metric.name()));
            Ok(DatasetColumns {
                accuracies: [first?, second?, third?, fourth?],
                parameters: column("params_m")?,
                multiply_adds: column("flops_m")?,
            })
        };
        let [first, second, third] = Dataset::ALL.map(on);
        Ok(Self {
            index: rows.column("index")?,
            arch: rows.column("arch")?,
            train_seconds: rows.column("c10valid_train_s_per_epoch")?,
            evaluation_microseconds: rows.column("eval_us_per_image")?,
            on: [first?, second?, third?],
        })
    }

    fn row(&self, rows: &Rows) -> Result<Row, TableError> {
        let on = |columns: &DatasetColumns| {
            let mut accuracies = [0.0; 4];
            for (accuracy, column) in accuracies.iter_mut().zip(&columns.accuracies) {
                *accuracy = rows.number(column, Figure::Percent)?;
            }
            Ok(OnDataset {
                accuracies,
                parameters: MILLION * rows.number(&columns.parameters, Figure::Millions)?,
                multiply_adds: MILLION * rows.number(&columns.multiply_adds, Figure::Millions)?,
            })
        };
        let [first, second, third] = self.on.each_ref().map(on);
        Ok(Row {
            index: self.index(rows)?,
            train_seconds_per_epoch: rows.number(&self.train_seconds, Figure::Seconds)?,
            evaluation_seconds_per_image: rows
                .number(&self.evaluation_microseconds, Figure::Microseconds)?
                / MILLION,
            on: [first?, second?, third?],
        })
    }

    fn index(&self, rows: &Rows) -> Result<u16, TableError> {
        let text = rows.text(&self.index)?.trim();
        text.parse()
            .ok()
            .filter(|&index: &u16| usize::from(index) < CELLS)
            .ok_or_else(|| TableError::Index {
                line: rows.line(),
                column: self.index.name.clone(),
                index: text.to_owned(),
                count: CELLS,
            })
    }
}

impl NasBench201Table {
    /// Reads the table from plain CSV.
    ///
    /// # Errors
    /// As [`NasBench201Table::read`].
    pub fn read_from(reader: impl Read) -> Result<Self, TableError> {
        let mut rows = Rows::new(reader)?;
        let columns = Columns::of(&rows)?;
        let mut by_code: Vec<Option<Row>> = vec![None; CELLS];
        let mut cells: Vec<Option<NasBench201Cell>> = vec![None; CELLS];
        while rows.advance()? {
            let cell: NasBench201Cell = rows
                .text(&columns.arch)?
                .trim()
                .parse()
                .map_err(|reason| rows.no_genotype(&columns.arch, reason))?;
            let row = columns.row(&rows)?;
            let repeated = |what: String| TableError::Repeated {
                line: rows.line(),
                what,
            };
            if by_code[cell.code()].replace(row).is_some() {
                return Err(repeated(cell.to_string()));
            }
            if cells[usize::from(row.index)].replace(cell).is_some() {
                return Err(repeated(format!("index {}", row.index)));
            }
        }
        let missing = || by_code.iter().filter(|row| row.is_none()).count();
        let first = NasBench201Cell::all().find(|cell| by_code[cell.code()].is_none());
        if let Some(first) = first {
            return Err(TableError::MissingArchitectures {
                missing: missing(),
                count: CELLS,
                first: first.to_string(),
            });
        }
        // As many rows as cells, and no index twice: every index has its cell.
        Ok(Self {
            rows: by_code.into_iter().flatten().collect(),
            cells: cells.into_iter().flatten().collect(),
        })
    }
}
