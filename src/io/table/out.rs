//! How a table keeps the place of a row on its way out: so that it is found again on the way in.

use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::task::Problem;
use crate::text::{Lang, Text};

/// How the place of a row is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::io) enum Shape {
    /// Not at all.
    Nowhere,
    /// In a column each, with heights if there are some.
    Xy { has_z: bool },
    /// As well-known text.
    Wkt,
}

impl Shape {
    /// For a layer of this kind.
    pub(in crate::io) fn of(kind: Option<GeometryKind>) -> Self {
        match kind {
            None => Self::Nowhere,
            Some(GeometryKind::Point) => Self::Xy { has_z: false },
            Some(_) => Self::Wkt,
        }
    }

    /// The same, with room for the heights that some of the first geometries have.
    pub(in crate::io) fn with_heights<'a>(self, mut first: impl Iterator<Item = &'a Geometry>) -> Self {
        match self {
            Self::Xy { .. } => Self::Xy { has_z: first.any(Geometry::has_z) },
            other => other,
        }
    }

    /// Names of its columns that no other column has. Words for files are the same everywhere, words for people are
    /// theirs.
    pub(in crate::io) fn names(self, is_geographic: bool, people: Option<Lang>, taken: &[&str]) -> Vec<String> {
        let sets: [[&str; 3]; 2] = match (is_geographic, people) {
            (true, None) => [["lon", "lat", "z"], ["longitude", "latitude", "z_coord"]],
            (false, None) => [["x", "y", "z"], ["x_coord", "y_coord", "z_coord"]],
            (true, Some(Lang::Zh)) => [["经度", "纬度", "Z坐标"], ["位置经度", "位置纬度", "坐标Z"]],
            (false, Some(Lang::Zh)) => [["东坐标", "北坐标", "Z坐标"], ["位置东坐标", "位置北坐标", "坐标Z"]],
            (true, Some(Lang::En)) => {
                [["Longitude", "Latitude", "Z"], ["Place longitude", "Place latitude", "Z coord"]]
            }
            (false, Some(Lang::En)) => [["Easting", "Northing", "Z"], ["Place easting", "Place northing", "Z coord"]],
        };
        let names = |set: [&'static str; 3]| match self {
            Self::Nowhere => Vec::new(),
            Self::Wkt => vec!["wkt"],
            Self::Xy { has_z } => set[..if has_z { 3 } else { 2 }].to_vec(),
        };
        let is_free = |name: &&str| !taken.iter().any(|taken| taken.eq_ignore_ascii_case(name));
        let chosen = names(if names(sets[0]).iter().all(&is_free) { sets[0] } else { sets[1] });
        let free = |name: &str| if is_free(&name) { name.to_owned() } else { format!("geometry_{name}") };
        chosen.into_iter().map(free).collect()
    }
}

/// The position of a point: east, north, height if there is one. A geometry without positions has none.
///
/// # Errors
/// The problem with a geometry of several positions.
pub(in crate::io) fn position(geometry: Option<&Geometry>) -> Result<Option<[Option<f64>; 3]>, Problem> {
    let mut only = Only::default();
    if let Some(geometry) = geometry {
        geometry.walk(&mut only);
    }
    if only.count > 1 {
        let what = Text::new("不是单个点，坐标留空", "it is no single point: its coordinates are left empty");
        return Err(Problem::error("table.no-point", what));
    }
    Ok(only.at.filter(|[x, ..]| x.is_some_and(f64::is_finite)))
}

#[derive(Default)]
struct Only {
    count: usize,
    at: Option<[Option<f64>; 3]>,
}

impl Visitor for Only {
    fn path(&mut self, coords: Coords<'_>) {
        self.count += coords.len();
        if !coords.is_empty() {
            let [x, y] = coords.xy(0);
            self.at = Some([Some(x), Some(y), coords.z(0)]);
        }
    }
}
