//! Pictures of every symbol, every way to paint and every way to place words.

use super::build::MapLayer;
use super::decor::{Align, write};
use super::map::{LAND, MapOptions, map_scene};
use super::painter::{self, Picture};
use super::reference::{OwnLayer, check, check_alike, map_layers, side_by_side};
use super::scene::{Item, Scene};
use super::sheet::fill;
use super::symbol_list::SYMBOLS;
use super::view::View;
use crate::geom::crs::Crs;
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::style::{
    Crowd, Ink, LabelRule, LineMark, Paint, Placement, Rgba, Rule, ScaleRange, Size, Stroke, Style,
};
use crate::model::value::Value;
use crate::task::Cancel;
use crate::text::{Lang, Text};

const RED: Ink = Ink::new(0xB3_261E, 0xFF_6B6B);
const BLUE: Ink = Ink::new(0x1F_77B4, 0x5A_A9E6);
const GREEN: Ink = Ink::new(0x17_713F, 0x5C_CB8F);
const WATER: Ink = Ink::new(0xB8_D4E8, 0x16_364B);
const TEXT: Ink = Ink::new(0x3C_4043, 0xD5_D9DD);
const HALO: Ink = Ink::new(0xFF_FFFF, 0x14_171A);

/// Width and height of one way to paint, its name below.
const CELL_PX: [f64; 2] = [96.0, 84.0];

fn paint(scene: &Scene) -> Picture {
    painter::paint(scene, &Cancel::default()).expect("nobody cancels")
}

#[test]
fn every_symbol_looks_as_it_did() {
    for (name, dark, pixel_ratio) in [("symbols-light", false, 1.0), ("symbols-dark-200", true, 2.0)] {
        let columns = 9;
        let size_px = [columns as f64 * 50.0, SYMBOLS.len().div_ceil(columns) as f64 * 32.0];
        let background = Some(LAND.on(dark));
        let mut scene = Scene { size_px, pixel_ratio, dark, background, ..Scene::default() };
        // Each as on a map seen close, and smaller as on one seen from far.
        for (place, (id, ..)) in SYMBOLS.iter().enumerate() {
            let (x, y) = ((place % columns) as f32 * 50.0, (place / columns) as f32 * 32.0 + 16.0);
            scene.items.push(Item::Symbol { id: (*id).into(), at: [x + 16.0, y], size: 24.0 });
            scene.items.push(Item::Symbol { id: (*id).into(), at: [x + 40.0, y], size: 13.0 });
        }
        check(name, &paint(&scene));
    }
}

/// A layer of features with a number, in metres of a map where a metre is a pixel.
fn layer(shapes: &[Geometry], style: Style) -> OwnLayer {
    let schema = Schema {
        table: "t".into(),
        name: Text::same("t"),
        kind: "plain".into(),
        geometry: shapes.first().map(Geometry::kind),
        crs: Crs::WEB_MERCATOR,
        z_order: 0,
        fields: vec![Field::int("dn", "管径", "Diameter")],
    };
    let rows: Vec<_> =
        (1..).zip(shapes).map(|(number, shape)| (shape.clone(), vec![Value::Int(number * 100)])).collect();
    OwnLayer::new(schema, style, &rows)
}

fn area() -> Vec<Geometry> {
    let ring = |places: &[[f64; 2]]| places.iter().map(|&[x, y]| (x, y)).collect::<Vec<_>>();
    let outer = ring(&[[8.0, 10.0], [84.0, 4.0], [90.0, 46.0], [52.0, 66.0], [10.0, 58.0], [8.0, 10.0]]);
    let hole = ring(&[[36.0, 24.0], [36.0, 42.0], [62.0, 40.0], [60.0, 22.0], [36.0, 24.0]]);
    vec![Geometry::from_geo(&geo_types::Polygon::new(outer.into(), vec![hole.into()]).into())]
}

/// Three bent lines from the left to the right.
fn lines() -> Vec<Geometry> {
    let line = |y: f64| Geometry::line(&[[6.0, y], [30.0, y], [48.0, y + 10.0], [66.0, y - 4.0], [92.0, y]]);
    vec![line(12.0), line(33.0), line(54.0)]
}

fn crossing() -> Vec<Geometry> {
    vec![Geometry::line(&[[4.0, 30.0], [92.0, 44.0]]), Geometry::line(&[[40.0, 4.0], [52.0, 68.0]])]
}

