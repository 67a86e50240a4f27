//! All coordinates of a layer in one block: Web Mercator centimetres, without a heap object per feature.
//!
//! A geometry is a run of paths, each a header of two words and its positions. Positions are the first one in full and
//! then steps of 16 bits, or, for the few paths with steps over 327 m, all of them in full. Rings are stored without
//! their closing position, outer rings counter-clockwise (y upwards) and holes clockwise, so that many polygons may be
//! filled as one non-zero path.
//!
//! Invariant: a start handed out by [`Arena::push`] points at a header, and the last path of a geometry says so.

use std::io::{Read, Result, Write};

use super::pack::{Packer, Unpacker};
use super::thin::{thin, thin_ring};
use crate::model::geometry::{Bounds, Coords, Geometry, GeometryKind, Visitor};

/// Centimetres in a metre: the arena's unit.
pub const UNITS_PER_M: f64 = 100.0;

/// Start of a feature without geometry.
pub const NOWHERE: u32 = u32::MAX;

const WIDE: u32 = 1 << 31;
const LAST: u32 = 1 << 30;
const KIND_SHIFT: u32 = 28;
const COUNT_MASK: u32 = (1 << KIND_SHIFT) - 1;

/// What a path of the arena is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PathKind {
    /// Positions on their own.
    Points = 0,
    /// A line.
    Line = 1,
    /// The outer ring of a polygon; its holes follow.
    Outer = 2,
    /// A hole of the polygon whose outer ring came before.
    Hole = 3,
}

impl PathKind {
    /// Whether it is a ring.
    pub fn is_ring(self) -> bool {
        matches!(self, Self::Outer | Self::Hole)
    }

    fn from_bits(bits: u32) -> Self {
        match bits & 3 {
            0 => Self::Points,
            1 => Self::Line,
            2 => Self::Outer,
            _ => Self::Hole,
        }
    }
}

/// A way from a layer's coordinates to Web Mercator metres; `None` where there is none.
pub type Transform<'a> = &'a dyn Fn([f64; 2]) -> Option<[f64; 2]>;

/// The block. See the module's head.
#[derive(Clone, Debug, Default)]
pub struct Arena {
    words: Vec<u16>,
}

impl Arena {
    /// Takes a geometry in; its start comes back, [`NOWHERE`] if nothing of it has a place in the world.
    pub fn push(&mut self, geometry: &Geometry, transform: Transform) -> u32 {
        let start = self.words.len();
        let mut writer = Writer { words: &mut self.words, transform, kinds: Vec::new(), path: Vec::new(), last: None };
        geometry.walk(&mut writer);
        writer.flush_points();
        let last = writer.last;
        self.finish(start, last)
    }

    /// Marks the last path of the geometry that was begun at `start`.
    fn finish(&mut self, start: usize, last: Option<usize>) -> u32 {
        match (last, u32::try_from(start)) {
            (Some(header), Ok(start)) if start < NOWHERE - 1 => {
                self.words[header + 1] |= (LAST >> 16) as u16;
                start
            }
            _ => {
                self.words.truncate(start);
                NOWHERE
            }
        }
    }

    /// An empty block that another's content fits into.
    pub fn with_room_for(other: &Self) -> Self {
        Self { words: Vec::with_capacity(other.words.len()) }
    }

    /// Copies a geometry from another arena.
    pub fn push_from(&mut self, other: &Self, start: u32) -> u32 {
        if start == NOWHERE {
            return NOWHERE;
        }
        let here = u32::try_from(self.words.len()).unwrap_or(NOWHERE);
        self.words.extend_from_slice(&other.words[start as usize..start as usize + other.len_words(start)]);
        here
    }

    /// Copies a geometry from another arena with fewer positions: none moves by more than `tolerance` centimetres.
    pub fn push_thinned(&mut self, other: &Self, start: u32, tolerance: f64) -> u32 {
        let here = self.words.len();
        let mut writer =
            Writer { words: &mut self.words, transform: &Some, kinds: Vec::new(), path: Vec::new(), last: None };
        for path in other.paths(start) {
            let mut positions: Vec<[i32; 2]> = path.positions().collect();
            match path.kind {
                PathKind::Points => {}
                PathKind::Line => thin(&mut positions, tolerance),
                PathKind::Outer | PathKind::Hole => thin_ring(&mut positions, tolerance),
            }
            writer.write(path.kind, &positions);
        }
        let last = writer.last;
        self.finish(here, last)
    }

