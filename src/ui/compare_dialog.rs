//! A file held against a layer: the list of differences, each a click away on the map, and what of them is taken over.

use std::collections::BTreeSet;

use egui::{Align, ComboBox, Context, Label, Layout, Rect, RichText, ScrollArea, Ui, UiBuilder, vec2};

use super::ask::{Asks, UiAsk};
use super::compare_marks::color_of;
use super::icons::icon;
use super::sheet::{Sheet, Side, foot, sheet_at};
use super::show;
use super::theme::{self, ROW, Tokens};
use super::widgets::{Tone, chip, choice_chip, hint_bar, list_row, primary_button, text_button};
use crate::session::Session;
use crate::session::command::{Command, CompareRequest, ExchangeCommand};
use crate::session::compare::{Comparison, Difference, DifferenceKind, TakenParts};
use crate::session::place;
use crate::text::Lang;

/// How close a difference without size is looked at: the scale's denominator.
const CLOSE: f64 = 1000.0;
/// Width of the dialog: beside it there is room for the map.
const WIDTH: f32 = 600.0;
/// Share of the map's width that may lie under it for the rest to be worth going to.
const MOST_COVERED: f32 = 0.7;

/// What the dialog remembers.
#[derive(Debug, Default)]
pub struct CompareState {
    /// Kinds that are not listed.
    hidden: BTreeSet<DifferenceKind>,
    /// Places of those that are ticked.
    chosen: BTreeSet<usize>,
    /// The one that was gone to.
    current: Option<usize>,
    /// Where the dialog lay in the last frame.
    rect: Option<Rect>,
    /// File, layer and key that all this is about.
    about: Option<(std::path::PathBuf, String, Option<String>)>,
}

impl CompareState {
    /// The difference that was gone to, by its place.
    pub fn current(&self) -> Option<usize> {
        self.current
    }

    /// Width of what it covers at the right of a map: what a row leads to is shown in the rest. Nothing while it lies
    /// somewhere else.
    pub fn covered_px(&self, map: Rect) -> f32 {
        let covered = self.rect.map_or(0.0, |rect| map.right() - rect.left());
        if covered <= map.width() * MOST_COVERED { covered.max(0.0) } else { 0.0 }
    }

    fn follow(&mut self, comparison: &Comparison) {
        let about = Some((comparison.file.clone(), comparison.schema.table.clone(), comparison.key.clone()));
        if self.about != about {
            *self = Self { about, rect: self.rect, ..Self::default() };
        }
        self.chosen.retain(|&place| comparison.differences.get(place).is_some_and(|difference| !difference.taken));
    }

    /// Places of the rows of the list.
    fn listed(&self, comparison: &Comparison) -> Vec<usize> {
        let is_listed = |difference: &Difference| !difference.taken && !self.hidden.contains(&difference.kind());
        let differences = comparison.differences.iter().enumerate();
        differences.filter(|(_, it)| is_listed(it)).map(|(place, _)| place).collect()
    }
}

/// Draws the dialog while there is a comparison.
pub fn compare_ui(ctx: &Context, session: &Session, state: &mut CompareState, asks: &mut Asks) {
    let Some(comparison) = session.comparison() else {
        *state = CompareState::default();
        return;
    };
    state.follow(comparison);
    let lang = session.lang();
    let title = lang.pick("与图层比较", "Compared with the layer");
    let frame = Sheet { id: "compare", title, icon: "ARROWS_LEFT_RIGHT", width: WIDTH, lang };
    let can_write = session.city().is_some_and(|city| city.read_only.is_none());
    let mut done = false;
    let shown = sheet_at(ctx, &frame, Side::Right, |ui| done = contents(ui, lang, comparison, can_write, state, asks));
    state.rect = Some(shown.rect);
    if shown.closed || done {
        asks.push(exchange(ExchangeCommand::EndCompare));
    }
}

fn exchange(command: ExchangeCommand) -> UiAsk {
    UiAsk::Run(Command::Exchange(command))
}

