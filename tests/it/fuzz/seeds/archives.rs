//! Tables and the NATS-Bench archive.

use std::io::{Read, Write};
use std::path::Path;

use evonas::spaces::nasbench201::NasBench201Cell;

pub(crate) fn tables() -> Vec<Vec<u8>> {
    let table =
        b"genotype,fitness,seconds,size\na,0.5,1,2\n\"b,\r\n\"\"\",1e3,2,3\n\nc,-1,1e-9,0\n";
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(table).unwrap();
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    bomb.write_all(&vec![b'\n'; 17 << 20]).unwrap();
    vec![
        table.to_vec(),
        encoder.finish().unwrap(),
        bomb.finish().unwrap(),
    ]
}

pub(crate) fn nasbench201_tables() -> Vec<Vec<u8>> {
    let columns = ["c10", "c100", "in16"].map(|set| {
        [
            "val12", "test12", "val200", "test200", "params_m", "flops_m",
        ]
        .map(|name| format!("{set}_{name}"))
        .join(",")
    });
    let header = format!(
        "index,arch,c10valid_train_s_per_epoch,eval_us_per_image,{}\n",
        columns.join(",")
    );
    let rows: String = NasBench201Cell::all()
        .take(3)
        .enumerate()
        .map(|(index, cell)| format!("{index},{cell},1.5,100{}\n", ",50.5".repeat(18)))
        .collect();
    vec![format!("{header}{rows}").into_bytes()]
}

pub(crate) fn archives() -> Vec<Vec<u8>> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nats_bench/NATS-tss-v1_0-3ffb9-simple");
    let sound = std::fs::read(folder.join("000000.pickle.pbz2")).unwrap();
    let mut bomb = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::best());
    bomb.write_all(&vec![0; 17 << 20]).unwrap();
    vec![sound, bomb.finish().unwrap()]
}

pub(crate) fn pickles() -> Vec<Vec<u8>> {
    let mut sound = Vec::new();
    bzip2::read::BzDecoder::new(&archives()[0][..])
        .read_to_end(&mut sound)
        .unwrap();
    // One of each operation.
    let operations = [
        &b"\x80\x04\x95\0\0\0\0\0\0\0\0(NK\x01M\x02\0J\x03\0\0\0\x8a\x01\x04\x8b\x01\0\0\0\x05I6\nI01\nL7L\nF1.5\n"[..],
        b"G?\xf8\0\0\0\0\0\0S'a'\nT\x01\0\0\0bU\x01cVd\\u00e4\nX\x01\0\0\0e\x8c\x01f\x8d\x01\0\0\0\0\0\0\0g",
        b"B\x01\0\0\0hC\x01i\x8e\x01\0\0\0\0\0\0\0j\x96\x01\0\0\0\0\0\0\0k\x88\x89t\x94)N\x85NN\x86NNN\x87",
        b"](NNlNa(NNe}(NNdNNs(NNu\x8f(N\x90(N\x91ccollections\nOrderedDict\n)R}b",
        b"\x8c\x07copyreg\x8c\x0e_reconstructor\x93)R(icopyreg\n_reconstructor\n(NNocset\nset\n)\x81N)}\x92",
        b"2p1\ng1\nq\x02h\x02r\x03\0\0\0j\x03\0\0\0\x940(1.",
    ]
    .concat();
    let deep = [
        &b"\x80\x04"[..],
        &b"]".repeat(20_000),
        &b"a".repeat(19_999),
        b".",
    ]
    .concat();
    let digits = ["L", &"9".repeat(100_000), "L\n."].concat().into_bytes();
    vec![sound, operations, deep, digits]
}
