//! A geometry as one block of bytes: ISO well-known binary (OGC 06-103r4), little-endian.
//!
//! The same bytes stand in the city file behind the GeoPackage header, travel through import, journal and export, and
//! are turned into other shapes (`geo` types, map arena, GeoJSON) where those are needed. One heap block per feature,
//! heights kept, nothing rounded.
//!
//! Invariant: a [`Geometry`] is well formed: counts and lengths fit, every number is finite except in an empty point.

use geo_types as gt;

pub use super::bounds::Bounds;
use super::geometry_geo::{GeoBuilder, write_geo};

/// Deepest nesting of collections that is read; files beyond it are hostile.
const MAX_DEPTH: u32 = 16;

/// What a geometry is made of. Numbers are those of ISO WKB.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum GeometryKind {
    /// One position.
    Point = 1,
    /// A path of two positions or more.
    LineString = 2,
    /// An outer ring and its holes.
    Polygon = 3,
    /// Positions.
    MultiPoint = 4,
    /// Paths.
    MultiLineString = 5,
    /// Polygons.
    MultiPolygon = 6,
    /// Anything, mixed.
    Collection = 7,
}

impl GeometryKind {
    /// Every kind, in WKB order.
    pub const ALL: [Self; 7] = [
        Self::Point,
        Self::LineString,
        Self::Polygon,
        Self::MultiPoint,
        Self::MultiLineString,
        Self::MultiPolygon,
        Self::Collection,
    ];

    /// The name that GeoJSON (RFC 7946) uses.
    pub fn geojson_name(self) -> &'static str {
        match self {
            Self::Point => "Point",
            Self::LineString => "LineString",
            Self::Polygon => "Polygon",
            Self::MultiPoint => "MultiPoint",
            Self::MultiLineString => "MultiLineString",
            Self::MultiPolygon => "MultiPolygon",
            Self::Collection => "GeometryCollection",
        }
    }

    fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| *kind as u32 == number)
    }

    /// 0 for points, 1 for lines, 2 for areas; `None` for a collection.
    pub fn dimension(self) -> Option<u8> {
        match self {
            Self::Point | Self::MultiPoint => Some(0),
            Self::LineString | Self::MultiLineString => Some(1),
            Self::Polygon | Self::MultiPolygon => Some(2),
            Self::Collection => None,
        }
    }
}

/// Bytes that are no geometry this program reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadGeometry {
    /// The bytes end too early, or a count does not fit.
    #[error("the geometry's bytes are cut off or garbled")]
    Garbled,
    /// Curves, surfaces and other types that the program does not draw.
    #[error("geometry type {0} is not supported")]
    Unsupported(u32),
    /// A coordinate is infinite or not a number.
    #[error("a coordinate is not a finite number")]
    NotFinite,
    /// Collections nested too deeply.
    #[error("geometry collections are nested too deeply")]
    TooDeep,
}

/// A run of coordinates inside a geometry's bytes.
#[derive(Clone, Copy, Debug)]
pub struct Coords<'a> {
    bytes: &'a [u8],
    layout: Layout,
}

impl<'a> Coords<'a> {
    /// How many positions.
    pub fn len(&self) -> usize {
        self.bytes.len() / self.layout.stride()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// Position `index`: x and y.
    pub fn xy(&self, index: usize) -> [f64; 2] {
        let at = index * self.layout.stride();
        [read_f64(&self.bytes[at..]), read_f64(&self.bytes[at + 8..])]
    }

    /// Height of position `index`, if the geometry has heights.
    pub fn z(&self, index: usize) -> Option<f64> {
        let at = index * self.layout.stride() + 16;
        self.layout.has_z.then(|| read_f64(&self.bytes[at..]))
    }

    /// The positions in order.
    pub fn iter(self) -> impl ExactSizeIterator<Item = [f64; 2]> + 'a {
        self.bytes.chunks_exact(self.layout.stride()).map(|chunk| [read_f64(chunk), read_f64(&chunk[8..])])
    }
}

