//! What a pipe carries when it is just full: Manning's formula, v = R^⅔ · √i / n.
//!
//! Nothing is guessed: a pipe without size or levels, or one that does not fall, has no capacity, and the reason is told.

use crate::text::Text;

use super::pipe::{Link, Pipe};
use super::sewers::Sewers;

/// Manning's n by material, where the row has none of its own: the values of GB 50014 (排水管渠粗糙系数), of a range the
/// rougher end. A setting, printed on reports.
pub const ROUGHNESS: &[(&str, f64)] = &[
    ("RCP", 0.013),
    ("CON", 0.014),
    ("HDPE", 0.010),
    ("PE", 0.010),
    ("PVC", 0.010),
    ("VCP", 0.013),
    ("CI", 0.013),
    ("DI", 0.012),
    ("GRP", 0.010),
    ("ST", 0.012),
    ("AC", 0.012),
    ("BR", 0.015),
];

/// What a bureau may want otherwise; printed on reports.
#[derive(Clone, Debug, PartialEq)]
pub struct ManningRules {
    /// Manning's n by the code of a material.
    pub roughness: Vec<(String, f64)>,
    /// Manning's n where neither the row nor its material says one; `None` to leave such pipes without a capacity.
    pub other_n: Option<f64>,
    /// How far the banks of a trapezoid go out for each metre up. The national survey records it for each side
    /// (`SHAPE_DATA3`, `SHAPE_DATA4`); the layer of pipes has no field for it.
    pub bank_slope: Option<f64>,
}

impl Default for ManningRules {
    fn default() -> Self {
        let roughness = ROUGHNESS.iter().map(|&(material, n)| (material.to_owned(), n)).collect();
        Self { roughness, other_n: Some(0.013), bank_slope: None }
    }
}

/// What said how rough a pipe is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RoughBy {
    /// Its row.
    Record,
    /// Its material.
    Material,
    /// Nothing: the setting for all others.
    Setting,
}

/// A pipe that runs just full.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FullFlow {
    /// Area of the section, m².
    pub area_m2: f64,
    /// Hydraulic radius, m.
    pub radius_m: f64,
    /// Gradient, metres a metre.
    pub slope: f64,
    /// Manning's n.
    pub n: f64,
    /// What said n.
    pub n_by: RoughBy,
    /// Velocity, m/s.
    pub velocity_m_per_s: f64,
    /// Discharge, L/s.
    pub l_per_s: f64,
}

/// Why a pipe has no capacity by Manning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum NoCapacity {
    /// Out of use, or neither nodes nor a line.
    NotInNetwork,
    /// A pump, orifice, weir or outlet.
    NoConduit,
    /// A pressure main: its pump says what it carries.
    Pressure,
    /// No size.
    NoSize,
    /// A section that needs a width and has none.
    NoWidth,
    /// A trapezoid whose banks nobody knows.
    NoBanks,
    /// An irregular section, or one that is not named though it has a width.
    NoShape,
    /// A roughness nobody knows.
    NoRoughness,
    /// No length.
    NoLength,
    /// An invert is missing.
    NoInverts,
    /// It does not fall.
    Flat,
    /// It rises.
    Adverse,
}

impl NoCapacity {
    /// All reasons, in the order in which reports have them.
    pub const ALL: [Self; 12] = [
        Self::NoInverts,
        Self::Adverse,
        Self::Flat,
        Self::Pressure,
        Self::NoConduit,
        Self::NoSize,
        Self::NoWidth,
        Self::NoBanks,
        Self::NoShape,
        Self::NoRoughness,
        Self::NoLength,
        Self::NotInNetwork,
    ];

    /// Its word in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::NotInNetwork => "not-in-network",
            Self::NoConduit => "no-conduit",
            Self::Pressure => "pressure",
            Self::NoSize => "no-size",
            Self::NoWidth => "no-width",
            Self::NoBanks => "no-banks",
            Self::NoShape => "no-shape",
            Self::NoRoughness => "no-roughness",
            Self::NoLength => "no-length",
            Self::NoInverts => "no-inverts",
            Self::Flat => "flat",
            Self::Adverse => "adverse",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::NotInNetwork => Text::new(
                "不在网络中（未投用、已废或无位置）",
                "Not in the network (not in use yet, retired or without a place)",
            ),
            Self::NoConduit => Text::new("水泵、孔口、堰等", "Pump, orifice, weir or outlet"),
            Self::Pressure => Text::new("压力管", "Pressure main"),
            Self::NoSize => Text::new("缺管径或断面高", "No size"),
            Self::NoWidth => Text::new("缺断面宽", "No width"),
            Self::NoBanks => Text::new("梯形边坡不明", "Trapezoid without bank slopes"),
            Self::NoShape => Text::new("断面形式不明或不规则", "Section irregular or not named"),
            Self::NoRoughness => Text::new("粗糙系数不明", "No roughness"),
            Self::NoLength => Text::new("没有长度", "No length"),
            Self::NoInverts => Text::new("缺管底标高", "Invert missing"),
            Self::Flat => Text::new("平坡", "Flat"),
            Self::Adverse => Text::new("逆坡", "Adverse slope"),
        }
    }
}

