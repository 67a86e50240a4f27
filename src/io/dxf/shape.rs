//! From the entities of a drawing to geometry: bulges, circles, ellipses and splines become paths of short straight
//! pieces.
//!
//! Group codes and formulas: Autodesk, DXF Reference (2012); bulges, object coordinate systems and splines by its
//! appendix.

use std::f64::consts::TAU;

use super::drawing::{Drawn, Vertex};
use super::groups::{Entity, number};
use super::hatch;
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};

/// Straight pieces that a full turn has at least and at most.
const PIECES: (f64, f64) = (24.0, 720.0);
/// Straight pieces that each part of a spline has at least and at most.
const SPLINE_PIECES: (f64, f64) = (4.0, 720.0);
/// Highest degree of a spline that is computed, and most control points.
const MAX_DEGREE: usize = 11;
const MAX_CONTROLS: usize = 50_000;

/// Positions of a path, and whether it is closed without its first position being repeated.
#[derive(Debug, Default)]
pub(super) struct Path {
    pub at: Vec<[f64; 3]>,
    pub is_closed: bool,
}

/// What an entity draws.
#[derive(Debug)]
pub(super) enum Shape {
    Point([f64; 3]),
    Path(Path),
    /// Outlines with their holes, none of which repeats its first position.
    Areas(Vec<Vec<hatch::Ring>>),
}

/// How finely curves are drawn: the distance between curve and path, in units of the drawing.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fineness(pub f64);

/// The shape of an entity; `None` for kinds that are not read and for entities that lack what their kind needs.
pub(super) fn shape_of(drawn: &Drawn, fineness: Fineness) -> Option<Shape> {
    let entity = &drawn.entity;
    let own = Ocs::of(entity);
    let path = |at: Vec<[f64; 3]>, is_closed: bool| Some(Shape::Path(Path { at, is_closed }));
    match entity.kind.as_str() {
        "POINT" => entity.position(10).map(Shape::Point),
        "TEXT" | "INSERT" | "ATTDEF" => entity.position(10).map(|at| Shape::Point(own.world(at))),
        "MTEXT" => entity.position(10).map(Shape::Point),
        "LINE" => path(vec![entity.position(10)?, entity.position(11)?], false),
        "LWPOLYLINE" => {
            let is_closed = entity.whole(70) & 1 != 0;
            path(own.all(bent(&light_vertices(entity), is_closed, fineness)), is_closed)
        }
        "POLYLINE" => old_polyline(drawn, own, fineness).map(Shape::Path),
        "CIRCLE" => {
            let (center, radius) = (entity.position(10)?, entity.number(40)?);
            let mut at = arc(center, [radius, 0.0], [0.0, radius], 0.0, TAU, fineness);
            at.pop();
            path(own.all(at), true)
        }
        "ARC" => {
            let (center, radius) = (entity.position(10)?, entity.number(40)?);
            let [from, to] = [entity.number(50)?, entity.number(51)?].map(f64::to_radians);
            path(own.all(arc(center, [radius, 0.0], [0.0, radius], from, turn_to(from, to), fineness)), false)
        }
        "ELLIPSE" => ellipse(entity, own, fineness).map(Shape::Path),
        "SPLINE" => spline(entity, fineness).map(Shape::Path),
        "HATCH" => {
            let areas = hatch::areas(entity, fineness)?;
            let rings = |area: Vec<hatch::Ring>| area.into_iter().map(|ring| own.all(ring)).collect();
            Some(Shape::Areas(areas.into_iter().map(rings).collect()))
        }
        "SOLID" | "TRACE" => {
            let [first, second, third] = [10, 11, 12].map(|code| entity.position(code));
            // The third and fourth corner stand the other way round.
            let fourth = entity.position(13).filter(|fourth| Some(*fourth) != third);
            let at = [first, second, fourth, third].into_iter().flatten().collect();
            path(own.all(at), true)
        }
        _ => None,
    }
}

/// The vertices of a light polyline, each with the bulge behind it.
fn light_vertices(entity: &Entity) -> Vec<Vertex> {
    let z = entity.number(38).unwrap_or_default();
    let mut found: Vec<Vertex> = Vec::new();
    for (code, value) in entity.pairs().filter(|(code, _)| matches!(code, 10 | 20 | 42)) {
        let Some(number) = number(value) else { continue };
        match (code, found.last_mut()) {
            (10, _) => found.push(Vertex { at: [number, 0.0, z], bulge: 0.0, flags: 0 }),
            (20, Some(last)) => last.at[1] = number,
            (42, Some(last)) => last.bulge = number,
            _ => {}
        }
    }
    found
}

