//! Styles for QGIS beside the layers.

use rusqlite::Connection;

use super::fixture::{Folder, import, lamp, lamp_city, lamps, run};
use crate::model::schema::Schema;
use crate::store::city::City;
use crate::store::command::{Action, LayerState};
use crate::store::layer_styles::Dress;

/// Says of a layer what it is called and how clear it is.
fn words(schema: &Schema, state: &LayerState) -> Option<Dress> {
    Some(Dress { qml: format!("{} {}", schema.table, state.opacity), sld: String::new() })
}

/// Table, style and whether it is the one that QGIS takes, of every row.
fn kept(folder: &Folder) -> Vec<String> {
    let conn = Connection::open(folder.file("九江.gpkg")).unwrap();
    let mut statement = conn
        .prepare("SELECT f_table_name || ': ' || styleQML || ' ' || useAsDefault FROM layer_styles ORDER BY 1")
        .unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn fade(city: &City, opacity: f32) {
    let layers = city.reader().unwrap().layers().unwrap();
    let state = layers.into_iter().find(|info| info.schema.table == "lamp").unwrap().state;
    run(city, Action::LayerState { table: "lamp".to_owned(), state: LayerState { opacity, ..state } }).unwrap();
}

#[test]
fn what_qgis_reads_follows_every_command_and_every_step_back() {
    let (folder, city) = lamp_city();
    city.dress_with(words);
    fade(&city, 0.5);
    assert_eq!(kept(&folder), ["lamp: lamp 0.5 1"]);
    import(&city, lamps("more"), false, vec![lamp(1, "m")]).unwrap();
    assert_eq!(kept(&folder), ["lamp: lamp 0.5 1", "more: more 1 1"]);
    run(&city, Action::Undo).unwrap();
    assert_eq!(kept(&folder), ["lamp: lamp 0.5 1"]);
    run(&city, Action::Undo).unwrap();
    assert_eq!(kept(&folder), ["lamp: lamp 1 1"]);
    run(&city, Action::Redo).unwrap();
    run(&city, Action::Redo).unwrap();
    assert_eq!(kept(&folder), ["lamp: lamp 0.5 1", "more: more 1 1"]);
    let layers = city.reader().unwrap().layers().unwrap();
    assert_eq!(layers.len(), 2, "the styles are no layer");
    assert_eq!(city.check(&mut crate::task::Task::silent()).unwrap(), []);
}

#[test]
fn a_style_that_somebody_made_the_default_in_qgis_stays_it() {
    let (folder, city) = lamp_city();
    city.dress_with(words);
    fade(&city, 0.5);
    drop(city);
    let conn = Connection::open(folder.file("九江.gpkg")).unwrap();
    conn.execute_batch(
        "UPDATE layer_styles SET useAsDefault = 0;
         INSERT INTO layer_styles (f_table_schema, f_table_name, f_geometry_column, styleName, styleQML, useAsDefault)
         VALUES ('', 'lamp', 'geom', 'mine', 'mine', 1)",
    )
    .unwrap();
    drop(conn);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    city.dress_with(words);
    fade(&city, 0.25);
    assert_eq!(kept(&folder), ["lamp: lamp 0.25 0", "lamp: mine 1"]);
}

#[test]
fn another_table_of_that_name_is_left_alone_and_no_command_fails_for_it() {
    let (folder, city) = lamp_city();
    drop(city);
    let conn = Connection::open(folder.file("九江.gpkg")).unwrap();
    conn.execute_batch(
        "CREATE TABLE layer_styles (a INTEGER PRIMARY KEY, b TEXT); INSERT INTO layer_styles VALUES (1, 'x')",
    )
    .unwrap();
    drop(conn);
    let city = City::open(&folder.file("九江.gpkg")).unwrap();
    city.dress_with(words);
    fade(&city, 0.5);
    let conn = Connection::open(folder.file("九江.gpkg")).unwrap();
    let left: String = conn.query_row("SELECT group_concat(b) FROM layer_styles", [], |row| row.get(0)).unwrap();
    assert_eq!(left, "x");
}
