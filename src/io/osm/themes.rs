//! Which tags make which layer, and what stands in its columns. All of it is data; names of layers and ids of columns
//! are those of the base map, so that an import knows where they belong.
//!
//! Tags: <https://wiki.openstreetmap.org/wiki/Map_features>.

use super::element::{Tag, tag};
use crate::model::schema::Field;
use crate::model::value::{FieldType, Value};

/// What an element is before anybody looks at its tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Point,
    Line,
    Area,
}

/// A layer that a file can become.
pub(super) struct Theme {
    pub name: &'static str,
    pub shape: Shape,
    rules: &'static [Rule],
    columns: &'static [Column],
}

/// `key` with one of these values, or with any; what goes into the theme's class column by it.
struct Rule {
    key: &'static str,
    /// Value and class; the value `*` is any but `no`.
    values: &'static [(&'static str, &'static str)],
}

/// One column: its id, its names, where its values come from.
struct Column(&'static str, &'static str, &'static str, From);

/// Where a value comes from.
#[derive(Clone, Copy)]
enum From {
    /// `way/123`.
    Id,
    /// The name in Chinese, if there is one; in whatever language otherwise.
    Name,
    NameEn,
    /// The class by the rule that took the element.
    Class,
    /// The key and the value that took the element.
    Key,
    Value,
    /// A tag as it stands.
    Words(&'static str),
    Whole(&'static str),
    /// A number, perhaps with `m` behind it.
    Metres(&'static str),
    YesNo(&'static str),
    Year(&'static str),
    Address,
    /// A tag by other words.
    Coded(&'static str, &'static [(&'static str, &'static str)]),
}

impl From {
    fn field_type(self) -> FieldType {
        match self {
            Self::Whole(_) | Self::Year(_) => FieldType::Int,
            Self::Metres(_) => FieldType::Real,
            Self::YesNo(_) => FieldType::Bool,
            _ => FieldType::Text,
        }
    }
}

const ID: Column = Column("osm_id", "OSM 编号", "OSM id", From::Id);
const NAME: Column = Column("name", "名称", "Name", From::Name);
const NAME_EN: Column = Column("name_en", "英文名", "English name", From::NameEn);

/// Every theme; an element goes to the first of its shape that has a rule for it.
pub(super) const THEMES: &[Theme] = &[
    Theme { name: "道路", shape: Shape::Line, rules: ROADS, columns: ROAD_COLUMNS },
    Theme { name: "铁路", shape: Shape::Line, rules: RAILWAYS, columns: RAILWAY_COLUMNS },
    Theme { name: "河流", shape: Shape::Line, rules: RIVERS, columns: WATER_COLUMNS },
    Theme { name: "建筑", shape: Shape::Area, rules: BUILDINGS, columns: BUILDING_COLUMNS },
    Theme { name: "水系", shape: Shape::Area, rules: WATERS, columns: WATER_COLUMNS },
    Theme { name: "绿地", shape: Shape::Area, rules: GREENS, columns: GREEN_COLUMNS },
    Theme { name: "小区与地块", shape: Shape::Area, rules: LAND_USES, columns: LAND_USE_COLUMNS },
    Theme { name: "区县", shape: Shape::Area, rules: DISTRICTS, columns: BOUNDARY_COLUMNS },
    Theme { name: "街道", shape: Shape::Area, rules: STREETS, columns: BOUNDARY_COLUMNS },
    Theme { name: "社区", shape: Shape::Area, rules: COMMUNITIES, columns: BOUNDARY_COLUMNS },
    Theme { name: "行政区", shape: Shape::Area, rules: BOUNDARIES, columns: BOUNDARY_COLUMNS },
    Theme { name: "地名", shape: Shape::Point, rules: PLACES, columns: PLACE_COLUMNS },
    Theme { name: "兴趣点", shape: Shape::Point, rules: POIS, columns: POI_COLUMNS },
];

const ROADS: &[Rule] = &[Rule {
    key: "highway",
    values: &[
        ("motorway", "motorway"),
        ("motorway_link", "motorway"),
        ("trunk", "motorway"),
        ("trunk_link", "motorway"),
        ("primary", "arterial"),
        ("primary_link", "arterial"),
        ("secondary", "collector"),
        ("secondary_link", "collector"),
        ("tertiary", "branch"),
        ("tertiary_link", "branch"),
        ("residential", "branch"),
        ("unclassified", "branch"),
        ("road", "branch"),
        ("service", "lane"),
        ("living_street", "lane"),
        ("pedestrian", "lane"),
        ("track", "lane"),
        ("footway", "lane"),
        ("cycleway", "lane"),
        ("path", "lane"),
        ("steps", "lane"),
        ("bridleway", "lane"),
        ("busway", "lane"),
    ],
}];
const ROAD_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("code", "道路编号", "Road number", From::Words("ref")),
    Column("road_class", "道路等级", "Road class", From::Class),
    Column("osm_class", "OSM 类型", "OSM class", From::Value),
    Column("lanes", "车道数", "Lanes", From::Whole("lanes")),
    Column("width_m", "宽度", "Width", From::Metres("width")),
    Column("one_way", "单行", "One way", From::YesNo("oneway")),
    Column(
        "surface",
        "路面",
        "Surface",
        From::Coded(
            "surface",
            &[
                ("asphalt", "asphalt"),
                ("concrete", "concrete"),
                ("concrete:plates", "concrete"),
                ("concrete:lanes", "concrete"),
                ("paving_stones", "stone"),
                ("sett", "stone"),
                ("cobblestone", "stone"),
                ("unhewn_cobblestone", "stone"),
                ("*", "other"),
            ],
        ),
    ),
    Column("maintainer", "养护单位", "Maintainer", From::Words("operator")),
    Column("is_bridge", "桥", "Bridge", From::YesNo("bridge")),
    Column("is_tunnel", "隧道", "Tunnel", From::YesNo("tunnel")),
];

const RAILWAYS: &[Rule] = &[Rule {
    key: "railway",
    values: &[
        ("rail", ""),
        ("subway", ""),
        ("light_rail", ""),
        ("tram", ""),
        ("narrow_gauge", ""),
        ("monorail", ""),
        ("preserved", ""),
        ("funicular", ""),
    ],
}];
const RAILWAY_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("railway_type", "类型", "Type", From::Value),
    Column("tracks", "股道数", "Tracks", From::Whole("tracks")),
    Column("is_bridge", "桥", "Bridge", From::YesNo("bridge")),
    Column("is_tunnel", "隧道", "Tunnel", From::YesNo("tunnel")),
];

const RIVERS: &[Rule] = &[Rule {
    key: "waterway",
    values: &[
        ("river", "river"),
        ("stream", "river"),
        ("tidal_channel", "river"),
        ("canal", "canal"),
        ("drain", "canal"),
        ("ditch", "canal"),
    ],
}];
const WATERS: &[Rule] = &[
    Rule {
        key: "water",
        values: &[
            ("river", "river"),
            ("stream", "river"),
            ("oxbow", "river"),
            ("lake", "lake"),
            ("reservoir", "lake"),
            ("lagoon", "lake"),
            ("pond", "pond"),
            ("basin", "pond"),
            ("fishpond", "pond"),
            ("wastewater", "pond"),
            ("fountain", "pond"),
            ("canal", "canal"),
            ("ditch", "canal"),
            ("moat", "canal"),
            ("*", ""),
        ],
    },
    Rule { key: "natural", values: &[("water", "")] },
    Rule { key: "waterway", values: &[("riverbank", "river"), ("dock", "")] },
    Rule { key: "landuse", values: &[("reservoir", "lake"), ("basin", "pond"), ("aquaculture", "pond")] },
];
const WATER_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("water_type", "类型", "Type", From::Class),
    Column("maintainer", "管护单位", "Maintainer", From::Words("operator")),
];

const BUILDINGS: &[Rule] = &[Rule {
    key: "building",
    values: &[
        ("yes", ""),
        ("apartments", "residential"),
        ("residential", "residential"),
        ("house", "residential"),
        ("detached", "residential"),
        ("semidetached_house", "residential"),
        ("terrace", "residential"),
        ("bungalow", "residential"),
        ("dormitory", "residential"),
        ("commercial", "commercial"),
        ("retail", "commercial"),
        ("supermarket", "commercial"),
        ("hotel", "commercial"),
        ("kiosk", "commercial"),
        ("office", "office"),
        ("industrial", "industrial"),
        ("warehouse", "industrial"),
        ("manufacture", "industrial"),
        ("factory", "industrial"),
        ("school", "school"),
        ("university", "school"),
        ("college", "school"),
        ("kindergarten", "school"),
        ("hospital", "hospital"),
        ("clinic", "hospital"),
        ("public", "public"),
        ("civic", "public"),
        ("government", "public"),
        ("train_station", "public"),
        ("transportation", "public"),
        ("museum", "public"),
        ("stadium", "public"),
        ("*", "other"),
    ],
}];
const BUILDING_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("building_use", "用途", "Use", From::Class),
    Column("osm_class", "OSM 类型", "OSM class", From::Value),
    Column("floors", "层数", "Floors", From::Whole("building:levels")),
    Column("height_m", "高度", "Height", From::Metres("height")),
    Column("built_year", "建成年份", "Year built", From::Year("start_date")),
    Column("address", "地址", "Address", From::Address),
];

const GREENS: &[Rule] = &[
    Rule { key: "leisure", values: &[("park", "park"), ("garden", "park"), ("nature_reserve", "protective")] },
    Rule {
        key: "landuse",
        values: &[("forest", "woodland"), ("grass", ""), ("village_green", "park"), ("meadow", ""), ("greenfield", "")],
    },
    Rule { key: "natural", values: &[("wood", "woodland"), ("scrub", ""), ("grassland", ""), ("heath", "")] },
];
const GREEN_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("green_type", "类型", "Type", From::Class),
    Column("osm_class", "OSM 类型", "OSM class", From::Value),
    Column("maintainer", "养护单位", "Maintainer", From::Words("operator")),
];

const LAND_USES: &[Rule] = &[
    Rule {
        key: "amenity",
        values: &[
            ("school", "school"),
            ("university", "school"),
            ("college", "school"),
            ("kindergarten", "school"),
            ("hospital", "hospital"),
            ("clinic", "hospital"),
            ("marketplace", "commercial"),
            ("townhall", "public"),
            ("library", "public"),
            ("community_centre", "public"),
        ],
    },
    Rule { key: "leisure", values: &[("sports_centre", "sports"), ("stadium", "sports"), ("golf_course", "sports")] },
    Rule {
        key: "landuse",
        values: &[
            ("residential", "residential"),
            ("commercial", "commercial"),
            ("retail", "commercial"),
            ("industrial", "industrial"),
            ("port", "industrial"),
            ("depot", "industrial"),
            ("education", "school"),
            ("institutional", "public"),
            ("government", "public"),
            ("civic_admin", "public"),
            ("*", "other"),
        ],
    },
];
const LAND_USE_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("land_use", "用途", "Use", From::Class),
    Column("osm_class", "OSM 类型", "OSM class", From::Value),
    Column("address", "地址", "Address", From::Address),
];

