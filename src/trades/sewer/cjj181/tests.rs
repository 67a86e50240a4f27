//! The rating against worked examples, at every class limit, and against a second calculation in whole numbers.

use proptest::prelude::*;

use super::defects::{DEFECTS, DefectKind};
use super::explain::{explain, number};
use super::record::{Observed, Record, Survey, read, read_clock, read_code};
use super::*;
use crate::text::Lang;

/// Segments that were worked through by hand: length, diameter, K, T, defects; then for structural (s) or functional (f)
/// defects n, n2, the mean, the highest, the parameter, its grade, the density, K and E as they count, the index and its
/// grade.
const WORKED: &str = "\
30 600 6 0 | 5-5 PL3 | s 1 0 5.0000 5.0000 5.0000 3 0.0333 6 3 4.2500 3
30 600 6 0 | 5-5 PL3; 12-12 CK2; 13.2-13.2 SL1 | s 3 2 2.5833 5.0000 5.0000 3 0.1000 6 3 4.2500 3
40 800 10 8 | 8-8 PL4; 8.6-8.6 SL3; 20-20 CK1 | s 2 0 5.2500 10.0000 10.0000 4 0.0500 10 3 9.3500 4
25 1200 10 10 | 3-3 CK2; 10-10 FS2; 18-18 SL1 | s 3 0 1.5000 2.0000 2.0000 2 0.1200 0 0 2.9000 2
50 1600 3 6 | 10-32 FS3 | s 1 0 5.0000 5.0000 5.0000 3 0.4400 3 10 5.2000 3
36 500 6 0 | 4-14 CJ3; 25-25 ZW1; 30-30 SG2 | f 3 0 2.3667 5.0000 5.0000 3 0.6115 6 0 4.9000 3
36 500 6 0 | 4-14 FZ3 | s 0 0 0.0000 0.0000 0.0000 1 - 0 0 0.0000 1
36 500 6 0 | 4-14 FZ3 | f 0 0 0.0000 0.0000 0.0000 1 - 0 0 0.0000 1
36 500 10 10 | | s 0 0 0.0000 0.0000 0.0000 1 - 0 0 0.0000 1
36 500 10 10 | | f 0 0 0.0000 0.0000 0.0000 1 - 0 0 0.0000 1
30 1000 6 6 | 5-5 PL2; 5.5-5.5 CJ4; 9-9 BX3 | s 2 0 3.5000 5.0000 5.0000 3 0.0667 6 3 5.1500 3
30 1000 6 6 | 5-5 PL2; 5.5-5.5 CJ4; 9-9 BX3 | f 1 0 10.0000 10.0000 10.0000 4 0.0333 6 3 9.0500 4
30 600 3 0 | 5-5 CK3; 6.5-6.5 CK3 | s 2 2 5.5000 5.0000 5.5000 3 0.0667 3 3 4.3000 3
30 600 3 0 | 5-5 CK3; 6-6 CK3 | s 1 0 10.0000 10.0000 10.0000 4 0.0333 3 3 7.4500 4
30 600 3 0 | 5-5 CK3; 6.51-6.51 CK3 | s 2 0 5.0000 5.0000 5.0000 3 0.0667 3 3 3.9500 2";

#[test]
fn the_worked_examples_hold() {
    for line in WORKED.lines() {
        let [segment, defects, expected] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let rating = rate(&segment_of(segment), &list(defects), Rules::default());
        let is_structural = expected.starts_with('s');
        let (part, index) = if is_structural { (&rating.structure, rating.ri) } else { (&rating.function, rating.mi) };
        let density = part.density.map_or("-".to_owned(), |density| format!("{density:.4}"));
        let found = format!(
            "{} {} {} {:.4} {:.4} {:.4} {} {density} {} {} {:.4} {}",
            if is_structural { 's' } else { 'f' },
            part.n(),
            part.n2,
            part.mean,
            part.highest,
            part.value,
            part.grade,
            index.k,
            index.e,
            index.value,
            index.grade
        );
        assert_eq!(found, expected, "{line}");
    }
}

