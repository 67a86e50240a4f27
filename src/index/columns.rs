//! The values that drawing reads, one compact column per field.
//!
//! A column begins as a dictionary of the values met with a code of one or two bytes per row; a column with more
//! different values becomes plain numbers or one block of text.
//!
//! Invariant: code 0 of a dictionary is [`Value::Null`].

use std::collections::HashMap;
use std::io::{Read, Result, Write};

use super::pack::{Packer, Unpacker, damaged, pack_changed, unpack_changed};
use crate::model::value::Value;

/// Most values in a dictionary.
const DICTIONARY_MOST: usize = 1 << 16;

/// One field of every row.
#[derive(Clone, Debug)]
pub struct Column {
    data: Data,
    len: usize,
}

#[derive(Clone, Debug)]
enum Data {
    Narrow { codes: Vec<u8>, words: Vec<Value> },
    Wide { codes: Vec<u16>, words: Vec<Value> },
    Numbers { numbers: Vec<f64>, whole: bool },
    Text { ends: Vec<u32>, bytes: String, changed: HashMap<u32, Value> },
}

/// What finds a value's code while a column grows.
#[derive(Debug, Default)]
pub struct Lookup(HashMap<Key, u16>);

#[derive(Debug, PartialEq, Eq, Hash)]
enum Key {
    Bool(bool),
    Int(i64),
    Real(u64),
    Text(Box<str>),
}

impl Default for Column {
    fn default() -> Self {
        Self { data: Data::Narrow { codes: Vec::new(), words: vec![Value::Null] }, len: 0 }
    }
}

impl Column {
    /// Adds a row. Bytes are no use for drawing and count as unknown.
    pub fn push(&mut self, value: &Value, lookup: &mut Lookup) {
        let code = self.code_for(value, Some(lookup));
        self.len += 1;
        self.append(code, value);
    }

    /// Adds a row to a finished column.
    pub fn push_slow(&mut self, value: &Value) {
        let code = self.code_for(value, None);
        self.len += 1;
        self.append(code, value);
    }

    fn append(&mut self, code: Option<u16>, value: &Value) {
        match &mut self.data {
            Data::Narrow { codes, .. } => codes.push(code.unwrap_or(0) as u8),
            Data::Wide { codes, .. } => codes.push(code.unwrap_or(0)),
            Data::Numbers { numbers, whole } => {
                numbers.push(value.as_f64().unwrap_or(f64::NAN));
                *whole &= !matches!(value, Value::Real(_));
            }
            Data::Text { ends, bytes, .. } => {
                if !matches!(value, Value::Null | Value::Blob(_)) {
                    bytes.push_str(&value.to_string());
                }
                ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            }
        }
    }

    /// Changes a row.
    pub fn set(&mut self, row: usize, value: &Value) {
        let code = self.code_for(value, None);
        match &mut self.data {
            Data::Narrow { codes, .. } => codes[row] = code.unwrap_or(0) as u8,
            Data::Wide { codes, .. } => codes[row] = code.unwrap_or(0),
            Data::Numbers { numbers, whole } => {
                numbers[row] = value.as_f64().unwrap_or(f64::NAN);
                *whole &= !matches!(value, Value::Real(_));
            }
            Data::Text { changed, .. } => {
                changed.insert(row as u32, value.clone());
            }
        }
    }

    /// The value of a row.
    pub fn get(&self, row: usize) -> Value {
        match &self.data {
            Data::Narrow { codes, words } => words[usize::from(codes[row])].clone(),
            Data::Wide { codes, words } => words[usize::from(codes[row])].clone(),
            Data::Numbers { numbers, whole } => match numbers[row] {
                unknown if unknown.is_nan() => Value::Null,
                number if *whole => Value::Int(number as i64),
                number => Value::Real(number),
            },
            Data::Text { ends, bytes, changed } => match changed.get(&(row as u32)) {
                Some(value) => value.clone(),
                None => match text_at(ends, bytes, row) {
                    "" => Value::Null,
                    text => Value::Text(text.to_owned()),
                },
            },
        }
    }

    /// The number of a row.
    pub fn number(&self, row: usize) -> Option<f64> {
        match &self.data {
            Data::Narrow { codes, words } => words[usize::from(codes[row])].as_f64(),
            Data::Wide { codes, words } => words[usize::from(codes[row])].as_f64(),
            Data::Numbers { numbers, .. } => Some(numbers[row]).filter(|number| !number.is_nan()),
            Data::Text { .. } => None,
        }
    }

