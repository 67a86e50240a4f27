//! What is selected and looked at. Nothing here changes the file, bookmarks apart.

pub(super) mod identify;
pub(super) mod librarian;
mod search;
pub(super) mod table;

use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::{PoisonError, TryLockError};

use crate::index::arena::Path;
use crate::index::layer::LayerIndex;
use crate::model::expr::{Expr, ExprError};
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::style::Paint;
use crate::render::filter::Drawn;
use crate::store::command::Action;
use crate::store::query::Query;
use crate::text::Text;

use self::librarian::Topic;
use super::Session;
use super::answer::{Failure, FailureKind};
use super::command::{LookCommand, SelectMode};
use super::events::Event;
use super::map::clusters::{Glance, clusters, members};
use super::map::shown::Shown;
use super::map::turned_box::TurnedBox;
use super::snapshot::BOOKMARKS_KEY;
use super::state::{Bookmark, DetailRow, Details, FeatureRef, LayerView};

/// Most things listed under one click.
const MOST_HITS: usize = 50;

/// So few rows are looked up one by one; of more, those are met that the view holds, unless that is too much.
const FEW_ROWS: usize = 500;

/// So many features of a view are gone through at once.
const FEW_IN_VIEW: f64 = 8000.0;

/// Rows of a selection that are gone through at once.
const A_WALK: usize = 4000;

/// The details panel's state.
#[derive(Default)]
pub(super) struct Looking {
    /// What is shown.
    pub(super) details: Option<Details>,
    request: u64,
    /// A click that waits until the map's memory may be read.
    clicked: Option<Glance>,
}

/// Some rows of a selection, and how far was walked for them.
#[derive(Debug, Default, PartialEq)]
pub struct SelectedPart {
    /// Rows that are where was looked.
    pub ids: Vec<i64>,
    /// The last row that was looked at; `None` after all of them.
    pub walked_to: Option<i64>,
}

/// Rows that a condition picked, on their way into the selection.
pub(super) struct Picked {
    layer: String,
    ids: Vec<i64>,
    mode: SelectMode,
}

/// A box that was drawn on a map, and what it is to pick.
struct BoxPick {
    area: TurnedBox,
    shown: Shown,
    fully: bool,
    mode: SelectMode,
    denominator: f64,
}

impl BoxPick {
    /// What it picks of a layer, to change a selection from which all is gone that had to go.
    fn in_layer(&self, layer: &LayerView) -> Option<Picked> {
        let index = layer.index.as_ref()?.read().unwrap_or_else(PoisonError::into_inner);
        let drawn = Drawn::at(&layer.style, self.denominator, &index, &layer.schema);
        let is_in = |slot| match (self.area.is_straight(), self.fully) {
            (true, _) => true,
            (false, true) => self.area.holds(index.geometry(slot)),
            (false, false) => self.area.touches(index.geometry(slot)),
        };
        let ids = index.inside(self.area.around, self.fully, &|slot| drawn.holds(&index, slot) && is_in(slot));
        let mode = if self.mode == SelectMode::Replace { SelectMode::Add } else { self.mode };
        Some(Picked { layer: layer.table().to_owned(), ids, mode })
    }
}

impl Looking {
    /// Takes in a row, unless the person has moved on.
    pub(super) fn arrive(&mut self, request: u64, row: Option<DetailRow>) {
        if request != self.request {
            return;
        }
        match (&mut self.details, row) {
            (Some(details), Some(row)) => details.row = Some(row),
            (details, None) => *details = None,
            (None, Some(_)) => {}
        }
    }
}

