//! One IDX file: finding it, decompressing it, and checking it against its header.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

use super::super::{DatasetError, ImageLimits};
use crate::excerpt::shown;
use crate::input::{Bounded, Counted, limit_exceeded, open_file};

/// The magic number of images: unsigned bytes in three dimensions.
const IMAGES_MAGIC: u32 = 0x0000_0803;
/// The magic number of labels: unsigned bytes in one dimension.
const LABELS_MAGIC: u32 = 0x0000_0801;
/// How many surplus bytes are counted, because a gzip file of a few bytes may decompress to very many.
const MAX_TRAILING_BYTES: u64 = 1 << 20;

/// A file of images, of which only the header is read.
pub(super) struct ImageFile {
    pub(super) count: u32,
    pub(super) rows: u32,
    pub(super) columns: u32,
    bytes: u64,
    content: Content,
}

impl ImageFile {
    pub(super) fn open(path: PathBuf, limits: ImageLimits) -> Result<Self, DatasetError> {
        let mut content = Content::open(path, limits)?;
        let [magic, count, rows, columns] = content.header()?;
        content.check_magic(IMAGES_MAGIC, magic)?;
        content.check_not_zero("number of images", count)?;
        content.check_not_zero("number of rows", rows)?;
        content.check_not_zero("number of columns", columns)?;
        let bytes = [rows, columns]
            .into_iter()
            .try_fold(u64::from(count), |product, size| {
                product.checked_mul(u64::from(size))
            })
            .filter(|&bytes| bytes <= limits.split_bytes);
        let Some(bytes) = bytes else {
            return Err(DatasetError::TooLarge {
                claim: format!(
                    "{} claims in its header to have {count} images of {rows} rows and {columns} columns",
                    shown(&content.path)
                ),
                most: limits.split_bytes,
                advice: "download the file again",
            });
        };
        Ok(Self {
            count,
            rows,
            columns,
            bytes,
            content,
        })
    }

    pub(super) fn path(&self) -> &Path {
        &self.content.path
    }

    /// The pixels: `[count, rows, columns]`, flattened.
    pub(super) fn pixels(&mut self) -> Result<Vec<u8>, DatasetError> {
        self.content.body(self.bytes)
    }
}

/// A file of labels, at least one, of which only the header is read.
pub(super) struct LabelFile {
    pub(super) count: u32,
    content: Content,
}

impl LabelFile {
    pub(super) fn open(path: PathBuf, limits: ImageLimits) -> Result<Self, DatasetError> {
        let mut content = Content::open(path, limits)?;
        let [magic, count] = content.header()?;
        content.check_magic(LABELS_MAGIC, magic)?;
        content.check_not_zero("number of labels", count)?;
        Ok(Self { count, content })
    }

    pub(super) fn path(&self) -> &Path {
        &self.content.path
    }

    pub(super) fn labels(&mut self) -> Result<Vec<u8>, DatasetError> {
        self.content.body(u64::from(self.count))
    }
}

/// The file in `folder` with this name or a variant of it: uncompressed first, then the usual spelling.
pub(super) fn find(folder: &Path, name: &'static str) -> Result<PathBuf, DatasetError> {
    let dotted = name.replace("-idx", ".idx");
    let gzip = [format!("{name}.gz"), format!("{dotted}.gz")];
    [name, &dotted, &gzip[0], &gzip[1]]
        .into_iter()
        .map(|variant| folder.join(variant))
        .find(|path| path.exists())
        .ok_or_else(|| DatasetError::Missing {
            folder: folder.to_owned(),
            missing: format!("file {name} or {name}.gz"),
            advice: "put one of the two there".to_owned(),
        })
}

/// The decompressed content of a file, read from front to back.
struct Content {
    path: PathBuf,
    is_gzip: bool,
    /// The unread bytes of an uncompressed file, by its size.
    left: Option<u64>,
    reader: Box<dyn Read>,
}

