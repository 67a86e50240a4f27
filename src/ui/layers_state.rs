//! What the layer tree remembers from frame to frame: what is folded, chosen, renamed, and on its way to another look.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::grounds_panel::GroundFade;
use super::signs::Signs;
use crate::kinds::kind::Group;
use crate::session::state::{CityView, LayerView};
use crate::text::Lang;

/// Legends with more rows than this start folded.
const MOST_OPEN_ROWS: usize = 6;
/// While an opacity is moved the map follows this often: every look paints all of its tiles anew.
const FOLLOW_EVERY_S: f64 = 0.15;

/// What the tree remembers.
#[derive(Default)]
pub struct LayersState {
    /// The city that all this is about.
    city: Option<PathBuf>,
    /// Its layers in the last frame.
    known: BTreeSet<String>,
    /// A layer that has come, until the tree has scrolled to it.
    pub(super) arrived: Option<String>,
    /// Words that narrow the tree.
    pub(super) filter: String,
    folded: BTreeSet<Group>,
    unfolded: BTreeSet<Group>,
    /// Layers whose legend was folded or unfolded by hand.
    legends: BTreeSet<String>,
    /// The layer that was chosen last.
    pub(super) current: Option<String>,
    /// The layer that is being renamed.
    pub(super) rename: Option<Rename>,
    /// The opacity that is being moved.
    pub(super) fade: Option<Fade>,
    /// The opacity of a base map that is being moved.
    pub(super) ground_fade: Option<GroundFade>,
    /// The base map whose file is looked for.
    pub(super) locating: Option<String>,
    /// Layers that were hidden with their whole group.
    asleep: BTreeMap<Group, BTreeSet<String>>,
    /// The map beside the tree shows 1:`denominator`.
    pub(super) denominator: f64,
    /// Pictures of signs.
    pub(super) signs: Signs,
}

/// A layer's name while it is typed.
pub(super) struct Rename {
    /// Table name.
    pub(super) layer: String,
    /// The words so far.
    pub(super) words: String,
}

/// An opacity on its way. The map follows the hand now and then; the file gets it once, when the hand lets go.
#[derive(Debug)]
pub(super) struct Fade {
    /// Table name.
    pub(super) layer: String,
    /// What the hand has set.
    pub(super) percent: f32,
    /// Whether the hand was still there in this frame.
    pub(super) is_held: bool,
    /// What the map shows, and since when.
    shown: Option<(f32, f64)>,
}

impl Fade {
    /// The beginning of one.
    pub(super) fn new(layer: &str, percent: f32) -> Self {
        Self { layer: layer.to_owned(), percent, is_held: true, shown: None }
    }

    /// The percent that the map should show now, if it does not already and has not just been given another.
    pub(super) fn newly_shown(&mut self, now_s: f64) -> Option<f32> {
        let is_due = match self.shown {
            Some((percent, since_s)) => percent != self.percent && now_s - since_s >= FOLLOW_EVERY_S,
            None => true,
        };
        is_due.then(|| {
            self.shown = Some((self.percent, now_s));
            self.percent
        })
    }
}

impl LayersState {
    /// Another city starts afresh.
    pub(super) fn follow(&mut self, city: &CityView) {
        if self.city.as_ref() != Some(&city.path) {
            let (signs, denominator) = (std::mem::take(&mut self.signs), self.denominator);
            *self = Self { city: Some(city.path.clone()), signs, denominator, ..Self::default() };
        }
        if let Some(fade) = &mut self.fade {
            fade.is_held = false;
        }
        self.follow_layers(city);
    }

    /// A layer that has come is shown in the tree, whatever is folded.
    fn follow_layers(&mut self, city: &CityView) {
        let is_same =
            city.layers.len() == self.known.len() && city.layers.iter().all(|layer| self.known.contains(layer.table()));
        if is_same {
            return;
        }
        if !self.known.is_empty()
            && let Some(new) = city.layers.iter().find(|layer| !self.known.contains(layer.table()))
        {
            self.arrived = Some(new.table().to_owned());
            if self.is_folded(new.group()) {
                self.toggle(new.group());
            }
        }
        self.known = city.layers.iter().map(|layer| layer.table().to_owned()).collect();
    }

    /// The opacity that the hand has let go of.
    pub(super) fn faded(&mut self) -> Option<Fade> {
        self.fade.take_if(|fade| !fade.is_held)
    }

