//! Python objects.

use std::rc::Rc;

/// An object's index among those of its pickle.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ObjectId(u32);

impl ObjectId {
    /// The object that comes after `count` others, if they can be counted.
    pub(super) fn after(count: usize) -> Option<Self> {
        u32::try_from(count).ok().map(Self)
    }

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A Python object, as far as an architecture's results need it.
#[derive(Debug)]
pub(super) enum PythonObject {
    /// `None`, or an object of an unknown class.
    None,
    Bool,
    Integer(i64),
    /// One of more than 64 bits, whose digits nothing needs.
    LargeInteger,
    Float(f64),
    Bytes,
    Text(Rc<str>),
    List(Vec<ObjectId>),
    Tuple(Vec<ObjectId>),
    Set,
    /// In the order of the keys, each once, when the whole pickle is read.
    Dict(Vec<(PythonKey, ObjectId)>),
    Global(Global),
}

/// What a name of a module stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Global {
    /// Called, it gives a dictionary: an `OrderedDict`, or an object that its state replaces.
    Dict,
    Set,
    /// Called, it gives bytes.
    Bytes,
    /// Called, it gives its argument.
    Argument,
    /// Any other class or function. Called, it gives an object without content.
    Unknown,
}

impl Global {
    pub(super) fn named(module: &[u8], name: &[u8]) -> Self {
        match (module, name) {
            (b"collections", b"OrderedDict") => Self::Dict,
            (b"copyreg" | b"copy_reg", b"_reconstructor") => Self::Dict,
            (b"builtins" | b"__builtin__", b"set" | b"frozenset") => Self::Set,
            (b"builtins" | b"__builtin__", b"bytearray") => Self::Bytes,
            (b"_codecs", b"encode") => Self::Bytes,
            (b"builtins" | b"__builtin__", b"list" | b"int") => Self::Argument,
            _ => Self::Unknown,
        }
    }
}

/// A dictionary's key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum PythonKey {
    Text(Rc<str>),
    Integer(i64),
    /// A tuple of a few texts and numbers.
    Tuple(Rc<[PythonKey]>),
    /// Anything else, which nothing looks up.
    Other(OtherKey),
}

/// A key that is only equal to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) struct OtherKey(ObjectId);

impl PythonKey {
    /// A tuple longer than this isn't looked up: copying it for every use as a key could take much memory.
    const LONGEST_TUPLE: usize = 4;

    /// A text of more bytes isn't looked up: comparing it for every use as a key could take minutes.
    const LONGEST_TEXT: usize = 256;

    pub(super) fn of(id: ObjectId, objects: &[PythonObject]) -> Self {
        let atom = |id: ObjectId| match &objects[id.index()] {
            PythonObject::Text(text) if text.len() <= Self::LONGEST_TEXT => {
                Some(Self::Text(text.clone()))
            }
            PythonObject::Integer(integer) => Some(Self::Integer(*integer)),
            _ => None,
        };
        let key = match &objects[id.index()] {
            PythonObject::Tuple(parts) if parts.len() <= Self::LONGEST_TUPLE => {
                let parts: Option<Rc<[Self]>> = parts.iter().map(|&part| atom(part)).collect();
                parts.map(Self::Tuple)
            }
            _ => atom(id),
        };
        key.unwrap_or(Self::Other(OtherKey(id)))
    }
}
