//! Notes: what inspectors write on the map. Made here, so that window, command line and tests make the same ones.

pub mod drafts;
pub(super) mod photos;

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::path::PathBuf;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::kinds;
use crate::model::expr::Expr;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::store::command::Action;
use crate::store::error::StoreError;
use crate::store::query::Query;
use crate::store::reader::Reader;
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Failure, FailureKind};
use super::command::{JobId, NoteDraft};
use super::events::Event;
use super::look::identify::{self, field_is};
use super::look::librarian::Topic;
use super::place;
use super::state::{FeatureRef, LayerView, NoteBrief};

/// Id of the kind that notes are.
const NOTE: &str = "note";

/// Most notes read for the list.
const MOST_NOTES: u64 = 20_000;

/// Field of the note kind.
mod field {
    pub(super) const TEXT: &str = "text";
    pub(super) const STATE: &str = "state";
    pub(super) const AUTHOR: &str = "author";
    pub(super) const CREATED: &str = "created";
    pub(super) const CLOSED_AT: &str = "closed_at";
    pub(super) const CLOSED_BY: &str = "closed_by";
    pub(super) const ON_LAYER: &str = "on_layer";
    pub(super) const ON_ID: &str = "on_id";
    pub(super) const PLACE: &str = "place";
    pub(super) const CELL: &str = "cell_code";
}

/// What a note is about, and the places of the two fields that say so.
pub(super) struct About {
    pub(super) at: FeatureRef,
    pub(super) layer_field: usize,
    pub(super) id_field: usize,
}

/// Where a note is said to be.
#[derive(Default)]
struct Whereabouts {
    /// The nearest road, or else the sub-district.
    place: Option<String>,
    /// Code of the unit grid cell.
    cell: Option<String>,
}

impl Session {
    /// Adds a note with its photos, as one step. A city without a note layer gets one first.
    pub(super) fn add_note(&mut self, draft: NoteDraft) -> Result<JobId, Failure> {
        let photos = self.photo_files(&draft.photos)?;
        if draft.text.trim().is_empty() && photos.is_empty() {
            let text = Text::new("标注要有文字或照片", "A note needs words or a photo");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let shape = self.note_shape(&draft)?;
        let schema = self.note_schema()?;
        let geometry = into_crs(&shape, schema.crs)?;
        let here = self.whereabouts(spot(&shape));
        let mut note = Feature { id: 0, geometry: Some(geometry), values: vec![Value::Null; schema.fields.len()] };
        let mut set = |id: &str, value: Value| {
            if let Some(index) = schema.field_index(id) {
                note.values[index] = value;
            }
        };
        set(field::STATE, "open".into());
        set("severity", "mid".into());
        set(field::PLACE, here.place.into());
        set(field::CELL, here.cell.into());
        for (id, value) in &draft.values {
            set(id, value.clone());
        }
        set(field::TEXT, draft.text.trim().into());
        set(field::AUTHOR, self.author().into());
        set(field::CREATED, now_utc().into());
        if let Some((layer, id)) = &draft.on {
            set(field::ON_LAYER, layer.as_str().into());
            set(field::ON_ID, Value::Int(*id));
        }
        let start: String = draft.text.trim().chars().take(20).collect();
        let label = match start.as_str() {
            "" => Text::new("添加照片标注", "Add a note with a photo"),
            _ => text!("添加标注“{start}”", "Add note “{start}”"),
        };
        let delta = Delta { layer: schema.table.clone(), id: 0, old: None, new: Some(note) };
        self.submit(label, Action::Edit { deltas: vec![delta], photos })
    }

    /// Closes a note, or opens it again.
    pub(super) fn close_note(&mut self, layer: &str, id: i64, done: bool) -> Result<JobId, Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = super::rows::find_schema(&reader, layer)?;
        let Some(old) = reader.feature(&schema.table, id)? else {
            return Err(Failure::new(FailureKind::Usage, text!("没有标注 {id}", "There is no note {id}")));
        };
        let mut new = old.clone();
        let mut set = |id: &str, value: Value| {
            if let Some(index) = schema.field_index(id) {
                new.values[index] = value;
            }
        };
        set(field::STATE, if done { "done" } else { "open" }.into());
        set(field::CLOSED_AT, done.then(now_utc).into());
        set(field::CLOSED_BY, done.then(|| self.author()).into());
        let label =
            if done { Text::new("办结标注", "Close a note") } else { Text::new("重开标注", "Reopen a note") };
        let delta = Delta { layer: schema.table.clone(), id, old: Some(old), new: Some(new) };
        self.submit(label, Action::Edit { deltas: vec![delta], photos: Vec::new() })
    }

