//! Lines across areas. They lie at the same places of the endless map wherever an area or a picture ends, so that the
//! tiles of a map, and areas side by side, agree.

use super::scene::Scene;

/// Closer lines than this are a fill, pixels.
const CLOSEST_PX: f32 = 1.0;

/// Parallel lines at even distances.
pub(super) struct Lines {
    /// Unit vector along a line, on the screen.
    along: [f64; 2],
    /// Unit vector from one line to the next.
    across: [f64; 2],
    spacing: f64,
    /// Where the picture's corner lies between two lines.
    phase: f64,
}

impl Lines {
    /// Lines at `angle_deg` counter-clockwise from a line to the east, on a map turned by `rotation_rad`, whose picture has its
    /// upper left corner at `corner_px` of the endless map.
    pub(super) fn new(angle_deg: f32, rotation_rad: f64, spacing_px: f32, corner_px: [f64; 2]) -> Self {
        let (sin, cos) = (rotation_rad - f64::from(angle_deg).to_radians()).sin_cos();
        let across = [-sin, cos];
        let spacing = f64::from(if spacing_px.is_finite() { spacing_px.max(CLOSEST_PX) } else { CLOSEST_PX });
        let phase = (corner_px[0] * across[0] + corner_px[1] * across[1]).rem_euclid(spacing);
        Self { along: [cos, sin], across, spacing, phase }
    }

    /// Adds the parts of the lines that lie inside rings, holes left out.
    pub(super) fn inside<R: AsRef<[[f32; 2]]>>(&self, rings: &[R], out: &mut Scene) {
        let mut crossings: Vec<(i64, f64)> = Vec::new();
        for ring in rings.iter().map(AsRef::as_ref) {
            let Some(&last) = ring.last() else { continue };
            let mut before = self.turned(last);
            for &at in ring {
                let at = self.turned(at);
                self.cross(before, at, &mut crossings);
                before = at;
            }
        }
        crossings.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        for pair in crossings.chunk_by(|a, b| a.0 == b.0).flat_map(|line| line.chunks_exact(2)) {
            let down = pair[0].0 as f64 * self.spacing - self.phase;
            let place = |walk: f64| [0, 1].map(|axis| (self.along[axis] * walk + self.across[axis] * down) as f32);
            out.push_path([place(pair[0].1), place(pair[1].1)], false);
        }
    }

    /// A place as its distance along the lines and across them.
    fn turned(&self, at: [f32; 2]) -> [f64; 2] {
        let [x, y] = at.map(f64::from);
        [x * self.along[0] + y * self.along[1], x * self.across[0] + y * self.across[1]]
    }

    /// Where the lines cross one side of a ring; the upper end of a side is not of it, so that corners count once.
    fn cross(&self, from: [f64; 2], to: [f64; 2], crossings: &mut Vec<(i64, f64)>) {
        let [low, high] = if from[1] <= to[1] { [from, to] } else { [to, from] };
        let number = |down: f64| ((down + self.phase) / self.spacing).ceil() as i64;
        for line in number(low[1])..number(high[1]) {
            let down = line as f64 * self.spacing - self.phase;
            let share = (down - low[1]) / (high[1] - low[1]);
            crossings.push((line, low[0] + (high[0] - low[0]) * share));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SQUARE: [[f32; 2]; 4] = [[0.0, 0.0], [100.0, 0.0], [100.0, 100.0], [0.0, 100.0]];

    fn lines(lines: &Lines, rings: &[&[[f32; 2]]]) -> Vec<[[f32; 2]; 2]> {
        let mut scene = Scene::default();
        lines.inside(rings, &mut scene);
        scene.paths.iter().map(|path| [0, 1].map(|end| scene.positions(*path)[end])).collect()
    }

    #[test]
    fn lines_run_from_border_to_border_and_leave_holes_out() {
        let hole = [[40.0, 40.0], [60.0, 40.0], [60.0, 60.0], [40.0, 60.0]];
        let found = lines(&Lines::new(0.0, 0.0, 25.0, [0.0, 0.0]), &[&SQUARE, &hole]);
        let round = |line: &[[f32; 2]; 2]| line.map(|at| at.map(f32::round));
        let rounded: Vec<_> = found.iter().map(round).collect();
        let expected = [
            [[0.0, 0.0], [100.0, 0.0]],
            [[0.0, 25.0], [100.0, 25.0]],
            [[0.0, 50.0], [40.0, 50.0]],
            [[60.0, 50.0], [100.0, 50.0]],
            [[0.0, 75.0], [100.0, 75.0]],
        ];
        assert_eq!(rounded, expected);
    }

    #[test]
    fn pictures_side_by_side_have_their_lines_at_the_same_places() {
        for (angle, turn) in [(45.0, 0.0), (30.0, 0.4), (90.0, -1.0)] {
            let one = Lines::new(angle, turn, 9.0, [1000.0, 500.0]);
            let other = Lines::new(angle, turn, 9.0, [1512.0, 500.0]);
            let moved: Vec<[f32; 2]> = SQUARE.iter().map(|at| [at[0] - 512.0, at[1]]).collect();
            let (here, there) = (lines(&one, &[&SQUARE]), lines(&other, &[&moved]));
            assert_eq!(here.len(), there.len());
            for (here, there) in here.iter().zip(&there) {
                let apart = (here[0][0] - there[0][0] - 512.0).abs() + (here[0][1] - there[0][1]).abs();
                assert!(apart < 1e-3, "{here:?} {there:?}");
            }
        }
    }
}
