//! `GeoJSON` that goes out as it came in: the text of each feature as the file had it, byte for byte where nobody has
//! changed it, and with only the changed members replaced where somebody has.
//!
//! What the file said around its features is kept too: members of its own, the spaces, the order.

use std::borrow::Cow;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::ops::{ControlFlow, Range};
use std::path::Path;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::columns::ID_COLUMN;
use super::error::{ReadError, WriteError};
use super::format::{Survey, WriteOptions, Written};
use super::geojson_draft::Plan;
use super::geojson_parse::Properties;
use super::geojson_scan::{Layout, ScanError, scan};
use super::geojson_write::{Form, put_bbox, put_text};
use super::geojson_write_shape::write_geometry;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::{Problem, Task};
use crate::text;
use crate::text::Text;

/// Most bytes that are kept of what stands before the features, between two, or after them; beyond it is no ornament.
const MOST_AROUND: u64 = 1 << 20;

/// What a file says around its features.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Around {
    /// Everything before the first feature.
    pub head: Vec<u8>,
    /// Everything after the last.
    pub tail: Vec<u8>,
    /// Whether each feature has a line of its own, rather than being a member of one document.
    pub is_lines: bool,
}

/// The text of a feature, and what in it is out of date.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Original {
    /// What stood between it and the feature before.
    pub gap: Vec<u8>,
    /// The feature itself.
    pub text: Vec<u8>,
    /// Whether the geometry is another now.
    pub is_moved: bool,
    /// The fields whose values are others now, by their place in the schema, and the member that each stood in.
    pub changed: Vec<(usize, Stood)>,
}

/// Where in a feature the value of a field stood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stood {
    /// Nowhere.
    Nowhere,
    /// It was the member `id`.
    Id,
    /// It was the property of this name.
    Property(String),
}

/// Where the values of a column of a surveyed file stand in its features.
pub fn stood(column: &Field) -> Stood {
    if column.id == ID_COLUMN { Stood::Id } else { Stood::Property(column.name.zh.to_string()) }
}

/// What an export would change in a surveyed file whose text is not kept.
pub fn changes(survey: &Survey) -> Vec<Problem> {
    survey.plan.downcast_ref::<Plan>().map_or_else(Vec::new, |plan| {
        let of_layers = plan.layers.iter().flat_map(|layer| layer.changes.iter().cloned());
        super::geojson_changes::of_file(&plan.foreign).into_iter().chain(of_layers).collect()
    })
}

/// Takes a feature's number in the file, what stands before it, and its text.
pub type TextSink<'a> = dyn FnMut(i64, &[u8], &[u8]) -> ControlFlow<()> + 'a;

/// Why the text of a surveyed file cannot be kept, if it cannot.
pub fn obstacle(survey: &Survey) -> Option<Text> {
    let layout = survey.plan.downcast_ref::<Plan>().map(|plan| plan.layout);
    match layout {
        Some(Layout::Document | Layout::Lines) if survey.crs == Crs::WGS84 => None,
        Some(Layout::Document | Layout::Lines) => {
            let crs = survey.crs;
            Some(text!(
                "文件坐标是 {crs}，导出的 GeoJSON 是 WGS 84，原文没有保留",
                "the file is in {crs} and GeoJSON goes out in WGS 84: its text is not kept"
            ))
        }
        _ => Some(Text::new("只有 GeoJSON 能保留原文", "only the text of GeoJSON can be kept")),
    }
}

/// The values in the text of a feature, as a layer of its file has them, whatever is wrong with its geometry; `None` if
/// the text is not even an object.
pub fn values(survey: &Survey, layer: usize, text: &[u8]) -> Option<Vec<Value>> {
    #[derive(serde::Deserialize)]
    struct Loose<'a> {
        #[serde(borrow)]
        id: Option<&'a RawValue>,
        #[serde(borrow)]
        properties: Option<&'a RawValue>,
    }
    let plan = survey.plan.downcast_ref::<Plan>()?;
    let Loose { id, properties } = serde_json::from_slice(text).ok()?;
    let properties = properties.and_then(|found| serde_json::from_str::<Properties<'_>>(found.get()).ok());
    let properties = properties.map_or_else(Vec::new, |Properties(found)| found);
    let properties = properties.iter().map(|(name, json)| (name.as_ref(), *json));
    Some(plan.layers.get(layer)?.values(id.map(RawValue::get), properties))
}

