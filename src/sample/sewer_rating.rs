//! The ratings of an inspected pipe after CJJ 181-2012, so that the sample's figures follow from its own defects.

/// A defect as the rating sees it.
pub(super) struct Defect {
    /// Code of two letters.
    pub(super) code: &'static str,
    /// 1 to 4.
    pub(super) grade: i64,
    /// Structural or functional.
    pub(super) is_structural: bool,
    /// Where it begins and ends, m.
    pub(super) start_m: f64,
    pub(super) end_m: f64,
}

/// What comes out.
pub(super) struct Rating {
    /// Structural defect parameter F and density SM.
    pub(super) structure: f64,
    pub(super) structure_density: Option<f64>,
    /// Functional defect parameter G and density YM.
    pub(super) function: f64,
    pub(super) function_density: Option<f64>,
    /// Repair index RI and its grade.
    pub(super) repair: f64,
    pub(super) repair_grade: i64,
    /// Maintenance index MI and its grade.
    pub(super) maintenance: f64,
    pub(super) maintenance_grade: i64,
}

/// The score of a defect.
pub(super) fn score(code: &str, grade: i64) -> f64 {
    let scores: [f64; 4] = match code {
        "BX" => [1.0, 2.0, 5.0, 10.0],
        "TJ" | "CQ" => [1.0, 3.0, 5.0, 10.0],
        "TL" => [1.0, 3.0, 3.0, 3.0],
        "ZW" => [0.1, 2.0, 5.0, 10.0],
        "FZ" => [0.0; 4],
        _ => [0.5, 2.0, 5.0, 10.0],
    };
    scores[(grade - 1).clamp(0, 3) as usize]
}

/// Rates a pipe of `length_m` and `diameter_mm` in an area and a soil (coded values of the inspection).
pub(super) fn rate(defects: &[Defect], length_m: f64, diameter_mm: i64, area: &str, soil: &str) -> Rating {
    let of = |structural: bool| {
        defects.iter().filter(|it| it.is_structural == structural && it.code != "FZ").collect::<Vec<_>>()
    };
    let (structure, structure_density) = parameter(&of(true), length_m);
    let (function, function_density) = parameter(&of(false), length_m);
    let k = match area {
        "centre" => 10.0,
        "trunk" => 6.0,
        "road" => 3.0,
        _ => 0.0,
    };
    let e = match diameter_mm {
        1501.. => 10.0,
        1001.. => 6.0,
        600.. => 3.0,
        _ => 0.0,
    };
    let t = match soil {
        "severe" => 10.0,
        "medium" => 8.0,
        "light" => 6.0,
        _ => 0.0,
    };
    let heavy = |worst: f64, number: f64| if worst < 4.0 { 0.0 } else { number };
    let t = if structure == 0.0 { 0.0 } else { t };
    let repair = 0.7 * structure + 0.1 * heavy(structure, k) + 0.05 * heavy(structure, e) + 0.15 * t;
    let maintenance = 0.8 * function + 0.15 * heavy(function, k) + 0.05 * heavy(function, e);
    Rating {
        structure,
        structure_density,
        function,
        function_density,
        repair,
        repair_grade: index_grade(repair),
        maintenance,
        maintenance_grade: index_grade(maintenance),
    }
}

fn index_grade(index: f64) -> i64 {
    match index {
        ..=1.0 => 1,
        ..=4.0 => 2,
        ..=7.0 => 3,
        _ => 4,
    }
}

/// F and SM (or G and YM) of the defects of one sort, which stand in order of their places.
fn parameter(defects: &[&Defect], length_m: f64) -> (f64, Option<f64>) {
    // Defects with at most 1.0 m between them count as one; their scores add up to 10 at most.
    let mut merged: Vec<(f64, f64, f64)> = Vec::new();
    for defect in defects {
        let points = score(defect.code, defect.grade);
        match merged.last_mut() {
            Some(last) if defect.start_m - last.1 <= 1.0 => {
                last.1 = last.1.max(defect.end_m);
                last.2 = (last.2 + points).min(10.0);
            }
            _ => merged.push((defect.start_m, defect.end_m, points)),
        }
    }
    if merged.is_empty() {
        return (0.0, None);
    }
    let gap = |a: usize, b: usize| merged[b].0 - merged[a].1;
    let factor = |place: usize| {
        let close = |gap: f64| gap <= 1.5;
        let before = place > 0 && close(gap(place - 1, place));
        let after = place + 1 < merged.len() && close(gap(place, place + 1));
        if before || after { 1.1 } else { 1.0 }
    };
    let weighted = |place: usize| merged[place].2 * factor(place);
    let count = merged.len() as f64;
    let mean = (0..merged.len()).map(weighted).sum::<f64>() / count;
    let worst = merged.iter().map(|it| it.2).fold(0.0, f64::max);
    let size = |it: &(f64, f64, f64)| (it.1 - it.0).max(1.0);
    let spread: f64 = merged.iter().enumerate().map(|(place, it)| weighted(place) * size(it)).sum();
    let density = (mean > 0.0).then(|| spread / (mean * length_m));
    (mean.max(worst), density)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(defects: &[(&'static str, i64, f64)], expected: (f64, i64)) {
        let defects: Vec<Defect> = defects
            .iter()
            .map(|&(code, grade, at)| Defect { code, grade, is_structural: true, start_m: at, end_m: at })
            .collect();
        let rating = rate(&defects, 30.0, 500, "road", "ordinary");
        assert!((rating.structure - expected.0).abs() < 1e-9, "{}", rating.structure);
        assert_eq!(rating.repair_grade, expected.1);
    }

    #[test]
    fn a_sound_pipe_is_grade_one() {
        check(&[], (0.0, 1));
    }

    #[test]
    fn the_worst_defect_decides() {
        check(&[("PL", 1, 3.0), ("PL", 3, 12.0)], (5.0, 2));
        check(&[("PL", 4, 3.0), ("CK", 1, 12.0)], (10.0, 4));
    }

    #[test]
    fn neighbours_within_a_metre_add_up() {
        check(&[("PL", 2, 3.0), ("CK", 2, 3.8)], (4.0, 2));
    }
}
