//! The search box: features by name, code or number, places by coordinates, layers and actions by name.

use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::text::{Lang, Text, sound};

use super::Session;
use super::action::ACTIONS;
use super::events::Event;
use super::librarian::Topic;
use super::place;
use super::settings::CoordinateStyle;
use super::state::{FeatureRef, Found, FoundTarget, LayerView, title_of};

/// Features listed for one layer, and for all.
const MOST_IN_LAYER: usize = 6;
const MOST_FEATURES: usize = 24;

impl Session {
    /// Looks words up. Actions and places are there at once, features follow.
    pub(super) fn search(&mut self, words: &str) {
        let words = words.trim().to_owned();
        let mut found: Vec<Found> = places(&words).into_iter().collect();
        found.extend(actions(&words));
        let Some(open) = self.open.as_mut() else {
            self.lists.found = found;
            return;
        };
        found.extend(layers(&open.view.layers, &words));
        self.lists.found.clone_from(&found);
        if words.is_empty() {
            self.lists.found_request = 0;
            return;
        }
        let (layers, lang) = (open.view.layers.clone(), self.settings.lang());
        self.lists.found_request = open.librarian.ask(Topic::Search, move |reader, request| {
            let mut all = features(reader, &layers, &words, lang)?;
            all.splice(0..0, found.iter().filter(|it| matches!(it.target, FoundTarget::Place(_))).cloned());
            all.extend(found.into_iter().filter(|it| !matches!(it.target, FoundTarget::Place(_))));
            Ok(Event::Found(request, all))
        });
    }
}

fn places(words: &str) -> Option<Found> {
    let world = place::parse_place(words)?;
    Some(Found {
        group: Text::new("坐标", "Coordinates"),
        title: place::format_place(world, CoordinateStyle::Degrees),
        detail: Text::new("到这个位置", "Go to this place"),
        target: FoundTarget::Place(world),
    })
}

fn actions(words: &str) -> Vec<Found> {
    let wanted = words.to_lowercase();
    let named = ACTIONS.iter().filter(|action| {
        let name = [action.name.zh.to_lowercase(), action.name.en.to_lowercase()];
        wanted.is_empty()
            || name.iter().any(|name| name.contains(&wanted))
            || sound::is_sound(&wanted) && sound::sounds_like(&action.name.zh, &wanted)
    });
    let found = |action: &super::action::Action| Found {
        group: Text::new("操作", "Actions"),
        title: String::new(),
        detail: action.name.clone(),
        target: FoundTarget::Action(action.id),
    };
    named.map(found).collect()
}

fn layers(layers: &[LayerView], words: &str) -> Vec<Found> {
    let wanted = words.to_lowercase();
    let named = layers.iter().filter(|layer| {
        let name = [layer.name.zh.to_lowercase(), layer.name.en.to_lowercase(), layer.table().to_lowercase()];
        !wanted.is_empty() && name.iter().any(|name| name.contains(&wanted))
    });
    let found = |layer: &LayerView| Found {
        group: Text::new("图层", "Layers"),
        title: String::new(),
        detail: layer.name.clone(),
        target: FoundTarget::Layer(layer.table().to_owned()),
    };
    named.take(MOST_IN_LAYER).map(found).collect()
}

/// Whole names before beginnings before the rest; areas and roads before the thousands of points.
fn features(reader: &Reader, layers: &[LayerView], words: &str, lang: Lang) -> Result<Vec<Found>, StoreError> {
    let mut ranked = Vec::new();
    for layer in layers {
        // A place is found by its name in the other language too.
        let named = layer.kind.title.iter().chain(&["name_en"]);
        let fields: Vec<String> =
            named.filter(|id| layer.schema.field(id).is_some()).map(|&id| id.to_owned()).collect();
        let fields = if fields.is_empty() { name_like(layer) } else { fields };
        if fields.is_empty() {
            continue;
        }
        let parts: Vec<&str> = words.split_whitespace().collect();
        let ids = reader.search(layer.table(), &fields, &parts, MOST_IN_LAYER * 4)?;
        let ids: Vec<i64> = ids.into_iter().map(|(id, _)| id).collect();
        for feature in reader.features(layer.table(), &ids)? {
            let title = title_of(layer.kind, &layer.schema, &feature, lang);
            let rank = if title == words { 0 } else { 2 - u8::from(title.starts_with(words)) };
            let at = FeatureRef { layer: layer.table().to_owned(), id: feature.id };
            let found = Found {
                group: Text::new("要素", "Features"),
                title,
                detail: layer.name.clone(),
                target: FoundTarget::Feature(at),
            };
            ranked.push((rank, found.title.chars().count(), found));
        }
    }
    ranked.sort_by(|left, right| (left.0, left.1, &left.2.title).cmp(&(right.0, right.1, &right.2.title)));
    ranked.dedup_by(|left, right| left.2.title == right.2.title && left.2.detail == right.2.detail);
    Ok(ranked.into_iter().map(|(_, _, found)| found).take(MOST_FEATURES).collect())
}

/// Fields of somebody else's layer that look like names.
fn name_like(layer: &LayerView) -> Vec<String> {
    let hints = ["name", "名称", "名", "title", "code", "编号", "id", "number", "address", "地址"];
    let fields = layer.schema.fields.iter();
    let named = fields.filter(|field| hints.iter().any(|hint| field.id.to_lowercase().contains(hint)));
    named.take(4).map(|field| field.id.to_string()).collect()
}
