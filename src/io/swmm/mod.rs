//! EPA SWMM 5 models (`.inp`): nodes, links, subcatchments and rain gages as layers in metres and millimetres, and back.
//!
//! Reference: Rossman, Simon, *Storm Water Management Model User's Manual Version 5.2*, EPA/600/R-22/030, appendix D.
//! The unit of flow decides whether a model is in feet or metres. Levels are absolute in the rows, whatever the model
//! counts them from. What is not modelled here stays in the text, which the city keeps; see [`merge`](self::merge()).

mod check;
mod inp;
mod lines;
mod merge;
mod model;
mod network;
mod rows;
mod shape;
mod units;

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, CrsOrigin, Draft, ReadOptions, Sink, Survey};
use super::gather::{MAX_SAMPLE_BYTES, SAMPLE};
use super::guess_crs::guess_crs;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

use inp::Inp;
use model::Model;

pub use merge::{Merge, merge};
pub use network::{Area, Gage, Kept, Link, LinkKind, Node, NodeKind, Written, template};
pub use rows::Layer;
pub use units::Units;

/// Rows between two looks at whether to go on.
const PATIENCE: usize = 1024;

/// Whether a file that begins like this may be a model.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    inp::is_begun(beginning)
}

/// The model itself: the second pass needs no look at the file, and the city keeps its text.
struct Plan {
    model: Model,
    bytes: Vec<u8>,
    layers: Vec<Layer>,
}

/// A surveyed model's own text, and what the city must know to write it again.
#[derive(Clone, Copy)]
pub struct Original<'a>(&'a Plan);

impl<'a> Original<'a> {
    /// Of a survey; `None` for other formats.
    pub fn of(survey: &'a Survey) -> Option<Self> {
        survey.plan.downcast_ref::<Plan>().map(Self)
    }

    /// The file, byte for byte.
    pub fn bytes(self) -> &'a [u8] {
        &self.0.bytes
    }

    /// The layers of the survey, in its order.
    pub fn layers(self) -> &'a [Layer] {
        &self.0.layers
    }

    /// Metres in a unit of its coordinates, where they are lengths.
    pub fn unit_m(self) -> f64 {
        unit_m(&self.0.model)
    }
}

fn unit_m(model: &Model) -> f64 {
    match model.map_units.as_deref() {
        Some("FEET") => 0.3048,
        Some("METERS" | "METRES") => 1.0,
        _ => model.units.length_m(),
    }
}

