//! Writing FlatGeobuf, with its index.
//!
//! The header comes first in the file and is known last, so the features wait in a nameless file beside it. They go
//! out in the order of the index, along a Hilbert curve.

use std::fs::File;
use std::io::{BufReader, BufWriter, Read, Seek, Write};
use std::path::{Path, PathBuf};

use flatbuffers::{FlatBufferBuilder, WIPOffset};
use flatgeobuf::packed_r_tree::{NodeItem, PackedRTree, calc_extent, hilbert_sort};
use flatgeobuf::{
    Column, ColumnArgs, ColumnType, Crs as FlatCrs, CrsArgs, Feature as FlatFeature, FeatureArgs, Geometry as Flat,
    GeometryArgs, GeometryType, Header, HeaderArgs,
};

use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::outgoing::Outgoing;
use super::property;
use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::task::Problem;
use crate::text;

/// The beginning of every file of version 3.
const MAGIC: [u8; 8] = *b"fgb\x03fgb\0";

/// Begins a file with one layer.
///
/// # Errors
/// See [`Outgoing::in_any_crs`], and what the disk says.
pub(in super::super) fn create(
    path: &Path,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer>, WriteError> {
    let outgoing = Outgoing::in_any_crs(schema, options)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let waiting = BufWriter::with_capacity(1 << 20, tempfile::tempfile_in(folder)?);
    let types = outgoing.columns.iter().map(|column| property::column_type(column.field.field_type)).collect();
    let note = options.note.as_ref().map(|note| format!("{} · {}", note.zh, note.en));
    Ok(Box::new(FlatWriter {
        path: path.to_owned(),
        name: schema.name.zh.to_string(),
        note,
        outgoing,
        types,
        kind: schema.geometry.filter(|kind| *kind != GeometryKind::Collection),
        is_mixed: false,
        has_z: false,
        is_indexed: true,
        waiting,
        places: Vec::new(),
        nodes: Vec::new(),
        properties: Vec::new(),
        buffer: FlatBufferBuilder::new(),
        written: Written::default(),
    }))
}

struct FlatWriter {
    path: PathBuf,
    name: String,
    note: Option<String>,
    outgoing: Outgoing,
    types: Vec<ColumnType>,
    /// What all features are, if that was promised.
    kind: Option<GeometryKind>,
    /// Whether one is something else.
    is_mixed: bool,
    has_z: bool,
    /// A feature without a place cannot stand in an index.
    is_indexed: bool,
    waiting: BufWriter<File>,
    /// Start and length of each feature in the waiting file.
    places: Vec<(u64, u32)>,
    nodes: Vec<NodeItem>,
    properties: Vec<u8>,
    buffer: FlatBufferBuilder<'static>,
    written: Written,
}

impl Writer for FlatWriter {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let geometry = match self.outgoing.geometry(feature) {
            Ok(geometry) => geometry.map(std::borrow::Cow::into_owned),
            Err(what) => {
                let problem = Problem::error("flatgeobuf.not-written", what).of_feature(feature.id);
                self.written.problems.push(problem);
                return Ok(());
            }
        };
        let single = self.kind.is_some_and(|kind| geometry.as_ref().is_some_and(|it| it.kind() != kind));
        let geometry = if single { geometry.map(|geometry| geometry.to_multi()) } else { geometry };
        let geometry = geometry.filter(|geometry| !geometry.is_empty());
        self.put_properties(feature);
        self.put_feature(geometry.as_ref())?;
        self.written.features += 1;
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        let mut out = BufWriter::with_capacity(1 << 20, File::create_new(&self.path)?);
        out.write_all(&MAGIC)?;
        let extent = calc_extent(&self.nodes);
        let is_indexed = self.is_indexed && !self.nodes.is_empty();
        self.put_header(&extent, is_indexed, &mut out)?;
        if is_indexed {
            hilbert_sort(&mut self.nodes, &extent);
            let mut at = 0;
            let leaves: Vec<NodeItem> = self
                .nodes
                .iter()
                .map(|node| {
                    let leaf = NodeItem { offset: at, ..node.clone() };
                    at += u64::from(self.places[node.offset as usize].1);
                    leaf
                })
                .collect();
            let tree = PackedRTree::build(&leaves, &extent, PackedRTree::DEFAULT_NODE_SIZE);
            tree.map_err(|error| std::io::Error::other(error.to_string()))?.stream_write(&mut out)?;
        }
        let waiting = self.waiting.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        copy(waiting, &self.nodes, &self.places, &mut out)?;
        out.flush()?;
        self.written.bytes = out.get_ref().metadata()?.len();
        Ok(self.written)
    }
}

