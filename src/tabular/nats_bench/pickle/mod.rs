//! Reading Python pickles.
//!
//! The objects of a pickle lie in one vector and refer to each other by index. So an object that is used in many places
//! is kept once, and however deep lists are nested, nothing here follows them recursively: neither can make a small
//! file overflow the memory or the stack. No code of a pickle is run: of classes, only dictionaries and the like are
//! known by name, and everything else is an object without content.

mod bytes;
mod machine;
mod object;
mod opcode;
mod value;

use std::path::{Path, PathBuf};

use bzip2::read::BzDecoder;

use self::machine::Machine;
pub(super) use self::object::PythonKey;
use self::object::{ObjectId, PythonObject};
pub(super) use self::value::PickleValue;
use super::error::NatsBenchError;
use crate::input::{Bounded, Counted, open_file};
use crate::tabular::TableLimits;

/// The content of a pickle.
pub(super) struct Pickle {
    path: PathBuf,
    objects: Vec<PythonObject>,
    root: ObjectId,
}

impl Pickle {
    /// Reads a pickle compressed with bzip2.
    pub(super) fn read(path: &Path, limits: TableLimits) -> Result<Self, NatsBenchError> {
        let error = |source| NatsBenchError::Read {
            path: path.to_owned(),
            source,
        };
        let file = Counted::new(open_file(path).map_err(error)?);
        let compressed = file.count();
        let mut decompressed =
            Bounded::new(BzDecoder::new(file), limits.bytes).ratio(compressed, limits.ratio);
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut decompressed, &mut bytes).map_err(error)?;
        let (objects, root) = Machine::new(&bytes, limits.values)
            .run()
            .map_err(|source| NatsBenchError::Pickle {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            path: path.to_owned(),
            objects,
            root,
        })
    }

    /// The object that was pickled.
    pub(super) fn root(&self) -> PickleValue<'_> {
        PickleValue::root(self)
    }

    fn object(&self, id: ObjectId) -> &PythonObject {
        &self.objects[id.index()]
    }
}
