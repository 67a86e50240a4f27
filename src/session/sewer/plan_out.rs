//! The repair plan as a file: works in their order, pipes that are only watched behind them, sums and the budget's line. A
//! workbook has sums and watched pipes on sheets of their own.

use crate::geom::crs::Crs;
use crate::io::format::{ExtraSheet, Written};
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::explain;
use crate::trades::sewer::plan::Work;

use super::SewerDesk;
use super::condition_out::is_table;
use super::out::OutFile;
use super::plan::{PlanReport, PlannedPipe};
use crate::session::answer::Failure;

impl SewerDesk {
    /// Writes a plan. A table of text ends with its sums; a workbook has them on a sheet of their own, with the unit costs
    /// and what the numbers rest on, and the pipes that are only watched on another.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_plan(&self, plan: &PlanReport, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let ending = out.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let lang = out.lang;
        let schema = schema(!is_table(out));
        let works = (1..).zip(&plan.items).map(|(id, item)| row(&schema, id, Some(id), item, lang));
        let mut rows: Vec<Feature> = works.collect();
        if ending == "xlsx" {
            return self.write_book(out, &schema, &rows, vec![sums(plan, lang), watched(plan, lang)], task);
        }
        let first = rows.len() as i64 + 1;
        rows.extend((first..).zip(&plan.watched).map(|(id, pipe)| row(&schema, id, None, pipe, lang)));
        if is_table(out) {
            rows.extend(foot(&schema, plan, lang));
        }
        self.write_rows(out, &schema, &rows, task)
    }
}

fn schema(has_lines: bool) -> Schema {
    let work = Field::text("work", "措施", "Work");
    Schema {
        table: "sewer_plan".to_owned(),
        name: Text::new("排水管养护计划", "Sewer repair plan"),
        kind: "plain".to_owned(),
        geometry: has_lines.then_some(GeometryKind::LineString),
        crs: Crs::WGS84,
        z_order: 0,
        fields: vec![
            Field::int("rank", "序号", "Rank"),
            Field::text("code", "管段编号", "Pipe number"),
            Field::text("road_name", "所在道路", "Road"),
            Field::real("diameter_mm", "管径", "Diameter", "mm"),
            Field::real("length_m", "管长", "Length", "m"),
            Field::text("inspected_on", "检测日期", "Inspected"),
            Field::real("f", "F", "F", ""),
            Field::real("sm", "SM", "SM", ""),
            Field::real("ri", "RI", "RI", ""),
            Field::text("ri_grade", "修复等级", "Repair grade"),
            Field::real("g", "G", "G", ""),
            Field::real("mi", "MI", "MI", ""),
            Field::text("mi_grade", "养护等级", "Maintenance grade"),
            work,
            Field::real("repair_m", "修复长度", "Repair length", "m"),
            Field::real("cleaning_m", "清淤长度", "Cleaning length", "m"),
            Field::real("yuan", "费用", "Cost", "元"),
            Field::real("sum_yuan", "累计费用", "Cumulative cost", "元"),
            Field::bool("fits", "预算内", "Within budget"),
            Field::text("reason", "依据", "Why"),
            Field::date("next_on", "下次检测", "Next inspection"),
        ],
    }
}

/// One pipe; without a rank it is only watched.
fn row(schema: &Schema, id: i64, rank: Option<i64>, planned: &PlannedPipe, lang: Lang) -> Feature {
    let (rating, item) = (&planned.rating, &planned.item);
    let roman = |grade: u8| Value::from(explain::ROMAN[usize::from(grade.min(4))]);
    let rounded = |value: f64, scale: f64| Value::from((value * scale).round() / scale);
    let four = |value: f64| rounded(value, 10_000.0);
    let two = |value: Option<f64>| value.map_or(Value::Null, |value| rounded(value, 100.0));
    let of_work = |value: Value| if rank.is_some() { value } else { Value::Null };
    let values = vec![
        rank.into(),
        planned.code.as_str().into(),
        planned.road.as_str().into(),
        rating.segment.diameter_mm.into(),
        two(rating.segment.length_m),
        planned.on.as_str().into(),
        four(rating.structure.value),
        rating.structure.density.map_or(Value::Null, four),
        four(rating.ri.value),
        roman(rating.ri.grade),
        four(rating.function.value),
        four(rating.mi.value),
        roman(rating.mi.grade),
        planned.work().get(lang).into(),
        two(item.repair_m),
        two(item.cleaning_m),
        of_work(item.yuan.into()),
        of_work(item.sum_yuan.into()),
        of_work(item.fits.into()),
        item.reason.get(lang).into(),
        Some(planned.next_on.as_str()).filter(|day| !day.is_empty()).into(),
    ];
    let has_line = schema.geometry.is_some() && planned.line.len() > 1;
    let geometry = has_line.then(|| Geometry::line(&planned.line));
    Feature { id, geometry, values }
}