impl Session {
    pub(super) fn run_look(&mut self, command: LookCommand) -> Result<(), Failure> {
        match command {
            LookCommand::Identify(glance) => {
                self.look.clicked = Some(glance);
                self.identify_clicked();
            }
            LookCommand::Step(by) => self.step_details(by),
            LookCommand::Show { layer, id } => self.show_hits(vec![FeatureRef { layer, id }]),
            LookCommand::ClearDetails => self.look.details = None,
            LookCommand::Select { layer, ids, mode } => self.select_picked(Picked { layer, ids, mode }),
            LookCommand::SelectBox { corners_world, shown, fully, mode, denominator } => {
                let area = TurnedBox::new(corners_world);
                self.select_box(BoxPick { area, shown, fully, mode, denominator })?;
            }
            LookCommand::SelectWhere { layer, filter, mode } => self.select_where(&layer, &filter, mode)?,
            LookCommand::SelectAll(layer) => self.select_all(layer)?,
            LookCommand::ClearSelection => self.clear_selection(),
            LookCommand::FadeLayer { layer, opacity } => self.fade_layer(&layer, opacity)?,
            LookCommand::Table(command) => self.run_table(command)?,
            LookCommand::Search(words) => self.search(&words),
            LookCommand::AddBookmark(bookmark) => self.add_bookmark(bookmark)?,
            LookCommand::RemoveBookmark(name) => self.keep_bookmarks(|marks| marks.retain(|mark| mark.name != name))?,
            LookCommand::NotePhotos(photos) => self.read_note_photos(photos),
            LookCommand::CloseNotice(id) => self.notices.retain(|notice| notice.id != id),
        }
        Ok(())
    }

    /// The topmost thing under the pointer on a map of some layers, for the hover tip. Quick; nothing while the map's
    /// memory is being written.
    pub fn hover(&self, glance: &Glance) -> Option<FeatureRef> {
        self.hover_of(glance, &|_| true)
    }

    /// The same among the layers that are wanted.
    pub fn hover_of(&self, glance: &Glance, is_wanted: &dyn Fn(&LayerView) -> bool) -> Option<FeatureRef> {
        self.drawn(glance.denominator, &glance.shown).filter(|layer| is_wanted(layer)).find_map(|layer| {
            let index = layer.index.as_ref()?.try_read().ok()?;
            let drawn = Drawn::at(&layer.style, glance.denominator, &index, &layer.schema);
            let lone = clusters(layer, &index, glance);
            let is_lone = |slot| lone.iter().flatten().any(|cluster| cluster.count == 1 && cluster.slot == slot);
            let is_drawn = |slot| drawn.holds(&index, slot) && (lone.is_none() || is_lone(slot));
            let hit = index.pick_of(glance.at_world, glance.tolerance_m, 1, &is_drawn).into_iter().next()?;
            Some(FeatureRef { layer: layer.table().to_owned(), id: hit.id })
        })
    }

    /// One line about a feature from memory alone: its layer, what it is called, what kind of it and in which state.
    pub fn hover_words(&self, at: &FeatureRef) -> Option<String> {
        let lang = self.lang();
        let layer = self.city()?.layer(&at.layer)?;
        let index = layer.index.as_ref()?.try_read().ok()?;
        let slot = index.slot(at.id)?;
        let shown = |field: usize| {
            let words = layer.schema.fields[field].display(&index.value(slot, field), lang);
            (!words.trim().is_empty()).then_some(words)
        };
        let title_fields = layer.kind.title.iter().filter_map(|id| layer.schema.field_index(id));
        let title = title_fields.clone().find_map(shown).unwrap_or_else(|| format!("#{}", at.id));
        let is_title = |field: usize| title_fields.clone().any(|other| other == field);
        let coded = index.fields().iter().copied().filter(|&field| !layer.schema.fields[field].codes.is_empty());
        let states = coded.filter(|&field| !is_title(field)).filter_map(shown).take(2);
        let head = format!("{} {title}", layer.name.get(lang));
        Some(std::iter::once(head).chain(states).collect::<Vec<_>>().join(" · "))
    }

