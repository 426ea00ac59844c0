//! The results of a comparison as CSV files.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use super::curve::Axis;
use super::error::ComparisonError;
use super::record::RESULTS;
use super::results::Comparison;
use crate::excerpt::escaped;
use crate::replace_file;

impl Comparison {
    /// Writes the results to a folder: `runs.csv` with a line for each run, `pairs.csv` with a line for
    /// each pair of algorithms, and `curves.csv` with the curves over both axes. The folder is created if
    /// needed; existing files are replaced. Control characters in names and genotypes are escaped as in JSON, line
    /// breaks included, so a line is a row.
    ///
    /// The `p` of a pair is two-sided, and exact for few runs without ties
    /// ([`mann_whitney`](super::statistics::mann_whitney)). The `confidence` of a curve's point is half the
    /// width of the mean's 95 % confidence interval by Student's t distribution
    /// ([`confidence`](super::statistics::confidence)).
    ///
    /// # Errors
    /// [`ComparisonError::Write`] names the file or folder that can't be written.
    pub fn write_csv(&self, folder: &Path) -> Result<(), ComparisonError> {
        let error = |path: &Path, source| ComparisonError::Write {
            path: path.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(|source| error(folder, source))?;
        for (name, text) in [
            (RESULTS, self.runs_csv()),
            ("pairs.csv", self.pairs_csv()),
            ("curves.csv", self.curves_csv()),
        ] {
            let path = folder.join(name);
            replace_file::write(&path, text).map_err(|source| error(&path, source))?;
        }
        Ok(())
    }

    fn runs_csv(&self) -> String {
        let header =
            "algorithm,dataset,run,seed,evaluations,seconds,valid,test,multiply_adds,genotype";
        let mut csv = format!("{header}\n");
        for entry in self.entries() {
            for (number, run) in entry.runs.iter().enumerate() {
                let best = run.best();
                let multiply_adds = run.multiply_adds.map(|count| count.to_string());
                line(
                    &mut csv,
                    &[
                        &entry.contender,
                        self.dataset(),
                        &number.to_string(),
                        &run.seed.to_string(),
                        &run.evaluations.to_string(),
                        &run.seconds.to_string(),
                        &best.valid.to_string(),
                        &best.test.to_string(),
                        &multiply_adds.unwrap_or_default(),
                        &run.genotype,
                    ],
                );
            }
        }
        csv
    }

    fn pairs_csv(&self) -> String {
        let mut csv = "first,second,dataset,difference,superiority,u,p\n".to_owned();
        for pair in self.pairs() {
            line(
                &mut csv,
                &[
                    &pair.first,
                    &pair.second,
                    self.dataset(),
                    &pair.difference.to_string(),
                    &pair.test.superiority.to_string(),
                    &pair.test.u.to_string(),
                    &format!("{:e}", pair.test.p),
                ],
            );
        }
        csv
    }

    fn curves_csv(&self) -> String {
        let mut csv = "axis,algorithm,dataset,x,mean,confidence\n".to_owned();
        for axis in Axis::ALL {
            for (contender, curve) in self.curves(axis) {
                for point in curve.points {
                    line(
                        &mut csv,
                        &[
                            axis.name(),
                            &contender,
                            self.dataset(),
                            &point.x.to_string(),
                            &point.mean.to_string(),
                            &point.confidence.to_string(),
                        ],
                    );
                }
            }
        }
        csv
    }
}

fn line(csv: &mut String, fields: &[&str]) {
    for (position, field) in fields.iter().enumerate() {
        if position > 0 {
            csv.push(',');
        }
        let field = escaped(field).to_string();
        if field.contains([',', '"']) {
            let quoted = field.replace('"', "\"\"");
            write!(csv, "\"{quoted}\"").expect("writing to a string can't fail");
        } else {
            csv.push_str(&field);
        }
    }
    csv.push('\n');
}