/// Sums and the budget's line: name, pipes, metres, yuan.
fn lines(plan: &PlanReport) -> Vec<(Text, usize, Option<f64>, Option<f64>)> {
    let mut lines: Vec<_> = Work::ALL
        .into_iter()
        .zip(&plan.sums)
        .map(|(work, sum)| (work.name(), sum.pipes, Some(sum.length_m), Some(sum.yuan)))
        .collect();
    lines.push((Text::new("合计", "Total"), plan.items.len(), None, Some(plan.yuan)));
    if let Some(budget) = plan.ask.budget_yuan {
        lines.push((Text::new("预算", "Budget"), plan.items.len(), None, Some(budget)));
        lines.push((Text::new("预算内", "Within the budget"), plan.fitting, None, Some(plan.fitting_yuan)));
        let beyond = plan.items.iter().filter(|it| it.item.fits == Some(false)).count();
        let yuan = plan.yuan - plan.fitting_yuan - plan.unpriced_yuan;
        lines.push((Text::new("预算外", "Beyond the budget"), beyond, None, Some(yuan)));
    }
    let unpriced_yuan = Some(plan.unpriced_yuan).filter(|yuan| *yuan > 0.0);
    lines.push((Text::new("未能全部计价", "Not priced in full"), plan.unpriced, None, unpriced_yuan));
    lines.push((Text::new("观察", "To watch"), plan.watched.len(), None, None));
    lines.push((Text::new("检测后无需处理", "Inspected, nothing to do"), plan.sound, None, None));
    lines
}

/// A tenth of a metre is as much as a plan knows.
fn tenth(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| ((value * 10.0).round() / 10.0).into())
}

/// The sums under a table of text; they have no rank and no pipe.
fn foot(schema: &Schema, plan: &PlanReport, lang: Lang) -> Vec<Feature> {
    let line = |(name, pipes, length_m, yuan): (Text, usize, Option<f64>, Option<f64>)| {
        let mut values = vec![Value::Null; schema.fields.len()];
        let mut put = |field: &str, value: Value| {
            if let Some(place) = schema.field_index(field) {
                values[place] = value;
            }
        };
        put("work", name.get(lang).into());
        put(if name.en == Work::Cleaning.name().en { "cleaning_m" } else { "repair_m" }, tenth(length_m));
        put("yuan", yuan.into());
        put("reason", text!("{pipes} 段", "{pipes} pipes").get(lang).into());
        Feature { id: 0, geometry: None, values }
    };
    lines(plan).into_iter().map(line).collect()
}

/// The sheet of sums, with the unit costs and what the numbers rest on.
fn sums(plan: &PlanReport, lang: Lang) -> ExtraSheet {
    let words = |zh, en| Value::from(lang.pick(zh, en));
    let mut rows = vec![vec![
        words("项目", "Item"),
        words("管段数", "Pipes"),
        words("长度（m）", "Length (m)"),
        words("费用（元）", "Cost (yuan)"),
    ]];
    rows.extend(lines(plan).into_iter().map(|(name, pipes, length_m, yuan)| {
        vec![name.get(lang).into(), Value::Int(pipes as i64), tenth(length_m), yuan.into()]
    }));
    rows.push(Vec::new());
    rows.push(vec![
        words("措施", "Work"),
        words("管径上限（mm）", "Diameter up to (mm)"),
        words("单价（元/m）", "Unit cost (yuan/m)"),
    ]);
    rows.extend(
        plan.ask
            .costs
            .lines()
            .iter()
            .map(|line| vec![line.work.name().get(lang).into(), line.up_to_mm.into(), line.yuan_per_m.into()]),
    );
    rows.push(Vec::new());
    rows.extend(plan.basis().iter().map(|basis| vec![basis.get(lang).into()]));
    ExtraSheet { name: Text::new("合计", "Totals"), rows }
}

/// The sheet of pipes that are only watched.
fn watched(plan: &PlanReport, lang: Lang) -> ExtraSheet {
    let heads = match lang {
        Lang::Zh => {
            ["管段编号", "所在道路", "管径（mm）", "管长（m）", "检测日期", "下次检测", "RI", "修复等级", "依据"]
        }
        Lang::En => ["Pipe number", "Road", "Diameter (mm)", "Length (m)", "Inspected", "Next", "RI", "Grade", "Why"],
    };
    let mut rows = vec![heads.map(Value::from).to_vec()];
    rows.extend(plan.watched.iter().map(|it| {
        vec![
            it.code.as_str().into(),
            it.road.as_str().into(),
            it.rating.segment.diameter_mm.into(),
            tenth(it.rating.segment.length_m),
            it.on.as_str().into(),
            it.next_on.as_str().into(),
            ((it.rating.ri.value * 10_000.0).round() / 10_000.0).into(),
            explain::ROMAN[usize::from(it.rating.ri.grade.min(4))].into(),
            it.item.reason.get(lang).into(),
        ]
    }));
    ExtraSheet { name: Text::new("观察", "To watch"), rows }
}
