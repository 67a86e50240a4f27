//! What a description of a system says, whichever of its three languages it is in.

use serde_json::Value;

use super::ellipsoid::{Ellipsoid, Helmert};
use super::krueger::Gauss;
use super::wkt::squeezed;
use super::wkt_tree::Node;

/// What kind of coordinates a description is of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Kind {
    Degrees,
    Plane,
    #[default]
    Other,
}

/// What is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Facts {
    pub(super) kind: Kind,
    pub(super) name: String,
    /// A number of EPSG for the whole system.
    pub(super) code: Option<u32>,
    /// Name of the degrees below a plane.
    pub(super) degrees_name: String,
    pub(super) datum: String,
    pub(super) ellipsoid: Option<Ellipsoid>,
    pub(super) to_wgs84: Option<Helmert>,
    /// Longitude that degrees are counted from.
    pub(super) meridian_of_zero_deg: f64,
    /// Name of the projection, letters and digits alone.
    pub(super) method: String,
    /// Its parameters: name as [`squeezed`], value as written.
    pub(super) parameters: Vec<(String, f64)>,
    /// Metres of the unit of the plane.
    pub(super) unit_m: f64,
    /// The line of a system of ours.
    pub(super) own_line: Option<String>,
    /// The PROJ string that another program put in.
    pub(super) proj_extension: Option<String>,
}

impl Facts {
    /// Reads well-known text or PROJJSON; none for anything else.
    pub(super) fn read(text: &str) -> Option<Self> {
        if text.starts_with('{') {
            return of_json(&serde_json::from_str(text).ok()?, 0);
        }
        of_node(&Node::read(text)?, 0)
    }

    /// The value of a parameter under any of its names.
    fn parameter(&self, names: &[&str]) -> Option<f64> {
        self.parameters.iter().find(|(name, _)| names.contains(&name.as_str())).map(|(_, value)| *value)
    }

    fn usual(&self, parameter: Parameter) -> f64 {
        self.parameter(parameter.names).unwrap_or(parameter.usual)
    }

    /// The Gauss–Krüger plane that is meant, and the metres of its unit.
    pub(super) fn gauss(&self) -> Option<(Gauss, f64)> {
        let is_gauss = matches!(self.method.as_str(), "transversemercator" | "gausskruger" | "gausskrueger");
        let given = Gauss {
            meridian_deg: self.parameter(MERIDIAN.names)?,
            origin_deg: self.usual(ORIGIN),
            scale: self.usual(SCALE),
            false_easting_m: self.usual(EASTING) * self.unit_m,
            false_northing_m: self.usual(NORTHING) * self.unit_m,
        };
        is_gauss.then_some((given, self.unit_m))
    }

    /// Whether this is the plane of web maps, under one of its many names.
    pub(super) fn is_web_mercator(&self) -> bool {
        let name = squeezed(&self.name);
        let is_named = ["pseudomercator", "webmercator"].iter().any(|word| name.contains(word));
        let is_plane = matches!(self.method.as_str(), "mercatorauxiliarysphere" | "popularvisualisationpseudomercator");
        self.kind == Kind::Plane && (is_plane || is_named && self.method.starts_with("mercator"))
    }

    /// All of it as a PROJ string; none for a projection that has no word here.
    pub(super) fn proj_string(&self) -> Option<String> {
        let on = self.ellipsoid?;
        let datum = match self.to_wgs84.filter(|shift| shift.numbers() != [0.0; 7]) {
            Some(shift) => format!(" +towgs84={}", shift.towgs84().map(|number| number.to_string()).join(",")),
            None => String::new(),
        };
        let inverse = if on.f == 0.0 { 0.0 } else { 1.0 / on.f };
        let zero = match self.meridian_of_zero_deg {
            0.0 => String::new(),
            zero => format!(" +pm={zero}"),
        };
        let ellipsoid =
            if inverse == 0.0 { format!("+a={0} +b={0}", on.a_m) } else { format!("+a={} +rf={inverse}", on.a_m) };
        let plane = match self.kind {
            Kind::Degrees => return Some(format!("+proj=longlat {ellipsoid}{datum}{zero} +no_defs")),
            Kind::Plane => self.plane_words()?,
            Kind::Other => return None,
        };
        let unit = if self.unit_m == 1.0 { "+units=m".to_owned() } else { format!("+to_meter={}", self.unit_m) };
        Some(format!("{plane} {ellipsoid}{datum}{zero} {unit} +no_defs"))
    }

