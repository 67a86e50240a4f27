//! Waypoints, tracks and routes out of a GPX document, one after the other.

use super::super::error::ReadError;
use super::super::leaves::{Leaf, Position, is_on_globe, join};
use super::super::words::moment;
use super::super::xml_read::{Token, XmlReader};
use crate::model::geometry::Geometry;
use crate::text;
use crate::text::Text;

/// What a thing is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Waypoint,
    Track,
    Route,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Waypoint, Self::Track, Self::Route];

    fn named(element: &str) -> Option<Self> {
        match element {
            "wpt" => Some(Self::Waypoint),
            "trk" => Some(Self::Track),
            "rte" => Some(Self::Route),
            _ => None,
        }
    }

    fn element(self) -> &'static str {
        match self {
            Self::Waypoint => "wpt",
            Self::Track => "trk",
            Self::Route => "rte",
        }
    }

    /// What the layer's name ends in.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Waypoint => "waypoints",
            Self::Track => "tracks",
            Self::Route => "routes",
        }
    }
}

/// A waypoint, track or route.
pub(super) struct Thing {
    pub kind: Kind,
    /// Names and words.
    pub values: Vec<(String, String)>,
    /// Where it is, or why that makes no sense.
    pub place: Result<Option<Geometry>, Text>,
}

/// Reads on to the next thing.
pub(super) struct Parser {
    pub xml: XmlReader,
    open: Option<Open>,
    /// Whether there is a root of this name.
    pub is_gpx: bool,
}

/// The thing that is being read.
struct Open {
    kind: Kind,
    values: Vec<(String, String)>,
    /// Positions of the segment, and segments before it.
    path: Vec<Position>,
    leaves: Vec<Leaf>,
    segments: usize,
    /// First and last time of a position.
    times: Option<(String, String)>,
    /// Whether the extensions of the thing itself are open, and how deep in them.
    in_extensions: u32,
    fault: Option<Text>,
}

impl Parser {
    pub(super) fn new(xml: XmlReader) -> Self {
        Self { xml, open: None, is_gpx: false }
    }

    /// The next thing, `None` at the end.
    ///
    /// # Errors
    /// The document is not well-formed.
    pub(super) fn next(&mut self) -> Result<Option<Thing>, ReadError> {
        loop {
            match self.xml.next()? {
                Token::End => return Ok(None),
                Token::Open => self.begin(),
                Token::Close => {
                    if let Some(thing) = self.end() {
                        return Ok(Some(thing));
                    }
                }
            }
        }
    }

    fn begin(&mut self) {
        let name = self.xml.name();
        self.is_gpx |= name == "gpx";
        if let (None, Some(kind)) = (&self.open, Kind::named(name)) {
            self.open = Some(Open {
                kind,
                values: Vec::new(),
                path: Vec::new(),
                leaves: Vec::new(),
                segments: 0,
                times: None,
                in_extensions: 0,
                fault: None,
            });
        }
        let Some(open) = &mut self.open else { return };
        match name {
            "wpt" | "trkpt" | "rtept" => {
                let number = |name| self.xml.attribute(name).and_then(|words| words.trim().parse::<f64>().ok());
                let (lon, lat) = (number("lon").unwrap_or(f64::NAN), number("lat").unwrap_or(f64::NAN));
                let position = [lon, lat, 0.0];
                if is_on_globe(&position) {
                    open.path.push(position);
                } else {
                    open.fault.get_or_insert_with(|| off_the_globe(lon, lat));
                }
            }
            "link" => {
                if let (Some(link), true) = (self.xml.attribute("href"), open.is_own(self.xml.around(), true)) {
                    open.values.push(("link".to_owned(), link.to_owned()));
                }
            }
            "trkseg" => open.segments += 1,
            "extensions" => open.in_extensions += 1,
            _ => {}
        }
    }

    fn end(&mut self) -> Option<Thing> {
        let (name, around) = (self.xml.name(), self.xml.around());
        let open = self.open.as_mut()?;
        let words = self.xml.text().trim();
        match name {
            "trkseg" => open.segment(),
            "extensions" => open.in_extensions = open.in_extensions.saturating_sub(1),
            "ele" if matches!(around, "wpt" | "trkpt" | "rtept") => open.height(words),
            "time" if matches!(around, "trkpt" | "rtept") => open.time(moment(words)),
            "time" if around == "wpt" => open.values.push(("time".to_owned(), moment(words))),
            "trkpt" | "rtept" | "link" => {}
            _ if name == open.kind.element() => return self.open.take().map(Open::finish),
            _ if open.is_own(around, false) && !words.is_empty() => {
                open.values.push((name.to_owned(), words.to_owned()));
            }
            _ => {}
        }
        None
    }
}

impl Open {
    /// Whether an element inside `around` speaks of the thing, rather than of one of its positions.
    fn is_own(&self, around: &str, is_begin: bool) -> bool {
        // At its beginning an element stands among those that are open already.
        let is_direct = around == self.kind.element() || (is_begin && around == "link");
        let is_extension = self.in_extensions > 0 && self.kind == Kind::Waypoint;
        is_direct
            || is_extension
            || (self.in_extensions > 0 && !matches!(around, "trkpt" | "rtept") && self.path.is_empty())
    }

    fn height(&mut self, words: &str) {
        let height = words.parse::<f64>().ok().filter(|height| height.is_finite());
        if let (Some(position), Some(height)) = (self.path.last_mut(), height) {
            position[2] = height;
        }
    }

    fn time(&mut self, time: String) {
        let first = self.times.take().map_or_else(|| time.clone(), |(first, _)| first);
        self.times = Some((first, time));
    }

    /// A segment has ended. One of a single position says nothing about a way.
    fn segment(&mut self) {
        let path = std::mem::take(&mut self.path);
        if path.len() > 1 {
            self.leaves.push(Leaf::Line(path));
        }
    }

    fn finish(mut self) -> Thing {
        match (self.kind, self.path.first()) {
            (Kind::Waypoint, Some(&position)) => self.leaves.push(Leaf::Point(position)),
            _ => self.segment(),
        }
        if let Some((first, last)) = self.times.take() {
            self.values.push(("begin".to_owned(), first));
            self.values.push(("end".to_owned(), last));
        }
        let place = match self.fault {
            Some(fault) => Err(fault),
            None => join(&self.leaves, self.segments > 1).map_err(|_| off_the_globe(f64::NAN, f64::NAN)),
        };
        Thing { kind: self.kind, values: self.values, place }
    }
}

fn off_the_globe(lon: f64, lat: f64) -> Text {
    text!(
        "({lon}, {lat}) 不是经纬度，该要素未读入",
        "({lon}, {lat}) is no longitude and latitude: the feature is left out"
    )
}
