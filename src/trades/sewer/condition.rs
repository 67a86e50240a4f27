//! From rows of inspections and defects to the condition of each pipe.
//!
//! Of several inspections of a pipe the latest one counts, whatever its method; of two on one day the row that was
//! written later. One that saw clearly less than the pipe ([`Rules::whole_percent`]) does not take the place of an
//! earlier one that saw it all, and one whose day is yet to come does not count. A defect belongs to the inspection that its row names; where there is no such inspection it makes one
//! of its own without a day, which any dated one outdates. The segment's length is the recorded one of the pipe, else
//! the drawn one; its diameter is the pipe's; area and soil are the inspection's.

use rustc_hash::FxHashMap;

use crate::geom::measure::distance_m;
use crate::model::value::Value;
use crate::task::Problem;
use crate::text;

use super::cjj181::defects::DefectKind;
use super::cjj181::{Area, Defect, Rating, Rules, Segment, Soil, rate};
use super::pipe::{RowReader, RowRef};
use super::sewers::Sewers;

/// The fields that are read of each inspection; [`Inspection::of_row`] wants their values in this order.
pub const INSPECTION_FIELDS: &[&str] =
    &["code", "pipe_code", "method", "direction", "inspected_on", "length_inspected_m", "area_class", "soil_class"];

/// The fields that are read of each defect.
pub const DEFECT_FIELDS: &[&str] =
    &["inspection_code", "pipe_code", "defect", "grade", "start_m", "end_m", "clock", "photo"];

/// One inspection, as its row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Inspection {
    /// Its row.
    pub row: RowRef,
    /// 检测编号; empty for none.
    pub code: Box<str>,
    /// The pipe's code.
    pub pipe_code: Box<str>,
    /// `cctv`, `sonar`, `qv`, `other`; empty for not stated.
    pub method: Box<str>,
    /// Whether the camera went against the flow.
    pub against_flow: bool,
    /// The day, ISO 8601; empty for none.
    pub on: Box<str>,
    /// How much of the pipe was seen, m.
    pub length_m: Option<f64>,
    /// Where the pipe lies.
    pub area: Option<Area>,
    /// What it lies in.
    pub soil: Option<Soil>,
    /// Whether its day is yet to come, which nobody can have inspected on.
    pub is_future: bool,
}

impl Inspection {
    /// One row.
    pub fn of_row(reader: &RowReader, row: RowRef, values: &[Value]) -> Self {
        let words = |wanted: usize| reader.value(values, wanted).as_str().unwrap_or_default().trim();
        Self {
            row,
            code: reader.words(values, 0),
            pipe_code: reader.words(values, 1),
            method: words(2).into(),
            against_flow: words(3) == "against",
            on: words(4).into(),
            length_m: reader.value(values, 5).as_f64().filter(|length| length.is_finite() && *length >= 0.0),
            area: Area::of(words(6)),
            soil: Soil::of(words(7)),
            is_future: false,
        }
    }

    /// The year of its day.
    pub fn year(&self) -> Option<i16> {
        self.on.get(..4)?.parse().ok()
    }
}

/// One defect, as its row says.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its row.
    pub row: RowRef,
    /// The inspection's code; empty for none.
    pub inspection_code: Box<str>,
    /// The pipe's code.
    pub pipe_code: Box<str>,
    /// The defect; `None` where the standard has no such code or grade, or a distance is missing.
    pub defect: Option<Defect>,
    /// Clock position, four digits; empty for none.
    pub clock: Box<str>,
    /// Name of its photo; empty for none.
    pub photo: Box<str>,
}

impl Finding {
    /// One row.
    pub fn of_row(reader: &RowReader, row: RowRef, values: &[Value]) -> Self {
        let get = |wanted: usize| reader.value(values, wanted);
        let defect = || {
            let grade = get(3).as_i64().or_else(|| get(3).as_str()?.trim().parse().ok())?;
            let start_m = get(4).as_f64()?;
            let end_m = get(5).as_f64().unwrap_or(start_m);
            Defect::new(DefectKind::of(get(2).as_str()?.trim())?, u8::try_from(grade).ok()?, start_m, end_m)
        };
        Self {
            row,
            inspection_code: reader.words(values, 0),
            pipe_code: reader.words(values, 1),
            defect: defect(),
            clock: reader.words(values, 6),
            photo: reader.words(values, 7),
        }
    }
}