    fn plane_words(&self) -> Option<String> {
        let parallels = || Some((self.parameter(FIRST_PARALLEL)?, self.parameter(SECOND_PARALLEL)?));
        let name = match self.method.as_str() {
            "transversemercator" | "gausskruger" | "gausskrueger" => format!("tmerc +k={}", self.usual(SCALE)),
            "lambertconformalconic" | "lambertconformalconic2sp" | "lambertconicconformal2sp"
                if parallels().is_some() =>
            {
                let (first, second) = parallels()?;
                format!("lcc +lat_1={first} +lat_2={second}")
            }
            "albers" | "albersconicequalarea" | "albersequalarea" => {
                let (first, second) = parallels()?;
                format!("aea +lat_1={first} +lat_2={second}")
            }
            "mercator1sp" | "mercatorvarianta" => format!("merc +k={}", self.usual(SCALE)),
            _ => return None,
        };
        let (meridian, origin) = (self.usual(MERIDIAN), self.usual(ORIGIN));
        let (east_m, north_m) = (self.usual(EASTING) * self.unit_m, self.usual(NORTHING) * self.unit_m);
        Some(format!("+proj={name} +lat_0={origin} +lon_0={meridian} +x_0={east_m} +y_0={north_m}"))
    }
}

/// A parameter of a projection: the names it goes by, and what it is when it is not given.
struct Parameter {
    names: &'static [&'static str],
    usual: f64,
}

const MERIDIAN: Parameter = Parameter {
    names: &[
        "centralmeridian",
        "longitudeofnaturalorigin",
        "longitudeoforigin",
        "longitudeofcenter",
        "longitudeofcentre",
        "longitudeoffalseorigin",
    ],
    usual: 0.0,
};
const ORIGIN: Parameter = Parameter {
    names: &[
        "latitudeoforigin",
        "latitudeofnaturalorigin",
        "latitudeofcenter",
        "latitudeofcentre",
        "latitudeoffalseorigin",
        "centralparallel",
    ],
    usual: 0.0,
};
const SCALE: Parameter = Parameter { names: &["scalefactor", "scalefactoratnaturalorigin"], usual: 1.0 };
const EASTING: Parameter = Parameter { names: &["falseeasting", "eastingatfalseorigin"], usual: 0.0 };
const NORTHING: Parameter = Parameter { names: &["falsenorthing", "northingatfalseorigin"], usual: 0.0 };
const FIRST_PARALLEL: &[&str] = &["standardparallel1", "latitudeof1ststandardparallel"];
const SECOND_PARALLEL: &[&str] = &["standardparallel2", "latitudeof2ndstandardparallel"];

fn of_node(node: &Node, depth: usize) -> Option<Facts> {
    let deeper = |keywords: &[&str]| of_node(node.child(keywords)?, depth + 1);
    if depth > 4 {
        return None;
    }
    let mut facts = match node.keyword.as_str() {
        "GEOGCS" | "GEOGCRS" | "GEODCRS" | "GEOGRAPHICCRS" | "GEODETICCRS" => degrees(node),
        "PROJCS" | "PROJCRS" | "PROJECTEDCRS" => plane(node),
        "COMPD_CS" | "COMPOUNDCRS" => {
            // Heights are another matter; the first part says where things are.
            let first = node.nodes().find_map(|part| of_node(part, depth + 1))?;
            Facts { name: first.name.clone(), ..first }
        }
        "BOUNDCRS" => {
            let source = of_node(node.child(&["SOURCECRS"])?.nodes().next()?, depth + 1)?;
            Facts { to_wgs84: bound_shift(node).or(source.to_wgs84), ..source }
        }
        "LOCAL_CS" | "ENGCRS" | "ENGINEERINGCRS" | "GEOCCS" => Facts::default(),
        _ => return deeper(&["PROJCS", "PROJCRS", "GEOGCS", "GEOGCRS"]),
    };
    if facts.name.is_empty() {
        node.name().clone_into(&mut facts.name);
    }
    facts.code = facts.code.or_else(|| code_of(node));
    for extension in node.nodes().filter(|child| child.keyword == "EXTENSION") {
        match extension.texts()[..] {
            ["CITYGRID", line] => facts.own_line = Some(line.to_owned()),
            ["PROJ4", words] => facts.proj_extension = Some(words.to_owned()),
            _ => {}
        }
    }
    Some(facts)
}

