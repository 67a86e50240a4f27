//! Pipes and nodes as the workbench needs them: rows of the sewer kinds, with words read once.

use crate::geom::transform::Transform;
use crate::model::geometry::{Coords, Geometry, Visitor};
use crate::model::schema::Schema;
use crate::model::value::Value;

use super::parts::{OneLine, one_line};

/// A row in a layer of the city.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RowRef {
    /// Number of the layer, in the order in which layers were handed in.
    pub layer: u16,
    /// The row's id.
    pub id: i64,
}

/// What a sewer carries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum System {
    /// 雨水.
    Storm,
    /// 污水.
    Foul,
    /// 合流.
    Combined,
    /// Not known.
    #[default]
    Unknown,
}

/// What leads the water on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Link {
    /// A pipe or channel.
    #[default]
    Conduit,
    /// A pump.
    Pump,
    /// An orifice.
    Orifice,
    /// A weir.
    Weir,
    /// An outlet with a rating curve.
    Outlet,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum NodeType {
    /// 检查井.
    Manhole,
    /// 雨水口.
    Inlet,
    /// 暗井.
    Junction,
    /// 泵站.
    Pump,
    /// 排放口.
    Outfall,
    /// 污水处理厂.
    Plant,
    /// 调蓄池.
    Storage,
    /// 化粪池.
    Septic,
    /// Something else, or not known.
    #[default]
    Other,
}

/// One pipe, as its row says; levels in metres above the height datum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pipe {
    /// Its row.
    pub row: RowRef,
    /// 管段编号; empty for none.
    pub code: Box<str>,
    /// What it carries.
    pub system: System,
    /// What it is.
    pub link: Link,
    /// Nominal size (circles) or height of the section.
    pub diameter_mm: Option<f64>,
    /// Width of a section that is no circle.
    pub width_mm: Option<f64>,
    /// Section's code (`circle`, `rectangle` …); empty for none.
    pub section: Box<str>,
    /// Material's code.
    pub material: Box<str>,
    /// Length as the record says.
    pub stated_length_m: Option<f64>,
    /// Code of the node where it begins, as the record says; empty for none.
    pub from_code: Box<str>,
    /// Code of the node where it ends.
    pub to_code: Box<str>,
    /// Invert where it begins, as the record says.
    pub invert_up_m: Option<f64>,
    /// Invert where it ends.
    pub invert_down_m: Option<f64>,
    /// Manning's n.
    pub manning_n: Option<f64>,
    /// Pressure main.
    pub is_pressure: bool,
    /// Carries no water, by its state: planned, being built, or retired.
    pub is_out_of_use: bool,
    /// Year it was built.
    pub built_year: Option<i64>,
    /// Road it lies in.
    pub road: Box<str>,
    /// CJJ 181 grade, 1 to 4.
    pub rating: Option<i64>,
    /// Last day it was looked into, ISO 8601; empty for never.
    pub inspected_on: Box<str>,
    /// The drawn line, longitude and latitude in degrees; empty for a row without a place.
    pub line: Vec<[f64; 2]>,
    /// How much of that line nobody drew, because the drawing is in parts that do not touch, metres.
    pub gap_m: f64,
}

/// One node, as its row says; levels in metres above the height datum.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// Its row.
    pub row: RowRef,
    /// 井号; empty for none.
    pub code: Box<str>,
    /// Its name; empty for none.
    pub name: Box<str>,
    /// What it is.
    pub node_type: NodeType,
    /// The code of the manhole's kind (`intercepting`, `siphon`, `drop` …); empty for none.
    pub well: Box<str>,
    /// What it carries.
    pub system: System,
    /// Level of the ground.
    pub ground_m: Option<f64>,
    /// Level of its floor.
    pub bottom_m: Option<f64>,
    /// Depth as the record says.
    pub depth_m: Option<f64>,
    /// Road it lies in.
    pub road: Box<str>,
    /// Longitude and latitude in degrees; `None` for a row without a place.
    pub at: Option<[f64; 2]>,
}

/// The fields of a kind that are read of each pipe; [`RowReader::pipe`] wants their values in this order.
pub const PIPE_FIELDS: &[&str] = &[
    "code",
    "sewer_type",
    "link_type",
    "diameter_mm",
    "width_mm",
    "section",
    "material",
    "length_m",
    "from_node",
    "to_node",
    "invert_up_m",
    "invert_down_m",
    "manning_n",
    "is_pressure",
    "state",
    "built_year",
    "road_name",
    "rating",
    "inspected_on",
];

