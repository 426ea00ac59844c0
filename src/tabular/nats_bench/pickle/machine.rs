//! The machine that pickles are programs for.

use std::collections::BTreeMap;

use super::bytes::{PickleBytes, Problem, binary_integer, escaped_text};
use super::object::{Global, ObjectId, PythonKey, PythonObject};
use super::opcode::*;
use crate::input::LimitExceeded;

/// Reads a pickle: it has a stack of objects, marks on it, and a memo of objects by number.
pub(super) struct Machine<'a> {
    bytes: PickleBytes<'a>,
    length: usize,
    objects: Vec<PythonObject>,
    stack: Vec<ObjectId>,
    /// The heights of the stack at which marks lie.
    marks: Vec<usize>,
    memo: BTreeMap<u32, ObjectId>,
    /// How many more objects and entries of dictionaries may be made.
    values_left: u64,
    most_values: u64,
}

impl<'a> Machine<'a> {
    pub(super) fn new(bytes: &'a [u8], most_values: u64) -> Self {
        Self {
            bytes: PickleBytes::new(bytes),
            length: bytes.len(),
            objects: Vec::new(),
            stack: Vec::new(),
            marks: Vec::new(),
            memo: BTreeMap::new(),
            values_left: most_values,
            most_values,
        }
    }

    /// Runs the program. Returns all objects and the one that was pickled.
    pub(super) fn run(mut self) -> Result<(Vec<PythonObject>, ObjectId), Problem> {
        let root = loop {
            let position = self.length - self.bytes.left();
            let step = self.step();
            match step.map_err(|problem| format!("at byte {position}: {problem}"))? {
                None => {}
                Some(root) => break root,
            }
        };
        for object in &mut self.objects {
            if let PythonObject::Dict(items) = object {
                // A later item replaces an earlier one with the same key.
                items.reverse();
                items.sort_by(|left, right| left.0.cmp(&right.0));
                items.dedup_by(|later, kept| later.0 == kept.0);
            }
        }
        Ok((self.objects, root))
    }

    /// Runs one operation. Returns the pickled object after the last one.
    fn step(&mut self) -> Result<Option<ObjectId>, Problem> {
        match self.bytes.byte()? {
            STOP => return self.pop().map(Some),
            PROTO => {
                self.bytes.byte()?;
            }
            // How frames divide the bytes only matters to who reads them in pieces.
            FRAME => {
                self.bytes.array::<8>()?;
            }
            operation @ (MARK | POP | POP_MARK | DUP) => self.rearrange(operation)?,
            operation @ (PUT | BINPUT | LONG_BINPUT | MEMOIZE | GET | BINGET | LONG_BINGET) => {
                self.remember(operation)?;
            }
            operation @ (EMPTY_TUPLE | TUPLE1 | TUPLE2 | TUPLE3 | TUPLE | EMPTY_LIST | LIST
            | EMPTY_DICT | DICT | EMPTY_SET | FROZENSET) => self.collect(operation)?,
            operation @ (APPEND | APPENDS | SETITEM | SETITEMS | ADDITEMS) => {
                self.extend(operation)?;
            }
            operation @ (GLOBAL | STACK_GLOBAL | REDUCE | INST | OBJ | NEWOBJ | NEWOBJ_EX
            | BUILD) => self.instantiate(operation)?,
            operation => {
                let object = self.atom(operation)?;
                self.push(object)?;
            }
        }
        Ok(None)
    }

    /// An object that its operation holds itself.
    fn atom(&mut self, operation: u8) -> Result<PythonObject, Problem> {
        let bytes = &mut self.bytes;
        let text = |bytes: &[u8]| -> Result<PythonObject, Problem> {
            Ok(PythonObject::Text(std::str::from_utf8(bytes)?.into()))
        };
        Ok(match operation {
            NONE => PythonObject::None,
            NEWTRUE | NEWFALSE => PythonObject::Bool,
            INT | LONG => bytes.decimal()?,
            BININT => PythonObject::Integer(i32::from_le_bytes(bytes.array()?).into()),
            BININT1 => PythonObject::Integer(bytes.byte()?.into()),
            BININT2 => PythonObject::Integer(u16::from_le_bytes(bytes.array()?).into()),
            LONG1 => binary_integer(bytes.counted::<1>()?),
            LONG4 => binary_integer(bytes.counted::<4>()?),
            FLOAT => PythonObject::Float(bytes.number()?),
            BINFLOAT => PythonObject::Float(f64::from_be_bytes(bytes.array()?)),
            UNICODE => escaped_text(bytes.line()?)?,
            SHORT_BINUNICODE => text(bytes.counted::<1>()?)?,
            BINUNICODE => text(bytes.counted::<4>()?)?,
            BINUNICODE8 => text(bytes.counted::<8>()?)?,
            STRING => bytes.line().map(|_| PythonObject::Bytes)?,
            SHORT_BINSTRING | SHORT_BINBYTES => {
                bytes.counted::<1>().map(|_| PythonObject::Bytes)?
            }
            BINSTRING | BINBYTES => bytes.counted::<4>().map(|_| PythonObject::Bytes)?,
            BINBYTES8 | BYTEARRAY8 => bytes.counted::<8>().map(|_| PythonObject::Bytes)?,
            unknown => return Err(format!("there is no operation {unknown:#04x}").into()),
        })
    }

