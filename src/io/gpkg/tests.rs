//! GeoPackages as other programs make them, well and badly.

use std::ops::ControlFlow;
use std::path::PathBuf;

use rusqlite::Connection;

use super::*;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::value::Value;

#[test]
fn layers_come_with_their_own_crs_and_names() {
    let file = File::new(
        "INSERT INTO gpkg_spatial_ref_sys VALUES ('x', 4490, 'EPSG', 4490, '', ''), ('y', 4548, 'epsg', 4548, '', '');
         CREATE TABLE pipes (id INTEGER PRIMARY KEY, the_geom BLOB, 管径 INTEGER, state TEXT);
         INSERT INTO gpkg_contents VALUES ('pipes', 'features', '排水管道', 4548), ('cell', 'features', '', 4490),
           ('owner', 'attributes', 'owner', 0), ('citygrid_photo', 'attributes', 'x', 0);
         INSERT INTO gpkg_geometry_columns VALUES ('PIPES', 'the_geom', 'GEOMETRY', 4548), ('cell', 'geom', 'POINT', 4490);
         CREATE TABLE cell (geom BLOB, name TEXT);
         CREATE TABLE owner (fid INTEGER PRIMARY KEY, name TEXT);
         CREATE TABLE citygrid_photo (id INTEGER PRIMARY KEY, data BLOB);
         INSERT INTO owner VALUES (7, '市政');",
    );
    file.insert("INSERT INTO pipes VALUES (5, ?1, 600, 'ok')", &Geometry::line(&[[500_000.0, 3e6], [500_010.0, 3e6]]));
    file.insert("INSERT INTO cell VALUES (?1, '甲')", &Geometry::point(116.0, 29.7));
    let survey = file.survey(&ReadOptions::default()).expect("readable");
    let said: Vec<String> =
        survey.layers.iter().map(|draft| format!("{} {:?} {:?}", draft.name, draft.geometry, draft.crs)).collect();
    assert_eq!(
        said,
        ["排水管道 Some(LineString) None", "cell Some(Point) Some(Epsg(4490))", "owner None None"],
        "a layer without a place has no CRS of its own"
    );
    assert_eq!((survey.crs, survey.crs_origin), (Crs::Epsg(4548), CrsOrigin::Declared));
    let rows = file.rows(&survey);
    assert_eq!(rows[0].2.values, [Value::Int(600), Value::from("ok")]);
    assert_eq!((rows[0].1, rows[0].2.id, rows[2].2.id), (5, 5, 7));
    let only = ReadOptions { only: vec!["pipes".to_owned()], ..ReadOptions::default() };
    assert_eq!(file.survey(&only).expect("readable").layers.len(), 1);
}

#[test]
fn names_and_codes_of_columns_are_read() {
    let file = File::new(
        "CREATE TABLE gpkg_data_columns (table_name, column_name, name, title, description, mime_type, constraint_name);
         CREATE TABLE gpkg_data_column_constraints (constraint_name, constraint_type, value, min, max, description);
         INSERT INTO gpkg_data_columns VALUES ('t', 'dn', NULL, '管径', '管径 / Diameter (mm)', NULL, 'sizes');
         INSERT INTO gpkg_data_column_constraints VALUES ('sizes', 'enum', '600', NULL, NULL, '大 / large');
         CREATE TABLE t (fid INTEGER PRIMARY KEY, dn INTEGER);
         INSERT INTO gpkg_contents VALUES ('t', 'attributes', 't', 0);
         INSERT INTO t VALUES (1, 600);",
    );
    let survey = file.survey(&ReadOptions::default()).expect("readable");
    let field = &survey.layers[0].fields[0];
    assert_eq!((field.name.zh.as_ref(), field.name.en.as_ref(), field.unit.as_ref()), ("管径", "Diameter", "mm"));
    assert_eq!(field.codes[0].name, Text::new("大", "large"));
}

#[test]
fn what_cannot_be_read_is_told_row_by_row() {
    let file = File::new(
        "CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB, n INTEGER);
         INSERT INTO gpkg_contents VALUES ('t', 'features', 't', 4326);
         INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 'GEOMETRY', 4326);
         INSERT INTO t VALUES (1, x'4750000100000000010800000000000000', 1), (2, 'words', 2), (3, NULL, '三'), (4, NULL, x'00');",
    );
    file.insert("INSERT INTO t VALUES (9, ?1, 9)", &Geometry::point(116.0, 29.7));
    let survey = file.survey(&ReadOptions::default()).expect("readable");
    let told: Vec<_> = survey.problems.listed.iter().map(|problem| (problem.rule, problem.feature)).collect();
    assert_eq!(told, [("gpkg.geometry", Some(1)), ("gpkg.geometry", Some(2)), ("gpkg.bytes", Some(4))]);
    let values: Vec<Value> = file.rows(&survey).into_iter().map(|(_, _, row)| row.values[0].clone()).collect();
    assert_eq!(values, [Value::from("三"), Value::Null, Value::from("9")], "a word makes the column words");
}