#[test]
fn the_other_reading_gives_the_factor_to_the_later_of_a_close_pair() {
    let later = Rules { pairs: PairRule::Later, ..Rules::default() };
    let rating = rate(&segment_of("30 600 3 0"), &list("5-5 CK3; 6.5-6.5 CK3"), later);
    assert_eq!((rating.structure.n1, rating.structure.n2), (1, 1));
    assert_eq!(number(rating.structure.mean), "5.25");
    let chain = rate(&segment_of("30 600 3 0"), &list("5-5 CK3; 6.5-6.5 CK3; 8-8 CK3"), later);
    assert_eq!((chain.structure.n1, chain.structure.n2), (1, 2));
}

#[test]
fn classes_end_where_the_standard_says() {
    let hair = 1e-6;
    for (limit, grade) in [(1.0, 1), (3.0, 2), (6.0, 3)] {
        assert_eq!([limit - hair, limit, limit + hair].map(parameter_grade), [grade, grade, grade + 1]);
    }
    for (limit, grade) in [(1.0, 1), (4.0, 2), (7.0, 3)] {
        assert_eq!([limit - hair, limit, limit + hair].map(index_grade), [grade, grade, grade + 1]);
    }
    assert_eq!([0.0, 0.1 - hair, 0.1, 0.5, 0.5 + hair].map(extent_of), [1, 1, 2, 2, 3]);
    let sizes = [599.0, 600.0, 1000.0, 1000.5, 1500.0, 1500.5];
    assert_eq!(sizes.map(e_of), [0.0, 3.0, 3.0, 6.0, 6.0, 10.0]);
    // A sum of fractions that is 7 or 0.1 on paper is no more than that here.
    assert_eq!(index_grade(0.7 * 9.1 + 0.15 * 4.2), 3);
    assert_eq!(extent_of(0.3 - 0.2), 2);
}

#[test]
fn area_and_diameter_count_from_a_parameter_of_four() {
    // Three places of 3 make F = 3; 3 and 1 that are merged make F = 4.
    let below = rate(&segment_of("100 1200 10 0"), &list("5-5 TJ2; 30-30 TJ2; 60-60 TJ2"), Rules::default());
    assert_eq!((below.structure.value, below.ri.k, below.ri.e), (3.0, 0.0, 0.0));
    let exactly = rate(&segment_of("100 1200 10 0"), &list("5-5 TJ2; 5.5-5.5 TJ1"), Rules::default());
    assert_eq!((exactly.structure.value, exactly.ri.k, exactly.ri.e), (4.0, 10.0, 6.0));
}

#[test]
fn a_segment_without_a_length_has_no_density_and_unknowns_count_nothing() {
    let rating = rate(&Segment::default(), &list("5-5 PL4"), Rules::default());
    assert_eq!((rating.structure.density, rating.structure.extent, number(rating.ri.value)), (None, None, "7".into()));
    assert!(explain(&rating, &list("5-5 PL4")).iter().any(|step| step.en.contains("not known")));
}

#[test]
fn the_table_is_the_standards() {
    assert_eq!(DEFECTS.iter().filter(|kind| kind.is_structural).count(), 10);
    let scores = |code| DefectKind::of(code).unwrap().grades.iter().filter_map(|it| it.score).collect::<Vec<_>>();
    assert_eq!(scores("TL"), [1.0, 3.0]);
    assert_eq!(scores("ZW"), [0.1, 2.0, 5.0, 10.0]);
    assert_eq!((scores("FZ").len(), DefectKind::of("FZ").unwrap().highest()), (0, 3));
    for kind in DEFECTS.iter().filter(|kind| kind.code != "FZ") {
        assert!(scores(kind.code).is_sorted() && scores(kind.code).len() == kind.grades.len(), "{}", kind.code);
    }
}

#[test]
fn every_step_is_told() {
    let defects = list("8-8 PL4; 8.6-8.6 SL3; 10-10 CK1; 4-14 FZ3");
    let rating = rate(&segment_of("40 800 10 8"), &defects, Rules::default());
    let told = explain(&rating, &defects);
    let has = |words: &str, lang| assert!(told.iter().any(|step| step.get(lang).contains(words)), "{words}: {told:#?}");
    has("recorded, not scored", Lang::En);
    has("15 in sum, P = 10 is the most", Lang::En);
    has("净距 1.4 m", Lang::Zh);
    has("S = (1.1 × 10 + 1.1 × 0.5) / 2 = 5.775", Lang::En);
    has("F = max(S, Smax) = 10：Ⅳ级", Lang::Zh);
    has("RI = 0.7F + 0.1K + 0.05E + 0.15T = 0.7 × 10 + 0.1 × 10 + 0.05 × 3 + 0.15 × 8 = 9.35", Lang::En);
    has("pair rule “both”", Lang::En);
}

