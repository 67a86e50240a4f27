//! What questions about the sewers found, as rows for files: pipes, nodes, basins.

use std::path::Path;

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::Task;
use crate::text::Text;
use crate::trades::sewer::sewers::DirectionBy;

use super::SewerDesk;
use super::live::LiveNetwork;
use super::out::OutFile;
use super::questions::{BasinsAnswer, CloseAnswer, CourseAnswer, TraceAnswer};
use crate::session::answer::Failure;

/// Which elements of an answer a file gets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Which {
    /// Pipes.
    #[default]
    Pipes,
    /// Nodes.
    Nodes,
}

/// A column that a result has beside those of its pipes.
type Extra<'a> = (Field, &'a dyn Fn(usize) -> Value);

impl SewerDesk {
    /// Writes the pipes or the nodes of a trace, nearest first.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_trace(
        &self,
        answer: &TraceAnswer,
        which: Which,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let (schema, rows) = self.with(task, |live| match which {
            Which::Pipes => pipe_rows(live, &answer.pipes, Text::new("追踪结果", "Trace"), &[]),
            Which::Nodes => node_rows(live, &answer.nodes),
        })?;
        self.write_rows(out, &schema, &rows, task)
    }

    /// Writes the pipes of a course in their order, with the chainage at which each begins.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_course(&self, answer: &CourseAnswer, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let pipes: Vec<u32> = answer.course.pipes.iter().map(|(pipe, _)| *pipe).collect();
        let (schema, rows) = self.with(task, |live| {
            let starts: Vec<f64> = pipes
                .iter()
                .scan(0.0, |at, &pipe| Some(std::mem::replace(at, *at + live.sewers.length_m(pipe))))
                .collect();
            let chainage = Field::real("chainage_m", "里程", "Chainage", "m");
            let along = Field::bool("with_flow", "顺水流", "With the flow");
            let is_along = |place: usize| Value::from(answer.course.pipes[place].1);
            let extras: [Extra<'_>; 2] = [(chainage, &|place| millimetre(starts[place])), (along, &is_along)];
            pipe_rows(live, &pipes, Text::new("路径", "Path"), &extras)
        })?;
        self.write_rows(out, &schema, &rows, task)
    }

    /// Writes the pipes above closed ones: whether they back up or their water goes another way.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_closure(&self, answer: &CloseAnswer, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let [stuck, relieved] = &answer.pipes;
        let pipes: Vec<u32> = stuck.iter().chain(relieved).copied().collect();
        let effect = Field::coded(
            "effect",
            "影响",
            "Effect",
            &[("backs_up", "壅水", "Backs up"), ("relieved", "另有出路", "Goes another way")],
        );
        let word = |place: usize| Value::from(if place < stuck.len() { "backs_up" } else { "relieved" });
        let name = Text::new("关闭影响", "What closing does");
        let (schema, rows) = self.with(task, |live| pipe_rows(live, &pipes, name, &[(effect, &word)]))?;
        self.write_rows(out, &schema, &rows, task)
    }

    /// Writes the pipes of all basins, each with the end that it drains to.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_basin_pipes(
        &self,
        answer: &BasinsAnswer,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let each = answer.basins.iter().flat_map(|basin| basin.pipes.iter().map(move |&pipe| (pipe, basin)));
        let (pipes, basins): (Vec<u32>, Vec<_>) = each.unzip();
        let end = |place: usize| Value::from(basins[place].terminal.as_deref().map(str::to_owned));
        let field = Field::text("basin", "排向", "Drains to");
        let name = Text::new("排水分区管段", "Pipes by basin");
        let (schema, rows) = self.with(task, |live| pipe_rows(live, &pipes, name, &[(field, &end)]))?;
        self.write_rows(out, &schema, &rows, task)
    }

    /// Writes the basins, a row each; with their pipes as one shape where the format is one of maps.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_basins(&self, answer: &BasinsAnswer, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let has_shapes = !is_table(&out.path);
        let shape = |live: &LiveNetwork, pipes: &[u32]| {
            let lines = pipes.iter().map(|&pipe| live.sewers.line_along(pipe)).filter(|line| line.len() > 1);
            has_shapes.then(|| multi_line(&lines.collect::<Vec<_>>())).flatten()
        };
        let shapes: Vec<Option<Geometry>> =
            self.with(task, |live| answer.basins.iter().map(|basin| shape(live, &basin.pipes)).collect())?;
        let rows: Vec<Feature> = (1..)
            .zip(answer.basins.iter().zip(shapes))
            .map(|(id, (basin, geometry))| {
                let sums = &basin.sums;
                let text = |text: Option<&str>| Value::from(text.filter(|it| !it.is_empty()).map(str::to_owned));
                let values = vec![
                    text(basin.terminal.as_deref()),
                    text(Some(&basin.name)),
                    text(basin.terminal.is_some().then(|| basin.node_type.code())),
                    text(basin.passes_to.as_deref()),
                    Value::Int(sums.pipes as i64),
                    Value::Int(sums.nodes as i64),
                    millimetre(sums.length_m),
                    millimetre(basin.shared_m),
                    millimetre(sums.inspected_m),
                    Value::from(sums.worst_grade),
                    Value::Int(sums.uses.users as i64),
                    Value::Int(sums.uses.households),
                    Value::Int(sums.uses.kitchens as i64),
                    millimetre(sums.uses.volume_m3_per_d),
                ];
                Feature { id, geometry, values }
            })
            .collect();
        self.write_rows(out, &basin_schema(has_shapes), &rows, task)
    }
}