#[test]
fn mixtures_come_apart_or_stay_together() {
    let file = File::new(
        "CREATE TABLE t (fid INTEGER PRIMARY KEY, geom BLOB);
         INSERT INTO gpkg_contents VALUES ('t', 'features', 't', 4326);
         INSERT INTO gpkg_geometry_columns VALUES ('t', 'geom', 'GEOMETRY', 4326);",
    );
    file.insert("INSERT INTO t VALUES (1, ?1)", &Geometry::point(116.0, 29.7));
    file.insert("INSERT INTO t VALUES (2, ?1)", &Geometry::line(&[[116.0, 29.7], [116.1, 29.7]]));
    let apart = file.survey(&ReadOptions::default()).expect("readable");
    assert_eq!(apart.layers.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["t_points", "t_lines"]);
    assert_eq!(file.rows(&apart).iter().map(|row| row.0).collect::<Vec<_>>(), [0, 1]);
    let together = file.survey(&ReadOptions { one_layer: true, ..ReadOptions::default() }).expect("readable");
    assert_eq!(together.layers[0].geometry, Some(GeometryKind::Collection));
}

#[test]
fn a_view_is_read_and_one_that_never_ends_is_left_out() {
    let file = File::new(
        "CREATE TABLE t (fid INTEGER PRIMARY KEY, n INTEGER);
         INSERT INTO t VALUES (1, 10), (2, 20);
         CREATE VIEW large AS SELECT n FROM t WHERE n > 10;
         CREATE VIEW endless AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT n FROM c;
         CREATE VIEW broken AS SELECT none FROM nowhere;
         CREATE VIEW sly AS SELECT load_extension('x') AS n FROM t;
         INSERT INTO gpkg_contents VALUES ('large', 'attributes', '大管', 0), ('endless', 'attributes', 'endless', 0),
           ('broken', 'attributes', 'broken', 0), ('sly', 'attributes', 'sly', 0);",
    );
    let survey = file.survey(&ReadOptions::default()).expect("readable");
    assert_eq!(file.rows(&survey).into_iter().map(|row| row.2.values).collect::<Vec<_>>(), [[Value::Int(20)]]);
    let told: Vec<_> = survey.problems.listed.iter().filter_map(|problem| problem.layer.as_deref()).collect();
    assert_eq!(told, ["broken", "sly", "endless"]);
}

#[test]
fn a_database_of_something_else_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.gpkg");
    Connection::open(&path).and_then(|conn| conn.execute_batch("CREATE TABLE t (a)")).expect("made");
    let refused = survey(&path, &ReadOptions::default(), &mut Task::silent());
    assert!(matches!(refused, Err(ReadError::NothingUsable { .. })));
    std::fs::write(&path, b"SQLite format 3\0 and no more").expect("written");
    let refused = survey(&path, &ReadOptions::default(), &mut Task::silent()).expect_err("no database");
    assert!(refused.is_malformed(), "{refused}");
}

#[test]
fn nothing_appears_beside_a_file_that_is_read() {
    let file = File::new(
        "CREATE TABLE t (fid INTEGER PRIMARY KEY); INSERT INTO t VALUES (1);
         INSERT INTO gpkg_contents VALUES ('t', 'attributes', 't', 0);",
    );
    let survey = file.survey(&ReadOptions::default()).expect("readable");
    file.rows(&survey);
    assert_eq!(std::fs::read_dir(file.folder.path()).expect("a folder").count(), 1);
}

/// A GeoPackage of the bare minimum.
struct File {
    folder: tempfile::TempDir,
    path: PathBuf,
}

impl File {
    fn new(sql: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("别人的 #1?.gpkg");
        let conn = Connection::open(&path).expect("made");
        conn.execute_batch(
            "CREATE TABLE gpkg_spatial_ref_sys (srs_name, srs_id, organization, organization_coordsys_id, definition, description);
             INSERT INTO gpkg_spatial_ref_sys VALUES ('WGS 84', 4326, 'EPSG', 4326, '', '');
             CREATE TABLE gpkg_contents (table_name, data_type, identifier, srs_id);
             CREATE TABLE gpkg_geometry_columns (table_name, column_name, geometry_type_name, srs_id);",
        )
        .and_then(|()| conn.execute_batch(sql))
        .expect("SQL");
        Self { folder, path }
    }

    fn insert(&self, sql: &str, geometry: &Geometry) {
        let mut bytes = Vec::new();
        blob::encode(geometry, 0, &mut bytes);
        Connection::open(&self.path).and_then(|conn| conn.execute(sql, [bytes])).expect("inserted");
    }

    fn survey(&self, options: &ReadOptions) -> Result<Survey, ReadError> {
        survey(&self.path, options, &mut Task::silent())
    }

    fn rows(&self, survey: &Survey) -> Vec<(usize, i64, Feature)> {
        let mut rows = Vec::new();
        let mut sink = |layer, number, feature| {
            rows.push((layer, number, feature));
            ControlFlow::Continue(())
        };
        read(&self.path, survey, &mut Task::silent(), &mut sink).expect("readable");
        rows
    }
}
