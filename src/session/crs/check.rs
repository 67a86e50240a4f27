//! A surveyed file is held against the open city, to see whether it is in the coordinate system that it is said to be in.

use std::ops::ControlFlow;
use std::path::Path;

use crate::geom::crs::Crs;
use crate::geom::transform::Transform;
use crate::io::error::ReadError;
use crate::io::format::{self, Survey};
use crate::model::geometry::{Bounds, Coords, Geometry, Visitor};
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Problem, Task};

use super::datum::{self, DatumVerdict, Doubt, MOST_PLACES};
use super::nearby::{self, Likeness, NearbyError};
use crate::session::answer::Failure;
use crate::session::import::{Plan, read_failure};

/// Features that are read to find places: of a longer layer the first ones tell enough.
const MOST_FEATURES: u64 = 20_000;

/// The verdict on the largest layer of a file; none if the file has no places. `goes_to` names for each of its layers the
/// layer or the kind that it is to become, where that is known.
///
/// # Errors
/// The file or the city cannot be read, or the person has stopped it.
pub(in crate::session) fn verdict(
    reader: &Reader,
    layers: &[LayerInfo],
    (path, survey): (&Path, &Survey),
    goes_to: &[Option<&str>],
    task: &mut Task<'_>,
) -> Result<Option<DatumVerdict>, Failure> {
    let placed = survey.layers.iter().enumerate().filter(|(_, draft)| draft.geometry.is_some() && draft.features > 0);
    let Some((place, draft)) = placed.max_by_key(|(_, draft)| draft.features) else { return Ok(None) };
    let Some(lon) = longitude(layers) else { return Ok(Some(DatumVerdict::CannotTell(Doubt::NothingHere))) };
    let points = points(path, survey, place, task)?;
    let crs = draft.crs.unwrap_or(survey.crs);
    let windows = datum::windows(&points, crs, lon);
    let guess = || crate::kinds::mapping::guess_kind(&draft.name, &draft.fields, draft.geometry).map(|kind| kind.id);
    let goes_to = goes_to.get(place).copied().flatten().filter(|word| *word != "plain").or_else(guess);
    let likeness = Likeness { name: &draft.name, goes_to, geometry: draft.geometry };
    let city = match nearby::read(reader, layers, &likeness, &windows, task) {
        Ok(city) => city,
        Err(NearbyError::Store(error)) => return Err(error.into()),
        Err(NearbyError::Cancelled(cancelled)) => return Err(cancelled.into()),
    };
    Ok(Some(datum::judge(&points, crs, lon, &city)))
}

/// Gives every file of an import its verdict, and a warning to those that look to be in another system.
///
/// # Errors
/// As [`verdict`].
pub(in crate::session) fn warn(
    reader: &Reader,
    layers: &[LayerInfo],
    plan: &mut Plan,
    task: &mut Task<'_>,
) -> Result<(), Failure> {
    let becomes = |place: &Option<usize>| {
        let planned = &plan.targets[(*place)?];
        Some(if planned.target.append { planned.target.schema.table.as_str() } else { planned.kind.id })
    };
    for source in &mut plan.sources {
        let goes_to: Vec<Option<&str>> = source.goes_to.iter().map(becomes).collect();
        source.datum = verdict(reader, layers, (&source.path, &source.survey), &goes_to, task)?;
        source.survey.problems.listed.extend(source.datum.as_ref().and_then(problem));
    }
    Ok(())
}

/// What is wrong according to a verdict, if anything is.
pub(in crate::session) fn problem(verdict: &DatumVerdict) -> Option<Problem> {
    let is_wrong = matches!(verdict, DatumVerdict::LooksLike { .. });
    is_wrong.then(|| Problem::warning("import.datum", verdict.text()))
}

/// The longitude of a city's middle.
fn longitude(layers: &[LayerInfo]) -> Option<f64> {
    let mut whole = Bounds::EMPTY;
    for info in layers {
        let middle = info.bounds.filter(|bounds| !bounds.is_empty()).map(|bounds| bounds.center());
        let to_degrees = Transform::new(info.schema.crs, Crs::WGS84).ok();
        if let Some(at) = middle.zip(to_degrees).and_then(|(at, to_degrees)| to_degrees.point(at).ok()) {
            whole.extend(at);
        }
    }
    (!whole.is_empty()).then(|| whole.center()[0])
}