/// Everything in it; whether it is to be closed.
fn contents(
    ui: &mut Ui,
    lang: Lang,
    comparison: &Comparison,
    can_write: bool,
    state: &mut CompareState,
    asks: &mut Asks,
) -> bool {
    ui.spacing_mut().item_spacing.y = 8.0;
    head(ui, lang, comparison, asks);
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for kind in DifferenceKind::ALL {
            let words = format!("{} {}", kind.name().get(lang), show::count(comparison.count(kind) as u64));
            let is_shown = !state.hidden.contains(&kind);
            if choice_chip(ui, &words, is_shown).clicked() && !state.hidden.remove(&kind) {
                state.hidden.insert(kind);
            }
        }
        let same = show::count(comparison.same);
        chip(ui, &format!("{} {same}", lang.pick("相同", "The same")), Tone::Plain);
    });
    let listed = state.listed(comparison);
    list(ui, lang, comparison, &listed, state, asks);
    if !comparison.problems.is_empty() {
        let count = show::count(comparison.problems.count());
        let words = match lang {
            Lang::Zh => format!("文件有 {count} 个问题，有问题的行没有比较"),
            Lang::En => format!("The file has {count} problems; rows that are refused were not compared"),
        };
        hint_bar(ui, Tone::Warn, words);
    }
    foot(ui, |ui| {
        let count = show::count(listed.len() as u64);
        let all = match (lang, state.hidden.is_empty()) {
            (Lang::Zh, true) => format!("全部接收（{count}）"),
            (Lang::En, true) => format!("Take all ({count})"),
            (Lang::Zh, false) => format!("接收列出的（{count}）"),
            (Lang::En, false) => format!("Take those listed ({count})"),
        };
        let some = match lang {
            Lang::Zh => format!("接收勾选的（{}）", show::count(state.chosen.len() as u64)),
            Lang::En => format!("Take those ticked ({})", show::count(state.chosen.len() as u64)),
        };
        let take = |which: Vec<usize>| exchange(ExchangeCommand::Take { which, parts: TakenParts::ALL });
        let is_all = ui.add_enabled_ui(can_write && !listed.is_empty(), |ui| primary_button(ui, None, &all)).inner;
        if is_all.clicked() {
            asks.push(take(listed));
        }
        let is_some = can_write && !state.chosen.is_empty();
        if ui.add_enabled_ui(is_some, |ui| text_button(ui, &some)).inner.clicked() {
            asks.push(take(state.chosen.iter().copied().collect()));
        }
        text_button(ui, lang.pick("关闭", "Close")).clicked()
    })
}

/// What is compared, and by what things are recognised.
fn head(ui: &mut Ui, lang: Lang, comparison: &Comparison, asks: &mut Asks) {
    let file = comparison.file.file_name().unwrap_or_default().to_string_lossy();
    let layer = comparison.schema.name.get(lang);
    ui.label(RichText::new(format!("{file} → {layer}")).font(theme::medium(14.0)));
    ui.horizontal(|ui| {
        ui.label(lang.pick("按什么对应", "Told apart by"));
        let by_place = lang.pick("位置和形状", "Place and shape");
        let name_of = |id: &str| comparison.schema.field(id).map_or(by_place, |field| field.name.get(lang));
        let shown = comparison.key.as_deref().map_or(by_place, name_of).to_owned();
        let mut wanted = None;
        let list = ComboBox::from_id_salt("key").width(220.0).height(320.0).selected_text(shown).show_ui(ui, |ui| {
            if ui.selectable_label(comparison.key.is_none(), by_place).clicked() {
                wanted = Some(String::new());
            }
            for id in &comparison.compared {
                if ui.selectable_label(comparison.key.as_ref() == Some(id), name_of(id)).clicked() {
                    wanted = Some(id.clone());
                }
            }
        });
        list.response.accessible_name(lang.pick("按什么对应", "Told apart by"));
        let again = lang.pick("重新比较", "Compare again");
        if text_button(ui, again).clicked() {
            wanted = Some(comparison.key.clone().unwrap_or_default());
        }
        if let Some(key) = wanted {
            let request = CompareRequest { key: Some(key), ..comparison.request.clone() };
            asks.push(exchange(ExchangeCommand::Compare(request)));
        }
    });
}