/// A polyline of the old kind, flat or in space; meshes are none.
fn old_polyline(drawn: &Drawn, own: Ocs, fineness: Fineness) -> Option<Path> {
    let flags = drawn.entity.whole(70);
    let (is_closed, is_3d, is_mesh) = (flags & 1 != 0, flags & 8 != 0, flags & (16 | 64) != 0);
    if is_mesh {
        return None;
    }
    let z = drawn.entity.number(30).unwrap_or_default();
    let on_line = drawn.vertices.iter().filter(|vertex| vertex.flags & 16 == 0);
    if is_3d {
        return Some(Path { at: on_line.map(|vertex| vertex.at).collect(), is_closed });
    }
    let flat: Vec<Vertex> = on_line.map(|vertex| Vertex { at: [vertex.at[0], vertex.at[1], z], ..*vertex }).collect();
    Some(Path { at: own.all(bent(&flat, is_closed, fineness)), is_closed })
}

/// The corners with the arcs between them drawn out.
pub(super) fn bent(vertices: &[Vertex], is_closed: bool, fineness: Fineness) -> Vec<[f64; 3]> {
    let mut out = Vec::with_capacity(vertices.len());
    for (place, vertex) in vertices.iter().enumerate() {
        out.push(vertex.at);
        let next = match vertices.get(place + 1) {
            Some(next) => next,
            None if is_closed => &vertices[0],
            None => break,
        };
        if vertex.bulge.abs() > 1e-9 && vertex.bulge.abs() < 1e6 {
            bend(vertex.at, next.at, vertex.bulge, fineness, &mut out);
        }
    }
    out
}

/// The positions between two corners on an arc of `4 · atan(bulge)`, to the left if that is positive.
fn bend(from: [f64; 3], to: [f64; 3], bulge: f64, fineness: Fineness, out: &mut Vec<[f64; 3]>) {
    let [dx, dy] = [to[0] - from[0], to[1] - from[1]];
    let chord = dx.hypot(dy);
    if chord == 0.0 {
        return;
    }
    let angle = 4.0 * bulge.atan();
    let radius = chord * (1.0 + bulge * bulge) / (4.0 * bulge.abs());
    // From the middle of the chord to the centre, along the normal to its left.
    let offset = chord * (1.0 - bulge * bulge) / (4.0 * bulge);
    let center =
        [f64::midpoint(from[0], to[0]) - dy / chord * offset, f64::midpoint(from[1], to[1]) + dx / chord * offset];
    let start = (from[1] - center[1]).atan2(from[0] - center[0]);
    let pieces = pieces(radius, angle.abs(), fineness);
    for piece in 1..pieces {
        let at = start + angle * piece as f64 / pieces as f64;
        out.push([center[0] + radius * at.cos(), center[1] + radius * at.sin(), from[2]]);
    }
}

/// How many straight pieces an arc of this angle has.
fn pieces(radius: f64, angle: f64, Fineness(distance): Fineness) -> usize {
    let step = 2.0 * (1.0 - (distance / radius.abs().max(f64::MIN_POSITIVE)).min(1.0)).acos();
    let whole = (TAU / step.max(1e-6)).clamp(PIECES.0, PIECES.1);
    ((whole * angle / TAU).ceil() as usize).clamp(1, PIECES.1 as usize)
}

/// The end of an arc that runs counter-clockwise.
pub(super) fn turn_to(from: f64, to: f64) -> f64 {
    from + if (to - from).rem_euclid(TAU) < 1e-12 { TAU } else { (to - from).rem_euclid(TAU) }
}

/// An arc between two angles, both ends in it; `major` and `minor` are its half axes.
pub(super) fn arc(
    center: [f64; 3],
    major: [f64; 2],
    minor: [f64; 2],
    from: f64,
    to: f64,
    fineness: Fineness,
) -> Vec<[f64; 3]> {
    let radius = major[0].hypot(major[1]).max(minor[0].hypot(minor[1]));
    let pieces = pieces(radius, (to - from).abs(), fineness).max(2);
    let at = |piece: usize| {
        let (sin, cos) = (from + (to - from) * piece as f64 / pieces as f64).sin_cos();
        let [x, y] = [0, 1].map(|axis: usize| center[axis] + major[axis] * cos + minor[axis] * sin);
        [x, y, center[2]]
    };
    (0..=pieces).map(at).collect()
}

