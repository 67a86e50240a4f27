//! Cities for tests: a folder, a layer of lamps, and the whole content as text.

use std::ops::ControlFlow;
use std::path::PathBuf;

use tempfile::TempDir;

use crate::geom::crs::Crs;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::store::city::City;
use crate::store::command::{Action, Committed, Write};
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::store::query::Query;
use crate::text::Text;

/// A folder that is deleted at the end.
pub(super) struct Folder(TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::Builder::new().prefix("城市 ").tempdir().unwrap())
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The names of what is in it.
    pub(super) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.0.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }
}

/// A folder with a city that has a layer of lamps.
pub(super) fn lamp_city() -> (Folder, City) {
    let folder = Folder::new();
    let city = City::create(&folder.file("九江.gpkg")).unwrap();
    run(&city, Action::CreateLayer(lamps("lamp"))).unwrap();
    (folder, city)
}

pub(super) fn lamps(table: &str) -> Schema {
    Schema {
        table: table.to_owned(),
        name: Text::new("路灯", "Lamps"),
        kind: "street_lamp".to_owned(),
        geometry: Some(GeometryKind::Point),
        crs: Crs::CGCS2000,
        z_order: 0,
        fields: vec![
            Field::real("height_m", "高度", "Height", "m").range(2.0, 40.0),
            Field::text("code", "编号", "Code"),
            Field::coded("state", "状态", "State", &[("on", "亮", "On"), ("off", "灭", "Off")]),
        ],
    }
}

/// A lamp at a place of its own.
pub(super) fn lamp(number: i64, code: &str) -> Feature {
    Feature {
        id: 0,
        geometry: Some(Geometry::point(115.9 + number as f64 * 1e-4, 29.7 - number as f64 * 1e-5)),
        values: vec![Value::Real(number as f64 / 2.0), Value::from(code), Value::from("on")],
    }
}

pub(super) fn run(city: &City, action: Action) -> Result<Committed, StoreError> {
    city.submit(Write { label: Text::new("改动", "Change"), author: "测试".to_owned(), action }).wait()
}

pub(super) fn edit(city: &City, deltas: Vec<Delta>) -> Result<Committed, StoreError> {
    run(city, Action::Edit { deltas, photos: Vec::new() })
}

pub(super) fn insert(layer: &str, new: Feature) -> Delta {
    Delta { layer: layer.to_owned(), id: 0, old: None, new: Some(new) }
}

/// Adds lamps with these codes.
pub(super) fn add_lamps(city: &City, codes: &[&str]) {
    let deltas = (1..).zip(codes).map(|(number, code)| insert("lamp", lamp(number, code))).collect();
    edit(city, deltas).unwrap();
}

/// An import of given features into one layer.
pub(super) struct Rows {
    pub target: Target,
    pub features: Vec<Feature>,
    pub stop: Option<ImportStop>,
}

impl Import for Rows {
    fn targets(&self) -> Vec<Target> {
        vec![self.target.clone()]
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        for feature in self.features.drain(..) {
            sink(0, feature)?;
        }
        self.stop.take().map_or(Ok(()), Err)
    }
}

pub(super) fn import(
    city: &City,
    schema: Schema,
    append: bool,
    features: Vec<Feature>,
) -> Result<Committed, StoreError> {
    let rows = Rows { target: Target { schema, append }, features, stop: None };
    run(city, Action::Import(Box::new(rows)))
}

/// Everything that a person could see in the city, as text.
pub(super) fn content(city: &City) -> String {
    let (reader, other) = (city.reader().unwrap(), city.reader().unwrap());
    let mut text = String::new();
    for layer in reader.layers().unwrap() {
        let table = layer.schema.table.clone();
        text.push_str(&format!("{table} {:?} {} {:?}\n", layer.schema, layer.count, layer.bounds));
        text.push_str(&format!("{:?} {}\n", layer.state, layer.visible));
        reader
            .query(&table, &Query::default(), &mut |feature| {
                let photos = other.photos(&table, feature.id).unwrap();
                text.push_str(&format!("{feature:?} {photos:?}\n"));
                ControlFlow::Continue(())
            })
            .unwrap();
    }
    text
}