fn points() -> Vec<Geometry> {
    [[16.0, 18.0], [48.0, 16.0], [80.0, 20.0], [30.0, 48.0], [66.0, 50.0]].map(|[x, y]| Geometry::point(x, y)).to_vec()
}

/// Places in no order, more of them in the middle.
fn crowd() -> Vec<Geometry> {
    let place = |n: i32, side: i32| f64::from(n * 7_919 % 101 * (n * 104_729 % 97) % side);
    (1..140).map(|n| Geometry::point(4.0 + place(n, 89) * 0.98, 4.0 + place(n + 31, 67) * 0.96)).collect()
}

/// Huts, steps and dots that are smaller than a pixel or hardly larger.
fn crumbs() -> Vec<Geometry> {
    let step = |n: i32| f64::from(n);
    let hut = |n: i32| {
        let (x, y, side) = (6.0 + step(n % 28) * 3.0, 8.0 + step(n / 28) * 4.0, 0.4 + step(n % 5) * 0.4);
        Geometry::polygon(&[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]])
    };
    (0..28 * 14).map(hut).collect()
}

fn stroke(ink: Ink, width: f32) -> Paint {
    Paint::Stroke(Stroke::solid(ink, Size::Px(width)))
}

fn marks(mark: LineMark, offset: f32) -> Paint {
    Paint::Marks { mark, ink: RED, size: Size::Px(9.0), every: 22.0, offset: Size::Px(offset) }
}

fn hatch(angle_deg: f32, spacing_px: f32, width: f32, crossed: bool) -> Paint {
    Paint::Hatch { ink: BLUE, opacity: 1.0, angle_deg, spacing_px, width: Size::Px(width), crossed }
}

fn one(paints: Vec<Paint>) -> Style {
    Style::new(vec![Rule::all(paints)], Vec::new())
}

fn of_areas() -> Vec<(&'static str, OwnLayer)> {
    let fill = |opacity: f32| Paint::Fill { ink: GREEN, opacity };
    let border = Paint::Stroke(Stroke::dashed(RED, Size::Px(2.0), &[8.0, 3.0, 2.0, 3.0]));
    vec![
        ("fill", layer(&area(), one(vec![fill(1.0)]))),
        ("fill, outline", layer(&area(), one(vec![fill(0.3), stroke(GREEN, 2.0)]))),
        ("dashed outline", layer(&area(), one(vec![border]))),
        ("hatch 45°", layer(&area(), one(vec![hatch(45.0, 6.0, 1.0, false), stroke(BLUE, 1.0)]))),
        ("hatch crossed", layer(&area(), one(vec![hatch(30.0, 8.0, 1.2, true), stroke(BLUE, 1.0)]))),
        ("hatch wide", layer(&area(), one(vec![hatch(90.0, 9.0, 3.5, false)]))),
        ("layer at 40 %", OwnLayer { opacity: 0.4, ..layer(&area(), one(vec![fill(1.0), stroke(RED, 5.0)])) }),
        ("crumbs", layer(&crumbs(), one(vec![fill(1.0)]))),
    ]
}

