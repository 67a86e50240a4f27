//! Plane geometry in local metres, x east and y north, and the way to CGCS2000 degrees.
//!
//! The plane is equal-area (sinusoidal) on the ellipsoid, so areas need no correction; lengths are within 0.1 % and are
//! measured on the ellipsoid where a figure depends on them. Sines come from `libm`, the same bits on every platform.

use super::rng::noise;

/// A position in local metres.
pub(super) type P = [f64; 2];

/// Longitude and latitude of the plane's origin, degrees.
const ORIGIN: [f64; 2] = [115.985, 29.715];
/// CGCS2000: semi-major axis in metres, square of the eccentricity.
const AXIS_M: f64 = 6_378_137.0;
const ECC2: f64 = 0.006_694_380_022_900_788;
const DEGREE: f64 = std::f64::consts::PI / 180.0;

/// Metres of one degree of latitude and of longitude at a latitude.
fn metres_per_degree(lat: f64) -> [f64; 2] {
    let (sin, cos) = (libm::sin(lat * DEGREE), libm::cos(lat * DEGREE));
    let w2 = 1.0 - ECC2 * sin * sin;
    let w = w2.sqrt();
    [AXIS_M * cos / w * DEGREE, AXIS_M * (1.0 - ECC2) / (w2 * w) * DEGREE]
}

/// CGCS2000 longitude and latitude, rounded to 1e-8°.
pub(super) fn lon_lat(at: P) -> [f64; 2] {
    let lat = ORIGIN[1] + at[1] / metres_per_degree(ORIGIN[1])[1];
    let lon = ORIGIN[0] + at[0] / metres_per_degree(lat)[0];
    [round_to(lon, 1e8), round_to(lat, 1e8)]
}

/// Length on the ellipsoid of a path in degrees whose pieces are short.
pub(super) fn ground_length_m(path: &[[f64; 2]]) -> f64 {
    path.windows(2)
        .map(|pair| {
            let per_degree = metres_per_degree(f64::midpoint(pair[0][1], pair[1][1]));
            let [x, y] = [0, 1].map(|axis| (pair[1][axis] - pair[0][axis]) * per_degree[axis]);
            (x * x + y * y).sqrt()
        })
        .sum()
}

/// `number` rounded to 1/`steps`.
pub(super) fn round_to(number: f64, steps: f64) -> f64 {
    (number * steps).round() / steps
}

pub(super) fn add(a: P, b: P) -> P {
    [a[0] + b[0], a[1] + b[1]]
}

pub(super) fn sub(a: P, b: P) -> P {
    [a[0] - b[0], a[1] - b[1]]
}

pub(super) fn mul(a: P, by: f64) -> P {
    [a[0] * by, a[1] * by]
}

/// `a` + `b` × `by`.
pub(super) fn along(a: P, b: P, by: f64) -> P {
    [a[0] + b[0] * by, a[1] + b[1] * by]
}

pub(super) fn dot(a: P, b: P) -> f64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Positive if `b` lies to the left of `a`.
pub(super) fn cross(a: P, b: P) -> f64 {
    a[0] * b[1] - a[1] * b[0]
}

pub(super) fn length(a: P) -> f64 {
    dot(a, a).sqrt()
}

pub(super) fn distance(a: P, b: P) -> f64 {
    length(sub(a, b))
}

pub(super) fn lerp(a: P, b: P, share: f64) -> P {
    along(a, sub(b, a), share)
}

/// The unit vector of `a`; east for a vector without length.
pub(super) fn unit(a: P) -> P {
    let size = length(a);
    if size > 1e-9 { mul(a, 1.0 / size) } else { [1.0, 0.0] }
}

/// `a` turned left by 90°.
pub(super) fn left(a: P) -> P {
    [-a[1], a[0]]
}

/// Twice the signed area of a ring that is not closed (counter-clockwise is positive), halved.
pub(super) fn ring_area(ring: &[P]) -> f64 {
    let Some(&base) = ring.first() else { return 0.0 };
    let twice: f64 = ring.windows(2).map(|pair| cross(sub(pair[0], base), sub(pair[1], base))).sum();
    twice / 2.0
}

