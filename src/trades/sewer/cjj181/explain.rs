//! A rating in words: which defects were merged, which got the factor, and every sum on the way.

use super::{CLOSE_FACTOR, Defect, Group, HEAVY, Index, MOST_SCORE, PairRule, Parameter, Rating, Rules};
use crate::text;
use crate::text::Text;

/// The grades in Roman numbers, as reports have them.
pub const ROMAN: [&str; 5] = ["-", "Ⅰ", "Ⅱ", "Ⅲ", "Ⅳ"];

/// The letters of one sort of defect.
struct Letters {
    sort: Text,
    mean: &'static str,
    highest: &'static str,
    value: &'static str,
    density: &'static str,
}

const STRUCTURE: Letters = Letters {
    sort: Text::new("结构性缺陷", "Structural defects"),
    mean: "S",
    highest: "Smax",
    value: "F",
    density: "SM",
};

const FUNCTION: Letters = Letters {
    sort: Text::new("功能性缺陷", "Functional defects"),
    mean: "Y",
    highest: "Ymax",
    value: "G",
    density: "YM",
};

/// Every step from the defects that were rated to RI and MI; `defects` is the list that [`super::rate`] was given.
pub fn explain(rating: &Rating, defects: &[Defect]) -> Vec<Text> {
    let mut steps = vec![segment(rating), rules(rating.rules)];
    for defect in defects.iter().filter(|defect| defect.score().is_none()) {
        let Text { zh, en } = named(defect);
        steps.push(text!("{zh}：只记录，不计分", "{en}: recorded, not scored"));
    }
    parameter(&STRUCTURE, &rating.structure, rating, defects, &mut steps);
    parameter(&FUNCTION, &rating.function, rating, defects, &mut steps);
    steps.push(repair(rating));
    steps.push(maintenance(rating));
    steps
}

/// How the standard was read, for the foot of a report.
pub fn rules(rules: Rules) -> Text {
    match rules.pairs {
        PairRule::Both => Text::new(
            "CJJ 181-2012；净距大于 1.0 m、不大于 1.5 m 的相邻两处缺陷都乘 1.1（按“两处”理解）",
            "CJJ 181-2012; of two defects more than 1.0 m and at most 1.5 m apart both take the factor 1.1 \
             (pair rule “both”)",
        ),
        PairRule::Later => Text::new(
            "CJJ 181-2012；净距大于 1.0 m、不大于 1.5 m 的相邻两处缺陷只有后一处乘 1.1（按“后一处”理解）",
            "CJJ 181-2012; of two defects more than 1.0 m and at most 1.5 m apart the later alone takes the factor 1.1 \
             (pair rule “later”)",
        ),
    }
}

/// What a grade of F asks for.
pub fn structure_grade(grade: u8) -> Text {
    match grade {
        ..=1 => {
            Text::new("无或有轻微缺陷，结构状况基本不受影响", "no or slight defects, the structure is not affected")
        }
        2 => Text::new("有明显缺陷，有变坏的趋势", "clear defects that tend to get worse"),
        3 => Text::new("缺陷严重，结构状况受到影响", "serious defects, the structure is affected"),
        _ => Text::new("有重大缺陷，损坏严重或即将破坏", "critical defects, it has failed or is about to"),
    }
}

/// What a grade of G says.
pub fn function_grade(grade: u8) -> Text {
    match grade {
        ..=1 => Text::new("无或有轻微影响，管道运行基本不受影响", "no or slight effect on the flow"),
        2 => Text::new("管道过流有一定的受阻", "the flow is somewhat impeded"),
        3 => Text::new("管道过流受阻比较严重", "the flow is badly impeded"),
        _ => Text::new("管道过流受阻很严重，即将或已经堵塞", "the flow is blocked, or almost"),
    }
}

/// What a grade of RI asks for.
pub fn repair_grade(grade: u8) -> Text {
    match grade {
        ..=1 => Text::new("结构条件基本完好，不修复", "sound, no repair"),
        2 => Text::new("短期内不会破坏，应做修复计划", "plan a repair"),
        3 => Text::new("短期内可能破坏，应尽快修复", "repair as soon as possible"),
        _ => Text::new("已经或即将破坏，应立即修复", "repair at once"),
    }
}

/// What a grade of MI asks for.
pub fn maintenance_grade(grade: u8) -> Text {
    match grade {
        ..=1 => Text::new("没有明显需要处理的缺陷", "no obvious need"),
        2 => Text::new("没有立即处理的必要，宜安排处理计划", "schedule maintenance"),
        3 => Text::new("应尽快处理", "deal with it soon"),
        _ => Text::new("应立即处理", "deal with it at once"),
    }
}

