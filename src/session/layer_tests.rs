//! Layers, search, selection and complaints of an open city, as the window meets them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::index::layer::LayerIndex;
use crate::model::feature::{Delta, Feature};
use crate::model::geometry::{Bounds, Geometry};
use crate::model::style::{Crowd, Ink, Paint, Rule, Size, Style};
use crate::model::value::Value;
use crate::text::{Lang, Text};

use super::clusters::Glance;
use super::command::{
    CityCommand, Command, EditCommand, HistoryCommand, LayerCommand, LookCommand, SelectMode, SettingsCommand,
    StyleCommand,
};
use super::shown::Shown;
use super::state::{FoundTarget, NoticeLevel};
use super::{NoWake, Session};

/// A city with a map and these layers.
fn city(kinds: &[&str]) -> (TempDir, Session) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut session = Session::new(folder.path().join("settings"), Arc::new(NoWake));
    let path = folder.path().join("九江.gpkg");
    finish(&mut session, Command::City(CityCommand::New { path, overwrite: false }));
    for kind in kinds {
        finish(&mut session, Command::Layer(LayerCommand::Create { kind: (*kind).to_owned() }));
    }
    (folder, session)
}

#[track_caller]
fn finish(session: &mut Session, command: Command) {
    session.finish(command, &mut |_| {}).expect("done");
}

