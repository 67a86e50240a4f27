//! An import without its end: what a request would make of its files, with nothing written.

use crate::store::reader::{LayerInfo, Reader};
use crate::task::{Report, Task};

use super::Session;
use super::answer::{Failure, ImportedLayer};
use super::command::ImportRequest;
use super::crs_check;
use super::exchange::preview_of;
use super::import::{Plan, Source};
use super::state::ImportPreview;

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
            crs_check::warn(reader, &layers, &mut plan.sources, &mut task)?;
        }
        let becomes = plan.imported();
        let trial = |source: &Source| Trial {
            preview: preview_of(source.path.clone(), &source.survey),
            becomes: source.goes_to.iter().map(|place| place.map(|place| becomes[place].clone())).collect(),
        };
        Ok(plan.sources.iter().map(trial).collect())
    }
}