    /// The paths of the geometry at `start`.
    pub fn paths(&self, start: u32) -> Paths<'_> {
        Paths { words: if start == NOWHERE { &[] } else { &self.words[start as usize..] } }
    }

    /// Words that the geometry at `start` takes.
    pub fn len_words(&self, start: u32) -> usize {
        self.paths(start).map(|path| 2 + path.words.len()).sum()
    }

    /// Words in all, dead ones too.
    pub fn total_words(&self) -> usize {
        self.words.len()
    }

    /// Gives back memory that was reserved for more.
    pub fn shrink(&mut self) {
        self.words.shrink_to_fit();
    }

    /// Writes the block.
    pub(super) fn pack<W: Write>(&self, out: &mut Packer<W>) -> Result<()> {
        out.slice(&self.words)
    }

    /// Reads what [`Arena::pack`] writes.
    pub(super) fn unpack<R: Read>(input: &mut Unpacker<R>) -> Result<Self> {
        Ok(Self { words: input.slice()? })
    }

    /// Bytes on the heap.
    pub fn resident_bytes(&self) -> usize {
        self.words.capacity() * size_of::<u16>()
    }
}

/// One path of a geometry.
#[derive(Clone, Copy, Debug)]
pub struct Path<'a> {
    /// What it is.
    pub kind: PathKind,
    words: &'a [u16],
    wide: bool,
    count: usize,
}

impl<'a> Path<'a> {
    /// How many positions; one at least.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Never: a path has a position.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Positions in order, centimetres.
    pub fn positions(&self) -> Positions<'a> {
        Positions { words: self.words, wide: self.wide, at: [0; 2], first: true }
    }

    /// Positions in order, Web Mercator metres.
    pub fn world(&self) -> impl Iterator<Item = [f64; 2]> + 'a {
        self.positions().map(world_from_units)
    }

    /// Neighbouring positions in order, Web Mercator metres; a ring closes.
    pub fn segments(&self) -> impl Iterator<Item = [[f64; 2]; 2]> + 'a {
        let closing = if self.kind.is_ring() { self.world().next() } else { None };
        let mut rest = self.world().chain(closing);
        let mut before = rest.next();
        std::iter::from_fn(move || {
            let after = rest.next()?;
            before.replace(after).map(|before| [before, after])
        })
    }
}

/// The paths of one geometry, in order.
#[derive(Clone, Debug)]
pub struct Paths<'a> {
    words: &'a [u16],
}

impl<'a> Iterator for Paths<'a> {
    type Item = Path<'a>;

    fn next(&mut self) -> Option<Path<'a>> {
        let header = read_u32(self.words.get(..2)?);
        let (wide, count) = (header & WIDE != 0, (header & COUNT_MASK) as usize);
        let len = if wide { count * 4 } else { 4 + (count - 1) * 2 };
        let words = &self.words[2..2 + len];
        self.words = if header & LAST == 0 { &self.words[2 + len..] } else { &[] };
        Some(Path { kind: PathKind::from_bits(header >> KIND_SHIFT), words, wide, count })
    }
}

/// The positions of one path, in order, centimetres.
#[derive(Clone, Debug)]
pub struct Positions<'a> {
    words: &'a [u16],
    wide: bool,
    at: [i32; 2],
    first: bool,
}

impl Iterator for Positions<'_> {
    type Item = [i32; 2];

    #[inline]
    fn next(&mut self) -> Option<[i32; 2]> {
        if self.wide || self.first {
            let (head, rest) = self.words.split_at_checked(4)?;
            self.at = [read_u32(head).cast_signed(), read_u32(&head[2..]).cast_signed()];
            self.words = rest;
            self.first = false;
        } else {
            let (head, rest) = self.words.split_at_checked(2)?;
            self.at[0] += i32::from(head[0].cast_signed());
            self.at[1] += i32::from(head[1].cast_signed());
            self.words = rest;
        }
        Some(self.at)
    }
}

