//! What an inspector wrote down, held against the standard: known codes, grades that exist, distances on the segment,
//! clock positions of four digits, long defects that begin (KS) and end (JS).

use super::Defect;
use super::defects::DefectKind;
use crate::text;
use crate::text::Text;

/// How far a distance may lie beyond the ends of a segment, m: cable counters and drawn lengths differ by so much.
pub const SLACK_M: f64 = 0.5;

/// One line of an inspection record, as it was written. Distances are the counter's, m.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// Code or name of the defect, for a long one with KS or JS before it.
    pub code: String,
    /// Grade.
    pub grade: Option<i64>,
    /// Where it begins.
    pub start_m: Option<f64>,
    /// Where it ends, for one that has a length.
    pub end_m: Option<f64>,
    /// Clock position.
    pub clock: String,
}

/// The segment that a record is about.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Survey {
    /// Its length, m.
    pub length_m: Option<f64>,
    /// Whether the camera went against the flow: then the counter runs from the downstream end.
    pub against_flow: bool,
}

/// Why a line is refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Fault {
    /// Stable name.
    pub rule: &'static str,
    /// What is wrong, for the person who wrote it.
    pub what: Text,
}

/// A line that the standard knows.
#[derive(Clone, Debug)]
pub struct Observed {
    /// Its place in the record; of a long defect the place of its KS line.
    pub row: usize,
    /// The defect, with distances from the upstream end.
    pub defect: Defect,
    /// Clock position, four digits; empty where none was written.
    pub clock: String,
}

/// A mark of a long defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LongMark {
    /// KS (开始): it begins here.
    Start,
    /// JS (结束): it ends here.
    End,
}

/// A line whose own words are sound.
struct Line {
    row: usize,
    mark: Option<LongMark>,
    kind: &'static DefectKind,
    /// None for an end of a long defect that does not repeat it.
    grade: Option<u8>,
    start_m: f64,
    end_m: f64,
    clock: String,
}

/// Reads the lines of one inspection. What comes back beside the sound ones are lines by their places, and why.
pub fn read(records: &[Record], survey: Survey) -> (Vec<Observed>, Vec<(usize, Fault)>) {
    let (mut lines, mut faults) = (Vec::new(), Vec::new());
    for (row, record) in records.iter().enumerate() {
        match line(row, record, survey.length_m) {
            Ok(line) => lines.push(line),
            Err(fault) => faults.push((row, fault)),
        }
    }
    let lines = close_long(lines, &mut faults);
    let mut observed = Vec::new();
    for line in lines {
        match from_upstream([line.start_m, line.end_m], survey) {
            Ok([start_m, end_m]) => {
                let defect = line.grade.and_then(|grade| Defect::new(line.kind, grade, start_m, end_m));
                let clock = line.clock;
                observed.extend(defect.map(|defect| Observed { row: line.row, defect, clock }));
            }
            Err(fault) => faults.push((line.row, fault)),
        }
    }
    observed.sort_by_key(|one| one.row);
    faults.sort_by_key(|(row, _)| *row);
    (observed, faults)
}

/// A code (`PL`, `pl`, `KSPL`), or the name of a defect, and whether a long one begins or ends there.
pub fn read_code(words: &str) -> Option<(Option<LongMark>, &'static DefectKind)> {
    let plain: String =
        words.chars().filter(|c| !c.is_whitespace() && !"-_()（）、".contains(*c)).map(half_width).collect();
    let plain = plain.to_ascii_uppercase();
    let known = |word: &str| {
        let named = super::defects::DEFECTS.iter().find(|kind| {
            let name = kind.name().zh.replace('、', "");
            word == name || word.strip_prefix(kind.code) == Some(&name) || word.strip_suffix(kind.code) == Some(&name)
        });
        DefectKind::of(word).or(named)
    };
    if let Some(kind) = known(&plain) {
        return Some((None, kind));
    }
    let marks = [("KS", LongMark::Start), ("JS", LongMark::End)];
    marks.into_iter().find_map(|(word, mark)| {
        let rest = plain.strip_prefix(word).or_else(|| plain.strip_suffix(word))?;
        Some((Some(mark), known(rest)?))
    })
}

