//! Well-known text (ISO 19125-1, OGC 06-103r4; with PostGIS's `SRID=4326;` before it): from words to a geometry and back.
//!
//! What people paste and what tables keep in a column. Letter case and spaces do not matter, `POINTZ` is `POINT Z`, and
//! three numbers without a `Z` are a height.

use super::geojson_write_shape::put_number;
use crate::model::geometry::{BadGeometry, Coords, Geometry, GeometryKind, Visitor, WkbWriter};
use crate::text;
use crate::text::Text;

/// Deepest nesting of collections that is read.
const MAX_DEPTH: u32 = 12;

/// A geometry that was words.
#[derive(Clone, Debug, PartialEq)]
pub struct Parsed {
    /// The geometry. Measures (`M`) are left behind.
    pub geometry: Geometry,
    /// The CRS that the words name: an EPSG code, as a rule.
    pub srid: Option<u32>,
    /// Whether a ring was open and has been closed.
    pub was_open: bool,
    /// Whether positions had measures.
    pub had_m: bool,
}

/// Why words are no geometry.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{} at character {at}", .what.en)]
pub struct WktError {
    /// Bytes from the start of the text.
    pub at: usize,
    /// What is wrong there.
    pub what: Text,
}

/// Reads one geometry; nothing but spaces and `;` may stand behind it.
///
/// # Errors
/// See [`WktError`].
pub fn parse(text: &str) -> Result<Parsed, WktError> {
    let mut reader = Reader { text, at: 0, has_z: false, was_open: false, had_m: false };
    let srid = reader.srid()?;
    reader.has_z = heights(&text[reader.at..]);
    let mut out = WkbWriter::new(reader.has_z);
    reader.geometry(&mut out, 0)?;
    reader.skip_spaces();
    if !reader.rest().trim_matches([';', ' ', '\t', '\r', '\n']).is_empty() {
        return Err(reader.wrong(Text::new("几何之后还有多余的内容", "there is more behind the geometry")));
    }
    let geometry = Geometry::from_writer(out).map_err(|error| {
        let what = match error {
            BadGeometry::NotFinite => Text::new("坐标超出范围", "a coordinate is too large"),
            _ => Text::new("几何不完整", "the geometry is not whole"),
        };
        WktError { at: 0, what }
    })?;
    Ok(Parsed { geometry, srid, was_open: reader.was_open, had_m: reader.had_m })
}

/// Whether the words begin as a geometry does, for telling a column of places from others.
pub(super) fn is_begun(text: &str) -> bool {
    let text = text.trim_start();
    let plain = text.strip_prefix("SRID=").and_then(|text| text.split_once(';')).map_or(text, |(_, text)| text);
    let word: String = plain.chars().take_while(char::is_ascii_alphabetic).collect();
    shape(&word).is_some() && (plain.contains('(') || plain.to_ascii_uppercase().contains("EMPTY"))
}

/// Appends the geometry as ISO well-known text, rounded to so many decimals.
pub(super) fn put_wkt(geometry: &Geometry, decimals: u8, out: &mut Vec<u8>) {
    geometry.walk(&mut TextWriter { out, decimals, has_z: geometry.has_z(), open: Vec::new() });
}

/// Whether positions have heights: all have, if one has.
fn heights(text: &str) -> bool {
    let head = text.split('(').next().unwrap_or_default().trim().to_ascii_uppercase();
    let head = head.trim_end_matches("EMPTY").trim_end();
    head.ends_with('Z') || head.ends_with("ZM") || (!head.ends_with('M') && runs(text))
}

/// Whether some position has three numbers or more. The first of each run says it, since the rest must agree.
fn runs(text: &str) -> bool {
    text.split('(').skip(1).any(|run| {
        let first = run.split([',', ')']).next().unwrap_or_default();
        first.split_ascii_whitespace().count() > 2
    })
}

/// What a type's word stands for, and how its brackets are to be read.
fn shape(word: &str) -> Option<GeometryKind> {
    Some(match word.to_ascii_uppercase().trim_end_matches('M').trim_end_matches('Z') {
        "POINT" => GeometryKind::Point,
        "LINESTRING" | "LINEARRING" => GeometryKind::LineString,
        "POLYGON" | "TRIANGLE" => GeometryKind::Polygon,
        "MULTIPOINT" => GeometryKind::MultiPoint,
        "MULTILINESTRING" => GeometryKind::MultiLineString,
        "MULTIPOLYGON" | "TIN" | "POLYHEDRALSURFACE" => GeometryKind::MultiPolygon,
        "GEOMETRYCOLLECTION" => GeometryKind::Collection,
        _ => return None,
    })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    has_z: bool,
    was_open: bool,
    had_m: bool,
}

