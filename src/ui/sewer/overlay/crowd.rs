//! Findings that lie close together, from afar: one disc with their number in the colour of the gravest, so that a hundred
//! thousand of them are still a map. Gathered once for a scale, in squares of the world's own grid: nothing jumps when the
//! map moves.

use std::cmp::Reverse;

use rustc_hash::FxHashMap;

use crate::model::geometry::Bounds;
use crate::session::sewer::shown::{DrawnPoint, Mark, Tone};

/// Least side of a square, pixels.
const SQUARE_PX: f64 = 48.0;
/// More than this in a square stand together.
const TOGETHER: u32 = 9;
/// Closer than 1:this every finding stands for itself.
const APART_DENOMINATOR: f64 = 5_000.0;
/// Discs nearer than this to each other are one, as a share of a square's side.
const NEAR: f64 = 0.6;

/// What stands for several findings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Disc {
    /// The middle of them, Web Mercator metres.
    pub(super) at_world: [f64; 2],
    pub(super) count: u32,
    /// The gravest of their colours.
    pub(super) tone: Tone,
    /// Around them, Web Mercator metres.
    pub(super) bounds: Bounds,
}

/// The findings of a drawing at a scale.
#[derive(Debug, Default)]
pub(super) struct Crowd {
    /// Side of a square as a power of two metres; `None` where every finding stands for itself.
    power: Option<i32>,
    discs: Vec<Disc>,
    /// Places in the drawing of those that stand for themselves.
    lone: Vec<u32>,
    is_known: bool,
}

impl Crowd {
    /// Gathers anew if the scale is another now.
    pub(super) fn follow(&mut self, points: &[DrawnPoint], metres_per_px: f64, denominator: f64) {
        let gathers = denominator > APART_DENOMINATOR && metres_per_px > 0.0;
        let power = gathers.then(|| (metres_per_px * SQUARE_PX).log2().ceil() as i32);
        if self.is_known && self.power == power {
            return;
        }
        let (discs, lone) = match power {
            Some(power) => gather(points, f64::from(power).exp2()),
            None => (Vec::new(), (0..points.len() as u32).collect()),
        };
        *self = Self { power, discs, lone, is_known: true };
    }

    /// Whether something stands for several findings.
    pub(super) fn has_discs(&self) -> bool {
        !self.discs.is_empty()
    }

    /// All discs, the largest last.
    pub(super) fn all(&self) -> impl DoubleEndedIterator<Item = &Disc> {
        self.discs.iter()
    }

    /// The discs that are seen, the largest last.
    pub(super) fn discs(&self, seen: Bounds) -> impl Iterator<Item = &Disc> {
        self.discs.iter().filter(move |disc| seen.contains(disc.at_world))
    }

    /// The marks that stand for themselves and are seen, in their order.
    pub(super) fn lone<'a>(&'a self, points: &'a [DrawnPoint], seen: Bounds) -> impl Iterator<Item = &'a DrawnPoint> {
        let points = self.lone.iter().filter_map(|place| points.get(*place as usize));
        points.filter(move |point| seen.contains(point.at_world))
    }
}

#[derive(Clone)]
struct Square {
    sum: [f64; 2],
    tone: Tone,
    places: Vec<u32>,
    bounds: Bounds,
}

impl Default for Square {
    fn default() -> Self {
        Self { sum: [0.0; 2], tone: Tone::default(), places: Vec::new(), bounds: Bounds::EMPTY }
    }
}

impl Square {
    fn middle(&self) -> [f64; 2] {
        self.sum.map(|sum| sum / self.places.len().max(1) as f64)
    }

    /// The square of one finding.
    fn of(place: u32, point: &DrawnPoint) -> Self {
        let mut bounds = Bounds::EMPTY;
        bounds.extend(point.at_world);
        Self { sum: point.at_world, tone: point.tone, places: vec![place], bounds }
    }

    fn join(&mut self, other: Self) {
        self.sum = [0, 1].map(|axis| self.sum[axis] + other.sum[axis]);
        if self.places.is_empty() || weight(other.tone) > weight(self.tone) {
            self.tone = other.tone;
        }
        self.places.extend(other.places);
        self.bounds = self.bounds.union(&other.bounds);
    }
}

/// The gravest colour speaks for all.
fn weight(tone: Tone) -> u8 {
    match tone {
        Tone::Bad => 4,
        Tone::Warn => 3,
        Tone::Info => 2,
        Tone::Good => 1,
        _ => 0,
    }
}

