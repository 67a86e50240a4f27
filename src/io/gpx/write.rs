//! Writing GPX 1.1: points as waypoints, lines as tracks.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::io::Write;

use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::geojson_write_shape::put_number;
use super::super::outgoing::{Outgoing, label_place, note_words, off_the_globe};
use super::super::xml::{Xml, escape};
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::model::value::Value;
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;
/// Digits behind the point of a height: millimetres.
const HEIGHT_DECIMALS: u8 = 3;
/// The standard's own values of waypoints, in its order.
const OF_WAYPOINTS: [&str; 7] = ["time", "name", "cmt", "desc", "src", "sym", "type"];
/// And those of tracks.
const OF_TRACKS: [&str; 6] = ["name", "cmt", "desc", "src", "number", "type"];

/// Begins a document.
pub(in super::super) fn create<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    let outgoing = Outgoing::in_wgs84(schema, options)?;
    let mut xml = Xml::default();
    xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let attributes = [
        ("version", "1.1"),
        ("creator", "citygrid"),
        ("xmlns", "http://www.topografix.com/GPX/1/1"),
        ("xmlns:ogr", "http://osgeo.org/gdal"),
    ];
    xml.open("gpx", &attributes);
    xml.open("metadata", &[]);
    xml.text("name", &[], schema.name.get(options.lang));
    if let Some(note) = note_words(options) {
        xml.text("desc", &[], &note);
    }
    xml.close();
    let label = label_place(&schema.fields);
    Ok(Box::new(GpxWriter {
        out,
        of_waypoints: Columns::new(&outgoing, label, &OF_WAYPOINTS),
        of_tracks: Columns::new(&outgoing, label, &OF_TRACKS),
        outgoing,
        decimals: options.decimals.min(15),
        xml,
        waiting: (schema.geometry == Some(GeometryKind::Collection)).then(String::new),
        left_out: 0,
        lost_bytes: false,
        written: Written::default(),
    }))
}

struct GpxWriter<'a> {
    out: &'a mut dyn Write,
    of_waypoints: Columns,
    of_tracks: Columns,
    outgoing: Outgoing,
    decimals: u8,
    xml: Xml,
    /// Tracks stand behind all waypoints; in a layer of both they wait here.
    waiting: Option<String>,
    left_out: u64,
    /// Whether some values were bytes, which have no words.
    lost_bytes: bool,
    written: Written,
}

/// Where the columns go.
struct Columns {
    /// Elements of the standard, and the columns in them.
    standard: Vec<(&'static str, usize)>,
    /// Elements among the extensions, and the columns in them.
    others: Vec<(String, usize)>,
}

impl Columns {
    fn new(outgoing: &Outgoing, label: Option<usize>, known: &[&'static str]) -> Self {
        let place = |name: &str| outgoing.columns.iter().position(|column| column.name == name);
        let find = |&name: &&'static str| Some((name, place(name).or(label.filter(|_| name == "name"))?));
        let standard: Vec<(&str, usize)> = known.iter().filter_map(find).collect();
        let mut taken = BTreeSet::new();
        // A column that gives the name under another title keeps its own as well.
        let is_other = |name: &str| !standard.iter().any(|(known, _)| *known == name);
        let others = outgoing.columns.iter().enumerate().filter(|(_, column)| is_other(&column.name));
        let others = others.map(|(at, column)| (element(&column.name, &mut taken), at)).collect();
        Self { standard, others }
    }
}

/// A name that an element may have: letters of any script, digits, `_`, `-` and `.`.
fn element(name: &str, taken: &mut BTreeSet<String>) -> String {
    let plain: String = name.chars().map(|c| if c.is_alphanumeric() || "_-.".contains(c) { c } else { '_' }).collect();
    let is_name = plain.starts_with(|c: char| c.is_alphabetic() || c == '_');
    let plain = if is_name { plain } else { format!("_{plain}") };
    let numbered = (2..).map(|number: u64| format!("{plain}_{number}"));
    let mut candidates = std::iter::once(plain.clone()).chain(numbered);
    candidates.find(|candidate| taken.insert(candidate.clone())).unwrap_or(plain)
}

impl Writer for GpxWriter<'_> {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let geometry = match self.outgoing.geometry(feature) {
            Ok(geometry) => geometry.map(Cow::into_owned).filter(|geometry| !geometry.is_empty()),
            Err(what) => {
                self.written.problems.push(Problem::error("gpx.not-written", what).of_feature(feature.id));
                return Ok(());
            }
        };
        let dimension = geometry.as_ref().and_then(|geometry| geometry.kind().dimension());
        let (Some(geometry), Some(dimension @ (0 | 1))) = (geometry, dimension) else {
            self.left_out += 1;
            return Ok(());
        };
        if let Some(problem) = off_the_globe(&geometry.bounds()) {
            self.written.problems.push(problem.of_feature(feature.id));
        }
        if dimension == 0 {
            self.waypoints(feature, &geometry);
        } else {
            self.track(feature, &geometry);
        }
        self.written.features += 1;
        if self.xml.out.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        self.xml.out.push_str(&self.waiting.take().unwrap_or_default());
        self.xml.out.push('\n');
        self.xml.close();
        self.xml.out.push('\n');
        self.flush()?;
        self.out.flush()?;
        if self.left_out > 0 {
            let count = self.left_out;
            let what = text!(
                "GPX 只能存放点和线，{count} 个其他要素未写出",
                "GPX has room for points and lines alone: {count} other features are not written"
            );
            self.written.problems.push(Problem::error("gpx.geometry", what));
        }
        if self.lost_bytes {
            let what = Text::new(
                "GPX 不能存放二进制值，这些值未写出",
                "GPX has no room for bytes: those values are not written",
            );
            self.written.problems.push(Problem::warning("gpx.bytes", what));
        }
        Ok(self.written)
    }
}

