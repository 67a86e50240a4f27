//! Pictures of every kind as it comes, and of an invented quarter on the screen and on paper.

use std::collections::BTreeMap;

use super::kind::{Group, Kind};
use super::{all, find};
use crate::geom::crs::Crs;
use crate::model::expr::Expr;
use crate::model::geometry::{Bounds, Geometry, GeometryKind};
use crate::model::schema::Field;
use crate::model::style::{Rule, Style};
use crate::model::value::{FieldType, Value};
use crate::render::decor::Mark;
use crate::render::filter::Drawn;
use crate::render::map::{MapOptions, paint_map};
use crate::render::painter::{self, Picture};
use crate::render::paper::{Paper, Parts};
use crate::render::reference::{OwnLayer, check, kept, lower_right, map_layers, side_by_side};
use crate::render::sheet::{self, Sheet};
use crate::render::sheet_legend::{LegendRow, Shown, legend_rows};
use crate::render::view::{View, ground_per_world};
use crate::task::Cancel;
use crate::text::{Lang, Text};

/// Web Mercator metres; no place of anybody's.
const MIDDLE: [f64; 2] = [12_916_000.0, 3_465_000.0];

/// The scale at which a kind is looked at: networks from farther away, since their lines have true widths.
fn working(kind: &Kind) -> f64 {
    if kind.geometry.and_then(GeometryKind::dimension) == Some(1) { 2_400.0 } else { 1_400.0 }
}

/// A feature of a kind that is drawn in one way: what that is called, and its row.
struct Sketch {
    name: Text,
    values: Vec<Value>,
}

/// One feature for each row of a kind's legend, or for each rule where it has none.
fn sketches(kind: &Kind) -> Vec<Sketch> {
    let in_force: Vec<&Rule> = kind.style.rules.iter().filter(|rule| rule.scale.holds(working(kind))).collect();
    let is_named = |rule: &&&Rule| !rule.name.zh.is_empty();
    let mut shown: Vec<&Rule> = in_force.iter().filter(is_named).copied().collect();
    if shown.is_empty() {
        shown.extend(in_force.first());
    }
    let fields = choices(kind, &in_force);
    let sketch = |rule: &Rule| {
        let is_drawn_so = |row: &BTreeMap<&str, Value>| {
            let takes = |rule: &Rule| {
                let get = |field: &str| row.get(field).cloned().unwrap_or_default();
                rule.filter.as_ref().is_none_or(|filter| filter.matches(&get))
            };
            in_force.iter().find(|other| other.pass == rule.pass && takes(other)).is_some_and(|first| **first == *rule)
        };
        let row = rows(&fields).find(is_drawn_so);
        let row = row.unwrap_or_else(|| panic!("{}: nothing is ever drawn as {:?}", kind.id, rule.name));
        let value = |field: &Field| row.get(&*field.id).cloned().unwrap_or_else(|| usual(field, &rule.name));
        Sketch { name: rule.name.clone(), values: kind.fields.iter().map(value).collect() }
    };
    shown.into_iter().map(sketch).collect()
}

/// The values that filters ask for, and those that a field may have.
fn choices<'a>(kind: &'a Kind, rules: &[&'a Rule]) -> Vec<(&'a str, Vec<Value>)> {
    let mut asked: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    rules.iter().filter_map(|rule| rule.filter.as_ref()).for_each(|filter| compared(filter, &mut asked));
    for (id, values) in &mut asked {
        let field = kind.fields.iter().find(|field| field.id == *id).expect("filters ask for fields that exist");
        values.extend(field.codes.iter().map(|code| Value::from(&*code.value)));
        if field.field_type == FieldType::Bool {
            values.extend([Value::Bool(false), Value::Bool(true)]);
        }
        if field.field_type == FieldType::Text && field.codes.is_empty() {
            values.push("1".into());
        }
        values.push(Value::Null);
        // Above the highest of several limits there is a class too.
        let reals = values.iter().filter_map(|value| if let Value::Real(real) = value { Some(*real) } else { None });
        let beyond = reals.reduce(f64::max).map(|most| Value::Real(most + 1.0));
        values.extend(beyond);
    }
    asked.into_iter().collect()
}