#[test]
fn records_are_held_against_the_standard() {
    check_record("PL 3 5 5 0903", "PL3 5-5 0903");
    check_record("破裂 3 5 - -", "PL3 5-5");
    check_record("XX 3 5 5 -", "defect.code");
    check_record("TL 3 5 5 -", "defect.grade");
    check_record("PL 0 5 5 -", "defect.grade");
    check_record("PL - 5 5 -", "defect.grade");
    check_record("PL 3 - - -", "defect.distance");
    check_record("PL 3 9 5 -", "defect.backwards");
    check_record("PL 3 30.5 30.5 -", "PL3 30.5-30.5");
    check_record("PL 3 30.6 30.6 -", "defect.outside");
    check_record("PL 3 5 5 1326", "defect.clock");
    check_record("PL 3 5 5 12345", "defect.clock");
}

#[test]
fn a_spreadsheet_that_ate_zeros_gives_them_back() {
    let clock = |words| read_clock(words).ok();
    assert_eq!(["903", "12", "0012", ""].map(|words| clock(words).unwrap()), ["0903", "0012", "0012", ""]);
    assert!([" 0 ", "0013", "9点", "-3", "１２３４５"].iter().all(|words| clock(words).is_none()));
}

#[test]
fn long_defects_run_from_their_beginning_to_their_end() {
    check_record("KSPL 2 5 - -, JSPL 2 12.5 - -", "PL2 5-12.5");
    check_record("JSPL 2 12.5 - -, KSPL 2 5 - 0903", "PL2 5-12.5 0903");
    check_record("KSFS 1 2 - -, KSPL 2 5 - -, JSFS 1 9 - -, JSPL - 12 - -", "FS1 2-9, PL2 5-12");
    check_record("KSPL 2 5 - -, JSPL 3 12 - -", "defect.long, defect.long");
    check_record("KSPL 2 5 - -, CJ 1 6 - -", "CJ1 6-6, defect.long");
    check_record("KSPL 2 5 12 -", "PL2 5-12");
    assert_eq!(read_code("js 树根").map(|(mark, kind)| (mark.is_some(), kind.code)), Some((true, "SG")));
}

#[test]
fn a_camera_against_the_flow_counts_from_the_other_end() {
    let survey = Survey { length_m: Some(30.0), against_flow: true };
    assert_eq!(observed("PL 3 5 8 -, CJ 1 30.4 - -", survey), "PL3 22-25, CJ1 0-0");
    let unknown = Survey { length_m: None, against_flow: true };
    assert_eq!(observed("PL 3 5 8 -", unknown), "defect.no-length");
}

#[track_caller]
fn check_record(written: &str, expected: &str) {
    assert_eq!(observed(written, Survey { length_m: Some(30.0), against_flow: false }), expected, "{written}");
}

/// Lines `CODE GRADE START END CLOCK` by commas; what was read of them, then the rules of what was refused.
fn observed(written: &str, survey: Survey) -> String {
    let record = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().map(|word| if word == "-" { "" } else { word }).collect();
        let number = |at: usize| words[at].parse().ok();
        let grade = words[1].parse().ok();
        Record { code: words[0].into(), grade, start_m: number(2), end_m: number(3), clock: words[4].into() }
    };
    let records: Vec<Record> = written.split(',').map(record).collect();
    let (found, faults) = read(&records, survey);
    let one = |it: &Observed| {
        let (defect, clock) = (&it.defect, &it.clock);
        let place = format!("{}-{}", number(defect.start_m()), number(defect.end_m()));
        format!("{}{} {place} {clock}", defect.kind().code, defect.grade()).trim_end().to_owned()
    };
    let words = found.iter().map(one).chain(faults.iter().map(|(_, fault)| fault.rule.to_owned()));
    words.collect::<Vec<_>>().join(", ")
}

