//! The map's cache: used when it fits, harmless whatever became of it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::geom::transform::mercator_from_degrees;
use crate::index::layer::LayerIndex;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::render::tile::{Tile, TileSet};
use crate::render::view::View;
use crate::store::city::City;
use crate::store::stamp::FileStamp;
use crate::text::Text;

use super::cache::Cache;
use super::command::{CityCommand, Command, EditCommand, LayerCommand};
use super::painting::{MapPiece, MapWish, Pane};
use super::{NoWake, Session};

struct Town {
    folder: TempDir,
}

impl Town {
    /// A closed city with so many lamps.
    fn of(lamps: usize) -> Self {
        let town = Self { folder: tempfile::tempdir().expect("a folder") };
        let mut session = Session::headless(town.settings(), Arc::new(NoWake));
        let path = town.path();
        finish(&mut session, Command::City(CityCommand::New { path, overwrite: false }));
        finish(&mut session, Command::Layer(LayerCommand::Create { kind: "lamp_controller".into() }));
        add(&mut session, lamps);
        town
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("九江.gpkg")
    }

    fn settings(&self) -> PathBuf {
        self.folder.path().join("settings")
    }

    /// Opens the city with a map, waits for it and leaves; says how many lamps were on the map.
    fn visit(&self) -> usize {
        let mut session = Session::new(self.settings(), Arc::new(NoWake));
        session.run(Command::City(CityCommand::Open(self.path())));
        lamps_on_map(&mut session)
    }

    /// What the cache has of the lamps now.
    fn remembered(&self) -> Option<LayerIndex> {
        let stamp = FileStamp::read(&self.path()).expect("a city");
        let city = City::open_read_only(&self.path()).expect("a city");
        let info = city.reader().expect("a reader").layers().expect("layers").remove(0);
        let kind = super::snapshot::kind_of(&info.schema.kind);
        let style = super::styles::style_of(kind, &info.schema, &info.state);
        Cache::of(&self.settings(), city.path(), &stamp).index(&info, &style)
    }

    /// Looks at the lamps and leaves; what of the map was there before anything was asked for, and what is painted anew.
    fn look(&self) -> [Vec<(Tile, Vec<u32>)>; 2] {
        let mut session = Session::new(self.settings(), Arc::new(NoWake));
        session.run(Command::City(CityCommand::Open(self.path())));
        lamps_on_map(&mut session);
        let kept = tiles(session.take_map(Pane::Main));
        let view = View::new(mercator_from_degrees([115.902, 29.7]), 0.5, [600.0, 400.0]);
        session.looks_at(view, false);
        let wanted = TileSet::of(&view, false).tiles(&view, 0);
        session.wish_map(MapWish { tiles: wanted.clone(), ..MapWish::default() });
        let (mut painted, end) = (Vec::new(), Instant::now() + Duration::from_secs(30));
        while painted.len() < wanted.len() {
            assert!(Instant::now() < end, "the tiles never came");
            session.poll();
            painted.extend(tiles(session.take_map(Pane::Main)));
            std::thread::sleep(Duration::from_millis(2));
        }
        painted.sort_by_key(|(tile, _)| (tile.row, tile.column));
        [kept, painted]
    }

    fn cache_files(&self) -> Vec<PathBuf> {
        let list = |folder: &Path| -> Vec<PathBuf> {
            let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
            entries.map(|entry| entry.path()).collect()
        };
        let cities = list(&self.settings().join("map"));
        cities.iter().flat_map(|city| list(city)).filter(|path| !path.ends_with("stamp")).collect()
    }
}

/// Tiles among pieces of the map, in the order of their places.
fn tiles(pieces: Vec<MapPiece>) -> Vec<(Tile, Vec<u32>)> {
    let tile = |piece| if let MapPiece::Tile(tile, pixels) = piece { Some((tile, pixels.rgba)) } else { None };
    let mut tiles: Vec<_> = pieces.into_iter().filter_map(tile).collect();
    tiles.sort_by_key(|(tile, _)| (tile.row, tile.column));
    tiles
}

#[track_caller]
fn finish(session: &mut Session, command: Command) {
    session.finish(command, &mut |_| {}).expect("done");
}

