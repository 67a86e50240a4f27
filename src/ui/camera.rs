//! Where the map looks: middle, scale, turn and size, the way between screen and world, and the views a person came
//! through.
//!
//! World is Web Mercator metres, y upwards. Screen is logical pixels from the map's upper left corner, y downwards.

use std::f64::consts::{PI, TAU};

use crate::model::geometry::Bounds;
use crate::render::view::View as Picture;
use crate::session::place;

/// Closest and farthest look, as denominators: a manhole cover, and the whole country.
pub const SCALE_LIMITS: [f64; 2] = [50.0, 20_000_000.0];
/// Beyond this the square world of Web Mercator ends.
const WORLD_EDGE: f64 = 20_037_508.0;

/// Middle, scale and turn of the map.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Middle, Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres per logical pixel.
    pub metres_per_px: f64,
    /// Turn of the map, clockwise on the screen, radians between −π and π; 0 has north at the top.
    pub rotation_rad: f64,
}

impl Default for View {
    /// Jiujiang at 1:40,000 or so: what is seen before a city is open.
    fn default() -> Self {
        Self { center_world: place::world_from_lonlat([115.99, 29.71]), metres_per_px: 12.0, rotation_rad: 0.0 }
    }
}

impl View {
    /// The same, held inside the world and its scales; nonsense gives the default.
    pub fn clamped(self) -> Self {
        let [x, y] = self.center_world;
        if ![x, y, self.metres_per_px, self.rotation_rad].iter().all(|value| value.is_finite()) {
            return Self::default();
        }
        let center_world = self.center_world.map(|value| value.clamp(-WORLD_EDGE, WORLD_EDGE));
        let metres_per_px = held(self.metres_per_px, center_world);
        Self { center_world, metres_per_px, rotation_rad: half_turn(self.rotation_rad) }
    }

    /// The scale's denominator at the middle.
    pub fn denominator(&self) -> f64 {
        place::denominator(self.metres_per_px, self.center_world)
    }
}