/// The fields that are read of each node.
pub const NODE_FIELDS: &[&str] = &[
    "code",
    "name",
    "node_type",
    "well_type",
    "sewer_type",
    "ground_level_m",
    "bottom_level_m",
    "depth_m",
    "road_name",
];

/// Reads rows of one layer: which of the wanted fields it has, and how its places become degrees.
#[derive(Debug)]
pub struct RowReader {
    layer: u16,
    /// Place of each wanted field among the values that are handed in.
    places: Vec<Option<usize>>,
    /// The fields to ask for, in the order in which their values are handed in.
    fields: Vec<String>,
    to_degrees: Option<Transform>,
}

impl RowReader {
    /// For a layer of the pipes' kind; `layer` is its number.
    pub fn pipes(layer: u16, schema: &Schema) -> Self {
        Self::new(layer, schema, PIPE_FIELDS)
    }

    /// For a layer of the nodes' kind.
    pub fn nodes(layer: u16, schema: &Schema) -> Self {
        Self::new(layer, schema, NODE_FIELDS)
    }

    /// For any layer: values come in the order of `wanted`, `Null` for fields that it has not.
    pub fn new(layer: u16, schema: &Schema, wanted: &[&str]) -> Self {
        let mut fields = Vec::new();
        let mut places = Vec::with_capacity(wanted.len());
        for id in wanted {
            let is_there = schema.field(id).is_some();
            places.push(is_there.then_some(fields.len()));
            fields.extend(is_there.then(|| (*id).to_owned()));
        }
        let to_degrees = Transform::new(schema.crs, crate::geom::crs::Crs::WGS84).ok();
        Self { layer, places, fields, to_degrees }
    }

    /// The fields to ask for.
    pub fn fields(&self) -> &[String] {
        &self.fields
    }

    /// The values of a whole row as [`RowReader::fields`] has them.
    pub fn pick(&self, schema: &Schema, row: &[Value]) -> Vec<Value> {
        let value = |id: &String| schema.field_index(id).and_then(|at| row.get(at)).cloned().unwrap_or_default();
        self.fields.iter().map(value).collect()
    }

    /// A value by its place among the wanted fields.
    pub fn value<'a>(&self, values: &'a [Value], wanted: usize) -> &'a Value {
        self.places.get(wanted).copied().flatten().and_then(|at| values.get(at)).unwrap_or(&Value::Null)
    }

    /// A value's words, trimmed; empty for none.
    pub fn words(&self, values: &[Value], wanted: usize) -> Box<str> {
        text(self.value(values, wanted))
    }

    /// One pipe.
    pub fn pipe(&self, id: i64, geometry: Option<&Geometry>, values: &[Value]) -> Pipe {
        let get = |wanted: usize| self.value(values, wanted);
        // The one size of a round pipe may stand in either column.
        let OneLine { line, gap_m } = geometry.map(|geometry| self.line(geometry)).unwrap_or_default();
        let is_round = matches!(get(5).as_str(), None | Some("" | "circle"));
        Pipe {
            row: RowRef { layer: self.layer, id },
            code: text(get(0)),
            system: System::of_code(get(1).as_str().unwrap_or_default()),
            link: Link::of_code(get(2).as_str().unwrap_or_default()),
            diameter_mm: get(3).as_f64().or_else(|| is_round.then(|| get(4).as_f64()).flatten()),
            width_mm: get(4).as_f64(),
            section: text(get(5)),
            material: text(get(6)),
            stated_length_m: get(7).as_f64(),
            from_code: text(get(8)),
            to_code: text(get(9)),
            invert_up_m: get(10).as_f64(),
            invert_down_m: get(11).as_f64(),
            manning_n: get(12).as_f64(),
            is_pressure: get(13).as_bool().unwrap_or_default(),
            is_out_of_use: matches!(get(14).as_str(), Some("planned" | "building" | "retired")),
            built_year: get(15).as_i64(),
            road: text(get(16)),
            rating: get(17).as_i64(),
            inspected_on: text(get(18)),
            line,
            gap_m,
        }
    }

    /// One node.
    pub fn node(&self, id: i64, geometry: Option<&Geometry>, values: &[Value]) -> Node {
        let get = |wanted: usize| self.value(values, wanted);
        Node {
            row: RowRef { layer: self.layer, id },
            code: text(get(0)),
            name: text(get(1)),
            node_type: NodeType::of_code(get(2).as_str().unwrap_or_default()),
            well: text(get(3)),
            system: System::of_code(get(4).as_str().unwrap_or_default()),
            ground_m: get(5).as_f64(),
            bottom_m: get(6).as_f64(),
            depth_m: get(7).as_f64(),
            road: text(get(8)),
            at: geometry.and_then(|geometry| self.point(geometry)),
        }
    }

    /// Where a point is, degrees.
    pub fn point(&self, geometry: &Geometry) -> Option<[f64; 2]> {
        self.line(geometry).line.first().copied()
    }

    /// The line of a shape, degrees, put together of its parts.
    fn line(&self, geometry: &Geometry) -> OneLine {
        let Some(to_degrees) = &self.to_degrees else { return OneLine::default() };
        let mut parts = Parts(Vec::new());
        geometry.walk(&mut parts);
        let degrees = |part: Vec<[f64; 2]>| {
            let part = part.into_iter().map(|at| to_degrees.point(at).ok()).collect::<Option<Vec<_>>>()?;
            part.iter().flatten().all(|it| it.is_finite()).then_some(part)
        };
        one_line(parts.0.into_iter().filter_map(degrees).collect())
    }
}

