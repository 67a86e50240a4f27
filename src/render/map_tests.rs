//! Small maps as lists of what is painted.

use super::build::MapLayer;
use super::decor::Mark;
use super::map::{MapOptions, map_scene, paint_map};
use super::painter;
use super::scene::{Item, Scene};
use super::view::View;
use crate::geom::crs::Crs;
use crate::index::layer::{LayerIndex, LayerIndexBuilder};
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::style::{Ink, LabelRule, LineMark, Paint, Placement, Rgba, Rule, ScaleRange, Size, Stroke, Style};
use crate::model::value::Value;
use crate::task::Cancel;
use crate::text::{Lang, Text};

const RED: Ink = Ink::new(0xFF_0000, 0xAA_0000);
const BLUE: Ink = Ink::new(0x00_00FF, 0x00_00AA);

struct Layer {
    index: LayerIndex,
    schema: Schema,
    style: Style,
    opacity: f32,
}

/// A layer with fields `kind` and `dn` on a map where a pixel is a metre.
fn layer(rows: &[(Geometry, &str)], style: Style) -> Layer {
    let kinds = [("storm", "雨水", "Storm"), ("foul", "污水", "Foul")];
    let schema = Schema {
        table: "t".into(),
        name: Text::same("t"),
        kind: "plain".into(),
        geometry: None,
        crs: Crs::WEB_MERCATOR,
        z_order: 0,
        fields: vec![Field::coded("kind", "类别", "Kind", &kinds), Field::int("dn", "管径", "Diameter")],
    };
    let mut builder = LayerIndexBuilder::new(&schema, &["kind".to_owned(), "dn".to_owned()]);
    for (id, (geometry, kind)) in (1..).zip(rows) {
        let kind = if kind.is_empty() { Value::Null } else { (*kind).into() };
        builder.push(id, Some(geometry), &[kind, Value::Int(id * 100)], &Some);
    }
    let mut index = builder.finish();
    index.build_tree();
    Layer { index, schema, style, opacity: 1.0 }
}

/// 100 × 100 pixels of a metre each around 50, 50; about 1:3,780.
fn view() -> View {
    View::new([50.0, 50.0], 1.0, [100.0, 100.0])
}

fn scene_of(layers: &[Layer], view: &View) -> Scene {
    map_scene(&borrowed(layers), view, &MapOptions::default(), &Cancel::default()).unwrap().0
}

fn borrowed(layers: &[Layer]) -> Vec<MapLayer<'_>> {
    fn borrow(layer: &Layer) -> MapLayer<'_> {
        MapLayer {
            index: &layer.index,
            schema: &layer.schema,
            style: &layer.style,
            opacity: layer.opacity,
            levels: None,
        }
    }
    layers.iter().map(borrow).collect()
}

/// One line for each item.
fn dump(scene: &Scene) -> Vec<String> {
    let color = |color: Rgba| if color.0[0] > color.0[2] { "red" } else { "blue" };
    let places = |paths: &std::ops::Range<u32>| {
        let one = |path: u32| {
            let points = scene.positions(scene.paths[path as usize]).iter();
            points.map(|at| format!("{:.0} {:.0}", at[0], at[1])).collect::<Vec<_>>().join(", ")
        };
        paths.clone().map(one).collect::<Vec<_>>().join(" | ")
    };
    let line = |item: &Item| match item {
        Item::Fill { paths, color: c } => format!("fill {} {}", color(*c), places(paths)),
        Item::Stroke { paths, color: c, width, .. } => format!("stroke {} {width} {}", color(*c), places(paths)),
        Item::Cover { color: c, cover, .. } => {
            format!("cover {} {}", color(*c), cover.iter().map(|&share| u32::from(share)).sum::<u32>())
        }
        Item::Raster { .. } => "raster".to_owned(),
        Item::Symbol { id, at, size } => format!("symbol {id} {:.0} {:.0} {size}", at[0], at[1]),
        Item::Disc { at, size, .. } => format!("disc {:.0} {:.0} {size}", at[0], at[1]),
        Item::Text(run) => format!("text {}", run.text),
        Item::Opacity(share) => format!("opacity {share}"),
        Item::Clip(_) => "clip".to_owned(),
        Item::Pop => "pop".to_owned(),
    };
    scene.items.iter().map(line).collect()
}

#[track_caller]
fn check(rows: &[(Geometry, &str)], style: Style, want: &[&str]) {
    assert_eq!(dump(&scene_of(&[layer(rows, style)], &view())), want);
}

