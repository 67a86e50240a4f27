//! Is a new layer in the coordinate system that it is said to be in? It is held against what the city has: under the
//! right system its places lie on the roads, edges and points that are there; under a wrong one they lie anywhere.
//!
//! How near is near cannot be said beforehand: in a dense city everything is near something. So the layer is its own
//! measure: it is moved as a whole by some hundred metres, this way and that, and what counts is by how much it lies
//! better where the system puts it than where it was moved to (in standard deviations of the moved ones). A layer that
//! has nothing to do with the city lies no better anywhere, and then it is said that nothing can be told.
//!
//! Things that stand far apart (kiosks, plants) have nothing in reach once they are moved. Of them it is asked that they
//! lie on the very things that the city has.
//!
//! The answer is shown to a person. Nothing is ever changed by it.

use std::f64::consts::TAU;

use crate::geom::catalogue::{self, Projection};
use crate::geom::crs::Crs;
use crate::geom::gcj;
use crate::geom::measure;
use crate::geom::own::{self, OwnCrs};
use crate::geom::transform::Transform;
use crate::model::geometry::Bounds;
use crate::text;
use crate::text::Text;

use super::nearby::{Nearby, REACH_M};

/// Places of a layer that are looked at.
pub(super) const MOST_PLACES: usize = 300;
/// Fewer places than this say nothing, unless they lie on what the city has.
const LEAST_PLACES: usize = 12;
/// Fewer say nothing at all.
const FEWEST_PLACES: usize = 5;
/// A place that is nearer than this lies on a thing, metres; and how far off the few may lie (by mean logarithm).
const ON_IT_M: f64 = 5.0;
const FEW_ON_IT_M: f64 = 2.0;
/// Ways in which the layer is moved to see how well it lies by chance.
const MOVES: usize = 16;
/// Shortest and longest of them, metres.
const MOVES_M: [f64; 2] = [130.0, 900.0];
/// Standard deviations by which the right system must be better than chance, and than the next best system.
const BETTER_THAN_CHANCE: f64 = 6.0;
const BETTER_THAN_NEXT: f64 = 3.0;
/// By how much the mean logarithm of the distance must be less than by chance: a quarter.
const LEAST_EFFECT: f64 = 0.25;
/// Share of the places that must have something in reach at all.
const LEAST_SHARE: f64 = 0.6;

/// What may be wrong with coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hypothesis {
    /// They are GCJ-02.
    Gcj02,
    /// They are BD-09.
    Bd09,
    /// They are said to be shifted and are not.
    NotShifted,
    /// The axes are exchanged.
    SwappedAxes,
    /// They are of a zone with this central meridian, degrees.
    OtherZone(f64),
    /// Eastings begin with the number of the zone though the system has none.
    ExtraPrefix,
    /// Eastings lack the number of the zone that the system has.
    MissingPrefix,
    /// They are millimetres.
    Millimetres,
    /// They are kilometres.
    Kilometres,
    /// They are degrees, not metres.
    Degrees,
    /// They are metres, not degrees.
    Metres,
}

/// Whether a layer is where it is said to be.
#[derive(Clone, Debug, PartialEq)]
pub enum DatumVerdict {
    /// It lies on what the city has.
    FitsAsDeclared {
        /// Root mean square of the distances to it, the farthest fifth left out, metres.
        rms_m: f64,
        /// The layer that it lies on.
        layer: Text,
    },
    /// It would, if the coordinates were something else.
    LooksLike {
        /// What.
        hypothesis: Hypothesis,
        /// The system to read the file in; none where no system says it (exchanged axes).
        crs: Option<Crs>,
        /// By how much nearer the layer then lies (median), metres; at most what is looked for.
        better_by_m: f64,
        /// Root mean square of the distances then, the farthest fifth left out, metres.
        rms_m: f64,
        /// How far everything moves, metres; none if the declared system puts it nowhere.
        moves_m: Option<f64>,
        /// The layer that it then lies on.
        layer: Text,
    },
    /// Nothing can be said.
    CannotTell(Doubt),
}

/// Why nothing can be said of the system of a layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// The layer has too few places.
    FewPlaces,
    /// The city has nothing where the layer lies.
    NothingHere,
    /// The layer lies no better in one system than in another.
    NoRelation,
}

/// The places of a layer as one system puts them.
struct Placed {
    /// None for the declared system.
    hypothesis: Option<Hypothesis>,
    crs: Option<Crs>,
    lonlats: Vec<[f64; 2]>,
}

/// How well places lie on a layer of the city.
struct Lie {
    placed: usize,
    nearby: usize,
    /// Standard deviations better than by chance.
    better: f64,
}

