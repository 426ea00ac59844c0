//! PyTorch's steps of the same network, for comparison.

use std::fs::{self, File};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use burn::tensor::Device;
use evonas::export::pytorch;
use evonas::network::{CellNetwork, NetworkConfig, Precision};
use evonas::randomness::stream;
use evonas::spaces::nasnet::published;
use evonas::training::TrainedClassifier;
use evonas::training::images::ChannelStatistics;
use serde_json::Value;

use super::clock::Clock;
use crate::Failure;
use crate::precision::name_of;

const SCRIPT: &str = include_str!("pytorch.py");

/// How PyTorch computes a step.
pub(super) const MODES: [&str; 3] = ["eager", "compiled", "captured"];

/// The most time for one measurement: compiling can take minutes.
const MOST: Duration = Duration::from_secs(180);

/// AmoebaNet-A in a folder that PyTorch reads, with the program that times it.
pub(super) struct Exported {
    folder: tempfile::TempDir,
    precision: Precision,
}

impl Exported {
    pub(super) fn new(config: &NetworkConfig) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let genotype = published::amoebanet_a();
        // The file has weights in single precision, whatever PyTorch computes in.
        let single = config.clone().precision(Precision::Float32);
        let network = CellNetwork::new(&genotype, &single, &mut stream(0, 0), &Device::flex())?;
        let channels = vec![(0.5, 0.25); config.image.channels];
        let statistics =
            ChannelStatistics::from_channels(channels).ok_or("a channel has no deviation")?;
        pytorch::write(&TrainedClassifier::new(network, statistics), folder.path())?;
        fs::write(folder.path().join("steps.py"), SCRIPT)?;
        Ok(Self {
            folder,
            precision: config.precision,
        })
    }

    /// The figures that the program prints.
    pub(super) fn time(
        &self,
        python: &Path,
        mode: &str,
        device: &str,
        batch: usize,
        steps: usize,
        clock: &Clock,
    ) -> Result<Value, Failure> {
        let path = |name: &str| self.folder.path().join(name);
        let mut command = Command::new(python);
        command
            .arg(path("steps.py"))
            .arg(self.folder.path())
            .args(["--mode", mode, "--device", device])
            .args(["--batch", &batch.to_string(), "--steps", &steps.to_string()]);
        command.args(["--precision", name_of(self.precision)]);
        let (said, complaints) = (path("said"), path("complaints"));
        command
            .stdin(Stdio::null())
            .stdout(File::create(&said)?)
            .stderr(File::create(&complaints)?);
        run(&mut command, clock.left().min(MOST)).map_err(|error| {
            let text = fs::read(&complaints).unwrap_or_default();
            let text = String::from_utf8_lossy(&text).into_owned();
            let last = text.lines().last().unwrap_or_default().to_owned();
            Failure::from(format!("{}: {error}: {last}", python.display()))
        })?;
        let text = fs::read_to_string(&said)?;
        let last = text.lines().last().unwrap_or_default();
        Ok(serde_json::from_str(last)?)
    }
}

/// Runs a command to its end, for a limited time.
fn run(command: &mut Command, limit: Duration) -> Result<(), Failure> {
    let begin = Instant::now();
    let mut child = command.spawn()?;
    loop {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string().into()),
            None if begin.elapsed() >= limit => {
                child.kill()?;
                child.wait()?;
                return Err(format!("ended after {:.0} s", limit.as_secs_f64()).into());
            }
            None => thread::sleep(Duration::from_millis(20)),
        }
    }
}
