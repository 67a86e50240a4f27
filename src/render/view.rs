//! Which part of the world is seen, how large, and the way between world and screen.
//!
//! World coordinates are Web Mercator metres, x to the east and y to the north. Screen coordinates are logical pixels
//! (those at 100 %) from the view's upper left corner, y downwards. A scale is that of a screen with 96 logical pixels
//! to the inch: one is 0.2645833 mm wide, so that 1:2,500 means 0.66 m on the ground a pixel.

use crate::model::geometry::Bounds;

/// Width of a logical pixel on the screen in metres: 96 to the inch.
pub const METRES_PER_PIXEL: f64 = 0.0254 / 96.0;

/// Radius of the Web Mercator sphere in metres.
const WORLD_RADIUS_M: f64 = 6_378_137.0;

/// A part of the world and the size of its picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct View {
    /// Middle of the picture, Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres to one logical pixel (longer than metres on the ground: see [`View::ground_per_world`]).
    pub metres_per_px: f64,
    /// Turn of the map, clockwise on the screen, radians.
    pub rotation_rad: f64,
    /// Width and height in logical pixels.
    pub size_px: [f64; 2],
    /// Physical pixels to one logical pixel.
    pub pixel_ratio: f64,
}

impl View {
    /// A picture with north upwards at 100 %.
    pub fn new(center_world: [f64; 2], metres_per_px: f64, size_px: [f64; 2]) -> Self {
        Self { center_world, metres_per_px, rotation_rad: 0.0, size_px, pixel_ratio: 1.0 }
    }

    /// A picture at 1:`denominator`.
    pub fn at_scale(center_world: [f64; 2], denominator: f64, size_px: [f64; 2]) -> Self {
        let ground_per_px = denominator * METRES_PER_PIXEL;
        Self::new(center_world, ground_per_px / ground_per_world(center_world[1]), size_px)
    }

    /// The largest picture of this size that shows all of `bounds`.
    pub fn fit(bounds: Bounds, size_px: [f64; 2]) -> Self {
        let across = (bounds.width() / size_px[0].max(1.0)).max(bounds.height() / size_px[1].max(1.0));
        let metres_per_px = if across.is_finite() { across.max(1e-3) } else { 1.0 };
        let center = if bounds.is_empty() { [0.0; 2] } else { bounds.center() };
        Self::new(center, metres_per_px, size_px)
    }

    /// The same at another pixel ratio.
    pub fn pixel_ratio(self, pixel_ratio: f64) -> Self {
        Self { pixel_ratio, ..self }
    }

    /// Metres on the ground to one metre of the world, at the middle of the picture.
    pub fn ground_per_world(&self) -> f64 {
        ground_per_world(self.center_world[1])
    }

    /// Metres on the ground to one logical pixel, at the middle of the picture.
    pub fn ground_m_per_px(&self) -> f64 {
        self.metres_per_px * self.ground_per_world()
    }

    /// The scale's denominator at the middle of the picture.
    pub fn denominator(&self) -> f64 {
        self.ground_m_per_px() / METRES_PER_PIXEL
    }

    /// Where a place of the world is on the screen.
    pub fn screen_from_world(&self, world: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.rotation_rad.sin_cos();
        let x = (world[0] - self.center_world[0]) / self.metres_per_px;
        let y = (self.center_world[1] - world[1]) / self.metres_per_px;
        [x * cos - y * sin + self.size_px[0] / 2.0, x * sin + y * cos + self.size_px[1] / 2.0]
    }

    /// The place of the world at a pixel.
    pub fn world_from_screen(&self, screen: [f64; 2]) -> [f64; 2] {
        let (sin, cos) = self.rotation_rad.sin_cos();
        let (x, y) = (screen[0] - self.size_px[0] / 2.0, screen[1] - self.size_px[1] / 2.0);
        let (x, y) = (x * cos + y * sin, y * cos - x * sin);
        [self.center_world[0] + x * self.metres_per_px, self.center_world[1] - y * self.metres_per_px]
    }