/// What a walk over a geometry meets, in order. Every method has an empty default.
pub trait Visitor {
    /// A geometry of this kind begins, with so many parts (rings, members; 1 for points and lines).
    fn begin(&mut self, kind: GeometryKind, parts: usize) {
        let _ = (kind, parts);
    }

    /// The positions of a point, a line or one ring.
    fn path(&mut self, coords: Coords<'_>) {
        let _ = coords;
    }

    /// The geometry ends.
    fn end(&mut self, kind: GeometryKind) {
        let _ = kind;
    }
}

/// A well-formed geometry. See the module's head.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Geometry(Box<[u8]>);

impl std::fmt::Debug for Geometry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(out, "{:?}", self.to_geo())
    }
}

impl Geometry {
    /// Takes bytes from outside: either byte order, ISO or "extended" dimension flags.
    ///
    /// # Errors
    /// See [`BadGeometry`].
    pub fn from_wkb(bytes: &[u8]) -> Result<Self, BadGeometry> {
        let mut check = Finite(true);
        let plain = walk(bytes, &mut check).is_ok_and(<[u8]>::is_empty);
        if plain {
            return if check.0 { Ok(Self(bytes.into())) } else { Err(BadGeometry::NotFinite) };
        }
        let mut out = Vec::with_capacity(bytes.len());
        let rest = normalise(bytes, &mut out, 0)?;
        if !rest.is_empty() {
            return Err(BadGeometry::Garbled);
        }
        walk(&out, &mut check)?;
        if check.0 { Ok(Self(out.into())) } else { Err(BadGeometry::NotFinite) }
    }

    /// A point.
    pub fn point(x: f64, y: f64) -> Self {
        Self::from_geo(&gt::Geometry::Point(gt::Point::new(x, y)))
    }

    /// A path.
    pub fn line(coords: &[[f64; 2]]) -> Self {
        let line = gt::LineString(coords.iter().map(|&[x, y]| gt::Coord { x, y }).collect());
        Self::from_geo(&gt::Geometry::LineString(line))
    }

    /// A polygon without holes; closed if it is not.
    pub fn polygon(ring: &[[f64; 2]]) -> Self {
        let line = gt::LineString(ring.iter().map(|&[x, y]| gt::Coord { x, y }).collect());
        Self::from_geo(&gt::Geometry::Polygon(gt::Polygon::new(line, Vec::new())))
    }

    /// From the two-dimensional types that algorithms use.
    pub fn from_geo(geometry: &gt::Geometry<f64>) -> Self {
        let mut out = WkbWriter::new(false);
        write_geo(geometry, &mut out);
        Self(out.bytes.into())
    }

    /// The two-dimensional types that algorithms use; heights are left behind.
    pub fn to_geo(&self) -> gt::Geometry<f64> {
        let mut builder = GeoBuilder::default();
        self.walk(&mut builder);
        builder.done.unwrap_or_else(|| gt::Geometry::GeometryCollection(gt::GeometryCollection::default()))
    }

    /// The bytes: ISO WKB, little-endian.
    pub fn wkb(&self) -> &[u8] {
        &self.0
    }

    /// What it is made of.
    pub fn kind(&self) -> GeometryKind {
        let number = u32::from_le_bytes([self.0[1], self.0[2], self.0[3], self.0[4]]);
        GeometryKind::from_number(number % 1000).unwrap_or(GeometryKind::Collection)
    }

    /// Whether positions have heights.
    pub fn has_z(&self) -> bool {
        let number = u32::from_le_bytes([self.0[1], self.0[2], self.0[3], self.0[4]]);
        matches!(number / 1000, 1 | 3)
    }

    /// Goes through it in order.
    pub fn walk(&self, visitor: &mut impl Visitor) {
        let whole = walk(&self.0, visitor);
        debug_assert!(whole.is_ok(), "a geometry is well formed");
    }

