//! What an export leaves out and blurs, so that it can be handed on: which fields go out, and how exact a place is.

use std::path::Path;

use geo::MapCoords as _;
use geo_types as gt;
use serde::{Deserialize, Serialize};

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::model::feature::Feature;
use crate::model::geometry::Geometry;
use crate::model::schema::Schema;
use crate::task::Problem;
use crate::text;
use crate::text::Text;

use crate::session::Session;
use crate::session::answer::{Failure, FailureKind};

/// Version of the form that is written.
const VERSION: u32 = 1;
/// Largest file that is read as a profile, bytes.
const LARGEST: u64 = 1 << 20;
/// One degree of latitude on the ground, metres; of longitude, at the equator.
const DEGREE_M: f64 = 111_320.0;

/// The widest grid, metres: a degree of latitude.
pub const WIDEST_M: f64 = 100_000.0;

/// What an export leaves out and blurs.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Profile {
    /// Version of this form.
    #[serde(rename = "citygrid_profile")]
    form: u32,
    /// The fields that go out, by id or name, in this order; all without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<String>>,
    /// Places are put on a grid that is so wide on the ground, metres; they are exact without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub round_m: Option<f64>,
}

impl Profile {
    /// The one that lets these fields out, and puts places on a grid of so many metres.
    pub fn new(fields: Option<Vec<String>>, round_m: Option<f64>) -> Self {
        Self { form: VERSION, fields, round_m }
    }

    /// Reads a profile from a file.
    ///
    /// # Errors
    /// The file cannot be read, or is no profile that this program knows.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let name = path.display();
        let failed = |kind, Text { zh, en }: Text| Failure::new(kind, text!("{name}：{zh}", "{name}: {en}"));
        let read = std::fs::metadata(path).and_then(|about| {
            if about.len() > LARGEST { Err(std::io::ErrorKind::FileTooLarge.into()) } else { std::fs::read(path) }
        });
        let bytes =
            read.map_err(|error| failed(FailureKind::File, text::disk::why(&error, text::disk::Doing::Reading)))?;
        let is_known = |profile: &Self| profile.form == VERSION && profile.round_m.is_none_or(is_width);
        let profile = serde_json::from_slice(&bytes).ok().filter(is_known);
        profile.ok_or_else(|| {
            let what = Text::new("不是本版程序的导出方案", "no export profile of this version of the program");
            failed(FailureKind::Data, what)
        })
    }

    fn write(&self, path: &Path) -> Result<(), Failure> {
        let written = crate::io::atomic::write(path, true, |out| {
            serde_json::to_writer_pretty(&mut *out, self).map_err(std::io::Error::from)?;
            Ok(())
        });
        written.map_err(|error| crate::session::export::write_failure(&error))
    }
}

/// Whether a grid can be so wide, metres.
pub fn is_width(metres: f64) -> bool {
    metres > 0.0 && metres <= WIDEST_M
}

impl Session {
    /// Reads an export profile; why it cannot be read becomes a notice.
    pub fn read_profile(&mut self, path: &Path) -> Option<Profile> {
        Profile::read(path).map_err(|failure| self.complain(failure, Some(crate::session::deed::Deed::Export))).ok()
    }

    pub(in crate::session) fn save_profile(&mut self, path: &Path, profile: &Profile) -> Result<(), Failure> {
        profile.write(path)?;
        let name = path.display();
        self.notify(
            crate::session::NoticeLevel::Ok,
            text!("已存为导出方案：{name}", "Profile saved: {name}"),
            Vec::new(),
        );
        Ok(())
    }
}

/// A profile made ready for one layer.
pub(super) struct Redactor {
    /// The layer as it goes out.
    pub(super) schema: Schema,
    /// For each field that goes out its place in the layer.
    places: Vec<usize>,
    grid: Option<Grid>,
    rows: i64,
    /// Lines and areas that are smaller than the grid.
    small: u64,
}

/// A grid on the ground, and the way of a layer's places to degrees.
struct Grid {
    width_m: f64,
    to_degrees: Transform,
}

impl Redactor {
    /// For rows of `schema`.
    ///
    /// # Errors
    /// A field does not exist, or the layer's places have no degrees.
    pub(super) fn new(schema: &Schema, profile: &Profile) -> Result<Self, Failure> {
        let place = |word: &String| {
            let place = schema.fields.iter().position(|field| field.is_named(word));
            place.ok_or_else(|| {
                Failure::new(FailureKind::Usage, text!("没有字段“{word}”", "There is no field “{word}”"))
            })
        };
        let places: Vec<usize> = match &profile.fields {
            Some(words) => words.iter().map(place).collect::<Result<_, _>>()?,
            None => (0..schema.fields.len()).collect(),
        };
        let fields = places.iter().map(|&place| schema.fields[place].clone()).collect();
        let mut schema = Schema { fields, ..schema.clone() };
        let grid = match profile.round_m {
            Some(width_m) => {
                // Places that are of no known system are drawn as degrees.
                let from = if schema.crs == Crs::Unknown { Crs::WGS84 } else { schema.crs };
                let to_degrees = Transform::new(from, Crs::WGS84)
                    .map_err(|error| Failure::new(FailureKind::Data, Text::owned(error.zh(), error.en())))?;
                schema.crs = Crs::WGS84;
                Some(Grid { width_m, to_degrees })
            }
            None => None,
        };
        Ok(Self { schema, places, grid, rows: 0, small: 0 })
    }