// Levels as they are used in China.
const DISTRICTS: &[Rule] = &[Rule { key: "admin_level", values: &[("6", "")] }];
const STREETS: &[Rule] = &[Rule { key: "admin_level", values: &[("8", "")] }];
const COMMUNITIES: &[Rule] = &[Rule { key: "admin_level", values: &[("10", "")] }];
const BOUNDARIES: &[Rule] = &[Rule { key: "boundary", values: &[("administrative", "")] }];
const BOUNDARY_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("admin_level", "行政级别", "Administrative level", From::Whole("admin_level")),
    Column("population", "常住人口", "Population", From::Whole("population")),
];

const PLACES: &[Rule] = &[Rule { key: "place", values: &[("*", "")] }];
const PLACE_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("place_type", "地名类型", "Kind of place", From::Value),
    Column("population", "常住人口", "Population", From::Whole("population")),
];

const ANY: &[(&str, &str)] = &[("*", "")];
const POIS: &[Rule] = &[
    Rule { key: "amenity", values: ANY },
    Rule { key: "shop", values: ANY },
    Rule { key: "tourism", values: ANY },
    Rule { key: "healthcare", values: ANY },
    Rule { key: "office", values: ANY },
    Rule { key: "craft", values: ANY },
    Rule { key: "leisure", values: ANY },
    Rule { key: "historic", values: ANY },
    Rule { key: "emergency", values: ANY },
    Rule { key: "railway", values: &[("station", ""), ("halt", ""), ("subway_entrance", ""), ("tram_stop", "")] },
    Rule { key: "highway", values: &[("bus_stop", "")] },
    Rule { key: "aeroway", values: ANY },
];
const POI_COLUMNS: &[Column] = &[
    ID,
    NAME,
    NAME_EN,
    Column("category", "大类", "Category", From::Key),
    Column("poi_type", "小类", "Type", From::Value),
    Column("address", "地址", "Address", From::Address),
    Column("phone", "电话", "Phone", From::Words("phone")),
    Column("operator", "运营单位", "Operator", From::Words("operator")),
    Column("opening_hours", "开放时间", "Opening hours", From::Words("opening_hours")),
];

