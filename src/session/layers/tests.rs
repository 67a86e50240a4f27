//! Layers, search, selection and complaints of an open city, as the window meets them.

use crate::index::layer::LayerIndex;
use crate::model::geometry::{Bounds, Geometry};
use crate::model::style::{Crowd, Ink, Paint, Rule, Size, Style};
use crate::model::value::Value;
use crate::text::Lang;

use crate::session::Session;
use crate::session::command::{Command, LayerCommand, LookCommand, SelectMode, SettingsCommand, StyleCommand};
use crate::session::map::clusters::Glance;
use crate::session::map::shown::Shown;
use crate::session::state::{FoundTarget, NoticeLevel};
use crate::session::test_city::TestCity;

/// A city with a map and these layers.
fn city_with(kinds: &[&str]) -> TestCity {
    let mut city = TestCity::with_map();
    kinds.iter().for_each(|kind| city.create(kind));
    city
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
fn add_kiosks(city: &mut TestCity, kiosks: &[(&str, &str)]) {
    let kiosk = |(at, (code, name)): (usize, &(&str, &str))| {
        let geometry = Geometry::point(115.9 + at as f64 * 0.01, 29.7);
        (geometry, vec![("code", Value::from(*code)), ("name", Value::from(*name))])
    };
    city.add("kiosk", kiosks.iter().enumerate().map(kiosk));
}

#[test]
fn a_layer_that_is_dragged_is_one_step_and_comes_back_in_one() {
    let mut city = city_with(&["kiosk", "camera", "case", "chief_road", "bridge"]);
    let (before, count) = (layers(&city.session), steps(&city.session));
    let (last, first) = (before[4].0.clone(), before[0].0.clone());
    let drag = |layer: &str, above: &str| {
        Command::Layer(LayerCommand::Move { layer: layer.to_owned(), above: Some(above.to_owned()) })
    };
    city.run(drag(&last, &before[2].0));
    let moved: Vec<String> = layers(&city.session).into_iter().map(|(table, _)| table).collect();
    assert_eq!(moved[2], last);
    assert_eq!(steps(&city.session), count + 1);
    city.run(drag(&last, &first));
    city.run(drag(&last, &first));
    assert_eq!(layers(&city.session)[0].0, last);
    assert_eq!(steps(&city.session), count + 2, "where it lies already it is not moved to");
    city.undo();
    city.undo();
    assert_eq!(layers(&city.session), before);
}

#[test]
fn an_opacity_is_shown_at_once_and_kept_in_one_step() {
    let mut city = city_with(&["kiosk"]);
    let count = steps(&city.session);
    for percent in 3..9_u8 {
        let opacity = f32::from(percent) / 10.0;
        city.session.run(Command::Look(LookCommand::FadeLayer { layer: "kiosk".into(), opacity }));
        assert_eq!(layers(&city.session), [("kiosk".to_owned(), opacity)]);
    }
    assert_eq!(steps(&city.session), count);
    city.run(Command::Layer(LayerCommand::Opacity { layer: "kiosk".into(), opacity: 0.5 }));
    assert_eq!(layers(&city.session), [("kiosk".to_owned(), 0.5)]);
    assert_eq!(steps(&city.session), count + 1);
    city.undo();
    assert_eq!(layers(&city.session), [("kiosk".to_owned(), 1.0)]);
}

#[test]
fn a_complaint_goes_when_the_same_kind_of_thing_goes_well() {
    let mut city = city_with(&["kiosk"]);
    let select = |filter: &str| {
        let (layer, filter) = ("kiosk".to_owned(), filter.to_owned());
        Command::Look(LookCommand::SelectWhere { layer, filter, mode: SelectMode::Replace })
    };
    let errors =
        |session: &Session| session.notices().iter().filter(|notice| notice.level == NoticeLevel::Error).count();
    city.session.run(select("no such field ="));
    city.wait(|session| errors(session) == 1);
    city.session.run(Command::Settings(SettingsCommand::Lang(Lang::En)));
    city.create("camera");
    city.session.poll();
    assert_eq!(errors(&city.session), 1, "another kind of thing");
    city.session.run(select("name = 'x'"));
    assert_eq!(errors(&city.session), 0);
}

#[test]
fn what_was_meant_is_found_first_and_shown_with_its_code() {
    let mut city = city_with(&["kiosk"]);
    let kiosks = [("DK-012", "甲亭"), ("K-0123", "丙亭"), ("K-012", "乙亭"), ("X-1", "甘棠湖亭"), ("GTH-9", "丁亭")];
    add_kiosks(&mut city, &kiosks);
    let mut check = |words: &str, expected: &[&str]| {
        city.session.run(Command::Look(LookCommand::Search(words.to_owned())));
        let features = |session: &Session| -> Vec<String> {
            let found = session.found().iter().filter(|found| matches!(found.target, FoundTarget::Feature(_)));
            found.map(|found| format!("{} {}", found.title, found.detail.zh)).collect()
        };
        city.wait(|session| features(session).len() == expected.len());
        let found = features(&city.session);
        let is_so = found.iter().zip(expected).all(|(found, expected)| found.starts_with(expected));
        assert!(is_so, "{words}: {found:?}");
    };
    check("k-012", &["乙亭 四分类垃圾亭 · K-012", "丙亭 四分类垃圾亭 · K-0123", "甲亭 四分类垃圾亭 · DK-012"]);
    check("gth", &["丁亭 四分类垃圾亭 · GTH-9", "甘棠湖亭 四分类垃圾亭"]);
    check("gantanghu", &["甘棠湖亭 四分类垃圾亭"]);
}

#[test]
fn what_is_selected_is_known_by_the_part_of_the_world_that_is_seen() {
    let mut city = city_with(&["kiosk"]);
    let many: Vec<(String, String)> = (0..600).map(|at| (format!("K-{at}"), format!("{at} 亭"))).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|(code, name)| (code.as_str(), name.as_str())).collect();
    add_kiosks(&mut city, &many);
    city.wait(|session| {
        let index = session.city().and_then(|city| city.layer("kiosk")?.index.clone());
        index.is_some_and(|index| index.read().is_ok_and(|index| index.len() == 600 && index.has_tree()))
    });
    let corner = |lon: f64| crate::session::place::world_from_lonlat([lon, 29.7]);
    let mut seen = Bounds::EMPTY;
    seen.extend(corner(115.995));
    seen.extend(corner(116.025));
    let seen = seen.grown(10.0);
    city.session.run(Command::Look(LookCommand::SelectAll("kiosk".into())));
    city.wait(|session| session.selection().len() == 600);
    let few = LookCommand::Select { layer: "kiosk".into(), ids: vec![11, 12, 99], mode: SelectMode::Replace };
    for (command, expected) in [(None, vec![11, 12, 13]), (Some(few), vec![11, 12])] {
        command.into_iter().for_each(|few| _ = city.session.run(Command::Look(few)));
        let found = city.session.selected_in("kiosk", None, &seen).expect("nobody writes");
        let mut ids = found.ids;
        ids.sort_unstable();
        assert_eq!((&ids, found.walked_to), (&expected, None));
        assert_eq!(city.session.outlines("kiosk", &ids).map(|outlines| outlines.len()), Some(expected.len()));
    }
    let rest = city.session.selected_in("kiosk", Some(11), &seen).expect("nobody writes");
    assert_eq!(rest.ids, [12]);
}

