//! Checkpoints whose checksum is right and whose content no training would write.

use std::fs;
use std::path::Path;

use evonas::training::{CheckpointError, Training};

use crate::checkpoint::{SEED, config, epochs, images, network, of, saved, trainer};
use crate::hostile::at_once;

/// Writes a checkpoint's bytes with their right checksum.
fn write_sealed(path: &Path, content: &[u8]) {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(content);
    let checksum = hasher.finalize().to_le_bytes();
    fs::write(path, [content, &checksum].concat()).unwrap();
}

#[test]
fn no_byte_before_the_tensors_brings_a_resume_down() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    saved(&path, &trainer, 1);
    let file = fs::read(&path).unwrap();
    let content = &file[..file.len() - 4];
    let header = content
        .windows(17)
        .position(|bytes| bytes == b"evonas.checkpoint")
        .unwrap();
    // Every byte of the header, and some of the tensors' names, shapes and types around it.
    let end = (header + 2000).min(content.len());
    let places = (0..end)
        .step_by(23)
        .chain((end..content.len()).step_by(9973));
    let (images, indices) = images();
    let (mut refused, mut resumed) = (0, 0);
    for place in places {
        let mut changed = content.to_vec();
        changed[place] ^= 1;
        write_sealed(&path, &changed);
        match Training::resume(&path, network(4), &trainer, SEED, &of()) {
            Err(CheckpointError::Read { .. } | CheckpointError::Version { .. }) => refused += 1,
            Err(CheckpointError::OtherTraining { .. } | CheckpointError::OtherNetwork { .. }) => {
                refused += 1;
            }
            Err(other) => panic!("byte {place}: {other}"),
            // A changed weight is a weight.
            Ok(mut training) => {
                let _ =
                    training.next_epoch(&images, &indices, &mut evonas::training::Progress::ignore);
                resumed += 1;
            }
        }
    }
    assert!(refused > 30 && resumed > 0, "{refused} {resumed}");
}

#[test]
fn a_checkpoint_of_many_more_bytes_than_the_network_has_is_refused_unread() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config());
    saved(&path, &trainer, 1);
    // A hole, which takes no place on the disk.
    let file = fs::File::options().write(true).open(&path).unwrap();
    file.set_len(1 << 40).unwrap();
    let resumed = at_once(|| Training::resume(&path, network(4), &trainer, SEED, &of()));
    let message = resumed.err().unwrap().to_string();
    assert!(
        message.contains("1099511627776 bytes, and a training of this network at most"),
        "{message}"
    );
}

#[test]
fn a_checkpoint_that_claims_any_number_of_averaged_steps_resumes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("checkpoint.bpk");
    let trainer = trainer(config().moving_average(0.5));
    saved(&path, &trainer, 1);
    let file = fs::read(&path).unwrap();
    let text = b"\"average_steps\":";
    let place = file
        .windows(text.len())
        .position(|bytes| bytes == text)
        .unwrap();
    // As long as before: the subject makes room.
    let place = place + text.len();
    let mut content = file[..file.len() - 4].to_vec();
    content[place] = b'9';
    write_sealed(&path, &content);
    let resumed = Training::resume(&path, network(4), &trainer, SEED, &of()).unwrap();
    assert_eq!(epochs(resumed, 1).epochs().len(), 2);
}