/// Whether a file's format is one of tables for people: shapes have no place there.
pub(super) fn is_table(path: &Path) -> bool {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
    matches!(ending.as_str(), "csv" | "txt" | "tsv" | "tab" | "xlsx" | "xlsm" | "dbf")
}

/// A field as the kind of pipes has it, under another id.
pub(super) fn kind_field(kind: &str, id: &'static str) -> Field {
    let found = kinds::find(kind).and_then(|kind| kind.fields.iter().find(|field| field.id == id).cloned());
    found.unwrap_or_else(|| Field::text(id, id, id))
}

pub(super) fn schema(table: &str, name: Text, geometry: Option<GeometryKind>, fields: Vec<Field>) -> Schema {
    Schema { table: table.to_owned(), name, kind: "plain".to_owned(), geometry, crs: Crs::WGS84, z_order: 0, fields }
}

/// Pipes in the direction of flow, with what the workbench knows of them.
fn pipe_rows(live: &LiveNetwork, pipes: &[u32], name: Text, extras: &[Extra<'_>]) -> (Schema, Vec<Feature>) {
    let pipe_field = |id| kind_field("sewer_pipe", id);
    let mut fields = vec![pipe_field("code")];
    fields.extend(extras.iter().map(|(field, _)| field.clone()));
    fields.extend(["sewer_type", "diameter_mm", "material"].map(pipe_field));
    fields.push(Field::real("length_m", "长度", "Length", "m"));
    fields.extend(["from_node", "to_node", "invert_up_m", "invert_down_m", "slope_permille"].map(pipe_field));
    let directions =
        [("record", "记录", "The record"), ("inverts", "管底标高", "Inverts"), ("drawn", "画线", "As drawn")];
    fields.push(Field::coded("direction_by", "流向依据", "Direction from", &directions));
    fields.extend(["rating", "inspected_on", "road_name"].map(pipe_field));
    fields.extend([
        Field::text("source_layer", "来源图层", "Source layer"),
        Field::int("source_id", "来源行号", "Source row"),
    ]);
    let row = |(place, &number): (usize, &u32)| {
        let pipe = live.sewers.pipe(number)?;
        let flow = live.sewers.flow(number);
        let text = |text: &str| Value::from(Some(text).filter(|it| !it.is_empty()));
        let node = |side: usize| flow.map_or(Value::Null, |flow| text(&live.node_name(flow.nodes[side])));
        let invert = |side: usize| Value::from(flow.and_then(|flow| flow.inverts_m[side]));
        let mut values = vec![text(&pipe.code)];
        values.extend(extras.iter().map(|(_, value)| value(place)));
        values.extend([
            Value::from(pipe.system.code()),
            Value::from(pipe.diameter_mm),
            text(&pipe.material),
            millimetre(live.sewers.length_m(number)),
            node(0),
            node(1),
            invert(0),
            invert(1),
            live.sewers.slope(number).map_or(Value::Null, |slope| millimetre(slope * 1000.0)),
            Value::from(flow.map(|flow| direction_code(flow.by))),
            Value::from(pipe.rating),
            text(&pipe.inspected_on),
            text(&pipe.road),
            text(live.table(pipe.row)),
            Value::Int(pipe.row.id),
        ]);
        let line = live.sewers.line_along(number);
        Some(Feature { id: place as i64 + 1, geometry: (line.len() > 1).then(|| Geometry::line(&line)), values })
    };
    let rows = pipes.iter().enumerate().filter_map(row).collect();
    (schema("pipes", name, Some(GeometryKind::LineString), fields), rows)
}

fn node_rows(live: &LiveNetwork, nodes: &[u32]) -> (Schema, Vec<Feature>) {
    let node_field = |id| kind_field("sewer_node", id);
    let mut fields: Vec<Field> =
        ["code", "name", "node_type", "sewer_type", "ground_level_m", "bottom_level_m", "road_name"]
            .map(node_field)
            .into();
    fields.extend([
        Field::text("source_layer", "来源图层", "Source layer"),
        Field::int("source_id", "来源行号", "Source row"),
    ]);
    let row = |(place, &number): (usize, &u32)| {
        let joint = live.sewers.node(number)?;
        let text = |text: &str| Value::from(Some(text).filter(|it| !it.is_empty()));
        let row = joint.row.as_ref();
        let values = vec![
            text(&joint.code),
            row.map_or(Value::Null, |row| text(&row.name)),
            row.map_or(Value::Null, |row| text(row.node_type.code())),
            row.map_or(Value::Null, |row| text(row.system.code())),
            Value::from(row.and_then(|row| row.ground_m)),
            Value::from(row.and_then(|row| row.bottom_m)),
            row.map_or(Value::Null, |row| text(&row.road)),
            row.map_or(Value::Null, |row| text(live.table(row.row))),
            row.map_or(Value::Null, |row| Value::Int(row.row.id)),
        ];
        let geometry = joint.at.map(|[lon, lat]| Geometry::point(lon, lat));
        Some(Feature { id: place as i64 + 1, geometry, values })
    };
    let rows = nodes.iter().enumerate().filter_map(row).collect();
    (schema("nodes", Text::new("追踪到的节点", "Nodes of the trace"), Some(GeometryKind::Point), fields), rows)
}

/// A number with the three decimals that anybody measures.
pub(super) fn millimetre(number: f64) -> Value {
    Value::from((number * 1000.0).round() / 1000.0)
}

fn direction_code(by: DirectionBy) -> &'static str {
    match by {
        DirectionBy::Record => "record",
        DirectionBy::Inverts => "inverts",
        DirectionBy::Drawn => "drawn",
    }
}