fn compared<'a>(filter: &'a Expr, asked: &mut BTreeMap<&'a str, Vec<Value>>) {
    match filter {
        Expr::And(left, right) | Expr::Or(left, right) => {
            compared(left, asked);
            compared(right, asked);
        }
        Expr::Not(inner) => compared(inner, asked),
        Expr::Compare { field, value, .. } => asked.entry(field).or_default().push(value.clone()),
        Expr::In { field, values } => asked.entry(field).or_default().extend(values.clone()),
        Expr::Like { field, .. } | Expr::IsNull { field } => _ = asked.entry(field).or_default(),
    }
}

/// Every row that can be made of the choices.
fn rows<'a>(fields: &'a [(&'a str, Vec<Value>)]) -> impl Iterator<Item = BTreeMap<&'a str, Value>> {
    let count: usize = fields.iter().map(|(_, values)| values.len()).product();
    (0..count).map(move |mut number| {
        let choose = |(id, values): &'a (&'a str, Vec<Value>)| {
            let value = &values[number % values.len()];
            number /= values.len();
            (*id, value.clone())
        };
        fields.iter().map(choose).collect()
    })
}

/// What a field says of a feature that looks like this.
fn usual(field: &Field, name: &Text) -> Value {
    let [least, most] = field.range.map_or([0.0, 1000.0], |(least, most)| [least, most]);
    match (field.field_type, &*field.id) {
        (FieldType::Text, "name") => Value::from(&*name.zh),
        (FieldType::Text, "name_en") => Value::from(&*name.en),
        (FieldType::Text, _) => field.codes.first().map_or(Value::from("A-07"), |code| Value::from(&*code.value)),
        (FieldType::Int, _) => Value::Int(400.0_f64.clamp(least, most) as i64),
        (FieldType::Real, _) => Value::Real(2.5_f64.clamp(least, most)),
        (FieldType::Bool, _) => Value::Bool(false),
        (FieldType::Date, _) => Value::from("2026-11-22"),
        (FieldType::DateTime, _) => Value::from("2026-11-22T06:03:27.000Z"),
        (FieldType::Blob | FieldType::Json, _) => Value::Null,
    }
}

/// What a feature of a kind may be, in a cell of 88 × 46 pixels with its corner here.
fn shapes(kind: &Kind, view: &View, [left, top]: [f64; 2]) -> Vec<Geometry> {
    let places = |places: &[[f64; 2]]| -> Vec<[f64; 2]> {
        places.iter().map(|[x, y]| view.world_from_screen([left + x, top + y])).collect()
    };
    let [x, y] = places(&[[26.0, 23.0]])[0];
    let point = Geometry::point(x, y);
    let line = Geometry::line(&places(&[[5.0, 26.0], [30.0, 26.0], [54.0, 18.0], [83.0, 18.0]]));
    let ring = places(&[[8.0, 6.0], [74.0, 6.0], [80.0, 14.0], [80.0, 40.0], [8.0, 40.0], [8.0, 6.0]]);
    let area = Geometry::polygon(&ring);
    match kind.geometry.map(super::super::model::geometry::GeometryKind::dimension) {
        None => Vec::new(),
        Some(Some(0)) => vec![point],
        Some(Some(1)) => vec![line],
        Some(Some(_)) => vec![area],
        Some(None) => vec![area, line, point],
    }
}

fn picture_of(kind: &Kind) -> Picture {
    let mut sketches = sketches(kind);
    if kind.geometry.is_some_and(|geometry| geometry.dimension().is_none()) {
        // An area, a line and a point each.
        let count = sketches.len().max(3);
        let again = sketches.iter().cycle().take(count);
        sketches = again.map(|Sketch { name, values }| Sketch { name: name.clone(), values: values.clone() }).collect();
    }
    let lines = sketches.len().div_ceil(2).max(1);
    let view = View::at_scale(MIDDLE, working(kind), [176.0, lines as f64 * 46.0]);
    let row = |(at, sketch): (usize, Sketch)| {
        let shapes = shapes(kind, &view, [(at % 2) as f64 * 88.0, (at / 2) as f64 * 46.0]);
        (shapes[at % shapes.len()].clone(), sketch.values)
    };
    let rows: Vec<_> = sketches.into_iter().enumerate().map(row).collect();
    let layer = [OwnLayer::new(kind.schema(Crs::WEB_MERCATOR), kind.style.clone(), &rows)];
    let paint =
        |dark: bool, lang: Lang| map_picture(&layer, &view, &MapOptions { lang, dark, ..MapOptions::default() });
    side_by_side(&[paint(false, Lang::Zh), paint(true, Lang::En)], 2)
}

fn map_picture(layers: &[OwnLayer], view: &View, options: &MapOptions) -> Picture {
    paint_map(&map_layers(layers), view, options, &Cancel::default()).expect("nobody cancels").0
}

#[test]
fn every_kind_looks_as_it_did() {
    let drawn = || all().iter().filter(|kind| kind.geometry.is_some());
    for kind in drawn() {
        check(&format!("kind-{}", kind.id), &picture_of(kind));
    }
    let mut names: Vec<String> = drawn().map(|kind| format!("kind-{}", kind.id)).collect();
    names.sort();
    assert_eq!(kept("kind-"), names, "no picture is kept of a kind that is gone");
}

/// An invented quarter: 520 × 400 metres of everything that a city has.
#[derive(Default)]
struct Quarter(BTreeMap<&'static str, Vec<(Geometry, Vec<Value>)>>);

/// A place of the quarter: metres on the ground to the east and north of its middle.
type Place = [f64; 2];

fn world([east, north]: Place) -> [f64; 2] {
    let stretch = ground_per_world(MIDDLE[1]).recip();
    [MIDDLE[0] + east * stretch, MIDDLE[1] + north * stretch]
}

fn line(places: &[Place]) -> Geometry {
    Geometry::line(&places.iter().map(|&at| world(at)).collect::<Vec<_>>())
}

fn area(places: &[Place]) -> Geometry {
    Geometry::polygon(&places.iter().chain(places.first()).map(|&at| world(at)).collect::<Vec<_>>())
}

fn block([west, south]: Place, [width, height]: [f64; 2]) -> Geometry {
    area(&[[west, south], [west + width, south], [west + width, south + height], [west, south + height]])
}

fn point(at: Place) -> Geometry {
    let [x, y] = world(at);
    Geometry::point(x, y)
}

impl Quarter {
    /// Adds a feature that is drawn as its kind's legend calls it.
    fn add(&mut self, kind: &'static str, looks: &str, names: [&str; 2], shape: Geometry) {
        let kind = find(kind).expect("a kind");
        let sketch = sketches(kind).into_iter().find(|sketch| sketch.name.zh == looks);
        let mut values = sketch.unwrap_or_else(|| panic!("{}: nothing is called {looks}", kind.id)).values;
        for (id, name) in ["name", "name_en"].into_iter().zip(names) {
            let place = kind.fields.iter().position(|field| field.id == id);
            place.into_iter().for_each(|place| values[place] = Value::from(name));
        }
        self.0.entry(kind.id).or_default().push((shape, values));
    }

    fn new() -> Self {
        let mut quarter = Self::default();
        quarter.ground();
        quarter.streets();
        quarter.sewers();
        quarter.signs();
        quarter
    }

    fn ground(&mut self) {
        let lake = [
            [-250.0, 40.0],
            [-60.0, 44.0],
            [-52.0, 80.0],
            [-170.0, 92.0],
            [-168.0, 130.0],
            [-50.0, 140.0],
            [-60.0, 190.0],
            [-250.0, 186.0],
        ];
        self.add("water", "水面", ["南湖", "South Lake"], area(&lake));
        self.add("green", "绿地", ["湖心公园", "Lake Park"], block([-158.0, 97.0], [100.0, 29.0]));
        self.add("green", "绿地", ["东苑", "East Garden"], block([90.0, 120.0], [150.0, 66.0]));
        self.add("compound", "小区", ["南湖新村", "South Lake Village"], block([-250.0, -180.0], [200.0, 150.0]));
        for (column, row) in (0..4).flat_map(|column| (0..3).map(move |row| (column, row))) {
            let at = [-238.0 + f64::from(column) * 46.0, -168.0 + f64::from(row) * 44.0];
            self.add("building", "建筑", ["", ""], block(at, [34.0, 13.0]));
        }
        for (column, row) in (0..5).flat_map(|column| (0..2).map(move |row| (column, row))) {
            let at = [90.0 + f64::from(column) * 32.0, 12.0 + f64::from(row) * 40.0];
            self.add("building", "建筑", ["", ""], block(at, [20.0, 24.0]));
        }
    }

    fn streets(&mut self) {
        self.add(
            "road",
            "主干路",
            ["长江大道", "Changjiang Avenue"],
            line(&[[-300.0, 4.0], [-20.0, -2.0], [40.0, -4.0]]),
        );
        self.add(
            "road",
            "主干路",
            ["长江大道", "Changjiang Avenue"],
            line(&[[40.0, -4.0], [160.0, -14.0], [300.0, -40.0]]),
        );
        let bend = [[40.0, -230.0], [30.0, -120.0], [40.0, -4.0], [62.0, 90.0], [52.0, 230.0]];
        self.add("road", "次干路", ["浔阳路", "Xunyang Road"], line(&bend));
        self.add("road", "支路", ["湖滨路", "Lakeside Road"], line(&[[-40.0, 230.0], [-36.0, 110.0], [-20.0, -2.0]]));
        self.add("road", "支路", ["东苑路", "East Garden Road"], line(&[[66.0, 104.0], [180.0, 108.0], [300.0, 96.0]]));
        self.add(
            "road",
            "巷",
            ["南巷", "South Lane"],
            line(&[[34.0, -110.0], [130.0, -120.0], [230.0, -96.0], [300.0, -100.0]]),
        );
        self.add(
            "railway",
            "铁路",
            ["环城铁路", "Ring Railway"],
            line(&[[-300.0, -196.0], [0.0, -190.0], [300.0, -170.0]]),
        );
    }

    fn sewers(&mut self) {
        let along = |east: f64, aside: f64| [east, 2.0 - aside - (east.max(40.0) - 40.0) * 0.08];
        for step in 0..9 {
            let (from, to) = (-280.0 + f64::from(step) * 62.0, -218.0 + f64::from(step) * 62.0);
            self.add("sewer_pipe", "雨水 YS", ["", ""], line(&[along(from, -6.0), along(to, -6.0)]));
            self.add("sewer_pipe", "污水 WS", ["", ""], line(&[along(to, 6.0), along(from, 6.0)]));
            self.add("sewer_node", "雨水井", ["", ""], point(along(from, -6.0)));
            self.add("sewer_node", "污水井", ["", ""], point(along(from, 6.0)));
        }
        self.add("sewer_pipe", "合流 HS", ["", ""], line(&[[36.0, -200.0], [28.0, -120.0], [35.0, -40.0]]));
        self.add("sewer_pipe", "压力管", ["", ""], line(&[[66.0, 100.0], [180.0, 104.0], [280.0, 94.0]]));
    }

    fn signs(&mut self) {
        self.add("kiosk", "四类齐全", ["东门投放亭", "East gate kiosk"], point([-64.0, -60.0]));
        self.add("kiosk", "四类齐全", ["西门投放亭", "West gate kiosk"], point([-228.0, -24.0]));
        self.add("camera", "监控 在线", ["", ""], point([58.0, 16.0]));
        self.add("bridge", "桥梁", ["湖心桥", "Lake Bridge"], point([-56.0, 110.0]));
        self.add("cable_span", "未整治", ["", ""], line(&[[100.0, -60.0], [160.0, -64.0], [230.0, -70.0]]));
        self.add("cell", "万米网格界", ["", ""], block([70.0, -160.0], [110.0, 90.0]));
        self.add("cell", "万米网格界", ["", ""], block([180.0, -160.0], [100.0, 90.0]));
        for lamp in 0..7 {
            self.add("component", "路灯", ["", ""], point([-260.0 + f64::from(lamp) * 38.0, 20.0]));
        }
    }

    /// Its layers, bottom first.
    fn layers(self) -> Vec<OwnLayer> {
        let mut kinds: Vec<&Kind> = self.0.keys().filter_map(|id| find(id)).collect();
        kinds.sort_by_key(|kind| kind.z_order);
        let layer = |kind: &Kind| OwnLayer::new(kind.schema(Crs::WEB_MERCATOR), kind.style.clone(), &self.0[kind.id]);
        kinds.into_iter().map(layer).collect()
    }
}

#[test]
fn a_quarter_looks_as_it_did_whatever_its_turn() {
    let layers = Quarter::new().layers();
    let options = |lang: Lang, dark: bool| MapOptions {
        lang,
        dark,
        marks: vec![Mark::ScaleBar, Mark::North, Mark::SampleData],
        ..MapOptions::default()
    };
    let view = View::at_scale(world([-20.0, 20.0]), 2_500.0, [420.0, 320.0]);
    let turned = View { rotation_rad: 0.6, ..view };
    let far = View::at_scale(MIDDLE, 8_000.0, [240.0, 180.0]);
    check("quarter-zh", &map_picture(&layers, &view, &options(Lang::Zh, false)));
    check("quarter-en-dark", &map_picture(&layers, &view, &options(Lang::En, true)));
    check("quarter-turned-zh", &map_picture(&layers, &turned, &options(Lang::Zh, false)));
    check("quarter-turned-en-dark", &map_picture(&layers, &turned, &options(Lang::En, true)));
    check("quarter-far-en-200", &map_picture(&layers, &far.pixel_ratio(2.0), &options(Lang::En, false)));
}

/// The rows of the legend: of each layer from the top the rules by which something is drawn.
fn legend(layers: &[OwnLayer], denominator: f64) -> Vec<LegendRow> {
    let shown = layers.iter().rev().map(|layer| {
        let is_seen = |rule: &&Rule| {
            let one = Style::new(vec![(*rule).clone()], Vec::new());
            let drawn = Drawn::at(&one, denominator, &layer.index, &layer.schema);
            layer.index.live_slots().any(|slot| drawn.holds(&layer.index, slot))
        };
        let rules = layer.style.rules.iter().filter(is_seen).cloned().collect();
        let names: std::collections::BTreeSet<&str> = layer.style.rules.iter().map(|rule| &*rule.name.en).collect();
        let has_classes = names.iter().filter(|name| !name.is_empty()).count() > 1;
        Shown { name: &layer.schema.name, rules, has_classes, crowd: None }
    });
    legend_rows(shown, denominator)
}

/// The quarter on A4 paper.
fn page(layers: &[OwnLayer], lang: Lang, is_lying: bool, rotation_rad: f64, pixel_ratio: f64) -> Picture {
    let paper = Paper::parse("A4", is_lying).expect("A4");
    let corners = [world([-260.0, -200.0]), world([260.0, 200.0])];
    let home = Bounds::new(corners[0][0], corners[0][1], corners[1][0], corners[1][1]);
    let is_base = |layer: &&OwnLayer| find(&layer.schema.kind).is_some_and(|kind| kind.group == Group::Base);
    let all = map_layers(layers);
    let base = || layers.iter().zip(&all).filter(|(layer, _)| is_base(layer)).map(|(_, layer)| *layer);
    let small = sheet::overview_view(&paper, home, pixel_ratio);
    let plan = Sheet {
        paper,
        title: lang.pick("南湖片区排水管网图", "Sewers of South Lake").to_owned(),
        subtitle: lang.pick("某市城市管理局", "City management bureau").to_owned(),
        source: lang.pick("示例城市", "Sample city").to_owned(),
        author: String::new(),
        date: "2026-11-22".to_owned(),
        lang,
        is_sample: true,
        parts: Parts::default(),
        legend: legend(layers, 2_500.0),
        grounds: Vec::new(),
        overview: sheet::overview(&base().collect::<Vec<_>>(), small, &Cancel::default()),
        focus: None,
        pixel_ratio,
    };
    let view = View { rotation_rad, ..View::at_scale(MIDDLE, 2_500.0, paper.map_px()) };
    let scene = sheet::sheet(&all, &view, &plan, &Cancel::default()).expect("nobody cancels");
    painter::paint(&scene, &Cancel::default()).expect("nobody cancels")
}

#[test]
fn a_sheet_of_paper_looks_as_it_did() {
    let layers = Quarter::new().layers();
    check("sheet-zh", &page(&layers, Lang::Zh, true, 0.0, 1.0));
    // Under the map of an upright sheet, and in the column beside a lying one: what is above or beside says no more.
    check("sheet-en-upright", &lower_right(&page(&layers, Lang::En, false, 0.0, 1.0), [0, 720]));
    let large = page(&layers, Lang::En, true, 0.35, 2.0);
    check("sheet-en-turned-200", &lower_right(&large, [1_400, 150]));
}
