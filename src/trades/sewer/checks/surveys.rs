//! Rules about inspections and their defects.

use rustc_hash::FxHashMap;

use crate::text;

use super::super::condition::length_m;
use super::super::pipe::RowRef;
use super::scene::{Scene, name_of};
use super::{Finding, Found};

/// One inspection of a pipe with its defects, for the rules about them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Survey {
    /// Its row; `None` where defects name no inspection that is there.
    pub row: Option<RowRef>,
    /// Number of the pipe.
    pub pipe: u32,
    /// Its number; empty for none.
    pub code: Box<str>,
    /// Its day, ISO 8601; empty for none.
    pub on: Box<str>,
    /// Whether that day is yet to come.
    pub is_future: bool,
    /// How much of it was seen, metres.
    pub length_m: Option<f64>,
    /// Its defects.
    pub defects: Vec<SurveyDefect>,
}

/// One defect, as its row says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SurveyDefect {
    /// Its row.
    pub row: RowRef,
    /// Its code, without a mark.
    pub code: Box<str>,
    /// Where it begins, metres.
    pub start_m: Option<f64>,
    /// Where it ends, metres.
    pub end_m: Option<f64>,
    /// The mark of a long defect.
    pub long: Long,
}

/// Marks before the code of a long defect (CJJ 181).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Long {
    /// None.
    #[default]
    No,
    /// KS: it begins here.
    Starts,
    /// JS: it ends here.
    Ends,
}

impl Long {
    /// Splits `KSPL` into its mark and its code.
    pub fn split(word: &str) -> (Self, &str) {
        let word = word.trim();
        match (word.strip_prefix("KS"), word.strip_prefix("JS")) {
            (Some(code), _) if !code.is_empty() => (Self::Starts, code),
            (_, Some(code)) if !code.is_empty() => (Self::Ends, code),
            _ => (Self::No, word),
        }
    }
}

/// SW31.
pub(super) fn beyond_the_pipe(scene: &Scene<'_>, found: &mut Found) {
    for survey in scene.surveys {
        let Some(pipe) = scene.sewers.pipe(survey.pipe) else { continue };
        let Some(length_m) = length_m(scene.sewers, survey.pipe) else { continue };
        let (name, most_m) = (name_of(pipe), length_m + scene.settings.survey_m + 1e-9);
        let at = scene.one(survey.pipe).and_then(|laid| laid.middle());
        if let (Some(row), Some(seen_m)) = (survey.row, survey.length_m.filter(|seen| *seen > most_m)) {
            let what = text!(
                "检测长度 {seen_m:.2} m 超过管段 {name} 的长度 {length_m:.2} m",
                "{seen_m:.2} m were inspected, and pipe {name} has {length_m:.2} m"
            );
            found.add(Finding::new(row, at, what).with(pipe.row));
        }
        for defect in &survey.defects {
            let furthest = defect.start_m.into_iter().chain(defect.end_m).fold(f64::NEG_INFINITY, f64::max);
            if furthest > most_m {
                let code = &defect.code;
                let what = text!(
                    "缺陷 {code} 位于 {furthest:.2} m，超出管段 {name} 的长度 {length_m:.2} m",
                    "Defect {code} lies at {furthest:.2} m, and pipe {name} has {length_m:.2} m"
                );
                found.add(Finding::new(defect.row, at, what).with(pipe.row));
            }
        }
    }
}

/// SW32.
pub(super) fn unclosed(scene: &Scene<'_>, found: &mut Found) {
    for survey in scene.surveys {
        let Some(pipe) = scene.sewers.pipe(survey.pipe) else { continue };
        let mut open: Vec<&SurveyDefect> = Vec::new();
        let mut loose: Vec<&SurveyDefect> = Vec::new();
        let mut marked: Vec<&SurveyDefect> = survey.defects.iter().filter(|defect| defect.long != Long::No).collect();
        marked.sort_by(|a, b| a.start_m.unwrap_or_default().total_cmp(&b.start_m.unwrap_or_default()));
        for defect in marked {
            let is_whole = defect.end_m.zip(defect.start_m).is_some_and(|(end, start)| end > start);
            match defect.long {
                Long::Starts if !is_whole => open.push(defect),
                Long::Ends => match open.iter().position(|it| it.code == defect.code) {
                    Some(place) => _ = open.remove(place),
                    None => loose.push(defect),
                },
                _ => {}
            }
        }
        let at = scene.one(survey.pipe).and_then(|laid| laid.middle());
        for defect in open {
            let code = &defect.code;
            let what =
                text!("连续缺陷 KS{code} 没有对应的 JS{code}", "KS{code} begins a long defect that no JS{code} ends");
            found.add(Finding::new(defect.row, at, what).with(pipe.row));
        }
        for defect in loose {
            let code = &defect.code;
            let what = text!("JS{code} 之前没有 KS{code}", "JS{code} ends a long defect that no KS{code} begins");
            found.add(Finding::new(defect.row, at, what).with(pipe.row));
        }
    }
}

/// SW39.
pub(super) fn contradictions(scene: &Scene<'_>, found: &mut Found) {
    let mut by_code: FxHashMap<&str, Vec<&Survey>> = FxHashMap::default();
    for survey in scene.surveys.iter().filter(|survey| survey.row.is_some() && !survey.code.is_empty()) {
        by_code.entry(&survey.code).or_default().push(survey);
    }
    for survey in scene.surveys {
        let (Some(row), Some(pipe)) = (survey.row, scene.sewers.pipe(survey.pipe)) else { continue };
        let at = scene.one(survey.pipe).and_then(|laid| laid.middle());
        let (code, on) = (&survey.code, &survey.on);
        if survey.is_future {
            let what = text!(
                "检测日期 {on} 在今天之后，不参加评估和统计",
                "The inspection is dated {on}, after today: it is not rated or counted"
            );
            found.add(Finding::new(row, at, what).with(pipe.row));
        }
        let same = by_code.get(code.as_ref()).map_or(&[][..], Vec::as_slice);
        if let Some(other) = same.iter().find(|other| other.row != survey.row) {
            let name = scene.sewers.pipe(other.pipe).map(name_of).unwrap_or_default();
            let number = same.len();
            let what = text!(
                "检测编号 {code} 有 {number} 次检测同用，另一次是管段 {name} 的",
                "{number} inspections have the number {code}; another one is of pipe {name}"
            );
            found.add(Finding::new(row, at, what).with(pipe.row));
        }
    }
}