/// Centre of gravity of a ring.
pub(super) fn ring_center(ring: &[P]) -> P {
    let base = ring[0];
    let (mut sum, mut area) = ([0.0; 2], 0.0);
    for pair in ring.windows(2) {
        let (a, b) = (sub(pair[0], base), sub(pair[1], base));
        let weight = cross(a, b);
        sum = along(sum, add(a, b), weight);
        area += weight;
    }
    if area.abs() < 1e-9 { base } else { along(base, sum, 1.0 / (3.0 * area)) }
}

/// Whether `at` is inside a ring that is not closed.
pub(super) fn inside(ring: &[P], at: P) -> bool {
    let mut odd = false;
    let mut before = ring.len().wrapping_sub(1);
    for here in 0..ring.len() {
        let (a, b) = (ring[here], ring[before]);
        if (a[1] > at[1]) != (b[1] > at[1]) && at[0] < (b[0] - a[0]) * (at[1] - a[1]) / (b[1] - a[1]) + a[0] {
            odd = !odd;
        }
        before = here;
    }
    odd
}

/// The point of the segment nearest to `at`.
pub(super) fn nearest_on(a: P, b: P, at: P) -> P {
    let d = sub(b, a);
    let size2 = dot(d, d);
    let t = if size2 > 0.0 { (dot(sub(at, a), d) / size2).clamp(0.0, 1.0) } else { 0.0 };
    along(a, d, t)
}

/// Distance from `at` to a path.
pub(super) fn path_distance(path: &[P], at: P) -> f64 {
    path.windows(2).map(|pair| distance(nearest_on(pair[0], pair[1], at), at)).fold(f64::INFINITY, f64::min)
}

pub(super) fn path_length(path: &[P]) -> f64 {
    path.windows(2).map(|pair| distance(pair[0], pair[1])).sum()
}

/// Where two segments meet, as shares of each; `None` if they are parallel or do not reach each other by `slack`.
pub(super) fn meet(a: [P; 2], b: [P; 2], slack: f64) -> Option<(f64, f64)> {
    let (r, s) = (sub(a[1], a[0]), sub(b[1], b[0]));
    let across = cross(r, s);
    if across.abs() < 1e-9 {
        return None;
    }
    let between = sub(b[0], a[0]);
    let (t, u) = (cross(between, s) / across, cross(between, r) / across);
    let (ease_t, ease_u) = (slack / length(r).max(1e-9), slack / length(s).max(1e-9));
    let hit = t >= -ease_t && t <= 1.0 + ease_t && u >= -ease_u && u <= 1.0 + ease_u;
    hit.then_some((t, u))
}

/// The point at `distance_m` along a path, and the direction there.
pub(super) fn point_along(path: &[P], distance_m: f64) -> (P, P) {
    let mut left_m = distance_m.max(0.0);
    for pair in path.windows(2) {
        let size = distance(pair[0], pair[1]);
        if left_m <= size && size > 0.0 {
            return (lerp(pair[0], pair[1], left_m / size), unit(sub(pair[1], pair[0])));
        }
        left_m -= size;
    }
    let last = path.len() - 1;
    (path[last], unit(sub(path[last], path[last.saturating_sub(1)])))
}

/// The stretch of a path between two distances from its start.
pub(super) fn stretch(path: &[P], from_m: f64, to_m: f64) -> Vec<P> {
    let mut out = vec![point_along(path, from_m).0];
    let mut at_m = 0.0;
    for pair in path.windows(2) {
        at_m += distance(pair[0], pair[1]);
        if at_m > from_m + 0.01 && at_m < to_m - 0.01 {
            out.push(pair[1]);
        }
    }
    out.push(point_along(path, to_m).0);
    out
}

/// A Catmull–Rom curve through `points`, with `steps` pieces between two of them.
pub(super) fn smooth(points: &[P], closed: bool, steps: usize) -> Vec<P> {
    let count = points.len() as i64;
    let get = |k: i64| points[if closed { k.rem_euclid(count) } else { k.clamp(0, count - 1) } as usize];
    let spans = if closed { count } else { count - 1 };
    let mut out = Vec::with_capacity(spans as usize * steps + 1);
    for k in 0..spans {
        let [a, b, c, d] = [get(k - 1), get(k), get(k + 1), get(k + 2)];
        for step in 0..steps {
            let t = step as f64 / steps as f64;
            out.push([0, 1].map(|axis| catmull([a[axis], b[axis], c[axis], d[axis]], t)));
        }
    }
    if !closed {
        out.push(get(count - 1));
    }
    out
}

