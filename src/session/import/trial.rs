//! An import without its end: what a request would make of its files, with nothing written.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use crate::io::format;
use crate::model::geometry::Geometry;
use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Problems, Report, Task};

use super::feed::{is_too_much, windows};
use super::rows::Told;
use super::run::preview_of;
use super::{Plan, Source, read_failure, strict_failure};
use crate::session::Session;
use crate::session::answer::{Failure, ImportedLayer};
use crate::session::command::ImportRequest;
use crate::session::crs;
use crate::session::state::ImportPreview;

/// One file of an import that is only tried.
#[derive(Clone, Debug)]
pub struct Trial {
    /// What is in it.
    pub preview: ImportPreview,
    /// For each of its layers what it would become; none for those that stay out.
    pub becomes: Vec<Option<ImportedLayer>>,
}

impl Session {
    /// Says what an import would do, for the city that is open if one is. Nothing is written anywhere.
    ///
    /// # Errors
    /// What would be refused as a whole.
    pub fn try_import(
        &self,
        request: &ImportRequest,
        on_report: &mut (dyn FnMut(&Report) + Send),
    ) -> Result<Vec<Trial>, Failure> {
        let reader = self.open.as_ref().map(|open| open.city.reader()).transpose()?;
        let layers: Vec<LayerInfo> = reader.as_ref().map(Reader::layers).transpose()?.unwrap_or_default();
        let mut task = Task::new(self.cancel.clone(), |report| on_report(&report));
        let mut plan = Plan::make(request, &layers, &mut task)?;
        if let Some(reader) = &reader {
            crs::check::warn(reader, &layers, &mut plan, &mut task)?;
        }
        try_rows(&mut plan, request.strict, &mut task)?;
        let becomes = plan.imported();
        let trial = |source: &Source| Trial {
            preview: ImportPreview { datum: source.datum.clone(), ..preview_of(source.path.clone(), &source.survey) },
            becomes: source.goes_to.iter().map(|place| place.map(|place| becomes[place].clone())).collect(),
        };
        Ok(plan.sources.iter().map(trial).collect())
    }
}

/// Makes rows of everything and adds what there is to tell of them to the problems of each file.
fn try_rows(plan: &mut Plan, is_strict: bool, task: &mut Task<'_>) -> Result<(), Failure> {
    for source in &mut plan.sources {
        let windows = windows(source, plan.within);
        let mut told: Vec<Told> = plan.targets.iter().map(|_| Told::default()).collect();
        let mut of_rows = Problems::default();
        let read = format::read(&source.path, &source.survey, task, &mut |layer, number, feature| {
            let Some(place) = source.goes_to[layer] else { return ControlFlow::Continue(()) };
            let bounds = feature.geometry.as_ref().map(Geometry::bounds);
            let is_outside = windows[layer].zip(bounds).is_some_and(|(window, bounds)| !window.intersects(&bounds));
            if !is_outside {
                let (_, found) = plan.targets[place].row(feature, number, &mut told[place]);
                found.into_iter().for_each(|problem| of_rows.push(problem));
            }
            ControlFlow::Continue(())
        });
        let later = read.map_err(|error| read_failure(&source.path, &error))?;
        let places: BTreeSet<usize> = source.goes_to.iter().flatten().copied().collect();
        let of_columns = places.into_iter().flat_map(|place| plan.targets[place].tell(&told[place]));
        of_columns.for_each(|problem| source.survey.problems.push(problem));
        source.survey.problems.append(of_rows);
        source.survey.problems.append(later);
        let problems = &source.survey.problems.listed;
        if is_strict && problems.iter().any(is_too_much) {
            return Err(strict_failure(problems.clone()));
        }
    }
    Ok(())
}
