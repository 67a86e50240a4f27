//! The repair plan of the open city: from conditions and unit costs to a ranked list, and to files of it.

use std::path::Path;
use std::sync::LazyLock;

use crate::geom::crs::Crs;
use crate::io::format::{ReadOptions, Written};
use crate::kinds::convert::convert;
use crate::kinds::kind::{Group, Kind};
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::style::Style;
use crate::model::value::Value;
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::cjj181::{Rating, Rules, explain};
use crate::trades::sewer::plan::{Costs, Item, Sum, UnitCost, Work, plan};

use super::SewerDesk;
use super::condition_out::is_table;
use super::out::OutFile;
use super::sheet::{fitting, read_sheets};
use crate::session::answer::{Failure, FailureKind};
use crate::session::state::FeatureRef;

/// A plan that is asked for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanAsk {
    /// How the standard is read.
    pub rules: Rules,
    /// What work costs.
    pub costs: Costs,
    /// What there is to spend, yuan.
    pub budget_yuan: Option<f64>,
}

/// The plan with all that a person reads of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanReport {
    /// What it was made of.
    pub ask: PlanAsk,
    /// Pipes to do something with, or to watch, the worst first.
    pub items: Vec<PlannedPipe>,
    /// Sums in the order of [`Work::ALL`].
    pub sums: [Sum; 3],
    /// What all of it costs that has a price, yuan.
    pub yuan: f64,
    /// Items without a price.
    pub unpriced: usize,
    /// Inspected pipes with nothing to do.
    pub sound: usize,
    /// Items above the budget's line.
    pub fitting: usize,
    /// What they cost, yuan.
    pub fitting_yuan: f64,
}

/// One line of the plan.
#[derive(Clone, Debug, PartialEq)]
pub struct PlannedPipe {
    /// Its row.
    pub at: FeatureRef,
    /// Its code.
    pub code: String,
    /// Its road; empty for not known.
    pub road: String,
    /// Day of the inspection that counts; empty for none.
    pub on: String,
    /// Its condition.
    pub rating: Rating,
    /// What is to be done.
    pub item: Item,
    /// Its line along the flow, longitude and latitude.
    pub line: Vec<[f64; 2]>,
}

impl PlannedPipe {
    /// What is to be done, in words.
    pub fn work(&self) -> Text {
        let repair = self.item.repair.map(Work::name);
        let cleaning = self.item.cleans.then(|| Work::Cleaning.name());
        match (repair, cleaning) {
            (Some(Text { zh, en }), Some(and)) => {
                let (zh_and, en_and) = (and.zh, and.en.to_lowercase());
                text!("{zh}、{zh_and}", "{en}, {en_and}")
            }
            (Some(one), None) | (None, Some(one)) => one,
            (None, None) => Text::new("观察", "Watch"),
        }
    }
}

impl PlanReport {
    /// What the numbers rest on, for the foot of a report.
    pub fn basis(&self) -> Vec<Text> {
        let costs = if self.ask.costs.is_assumed() {
            Text::new(
                "单价为程序假定值，不是本单位的价格，请换成自己的单价表",
                "Unit costs are the program's assumptions, not the bureau's prices: put in your own table",
            )
        } else {
            Text::new("单价取自本单位的单价表", "Unit costs are the bureau's own")
        };
        vec![
            explain::rules(self.ask.rules),
            Text::new(
                "修复方式按某工程的做法选择，不是标准条文：RI ≤ 1，或 RI ≤ 4 且 F ≤ 3 不修；其余 SM < 0.1 \
                 局部修复，否则整体修复；MI > 1 清淤。局部修复长度为 P > 1 的结构性缺陷长度（每处至少 1 m）",
                "The choice of repair is one project's usage, not the standard's: none while RI ≤ 1, or RI ≤ 4 with \
                 F ≤ 3; else local repair where SM < 0.1 and the whole segment otherwise; cleaning where MI > 1. A local \
                 repair is as long as the structural defects with P > 1, 1 m each at least",
            ),
            costs,
        ]
    }
}

/// The columns of a table of unit costs.
static COSTS: LazyLock<Kind> = LazyLock::new(|| {
    let codes = Work::ALL.map(|work| (work.code(), work.name()));
    let work = Field::text("work", "措施", "Work").required().aliases(&["method", "方法", "方式", "修复方式"]);
    let codes = codes.into_iter().map(|(value, name)| crate::model::schema::Code { value: value.into(), name });
    Kind {
        id: "sewer_costs",
        name: Text::new("单价表", "Unit costs"),
        group: Group::Sewer,
        z_order: 0,
        geometry: None,
        fields: vec![
            Field { codes: codes.collect(), ..work },
            Field::real("up_to_mm", "管径上限", "Diameter up to", "mm").aliases(&["diameter", "管径", "最大管径"]),
            Field::real("yuan_per_m", "单价", "Unit cost", "元/m").required().aliases(&["price", "cost", "元每米"]),
        ],
        title: &[],
        style: Style::default(),
        check: |_, _| Vec::new(),
    }
});

