//! `GeoPackage`s that other programs made, with everything that the standard allows and some things it does not.

use std::fs;
use std::ops::ControlFlow;
use std::path::Path;

use geopackage::core::types::{ColumnType, GeometryType};
use geopackage::{ColumnSpec, GeoPackage, GeometrySpec, TableSchemaBuilder};
use rusqlite::params;

use super::fixture::{Folder, content, edit, lamps, run};
use crate::geom::crs::Crs;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Bounds, Geometry};
use crate::model::value::{FieldType, Value};
use crate::store::city::City;
use crate::store::command::Action;
use crate::store::query::Query;
use crate::task::Task;

/// Big-endian header and body, odd names, no R-tree, odd column types, a view, a table without an integer key.
fn write_foreign(path: &Path) {
    let package = GeoPackage::create(path).unwrap();
    package
        .create_layer(
            &TableSchemaBuilder::new("Bäume (2020)")
                .primary_key("the id")
                .spatial_index(false)
                .column(ColumnSpec::new("Höhe [m]", ColumnType::Float))
                .column(ColumnSpec::new("n", ColumnType::TinyInt).not_null().default_value("7"))
                .geometry(GeometrySpec::new(GeometryType::Point, 4326).column_name("SHAPE")),
        )
        .unwrap();
    let conn = package.connection();
    conn.execute_batch(
        r#"ALTER TABLE "Bäume (2020)" ADD COLUMN weird NUMERIC(10,2);
           ALTER TABLE "Bäume (2020)" ADD COLUMN twice INTEGER GENERATED ALWAYS AS (n * 2) VIRTUAL;
           CREATE TABLE plain (name TEXT, size DOUBLE);
           INSERT INTO plain VALUES ('a', 1), ('b', 'big');
           INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES ('plain', 'attributes', 'plain');
           CREATE VIEW tall AS SELECT "the id", "Höhe [m]" AS h, SHAPE FROM "Bäume (2020)" WHERE "Höhe [m]" > 5;
           INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('tall', 'features', 'tall', 4326);
           INSERT INTO gpkg_geometry_columns VALUES ('tall', 'SHAPE', 'POINT', 4326, 0, 0);
           CREATE TABLE not_ours (secret TEXT);
           INSERT INTO not_ours VALUES ('keep me');"#,
    )
    .unwrap();
    let mut big_endian = b"GP\0\0\0\0\x10\xe6\0\0\0\0\x01".to_vec();
    big_endian.extend(8.5_f64.to_be_bytes());
    big_endian.extend(53.25_f64.to_be_bytes());
    let curve = [b"GP\0\x01\xe6\x10\0\0\x01\x08\0\0\0\x02\0\0\0".to_vec(), vec![0; 32]].concat();
    let insert = r#"INSERT INTO "Bäume (2020)" (SHAPE, "Höhe [m]", weird) VALUES (?1, ?2, ?3)"#;
    conn.execute(insert, params![big_endian, 12.5, "text in a number"]).unwrap();
    conn.execute(insert, params![curve, 3, 9.75]).unwrap();
    conn.execute(insert, params![None::<Vec<u8>>, None::<f64>, None::<f64>]).unwrap();
}