/// Judges the coordinates of a layer in its declared system against layers of the city. `lon` is the city's longitude.
pub(super) fn judge(points: &[[f64; 2]], declared: Crs, lon: f64, city: &[Nearby]) -> DatumVerdict {
    let all = placements(points, declared, lon);
    let mut lies: Vec<Lie> = Vec::new();
    for (placed, placement) in all.iter().enumerate() {
        for (nearby, layer) in city.iter().enumerate() {
            if let Some(better) = better_than_chance(&placement.lonlats, layer) {
                lies.push(Lie { placed, nearby, better });
            }
        }
    }
    let is_few = points.iter().filter(|at| at.iter().all(|number| number.is_finite())).count() < FEWEST_PLACES;
    let doubt = match (is_few, city.is_empty()) {
        (true, _) => Doubt::FewPlaces,
        (false, true) => Doubt::NothingHere,
        (false, false) => Doubt::NoRelation,
    };
    let best = lies.iter().max_by(|a, b| a.better.total_cmp(&b.better));
    let Some(best) = best else { return DatumVerdict::CannotTell(doubt) };
    let others = lies.iter().filter(|lie| lie.placed != best.placed).map(|lie| lie.better);
    let next = others.fold(0.0, f64::max);
    if best.better < BETTER_THAN_CHANCE || best.better - next < BETTER_THAN_NEXT {
        return DatumVerdict::CannotTell(doubt);
    }
    verdict(&all, best, &city[best.nearby])
}

/// The windows in degrees that the places may lie in, whichever system is right: what is worth reading of the city.
pub(in crate::session) fn windows(points: &[[f64; 2]], declared: Crs, lon: f64) -> Vec<Bounds> {
    let mut windows: Vec<Bounds> = Vec::new();
    for placement in placements(points, declared, lon) {
        let mut bounds = Bounds::EMPTY;
        placement.lonlats.iter().for_each(|&at| bounds.extend(at));
        let mut bounds = bounds.grown((MOVES_M[1] + REACH_M) / 90_000.0);
        // Windows that meet become one, so that nothing is read twice.
        while let Some(at) = windows.iter().position(|known| known.intersects(&bounds)) {
            bounds = bounds.union(&windows.swap_remove(at));
        }
        windows.push(bounds);
    }
    windows
}

fn verdict(all: &[Placed], best: &Lie, on: &Nearby) -> DatumVerdict {
    let placement = &all[best.placed];
    let distances = distances_m(&placement.lonlats, on);
    let (rms_m, layer) = (trimmed_rms(&distances), on.name.clone());
    let Some(hypothesis) = placement.hypothesis else { return DatumVerdict::FitsAsDeclared { rms_m, layer } };
    let declared = all.iter().find(|placed| placed.hypothesis.is_none());
    let before_m = declared.map_or(REACH_M, |declared| median(distances_m(&declared.lonlats, on)));
    let moves_m = declared.map(|declared| {
        let moved = declared.lonlats.iter().zip(&placement.lonlats);
        median(moved.map(|(from, to)| measure::distance_m(*from, *to)).collect())
    });
    let better_by_m = before_m - median(distances);
    DatumVerdict::LooksLike { hypothesis, crs: placement.crs, better_by_m, rms_m, moves_m, layer }
}

/// By how many standard deviations places lie nearer to a layer than when they are moved away; none if too few of them
/// have it in reach, or if the difference is too small to mean anything.
fn better_than_chance(lonlats: &[[f64; 2]], on: &Nearby) -> Option<f64> {
    let here = mean_log(lonlats, on)?;
    let at_chance = |number: usize| {
        // A spiral: every direction and every length, and no two alike.
        let share = (number as f64 + 0.5) / MOVES as f64;
        let length_m = MOVES_M[0] + (MOVES_M[1] - MOVES_M[0]) * share;
        let angle = TAU * (number as f64 * 0.618_033_988_749_895).fract();
        moved(lonlats, [length_m * angle.cos(), length_m * angle.sin()])
    };
    // What lies on the city's own things may be far from everything once it is moved: that is no lack of evidence.
    let most_m = if lonlats.len() < LEAST_PLACES { FEW_ON_IT_M } else { ON_IT_M };
    let is_on_it = here <= most_m.ln_1p();
    if !is_on_it && lonlats.len() < LEAST_PLACES {
        return None;
    }
    let by_chance = |number: usize| mean_log(&at_chance(number), on);
    // A few moves show most of the wrong systems for what they are: there it is no better than elsewhere.
    let first: Vec<f64> = (0..MOVES).step_by(4).filter_map(by_chance).collect();
    if !(first.is_empty() && is_on_it) && first.iter().all(|elsewhere| elsewhere - here < LEAST_EFFECT) {
        return None;
    }
    let mut moved: Vec<f64> = (0..MOVES).filter_map(by_chance).collect();
    if moved.len() < MOVES / 2 {
        if !is_on_it {
            return None;
        }
        moved = (0..MOVES).map(|number| mean_log_of_all(&at_chance(number), on)).collect();
    }
    let mean = moved.iter().sum::<f64>() / moved.len() as f64;
    let spread = (moved.iter().map(|it| (it - mean).powi(2)).sum::<f64>() / (moved.len() - 1) as f64).sqrt();
    let least = 0.6 / (lonlats.len() as f64).sqrt();
    (mean - here >= LEAST_EFFECT).then(|| (mean - here) / spread.max(least).max(0.04))
}

