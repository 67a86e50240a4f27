//! What is on the screen is what is written to a file: the window's tiles and words, put together, are the picture.

use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::render::decor::{Mark, decorate};
use crate::render::painter::{self, Picture};
use crate::render::reference::check_alike;
use crate::render::scene::Scene;
use crate::render::tile::TileSet;
use crate::render::view::View;
use crate::task::Cancel;
use crate::text::Lang;

use super::painting::{MapPiece, MapWish, Pane};
use crate::session::answer::{RenderFrame, RenderRequest};
use crate::session::place::{lonlat_from_world, world_from_lonlat};
use crate::session::test_city::TestCity;

/// Longitude and latitude of the quarter's middle.
const MIDDLE: [f64; 2] = [115.95, 29.7];

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
    // Areas of these kinds may have several parts.
    Geometry::polygon(&ring.map(lonlat)).to_multi()
}

fn point(at: [f64; 2]) -> Geometry {
    let [x, y] = lonlat(at);
    Geometry::point(x, y)
}

/// What is told of a feature: field and value.
type Told<'a> = &'a [(&'static str, Value)];

/// Adds a layer of a kind with these features.
fn add<'a>(city: &mut TestCity, kind: &str, features: impl IntoIterator<Item = (Geometry, Told<'a>)>) {
    city.create(kind);
    city.add(kind, features.into_iter().map(|(shape, told)| (shape, told.to_vec())));
}

/// A quarter that reaches over several tiles: areas, cased roads, pipes with arrows, symbols, dots and their words.
fn quarter() -> TestCity {
    let mut city = TestCity::with_map();
    let every = |step: f64| (0..9).map(move |n| (f64::from(n) - 4.0) * step);
    let road = [("name", Value::from("长江大道")), ("road_class", Value::from("arterial"))];
    let lane = [("name", Value::from("东巷")), ("road_class", Value::from("lane"))];
    let pipe = [("sewer_type", Value::from("storm")), ("diameter_mm", Value::Int(800))];
    let combined = [("sewer_type", Value::from("combined")), ("diameter_mm", Value::Int(500))];
    let manhole = [("node_type", Value::from("manhole")), ("sewer_type", Value::from("storm"))];
    let kiosk = [("name", Value::from("东门投放亭")), ("state", Value::from("ok"))];
    let lake = [("name", Value::from("南湖"))];
    add(&mut city, "water", [(block([-230.0, 40.0], [310.0, 90.0]), &lake[..])]);
    let houses =
        every(52.0).flat_map(|east| [-120.0, -76.0].map(|north| (block([east, north], [31.0, 19.0]), &[][..])));
    add(&mut city, "building", houses);
    let lanes = every(60.0).map(|east| (line(&[[east, -190.0], [east + 24.0, -8.0]]), &lane[..]));
    let main = (line(&[[-400.0, 6.0], [-60.0, -14.0], [90.0, 12.0], [400.0, -2.0]]), &road[..]);
    add(&mut city, "road", lanes.chain([main]));
    let pipes = every(80.0).map(|east| (line(&[[east, 16.0], [east + 80.0, 22.0]]), &pipe[..]));
    let old = every(80.0).map(|east| (line(&[[east + 80.0, -30.0], [east, -34.0]]), &combined[..]));
    add(&mut city, "sewer_pipe", pipes.chain(old));
    add(&mut city, "sewer_node", every(80.0).map(|east| (point([east, 16.0]), &manhole[..])));
    add(&mut city, "kiosk", every(71.0).map(|east| (point([east, -52.0]), &kiosk[..])));
    city.wait(|session| session.city().is_some_and(|city| city.layers.iter().all(|layer| layer.index.is_some())));
    city
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
fn on_screen(city: &mut TestCity, view: &View, dark: bool) -> Picture {
    let tiles = TileSet::of(view, dark).tiles(view, 0);
    let (mut missing, [width, height]) = (tiles.len() + 1, view.size_physical());
    assert!(missing > 4, "the view lies on several tiles");
    city.session.wish_map(MapWish { tiles, labels: Some(*view), dark, ..MapWish::default() });
    let rgba = vec![0; usize::from(width) * usize::from(height) * 4];
    let mut picture = Picture { width: width.into(), height: height.into(), rgba };
    let mut words = Vec::new();
    city.wait_for(|session| {
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
fn in_file(city: &TestCity, view: &View, dark: bool) -> Picture {
    let request = RenderRequest {
        path: city.path("map.png"),
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
    city.session.render(&request, &mut |_| {}).expect("a picture");
    let image = image::open(&request.path).expect("a PNG").to_rgba8();
    Picture { width: image.width(), height: image.height(), rgba: image.into_raw() }
}

#[test]
fn the_window_shows_what_a_file_gets() {
    let mut city = quarter();
    let mut compare = |name: &str, denominator: f64, dark: bool, pixel_ratio: f64| {
        let size_px = [600.0, 420.0];
        let view = View::at_scale(world_from_lonlat(MIDDLE), denominator, size_px).pixel_ratio(pixel_ratio);
        // The window puts its tiles on whole pixels.
        let view = view.with_corner_px(view.corner_px().map(|at| (at * pixel_ratio).round() / pixel_ratio));
        let mut screen = on_screen(&mut city, &view, dark);
        let mut marks = Scene { size_px, pixel_ratio, dark, ..Scene::default() };
        decorate(&mut marks, &view, Lang::Zh, &[Mark::ScaleBar, Mark::North]);
        let marks = painter::paint(&marks, &Cancel::default()).expect("nobody cancels");
        lay(&mut screen, &marks.rgba, marks.width as usize, [0, 0]);
        check_alike(name, &screen, &in_file(&city, &view, dark));
    };
    compare("screen-light", 1_500.0, false, 1.0);
    compare("screen-dark-150", 2_500.0, true, 1.5);
    compare("screen-far-200", 9_000.0, false, 2.0);
}
