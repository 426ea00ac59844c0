//! One IDX file: finding it, decompressing it, and checking it against its header.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::super::dataset::MOST_BYTES;
use super::{HeaderField, IMAGES_MAGIC, IdxError, LABELS_MAGIC};

/// How many superfluous bytes are counted: a gzip file of a few bytes may hold very many.
const MOST_TRAILING_BYTES: u64 = 1 << 20;

/// Images as their file holds them.
pub(super) struct ImageFile {
    pub(super) path: PathBuf,
    pub(super) count: u32,
    pub(super) rows: u32,
    pub(super) columns: u32,
    /// `[count, rows, columns]`, flattened.
    pub(super) pixels: Vec<u8>,
}

impl ImageFile {
    pub(super) fn read(path: PathBuf) -> Result<Self, IdxError> {
        let mut content = Content::open(path)?;
        let [magic, count, rows, columns] = content.header()?;
        content.check_magic(IMAGES_MAGIC, magic)?;
        content.check_not_zero(HeaderField::Count, count)?;
        content.check_not_zero(HeaderField::Rows, rows)?;
        content.check_not_zero(HeaderField::Columns, columns)?;
        let bytes = [rows, columns]
            .into_iter()
            .try_fold(u64::from(count), |product, size| {
                product.checked_mul(u64::from(size))
            })
            .filter(|&bytes| bytes <= MOST_BYTES);
        let Some(bytes) = bytes else {
            return Err(IdxError::TooLarge {
                file: content.path,
                images: count,
                rows,
                columns,
            });
        };
        let pixels = content.body(bytes)?;
        Ok(Self {
            path: content.path,
            count,
            rows,
            columns,
            pixels,
        })
    }
}

/// Labels as their file holds them: at least one.
pub(super) struct LabelFile {
    pub(super) path: PathBuf,
    pub(super) count: u32,
    pub(super) labels: Vec<u8>,
}

impl LabelFile {
    pub(super) fn read(path: PathBuf) -> Result<Self, IdxError> {
        let mut content = Content::open(path)?;
        let [magic, count] = content.header()?;
        content.check_magic(LABELS_MAGIC, magic)?;
        content.check_not_zero(HeaderField::Count, count)?;
        let labels = content.body(u64::from(count))?;
        Ok(Self {
            path: content.path,
            count,
            labels,
        })
    }
}

/// The file in `dir` with this name or one of its variants: uncompressed first, then the usual spelling.
pub(super) fn find(dir: &Path, name: &'static str) -> Result<PathBuf, IdxError> {
    let dotted = name.replace("-idx", ".idx");
    let gzip = [format!("{name}.gz"), format!("{dotted}.gz")];
    [name, &dotted, &gzip[0], &gzip[1]]
        .into_iter()
        .map(|variant| dir.join(variant))
        .find(|path| path.exists())
        .ok_or_else(|| IdxError::FileMissing {
            folder: dir.to_owned(),
            name,
        })
}

/// The decompressed content of a file, read from front to back.
struct Content {
    path: PathBuf,
    is_gzip: bool,
    /// The bytes that are left of an uncompressed file, by its size.
    left: Option<u64>,
    reader: Box<dyn Read>,
}

impl Content {
    fn open(path: PathBuf) -> Result<Self, IdxError> {
        let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
        let opened = File::open(&path).and_then(|file| Ok((file.metadata()?, file)));
        let (metadata, file) = match opened {
            Err(source) => return Err(IdxError::Read { file: path, source }),
            Ok(opened) => opened,
        };
        let reader: Box<dyn Read> = if is_gzip {
            Box::new(MultiGzDecoder::new(BufReader::new(file)))
        } else {
            Box::new(file)
        };
        Ok(Self {
            path,
            is_gzip,
            left: (!is_gzip && metadata.is_file()).then_some(metadata.len()),
            reader,
        })
    }

    fn header<const FIELDS: usize>(&mut self) -> Result<[u32; FIELDS], IdxError> {
        let expected = FIELDS * 4;
        let bytes = self.at_most(expected as u64)?;
        if bytes.len() < expected {
            return Err(IdxError::TruncatedHeader {
                file: self.path.clone(),
                expected,
                found: bytes.len(),
            });
        }
        let (fields, _) = bytes.as_chunks::<4>();
        Ok(std::array::from_fn(|i| u32::from_be_bytes(fields[i])))
    }

    /// What follows the header, which must be exactly `expected` bytes.
    fn body(&mut self, expected: u64) -> Result<Vec<u8>, IdxError> {
        let path = self.path.clone();
        let truncated = |found| IdxError::TruncatedBody {
            file: path.clone(),
            expected,
            found,
        };
        if let Some(left) = self.left.filter(|&left| left < expected) {
            return Err(truncated(left));
        }
        let body = self.at_most(expected)?;
        let found = body.len() as u64;
        if found < expected {
            return Err(truncated(found));
        }
        // Reading on to the end also checks the checksum of a gzip file.
        let mut rest = self.reader.by_ref().take(MOST_TRAILING_BYTES);
        let trailing = io::copy(&mut rest, &mut io::sink());
        match trailing.map_err(|source| self.read_error(source))? {
            0 => Ok(body),
            trailing => Err(IdxError::TrailingBytes {
                file: self.path.clone(),
                expected,
                found: found.saturating_add(trailing),
            }),
        }
    }

    /// The next `limit` bytes, or fewer at the end of the file; allocates only for what is there.
    fn at_most(&mut self, limit: u64) -> Result<Vec<u8>, IdxError> {
        let mut bytes = Vec::new();
        let result = self.reader.by_ref().take(limit).read_to_end(&mut bytes);
        match result {
            Ok(read) => {
                self.left = self.left.map(|left| left.saturating_sub(read as u64));
                Ok(bytes)
            }
            Err(source) => Err(self.read_error(source)),
        }
    }

    fn check_magic(&self, expected: u32, found: u32) -> Result<(), IdxError> {
        if found == expected {
            return Ok(());
        }
        Err(IdxError::WrongMagicNumber {
            file: self.path.clone(),
            expected,
            found,
        })
    }

    fn check_not_zero(&self, field: HeaderField, value: u32) -> Result<(), IdxError> {
        if value > 0 {
            return Ok(());
        }
        Err(IdxError::ZeroField {
            file: self.path.clone(),
            field,
        })
    }

    fn read_error(&self, source: io::Error) -> IdxError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        let file = self.path.clone();
        match source.kind() {
            InvalidInput | InvalidData | UnexpectedEof if self.is_gzip => {
                IdxError::BrokenGzip { file, source }
            }
            _ => IdxError::Read { file, source },
        }
    }
}