/// `LENGTH DIAMETER K T`.
fn segment_of(words: &str) -> Segment {
    let [length, diameter, k, t] = words.split(' ').map(|word| word.parse().unwrap()).collect::<Vec<f64>>()[..] else {
        panic!("{words}")
    };
    let area = [Area::Centre, Area::Trunk, Area::Road, Area::Other].into_iter().find(|area| area.k() == k);
    let soil = [Soil::Severe, Soil::Medium, Soil::Light, Soil::Ordinary].into_iter().find(|soil| soil.t() == t);
    Segment { length_m: Some(length), diameter_mm: Some(diameter), area, soil }
}

/// `5-5 PL3; 12-12 CK2`.
fn list(words: &str) -> Vec<Defect> {
    let defect = |words: &str| {
        let (place, defect) = words.trim().split_once(' ').unwrap();
        let (start, end) = place.split_once('-').unwrap();
        let (code, grade) = defect.split_at(2);
        let kind = DefectKind::of(code).unwrap();
        Defect::new(kind, grade.parse().unwrap(), start.parse().unwrap(), end.parse().unwrap()).unwrap()
    };
    words.split(';').filter(|words| !words.trim().is_empty()).map(defect).collect()
}

/// The same in whole numbers: scores in tenths, places in centimetres; n1 and n2 are sets of merged defects.
fn by_hand(segment: &Segment, defects: &[(usize, u8, i64, i64)], structural: bool, pairs: PairRule) -> [f64; 3] {
    let mut scored: Vec<(i64, i64, i64)> = Vec::new();
    for &(kind, grade, start, end) in defects {
        let tenths = DEFECTS[kind].grades[usize::from(grade) - 1].score.map(|score| (score * 10.0).round() as i64);
        scored.extend(tenths.filter(|_| DEFECTS[kind].is_structural == structural).map(|it| (start, end, it)));
    }
    // Every pair that is near enough is joined until nothing changes.
    let mut at = 0;
    while at < scored.len() {
        let near = |a: (i64, i64, i64), b: (i64, i64, i64)| a.0.max(b.0) - a.1.min(b.1) <= 100;
        match (0..scored.len()).find(|&other| other != at && near(scored[at], scored[other])) {
            Some(other) => {
                let (a, b) = (scored[at], scored[other]);
                scored[at.min(other)] = (a.0.min(b.0), a.1.max(b.1), a.2 + b.2);
                scored.remove(at.max(other));
                at = 0;
            }
            None => at += 1,
        }
    }
    let is_close = |it: &(i64, i64, i64)| {
        let gaps = scored.iter().filter(|other| *other != it).map(|other| (it.0 - other.1, other.0 - it.1));
        let range = 101..=150;
        let mut found = gaps.map(|(before, after)| (range.contains(&before), range.contains(&after)));
        found.any(|(before, after)| before || (after && pairs == PairRule::Both))
    };
    let (close, apart): (Vec<_>, Vec<_>) = scored.iter().partition(|it| is_close(it));
    let score = |it: &(i64, i64, i64)| it.2.min(100) as f64 / 10.0;
    let length = |it: &(i64, i64, i64)| (it.1 - it.0).max(100) as f64 / 100.0;
    let sum = |of: &dyn Fn(&(i64, i64, i64)) -> f64| {
        apart.iter().map(of).sum::<f64>() + 1.1 * close.iter().map(of).sum::<f64>()
    };
    let mean = if scored.is_empty() { 0.0 } else { sum(&score) / scored.len() as f64 };
    let value = scored.iter().map(score).fold(mean, f64::max);
    let density =
        if mean > 0.0 { sum(&|it| score(it) * length(it)) / (mean * segment.length_m.unwrap()) } else { -1.0 };
    let [k, e, t] = [segment.area.unwrap().k(), e_of(segment.diameter_mm.unwrap()), segment.soil.unwrap().t()];
    let counts = f64::from(u8::from(value >= 4.0 - 1e-9));
    let index = if structural {
        0.7 * value + counts * (0.1 * k + 0.05 * e) + if value > 0.0 { 0.15 * t } else { 0.0 }
    } else {
        0.8 * value + counts * (0.15 * k + 0.05 * e)
    };
    [value, density, index]
}

fn any_defects() -> impl Strategy<Value = Vec<(usize, u8, i64, i64)>> {
    let one = (0..DEFECTS.len(), 0_u8..4, 0_i64..3000, prop_oneof![2 => Just(0_i64), 1 => 1_i64..900]);
    let one = one.prop_map(|(kind, grade, start, length)| {
        // Places on a grid of 10 cm meet the limits of 1.0 and 1.5 m exactly.
        let start = start / 10 * 10;
        (kind, 1 + grade % DEFECTS[kind].highest(), start, start + length)
    });
    prop::collection::vec(one, 0..9)
}