    fn rearrange(&mut self, operation: u8) -> Result<(), Problem> {
        match operation {
            MARK => {
                self.check(self.marks.len())?;
                self.marks.push(self.stack.len());
            }
            DUP => self.put(self.top()?)?,
            POP if self.marks.last().copied() != Some(self.stack.len()) => {
                self.pop()?;
            }
            _ => {
                self.pop_mark()?;
            }
        }
        Ok(())
    }

    fn remember(&mut self, operation: u8) -> Result<(), Problem> {
        let number = match operation {
            PUT | GET => self.bytes.number()?,
            BINPUT | BINGET => self.bytes.byte()?.into(),
            MEMOIZE => u32::try_from(self.memo.len())?,
            _ => u32::from_le_bytes(self.bytes.array()?),
        };
        match operation {
            GET | BINGET | LONG_BINGET => {
                let object = self.memo.get(&number);
                self.put(*object.ok_or("an object that isn't there is referred to")?)?;
            }
            _ => {
                self.check(self.memo.len())?;
                self.memo.insert(number, self.top()?);
            }
        }
        Ok(())
    }

    fn collect(&mut self, operation: u8) -> Result<(), Problem> {
        let last = |machine: &mut Self, count: usize| -> Result<_, Problem> {
            let mut parts = (0..count)
                .map(|_| machine.pop())
                .collect::<Result<Vec<_>, _>>()?;
            parts.reverse();
            Ok(PythonObject::Tuple(parts))
        };
        let object = match operation {
            EMPTY_TUPLE => PythonObject::Tuple(Vec::new()),
            TUPLE1 => last(self, 1)?,
            TUPLE2 => last(self, 2)?,
            TUPLE3 => last(self, 3)?,
            TUPLE => PythonObject::Tuple(self.pop_mark()?),
            EMPTY_LIST => PythonObject::List(Vec::new()),
            LIST => PythonObject::List(self.pop_mark()?),
            EMPTY_DICT => PythonObject::Dict(Vec::new()),
            DICT => {
                let items = self.pop_mark()?;
                PythonObject::Dict(self.entries(&items)?)
            }
            EMPTY_SET => PythonObject::Set,
            _ => self.pop_mark().map(|_| PythonObject::Set)?,
        };
        self.push(object)
    }

    fn extend(&mut self, operation: u8) -> Result<(), Problem> {
        let items = match operation {
            APPEND => vec![self.pop()?],
            SETITEM => {
                let value = self.pop()?;
                vec![self.pop()?, value]
            }
            _ => self.pop_mark()?,
        };
        let entries = match operation {
            SETITEM | SETITEMS => self.entries(&items)?,
            _ => Vec::new(),
        };
        let top = self.top()?.index();
        match (operation, &mut self.objects[top]) {
            (APPEND | APPENDS, PythonObject::List(list)) => list.extend(items),
            (SETITEM | SETITEMS, PythonObject::Dict(dict)) => dict.extend(entries),
            (ADDITEMS, PythonObject::Set) => {}
            _ => return Err("items are added to something else than a collection".into()),
        }
        Ok(())
    }

    /// The items of a dictionary from keys and values in turn.
    fn entries(&mut self, items: &[ObjectId]) -> Result<Vec<(PythonKey, ObjectId)>, Problem> {
        let (pairs, _) = items.as_chunks::<2>();
        self.spend(pairs.len() as u64)?;
        let entry = |&[key, value]: &[ObjectId; 2]| (PythonKey::of(key, &self.objects), value);
        Ok(pairs.iter().map(entry).collect())
    }

