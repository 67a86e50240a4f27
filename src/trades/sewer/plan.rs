//! From conditions to a repair plan: which pipe first, what to do, how much of it, what it costs, what the budget buys.
//!
//! The choice of repair is the usage of one project, not the standard: nothing while RI ≤ 1, or while RI ≤ 4 with
//! F ≤ 3; beyond that a local repair where the density SM is below 0.1 and the whole segment else. A pipe whose MI is
//! over 1 is cleaned. What has defects and needs neither is watched: it is no work, has no rank and takes no money, and is
//! listed apart. Unit costs are a table that the bureau edits; the one that comes with the program is an assumption
//! and says so.

use std::cmp::Ordering;

use crate::text;
use crate::text::Text;

use super::cjj181::Rating;
use super::cjj181::explain::number;
use super::condition::{Conditions, PipeCondition};
use super::sewers::Sewers;

/// Work on a pipe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Work {
    /// 局部修复: the damaged places alone.
    Local,
    /// 整体修复: from well to well.
    Whole,
    /// 清淤疏通.
    Cleaning,
}

impl Work {
    /// All, in the order of tables.
    pub const ALL: [Self; 3] = [Self::Local, Self::Whole, Self::Cleaning];

    /// The word in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Whole => "whole",
            Self::Cleaning => "cleaning",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::Local => Text::new("局部修复", "Local repair"),
            Self::Whole => Text::new("整体修复", "Whole-segment repair"),
            Self::Cleaning => Text::new("清淤疏通", "Cleaning"),
        }
    }

    /// By its word or its name in either language.
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|work| work.code().eq_ignore_ascii_case(word) || work.name().is(word))
    }
}

/// One line of the cost table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UnitCost {
    /// Which work.
    pub work: Work,
    /// Largest diameter it holds for, mm; `None` for all that are larger than the other lines.
    pub up_to_mm: Option<f64>,
    /// Price of a metre, yuan.
    pub yuan_per_m: f64,
}

/// Unit costs by work and diameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Costs {
    lines: Vec<UnitCost>,
    is_assumed: bool,
}

/// What the program assumes until a bureau says better: yuan for a metre by largest diameter.
const ASSUMED: [(Work, [f64; 5]); 3] = [
    (Work::Local, [4000.0, 6000.0, 9000.0, 14_000.0, 20_000.0]),
    (Work::Whole, [1800.0, 2800.0, 5000.0, 9000.0, 14_000.0]),
    (Work::Cleaning, [40.0, 60.0, 120.0, 200.0, 320.0]),
];
const ASSUMED_UP_TO_MM: [Option<f64>; 5] = [Some(400.0), Some(600.0), Some(1000.0), Some(1500.0), None];

impl Default for Costs {
    fn default() -> Self {
        let lines = ASSUMED.into_iter().flat_map(|(work, prices)| {
            let pairs = ASSUMED_UP_TO_MM.into_iter().zip(prices);
            pairs.map(move |(up_to_mm, yuan_per_m)| UnitCost { work, up_to_mm, yuan_per_m })
        });
        Self { lines: lines.collect(), is_assumed: true }
    }
}

impl Costs {
    /// A table of the bureau's own.
    ///
    /// # Errors
    /// A price that is no amount, a diameter that is none, or two lines for the same.
    pub fn new(mut lines: Vec<UnitCost>) -> Result<Self, Text> {
        for line in &lines {
            let price = line.yuan_per_m;
            if !(price.is_finite() && price >= 0.0) {
                return Err(text!("单价不能是 {price}", "a unit cost cannot be {price}"));
            }
            if let Some(size) = line.up_to_mm.filter(|size| !(size.is_finite() && *size > 0.0)) {
                return Err(text!("管径不能是 {size} mm", "a diameter cannot be {size} mm"));
            }
        }
        let size = |line: &UnitCost| line.up_to_mm.unwrap_or(f64::INFINITY);
        lines.sort_by(|a, b| a.work.cmp(&b.work).then(size(a).total_cmp(&size(b))));
        if let Some(two) = lines.windows(2).find(|two| two[0].work == two[1].work && size(&two[0]) == size(&two[1])) {
            let (name, size) = (two[0].work.name(), two[0].up_to_mm.map_or("-".to_owned(), number));
            let (zh, en) = (name.zh, name.en);
            return Err(text!("“{zh}”管径 {size} 的单价有两行", "“{en}” up to {size} mm has two prices"));
        }
        Ok(Self { lines, is_assumed: false })
    }

