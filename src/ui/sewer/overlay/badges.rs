//! Badges of defects on the screen: none lies over another. The gravest keeps its place, those near to it step aside on a
//! thread, and where there is no room left they are a number beside it.

use egui::{Pos2, Rect, Vec2, vec2};

use super::around;

/// Side of a badge with its edge.
const SIDE: f32 = 19.0;
/// Where a badge may step aside to, in its sides; the nearest first.
const ASIDE: [[f32; 2]; 12] = [
    [0.0, -1.3],
    [0.0, 1.3],
    [1.3, 0.0],
    [-1.3, 0.0],
    [1.1, -1.1],
    [-1.1, -1.1],
    [1.1, 1.1],
    [-1.1, 1.1],
    [0.0, -2.5],
    [0.0, 2.5],
    [2.5, 0.0],
    [-2.5, 0.0],
];

/// Where a badge stands.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Badge {
    /// Its place among those that were given.
    pub(super) of: usize,
    /// The middle of it.
    pub(super) at: Pos2,
    /// How many others it stands for.
    pub(super) more: u32,
}

/// Sets badges apart that are given by their places and grades; the gravest comes last, to be drawn over the rest.
pub(super) fn set_apart(given: &[(Pos2, u8)]) -> Vec<Badge> {
    let mut order: Vec<usize> = (0..given.len()).collect();
    order.sort_by_key(|&of| std::cmp::Reverse(given[of].1));
    let mut badges: Vec<Badge> = Vec::new();
    for of in order {
        let home = given[of].0;
        let is_free = |at: Pos2| badges.iter().all(|badge| !room(badge.at).intersects(room(at)));
        let aside = ASIDE.iter().map(|[x, y]| home + vec2(*x, *y) * SIDE);
        if let Some(at) = std::iter::once(home).chain(aside).find(|at| is_free(*at)) {
            badges.push(Badge { of, at, more: 0 });
            continue;
        }
        let distance = |badge: &&mut Badge| (badge.at - home).length();
        if let Some(near) = badges.iter_mut().min_by(|a, b| distance(a).total_cmp(&distance(b))) {
            near.more += 1;
        }
    }
    badges.reverse();
    badges
}

fn room(at: Pos2) -> Rect {
    around(at, SIDE - 1.0)
}

/// Whether a badge has stepped aside so far that a thread leads to its place.
pub(super) fn has_thread(home: Pos2, at: Pos2) -> bool {
    let way: Vec2 = at - home;
    way.length() > SIDE / 2.0
}

#[cfg(test)]
mod tests {
    use egui::pos2;

    use super::*;

    #[test]
    fn the_gravest_defect_keeps_its_place_and_is_drawn_over_a_lighter_one_beside_it() {
        let given = [(pos2(50.0, 50.0), 4), (pos2(54.0, 51.0), 2), (pos2(300.0, 50.0), 1)];
        let badges = set_apart(&given);
        let last = badges.last().expect("three badges");
        assert_eq!((badges.len(), last.of, last.at), (3, 0, given[0].0));
        let lighter = badges.iter().find(|badge| badge.of == 1).expect("a badge of its own");
        assert!(!room(lighter.at).intersects(room(last.at)) && has_thread(given[1].0, lighter.at));
        let far = badges.iter().find(|badge| badge.of == 2).expect("a badge of its own");
        assert_eq!(far.at, given[2].0);
    }

    #[test]
    fn of_a_heap_every_defect_is_seen_or_counted_and_no_badges_touch() {
        let given: Vec<(Pos2, u8)> = (0..60).map(|n| (pos2(50.0 + n as f32 * 0.1, 50.0), (n % 4) as u8 + 1)).collect();
        let badges = set_apart(&given);
        let told: u32 = badges.iter().map(|badge| badge.more + 1).sum();
        assert_eq!(told, 60);
        for (place, badge) in badges.iter().enumerate() {
            assert!(badges[..place].iter().all(|other| !room(other.at).intersects(room(badge.at))));
        }
        assert!(badges.iter().all(|badge| given[badge.of].1 == 4), "the gravest are those that are seen");
    }
}