fn add(session: &mut Session, lamps: usize) {
    let end = Instant::now() + Duration::from_secs(30);
    while session.city().is_none_or(|city| city.layers.is_empty()) {
        assert!(Instant::now() < end, "the layers never came");
        session.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
    let schema = Arc::clone(&session.city().and_then(|city| city.layer("lamp_controller")).expect("lamps").schema);
    let lamp = |at: usize| {
        let values = vec![Value::Null; schema.fields.len()];
        let geometry = Some(Geometry::point(115.9 + at as f64 * 0.001, 29.7));
        Delta { layer: "lamp_controller".into(), id: 0, old: None, new: Some(Feature { id: 0, geometry, values }) }
    };
    let deltas = (0..lamps).map(lamp).collect();
    finish(session, Command::Edit(EditCommand::Change { label: Text::new("加", "Add"), deltas }));
}

fn lamps_on_map(session: &mut Session) -> usize {
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        assert!(Instant::now() < end, "the lamps never came");
        session.poll();
        let layer = session.city().and_then(|city| city.layer("lamp_controller"));
        if let Some(index) = layer.and_then(|layer| layer.index.clone()) {
            return index.read().expect("nobody panics").len();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_was_on_the_map_is_remembered_for_the_next_start() {
    let town = Town::of(50);
    assert!(town.remembered().is_none(), "nobody has looked at a map yet");
    assert_eq!(town.visit(), 50);
    assert_eq!(town.remembered().map(|index| index.len()), Some(50));
    assert_eq!(town.visit(), 50);
}

#[test]
fn an_edit_on_the_map_is_remembered_too() {
    let town = Town::of(5);
    let mut session = Session::new(town.settings(), Arc::new(NoWake));
    session.run(Command::City(CityCommand::Open(town.path())));
    lamps_on_map(&mut session);
    add(&mut session, 3);
    assert_eq!(lamps_on_map(&mut session), 8);
    drop(session);
    assert_eq!(town.remembered().map(|index| index.len()), Some(8));
}

#[test]
fn a_city_that_was_changed_elsewhere_is_read_anew() {
    let town = Town::of(5);
    town.visit();
    let mut elsewhere = Session::headless(town.folder.path().join("other"), Arc::new(NoWake));
    finish(&mut elsewhere, Command::City(CityCommand::Open(town.path())));
    add(&mut elsewhere, 2);
    drop(elsewhere);
    assert!(town.remembered().is_none());
    assert_eq!(town.visit(), 7);
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
    let town = Town::of(9);
    for break_it in wreck {
        assert_eq!(town.visit(), 9);
        let files = town.cache_files();
        assert!(!files.is_empty());
        files.iter().for_each(|path| break_it(path));
        assert!(town.remembered().is_none());
        assert_eq!(town.visit(), 9);
    }
}

#[test]
fn the_cache_of_another_city_is_no_use() {
    let (ours, theirs) = (Town::of(4), Town::of(6));
    ours.visit();
    theirs.visit();
    let [to, from] = [&ours, &theirs].map(|town| town.cache_files().remove(0));
    for name in [to.file_name(), Some("stamp".as_ref())].into_iter().flatten() {
        let from = if name == "stamp" { from.with_file_name(name) } else { from.clone() };
        std::fs::copy(from, to.with_file_name(name)).unwrap();
    }
    assert_eq!(ours.visit(), 4);
}

#[test]
fn the_map_that_was_last_on_the_screen_is_there_before_anything_is_painted() {
    let town = Town::of(20);
    let [kept, painted] = town.look();
    assert_eq!(kept, []);
    let inks: BTreeSet<u32> = painted.iter().flat_map(|(_, rgba)| rgba).copied().collect();
    assert!(inks.len() > 2, "the lamps are on it");
    let [kept, again] = town.look();
    for (kept, painted) in kept.iter().zip(&again) {
        let unlike = kept.1.iter().zip(&painted.1).filter(|(kept, painted)| kept != painted).count();
        assert_eq!((kept.0, unlike), (painted.0, 0));
    }
    assert_eq!((kept.len(), again.len()), (painted.len(), painted.len()));
}

#[test]
fn the_map_of_a_city_that_has_changed_is_painted_anew() {
    let town = Town::of(20);
    town.look();
    let mut session = Session::headless(town.settings(), Arc::new(NoWake));
    session.run(Command::City(CityCommand::Open(town.path())));
    add(&mut session, 1);
    drop(session);
    assert_eq!(town.look()[0], []);
    assert!(!town.look()[0].is_empty());
}