    /// The dictionary, if the column has one: every value that a row can have.
    pub fn dictionary(&self) -> Option<&[Value]> {
        match &self.data {
            Data::Narrow { words, .. } | Data::Wide { words, .. } => Some(words),
            Data::Numbers { .. } | Data::Text { .. } => None,
        }
    }

    /// The place of a row's value in the dictionary; 0 without one.
    #[inline]
    pub fn code(&self, row: usize) -> usize {
        match &self.data {
            Data::Narrow { codes, .. } => usize::from(codes[row]),
            Data::Wide { codes, .. } => usize::from(codes[row]),
            Data::Numbers { .. } | Data::Text { .. } => 0,
        }
    }

    /// Gives back memory that was reserved for more.
    pub fn shrink(&mut self) {
        match &mut self.data {
            Data::Narrow { codes, words } => (codes.shrink_to_fit(), words.shrink_to_fit()).0,
            Data::Wide { codes, words } => (codes.shrink_to_fit(), words.shrink_to_fit()).0,
            Data::Numbers { numbers, .. } => numbers.shrink_to_fit(),
            Data::Text { ends, bytes, .. } => (ends.shrink_to_fit(), bytes.shrink_to_fit()).0,
        }
    }

    /// Bytes on the heap, near enough.
    pub fn resident_bytes(&self) -> usize {
        let weigh = |word: &Value| size_of::<Value>() + word.as_str().map_or(0, str::len);
        let words = |words: &[Value]| words.iter().map(weigh).sum::<usize>();
        match &self.data {
            Data::Narrow { codes, words: dictionary } => codes.capacity() + words(dictionary),
            Data::Wide { codes, words: dictionary } => codes.capacity() * 2 + words(dictionary),
            Data::Numbers { numbers, .. } => numbers.capacity() * 8,
            Data::Text { ends, bytes, .. } => ends.capacity() * 4 + bytes.capacity(),
        }
    }

    /// Writes the column.
    pub(super) fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        let pack_words = |words: &[Value], out: &mut Packer<W>| {
            out.number(words.len() as u64)?;
            words.iter().try_for_each(|word| out.value(word))
        };
        out.number(self.len as u64)?;
        match &self.data {
            Data::Narrow { codes, words } => {
                out.number(0)?;
                out.slice(codes)?;
                pack_words(words, out)
            }
            Data::Wide { codes, words } => {
                out.number(1)?;
                out.slice(codes)?;
                pack_words(words, out)
            }
            Data::Numbers { numbers, whole } => {
                out.number(2)?;
                out.slice(numbers)?;
                out.number(u64::from(*whole))
            }
            Data::Text { ends, bytes, changed } => {
                out.number(3)?;
                out.slice(ends)?;
                out.text(bytes)?;
                pack_changed(changed, out)
            }
        }
    }

    /// Reads what [`Column::pack`] writes, for so many rows.
    pub(super) fn unpack<R: Read>(input: &mut Unpacker<R>, rows: usize) -> Result<Self> {
        let unpack_words = |input: &mut Unpacker<R>| -> Result<Vec<Value>> {
            let count = input.count()?;
            let words: Vec<Value> = (0..count.min(DICTIONARY_MOST)).map(|_| input.value()).collect::<Result<_>>()?;
            if words.first() == Some(&Value::Null) { Ok(words) } else { Err(damaged()) }
        };
        let len = input.count()?;
        let data = match input.number()? {
            0 => Data::Narrow { codes: input.slice()?, words: unpack_words(input)? },
            1 => Data::Wide { codes: input.slice()?, words: unpack_words(input)? },
            2 => Data::Numbers { numbers: input.slice()?, whole: input.number()? != 0 },
            3 => Data::Text { ends: input.slice()?, bytes: input.text()?, changed: unpack_changed(input)? },
            _ => return Err(damaged()),
        };
        let found = match &data {
            Data::Narrow { codes, .. } => codes.len(),
            Data::Wide { codes, .. } => codes.len(),
            Data::Numbers { numbers, .. } => numbers.len(),
            Data::Text { ends, .. } => ends.len(),
        };
        if len == rows && found == rows { Ok(Self { data, len }) } else { Err(damaged()) }
    }

    /// The code for `value`, widening the column as needed; `None` once it has no dictionary.
    fn code_for(&mut self, value: &Value, lookup: Option<&mut Lookup>) -> Option<u16> {
        let words = self.dictionary()?;
        let Some(key) = key_of(value) else { return Some(0) };
        let known = match &lookup {
            Some(lookup) => lookup.0.get(&key).copied(),
            None => words.iter().position(|word| key_of(word).as_ref() == Some(&key)).map(|code| code as u16),
        };
        if known.is_some() {
            return known;
        }
        let code = words.len();
        if code >= DICTIONARY_MOST {
            self.leave_dictionary(value);
            return None;
        }
        if code > usize::from(u8::MAX) {
            self.widen();
        }
        if let Data::Narrow { words, .. } | Data::Wide { words, .. } = &mut self.data {
            words.push(value.clone());
        }
        if let Some(lookup) = lookup {
            lookup.0.insert(key, code as u16);
        }
        Some(code as u16)
    }

    fn widen(&mut self) {
        if let Data::Narrow { codes, words } = &mut self.data {
            let codes = codes.iter().map(|&code| u16::from(code)).collect();
            self.data = Data::Wide { codes, words: std::mem::take(words) };
        }
    }

    /// Too many different values: numbers as numbers, anything else as text.
    fn leave_dictionary(&mut self, next: &Value) {
        let Data::Wide { codes, words } = &self.data else { return };
        let known = || words[1..].iter().chain([next]);
        let values = codes.iter().map(|&code| &words[usize::from(code)]);
        if known().all(|value| matches!(value, Value::Int(_) | Value::Real(_))) {
            let whole = known().all(|value| matches!(value, Value::Int(_)));
            let numbers = values.map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
            self.data = Data::Numbers { numbers, whole };
            return;
        }
        let (mut ends, mut bytes) = (Vec::new(), String::new());
        for value in values {
            bytes.push_str(&value.to_string());
            ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
        }
        self.data = Data::Text { ends, bytes, changed: HashMap::new() };
    }
}

