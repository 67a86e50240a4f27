//! Roads and railways of the base map.

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Paint, Placement, Rule, ScaleRange, Size, Style};
use crate::text::Text;

/// A piece of road centre line.
pub(super) fn road() -> Kind {
    Kind {
        id: "road",
        name: Text::new("道路", "Road"),
        group: Group::Base,
        z_order: 20,
        geometry: Some(GeometryKind::LineString),
        fields: road_fields(),
        title: &["name", "code"],
        style: road_style(),
        check: check::check,
    }
}

fn road_fields() -> Vec<Field> {
    vec![
        fields::code("道路编号", "Road number"),
        fields::name().aliases(&["mc", "dlmc", "道路名称", "路名", "street", "road name", "street name"]),
        fields::name_en(),
        Field::coded(
            "road_class",
            "道路等级",
            "Road class",
            &[
                ("motorway", "快速路", "Expressway"),
                ("arterial", "主干路", "Arterial"),
                ("collector", "次干路", "Collector"),
                ("branch", "支路", "Local road"),
                ("lane", "巷", "Lane"),
            ],
        )
        .required()
        .aliases(&["class", "highway", "fclass", "等级", "dldj", "道路类型"]),
        Field::real("width_m", "宽度", "Width", "m").range(0.5, 200.0).aliases(&["width", "路宽", "红线宽度"]),
        Field::int("lanes", "车道数", "Lanes").range(0.0, 20.0).aliases(&["cds", "lane count"]),
        Field::bool("one_way", "单行", "One way").aliases(&["oneway", "单行道"]),
        Field::coded(
            "sanitation_class",
            "保洁等级",
            "Cleaning class",
            &[("1", "一级", "Class 1"), ("2", "二级", "Class 2"), ("3", "三级", "Class 3"), ("4", "四级", "Class 4")],
        )
        .aliases(&["清扫等级", "环卫等级"]),
        fields::length_m(),
        Field::text("from_place", "起点", "From").aliases(&["from", "from street", "起点位置"]),
        Field::text("to_place", "止点", "To").aliases(&["to", "to street", "终点", "终点位置"]),
        Field::coded(
            "surface",
            "路面",
            "Surface",
            &[
                ("asphalt", "沥青", "Asphalt"),
                ("concrete", "水泥", "Concrete"),
                ("stone", "石材", "Stone"),
                ("other", "其他", "Other"),
            ],
        )
        .aliases(&["路面类型", "路面材料"]),
        Field::text("maintainer", "养护单位", "Maintainer").aliases(&["yhdw", "管养单位"]),
        fields::remark(),
    ]
}

/// A piece of railway.
pub(super) fn railway() -> Kind {
    Kind {
        id: "railway",
        name: Text::new("铁路", "Railway"),
        group: Group::Base,
        z_order: 22,
        geometry: Some(GeometryKind::LineString),
        fields: railway_fields(),
        title: &["name"],
        style: railway_style(),
        check: check::check,
    }
}

fn railway_fields() -> Vec<Field> {
    vec![fields::name(), fields::name_en(), Field::int("tracks", "股道数", "Tracks").range(1.0, 50.0), fields::remark()]
}

/// How one class of road is drawn.
struct Look {
    class: &'static str,
    name: Text,
    fill: Ink,
    casing: Ink,
    /// True width.
    metres: f64,
    /// Pixels that the width never falls below, by scale.
    least: &'static [(f64, f32)],
    /// From here on outwards it is a hairline without casing.
    hairline_from: f64,
    /// Where it disappears.
    gone_from: f64,
    /// Where its name appears.
    label_from: f64,
    label_priority: u8,
}

const WHITE: Ink = Ink::new(0xFF_FFFF, 0x43_4B54);
const WHITE_CASING: Ink = Ink::new(0xD2_CCBF, 0x15_181B);
const CREAM: Ink = Ink::new(0xFF_F6DF, 0x5A_5747);
const CREAM_CASING: Ink = Ink::new(0xD9_C79C, 0x15_181B);