fn text(value: &Value) -> Box<str> {
    match value {
        Value::Null => Box::default(),
        Value::Text(text) => text.trim().into(),
        other => other.to_string().into(),
    }
}

/// Keeps all paths.
struct Parts(Vec<Vec<[f64; 2]>>);

impl Visitor for Parts {
    fn path(&mut self, coords: Coords<'_>) {
        self.0.push(coords.iter().collect());
    }
}

impl System {
    /// By the code of the kind's field.
    pub fn of_code(code: &str) -> Self {
        match code {
            "storm" => Self::Storm,
            "foul" => Self::Foul,
            "combined" => Self::Combined,
            _ => Self::Unknown,
        }
    }

    /// The code of the kind's field.
    pub fn code(self) -> &'static str {
        match self {
            Self::Storm => "storm",
            Self::Foul => "foul",
            Self::Combined => "combined",
            Self::Unknown => "unknown",
        }
    }
}

impl Link {
    /// By the code of the kind's field.
    pub fn of_code(code: &str) -> Self {
        match code {
            "pump" => Self::Pump,
            "orifice" => Self::Orifice,
            "weir" => Self::Weir,
            "outlet" => Self::Outlet,
            _ => Self::Conduit,
        }
    }
}

impl NodeType {
    /// By the code of the kind's field.
    pub fn of_code(code: &str) -> Self {
        match code {
            "manhole" => Self::Manhole,
            "inlet" => Self::Inlet,
            "junction" => Self::Junction,
            "pump" => Self::Pump,
            "outfall" => Self::Outfall,
            "plant" => Self::Plant,
            "storage" => Self::Storage,
            "septic" => Self::Septic,
            _ => Self::Other,
        }
    }

    /// The code of the kind's field.
    pub fn code(self) -> &'static str {
        match self {
            Self::Manhole => "manhole",
            Self::Inlet => "inlet",
            Self::Junction => "junction",
            Self::Pump => "pump",
            Self::Outfall => "outfall",
            Self::Plant => "plant",
            Self::Storage => "storage",
            Self::Septic => "septic",
            Self::Other => "other",
        }
    }
}

impl Pipe {
    /// Whether water runs in it by its own fall.
    pub fn is_gravity(&self) -> bool {
        !self.is_pressure && self.link == Link::Conduit
    }

    /// Length as the record says, metres; `None` for one that is none.
    pub fn recorded_length_m(&self) -> Option<f64> {
        self.stated_length_m.filter(|&length_m| length_m > 0.0 && length_m.is_finite())
    }

    /// Whether it is an open or irregular channel rather than a pipe.
    pub fn is_channel(&self) -> bool {
        matches!(&*self.section, "trapezoid" | "triangle" | "irregular")
    }
}
