//! Two hundred layers that an invented city is asked about.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::*;

const MIDDLE: [f64; 2] = [115.98, 29.71];
const DEGREE_M: f64 = 111_320.0;

/// What a layer shows.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Subject {
    /// The streets, surveyed again.
    Streets,
    /// Lamps beside the streets.
    Lamps,
    /// Places that have nothing to do with any street.
    Anywhere,
    /// The streets of another city.
    OtherStreets,
}

/// What was done to its coordinates, the system it is said to be in, and the system that it should be.
struct Case {
    subject: Subject,
    declared: Crs,
    told: Option<Hypothesis>,
    points: Vec<[f64; 2]>,
}

#[test]
fn layers_are_known_by_where_they_lie_and_never_wrongly() {
    let (mut cases, cities) = (Vec::new(), [streets(1), streets(2)]);
    let city = [Nearby::new(Text::new("道路", "Roads"), cities[0].clone(), MIDDLE[1])];
    for number in 0..200 {
        cases.push(case(number, &cities));
    }
    let judged: Vec<(bool, bool)> = cases
        .par_iter()
        .map(|case| {
            let found = judge(&case.points, case.declared, MIDDLE[0], &city);
            let is_related = matches!(case.subject, Subject::Streets | Subject::Lamps);
            let is_right = match &found {
                DatumVerdict::FitsAsDeclared { rms_m, .. } => is_related && case.told.is_none() && *rms_m < 20.0,
                DatumVerdict::LooksLike { hypothesis, .. } => is_related && case.told == Some(*hypothesis),
                DatumVerdict::CannotTell(_) => !is_related,
            };
            let is_wrong = !is_right && !matches!(found, DatumVerdict::CannotTell(_));
            assert!(!is_wrong, "{:?} {:?} {}: {found:?}", case.subject, case.told, case.declared);
            (is_related, is_right)
        })
        .collect();
    let related = judged.iter().filter(|(is_related, _)| *is_related).count();
    let right = judged.iter().filter(|(_, is_right)| *is_right).count();
    assert!(related > 140 && right >= 190, "{right} of 200 right, {related} related");
}

#[test]
fn the_system_to_read_the_file_in_comes_with_the_verdict() {
    let roads = streets(1);
    let city = [Nearby::new(Text::new("道路", "Roads"), roads.clone(), MIDDLE[1])];
    let places: Vec<[f64; 2]> = roads.into_iter().flatten().step_by(9).collect();
    let check = |made: Crs, declared: Crs, words: &str| {
        let into = Transform::new(Crs::WGS84, made).expect("a system");
        let points: Vec<_> = places.iter().map(|&at| into.point(at).expect("a place")).collect();
        let found = judge(&points, declared, MIDDLE[0], &city);
        assert_eq!(found.crs(), Some(made), "{found:?}");
        assert!(found.text().zh.contains(&format!("可按 {made} 读入")), "{}", found.text().zh);
        assert!(found.text().en.contains(words), "{}", found.text().en);
    };
    check(Crs::Gcj02, Crs::CGCS2000, "look like GCJ-02, moving by about 56");
    check(Crs::Epsg(4547), Crs::Epsg(4548), "central meridian 114°, moving by about 29");
    check(Crs::Epsg(4527), Crs::Epsg(4548), "look to be with the zone number before the easting; they");
    check(Crs::Epsg(4548), Crs::WGS84, "look like projected metres; they");
    check(Crs::Epsg(4548), Crs::Unknown, "read them as EPSG:4548 (CGCS2000 / 3-degree Gauss-Kruger CM 117E)");
    let swapped = own::north_first(Crs::Epsg(4548)).expect("a system");
    check(swapped, Crs::Epsg(4548), "look to be with the axes exchanged");
}

#[test]
fn things_far_apart_are_known_by_lying_on_themselves() {
    // Kiosks half a kilometre apart: moved, they are near nothing.
    let kiosks: Vec<[f64; 2]> = (0..60_u32)
        .map(|number| {
            let wild = |salt: u32| f64::from((number * 7919 + salt * 104_729) % 1000) - 500.0;
            off(MIDDLE, [f64::from(number % 8) * 1400.0 + wild(1), f64::from(number / 8) * 1400.0 + wild(2)])
        })
        .collect();
    let city = [Nearby::new(Text::new("垃圾亭", "Kiosks"), kiosks.iter().map(|&at| vec![at]), MIDDLE[1])];
    let into = Transform::new(Crs::WGS84, Crs::Gcj02).expect("a system");
    let shifted: Vec<_> = kiosks.iter().map(|&at| into.point(at).expect("a place")).collect();
    for count in [60, 20, 5] {
        let found = judge(&kiosks[..count], Crs::WGS84, MIDDLE[0], &city);
        assert!(matches!(found, DatumVerdict::FitsAsDeclared { .. }), "{count}: {found:?}");
        let found = judge(&shifted[..count], Crs::WGS84, MIDDLE[0], &city);
        assert_eq!(found.crs(), Some(Crs::Gcj02), "{count}: {found:?}");
    }
    let elsewhere: Vec<_> = kiosks.iter().map(|&at| off(at, [300.0, 200.0])).collect();
    let found = judge(&elsewhere, Crs::WGS84, MIDDLE[0], &city);
    assert_eq!(found, DatumVerdict::CannotTell(Doubt::NoRelation));
}