impl GpxWriter<'_> {
    fn flush(&mut self) -> Result<(), WriteError> {
        self.out.write_all(self.xml.out.as_bytes())?;
        self.written.bytes += self.xml.out.len() as u64;
        self.xml.out.clear();
        Ok(())
    }

    /// Several points in one become as many waypoints.
    fn waypoints(&mut self, feature: &Feature, geometry: &Geometry) {
        let mut values = Xml::default();
        let mut points = Points(Vec::new());
        geometry.walk(&mut points);
        for position in &points.0 {
            self.xml.out.push('\n');
            put_position(&mut self.xml, "wpt", *position, self.decimals);
            values.out.clear();
            self.lost_bytes |= put_values(&mut values, &self.outgoing, &self.of_waypoints, feature);
            self.xml.out.push_str(&values.out);
            self.xml.close();
        }
        let count = points.0.len();
        if count > 1 {
            let what = text!("多点写成 {count} 个航点", "a geometry of several points is written as {count} waypoints");
            self.written.problems.push(Problem::warning("gpx.multi", what).of_feature(feature.id));
        }
    }

    fn track(&mut self, feature: &Feature, geometry: &Geometry) {
        let mut xml = Xml::default();
        xml.out.push('\n');
        xml.open("trk", &[]);
        self.lost_bytes |= put_values(&mut xml, &self.outgoing, &self.of_tracks, feature);
        geometry.walk(&mut Segments { xml: &mut xml, decimals: self.decimals });
        xml.close();
        self.waiting.as_mut().unwrap_or(&mut self.xml.out).push_str(&xml.out);
    }
}

/// Values of the standard, then all others as extensions; whether there were bytes among them.
fn put_values(xml: &mut Xml, outgoing: &Outgoing, columns: &Columns, feature: &Feature) -> bool {
    let mut lost_bytes = false;
    let mut words = |place: usize| {
        let value = outgoing.value(feature, place);
        lost_bytes |= matches!(value.as_ref(), Value::Blob(_));
        (!value.is_null() && !matches!(value.as_ref(), Value::Blob(_))).then(|| value.to_string())
    };
    for (name, place) in &columns.standard {
        if let Some(words) = words(*place) {
            xml.text(name, &[], &words);
        }
    }
    let others = columns.others.iter().filter_map(|(name, place)| Some((name, words(*place)?)));
    let others: Vec<(&String, String)> = others.collect();
    if !others.is_empty() {
        xml.open("extensions", &[]);
        for (name, words) in others {
            xml.out.push_str(&format!("<ogr:{name}>"));
            escape(&words, &mut xml.out);
            xml.out.push_str(&format!("</ogr:{name}>"));
        }
        xml.close();
    }
    lost_bytes
}

/// Begins an element at a position, with its height in it.
fn put_position(xml: &mut Xml, name: &'static str, [lon, lat, height]: [Option<f64>; 3], decimals: u8) {
    let number = |number: Option<f64>, decimals: u8| {
        let mut words = Vec::new();
        put_number(&mut words, number.unwrap_or_default(), decimals);
        String::from_utf8_lossy(&words).into_owned()
    };
    xml.open(name, &[("lat", &number(lat, decimals)), ("lon", &number(lon, decimals))]);
    if height.is_some() {
        xml.text("ele", &[], &number(height, HEIGHT_DECIMALS));
    }
}

fn position(coords: &Coords<'_>, at: usize) -> [Option<f64>; 3] {
    let [lon, lat] = coords.xy(at);
    [Some(lon), Some(lat), coords.z(at)]
}

/// The positions of points.
struct Points(Vec<[Option<f64>; 3]>);

impl Visitor for Points {
    fn path(&mut self, coords: Coords<'_>) {
        self.0.extend((0..coords.len()).map(|at| position(&coords, at)));
    }
}

/// Each path as a segment of a track.
struct Segments<'a> {
    xml: &'a mut Xml,
    decimals: u8,
}

impl Visitor for Segments<'_> {
    fn path(&mut self, coords: Coords<'_>) {
        self.xml.open("trkseg", &[]);
        for at in 0..coords.len() {
            put_position(self.xml, "trkpt", position(&coords, at), self.decimals);
            self.xml.close();
        }
        self.xml.close();
    }
}
