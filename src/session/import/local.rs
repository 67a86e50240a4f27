//! Coordinates of a place that nobody knows: they get a plane of their own, so that lengths are right where they are
//! metres and the map shows them, and it is told that their place means nothing.

use crate::geom::crs::Crs;
use crate::geom::own::{OwnCrs, OwnForm};
use crate::io::format::{CrsOrigin, Survey};
use crate::io::swmm::Original;
use crate::model::geometry::Bounds;
use crate::store::reader::LayerInfo;
use crate::task::Problem;
use crate::text;
use crate::text::Text;

use crate::session::answer::{Failure, FailureKind};
use crate::session::snapshot::mapped_bounds;

/// Where such a plane lies if the city has nothing yet: in the middle of the country, degrees.
const NOWHERE_DEG: [f64; 2] = [105.0, 35.0];
/// Half the size of a plane on which lengths are still right to a thousandth, metres.
const REACH_M: f64 = 250_000.0;

/// Gives a surveyed file a plane whose middle lies in the middle of the city, or of the country. A file that says where
/// it lies is left as it is.
///
/// # Errors
/// The coordinates are spread too far to lie in a city.
pub(super) fn put_in_plane(survey: &mut Survey, layers: &[LayerInfo]) -> Result<(), Failure> {
    if survey.crs_origin == CrsOrigin::Declared || survey.crs.is_geographic() {
        let what = Text::new(
            "文件的坐标系已知，没有按“位置不明”处理",
            "the coordinate system is known: its place was not taken as unknown",
        );
        survey.problems.push(Problem::warning("import.place-known", what));
        return Ok(());
    }
    let bounds = survey.layers.iter().fold(Bounds::EMPTY, |all, draft| all.union(&draft.bounds));
    if bounds.is_empty() {
        return Ok(());
    }
    let unit_m = Original::of(survey).map_or(1.0, Original::unit_m);
    let [x, y] = bounds.center().map(|middle| (middle * unit_m).round());
    let half_m = (bounds.max[0] - bounds.min[0]).max(bounds.max[1] - bounds.min[1]) * unit_m / 2.0;
    if half_m > REACH_M {
        let km = half_m * 2.0 / 1000.0;
        let text = text!(
            "坐标范围有 {km:.0} 公里，不像一个城市的米制坐标，请用 --crs 指定坐标系",
            "the coordinates span {km:.0} km: no metres of a city; say the coordinate system with --crs"
        );
        return Err(Failure::new(FailureKind::Data, text));
    }
    let [lon, lat] = middle_of(layers).unwrap_or(NOWHERE_DEG).map(|degrees| (degrees * 1e4).round() / 1e4);
    let unit = if unit_m == 1.0 { "+units=m".to_owned() } else { format!("+to_meter={unit_m}") };
    let words = format!("+proj=tmerc +lat_0={lat} +lon_0={lon} +k=1 +x_0={x} +y_0={y} +ellps=GRS80 {unit} +no_defs");
    let own = OwnCrs { name: "位置不明 / place unknown".to_owned(), form: OwnForm::Proj(words) };
    survey.crs = own.learn().map_err(|error| Failure::new(FailureKind::Data, Text::owned(error.zh(), error.en())))?;
    survey.crs_origin = CrsOrigin::Asked;
    survey.problems.listed.retain(|problem| problem.rule.rsplit('.').next() != Some("crs"));
    let (unit_zh, unit_en) = if unit_m == 1.0 { ("米", "metres") } else { ("英尺", "feet") };
    let what = text!(
        "位置不明：放在以 {lon}, {lat} 为中心的平面上，位置没有意义；坐标以{unit_zh}为单位时，量得的长度才可靠；\
         记录的长度不变",
        "place unknown: put on a plane around {lon}, {lat}; the place means nothing; lengths are right if the model's \
         coordinates are {unit_en}; recorded lengths are kept"
    );
    survey.understood.push(what.clone());
    survey.problems.push(Problem::warning("import.place-unknown", what));
    Ok(())
}

/// The middle of what the city has, WGS 84 degrees.
fn middle_of(layers: &[LayerInfo]) -> Option<[f64; 2]> {
    let degrees = layers.iter().filter_map(|info| mapped_bounds(info.bounds?, info.schema.crs, Crs::WGS84));
    let all = degrees.fold(Bounds::EMPTY, |all, bounds| all.union(&bounds));
    (!all.is_empty()).then(|| all.center())
}