/// Hands over the texts of a surveyed file's features in its order; what stands around them comes back. A document that is
/// one feature alone has nothing around it and gives nothing.
///
/// # Errors
/// See [`ReadError`].
pub fn texts(
    path: &Path,
    survey: &Survey,
    task: &mut Task,
    sink: &mut TextSink<'_>,
) -> Result<Option<Around>, ReadError> {
    let Some(plan) = survey.plan.downcast_ref::<Plan>() else { return Ok(None) };
    let is_lines = plan.layout == Layout::Lines;
    let mut beside = File::open(path)?;
    let (mut around, mut end, mut failed) = (None::<Around>, 0_u64, None::<ReadError>);
    let what = Text::new("正在保留原文", "Keeping the text");
    let scanned = scan(File::open(path)?, plan.layout, &mut |batch| {
        if !is_lines && !batch.is_in_collection {
            return ControlFlow::Break(());
        }
        for item in &batch.items {
            let start = batch.base + item.range.start as u64;
            let gap = match read_between(&mut beside, end..start) {
                Ok(gap) => gap,
                Err(error) => {
                    failed = Some(error.into());
                    return ControlFlow::Break(());
                }
            };
            end = batch.base + item.range.end as u64;
            let gap = if around.is_none() {
                around = Some(Around { head: gap, tail: Vec::new(), is_lines });
                Vec::new()
            } else {
                gap
            };
            let number = i64::try_from(item.number).unwrap_or(i64::MAX);
            if sink(number, &gap, &batch.text[item.range.clone()]).is_break() {
                return ControlFlow::Break(());
            }
        }
        match task.report(&what, end, Some(survey.bytes)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(cancelled) => {
                failed = Some(cancelled.into());
                ControlFlow::Break(())
            }
        }
    });
    match (failed, scanned) {
        (Some(error), _) => Err(error),
        (None, Err(ScanError::Stopped)) => Ok(None),
        (None, Err(ScanError::Io(error))) => Err(error.into()),
        (None, Err(_)) => Err(ReadError::NotGeoJson), // the file has changed since it was surveyed
        (None, Ok(_)) => {
            let size = beside.metadata()?.len();
            let tail = read_between(&mut beside, end..size)?;
            Ok(around.map(|around| Around { tail, ..around }))
        }
    }
}

fn read_between(file: &mut File, range: Range<u64>) -> std::io::Result<Vec<u8>> {
    let mut out = Vec::new();
    let length = range.end.saturating_sub(range.start);
    if length > MOST_AROUND {
        return Err(std::io::ErrorKind::FileTooLarge.into());
    }
    file.seek(SeekFrom::Start(range.start))?;
    file.take(length).read_to_end(&mut out)?;
    Ok(out)
}

/// A file being written of features with their own text and of others without.
pub struct LosslessWriter<'a> {
    out: &'a mut dyn Write,
    form: Form,
    around: Around,
    buffer: Vec<u8>,
    written: Written,
}

impl<'a> LosslessWriter<'a> {
    /// Begins the file. A box around everything that the file had is left out unless `is_whole`: it may no longer fit.
    ///
    /// # Errors
    /// As [`super::format::write_file`].
    pub fn new(
        out: &'a mut dyn Write,
        schema: &Schema,
        options: &WriteOptions,
        mut around: Around,
        is_whole: bool,
    ) -> Result<Self, WriteError> {
        let form = Form::new(schema, options, around.is_lines)?;
        let mut written = Written::default();
        if !is_whole && !around.is_lines && drop_bbox(&mut around) {
            let what = Text::new(
                "要素有变动，文件原有的范围框 bbox 没有写出",
                "features have changed: the file's own bbox is left out",
            );
            written.problems.push(Problem::warning("lossless.bbox", what));
        }
        let buffer = around.head.clone();
        Ok(Self { out, form, around, buffer, written })
    }

    /// Adds a feature, with its own text where it has one.
    ///
    /// # Errors
    /// What the disk says. A feature that cannot be in the file is left out with a problem.
    pub fn write(&mut self, feature: &Feature, original: Option<&Original>) -> Result<(), WriteError> {
        let text = match original {
            Some(original) if !original.is_moved && original.changed.is_empty() => {
                Ok(Cow::Borrowed(&original.text[..]))
            }
            Some(original) => self.updated(feature, original).map(Cow::Owned),
            None => self.own(feature).map(Cow::Owned),
        };
        match text {
            Ok(text) => {
                let gap = original.map_or(&b""[..], |original| &original.gap);
                self.put_gap(gap);
                self.buffer.extend_from_slice(&text);
                self.written.features += 1;
            }
            Err(what) => {
                let problem = Problem::error("geojson.not-written", what).of_feature(feature.id);
                self.written.problems.push(problem);
            }
        }
        if self.buffer.len() >= MOST_AROUND as usize { self.flush() } else { Ok(()) }
    }

    /// Ends the file.
    ///
    /// # Errors
    /// What the disk says.
    pub fn finish(mut self) -> Result<Written, WriteError> {
        self.buffer.extend_from_slice(&self.around.tail);
        self.flush()?;
        self.out.flush()?;
        Ok(self.written)
    }

    /// What stands between two features: as it was, as long as that parts them.
    fn put_gap(&mut self, gap: &[u8]) {
        let (parts, usual): (u8, &[u8]) = if self.around.is_lines { (b'\n', b"\n") } else { (b',', b",\n") };
        match (self.written.features, gap.contains(&parts)) {
            (0, _) => {}
            (_, true) => self.buffer.extend_from_slice(gap),
            (_, false) => self.buffer.extend_from_slice(usual),
        }
    }

    /// A feature without a text of its own.
    fn own(&self, feature: &Feature) -> Result<Vec<u8>, Text> {
        let mut text = Vec::new();
        self.form.feature(feature, &mut text)?;
        Ok(text.strip_prefix(b",\n").unwrap_or(&text).trim_ascii_end().to_vec())
    }