/// A code with its grade behind it, as some inspectors write (`PL3`, `ＺＷ３`, `KSFS-Ⅱ级`): the code's words and the grade.
/// Nothing for words that are a code by themselves, or none at all.
pub fn split_grade(words: &str) -> Option<(String, i64)> {
    if read_code(words).is_some() {
        return None;
    }
    let plain = narrow(words);
    let plain = plain.trim().trim_end_matches('级').trim_end();
    let last = plain.chars().next_back()?;
    let romans = ['Ⅰ', 'Ⅱ', 'Ⅲ', 'Ⅳ'];
    let roman = romans.iter().position(|roman| *roman == last).map(|place| place as i64 + 1);
    let grade = roman.or_else(|| last.to_digit(10).map(i64::from))?;
    let code = plain.strip_suffix(last)?.trim_end_matches(|c: char| c.is_whitespace() || "-_.:".contains(c));
    read_code(code).map(|_| (code.to_owned(), grade))
}

/// Full-width letters, digits and signs as they are on a keyboard.
pub fn narrow(words: &str) -> String {
    words.chars().map(half_width).collect()
}

/// A clock position in four digits: from and to, 12 is the top; `00` before a single hour. Leading zeros that a
/// spreadsheet has eaten come back.
///
/// # Errors
/// It is none.
pub fn read_clock(words: &str) -> Result<String, Fault> {
    let digits: String = words.trim().chars().map(half_width).collect();
    if digits.is_empty() {
        return Ok(digits);
    }
    let padded = format!("{digits:0>4}");
    let hours = padded.get(..2).zip(padded.get(2..)).filter(|_| padded.len() == 4);
    let hour = |word: &str| word.parse::<u8>().ok().filter(|_| word.bytes().all(|byte| byte.is_ascii_digit()));
    match hours.and_then(|(from, to)| hour(from).zip(hour(to))) {
        Some((0..=12, 1..=12)) => Ok(padded),
        _ => Err(fault(
            "defect.clock",
            text!(
                "环向位置“{digits}”不对：应为四位数字，起止各两位 01–12，单点写 00 加钟点（如 0903、0012）",
                "the clock position “{digits}” is none: four digits, from and to by two, 01–12, a single hour behind 00 (0903, 0012)"
            ),
        )),
    }
}

/// Distances from the upstream end, m, in order; a camera that went against the flow counted from the other one.
///
/// # Errors
/// It went against the flow and the length is not known.
pub fn from_upstream([start_m, end_m]: [f64; 2], survey: Survey) -> Result<[f64; 2], Fault> {
    let [first, last] = match (survey.against_flow, survey.length_m) {
        (false, _) => [start_m, end_m],
        // Distances are written to the centimetre: what the subtraction adds is noise.
        (true, Some(length)) => [length - end_m, length - start_m].map(|at| (at * 1000.0).round() / 1000.0),
        (true, None) => {
            let what = Text::new(
                "逆流检测的距离要用管长换算，但管长不明",
                "it was surveyed against the flow: its distances need the pipe's length, which is not known",
            );
            return Err(fault("defect.no-length", what));
        }
    };
    Ok([first.max(0.0), last.max(0.0)])
}

