//! A box that stands at an angle to the world: what somebody drags on a turned map.

use crate::index::arena::{PathKind, Paths};
use crate::model::geometry::Bounds;

/// See the module's head.
pub(in crate::session) struct TurnedBox {
    origin: [f64; 2],
    /// Along the first side and along the second, one metre long.
    axes: [[f64; 2]; 2],
    sides_m: [f64; 2],
    /// Around it, Web Mercator metres.
    pub(in crate::session) around: Bounds,
}

impl TurnedBox {
    /// The box with these corners, in their order around it.
    pub(in crate::session) fn new(corners_world: [[f64; 2]; 4]) -> Self {
        let [origin, next, _, last] = corners_world;
        let mut around = Bounds::EMPTY;
        corners_world.into_iter().for_each(|corner| around.extend(corner));
        let steps = [next, last].map(|corner| [corner[0] - origin[0], corner[1] - origin[1]]);
        let sides_m = steps.map(|[x, y]| x.hypot(y));
        let axes = [0, 1].map(|side| steps[side].map(|part| part / sides_m[side].max(f64::MIN_POSITIVE)));
        Self { origin, axes, sides_m, around }
    }

    /// Whether its sides run north and east, so that it is the same as the box around it.
    pub(in crate::session) fn is_straight(&self) -> bool {
        self.axes[0].iter().any(|part| part.abs() < 1e-12)
    }

    /// Whether all of a shape lies in it.
    pub(in crate::session) fn holds(&self, mut paths: Paths<'_>) -> bool {
        paths.all(|path| path.world().all(|at| self.is_in(self.own(at))))
    }

    /// Whether it and a shape have a place in common.
    pub(in crate::session) fn touches(&self, paths: Paths<'_>) -> bool {
        let mut is_around = false;
        for path in paths {
            if path.world().any(|at| self.is_in(self.own(at))) {
                return true;
            }
            if path.kind == PathKind::Points {
                continue;
            }
            for [from, to] in path.segments() {
                let (from, to) = (self.own(from), self.own(to));
                if self.is_crossed(from, to) {
                    return true;
                }
                is_around ^= path.kind.is_ring() && passes_left(from, to);
            }
        }
        // Nothing of its rings is in the box: they go around all of it or around none.
        is_around
    }

    /// A place in the box's own metres from its first corner.
    fn own(&self, at: [f64; 2]) -> [f64; 2] {
        let [x, y] = [at[0] - self.origin[0], at[1] - self.origin[1]];
        self.axes.map(|axis| x * axis[0] + y * axis[1])
    }

    fn is_in(&self, own: [f64; 2]) -> bool {
        (0..2).all(|side| (0.0..=self.sides_m[side]).contains(&own[side]))
    }

    /// Whether a leg between places outside comes through the box (Liang–Barsky).
    fn is_crossed(&self, from: [f64; 2], to: [f64; 2]) -> bool {
        let (mut enter, mut leave) = (0.0_f64, 1.0_f64);
        for side in 0..2 {
            let step = to[side] - from[side];
            for (toward, room) in [(-step, from[side]), (step, self.sides_m[side] - from[side])] {
                if toward == 0.0 && room < 0.0 {
                    return false;
                }
                if toward < 0.0 {
                    enter = enter.max(room / toward);
                } else if toward > 0.0 {
                    leave = leave.min(room / toward);
                }
            }
        }
        enter <= leave
    }
}

/// Whether a leg passes the box's first corner on its left, at its height: an odd number of them goes around it.
fn passes_left(from: [f64; 2], to: [f64; 2]) -> bool {
    (from[1] > 0.0) != (to[1] > 0.0) && from[0] + (to[0] - from[0]) * from[1] / (from[1] - to[1]) < 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::index::layer::{LayerIndex, LayerIndexBuilder};
    use crate::model::geometry::Geometry;
    use crate::model::schema::Schema;
    use crate::text::Text;

    fn index(shape: &Geometry) -> LayerIndex {
        let schema = Schema {
            table: "any".into(),
            name: Text::same("any"),
            kind: "plain".into(),
            geometry: None,
            crs: crate::geom::crs::Crs::WEB_MERCATOR,
            z_order: 0,
            fields: Vec::new(),
        };
        let mut builder = LayerIndexBuilder::new(&schema, &[]);
        builder.push(1, Some(shape), &[], &|at| Some(at));
        builder.finish()
    }

    /// A box of 20 m by 20 m that stands on its corner, with its middle at the origin.
    #[track_caller]
    fn check(shape: &Geometry, touches: bool, holds: bool) {
        let far = 200_f64.sqrt();
        let turned = TurnedBox::new([[0.0, far], [far, 0.0], [0.0, -far], [-far, 0.0]]);
        assert!(!turned.is_straight());
        let index = index(shape);
        let slot = index.slot(1).expect("the shape");
        assert_eq!((turned.touches(index.geometry(slot)), turned.holds(index.geometry(slot))), (touches, holds));
    }

    #[test]
    fn what_a_turned_box_holds_and_touches() {
        check(&Geometry::point(0.0, 13.0), true, true);
        // In the box around it, but not in it.
        check(&Geometry::point(11.0, 11.0), false, false);
        check(&Geometry::line(&[[11.0, 11.0], [-11.0, -11.0]]), true, false);
        check(&Geometry::line(&[[11.0, 11.0], [11.0, 30.0]]), false, false);
        check(&Geometry::polygon(&[[-90.0, -90.0], [90.0, -90.0], [0.0, 90.0], [-90.0, -90.0]]), true, false);
        check(&Geometry::polygon(&[[-5.0, -5.0], [5.0, -5.0], [0.0, 5.0], [-5.0, -5.0]]), true, true);
    }

    #[test]
    fn a_box_of_a_map_with_north_at_the_top_is_straight() {
        assert!(TurnedBox::new([[0.0, 5.0], [9.0, 5.0], [9.0, 0.0], [0.0, 0.0]]).is_straight());
        assert!(TurnedBox::new([[3.0, 3.0]; 4]).is_straight());
    }
}