/// The box around a geometry in centimetres: west, south, east, north; `None` for none.
pub fn unit_bounds(paths: Paths) -> Option<[i32; 4]> {
    let mut bounds: Option<[i32; 4]> = None;
    for path in paths {
        for [x, y] in path.positions() {
            let [west, south, east, north] = bounds.get_or_insert([x, y, x, y]);
            (*west, *south) = ((*west).min(x), (*south).min(y));
            (*east, *north) = ((*east).max(x), (*north).max(y));
        }
    }
    bounds
}

/// The box around a geometry in Web Mercator metres; empty for none.
pub fn world_bounds(paths: Paths) -> Bounds {
    unit_bounds(paths).map_or(Bounds::EMPTY, |[west, south, east, north]| {
        let (min, max) = (world_from_units([west, south]), world_from_units([east, north]));
        Bounds { min, max }
    })
}

/// Web Mercator metres of a position in centimetres.
#[inline]
pub fn world_from_units(at: [i32; 2]) -> [f64; 2] {
    [f64::from(at[0]) / UNITS_PER_M, f64::from(at[1]) / UNITS_PER_M]
}

/// The nearest position in centimetres; beyond the world's edge it stays at the edge.
pub fn units_from_world(at: [f64; 2]) -> [i32; 2] {
    at.map(|metres| (metres * UNITS_PER_M).round() as i32)
}

fn read_u32(words: &[u16]) -> u32 {
    u32::from(words[0]) | u32::from(words[1]) << 16
}

/// Writes what a walk over a geometry meets into the block.
struct Writer<'a> {
    words: &'a mut Vec<u16>,
    transform: Transform<'a>,
    kinds: Vec<(GeometryKind, usize)>,
    /// Points that wait to become one path.
    path: Vec<[i32; 2]>,
    /// Place of the last header written.
    last: Option<usize>,
}

impl Visitor for Writer<'_> {
    fn begin(&mut self, kind: GeometryKind, _: usize) {
        self.kinds.push((kind, 0));
    }

    fn path(&mut self, coords: Coords<'_>) {
        let Some((kind, seen)) = self.kinds.last_mut() else { return };
        let (kind, first) = (*kind, *seen == 0);
        *seen += 1;
        if kind == GeometryKind::Point {
            self.path.extend(coords.iter().filter_map(|at| place(at, self.transform)));
            return;
        }
        self.flush_points();
        let mut path: Vec<[i32; 2]> = coords.iter().filter_map(|at| place(at, self.transform)).collect();
        path.dedup();
        if kind != GeometryKind::Polygon {
            self.write(PathKind::Line, &path);
            return;
        }
        while path.len() > 1 && path.first() == path.last() {
            path.pop();
        }
        let kind = if first { PathKind::Outer } else { PathKind::Hole };
        if (ring_area(&path) < 0.0) == first {
            path.reverse();
        }
        self.write(kind, &path);
    }

    fn end(&mut self, _: GeometryKind) {
        self.kinds.pop();
    }
}

impl Writer<'_> {
    fn flush_points(&mut self) {
        let points = std::mem::take(&mut self.path);
        self.write(PathKind::Points, &points);
    }

    fn write(&mut self, kind: PathKind, path: &[[i32; 2]]) {
        if path.is_empty() || path.len() > COUNT_MASK as usize {
            return;
        }
        let steps = || path.windows(2).map(|pair| step(pair[0], pair[1]));
        let wide = steps().any(|step| step.is_none());
        self.last = Some(self.words.len());
        let flag = if wide { WIDE } else { 0 };
        self.push_u32(path.len() as u32 | (kind as u32) << KIND_SHIFT | flag);
        let full = if wide { path } else { &path[..1] };
        for at in full {
            self.push_u32(at[0].cast_unsigned());
            self.push_u32(at[1].cast_unsigned());
        }
        if !wide {
            self.words.extend(steps().flatten().flatten().map(i16::cast_unsigned));
        }
    }

    fn push_u32(&mut self, number: u32) {
        self.words.extend([number as u16, (number >> 16) as u16]);
    }
}

