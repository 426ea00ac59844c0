//! The contents of the two official archives.

use super::names;
use crate::network::ImageShape;

/// The shape of every image.
pub(super) const SHAPE: ImageShape = ImageShape::rgb(32, 32);
/// The bytes of an image's pixels.
pub(super) const PIXELS: usize = SHAPE.channels * SHAPE.height * SHAPE.width;

/// A data set in CIFAR's binary version.
#[derive(Debug)]
pub(super) struct Archive {
    /// The title of the data set, for messages.
    pub(super) title: &'static str,
    /// The name of the data set, for reports.
    pub(super) name: &'static str,
    /// The archive to download.
    pub(super) archive: &'static str,
    /// The folder that it unpacks to.
    pub(super) folder: &'static str,
    /// The number of labels in a record; the last one is the class.
    pub(super) label_bytes: usize,
    pub(super) train: &'static [OfficialFile],
    pub(super) test: OfficialFile,
    /// The names of all files, for messages.
    pub(super) official: &'static str,
    /// The file with the names of the classes, one per line.
    pub(super) names_file: &'static str,
    pub(super) names: &'static [&'static str],
}

/// An official file.
#[derive(Debug)]
pub(super) struct OfficialFile {
    pub(super) name: &'static str,
    pub(super) records: u64,
    pub(super) sha1: &'static str,
}

const fn file(name: &'static str, records: u64, sha1: &'static str) -> OfficialFile {
    OfficialFile {
        name,
        records,
        sha1,
    }
}

/// The checksums come from the Gluon data sets of Apache MXNet (`mxnet.gluon.data.vision.CIFAR10`).
pub(super) static CIFAR10: Archive = Archive {
    title: "CIFAR-10",
    name: "cifar10",
    archive: "cifar-10-binary.tar.gz",
    folder: "cifar-10-batches-bin",
    label_bytes: 1,
    train: &[
        file(
            "data_batch_1.bin",
            10_000,
            "aadd24acce27caa71bf4b10992e9e7b2d74c2540",
        ),
        file(
            "data_batch_2.bin",
            10_000,
            "c0ba65cce70568cd57b4e03e9ac8d2a5367c1795",
        ),
        file(
            "data_batch_3.bin",
            10_000,
            "1dd00a74ab1d17a6e7d73e185b69dbf31242f295",
        ),
        file(
            "data_batch_4.bin",
            10_000,
            "aab85764eb3584312d3c7f65fd2fd016e36a258e",
        ),
        file(
            "data_batch_5.bin",
            10_000,
            "26e2849e66a845b7f1e4614ae70f4889ae604628",
        ),
    ],
    test: file(
        "test_batch.bin",
        10_000,
        "67eb016db431130d61cd03c7ad570b013799c88c",
    ),
    official: "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
    names_file: "batches.meta.txt",
    names: &names::CIFAR10,
};

/// The checksums come from the Gluon data sets of Apache MXNet (`mxnet.gluon.data.vision.CIFAR100`).
pub(super) static CIFAR100: Archive = Archive {
    title: "CIFAR-100",
    name: "cifar100",
    archive: "cifar-100-binary.tar.gz",
    folder: "cifar-100-binary",
    label_bytes: 2,
    train: &[file(
        "train.bin",
        50_000,
        "e207cd2e05b73b1393c74c7f5e7bea451d63e08e",
    )],
    test: file(
        "test.bin",
        10_000,
        "8fb6623e830365ff53cf14adec797474f5478006",
    ),
    official: "train.bin and test.bin",
    names_file: "fine_label_names.txt",
    names: &names::CIFAR100,
};

impl Archive {
    pub(super) fn files(&self) -> impl Iterator<Item = &OfficialFile> {
        self.train.iter().chain([&self.test])
    }

    pub(super) const fn classes(&self) -> usize {
        self.names.len()
    }
}
