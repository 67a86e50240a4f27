//! Ratings of sewers as files: one row for each pipe that was inspected, with every value of the report.

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::Task;
use crate::text::Text;
use crate::trades::sewer::cjj181::{Index, Parameter, explain};

use super::SewerDesk;
use super::condition::{ConditionReport, RatedPipe};
use super::out::OutFile;
use crate::session::answer::Failure;

/// Whether a file is a table, which people read without lines of coordinates.
pub(super) fn is_table(out: &OutFile) -> bool {
    let ending = out.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    matches!(ending.as_str(), "csv" | "tsv" | "xlsx")
}

impl SewerDesk {
    /// Writes the rated pipes.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_rating(
        &self,
        report: &ConditionReport,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<Written, Failure> {
        let schema = schema(!is_table(out));
        let pairs = report.rules.pairs.code();
        let rows: Vec<Feature> = (1..).zip(&report.pipes).map(|(id, pipe)| row(&schema, id, pipe, pairs)).collect();
        self.write_rows(out, &schema, &rows, task)
    }
}

fn schema(has_lines: bool) -> Schema {
    let letters = |letters: &[&'static str]| {
        letters.iter().map(|&letter| Field::real(letter, letter, letter, "")).collect::<Vec<_>>()
    };
    let grade = |id: &'static str, zh: &'static str, en: &'static str| vec![Field::text(id, zh, en)];
    let head = vec![
        Field::text("pipe", "管段编号", "Pipe number"),
        Field::text("road_name", "所在道路", "Road"),
        Field::real("diameter_mm", "管径", "Diameter", "mm"),
        Field::real("length_m", "管长", "Length", "m"),
        Field::text("inspection", "检测编号", "Inspection number"),
        Field::text("inspected_on", "检测日期", "Inspected"),
        Field::real("seen_percent", "只检测了管长的", "Part of the length seen", "%"),
        Field::text("later_part", "之后只检测了一部分的日期", "A part seen later on"),
        Field::int("defects", "缺陷数", "Defects"),
    ];
    let fields = [
        head,
        letters(&["S", "Smax", "F"]),
        grade("F_grade", "结构性缺陷等级", "Grade of F"),
        letters(&["SM", "Y", "Ymax", "G"]),
        grade("G_grade", "功能性缺陷等级", "Grade of G"),
        letters(&["YM", "RI"]),
        grade("RI_grade", "修复等级", "Repair grade"),
        letters(&["MI"]),
        grade("MI_grade", "养护等级", "Maintenance grade"),
        vec![Field::text("pair_rule", "相邻缺陷规则", "Pair rule")],
    ];
    Schema {
        table: "sewer_rating".to_owned(),
        name: Text::new("排水管评估", "Sewer rating"),
        kind: "plain".to_owned(),
        geometry: has_lines.then_some(GeometryKind::LineString),
        crs: Crs::WGS84,
        z_order: 0,
        fields: fields.concat(),
    }
}

fn row(schema: &Schema, id: i64, pipe: &RatedPipe, pairs: &str) -> Feature {
    let rating = &pipe.rating;
    let four = |value: f64| Value::from((value * 10_000.0).round() / 10_000.0);
    let density = |of: &Parameter| of.density.map_or(Value::Null, four);
    let roman = |grade: u8| Value::from(explain::ROMAN[usize::from(grade.min(4))]);
    let index = |of: Index| [four(of.value), roman(of.grade)];
    let (structure, function) = (&rating.structure, &rating.function);
    let [ri, ri_grade] = index(rating.ri);
    let [mi, mi_grade] = index(rating.mi);
    let values = vec![
        pipe.code.as_str().into(),
        pipe.road.as_str().into(),
        rating.segment.diameter_mm.into(),
        rating.segment.length_m.map_or(Value::Null, four),
        pipe.inspection_code.as_str().into(),
        pipe.on.as_str().into(),
        pipe.seen_share.map_or(Value::Null, |share| Value::Real((share * 1000.0).round() / 10.0)),
        Some(pipe.later_part.as_str()).filter(|day| !day.is_empty()).into(),
        Value::Int(pipe.defects.len() as i64),
        four(structure.mean),
        four(structure.highest),
        four(structure.value),
        roman(structure.grade),
        density(structure),
        four(function.mean),
        four(function.highest),
        four(function.value),
        roman(function.grade),
        density(function),
        ri,
        ri_grade,
        mi,
        mi_grade,
        pairs.into(),
    ];
    let has_line = schema.geometry.is_some() && pipe.line.len() > 1;
    Feature { id, geometry: has_line.then(|| Geometry::line(&pipe.line)), values }
}