/// Mean of ln(1 + metres): near places weigh more than far ones, and one that is far off spoils nothing. Places
/// without anything in reach do not count; none if they are too many.
fn mean_log(lonlats: &[[f64; 2]], on: &Nearby) -> Option<f64> {
    let near: Vec<f64> = lonlats.iter().filter_map(|&at| on.distance_m(at)).collect();
    let is_enough = near.len() >= FEWEST_PLACES && near.len() as f64 >= LEAST_SHARE * lonlats.len() as f64;
    is_enough.then(|| near.iter().map(|metres| metres.ln_1p()).sum::<f64>() / near.len() as f64)
}

/// The same of all places, those out of reach as far as the reach.
fn mean_log_of_all(lonlats: &[[f64; 2]], on: &Nearby) -> f64 {
    let distances = distances_m(lonlats, on);
    distances.iter().map(|metres| metres.ln_1p()).sum::<f64>() / distances.len().max(1) as f64
}

fn moved(lonlats: &[[f64; 2]], [east_m, north_m]: [f64; 2]) -> Vec<[f64; 2]> {
    let lat = lonlats.first().map_or(0.0, |at| at[1]);
    let degree_m = 111_320.0;
    let by = [east_m / (degree_m * lat.to_radians().cos()), north_m / degree_m];
    lonlats.iter().map(|at| [at[0] + by[0], at[1] + by[1]]).collect()
}

/// Distances, those out of reach as the reach.
fn distances_m(lonlats: &[[f64; 2]], on: &Nearby) -> Vec<f64> {
    lonlats.iter().map(|&at| on.distance_m(at).unwrap_or(REACH_M)).collect()
}

fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers.get(numbers.len() / 2).copied().unwrap_or(0.0)
}

fn trimmed_rms(distances: &[f64]) -> f64 {
    let mut kept = distances.to_vec();
    kept.sort_by(f64::total_cmp);
    kept.truncate((kept.len() * 4).div_ceil(5));
    (kept.iter().map(|metres| metres * metres).sum::<f64>() / kept.len().max(1) as f64).sqrt()
}

/// The places under every hypothesis that puts them anywhere; the declared system first.
fn placements(points: &[[f64; 2]], declared: Crs, lon: f64) -> Vec<Placed> {
    let mut all: Vec<Placed> = Vec::new();
    let mut add = |hypothesis: Option<Hypothesis>, crs: Option<Crs>, lonlats: Option<Vec<[f64; 2]>>| {
        let Some(lonlats) = lonlats.filter(|places| places.len() >= FEWEST_PLACES) else { return };
        // Two systems that put everything within some metres of each other are one here; the first is the usual one.
        let is_known = all.iter().any(|known| is_same(&known.lonlats, &lonlats));
        if !is_known {
            all.push(Placed { hypothesis, crs, lonlats });
        }
    };
    let plain = in_degrees(points, declared);
    add(None, Some(declared), plain.clone());
    shifted(points, declared, plain.as_deref(), &mut add);
    let swapped: Vec<[f64; 2]> = points.iter().map(|&[x, y]| [y, x]).collect();
    add(Some(Hypothesis::SwappedAxes), own::north_first(declared), in_degrees(&swapped, declared));
    for (hypothesis, crs) in other_systems(declared, lon) {
        add(Some(hypothesis), Some(crs), in_degrees(points, crs));
    }
    all
}