fn list(ui: &mut Ui, lang: Lang, comparison: &Comparison, listed: &[usize], state: &mut CompareState, asks: &mut Asks) {
    if listed.is_empty() {
        let words = if comparison.open(TakenParts::ALL).is_empty() {
            lang.pick("没有差别了。", "Nothing differs any more.")
        } else {
            lang.pick(
                "上面点亮的类别里没有差别；点其他类别把它们列出来。",
                "Nothing differs in the kinds shown: click another kind above to list it.",
            )
        };
        ui.label(words);
        return;
    }
    let mut all = listed.iter().all(|place| state.chosen.contains(place));
    if ui.checkbox(&mut all, lang.pick("全选列出的", "Tick all that are listed")).changed() {
        listed.iter().for_each(|&place| _ = if all { state.chosen.insert(place) } else { state.chosen.remove(&place) });
    }
    ScrollArea::vertical().max_height(340.0).auto_shrink([false, true]).show_rows(ui, ROW, listed.len(), |ui, rows| {
        for &place in &listed[rows] {
            difference_row(ui, lang, comparison, place, state, asks);
        }
    });
}

fn difference_row(
    ui: &mut Ui,
    lang: Lang,
    comparison: &Comparison,
    place: usize,
    state: &mut CompareState,
    asks: &mut Asks,
) {
    let difference = &comparison.differences[place];
    let (title, words) = (title(comparison, difference, lang), changes(comparison, difference, lang));
    ui.horizontal(|ui| {
        let mut is_chosen = state.chosen.contains(&place);
        let name = format!("{} {title}", lang.pick("勾选", "Tick"));
        if ui.checkbox(&mut is_chosen, "").accessible_name(name).changed() {
            _ = if is_chosen { state.chosen.insert(place) } else { state.chosen.remove(&place) };
        }
        let whole = format!("{} {title} {words}", difference.kind().name().get(lang));
        let (rect, response) = list_row(ui, ROW, state.current == Some(place), &whole);
        let builder = UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
        ui.scope_builder(builder, |ui| {
            ui.add_space(4.0);
            let color = color_of(difference.kind(), Tokens::of(ui));
            ui.label(icon(icon_of(difference.kind())).color(color));
            ui.label(RichText::new(difference.kind().name().get(lang)).color(color));
            ui.add_sized(vec2(150.0, ROW), Label::new(title).truncate());
            let words = RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2);
            ui.add(Label::new(words).truncate());
        });
        if response.on_hover_text(whole).clicked() {
            state.current = Some(place);
            asks.extend(difference.bounds_world.map(|bounds| {
                let is_small = bounds.width().max(bounds.height()) < 20.0;
                let at = bounds.center();
                if is_small { UiAsk::GoToScale(at, place::metres_per_px(CLOSE, at)) } else { UiAsk::ZoomTo(bounds) }
            }));
        }
    });
}

fn icon_of(kind: DifferenceKind) -> &'static str {
    match kind {
        DifferenceKind::Added => "PLUS",
        DifferenceKind::Moved => "ARROWS_OUT_CARDINAL",
        DifferenceKind::Changed => "PENCIL_SIMPLE",
        DifferenceKind::Gone => "TRASH",
    }
}

/// The key of a thing, else its name, else its number.
fn title(comparison: &Comparison, difference: &Difference, lang: Lang) -> String {
    let Some(row) = difference.new.as_ref().or(difference.old.as_ref()) else { return String::new() };
    let key = comparison.key.as_deref().map(|id| show::field_text(&comparison.schema, &row.values, id, lang));
    key.filter(|key| !key.is_empty()).unwrap_or_else(|| {
        let kind = crate::kinds::find(&comparison.schema.kind).unwrap_or_else(crate::kinds::plain);
        crate::session::state::title_of(kind, &comparison.schema, row, lang)
    })
}