#[track_caller]
fn wait(session: &mut Session, is_there: impl Fn(&Session) -> bool) {
    let end = Instant::now() + Duration::from_secs(30);
    while !is_there(session) {
        assert!(Instant::now() < end, "it never came");
        session.poll();
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Tables from the top, with opacities.
fn layers(session: &Session) -> Vec<(String, f32)> {
    let city = session.city().expect("a city");
    city.layers.iter().map(|layer| (layer.table().to_owned(), layer.opacity)).collect()
}

fn steps(session: &Session) -> usize {
    let open = session.open.as_ref().expect("a city");
    open.city.reader().expect("a reader").history().expect("a history").len()
}

/// Adds waste kiosks by code and name, a hundredth of a degree apart.
fn add_kiosks(session: &mut Session, kiosks: &[(&str, &str)]) {
    let schema = Arc::clone(&session.city().and_then(|city| city.layer("kiosk")).expect("kiosks").schema);
    let row = |(at, (code, name)): (usize, &(&str, &str))| {
        let value = |id: &str| match id {
            "code" => Value::from(*code),
            "name" => Value::from(*name),
            _ => Value::Null,
        };
        let values = schema.fields.iter().map(|field| value(&field.id)).collect();
        let geometry = Some(Geometry::point(115.9 + at as f64 * 0.01, 29.7));
        Delta { layer: "kiosk".into(), id: 0, old: None, new: Some(Feature { id: 0, geometry, values }) }
    };
    let deltas = kiosks.iter().enumerate().map(row).collect();
    finish(session, Command::Edit(EditCommand::Change { label: Text::new("加", "Add"), deltas }));
}

#[test]
fn a_layer_that_is_dragged_is_one_step_and_comes_back_in_one() {
    let (_folder, mut session) = city(&["kiosk", "camera", "case", "chief_road", "bridge"]);
    let (before, count) = (layers(&session), steps(&session));
    let (last, first) = (before[4].0.clone(), before[0].0.clone());
    let drag = |layer: &str, above: &str| {
        Command::Layer(LayerCommand::Move { layer: layer.to_owned(), above: Some(above.to_owned()) })
    };
    finish(&mut session, drag(&last, &before[2].0));
    let moved: Vec<String> = layers(&session).into_iter().map(|(table, _)| table).collect();
    assert_eq!(moved[2], last);
    assert_eq!(steps(&session), count + 1);
    finish(&mut session, drag(&last, &first));
    finish(&mut session, drag(&last, &first));
    assert_eq!(layers(&session)[0].0, last);
    assert_eq!(steps(&session), count + 2, "where it lies already it is not moved to");
    finish(&mut session, Command::History(HistoryCommand::Undo));
    finish(&mut session, Command::History(HistoryCommand::Undo));
    assert_eq!(layers(&session), before);
}

#[test]
fn an_opacity_is_shown_at_once_and_kept_in_one_step() {
    let (_folder, mut session) = city(&["kiosk"]);
    let count = steps(&session);
    for percent in 3..9_u8 {
        let opacity = f32::from(percent) / 10.0;
        session.run(Command::Look(LookCommand::FadeLayer { layer: "kiosk".into(), opacity }));
        assert_eq!(layers(&session), [("kiosk".to_owned(), opacity)]);
    }
    assert_eq!(steps(&session), count);
    finish(&mut session, Command::Layer(LayerCommand::Opacity { layer: "kiosk".into(), opacity: 0.5 }));
    assert_eq!(layers(&session), [("kiosk".to_owned(), 0.5)]);
    assert_eq!(steps(&session), count + 1);
    finish(&mut session, Command::History(HistoryCommand::Undo));
    assert_eq!(layers(&session), [("kiosk".to_owned(), 1.0)]);
}

#[test]
fn a_complaint_goes_when_the_same_kind_of_thing_goes_well() {
    let (_folder, mut session) = city(&["kiosk"]);
    let select = |filter: &str| {
        let (layer, filter) = ("kiosk".to_owned(), filter.to_owned());
        Command::Look(LookCommand::SelectWhere { layer, filter, mode: SelectMode::Replace })
    };
    let errors =
        |session: &Session| session.notices().iter().filter(|notice| notice.level == NoticeLevel::Error).count();
    session.run(select("no such field ="));
    wait(&mut session, |session| errors(session) == 1);
    session.run(Command::Settings(SettingsCommand::Lang(Lang::En)));
    finish(&mut session, Command::Layer(LayerCommand::Create { kind: "camera".into() }));
    session.poll();
    assert_eq!(errors(&session), 1, "another kind of thing");
    session.run(select("name = 'x'"));
    assert_eq!(errors(&session), 0);
}

#[test]
fn what_was_meant_is_found_first_and_shown_with_its_code() {
    let (_folder, mut session) = city(&["kiosk"]);
    let kiosks = [("DK-012", "甲亭"), ("K-0123", "丙亭"), ("K-012", "乙亭"), ("X-1", "甘棠湖亭"), ("GTH-9", "丁亭")];
    add_kiosks(&mut session, &kiosks);
    let mut check = |words: &str, expected: &[&str]| {
        session.run(Command::Look(LookCommand::Search(words.to_owned())));
        let features = |session: &Session| -> Vec<String> {
            let found = session.found().iter().filter(|found| matches!(found.target, FoundTarget::Feature(_)));
            found.map(|found| format!("{} {}", found.title, found.detail.zh)).collect()
        };
        wait(&mut session, |session| features(session).len() == expected.len());
        let found = features(&session);
        let is_so = found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
        assert!(is_so, "{words}: {found:?}");
    };
    check("k-012", &["乙亭 四分类垃圾亭 · K-012", "丙亭 四分类垃圾亭 · K-0123", "甲亭 四分类垃圾亭 · DK-012"]);
    check("gth", &["丁亭 四分类垃圾亭 · GTH-9", "甘棠湖亭 四分类垃圾亭"]);
    check("gantanghu", &["甘棠湖亭 四分类垃圾亭"]);
}

#[test]
fn what_is_selected_is_known_by_the_part_of_the_world_that_is_seen() {
    let (_folder, mut session) = city(&["kiosk"]);
    let many: Vec<(String, String)> = (0..600).map(|at| (format!("K-{at}"), format!("{at} 亭"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect();
    add_kiosks(&mut session, &many);
    wait(&mut session, |session| {
        let index = session.city().and_then(|city| city.layer("kiosk")?.index.clone());
        index.is_some_and(|index| index.read().is_ok_and(|index| index.len() == 600 && index.has_tree()))
    });
    let corner = |lon: f64| super::place::world_from_lonlat([lon, 29.7]);
    let mut seen = Bounds::EMPTY;
    seen.extend(corner(115.995));
    seen.extend(corner(116.025));
    let seen = seen.grown(10.0);
    session.run(Command::Look(LookCommand::SelectAll("kiosk".into())));
    wait(&mut session, |session| session.selection().len() == 600);
    let few = LookCommand::Select { layer: "kiosk".into(), ids: vec![11, 12, 99], mode: SelectMode::Replace };
    for (command, expected) in [(None, vec![11, 12, 13]), (Some(few), vec![11, 12])] {
        command.into_iter().for_each(|few| _ = session.run(Command::Look(few)));
        let found = session.selected_in("kiosk", None, &seen).expect("nobody writes");
        let mut ids = found.ids;
        ids.sort_unstable();
        assert_eq!((&ids, found.walked_to), (&expected, None));
        assert_eq!(session.outlines("kiosk", &ids).map(|outlines| outlines.len()), Some(expected.len()));
    }
    let rest = session.selected_in("kiosk", Some(11), &seen).expect("nobody writes");
    assert_eq!(rest.ids, [12]);
}

#[test]
fn a_click_means_what_is_seen_there_before_the_border_around_it() {
    let (_folder, mut session) = city(&["building", "community"]);
    let square = |size: f64| Geometry::polygon(&[[0.0, 0.0], [size, 0.0], [size, size], [0.0, size], [0.0, 0.0]]);
    for (layer, size) in [("building", 0.001), ("community", 0.1)] {
        let schema = Arc::clone(&session.city().and_then(|city| city.layer(layer)).expect("it is there").schema);
        let values = vec![Value::Null; schema.fields.len()];
        let new = Feature { id: 0, geometry: Some(square(size)), values };
        let delta = Delta { layer: layer.to_owned(), id: 0, old: None, new: Some(new) };
        let label = Text::new("新增", "Add");
        finish(&mut session, Command::Edit(EditCommand::Change { label, deltas: vec![delta] }));
    }
    let in_memory = |layer: &super::state::LayerView| {
        layer.index.as_ref().is_some_and(|index| index.try_read().is_ok_and(|index| index.len() == 1))
    };
    wait(&mut session, |session| session.city().is_some_and(|city| city.layers.iter().all(in_memory)));
    let at_world = super::place::world_from_lonlat([0.0005, 0.0005]);
    let (tolerance_m, denominator, metres_per_px) = (1.0, 2500.0, 0.66);
    let glance = Glance { at_world, tolerance_m, denominator, metres_per_px, shown: Shown::Visible };
    session.run(Command::Look(LookCommand::Identify(glance)));
    let hits: Vec<&str> = session.details().expect("something").hits.iter().map(|hit| hit.layer.as_str()).collect();
    assert_eq!(hits, ["building", "community"]);
}

#[test]
fn a_disc_says_how_many_it_stands_for_and_those_at_one_place_are_listed() {
    let (_folder, mut session) = city(&["camera"]);
    let schema = Arc::clone(&session.city().and_then(|city| city.layer("camera")).expect("the layer").schema);
    // Five within fifty metres, three at one place, one alone.
    let near = (0..5).map(|at| [116.0 + f64::from(at) * 0.000_1, 29.7]);
    let places = near.chain([[116.05, 29.7]; 3]).chain([[116.1, 29.7]]);
    let deltas = places.map(|[longitude, latitude]| {
        let values = vec![Value::Null; schema.fields.len()];
        let new = Feature { id: 0, geometry: Some(Geometry::point(longitude, latitude)), values };
        Delta { layer: "camera".into(), id: 0, old: None, new: Some(new) }
    });
    let (label, deltas) = (Text::new("新增", "Add"), deltas.collect());
    finish(&mut session, Command::Edit(EditCommand::Change { label, deltas }));
    let ink = Ink::new(0x20_60_90, 0x80_B0_E0);
    let crowd = Crowd::Clusters { ink, radius_px: 40.0, closer_than: 2_500.0 };
    let dot = Rule::all(vec![Paint::Disc { ink, size: Size::Px(6.0), ring: None }]);
    let style = Style { crowd, ..Style::new(vec![dot], Vec::new()) };
    finish(&mut session, Command::Style(StyleCommand::Set { layer: "camera".into(), style }));
    wait(&mut session, |session| {
        let layer = session.city().and_then(|city| city.layer("camera"));
        let is_whole = |index: &std::sync::RwLock<_>| {
            index.try_read().is_ok_and(|index: std::sync::RwLockReadGuard<'_, LayerIndex>| index.len() == 9)
        };
        layer.is_some_and(|layer| layer.style.crowd != Crowd::Each && layer.index.as_deref().is_some_and(is_whole))
    });
    let glance = |longitude: f64, denominator: f64| {
        let at_world = super::place::world_from_lonlat([longitude, 29.7]);
        let metres_per_px = super::place::metres_per_px(denominator, at_world);
        let tolerance_m = 6.0 * metres_per_px;
        Glance { at_world, tolerance_m, denominator, metres_per_px, shown: Shown::Visible }
    };
    let disc = |longitude: f64, denominator: f64| {
        session.disc(&glance(longitude, denominator)).map(|disc| (disc.count, disc.is_one_place()))
    };
    assert_eq!([disc(116.000_2, 30_000.0), disc(116.05, 30_000.0)], [Some((5, false)), Some((3, true))]);
    assert_eq!([disc(116.1, 30_000.0), disc(116.000_2, 1_000.0)], [None, None]);
    let hover = |longitude: f64| session.hover(&glance(longitude, 30_000.0)).map(|at| at.id);
    assert_eq!([hover(116.000_2), hover(116.1)], [None, Some(9)], "a disc hides its points");
    let at = glance(116.05, 30_000.0);
    session.run(Command::Look(LookCommand::Identify(at)));
    let ids: Vec<i64> = session.details().expect("something").hits.iter().map(|hit| hit.id).collect();
    assert_eq!(ids, [6, 7, 8]);
}
