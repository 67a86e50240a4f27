//! Before a file comes in: how it is understood, where it would lie, what becomes of its layers and columns, what is wrong
//! with it. Several files are gone through one after the other.

mod columns;
mod head;
mod layers;
mod place_map;
mod problems;
mod sample_rows;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::PathBuf;

use egui::{Context, RichText, ScrollArea, Ui};

use super::ask::{Asks, FilePurpose, UiAsk};
use super::import_state::{Choices, Reading};
use super::sheet::{Sheet, foot, sheet};
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{Tone, button, dialog_row, hint_bar, primary_button, text_button};
use crate::geom::crs::Crs;
use crate::model::geometry::Bounds;
use crate::session::Session;
use crate::session::command::{Command, CompareRequest, ExchangeCommand, ImportRequest};
use crate::session::exchange::formats;
use crate::session::import::recipe::Recipe;
use crate::session::place;
use crate::session::state::{CityView, CrsOrigin, ImportPreview};
use crate::text::{Lang, Text};
#[cfg(test)]
pub(super) use tests::sample_preview;

/// Width of the dialog.
const WIDTH: f32 = 780.0;

/// Files on their way in, one after the other.
#[derive(Debug, Default)]
pub struct ImportState {
    /// The first is the one the dialog is about.
    files: VecDeque<PathBuf>,
    /// Files that were done or passed over.
    done: usize,
    reading: Reading,
    answer: Option<(ImportPreview, Choices)>,
    /// Frames without an answer and without work: a file that could not even be looked at.
    idle: u8,
    /// How all files of a shape come in without being asked about, and the CRS that was agreed to.
    for_all: Option<(ForAll, Crs)>,
    /// What does not fit of a recipe that is followed.
    misfits: Option<Vec<Text>>,
    /// A recipe whose way of reading was asked for: the rest of it is done with the answer.
    following: Option<Box<Recipe>>,
    /// Whether the first rows are shown in place of the columns.
    shows_rows: bool,
    /// The way of reading that the answer is of.
    read: Reading,
    /// Why another way of reading came to nothing.
    trouble: Option<Text>,
}

/// What a coordinate system that was only guessed asks of a person before the file comes in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Doubt {
    /// Nothing: it is known, or nothing has a place.
    None,
    /// A look at where it puts the file.
    Look,
    /// A look too, whoever says the system: the file would lie far from the city.
    Far,
    /// A system: with none there is nothing to look at.
    NoPlace,
}

/// A file that would lie farther than this from the city is asked about.
const FAR_M: f64 = 50_000.0;

impl Doubt {
    fn of(preview: &ImportPreview, city: Option<&CityView>) -> Self {
        if gap_m(preview, city).is_some_and(|gap_m| gap_m > FAR_M) {
            return Self::Far;
        }
        let has_place = preview.layers.iter().any(|layer| layer.geometry.is_some());
        match preview.crs_origin {
            CrsOrigin::Guessed if has_place => {
                let is_seen = preview.layers.iter().any(|layer| layer.bounds_world.is_some());
                if is_seen { Self::Look } else { Self::NoPlace }
            }
            _ => Self::None,
        }
    }
}

/// Where the file would lie, Web Mercator metres.
fn bounds_world(preview: &ImportPreview) -> Option<Bounds> {
    let bounds = preview.layers.iter().filter_map(|layer| layer.bounds_world);
    bounds.reduce(|left, right| left.union(&right)).filter(|bounds| !bounds.is_empty())
}

/// How far from the city the file would lie, metres; `None` where it lies in it or either has no place.
fn gap_m(preview: &ImportPreview, city: Option<&CityView>) -> Option<f64> {
    place::gap_m(&city.and_then(CityView::home_world)?, &bounds_world(preview)?)
}

/// How the other files of one shape come in.
#[derive(Debug)]
struct ForAll {
    recipe: Recipe,
    /// Every file is a layer of its own, called after it.
    has_own_names: bool,
}