/// A pipe that was inspected.
#[derive(Clone, Debug)]
pub struct PipeCondition {
    /// Its number in the network.
    pub pipe: u32,
    /// Place of the inspection that counts; `None` where defects name none that is there.
    pub inspection: Option<usize>,
    /// How many inspections the pipe has.
    pub inspections: usize,
    /// Whether this one is the latest and counts.
    pub is_latest: bool,
    /// How much of the pipe this inspection saw, 0 to 1, where that is clearly less than all.
    pub seen_share: Option<f64>,
    /// Place of a later inspection that saw only a part of the pipe, and so did not take this one's place.
    pub later_part: Option<usize>,
    /// Places of the findings, in the order of `defects`.
    pub findings: Vec<usize>,
    /// The defects that were rated.
    pub defects: Vec<Defect>,
    /// What comes of them.
    pub rating: Rating,
}

/// The condition of all pipes that were inspected.
#[derive(Clone, Debug, Default)]
pub struct Conditions {
    /// In the order of the network's numbers; with every inspection asked for, those of a pipe from the first to the last.
    pub pipes: Vec<PipeCondition>,
    /// Rows that name no pipe of the city, and defects that the standard does not have.
    pub problems: Vec<Problem>,
}

/// An inspection with its defects.
struct Visit {
    pipe: u32,
    inspection: Option<usize>,
    findings: Vec<usize>,
}

/// Which inspections of a pipe are rated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    /// The one that counts.
    Latest,
    /// Each by itself.
    Every,
}

/// Rates every pipe that was inspected.
pub fn conditions(
    sewers: &Sewers,
    inspections: &[Inspection],
    findings: &[Finding],
    rules: Rules,
    which: Which,
) -> Conditions {
    let (visits, mut problems) = visits(sewers, inspections, findings);
    let mut pipes = Vec::with_capacity(inspections.len());
    for own in visits.chunk_by(|a, b| a.pipe == b.pipe) {
        let seen = |visit: &Visit| Some(seen_share(sewers, visit.pipe, &inspections[visit.inspection?]));
        let is_part = |share: f64| share * 100.0 < f64::from(rules.whole_percent);
        let counting = counting(own, inspections, &|visit| seen(visit).is_some_and(|share| !is_part(share)));
        for (place, visit) in own.iter().enumerate() {
            let is_latest = counting.is_some_and(|[counts, _]| counts == place);
            if which == Which::Latest && !is_latest {
                continue;
            }
            let rated = visit.findings.iter().filter_map(|&place| Some((place, findings[place].defect?)));
            let (places, defects): (Vec<usize>, Vec<Defect>) = rated.unzip();
            let odd = visit.findings.iter().filter(|place| findings[**place].defect.is_none());
            problems.extend(odd.map(|place| not_in_standard(findings[*place].row)));
            let segment = segment(sewers, visit.pipe, visit.inspection.map(|place| &inspections[place]));
            pipes.push(PipeCondition {
                pipe: visit.pipe,
                inspection: visit.inspection,
                inspections: own.len(),
                is_latest,
                seen_share: seen(visit).filter(|share| is_part(*share)),
                later_part: counting
                    .filter(|[counts, last]| is_latest && counts != last)
                    .and_then(|[_, last]| own[last].inspection),
                findings: places,
                rating: rate(&segment, &defects, rules),
                defects,
            });
        }
    }
    Conditions { pipes, problems }
}

/// Of a pipe's visits, by day, the one that counts, and the last one that could have: the latest that saw the whole pipe,
/// else the latest. None where all are yet to come.
fn counting(own: &[Visit], inspections: &[Inspection], is_whole: &dyn Fn(&Visit) -> bool) -> Option<[usize; 2]> {
    let has_been = |visit: &Visit| visit.inspection.is_none_or(|place| !inspections[place].is_future);
    let last = own.iter().rposition(has_been)?;
    let whole = own[..=last].iter().rposition(|visit| has_been(visit) && is_whole(visit));
    Some([whole.unwrap_or(last), last])
}