impl Content {
    fn open(path: PathBuf, limits: ImageLimits) -> Result<Self, DatasetError> {
        let is_gzip = path.extension().is_some_and(|extension| extension == "gz");
        let opened = open_file(&path).and_then(|file| Ok((file.metadata()?.len(), file)));
        let (length, file) = opened.map_err(|source| DatasetError::io(&path, source))?;
        let reader: Box<dyn Read> = if is_gzip {
            let file = Counted::new(file);
            let compressed = file.count();
            let decompressed = MultiGzDecoder::new(BufReader::new(file));
            Box::new(Bounded::new(decompressed, u64::MAX).ratio(compressed, limits.ratio))
        } else {
            Box::new(file)
        };
        Ok(Self {
            path,
            is_gzip,
            left: (!is_gzip).then_some(length),
            reader,
        })
    }

    fn header<const FIELDS: usize>(&mut self) -> Result<[u32; FIELDS], DatasetError> {
        let expected = FIELDS * 4;
        let bytes = self.at_most(expected as u64)?;
        if bytes.len() < expected {
            return Err(self.invalid(format!(
                "ends within its header: expected at least {expected} bytes, found {}; download it again",
                bytes.len()
            )));
        }
        let (fields, _) = bytes.as_chunks::<4>();
        Ok(std::array::from_fn(|i| u32::from_be_bytes(fields[i])))
    }

    /// Everything after the header, which must be exactly `expected` bytes.
    fn body(&mut self, expected: u64) -> Result<Vec<u8>, DatasetError> {
        if let Some(left) = self.left.filter(|&left| left < expected) {
            return Err(self.truncated(expected, left));
        }
        let body = self.at_most(expected)?;
        let found = body.len() as u64;
        if found < expected {
            return Err(self.truncated(expected, found));
        }
        // Reading to the end also verifies the checksum of a gzip file.
        let mut rest = self.reader.by_ref().take(MAX_TRAILING_BYTES);
        let trailing = io::copy(&mut rest, &mut io::sink());
        match trailing.map_err(|source| self.read_error(source))? {
            0 => Ok(body),
            trailing => Err(self.invalid(format!(
                "has trailing bytes: its header promises {expected} bytes after it, found {}; \
                 download it again",
                found.saturating_add(trailing)
            ))),
        }
    }

    /// The next `limit` bytes, or fewer at the end of the file. Allocates only for bytes that exist.
    fn at_most(&mut self, limit: u64) -> Result<Vec<u8>, DatasetError> {
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

    fn check_magic(&self, expected: u32, found: u32) -> Result<(), DatasetError> {
        if found == expected {
            return Ok(());
        }
        Err(self.invalid(format!(
            "has the wrong magic number: expected {expected} ({expected:#010x}), found {found} \
             ({found:#010x}); {}",
            meaning_of_magic(found)
        )))
    }

    fn check_not_zero(&self, field: &str, value: u32) -> Result<(), DatasetError> {
        if value > 0 {
            return Ok(());
        }
        Err(self.invalid(format!(
            "has a {field} of 0 in its header: expected at least 1; download the file again"
        )))
    }

    fn truncated(&self, expected: u64, found: u64) -> DatasetError {
        self.invalid(format!(
            "is truncated: its header promises {expected} bytes after it, found {found}; download it again"
        ))
    }

    fn invalid(&self, problem: String) -> DatasetError {
        DatasetError::invalid(&self.path, problem)
    }

    fn read_error(&self, source: io::Error) -> DatasetError {
        use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
        if let Some(limit) = limit_exceeded(&source) {
            return self.invalid(limit.of_this());
        }
        match source.kind() {
            InvalidInput | InvalidData | UnexpectedEof if self.is_gzip => {
                let problem = "is not an intact gzip file: download it again, or drop .gz from its name \
                               if it is not compressed";
                DatasetError::undecodable(&self.path, problem, source)
            }
            _ => DatasetError::io(&self.path, source),
        }
    }
}

fn meaning_of_magic(found: u32) -> &'static str {
    match found {
        IMAGES_MAGIC => "this is a file of images, so the names may be swapped",
        LABELS_MAGIC => "this is a file of labels, so the names may be swapped",
        _ if found >> 16 == 0x1f8b => "this is a gzip file, so add .gz to its name",
        _ => "this is not an IDX file of bytes, so download it again",
    }
}