/// GCJ-02, BD-09 and neither.
fn shifted(
    points: &[[f64; 2]],
    declared: Crs,
    plain: Option<&[[f64; 2]]>,
    add: &mut impl FnMut(Option<Hypothesis>, Option<Crs>, Option<Vec<[f64; 2]>>),
) {
    match declared {
        Crs::Gcj02 | Crs::Bd09 => {
            let other =
                if declared == Crs::Gcj02 { (Hypothesis::Bd09, Crs::Bd09) } else { (Hypothesis::Gcj02, Crs::Gcj02) };
            add(Some(other.0), Some(other.1), in_degrees(points, other.1));
            add(Some(Hypothesis::NotShifted), Some(Crs::CGCS2000), in_degrees(points, Crs::CGCS2000));
        }
        _ => {
            // Degrees are read anew; metres that were made of shifted degrees have no system of their own.
            let system = |crs: Crs| declared.is_geographic().then_some(crs);
            let each = |back: fn([f64; 2]) -> [f64; 2]| plain.map(|places| places.iter().map(|&at| back(at)).collect());
            add(Some(Hypothesis::Gcj02), system(Crs::Gcj02), each(gcj::wgs_from_gcj));
            add(Some(Hypothesis::Bd09), system(Crs::Bd09), each(|at| gcj::wgs_from_gcj(gcj::gcj_from_bd(at))));
        }
    }
}

/// Systems that the coordinates may be in instead.
fn other_systems(declared: Crs, lon: f64) -> Vec<(Hypothesis, Crs)> {
    if declared.is_geographic() || declared == Crs::Unknown {
        let metres = catalogue::likely(lon).into_iter().filter(|crs| !crs.is_geographic());
        return metres.map(|crs| (Hypothesis::Metres, crs)).collect();
    }
    let mut found = vec![(Hypothesis::Degrees, Crs::CGCS2000)];
    found.extend(zones(declared));
    for (hypothesis, unit) in [(Hypothesis::Millimetres, "mm"), (Hypothesis::Kilometres, "km")] {
        found.extend(in_unit(declared, unit).map(|crs| (hypothesis, crs)));
    }
    found
}

/// The zones around the declared one, of both widths, with the number before the easting and without.
fn zones(declared: Crs) -> Vec<(Hypothesis, Crs)> {
    let Some(own) = catalogue::entry(declared) else { return Vec::new() };
    let Some(zone) = own.zone.filter(|zone| zone.projection == Projection::GaussKruger) else { return Vec::new() };
    let near = catalogue::entries().iter().filter(|entry| entry.family == own.family && entry.crs != declared);
    let found = near.filter_map(|entry| {
        let other = entry.zone?;
        let is_same_meridian = other.meridian_deg == zone.meridian_deg;
        let hypothesis = match (zone.has_prefix, other.has_prefix) {
            (true, false) if is_same_meridian => Hypothesis::MissingPrefix,
            (false, true) if is_same_meridian => Hypothesis::ExtraPrefix,
            _ => Hypothesis::OtherZone(other.meridian_deg),
        };
        ((other.meridian_deg - zone.meridian_deg).abs() <= 6.0).then_some((hypothesis, entry.crs))
    });
    // The same meridian is the simpler explanation, and 3 degrees the usual width.
    let mut found: Vec<(Hypothesis, Crs)> = found.collect();
    found.sort_by_key(|(hypothesis, crs)| {
        let width = catalogue::entry(*crs).and_then(|entry| entry.zone).map(|zone| zone.width_deg);
        (matches!(hypothesis, Hypothesis::OtherZone(_)), width)
    });
    found
}

/// The declared plane, counted in another unit.
fn in_unit(declared: Crs, unit: &str) -> Option<Crs> {
    let words = declared.proj_words()?;
    if !words.contains("+units=m ") {
        return None;
    }
    let name = format!("{} ({unit})", declared.title().1);
    let form = words.replace("+units=m ", &format!("+units={unit} ")).parse().ok()?;
    OwnCrs { name, form }.learn().ok()
}

/// The places in degrees of a system; none unless nearly all have one.
fn in_degrees(points: &[[f64; 2]], crs: Crs) -> Option<Vec<[f64; 2]>> {
    let to_degrees = Transform::new(crs, Crs::WGS84).ok()?;
    let places: Vec<[f64; 2]> = points.iter().filter_map(|&at| to_degrees.point(at).ok()).collect();
    let usual = places.iter().all(|[lon, lat]| lon.abs() <= 180.0 && lat.abs() <= 85.0);
    (usual && places.len() * 10 >= points.len() * 9).then_some(places)
}

fn is_same(one: &[[f64; 2]], other: &[[f64; 2]]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(a, b)| (a[0] - b[0]).abs().max((a[1] - b[1]).abs()) < 5e-5)
}