    /// Its lines, by work and diameter.
    pub fn lines(&self) -> &[UnitCost] {
        &self.lines
    }

    /// Whether these are the program's assumptions, not the bureau's prices.
    pub fn is_assumed(&self) -> bool {
        self.is_assumed
    }

    /// Price of a metre, yuan; `None` where the table says none.
    pub fn yuan_per_m(&self, work: Work, diameter_mm: f64) -> Option<f64> {
        let fits = |line: &&UnitCost| line.work == work && line.up_to_mm.is_none_or(|most| diameter_mm <= most);
        self.lines.iter().find(fits).map(|line| line.yuan_per_m)
    }
}

/// What is to be done with a pipe.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Place among the conditions.
    pub condition: usize,
    /// The pipe's number.
    pub pipe: u32,
    /// Local or whole-segment repair; none where plain watching will do.
    pub repair: Option<Work>,
    /// Length to repair; `None` if nobody knows it.
    pub repair_m: Option<f64>,
    /// Length to clean; `None` for no cleaning, or for a length that nobody knows.
    pub cleaning_m: Option<f64>,
    /// Whether it is to be cleaned.
    pub cleans: bool,
    /// Why.
    pub reason: Text,
    /// What its works cost that have a price, whole yuan; `None` where length, diameter or price are not known of any.
    pub yuan: Option<f64>,
    /// What it costs with all before it that have a price in full.
    pub sum_yuan: f64,
    /// Whether the budget reaches so far; true without a budget. `None` where a work has no price: nobody knows.
    pub fits: Option<bool>,
}

/// Sums of one kind of work.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Sum {
    /// Pipes.
    pub pipes: usize,
    /// Metres.
    pub length_m: f64,
    /// What it costs, whole yuan; items without a price are left out.
    pub yuan: f64,
}

/// The plan: by RI, then MI, the worst first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// Pipes to do something with.
    pub items: Vec<Item>,
    /// Pipes that are only watched, the worst first; they cost nothing.
    pub watched: Vec<Item>,
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
    /// Items above the budget's line, and what they cost.
    pub fitting: usize,
    /// What they cost, yuan.
    pub fitting_yuan: f64,
}

/// Which repair a rating asks for, and why.
pub fn repair_of(rating: &Rating) -> (Option<Work>, Text) {
    let (ri, f) = (rating.ri.value, rating.structure.value);
    let words = number(ri);
    if rating.ri.grade <= 1 {
        return (None, text!("RI = {words} ≤ 1", "RI = {words} ≤ 1"));
    }
    let f_words = number(f);
    if rating.ri.grade == 2 && rating.structure.grade <= 2 {
        return (
            None,
            text!("RI = {words} ≤ 4，F = {f_words} ≤ 3：观察", "RI = {words} ≤ 4, F = {f_words} ≤ 3: watch"),
        );
    }
    let because =
        if rating.ri.grade == 2 { format!("RI = {words}, F = {f_words} > 3") } else { format!("RI = {words} > 4") };
    match rating.structure.density.zip(rating.structure.extent) {
        Some((density, 1)) => {
            let density = number(density);
            (Some(Work::Local), Text::same(format!("{because}, SM = {density} < 0.1")))
        }
        Some((density, _)) => {
            let density = number(density);
            (Some(Work::Whole), Text::same(format!("{because}, SM = {density} ≥ 0.1")))
        }
        None => {
            let words = text!("{because}，管长不明，SM 无定义", "{because}; no length, SM is not defined");
            (Some(Work::Local), words)
        }
    }
}

/// Length of the places that a local repair treats: merged structural defects whose score is over 1, m.
pub fn local_m(rating: &Rating) -> f64 {
    let graver = rating.structure.groups.iter().filter(|group| group.score > 1.0);
    graver.map(|group| group.length_m).sum()
}

