//! Layers: every type of value and geometry comes back, and so does everything said about them.

use geo_types as gt;

use super::fixture::{add_lamps, content, edit, insert, lamp_city, lamps, run};
use crate::geom::crs::Crs;
use crate::geom::own::OwnCrs;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::store::city::City;
use crate::store::command::{Action, LayerState};
use crate::text::Text;

#[test]
fn every_kind_of_geometry_comes_back_with_and_without_heights() {
    let line = Geometry::line(&[[0.0, 0.0], [1.0, 2.0]]);
    let ring = Geometry::polygon(&[[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 0.0]]);
    let mixed = gt::GeometryCollection(vec![gt::Geometry::Point(gt::Point::new(3.0, 4.0)), line.to_geo()]);
    let mixed = Geometry::from_geo(&gt::Geometry::GeometryCollection(mixed));
    let mut high = WkbWriter::new(true);
    high.head(GeometryKind::Point, 1);
    high.position(1.0, 2.0, 3.0);
    let high = Geometry::from_writer(high).unwrap();
    let nowhere = Geometry::from_geo(&gt::Geometry::MultiPoint(gt::MultiPoint(Vec::new())));
    let holey = gt::Polygon::new(
        gt::LineString::from(vec![(0.0, 0.0), (9.0, 0.0), (9.0, 9.0), (0.0, 0.0)]),
        vec![gt::LineString::from(vec![(2.0, 1.0), (3.0, 1.0), (3.0, 2.0), (2.0, 1.0)])],
    );
    for (kind, geometry) in [
        (GeometryKind::Point, Geometry::point(-1.5, 2.25)),
        (GeometryKind::Point, high),
        (GeometryKind::LineString, line.clone()),
        (GeometryKind::Polygon, Geometry::from_geo(&gt::Geometry::Polygon(holey))),
        (GeometryKind::MultiPoint, nowhere),
        (GeometryKind::MultiLineString, line.to_multi()),
        (GeometryKind::MultiPolygon, ring.to_multi()),
        (GeometryKind::Collection, mixed),
        (GeometryKind::Collection, ring.clone()),
    ] {
        let feature = Feature { geometry: Some(geometry), ..Feature::default() };
        check(Schema { geometry: Some(kind), fields: Vec::new(), ..lamps("g") }, feature);
    }
    let (_folder, city) = lamp_city();
    run(
        &city,
        Action::CreateLayer(Schema { geometry: Some(GeometryKind::MultiPolygon), fields: vec![], ..lamps("m") }),
    )
    .unwrap();
    edit(&city, vec![insert("m", Feature { geometry: Some(ring.clone()), ..Feature::default() })]).unwrap();
    let found = city.reader().unwrap().feature("m", 1).unwrap().unwrap();
    assert_eq!(found.geometry, Some(ring.to_multi()), "single parts go into a multi layer as one part");
}