fn of_lines() -> Vec<(&'static str, OwnLayer)> {
    let solid = |width: Size| Paint::Stroke(Stroke::solid(BLUE, width));
    let beside = |px: f32| Paint::Stroke(Stroke::solid(RED, Size::Px(1.5)).offset(Size::Px(px)));
    let by_number = Size::ByField { base: Box::new(Size::Px(0.5)), field: "dn".into(), per: Box::new(Size::Px(60.0)) };
    let on_ground = Size::Ground { metres: 7.0, least: Box::new(Size::Px(2.0)) };
    let casing = Rule::all(vec![Paint::Stroke(Stroke::solid(TEXT, Size::Px(11.0)).round())]);
    let white = Ink::new(0xFF_FFFF, 0x43_4B54);
    let road = Rule::all(vec![Paint::Stroke(Stroke::solid(white, Size::Px(8.0)).round())]).pass(1);
    let dashed = Stroke::dashed(BLUE, Size::Px(2.5), &[9.0, 4.0]);
    let dotted = Stroke::dashed(BLUE, Size::Px(4.0), &[0.1, 7.0]).round();
    vec![
        ("hairline", layer(&lines(), one(vec![stroke(BLUE, 0.4)]))),
        ("casing under fill", layer(&crossing(), Style::new(vec![casing, road], Vec::new()))),
        ("dashes", layer(&lines(), one(vec![Paint::Stroke(dashed)]))),
        ("round dots", layer(&lines(), one(vec![Paint::Stroke(dotted)]))),
        ("on both sides", layer(&lines(), one(vec![stroke(BLUE, 1.5), beside(5.0), beside(-5.0)]))),
        ("arrows", layer(&lines(), one(vec![stroke(BLUE, 1.5), marks(LineMark::Arrow, 0.0)]))),
        ("crosses", layer(&lines(), one(vec![stroke(BLUE, 1.5), marks(LineMark::Cross, 0.0)]))),
        ("ticks aside", layer(&lines(), one(vec![stroke(BLUE, 1.5), marks(LineMark::Tick, 5.0)]))),
        ("width by number", layer(&lines(), one(vec![solid(by_number)]))),
        ("width on ground", layer(&lines(), one(vec![solid(on_ground)]))),
        (
            "half seen through",
            layer(&crossing(), one(vec![Paint::Stroke(Stroke::solid(RED, Size::Px(12.0)).opacity(0.5))])),
        ),
        ("short lines", layer(&crumbs(), one(vec![stroke(RED, 0.8)]))),
    ]
}

fn of_points() -> Vec<(&'static str, OwnLayer)> {
    let disc = |size: Size, ring: Option<Stroke>| Paint::Disc { ink: RED, size, ring };
    let grown = |px: [f32; 2]| Size::Between { field: "dn".into(), values: [100.0, 500.0], px };
    let ring = Stroke::solid(HALO, Size::Px(2.0));
    let gathered = |crowd: Crowd| Style { crowd, ..one(vec![disc(Size::Px(5.0), None)]) };
    let clusters = Crowd::Clusters { ink: BLUE, radius_px: 36.0, closer_than: 1.0 };
    let heat = Crowd::Heat { ramp: "reds".into(), radius: Size::Px(14.0), weight: None, most: None };
    let counted =
        Crowd::Heat { ramp: "viridis".into(), radius: Size::Px(14.0), weight: Some("dn".into()), most: Some(30_000.0) };
    vec![
        ("discs in rings", layer(&points(), one(vec![disc(Size::Px(12.0), Some(ring))]))),
        ("discs by number", layer(&points(), one(vec![disc(grown([4.0, 26.0]), None)]))),
        (
            "symbols by number",
            layer(&points(), one(vec![Paint::Symbol { id: "kiosk-ok".into(), size: grown([12.0, 30.0]) }])),
        ),
        ("crowd of dots", layer(&crowd(), one(vec![disc(Size::Px(2.0), None)]))),
        ("clusters", layer(&crowd(), gathered(clusters))),
        ("heat", layer(&crowd(), gathered(heat))),
        ("heat by number", layer(&crowd(), gathered(counted))),
    ]
}

fn cell(name: &str, layer: &OwnLayer, dark: bool, pixel_ratio: f64) -> Picture {
    let view = View::new([48.0, 30.0], 1.0, CELL_PX).pixel_ratio(pixel_ratio);
    let layers = map_layers(std::slice::from_ref(layer));
    let options = MapOptions { dark, ..MapOptions::default() };
    let (mut scene, _) = map_scene(&layers, &view, &options, &Cancel::default()).expect("nobody cancels");
    fill(&mut scene, [0.0, 70.0, 96.0, 84.0], LAND.on(dark));
    write(&mut scene, name, [48.0, 77.0], Align::Middle, TEXT.on(dark), 10.0);
    paint(&scene)
}

#[test]
fn every_way_to_paint_looks_as_it_did() {
    let ways: Vec<_> = [of_areas(), of_lines(), of_points()].into_iter().flatten().collect();
    for (name, dark, pixel_ratio) in [("paints-light", false, 1.0), ("paints-dark-200", true, 2.0)] {
        let cells: Vec<Picture> = ways.iter().map(|(name, layer)| cell(name, layer, dark, pixel_ratio)).collect();
        check(name, &side_by_side(&cells, 7));
    }
}