/// Copies the features in the order of the nodes. Runs that lie in order are read without going back.
fn copy(mut waiting: File, nodes: &[NodeItem], places: &[(u64, u32)], out: &mut dyn Write) -> std::io::Result<()> {
    waiting.rewind()?;
    let mut reader = BufReader::with_capacity(1 << 16, waiting);
    let (mut at, mut bytes) = (0_u64, Vec::new());
    for node in nodes {
        let (start, len) = places[node.offset as usize];
        if start != at {
            reader.seek_relative(start.cast_signed() - at.cast_signed())?;
        }
        bytes.resize(len as usize, 0);
        reader.read_exact(&mut bytes)?;
        out.write_all(&bytes)?;
        at = start + u64::from(len);
    }
    Ok(())
}

impl FlatWriter {
    fn put_properties(&mut self, feature: &Feature) {
        self.properties.clear();
        for (place, column) in self.outgoing.columns.iter().enumerate() {
            let value = self.outgoing.value(feature, place);
            let Ok(number) = u16::try_from(place) else { break };
            if value.is_null() || property::write(number, &value, self.types[place], &mut self.properties) {
                continue;
            }
            let name = &column.name;
            let what = text!(
                "字段“{name}”的值与字段类型不符，未写出",
                "the value of “{name}” does not fit its field: not written"
            );
            self.written.problems.push(Problem::warning("flatgeobuf.value", what).of_feature(feature.id));
        }
    }

    fn put_feature(&mut self, geometry: Option<&Geometry>) -> Result<(), WriteError> {
        let mut node = NodeItem::create(self.places.len() as u64);
        self.buffer.reset();
        let flat = geometry.map(|geometry| {
            let bounds = geometry.bounds();
            node.expand_xy(bounds.min[0], bounds.min[1]);
            node.expand_xy(bounds.max[0], bounds.max[1]);
            self.has_z |= geometry.has_z();
            self.is_mixed |= self.kind.is_some_and(|kind| kind != geometry.kind());
            flat_of(geometry, &mut self.buffer)
        });
        self.is_indexed &= flat.is_some();
        let properties = Some(self.buffer.create_vector(&self.properties));
        let feature =
            FlatFeature::create(&mut self.buffer, &FeatureArgs { geometry: flat.flatten(), properties, columns: None });
        self.buffer.finish_size_prefixed(feature, None);
        let bytes = self.buffer.finished_data();
        let start = self.places.last().map_or(0, |(start, len)| start + u64::from(*len));
        let len = u32::try_from(bytes.len()).map_err(|_| std::io::Error::from(std::io::ErrorKind::FileTooLarge))?;
        self.waiting.write_all(bytes)?;
        self.places.push((start, len));
        self.nodes.push(node);
        Ok(())
    }

    fn put_header(&mut self, extent: &NodeItem, is_indexed: bool, out: &mut dyn Write) -> Result<(), WriteError> {
        let mut buffer = FlatBufferBuilder::new();
        let columns: Vec<_> = self
            .outgoing
            .columns
            .iter()
            .zip(&self.types)
            .map(|(column, &type_)| {
                let name = Some(buffer.create_string(&column.name));
                let title = column.field.name.zh.as_ref();
                let title = (title != column.name && !title.is_empty()).then(|| buffer.create_string(title));
                Column::create(&mut buffer, &ColumnArgs { name, type_, title, ..ColumnArgs::default() })
            })
            .collect();
        let crs = put_crs(self.outgoing.crs, &mut buffer);
        let is_empty = extent.min_x > extent.max_x;
        let corners = [extent.min_x, extent.min_y, extent.max_x, extent.max_y];
        let kind = self.kind.filter(|_| !self.is_mixed);
        let header = HeaderArgs {
            name: Some(buffer.create_string(&self.name)),
            envelope: (!is_empty).then(|| buffer.create_vector(&corners)),
            geometry_type: kind.map_or(GeometryType::Unknown, |kind| GeometryType(kind as u8)),
            has_z: self.has_z,
            columns: Some(buffer.create_vector(&columns)),
            features_count: self.written.features,
            index_node_size: if is_indexed { PackedRTree::DEFAULT_NODE_SIZE } else { 0 },
            crs,
            description: self.note.as_deref().map(|note| buffer.create_string(note)),
            ..HeaderArgs::default()
        };
        let header = Header::create(&mut buffer, &header);
        buffer.finish_size_prefixed(header, None);
        Ok(out.write_all(buffer.finished_data())?)
    }
}

