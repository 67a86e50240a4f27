//! What is on the screen is what is written to a file: the window's tiles and words, put together, are the picture.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::render::decor::{Mark, decorate};
use crate::render::painter::{self, Picture};
use crate::render::reference::check_alike;
use crate::render::scene::Scene;
use crate::render::tile::TileSet;
use crate::render::view::View;
use crate::task::Cancel;
use crate::text::{Lang, Text};

use super::answer::{RenderFrame, RenderRequest};
use super::command::{CityCommand, Command, EditCommand, LayerCommand};
use super::painting::{MapPiece, MapWish, Pane};
use super::place::{lonlat_from_world, world_from_lonlat};
use super::{NoWake, Session};

/// Longitude and latitude of the quarter's middle.
const MIDDLE: [f64; 2] = [115.95, 29.7];

/// What is told of a feature: field and value.
type Told<'a> = &'a [(&'a str, Value)];

fn finish(session: &mut Session, command: Command) {
    session.finish(command, &mut |_| {}).expect("done");
}

/// A place so many metres to the east and north of the middle, more or less.
fn lonlat([east, north]: [f64; 2]) -> [f64; 2] {
    [MIDDLE[0] + east / 96_700.0, MIDDLE[1] + north / 110_850.0]
}

fn line(places: &[[f64; 2]]) -> Geometry {
    Geometry::line(&places.iter().map(|&at| lonlat(at)).collect::<Vec<_>>())
}

fn block([west, south]: [f64; 2], [width, height]: [f64; 2]) -> Geometry {
    let (east, north) = (west + width, south + height);
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    Geometry::polygon(&ring.map(lonlat))
}

fn point(at: [f64; 2]) -> Geometry {
    let [x, y] = lonlat(at);
    Geometry::point(x, y)
}

/// Adds a layer with these features.
fn add(session: &mut Session, kind: &str, features: Vec<(Geometry, Told<'_>)>) {
    finish(session, Command::Layer(LayerCommand::Create { kind: kind.to_owned() }));
    let schema = Arc::clone(&session.city().and_then(|city| city.layer(kind)).expect("the layer").schema);
    let delta = |(geometry, told): (Geometry, Told<'_>)| {
        let value =
            |id: &str| told.iter().find(|(field, _)| *field == id).map_or(Value::Null, |(_, value)| value.clone());
        let values = schema.fields.iter().map(|field| value(&field.id)).collect();
        // Areas of these kinds may have several parts.
        let is_area = geometry.kind().dimension() == Some(2);
        let geometry = Some(if is_area { geometry.to_multi() } else { geometry });
        Delta { layer: kind.to_owned(), id: 0, old: None, new: Some(Feature { id: 0, geometry, values }) }
    };
    let deltas = features.into_iter().map(delta).collect();
    finish(session, Command::Edit(EditCommand::Change { label: Text::new("加", "Add"), deltas }));
}

/// A quarter that reaches over several tiles: areas, cased roads, pipes with arrows, symbols, dots and their words.
fn quarter() -> (TempDir, Session) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = Session::new(folder.path().join("settings"), Arc::new(NoWake));
    let path = folder.path().join("quarter.gpkg");
    finish(&mut session, Command::City(CityCommand::New { path, overwrite: false }));
    let every = |step: f64| (0..9).map(move |n| (f64::from(n) - 4.0) * step);
    let road = [("name", Value::from("长江大道")), ("road_class", Value::from("arterial"))];
    let lane = [("name", Value::from("东巷")), ("road_class", Value::from("lane"))];
    let pipe = [("sewer_type", Value::from("storm")), ("diameter_mm", Value::Int(800))];
    let combined = [("sewer_type", Value::from("combined")), ("diameter_mm", Value::Int(500))];
    let manhole = [("node_type", Value::from("manhole")), ("sewer_type", Value::from("storm"))];
    let kiosk = [("name", Value::from("东门投放亭")), ("state", Value::from("ok"))];
    let lake = [("name", Value::from("南湖"))];
    add(&mut session, "water", vec![(block([-230.0, 40.0], [310.0, 90.0]), &lake)]);
    let houses =
        every(52.0).flat_map(|east| [-120.0, -76.0].map(|north| (block([east, north], [31.0, 19.0]), &[][..])));
    add(&mut session, "building", houses.collect());
    let lanes = every(60.0).map(|east| (line(&[[east, -190.0], [east + 24.0, -8.0]]), &lane[..]));
    let main = (line(&[[-400.0, 6.0], [-60.0, -14.0], [90.0, 12.0], [400.0, -2.0]]), &road[..]);
    add(&mut session, "road", lanes.chain([main]).collect());
    let pipes = every(80.0).map(|east| (line(&[[east, 16.0], [east + 80.0, 22.0]]), &pipe[..]));
    let old = every(80.0).map(|east| (line(&[[east + 80.0, -30.0], [east, -34.0]]), &combined[..]));
    add(&mut session, "sewer_pipe", pipes.chain(old).collect());
    add(&mut session, "sewer_node", every(80.0).map(|east| (point([east, 16.0]), &manhole[..])).collect());
    add(&mut session, "kiosk", every(71.0).map(|east| (point([east, -52.0]), &kiosk[..])).collect());
    let is_in_memory =
        |session: &Session| session.city().is_some_and(|city| city.layers.iter().all(|layer| layer.index.is_some()));
    wait(&mut session, |session| is_in_memory(session).then_some(()));
    (folder, session)
}

#[track_caller]
fn wait<T>(session: &mut Session, mut get: impl FnMut(&mut Session) -> Option<T>) -> T {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        session.poll();
        if let Some(there) = get(session) {
            return there;
        }
        assert!(Instant::now() < end, "it never came");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Lays some pixels, premultiplied, over a picture with their corner here.
fn lay(picture: &mut Picture, pixels: &[u8], width: usize, [left, top]: [i64; 2]) {
    for (row, line) in pixels.chunks_exact(width * 4).enumerate() {
        for (column, over) in line.chunks_exact(4).enumerate() {
            let (x, y) = (left + column as i64, top + row as i64);
            let is_seen = (0..i64::from(picture.width)).contains(&x) && (0..i64::from(picture.height)).contains(&y);
            if !is_seen || over[3] == 0 {
                continue;
            }
            let at = (y * i64::from(picture.width) + x) as usize * 4;
            let rest = 255 - u32::from(over[3]);
            for (under, over) in picture.rgba[at..at + 4].iter_mut().zip(over) {
                *under = over.saturating_add(((u32::from(*under) * rest + 127) / 255) as u8);
            }
        }
    }
}

/// The map as the window shows it.
fn on_screen(session: &mut Session, view: &View, dark: bool) -> Picture {
    let tiles = TileSet::of(view, dark).tiles(view, 0);
    let (mut missing, [width, height]) = (tiles.len() + 1, view.size_physical());
    assert!(missing > 4, "the view lies on several tiles");
    session.wish_map(MapWish { tiles, labels: Some(*view), dark, ..MapWish::default() });
    let rgba = vec![0; usize::from(width) * usize::from(height) * 4];
    let mut picture = Picture { width: width.into(), height: height.into(), rgba };
    let mut words = Vec::new();
    wait(session, |session| {
        for piece in session.take_map(Pane::Main) {
            missing -= 1;
            match piece {
                MapPiece::Tile(tile, pixels) => {
                    let corner = tile.corner_in(view).map(|at| (at * view.pixel_ratio).round() as i64);
                    lay(&mut picture, bytemuck::cast_slice(&pixels.rgba), pixels.size[0], corner);
                }
                MapPiece::Words { words: found, .. } => words.extend(found.sheets),
            }
        }
        (missing == 0).then_some(())
    });
    for sheet in &words {
        lay(&mut picture, bytemuck::cast_slice(&sheet.rgba), sheet.size[0], sheet.at.map(|at| at as i64));
    }
    picture
}

/// The same as it is written to a file.
fn in_file(session: &Session, folder: &Path, view: &View, dark: bool) -> Picture {
    let request = RenderRequest {
        path: folder.join("map.png"),
        overwrite: true,
        size_px: view.size_physical().map(u32::from),
        pixel_ratio: view.pixel_ratio as f32,
        frame: RenderFrame::Around(lonlat_from_world(view.center_world), 100.0),
        denominator: Some(view.denominator()),
        layers: Vec::new(),
        lang: Lang::Zh,
        dark,
        sheet: None,
    };
    session.render(&request, &mut |_| {}).expect("a picture");
    let image = image::open(&request.path).expect("a PNG").to_rgba8();
    Picture { width: image.width(), height: image.height(), rgba: image.into_raw() }
}

#[test]
fn the_window_shows_what_a_file_gets() {
    let (folder, mut session) = quarter();
    let mut compare = |name: &str, denominator: f64, dark: bool, pixel_ratio: f64| {
        let size_px = [600.0, 420.0];
        let view = View::at_scale(world_from_lonlat(MIDDLE), denominator, size_px).pixel_ratio(pixel_ratio);
        // The window puts its tiles on whole pixels.
        let view = view.with_corner_px(view.corner_px().map(|at| (at * pixel_ratio).round() / pixel_ratio));
        let mut screen = on_screen(&mut session, &view, dark);
        let mut marks = Scene { size_px, pixel_ratio, dark, ..Scene::default() };
        decorate(&mut marks, &view, Lang::Zh, &[Mark::ScaleBar, Mark::North]);
        let marks = painter::paint(&marks, &Cancel::default()).expect("nobody cancels");
        lay(&mut screen, &marks.rgba, marks.width as usize, [0, 0]);
        check_alike(name, &screen, &in_file(&session, folder.path(), &view, dark));
    };
    compare("screen-light", 1_500.0, false, 1.0);
    compare("screen-dark-150", 2_500.0, true, 1.5);
    compare("screen-far-200", 9_000.0, false, 2.0);
}