fn place(at: [f64; 2], transform: Transform) -> Option<[i32; 2]> {
    let world = at.iter().all(|number| number.is_finite()).then(|| transform(at)).flatten()?;
    world.iter().all(|number| number.is_finite()).then(|| units_from_world(world))
}

fn step(from: [i32; 2], to: [i32; 2]) -> Option<[i16; 2]> {
    let x = i16::try_from(i64::from(to[0]) - i64::from(from[0])).ok()?;
    let y = i16::try_from(i64::from(to[1]) - i64::from(from[1])).ok()?;
    Some([x, y])
}

/// Twice the signed area: positive for a counter-clockwise ring.
fn ring_area(ring: &[[i32; 2]]) -> f64 {
    let Some(&origin) = ring.first() else { return 0.0 };
    let local = |at: [i32; 2]| [f64::from(at[0]) - f64::from(origin[0]), f64::from(at[1]) - f64::from(origin[1])];
    ring.windows(2).map(|pair| (local(pair[0]), local(pair[1]))).map(|(a, b)| a[0] * b[1] - b[0] * a[1]).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_stays_a_point() {
        check(&Geometry::point(12_916_150.25, 3_465_000.5), "Points (12916150.25 3465000.5)");
    }

    #[test]
    fn a_line_may_have_long_steps() {
        check(&Geometry::line(&[[0.0, 0.0], [100.5, 3.0]]), "Line (0 0, 100.5 3)");
        check(&Geometry::line(&[[0.0, 0.0], [1e6, 3.0]]), "Line (0 0, 1000000 3)");
        check(&Geometry::line(&[[2e7, 0.0], [-2e7, 0.0]]), "Line (20000000 0, -20000000 0)");
    }

    #[test]
    fn repeated_positions_are_one() {
        check(&Geometry::line(&[[1.0, 1.0], [1.0, 1.0], [2.0, 1.0]]), "Line (1 1, 2 1)");
    }

    #[test]
    fn rings_are_turned_and_left_open() {
        let clockwise = [[0.0, 0.0], [0.0, 4.0], [4.0, 4.0], [4.0, 0.0], [0.0, 0.0]];
        check(&Geometry::polygon(&clockwise), "Outer (4 0, 4 4, 0 4, 0 0)");
    }

    #[test]
    fn an_empty_geometry_is_nowhere() {
        check(&Geometry::line(&[]), "");
        check(&Geometry::point(f64::NAN, f64::NAN), "");
    }

    #[test]
    fn positions_beyond_the_world_stay_at_its_edge() {
        check(&Geometry::point(1e300, -1e300), "Points (21474836.47 -21474836.48)");
    }

    #[test]
    fn a_position_without_a_place_is_left_out() {
        let mut arena = Arena::default();
        let start = arena.push(&Geometry::line(&[[0.0, 0.0], [9.0, 9.0]]), &|at| (at[0] < 5.0).then_some(at));
        assert_eq!(dump(&arena, start), "Line (0 0)");
        assert_eq!(arena.push(&Geometry::point(9.0, 9.0), &|_| None), NOWHERE);
    }

    #[track_caller]
    fn check(geometry: &Geometry, want: &str) {
        let mut arena = Arena::default();
        arena.push(&Geometry::point(7.0, 7.0), &Some);
        let start = arena.push(geometry, &Some);
        arena.push(&Geometry::point(8.0, 8.0), &Some);
        assert_eq!(dump(&arena, start), want);
        let mut copy = Arena::default();
        let start = copy.push_from(&arena, start);
        assert_eq!(dump(&copy, start), want);
    }

    fn dump(arena: &Arena, start: u32) -> String {
        let paths = arena.paths(start).map(|path| {
            let places: Vec<String> = path.world().map(|[x, y]| format!("{x} {y}")).collect();
            format!("{:?} ({})", path.kind, places.join(", "))
        });
        paths.collect::<Vec<_>>().join(" ")
    }
}