/// Features with a name in both languages.
fn named(shapes: Vec<(Geometry, &str, &str)>, paints: Vec<Paint>, rule: LabelRule) -> OwnLayer {
    let schema = Schema {
        table: "named".into(),
        name: Text::same("named"),
        kind: "plain".into(),
        geometry: shapes.first().map(|(shape, ..)| shape.kind()),
        crs: Crs::WEB_MERCATOR,
        z_order: 0,
        fields: vec![Field::text("name", "名称", "Name"), Field::text("name_en", "英文名", "English name")],
    };
    let rows: Vec<_> = shapes.into_iter().map(|(shape, zh, en)| (shape, vec![zh.into(), en.into()])).collect();
    OwnLayer::new(schema, Style::new(vec![Rule::all(paints)], vec![rule]), &rows)
}

fn words(placement: Placement, priority: u8, size: f32) -> LabelRule {
    LabelRule {
        template: Text::new("{name}", "{name_en}"),
        filter: None,
        scale: ScaleRange::ALL,
        placement,
        priority,
        size: Size::Px(size),
        ink: TEXT,
        halo: HALO,
        italic: false,
        medium: false,
        spacing: 0.0,
        offset: 0.0,
        once: false,
    }
}

fn map(layers: &[MapLayer], view: &View, lang: Lang, dark: bool) -> Picture {
    let options = MapOptions { lang, dark, ..MapOptions::default() };
    paint(&map_scene(layers, view, &options, &Cancel::default()).expect("nobody cancels").0)
}

/// Checks a map of 360 × 260 pixels of a metre each in both languages, and in one of them on the dark map at 200 %.
#[track_caller]
fn check_words(name: &str, layers: &[OwnLayer]) {
    let (layers, view) = (map_layers(layers), View::new([180.0, 130.0], 1.0, [360.0, 260.0]));
    check(&format!("{name}-zh"), &map(&layers, &view, Lang::Zh, false));
    check(&format!("{name}-en"), &map(&layers, &view, Lang::En, false));
    check(&format!("{name}-zh-dark-200"), &map(&layers, &view.pixel_ratio(2.0), Lang::Zh, true));
}

fn block(left: f64, bottom: f64, width: f64, height: f64) -> Geometry {
    let (right, top) = (left + width, bottom + height);
    Geometry::polygon(&[[left, bottom], [right, bottom], [right, top], [left, top], [left, bottom]])
}

#[test]
fn names_stand_inside_areas_and_around_points_as_they_did() {
    // A lake like a C: its middle is land.
    let lake = [
        [12.0, 140.0],
        [150.0, 136.0],
        [152.0, 172.0],
        [78.0, 176.0],
        [72.0, 214.0],
        [150.0, 220.0],
        [154.0, 252.0],
        [14.0, 250.0],
        [12.0, 140.0],
    ];
    let water = vec![
        (Geometry::polygon(&lake), "甘棠湖", "Gantang Lake"),
        (block(20.0, 96.0, 34.0, 20.0), "写不下的小池塘", "A pond too small for its name"),
    ];
    let lakes = named(
        water,
        vec![Paint::Fill { ink: WATER, opacity: 1.0 }, stroke(BLUE, 1.0)],
        LabelRule { italic: true, spacing: 0.1, ink: BLUE, ..words(Placement::Inside, 90, 16.0) },
    );
    let parks = named(
        vec![(block(180.0, 150.0, 168.0, 96.0), "南湖公园", "South Lake Park")],
        vec![Paint::Fill { ink: GREEN, opacity: 0.25 }],
        LabelRule { ink: GREEN, ..words(Placement::Inside, 40, 12.0) },
    );
    let crowd = (0..24).map(|n| {
        let place = Geometry::point(30.0 + f64::from(n % 8) * 13.0, 26.0 + f64::from(n / 8) * 16.0);
        (place, "灯杆", "Lamp post")
    });
    let lamps = named(
        crowd.collect(),
        vec![Paint::Disc { ink: RED, size: Size::Px(4.0), ring: None }],
        words(Placement::Around, 10, 10.0),
    );
    let kiosk = |x: f64, y: f64, zh: &'static str, en: &'static str| (Geometry::point(x, y), zh, en);
    let kiosks = named(
        vec![
            kiosk(200.0, 60.0, "东门投放亭", "East gate kiosk"),
            kiosk(226.0, 66.0, "西门投放亭", "West gate kiosk"),
            kiosk(212.0, 84.0, "南门投放亭", "South gate kiosk"),
            kiosk(350.0, 20.0, "在角落里", "In the corner"),
            kiosk(264.0, 198.0, "湖心", "In the park"),
        ],
        vec![Paint::Symbol { id: "kiosk-ok".into(), size: Size::Px(20.0) }],
        LabelRule { medium: true, ..words(Placement::Around, 60, 12.0) },
    );
    check_words("names-around", &[parks, lakes, lamps, kiosks]);
}

