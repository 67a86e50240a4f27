//! A geometry as GeoJSON text: rounded, outer rings counter-clockwise, holes clockwise.

use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};

/// Appends the geometry object.
pub(super) fn write_geometry(geometry: &Geometry, decimals: u8, out: &mut Vec<u8>) {
    geometry.walk(&mut ShapeWriter { out, decimals, open: Vec::new() });
}

/// Appends a number rounded to so many decimals, without zeros at its end.
pub(super) fn put_number(out: &mut Vec<u8>, number: f64, decimals: u8) {
    let scale = 10_u64.pow(u32::from(decimals));
    let scaled = (number * scale as f64).round();
    if scaled.abs() >= 9e15 {
        let text = format!("{number:.*}", usize::from(decimals));
        let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
        out.extend_from_slice(text.as_bytes());
        return;
    }
    let whole = scaled.abs() as u64;
    if scaled < 0.0 {
        out.push(b'-');
    }
    put_digits(out, whole / scale, 1);
    let fraction = whole % scale;
    if fraction > 0 {
        out.push(b'.');
        put_digits(out, fraction, decimals);
        while out.last() == Some(&b'0') {
            out.pop();
        }
    }
}

/// Appends a whole number with at least so many digits.
fn put_digits(out: &mut Vec<u8>, mut number: u64, least: u8) {
    let mut digits = [b'0'; 20];
    let mut start = digits.len();
    while number > 0 {
        start -= 1;
        digits[start] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    start = start.min(digits.len() - usize::from(least));
    out.extend_from_slice(&digits[start..]);
}

struct ShapeWriter<'a> {
    out: &'a mut Vec<u8>,
    decimals: u8,
    /// The geometries around this place, each with the number of its parts written so far.
    open: Vec<(GeometryKind, usize)>,
}

impl Visitor for ShapeWriter<'_> {
    fn begin(&mut self, kind: GeometryKind, _: usize) {
        if self.is_object() {
            self.comma();
            self.out.extend_from_slice(b"{\"type\":\"");
            self.out.extend_from_slice(kind.geojson_name().as_bytes());
            let member: &[u8] =
                if kind == GeometryKind::Collection { b"\",\"geometries\":" } else { b"\",\"coordinates\":" };
            self.out.extend_from_slice(member);
        } else {
            self.comma();
        }
        if has_parts(kind) {
            self.out.push(b'[');
        }
        self.open.push((kind, 0));
    }

    fn path(&mut self, coords: Coords<'_>) {
        let Some(&(kind, ring)) = self.open.last() else { return };
        match kind {
            GeometryKind::Point if coords.is_empty() || coords.xy(0)[0].is_nan() => self.out.extend_from_slice(b"[]"),
            GeometryKind::Point => self.position(&coords, 0),
            GeometryKind::Polygon => {
                self.comma();
                let is_backward = turns_left(&coords) != (ring == 0);
                self.positions(&coords, is_backward);
            }
            _ => self.positions(&coords, false),
        }
    }

    fn end(&mut self, kind: GeometryKind) {
        self.open.pop();
        if has_parts(kind) {
            self.out.push(b']');
        }
        if self.is_object() {
            self.out.push(b'}');
        }
    }
}

impl ShapeWriter<'_> {
    /// Whether a geometry here is an object of its own, rather than a part of a multi geometry.
    fn is_object(&self) -> bool {
        self.open.last().is_none_or(|(kind, _)| *kind == GeometryKind::Collection)
    }

    fn comma(&mut self) {
        let Some((_, parts)) = self.open.last_mut() else { return };
        if *parts > 0 {
            self.out.push(b',');
        }
        *parts += 1;
    }

    fn positions(&mut self, coords: &Coords<'_>, is_backward: bool) {
        self.out.push(b'[');
        for place in 0..coords.len() {
            if place > 0 {
                self.out.push(b',');
            }
            self.position(coords, if is_backward { coords.len() - 1 - place } else { place });
        }
        self.out.push(b']');
    }

    fn position(&mut self, coords: &Coords<'_>, place: usize) {
        let [x, y] = coords.xy(place);
        self.out.push(b'[');
        put_number(self.out, x, self.decimals);
        self.out.push(b',');
        put_number(self.out, y, self.decimals);
        if let Some(z) = coords.z(place) {
            self.out.push(b',');
            put_number(self.out, z, self.decimals);
        }
        self.out.push(b']');
    }
}

fn has_parts(kind: GeometryKind) -> bool {
    !matches!(kind, GeometryKind::Point | GeometryKind::LineString)
}

/// Whether a ring runs counter-clockwise. Reckoned from its first position, so that far-off rings lose no digits.
fn turns_left(ring: &Coords<'_>) -> bool {
    if ring.is_empty() {
        return true;
    }
    let [x0, y0] = ring.xy(0);
    let mut twice_area = 0.0;
    let mut last = [0.0, 0.0];
    for [x, y] in ring.iter() {
        let at = [x - x0, y - y0];
        twice_area += last[0] * at[1] - last[1] * at[0];
        last = at;
    }
    twice_area >= 0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_rounded_and_short() {
        check(115.985_030_57, 7, "115.9850306");
        check(-0.000_000_04, 7, "0");
        check(-0.05, 7, "-0.05");
        check(116.0, 7, "116");
        check(29.000_000_1, 7, "29.0000001");
        check(39_401_296.435_6, 3, "39401296.436");
        check(1e18, 7, "1000000000000000000");
        check(0.5, 0, "1");
    }

    #[test]
    fn rings_turn_by_the_right_hand_rule() {
        let clockwise = [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0], [0.0, 0.0]];
        let mut out = Vec::new();
        write_geometry(&Geometry::polygon(&clockwise), 7, &mut out);
        let expected = r#"{"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[0,0]]]}"#;
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }

    #[track_caller]
    fn check(number: f64, decimals: u8, expected: &str) {
        let mut out = Vec::new();
        put_number(&mut out, number, decimals);
        assert_eq!(String::from_utf8_lossy(&out), expected);
    }
}