    /// The text with what has changed since put in its place.
    fn updated(&self, feature: &Feature, original: &Original) -> Result<Vec<u8>, Text> {
        let mut text = original.text.clone();
        if original.is_moved {
            let geometry = self.form.geometry(feature)?;
            let geometry = geometry.as_ref().map(Cow::as_ref);
            let mut json = b"null".to_vec();
            if let Some(geometry) = geometry {
                json.clear();
                write_geometry(geometry, self.form.decimals, &mut json);
            }
            set_member(&mut text, "geometry", &json);
            if member(&text, "bbox").is_some() {
                set_member(&mut text, "bbox", &bbox(geometry, self.form.decimals));
            }
        }
        for (place, stood) in &original.changed {
            let mut json = Vec::new();
            self.form.put_column(feature, *place, &mut json);
            match stood {
                Stood::Id => set_member(&mut text, "id", &json),
                Stood::Property(name) => set_property(&mut text, name, &json),
                Stood::Nowhere => set_property(&mut text, self.form.column_name(*place), &json),
            }
        }
        Ok(text)
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        self.out.write_all(&self.buffer)?;
        self.written.bytes += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

fn bbox(geometry: Option<&Geometry>, decimals: u8) -> Vec<u8> {
    let Some(bounds) = geometry.map(Geometry::bounds).filter(|bounds| !bounds.is_empty()) else {
        return b"null".to_vec();
    };
    let mut out = Vec::new();
    put_bbox(&mut out, &bounds, decimals);
    out.strip_prefix(b"\"bbox\":").unwrap_or(&out).to_vec()
}

/// Takes the document's own member `bbox` out, before the features or behind them; whether there was one.
fn drop_bbox(around: &mut Around) -> bool {
    let open = around.head.len();
    let whole: Vec<u8> = [&around.head[..], &around.tail[..]].concat();
    let Some((place, members)) = position(&whole, "bbox") else { return false };
    // With a comma: the one behind it, or the one before the last.
    let value = &members[place];
    let key_start = members[..place]
        .last()
        .map_or_else(|| whole.iter().position(|&byte| byte == b'{').map_or(0, |brace| brace + 1), |before| before.end);
    let cut = match members.get(place + 1) {
        Some(_) if place == 0 => {
            let comma = whole[value.end..].iter().position(|&byte| byte == b',');
            key_start..comma.map_or(value.end, |comma| value.end + comma + 1)
        }
        _ => key_start..value.end,
    };
    if cut.end <= open {
        around.head.drain(cut);
    } else {
        around.tail.drain(cut.start.saturating_sub(open)..cut.end - open);
    }
    true
}

/// The place of a member among all of an object's, the last one of its name, and all of them; `None` if there is none or
/// the text is no object.
fn position(text: &[u8], name: &str) -> Option<(usize, Vec<Range<usize>>)> {
    let plain = std::str::from_utf8(text).ok()?;
    let Members(members) = serde_json::from_str(plain.trim_start_matches('\u{feff}')).ok()?;
    let place = members.iter().rposition(|(key, _)| key == name)?;
    let place_of = |raw: &RawValue| {
        // The slices lie in the text, so the distance of their addresses is their place.
        let start = raw.get().as_ptr() as usize - plain.as_ptr() as usize;
        start..start + raw.get().len()
    };
    Some((place, members.into_iter().map(|(_, raw)| place_of(raw)).collect()))
}

fn member(text: &[u8], name: &str) -> Option<Range<usize>> {
    let (place, members) = position(text, name)?;
    members.into_iter().nth(place)
}

/// Puts a value in the place of a member's, or adds the member behind the others.
fn set_member(text: &mut Vec<u8>, name: &str, json: &[u8]) {
    if let Some(range) = member(text, name) {
        text.splice(range, json.iter().copied());
        return;
    }
    let Some(brace) = text.iter().rposition(|&byte| byte == b'}') else { return };
    let last = text[..brace].trim_ascii_end();
    let (at, is_empty) = (last.len(), last.ends_with(b"{"));
    let mut added = if is_empty { Vec::new() } else { b",".to_vec() };
    put_text(&mut added, name);
    added.push(b':');
    added.extend_from_slice(json);
    text.splice(at..at, added);
}

fn set_property(text: &mut Vec<u8>, name: &str, json: &[u8]) {
    let range = member(text, "properties");
    let mut properties = match &range {
        Some(range) if text[range.start] == b'{' => text[range.clone()].to_vec(),
        _ => b"{}".to_vec(),
    };
    set_member(&mut properties, name, json);
    set_member(text, "properties", &properties);
}

/// The members of an object in their order, with the text of their values.
struct Members<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Members<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Members<'de>;

            fn expecting(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members<'de>, A::Error> {
                let mut found = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    found.push((Cow::Owned(name), map.next_value()?));
                }
                Ok(Members(found))
            }
        }
        deserializer.deserialize_map(Entries)
    }
}

#[cfg(test)]
#[path = "lossless_tests.rs"]
mod tests;