fn rules(rules: Vec<Rule>) -> Style {
    Style::new(rules, Vec::new())
}

fn line(ink: Ink, width: f32) -> Paint {
    Paint::Stroke(Stroke::solid(ink, Size::Px(width)))
}

fn west_east(y: f64) -> Geometry {
    Geometry::line(&[[10.0, y], [90.0, y]])
}

#[test]
fn casings_lie_under_all_fills() {
    let style = rules(vec![Rule::all(vec![line(RED, 5.0)]), Rule::all(vec![line(BLUE, 3.0)]).pass(1)]);
    let want = ["stroke red 5 10 50, 90 50 | 10 40, 90 40", "stroke blue 3 10 50, 90 50 | 10 40, 90 40"];
    check(&[(west_east(50.0), ""), (west_east(60.0), "")], style, &want);
}

#[test]
fn the_first_rule_of_a_pass_that_takes_a_feature_wins() {
    let style = rules(vec![
        Rule::all(vec![line(BLUE, 1.0)]).when("kind = '雨水'"),
        Rule::all(vec![line(RED, 2.0)]),
        Rule::all(vec![line(RED, 9.0)]).at(ScaleRange::closer_than(1000.0)),
    ]);
    let want = ["stroke blue 1 10 50, 90 50", "stroke red 2 10 40, 90 40 | 10 30, 90 30"];
    check(&[(west_east(50.0), "storm"), (west_east(60.0), "foul"), (west_east(70.0), "")], style, &want);
}

#[test]
fn width_may_come_from_a_field() {
    let width = Size::ByField { base: Box::new(Size::Px(1.0)), field: "dn".into(), per: Box::new(Size::Px(100.0)) };
    let style = rules(vec![Rule::all(vec![Paint::Stroke(Stroke::solid(RED, width))])]);
    let want = ["stroke red 2 10 50, 90 50", "stroke red 3 10 40, 90 40"];
    check(&[(west_east(50.0), ""), (west_east(60.0), "")], style, &want);
}

#[test]
fn dashes_and_offsets_are_paths() {
    let dashed = Stroke::dashed(RED, Size::Px(1.0), &[30.0, 20.0]).offset(Size::Px(5.0));
    let style = rules(vec![Rule::all(vec![Paint::Stroke(dashed)])]);
    check(&[(west_east(50.0), "")], style, &["stroke red 1 10 55, 40 55 | 60 55, 90 55"]);
}

#[test]
fn long_geometry_ends_a_little_outside_the_picture() {
    let style = rules(vec![Rule::all(vec![Paint::Fill { ink: RED, opacity: 1.0 }, line(BLUE, 1.0)])]);
    let far = 1e6;
    let land = Geometry::polygon(&[[50.0, -far], [far, -far], [far, far], [50.0, far], [50.0, -far]]);
    let want = ["fill red 164 164, 164 -64, 50 -64, 50 164", "stroke blue 1 50 -64, 50 164"];
    check(&[(land, "")], style, &want);
}

#[test]
fn an_outline_that_begins_in_sight_has_its_corner_there() {
    let far = 1000.0;
    let land = Geometry::polygon(&[[50.0, 50.0], [far, 50.0], [far, far], [50.0, far], [50.0, 50.0]]);
    check(&[(land, "")], rules(vec![Rule::all(vec![line(BLUE, 1.0)])]), &["stroke blue 1 50 -64, 50 50, 164 50"]);
}

#[test]
fn a_line_from_far_away_passes_where_it_should() {
    let style = rules(vec![Rule::all(vec![line(RED, 1.0)])]);
    let far = Geometry::line(&[[-2e7 + 50.0, 50.0 - 1e7], [2e7 + 50.0, 50.0 + 1e7]]);
    let view = View::new([50.0, 50.0], 0.01, [100.0, 100.0]);
    let scene = scene_of(&[layer(&[(far, "")], style)], &view);
    let [from, to] = scene.positions(scene.paths[0]) else { panic!("{:?}", scene.points) };
    let off = (from[0] - 50.0) + (from[1] - 50.0) * 2.0;
    assert!(off.abs() < 0.02 && to[0] > from[0], "{from:?} {to:?}");
}