    fn instantiate(&mut self, operation: u8) -> Result<(), Problem> {
        let object = match operation {
            GLOBAL => {
                let module = self.bytes.line()?;
                PythonObject::Global(Global::named(module, self.bytes.line()?))
            }
            STACK_GLOBAL => {
                let (name, module) = (self.pop()?, self.pop()?);
                match (self.object(module), self.object(name)) {
                    (PythonObject::Text(module), PythonObject::Text(name)) => {
                        PythonObject::Global(Global::named(module.as_bytes(), name.as_bytes()))
                    }
                    _ => return Err("a class has a name that isn't a text".into()),
                }
            }
            REDUCE => {
                let (arguments, function) = (self.pop()?, self.pop()?);
                let PythonObject::Tuple(arguments) = self.object(arguments) else {
                    return Err("the arguments of a call aren't a tuple".into());
                };
                match self.object(function) {
                    PythonObject::Global(Global::Dict) => PythonObject::Dict(Vec::new()),
                    PythonObject::Global(Global::Set) => PythonObject::Set,
                    PythonObject::Global(Global::Bytes) => PythonObject::Bytes,
                    PythonObject::Global(Global::Argument) => {
                        let argument = arguments.last();
                        let argument = *argument.ok_or("a call lacks its argument")?;
                        self.stack.push(argument);
                        return Ok(());
                    }
                    PythonObject::Global(Global::Unknown) | PythonObject::None => {
                        PythonObject::None
                    }
                    _ => return Err("something else than a class is called".into()),
                }
            }
            // The state replaces its object, whose class isn't known here.
            BUILD => {
                let state = self.pop()?;
                self.pop()?;
                self.stack.push(state);
                return Ok(());
            }
            // The state of an instance follows; until then it is like an empty dictionary.
            INST => {
                self.bytes.line()?;
                self.bytes.line()?;
                self.pop_mark()?;
                PythonObject::Dict(Vec::new())
            }
            OBJ => {
                self.pop_mark()?;
                self.pop()?;
                PythonObject::Dict(Vec::new())
            }
            operation => {
                for _ in 0..if operation == NEWOBJ { 2 } else { 3 } {
                    self.pop()?;
                }
                PythonObject::Dict(Vec::new())
            }
        };
        self.push(object)
    }

    fn object(&self, id: ObjectId) -> &PythonObject {
        &self.objects[id.index()]
    }

    fn push(&mut self, object: PythonObject) -> Result<(), Problem> {
        self.spend(1)?;
        let id = ObjectId::after(self.objects.len()).ok_or("it has too many objects")?;
        self.objects.push(object);
        self.put(id)?;
        Ok(())
    }

    /// Puts an object on the stack.
    fn put(&mut self, object: ObjectId) -> Result<(), LimitExceeded> {
        self.check(self.stack.len())?;
        self.stack.push(object);
        Ok(())
    }

    fn spend(&mut self, values: u64) -> Result<(), LimitExceeded> {
        let left = self.values_left.checked_sub(values);
        self.values_left = left.ok_or_else(|| self.too_many_values())?;
        Ok(())
    }

    /// Refuses more marks, remembered objects or objects on the stack than there may be values: each takes one byte of
    /// the pickle.
    fn check(&self, count: usize) -> Result<(), LimitExceeded> {
        match (count as u64) < self.most_values {
            true => Ok(()),
            false => Err(self.too_many_values()),
        }
    }

    const fn too_many_values(&self) -> LimitExceeded {
        LimitExceeded {
            has: "has",
            most: self.most_values,
            unit: "values",
            advice: "if that is right, raise the limit 'values'",
        }
    }

    /// The top of the stack above the last mark.
    fn top(&self) -> Result<ObjectId, Problem> {
        let floor = self.marks.last().copied().unwrap_or_default();
        let top = self.stack[floor..].last();
        Ok(*top.ok_or("an operation needs an object that isn't there")?)
    }

    fn pop(&mut self) -> Result<ObjectId, Problem> {
        let top = self.top()?;
        self.stack.pop();
        Ok(top)
    }

    /// All objects above the last mark.
    fn pop_mark(&mut self) -> Result<Vec<ObjectId>, Problem> {
        let mark = self
            .marks
            .pop()
            .ok_or("an operation needs a mark that isn't there")?;
        Ok(self.stack.split_off(mark))
    }
}