fn catmull([a, b, c, d]: [f64; 4], t: f64) -> f64 {
    let square = 2.0 * a - 5.0 * b + 4.0 * c - d;
    let cube = 3.0 * b - a - 3.0 * c + d;
    0.5 * (2.0 * b + (c - a) * t + square * t * t + cube * t * t * t)
}

/// A closed ring with points every `step_m`, pushed in and out by up to `amplitude_m`, as shores are.
pub(super) fn roughen(ring: &[P], step_m: f64, amplitude_m: f64, layer: u64) -> Vec<P> {
    let mut closed = ring.to_vec();
    closed.push(ring[0]);
    let even = resample(&closed, step_m);
    let count = even.len() - 1;
    (0..count)
        .map(|k| {
            let ahead = sub(even[(k + 1) % count], even[(k + count - 1) % count]);
            let push = noise(even[k], 310.0, layer) * 0.7 + noise(even[k], 97.0, layer + 1) * 0.45;
            along(even[k], left(unit(ahead)), amplitude_m * push)
        })
        .collect()
}

/// The same path with points at even distances of about `step_m`.
pub(super) fn resample(path: &[P], step_m: f64) -> Vec<P> {
    let total = path_length(path);
    let count = (total / step_m).round().max(1.0) as usize;
    let every = total / count as f64;
    let mut out = vec![path[0]];
    let (mut done, mut next) = (0.0, every);
    for pair in path.windows(2) {
        let size = distance(pair[0], pair[1]);
        while next <= done + size && out.len() < count {
            out.push(lerp(pair[0], pair[1], (next - done) / size));
            next += every;
        }
        done += size;
    }
    out.push(path[path.len() - 1]);
    out
}

/// The same path without points that lie within `tolerance_m` of the rest (Douglas–Peucker).
pub(super) fn simplify(path: &[P], tolerance_m: f64) -> Vec<P> {
    let mut keep = vec![false; path.len()];
    keep[0] = true;
    keep[path.len() - 1] = true;
    let mut todo = vec![(0, path.len() - 1)];
    while let Some((from, to)) = todo.pop() {
        let worst = (from + 1..to)
            .map(|k| (distance(nearest_on(path[from], path[to], path[k]), path[k]), k))
            .fold((tolerance_m, None), |best, (far, k)| if far > best.0 { (far, Some(k)) } else { best });
        if let Some(k) = worst.1 {
            keep[k] = true;
            todo.extend([(from, k), (k, to)]);
        }
    }
    path.iter().zip(keep).filter_map(|(&at, kept)| kept.then_some(at)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kilometre_of_the_plane_is_a_kilometre_on_the_ground() {
        for (from, to) in [([0.0, 0.0], [1000.0, 0.0]), ([-5000.0, -4000.0], [-5000.0, -3000.0])] {
            let metres = ground_length_m(&[lon_lat(from), lon_lat(to)]);
            assert!((metres - 1000.0).abs() < 1.0, "{metres}");
        }
    }

    #[test]
    fn segments_meet_where_they_cross() {
        let (t, u) = meet([[0.0, 0.0], [10.0, 0.0]], [[4.0, -5.0], [4.0, 5.0]], 0.0).expect("they cross");
        assert!((t - 0.4).abs() < 1e-12 && (u - 0.5).abs() < 1e-12);
        assert!(meet([[0.0, 0.0], [3.0, 0.0]], [[4.0, -5.0], [4.0, 5.0]], 0.0).is_none());
    }

    #[test]
    fn a_simplified_path_keeps_its_corners() {
        let path = [[0.0, 0.0], [5.0, 0.1], [10.0, 0.0], [10.0, 10.0]];
        assert_eq!(simplify(&path, 0.5), [[0.0, 0.0], [10.0, 0.0], [10.0, 10.0]]);
    }
}