    /// The box around it; empty for an empty geometry.
    pub fn bounds(&self) -> Bounds {
        struct Boxed(Bounds);
        impl Visitor for Boxed {
            fn path(&mut self, coords: Coords<'_>) {
                coords.iter().filter(|at| at[0].is_finite()).for_each(|at| self.0.extend(at));
            }
        }
        let mut boxed = Boxed(Bounds::EMPTY);
        self.walk(&mut boxed);
        boxed.0
    }

    /// How many positions it has.
    pub fn coord_count(&self) -> usize {
        struct Count(usize);
        impl Visitor for Count {
            fn path(&mut self, coords: Coords<'_>) {
                self.0 += coords.len();
            }
        }
        let mut count = Count(0);
        self.walk(&mut count);
        count.0
    }

    /// Whether there is no position in it.
    pub fn is_empty(&self) -> bool {
        self.bounds().is_empty()
    }

    /// The same geometry with every x and y moved; heights stay. Fails where `f` does.
    ///
    /// # Errors
    /// Whatever `f` returns.
    pub fn try_map_xy<E>(&self, mut f: impl FnMut([f64; 2]) -> Result<[f64; 2], E>) -> Result<Self, E> {
        let mut bytes = self.0.clone();
        let mut spans = Vec::new();
        path_spans(&self.0, &mut spans);
        for (start, len, stride) in spans {
            for at in (start..start + len).step_by(stride) {
                let xy = [read_f64(&bytes[at..]), read_f64(&bytes[at + 8..])];
                if xy[0].is_nan() {
                    continue;
                }
                let [x, y] = f(xy)?;
                bytes[at..at + 8].copy_from_slice(&x.to_le_bytes());
                bytes[at + 8..at + 16].copy_from_slice(&y.to_le_bytes());
            }
        }
        Ok(Self(bytes))
    }

    /// A polygon or line as the multi type of the same dimension; anything else as it is.
    pub fn to_multi(&self) -> Self {
        let multi = match self.kind() {
            GeometryKind::Point => GeometryKind::MultiPoint,
            GeometryKind::LineString => GeometryKind::MultiLineString,
            GeometryKind::Polygon => GeometryKind::MultiPolygon,
            _ => return self.clone(),
        };
        let mut out = WkbWriter::new(self.has_z());
        out.head(multi, 1);
        out.bytes.extend_from_slice(&self.0);
        Self(out.bytes.into())
    }

    /// The bytes that a [`WkbWriter`] made.
    ///
    /// # Errors
    /// See [`BadGeometry`]: counts that were promised and not kept, numbers that are not finite.
    pub fn from_writer(writer: WkbWriter) -> Result<Self, BadGeometry> {
        let mut check = Finite(true);
        if !walk(&writer.bytes, &mut check)?.is_empty() {
            return Err(BadGeometry::Garbled);
        }
        if check.0 { Ok(Self(writer.bytes.into())) } else { Err(BadGeometry::NotFinite) }
    }
}

/// Writes ISO WKB part by part: for formats that stream coordinates.
#[derive(Debug)]
pub struct WkbWriter {
    bytes: Vec<u8>,
    has_z: bool,
}

impl WkbWriter {
    /// An empty writer; with `has_z` every position has a height.
    pub fn new(has_z: bool) -> Self {
        Self { bytes: Vec::with_capacity(64), has_z }
    }

    /// Begins a geometry. `count` is its positions for a line, its rings or members otherwise; unused for a point.
    pub fn head(&mut self, kind: GeometryKind, count: usize) {
        self.bytes.push(1);
        let number = kind as u32 + if self.has_z { 1000 } else { 0 };
        self.bytes.extend_from_slice(&number.to_le_bytes());
        if kind != GeometryKind::Point {
            self.count(count);
        }
    }

    /// Begins a ring of a polygon.
    pub fn ring(&mut self, count: usize) {
        self.count(count);
    }

    /// Begins a ring of a polygon whose positions are still to be counted; what comes back is for
    /// [`WkbWriter::close`].
    pub fn open_ring(&mut self) -> usize {
        self.ring(0);
        self.bytes.len() - 4
    }