/// Its axis is in world coordinates already; the other one is at a right angle to it around the extrusion.
fn ellipse(entity: &Entity, own: Ocs, fineness: Fineness) -> Option<Path> {
    let (center, [x, y, _]) = (entity.position(10)?, entity.position(11)?);
    let ratio = entity.number(40)?;
    let turn = if own.normal[2] < 0.0 { -ratio } else { ratio };
    let (from, to) = (entity.number(41).unwrap_or(0.0), entity.number(42).unwrap_or(TAU));
    let is_closed = (to - from).abs() >= TAU - 1e-6;
    let mut at = arc(center, [x, y], [-y * turn, x * turn], from, turn_to(from, to), fineness);
    if is_closed {
        at.pop();
    }
    Some(Path { at, is_closed })
}

fn spline(entity: &Entity, fineness: Fineness) -> Option<Path> {
    let is_closed = entity.whole(70) & 1 != 0;
    let spline = Spline {
        degree: usize::try_from(entity.whole(71)).unwrap_or_default(),
        knots: entity.numbers(40).collect(),
        weights: entity.numbers(41).collect(),
        controls: entity.positions(10),
        fits: entity.positions(11),
    };
    let mut at = spline.path(fineness);
    if is_closed && at.len() > 1 && near(at[0], at[at.len() - 1]) {
        at.pop();
    }
    Some(Path { at, is_closed })
}

/// What makes a spline.
pub(super) struct Spline {
    pub degree: usize,
    pub knots: Vec<f64>,
    pub weights: Vec<f64>,
    pub controls: Vec<[f64; 3]>,
    /// Positions that it goes through, in place of the control points.
    pub fits: Vec<[f64; 3]>,
}

impl Spline {
    /// By de Boor's algorithm, weights included; without sound control points the path through the fit points.
    pub(super) fn path(self, fineness: Fineness) -> Vec<[f64; 3]> {
        let Self { degree, knots, mut weights, controls, fits } = self;
        let is_sound = (1..=MAX_DEGREE).contains(&degree)
            && controls.len() > degree
            && controls.len() <= MAX_CONTROLS
            && knots.len() == controls.len() + degree + 1
            && knots.windows(2).all(|pair| pair[0] <= pair[1]);
        if !is_sound {
            return if fits.len() > 1 { fits } else { controls };
        }
        if weights.len() != controls.len() || weights.iter().any(|weight| *weight <= 0.0) {
            weights = vec![1.0; controls.len()];
        }
        let whole =
            controls.iter().zip(weights).map(|([x, y, z], weight)| [x * weight, y * weight, z * weight, weight]);
        let bends: Vec<f64> = controls.windows(3).map(bend_of).collect();
        let pieces = |span: usize| spline_pieces(&bends[span - degree..(span - 1).min(bends.len())], degree, fineness);
        curve(&whole.collect::<Vec<_>>(), &knots, degree, &pieces)
    }
}

pub(super) fn near(one: [f64; 3], other: [f64; 3]) -> bool {
    (0..3).all(|axis| (one[axis] - other[axis]).abs() <= 1e-9 * (1.0 + one[axis].abs()))
}

/// How far three control points are from standing on a line at even steps.
fn bend_of(three: &[[f64; 3]]) -> f64 {
    let [x, y] = [0, 1].map(|axis: usize| three[0][axis] - 2.0 * three[1][axis] + three[2][axis]);
    x.hypot(y)
}

/// How many straight pieces keep the distance, by the second differences of the control points.
fn spline_pieces(bends: &[f64], degree: usize, Fineness(distance): Fineness) -> usize {
    let most = bends.iter().copied().fold(0.0, f64::max);
    let degree = degree as f64;
    let pieces = (degree * (degree - 1.0) / 8.0 * most / distance).sqrt().ceil();
    pieces.clamp(SPLINE_PIECES.0, SPLINE_PIECES.1) as usize
}

fn curve(controls: &[[f64; 4]], knots: &[f64], degree: usize, pieces: &dyn Fn(usize) -> usize) -> Vec<[f64; 3]> {
    let mut out = Vec::new();
    for span in degree..controls.len() {
        let (from, to) = (knots[span], knots[span + 1]);
        if to <= from {
            continue;
        }
        let (first, pieces) = (usize::from(!out.is_empty()), pieces(span));
        for piece in first..=pieces {
            let at = from + (to - from) * piece as f64 / pieces as f64;
            out.push(de_boor(controls, knots, degree, span, at));
        }
    }
    out
}