fn code_of(node: &Node) -> Option<u32> {
    let id = node.child(&["AUTHORITY", "ID"])?;
    let texts = id.texts();
    let [authority, code, ..] = texts[..] else { return None };
    is_authority(authority).then(|| code.trim().parse().ok()).flatten().map(usual_code)
}

fn is_authority(name: &str) -> bool {
    ["EPSG", "ESRI"].iter().any(|known| name.eq_ignore_ascii_case(known))
}

/// Esri's own numbers for the plane of web maps.
fn usual_code(code: u32) -> u32 {
    match code {
        900_913 | 102_100 | 102_113 | 3785 => 3857,
        code => code,
    }
}

fn degrees(node: &Node) -> Facts {
    let datum = node.child(&["DATUM", "GEODETICDATUM", "TRF", "ENSEMBLE"]);
    let inside = |keywords: &[&str]| datum.and_then(|datum| datum.child(keywords));
    let numbers = inside(&["SPHEROID", "ELLIPSOID"]).map(Node::numbers).unwrap_or_default();
    let ellipsoid = match numbers[..] {
        [a_m, inverse, ..] => Ellipsoid::new(a_m, inverse),
        _ => None,
    };
    let to_wgs84 = inside(&["TOWGS84"]).or_else(|| node.child(&["TOWGS84"])).map(Node::numbers);
    let zero = node.child(&["PRIMEM", "PRIMEMERIDIAN"]).and_then(|zero| zero.numbers().first().copied());
    Facts {
        kind: Kind::Degrees,
        name: node.name().to_owned(),
        degrees_name: node.name().to_owned(),
        datum: datum.map(Node::name).unwrap_or_default().to_owned(),
        ellipsoid,
        to_wgs84: to_wgs84.and_then(|numbers| Helmert::from_towgs84(&numbers)),
        meridian_of_zero_deg: zero.unwrap_or(0.0),
        unit_m: 1.0,
        ..Facts::default()
    }
}

fn plane(node: &Node) -> Facts {
    let below = node.child(&["GEOGCS", "BASEGEOGCRS", "BASEGEODCRS", "GEOGCRS", "GEODCRS"]);
    // The second generation puts projection and parameters into a node of their own.
    let conversion = node.child(&["CONVERSION"]).unwrap_or(node);
    let method = conversion.child(&["PROJECTION", "METHOD"]).map(Node::name).unwrap_or_default();
    let parameters = conversion.nodes().filter(|child| child.keyword == "PARAMETER");
    let parameters = parameters.filter_map(|it| Some((squeezed(it.name()), last_number(it)?)));
    let unit = node.child(&["UNIT", "LENGTHUNIT"]).or_else(|| {
        let axis = node.nodes().find(|child| child.keyword == "AXIS")?;
        axis.child(&["LENGTHUNIT", "UNIT"])
    });
    let unit_m = unit.and_then(last_number).filter(|unit_m| (1e-4..=1e6).contains(unit_m)).unwrap_or(1.0);
    Facts {
        kind: Kind::Plane,
        name: node.name().to_owned(),
        method: squeezed(method),
        parameters: parameters.collect(),
        unit_m,
        ..below.map(degrees).unwrap_or_default()
    }
}

