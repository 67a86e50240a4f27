//! Condition of sewers after CJJ 181-2012 (城镇排水管道检测与评估技术规程): from the defects of one segment to its repair index RI
//! and its maintenance index MI.
//!
//! [`rate`] keeps every value on the way, [`explain`] puts them into words, [`record`] refuses what the standard does
//! not have. Structural and functional defects never mix. Lengths and distances are metres along the segment from its
//! upstream end, diameters are millimetres.
//!
//! Where the text leaves room, this is how it is read:
//! * Defects whose clear gap is at most 1.0 m count as one: their scores add up, to 10 at most; the one is as long as
//!   from the first's beginning to the last's end, 1 m at least.
//! * A gap of more than 1.0 m and at most 1.5 m belongs to two defects; [`PairRule`] says whether both get the factor
//!   1.1 or the later alone.
//! * Without a defect, or without a length of the segment, a density is not defined: `None`, never 0/0.
//! * What is not known of area, soil or diameter counts 0 and is told.

pub mod defects;
pub mod explain;
pub mod record;

#[cfg(test)]
mod tests;

use defects::DefectKind;

/// Clear gap up to which defects count as one.
pub const MERGE_GAP_M: f64 = 1.0;
/// Clear gap up to which defects aggravate each other.
pub const CLOSE_GAP_M: f64 = 1.5;
/// The factors α and β of defects that aggravate each other.
pub const CLOSE_FACTOR: f64 = 1.1;
/// Highest score that merged defects add up to.
pub const MOST_SCORE: f64 = 10.0;
/// Length that a defect counts at least.
pub const LEAST_LENGTH_M: f64 = 1.0;
/// F or G from which area and diameter count.
pub const HEAVY: f64 = 4.0;

/// Sums of decimal fractions are off by less; class limits are told apart beyond it.
const HAIR: f64 = 1e-9;

/// Which defects of a close pair get the factor: the standard counts "defects with a gap", and a gap belongs to two.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum PairRule {
    /// Both of them (reading A).
    #[default]
    Both,
    /// The later one along the segment alone (reading B).
    Later,
}

impl PairRule {
    /// The word on the command line and in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Both => "both",
            Self::Later => "later",
        }
    }
}

/// The readings of the standard that a bureau chooses; printed with every result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    /// Close pairs.
    pub pairs: PairRule,
    /// How much of a pipe's length an inspection has to see, percent, to take the place of an earlier one. The standard
    /// does not say.
    pub whole_percent: u8,
}

impl Default for Rules {
    fn default() -> Self {
        Self { pairs: PairRule::default(), whole_percent: 80 }
    }
}

/// How much an area matters (地区重要性 K).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Area {
    /// Central business area, or class A civil buildings near by.
    Centre,
    /// Trunk road, or class B civil buildings near by.
    Trunk,
    /// Other carriageway, or class C civil buildings near by.
    Road,
    /// Everywhere else.
    Other,
}

impl Area {
    /// The one with this code of the field `area_class`.
    pub fn of(code: &str) -> Option<Self> {
        [Self::Centre, Self::Trunk, Self::Road, Self::Other].into_iter().find(|area| area.code() == code)
    }

    /// What [`Area::of`] reads.
    pub fn code(self) -> &'static str {
        match self {
            Self::Centre => "centre",
            Self::Trunk => "trunk",
            Self::Road => "road",
            Self::Other => "other",
        }
    }

    /// K.
    pub fn k(self) -> f64 {
        match self {
            Self::Centre => 10.0,
            Self::Trunk => 6.0,
            Self::Road => 3.0,
            Self::Other => 0.0,
        }
    }
}

/// How much the soil adds to a damage (土质影响 T).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Soil {
    /// Silt-sand, muck, strongly expansive soil, class IV collapsible loess.
    Severe,
    /// Mucky soil, red clay, medium expansive soil, class III collapsible loess.
    Medium,
    /// Weakly expansive soil, class I or II collapsible loess.
    Light,
    /// Ordinary.
    Ordinary,
}

impl Soil {
    /// The one with this code of the field `soil_class`.
    pub fn of(code: &str) -> Option<Self> {
        [Self::Severe, Self::Medium, Self::Light, Self::Ordinary].into_iter().find(|soil| soil.code() == code)
    }

    /// What [`Soil::of`] reads.
    pub fn code(self) -> &'static str {
        match self {
            Self::Severe => "severe",
            Self::Medium => "medium",
            Self::Light => "light",
            Self::Ordinary => "ordinary",
        }
    }

    /// T.
    pub fn t(self) -> f64 {
        match self {
            Self::Severe => 10.0,
            Self::Medium => 8.0,
            Self::Light => 6.0,
            Self::Ordinary => 0.0,
        }
    }
}

/// E, how much a pipe of this diameter (mm) matters.
pub fn e_of(diameter_mm: f64) -> f64 {
    match diameter_mm {
        _ if diameter_mm > 1500.0 => 10.0,
        _ if diameter_mm > 1000.0 => 6.0,
        _ if diameter_mm >= 600.0 => 3.0,
        _ => 0.0,
    }
}