fn multi_line(lines: &[Vec<[f64; 2]>]) -> Option<Geometry> {
    let mut wkb = WkbWriter::new(false);
    wkb.head(GeometryKind::MultiLineString, lines.len());
    for line in lines {
        wkb.head(GeometryKind::LineString, line.len());
        line.iter().for_each(|[x, y]| wkb.position(*x, *y, 0.0));
    }
    Geometry::from_writer(wkb).ok()
}

fn basin_schema(has_shapes: bool) -> Schema {
    let fields = vec![
        Field::text("terminal", "排向", "Drains to"),
        Field::text("name", "名称", "Name"),
        kind_field("sewer_node", "node_type"),
        Field::text("passes_to", "再排向", "Passes on to"),
        Field::int("pipes", "管段数", "Pipes"),
        Field::int("nodes", "节点数", "Nodes"),
        Field::real("length_m", "管长", "Length", "m"),
        Field::real("shared_m", "另有出路的管长", "Length with another way out", "m"),
        Field::real("inspected_m", "已检测管长", "Inspected length", "m"),
        Field::int("worst_grade", "最差等级", "Worst grade"),
        Field::int("users", "排水户", "Drainage users"),
        Field::int("households", "户数", "Households"),
        Field::int("kitchens", "餐饮", "Kitchens"),
        Field::real("volume_m3_per_d", "排水量", "Discharge", "m³/d"),
    ];
    let geometry = has_shapes.then_some(GeometryKind::MultiLineString);
    schema("basins", Text::new("排水分区", "Basins"), geometry, fields)
}
