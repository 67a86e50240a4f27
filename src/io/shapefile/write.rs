//! Writing shapefiles: `.shp`, `.shx`, `.dbf`, `.prj` and `.cpg`; or a table alone.
//!
//! How wide the columns are, whether there are heights and what most shapes are is known only at the end. So features go
//! into a nameless file first, and [`Writer::finish`] makes the files of it.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::outgoing::Outgoing;
use super::prj::prj;
use super::write_dbf::{Columns, Widths};
use super::write_shp::{Extent, Record, ShapeType, put_head};
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

/// Features that one thread works on at once.
const CHUNK: usize = 512;
/// Chunks that are in memory at once.
const CHUNKS: usize = 32;
/// Both files count in ways that end here: 2 GB.
const MOST_BYTES: u64 = (1 << 31) - 1;
/// Groups of shapes: points, lines, areas, mixtures, and none.
const GROUPS: usize = 5;
const MIXED: usize = 3;
const NONE: usize = 4;

/// Begins a shapefile.
pub(in crate::io) fn create(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    Ok(Box::new(ShapefileWriter::new(path, schema, options, true)?))
}

/// Begins a table without shapes.
pub(in crate::io) fn create_table(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    Ok(Box::new(ShapefileWriter::new(path, schema, options, false)?))
}

struct ShapefileWriter {
    path: PathBuf,
    outgoing: Outgoing,
    columns: Columns,
    spool: BufWriter<File>,
    seen: Seen,
    /// What the schema says that shapes are.
    dimension: Option<u8>,
    has_shapes: bool,
    problems: Problems,
}

/// What was seen of the features that are to be written.
#[derive(Clone, Debug, Default)]
struct Seen {
    groups: [u64; GROUPS],
    widths: Widths,
    has_z: bool,
    has_multi_point: bool,
}

/// Features as they go into the spool.
struct Chunk {
    bytes: Vec<u8>,
    seen: Seen,
    problems: Problems,
}

impl Writer for ShapefileWriter {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let chunk = self.chunk(std::slice::from_ref(feature));
        self.take(chunk)
    }

    fn write_many(&mut self, features: &[Feature]) -> Result<(), WriteError> {
        for some in features.chunks(CHUNK * CHUNKS) {
            let chunks: Vec<Chunk> = some.par_chunks(CHUNK).map(|chunk| self.chunk(chunk)).collect();
            chunks.into_iter().try_for_each(|chunk| self.take(chunk))?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        let shape_type = self.shape_type();
        let kept = self.kept_groups(shape_type);
        let rows: u64 = (0..GROUPS).filter(|&group| kept[group]).map(|group| self.seen.groups[group]).sum();
        let table_bytes = rows * self.columns.row_len(&self.seen.widths) as u64;
        if table_bytes > MOST_BYTES {
            return Err(too_large());
        }
        self.spool.flush()?;
        let mut spool = self.spool.get_ref().try_clone()?;
        spool.seek(SeekFrom::Start(0))?;
        let mut bytes = self.write_files(BufReader::with_capacity(1 << 20, spool), shape_type, kept, rows)?;
        if self.has_shapes {
            bytes += self.write_prj()?;
        }
        bytes += put_file(&self.path.with_extension("cpg"), b"UTF-8")?;
        Ok(Written { features: rows, bytes, problems: self.problems })
    }
}

impl ShapefileWriter {
    fn new(path: &Path, schema: &Schema, options: &WriteOptions, has_shapes: bool) -> Result<Self, WriteError> {
        let outgoing = Outgoing::in_any_crs(schema, options)?;
        let mut problems = Problems::default();
        let columns = Columns::new(&outgoing, &mut problems);
        if let Some(Text { zh, en }) = &options.note {
            let what = text!("Shapefile 没有地方写说明：{zh}", "a shapefile has no room for the note: {en}");
            problems.push(Problem::warning("shapefile.no-note", what));
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let spool = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(folder)?);
        let dimension = schema.geometry.and_then(GeometryKind::dimension);
        let path = path.to_owned();
        Ok(Self { path, outgoing, columns, spool, seen: Seen::default(), dimension, has_shapes, problems })
    }

    fn chunk(&self, features: &[Feature]) -> Chunk {
        let mut chunk = Chunk { bytes: Vec::new(), seen: Seen::default(), problems: Problems::default() };
        for feature in features {
            match self.outgoing.geometry(feature) {
                Ok(geometry) => self.put(feature, geometry.as_deref(), &mut chunk),
                Err(what) => chunk.problems.push(Problem::error("shapefile.not-written", what).of_feature(feature.id)),
            }
        }
        chunk
    }

