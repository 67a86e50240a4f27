//! The search box: features by name, code or number, places by coordinates, layers and actions by name.

use std::collections::BTreeMap;

use crate::model::value::Value;
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::text;
use crate::text::{Lang, Text, sound};

use super::librarian::Topic;
use crate::session::Session;
use crate::session::action::ACTIONS;
use crate::session::events::Event;
use crate::session::place;
use crate::session::settings::CoordinateStyle;
use crate::session::state::{FeatureRef, Found, FoundTarget, LayerView, title_of};

/// Features listed for one layer, and for all.
const MOST_IN_LAYER: usize = 6;
const MOST_FEATURES: usize = 24;

impl Session {
    /// Looks words up. Actions and places are there at once, features follow.
    pub(in crate::session) fn search(&mut self, words: &str) {
        let words = words.trim().to_owned();
        let mut found: Vec<Found> = places(&words).into_iter().collect();
        found.extend(actions(&words));
        let lang = self.lang();
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
        let layers = open.view.layers.clone();
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
    let found = |action: &crate::session::action::Action| Found {
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
        let sounds = sound::is_sound(&wanted) && sound::sounds_like(&layer.name.zh, &wanted);
        !wanted.is_empty() && (sounds || name.iter().any(|name| name.contains(&wanted)))
    });
    let found = |layer: &LayerView| Found {
        group: Text::new("图层", "Layers"),
        title: String::new(),
        detail: layer.name.clone(),
        target: FoundTarget::Layer(layer.table().to_owned()),
    };
    named.take(MOST_IN_LAYER).map(found).collect()
}

/// How well a row fits the words, best first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// A name or code is what was typed.
    Whole,
    /// One begins so.
    Beginning,
    /// The words stand somewhere in them.
    Inside,
    /// They only sound like that.
    Sound,
}

/// A row that was found: how well it fits, and the value by which it was found, if it is spelt there.
fn fit(values: &[Value], parts: &[String]) -> (Fit, Option<String>) {
    let phrase = parts.join(" ");
    let values: Vec<String> = values.iter().filter(|value| !value.is_null()).map(ToString::to_string).collect();
    let lower: Vec<String> = values.iter().map(|value| value.to_lowercase()).collect();
    let by = |is_it: &dyn Fn(&str) -> bool| lower.iter().position(|value| is_it(value)).map(|at| values[at].clone());
    if let Some(value) = by(&|value| value == phrase) {
        return (Fit::Whole, Some(value));
    }
    if let Some(value) = by(&|value| value.starts_with(&phrase)) {
        return (Fit::Beginning, Some(value));
    }
    let is_spelt = parts.iter().all(|part| lower.iter().any(|value| value.contains(part)));
    let value = by(&|value| parts.iter().any(|part| value.contains(part)));
    if is_spelt { (Fit::Inside, value) } else { (Fit::Sound, None) }
}

/// Whole names and codes before beginnings before the rest, and what only sounds like the words last; short before long:
/// areas and roads before the thousands of points.
fn features(reader: &Reader, layers: &[LayerView], words: &str, lang: Lang) -> Result<Vec<Found>, StoreError> {
    let mut ranked = Vec::new();
    let parts: Vec<&str> = words.split_whitespace().collect();
    let lower: Vec<String> = parts.iter().map(|part| part.to_lowercase()).collect();
    for layer in layers {
        // A place is found by its name in the other language too.
        let named = layer.kind.title.iter().chain(&["name_en"]);
        let fields: Vec<String> =
            named.filter(|id| layer.schema.field(id).is_some()).map(|&id| id.to_owned()).collect();
        let fields = if fields.is_empty() { name_like(layer) } else { fields };
        if fields.is_empty() {
            continue;
        }
        let rows = reader.search(layer.table(), &fields, &parts, MOST_IN_LAYER * 4)?;
        let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
        let fits: BTreeMap<i64, _> = rows.iter().map(|(id, values)| (*id, fit(values, &lower))).collect();
        for feature in reader.features(layer.table(), &ids)? {
            let (fit, by) = fits.get(&feature.id).cloned().unwrap_or((Fit::Sound, None));
            let title = title_of(layer.kind, &layer.schema, &feature, lang);
            let length = by.as_ref().unwrap_or(&title).chars().count();
            // What was found by its code is shown with it, or nobody would know why it is there.
            let by = by.filter(|by| !title.to_lowercase().contains(&by.to_lowercase()));
            let (zh, en) = (&layer.name.zh, &layer.name.en);
            let detail = by.map_or_else(|| layer.name.clone(), |by| text!("{zh} · {by}", "{en} · {by}"));
            let target = FoundTarget::Feature(FeatureRef { layer: layer.table().to_owned(), id: feature.id });
            ranked.push((fit, length, Found { group: Text::new("要素", "Features"), title, detail, target }));
        }
    }
    ranked.sort_by(|left, right| {
        let key = |(fit, length, found): &(Fit, usize, Found)| (*fit, *length, found.title.clone());
        key(left).cmp(&key(right))
    });
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_fits_by_its_best_name_or_code() {
        let check = |values: &[&str], typed: &str, expected: Fit, by: Option<&str>| {
            let values: Vec<Value> = values.iter().map(|&value| Value::from(value)).collect();
            let parts: Vec<String> = typed.split_whitespace().map(str::to_lowercase).collect();
            assert_eq!(fit(&values, &parts), (expected, by.map(str::to_owned)), "{typed}");
        };
        check(&["乙亭", "K-012"], "k-012", Fit::Whole, Some("K-012"));
        check(&["丙亭", "K-0123"], "k-012", Fit::Beginning, Some("K-0123"));
        check(&["甲亭", "DK-012"], "k-012", Fit::Inside, Some("DK-012"));
        check(&["甘棠湖亭", "K-7"], "gth", Fit::Sound, None);
        check(&["甘棠湖亭", "K-7"], "甘棠 k-7", Fit::Inside, Some("甘棠湖亭"));
        check(&["East Lake Road"], "east lake", Fit::Beginning, Some("East Lake Road"));
    }
}