/// How much of a pipe an inspection saw, 0 to 1: all of it where it states no length.
fn seen_share(sewers: &Sewers, pipe: u32, inspection: &Inspection) -> f64 {
    let share = inspection.length_m.zip(length_m(sewers, pipe)).map(|(seen_m, whole_m)| seen_m / whole_m);
    share.map_or(1.0, |share| share.min(1.0))
}

/// Inspections with their defects, by pipe and day; and what names no pipe.
fn visits(sewers: &Sewers, inspections: &[Inspection], findings: &[Finding]) -> (Vec<Visit>, Vec<Problem>) {
    let pipes = pipes_by_code(sewers);
    let mut visits: Vec<Visit> = Vec::with_capacity(inspections.len());
    let mut by_codes: FxHashMap<(&str, &str), usize> = FxHashMap::default();
    let mut homeless = [Vec::new(), Vec::new()];
    let mut future = Vec::new();
    for (place, inspection) in inspections.iter().enumerate() {
        let Some(&pipe) = pipes.get(&*inspection.pipe_code) else {
            homeless[0].push(inspection.row);
            continue;
        };
        if inspection.is_future {
            future.push(yet_to_come(inspection));
        }
        by_codes.insert((&inspection.code, &inspection.pipe_code), visits.len());
        visits.push(Visit { pipe, inspection: Some(place), findings: Vec::new() });
    }
    for (place, finding) in findings.iter().enumerate() {
        let Some(&pipe) = pipes.get(&*finding.pipe_code) else {
            homeless[1].push(finding.row);
            continue;
        };
        let visit = *by_codes.entry((&finding.inspection_code, &finding.pipe_code)).or_insert_with(|| {
            visits.push(Visit { pipe, inspection: None, findings: Vec::new() });
            visits.len() - 1
        });
        visits[visit].findings.push(place);
    }
    let day = |visit: &Visit| visit.inspection.map(|at| (&inspections[at].on, inspections[at].row.id));
    visits.sort_by(|a, b| a.pipe.cmp(&b.pipe).then_with(|| day(a).cmp(&day(b))));
    future.extend(without_pipe(&homeless));
    (visits, future)
}

/// What is rated of a pipe that was looked at so.
pub fn segment(sewers: &Sewers, pipe: u32, inspection: Option<&Inspection>) -> Segment {
    Segment {
        length_m: length_m(sewers, pipe),
        diameter_mm: sewers.pipe(pipe).and_then(|pipe| pipe.diameter_mm).filter(|size| *size > 0.0),
        area: inspection.and_then(|inspection| inspection.area),
        soil: inspection.and_then(|inspection| inspection.soil),
    }
}

/// The length of a segment: as the pipe's record says, else as drawn.
pub fn length_m(sewers: &Sewers, pipe: u32) -> Option<f64> {
    Some(sewers.run_m(pipe)).filter(|length| *length > 0.0)
}

/// The part of a pipe's line between two distances from its upstream end, longitude and latitude along the flow: one
/// place for a defect without a length. The record's length is stretched over the drawn line.
pub fn stretch(sewers: &Sewers, pipe: u32, from_m: f64, to_m: f64) -> Vec<[f64; 2]> {
    let Some(whole_m) = length_m(sewers, pipe) else { return Vec::new() };
    let (line, drawn_m) = (sewers.line_along(pipe), sewers.length_m(pipe));
    let [from_m, to_m] = [from_m, to_m].map(|at| (at * drawn_m / whole_m).clamp(0.0, drawn_m));
    let (mut found, mut along_m) = (Vec::new(), 0.0);
    for (place, ends) in line.windows(2).enumerate() {
        let step_m = distance_m(ends[0], ends[1]);
        // The last step takes what rounding left over.
        let reach_m = if place + 2 == line.len() { f64::INFINITY } else { along_m + step_m };
        let at = |metres: f64| {
            let share = if step_m > 0.0 { ((metres - along_m) / step_m).clamp(0.0, 1.0) } else { 0.0 };
            [0, 1].map(|axis| ends[0][axis] + (ends[1][axis] - ends[0][axis]) * share)
        };
        if found.is_empty() && from_m <= reach_m {
            found.push(at(from_m));
        }
        if !found.is_empty() && to_m <= reach_m {
            found.extend((to_m > from_m).then(|| at(to_m)));
            break;
        }
        found.extend((!found.is_empty()).then_some(ends[1]));
        along_m += step_m;
    }
    found
}