/// The first pass: all of the work.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    task.check()?;
    let bytes = std::fs::read(path)?;
    let inp = Inp::read(&bytes, options.encoding, task)?;
    let mut model = Model::of(inp, task)?;
    model.tell_unreadable(task)?;
    let mut layers = Vec::new();
    let mut drafts = Vec::new();
    for layer in Layer::ALL.into_iter().filter(|layer| model.count(*layer) > 0) {
        drafts.push(draft(&model, layer, options, task)?);
        layers.push(layer);
    }
    if drafts.is_empty() {
        let first = model.problems.listed.first().map(|problem| problem.what.clone());
        let none = Text::new("模型里没有节点和连接", "the model has no nodes and no links");
        return Err(ReadError::NothingUsable { first: first.unwrap_or(none) });
    }
    let bounds = drafts.iter().fold(Bounds::EMPTY, |all, draft| all.union(&draft.bounds));
    let mut understood: Vec<Text> = model.inp.why.clone().into_iter().collect();
    understood.extend(units_words(&model));
    let mut problems = std::mem::take(&mut model.problems);
    let (crs, crs_origin) = choose_crs(options.crs, &model, &bounds, &mut understood, &mut problems);
    Ok(Survey {
        format: format::format_named("swmm").unwrap_or(&format::FORMATS[0]),
        crs,
        crs_origin,
        encoding: Some(model.inp.encoding),
        understood,
        layers: drafts,
        problems,
        bytes: bytes.len() as u64,
        plan: Arc::new(Plan { model, bytes, layers }),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let what = Text::new("正在读取模型", "Reading the model");
    let total: usize = plan.layers.iter().map(|layer| plan.model.count(*layer)).sum();
    let mut number = 0;
    for (place, layer) in plan.layers.iter().enumerate() {
        for at in 0..plan.model.count(*layer) {
            if number % PATIENCE == 0 {
                task.report(&what, number as u64, Some(total as u64))?;
            }
            number += 1;
            let (geometry, values) = plan.model.row(*layer, at);
            if let ControlFlow::Break(()) = sink(place, number as i64, Feature { id: 0, geometry, values }) {
                return Err(ReadError::Stopped);
            }
        }
    }
    Ok(Problems::default())
}

fn draft(model: &Model, layer: Layer, options: &ReadOptions, task: &Task) -> Result<Draft, ReadError> {
    let mut bounds = Bounds::EMPTY;
    let mut sample = Vec::new();
    let mut has_place = false;
    for at in 0..model.count(layer) {
        if at % PATIENCE == 0 {
            task.check()?;
        }
        let is_shown = sample.len() < SAMPLE;
        if !is_shown && !matches!(layer, Layer::Links | Layer::Areas) {
            let place = if layer == Layer::Nodes { model.nodes[at].place } else { model.gages[at].place };
            place.into_iter().for_each(|place| bounds.extend(place));
            has_place |= place.is_some();
            continue;
        }
        let (geometry, values) = model.row(layer, at);
        bounds = geometry.as_ref().map_or(bounds, |geometry| bounds.union(&geometry.bounds()));
        has_place |= geometry.is_some();
        if is_shown && geometry.as_ref().is_none_or(|geometry| geometry.wkb().len() < MAX_SAMPLE_BYTES) {
            sample.push(Feature { id: 0, geometry, values });
        }
    }
    let kind = match layer {
        Layer::Nodes | Layer::Gages => GeometryKind::Point,
        Layer::Links => GeometryKind::LineString,
        Layer::Areas => GeometryKind::Polygon,
    };
    let name = layer.name();
    Ok(Draft {
        name: options.layer_name.as_ref().map_or(name.to_owned(), |whole| format!("{whole}_{name}")),
        // A layer of a network can be drawn on even where the file has no place for anything.
        geometry: (has_place || matches!(layer, Layer::Nodes | Layer::Links)).then_some(kind),
        has_z: false,
        fields: layer.fields(),
        features: model.count(layer) as u64,
        bounds,
        crs: None,
        sample,
    })
}

fn units_words(model: &Model) -> [Text; 3] {
    let flow = model.units.flow;
    let units = match (model.has_units, model.units.is_us) {
        (false, _) => Text::new(
            "文件没有写明流量单位，按 SWMM 的默认值 CFS 读取：长度为英尺，已换算为米",
            "the file names no unit of flow: CFS, as SWMM takes it; lengths are feet, converted to metres",
        ),
        (true, true) => text!(
            "流量单位 {flow}：长度为英尺，已换算为米",
            "unit of flow {flow}: lengths are feet, converted to metres"
        ),
        (true, false) => text!("流量单位 {flow}：长度为米", "unit of flow {flow}: lengths are metres"),
    };
    let offsets = if model.has_levels {
        Text::new("管端按标高给出", "ends of links are given as levels")
    } else {
        Text::new(
            "管端按距井底高度给出，已换算为标高",
            "ends of links are given above the bottom of their node, converted to levels",
        )
    };
    let types = Text::new(
        "SWMM 不区分雨污：只有标签或编号（YS、WS、HS）写明时才填排水类型，其余为“不明”",
        "SWMM does not tell storm from foul: the sewer type is filled in only where a tag or a number (YS, WS, HS) says \
         it, else it is “unknown”",
    );
    [units, offsets, types]
}

fn choose_crs(
    asked: Option<Crs>,
    model: &Model,
    bounds: &Bounds,
    understood: &mut Vec<Text>,
    problems: &mut Problems,
) -> (Crs, CrsOrigin) {
    if let Some(crs) = asked {
        return (crs, CrsOrigin::Asked);
    }
    let globe = Bounds::new(-180.0, -90.0, 180.0, 90.0);
    if model.map_units.as_deref() == Some("DEGREES") && globe.contains(bounds.min) && globe.contains(bounds.max) {
        understood.push(Text::new(
            "地图单位为度，按 WGS 84 经纬度读取；SWMM 文件不写坐标系",
            "the map is in degrees: read as WGS 84; a SWMM file names no coordinate system",
        ));
        return (Crs::WGS84, CrsOrigin::Guessed);
    }
    let mut guess = guess_crs(bounds);
    let is_length = matches!(model.map_units.as_deref(), Some("METERS" | "METRES" | "FEET"));
    // Lengths are no degrees, and feet no metres of a national grid.
    if (is_length && guess.crs == Crs::WGS84) || (!guess.crs.is_geographic() && unit_m(model) != 1.0) {
        let why = Text::new("坐标不是经纬度，也不像国家坐标", "the numbers are neither degrees nor a national grid");
        (guess.crs, guess.is_doubtful, guess.why) = (Crs::Unknown, true, why);
    }
    if guess.is_doubtful && !bounds.is_empty() {
        let Text { zh, en } = &guess.why;
        let what = text!(
            "{zh}；SWMM 文件不写坐标系，请指定一个，或说明位置不明",
            "{en}; a SWMM file names no coordinate system: say which, or that nobody knows the place"
        );
        problems.push(Problem::warning("swmm.crs", what));
    }
    understood.push(guess.why);
    (guess.crs, CrsOrigin::Guessed)
}

/// The positions of a shape, in its order.
pub fn positions(geometry: &Geometry) -> Vec<[f64; 2]> {
    struct Collect(Vec<[f64; 2]>);
    impl crate::model::geometry::Visitor for Collect {
        fn path(&mut self, coords: crate::model::geometry::Coords<'_>) {
            self.0.extend(coords.iter());
        }
    }
    let mut all = Collect(Vec::new());
    geometry.walk(&mut all);
    all.0
}

#[cfg(test)]
mod merge_tests;
#[cfg(test)]
mod tests;
