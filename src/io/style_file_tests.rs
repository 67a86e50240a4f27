//! Styles as text, there and back.

use super::*;
use crate::kinds;

#[test]
fn every_kinds_style_comes_back_as_it_was() {
    for kind in kinds::all() {
        let text = write(&kind.style);
        assert_eq!(read(&text).as_ref(), Ok(&kind.style), "{}", kind.id);
        assert_eq!(read(&write_pretty(&kind.style)).as_ref(), Ok(&kind.style), "{}", kind.id);
    }
}

#[test]
fn everything_a_style_can_say_comes_back() {
    let ink = Ink::new(0x12_34_56, 0xAB_CD_EF);
    let size = Size::Ground {
        metres: 3.5,
        least: Box::new(Size::Plus(
            Box::new(Size::Between { field: "管径".into(), values: [0.5, 900.0], px: [0.1, 7.3] }),
            -1.25,
        )),
    };
    let hatch =
        Paint::Hatch { ink, opacity: 0.35, angle_deg: 22.5, spacing_px: 6.5, width: size.clone(), crossed: true };
    let rule = Rule::all(vec![hatch]).when("a >= 1.0 AND \"b c\" LIKE '%x''y%'").at(ScaleRange::between(7.0, 1e4));
    let heat = Crowd::Heat { ramp: "viridis".into(), radius: size, weight: Some("w".into()), most: Some(2.5) };
    let classing = Classing::ByNumber {
        field: "管径".into(),
        method: Method::Jenks,
        classes: 7,
        ramp: "blues".into(),
        reversed: true,
    };
    let style = Style { rules: vec![rule.pass(3)], labels: Vec::new(), crowd: heat, classing: Some(classing) };
    assert_eq!(read(&write(&style)), Ok(style.clone()));
    let clusters = Crowd::Clusters { ink, radius_px: 33.3, closer_than: 2500.0 };
    let classing = Classing::ByValue { field: "state".into(), ramp: "okabe".into() };
    let style = Style { crowd: clusters, classing: Some(classing), ..style };
    assert_eq!(read(&write(&style)), Ok(style));
}

#[track_caller]
fn check_wrong(text: &str, place: &str, en: &str) {
    let error = read(text).expect_err("wrong");
    assert_eq!((&*error.place, &*error.what.en), (place, en));
    assert!(error.headline().zh.contains(place));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    check_wrong("{", "1:1", "this is no JSON");
    check_wrong("{\"type\": \"FeatureCollection\"}", "1:1", "this is no style of citygrid");
    check_wrong("{\"citystyle\": 9}", "citystyle", "the style comes from a newer version of the program");
    let paint = |paint: &str| format!("{{\"citystyle\": 1, \"rules\": [{{}}, {{\"paints\": [{paint}]}}]}}");
    check_wrong(&paint("{\"type\": \"glow\"}"), "rules[1].paints[0].type", "“glow” is not known");
    let red = "{\"type\": \"fill\", \"ink\": [\"red\", \"#000000\"]}";
    check_wrong(&paint(red), "rules[1].paints[0].ink[0]", "“red” is not #RRGGBB");
    let stops = "{\"type\": \"symbol\", \"id\": \"a\", \"size\": {\"by_scale\": [[9, 1], [3, 2]]}}";
    let place = "rules[1].paints[0].size.by_scale";
    check_wrong(&paint(stops), place, "denominators should be above 0 and ascend");
}

#[test]
fn members_of_a_later_day_are_ignored_and_one_colour_is_enough() {
    let text =
        r##"{"citystyle": 1, "glow": 3, "rules": [{"paints": [{"type": "fill", "ink": "#AA3300", "blur": 2}]}]}"##;
    let style = read(text).expect("a style");
    let Paint::Fill { ink, opacity } = &style.rules[0].paints[0] else { panic!("{style:?}") };
    assert_eq!((ink.light, *opacity), (Rgba::hex(0xAA_33_00), 1.0));
    assert_ne!(ink.dark, ink.light);
}