/// A segment (管段), from well to well.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Segment {
    /// Its length, m.
    pub length_m: Option<f64>,
    /// Its diameter, mm; the height of what is not round.
    pub diameter_mm: Option<f64>,
    /// Where it lies.
    pub area: Option<Area>,
    /// What it lies in.
    pub soil: Option<Soil>,
}

/// A defect that the standard has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Defect {
    kind: &'static DefectKind,
    grade: u8,
    start_m: f64,
    end_m: f64,
}

impl Defect {
    /// A defect of a grade from `start_m` to `end_m` along the segment, in either order; `None` where the standard has no
    /// such grade, or a distance is no number.
    pub fn new(kind: &'static DefectKind, grade: u8, start_m: f64, end_m: f64) -> Option<Self> {
        kind.grade(grade)?;
        let is_somewhere = start_m.is_finite() && end_m.is_finite();
        is_somewhere.then(|| Self { kind, grade, start_m: start_m.min(end_m), end_m: start_m.max(end_m) })
    }

    /// What it is.
    pub fn kind(&self) -> &'static DefectKind {
        self.kind
    }

    /// 1 to 4.
    pub fn grade(&self) -> u8 {
        self.grade
    }

    /// Its score; none for what is recorded and not scored.
    pub fn score(&self) -> Option<f64> {
        self.kind.grade(self.grade)?.score
    }

    /// Where it begins, m.
    pub fn start_m(&self) -> f64 {
        self.start_m
    }

    /// Where it ends, m.
    pub fn end_m(&self) -> f64 {
        self.end_m
    }
}

/// The condition of a segment.
#[derive(Clone, Debug, PartialEq)]
pub struct Rating {
    /// What was rated.
    pub segment: Segment,
    /// How the standard was read.
    pub rules: Rules,
    /// Structural defects: S, Smax, F, SM.
    pub structure: Parameter,
    /// Functional defects: Y, Ymax, G, YM.
    pub function: Parameter,
    /// The repair index RI.
    pub ri: Index,
    /// The maintenance index MI.
    pub mi: Index,
}

impl Rating {
    /// The graver of the grades of RI and MI, 1 to 4: what a pipe is coloured by.
    pub fn worst_grade(&self) -> u8 {
        self.ri.grade.max(self.mi.grade)
    }
}

/// What the defects of one sort come to. Letters for structural and functional defects.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Parameter {
    /// Defects after merging, from the upstream end on.
    pub groups: Vec<Group>,
    /// n1: groups without the factor.
    pub n1: usize,
    /// n2: groups with the factor.
    pub n2: usize,
    /// Σ P1 + α Σ P2.
    pub sum: f64,
    /// S or Y: the mean.
    pub mean: f64,
    /// Smax or Ymax: the highest score of a group.
    pub highest: f64,
    /// F or G: the larger of the two.
    pub value: f64,
    /// Grade of F or G, 1 to 4.
    pub grade: u8,
    /// Σ P1·L1 + α Σ P2·L2, m.
    pub spread: f64,
    /// SM or YM; not defined without defects or without a length.
    pub density: Option<f64>,
    /// Class of the density: 1 local (局部), 2 partial or whole (部分或整体), 3 whole (整体).
    pub extent: Option<u8>,
}

impl Parameter {
    /// n.
    pub fn n(&self) -> usize {
        self.n1 + self.n2
    }
}

/// Defects that count as one.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Their places in the list that was rated, from the upstream end on.
    pub members: Vec<usize>,
    /// Where the first begins, m.
    pub start_m: f64,
    /// Where the last ends, m.
    pub end_m: f64,
    /// The length that counts, m.
    pub length_m: f64,
    /// Sum of the scores.
    pub sum: f64,
    /// P: the sum, up to [`MOST_SCORE`].
    pub score: f64,
    /// Clear gap to the group before, m.
    pub gap_m: Option<f64>,
    /// 1, or [`CLOSE_FACTOR`].
    pub factor: f64,
}

/// RI or MI.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Index {
    /// RI or MI.
    pub value: f64,
    /// Its grade, 1 to 4.
    pub grade: u8,
    /// K as it counts: 0 while F (G) is below [`HEAVY`].
    pub k: f64,
    /// E as it counts.
    pub e: f64,
    /// T as it counts; 0 in MI.
    pub t: f64,
}