/// Small to large: later ones are painted over earlier ones.
const LOOKS: [Look; 5] = [
    Look {
        class: "lane",
        name: Text::new("巷", "Lane"),
        fill: WHITE,
        casing: WHITE_CASING,
        metres: 5.0,
        least: &[(2_500.0, 3.0), (15_000.0, 1.4)],
        hairline_from: 15_000.0,
        gone_from: 30_000.0,
        label_from: 6_000.0,
        label_priority: 48,
    },
    Look {
        class: "branch",
        name: Text::new("支路", "Local road"),
        fill: WHITE,
        casing: WHITE_CASING,
        metres: 8.5,
        least: &[(2_500.0, 4.0), (15_000.0, 2.0)],
        hairline_from: 22_000.0,
        gone_from: 60_000.0,
        label_from: 12_000.0,
        label_priority: 50,
    },
    Look {
        class: "collector",
        name: Text::new("次干路", "Collector"),
        fill: WHITE,
        casing: WHITE_CASING,
        metres: 16.0,
        least: &[(15_000.0, 3.0), (40_000.0, 1.5), (100_000.0, 0.7)],
        hairline_from: 60_000.0,
        gone_from: 100_000.0,
        label_from: 25_000.0,
        label_priority: 60,
    },
    Look {
        class: "arterial",
        name: Text::new("主干路", "Arterial"),
        fill: CREAM,
        casing: CREAM_CASING,
        metres: 26.0,
        least: &[(15_000.0, 4.0), (40_000.0, 2.8), (100_000.0, 1.0)],
        hairline_from: 80_000.0,
        gone_from: 400_000.0,
        label_from: 60_000.0,
        label_priority: 70,
    },
    Look {
        class: "motorway",
        name: Text::new("快速路", "Expressway"),
        fill: Ink::new(0xF6_D9A0, 0xA9_803F),
        casing: Ink::new(0xC9_9F57, 0x15_181B),
        metres: 30.0,
        least: &[(15_000.0, 4.5), (40_000.0, 3.2), (100_000.0, 2.0), (400_000.0, 1.2)],
        hairline_from: 150_000.0,
        gone_from: f64::INFINITY,
        label_from: 100_000.0,
        label_priority: 72,
    },
];

/// All casings lie under all fills, and a small class under a large one: so junctions close by themselves.
fn road_style() -> Style {
    let mut rules = Vec::new();
    let mut labels = Vec::new();
    for (rank, look) in LOOKS.iter().enumerate() {
        let rank = u8::try_from(rank).unwrap_or_default();
        rules.extend(look.rules(rank));
        labels.extend(look.labels());
    }
    Style::new(rules, labels)
}

impl Look {
    /// `road_class = '…'`; what has no known class is drawn as a local road.
    fn filter(&self) -> String {
        let class = self.class;
        if class == "branch" {
            return "road_class NOT IN ('lane', 'collector', 'arterial', 'motorway') OR road_class IS NULL".to_owned();
        }
        format!("road_class = '{class}'")
    }

    fn rules(&self, rank: u8) -> [Rule; 3] {
        let filter = self.filter();
        let width = look::ground(self.metres, self.least);
        let casing_width = Size::Plus(Box::new(width.clone()), 2.8);
        let near = ScaleRange::closer_than(self.hairline_from);
        let far = ScaleRange::between(self.hairline_from, self.gone_from);
        let thin = look::by_scale(&[(15_000.0, 0.55), (60_000.0, 0.7), (100_000.0, 1.0)]);
        let draw = |paint: Paint| Rule::all(vec![paint]).when(&filter);
        [
            draw(look::round_line(self.casing, casing_width)).at(near),
            Rule { name: self.name.clone(), ..draw(look::round_line(self.fill, width)).at(near).pass(1 + rank) },
            draw(look::line(self.hairline(), thin)).at(far),
        ]
    }

    /// On the light map a hairline in the fill's white would be lost on the land.
    fn hairline(&self) -> Ink {
        Ink { light: self.casing.light, dark: self.fill.dark }
    }

    /// Seen close, the name stands off the middle so that the pipes stay readable.
    fn labels(&self) -> [LabelRule; 2] {
        let size = look::by_scale(&[(2_500.0, 13.0), (15_000.0, 12.0)]);
        let name = LabelRule {
            filter: look::filter(&self.filter()),
            ..look::name_label(Placement::Along, self.label_priority, size)
        };
        let near = LabelRule { scale: look::STREET_VIEW, offset: 12.5, spacing: 0.1, ..name.clone() };
        let far = ScaleRange::between(look::STREET_VIEW.most, self.label_from);
        [near, LabelRule { scale: far, spacing: 0.1, ..name }]
    }
}

fn railway_style() -> Style {
    let rail = Ink::new(0x9A_978F, 0x5C_636B);
    let width = look::by_scale(&[(2_500.0, 5.0), (15_000.0, 3.4), (100_000.0, 1.8)]);
    let inside = look::by_scale(&[(2_500.0, 3.0), (15_000.0, 1.8), (100_000.0, 0.8)]);
    let bed = Rule::all(vec![look::line(rail, width)]).named("铁路", "Railway");
    let ties = Rule::all(vec![look::dashes(look::LAND, inside, &[8.0, 8.0])]).pass(1);
    let name = LabelRule {
        scale: ScaleRange::closer_than(30_000.0),
        offset: 8.0,
        ink: look::TEXT2,
        ..look::name_label(Placement::Along, 46, look::px(11.0))
    };
    Style::new(vec![bed, ties], vec![name])
}