/// The numbers of a position: x, y, height.
type Position = [f64; 3];

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn wrong(&self, what: Text) -> WktError {
        WktError { at: self.at, what }
    }

    fn skip_spaces(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn srid(&mut self) -> Result<Option<u32>, WktError> {
        self.skip_spaces();
        let Some((head, _)) = self.rest().split_once(';') else { return Ok(None) };
        let is_srid = head.get(..5).is_some_and(|word| word.eq_ignore_ascii_case("SRID="));
        if !is_srid {
            return Ok(None);
        }
        let srid = head[5..].trim().parse().map_err(|_| {
            let what = Text::new("SRID 应为数字", "the SRID is no number");
            self.wrong(what)
        })?;
        self.at += head.len() + 1;
        Ok(Some(srid).filter(|&srid| srid > 0))
    }

    fn word(&mut self) -> &'a str {
        self.skip_spaces();
        let rest = self.rest();
        let len = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
        self.at += len;
        &rest[..len]
    }

    /// Takes the byte, if it is the next.
    fn take(&mut self, byte: u8) -> bool {
        self.skip_spaces();
        let is_next = self.rest().as_bytes().first() == Some(&byte);
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, byte: u8) -> Result<(), WktError> {
        if self.take(byte) {
            return Ok(());
        }
        let byte = char::from(byte);
        Err(self.wrong(text!("此处应为 {byte}", "a {byte} is missing")))
    }

    fn geometry(&mut self, out: &mut WkbWriter, depth: u32) -> Result<(), WktError> {
        if depth > MAX_DEPTH {
            return Err(self.wrong(Text::new("几何集合嵌套太深", "collections are nested too deeply")));
        }
        self.skip_spaces();
        let start = self.at;
        let word = self.word();
        let Some(kind) = shape(word) else {
            self.at = start;
            let shown: String = self.rest().chars().take(20).collect();
            return Err(self.wrong(text!("不认识的几何类型：{shown}", "no known type of geometry: {shown}")));
        };
        let before = self.at;
        let tag = self.word();
        let is_tag = ["Z", "M", "ZM"].iter().any(|known| known.eq_ignore_ascii_case(tag));
        if !is_tag {
            self.at = before;
        }
        let head = self.text[start..self.at].to_ascii_uppercase();
        let is_m = head.ends_with('M') && !head.ends_with("ZM");
        let is_empty = self.take_empty();
        self.body(kind, is_empty, is_m, out, depth)
    }

    /// Takes the word `EMPTY`, if it is the next.
    fn take_empty(&mut self) -> bool {
        let before = self.at;
        let is_empty = self.word().eq_ignore_ascii_case("EMPTY");
        if !is_empty {
            self.at = before;
        }
        is_empty
    }

    fn body(
        &mut self,
        kind: GeometryKind,
        is_empty: bool,
        is_m: bool,
        out: &mut WkbWriter,
        depth: u32,
    ) -> Result<(), WktError> {
        if kind == GeometryKind::Point {
            out.head(kind, 1);
            let [x, y, z] = if is_empty { [f64::NAN; 3] } else { self.bracketed(is_m)? };
            out.position(x, y, z);
            return Ok(());
        }
        let opened = out.open(kind);
        if is_empty {
            return Ok(());
        }
        let count = match kind {
            GeometryKind::LineString => self.path(is_m, out)?,
            GeometryKind::Polygon => self.list(&mut |reader| reader.ring(is_m, out))?,
            GeometryKind::MultiPoint => self.list(&mut |reader| reader.member_point(is_m, out))?,
            GeometryKind::MultiLineString => {
                self.list(&mut |reader| reader.member(GeometryKind::LineString, is_m, out, depth))?
            }
            GeometryKind::MultiPolygon => {
                self.list(&mut |reader| reader.member(GeometryKind::Polygon, is_m, out, depth))?
            }
            _ => self.list(&mut |reader| reader.geometry(out, depth + 1))?,
        };
        out.close(opened, count);
        Ok(())
    }

    /// `(item, item, …)`: how many.
    fn list(&mut self, item: &mut dyn FnMut(&mut Self) -> Result<(), WktError>) -> Result<usize, WktError> {
        self.expect(b'(')?;
        let mut count = 0;
        loop {
            item(self)?;
            count += 1;
            if !self.take(b',') {
                self.expect(b')')?;
                return Ok(count);
            }
        }
    }

    fn member(&mut self, kind: GeometryKind, is_m: bool, out: &mut WkbWriter, depth: u32) -> Result<(), WktError> {
        let is_empty = self.take_empty();
        self.body(kind, is_empty, is_m, out, depth)
    }

    /// `1 2` as well as `(1 2)`.
    fn member_point(&mut self, is_m: bool, out: &mut WkbWriter) -> Result<(), WktError> {
        self.skip_spaces();
        let [x, y, z] = if self.take_empty() {
            [f64::NAN; 3]
        } else if self.rest().starts_with('(') {
            self.bracketed(is_m)?
        } else {
            self.position(is_m)?
        };
        out.head(GeometryKind::Point, 1);
        out.position(x, y, z);
        Ok(())
    }

    fn bracketed(&mut self, is_m: bool) -> Result<Position, WktError> {
        self.expect(b'(')?;
        let position = self.position(is_m)?;
        self.expect(b')')?;
        Ok(position)
    }

    /// The positions of a line.
    fn path(&mut self, is_m: bool, out: &mut WkbWriter) -> Result<usize, WktError> {
        let start = self.at;
        let count = self.list(&mut |reader| {
            let [x, y, z] = reader.position(is_m)?;
            out.position(x, y, z);
            Ok(())
        })?;
        if count < 2 {
            self.at = start;
            return Err(self.wrong(Text::new("线少于两个点", "a line has fewer than two positions")));
        }
        Ok(count)
    }

    fn ring(&mut self, is_m: bool, out: &mut WkbWriter) -> Result<(), WktError> {
        let start = self.at;
        if self.take_empty() {
            return Err(self.wrong(Text::new("面的边界是空的", "a ring is empty")));
        }
        let opened = out.open_ring();
        let (mut first, mut last) = (None, [0.0; 3]);
        let mut count = self.list(&mut |reader| {
            last = reader.position(is_m)?;
            first.get_or_insert(last);
            out.position(last[0], last[1], last[2]);
            Ok(())
        })?;
        if let Some(first) = first.filter(|first| first[..2] != last[..2]) {
            out.position(first[0], first[1], first[2]);
            count += 1;
            self.was_open = true;
        }
        if count < 4 {
            self.at = start;
            return Err(self.wrong(Text::new("面的边界少于四个点", "a ring has fewer than four positions")));
        }
        out.close(opened, count);
        Ok(())
    }

    /// Two to four numbers.
    fn position(&mut self, is_m: bool) -> Result<Position, WktError> {
        let mut numbers = [0.0; 4];
        let mut count = 0;
        while count < 4 {
            self.skip_spaces();
            let rest = self.rest();
            let len =
                rest.bytes().take_while(|byte| matches!(byte, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E')).count();
            if len == 0 {
                break;
            }
            let number = rest[..len].parse::<f64>().ok().filter(|number| number.is_finite());
            numbers[count] = number.ok_or_else(|| {
                let word: String = rest[..len].chars().take(20).collect();
                self.wrong(text!("“{word}”不是数字", "“{word}” is no number"))
            })?;
            self.at += len;
            count += 1;
        }
        if count < 2 {
            return Err(self.wrong(Text::new("此处应为坐标", "a coordinate is missing")));
        }
        self.had_m |= count == 4 || (is_m && count == 3);
        let z = if count > 2 && !(is_m && count == 3) { numbers[2] } else { 0.0 };
        Ok([numbers[0], numbers[1], z])
    }
}

struct TextWriter<'a> {
    out: &'a mut Vec<u8>,
    decimals: u8,
    has_z: bool,
    /// The geometries around this place.
    open: Vec<Open>,
}