#[test]
fn a_handful_of_places_says_nothing() {
    let city = [Nearby::new(Text::new("道路", "Roads"), streets(1), MIDDLE[1])];
    let check = |points: &[[f64; 2]], declared: Crs, city: &[Nearby], doubt: Doubt| {
        assert_eq!(judge(points, declared, MIDDLE[0], city), DatumVerdict::CannotTell(doubt));
    };
    check(&[MIDDLE; 4], Crs::WGS84, &city, Doubt::FewPlaces);
    check(&[], Crs::Unknown, &city, Doubt::FewPlaces);
    check(&[[f64::NAN; 2]; 50], Crs::Epsg(4548), &[], Doubt::FewPlaces);
    check(&[MIDDLE; 50], Crs::WGS84, &[], Doubt::NothingHere);
}

fn case(number: usize, cities: &[Vec<Vec<[f64; 2]>>; 2]) -> Case {
    let mut rng = ChaCha8Rng::seed_from_u64(number as u64);
    let subject = match number % 10 {
        0..=3 => Subject::Streets,
        4..=7 => Subject::Lamps,
        8 => Subject::Anywhere,
        _ => Subject::OtherStreets,
    };
    let places = places(subject, cities, &mut rng);
    let plane = Crs::Epsg(4548);
    let (made, declared, told) = match number / 10 % 10 {
        0 => (Crs::CGCS2000, Crs::CGCS2000, None),
        1 => (plane, plane, None),
        2 => (Crs::Gcj02, Crs::WGS84, Some(Hypothesis::Gcj02)),
        3 => (Crs::Bd09, Crs::CGCS2000, Some(Hypothesis::Bd09)),
        4 => (Crs::CGCS2000, Crs::Gcj02, Some(Hypothesis::NotShifted)),
        5 => (Crs::CGCS2000, Crs::CGCS2000, Some(Hypothesis::SwappedAxes)),
        6 => (Crs::Epsg(4547), plane, Some(Hypothesis::OtherZone(114.0))),
        7 => (Crs::Epsg(4527), plane, Some(Hypothesis::ExtraPrefix)),
        8 => (plane, Crs::Epsg(4527), Some(Hypothesis::MissingPrefix)),
        _ => (plane, plane, Some(Hypothesis::Millimetres)),
    };
    let into = Transform::new(Crs::WGS84, made).expect("a system");
    let points = places.into_iter().map(|at| {
        let [x, y] = into.point(at).expect("a place");
        match told {
            Some(Hypothesis::SwappedAxes) => [y, x],
            Some(Hypothesis::Millimetres) => [x * 1000.0, y * 1000.0],
            _ => [x, y],
        }
    });
    Case { subject, declared, told, points: points.collect() }
}

/// Sixty places of a subject, with the scatter of a survey by hand.
fn places(subject: Subject, cities: &[Vec<Vec<[f64; 2]>>; 2], rng: &mut ChaCha8Rng) -> Vec<[f64; 2]> {
    let streets = &cities[usize::from(subject == Subject::OtherStreets)];
    let mut place = || {
        if subject == Subject::Anywhere {
            return off(MIDDLE, [rng.random_range(-1500.0..1500.0), rng.random_range(-1500.0..1500.0)]);
        }
        let street = &streets[rng.random_range(0..streets.len())];
        let leg = rng.random_range(0..street.len() - 1);
        let (from, to, along) = (street[leg], street[leg + 1], rng.random_range(0.0..1.0));
        let at = [from[0] + (to[0] - from[0]) * along, from[1] + (to[1] - from[1]) * along];
        let beside = if subject == Subject::Lamps { 6.0 } else { 0.0 };
        off(at, [beside + rng.random_range(-2.5..2.5), beside + rng.random_range(-2.5..2.5)])
    };
    (0..60).map(|_| place()).collect()
}

/// An invented town of three kilometres: crooked streets at uneven distances, every fifth block without one.
fn streets(seed: u64) -> Vec<Vec<[f64; 2]>> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed * 1000);
    let mut found = Vec::new();
    for axis in 0..2 {
        let mut across = -1600.0;
        while across < 1600.0 {
            let mut street = Vec::new();
            let bend = rng.random_range(-0.08..0.08);
            for step in 0..=16 {
                let along = -1600.0 + 200.0 * f64::from(step);
                let side = across + bend * along + rng.random_range(-18.0..18.0);
                let [x, y] = if axis == 0 { [along, side] } else { [side, along] };
                if rng.random_range(0..5) == 0 && street.len() > 1 {
                    found.push(std::mem::take(&mut street));
                } else {
                    street.push(off(MIDDLE, [x, y]));
                }
            }
            found.push(street);
            across += rng.random_range(60.0..230.0);
        }
    }
    found.retain(|street| street.len() > 1);
    found
}

fn off(at: [f64; 2], [east_m, north_m]: [f64; 2]) -> [f64; 2] {
    [at[0] + east_m / (DEGREE_M * at[1].to_radians().cos()), at[1] + north_m / DEGREE_M]
}
