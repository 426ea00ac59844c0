//! What the mutations begin with: sound files as this crate's writers make them, and the files that did harm before.

#[cfg(feature = "tabular")]
mod archives;
#[cfg(feature = "burn")]
mod burn;
mod logs;

#[cfg(feature = "tabular")]
pub(super) use archives::{archives, nasbench201_tables, pickles, tables};
#[cfg(feature = "burn")]
pub(super) use burn::{checkpoints, cifar_files, idx_files, images, settings, weights};
pub(super) use logs::{comparison_records, journal_contents, journals};

use evonas::spaces::nasbench201::NasBench201Cell;
use evonas::spaces::nasnet::published;

/// The seeds of each target, by its name.
pub(super) fn by_target() -> Vec<(&'static str, Vec<Vec<u8>>)> {
    vec![
        ("genotype", genotypes()),
        ("journal", journals()),
        ("sealed_journal", journal_contents()),
        ("comparison_record", comparison_records()),
        #[cfg(feature = "tabular")]
        ("table", tables()),
        #[cfg(feature = "tabular")]
        ("nasbench201_table", nasbench201_tables()),
        #[cfg(feature = "tabular")]
        ("archive", archives()),
        #[cfg(feature = "tabular")]
        ("pickle", pickles()),
        #[cfg(feature = "burn")]
        ("image", images()),
        #[cfg(feature = "burn")]
        ("idx", idx_files()),
        #[cfg(feature = "burn")]
        ("cifar", cifar_files()),
        #[cfg(feature = "burn")]
        ("settings", settings()),
        #[cfg(feature = "burn")]
        ("weights", weights()),
        #[cfg(feature = "burn")]
        ("checkpoint", checkpoints()),
    ]
}

pub(super) fn genotypes() -> Vec<Vec<u8>> {
    let genotype = published::amoebanet_d();
    let json = serde_json::to_string(&genotype).unwrap();
    let texts = [
        published::AMOEBANET_D.to_owned(),
        "sep3@0+none@1/max3@0+sep7@1".to_owned(),
        NasBench201Cell::from_code(1234).unwrap().to_string(),
        r#"{"activation":"relu","rate":0.5,"layers":3}"#.to_owned(),
        "[0,0.5,3]".to_owned(),
        format!(
            r#"{{"id":0,"seed":5,"genotype":{json},"worker":0,"attempt":1,"status":"completed","fitness":0.5,"metrics":{{"parameters":3.0}},"reports":[[1,0.5]],"seconds":0.1,"at":0.2}}"#
        ),
        json,
        // Nested deeper than a parser may follow.
        "[".repeat(10_000),
        "sep3@0+".repeat(1_000),
    ];
    texts.map(String::into_bytes).into()
}