/// Plans the work on all pipes that were inspected.
pub fn plan(conditions: &Conditions, sewers: &Sewers, costs: &Costs, budget_yuan: Option<f64>) -> Plan {
    let mut ranked: Vec<usize> = (0..conditions.pipes.len()).filter(|&it| asks(&conditions.pipes[it])).collect();
    ranked.sort_by(|&a, &b| rank(&conditions.pipes[a], &conditions.pipes[b], sewers));
    let mut plan = Plan { sound: conditions.pipes.len() - ranked.len(), ..Plan::default() };
    let (mut reaches, mut running_yuan) = (true, 0.0);
    for condition in ranked {
        let (mut item, [repair_yuan, cleaning_yuan]) = item(condition, &conditions.pipes[condition], costs);
        if item.repair.is_none() && !item.cleans {
            plan.watched.push(item);
            continue;
        }
        let cleaning = item.cleans.then_some(Work::Cleaning);
        let parts = [(item.repair, item.repair_m, repair_yuan), (cleaning, item.cleaning_m, cleaning_yuan)];
        for (work, length_m, yuan) in parts {
            let Some(place) = work.and_then(|work| Work::ALL.iter().position(|one| *one == work)) else { continue };
            let sum = &mut plan.sums[place];
            sum.pipes += 1;
            sum.length_m += length_m.unwrap_or_default();
            sum.yuan += yuan.unwrap_or_default();
        }
        let yuan = item.yuan.unwrap_or_default();
        plan.yuan += yuan;
        if item.fits.is_some() {
            running_yuan += yuan;
            reaches &= budget_yuan.is_none_or(|budget| running_yuan <= budget);
            item.fits = Some(reaches);
            if reaches {
                plan.fitting += 1;
                plan.fitting_yuan = running_yuan;
            }
        } else {
            plan.unpriced += 1;
            plan.unpriced_yuan += yuan;
        }
        item.sum_yuan = running_yuan;
        plan.items.push(item);
    }
    plan
}

/// Whether there is anything to do or to watch.
fn asks(condition: &PipeCondition) -> bool {
    condition.rating.ri.grade > 1 || condition.rating.mi.grade > 1
}

/// The worst first; of equals by code and number, so that a plan is the same every time.
fn rank(a: &PipeCondition, b: &PipeCondition, sewers: &Sewers) -> Ordering {
    let by = |value: fn(&Rating) -> f64| value(&b.rating).total_cmp(&value(&a.rating));
    let code = |condition: &PipeCondition| sewers.pipe(condition.pipe).map(|pipe| &pipe.code);
    by(|it| it.ri.value).then(by(|it| it.mi.value)).then_with(|| code(a).cmp(&code(b))).then(a.pipe.cmp(&b.pipe))
}