    /// Begins a geometry, no point, whose positions or parts are still to be counted; what comes back is for
    /// [`WkbWriter::close`].
    pub fn open(&mut self, kind: GeometryKind) -> usize {
        self.head(kind, 0);
        self.bytes.len() - 4
    }

    /// Says how many positions or parts there were since `opened`.
    pub fn close(&mut self, opened: usize, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.bytes[opened..opened + 4].copy_from_slice(&count.to_le_bytes());
    }

    /// One position; the height is ignored unless promised.
    pub fn position(&mut self, x: f64, y: f64, z: f64) {
        self.bytes.extend_from_slice(&x.to_le_bytes());
        self.bytes.extend_from_slice(&y.to_le_bytes());
        if self.has_z {
            self.bytes.extend_from_slice(&z.to_le_bytes());
        }
    }

    fn count(&mut self, count: usize) {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(&count.to_le_bytes());
    }
}

#[derive(Clone, Copy, Debug)]
struct Layout {
    has_z: bool,
    has_m: bool,
}

impl Layout {
    fn stride(self) -> usize {
        16 + 8 * (usize::from(self.has_z) + usize::from(self.has_m))
    }
}

struct Finite(bool);

impl Visitor for Finite {
    fn path(&mut self, coords: Coords<'_>) {
        let empty_point = coords.len() == 1 && coords.xy(0).iter().all(|n| n.is_nan());
        self.0 &= empty_point || coords.bytes.chunks_exact(8).all(|number| read_f64(number).is_finite());
    }
}

fn read_f64(bytes: &[u8]) -> f64 {
    let mut number = [0; 8];
    number.copy_from_slice(&bytes[..8]);
    f64::from_le_bytes(number)
}

fn take(bytes: &[u8], len: usize) -> Result<(&[u8], &[u8]), BadGeometry> {
    bytes.split_at_checked(len).ok_or(BadGeometry::Garbled)
}

fn take_u32(bytes: &[u8]) -> Result<(u32, &[u8]), BadGeometry> {
    let (head, rest) = take(bytes, 4)?;
    Ok((u32::from_le_bytes([head[0], head[1], head[2], head[3]]), rest))
}

/// Walks little-endian ISO WKB; what is left behind the geometry comes back.
fn walk<'a>(bytes: &'a [u8], visitor: &mut impl Visitor) -> Result<&'a [u8], BadGeometry> {
    walk_nested(bytes, visitor, 0)
}

fn walk_nested<'a>(bytes: &'a [u8], visitor: &mut impl Visitor, depth: u32) -> Result<&'a [u8], BadGeometry> {
    if depth > MAX_DEPTH {
        return Err(BadGeometry::TooDeep);
    }
    let (order, rest) = take(bytes, 1)?;
    if order[0] != 1 {
        return Err(BadGeometry::Garbled);
    }
    let (number, rest) = take_u32(rest)?;
    let kind = GeometryKind::from_number(number % 1000).ok_or(BadGeometry::Unsupported(number))?;
    let layout = match number / 1000 {
        0 => Layout { has_z: false, has_m: false },
        1 => Layout { has_z: true, has_m: false },
        2 => Layout { has_z: false, has_m: true },
        3 => Layout { has_z: true, has_m: true },
        _ => return Err(BadGeometry::Unsupported(number)),
    };
    if kind == GeometryKind::Point {
        visitor.begin(kind, 1);
        let (coords, rest) = take(rest, layout.stride())?;
        visitor.path(Coords { bytes: coords, layout });
        visitor.end(kind);
        return Ok(rest);
    }
    let (count, mut rest) = take_u32(rest)?;
    match kind {
        GeometryKind::LineString => {
            visitor.begin(kind, 1);
            let len = (count as usize).checked_mul(layout.stride()).ok_or(BadGeometry::Garbled)?;
            let (coords, after) = take(rest, len)?;
            visitor.path(Coords { bytes: coords, layout });
            rest = after;
        }
        GeometryKind::Polygon => {
            visitor.begin(kind, count as usize);
            for _ in 0..count {
                let (len, after) = take_u32(rest)?;
                let len = (len as usize).checked_mul(layout.stride()).ok_or(BadGeometry::Garbled)?;
                let (coords, after) = take(after, len)?;
                visitor.path(Coords { bytes: coords, layout });
                rest = after;
            }
        }
        _ => {
            visitor.begin(kind, count as usize);
            for _ in 0..count {
                rest = walk_nested(rest, visitor, depth + 1)?;
            }
        }
    }
    visitor.end(kind);
    Ok(rest)
}