    fn note_schema(&mut self) -> Result<Schema, Failure> {
        let reader = self.opened()?.city.reader()?;
        let find = |reader: &Reader| -> Result<Option<Schema>, StoreError> {
            Ok(reader.layers()?.into_iter().map(|info| info.schema).find(|schema| schema.kind == NOTE))
        };
        if let Some(schema) = find(&reader)? {
            return Ok(schema);
        }
        let Some(kind) = kinds::find(NOTE) else { return Err(super::no_city()) };
        let schema = kind.schema(Crs::CGCS2000);
        let making =
            self.submit(Text::new("新建标注图层", "New layer for notes"), Action::CreateLayer(schema.clone()))?;
        if !self.has_map {
            // Whoever waits for the note is told why there is no layer for it (a full disk), not that there is none.
            self.wait(making, &mut |_| {})?;
        }
        Ok(schema)
    }

    /// Where a note stands, in degrees: where it was drawn, or on the thing it is about.
    fn note_shape(&self, draft: &NoteDraft) -> Result<Geometry, Failure> {
        let shape = match (&draft.geometry, &draft.on) {
            (Some(geometry), _) => Some(geometry.clone()),
            (None, Some((layer, id))) => self.place_of(layer, *id)?,
            (None, None) => None,
        };
        let Some(shape) = shape else {
            return Err(Failure::new(FailureKind::Usage, Text::new("标注没有位置", "The note has no place")));
        };
        match place::shape_problem(&shape) {
            Some(problem) => Err(Failure::new(FailureKind::Data, problem)),
            None => Ok(shape),
        }
    }

    /// Road and cell around a place. A note is worth more than its address: what cannot be read stays empty.
    fn whereabouts(&self, lonlat: [f64; 2]) -> Whereabouts {
        let reader = self.opened().and_then(|open| Ok(open.city.reader()?));
        let read = reader.and_then(|reader| Ok(read_whereabouts(&reader, lonlat)?));
        read.unwrap_or_else(|failure| {
            tracing::warn!(%failure, "whereabouts of a note");
            Whereabouts::default()
        })
    }

    fn place_of(&self, table: &str, id: i64) -> Result<Option<Geometry>, Failure> {
        let reader = self.opened()?.city.reader()?;
        let layers = reader.layers()?;
        let Some(info) = layers.iter().find(|info| info.schema.table == table || info.state.name.is(table)) else {
            return Err(StoreError::UnknownLayer { layer: table.to_owned() }.into());
        };
        let Some(feature) = reader.feature(&info.schema.table, id)? else {
            let text = text!("图层“{table}”没有要素 {id}", "Layer “{table}” has no feature {id}");
            return Err(Failure::new(FailureKind::Usage, text));
        };
        let shape = feature.geometry.and_then(|geometry| identify::in_degrees(&geometry, info.schema.crs));
        Ok(shape.map(|shape| identify::anchor(&shape)).map(|[lon, lat]| Geometry::point(lon, lat)))
    }

    /// Reads the list of notes again.
    pub(super) fn refresh_notes(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let layers = open.view.layers.clone();
        open.librarian.ask(Topic::Notes, move |reader, _| Ok(Event::Notes(notes(reader, &layers, None)?)));
    }

    /// Reads the journal's list again.
    pub(super) fn refresh_history(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        open.librarian.ask(Topic::History, |reader, _| {
            let mut steps = super::rows::steps(reader)?;
            steps.reverse();
            Ok(Event::History(steps))
        });
    }

