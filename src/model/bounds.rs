//! Boxes.

/// Axis-aligned box: west, south, east, north in whatever CRS the coordinates have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Smallest x and y.
    pub min: [f64; 2],
    /// Largest x and y.
    pub max: [f64; 2],
}

impl Bounds {
    /// The box that holds nothing, ready to be extended.
    pub const EMPTY: Self = Self { min: [f64::INFINITY; 2], max: [f64::NEG_INFINITY; 2] };

    /// The box with these corners.
    pub fn new(west: f64, south: f64, east: f64, north: f64) -> Self {
        Self { min: [west, south], max: [east, north] }
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.min[0] > self.max[0] || self.min[1] > self.max[1]
    }

    /// Grows to hold `point`.
    pub fn extend(&mut self, point: [f64; 2]) {
        for axis in 0..2 {
            self.min[axis] = self.min[axis].min(point[axis]);
            self.max[axis] = self.max[axis].max(point[axis]);
        }
    }

    /// The smallest box that holds both.
    pub fn union(&self, other: &Self) -> Self {
        let mut both = *self;
        both.extend(other.min);
        both.extend(other.max);
        if other.is_empty() { *self } else { both }
    }

    /// Whether the two share a point; borders count.
    pub fn intersects(&self, other: &Self) -> bool {
        (0..2).all(|axis| self.min[axis] <= other.max[axis] && self.max[axis] >= other.min[axis])
    }

    /// Whether `point` is inside or on the border.
    pub fn contains(&self, point: [f64; 2]) -> bool {
        (0..2).all(|axis| self.min[axis] <= point[axis] && point[axis] <= self.max[axis])
    }

    /// The middle.
    pub fn center(&self) -> [f64; 2] {
        [f64::midpoint(self.min[0], self.max[0]), f64::midpoint(self.min[1], self.max[1])]
    }

    /// Extent in x.
    pub fn width(&self) -> f64 {
        self.max[0] - self.min[0]
    }

    /// Extent in y.
    pub fn height(&self) -> f64 {
        self.max[1] - self.min[1]
    }

    /// The box with `margin` added on every side.
    pub fn grown(&self, margin: f64) -> Self {
        Self::new(self.min[0] - margin, self.min[1] - margin, self.max[0] + margin, self.max[1] + margin)
    }
}