    /// Appends group, geometry and cells of a feature, the last two with their lengths in front.
    fn put(&self, feature: &Feature, geometry: Option<&Geometry>, chunk: &mut Chunk) {
        let group = geometry.map_or(NONE, group_of);
        chunk.seen.groups[group] += 1;
        chunk.bytes.push(group as u8);
        let wkb = geometry.filter(|_| self.has_shapes).map_or(&[][..], Geometry::wkb);
        chunk.seen.has_z |= geometry.is_some_and(Geometry::has_z);
        chunk.seen.has_multi_point |= geometry.is_some_and(|geometry| geometry.kind() != GeometryKind::Point);
        chunk.bytes.extend_from_slice(&(wkb.len() as u32).to_le_bytes());
        chunk.bytes.extend_from_slice(wkb);
        let start = chunk.bytes.len();
        chunk.bytes.extend_from_slice(&[0; 4]);
        let Chunk { bytes, seen, problems } = chunk;
        self.columns.put_cells(feature, &self.outgoing, &mut seen.widths, bytes, problems);
        let len = (bytes.len() - start - 4) as u32;
        bytes[start..start + 4].copy_from_slice(&len.to_le_bytes());
    }

    fn take(&mut self, chunk: Chunk) -> Result<(), WriteError> {
        self.spool.write_all(&chunk.bytes)?;
        let seen = &mut self.seen;
        seen.groups.iter_mut().zip(chunk.seen.groups).for_each(|(all, some)| *all += some);
        seen.widths.merge(&chunk.seen.widths);
        seen.has_z |= chunk.seen.has_z;
        seen.has_multi_point |= chunk.seen.has_multi_point;
        self.problems.append(chunk.problems);
        Ok(())
    }

    /// The type of all shapes: what the schema says, or what most of them are.
    fn shape_type(&self) -> ShapeType {
        let most = (0..MIXED).filter(|&group| self.seen.groups[group] > 0).max_by_key(|&group| self.seen.groups[group]);
        let dimension = self.dimension.filter(|_| self.has_shapes).or(most.map(|group| group as u8));
        let dimension = dimension.filter(|_| self.has_shapes && most.is_some());
        ShapeType { dimension, is_multi: self.seen.has_multi_point, has_z: self.seen.has_z }
    }

    /// The groups that go into the file; of the others it is told how many there are.
    fn kept_groups(&mut self, shape_type: ShapeType) -> [bool; GROUPS] {
        let is_kept = |group: usize| match shape_type.dimension {
            _ if group == NONE || !self.has_shapes => true,
            Some(dimension) => group == usize::from(dimension),
            None => false,
        };
        let kept = std::array::from_fn(is_kept);
        let left_out: u64 = (0..GROUPS).filter(|&group| !kept[group]).map(|group| self.seen.groups[group]).sum();
        if left_out > 0 {
            let what = text!(
                "一个 Shapefile 只能有一种几何：{left_out} 个其他类型的要素未写入",
                "a shapefile holds one kind of geometry: {left_out} features of other kinds were left out"
            );
            self.problems.push(Problem::error("shapefile.other-geometry", what));
        }
        let with_place: u64 = self.seen.groups[..NONE].iter().sum();
        if !self.has_shapes && with_place > 0 {
            let what = text!(
                ".dbf 只有属性表：{with_place} 个要素的几何未写入",
                "a .dbf file is a table alone: the places of {with_place} features were left out"
            );
            self.problems.push(Problem::warning("shapefile.no-geometry", what));
        }
        kept
    }

    /// Writes table, shapes and index from the spool; the bytes of all of them.
    fn write_files(
        &self,
        mut spool: impl Read,
        shape_type: ShapeType,
        kept: [bool; GROUPS],
        rows: u64,
    ) -> Result<u64, WriteError> {
        let mut table = BufWriter::with_capacity(1 << 20, File::create(self.path.with_extension("dbf"))?);
        let rows = u32::try_from(rows).map_err(|_| too_large())?;
        self.columns.put_head(&mut table, rows, &self.seen.widths)?;
        let mut shapes = if self.has_shapes { Some(Shapes::begin(&self.path, shape_type)?) } else { None };
        let (mut wkb, mut cells) = (Vec::new(), Vec::new());
        for _ in 0..self.seen.groups.iter().sum() {
            let mut group = [0];
            spool.read_exact(&mut group)?;
            read_piece(&mut spool, &mut wkb)?;
            read_piece(&mut spool, &mut cells)?;
            if !kept[usize::from(group[0])] {
                continue;
            }
            self.columns.put_row(&mut table, &cells, &self.seen.widths)?;
            if let Some(shapes) = &mut shapes {
                let geometry = Geometry::from_wkb(&wkb).ok();
                shapes.put(geometry.as_ref())?;
            }
        }
        table.write_all(b"\x1a")?;
        let table = table.into_inner().map_err(io::IntoInnerError::into_error)?;
        let shapes = shapes.map_or(Ok(0), Shapes::finish)?;
        Ok(table.metadata()?.len() + shapes)
    }