/// Where the coordinates lie: start, length, stride in bytes.
fn path_spans(bytes: &[u8], spans: &mut Vec<(usize, usize, usize)>) {
    struct Spans<'a> {
        base: usize,
        spans: &'a mut Vec<(usize, usize, usize)>,
    }
    impl Visitor for Spans<'_> {
        fn path(&mut self, coords: Coords<'_>) {
            let start = coords.bytes.as_ptr() as usize - self.base;
            self.spans.push((start, coords.bytes.len(), coords.layout.stride()));
        }
    }
    let whole = walk(bytes, &mut Spans { base: bytes.as_ptr() as usize, spans });
    debug_assert!(whole.is_ok(), "a geometry is well formed");
}

/// Copies either byte order and either way of flagging dimensions as little-endian ISO.
fn normalise<'a>(bytes: &'a [u8], out: &mut Vec<u8>, depth: u32) -> Result<&'a [u8], BadGeometry> {
    if depth > MAX_DEPTH {
        return Err(BadGeometry::TooDeep);
    }
    let (order, rest) = take(bytes, 1)?;
    let big = match order[0] {
        0 => true,
        1 => false,
        _ => return Err(BadGeometry::Garbled),
    };
    let u32_at = |bytes: &'a [u8]| -> Result<(u32, &'a [u8]), BadGeometry> {
        let (number, rest) = take_u32(bytes)?;
        Ok((if big { number.swap_bytes() } else { number }, rest))
    };
    let (raw, rest) = u32_at(rest)?;
    let (has_z, has_m) = (raw & 0x8000_0000 != 0, raw & 0x4000_0000 != 0);
    let (_, rest) = if raw & 0x2000_0000 != 0 { u32_at(rest)? } else { (0, rest) };
    let plain = raw & 0x1fff_ffff;
    let dims = if has_z || has_m { u32::from(has_z) + 2 * u32::from(has_m) } else { plain / 1000 };
    let kind = GeometryKind::from_number(plain % 1000).ok_or(BadGeometry::Unsupported(raw))?;
    if dims > 3 {
        return Err(BadGeometry::Unsupported(raw));
    }
    let per_position = 2 + (dims & 1) as usize + (dims >> 1) as usize;
    out.push(1);
    out.extend_from_slice(&(kind as u32 + 1000 * dims).to_le_bytes());
    let copy = |bytes: &'a [u8], positions: u32, out: &mut Vec<u8>| -> Result<&'a [u8], BadGeometry> {
        let len = (positions as usize).checked_mul(per_position * 8).ok_or(BadGeometry::Garbled)?;
        let (numbers, rest) = take(bytes, len)?;
        for number in numbers.chunks_exact(8) {
            if big { out.extend(number.iter().rev()) } else { out.extend_from_slice(number) }
        }
        Ok(rest)
    };
    if kind == GeometryKind::Point {
        return copy(rest, 1, out);
    }
    let (count, mut rest) = u32_at(rest)?;
    out.extend_from_slice(&count.to_le_bytes());
    match kind {
        GeometryKind::LineString => copy(rest, count, out),
        GeometryKind::Polygon => {
            for _ in 0..count {
                let (positions, after) = u32_at(rest)?;
                out.extend_from_slice(&positions.to_le_bytes());
                rest = copy(after, positions, out)?;
            }
            Ok(rest)
        }
        _ => {
            for _ in 0..count {
                rest = normalise(rest, out, depth + 1)?;
            }
            Ok(rest)
        }
    }
}