fn gather(points: &[DrawnPoint], side_m: f64) -> (Vec<Disc>, Vec<u32>) {
    let mut squares: FxHashMap<[i32; 2], Square> = FxHashMap::default();
    let mut lone = Vec::new();
    for (place, point) in (0_u32..).zip(points) {
        if matches!(point.mark, Mark::Finding(_)) {
            let square = point.at_world.map(|metres| (metres / side_m).floor() as i32);
            squares.entry(square).or_default().join(Square::of(place, point));
        } else {
            lone.push(place);
        }
    }
    let mut discs = Vec::new();
    for square in joined(squares, side_m) {
        let count = square.places.len() as u32;
        if count > TOGETHER {
            discs.push(Disc { at_world: square.middle(), count, tone: square.tone, bounds: square.bounds });
        } else {
            lone.extend(square.places);
        }
    }
    // A large number lies over a small one.
    discs.sort_by_key(|disc| disc.count);
    lone.sort_unstable();
    (discs, lone)
}

/// The squares, the fullest first; one whose middle is near to that of a fuller neighbour goes over into it.
fn joined(squares: FxHashMap<[i32; 2], Square>, side_m: f64) -> Vec<Square> {
    let mut order: Vec<([i32; 2], Square)> = squares.into_iter().collect();
    order.sort_by_key(|(at, square)| (Reverse(square.places.len()), *at));
    let mut taken: FxHashMap<[i32; 2], usize> = FxHashMap::default();
    let mut found: Vec<Square> = Vec::new();
    for (at, square) in order {
        let middle = square.middle();
        let around = (-1..=1).flat_map(|dx| (-1..=1).map(move |dy| [at[0] + dx, at[1] + dy]));
        let near = around.filter_map(|neighbour| taken.get(&neighbour).copied()).find(|&place| {
            let [x, y] = found[place].middle();
            (x - middle[0]).hypot(y - middle[1]) < side_m * NEAR
        });
        if let Some(place) = near {
            found[place].join(square);
        } else {
            taken.insert(at, found.len());
            found.push(square);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn finding(at_world: [f64; 2], tone: Tone) -> DrawnPoint {
        DrawnPoint { at_world, ..DrawnPoint::new(Mark::Finding(0), tone) }
    }

    /// A town of findings, 30 m apart; every thousandth is an error.
    fn town(findings: u32) -> Vec<DrawnPoint> {
        let tone = |number: u32| if number.is_multiple_of(1000) { Tone::Bad } else { Tone::Info };
        let at = |number: u32| [f64::from(number % 400) * 30.0, f64::from(number / 400) * 30.0];
        (0..findings).map(|number| finding(at(number), tone(number))).collect()
    }

    #[track_caller]
    fn check(points: &[DrawnPoint], denominator: f64) -> (Vec<Disc>, usize) {
        let metres_per_px = denominator * 0.0254 / 96.0;
        let mut crowd = Crowd::default();
        crowd.follow(points, metres_per_px, denominator);
        let all = Bounds::new(-1e9, -1e9, 1e9, 1e9);
        let discs: Vec<Disc> = crowd.discs(all).copied().collect();
        let lone = crowd.lone(points, all).count();
        let told: usize = discs.iter().map(|disc| disc.count as usize).sum();
        assert_eq!(told + lone, points.len(), "every finding is counted once");
        (discs, lone)
    }

    #[test]
    fn from_afar_a_hundred_thousand_findings_are_few_discs_in_the_colour_of_the_gravest() {
        let points = town(100_000);
        let (discs, lone) = check(&points, 100_000.0);
        assert!((20..300).contains(&discs.len()) && lone < 300, "{} {lone}", discs.len());
        assert!(discs.iter().any(|disc| disc.tone == Tone::Bad));
        let (more, _) = check(&points, 20_000.0);
        assert!(more.len() > discs.len());
    }

    #[test]
    fn close_by_and_where_they_are_few_findings_stand_for_themselves() {
        assert_eq!(check(&town(5_000), 5_000.0).0, []);
        let few: Vec<DrawnPoint> = (0..9).map(|step| finding([f64::from(step), 0.0], Tone::Warn)).collect();
        assert_eq!(check(&few, 50_000.0), (Vec::new(), 9));
    }

    #[test]
    fn discs_do_not_lie_on_each_other() {
        let (discs, _) = check(&town(40_000), 50_000.0);
        let least_m = 50_000.0 * 0.0254 / 96.0 * 24.0;
        for (place, disc) in discs.iter().enumerate() {
            let [x, y] = disc.at_world;
            let is_near = |other: &Disc| (other.at_world[0] - x).hypot(other.at_world[1] - y) < least_m;
            assert!(!discs[..place].iter().any(is_near), "{disc:?}");
        }
    }
}