#[test]
fn a_click_means_what_is_seen_there_before_the_border_around_it() {
    let mut city = city_with(&["building", "community"]);
    let square = |size: f64| Geometry::polygon(&[[0.0, 0.0], [size, 0.0], [size, size], [0.0, size], [0.0, 0.0]]);
    for (layer, size) in [("building", 0.001), ("community", 0.1)] {
        city.add(layer, [(square(size), Vec::new())]);
    }
    let in_memory = |layer: &crate::session::state::LayerView| {
        layer.index.as_ref().is_some_and(|index| index.try_read().is_ok_and(|index| index.len() == 1))
    };
    city.wait(|session| session.city().is_some_and(|city| city.layers.iter().all(in_memory)));
    let at_world = crate::session::place::world_from_lonlat([0.0005, 0.0005]);
    let (tolerance_m, denominator, metres_per_px) = (1.0, 2500.0, 0.66);
    let glance = Glance { at_world, tolerance_m, denominator, metres_per_px, shown: Shown::Visible };
    city.session.run(Command::Look(LookCommand::Identify(glance)));
    let hits: Vec<&str> =
        city.session.details().expect("something").hits.iter().map(|hit| hit.layer.as_str()).collect();
    assert_eq!(hits, ["building", "community"]);
}

#[test]
fn a_disc_says_how_many_it_stands_for_and_those_at_one_place_are_listed() {
    let mut city = city_with(&["camera"]);
    // Five within fifty metres, three at one place, one alone.
    let near = (0..5).map(|at| [116.0 + f64::from(at) * 0.000_1, 29.7]);
    let places = near.chain([[116.05, 29.7]; 3]).chain([[116.1, 29.7]]);
    city.add("camera", places.map(|[longitude, latitude]| (Geometry::point(longitude, latitude), Vec::new())));
    let ink = Ink::new(0x20_60_90, 0x80_B0_E0);
    let crowd = Crowd::Clusters { ink, radius_px: 40.0, closer_than: 2_500.0 };
    let dot = Rule::all(vec![Paint::Disc { ink, size: Size::Px(6.0), ring: None }]);
    let style = Style { crowd, ..Style::new(vec![dot], Vec::new()) };
    city.run(Command::Style(StyleCommand::Set { layer: "camera".into(), style }));
    city.wait(|session| {
        let layer = session.city().and_then(|city| city.layer("camera"));
        let is_whole = |index: &std::sync::RwLock<_>| {
            index.try_read().is_ok_and(|index: std::sync::RwLockReadGuard<'_, LayerIndex>| index.len() == 9)
        };
        layer.is_some_and(|layer| layer.style.crowd != Crowd::Each && layer.index.as_deref().is_some_and(is_whole))
    });
    let glance = |longitude: f64, denominator: f64| {
        let at_world = crate::session::place::world_from_lonlat([longitude, 29.7]);
        let metres_per_px = crate::session::place::metres_per_px(denominator, at_world);
        let tolerance_m = 6.0 * metres_per_px;
        Glance { at_world, tolerance_m, denominator, metres_per_px, shown: Shown::Visible }
    };
    let disc = |longitude: f64, denominator: f64| {
        city.session.disc(&glance(longitude, denominator)).map(|disc| (disc.count, disc.is_one_place()))
    };
    assert_eq!([disc(116.000_2, 30_000.0), disc(116.05, 30_000.0)], [Some((5, false)), Some((3, true))]);
    assert_eq!([disc(116.1, 30_000.0), disc(116.000_2, 1_000.0)], [None, None]);
    let hover = |longitude: f64| city.session.hover(&glance(longitude, 30_000.0)).map(|at| at.id);
    assert_eq!([hover(116.000_2), hover(116.1)], [None, Some(9)], "a disc hides its points");
    let at = glance(116.05, 30_000.0);
    city.session.run(Command::Look(LookCommand::Identify(at)));
    let ids: Vec<i64> = city.session.details().expect("something").hits.iter().map(|hit| hit.id).collect();
    assert_eq!(ids, [6, 7, 8]);
}