    /// The box around all that is seen and `margin_px` more on every side, Web Mercator metres.
    pub fn bounds_world(&self, margin_px: f64) -> Bounds {
        let [width, height] = self.size_px;
        let mut bounds = Bounds::EMPTY;
        for x in [-margin_px, width + margin_px] {
            for y in [-margin_px, height + margin_px] {
                bounds.extend(self.world_from_screen([x, y]));
            }
        }
        bounds
    }

    /// Where the picture's upper left corner is on the endless map: logical pixels to the right of and below the world's
    /// origin.
    pub fn corner_px(&self) -> [f64; 2] {
        let (sin, cos) = self.rotation_rad.sin_cos();
        let [x, y] = [self.center_world[0] / self.metres_per_px, -self.center_world[1] / self.metres_per_px];
        [x * cos - y * sin - self.size_px[0] / 2.0, x * sin + y * cos - self.size_px[1] / 2.0]
    }

    /// The same picture elsewhere: with its upper left corner at this place of the endless map.
    pub fn with_corner_px(self, corner_px: [f64; 2]) -> Self {
        let (sin, cos) = self.rotation_rad.sin_cos();
        let (u, v) = (corner_px[0] + self.size_px[0] / 2.0, corner_px[1] + self.size_px[1] / 2.0);
        let (x, y) = (u * cos + v * sin, v * cos - u * sin);
        Self { center_world: [x * self.metres_per_px, -y * self.metres_per_px], ..self }
    }

    /// Width and height in physical pixels, each at least 1 and at most 16,384.
    pub fn size_physical(&self) -> [u16; 2] {
        self.size_px.map(|side| (side * self.pixel_ratio).round().clamp(1.0, 16_384.0) as u16)
    }

    /// Whether all numbers make sense: finite, sizes and scale above zero.
    pub fn is_valid(&self) -> bool {
        let finite = self.center_world.iter().chain(&self.size_px).chain([&self.rotation_rad]).all(|n| n.is_finite());
        let above = |number: f64| number.is_finite() && number > 0.0;
        finite && above(self.metres_per_px) && above(self.pixel_ratio) && self.size_px.iter().all(|&side| above(side))
    }
}

/// Metres on the ground to one metre of the world, at a northing in Web Mercator metres: the cosine of the latitude.
pub fn ground_per_world(northing_world: f64) -> f64 {
    (northing_world / WORLD_RADIUS_M).cosh().recip()
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use super::*;

    fn jiujiang() -> View {
        View::at_scale([12_916_000.0, 3_465_000.0], 2500.0, [1280.0, 800.0])
    }

    #[test]
    fn a_scale_is_one_of_the_ground_at_96_pixels_an_inch() {
        let view = jiujiang();
        assert!((view.denominator() - 2500.0).abs() < 1e-9);
        assert!((view.ground_m_per_px() - 0.661_458).abs() < 1e-6);
        assert!((view.metres_per_px / view.ground_m_per_px() - 1.151).abs() < 1e-3);
    }

    #[test]
    fn there_and_back_is_the_same_place() {
        for rotation_rad in [0.0, 0.4, -2.0] {
            let view = View { rotation_rad, ..jiujiang() };
            for at in [[0.0, 0.0], [1280.0, 0.0], [33.0, 700.0]] {
                let back = view.screen_from_world(view.world_from_screen(at));
                assert!((back[0] - at[0]).abs() < 1e-6 && (back[1] - at[1]).abs() < 1e-6, "{back:?} is not {at:?}");
            }
        }
    }

    #[test]
    fn north_is_up_and_a_turn_is_clockwise() {
        let view = jiujiang();
        let north = [view.center_world[0], view.center_world[1] + 100.0];
        assert!(view.screen_from_world(north)[1] < 400.0);
        let turned = View { rotation_rad: std::f64::consts::FRAC_PI_2, ..view };
        assert!(turned.screen_from_world(north)[0] > 640.0);
    }

    #[test]
    fn a_fitting_view_shows_all() {
        let bounds = Bounds::new(100.0, 200.0, 1100.0, 400.0);
        let seen = View::fit(bounds, [500.0, 500.0]).bounds_world(0.0);
        assert_eq!([seen.min[0], seen.max[0]], [100.0, 1100.0]);
        assert!(seen.min[1] < 200.0 && seen.max[1] > 400.0);
    }
}
