//! The plane of a base map: from its pixels to coordinates of its CRS and back.

/// Coordinates from pixels: `x = [0] + [1]·column + [2]·row`, `y = [3] + [4]·column + [5]·row`, with pixel corners at
/// whole numbers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Plane {
    forth: [f64; 6],
    back: [f64; 6],
}

impl Plane {
    /// North is up, pixels have a size, and the upper left corner is somewhere.
    pub(super) fn north_up([x, y]: [f64; 2], [wide, high]: [f64; 2]) -> Self {
        let forth = [x, wide, 0.0, y, 0.0, -high];
        let back = [-x / wide, 1.0 / wide, 0.0, y / high, 0.0, -1.0 / high];
        Self { forth, back }
    }

    /// Any plane; `None` where it has no way back.
    pub(super) fn new(forth: [f64; 6]) -> Option<Self> {
        let [x0, a, b, y0, c, d] = forth;
        let size = a * d - b * c;
        let back = [(b * y0 - d * x0) / size, d / size, -b / size, (c * x0 - a * y0) / size, -c / size, a / size];
        let is_sound = size != 0.0 && forth.iter().chain(&back).all(|number| number.is_finite());
        is_sound.then_some(Self { forth, back })
    }

    /// Coordinates of a pixel.
    pub(super) fn plane_from_px(&self, at: [f64; 2]) -> [f64; 2] {
        applied(&self.forth, at)
    }

    /// The pixel at coordinates.
    pub(super) fn px_from_plane(&self, at: [f64; 2]) -> [f64; 2] {
        applied(&self.back, at)
    }
}

fn applied([x0, a, b, y0, c, d]: &[f64; 6], [x, y]: [f64; 2]) -> [f64; 2] {
    [x0 + a * x + b * y, y0 + c * x + d * y]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_turned_plane_leads_back_to_the_pixel() {
        let plane = Plane::new([500_000.0, 0.3, 0.1, 3_300_000.0, 0.1, -0.3]).expect("a plane");
        let [x, y] = plane.px_from_plane(plane.plane_from_px([1234.5, 77.25]));
        assert!((x - 1234.5).abs() < 1e-6 && (y - 77.25).abs() < 1e-6, "{x} {y}");
        assert_eq!(Plane::new([0.0, 1.0, 2.0, 0.0, 2.0, 4.0]), None, "flat");
    }
}