    /// The paths of a feature's geometry, Web Mercator metres, for outlines: rings closed, a point as one position.
    pub fn outline(&self, at: &FeatureRef) -> Vec<Vec<[f64; 2]>> {
        let layer = self.city().and_then(|city| city.layer(&at.layer));
        let Some(index) = layer.and_then(|layer| layer.index.as_ref()) else { return Vec::new() };
        let Ok(index) = index.try_read() else { return Vec::new() };
        index.slot(at.id).map(|slot| outline_in(&index, slot)).unwrap_or_default()
    }

    /// The same for many rows of one layer; `None` while the map's memory of it is being written.
    pub fn outlines(&self, table: &str, ids: &[i64]) -> Option<Vec<Vec<Vec<[f64; 2]>>>> {
        let layer = self.city().and_then(|city| city.layer(table));
        let Some(index) = layer.and_then(|layer| layer.index.as_ref()) else { return Some(Vec::new()) };
        let index = index.try_read().ok()?;
        Some(ids.iter().filter_map(|&id| index.slot(id)).map(|slot| outline_in(&index, slot)).collect())
    }

    /// What is selected of a layer in a part of the world (Web Mercator metres), some rows further than `after`: to
    /// look at a million of them would hold the screen up. `None` while the map's memory of it is being written.
    pub fn selected_in(&self, table: &str, after: Option<i64>, world: &Bounds) -> Option<SelectedPart> {
        let layer = self.city().and_then(|city| city.layer(table));
        let index = layer.and_then(|layer| layer.index.as_ref());
        let (Some(index), Some(rows)) = (index, self.selection.rows.get(table)) else {
            return Some(SelectedPart::default());
        };
        let index = index.try_read().ok()?;
        let mut ids = Vec::new();
        if after.is_none() && rows.len() > FEW_ROWS && few_are_in(&index, world) {
            index.window(*world, &mut |slot| ids.extend(index.id(slot).filter(|id| rows.contains(id))));
            return Some(SelectedPart { ids, walked_to: None });
        }
        let ahead = (after.map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
        let mut walked_to = None;
        for (count, &id) in rows.range(ahead).enumerate() {
            if count == A_WALK {
                return Some(SelectedPart { ids, walked_to });
            }
            walked_to = Some(id);
            ids.extend(Some(id).filter(|&id| index.bounds_of(id).intersects(world)));
        }
        Some(SelectedPart { ids, walked_to: None })
    }

    /// Those of the layers shown that draw something at a scale, topmost first.
    fn drawn<'a>(&'a self, denominator: f64, shown: &'a Shown) -> impl Iterator<Item = &'a LayerView> {
        let layers = self.city().map(|city| city.layers.as_slice()).unwrap_or_default();
        let has_rule = move |layer: &LayerView| layer.style.rules.iter().any(|rule| rule.scale.holds(denominator));
        let draws = move |layer: &LayerView| has_rule(layer) || layer.style.crowd.gathers(denominator);
        layers.iter().filter(move |layer| shown.holds(layer) && draws(layer))
    }

    /// Shows what was clicked. While an edit is being written into the map's memory the click waits for the next
    /// [`Session::poll`], not the screen for the edit.
    pub(super) fn identify_clicked(&mut self) {
        let Some(glance) = &self.look.clicked else { return };
        if let Some(hits) = self.under(glance) {
            self.look.clicked = None;
            self.show_hits(hits);
        }
    }

    /// Everything at a place, topmost first; the inside of areas that are drawn as a border alone comes last, since
    /// nobody sees it there. `None` while the map's memory of a layer is being written.
    fn under(&self, glance: &Glance) -> Option<Vec<FeatureRef>> {
        let Glance { at_world, tolerance_m, denominator, ref shown, .. } = *glance;
        let (mut hits, mut around) = (Vec::new(), Vec::new());
        for layer in self.drawn(denominator, shown) {
            let Some(index) = &layer.index else { continue };
            let index = match index.try_read() {
                Ok(index) => index,
                Err(TryLockError::Poisoned(index)) => index.into_inner(),
                Err(TryLockError::WouldBlock) => return None,
            };
            let reference = |id| FeatureRef { layer: layer.table().to_owned(), id };
            if let Some(clusters) = clusters(layer, &index, glance) {
                hits.extend(members(layer, &index, &clusters, MOST_HITS).into_iter().map(reference));
                continue;
            }
            let drawn = Drawn::at(&layer.style, denominator, &index, &layer.schema);
            let found = index.pick_of(at_world, tolerance_m, MOST_HITS, &|slot| drawn.holds(&index, slot));
            let is_border = is_border_alone(layer, denominator);
            for hit in found {
                let list = if is_border && hit.distance_m == 0.0 { &mut around } else { &mut hits };
                list.push(reference(hit.id));
            }
        }
        hits.append(&mut around);
        hits.truncate(MOST_HITS);
        Some(hits)
    }

    fn show_hits(&mut self, hits: Vec<FeatureRef>) {
        self.look.details = (!hits.is_empty()).then_some(Details { hits, current: 0, row: None });
        self.refresh_details();
    }

    fn step_details(&mut self, by: i32) {
        if let Some(details) = &mut self.look.details {
            let count = details.hits.len() as i64;
            details.current = (details.current as i64 + i64::from(by)).rem_euclid(count.max(1)) as usize;
            details.row = None;
        }
        self.refresh_details();
    }

    /// Reads the shown row again; the old one stays on screen until the answer is there.
    pub(super) fn refresh_details(&mut self) {
        let shown = self.look.details.as_ref().and_then(|details| details.hits.get(details.current)).cloned();
        let manner = self::identify::Manner::of(&self.settings, self.lang());
        let (Some(at), Some(open)) = (shown, self.open.as_mut()) else { return };
        let layers = open.view.layers.clone();
        self.look.request = open.librarian.ask(Topic::Details, move |reader, request| {
            let row = self::identify::read_row(reader, &layers, &at, manner)?;
            Ok(Event::Details { request, row })
        });
    }

    /// Picks what a box holds, away from the drawing thread: it may be half the city.
    fn select_box(&mut self, wanted: BoxPick) -> Result<(), Failure> {
        let layers: Vec<LayerView> = self.drawn(wanted.denominator, &wanted.shown).cloned().collect();
        self.opened_mut()?.librarian.ask(Topic::Box, move |_, _| {
            let picked = layers.iter().filter_map(|layer| wanted.in_layer(layer)).collect();
            Ok(Event::SelectedBox(picked, wanted.mode))
        });
        Ok(())
    }

    /// Lets what a box held change the selection.
    pub(super) fn select_box_picked(&mut self, picked: Vec<Picked>, mode: SelectMode) {
        if mode == SelectMode::Replace {
            self.clear_selection();
        }
        picked.into_iter().for_each(|picked| self.select_picked(picked));
    }

    fn select_where(&mut self, layer: &str, filter: &str, mode: SelectMode) -> Result<(), Failure> {
        let layer = self.layer(layer)?;
        let expr = Expr::read(filter, &layer.schema).map_err(|error| expr_failure(&error))?;
        let table = layer.table().to_owned();
        self.pick_rows(table, Query::filtered(expr), mode)
    }

    fn select_all(&mut self, layer: String) -> Result<(), Failure> {
        // The table shows a part of the layer: all is what it shows.
        let filter = self.table().filter(|table| table.layer == layer && table.filter_error.is_none());
        let filter = filter.map(|table| table.filter.clone()).filter(|filter| !filter.trim().is_empty());
        match filter {
            Some(filter) => self.select_where(&layer, &filter, SelectMode::Replace),
            None => self.pick_rows(layer, Query::default(), SelectMode::Replace),
        }
    }

    fn pick_rows(&mut self, layer: String, query: Query, mode: SelectMode) -> Result<(), Failure> {
        self.opened_mut()?.librarian.ask(Topic::Selection, move |reader, _| {
            let ids = reader.ids(&layer, &query)?;
            Ok(Event::Selected(Picked { layer, ids, mode }))
        });
        Ok(())
    }

    /// Lets picked rows change the selection.
    pub(super) fn select_picked(&mut self, picked: Picked) {
        let Picked { layer, ids, mode } = picked;
        let new: BTreeSet<i64> = ids.into_iter().collect();
        if mode == SelectMode::Replace {
            self.selection.rows.clear();
        }
        let rows = self.selection.rows.entry(layer).or_default();
        match mode {
            SelectMode::Replace => *rows = new,
            SelectMode::Add => rows.extend(new),
            SelectMode::Remove => rows.retain(|id| !new.contains(id)),
            SelectMode::Intersect => rows.retain(|id| new.contains(id)),
        }
        self.selection.rows.retain(|_, rows| !rows.is_empty());
        self.selection.revision += 1;
        self.table_selection_changed();
    }

    fn clear_selection(&mut self) {
        self.selection.rows.clear();
        self.selection.revision += 1;
        self.table_selection_changed();
    }

    fn add_bookmark(&mut self, bookmark: Bookmark) -> Result<(), Failure> {
        if bookmark.name.trim().is_empty() {
            return Err(Failure::new(FailureKind::Usage, Text::new("书签要有名称", "A bookmark needs a name")));
        }
        self.keep_bookmarks(|marks| {
            marks.retain(|mark| mark.name != bookmark.name);
            marks.push(bookmark);
        })
    }

    fn keep_bookmarks(&mut self, change: impl FnOnce(&mut Vec<Bookmark>)) -> Result<(), Failure> {
        let marks = &mut self.opened_mut()?.view.bookmarks;
        change(marks);
        let json = serde_json::to_string(marks).unwrap_or_default();
        self.submit(Text::default(), Action::Setting { key: BOOKMARKS_KEY.into(), value: Some(json) })?;
        Ok(())
    }
}

/// Whether a part of the world probably holds few features, going by its share of the layer's ground.
fn few_are_in(index: &LayerIndex, world: &Bounds) -> bool {
    let ground = index.bounds_world();
    let shared = |axis: usize| {
        let shared = world.max[axis].min(ground.max[axis]) - world.min[axis].max(ground.min[axis]);
        (shared / (ground.max[axis] - ground.min[axis]).max(1.0)).clamp(0.0, 1.0)
    };
    shared(0) * shared(1) * index.len() as f64 <= FEW_IN_VIEW
}

/// The paths of a feature, Web Mercator metres, rings closed.
fn outline_in(index: &LayerIndex, slot: u32) -> Vec<Vec<[f64; 2]>> {
    let closed = |path: Path<'_>| {
        let mut positions: Vec<[f64; 2]> = path.world().collect();
        positions.extend(path.kind.is_ring().then(|| positions.first().copied()).flatten());
        positions
    };
    index.geometry(slot).map(closed).collect()
}

/// Whether a layer of areas is drawn without their inside at a scale.
fn is_border_alone(layer: &LayerView, denominator: f64) -> bool {
    let is_area = layer.schema.geometry.and_then(GeometryKind::dimension) == Some(2);
    let mut rules = layer.style.rules.iter().filter(|rule| rule.scale.holds(denominator));
    is_area
        && !rules.any(|rule| rule.paints.iter().any(|paint| !matches!(paint, Paint::Stroke(_) | Paint::Marks { .. })))
}

/// A broken condition, with its place.
pub(super) fn expr_failure(error: &ExprError) -> Failure {
    let (place, what) = (error.at + 1, &error.what);
    let zh = format!("条件第 {place} 个字符处：{}", what.zh);
    let en = format!("Condition, at character {place}: {}", what.en);
    let text = Text::owned(zh, en);
    Failure::new(FailureKind::Usage, text)
}