fn line(row: usize, record: &Record, length_m: Option<f64>) -> Result<Line, Fault> {
    let words = record.code.trim();
    if words.is_empty() {
        return Err(fault("defect.code", Text::new("缺少缺陷代码", "the defect's code is missing")));
    }
    let Some((mark, kind)) = read_code(words) else {
        let what = text!("CJJ 181 没有缺陷代码“{words}”", "CJJ 181 has no defect “{words}”");
        return Err(fault("defect.code", what));
    };
    let grade = match record.grade {
        None if mark == Some(LongMark::End) => None,
        None => return Err(fault("defect.grade", Text::new("缺少等级", "the grade is missing"))),
        Some(grade) => {
            Some(u8::try_from(grade).ok().filter(|grade| kind.grade(*grade).is_some()).ok_or_else(|| {
                let (code, highest, Text { zh, en }) = (kind.code, kind.highest(), kind.name());
                let what = text!(
                    "{zh} {code} 没有 {grade} 级，只有 1–{highest} 级",
                    "{en} {code} has no grade {grade}: its grades are 1 to {highest}"
                );
                fault("defect.grade", what)
            })?)
        }
    };
    let [start_m, end_m] = distances(record, length_m)?;
    let mark = mark.filter(|_| end_m <= start_m);
    Ok(Line { row, mark, kind, grade, start_m, end_m, clock: read_clock(&record.clock)? })
}

fn distances(record: &Record, length_m: Option<f64>) -> Result<[f64; 2], Fault> {
    let finite = |value: Option<f64>| value.filter(|metres| metres.is_finite());
    let Some(start_m) = finite(record.start_m) else {
        return Err(fault("defect.distance", Text::new("缺少距离", "the distance is missing")));
    };
    let end_m = finite(record.end_m).unwrap_or(start_m);
    if end_m < start_m {
        let what = text!(
            "终点距离 {end_m} m 小于起点距离 {start_m} m",
            "it ends at {end_m} m, before it begins at {start_m} m"
        );
        return Err(fault("defect.backwards", what));
    }
    let beyond = |at: &&f64| **at < -SLACK_M || length_m.is_some_and(|length| **at > length + SLACK_M);
    if let Some(at) = [start_m, end_m].iter().find(beyond) {
        let what = match length_m {
            Some(length) => text!(
                "距离 {at} m 在管段之外（管长 {length:.2} m，容差 {SLACK_M} m）",
                "{at} m is not on the pipe, which is {length:.2} m long (± {SLACK_M} m)"
            ),
            None => text!("距离 {at} m 在管段之外", "{at} m is not on the pipe"),
        };
        return Err(fault("defect.outside", what));
    }
    Ok([start_m, end_m])
}

/// Joins the beginnings of long defects to their ends: the nearest end behind it of the same code and grade.
fn close_long(lines: Vec<Line>, faults: &mut Vec<(usize, Fault)>) -> Vec<Line> {
    let (mut whole, mut marked): (Vec<Line>, Vec<Line>) = lines.into_iter().partition(|line| line.mark.is_none());
    marked.sort_by(|a, b| {
        let ends = |line: &Line| line.mark == Some(LongMark::End);
        a.start_m.total_cmp(&b.start_m).then(ends(a).cmp(&ends(b))).then(a.row.cmp(&b.row))
    });
    let mut open: Vec<Line> = Vec::new();
    for line in marked {
        if line.mark == Some(LongMark::Start) {
            open.push(line);
            continue;
        }
        let is_its_start = |start: &Line| {
            start.kind.code == line.kind.code && line.grade.is_none_or(|grade| start.grade == Some(grade))
        };
        if let Some(place) = open.iter().rposition(is_its_start) {
            whole.push(Line { end_m: line.start_m, mark: None, ..open.remove(place) });
        } else {
            let code = line.kind.code;
            let what = text!(
                "JS{code} 之前没有同等级的 KS{code}",
                "JS{code} ends a long defect that no KS{code} of its grade begins"
            );
            faults.push((line.row, fault("defect.long", what)));
        }
    }
    for line in open {
        let code = line.kind.code;
        let what = text!(
            "KS{code} 之后没有同等级的 JS{code}",
            "KS{code} begins a long defect that no JS{code} of its grade ends"
        );
        faults.push((line.row, fault("defect.long", what)));
    }
    whole
}

fn fault(rule: &'static str, what: Text) -> Fault {
    Fault { rule, what }
}

fn half_width(character: char) -> char {
    match character {
        '！'..='～' => char::from_u32(u32::from(character) - 0xFEE0).unwrap_or(character),
        '\u{3000}' => ' ',
        _ => character,
    }
}