/// Keys that say what an element is, wherever they stand.
const MAIN_KEYS: &[&str] = &[
    "highway",
    "building",
    "natural",
    "landuse",
    "amenity",
    "leisure",
    "barrier",
    "power",
    "railway",
    "waterway",
    "man_made",
    "boundary",
    "route",
    "tourism",
    "public_transport",
    "aeroway",
    "historic",
    "place",
];

/// Keys that say something about an element's record, and not what it is.
const SIDE_KEYS: &[&str] = &[
    "source",
    "created_by",
    "note",
    "fixme",
    concat!("FIX", "ME"),
    "name",
    "int_name",
    "ref",
    "type",
    "attribution",
    "description",
];

/// What took an element: its theme and the tag.
#[derive(Clone, Copy, Debug)]
pub(super) struct Taken<'a> {
    /// Place in [`THEMES`].
    pub theme: usize,
    key: &'a str,
    value: &'a str,
    class: &'static str,
}

/// The theme that takes an element of this shape with these tags.
pub(super) fn theme_of<'a>(shape: Shape, tags: &[Tag<'a>]) -> Option<Taken<'a>> {
    THEMES.iter().enumerate().filter(|(_, theme)| theme.shape == shape).find_map(|(place, theme)| {
        theme.rules.iter().find_map(|rule| {
            let (key, value) = *tags.iter().find(|(key, _)| *key == rule.key)?;
            let class = word_for(rule.values, value)?;
            Some(Taken { theme: place, key, value, class })
        })
    })
}

