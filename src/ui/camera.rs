//! Where the map looks: middle, scale and size, the way between screen and world, and the views a person came through.
//!
//! World is Web Mercator metres, y upwards. Screen is logical pixels from the map's upper left corner, y downwards.

use crate::model::geometry::Bounds;
use crate::session::place;

/// Closest and farthest look, as denominators: a manhole cover, and the whole country.
pub const SCALE_LIMITS: [f64; 2] = [50.0, 20_000_000.0];
/// Beyond this the square world of Web Mercator ends.
const WORLD_EDGE: f64 = 20_037_508.0;

/// Middle and scale of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Middle, Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres per logical pixel.
    pub metres_per_px: f64,
}

impl Default for View {
    /// Jiujiang at 1:40,000 or so: what is seen before a city is open.
    fn default() -> Self {
        Self { center_world: place::world_from_lonlat([115.99, 29.71]), metres_per_px: 12.0 }
    }
}

impl View {
    /// The same, held inside the world and its scales; nonsense gives the default.
    pub fn clamped(self) -> Self {
        let finite = self.metres_per_px.is_finite() && self.center_world.iter().all(|value| value.is_finite());
        if !finite {
            return Self::default();
        }
        let center_world = self.center_world.map(|value| value.clamp(-WORLD_EDGE, WORLD_EDGE));
        Self { center_world, metres_per_px: held(self.metres_per_px, center_world) }
    }

    /// The scale's denominator at the middle.
    pub fn denominator(&self) -> f64 {
        place::denominator(self.metres_per_px, self.center_world)
    }
}

/// World metres per pixel inside the limits of the scale.
fn held(metres_per_px: f64, at_world: [f64; 2]) -> f64 {
    let [closest, farthest] = SCALE_LIMITS.map(|denominator| place::metres_per_px(denominator, at_world));
    metres_per_px.clamp(closest, farthest)
}

/// The map's eye. See the module's head for its spaces.
#[derive(Clone, Debug)]
pub struct Camera {
    view: View,
    size_px: [f64; 2],
    past: Vec<View>,
    future: Vec<View>,
    /// The view before the gesture that goes on now.
    before: Option<View>,
}

impl Default for Camera {
    fn default() -> Self {
        Self { view: View::default(), size_px: [800.0, 600.0], past: Vec::new(), future: Vec::new(), before: None }
    }
}

impl Camera {
    /// Where it looks.
    pub fn view(&self) -> View {
        self.view
    }

    /// Size of the map on the screen, logical pixels.
    pub fn size_px(&self) -> [f64; 2] {
        self.size_px
    }

    /// The window gave the map another size.
    pub fn resize(&mut self, size_px: [f64; 2]) {
        self.size_px = size_px.map(|side| side.max(1.0));
    }

    /// What it sees.
    pub fn bounds_world(&self) -> Bounds {
        let half = self.size_px.map(|side| side * self.view.metres_per_px / 2.0);
        let [x, y] = self.view.center_world;
        Bounds::new(x - half[0], y - half[1], x + half[0], y + half[1])
    }

    /// A place on the screen.
    pub fn screen_from_world(&self, world: [f64; 2]) -> [f64; 2] {
        let View { center_world, metres_per_px } = self.view;
        [
            self.size_px[0] / 2.0 + (world[0] - center_world[0]) / metres_per_px,
            self.size_px[1] / 2.0 - (world[1] - center_world[1]) / metres_per_px,
        ]
    }

    /// The place under a point of the screen.
    pub fn world_from_screen(&self, screen: [f64; 2]) -> [f64; 2] {
        let View { center_world, metres_per_px } = self.view;
        [
            center_world[0] + (screen[0] - self.size_px[0] / 2.0) * metres_per_px,
            center_world[1] - (screen[1] - self.size_px[1] / 2.0) * metres_per_px,
        ]
    }

    /// The map follows the hand by so many pixels.
    pub fn pan_px(&mut self, delta_px: [f64; 2]) {
        let View { center_world: [x, y], metres_per_px } = self.view;
        let center_world = [x - delta_px[0] * metres_per_px, y + delta_px[1] * metres_per_px];
        self.moved_to(View { center_world, metres_per_px });
    }

    /// Zooms in (`factor` > 1) or out; the place under `screen` stays there.
    pub fn zoom_about(&mut self, screen: [f64; 2], factor: f64) {
        let fixed = self.world_from_screen(screen);
        let metres_per_px = held(self.view.metres_per_px / factor, self.view.center_world);
        let dx = (screen[0] - self.size_px[0] / 2.0) * metres_per_px;
        let dy = (screen[1] - self.size_px[1] / 2.0) * metres_per_px;
        self.moved_to(View { center_world: [fixed[0] - dx, fixed[1] + dy], metres_per_px });
    }

    /// Zooms about the middle.
    pub fn zoom(&mut self, factor: f64) {
        self.zoom_about(self.size_px.map(|side| side / 2.0), factor);
    }

    /// Jumps somewhere else; the view before it can be had back.
    pub fn go(&mut self, view: View) {
        self.settle();
        self.moved_to(view);
        self.settle();
    }

    /// Jumps so that a box is seen whole. A single place keeps the scale, or comes as close as 1:1,000.
    pub fn go_to_bounds(&mut self, bounds: &Bounds) {
        self.go(self.view_of(bounds));
    }

    /// Jumps to a place, and as close as 1:`denominator` if it was farther away.
    pub fn go_close_to(&mut self, center_world: [f64; 2], denominator: f64) {
        let closest = place::metres_per_px(denominator, center_world);
        self.go(View { center_world, metres_per_px: self.view.metres_per_px.min(closest) });
    }

