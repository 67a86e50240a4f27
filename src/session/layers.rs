//! Layers of the open city: made, taken out, renamed, ordered, shown.

use crate::geom::crs::Crs;
use crate::kinds;
use crate::store::command::{Action, LayerState};
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Failure, FailureKind};
use super::command::{JobId, LayerCommand};
use super::state::LayerView;

/// Between the positions of two layers when all are numbered anew.
const GAP: i64 = 1024;

impl Session {
    pub(super) fn run_layer(&mut self, command: LayerCommand) -> Result<Option<JobId>, Failure> {
        match command {
            LayerCommand::Create { kind } => self.create_layer(&kind).map(Some),
            LayerCommand::Remove(layer) => {
                let name = self.layer(&layer)?.name.clone();
                let (zh, en) = (&name.zh, &name.en);
                self.submit(text!("移除图层“{zh}”", "Remove layer “{en}”"), Action::RemoveLayer(layer)).map(Some)
            }
            LayerCommand::Rename { layer, name } => self.rename_layer(&layer, name).map(Some),
            LayerCommand::Opacity { layer, opacity } => {
                let opacity = opacity.clamp(0.0, 1.0);
                let percent = (opacity * 100.0).round();
                let label = text!("不透明度 {percent}%", "Opacity {percent}%");
                let job = self.change_state(&layer, label, |state| state.opacity = opacity)?;
                self.fade_layer(&layer, opacity)?;
                Ok(Some(job))
            }
            LayerCommand::Move { layer, above } => self.move_layer(&layer, above.as_deref()),
            LayerCommand::Visible { layers, visible } => self.show_layers(layers, visible),
        }
    }

    /// A layer by table name, or by its name in either language.
    pub(super) fn layer(&self, word: &str) -> Result<&LayerView, Failure> {
        let layers = &self.opened()?.view.layers;
        let by_table = layers.iter().find(|layer| layer.table() == word);
        by_table.or_else(|| layers.iter().find(|layer| layer.name.is(word))).ok_or_else(|| {
            let text = text!("没有图层“{word}”", "There is no layer “{word}”");
            Failure::new(FailureKind::Usage, text)
        })
    }

    fn create_layer(&mut self, id: &str) -> Result<JobId, Failure> {
        let Some(kind) = kinds::find(id) else {
            return Err(Failure::new(FailureKind::Usage, text!("没有“{id}”这种图层", "There is no kind “{id}”")));
        };
        let (zh, en) = (&kind.name.zh, &kind.name.en);
        let label = text!("新建图层“{zh}”", "New layer “{en}”");
        self.submit(label, Action::CreateLayer(kind.schema(Crs::CGCS2000)))
    }

    fn rename_layer(&mut self, layer: &str, name: String) -> Result<JobId, Failure> {
        let name = name.trim().to_owned();
        if name.is_empty() {
            return Err(Failure::new(FailureKind::Usage, Text::new("名称不能为空", "A name cannot be empty")));
        }
        let label = text!("图层改名为“{name}”", "Rename layer to “{name}”");
        self.change_state(layer, label, |state| state.name = Text::same(name))
    }

    fn change_state(
        &mut self,
        layer: &str,
        label: Text,
        change: impl FnOnce(&mut LayerState),
    ) -> Result<JobId, Failure> {
        let layer = self.layer(layer)?;
        let mut state = state_of(layer);
        change(&mut state);
        let table = layer.table().to_owned();
        self.submit(label, Action::LayerState { table, state })
    }

    /// Positions are whole numbers with gaps: a layer goes midway between its new neighbours, and only when the gap is
    /// used up are all numbered anew. Either way it is one step.
    fn move_layer(&mut self, layer: &str, above: Option<&str>) -> Result<Option<JobId>, Failure> {
        let mut order: Vec<&LayerView> = self.opened()?.view.layers.iter().collect();
        let Some(from) = order.iter().position(|it| it.table() == layer) else { return Ok(None) };
        let moved = order.remove(from);
        let to = above.and_then(|above| order.iter().position(|it| it.table() == above)).unwrap_or(order.len());
        if to == from {
            return Ok(None);
        }
        order.insert(to, moved);
        let (zh, en) = (&moved.name.zh, &moved.name.en);
        let label = text!("移动图层“{zh}”", "Move layer “{en}”");
        let states = match place_between(&order, to) {
            Some(position) => vec![placed(moved, position)],
            None => (0_i64..).step_by(GAP as usize).zip(order).map(|(position, it)| placed(it, position)).collect(),
        };
        self.submit(label, Action::LayerStates(states)).map(Some)
    }

    /// Shows a layer more or less clear on this screen; the file keeps what it has.
    pub(super) fn fade_layer(&mut self, layer: &str, opacity: f32) -> Result<(), Failure> {
        let table = self.layer(layer)?.table().to_owned();
        let view = &mut self.opened_mut()?.view;
        let faded = view.layers.iter_mut().find(|layer| layer.table() == table && layer.opacity != opacity);
        if let Some(layer) = faded {
            layer.opacity = opacity.clamp(0.0, 1.0);
            view.change(None);
        }
        Ok(())
    }

    /// An eye is no edit: on a read-only file it opens and closes for this window alone.
    fn show_layers(&mut self, layers: Vec<String>, visible: bool) -> Result<Option<JobId>, Failure> {
        let open = self.opened_mut()?;
        for layer in open.view.layers.iter_mut().filter(|layer| layers.iter().any(|table| table == layer.table())) {
            layer.visible = visible;
        }
        open.view.change(None);
        if open.view.read_only.is_some() {
            return Ok(None);
        }
        let mut last = None;
        for table in layers {
            last = Some(self.submit(Text::default(), Action::Visibility { table, visible })?);
        }
        Ok(last)
    }
}

/// A position for the layer at `at` between its neighbours in `order`; `None` where they leave no room.
fn place_between(order: &[&LayerView], at: usize) -> Option<i64> {
    let before = at.checked_sub(1).map(|index| order[index].place.position);
    let after = order.get(at + 1).map(|next| next.place.position);
    match (before, after) {
        (Some(before), Some(after)) => (after - before > 1).then(|| before + (after - before) / 2),
        (Some(before), None) => Some(before + GAP),
        (None, Some(after)) => Some(after - GAP),
        (None, None) => Some(0),
    }
}

fn placed(layer: &LayerView, position: i64) -> (String, LayerState) {
    (layer.table().to_owned(), LayerState { position, ..state_of(layer) })
}

/// What the file keeps of a layer.
pub(super) fn state_of(layer: &LayerView) -> LayerState {
    LayerState {
        name: layer.name.clone(),
        opacity: layer.opacity,
        position: layer.place.position,
        group: layer.place.group.clone(),
        style: layer.place.own_style.clone(),
    }
}

#[cfg(test)]
mod tests;
