//! Fewer positions for the same line: Douglas and Peucker's way, on centimetres.

/// Leaves out positions of a line that lie within `tolerance` of the rest (centimetres). The first and the last stay.
pub fn thin(line: &mut Vec<[i32; 2]>, tolerance: f64) {
    if line.len() < 3 {
        return;
    }
    let mut keep = vec![false; line.len()];
    (keep[0], keep[line.len() - 1]) = (true, true);
    let mut open = vec![(0, line.len() - 1)];
    while let Some((from, to)) = open.pop() {
        let apart = |at: usize| apart_2(line[at], line[from], line[to]);
        let farthest = (from + 1..to).map(|at| (apart(at), at)).max_by(|a, b| a.0.total_cmp(&b.0));
        if let Some((_, at)) = farthest.filter(|(apart_2, _)| *apart_2 > tolerance * tolerance) {
            keep[at] = true;
            open.extend([(from, at), (at, to)]);
        }
    }
    let mut kept = keep.into_iter();
    line.retain(|_| kept.next().unwrap_or(false));
}

/// The same for a ring that is stored without its closing position: three positions are left at least.
pub fn thin_ring(ring: &mut Vec<[i32; 2]>, tolerance: f64) {
    if ring.len() < 4 {
        return;
    }
    // The position farthest from the first splits the ring into two lines.
    let far = (1..ring.len()).max_by(|&a, &b| step_2(ring[0], ring[a]).total_cmp(&step_2(ring[0], ring[b])));
    let far = far.unwrap_or(1);
    let mut back = ring[far..].to_vec();
    back.push(ring[0]);
    let mut there = ring[..=far].to_vec();
    thin(&mut there, tolerance);
    thin(&mut back, tolerance);
    if there.len() + back.len() < 5 {
        ring.truncate(far + 1);
        let middle = ring.len() / 2;
        *ring = if far > 1 { vec![ring[0], ring[middle], ring[far]] } else { vec![ring[0], ring[far], back[0]] };
        return;
    }
    back.pop();
    there.extend(&back[1..]);
    *ring = there;
}

fn step_2(from: [i32; 2], to: [i32; 2]) -> f64 {
    [0, 1].map(|axis| (f64::from(to[axis]) - f64::from(from[axis])).powi(2)).iter().sum()
}

/// Square of the distance from a position to the way between two others.
fn apart_2(at: [i32; 2], from: [i32; 2], to: [i32; 2]) -> f64 {
    let local = |at: [i32; 2]| [0, 1].map(|axis| f64::from(at[axis]) - f64::from(from[axis]));
    let ([x, y], [along_x, along_y]) = (local(at), local(to));
    let length_2 = along_x * along_x + along_y * along_y;
    let share = if length_2 > 0.0 { ((x * along_x + y * along_y) / length_2).clamp(0.0, 1.0) } else { 0.0 };
    (x - share * along_x).powi(2) + (y - share * along_y).powi(2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_straight_line_keeps_its_ends_alone() {
        let mut line = vec![[0, 0], [100, 3], [200, -2], [300, 0]];
        thin(&mut line, 5.0);
        assert_eq!(line, [[0, 0], [300, 0]]);
    }

    #[test]
    fn a_ring_stays_a_ring() {
        let mut small = vec![[0, 0], [10, 0], [10, 10], [0, 10]];
        thin_ring(&mut small, 500.0);
        assert_eq!(small.len(), 3);
        let mut square = vec![[0, 0], [500, 1], [1000, 0], [1000, 1000], [0, 1000]];
        thin_ring(&mut square, 5.0);
        assert_eq!(square, [[0, 0], [1000, 0], [1000, 1000], [0, 1000]]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn nothing_that_is_left_out_was_far_away(
            steps in prop::collection::vec((-900_i32..900, -900_i32..900), 2..60), tolerance in 1.0_f64..500.0,
        ) {
            let whole: Vec<[i32; 2]> = steps.iter().map(|&(x, y)| [x, y]).collect();
            let mut thinned = whole.clone();
            thin(&mut thinned, tolerance);
            prop_assert_eq!((thinned.first(), thinned.last()), (whole.first(), whole.last()));
            for at in &whole {
                let near = thinned.windows(2).map(|pair| apart_2(*at, pair[0], pair[1])).fold(f64::INFINITY, f64::min);
                prop_assert!(near.sqrt() <= tolerance + 1e-6);
            }
        }
    }
}