/// The number behind the name, which may be a number itself.
fn last_number(node: &Node) -> Option<f64> {
    let behind: Vec<&str> = node.texts().into_iter().skip(1).collect();
    behind.first()?.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

/// The seven parameters of a `BOUNDCRS`, by the names of EPSG 9606 and 9607.
fn bound_shift(node: &Node) -> Option<Helmert> {
    let steps = node.child(&["ABRIDGEDTRANSFORMATION"])?;
    let number = |name: &str| {
        let parameter = steps.nodes().find(|child| squeezed(child.name()).starts_with(name))?;
        last_number(parameter)
    };
    let axis = |name: &str| number(name).unwrap_or(0.0);
    // The factor of scale is written as such here, not in parts per million.
    let scale_ppm = number("scaledifference").map_or(0.0, |scale| (scale - 1.0) * 1e6);
    let method = steps.child(&["METHOD"]).map(Node::name).unwrap_or_default();
    let sign = if squeezed(method).contains("coordinateframe") { -1.0 } else { 1.0 };
    let turns = ["xaxisrotation", "yaxisrotation", "zaxisrotation"].map(|name| sign * axis(name));
    let moves = ["xaxistranslation", "yaxistranslation", "zaxistranslation"].map(axis);
    let [(x, y, z), (rx, ry, rz)] = [moves, turns].map(|it| (it[0], it[1], it[2]));
    Helmert::from_towgs84(&[x, y, z, rx, ry, rz, scale_ppm])
}

fn of_json(value: &Value, depth: usize) -> Option<Facts> {
    if depth > 4 {
        return None;
    }
    let name = value["name"].as_str().unwrap_or_default().to_owned();
    let mut facts = match value["type"].as_str()? {
        "GeographicCRS" | "GeodeticCRS" => json_degrees(value),
        "ProjectedCRS" => json_plane(value),
        "CompoundCRS" => of_json(value["components"].get(0)?, depth + 1)?,
        "BoundCRS" => of_json(&value["source_crs"], depth + 1)?,
        "EngineeringCRS" => Facts::default(),
        _ => return None,
    };
    if facts.name.is_empty() {
        facts.name = name;
    }
    let id = &value["id"];
    let number = id["code"].as_u64().or_else(|| id["code"].as_str()?.parse().ok());
    let code = number.filter(|_| id["authority"].as_str().is_some_and(is_authority));
    facts.code = facts.code.or_else(|| u32::try_from(code?).ok().map(usual_code));
    Some(facts)
}

fn json_degrees(value: &Value) -> Facts {
    let datum = if value["datum"].is_object() { &value["datum"] } else { &value["datum_ensemble"] };
    let on = &datum["ellipsoid"];
    let number = |value: &Value| value.as_f64().or_else(|| value["value"].as_f64());
    let axis = number(&on["semi_major_axis"]).or_else(|| number(&on["radius"]));
    let inverse = number(&on["inverse_flattening"]).or_else(|| {
        let (a_m, b_m) = (axis?, number(&on["semi_minor_axis"]).or(axis)?);
        Some(if a_m == b_m { 0.0 } else { a_m / (a_m - b_m) })
    });
    let zero = number(&datum["prime_meridian"]["longitude"]).unwrap_or(0.0);
    let name = value["name"].as_str().unwrap_or_default();
    Facts {
        kind: Kind::Degrees,
        name: name.to_owned(),
        degrees_name: name.to_owned(),
        datum: datum["name"].as_str().unwrap_or_default().to_owned(),
        ellipsoid: axis.zip(inverse).and_then(|(a_m, inverse)| Ellipsoid::new(a_m, inverse)),
        meridian_of_zero_deg: zero,
        unit_m: 1.0,
        ..Facts::default()
    }
}

fn json_plane(value: &Value) -> Facts {
    let conversion = &value["conversion"];
    let parameters = conversion["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    let parameters = parameters.iter().filter_map(|it| Some((squeezed(it["name"].as_str()?), it["value"].as_f64()?)));
    let unit = &value["coordinate_system"]["axis"][0]["unit"];
    let unit_m = unit["conversion_factor"].as_f64().filter(|unit_m| (1e-4..=1e6).contains(unit_m));
    Facts {
        kind: Kind::Plane,
        name: value["name"].as_str().unwrap_or_default().to_owned(),
        method: squeezed(conversion["method"]["name"].as_str().unwrap_or_default()),
        parameters: parameters.collect(),
        unit_m: unit_m.unwrap_or(1.0),
        ..json_degrees(&value["base_crs"])
    }
}