/// Pipes by their codes; of several with one code the first row, since numbers change hands.
pub fn pipes_by_code(sewers: &Sewers) -> FxHashMap<&str, u32> {
    let mut known: FxHashMap<&str, (RowRef, u32)> = FxHashMap::default();
    for (number, pipe) in sewers.pipes().filter(|(_, pipe)| !pipe.code.is_empty()) {
        let first = known.entry(&*pipe.code).or_insert((pipe.row, number));
        *first = (*first).min((pipe.row, number));
    }
    known.into_iter().map(|(code, (_, number))| (code, number)).collect()
}

fn without_pipe([inspections, defects]: &[Vec<RowRef>; 2]) -> Vec<Problem> {
    let of = |rows: &[RowRef], zh: &str, en: &str| {
        let words = |row: &RowRef| {
            let what = text!("{zh}所写的管段编号在管网中没有", "the {en} names a pipe that the network does not have");
            Problem::warning("condition.no-pipe", what).of_feature(row.id)
        };
        rows.iter().map(words).collect::<Vec<_>>()
    };
    let mut found = of(inspections, "检测", "inspection");
    found.extend(of(defects, "缺陷", "defect"));
    found
}

fn yet_to_come(inspection: &Inspection) -> Problem {
    let (code, pipe, on) = (&inspection.code, &inspection.pipe_code, &inspection.on);
    let what = text!(
        "管段 {pipe} 的检测 {code} 日期 {on} 在今天之后，没有计入",
        "inspection {code} of pipe {pipe} is dated {on}, after today; it does not count"
    );
    Problem::warning("condition.future", what).of_feature(inspection.row.id)
}