    fn write_prj(&mut self) -> Result<u64, WriteError> {
        let Some(text) = prj(self.outgoing.crs) else {
            let what =
                Text::new("坐标系未知，没有写 .prj 文件", "the coordinate system is unknown: there is no .prj file");
            self.problems.push(Problem::warning("shapefile.no-prj", what));
            return Ok(0);
        };
        Ok(put_file(&self.path.with_extension("prj"), text.as_bytes())?)
    }
}

/// The two files of shapes.
struct Shapes {
    shp: BufWriter<File>,
    shx: BufWriter<File>,
    shape_type: ShapeType,
    extent: Extent,
    record: Record,
    content: Vec<u8>,
    bytes: u64,
    records: u32,
}

impl Shapes {
    fn begin(path: &Path, shape_type: ShapeType) -> io::Result<Self> {
        let open =
            |ending| Ok::<_, io::Error>(BufWriter::with_capacity(1 << 20, File::create(path.with_extension(ending))?));
        let (mut shp, mut shx) = (open("shp")?, open("shx")?);
        for file in [&mut shp, &mut shx] {
            put_head(file, 100, shape_type, &Extent::EMPTY)?;
        }
        let extent = Extent::EMPTY;
        Ok(Self {
            shp,
            shx,
            shape_type,
            extent,
            record: Record::default(),
            content: Vec::new(),
            bytes: 100,
            records: 0,
        })
    }

    fn put(&mut self, geometry: Option<&Geometry>) -> Result<(), WriteError> {
        self.content.clear();
        self.record.put(geometry, self.shape_type, &mut self.extent, &mut self.content);
        let len = self.content.len() as u64;
        if self.bytes + 8 + len > MOST_BYTES {
            return Err(too_large());
        }
        self.records += 1;
        let words = ((len / 2) as u32).to_be_bytes();
        self.shx.write_all(&((self.bytes / 2) as u32).to_be_bytes())?;
        self.shx.write_all(&words)?;
        self.shp.write_all(&self.records.to_be_bytes())?;
        self.shp.write_all(&words)?;
        self.shp.write_all(&self.content)?;
        self.bytes += 8 + len;
        Ok(())
    }

    /// Writes the heads once more, now that all is known.
    fn finish(mut self) -> io::Result<u64> {
        let index_bytes = 100 + 8 * u64::from(self.records);
        for (file, bytes) in [(&mut self.shp, self.bytes), (&mut self.shx, index_bytes)] {
            file.seek(SeekFrom::Start(0))?;
            put_head(file, bytes, self.shape_type, &self.extent)?;
            file.flush()?;
        }
        Ok(self.bytes + index_bytes)
    }
}

/// The group of a geometry: its dimension, if all of it has the same.
fn group_of(geometry: &Geometry) -> usize {
    struct Dimensions(u8);
    impl Visitor for Dimensions {
        fn begin(&mut self, kind: GeometryKind, _: usize) {
            self.0 |= kind.dimension().map_or(0, |dimension| 1 << dimension);
        }

        fn path(&mut self, _: Coords<'_>) {}
    }
    if let Some(dimension) = geometry.kind().dimension() {
        return usize::from(dimension);
    }
    let mut found = Dimensions(0);
    geometry.walk(&mut found);
    match found.0 {
        0 => NONE,
        one if one.is_power_of_two() => one.trailing_zeros() as usize,
        _ => MIXED,
    }
}

fn read_piece(spool: &mut impl Read, into: &mut Vec<u8>) -> io::Result<()> {
    let mut len = [0; 4];
    spool.read_exact(&mut len)?;
    into.resize(u32::from_le_bytes(len) as usize, 0);
    spool.read_exact(into)
}

fn put_file(path: &Path, bytes: &[u8]) -> io::Result<u64> {
    File::create(path)?.write_all(bytes)?;
    Ok(bytes.len() as u64)
}

fn too_large() -> WriteError {
    let what = Text::new(
        "Shapefile 的单个文件不能超过 2 GB，请改用 GeoPackage 或 FlatGeobuf",
        "a shapefile cannot be larger than 2 GB: choose GeoPackage or FlatGeobuf",
    );
    WriteError::NotSupported { what }
}
