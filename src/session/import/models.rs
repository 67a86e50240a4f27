//! Models of other programs on their way into the city: what of their text is kept beside the rows.

use crate::io::format::Survey;
use crate::io::swmm::{Layer, Original};
use crate::store::error::StoreError;
use crate::store::import::ImportStop;
use crate::store::model_text::NewModel;

use super::Plan;
use crate::session::exchange::lossless::Fed;

/// Whether a file is a model, whose layers belong together and whose text is kept.
pub(super) fn is_model(survey: &Survey) -> bool {
    Original::of(survey).is_some()
}

/// The kind that a layer of a file is of by itself; `None` where its columns have to tell, or nothing does.
pub(in crate::session) fn kind_of(survey: &Survey, layer: usize) -> Option<&'static str> {
    match Original::of(survey)?.layers().get(layer)? {
        Layer::Nodes => Some("sewer_node"),
        Layer::Links => Some("sewer_pipe"),
        Layer::Areas | Layer::Gages => None,
    }
}

/// Hands the models of an import to the city. `slots`, `fed` and `rows` as for the texts of rows: the store's targets of
/// those of the plan, what was fed of each file, and the ids of the rows that came of it.
///
/// # Errors
/// The city cannot take it.
pub(in crate::session) fn hand_over(
    plan: &Plan,
    slots: &[usize],
    fed: &[Fed],
    rows: &[Vec<i64>],
    sink: &mut dyn FnMut(NewModel<'_>) -> Result<(), StoreError>,
) -> Result<(), ImportStop> {
    let mut ids: Vec<_> = rows.iter().map(|ids| ids.iter().copied()).collect();
    for (source, fed) in plan.sources.iter().zip(fed) {
        let model = Original::of(&source.survey);
        if let Some(model) = model {
            let name = source.path.file_name().unwrap_or_default().to_string_lossy();
            sink(NewModel::Text { format: source.survey.format.id, name: &name, text: model.bytes() })?;
            for (layer, place) in model.layers().iter().zip(&source.goes_to) {
                if let Some(place) = place {
                    sink(NewModel::Layer { target: slots[*place], role: layer.name() })?;
                }
            }
        }
        for &(number, place) in fed {
            let target = slots[place];
            let Some(row) = ids[target].next().filter(|_| model.is_some()) else { continue };
            sink(NewModel::Row { target, row, number })?;
        }
    }
    Ok(())
}