/// What a pipe carries when it is just full.
///
/// # Errors
/// Why that cannot be said.
pub fn full_flow(sewers: &Sewers, pipe: u32, rules: &ManningRules) -> Result<FullFlow, NoCapacity> {
    let row = sewers.pipe(pipe).ok_or(NoCapacity::NotInNetwork)?;
    let flow = sewers.flow(pipe).ok_or(NoCapacity::NotInNetwork)?;
    if row.link != Link::Conduit {
        return Err(NoCapacity::NoConduit);
    }
    if row.is_pressure {
        return Err(NoCapacity::Pressure);
    }
    let (area_m2, wetted_m) = section(row, rules)?;
    let (n, n_by) = roughness(row, rules).ok_or(NoCapacity::NoRoughness)?;
    let [Some(up), Some(down)] = flow.inverts_m else { return Err(NoCapacity::NoInverts) };
    let length_m = sewers.run_m(pipe);
    if length_m <= 0.0 || !length_m.is_finite() {
        return Err(NoCapacity::NoLength);
    }
    let slope = (up - down) / length_m;
    match slope {
        _ if slope > 0.0 => Ok(manning(area_m2, wetted_m, slope, (n, n_by))),
        _ if slope < 0.0 => Err(NoCapacity::Adverse),
        _ => Err(NoCapacity::Flat),
    }
}

fn manning(area_m2: f64, wetted_m: f64, slope: f64, (n, n_by): (f64, RoughBy)) -> FullFlow {
    let radius_m = area_m2 / wetted_m;
    let velocity_m_per_s = radius_m.powf(2.0 / 3.0) * slope.sqrt() / n;
    FullFlow { area_m2, radius_m, slope, n, n_by, velocity_m_per_s, l_per_s: velocity_m_per_s * area_m2 * 1000.0 }
}

fn roughness(pipe: &Pipe, rules: &ManningRules) -> Option<(f64, RoughBy)> {
    if let Some(n) = pipe.manning_n.filter(|&n| n > 0.0 && n.is_finite()) {
        return Some((n, RoughBy::Record));
    }
    let by_material = rules.roughness.iter().find(|(material, _)| **material == *pipe.material);
    by_material.map(|(_, n)| (*n, RoughBy::Material)).or(rules.other_n.map(|n| (n, RoughBy::Setting)))
}

/// Area and wetted perimeter of a full section, m² and m. A rectangle is a closed box; the width of a trapezoid is that
/// of its bed, the width of a triangle that of its surface.
fn section(pipe: &Pipe, rules: &ManningRules) -> Result<(f64, f64), NoCapacity> {
    let metres = |millimetres: Option<f64>| millimetres.filter(|it| *it > 0.0 && it.is_finite()).map(|it| it / 1000.0);
    let width = metres(pipe.width_mm);
    let height = metres(pipe.diameter_mm).ok_or(NoCapacity::NoSize)?;
    let with_width = || width.ok_or(NoCapacity::NoWidth);
    match &*pipe.section {
        "circle" => Ok(circle(height)),
        "" if width.is_none() => Ok(circle(height)),
        "rectangle" => with_width().map(|width| (width * height, 2.0 * (width + height))),
        "ellipse" => with_width().map(|width| ellipse(width / 2.0, height / 2.0)),
        "triangle" => with_width().map(|width| (width * height / 2.0, 2.0 * (width / 2.0).hypot(height))),
        "trapezoid" => {
            let (bed, bank) = (with_width()?, rules.bank_slope.ok_or(NoCapacity::NoBanks)?);
            Ok(((bed + bank * height) * height, bed + 2.0 * height * bank.hypot(1.0)))
        }
        _ => Err(NoCapacity::NoShape),
    }
}

fn circle(diameter_m: f64) -> (f64, f64) {
    let around = std::f64::consts::PI * diameter_m;
    (around * diameter_m / 4.0, around)
}