#[test]
fn what_is_smaller_than_a_pixel_adds_up() {
    let style = rules(vec![Rule::all(vec![Paint::Fill { ink: RED, opacity: 1.0 }])]);
    let hut = |x: f64| Geometry::polygon(&[[x, 20.2], [x + 0.5, 20.2], [x + 0.5, 20.7], [x, 20.7], [x, 20.2]]);
    check(&[(hut(20.1), ""), (hut(20.2), "")], style, &["cover red 128"]);
}

#[test]
fn points_are_stamped_from_north_to_south() {
    let style = rules(vec![Rule::all(vec![
        Paint::Symbol { id: "pump".into(), size: Size::Px(12.0) },
        Paint::Disc { ink: RED, size: Size::Px(6.0), ring: None },
    ])]);
    let rows = [(Geometry::point(20.0, 20.0), ""), (Geometry::point(30.0, 70.0), ""), (west_east(50.0), "")];
    let want = ["symbol pump 30 30 12", "symbol pump 50 50 12", "symbol pump 20 80 12", "disc 30 30 6", "disc 20 80 6"];
    check(&rows, style, &want);
}

#[test]
fn arrows_point_along_the_line() {
    let arrows =
        Paint::Marks { mark: LineMark::Arrow, ink: RED, size: Size::Px(10.0), every: 40.0, offset: Size::Px(0.0) };
    let want = ["fill red 36 50, 26 54, 26 46 | 76 50, 66 54, 66 46"];
    check(&[(west_east(50.0), "")], rules(vec![Rule::all(vec![arrows])]), &want);
}

#[test]
fn a_layer_seen_through_is_one_group() {
    let mut one = layer(&[(west_east(50.0), "")], rules(vec![Rule::all(vec![line(RED, 1.0)])]));
    one.opacity = 0.5;
    assert_eq!(dump(&scene_of(&[one], &view())), ["opacity 0.5", "stroke red 1 10 50, 90 50", "pop"]);
}

fn label(placement: Placement, once: bool) -> Style {
    let rule = LabelRule {
        template: Text::new("{kind}", "{kind}"),
        filter: None,
        scale: ScaleRange::ALL,
        placement,
        priority: 1,
        size: Size::Px(10.0),
        ink: RED,
        halo: BLUE,
        italic: false,
        medium: false,
        spacing: 0.0,
        offset: 0.0,
        once,
    };
    Style::new(Vec::new(), vec![rule])
}

#[test]
fn pieces_of_a_road_have_one_name() {
    let piece = |from: f64| (Geometry::line(&[[from, 50.0], [from + 12.0, 50.0]]), "storm");
    check(&[piece(20.0), piece(32.0), piece(44.0)], label(Placement::Along, true), &["text 雨水"]);
}

#[test]
fn what_is_seen_has_its_names_though_the_picture_reaches_beyond_it() {
    // Most of the road lies out of sight, and so does the middle of the park.
    let road = (Geometry::line(&[[-180.0, 50.0], [90.0, 50.0]]), "storm");
    let corners = [[-150.0, 60.0], [60.0, 60.0], [60.0, 95.0], [-150.0, 95.0]];
    let park = (Geometry::polygon(&corners), "foul");
    let layers = [
        layer(&[road], label(Placement::Along, true)),
        Layer {
            schema: Schema { table: "u".into(), ..layer(&[], Style::default()).schema },
            ..layer(&[park], label(Placement::Inside, true))
        },
    ];
    let beyond_px = 200.0;
    let wide = View { size_px: [500.0, 500.0], ..view() };
    let options = MapOptions { beyond_px, ..MapOptions::default() };
    let (scene, _) = map_scene(&borrowed(&layers), &wide, &options, &Cancel::default()).unwrap();
    let mut seen: Vec<&str> = Vec::new();
    for item in &scene.items {
        let Item::Text(run) = item else { continue };
        let is_seen = |at: [f32; 2]| at.iter().all(|n| (beyond_px..beyond_px + 100.0).contains(n));
        seen.extend(run.glyphs.iter().all(|glyph| is_seen(glyph.at)).then_some(run.text.as_str()));
    }
    seen.sort_unstable();
    assert_eq!(seen, ["污水", "雨水"]);
}

#[test]
fn names_inside_need_room() {
    let square = |side: f64| {
        Geometry::polygon(&[
            [50.0, 50.0],
            [50.0 + side, 50.0],
            [50.0 + side, 50.0 + side],
            [50.0, 50.0 + side],
            [50.0, 50.0],
        ])
    };
    check(&[(square(40.0), "foul")], label(Placement::Inside, true), &["text 污水"]);
    check(&[(square(8.0), "foul")], label(Placement::Inside, true), &[]);
}