/// Class of a density.
pub fn extent(class: u8) -> Text {
    match class {
        ..=1 => Text::new("局部缺陷", "local"),
        2 => Text::new("部分或整体缺陷", "partial or whole"),
        _ => Text::new("整体缺陷", "whole segment"),
    }
}

/// A number with up to four decimals.
pub fn number(value: f64) -> String {
    let shown = format!("{value:.4}");
    let trimmed = shown.trim_end_matches('0').trim_end_matches('.');
    if trimmed == "-0" { "0".to_owned() } else { trimmed.to_owned() }
}

fn segment(rating: &Rating) -> Text {
    let segment = &rating.segment;
    let measure = |value: Option<f64>, unit: &str| value.map_or("-".to_owned(), |it| format!("{} {unit}", number(it)));
    let (length, diameter) = (measure(segment.length_m, "m"), measure(segment.diameter_mm, "mm"));
    let k = segment.area.map_or("-".to_owned(), |area| number(area.k()));
    let e = segment.diameter_mm.map_or("-".to_owned(), |diameter| number(super::e_of(diameter)));
    let t = segment.soil.map_or("-".to_owned(), |soil| number(soil.t()));
    let unknown = [segment.area.is_none(), segment.diameter_mm.is_none(), segment.soil.is_none()].contains(&true);
    let (zh, en) =
        if unknown { ("（“-”为不明，按 0 计）", " (“-” is not known and counts 0)") } else { ("", "") };
    text!(
        "管段：长 L = {length}，管径 D = {diameter}，K = {k}，E = {e}，T = {t}{zh}",
        "Segment: length L = {length}, diameter D = {diameter}, K = {k}, E = {e}, T = {t}{en}"
    )
}

fn parameter(letters: &Letters, found: &Parameter, rating: &Rating, defects: &[Defect], steps: &mut Vec<Text>) {
    let Letters { sort, mean, highest, value, density } = letters;
    let Text { zh, en } = sort;
    if found.groups.is_empty() {
        let words = text!(
            "{zh}：没有计分的缺陷，{value} = 0，{density} 无定义",
            "{en}: none that is scored, {value} = 0, {density} is not defined"
        );
        steps.push(words);
        return;
    }
    found.groups.iter().for_each(|group| steps.push(merging(group, defects)));
    steps.extend(pairs(&found.groups, rating.rules.pairs));
    let (n, n1, n2) = (found.n(), found.n1, found.n2);
    steps.push(text!("{zh}：n = n1 + n2 = {n1} + {n2} = {n}", "{en}: n = n1 + n2 = {n1} + {n2} = {n}"));
    let terms = |of: &dyn Fn(&Group) -> String| -> String {
        let scaled = |group: &Group| {
            if group.factor > 1.0 { format!("{} × {}", number(CLOSE_FACTOR), of(group)) } else { of(group) }
        };
        found.groups.iter().map(scaled).collect::<Vec<_>>().join(" + ")
    };
    let scores = terms(&|group| number(group.score));
    let (s, max, f, grade) =
        (number(found.mean), number(found.highest), number(found.value), ROMAN[usize::from(found.grade.min(4))]);
    steps.push(Text::same(format!("{mean} = ({scores}) / {n} = {s}")));
    let Text { zh, en } = if *value == "F" { structure_grade(found.grade) } else { function_grade(found.grade) };
    steps.push(text!(
        "{highest} = {max}，{value} = max({mean}, {highest}) = {f}：{grade}级，{zh}",
        "{highest} = {max}, {value} = max({mean}, {highest}) = {f}: grade {grade}, {en}"
    ));
    let Some((sm, class)) = found.density.zip(found.extent) else {
        steps.push(text!("管段长度不明，{density} 无定义", "the length is not known: {density} is not defined"));
        return;
    };
    let lengths = terms(&|group| format!("{} × {}", number(group.score), number(group.length_m)));
    let (length, sm) = (number(rating.segment.length_m.unwrap_or_default()), number(sm));
    let Text { zh, en } = extent(class);
    steps.push(text!(
        "{density} = ({lengths}) / ({mean} · L) = {spread} / ({s} × {length}) = {sm}：{zh}",
        "{density} = ({lengths}) / ({mean} · L) = {spread} / ({s} × {length}) = {sm}: {en}",
        spread = number(found.spread)
    ));
}

