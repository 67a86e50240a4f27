//! The map's cache: used when it fits, harmless whatever became of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::geom::transform::mercator_from_degrees;
use crate::index::layer::LayerIndex;
use crate::model::geometry::Geometry;
use crate::render::tile::{Tile, TileSet};
use crate::render::view::View;
use crate::store::city::City;
use crate::store::stamp::FileStamp;

use super::Cache;
use crate::session::command::{CityCommand, Command};
use crate::session::map::painting::{MapPiece, MapWish, Pane};
use crate::session::test_city::TestCity;

/// A closed city with so many lamps.
fn town(lamps: usize) -> TestCity {
    let mut city = TestCity::new();
    city.create("lamp_controller");
    add(&mut city, lamps);
    city.run(Command::City(CityCommand::Close));
    city
}

fn add(city: &mut TestCity, lamps: usize) {
    let lamp = |at: usize| (Geometry::point(115.9 + at as f64 * 0.001, 29.7), Vec::new());
    city.add("lamp_controller", (0..lamps).map(lamp));
}

fn lamps_on_map(city: &mut TestCity) -> usize {
    let index = city.wait_for(|session| session.city()?.layer("lamp_controller")?.index.clone());
    index.read().expect("nobody panics").len()
}

/// Opens the city with a map, waits for it and leaves; says how many lamps were on the map.
fn visit(town: &TestCity) -> usize {
    let mut city = town.another_with_map();
    city.open();
    lamps_on_map(&mut city)
}

/// What the cache has of the lamps now.
fn remembered(town: &TestCity) -> Option<LayerIndex> {
    let stamp = FileStamp::read(&town.city_path()).expect("a city");
    let city = City::open_read_only(&town.city_path()).expect("a city");
    let info = city.reader().expect("a reader").layers().expect("layers").remove(0);
    let kind = crate::session::snapshot::kind_of(&info.schema.kind);
    let style = crate::session::style::style_of(kind, &info.schema, &info.state);
    Cache::of(town.settings(), city.path(), &stamp).index(&info, &style)
}

/// Looks at the lamps and leaves; what of the map was there before anything was asked for, and what is painted anew.
fn look(town: &TestCity) -> [Vec<(Tile, Vec<u32>)>; 2] {
    let mut city = town.another_with_map();
    city.open();
    lamps_on_map(&mut city);
    let kept = tiles(city.session.take_map(Pane::Main));
    let view = View::new(mercator_from_degrees([115.902, 29.7]), 0.5, [600.0, 400.0]);
    city.session.looks_at(view, false);
    let wanted = TileSet::of(&view, false).tiles(&view, 0);
    city.session.wish_map(MapWish { tiles: wanted.clone(), ..MapWish::default() });
    let mut painted = Vec::new();
    city.wait_for(|session| {
        painted.extend(tiles(session.take_map(Pane::Main)));
        (painted.len() >= wanted.len()).then_some(())
    });
    painted.sort_by_key(|(tile, _)| (tile.row, tile.column));
    [kept, painted]
}

fn cache_files(town: &TestCity) -> Vec<PathBuf> {
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let cities = list(&town.settings().join("map"));
    cities.iter().flat_map(|city| list(city)).filter(|path| !path.ends_with("stamp")).collect()
}

/// Tiles among pieces of the map, in the order of their places.
fn tiles(pieces: Vec<MapPiece>) -> Vec<(Tile, Vec<u32>)> {
    let tile = |piece| if let MapPiece::Tile(tile, pixels) = piece { Some((tile, pixels.rgba)) } else { None };
    let mut tiles: Vec<_> = pieces.into_iter().filter_map(tile).collect();
    tiles.sort_by_key(|(tile, _)| (tile.row, tile.column));
    tiles
}

#[test]
fn what_was_on_the_map_is_remembered_for_the_next_start() {
    let town = town(50);
    assert!(remembered(&town).is_none(), "nobody has looked at a map yet");
    assert_eq!(visit(&town), 50);
    assert_eq!(remembered(&town).map(|index| index.len()), Some(50));
    assert_eq!(visit(&town), 50);
}

#[test]
fn an_edit_on_the_map_is_remembered_too() {
    let town = town(5);
    let mut city = town.another_with_map();
    city.open();
    lamps_on_map(&mut city);
    add(&mut city, 3);
    assert_eq!(lamps_on_map(&mut city), 8);
    drop(city);
    assert_eq!(remembered(&town).map(|index| index.len()), Some(8));
}

#[test]
fn a_city_that_was_changed_elsewhere_is_read_anew() {
    let town = town(5);
    visit(&town);
    let mut elsewhere = town.of_another_person();
    elsewhere.open();
    add(&mut elsewhere, 2);
    drop(elsewhere);
    assert!(remembered(&town).is_none());
    assert_eq!(visit(&town), 7);
}

#[test]
fn a_broken_cache_does_no_harm() {
    let wreck: [fn(&Path); 4] = [
        |path| std::fs::remove_file(path).unwrap(),
        |path| std::fs::write(path, &std::fs::read(path).unwrap()[..60]).unwrap(),
        |path| std::fs::write(path, b"not a cache at all").unwrap(),
        |path| {
            let mut bytes = std::fs::read(path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 0x20;
            std::fs::write(path, bytes).unwrap();
        },
    ];
    let town = town(9);
    for break_it in wreck {
        assert_eq!(visit(&town), 9);
        let files = cache_files(&town);
        assert!(!files.is_empty());
        files.iter().for_each(|path| break_it(path));
        assert!(remembered(&town).is_none());
        assert_eq!(visit(&town), 9);
    }
}

#[test]
fn the_cache_of_another_city_is_no_use() {
    let (ours, theirs) = (town(4), town(6));
    visit(&ours);
    visit(&theirs);
    let [to, from] = [&ours, &theirs].map(|town| cache_files(town).remove(0));
    for name in [to.file_name(), Some("stamp".as_ref())].into_iter().flatten() {
        let from = if name == "stamp" { from.with_file_name(name) } else { from.clone() };
        std::fs::copy(from, to.with_file_name(name)).unwrap();
    }
    assert_eq!(visit(&ours), 4);
}

#[test]
fn the_map_that_was_last_on_the_screen_is_there_before_anything_is_painted() {
    let town = town(20);
    let [kept, painted] = look(&town);
    assert_eq!(kept, []);
    let inks: BTreeSet<u32> = painted.iter().flat_map(|(_, rgba)| rgba).copied().collect();
    assert!(inks.len() > 2, "the lamps are on it");
    let [kept, again] = look(&town);
    for (kept, painted) in kept.iter().zip(&again) {
        let unlike = kept.1.iter().zip(&painted.1).filter(|(kept, painted)| kept != painted).count();
        assert_eq!((kept.0, unlike), (painted.0, 0));
    }
    assert_eq!((kept.len(), again.len()), (painted.len(), painted.len()));
}

#[test]
fn the_map_of_a_city_that_has_changed_is_painted_anew() {
    let town = town(20);
    look(&town);
    let mut city = town.another();
    city.open();
    add(&mut city, 1);
    drop(city);
    assert_eq!(look(&town)[0], []);
    assert!(!look(&town)[0].is_empty());
}