#[test]
fn a_foreign_file_is_read_as_it_is() {
    let folder = Folder::new();
    let path = folder.file("fremd.gpkg");
    write_foreign(&path);
    let before = fs::read(&path).unwrap();
    let city = City::open(&path).unwrap();
    assert!(!city.is_ours());
    let reader = city.reader().unwrap();
    let layers = reader.layers().unwrap();
    let tables: Vec<_> =
        layers.iter().map(|layer| (layer.schema.table.as_str(), layer.count, layer.editable)).collect();
    assert_eq!(tables, [("Bäume (2020)", 3, true), ("plain", 2, true), ("tall", 1, false)]);
    let trees = &layers[0].schema;
    assert_eq!((trees.crs, trees.kind.as_str()), (Crs::WGS84, "plain"));
    let types: Vec<_> = trees.fields.iter().map(|field| (field.id.as_ref(), field.field_type)).collect();
    assert_eq!(
        types,
        [("Höhe [m]", FieldType::Real), ("n", FieldType::Int), ("weird", FieldType::Real), ("twice", FieldType::Int)]
    );
    let first = reader.feature("Bäume (2020)", 1).unwrap().unwrap();
    assert_eq!(first.geometry, Some(Geometry::point(8.5, 53.25)));
    assert_eq!(first.values, [12.5.into(), 7.into(), "text in a number".into(), 14.into()]);
    let window = Query::within(Bounds::new(8.0, 53.0, 9.0, 54.0));
    assert_eq!(reader.ids("Bäume (2020)", &window).unwrap(), [1], "without an R-tree");
    assert_eq!(reader.ids("tall", &window).unwrap(), [1]);
    assert_eq!(reader.feature("plain", 2).unwrap().unwrap().values, ["b".into(), Value::from("big")]);
    let mut rows = 0;
    reader
        .scan("Bäume (2020)", None, &[], &mut |_, _, _| {
            rows += 1;
            ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(rows, 3);
    drop((reader, city));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn its_first_edit_makes_it_a_city_and_keeps_what_we_do_not_understand() {
    let folder = Folder::new();
    let path = folder.file("fremd.gpkg");
    write_foreign(&path);
    let city = City::open(&path).unwrap();
    let before = content(&city);
    let curve = raw(&city, 2);
    let set = |id, height: f64| {
        let old = city.reader().unwrap().feature("Bäume (2020)", id).unwrap();
        let mut new = old.clone().unwrap();
        new.values[0] = height.into();
        Delta { layer: "Bäume (2020)".to_owned(), id, old, new: Some(new) }
    };
    edit(&city, vec![set(1, 4.0), set(2, 5.0)]).unwrap();
    assert!(city.is_ours());
    assert_eq!(raw(&city, 2), curve, "a geometry that nobody could see is not touched");
    let gone = |id| Delta { layer: "Bäume (2020)".to_owned(), id, old: None, new: None };
    let new = Feature { geometry: Some(Geometry::point(1.0, 2.0)), values: vec![Value::Null; 4], ..Feature::default() };
    let new = Delta { layer: "bäume (2020)".to_owned(), id: 0, old: None, new: Some(new) };
    edit(&city, vec![gone(2), gone(3), new]).unwrap();
    let added = city.reader().unwrap().feature("Bäume (2020)", 4).unwrap().unwrap();
    assert_eq!(added.values, [Value::Null, 7.into(), Value::Null, 14.into()], "the column's default");
    let row = Delta { layer: "plain".to_owned(), id: 1, old: None, new: None };
    edit(&city, vec![row]).unwrap();
    let refused = edit(&city, vec![Delta { layer: "tall".to_owned(), id: 1, old: None, new: None }]).unwrap_err();
    assert_eq!(refused.kind(), "refused");
    for _ in 0..3 {
        run(&city, Action::Undo).unwrap();
    }
    assert_eq!(raw(&city, 2), curve);
    let unbounded = |text: String| text.lines().filter(|line| !line.contains("Schema")).collect::<Vec<_>>().join("\n");
    assert_eq!(unbounded(content(&city)), unbounded(before));
    let secret: String =
        city.probe(|conn| conn.query_row("SELECT secret FROM not_ours", [], |row| row.get(0)).unwrap());
    assert_eq!(secret, "keep me");
}

#[test]
fn its_layers_can_go_and_come_and_take_imports() {
    let folder = Folder::new();
    let path = folder.file("fremd.gpkg");
    write_foreign(&path);
    let city = City::open(&path).unwrap();
    run(&city, Action::CreateLayer(lamps("lamp"))).unwrap();
    let before = content(&city);
    for table in ["tall", "Bäume (2020)", "plain"] {
        run(&city, Action::RemoveLayer(table.to_owned())).unwrap();
    }
    assert_eq!(city.reader().unwrap().layers().unwrap().len(), 1);
    for _ in 0..3 {
        run(&city, Action::Undo).unwrap();
    }
    assert_eq!(content(&city), before);
    let schema = city.reader().unwrap().schema("plain").unwrap();
    let rows = vec![Feature { values: vec!["c".into(), 3.0.into()], ..Feature::default() }];
    super::fixture::import(&city, schema, true, rows).unwrap();
    run(&city, Action::Undo).unwrap();
    assert_eq!(content(&city), before);
    run(&city, Action::Redo).unwrap();
    assert_eq!(city.reader().unwrap().feature("plain", 3).unwrap().unwrap().values[0], "c".into());
    let odd: Vec<_> = city.check(&mut Task::silent()).unwrap().into_iter().map(|problem| problem.rule).collect();
    assert_eq!(odd, ["file.geometry"], "the curve");
}

#[test]
fn descriptions_and_codes_of_others_become_names_and_codes() {
    let folder = Folder::new();
    let path = folder.file("fremd.gpkg");
    write_foreign(&path);
    let package = GeoPackage::open(&path).unwrap();
    package
        .add_column_constraint(&geopackage::ColumnConstraint {
            name: "ns".into(),
            kind: geopackage::ConstraintKind::Range {
                min: 1.0,
                min_is_inclusive: true,
                max: 9.0,
                max_is_inclusive: true,
            },
            description: None,
        })
        .unwrap();
    package
        .set_data_column(
            "Bäume (2020)",
            &geopackage::DataColumn {
                column_name: "n".into(),
                name: None,
                title: Some("Anzahl".into()),
                description: None,
                mime_type: None,
                constraint_name: Some("ns".into()),
            },
        )
        .unwrap();
    drop(package);
    let city = City::open(&path).unwrap();
    let schema = city.reader().unwrap().schema("Bäume (2020)").unwrap();
    let field = schema.field("Anzahl").unwrap();
    assert_eq!((field.id.as_ref(), field.range), ("n", Some((1.0, 9.0))));
}

fn raw(city: &City, id: i64) -> Vec<u8> {
    let reader = city.reader().unwrap();
    reader
        .with(|conn| {
            let sql = r#"SELECT SHAPE FROM "Bäume (2020)" WHERE "the id" = ?1"#;
            Ok(conn.query_row(sql, [id], |row| row.get(0))?)
        })
        .unwrap()
}