impl Hypothesis {
    /// What the coordinates would be.
    pub fn text(self) -> Text {
        match self {
            Self::Gcj02 => Text::new("GCJ-02（火星坐标）", "GCJ-02"),
            Self::Bd09 => Text::new("BD-09（百度坐标）", "BD-09 (Baidu)"),
            Self::NotShifted => Text::new("没有偏移的 CGCS2000 经纬度", "plain CGCS2000 degrees, not shifted"),
            Self::SwappedAxes => Text::new("横纵颠倒的坐标", "with the axes exchanged"),
            Self::OtherZone(meridian) => {
                text!("中央经线 {meridian}° 那一带的坐标", "of the zone with central meridian {meridian}°")
            }
            Self::ExtraPrefix => Text::new("横坐标带带号的坐标", "with the zone number before the easting"),
            Self::MissingPrefix => Text::new("横坐标不带带号的坐标", "without the zone number before the easting"),
            Self::Millimetres => Text::new("以毫米为单位的坐标", "in millimetres"),
            Self::Kilometres => Text::new("以千米为单位的坐标", "in kilometres"),
            Self::Degrees => Text::new("经纬度（度）", "degrees"),
            Self::Metres => Text::new("投影坐标（米）", "projected metres"),
        }
    }
}

impl DatumVerdict {
    /// What to tell a person, in one sentence.
    pub fn text(&self) -> Text {
        match self {
            Self::FitsAsDeclared { rms_m, layer: Text { zh, en } } => text!(
                "坐标系核对：与“{zh}”吻合，中误差 {rms_m:.1} 米",
                "The coordinate system fits: the data lie on “{en}”, {rms_m:.1} m (RMS)"
            ),
            Self::CannotTell(doubt) => doubt.text(),
            Self::LooksLike { hypothesis, crs, better_by_m, rms_m, moves_m, layer } => {
                let what = hypothesis.text();
                let (zh, en) = (&layer.zh, &layer.en);
                let moves = moves_m.map_or_else(Text::default, |metres| {
                    let shown =
                        if metres < 10_000.0 { format!("{metres:.0} m") } else { format!("{:.0} km", metres / 1000.0) };
                    text!("，整体移动约 {shown}", ", moving by about {shown}")
                });
                let read_as = crs.map_or_else(Text::default, |crs| {
                    let (zh, en) = crs.title();
                    text!("；可按 {crs} 读入（{zh}）", "; read them as {crs} ({en})")
                });
                Text::owned(
                    format!(
                        "坐标系可能不对：更像是{}{}，这样与“{zh}”的距离（中位数）减少 {better_by_m:.0} 米，中误差 {rms_m:.1} 米{}",
                        what.zh, moves.zh, read_as.zh
                    ),
                    format!(
                        "The coordinate system may be wrong: the coordinates look {} {}{}; they then lie {better_by_m:.0} m \
                         nearer to “{en}” (median), {rms_m:.1} m off (RMS){}",
                        hypothesis.link(),
                        what.en,
                        moves.en,
                        read_as.en
                    ),
                )
            }
        }
    }

    /// The word for programs.
    pub fn code(&self) -> &'static str {
        match self {
            Self::FitsAsDeclared { .. } => "fits",
            Self::LooksLike { .. } => "looks-like",
            Self::CannotTell(_) => "cannot-tell",
        }
    }

    /// The system to read the file in instead.
    pub fn crs(&self) -> Option<Crs> {
        match self {
            Self::LooksLike { crs, .. } => *crs,
            _ => None,
        }
    }
}

impl Doubt {
    fn text(self) -> Text {
        match self {
            Self::FewPlaces => Text::new(
                "坐标系无法核对：位置太少，请在地图上看一看",
                "The coordinate system cannot be checked: there are too few places; look at them on the map",
            ),
            Self::NothingHere => Text::new(
                "坐标系无法核对：城市在这里没有可对照的图层",
                "The coordinate system cannot be checked: the city has nothing here to hold these data against",
            ),
            Self::NoRelation => Text::new(
                "坐标系无法核对：这些数据与已有图层对不上，请在地图上看一看",
                "The coordinate system cannot be checked: these data fit no layer of the city in any system; look at them \
                 on the map",
            ),
        }
    }
}

impl Hypothesis {
    /// `look like GCJ-02`, `look to be in millimetres`.
    fn link(self) -> &'static str {
        match self {
            Self::Gcj02 | Self::Bd09 | Self::NotShifted | Self::Degrees | Self::Metres => "like",
            _ => "to be",
        }
    }
}

#[cfg(test)]
mod tests;