/// Places of one layer of a file, spread over its features and along each of them.
fn points(path: &Path, survey: &Survey, layer: usize, task: &mut Task<'_>) -> Result<Vec<[f64; 2]>, Failure> {
    let features = survey.layers[layer].features.min(MOST_FEATURES);
    let every = features.div_ceil(MOST_PLACES as u64).max(1);
    let of_each = (MOST_PLACES as u64 / features.max(1)).clamp(1, 20) as usize;
    let (mut met, mut found) = (0, Vec::new());
    let read = format::read(path, survey, task, &mut |of, _, feature| {
        if of != layer {
            return ControlFlow::Continue(());
        }
        if met % every == 0
            && let Some(geometry) = &feature.geometry
        {
            found.extend(some_places(geometry, of_each));
        }
        met += 1;
        if met < features { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    match read {
        Ok(_) | Err(ReadError::Stopped) => Ok(found),
        Err(error) => Err(read_failure(path, &error)),
    }
}

/// So many places of a geometry, evenly along its positions.
fn some_places(geometry: &Geometry, most: usize) -> Vec<[f64; 2]> {
    let mut all = Places(Vec::new());
    geometry.walk(&mut all);
    let every = all.0.len().div_ceil(most).max(1);
    all.0.into_iter().step_by(every).collect()
}

/// Takes every position.
struct Places(Vec<[f64; 2]>);

impl Visitor for Places {
    fn path(&mut self, coords: Coords<'_>) {
        self.0.extend(coords.iter());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geom::crs::Crs;
    use crate::session::answer::Answer;
    use crate::session::command::{Command, CompareRequest, ExchangeCommand, ImportRequest, ReadOptions};
    use crate::session::crs::datum::Hypothesis;
    use crate::session::test_city::TestCity;
    use std::fmt::Write as _;

    /// Crooked streets in degrees, as `GeoJSON`; every one has another length and place.
    fn streets(into: Crs) -> String {
        let to = Transform::new(Crs::WGS84, into).expect("a system");
        let mut lines = String::new();
        for number in 0..60_u32 {
            let wild = |salt: u32| f64::from((number * 7919 + salt * 104_729) % 1000) / 1000.0;
            let (x, y) = (115.97 + wild(1) * 0.02, 29.70 + wild(2) * 0.02);
            let path: Vec<String> = (0..6)
                .map(|step| {
                    let along = f64::from(step) * 0.0008;
                    let at = if number % 2 == 0 { [x + along, y + wild(3) * 0.0004] } else { [x, y + along] };
                    let [lon, lat] = to.point(at).expect("a place");
                    format!("[{lon:.8},{lat:.8}]")
                })
                .collect();
            let comma = if number == 0 { "" } else { "," };
            let path = path.join(",");
            let geometry = format!("{{\"type\":\"LineString\",\"coordinates\":[{path}]}}");
            let _ = write!(lines, "{comma}{{\"type\":\"Feature\",\"properties\":{{}},\"geometry\":{geometry}}}");
        }
        format!("{{\"type\":\"FeatureCollection\",\"features\":[{lines}]}}")
    }

    #[test]
    fn a_file_in_shifted_coordinates_is_told_of_before_and_after_it_comes_in() {
        let mut city = TestCity::new();
        let roads = city.write("roads.geojson", streets(Crs::WGS84));
        let web = city.write("web.geojson", streets(Crs::Gcj02));
        let import = |file: &Path, crs| {
            let read = ReadOptions { crs, ..ReadOptions::default() };
            ImportRequest { paths: vec![file.to_owned()], read, ..ImportRequest::default() }
        };
        let warned = |answer: &Answer| match answer {
            Answer::Imported { problems, .. } => problems.listed.iter().any(|problem| problem.rule == "import.datum"),
            other => panic!("{other:?}"),
        };
        assert!(!warned(&city.import(import(&roads, None))));
        assert!(!warned(&city.import(import(&web, Some(Crs::Gcj02)))), "rightly said");
        let held = ImportRequest { paths: vec![web.clone()], layer: Some("roads".to_owned()), ..Default::default() };
        city.run(Command::Exchange(ExchangeCommand::Compare(CompareRequest { import: held, key: None })));
        let (path, read) = (web.clone(), ReadOptions::default());
        city.run(Command::Exchange(ExchangeCommand::Survey { path, read }));
        assert!(warned(&city.import(import(&web, None))), "wrongly said");
        let comparison = city.session.comparison().expect("a comparison");
        assert_eq!(comparison.datum.as_ref().map(DatumVerdict::code), Some("looks-like"));
        assert!(comparison.problems.listed.iter().any(|problem| problem.rule == "import.datum"));
        let preview = city.session.take_preview().expect("a preview");
        let Some(DatumVerdict::LooksLike { hypothesis, crs, moves_m, .. }) = preview.datum else {
            panic!("{:?}", preview.datum)
        };
        assert_eq!((hypothesis, crs), (Hypothesis::Gcj02, Some(Crs::Gcj02)));
        assert!(moves_m.is_some_and(|metres| (550.0..580.0).contains(&metres)), "{moves_m:?}");
    }
}
