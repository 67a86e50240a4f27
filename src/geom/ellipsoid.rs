//! Ellipsoids, and the seven-parameter shift between the datums that sit on them.

/// An ellipsoid of revolution.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ellipsoid {
    /// Semi-major axis, metres.
    pub a_m: f64,
    /// Flattening.
    pub f: f64,
}

/// What PROJ calls the ellipsoids that city data come on, with semi-major axis and inverse flattening.
const NAMED: [(&str, f64, f64); 9] = [
    ("WGS84", 6_378_137.0, 298.257_223_563),
    ("GRS80", 6_378_137.0, 298.257_222_101),
    ("krass", 6_378_245.0, 298.3),
    ("IAU76", 6_378_140.0, 298.257),
    ("bessel", 6_377_397.155, 299.152_812_8),
    ("intl", 6_378_388.0, 297.0),
    ("WGS72", 6_378_135.0, 298.26),
    ("evrst30", 6_377_276.345, 300.8017),
    ("clrk66", 6_378_206.4, 294.978_698_213_898),
];

impl Ellipsoid {
    /// That of WGS 84.
    pub const WGS84: Self = Self { a_m: 6_378_137.0, f: 1.0 / 298.257_223_563 };

    /// From semi-major axis and inverse flattening; an inverse flattening of 0 is a sphere.
    pub fn new(a_m: f64, inverse_flattening: f64) -> Option<Self> {
        let f = if inverse_flattening == 0.0 { 0.0 } else { 1.0 / inverse_flattening };
        ((1e6..1e8).contains(&a_m) && (0.0..0.1).contains(&f)).then_some(Self { a_m, f })
    }

    /// The one that PROJ knows by this name.
    pub fn named(name: &str) -> Option<Self> {
        let (_, a_m, inverse) = NAMED.into_iter().find(|(known, ..)| *known == name)?;
        Self::new(a_m, inverse)
    }

    /// First eccentricity, squared.
    pub fn e2(self) -> f64 {
        self.f * (2.0 - self.f)
    }

    /// Earth-centred metres of a place on the ellipsoid itself.
    pub fn geocentric(self, [lon, lat]: [f64; 2]) -> [f64; 3] {
        let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
        let (sin_lon, cos_lon) = lon.to_radians().sin_cos();
        let prime_vertical_m = self.a_m / (1.0 - self.e2() * sin_lat * sin_lat).sqrt();
        let z = prime_vertical_m * (1.0 - self.e2()) * sin_lat;
        [prime_vertical_m * cos_lat * cos_lon, prime_vertical_m * cos_lat * sin_lon, z]
    }

    /// Degrees of an earth-centred place; its height is let go. Near the ground right to a millionth of a millimetre.
    pub fn degrees(self, [x, y, z]: [f64; 3]) -> [f64; 2] {
        let e2 = self.e2();
        let from_axis = x.hypot(y);
        // Bowring's step on the reduced latitude; the second one is for places high above the ground.
        let mut reduced = (z / (from_axis * (1.0 - self.f))).atan();
        let mut lat = reduced;
        for _ in 0..3 {
            let up = z + e2 * (1.0 - self.f) / (1.0 - e2) * self.a_m * reduced.sin().powi(3);
            let out = from_axis - e2 * self.a_m * reduced.cos().powi(3);
            lat = up.atan2(out);
            reduced = ((1.0 - self.f) * lat.tan()).atan();
        }
        [y.atan2(x).to_degrees(), lat.to_degrees()]
    }
}

/// Which way the three rotations of a seven-parameter shift turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RotationSense {
    /// The position vector turns (EPSG method 9606; PROJ's `+towgs84`, Bursa–Wolf in most software).
    PositionVector,
    /// The coordinate frame turns (EPSG method 9607): the same numbers with the opposite sign.
    CoordinateFrame,
}

/// A seven-parameter similarity from a datum to WGS 84 (布尔莎模型).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Helmert {
    /// Translations along X, Y and Z, metres.
    pub shift_m: [f64; 3],
    /// Rotations about X, Y and Z, seconds of arc.
    pub rotation_arcsec: [f64; 3],
    /// Change of scale, parts per million.
    pub scale_ppm: f64,
    /// What the rotations turn.
    pub sense: RotationSense,
}