/// The same turn between −π and π; one that is north up but for rounding is north up.
fn half_turn(rotation_rad: f64) -> f64 {
    let turn = rotation_rad.rem_euclid(TAU);
    let turn = if turn > PI + 1e-9 { turn - TAU } else { turn };
    if turn.abs() < 1e-9 { 0.0 } else { turn }
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
    /// Sine and cosine of the turn.
    turn: [f64; 2],
    size_px: [f64; 2],
    past: Vec<View>,
    future: Vec<View>,
    /// The view before the gesture that goes on now.
    before: Option<View>,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            view: View::default(),
            turn: [0.0, 1.0],
            size_px: [800.0, 600.0],
            past: Vec::new(),
            future: Vec::new(),
            before: None,
        }
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

    /// What is to be painted for it.
    pub fn picture(&self, pixel_ratio: f64) -> Picture {
        let View { center_world, metres_per_px, rotation_rad } = self.view;
        Picture { center_world, metres_per_px, rotation_rad, size_px: self.size_px, pixel_ratio }
    }

    /// The box around what it sees.
    pub fn bounds_world(&self) -> Bounds {
        let mut bounds = Bounds::EMPTY;
        self.corners_world().into_iter().for_each(|corner| bounds.extend(corner));
        bounds
    }

    /// The corners of what it sees: upper left, upper right, lower right, lower left.
    pub fn corners_world(&self) -> [[f64; 2]; 4] {
        let [width, height] = self.size_px;
        [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]].map(|corner| self.world_from_screen(corner))
    }

    /// A place on the screen.
    pub fn screen_from_world(&self, world: [f64; 2]) -> [f64; 2] {
        let View { center_world, metres_per_px, .. } = self.view;
        let ([sin, cos], [width, height]) = (self.turn, self.size_px);
        let x = (world[0] - center_world[0]) / metres_per_px;
        let y = (center_world[1] - world[1]) / metres_per_px;
        [x * cos - y * sin + width / 2.0, x * sin + y * cos + height / 2.0]
    }

    /// The place under a point of the screen.
    pub fn world_from_screen(&self, screen: [f64; 2]) -> [f64; 2] {
        let View { center_world, .. } = self.view;
        let [x, y] = self.world_step([screen[0] - self.size_px[0] / 2.0, screen[1] - self.size_px[1] / 2.0]);
        [center_world[0] + x, center_world[1] + y]
    }

    /// So many pixels to the right and down as metres of the world to the east and north.
    fn world_step(&self, [right, down]: [f64; 2]) -> [f64; 2] {
        let ([sin, cos], metres_per_px) = (self.turn, self.view.metres_per_px);
        [(right * cos + down * sin) * metres_per_px, (right * sin - down * cos) * metres_per_px]
    }

    /// The map follows the hand by so many pixels.
    pub fn pan_px(&mut self, delta_px: [f64; 2]) {
        let ([x, y], [dx, dy]) = (self.view.center_world, self.world_step(delta_px));
        self.moved_to(View { center_world: [x - dx, y - dy], ..self.view });
    }

    /// Zooms in (`factor` > 1) or out; the place under `screen` stays there.
    pub fn zoom_about(&mut self, screen: [f64; 2], factor: f64) {
        let metres_per_px = held(self.view.metres_per_px / factor, self.view.center_world);
        self.change_about(screen, View { metres_per_px, ..self.view });
    }

    /// Turns the map clockwise; the place under `screen` stays there.
    pub fn turn_about(&mut self, screen: [f64; 2], by_rad: f64) {
        self.change_about(screen, View { rotation_rad: half_turn(self.view.rotation_rad + by_rad), ..self.view });
    }

    /// Takes over scale and turn of `view`; the place under `screen` stays there.
    fn change_about(&mut self, screen: [f64; 2], view: View) {
        let fixed = self.world_from_screen(screen);
        self.moved_to(view);
        let ([x, y], now) = (self.view.center_world, self.world_from_screen(screen));
        self.moved_to(View { center_world: [x + fixed[0] - now[0], y + fixed[1] - now[1]], ..self.view });
    }

    /// Turns the map about its middle: clockwise, radians, 0 has north at the top. The turn before can be had back.
    pub fn turn_to(&mut self, rotation_rad: f64) {
        self.go(View { rotation_rad, ..self.view });
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

    /// Jumps so that a box drawn on the screen, from corner to corner, fills it.
    pub fn go_to_screen_box(&mut self, from: [f64; 2], to: [f64; 2]) {
        let center_world = self.world_from_screen([0, 1].map(|axis| f64::midpoint(from[axis], to[axis])));
        let shares = [0, 1].map(|axis| (to[axis] - from[axis]).abs() / self.size_px[axis]);
        let metres_per_px = self.view.metres_per_px * shares[0].max(shares[1]);
        self.go(View { center_world, metres_per_px, ..self.view });
    }

    /// Jumps so that a box is seen whole. A single place keeps the scale, or comes as close as 1:1,000.
    pub fn go_to_bounds(&mut self, bounds: &Bounds) {
        self.go_to_bounds_beside(bounds, 0.0);
    }

    /// The same where so many pixels at the right lie under something else: the box is seen in the rest.
    pub fn go_to_bounds_beside(&mut self, bounds: &Bounds, covered_px: f64) {
        let [width, height] = self.size_px;
        self.go_beside(self.view_of(bounds, [(width - covered_px).max(1.0), height]), covered_px);
    }

    /// Jumps so that the middle of `view` is the middle of what is left of so many pixels at the right.
    pub fn go_beside(&mut self, view: View, covered_px: f64) {
        let (sin, cos) = view.rotation_rad.sin_cos();
        let ([x, y], aside_m) = (view.center_world, covered_px / 2.0 * view.metres_per_px);
        self.go(View { center_world: [x + aside_m * cos, y + aside_m * sin], ..view });
    }

    /// Jumps to a place, and as close as 1:`denominator` if it was farther away.
    pub fn go_close_to(&mut self, center_world: [f64; 2], denominator: f64) {
        let closest = place::metres_per_px(denominator, center_world);
        self.go(View { center_world, metres_per_px: self.view.metres_per_px.min(closest), ..self.view });
    }

    /// Whether a box is what is looked at: [`Camera::go_to_bounds`] would change nothing that could be seen.
    pub fn is_on(&self, bounds: &Bounds) -> bool {
        let wanted = self.view_of(bounds, self.size_px).clamped();
        let apart = (0..2).map(|axis| (wanted.center_world[axis] - self.view.center_world[axis]).abs());
        let zoom = wanted.metres_per_px / self.view.metres_per_px;
        apart.fold(0.0, f64::max) < self.view.metres_per_px * 2.0 && (0.99..1.01).contains(&zoom)
    }

    fn view_of(&self, bounds: &Bounds, size_px: [f64; 2]) -> View {
        let center_world = bounds.center();
        let closest = place::metres_per_px(1000.0, center_world);
        let fit = place::metres_per_px_for(&self.turned(bounds), size_px);
        let is_place = bounds.width().max(bounds.height()) < 1.0;
        let metres_per_px = if is_place { self.view.metres_per_px.min(closest) } else { fit.max(closest / 4.0) };
        View { center_world, metres_per_px, ..self.view }
    }

    /// A box as wide and high as `bounds` is on the turned map.
    fn turned(&self, bounds: &Bounds) -> Bounds {
        let ([sin, cos], [width, height]) = (self.turn.map(f64::abs), [bounds.width(), bounds.height()]);
        Bounds::new(0.0, 0.0, width * cos + height * sin, width * sin + height * cos)
    }

    /// Goes where another view of the map goes, as one gesture with it.
    pub fn go_along(&mut self, view: View) {
        if view != self.view {
            self.moved_to(view);
        }
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
            self.look_at(view);
        }
    }

    /// Forth again.
    pub fn forth(&mut self) {
        self.settle();
        if let Some(view) = self.future.pop() {
            self.past.push(self.view);
            self.look_at(view);
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
        self.look_at(view.clamped());
    }

    fn look_at(&mut self, view: View) {
        self.view = view;
        self.turn = view.rotation_rad.sin_cos().into();
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
    fn a_box_is_seen_beside_what_covers_the_map() {
        let mut camera = Camera::default();
        camera.resize([1000.0, 700.0]);
        camera.turn_to(0.4);
        let bounds = Bounds::new(1000.0, 2000.0, 1800.0, 2300.0);
        camera.go_to_bounds_beside(&bounds, 600.0);
        check_near(camera.screen_from_world(bounds.center()), [200.0, 350.0]);
        let corners = [bounds.min, bounds.max].map(|corner| camera.screen_from_world(corner)[0]);
        assert!(corners.iter().all(|x| (0.0..=400.0).contains(x)), "{corners:?}");
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
    fn there_and_back_is_the_same_place_whatever_the_turn_and_as_it_is_painted() {
        for degrees in [0.0, 15.0, 90.0, -137.0, 180.0] {
            let mut camera = Camera::default();
            camera.turn_to(f64::to_radians(degrees));
            for at in [[0.0, 0.0], [799.0, 3.0], [123.0, 456.0]] {
                let world = camera.world_from_screen(at);
                check_near(camera.screen_from_world(world), at);
                check_near(camera.picture(2.0).screen_from_world(world), at);
            }
        }
    }

    #[test]
    fn a_turn_is_clockwise_about_the_pointer_and_comes_round() {
        let mut camera = Camera::default();
        let [x, y] = camera.view().center_world;
        camera.turn_to(15_f64.to_radians());
        assert!(camera.screen_from_world([x, y + 1000.0])[0] > 400.0);
        let (pointer, place) = ([130.0, 40.0], camera.world_from_screen([130.0, 40.0]));
        for _ in 0..23 {
            camera.turn_about(pointer, 15_f64.to_radians());
            check_near(camera.screen_from_world(place), pointer);
        }
        assert!(camera.view().rotation_rad == 0.0, "{}", camera.view().rotation_rad);
    }

    #[test]
    fn a_box_is_seen_whole_on_a_turned_map_too() {
        let mut camera = Camera::default();
        camera.turn_to(0.6);
        let bounds = Bounds::new(12_900_000.0, 3_460_000.0, 12_910_000.0, 3_462_000.0);
        camera.go_to_bounds(&bounds);
        for corner in [bounds.min, bounds.max, [bounds.min[0], bounds.max[1]], [bounds.max[0], bounds.min[1]]] {
            let [x, y] = camera.screen_from_world(corner);
            assert!((0.0..=800.0).contains(&x) && (0.0..=600.0).contains(&y), "{x} {y}");
        }
        assert!(camera.is_on(&bounds));
        let wanted = camera.world_from_screen([300.0, 200.0]);
        camera.go_to_screen_box([200.0, 150.0], [400.0, 250.0]);
        check_near(camera.view().center_world, wanted);
    }

    #[test]
    fn the_map_follows_the_hand() {
        let mut camera = Camera::default();
        camera.turn_to(1.0);
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
        camera.go(View { center_world: [f64::NAN, 0.0], ..View::default() });
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