impl ImportState {
    /// Looks into files; the dialog opens with the answer. Files that belong to another one come with that.
    pub fn start(&mut self, files: Vec<PathBuf>, asks: &mut Asks) {
        let was_empty = self.files.is_empty();
        if was_empty {
            *self = Self::default();
        }
        self.files.extend(formats::without_parts(files));
        if was_empty {
            self.survey(asks);
        }
    }

    /// Whether the dialog is on the screen.
    pub fn is_open(&self) -> bool {
        !self.files.is_empty()
    }

    /// Where the file's layers would lie, Web Mercator metres.
    pub fn bounds_world(&self) -> impl Iterator<Item = Bounds> {
        let layers = self.answer.iter().flat_map(|(preview, choices)| preview.layers.iter().zip(&choices.layers));
        layers.filter(|(_, choices)| choices.take).filter_map(|(layer, _)| layer.bounds_world)
    }

    fn survey(&mut self, asks: &mut Asks) {
        (self.answer, self.idle, self.misfits, self.trouble) = (None, 0, None, None);
        self.look_again(asks);
    }

    /// Looks into the file with other eyes; the answer before stays on the screen until the new one is there.
    fn look_again(&self, asks: &mut Asks) {
        if let Some(path) = self.files.front().cloned() {
            asks.push(exchange(ExchangeCommand::Survey { path, read: self.reading.options() }));
        }
    }

    /// The next file, if there is one.
    fn next(&mut self, asks: &mut Asks) {
        self.files.pop_front();
        self.done += 1;
        self.following = None;
        if self.for_all.is_none() {
            self.reading = Reading::default();
        }
        self.survey(asks);
    }

    /// Takes the session's answer. Choices made before the file was read otherwise stay, if its layers are the same.
    fn take(&mut self, preview: ImportPreview, city: Option<&CityView>) {
        // An answer to what is asked no more: about another file, or read as nobody wants it read now.
        if self.files.front() != Some(&preview.path) || preview.read != self.reading.options() {
            return;
        }
        let was_good = self.answer.as_ref().is_some_and(|(before, _)| before.refused.is_none());
        if let (Some(why), true) = (&preview.refused, was_good) {
            // Read otherwise it makes no sense: back to what did.
            (self.trouble, self.following) = (Some(why.clone()), None);
            self.reading = self.read.clone();
            return;
        }
        (self.trouble, self.read) = (None, self.reading.clone());
        let kept = self.answer.take().map(|(_, choices)| choices).filter(|choices| choices.fit(&preview));
        let mut choices = kept.unwrap_or_else(|| Choices::propose(&preview));
        (choices.place_is_right, choices.place_unknown) = (false, false);
        if let Some(recipe) = self.following.take() {
            choices.follow(&recipe, city);
            self.misfits = Some(recipe.misfits(&preview.shape()));
        }
        self.answer = Some((preview, choices));
    }

    /// Does what a recipe says: the file is looked into its way first.
    pub fn follow(&mut self, recipe: Recipe, asks: &mut Asks) {
        let mut request = ImportRequest::default();
        recipe.apply(&mut request);
        self.reading = Reading::of(&request.read);
        self.following = Some(Box::new(recipe));
        self.look_again(asks);
    }

    /// What is chosen now, as a recipe, and a file name for it.
    pub fn recipe(&self) -> Option<(Recipe, String)> {
        let (preview, choices) = self.answer.as_ref()?;
        let mut reading = self.reading.clone();
        if choices.place_is_right {
            // What was agreed to once is no guess the next time.
            reading.crs.crs = reading.crs.crs.or(Some(preview.crs));
        }
        let request = choices.request(preview.path.clone(), &reading, true);
        let stem = preview.path.file_stem()?.to_string_lossy().into_owned();
        Some((Recipe::of(&request, preview.shape()), format!("{stem}.方案.json")))
    }

    fn request(&self, has_city: bool) -> Option<ImportRequest> {
        let (preview, choices) = self.answer.as_ref()?;
        Some(choices.request(preview.path.clone(), &self.reading, has_city))
    }