    /// Photos from files, for a row that is there already.
    pub(super) fn add_photos(&mut self, layer: String, id: i64, files: &[PathBuf]) -> Result<JobId, Failure> {
        let photos = self::photos::read_files(files, 0)?;
        let count = photos.len();
        let label = text!("添加 {count} 张照片", "Add {count} photos");
        self.submit(label, Action::AddPhotos { layer, id, photos })
    }
}

fn into_crs(shape: &Geometry, crs: Crs) -> Result<Geometry, Failure> {
    let failed = |_| Failure::new(FailureKind::Data, Text::new("标注位置超出坐标系", "The note lies outside the CRS"));
    let into = Transform::new(Crs::WGS84, crs).map_err(failed)?;
    shape.try_map_xy(|at| into.point(at)).map_err(failed)
}

/// The place whose cell and road a note gets: a point itself, where a line begins, a place inside an area.
fn spot(shape: &Geometry) -> [f64; 2] {
    match shape.to_geo() {
        geo::Geometry::LineString(line) if !line.0.is_empty() => [line.0[0].x, line.0[0].y],
        _ => identify::anchor(shape),
    }
}

fn read_whereabouts(reader: &Reader, lonlat: [f64; 2]) -> Result<Whereabouts, StoreError> {
    let layers = reader.layers()?;
    let word = |kind: &str, reach_m: f64, id: &str| {
        let mut placed = layers.iter().map(|info| &info.schema).filter(|schema| schema.geometry.is_some());
        let Some(schema) = placed.find(|schema| schema.kind == kind) else { return Ok(None) };
        let found = identify::nearest(reader, schema, lonlat, reach_m)?;
        Ok::<_, StoreError>(found.and_then(|row| identify::word_of(schema, &row, id)))
    };
    let place = match word("road", identify::ROAD_REACH_M, "name")? {
        Some(road) => Some(road),
        None => word("street", 0.0, "name")?,
    };
    Ok(Whereabouts { place, cell: word("cell", 0.0, "code")? })
}

/// What a note is about, if it is about a feature.
pub(super) fn about(schema: &Schema, note: &Feature) -> Option<About> {
    let (layer_field, id_field) = schema.field_index(field::ON_LAYER).zip(schema.field_index(field::ON_ID))?;
    let layer = note.values.get(layer_field)?.as_str().filter(|_| schema.kind == NOTE)?.to_owned();
    let id = note.values.get(id_field)?.as_i64()?;
    Some(About { at: FeatureRef { layer, id }, layer_field, id_field })
}

/// Notes about one feature, latest first.
pub(super) fn notes_about(
    reader: &Reader,
    layers: &[LayerView],
    about: &FeatureRef,
) -> Result<Vec<NoteBrief>, StoreError> {
    let on_layer = field_is(field::ON_LAYER, about.layer.as_str());
    let on_id = field_is(field::ON_ID, about.id);
    notes(reader, layers, Some(Expr::And(Box::new(on_layer), Box::new(on_id))))
}

fn notes(reader: &Reader, layers: &[LayerView], filter: Option<Expr>) -> Result<Vec<NoteBrief>, StoreError> {
    let Some(layer) = layers.iter().find(|layer| layer.kind.id == NOTE) else { return Ok(Vec::new()) };
    let mut found = Vec::new();
    let query = Query { filter, limit: Some(MOST_NOTES), ..Query::default() };
    reader.query(layer.table(), &query, &mut |feature| {
        found.push(feature);
        ControlFlow::Continue(())
    })?;
    let counts: BTreeMap<i64, usize> = reader.photo_counts(layer.table())?;
    let word = |feature: &Feature, id: &str| {
        let index = layer.schema.field_index(id);
        index.and_then(|index| feature.values.get(index)).map(ToString::to_string).unwrap_or_default()
    };
    found.sort_by_cached_key(|feature| std::cmp::Reverse((word(feature, field::CREATED), feature.id)));
    let brief = |feature: Feature| NoteBrief {
        at: FeatureRef { layer: layer.table().to_owned(), id: feature.id },
        text: word(&feature, field::TEXT),
        photos: counts.get(&feature.id).copied().unwrap_or(0),
        feature,
    };
    Ok(found.into_iter().map(brief).collect())
}

/// The instant as GeoPackage writes it.
fn now_utc() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}

#[cfg(test)]
mod tests;