/// By the half axes; the perimeter is Ramanujan's second, right to a millionth for every pipe that is built.
fn ellipse(a: f64, b: f64) -> (f64, f64) {
    use std::f64::consts::PI;
    let h = ((a - b) / (a + b)).powi(2);
    (PI * a * b, PI * (a + b) * (1.0 + 3.0 * h / (10.0 + (4.0 - 3.0 * h).sqrt())))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::trades::sewer::sewers::Joining;

    /// Fall of a metre on a hundred; n = 0.013.
    fn pipe(section: &str, height_mm: f64, width_mm: Option<f64>) -> Pipe {
        Pipe {
            section: section.into(),
            diameter_mm: Some(height_mm),
            width_mm,
            material: "RCP".into(),
            stated_length_m: Some(100.0),
            from_code: "A".into(),
            to_code: "B".into(),
            invert_up_m: Some(21.0),
            invert_down_m: Some(20.0),
            ..Pipe::default()
        }
    }

    fn of(pipe: Pipe) -> Result<FullFlow, NoCapacity> {
        let rules = ManningRules { bank_slope: Some(1.5), ..ManningRules::default() };
        full_flow(&Sewers::new(vec![pipe], Vec::new(), Joining::default()), 0, &rules)
    }

    #[track_caller]
    fn check(pipe: Pipe, l_per_s: f64) {
        let full = of(pipe).expect("it has a capacity");
        assert!((full.l_per_s / l_per_s - 1.0).abs() < 1e-4, "{full:?}");
    }

    #[test]
    fn full_sections_carry_what_manning_says() {
        // Worked by hand: A, R, then v = R^(2/3) · 0.1 / 0.013.
        check(pipe("circle", 300.0, None), 96.701);
        check(pipe("", 300.0, None), 96.701);
        check(pipe("ellipse", 300.0, Some(300.0)), 96.701);
        check(pipe("rectangle", 1000.0, Some(2000.0)), 7396.15);
        check(pipe("triangle", 1000.0, Some(2000.0)), 3846.15);
        check(pipe("trapezoid", 1000.0, Some(1000.0)), 12_796.8);
    }

    #[test]
    fn the_rows_own_roughness_counts_before_its_materials_and_a_setting_last() {
        let n = |change: fn(&mut Pipe)| {
            let mut pipe = pipe("circle", 300.0, None);
            change(&mut pipe);
            of(pipe).map(|full| (full.n, full.n_by)).expect("it has a capacity")
        };
        assert_eq!(n(|pipe| pipe.manning_n = Some(0.02)), (0.02, RoughBy::Record));
        assert_eq!(n(|pipe| pipe.material = "HDPE".into()), (0.01, RoughBy::Material));
        assert_eq!(n(|pipe| pipe.material = "OTH".into()), (0.013, RoughBy::Setting));
        assert_eq!(n(|pipe| pipe.manning_n = Some(0.0)), (0.013, RoughBy::Material));
    }

    #[test]
    fn what_is_not_known_is_told_and_not_guessed() {
        let why = |change: fn(&mut Pipe)| {
            let mut pipe = pipe("circle", 300.0, None);
            change(&mut pipe);
            of(pipe).expect_err("it has none")
        };
        assert_eq!(why(|pipe| pipe.invert_down_m = None), NoCapacity::NoInverts);
        assert_eq!(why(|pipe| pipe.invert_down_m = Some(-99.0)), NoCapacity::NoInverts);
        assert_eq!(why(|pipe| pipe.invert_down_m = Some(21.0)), NoCapacity::Flat);
        assert_eq!(why(|pipe| pipe.invert_down_m = Some(21.1)), NoCapacity::Adverse);
        assert_eq!(why(|pipe| pipe.diameter_mm = Some(0.0)), NoCapacity::NoSize);
        assert_eq!(why(|pipe| pipe.section = "rectangle".into()), NoCapacity::NoWidth);
        assert_eq!(why(|pipe| pipe.section = "irregular".into()), NoCapacity::NoShape);
        assert_eq!(why(|pipe| pipe.stated_length_m = None), NoCapacity::NoLength);
        assert_eq!(why(|pipe| pipe.is_pressure = true), NoCapacity::Pressure);
        assert_eq!(why(|pipe| pipe.link = Link::Pump), NoCapacity::NoConduit);
        assert_eq!(why(|pipe| pipe.is_out_of_use = true), NoCapacity::NotInNetwork);
    }
}
