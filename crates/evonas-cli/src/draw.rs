//! `evonas draw`: the cells of a genotype as a drawing.

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use evonas::replace_file;
use evonas::report::{genotype_dot, genotype_svg};
use evonas::spaces::nasnet::NasnetGenotype;

use crate::Failure;
use crate::naming::genotype;
use crate::output::print;

/// Draw the cells of a genotype, as SVG or for Graphviz
///
/// The inputs of a cell are at the bottom. Numbers are those of hidden states.
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas draw amoebanet-a --out amoebanet-a.svg
  evonas draw found/best.json --format dot | dot -Tpdf > best.pdf")]
pub(crate) struct DrawOptions {
    /// A published genotype (amoebanet-a to -d, nasnet-a), a genotype's text, or a file that holds one as text
    /// or JSON, such as a search's best.json
    #[arg(value_name = "NAME|TEXT|FILE")]
    genotype: String,
    /// The file to write [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The format of the drawing [default: by the ending of the name of --out; svg on standard output]
    #[arg(long, value_enum)]
    format: Option<DrawingFormat>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum DrawingFormat {
    /// An image for browsers and documents
    Svg,
    /// A graph for Graphviz
    Dot,
}

impl DrawingFormat {
    fn of_file(path: &Path) -> Option<Self> {
        let end = path.extension()?.to_str()?.to_ascii_lowercase();
        match end.as_str() {
            "svg" => Some(Self::Svg),
            "dot" | "gv" => Some(Self::Dot),
            _ => None,
        }
    }

    fn draw(self, genotype: &NasnetGenotype) -> Result<String, Failure> {
        Ok(match self {
            Self::Svg => genotype_svg(genotype)?,
            Self::Dot => genotype_dot(genotype),
        })
    }
}

impl DrawOptions {
    pub(crate) fn run(&self) -> Result<(), Failure> {
        let genotype = genotype::find(&self.genotype)?;
        let format = match (self.format, &self.out) {
            (Some(format), _) => format,
            (None, None) => DrawingFormat::Svg,
            (None, Some(path)) => DrawingFormat::of_file(path).ok_or(
                "the name of the file doesn't end in .svg, .dot or .gv: add --format svg or --format dot",
            )?,
        };
        let drawing = format.draw(&genotype)?;
        match &self.out {
            None => print(drawing),
            Some(path) => replace_file::write(path, drawing)
                .map_err(|error| format!("can't write {}: {error}", path.display()).into()),
        }
    }
}