    /// Whether the file goes the way that was agreed to for all of its shape.
    fn goes_with_all(&self) -> bool {
        let (Some((for_all, crs)), Some((preview, _))) = (&self.for_all, &self.answer) else { return false };
        preview.refused.is_none() && preview.crs == *crs && for_all.recipe.shape == preview.shape()
    }
}

fn exchange(command: ExchangeCommand) -> UiAsk {
    UiAsk::Run(Command::Exchange(command))
}

/// How the dialog is left.
#[derive(Clone, Debug, PartialEq)]
enum End {
    Open,
    Import,
    Skip,
    /// All that is still to come stays out too.
    SkipAll,
    /// Another way of reading: look again.
    Again,
    /// The recipe of the last file of this shape is followed.
    Follow,
    /// The file is held against the layer that it would be added to.
    Compare,
}

/// Draws the dialog while a file waits for an answer.
pub fn import_ui(ctx: &Context, session: &mut Session, state: &mut ImportState, asks: &mut Asks) {
    if let Some(preview) = session.take_preview() {
        state.take(preview, session.city());
    }
    if !state.is_open() {
        return;
    }
    if state.answer.is_none() || state.goes_with_all() {
        return waiting(ctx, session, state, asks);
    }
    let lang = session.lang();
    let frame =
        Sheet { id: "import", title: lang.pick("导入", "Import"), icon: "DOWNLOAD_SIMPLE", width: WIDTH, lang };
    let mut end = End::Open;
    let closed = sheet(ctx, &frame, |ui| end = contents(ui, lang, session.city(), state, asks));
    finish(if closed { End::SkipAll } else { end }, session.city(), state, asks);
}

fn finish(end: End, city: Option<&CityView>, state: &mut ImportState, asks: &mut Asks) {
    match end {
        End::Open => {}
        End::Skip => state.next(asks),
        End::SkipAll => {
            state.files.truncate(1);
            state.next(asks);
        }
        End::Again => state.look_again(asks),
        End::Follow => {
            if let Some(recipe) = state.answer.as_mut().and_then(|(preview, _)| preview.recipe.take()) {
                state.follow(recipe, asks);
            }
        }
        End::Compare => {
            if let Some(import) = state.request(true) {
                asks.push(exchange(ExchangeCommand::Compare(CompareRequest { import, key: None })));
            }
            state.next(asks);
        }
        End::Import => {
            import(state, city.is_some(), asks);
            state.next(asks);
        }
    }
}

/// Asks for the import, keeps how it was done, and remembers it for the files to come if that is wanted.
fn import(state: &mut ImportState, has_city: bool, asks: &mut Asks) {
    let (Some(request), Some((recipe, _)), Some((preview, choices))) =
        (state.request(has_city), state.recipe(), &state.answer)
    else {
        return;
    };
    if choices.for_all {
        let stem = preview.path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let has_own_names = choices.layers.iter().all(|layer| layer.append.is_none() && layer.name.trim() == stem);
        state.for_all = Some((ForAll { recipe: recipe.clone(), has_own_names }, preview.crs));
    }
    asks.push(exchange(ExchangeCommand::KeepRecipe(Box::new(recipe))));
    asks.push(exchange(ExchangeCommand::Import(request)));
}