    /// The row as it goes out: numbered anew, so that its number in the city stays there. A place that cannot be blurred
    /// is left out.
    pub(super) fn apply(&mut self, feature: Feature) -> Feature {
        self.rows += 1;
        let values = self.places.iter().map(|&place| feature.values.get(place).cloned().unwrap_or_default()).collect();
        let geometry = match &self.grid {
            Some(grid) => feature.geometry.and_then(|geometry| grid.blurred(&geometry, &mut self.small)),
            None => feature.geometry,
        };
        Feature { id: self.rows, geometry, values }
    }

    /// What there is to tell at the end.
    pub(super) fn problem(&self) -> Option<Problem> {
        let (small, width) = (self.small, self.grid.as_ref()?.width_m);
        (small > 0).then(|| {
            let what = text!(
                "{small} 个线或面比 {width} 米的网格小，只写出它所在的网格",
                "{small} lines and areas are smaller than the grid of {width} m: only their cell is written"
            );
            Problem::warning("redact.small", what)
        })
    }
}

impl Grid {
    fn blurred(&self, geometry: &Geometry, small: &mut u64) -> Option<Geometry> {
        let degrees = geometry.try_map_xy(|at| self.to_degrees.point(at)).ok()?;
        let was_small = *small;
        let shape = self.shape(&degrees.to_geo(), small);
        *small = (*small).min(was_small + 1); // a geometry of many parts counts once
        Some(Geometry::from_geo(&shape))
    }

    fn shape(&self, shape: &gt::Geometry<f64>, small: &mut u64) -> gt::Geometry<f64> {
        match shape {
            gt::Geometry::LineString(line) => gt::Geometry::LineString(self.line(line, small)),
            gt::Geometry::MultiLineString(lines) => {
                gt::Geometry::MultiLineString(lines.iter().map(|line| self.line(line, small)).collect())
            }
            gt::Geometry::Polygon(area) => gt::Geometry::Polygon(self.area(area, small)),
            gt::Geometry::MultiPolygon(areas) => {
                gt::Geometry::MultiPolygon(areas.iter().map(|area| self.area(area, small)).collect())
            }
            gt::Geometry::MultiPoint(points) => {
                let mut nodes: Vec<gt::Coord<f64>> = points.iter().map(|point| self.node(point.0)).collect();
                nodes.dedup();
                gt::Geometry::MultiPoint(nodes.into_iter().map(gt::Point).collect())
            }
            gt::Geometry::GeometryCollection(parts) => {
                gt::Geometry::GeometryCollection(parts.iter().map(|part| self.shape(part, small)).collect())
            }
            other => other.map_coords(|at| self.node(at)),
        }
    }

    fn line(&self, line: &gt::LineString<f64>, small: &mut u64) -> gt::LineString<f64> {
        let mut nodes = self.nodes(line);
        if let [only] = nodes[..] {
            *small += 1;
            let [half, _] = self.half(only.y);
            nodes = vec![gt::Coord { x: only.x - half, y: only.y }, gt::Coord { x: only.x + half, y: only.y }];
        }
        gt::LineString(nodes)
    }

    fn area(&self, area: &gt::Polygon<f64>, small: &mut u64) -> gt::Polygon<f64> {
        let mut outer = self.nodes(area.exterior());
        if let (Some(first), true) = (outer.first().copied(), outer.len() < 4) {
            *small += 1;
            let [x, y] = self.half(first.y);
            let corner = |east: f64, north: f64| gt::Coord { x: first.x + east * x, y: first.y + north * y };
            outer = vec![corner(-1.0, -1.0), corner(1.0, -1.0), corner(1.0, 1.0), corner(-1.0, 1.0)];
            return gt::Polygon::new(gt::LineString(outer), Vec::new());
        }
        let inner = area.interiors().iter().map(|ring| self.nodes(ring)).filter(|ring| ring.len() >= 4);
        gt::Polygon::new(gt::LineString(outer), inner.map(gt::LineString).collect())
    }

    fn nodes(&self, line: &gt::LineString<f64>) -> Vec<gt::Coord<f64>> {
        let mut nodes: Vec<gt::Coord<f64>> = line.coords().map(|at| self.node(*at)).collect();
        nodes.dedup();
        nodes
    }