fn merging(group: &Group, defects: &[Defect]) -> Text {
    let members: Vec<&Defect> = group.members.iter().filter_map(|place| defects.get(*place)).collect();
    let one = |defect: &Defect| {
        let (Text { zh, en }, score) = (named(defect), number(defect.score().unwrap_or_default()));
        text!("{zh} {score} 分", "{en} scores {score}")
    };
    let (p, length) = (number(group.score), number(group.length_m));
    let words: Vec<Text> = members.into_iter().map(one).collect();
    let zh: Vec<&str> = words.iter().map(|word| word.zh.as_ref()).collect();
    let en: Vec<&str> = words.iter().map(|word| word.en.as_ref()).collect();
    let (zh, en) = (zh.join("、"), en.join(", "));
    if words.len() < 2 {
        return text!("{zh}：P = {p}，长 {length} m", "{en}: P = {p}, length {length} m");
    }
    let sum = number(group.sum);
    if group.sum > MOST_SCORE {
        return text!(
            "{zh}：净距不大于 1.0 m，合为一处，共 {sum} 分，按上限计 P = {p}，长 {length} m",
            "{en}: at most 1.0 m apart, count as one; {sum} in sum, P = {p} is the most, length {length} m"
        );
    }
    text!(
        "{zh}：净距不大于 1.0 m，合为一处，P = {p}，长 {length} m",
        "{en}: at most 1.0 m apart, count as one with P = {p}, length {length} m"
    )
}

fn pairs(groups: &[Group], rule: PairRule) -> Vec<Text> {
    let is_close = |gap: f64| super::is_at_most(gap, super::CLOSE_GAP_M);
    let close = groups.windows(2).filter(|two| two[1].gap_m.is_some_and(is_close));
    let words = |two: &[Group]| {
        let (gap, before, after) =
            (number(two[1].gap_m.unwrap_or_default()), number(two[0].start_m), number(two[1].start_m));
        match rule {
            PairRule::Both => text!(
                "{before} m 与 {after} m 处净距 {gap} m，在 1.0～1.5 m 之间：两处都乘 1.1",
                "{before} m and {after} m: {gap} m apart, between 1.0 and 1.5 m: both take the factor 1.1"
            ),
            PairRule::Later => text!(
                "{before} m 与 {after} m 处净距 {gap} m，在 1.0～1.5 m 之间：后一处乘 1.1",
                "{before} m and {after} m: {gap} m apart, between 1.0 and 1.5 m: the later takes the factor 1.1"
            ),
        }
    };
    close.map(words).collect()
}

fn repair(rating: &Rating) -> Text {
    let Index { value, grade, k, e, t } = rating.ri;
    let f = number(rating.structure.value);
    let Text { zh, en } = repair_grade(grade);
    let Text { zh: light_zh, en: light_en } = light("F", rating.structure.value);
    text!(
        "RI = 0.7F + 0.1K + 0.05E + 0.15T = 0.7 × {f} + 0.1 × {k} + 0.05 × {e} + 0.15 × {t} = {ri}{light_zh}：\
         {roman}级，{zh}",
        "RI = 0.7F + 0.1K + 0.05E + 0.15T = 0.7 × {f} + 0.1 × {k} + 0.05 × {e} + 0.15 × {t} = {ri}{light_en}: \
         grade {roman}, {en}",
        ri = number(value),
        roman = ROMAN[usize::from(grade.min(4))]
    )
}

fn maintenance(rating: &Rating) -> Text {
    let Index { value, grade, k, e, t: _ } = rating.mi;
    let g = number(rating.function.value);
    let Text { zh, en } = maintenance_grade(grade);
    let Text { zh: light_zh, en: light_en } = light("G", rating.function.value);
    text!(
        "MI = 0.8G + 0.15K + 0.05E = 0.8 × {g} + 0.15 × {k} + 0.05 × {e} = {mi}{light_zh}：{roman}级，{zh}",
        "MI = 0.8G + 0.15K + 0.05E = 0.8 × {g} + 0.15 × {k} + 0.05 × {e} = {mi}{light_en}: grade {roman}, {en}",
        mi = number(value),
        roman = ROMAN[usize::from(grade.min(4))]
    )
}

/// Why K and E do not count.
fn light(letter: &str, value: f64) -> Text {
    if super::is_below(value, HEAVY) {
        text!("（{letter} < 4，K、E 取 0）", " ({letter} < 4, so K and E are 0)")
    } else {
        Text::default()
    }
}

/// `5–8 m 破裂 PL3`.
fn named(defect: &Defect) -> Text {
    let (start, end) = (number(defect.start_m()), number(defect.end_m()));
    let place = if start == end { format!("{start} m") } else { format!("{start}–{end} m") };
    let (kind, grade) = (defect.kind(), defect.grade());
    let (Text { zh, en }, code) = (kind.name(), kind.code);
    text!("{place} {zh} {code}{grade}", "{place} {en} {code}{grade}")
}