impl SewerDesk {
    /// The repair plan.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn plan(&self, ask: &PlanAsk, task: &mut Task<'_>) -> Result<PlanReport, Failure> {
        task.report(&Text::new("编制养护计划", "Making the repair plan"), 0, None)?;
        self.with_conditions(ask.rules, task, |live, conditions, rows| {
            let found = plan(conditions, &live.sewers, &ask.costs, ask.budget_yuan);
            let planned = |item: Item| {
                let condition = conditions.pipes.get(item.condition)?;
                let pipe = live.sewers.pipe(item.pipe)?;
                let on = condition.inspection.map(|place| &*rows.inspections[place].on).unwrap_or_default();
                Some(PlannedPipe {
                    at: FeatureRef { layer: live.table(pipe.row).to_owned(), id: pipe.row.id },
                    code: pipe.code.to_string(),
                    road: pipe.road.to_string(),
                    on: on.to_owned(),
                    rating: condition.rating.clone(),
                    line: live.sewers.line_along(item.pipe),
                    item,
                })
            };
            PlanReport {
                ask: ask.clone(),
                items: found.items.into_iter().filter_map(planned).collect(),
                sums: found.sums,
                yuan: found.yuan,
                unpriced: found.unpriced,
                sound: found.sound,
                fitting: found.fitting,
                fitting_yuan: found.fitting_yuan,
            }
        })
    }

    /// Writes a plan; a workbook ends with its sums and with what the numbers rest on.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_plan(&self, plan: &PlanReport, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let ending = out.path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let schema = plan_schema(!is_table(out));
        let mut rows: Vec<Feature> =
            (1..).zip(&plan.items).map(|(rank, item)| plan_row(&schema, rank, item, out.lang)).collect();
        if ending == "xlsx" {
            rows.extend(plan_foot(&schema, plan, out.lang));
        }
        self.write_rows(out, &schema, &rows, task)
    }

    /// Reads a bureau's unit costs from a table with the columns `work, up_to_mm, yuan_per_m`.
    ///
    /// # Errors
    /// The file cannot be read; a column is missing; a line makes no sense.
    pub fn read_costs(path: &Path, task: &mut Task<'_>) -> Result<Costs, Failure> {
        let (sheets, _) = read_sheets(path, &ReadOptions::default(), task)?;
        let sheets = fitting(sheets, &COSTS, &["work", "yuan_per_m"], &[], &[])?;
        let mut lines = Vec::new();
        for (sheet, layout) in sheets {
            for (number, row) in &sheet.rows {
                let value = |place: usize| convert(layout.value(row, place).clone(), &COSTS.fields[place]);
                let refused = |what: Text| {
                    let Text { zh, en } = what;
                    let text = text!("单价表第 {number} 行：{zh}", "unit costs, row {number}: {en}");
                    Failure::new(FailureKind::Data, text)
                };
                let [work, up_to, price] = [0, 1, 2].map(value);
                let (work, up_to, price) = (work.map_err(refused)?, up_to.map_err(refused)?, price.map_err(refused)?);
                let missing = || refused(Text::new("缺少措施或单价", "the work or its price is missing"));
                let work = work.as_str().and_then(Work::of).ok_or_else(missing)?;
                let yuan_per_m = price.as_f64().ok_or_else(missing)?;
                lines.push(UnitCost { work, up_to_mm: up_to.as_f64(), yuan_per_m });
            }
        }
        Costs::new(lines).map_err(|what| Failure::new(FailureKind::Data, what))
    }
}

fn plan_schema(has_lines: bool) -> Schema {
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
        ],
    }
}

fn plan_row(schema: &Schema, rank: i64, planned: &PlannedPipe, lang: Lang) -> Feature {
    let (rating, item) = (&planned.rating, &planned.item);
    let roman = |grade: u8| Value::from(explain::ROMAN[usize::from(grade.min(4))]);
    let rounded = |value: f64, scale: f64| Value::from((value * scale).round() / scale);
    let four = |value: f64| rounded(value, 10_000.0);
    let two = |value: Option<f64>| value.map_or(Value::Null, |value| rounded(value, 100.0));
    let values = vec![
        Value::Int(rank),
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
        item.yuan.into(),
        item.sum_yuan.into(),
        item.fits.into(),
        item.reason.get(lang).into(),
    ];
    let has_line = schema.geometry.is_some() && planned.line.len() > 1;
    let geometry = has_line.then(|| Geometry::line(&planned.line));
    Feature { id: rank, geometry, values }
}

/// Lines under the table: a sum for each kind of work, the whole, and what it rests on.
fn plan_foot(schema: &Schema, plan: &PlanReport, lang: Lang) -> Vec<Feature> {
    let mut lines: Vec<(String, Option<f64>)> = Vec::new();
    for (work, sum) in Work::ALL.into_iter().zip(&plan.sums) {
        let (name, pipes, length) = (work.name(), sum.pipes, sum.length_m);
        let Text { zh, en } = name;
        let words = text!("{zh}：{pipes} 段，{length:.1} m", "{en}: {pipes} pipes, {length:.1} m");
        lines.push((words.get(lang).to_owned(), None));
    }
    let unpriced = plan.unpriced;
    let total = text!("合计（{unpriced} 段无法计价）", "Total ({unpriced} pipes without a price)");
    lines.push((total.get(lang).to_owned(), Some(plan.yuan)));
    lines.extend(plan.basis().iter().map(|words| (words.get(lang).to_owned(), None)));
    let (why, yuan) = (schema.field_index("reason"), schema.field_index("yuan"));
    let row = |(words, cost): (String, Option<f64>)| {
        let mut values = vec![Value::Null; schema.fields.len()];
        why.into_iter().for_each(|at| values[at] = words.as_str().into());
        yuan.into_iter().for_each(|at| values[at] = cost.into());
        Feature { id: 0, geometry: None, values }
    };
    lines.into_iter().map(row).collect()
}
