//! The repair plan of the open city: from conditions and unit costs to a ranked list of works, and a list of pipes that are
//! only watched.

use std::path::Path;
use std::sync::LazyLock;

use crate::io::format::ReadOptions;
use crate::kinds::convert::convert;
use crate::kinds::kind::{Group, Kind};
use crate::model::schema::Field;
use crate::model::style::Style;
use crate::task::Task;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::cjj181::{Rating, Rules, explain};
use crate::trades::sewer::plan::{Costs, Item, Sum, UnitCost, Work, plan};

use super::SewerDesk;
use super::condition::parts_words;
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
    /// Years until a pipe that is only watched is inspected again; [`WATCH_YEARS`] where nobody says.
    pub watch_years: Option<u32>,
}

/// Years until a pipe that is only watched is inspected again: the program's assumption.
pub const WATCH_YEARS: u32 = 5;

impl PlanAsk {
    /// Years until a pipe that is only watched is inspected again.
    pub fn years(&self) -> u32 {
        self.watch_years.unwrap_or(WATCH_YEARS)
    }
}

/// The plan with all that a person reads of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PlanReport {
    /// What it was made of.
    pub ask: PlanAsk,
    /// Pipes to do something with, the worst first.
    pub items: Vec<PlannedPipe>,
    /// Pipes that are only watched: those first that are due first.
    pub watched: Vec<PlannedPipe>,
    /// Sums in the order of [`Work::ALL`].
    pub sums: [Sum; 3],
    /// What all of it costs that has a price, yuan.
    pub yuan: f64,
    /// Items of which a work, or all, has no price. They take nothing of the budget.
    pub unpriced: usize,
    /// What those of their works cost that have one, yuan.
    pub unpriced_yuan: f64,
    /// Inspected pipes with nothing to do.
    pub sound: usize,
    /// Items above the budget's line.
    pub fitting: usize,
    /// What they cost, yuan.
    pub fitting_yuan: f64,
    /// What is said of pipes of which a part alone was seen.
    pub parts: Option<Text>,
    /// Inspections of days to come, which do not count.
    pub future: usize,
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
    /// Day by which a pipe that is only watched is inspected again; empty for work, and where no day is known.
    pub next_on: String,
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
        let years = self.ask.years();
        let watch = text!(
            "只需观察的管段另列，不排序、不计费；下次检测按上次检测后 {years} 年计，为程序的设置，不是标准条文",
            "Pipes that are only watched are listed apart, without rank or cost; their next inspection is {years} years \
             after the last, a setting of the program and not the standard's"
        );
        let future = self.future;
        let future = (future > 0).then(|| {
            text!(
                "{future} 次检测的日期在今天之后，没有计入",
                "inspections dated after today, which do not count: {future}"
            )
        });
        let basis = vec![
            explain::rules(self.ask.rules),
            Text::new(
                "修复方式按某工程的做法选择，不是标准条文：RI ≤ 1，或 RI ≤ 4 且 F ≤ 3 不修；其余 SM < 0.1 \
                 局部修复，否则整体修复；MI > 1 清淤。局部修复长度为 P > 1 的结构性缺陷长度（每处至少 1 m）",
                "The choice of repair is one project's usage, not the standard's: none while RI ≤ 1, or RI ≤ 4 with \
                 F ≤ 3; else local repair where SM < 0.1 and the whole segment otherwise; cleaning where MI > 1. A local \
                 repair is as long as the structural defects with P > 1, 1 m each at least",
            ),
            costs,
            watch,
        ];
        basis.into_iter().chain(self.parts.clone()).chain(future).collect()
    }
}

/// The columns of a table of unit costs.
static COSTS: LazyLock<Kind> = LazyLock::new(|| {
    let codes = Work::ALL.map(|work| (work.code(), work.name()));
    let work = Field::text("work", "措施", "Work").required().aliases(&[
        "method",
        "方法",
        "方式",
        "修复方式",
        "工作",
        "工作内容",
        "工程措施",
        "项目",
    ]);
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
            Field::real("yuan_per_m", "单价", "Unit cost", "元/m").required().aliases(&[
                "price",
                "cost",
                "元每米",
                "元/m",
                "yuan/m",
                "单价（元/m）",
                "综合单价",
            ]),
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
            let planned = |item: Item, years: Option<u32>| {
                let condition = conditions.pipes.get(item.condition)?;
                let pipe = live.sewers.pipe(item.pipe)?;
                let on = condition.inspection.map(|place| &*rows.inspections[place].on).unwrap_or_default();
                Some(PlannedPipe {
                    at: live.feature(pipe.row),
                    code: pipe.code.to_string(),
                    road: pipe.road.to_string(),
                    on: on.to_owned(),
                    next_on: years.and_then(|years| later(on, years)).unwrap_or_default(),
                    rating: condition.rating.clone(),
                    line: live.sewers.line_along(item.pipe),
                    item,
                })
            };
            let seen = conditions.pipes.iter().filter(|it| it.seen_share.is_some()).count();
            let kept = conditions.pipes.iter().filter(|it| it.later_part.is_some()).count();
            let years = Some(ask.years());
            let mut watched: Vec<PlannedPipe> =
                found.watched.into_iter().filter_map(|item| planned(item, years)).collect();
            // Where no day is known nobody can say that it is not due.
            watched.sort_by(|a, b| a.next_on.cmp(&b.next_on));
            PlanReport {
                ask: ask.clone(),
                items: found.items.into_iter().filter_map(|item| planned(item, None)).collect(),
                watched,
                sums: found.sums,
                yuan: found.yuan,
                unpriced: found.unpriced,
                unpriced_yuan: found.unpriced_yuan,
                sound: found.sound,
                fitting: found.fitting,
                fitting_yuan: found.fitting_yuan,
                parts: parts_words([seen, kept], ask.rules),
                future: rows.inspections.iter().filter(|inspection| inspection.is_future).count(),
            }
        })
    }

    /// Reads a bureau's unit costs from a table with the columns `work, up_to_mm, yuan_per_m`.
    ///
    /// # Errors
    /// The file cannot be read; a column is missing; a line makes no sense.
    pub fn read_costs(path: &Path, task: &mut Task<'_>) -> Result<Costs, Failure> {
        let (sheets, _) = read_sheets(path, &ReadOptions::default(), task)?;
        let sheets = fitting(sheets, &COSTS, &["work", "yuan_per_m"])?;
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

/// The same day some years later.
fn later(on: &str, years: u32) -> Option<String> {
    let day: jiff::civil::Date = on.parse().ok()?;
    Some(day.checked_add(jiff::Span::new().try_years(years).ok()?).ok()?.to_string())
}