    /// Whether a box is what is looked at: [`Camera::go_to_bounds`] would change nothing that could be seen.
    pub fn is_on(&self, bounds: &Bounds) -> bool {
        let wanted = self.view_of(bounds).clamped();
        let apart = (0..2).map(|axis| (wanted.center_world[axis] - self.view.center_world[axis]).abs());
        let zoom = wanted.metres_per_px / self.view.metres_per_px;
        apart.fold(0.0, f64::max) < self.view.metres_per_px * 2.0 && (0.99..1.01).contains(&zoom)
    }

    fn view_of(&self, bounds: &Bounds) -> View {
        let center_world = bounds.center();
        let closest = place::metres_per_px(1000.0, center_world);
        let fit = place::metres_per_px_for(bounds, self.size_px);
        let is_place = bounds.width().max(bounds.height()) < 1.0;
        let metres_per_px = if is_place { self.view.metres_per_px.min(closest) } else { fit.max(closest / 4.0) };
        View { center_world, metres_per_px }
    }

    /// A gesture (drag, wheel) has ended: the view it left becomes one to come back to.
    pub fn settle(&mut self) {
        let Some(before) = self.before.take().filter(|before| *before != self.view) else { return };
        self.past.push(before);
        self.future.clear();
        let surplus = self.past.len().saturating_sub(100);
        self.past.drain(..surplus);
    }

    /// Back to the view before, if there is one.
    pub fn back(&mut self) {
        self.settle();
        if let Some(view) = self.past.pop() {
            self.future.push(self.view);
            self.view = view;
        }
    }

    /// Forth again.
    pub fn forth(&mut self) {
        self.settle();
        if let Some(view) = self.future.pop() {
            self.past.push(self.view);
            self.view = view;
        }
    }

    /// Forgets the views of another city.
    pub fn forget(&mut self) {
        self.past.clear();
        self.future.clear();
        self.before = None;
    }

    fn moved_to(&mut self, view: View) {
        self.before.get_or_insert(self.view);
        self.view = view.clamped();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_near(left: [f64; 2], right: [f64; 2]) {
        let apart = (left[0] - right[0]).hypot(left[1] - right[1]);
        assert!(apart < 1e-6, "{left:?} {right:?}");
    }

    #[test]
    fn the_place_under_the_pointer_stays_while_zooming() {
        let mut camera = Camera::default();
        camera.resize([1000.0, 700.0]);
        let pointer = [130.0, 640.0];
        let place = camera.world_from_screen(pointer);
        for factor in [1.3, 2.0, 0.4, 1.0, 7.0] {
            camera.zoom_about(pointer, factor);
            check_near(camera.screen_from_world(place), pointer);
        }
    }

    #[test]
    fn the_map_follows_the_hand() {
        let mut camera = Camera::default();
        let place = camera.world_from_screen([10.0, 20.0]);
        camera.pan_px([33.0, -7.0]);
        check_near(camera.screen_from_world(place), [43.0, 13.0]);
    }

    #[test]
    fn back_and_forth_walk_through_the_views_one_gesture_each() {
        let mut camera = Camera::default();
        let first = camera.view();
        (0..5).for_each(|_| camera.pan_px([10.0, 0.0]));
        camera.settle();
        let second = camera.view();
        camera.zoom(2.0);
        camera.settle();
        camera.back();
        assert_eq!(camera.view(), second);
        camera.back();
        assert_eq!(camera.view(), first);
        camera.back();
        assert_eq!(camera.view(), first);
        camera.forth();
        assert_eq!(camera.view(), second);
    }

    #[test]
    fn a_box_is_seen_whole_and_nonsense_is_held_back() {
        let mut camera = Camera::default();
        camera.resize([900.0, 400.0]);
        let bounds = Bounds::new(12_900_000.0, 3_460_000.0, 12_910_000.0, 3_470_000.0);
        camera.go_to_bounds(&bounds);
        let seen = camera.bounds_world();
        assert!(seen.contains(bounds.min) && seen.contains(bounds.max));
        camera.go(View { center_world: [f64::NAN, 0.0], metres_per_px: 1.0 });
        assert_eq!(camera.view(), View::default());
    }

    #[test]
    fn the_scale_stays_between_a_manhole_and_the_country() {
        let mut camera = Camera::default();
        for (factor, denominator) in [(1e30, 50.0), (1e-30, 20_000_000.0)] {
            camera.zoom(factor);
            let reached = camera.view().denominator();
            assert!((reached / denominator - 1.0).abs() < 1e-6, "{reached}");
        }
    }

    #[test]
    fn a_place_is_come_close_to_and_a_closer_look_is_kept() {
        let mut camera = Camera::default();
        let place = place::world_from_lonlat([115.99, 29.72]);
        camera.go_close_to(place, 2500.0);
        assert!((camera.view().denominator() - 2500.0).abs() < 1e-6 && camera.view().center_world == place);
        camera.zoom(5.0);
        camera.go_close_to(place, 2500.0);
        assert!((camera.view().denominator() - 500.0).abs() < 1e-6);
    }

    #[test]
    fn a_box_that_was_gone_to_is_what_is_looked_at() {
        let mut camera = Camera::default();
        let [city, county] = [10.0, 30.0].map(|side| Bounds::new(0.0, 0.0, side * 1000.0, side * 1000.0));
        camera.go_to_bounds(&city);
        assert!(camera.is_on(&city) && !camera.is_on(&county));
        camera.pan_px([40.0, 0.0]);
        assert!(!camera.is_on(&city));
    }
}