fn word_for(words: &[(&'static str, &'static str)], value: &str) -> Option<&'static str> {
    let matches = |word: &str| word == value || (word == "*" && !matches!(value, "no" | ""));
    words.iter().find(|(word, _)| matches(word)).map(|(_, other)| *other)
}

/// The tag that says what an element is that no theme takes.
pub(super) fn main_key<'a>(tags: &[Tag<'a>]) -> Option<&'a str> {
    let keys = || tags.iter().map(|(key, _)| *key);
    let is_main = |key: &&str| !SIDE_KEYS.contains(key) && !key.contains(':');
    keys().find(|key| MAIN_KEYS.contains(key)).or_else(|| keys().find(is_main))
}

impl Theme {
    /// The columns of the layer.
    pub(super) fn fields(&self) -> Vec<Field> {
        self.columns.iter().map(|Column(id, zh, en, from)| Field::new(*id, from.field_type(), zh, en)).collect()
    }

    /// The values of an element that is called so.
    pub(super) fn values(&self, id: &str, taken: Taken<'_>, tags: &[Tag<'_>]) -> Vec<Value> {
        self.columns.iter().map(|column| value(column.3, id, taken, tags)).collect()
    }
}

fn value(from: From, id: &str, taken: Taken<'_>, tags: &[Tag<'_>]) -> Value {
    let words = |words: &str| if words.is_empty() { Value::Null } else { Value::from(words) };
    match from {
        From::Id => Value::from(id),
        From::Name => name(tags).map_or(Value::Null, words),
        From::NameEn => tag(tags, "name:en").or_else(|| tag(tags, "int_name")).map_or(Value::Null, words),
        From::Class => words(taken.class),
        From::Key => words(taken.key),
        From::Value => words(taken.value),
        From::Words(key) => tag(tags, key).map_or(Value::Null, words),
        From::Whole(key) => tag(tags, key).and_then(metres).map(|number| number.round() as i64).into(),
        From::Metres(key) => tag(tags, key).and_then(metres).into(),
        From::YesNo(key) => tag(tags, key).map(|value| !matches!(value, "no" | "false" | "0")).into(),
        From::Year(key) => {
            let year = tag(tags, key).and_then(|date| date.get(..4)?.parse::<i64>().ok());
            year.filter(|year| (1000..3000).contains(year)).into()
        }
        From::Address => address(tags).into(),
        From::Coded(key, codes) => tag(tags, key).and_then(|value| word_for(codes, value)).map_or(Value::Null, words),
    }
}

/// The name in Chinese, wherever it stands; without one the name as it is.
fn name<'a>(tags: &[Tag<'a>]) -> Option<&'a str> {
    let plain = tag(tags, "name");
    let is_chinese = |name: &&str| name.chars().any(|character| ('\u{3400}'..='\u{9fff}').contains(&character));
    let chinese = || tag(tags, "name:zh").or_else(|| tag(tags, "name:zh-Hans"));
    plain.filter(is_chinese).or_else(chinese).or(plain)
}

/// `12`, `12.5 m`; feet and anything else are not read.
fn metres(words: &str) -> Option<f64> {
    let words = words.trim();
    let number = words.strip_suffix('m').map_or(words, str::trim_end);
    number.parse::<f64>().ok().filter(|number| number.is_finite() && number.abs() < 1e15)
}

fn address(tags: &[Tag<'_>]) -> Option<String> {
    if let Some(full) = tag(tags, "addr:full") {
        return Some(full.to_owned());
    }
    let street = tag(tags, "addr:street").or_else(|| tag(tags, "addr:place"))?;
    let Some(number) = tag(tags, "addr:housenumber") else { return Some(street.to_owned()) };
    Some(if street.is_ascii() { format!("{number} {street}") } else { format!("{street}{number}") })
}