/// `2.4 m · 管径: 300 mm → 400 mm`.
fn changes(comparison: &Comparison, difference: &Difference, lang: Lang) -> String {
    let moved = difference.moved_m.map(|moved_m| format!("{moved_m:.2} m"));
    let values = difference.fields.iter().map(|&place| {
        let field = &comparison.schema.fields[place];
        let [old, new] = difference.values(place).map(|value| show::value_text(field, value, lang));
        format!("{}: {old} → {new}", field.name.get(lang))
    });
    moved.into_iter().chain(values).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::feature::Feature;
    use crate::model::geometry::Bounds;
    use crate::model::value::Value;
    use crate::task::Problems;
    use crate::ui::sample;
    use egui_kittest::{Harness, kittest::Queryable as _};

    type Dialog = (CompareState, Asks);

    #[test]
    fn what_is_ticked_is_taken_over_and_a_row_leads_to_its_place() {
        let mut harness = harness();
        harness.get_by_label("Added 1");
        harness.get_by_label("Tick J2").click();
        harness.run();
        harness.get_by_label("Take those ticked (1)").click();
        harness.get_by_label_contains("Changed J2").click();
        harness.run();
        let (state, asks) = harness.state();
        assert_eq!(state.current(), Some(1));
        assert!(asks.iter().any(|ask| matches!(ask, UiAsk::GoToScale(..))));
        assert_eq!(taken(asks), Some(vec![1]));
    }

    #[test]
    fn all_that_are_listed_are_taken_over_and_no_others() {
        let mut harness = harness();
        harness.get_by_label("Take all (3)");
        harness.get_by_label("Gone 1").click();
        harness.run();
        assert!(harness.query_by_label("Tick J3").is_none());
        harness.get_by_label("Take those listed (2)").click();
        harness.run();
        assert_eq!(taken(&harness.state().1), Some(vec![0, 1]));
    }

    #[test]
    fn an_empty_list_says_whether_something_is_only_hidden() {
        let mut harness = harness();
        harness.get_by_label("The same 0");
        for kind in ["Added 1", "Changed 1", "Gone 1"] {
            harness.get_by_label(kind).click();
            harness.run();
        }
        harness.get_by_label_contains("click another kind above");
    }

    #[test]
    fn the_map_goes_to_a_place_beside_the_dialog() {
        let map = Rect::from_min_max(egui::pos2(280.0, 80.0), egui::pos2(1100.0, 800.0));
        let covered = |left: f32| {
            let rect = Some(Rect::from_min_size(egui::pos2(left, 100.0), vec2(WIDTH, 500.0)));
            CompareState { rect, ..CompareState::default() }.covered_px(map)
        };
        assert_eq!((covered(830.0), covered(1200.0)), (270.0, 0.0));
        assert_eq!(covered(300.0), 0.0, "moved over the whole map there is no place beside it");
    }

    fn taken(asks: &Asks) -> Option<Vec<usize>> {
        asks.iter().find_map(|ask| match ask {
            UiAsk::Run(Command::Exchange(ExchangeCommand::Take { which, .. })) => Some(which.clone()),
            _ => None,
        })
    }

    fn comparison() -> Comparison {
        let row = |code: &str, depth: f64| Feature {
            id: 1,
            geometry: None,
            values: vec![Value::from(code), Value::Real(depth), Value::Null, Value::Null],
        };
        let difference = |old: Option<Feature>, new: Option<Feature>, fields: Vec<usize>| Difference {
            number: Some(1),
            old,
            new,
            moved_m: None,
            fields,
            taken: false,
            paths_world: [Vec::new(), Vec::new()],
            bounds_world: Some(Bounds::new(1.0, 1.0, 2.0, 2.0)),
        };
        let differences = vec![
            difference(None, Some(row("J1", 1.0)), Vec::new()),
            difference(Some(row("J2", 1.0)), Some(row("J2", 2.0)), vec![1]),
            difference(Some(row("J3", 1.0)), None, Vec::new()),
        ];
        Comparison::of("井.csv".into(), sample::manhole_schema(), Some("code".into()), differences, Problems::default())
    }

    fn harness() -> Harness<'static, Dialog> {
        let comparison = comparison();
        let builder = Harness::builder().with_size(vec2(760.0, 620.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, (state, asks): &mut Dialog| {
                state.follow(&comparison);
                contents(ui, Lang::En, &comparison, true, state, asks);
            },
            (CompareState::default(), Asks::new()),
        );
        harness.run();
        harness
    }
}