fn defects_of(written: &[(usize, u8, i64, i64)]) -> Vec<Defect> {
    let metres = |centimetres: i64| centimetres as f64 / 100.0;
    let one = |&(kind, grade, start, end): &(usize, u8, i64, i64)| {
        Defect::new(&DEFECTS[kind], grade, metres(start), metres(end)).unwrap()
    };
    written.iter().map(one).collect()
}

fn any_segment() -> impl Strategy<Value = Segment> {
    let areas = prop::sample::select(vec![Area::Centre, Area::Trunk, Area::Road, Area::Other]);
    let soils = prop::sample::select(vec![Soil::Severe, Soil::Medium, Soil::Light, Soil::Ordinary]);
    let sizes = prop::sample::select(vec![300.0, 600.0, 1000.0, 1200.0, 1500.0, 2000.0]);
    (1_i64..12_000, sizes, areas, soils).prop_map(|(length, size, area, soil)| Segment {
        length_m: Some(length as f64 / 100.0),
        diameter_mm: Some(size),
        area: Some(area),
        soil: Some(soil),
    })
}

proptest! {
    #[test]
    fn a_second_calculation_agrees(segment in any_segment(), written in any_defects(), later: bool) {
        let pairs = if later { PairRule::Later } else { PairRule::Both };
        let rating = rate(&segment, &defects_of(&written), Rules { pairs, ..Rules::default() });
        let found = |part: &Parameter, index: Index| [part.value, part.density.unwrap_or(-1.0), index.value];
        let pairs_of = [
            (found(&rating.structure, rating.ri), by_hand(&segment, &written, true, pairs)),
            (found(&rating.function, rating.mi), by_hand(&segment, &written, false, pairs)),
        ];
        for (found, expected) in pairs_of {
            for (found, expected) in found.into_iter().zip(expected) {
                prop_assert!((found - expected).abs() < 1e-9 * expected.abs().max(1.0), "{found} {expected}");
            }
        }
    }

    #[test]
    fn the_order_of_the_list_does_not_matter(segment in any_segment(), written in any_defects(), by in 0_usize..9) {
        let mut turned = written.clone();
        turned.reverse();
        let middle = by.min(turned.len());
        turned.rotate_left(middle);
        let [one, other] = [&written, &turned].map(|list| rate(&segment, &defects_of(list), Rules::default()));
        let shown = |rating: &Rating| (rating.ri, rating.mi, rating.structure.density, rating.function.density);
        prop_assert_eq!(shown(&one), shown(&other));
        prop_assert_eq!(explain(&one, &defects_of(&written)).len(), explain(&other, &defects_of(&turned)).len());
    }

    #[test]
    fn where_all_are_a_metre_long_the_density_is_their_number_by_the_length(
        segment in any_segment(), places in prop::collection::btree_set(0_i64..30, 1..9), grade in 1_u8..4,
    ) {
        // 1.3 m apart at least, so that some pairs are close and none is merged.
        let written: Vec<_> = places.iter().map(|place| (0, grade, place * 130, place * 130)).collect();
        let rating = rate(&segment, &defects_of(&written), Rules::default());
        let expected = written.len() as f64 / segment.length_m.unwrap();
        prop_assert!((rating.structure.density.unwrap() - expected).abs() < 1e-9 * expected.max(1.0));
    }

    #[test]
    fn merged_defects_add_up_to_ten_at_most(written in any_defects()) {
        let rating = rate(&Segment::default(), &defects_of(&written), Rules::default());
        for group in rating.structure.groups.iter().chain(&rating.function.groups) {
            prop_assert!(group.score <= MOST_SCORE && (group.sum <= MOST_SCORE || group.score == MOST_SCORE));
        }
    }

    #[test]
    fn no_record_makes_the_reader_stumble(code in "\\PC{0,6}", clock in "\\PC{0,6}", grade: Option<i64>, at: f64) {
        let record = Record { code, grade, start_m: Some(at), end_m: None, clock };
        let (found, faults) = read(&[record], Survey { length_m: Some(30.0), against_flow: true });
        prop_assert_eq!(found.len() + faults.len(), 1);
    }
}