/// What is to be done with a pipe; and what repair and cleaning cost, each for itself.
fn item(place: usize, condition: &PipeCondition, costs: &Costs) -> (Item, [Option<f64>; 2]) {
    let rating = &condition.rating;
    let (repair, mut reason) = repair_of(rating);
    let whole_m = rating.segment.length_m;
    let repair_m = match repair {
        None => None,
        Some(Work::Local) => Some(whole_m.map_or(local_m(rating), |whole| local_m(rating).min(whole))),
        Some(_) => whole_m,
    };
    let cleans = rating.mi.grade > 1;
    if cleans {
        let mi = number(rating.mi.value);
        let Text { zh, en } = reason;
        reason = text!("{zh}；MI = {mi} > 1", "{en}; MI = {mi} > 1");
    }
    if let Some(share) = condition.seen_share {
        let (Text { zh, en }, percent) = (reason, share * 100.0);
        reason = text!("{zh}；只检测了管长的 {percent:.0}%", "{en}; only {percent:.0} % of it was seen");
    }
    let cleaning_m = whole_m.filter(|_| cleans);
    let price = |work: Work, length_m: Option<f64>| {
        let diameter_mm = rating.segment.diameter_mm?;
        // Each work in whole yuan: then sums by work make up the whole.
        Some((costs.yuan_per_m(work, diameter_mm)? * length_m?).round())
    };
    let repaired = repair.map_or(Some(0.0), |work| price(work, repair_m));
    let cleaned = if cleans { price(Work::Cleaning, cleaning_m) } else { Some(0.0) };
    let asked = [repaired.filter(|_| repair.is_some()), cleaned.filter(|_| cleans)];
    let priced = asked.into_iter().flatten().reduce(|sum, yuan| sum + yuan);
    let fits = (repaired.is_some() && cleaned.is_some()).then_some(true);
    // What is only watched costs nothing.
    let yuan = priced.or((repair.is_none() && !cleans).then_some(0.0));
    let (pipe, condition) = (condition.pipe, place);
    let item = Item { condition, pipe, repair, repair_m, cleaning_m, cleans, reason, yuan, sum_yuan: 0.0, fits };
    (item, asked)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::cjj181::Rules;
    use crate::trades::sewer::cjj181::{Area, Defect, defects::DefectKind};
    use crate::trades::sewer::condition::{Finding, Inspection, Which, conditions};
    use crate::trades::sewer::pipe::{Pipe, RowRef};
    use crate::trades::sewer::sewers::Joining;

    #[test]
    fn a_sound_pipe_is_not_in_the_plan() {
        let (plan, _) = planned("A 30 600 PL1@5", None);
        assert_eq!((plan.items.len(), plan.sound), (0, 1));
    }

    #[test]
    fn a_pipe_with_light_structural_defects_is_watched_and_no_work() {
        let (plan, sewers) = planned("B 30 600 PL4@5, A 30 600 PL2@5", Some(6000.0));
        let codes = |items: &[Item]| {
            let code = |item: &Item| sewers.pipe(item.pipe).unwrap().code.to_string();
            items.iter().map(code).collect::<Vec<_>>().join(" ")
        };
        assert_eq!((codes(&plan.items), codes(&plan.watched)), ("B".to_owned(), "A".to_owned()));
        assert_eq!((plan.fitting, plan.sound, plan.watched[0].yuan), (1, 0, Some(0.0)));
    }

    #[test]
    fn few_grave_places_are_repaired_locally_and_many_by_the_whole_segment() {
        // One metre at 6000 yuan; 30 m at 2800 yuan: diameters of 600 mm.
        check("A 30 600 PL4@5", "A local 1 6000");
        check("A 20 600 PL4@5 PL3@9 PL3@15", "A whole 20 56000");
    }

    #[test]
    fn a_pipe_full_of_sand_is_cleaned_from_end_to_end() {
        check("A 30 400 CJ4@5", "A - - 1200");
    }

    #[test]
    fn the_worst_pipe_comes_first_and_the_budget_ends_at_a_line() {
        let roads = "C 30 600 PL3@5, B 30 600 PL4@5, D 30 600 PL4@5 CJ4@9";
        check(roads, "D local 1 7800, B local 1 6000, C local 1 6000");
        let (plan, _) = planned(roads, Some(14_000.0));
        assert_eq!((plan.fitting, plan.fitting_yuan, plan.yuan), (2, 13_800.0, 19_800.0));
        assert_eq!(plan.items.iter().map(|item| item.fits).collect::<Vec<_>>(), [Some(true), Some(true), Some(false)]);
        let sum = |pipes, length_m, yuan| Sum { pipes, length_m, yuan };
        assert_eq!(plan.sums, [sum(3, 3.0, 18_000.0), Sum::default(), sum(1, 30.0, 1800.0)]);
    }

    #[test]
    fn what_has_no_diameter_has_no_price() {
        check("A 30 - PL4@5", "A local 1 ?");
    }

    #[test]
    fn what_has_no_price_is_not_within_the_budget_and_what_has_one_is_counted() {
        // B has no diameter; cleaning has no price for C, repair has none for D.
        let (conditions, sewers) =
            looked_at("A 30 600 PL4@5, B 30 - PL4@5, C 30 900 PL4@5 CJ4@9, D 30 300 PL3@5 CJ4@9");
        let line = |work, up_to_mm, yuan_per_m| UnitCost { work, up_to_mm: Some(up_to_mm), yuan_per_m };
        let costs = vec![line(Work::Local, 600.0, 5000.0), line(Work::Cleaning, 900.0, 100.0)];
        let costs = Costs::new(costs).unwrap();
        let plan = plan(&conditions, &sewers, &costs, Some(9000.0));
        let shown = plan.items.iter().map(|it| {
            let (yuan, fits) =
                (it.yuan.map_or("?".to_owned(), number), it.fits.map_or("?".to_owned(), |it| it.to_string()));
            format!("{} {yuan} {} {fits}", sewers.pipe(it.pipe).unwrap().code, it.sum_yuan)
        });
        let shown = shown.collect::<Vec<_>>().join(", ");
        assert_eq!(shown, "C 3000 0 ?, A 5000 5000 true, B ? 5000 ?, D 8000 13000 false");
        assert_eq!((plan.fitting, plan.fitting_yuan), (1, 5000.0));
        assert_eq!((plan.unpriced, plan.unpriced_yuan, plan.yuan), (2, 3000.0, 16_000.0));
        assert_eq!(plan.sums.map(|sum| sum.yuan), [10_000.0, 0.0, 6000.0]);
    }

    #[test]
    fn a_table_of_prices_is_refused_where_it_contradicts_itself() {
        let line = |up_to_mm, yuan_per_m| UnitCost { work: Work::Local, up_to_mm, yuan_per_m };
        assert!(Costs::new(vec![line(Some(600.0), 1.0), line(Some(600.0), 2.0)]).is_err());
        assert!(Costs::new(vec![line(None, f64::NAN)]).is_err());
        let costs = Costs::new(vec![line(None, 9.0), line(Some(600.0), 5.0)]).unwrap();
        assert_eq!([600.0, 600.5].map(|size| costs.yuan_per_m(Work::Local, size)), [Some(5.0), Some(9.0)]);
        assert_eq!(costs.yuan_per_m(Work::Whole, 600.0), None);
    }

    #[track_caller]
    fn check(written: &str, expected: &str) {
        let (plan, sewers) = planned(written, None);
        let word = |item: &Item| {
            let work = item.repair.map_or("-", Work::code);
            let length = item.repair_m.map_or("-".to_owned(), number);
            let yuan = item.yuan.map_or("?".to_owned(), number);
            format!("{} {work} {length} {yuan}", sewers.pipe(item.pipe).unwrap().code)
        };
        assert_eq!(plan.items.iter().map(word).collect::<Vec<_>>().join(", "), expected);
    }

    /// `CODE LENGTH DIAMETER DEFECT@METRE …`, by commas; on other carriageways in ordinary soil.
    fn planned(written: &str, budget: Option<f64>) -> (Plan, Sewers) {
        let (conditions, sewers) = looked_at(written);
        (plan(&conditions, &sewers, &Costs::default(), budget), sewers)
    }

    fn looked_at(written: &str) -> (Conditions, Sewers) {
        let (mut pipes, mut inspections, mut findings) = (Vec::new(), Vec::new(), Vec::new());
        for (id, words) in (1..).zip(written.split(',')) {
            let mut words = words.split_whitespace();
            let mut next = || words.next().unwrap();
            let (code, length, diameter) = (next(), next(), next());
            let row = RowRef { layer: 0, id };
            let (stated_length_m, diameter_mm) = (length.parse().ok(), diameter.parse().ok());
            pipes.push(Pipe { row, code: code.into(), stated_length_m, diameter_mm, ..Pipe::default() });
            let area = Some(Area::Road);
            inspections.push(Inspection { row, pipe_code: code.into(), area, ..Inspection::default() });
            for defect in words {
                let (defect, at) = defect.split_once('@').unwrap();
                let (kind, grade) = defect.split_at(2);
                let at = at.parse().unwrap();
                let defect = Defect::new(DefectKind::of(kind).unwrap(), grade.parse().unwrap(), at, at);
                findings.push(Finding {
                    row,
                    inspection_code: Box::default(),
                    pipe_code: code.into(),
                    defect,
                    clock: Box::default(),
                    photo: Box::default(),
                });
            }
        }
        let sewers = Sewers::new(pipes, Vec::new(), Joining::default());
        (conditions(&sewers, &inspections, &findings, Rules::default(), Which::Latest), sewers)
    }
}