/// A large file takes its time; one that cannot be read has a message of its own and no answer. What goes with all others
/// of its shape waits until they are in: it may go to the layer that they make.
fn waiting(ctx: &Context, session: &Session, state: &mut ImportState, asks: &mut Asks) {
    let works = !session.jobs().is_empty();
    ctx.request_repaint();
    if let (Some((for_all, _)), Some((_, choices)), false) = (&state.for_all, &mut state.answer, works) {
        let own_names: Vec<String> = choices.layers.iter().map(|layer| layer.name.clone()).collect();
        choices.follow(&for_all.recipe, session.city());
        if for_all.has_own_names {
            choices.layers.iter_mut().zip(own_names).for_each(|(layer, name)| {
                (layer.append, layer.name) = (None, name);
            });
        }
        import(state, session.city().is_some(), asks);
        return state.next(asks);
    }
    state.idle = if works { 0 } else { state.idle.saturating_add(1) };
    if state.idle > 3 {
        return state.next(asks);
    }
    let lang = session.lang();
    let frame =
        Sheet { id: "import", title: lang.pick("导入", "Import"), icon: "DOWNLOAD_SIMPLE", width: 420.0, lang };
    let closed = sheet(ctx, &frame, |ui| {
        let name = state.files.front().and_then(|path| path.file_name()).map(|name| name.to_string_lossy());
        ui.label(format!("{} {}", lang.pick("正在查看", "Looking into"), name.unwrap_or_default()));
    });
    if closed {
        asks.extend(session.jobs().iter().map(|job| UiAsk::Run(Command::CancelJob(job.id))));
        state.files.truncate(1);
        state.next(asks);
    }
}

fn contents(ui: &mut Ui, lang: Lang, city: Option<&CityView>, state: &mut ImportState, asks: &mut Asks) -> End {
    let ImportState { files, done, reading, answer, misfits, shows_rows, trouble, .. } = state;
    let place = (*done + 1, *done + files.len());
    let Some((preview, choices)) = answer else { return End::Open };
    ui.spacing_mut().item_spacing.y = 8.0;
    head::file_line(ui, lang, preview, place);
    if let Some(why) = &preview.refused {
        hint_bar(ui, Tone::Err, why.get(lang));
        let close = if place.0 < place.1 { lang.pick("下一个", "Next") } else { lang.pick("关闭", "Close") };
        return if foot(ui, |ui| text_button(ui, close).clicked()) { End::Skip } else { End::Open };
    }
    let mut end = End::Open;
    let below = problems::height(&preview.problems);
    let room = (ui.ctx().content_rect().height() - 190.0 - below).max(160.0);
    ScrollArea::vertical().id_salt("import").max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        ui.set_max_width(ui.available_width() - 8.0);
        if let Some(why) = trouble {
            hint_bar(ui, Tone::Err, why.get(lang));
        }
        end = head::understanding(ui, lang, city, preview, choices, reading, asks);
        let followed = head::recipe_bar(ui, lang, preview, misfits.as_deref(), asks);
        if followed {
            end = End::Follow;
        }
        layers::layers_ui(ui, lang, choices, preview);
        layers::target(ui, lang, city, choices);
        columns::columns_ui(ui, lang, choices, preview, shows_rows);
        options(ui, lang, choices, place, preview.format_id.starts_with("geojson"));
    });
    problems::problems_ui(ui, lang, &preview.problems, asks);
    let left = buttons(ui, lang, preview, choices, place, city);
    if left == End::Open { end } else { left }
}

/// What holds the import back; nothing if it can be done.
fn obstacle(preview: &ImportPreview, choices: &Choices, city: Option<&CityView>) -> Option<Text> {
    if choices.layers.iter().all(|layer| !layer.take) {
        return Some(Text::new("至少选一个图层", "Choose at least one layer"));
    }
    match Doubt::of(preview, city) {
        Doubt::Far if !choices.place_is_right => {
            Some(Text::new("位置离本市很远，请先确认", "The place is far from the city: confirm it first"))
        }
        Doubt::Look if !choices.place_is_right => {
            Some(Text::new("坐标系是推测的，请先确认位置", "The coordinate system is a guess: confirm the place first"))
        }
        Doubt::NoPlace if !choices.place_unknown => {
            Some(Text::new("坐标系不明，请先选择", "The coordinate system is not known: choose it first"))
        }
        _ => None,
    }
}

/// The layer that a file can be held against: the one it would be added to, else the only one of its kind.
fn to_compare(choices: &Choices, city: Option<&CityView>) -> Option<String> {
    let [layer] = &choices.layers[..] else { return None };
    if layer.append.is_some() {
        return layer.append.clone();
    }
    let mut same = city?.layers.iter().filter(|it| it.kind.id == layer.kind.id && layer.kind.id != "plain");
    let only = same.next().filter(|_| same.next().is_none())?;
    Some(only.table().to_owned())
}

