//! Reading AutoCAD's DXF: the model space of a drawing as points, lines and areas, with layer, colour, text and the
//! attributes of blocks as columns.
//!
//! Closed polylines, circles, closed curves and hatches are areas, whatever is in them; a line that only happens to end
//! where it began stays a line.

mod drawing;
mod groups;
mod hatch;
mod shape;
mod words;
pub(super) mod write;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::columns::ColumnNames;
use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use super::gather::{GROUPS, Gather, Homes, group_of};
use super::guess_crs::{guess_crs, is_national};
use super::infer::{Reading, Seen};
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::schema::Field;
use crate::model::value::Value;
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;
use crate::text::guess::{Evidence, decide};

use drawing::{Drawn, Header, pass};
use groups::Entity;
use shape::{Fineness, geometry, shape_of};
use words::{claims, plain, words};

/// What a file that is not text begins with.
const BINARY: &[u8] = b"AutoCAD Binary DXF";
/// Most attributes of blocks that become columns.
const MAX_ATTRIBUTES: usize = 200;
/// Kinds of entity that are counted one by one.
const MAX_KINDS: usize = 100;
/// Distance between a curve and the path that is drawn for it, metres.
const FINENESS_M: f64 = 0.01;

/// Whether a file that begins like this may be a drawing.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    let text = beginning.strip_prefix(b"\xef\xbb\xbf").unwrap_or(beginning);
    let mut lines = text.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let mut pair = || Some((lines.next()?, lines.next()?));
    let first = std::iter::from_fn(&mut pair).find(|(code, _)| *code != b"999");
    beginning.starts_with(BINARY) || first == Some((b"0", b"SECTION"))
}

/// How the entities become rows.
struct Plan {
    encoding: Encoding,
    /// Metres in a unit of the drawing, where it is not in metres already.
    scale: f64,
    attributes: Vec<Attribute>,
    homes: Homes,
    /// For each layer the columns that are not empty.
    columns: Vec<Vec<usize>>,
}

struct Attribute {
    tag: Vec<u8>,
    reading: Reading,
}

/// What the first look finds.
#[derive(Default)]
struct Look {
    evidence: Evidence,
    bounds: Option<Bounds>,
    attributes: BTreeMap<Vec<u8>, Seen>,
    left: BTreeMap<String, u64>,
}