/// A line that swings about a level one.
fn swing(y: f64, height: f64) -> Geometry {
    let at = |step: i32| {
        let x = 14.0 + f64::from(step) * 8.0;
        [x, y + height * libm::sin(x / 40.0)]
    };
    Geometry::line(&(0..=41).map(at).collect::<Vec<_>>())
}

/// To the right, back and to the right again with round turns, longer than one name is good for.
fn winding() -> Geometry {
    let turn = |x: f64, y: f64, from: f64, by: f64| {
        (0..=12).map(move |step| {
            let angle = (from + by * f64::from(step) / 12.0).to_radians();
            [x + 16.0 * libm::cos(angle), y + 16.0 * libm::sin(angle)]
        })
    };
    let places = [[12.0, 56.0]].into_iter().chain(turn(326.0, 40.0, 90.0, -180.0)).chain(turn(30.0, 8.0, 90.0, 180.0));
    Geometry::line(&places.chain([[348.0, -8.0]]).map(|[x, y]| [x, y + 16.0]).collect::<Vec<_>>())
}

#[test]
fn names_run_along_lines_as_they_did() {
    let road = || vec![stroke(TEXT, 13.0), stroke(HALO, 11.0)];
    let (swung, from_east) = (swing(232.0, 14.0), swing(188.0, 9.0));
    let mut backwards: Vec<(f64, f64)> = match from_east.to_geo() {
        geo_types::Geometry::LineString(line) => line.coords().map(|at| (at.x, at.y)).collect(),
        other => panic!("{other:?}"),
    };
    backwards.reverse();
    let backwards: Vec<[f64; 2]> = backwards.into_iter().map(|(x, y)| [x, y]).collect();
    let streets = vec![
        (swung, "滨江东大道", "Binjiang East Avenue"),
        (Geometry::line(&backwards), "自东向西的路", "From east to west"),
        (Geometry::line(&[[30.0, 88.0], [44.0, 168.0]]), "庐山北路", "Lushan Road"),
        (Geometry::line(&[[330.0, 168.0], [322.0, 88.0]]), "庐山南路", "Mt Lu Rd"),
        (Geometry::line(&[[90.0, 150.0], [200.0, 98.0]]), "斜街", "Slanting Street"),
        (
            Geometry::line(&[[250.0, 100.0], [262.0, 130.0], [250.0, 160.0]]),
            "弯得太多放不下名字的巷子",
            "Too crooked for a name",
        ),
    ];
    let streets = named(streets, road(), LabelRule { spacing: 0.1, ..words(Placement::Along, 70, 12.0) });
    let pipe = vec![(winding(), "YS DN800 3.4‰", "YS DN800 3.4‰")];
    let pipes =
        named(pipe, vec![stroke(BLUE, 2.0)], LabelRule { ink: BLUE, offset: 9.0, ..words(Placement::Along, 30, 10.5) });
    let crossing = vec![(Geometry::line(&[[180.0, 252.0], [190.0, 4.0]]), "长江路", "Changjiang Road")];
    let crossing = named(crossing, vec![stroke(RED, 1.0)], LabelRule { ink: RED, ..words(Placement::Along, 50, 12.0) });
    check_words("names-along", &[streets, pipes, crossing]);
}

#[test]
fn the_best_instructions_of_this_processor_paint_what_all_processors_paint() {
    let layers = [layer(&area(), one(vec![hatch(30.0, 5.0, 1.3, true)])), layer(&lines(), one(vec![stroke(RED, 2.3)]))];
    let (layers, view) = (map_layers(&layers), View::new([48.0, 30.0], 0.3, [200.0, 160.0]));
    let (mut scene, _) = map_scene(&layers, &view, &MapOptions::default(), &Cancel::default()).expect("a scene");
    write(&mut scene, "城格 DN800", [100.0, 80.0], Align::Middle, Rgba::hex(0), 30.0);
    let [best, all] = painter::at_both_levels(&scene);
    check_alike("levels", &best, &all);
}