    /// The node of the grid that is nearest, in degrees. Rows of it lie on parallels; on each the nodes are as far apart as
    /// the rows are.
    fn node(&self, at: gt::Coord<f64>) -> gt::Coord<f64> {
        let up = self.width_m / DEGREE_M;
        let y = ((at.y / up).round() * up).clamp(-90.0, 90.0);
        let across = self.half(y)[0] * 2.0;
        gt::Coord { x: ((at.x / across).round() * across).clamp(-180.0, 180.0), y }
    }

    /// Half the width of a cell at a latitude, in degrees: of longitude, of latitude.
    fn half(&self, lat: f64) -> [f64; 2] {
        let half = self.width_m / DEGREE_M / 2.0;
        [half / lat.to_radians().cos().max(0.01), half]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::geometry::GeometryKind;
    use crate::model::schema::Field;
    use crate::model::value::Value;

    #[test]
    fn only_the_listed_fields_go_out_and_rows_are_numbered_anew() {
        let profile = Profile::new(Some(vec!["名称".to_owned()]), None);
        let mut redactor = Redactor::new(&schema(), &profile).expect("fields");
        let values = vec![Value::from("13800000000"), Value::from("甲")];
        let row = redactor.apply(Feature { id: 4711, geometry: None, values });
        assert_eq!((row.id, row.values), (1, vec![Value::from("甲")]));
        assert_eq!(redactor.schema.fields.len(), 1);
        let wrong = Profile::new(Some(vec!["没有".to_owned()]), None);
        assert!(Redactor::new(&schema(), &wrong).is_err());
    }

    #[test]
    fn no_vertex_stays_where_it_was_and_none_moves_farther_than_the_grid() {
        let exact = [[115.985_03, 29.712_34], [115.991_17, 29.715_61], [115.987_77, 29.719_99]];
        for geometry in [Geometry::line(&exact), Geometry::polygon(&exact), Geometry::point(115.985_03, 29.712_34)] {
            let blurred = check(&geometry, 100.0);
            assert_eq!(blurred.kind(), geometry.kind());
        }
    }

    #[test]
    fn what_is_smaller_than_the_grid_becomes_its_cell() {
        let house = [[116.000_2, 29.7], [116.000_3, 29.7], [116.000_3, 29.700_1], [116.000_2, 29.7]];
        let profile = Profile::new(None, Some(100.0));
        let mut redactor = Redactor::new(&schema(), &profile).expect("a grid");
        let mut width_m = |geometry| {
            let row = redactor.apply(Feature { id: 1, geometry: Some(geometry), values: Vec::new() });
            row.geometry.map_or(0.0, |it| it.bounds().width() * DEGREE_M * 29.7_f64.to_radians().cos())
        };
        assert!((width_m(Geometry::polygon(&house)) - 100.0).abs() < 0.1);
        assert!((width_m(Geometry::line(&house[..2])) - 100.0).abs() < 0.1);
        assert!(redactor.problem().is_some_and(|problem| problem.what.en.starts_with("2 lines and areas")));
    }

    #[test]
    fn a_profile_survives_its_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("p.json");
        let profile = Profile::new(Some(vec!["name".to_owned()]), Some(50.0));
        profile.write(&path).expect("written");
        assert_eq!(Profile::read(&path).expect("read"), profile);
        for wrong in ["{}", "{\"citygrid_profile\":1,\"round_m\":-5}", "[", "{\"citygrid_profile\":9}"] {
            std::fs::write(&path, wrong).expect("written");
            assert!(Profile::read(&path).is_err(), "{wrong}");
        }
    }

    /// Every position lies on the grid: blurring again moves nothing; and the box is near the old one.
    #[track_caller]
    fn check(geometry: &Geometry, round_m: f64) -> Geometry {
        let profile = Profile::new(None, Some(round_m));
        let mut redactor = Redactor::new(&schema(), &profile).expect("a grid");
        let mut blur = |geometry: &Geometry| {
            let row = redactor.apply(Feature { id: 1, geometry: Some(geometry.clone()), values: Vec::new() });
            row.geometry.expect("a place")
        };
        let once = blur(geometry);
        let (then, now) = (geometry.bounds(), once.bounds());
        for corner in 0..2 {
            let off = (then.min[corner] - now.min[corner]).abs().max((then.max[corner] - now.max[corner]).abs());
            assert!(off > 0.0 && off < round_m / DEGREE_M * 0.6, "{off}");
        }
        let again = blur(&once).bounds();
        assert!((again.min[0] - now.min[0]).abs() < 1e-9 && (again.max[1] - now.max[1]).abs() < 1e-9);
        once
    }

    fn schema() -> Schema {
        Schema {
            table: "t".to_owned(),
            name: Text::same("t"),
            kind: "plain".into(),
            geometry: Some(GeometryKind::Collection),
            crs: Crs::WGS84,
            z_order: 0,
            fields: vec![Field::text("phone", "电话", "Phone"), Field::text("name", "名称", "Name")],
        }
    }
}
