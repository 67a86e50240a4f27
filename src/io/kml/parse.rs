//! Placemarks out of a KML document (OGC 12-007r2), one after the other.

use super::super::error::ReadError;
use super::super::leaves::{Leaf, Position, is_on_globe, join};
use super::super::words::moment;
use super::super::xml_read::{Token, XmlReader};
use crate::model::geometry::Geometry;
use crate::model::value::FieldType;
use crate::text;
use crate::text::Text;

/// What a document holds, piece by piece.
pub(super) enum Piece {
    /// A column has this type.
    Column(String, FieldType),
    /// A thing on the map.
    Placemark(Placemark),
}

/// A thing on the map.
#[derive(Debug)]
pub(super) struct Placemark {
    /// Names of the folders that it is in, from the outermost.
    pub folder: String,
    /// Names and words.
    pub values: Vec<(String, String)>,
    /// Where it is, or why that makes no sense.
    pub place: Result<Option<Geometry>, Fault>,
    /// Whether a ring had to be closed.
    pub was_unclosed: bool,
}

/// What is wrong with a geometry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    /// No numbers, or too many of them.
    Coordinates,
    /// No longitude and latitude.
    OffTheGlobe(Position),
    /// A line of one position, a ring of fewer than three, a point of several.
    TooShort,
    /// A three-dimensional model.
    Model,
}

impl Fault {
    /// What a person is told.
    pub(super) fn text(&self) -> Text {
        match self {
            Self::Coordinates => {
                Text::new("坐标写法有误，该要素未读入", "coordinates cannot be read: the feature is left out")
            }
            Self::OffTheGlobe([lon, lat, _]) => text!(
                "({lon}, {lat}) 不是经纬度，该要素未读入",
                "({lon}, {lat}) is no longitude and latitude: the feature is left out"
            ),
            Self::TooShort => Text::new(
                "线或环的点数不足，该要素未读入",
                "a line or ring has too few positions: the feature is left out",
            ),
            Self::Model => Text::new(
                "三维模型不支持，该要素未读入",
                "three-dimensional models are not supported: the feature is left out",
            ),
        }
    }
}

/// Reads on to the next piece; `None` at the end.
pub(super) struct Parser {
    pub xml: XmlReader,
    /// Folders and documents that are open: whether it is a folder, and its name.
    containers: Vec<(bool, String)>,
    open: Option<Open>,
    /// Pictures, which are no features.
    pub overlays: u64,
    /// Links to other documents.
    pub links: u64,
    /// Whether there is a root of this name.
    pub is_kml: bool,
}

/// The placemark that is being read.
#[derive(Default)]
struct Open {
    values: Vec<(String, String)>,
    named: String,
    path: Vec<Position>,
    polygon: Option<Vec<Vec<Position>>>,
    leaves: Vec<Leaf>,
    is_multi: bool,
    was_unclosed: bool,
    whens: Option<(String, String)>,
    fault: Option<Fault>,
}

impl Parser {
    pub(super) fn new(xml: XmlReader) -> Self {
        Self { xml, containers: Vec::new(), open: None, overlays: 0, links: 0, is_kml: false }
    }

    /// The next piece.
    ///
    /// # Errors
    /// The document is not well-formed.
    pub(super) fn next(&mut self) -> Result<Option<Piece>, ReadError> {
        loop {
            match self.xml.next()? {
                Token::End => return Ok(None),
                Token::Open => {
                    if let Some(piece) = self.begin() {
                        return Ok(Some(piece));
                    }
                }
                Token::Close => {
                    if let Some(placemark) = self.end() {
                        return Ok(Some(Piece::Placemark(placemark)));
                    }
                }
            }
        }
    }

    fn begin(&mut self) -> Option<Piece> {
        let name = self.xml.name();
        match name {
            "kml" => self.is_kml = true,
            "Folder" | "Document" => self.containers.push((name == "Folder", String::new())),
            "Placemark" => self.open = Some(Open::default()),
            "description" => self.xml.keeps_text = true,
            "SimpleField" | "SimpleArrayField" => {
                let column = self.xml.attribute("name")?.to_owned();
                return Some(Piece::Column(column, type_of(self.xml.attribute("type").unwrap_or_default())));
            }
            "NetworkLink" => self.links += 1,
            "GroundOverlay" | "PhotoOverlay" | "ScreenOverlay" => self.overlays += 1,
            _ => {
                let attribute = self.xml.attribute("name").map(str::to_owned);
                if let Some(open) = &mut self.open {
                    open.begin(name, attribute);
                }
            }
        }
        None
    }

    fn end(&mut self) -> Option<Placemark> {
        let (name, around) = (self.xml.name(), self.xml.around());
        match name {
            "description" => {
                self.xml.keeps_text = false;
                if let Some(open) = self.open.as_mut().filter(|_| self.xml.around() == "Placemark") {
                    open.put("description", self.xml.text().trim());
                }
            }
            "Folder" | "Document" => _ = self.containers.pop(),
            "name" if matches!(around, "Folder" | "Document") => {
                let words = self.xml.text().trim().to_owned();
                if let Some(container) = self.containers.last_mut() {
                    container.1 = words;
                }
            }
            "Placemark" => {
                let folders = self.containers.iter().filter(|(is_folder, name)| *is_folder && !name.is_empty());
                let folders: Vec<&str> = folders.map(|(_, name)| name.as_str()).collect();
                return self.open.take().map(|open| open.finish(folders.join("/")));
            }
            _ => {
                if let Some(open) = &mut self.open {
                    open.end(name, around, self.xml.text());
                }
            }
        }
        None
    }
}

