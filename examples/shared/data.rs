//! Where images come from, on a command line.

use std::path::PathBuf;

use clap::Args;
use evonas::training::images::{DataError, DatasetName, ImageDataset, ImageSize, image_size};

#[derive(Args)]
pub struct DataOptions {
    /// The images: digits (embedded), idx (MNIST, Fashion-MNIST), cifar10, cifar100, or folder
    /// (split/class/*.png or *.jpg)
    #[arg(long, default_value = "digits")]
    pub dataset: DatasetName,
    /// The folder of the data set
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Resize the images of a folder to this height and width
    #[arg(long, value_name = "HxW", value_parser = image_size)]
    pub resize: Option<ImageSize>,
}

impl DataOptions {
    pub fn read(&self) -> Result<ImageDataset, DataError> {
        self.dataset.read(self.data.as_deref(), self.resize)
    }
}