fn put_crs<'a>(crs: Crs, buffer: &mut FlatBufferBuilder<'a>) -> Option<WIPOffset<FlatCrs<'a>>> {
    let wkt = crs.definition_wkt()?;
    let (org, code) = match crs {
        Crs::Epsg(code) => (Some(buffer.create_string("EPSG")), i32::try_from(code).unwrap_or_default()),
        _ => (None, 0),
    };
    let name = Some(buffer.create_string(&crs.title().1));
    let wkt = Some(buffer.create_string(&wkt));
    // The shifted systems have no code but a name that this program knows again.
    let code_string = matches!(crs, Crs::Gcj02 | Crs::Bd09).then(|| buffer.create_string(&crs.to_string()));
    let org = if code_string.is_some() { Some(buffer.create_string("CITYGRID")) } else { org };
    Some(FlatCrs::create(buffer, &CrsArgs { org, code, name, description: None, wkt, code_string }))
}

/// The geometry's table; its inner tables stand before it in the buffer.
fn flat_of(geometry: &Geometry, buffer: &mut FlatBufferBuilder<'static>) -> Option<WIPOffset<Flat<'static>>> {
    let mut builder = Builder { buffer, open: Vec::new(), done: None };
    geometry.walk(&mut builder);
    builder.done
}

struct Builder<'a> {
    buffer: &'a mut FlatBufferBuilder<'static>,
    open: Vec<Open>,
    done: Option<WIPOffset<Flat<'static>>>,
}

/// A geometry whose parts are being collected.
struct Open {
    kind: GeometryKind,
    xy: Vec<f64>,
    z: Vec<f64>,
    ends: Vec<u32>,
    parts: Vec<WIPOffset<Flat<'static>>>,
}

impl Builder<'_> {
    /// Whether the innermost open geometry keeps the coordinates of its members in its own arrays.
    fn is_flat_member(&self, kind: GeometryKind) -> bool {
        let around = self.open.last().map(|open| open.kind);
        matches!(
            (around, kind),
            (Some(GeometryKind::MultiPoint), GeometryKind::Point)
                | (Some(GeometryKind::MultiLineString), GeometryKind::LineString)
        )
    }
}

impl Visitor for Builder<'_> {
    fn begin(&mut self, kind: GeometryKind, _: usize) {
        if !self.is_flat_member(kind) {
            self.open.push(Open { kind, xy: Vec::new(), z: Vec::new(), ends: Vec::new(), parts: Vec::new() });
        }
    }

    fn path(&mut self, coords: Coords<'_>) {
        let Some(open) = self.open.last_mut() else { return };
        for at in 0..coords.len() {
            open.xy.extend_from_slice(&coords.xy(at));
            open.z.extend(coords.z(at));
        }
        open.ends.push(u32::try_from(open.xy.len() / 2).unwrap_or(u32::MAX));
    }

    fn end(&mut self, kind: GeometryKind) {
        if self.is_flat_member(kind) {
            return;
        }
        let Some(open) = self.open.pop() else { return };
        // One part needs no end, but GDAL asks for it in a multi-line.
        let has_ends = match kind {
            GeometryKind::MultiLineString => true,
            GeometryKind::Polygon => open.ends.len() > 1,
            _ => false,
        };
        let arguments = GeometryArgs {
            ends: has_ends.then(|| self.buffer.create_vector(&open.ends)),
            xy: (!open.xy.is_empty()).then(|| self.buffer.create_vector(&open.xy)),
            z: (!open.z.is_empty()).then(|| self.buffer.create_vector(&open.z)),
            type_: GeometryType(kind as u8),
            parts: (!open.parts.is_empty()).then(|| self.buffer.create_vector(&open.parts)),
            ..GeometryArgs::default()
        };
        let flat = Flat::create(self.buffer, &arguments);
        match self.open.last_mut() {
            Some(around) => around.parts.push(flat),
            None => self.done = Some(flat),
        }
    }
}