fn not_in_standard(row: RowRef) -> Problem {
    let what = text!(
        "缺陷的代码、等级或距离不合 CJJ 181，没有参加评估",
        "its code, grade or distance is none of CJJ 181; it was not rated"
    );
    Problem::warning("condition.defect", what).of_feature(row.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::pipe::Pipe;
    use crate::trades::sewer::sewers::Joining;

    #[test]
    fn a_defect_lies_where_its_distance_says() {
        check(50.0, 50.0, "0.0005");
        check(0.0, 25.0, "0 0.00025");
        check(25.0, 75.0, "0.00025 0.0005 0.00075");
        check(100.0, 100.4, "0.001");
    }

    #[test]
    fn words_of_a_defect_are_read_without_the_blanks_around_them() {
        let schema = crate::kinds::find("sewer_defect").expect("a kind").schema(crate::geom::crs::Crs::CGCS2000);
        let reader = RowReader::new(0, &schema, DEFECT_FIELDS);
        let values = ["", " A ", " PL", " 2 ", "", "", "", ""].map(Value::from);
        let mut values = values.to_vec();
        values[4] = Value::Real(3.0);
        let finding = Finding::of_row(&reader, RowRef::default(), &values);
        let defect = finding.defect.expect("a defect of the standard");
        assert_eq!((&*finding.pipe_code, defect.kind().code, defect.grade()), ("A", "PL", 2));
    }

    #[test]
    fn of_pipes_with_one_code_the_first_row_is_meant_whatever_number_it_has() {
        let pipe = |id| Pipe { row: RowRef { layer: 0, id }, code: "A".into(), ..Pipe::default() };
        let mut sewers = Sewers::new(vec![pipe(1), pipe(2)], Vec::new(), Joining::default());
        sewers.remove_pipe(RowRef { layer: 0, id: 1 });
        sewers.set_pipe(pipe(3));
        let row = |number: u32| sewers.pipe(number).map(|pipe| pipe.row.id);
        assert_eq!(pipes_by_code(&sewers).get("A").and_then(|&number| row(number)), Some(2));
    }

    #[test]
    fn a_look_into_a_part_of_a_pipe_does_not_take_the_place_of_the_whole() {
        check_counting("2024-01-01 100, 2025-01-01 8", "2024-01-01 - later");
        check_counting("2024-01-01 100, 2025-01-01 85", "2025-01-01 -");
        check_counting("2024-01-01 -, 2025-01-01 79.9", "2024-01-01 - later");
        check_counting("2024-01-01 20, 2025-01-01 8", "2025-01-01 0.08");
        check_counting("2025-01-01 8", "2025-01-01 0.08");
        check_counting("2024-01-01 100, 2025-01-01 8, 2099-01-01 100", "2024-01-01 - later");
        check_counting("2099-01-01 100", "");
    }

    /// `DAY LENGTH` of each inspection of a pipe of 100 m, by commas; days from 2099 on are yet to come.
    #[track_caller]
    fn check_counting(written: &str, expected: &str) {
        let inspection = |(id, words): (i64, &str)| {
            let (on, length) = words.trim().split_once(' ').expect("a day and a length");
            let (row, length_m) = (RowRef { layer: 0, id }, length.parse().ok());
            let is_future = on >= "2099";
            Inspection { row, pipe_code: "A".into(), on: on.into(), length_m, is_future, ..Inspection::default() }
        };
        let inspections: Vec<Inspection> = (1..).zip(written.split(',')).map(inspection).collect();
        let rated = conditions(&sewers(), &inspections, &[], Rules::default(), Which::Latest);
        let shown = rated.pipes.iter().map(|it| {
            let on = it.inspection.map_or("", |place| &inspections[place].on);
            let share = it.seen_share.map_or("-".to_owned(), |share| share.to_string());
            format!("{on} {share}{}", if it.later_part.is_some() { " later" } else { "" })
        });
        assert_eq!(shown.collect::<Vec<_>>().join(", "), expected);
        let told = rated.problems.iter().filter(|problem| problem.rule == "condition.future").count();
        assert_eq!(told, inspections.iter().filter(|it| it.is_future).count());
    }

    #[test]
    fn defects_without_an_inspection_are_outdated_by_one() {
        let sewers = sewers();
        let finding = |inspection: &str, start_m| Finding {
            row: RowRef::default(),
            inspection_code: inspection.into(),
            pipe_code: "A".into(),
            defect: DefectKind::of("PL").and_then(|kind| Defect::new(kind, 1, start_m, start_m)),
            clock: Box::default(),
            photo: Box::default(),
        };
        let inspection = Inspection { code: "J".into(), pipe_code: "A".into(), ..Inspection::default() };
        let findings = [finding("?", 1.0), finding("J", 9.0)];
        let rated = conditions(&sewers, &[inspection], &findings, Rules::default(), Which::Latest);
        assert_eq!(rated.pipes.iter().map(|it| it.defects[0].start_m()).collect::<Vec<_>>(), [9.0]);
        let alone = conditions(&sewers, &[], &findings[..1], Rules::default(), Which::Latest);
        assert_eq!((alone.pipes.len(), alone.pipes[0].inspection), (1, None));
        let stranger = Inspection { pipe_code: "X".into(), ..Inspection::default() };
        assert_eq!(conditions(&sewers, &[stranger], &[], Rules::default(), Which::Every).problems.len(), 1);
    }

    /// A line along the equator of three vertices, 100 m by its record.
    fn sewers() -> Sewers {
        let line = vec![[0.0, 0.0], [0.0005, 0.0], [0.001, 0.0]];
        let pipe = Pipe { code: "A".into(), stated_length_m: Some(100.0), line, ..Pipe::default() };
        Sewers::new(vec![pipe], Vec::new(), Joining::default())
    }

    #[track_caller]
    fn check(from_m: f64, to_m: f64, expected: &str) {
        let found = stretch(&sewers(), 0, from_m, to_m);
        let shown: Vec<String> = found.iter().map(|at| format!("{}", (at[0] * 1e7).round() / 1e7)).collect();
        assert_eq!(shown.join(" "), expected);
    }
}