impl Open {
    fn put(&mut self, name: &str, words: &str) {
        if !name.is_empty() {
            self.values.push((name.to_owned(), words.to_owned()));
        }
    }

    fn begin(&mut self, element: &str, name: Option<String>) {
        match element {
            "Data" | "SimpleData" => self.named = name.unwrap_or_default(),
            "MultiGeometry" | "MultiTrack" => self.is_multi = true,
            "Polygon" => self.polygon = Some(Vec::new()),
            "Point" | "LineString" | "LinearRing" | "Track" => self.path.clear(),
            "Model" => self.fault = Some(Fault::Model),
            _ => {}
        }
    }

    fn end(&mut self, element: &str, around: &str, words: &str) {
        match (element, around) {
            ("name" | "address" | "phoneNumber", "Placemark") => self.put(element, words.trim()),
            ("when", "TimeStamp") => self.put("time", &moment(words)),
            ("begin" | "end", "TimeSpan") => self.put(element, &moment(words)),
            ("when", "Track") => {
                let when = moment(words);
                let first = self.whens.take().map_or_else(|| when.clone(), |(first, _)| first);
                self.whens = Some((first, when));
            }
            ("value", "Data") | ("SimpleData", _) => {
                let name = std::mem::take(&mut self.named);
                self.put(&name, words);
            }
            ("Data" | "SchemaData", _) => {}
            (_, "ExtendedData") => self.put(element, words.trim()),
            ("coordinates", _) => self.positions(words),
            ("coord", "Track") => self.positions(&words.split_whitespace().collect::<Vec<_>>().join(",")),
            ("Point" | "LineString" | "LinearRing" | "Track" | "Polygon", _) => self.leaf(element, around),
            _ => {}
        }
    }

    fn positions(&mut self, words: &str) {
        if let Err(fault) = positions(words, &mut self.path) {
            self.fault.get_or_insert(fault);
        }
    }

    /// A simple geometry has ended.
    fn leaf(&mut self, element: &str, around: &str) {
        let mut path = std::mem::take(&mut self.path);
        let leaf = match (element, &mut self.polygon) {
            ("Polygon", polygon) => match polygon.take().filter(|rings| !rings.is_empty()) {
                Some(rings) => Leaf::Area(rings),
                None => return self.fail_unless_empty(true),
            },
            ("LinearRing", Some(rings)) => {
                if let (Some(&first), Some(&last)) = (path.first(), path.last())
                    && first[..2] != last[..2]
                {
                    path.push(first);
                    self.was_unclosed = true;
                }
                if path.len() < 4 {
                    self.fault.get_or_insert(Fault::TooShort);
                }
                let at = if around == "outerBoundaryIs" { 0 } else { rings.len() };
                return rings.insert(at, path);
            }
            ("Point" | "Track", _) if path.len() == 1 => Leaf::Point(path[0]),
            ("LineString" | "LinearRing" | "Track", _) if path.len() > 1 => Leaf::Line(path),
            _ => return self.fail_unless_empty(path.is_empty()),
        };
        self.leaves.push(leaf);
    }

    fn fail_unless_empty(&mut self, is_empty: bool) {
        if !is_empty {
            self.fault.get_or_insert(Fault::TooShort);
        }
    }

    fn finish(mut self, folder: String) -> Placemark {
        if let Some((first, last)) = self.whens.take() {
            self.put("begin", &first);
            self.put("end", &last);
        }
        let place = match self.fault {
            Some(fault) => Err(fault),
            None => join(&self.leaves, self.is_multi).map_err(|_| Fault::Coordinates),
        };
        Placemark { folder, values: self.values, place, was_unclosed: self.was_unclosed }
    }
}

/// Reads `lon,lat[,height]` tuples; spaces behind commas are forgiven.
fn positions(words: &str, path: &mut Vec<Position>) -> Result<(), Fault> {
    let mut rest = words.trim_start();
    while !rest.is_empty() {
        let (mut position, mut count) = ([0.0; 3], 0);
        loop {
            let end = rest.find(|c: char| c == ',' || c.is_whitespace()).unwrap_or(rest.len());
            let number = rest[..end].parse::<f64>().ok().filter(|number| number.is_finite());
            *position.get_mut(count).ok_or(Fault::Coordinates)? = number.ok_or(Fault::Coordinates)?;
            count += 1;
            rest = rest[end..].trim_start();
            match rest.strip_prefix(',').map(str::trim_start) {
                Some(next) if !next.is_empty() => rest = next,
                Some(next) => {
                    rest = next;
                    break;
                }
                None => break,
            }
        }
        if count < 2 {
            return Err(Fault::Coordinates);
        }
        if !is_on_globe(&position) {
            return Err(Fault::OffTheGlobe(position));
        }
        path.push(position);
    }
    Ok(())
}

/// KML's names of types.
fn type_of(declared: &str) -> FieldType {
    match declared.rsplit(':').next().unwrap_or_default() {
        "int" | "uint" | "short" | "ushort" | "long" | "int64" => FieldType::Int,
        "float" | "double" => FieldType::Real,
        "bool" | "boolean" => FieldType::Bool,
        _ => FieldType::Text,
    }
}