#[test]
fn every_type_of_value_comes_back() {
    for (field_type, values) in [
        (FieldType::Bool, vec![Value::Bool(true), Value::Bool(false)]),
        (FieldType::Int, vec![Value::Int(i64::MIN), Value::Int(i64::MAX), Value::Int(0)]),
        (FieldType::Real, vec![Value::Real(0.1), Value::Real(-1e300), Value::Real(7.0)]),
        (FieldType::Text, vec!["甘棠湖 'x' \"y\" 🚰".into(), "".into(), "007".into()]),
        (FieldType::Date, vec!["2026-11-22".into()]),
        (FieldType::DateTime, vec!["2026-11-22T06:03:27.000Z".into()]),
        (FieldType::Blob, vec![Value::Blob(vec![0, 1, 255]), Value::Blob(Vec::new())]),
        (FieldType::Json, vec![r#"{"a":[1,null]}"#.into()]),
    ] {
        for value in values.into_iter().chain([Value::Null]) {
            let fields = vec![Field::new("v", field_type, "值", "Value")];
            let schema = Schema { geometry: None, crs: Crs::Unknown, fields, ..lamps("v") };
            check(schema, Feature { values: vec![value], ..Feature::default() });
        }
    }
}

/// Written, read, changed to nothing, undone: the same feature each time, in the same schema.
#[track_caller]
fn check(schema: Schema, feature: Feature) {
    let (folder, city) = lamp_city();
    let table = schema.table.clone();
    run(&city, Action::CreateLayer(schema.clone())).unwrap();
    edit(&city, vec![insert(&table, feature.clone())]).unwrap();
    let expected = Some(Feature { id: 1, ..feature });
    assert_eq!(city.reader().unwrap().feature(&table, 1).unwrap(), expected);
    edit(&city, vec![Delta { layer: table.clone(), id: 1, old: expected.clone(), new: None }]).unwrap();
    run(&city, Action::Undo).unwrap();
    drop(city);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    let reader = city.reader().unwrap();
    assert_eq!(reader.feature(&table, 1).unwrap(), expected);
    assert_eq!(reader.schema(&table).unwrap(), schema);
}

fn own(name: &str, line: &str) -> Crs {
    OwnCrs { name: name.to_owned(), form: line.parse().unwrap() }.learn().unwrap()
}

#[test]
fn every_crs_comes_back() {
    for crs in [
        Crs::WGS84,
        Crs::CGCS2000,
        Crs::WEB_MERCATOR,
        Crs::Epsg(4548),
        Crs::Epsg(4513),
        Crs::Epsg(32650),
        Crs::Epsg(999_999),
        Crs::Gcj02,
        Crs::Bd09,
        Crs::Unknown,
        own("城建坐标", "+base=EPSG:4548 +shift=380000,3260000 +turn=12.5 +scale=1.00002"),
        own("七参数", "+base=EPSG:2384 +coordinate_frame=10,-20,30.25,1.1,-2.2,3.3,4.4"),
        own("115.9", "+proj=tmerc +lat_0=0 +lon_0=115.9 +k=1 +x_0=500000 +y_0=0 +ellps=GRS80 +units=m +no_defs"),
    ] {
        let (_folder, city) = lamp_city();
        for table in ["one", "two"] {
            run(&city, Action::CreateLayer(Schema { crs, ..lamps(table) })).unwrap();
            assert_eq!(city.reader().unwrap().schema(table).unwrap().crs, crs);
        }
    }
}

#[test]
fn a_layer_goes_and_comes_back_with_everything_that_was_said_about_it() {
    let (_folder, city) = lamp_city();
    add_lamps(&city, &["a", "b"]);
    run(&city, Action::Visibility { table: "lamp".to_owned(), visible: false }).unwrap();
    let before = content(&city);
    run(&city, Action::RemoveLayer("lamp".to_owned())).unwrap();
    assert_eq!(city.reader().unwrap().layers().unwrap(), []);
    let gone = city.reader().unwrap().feature("lamp", 1).unwrap_err();
    assert_eq!(gone.kind(), "unknown-layer");
    run(&city, Action::CreateLayer(lamps("lamp"))).unwrap();
    assert_eq!(city.reader().unwrap().layers().unwrap()[0].count, 0, "its name is free");
    run(&city, Action::Undo).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    add_lamps(&city, &["c"]);
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
}

#[test]
fn a_layers_state_is_kept_and_undone() {
    let (_folder, city) = lamp_city();
    let before = content(&city);
    let state = LayerState {
        name: Text::new("灯", "Lights"),
        opacity: 0.25,
        position: -3,
        group: "devices".to_owned(),
        style: Some("{}".to_owned()),
    };
    run(&city, Action::LayerState { table: "lamp".to_owned(), state: state.clone() }).unwrap();
    let layer = city.reader().unwrap().layers().unwrap().remove(0);
    assert_eq!((layer.state, layer.schema.name), (state, Text::new("灯", "Lights")));
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
}

#[test]
fn several_layers_change_in_one_step() {
    let (_folder, city) = lamp_city();
    run(&city, Action::CreateLayer(lamps("other"))).unwrap();
    let before = content(&city);
    let steps = city.reader().unwrap().history().unwrap().len();
    let layers = city.reader().unwrap().layers().unwrap().into_iter().zip([7, 3]);
    let moved = layers.map(|(layer, position)| (layer.schema.table, LayerState { position, ..layer.state }));
    let states: Vec<(String, LayerState)> = moved.collect();
    run(&city, Action::LayerStates(states.clone())).unwrap();
    let after = content(&city);
    assert_ne!(after, before);
    assert_eq!(run(&city, Action::LayerStates(states)).unwrap().step, None, "nothing is different");
    assert_eq!(city.reader().unwrap().history().unwrap().len(), steps + 1);
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    run(&city, Action::Redo).unwrap();
    assert_eq!(content(&city), after);
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
}

#[test]
fn names_that_cannot_be_are_refused() {
    let (_folder, city) = lamp_city();
    let doubled = Schema { fields: vec![Field::text("a", "甲", "A"), Field::text("A", "乙", "B")], ..lamps("x") };
    let key = Schema { fields: vec![Field::text("FID", "甲", "A")], ..lamps("x") };
    for schema in
        [lamps("lamp"), lamps("LAMP"), lamps(""), lamps("a\0b"), lamps("citygrid_x"), lamps("gpkg_x"), doubled, key]
    {
        let name = schema.table.clone();
        assert_eq!(run(&city, Action::CreateLayer(schema)).unwrap_err().kind(), "refused", "{name}");
    }
    assert_eq!(city.reader().unwrap().layers().unwrap().len(), 1);
}