impl Helmert {
    /// Reads PROJ's `+towgs84`: three or seven numbers, as a position vector.
    pub fn from_towgs84(numbers: &[f64]) -> Option<Self> {
        let all: [f64; 7] = match numbers {
            [x, y, z] => [*x, *y, *z, 0.0, 0.0, 0.0, 0.0],
            seven => seven.try_into().ok()?,
        };
        let [x, y, z, rx, ry, rz, scale_ppm] = all;
        let sound = all.iter().all(|number| number.is_finite() && number.abs() < 1e5);
        let sense = RotationSense::PositionVector;
        sound.then_some(Self { shift_m: [x, y, z], rotation_arcsec: [rx, ry, rz], scale_ppm, sense })
    }

    /// The seven numbers in the order of `+towgs84`, with the signs as they are entered.
    pub fn numbers(&self) -> [f64; 7] {
        let ([x, y, z], [rx, ry, rz]) = (self.shift_m, self.rotation_arcsec);
        [x, y, z, rx, ry, rz, self.scale_ppm]
    }

    /// The seven numbers of `+towgs84`, whichever way the rotations were entered.
    pub fn towgs84(&self) -> [f64; 7] {
        let sign = match self.sense {
            RotationSense::PositionVector => 1.0,
            RotationSense::CoordinateFrame => -1.0,
        };
        let ([x, y, z], [rx, ry, rz]) = (self.shift_m, self.rotation_arcsec.map(|angle| angle * sign));
        [x, y, z, rx, ry, rz, self.scale_ppm]
    }

    /// WGS 84 from the datum, earth-centred metres.
    pub fn wgs84_from_datum(&self, at: [f64; 3]) -> [f64; 3] {
        let ([rx, ry, rz], scale) = self.small();
        let [x, y, z] = at;
        let turned = [x - rz * y + ry * z, rz * x + y - rx * z, -ry * x + rx * y + z];
        std::array::from_fn(|axis| scale * turned[axis] + self.shift_m[axis])
    }

    /// The datum from WGS 84, earth-centred metres.
    pub fn datum_from_wgs84(&self, at: [f64; 3]) -> [f64; 3] {
        let ([rx, ry, rz], scale) = self.small();
        let [x, y, z]: [f64; 3] = std::array::from_fn(|axis| (at[axis] - self.shift_m[axis]) / scale);
        [x + rz * y - ry * z, -rz * x + y + rx * z, ry * x - rx * y + z]
    }

    /// Rotations as a position vector in radians, and the factor of scale.
    fn small(&self) -> ([f64; 3], f64) {
        let [.., rx, ry, rz, scale_ppm] = self.towgs84();
        ([rx, ry, rz].map(|seconds| (seconds / 3600.0).to_radians()), 1.0 + scale_ppm * 1e-6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn earth_centred_places_come_back_from_any_height_that_a_datum_shift_makes() {
        for place in [[116.0, 29.7], [-73.0, -40.0], [0.0, 0.0], [179.9, 89.9]] {
            for height in [-200.0, 0.0, 200.0] {
                let on = Ellipsoid::WGS84;
                let up = Ellipsoid { a_m: on.a_m + height, ..on }.geocentric(place);
                let down = on.geocentric(place);
                let near = on.degrees(down);
                assert!((near[0] - place[0]).hypot(near[1] - place[1]) < 1e-13, "{near:?}");
                let far = on.degrees(up);
                assert!((far[1] - place[1]).abs() < 1e-5, "{far:?}");
            }
        }
    }

    /// The worked example of EPSG Guidance Note 7-2 (method 9606), WGS 72 to WGS 84, and its mirror (9607).
    #[test]
    fn both_senses_of_rotation_give_the_worked_example_of_epsg() {
        let from = [3_657_660.66, 255_768.55, 5_201_382.11];
        let expected = [3_657_660.78, 255_778.43, 5_201_387.75];
        for (sense, seconds) in [(RotationSense::PositionVector, 0.554), (RotationSense::CoordinateFrame, -0.554)] {
            let shift =
                Helmert { shift_m: [0.0, 0.0, 4.5], rotation_arcsec: [0.0, 0.0, seconds], scale_ppm: 0.219, sense };
            let found = shift.wgs84_from_datum(from);
            let back = shift.datum_from_wgs84(found);
            for axis in 0..3 {
                assert!((found[axis] - expected[axis]).abs() < 0.006, "{found:?}");
                assert!((back[axis] - from[axis]).abs() < 1e-4, "{back:?}");
            }
        }
    }
}