    /// The layer that was chosen last, if it is still there: what the menu's layer actions are about.
    pub fn current<'a>(&self, city: &'a CityView) -> Option<&'a LayerView> {
        let chosen = self.current.as_ref().and_then(|table| city.layer(table));
        let in_tree =
            || Group::ALL.into_iter().find_map(|group| city.layers.iter().find(|layer| layer.group() == group));
        chosen.or_else(in_tree)
    }

    /// Starts to rename a layer.
    pub fn rename(&mut self, layer: &LayerView, lang: Lang) {
        self.rename = Some(Rename { layer: layer.table().to_owned(), words: layer.name.get(lang).to_owned() });
    }

    /// Whether a group shows its heading alone.
    pub(super) fn is_folded(&self, group: Group) -> bool {
        // The base map is seldom touched: it starts folded.
        if group == Group::Base { !self.unfolded.contains(&group) } else { self.folded.contains(&group) }
    }

    /// Folds a group, or unfolds it.
    pub(super) fn toggle(&mut self, group: Group) {
        let set = if group == Group::Base { &mut self.unfolded } else { &mut self.folded };
        if !set.remove(&group) {
            set.insert(group);
        }
    }

    /// Long legends start folded: the tree should fit the window.
    pub(super) fn shows_legend(&self, layer: &LayerView, rows: usize) -> bool {
        let is_open = rows <= MOST_OPEN_ROWS;
        layer.visible && is_open != self.legends.contains(layer.table())
    }

    /// Folds a layer's legend, or unfolds it.
    pub(super) fn toggle_legend(&mut self, layer: &LayerView) {
        if !self.legends.remove(layer.table()) {
            self.legends.insert(layer.table().to_owned());
        }
    }

    /// What a click on a group's eye does: the layers, and whether they are shown. A layer that was hidden on its own
    /// stays hidden when its group comes back.
    pub(super) fn switch_group(&mut self, group: Group, members: &[&LayerView]) -> (Vec<String>, bool) {
        let names = |is_meant: &dyn Fn(&LayerView) -> bool| -> Vec<String> {
            let meant = members.iter().filter(|layer| layer.has_geometry() && is_meant(layer));
            meant.map(|layer| layer.table().to_owned()).collect()
        };
        let shown = names(&|layer| layer.visible);
        if !shown.is_empty() {
            self.asleep.insert(group, shown.iter().cloned().collect());
            return (shown, false);
        }
        let asleep = self.asleep.remove(&group).unwrap_or_default();
        let back = names(&|layer| asleep.contains(layer.table()));
        (if back.is_empty() { names(&|_| true) } else { back }, true)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sample;

    #[test]
    fn a_group_comes_back_as_it_went() {
        let mut state = LayersState::default();
        let mut layers = ["a", "b", "c"].map(|table| {
            let schema = crate::model::schema::Schema { table: table.to_owned(), ..sample::manhole_schema() };
            sample::layer(schema, "plain")
        });
        layers[1].visible = false;
        for visible in [false, true, false] {
            let members: Vec<&LayerView> = layers.iter().collect();
            let switched = state.switch_group(Group::Other, &members);
            assert_eq!(switched, (["a", "c"].map(str::to_owned).to_vec(), visible));
            layers.iter_mut().filter(|layer| layer.table() != "b").for_each(|layer| layer.visible = visible);
        }
        state.asleep.clear();
        let members: Vec<&LayerView> = layers.iter().collect();
        let all = ["a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(state.switch_group(Group::Other, &members), (all, true), "nothing is remembered: all come");
    }

    #[test]
    fn a_layer_that_comes_is_scrolled_to_and_its_group_unfolded() {
        let mut city = sample::city();
        let mut state = LayersState::default();
        state.follow(&city);
        assert_eq!(state.arrived, None, "the layers that a city opens with are no news");
        let schema = crate::model::schema::Schema { table: "sewer_rated".to_owned(), ..sample::manhole_schema() };
        let layer = sample::layer(schema, "plain");
        let group = layer.group();
        state.folded.insert(group);
        city.layers.push(layer);
        state.follow(&city);
        assert_eq!(state.arrived.as_deref(), Some("sewer_rated"));
        assert!(!state.is_folded(group));
    }

    #[test]
    fn the_map_follows_a_moving_opacity_now_and_then_and_the_last_one_is_handed_over() {
        let mut fade = Fade::new("lamp", 90.0);
        assert_eq!(fade.newly_shown(0.0), Some(90.0));
        fade.percent = 80.0;
        assert_eq!(fade.newly_shown(0.05), None);
        fade.percent = 70.0;
        assert_eq!(fade.newly_shown(0.3), Some(70.0));
        assert_eq!(fade.newly_shown(9.0), None, "the map shows it already");
        let city = sample::city();
        let mut state = LayersState::default();
        state.follow(&city);
        state.fade = Some(fade);
        assert!(state.faded().is_none(), "the hand is still there");
        state.follow(&city);
        assert_eq!(state.faded().map(|fade| fade.percent), Some(70.0));
        assert!(state.faded().is_none());
    }
}