#[test]
fn a_name_inside_an_area_gives_way_to_a_mark_on_the_picture() {
    let corner = Geometry::polygon(&[[0.0, 0.0], [120.0, 0.0], [120.0, 80.0], [0.0, 80.0], [0.0, 0.0]]);
    let one = [layer(&[(corner, "foul")], label(Placement::Inside, true))];
    let view = View::new([100.0, 100.0], 1.0, [200.0, 200.0]);
    let base_line = |marks: Vec<Mark>| {
        let options = MapOptions { marks, ..MapOptions::default() };
        let (scene, _) = map_scene(&borrowed(&one), &view, &options, &Cancel::default()).unwrap();
        let name = |item: &Item| match item {
            Item::Text(run) if run.text == "污水" => Some(run.glyphs[0].at[1]),
            _ => None,
        };
        scene.items.iter().find_map(name).expect("the name is on the map")
    };
    let moved = base_line(Vec::new()) - base_line(vec![Mark::ScaleBar]);
    assert!((moved - 16.0).abs() < 0.1, "a line higher, above the scale bar: {moved}");
}

#[test]
fn a_name_that_finds_no_place_is_dropped() {
    let crowd: Vec<(Geometry, &str)> = (0..40).map(|_| (Geometry::point(50.0, 50.0), "foul")).collect();
    let names = dump(&scene_of(&[layer(&crowd, label(Placement::Around, false))], &view())).len();
    assert!((2..=8).contains(&names), "{names}");
}

#[test]
fn the_same_city_gives_the_same_pixels_however_many_threads_there_are() {
    let style = rules(vec![Rule::all(vec![line(RED, 2.0)])]);
    let rows: Vec<(Geometry, &str)> = (0..9000)
        .map(f64::from)
        .map(|n| (Geometry::line(&[[n.sin() * 300.0, n.cos() * 300.0], [n.cos() * 90.0, n % 90.0]]), "storm"))
        .collect();
    let one = [layer(&rows, Style { rules: style.rules, ..label(Placement::Along, false) })];
    let layers = borrowed(&one);
    let paint = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| paint_map(&layers, &view(), &MapOptions::default(), &Cancel::default()).unwrap().0)
    };
    assert!(paint(1) == paint(3));
}

#[test]
fn a_part_of_a_picture_is_the_picture_of_that_part() {
    let style = rules(vec![Rule::all(vec![Paint::Fill { ink: BLUE, opacity: 1.0 }, line(RED, 3.0)])]);
    let area = Geometry::polygon(&[[20.0, 20.0], [80.5, 25.0], [60.0, 83.5], [20.0, 20.0]]);
    let one = [layer(&[(area, ""), (west_east(47.0), "")], style)];
    let whole = painter::paint(&scene_of(&one, &view()), &Cancel::default()).unwrap();
    let quarter = View::new([75.0, 75.0], 1.0, [50.0, 50.0]);
    let part = painter::paint(&scene_of(&one, &quarter), &Cancel::default()).unwrap();
    for row in 0..50 {
        let (from, own) = ((row * 100 + 50) * 4, row * 50 * 4);
        let far = |a: u8, b: u8| a.abs_diff(b) > 2;
        let pairs = whole.rgba[from..from + 200].iter().zip(&part.rgba[own..own + 200]);
        assert!(!pairs.clone().any(|(&a, &b)| far(a, b)), "row {row}");
    }
}

#[test]
fn cancelling_gives_no_picture_and_a_view_of_nothing_an_empty_one() {
    let one = [layer(&[(west_east(50.0), "")], rules(vec![Rule::all(vec![line(RED, 1.0)])]))];
    let cancel = Cancel::default();
    cancel.cancel();
    assert!(paint_map(&borrowed(&one), &view(), &MapOptions::default(), &cancel).is_none());
    for broken in [f64::NAN, 0.0, -1.0, f64::INFINITY] {
        let view = View { metres_per_px: broken, ..view() };
        let options = MapOptions { lang: Lang::En, ..MapOptions::default() };
        let (picture, _) = paint_map(&borrowed(&one), &view, &options, &Cancel::default()).unwrap();
        assert!(picture.rgba.chunks(4).all(|pixel| pixel == [0xF4, 0xF2, 0xEC, 255]));
    }
}