fn text_at<'a>(ends: &[u32], bytes: &'a str, row: usize) -> &'a str {
    let start = if row == 0 { 0 } else { ends[row - 1] as usize };
    bytes.get(start..ends[row] as usize).unwrap_or("")
}

fn key_of(value: &Value) -> Option<Key> {
    match value {
        Value::Null | Value::Blob(_) => None,
        Value::Bool(yes) => Some(Key::Bool(*yes)),
        Value::Int(number) => Some(Key::Int(*number)),
        Value::Real(number) => Some(Key::Real(number.to_bits())),
        Value::Text(text) => Some(Key::Text(text.as_str().into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_values_are_a_dictionary() {
        let column = check(&["storm".into(), Value::Null, "foul".into(), "storm".into()]);
        assert_eq!(column.dictionary().map(<[Value]>::len), Some(3));
    }

    #[test]
    fn hundreds_of_values_take_two_bytes() {
        check(&(0..1000).map(|n| Value::Int(n % 700)).collect::<Vec<_>>());
    }

    #[test]
    fn many_numbers_are_numbers() {
        let mut values: Vec<Value> = (0..70_000).map(Value::Int).collect();
        values[3] = Value::Null;
        assert_eq!(check(&values).dictionary(), None);
        check(&(0..70_000).map(|n| Value::Real(f64::from(n) * 0.1)).collect::<Vec<_>>());
    }

    #[test]
    fn many_words_are_text() {
        let mut values: Vec<Value> = (0..70_000).map(|n| Value::Text(format!("井{n}"))).collect();
        values[9] = Value::Null;
        assert_eq!(check(&values).number(0), None);
    }

    #[test]
    fn bytes_are_unknown() {
        let mut column = Column::default();
        column.push_slow(&Value::Blob(vec![1]));
        assert_eq!(column.get(0), Value::Null);
    }

    /// What goes in comes out, and a row can be changed to another's value.
    #[track_caller]
    fn check(values: &[Value]) -> Column {
        let (mut column, mut lookup) = (Column::default(), Lookup::default());
        for value in values {
            column.push(value, &mut lookup);
        }
        column.shrink();
        for (row, value) in values.iter().enumerate() {
            assert_eq!(&column.get(row), value);
            assert_eq!(column.number(row), value.as_f64());
        }
        column.set(0, &values[values.len() - 1]);
        assert_eq!(column.get(0), values[values.len() - 1]);
        column
    }
}