fn de_boor(controls: &[[f64; 4]], knots: &[f64], degree: usize, span: usize, at: f64) -> [f64; 3] {
    let mut local = [[0.0; 4]; MAX_DEGREE + 1];
    local[..=degree].copy_from_slice(&controls[span - degree..=span]);
    for level in 1..=degree {
        for place in (level..=degree).rev() {
            let left = knots[span - degree + place];
            let right = knots[span + 1 + place - level];
            let share = if right > left { (at - left) / (right - left) } else { 0.0 };
            let before = local[place - 1];
            for (axis, number) in local[place].iter_mut().enumerate() {
                *number = before[axis] * (1.0 - share) + *number * share;
            }
        }
    }
    let [x, y, z, weight] = local[degree];
    [x / weight, y / weight, z / weight]
}

/// The coordinate system of a flat entity: its extrusion is the z axis, the others follow by the arbitrary axis
/// algorithm.
#[derive(Clone, Copy, Debug)]
struct Ocs {
    normal: [f64; 3],
}

impl Ocs {
    fn of(entity: &Entity) -> Self {
        let normal = entity.position(210).unwrap_or([0.0, 0.0, 1.0]);
        let length = normal.iter().map(|part| part * part).sum::<f64>().sqrt();
        let is_usable = length > 1e-9 && length.is_finite();
        Self { normal: if is_usable { normal.map(|part| part / length) } else { [0.0, 0.0, 1.0] } }
    }

    fn world(self, at: [f64; 3]) -> [f64; 3] {
        let z = self.normal;
        if z[2] > 1.0 - 1e-12 {
            return at;
        }
        let near_pole = z[0].abs() < 1.0 / 64.0 && z[1].abs() < 1.0 / 64.0;
        let x = cross(if near_pole { [0.0, 1.0, 0.0] } else { [0.0, 0.0, 1.0] }, z);
        let length = x.iter().map(|part| part * part).sum::<f64>().sqrt();
        let x = x.map(|part| part / length);
        let y = cross(z, x);
        [0, 1, 2].map(|axis: usize| at[0] * x[axis] + at[1] * y[axis] + at[2] * z[axis])
    }

    fn all(self, at: Vec<[f64; 3]>) -> Vec<[f64; 3]> {
        at.into_iter().map(|at| self.world(at)).collect()
    }
}

fn cross(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]
}

/// The geometry, every number times `scale`; closed paths are areas. `None` if nothing is left of it.
pub(super) fn geometry(shape: &Shape, scale: f64) -> Option<Geometry> {
    let path = match shape {
        Shape::Point(at) => {
            let mut out = WkbWriter::new(at[2] != 0.0);
            out.head(GeometryKind::Point, 1);
            out.position(at[0] * scale, at[1] * scale, at[2] * scale);
            return Geometry::from_writer(out).ok();
        }
        Shape::Areas(areas) => return polygons(areas, scale),
        Shape::Path(path) => path,
    };
    let mut at = path.at.clone();
    at.dedup();
    let is_area = path.is_closed && at.len() > 2;
    if is_area && at.first() != at.last() {
        at.extend(at.first().copied());
    }
    if at.len() < if is_area { 4 } else { 2 } {
        return None;
    }
    let mut out = WkbWriter::new(at.iter().any(|at| at[2] != 0.0));
    if is_area {
        out.head(GeometryKind::Polygon, 1);
        out.ring(at.len());
    } else {
        out.head(GeometryKind::LineString, at.len());
    }
    for [x, y, z] in at {
        out.position(x * scale, y * scale, z * scale);
    }
    Geometry::from_writer(out).ok()
}

/// Areas with holes; rings that have no inside are left out.
fn polygons(areas: &[Vec<hatch::Ring>], scale: f64) -> Option<Geometry> {
    let closed = |ring: &hatch::Ring| {
        let mut at = ring.clone();
        at.dedup();
        at.extend(at.first().copied());
        Some(at).filter(|at| at.len() > 3)
    };
    let areas = areas.iter().filter_map(|area| {
        let outline = closed(area.first()?)?;
        Some(std::iter::once(outline).chain(area.iter().skip(1).filter_map(closed)).collect::<Vec<_>>())
    });
    let areas: Vec<Vec<hatch::Ring>> = areas.collect();
    let has_z = areas.iter().flatten().flatten().any(|at| at[2] != 0.0);
    let mut out = WkbWriter::new(has_z);
    if areas.len() > 1 {
        out.head(GeometryKind::MultiPolygon, areas.len());
    }
    for area in &areas {
        out.head(GeometryKind::Polygon, area.len());
        for ring in area {
            out.ring(ring.len());
            ring.iter().for_each(|[x, y, z]| out.position(x * scale, y * scale, z * scale));
        }
    }
    if areas.is_empty() { None } else { Geometry::from_writer(out).ok() }
}