fn buttons(
    ui: &mut Ui,
    lang: Lang,
    preview: &ImportPreview,
    choices: &mut Choices,
    (number, of): (usize, usize),
    city: Option<&CityView>,
) -> End {
    let obstacle = obstacle(preview, choices, city);
    foot(ui, |ui| {
        let add = |ui: &mut Ui| primary_button(ui, Some("DOWNLOAD_SIMPLE"), lang.pick("导入", "Import"));
        let response = ui.add_enabled_ui(obstacle.is_none(), add).inner;
        let why = obstacle.map(|why| why.get(lang).to_owned()).unwrap_or_default();
        if response.on_disabled_hover_text(why).clicked() {
            return End::Import;
        }
        let mut end = End::Open;
        if city.is_some() && choices.layers.len() == 1 && compare_button(ui, lang, choices, city) {
            end = End::Compare;
        }
        if number < of && text_button(ui, lang.pick("全部取消", "Cancel all")).clicked() {
            end = End::SkipAll;
        }
        let skip = if number < of { lang.pick("跳过", "Skip") } else { lang.pick("取消", "Cancel") };
        if text_button(ui, skip).clicked() {
            end = End::Skip;
        }
        end
    })
}

/// The way to hold the file against a layer; the layer is chosen with it where only one is meant.
fn compare_button(ui: &mut Ui, lang: Lang, choices: &mut Choices, city: Option<&CityView>) -> bool {
    let with = to_compare(choices, city);
    let words = lang.pick("与图层比较…", "Compare with the layer…");
    let compare = ui.add_enabled_ui(with.is_some(), |ui| text_button(ui, words)).inner;
    let tip = lang.pick(
        "先看新增、移动、变更和消失了哪些，再决定接收",
        "See what is new, moved, changed or gone before anything is taken over",
    );
    let first = lang.pick("先在“放进”里选一个图层", "Choose a layer under “Into” first");
    let is_clicked = compare.on_hover_text(tip).on_disabled_hover_text(first).clicked();
    if let (true, Some(layer)) = (is_clicked, choices.shown()) {
        layer.append = with;
    }
    is_clicked
}

fn options(ui: &mut Ui, lang: Lang, choices: &mut Choices, (number, of): (usize, usize), has_text: bool) {
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 16.0;
        let strict = lang.pick("只要有一个坏要素就整个不导入", "Take nothing if one feature is bad");
        ui.checkbox(&mut choices.strict, strict);
        let keep = lang.pick("没导入的要素另存到文件旁边", "Keep refused features in a file beside it");
        ui.checkbox(&mut choices.keep_rejects, keep);
        if has_text {
            let text = lang.pick("保留原文，没改过的原样导出", "Keep the text: what is unchanged goes out as it was");
            ui.checkbox(&mut choices.lossless, text);
        }
        if number < of {
            let rest = lang.pick("其余同样结构的文件也这样导入", "The other files of this shape the same way");
            ui.checkbox(&mut choices.for_all, rest);
        }
    });
}

/// A labelled row of the dialog.
fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    dialog_row(ui, name, LABEL_WIDTH - 8.0, add)
}

/// Small words in the second colour.
fn quiet(ui: &Ui, words: impl Into<String>) -> RichText {
    RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2)
}

/// The buttons that keep and open recipes.
fn recipe_buttons(ui: &mut Ui, lang: Lang, asks: &mut Asks) {
    if button(ui, "FLOPPY_DISK", lang.pick("存为方案…", "Save as a recipe…")).clicked() {
        asks.push(UiAsk::PickFile(FilePurpose::RecipeSave));
    }
    if button(ui, "FOLDER_OPEN", lang.pick("用方案…", "Use a recipe…")).clicked() {
        asks.push(UiAsk::PickFile(FilePurpose::RecipeOpen));
    }
}