/// Rates a segment by its defects, in any order.
pub fn rate(segment: &Segment, defects: &[Defect], rules: Rules) -> Rating {
    let structure = parameter(segment, defects, rules, true);
    let function = parameter(segment, defects, rules, false);
    let k = segment.area.map_or(0.0, Area::k);
    let e = segment.diameter_mm.map_or(0.0, e_of);
    let heavy = |value: f64, weight: f64| if is_below(value, HEAVY) { 0.0 } else { weight };
    let t = if structure.value > 0.0 { segment.soil.map_or(0.0, Soil::t) } else { 0.0 };
    let (k_ri, e_ri) = (heavy(structure.value, k), heavy(structure.value, e));
    let (k_mi, e_mi) = (heavy(function.value, k), heavy(function.value, e));
    let ri = 0.7 * structure.value + 0.1 * k_ri + 0.05 * e_ri + 0.15 * t;
    let mi = 0.8 * function.value + 0.15 * k_mi + 0.05 * e_mi;
    Rating {
        segment: *segment,
        rules,
        ri: Index { value: ri, grade: index_grade(ri), k: k_ri, e: e_ri, t },
        mi: Index { value: mi, grade: index_grade(mi), k: k_mi, e: e_mi, t: 0.0 },
        structure,
        function,
    }
}

/// Grade of F or G.
pub fn parameter_grade(value: f64) -> u8 {
    grade_by(value, [1.0, 3.0, 6.0])
}

/// Grade of RI or MI.
pub fn index_grade(value: f64) -> u8 {
    grade_by(value, [1.0, 4.0, 7.0])
}

/// Class of SM or YM.
pub fn extent_of(density: f64) -> u8 {
    match density {
        _ if is_below(density, 0.1) => 1,
        _ if is_at_most(density, 0.5) => 2,
        _ => 3,
    }
}

fn grade_by(value: f64, limits: [f64; 3]) -> u8 {
    1 + limits.iter().filter(|limit| !is_at_most(value, **limit)).count() as u8
}

fn is_at_most(value: f64, limit: f64) -> bool {
    value <= limit + HAIR
}

fn is_below(value: f64, limit: f64) -> bool {
    value < limit - HAIR
}

fn parameter(segment: &Segment, defects: &[Defect], rules: Rules, structural: bool) -> Parameter {
    let mut groups = merged(defects, structural);
    weigh(&mut groups, rules.pairs);
    if groups.is_empty() {
        return Parameter { grade: 1, ..Parameter::default() };
    }
    let n2 = groups.iter().filter(|group| group.factor > 1.0).count();
    let sum: f64 = groups.iter().map(|group| group.factor * group.score).sum();
    let spread: f64 = groups.iter().map(|group| group.factor * group.score * group.length_m).sum();
    let mean = sum / groups.len() as f64;
    let highest = groups.iter().map(|group| group.score).fold(0.0, f64::max);
    let value = mean.max(highest);
    let length_m = segment.length_m.filter(|length| *length > 0.0);
    let density = length_m.map(|length| spread / (mean * length));
    Parameter {
        n1: groups.len() - n2,
        n2,
        sum,
        mean,
        highest,
        value,
        grade: parameter_grade(value),
        spread,
        density,
        extent: density.map(extent_of),
        groups,
    }
}

/// The scored defects of one sort, those that lie within [`MERGE_GAP_M`] of each other as one.
fn merged(defects: &[Defect], structural: bool) -> Vec<Group> {
    let scored = defects.iter().enumerate().filter(|(_, defect)| defect.kind.is_structural == structural);
    let mut scored: Vec<(usize, &Defect, f64)> =
        scored.filter_map(|(place, defect)| Some((place, defect, defect.score()?))).collect();
    // By everything that counts, so that sums do not depend on the order of the list.
    scored.sort_by(|(_, a, _), (_, b, _)| {
        let places = a.start_m.total_cmp(&b.start_m).then(a.end_m.total_cmp(&b.end_m));
        places.then(a.kind.code.cmp(b.kind.code)).then(a.grade.cmp(&b.grade))
    });
    let mut groups: Vec<Group> = Vec::new();
    for (place, defect, score) in scored {
        let gap_m = groups.last().map(|last| defect.start_m - last.end_m);
        match groups.last_mut().filter(|_| gap_m.is_some_and(|gap| is_at_most(gap, MERGE_GAP_M))) {
            Some(group) => {
                group.members.push(place);
                group.end_m = group.end_m.max(defect.end_m);
                group.sum += score;
            }
            None => groups.push(Group {
                members: vec![place],
                start_m: defect.start_m,
                end_m: defect.end_m,
                length_m: 0.0,
                sum: score,
                score: 0.0,
                gap_m,
                factor: 1.0,
            }),
        }
    }
    for group in &mut groups {
        group.length_m = (group.end_m - group.start_m).max(LEAST_LENGTH_M);
        group.score = group.sum.min(MOST_SCORE);
    }
    groups
}

/// Gives the factor to groups that are close to a neighbour.
fn weigh(groups: &mut [Group], pairs: PairRule) {
    for later in 1..groups.len() {
        if groups[later].gap_m.is_some_and(|gap| is_at_most(gap, CLOSE_GAP_M)) {
            groups[later].factor = CLOSE_FACTOR;
            if pairs == PairRule::Both {
                groups[later - 1].factor = CLOSE_FACTOR;
            }
        }
    }
}