/// The first pass: twice over the file, since encoding and unit show only at its end.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    refuse_binary(path)?;
    let mut look = Look::default();
    let what = Text::new("正在检查图形", "Checking the drawing");
    let header = pass(path, task, &what, &mut |_, drawn| {
        look.see(drawn);
        Ok(())
    })?;
    let bounds = look.bounds.unwrap_or(Bounds::EMPTY);
    let verdict = decide(options.encoding, &claims(&header.version, &header.code_page), &look.evidence);
    let (scale, unit) = scale_of(header.units, &bounds);
    let mut understood: Vec<Text> = verdict.why.into_iter().chain([unit]).collect();
    let attributes = look.attributes.into_iter().map(|(tag, seen)| Attribute { tag, reading: seen.reading() });
    let mut rows = Rows { encoding: verdict.encoding, scale, attributes: attributes.collect(), number: 0 };
    let mut gather = Gather::default();
    let mut used: [Option<(Geometry, Vec<bool>)>; GROUPS] = Default::default();
    let mut problems = Problems::default();
    pass(path, task, &what, &mut |header, drawn| {
        let Some(feature) = rows.row(header, drawn, &mut problems) else { return Ok(()) };
        note_use(&mut used, &feature);
        gather.see(feature.geometry.as_ref(), || feature.values);
        Ok(())
    })?;
    if gather.features() == 0 {
        let none = Text::new("模型空间里没有可读入的图形", "there is nothing in the model space that can be read");
        return Err(ReadError::NothingUsable { first: none });
    }
    let drawn_bounds = gather.bounds();
    let (crs, crs_origin) = choose_crs(options.crs, &drawn_bounds, &mut understood, &mut problems);
    // What is not there is told by the import too.
    left_words(&look.left).into_iter().for_each(|what| problems.push(Problem::warning("dxf.left-out", what)));
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let name = options.layer_name.clone().or(stem).unwrap_or_else(|| "layer".to_owned());
    let (mut layers, homes) = gather.into_layers(&name, &rows.fields(), options, 0, &|values| values);
    let columns = drop_empty(&mut layers, &homes, used);
    let plan = Plan { encoding: rows.encoding, scale, attributes: rows.attributes, homes, columns };
    Ok(Survey {
        format: format::format_named("dxf").unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: Some(plan.encoding),
        understood,
        layers,
        problems,
        bytes: std::fs::metadata(path)?.len(),
        plan: Arc::new(plan),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let attributes = plan.attributes.iter().map(|it| Attribute { tag: it.tag.clone(), reading: it.reading }).collect();
    let mut rows = Rows { encoding: plan.encoding, scale: plan.scale, attributes, number: 0 };
    let what = Text::new("正在读入图形", "Reading the drawing");
    pass(path, task, &what, &mut |header, drawn| {
        let Some(mut feature) = rows.row(header, drawn, &mut Problems::default()) else { return Ok(()) };
        let (layer, geometry) = plan.homes.put(feature.geometry.take());
        let Some(columns) = plan.columns.get(layer) else { return Ok(()) };
        let values = columns.iter().map(|&column| std::mem::take(&mut feature.values[column])).collect();
        match sink(layer, rows.number, Feature { id: 0, geometry, values }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    })?;
    Ok(Problems::default())
}

fn refuse_binary(path: &Path) -> Result<(), ReadError> {
    use std::io::Read as _;
    let mut beginning = Vec::new();
    std::fs::File::open(path)?.take(BINARY.len() as u64).read_to_end(&mut beginning)?;
    match beginning.as_slice() {
        [] => Err(ReadError::Empty),
        BINARY => {
            let first = Text::new(
                "这是二进制 DXF，请在 CAD 软件中另存为文本（ASCII）DXF",
                "this is a binary DXF: save it as text (ASCII) DXF in the CAD program",
            );
            Err(ReadError::NothingUsable { first })
        }
        _ => Ok(()),
    }
}

impl Look {
    fn see(&mut self, drawn: &Drawn) {
        let entity = &drawn.entity;
        if entity.whole(67) == 1 {
            return self.leave("PAPER SPACE");
        }
        let Some(shape) = shape_of(drawn, Fineness(FINENESS_M)) else { return self.leave(&entity.kind) };
        let texts = entity.pairs().filter(|(code, _)| matches!(code, 1 | 2 | 3 | 8)).map(|(_, value)| value);
        texts.for_each(|text| self.evidence.see(text));
        for (tag, value) in &drawn.attributes {
            self.evidence.see(tag);
            self.evidence.see(value);
            if let Some(seen) = self.attributes.get_mut(tag) {
                seen.see(&String::from_utf8_lossy(value));
            } else if self.attributes.len() < MAX_ATTRIBUTES {
                let mut seen = Seen::default();
                seen.see(&String::from_utf8_lossy(value));
                self.attributes.insert(tag.clone(), seen);
            }
        }
        if let Some(geometry) = geometry(&shape, 1.0) {
            self.bounds = Some(self.bounds.unwrap_or(Bounds::EMPTY).union(&geometry.bounds()));
        }
    }

    fn leave(&mut self, kind: &str) {
        if let Some(count) = self.left.get_mut(kind) {
            *count += 1;
        } else if self.left.len() < MAX_KINDS {
            self.left.insert(kind.to_owned(), 1);
        }
    }
}

/// Metres in a unit of the drawing, and why. Many drawings in metres say millimetres, as their template did: where the
/// numbers are national coordinates as they stand, they are not touched.
fn scale_of(units: i64, bounds: &Bounds) -> (f64, Text) {
    let (scale, zh, en) = match units {
        1 => (0.0254, "英寸", "inches"),
        2 => (0.3048, "英尺", "feet"),
        4 => (0.001, "毫米", "millimetres"),
        5 => (0.01, "厘米", "centimetres"),
        7 => (1000.0, "千米", "kilometres"),
        6 => return (1.0, Text::new("单位：米（文件头写明）", "unit: metres, as the header says")),
        _ => return (1.0, Text::new("文件没有写明单位，按米读取", "the file names no unit: read as metres")),
    };
    if is_national(bounds) {
        let said = text!(
            "文件头写的单位是{zh}，但坐标本身已是经纬度或国家坐标，按原数值读取",
            "the header says {en}, but the numbers are degrees or national coordinates as they stand: not converted"
        );
        return (1.0, said);
    }
    (scale, text!("单位：{zh}（文件头写明），已换算为米", "unit: {en}, as the header says; converted to metres"))
}

fn choose_crs(
    asked: Option<Crs>,
    bounds: &Bounds,
    understood: &mut Vec<Text>,
    problems: &mut Problems,
) -> (Crs, CrsOrigin) {
    understood.push(Text::new(
        "闭合的多段线、圆和填充读为面，其余为线；弧线用折线代替，偏差不超过 1 厘米",
        "closed polylines, circles and hatches are areas, others lines; arcs become short straight pieces, at most 1 cm off",
    ));
    if let Some(crs) = asked {
        return (crs, CrsOrigin::Asked);
    }
    let guess = guess_crs(bounds);
    if guess.is_doubtful {
        problems.push(Problem::warning("dxf.crs", guess.why.clone()));
    }
    understood.push(guess.why);
    (guess.crs, CrsOrigin::Guessed)
}

fn left_words(left: &BTreeMap<String, u64>) -> Option<Text> {
    let total: u64 = left.values().sum();
    let named: Vec<String> = left.iter().map(|(kind, count)| format!("{kind} {count}")).take(12).collect();
    let (zh, en) = (named.join("、"), named.join(", "));
    (total > 0).then(|| text!("未读入 {total} 个对象：{zh}", "{total} things are left out: {en}"))
}

/// Which columns of which group are not empty, with one geometry to know the group by.
fn note_use(used: &mut [Option<(Geometry, Vec<bool>)>; GROUPS], feature: &Feature) {
    let Some(geometry) = &feature.geometry else { return };
    let (_, columns) =
        used[group_of(Some(geometry))].get_or_insert_with(|| (geometry.clone(), vec![false; feature.values.len()]));
    columns.iter_mut().zip(&feature.values).for_each(|(used, value)| *used |= !value.is_null());
}

/// Takes the columns out of each layer that are empty in all of its rows, and says which stay.
fn drop_empty(layers: &mut [Draft], homes: &Homes, used: [Option<(Geometry, Vec<bool>)>; GROUPS]) -> Vec<Vec<usize>> {
    let mut kept: Vec<Vec<bool>> = layers.iter().map(|draft| vec![false; draft.fields.len()]).collect();
    for (geometry, columns) in used.into_iter().flatten() {
        let (layer, _) = homes.put(Some(geometry));
        kept[layer].iter_mut().zip(columns).for_each(|(kept, used)| *kept |= used);
    }
    for (draft, kept) in layers.iter_mut().zip(&kept) {
        let mut stays = kept.iter();
        draft.fields.retain(|_| stays.next() == Some(&true));
        for feature in &mut draft.sample {
            let mut stays = kept.iter();
            feature.values.retain(|_| stays.next() == Some(&true));
        }
    }
    kept.iter().map(|kept| (0..kept.len()).filter(|&column| kept[column]).collect()).collect()
}

/// From entities to rows.
struct Rows {
    encoding: Encoding,
    scale: f64,
    attributes: Vec<Attribute>,
    /// Entities so far.
    number: i64,
}

impl Rows {
    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![
            Field::text("layer", "图层", "Layer"),
            Field::text("entity", "对象类型", "Entity"),
            Field::int("color", "颜色号", "Colour number"),
            Field::text("handle", "句柄", "Handle"),
            Field::text("text", "文字", "Text"),
            Field::text("block", "图块", "Block"),
            Field::real("elevation", "标高", "Elevation", "m"),
            Field::real("text_height", "字高", "Text height", "m"),
            Field::real("rotation", "转角", "Rotation", "°"),
        ];
        let mut names = ColumnNames::default();
        fields.iter().for_each(|field| _ = names.take(&field.id));
        for attribute in &self.attributes {
            let (name, _) = words(&attribute.tag, self.encoding);
            let field = Field::new(names.take(&name), attribute.reading.field_type(), "", "");
            fields.push(Field { name: Text::same(name), ..field });
        }
        fields
    }

    fn row(&mut self, header: &Header, drawn: &Drawn, problems: &mut Problems) -> Option<Feature> {
        self.number += 1;
        let entity = &drawn.entity;
        if entity.whole(67) == 1 {
            return None;
        }
        let shape = shape_of(drawn, Fineness(FINENESS_M / self.scale))?;
        let mut is_broken = false;
        let Some(geometry) = geometry(&shape, self.scale) else {
            let (kind, handle) = (&entity.kind, self.words(entity.get(5), &mut is_broken));
            let what =
                text!("{kind}（句柄 {handle}）没有长度，已略过", "{kind} (handle {handle}) has no length: left out");
            problems.push(Problem::error("dxf.no-extent", what).of_feature(self.number));
            return None;
        };
        let text = |words: String| if words.is_empty() { Value::Null } else { Value::Text(words) };
        let is_text = matches!(entity.kind.as_str(), "TEXT" | "MTEXT");
        let is_block = entity.kind == "INSERT";
        let length = |number: Option<f64>| Value::from(number.map(|number| number * self.scale));
        let mut values = vec![
            text(self.words(entity.get(8), &mut is_broken)),
            text(entity.kind.clone()),
            color(header, entity),
            text(self.words(entity.get(5), &mut is_broken)),
            if is_text { text(self.text(entity, &mut is_broken)) } else { Value::Null },
            if is_block { text(self.words(entity.get(2), &mut is_broken)) } else { Value::Null },
            length(elevation(&shape)),
            if is_text { length(entity.number(40)) } else { Value::Null },
            if is_text || is_block { entity.number(50).into() } else { Value::Null },
        ];
        for attribute in &self.attributes {
            let value =
                drawn.attributes.iter().find(|(tag, _)| *tag == attribute.tag).map(|(_, value)| value.as_slice());
            values.push(match value {
                Some(value) => attribute.reading.value(&self.words(Some(value), &mut is_broken)),
                None => Value::Null,
            });
        }
        if is_broken {
            let what = text!(
                "文字不是 {encoding} 编码，部分字符无法辨认",
                "its text is not in {encoding}: some characters are lost",
                encoding = self.encoding
            );
            problems.push(Problem::warning("dxf.text", what).of_feature(self.number));
        }
        Some(Feature { id: 0, geometry: Some(geometry), values })
    }

    fn words(&self, bytes: Option<&[u8]>, is_broken: &mut bool) -> String {
        let (words, broken) = words(bytes.unwrap_or_default().trim_ascii(), self.encoding);
        *is_broken |= broken;
        words
    }

    /// Long text stands in pieces that may end within a character.
    fn text(&self, entity: &Entity, is_broken: &mut bool) -> String {
        let pieces = [3, 1].map(|piece| entity.pairs().filter(move |(code, _)| *code == piece));
        let whole: Vec<u8> = pieces.into_iter().flatten().flat_map(|(_, bytes)| bytes).copied().collect();
        let words = self.words(Some(&whole), is_broken);
        if entity.kind == "MTEXT" { plain(&words) } else { words }
    }
}

/// Its own colour number, or that of its layer.
fn color(header: &Header, entity: &Entity) -> Value {
    let of_layer = || entity.get(8).and_then(|layer| header.colors.get(layer.trim_ascii())).copied();
    match entity.get(62).map(|_| entity.whole(62)) {
        None | Some(256) => of_layer().into(),
        Some(own) => Value::Int(own.abs()),
    }
}

/// The height that all positions share, unless that is zero.
fn elevation(shape: &shape::Shape) -> Option<f64> {
    let z = match shape {
        shape::Shape::Point(at) => at[2],
        shape::Shape::Path(path) => {
            let first = path.at.first()?[2];
            path.at.iter().all(|at| at[2] == first).then_some(first)?
        }
        shape::Shape::Areas(areas) => areas.first()?.first()?.first()?[2],
    };
    (z != 0.0).then_some(z)
}

#[cfg(test)]
mod tests;