struct Open {
    kind: GeometryKind,
    /// Parts written so far.
    written: usize,
    has_bracket: bool,
}

impl TextWriter<'_> {
    /// Before a part that is not the first.
    fn comma(&mut self) {
        if let Some(around) = self.open.last_mut() {
            if around.written > 0 {
                self.out.push(b',');
            }
            around.written += 1;
        }
    }
}

impl Visitor for TextWriter<'_> {
    fn begin(&mut self, kind: GeometryKind, parts: usize) {
        let is_named = self.open.last().is_none_or(|around| around.kind == GeometryKind::Collection);
        self.comma();
        if is_named {
            self.out.extend_from_slice(kind.geojson_name().to_ascii_uppercase().as_bytes());
            self.out.extend_from_slice(if self.has_z { b" Z " } else { b" " });
        }
        let has_parts = !matches!(kind, GeometryKind::Point | GeometryKind::LineString);
        if has_parts {
            self.out.extend_from_slice(if parts == 0 { b"EMPTY" } else { b"(" });
        }
        self.open.push(Open { kind, written: 0, has_bracket: has_parts && parts > 0 });
    }

    fn path(&mut self, coords: Coords<'_>) {
        if self.open.last().is_some_and(|around| around.kind == GeometryKind::Polygon) {
            self.comma();
        }
        if coords.is_empty() || coords.xy(0)[0].is_nan() {
            self.out.extend_from_slice(b"EMPTY");
            return;
        }
        for place in 0..coords.len() {
            self.out.push(if place == 0 { b'(' } else { b',' });
            let [x, y] = coords.xy(place);
            put_number(self.out, x, self.decimals);
            self.out.push(b' ');
            put_number(self.out, y, self.decimals);
            if let Some(z) = coords.z(place) {
                self.out.push(b' ');
                put_number(self.out, z, self.decimals);
            }
        }
        self.out.push(b')');
    }

    fn end(&mut self, _: GeometryKind) {
        if self.open.pop().is_some_and(|done| done.has_bracket) {
            self.out.push(b')');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_type_comes_back_as_it_was_written() {
        for text in [
            "POINT (116.0123456 29.7)",
            "POINT Z (1 2 3)",
            "POINT EMPTY",
            "LINESTRING (0 0,1 1,2 1)",
            "POLYGON ((0 0,4 0,4 4,0 0),(1 1,2 1,2 2,1 1))",
            "MULTIPOINT ((1 2),(3 4),EMPTY)",
            "MULTILINESTRING Z ((0 0 1,1 1 2),(2 2 3,3 3 4))",
            "MULTIPOLYGON (((0 0,4 0,4 4,0 0)),((9 9,10 9,10 10,9 9)))",
            "GEOMETRYCOLLECTION (POINT (1 2),GEOMETRYCOLLECTION (LINESTRING (0 0,1 1)),POLYGON EMPTY)",
            "GEOMETRYCOLLECTION EMPTY",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn other_peoples_ways_of_writing_are_read() {
        check("srid=4490; point( 1e2   -2.50 )", "POINT (100 -2.5)");
        check("MultiPoint(1 2, 3 4)", "MULTIPOINT ((1 2),(3 4))");
        check("LINESTRING(0 0 5, 1 1 6);\n", "LINESTRING Z (0 0 5,1 1 6)");
        check("POINTZ(1 2 3)", "POINT Z (1 2 3)");
        check("POINT M (1 2 3)", "POINT (1 2)");
        check("LINESTRING ZM (1 2 3 4, 5 6 7 8)", "LINESTRING Z (1 2 3,5 6 7)");
        check("TRIANGLE((0 0,1 0,1 1,0 0))", "POLYGON ((0 0,1 0,1 1,0 0))");
        check("POLYGON((0 0,1 0,1 1))", "POLYGON ((0 0,1 0,1 1,0 0))");
        let parsed = parse("SRID=4490;POINT M (1 2 3)").expect("a point");
        assert_eq!((parsed.srid, parsed.had_m), (Some(4490), true));
    }

    #[test]
    fn what_is_no_geometry_says_where_and_why() {
        refuse("CIRCULARSTRING(0 0,1 1,2 0)", 0, "no known type");
        refuse("LINESTRING(0 0)", 10, "fewer than two");
        refuse("POLYGON((0 0,1 1,0 0))", 8, "fewer than four");
        refuse("POINT(1)", 7, "a coordinate is missing");
        refuse("POINT(1 2", 9, "a ) is missing");
        refuse("POINT(1 2) x", 11, "more behind");
        refuse("POINT(1 1e999)", 8, "is no number");
        refuse(&"GEOMETRYCOLLECTION(".repeat(100), 247, "nested too deeply");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn no_words_do_harm(words in "(SRID=[0-9]{0,3};)?[A-Z ]{0,8}|(MULTI)?(POINT|LINESTRING|POLYGON)( Z| M|ZM)? ?[(), 0-9.eEMPTY-]{0,40}|\\PC{0,20}") {
            let _ = is_begun(&words);
            if let Ok(parsed) = parse(&words) {
                let mut out = Vec::new();
                put_wkt(&parsed.geometry, 15, &mut out);
                let again = parse(&String::from_utf8_lossy(&out)).expect("what was written is read");
                prop_assert_eq!(again.geometry.kind(), parsed.geometry.kind());
            }
        }
    }

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let parsed = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let mut out = Vec::new();
        put_wkt(&parsed.geometry, 9, &mut out);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[track_caller]
    fn refuse(text: &str, at: usize, why: &str) {
        let error = parse(text).expect_err(text);
        assert!(error.at == at && error.what.en.contains(why), "{text}: {error}");
    }
}
