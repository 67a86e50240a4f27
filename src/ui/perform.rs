//! Carries out what panels, menus and keys ask of the window.

use std::path::PathBuf;

use egui::Context;

use super::app::App;
use super::ask::{Asks, FilePurpose, UiAsk};
use super::dialogs::Chosen;
use super::map_panel;
use super::map_spot::Spot;
use super::right_panel::RightTab;
use super::sewer::swmm_dialog::SwmmState;
use super::small_dialogs::SmallDialog;
use crate::model::geometry::Bounds;
use crate::session::action::ActionId;
use crate::session::answer::{RenderFrame, RenderRequest};
use crate::session::command::{
    CityCommand, Command, EditCommand, ExchangeCommand, GroundCommand, HistoryCommand, LayerCommand, LookCommand,
    SelectMode, SettingsCommand, TableCommand,
};
use crate::session::export::redact::Profile;
use crate::session::ground;
use crate::session::place;
use crate::session::settings::Theme;
use crate::session::state::FeatureRef;
use crate::text::Lang;

/// What lies so far around the city is on its base map too, metres.
const BASEMAP_MARGIN_M: f64 = 1000.0;
/// A place that was asked for by its coordinates is looked at from this close.
const SPOT_DENOMINATOR: f64 = 2500.0;

impl App {
    /// Does one thing that was asked for.
    pub(super) fn carry_out(&mut self, ctx: &Context, wish: UiAsk) {
        if map_panel::go(&mut self.map, &wish) {
            return;
        }
        match wish {
            UiAsk::Run(command) => {
                self.session.run(command);
            }
            UiAsk::Act(id) => self.act(ctx, id),
            UiAsk::Sewer(ask) => self.ask_sewers(ask),
            UiAsk::SewerTopic(topic) => self.sewer_topic(topic),
            UiAsk::WriteSewer(topic) => self.write_sewers(ctx, topic),
            UiAsk::Spot(at_world) => {
                self.map.camera.go_close_to(at_world, SPOT_DENOMINATOR);
                self.shell.spot = Some(Spot::new(at_world, ctx.input(|input| input.time)));
            }
            UiAsk::Copy(words) => ctx.copy_text(words),
            UiAsk::EditForm(at) => self.edit_form(at),
            UiAsk::NoteOn(at) => self.panels.note.start_on(&self.session, at),
            UiAsk::ShowProblems => self.notices.show_problems(self.session.problems().to_vec()),
            UiAsk::PickFile(purpose) => self.pick_for(ctx, purpose),
            UiAsk::StyleLayer(table) => self.style_layer(table),
            UiAsk::OpenTable(table) => self.run(Command::Look(LookCommand::Table(TableCommand::Open(table)))),
            UiAsk::ExportLayer(table) => self.panels.export.open(&self.session, &table),
            UiAsk::OwnSystem(name) => self.panels.crs_form.open(&self.session, name.as_deref()),
            UiAsk::ShowPhoto(photos, which) => self.panels.photo.open(photos, which),
            UiAsk::Paste(words) => {
                if let Some(path) = self.session.paste(&words) {
                    self.carry_out(ctx, UiAsk::ImportFiles(vec![path]));
                }
            }
            UiAsk::ImportFiles(files) => {
                for wish in self.panels.start_import(files) {
                    self.carry_out(ctx, wish);
                }
            }
            UiAsk::ZoomTo(_) | UiAsk::GoTo(_) | UiAsk::GoToScale(..) | UiAsk::GoToView(_) | UiAsk::Turn(_) => {}
        }
        ctx.request_repaint();
    }

    fn pick_for(&mut self, ctx: &Context, purpose: FilePurpose) {
        let suggestion = match purpose {
            FilePurpose::Export => self.panels.export.file_name(&self.session),
            FilePurpose::Sheet(_) => self.panels.print.file_name(),
            FilePurpose::StyleExport => self.panels.right.style.file_name(&self.session),
            FilePurpose::RecipeSave => self.panels.import.recipe().map(|(_, name)| name).unwrap_or_default(),
            FilePurpose::ProfileSave => self.session.lang().pick("脱敏.json", "redact.json").to_owned(),
            FilePurpose::SewerOut | FilePurpose::SewerProfile => self.panels.right.sewer.file_name(&self.session),
            FilePurpose::SewerModel => SwmmState::file_name(&self.session),
            _ => String::new(),
        };
        self.files.open(ctx, purpose, &suggestion, self.session.lang());
    }

    /// Opens a tab of the right panel; closes the panel if that tab is open.
    pub(super) fn right_tab(&mut self, tab: RightTab) {
        self.shell.right = !(self.shell.right && self.panels.right.tab == tab);
        self.panels.right.tab = tab;
    }

    fn style_layer(&mut self, table: String) {
        self.layers.current = Some(table);
        self.shell.right = true;
        self.panels.right.tab = RightTab::Style;
    }

    fn edit_form(&mut self, at: FeatureRef) {
        self.shell.right = true;
        self.panels.right.tab = RightTab::Details;
        self.panels.right.details.edit(at);
    }

    /// Does an action.
    pub(super) fn act(&mut self, ctx: &Context, id: ActionId) {
        let is_done = if id == ActionId::ZoomAll { self.zoom_all() } else { self.map.act(id, &self.session) };
        if is_done {
            ctx.memory_mut(|memory| memory.request_focus(map_panel::MapPanel::id()));
            return;
        }
        match id {
            ActionId::NewCity
            | ActionId::OpenCity
            | ActionId::ImportFile
            | ActionId::AddGround
            | ActionId::MakeBasemap
            | ActionId::Backup
            | ActionId::SavePicture => {
                self.pick_file(ctx, id);
            }
            ActionId::LeftPanel => self.shell.left = !self.shell.left,
            ActionId::RightPanel => self.shell.right = !self.shell.right,
            ActionId::Diagnostics => self.shell.diagnostics.open = !self.shell.diagnostics.open,
            ActionId::FullScreen => self.switch_full_screen(ctx),
            ActionId::AllPanels => self.switch_panels(),
            _ if self.sewer_action(ctx, id) => {}
            ActionId::NoteList => self.right_tab(RightTab::Notes),
            ActionId::ShowHistory => self.right_tab(RightTab::History),
            ActionId::LayerStyle => self.right_tab(RightTab::Style),
            ActionId::Palette => self.panels.palette.open(""),
            ActionId::KeySheet => self.panels.keys.toggle(),
            ActionId::OpenSettings => self.panels.settings.open(),
            ActionId::Welcome => self.panels.welcome.open(),
            ActionId::NewLayer => self.panels.small = SmallDialog::NewLayer,
            ActionId::PrintMap => self.panels.print.open(&self.session, &self.map.camera),
            ActionId::Bookmarks => self.panels.small = SmallDialog::Bookmarks,
            ActionId::About => self.panels.small = SmallDialog::About,
            ActionId::AddBookmark => self.panels.small = SmallDialog::AddBookmark(String::new()),
            ActionId::EditForm => {
                let shown = self.session.details().and_then(|details| details.hits.get(details.current)).cloned();
                shown.into_iter().for_each(|at| self.edit_form(at));
            }
            _ => self.layer_action(id),
        }
    }

    /// The managed ground first, as when a city is opened; asked for again while that is looked at, everything there is.
    fn zoom_all(&mut self) -> bool {
        let Some(city) = self.session.city() else { return false };
        let (home, camera) = (city.home_world(), &mut self.map.camera);
        let is_again = self.shell.was_home && home.is_some_and(|home| camera.is_on(&home));
        self.shell.was_home = !is_again;
        let bounds = if is_again { city.bounds_world() } else { home };
        bounds.iter().for_each(|bounds| camera.go_to_bounds(bounds));
        true
    }

    /// Actions about the layer that is chosen in the tree.
    fn layer_action(&mut self, id: ActionId) {
        let lang = self.session.lang();
        let Some(layer) = self.session.city().and_then(|city| self.layers.current(city)) else {
            return self.command_action(id);
        };
        let table = layer.table().to_owned();
        match id {
            ActionId::RenameLayer => {
                let layer = layer.clone();
                self.layers.rename(&layer, lang);
                self.shell.left = true;
            }
            ActionId::ZoomLayer => layer.bounds_world.iter().for_each(|bounds| self.map.camera.go_to_bounds(bounds)),
            ActionId::RemoveLayer => self.run(Command::Layer(LayerCommand::Remove(table))),
            ActionId::AttributeTable => {
                let wanted =
                    if self.session.table().is_some() { TableCommand::Close } else { TableCommand::Open(table) };
                self.run(Command::Look(LookCommand::Table(wanted)));
            }
            ActionId::ExportLayer => self.panels.export.open(&self.session, &table),
            ActionId::SelectAll => self.run(Command::Look(LookCommand::SelectAll(table))),
            ActionId::SelectWhere => {
                let (filter, mode) = (String::new(), SelectMode::Replace);
                self.panels.small = SmallDialog::SelectWhere { layer: table, filter, mode };
            }
            _ => self.command_action(id),
        }
    }

    /// Actions that are one command.
    fn command_action(&mut self, id: ActionId) {
        let settings = self.session.settings();
        let command = match id {
            ActionId::SampleCity => Command::City(CityCommand::OwnSample),
            ActionId::CloseCity => Command::City(CityCommand::Close),
            ActionId::Undo => Command::History(HistoryCommand::Undo),
            ActionId::Redo => Command::History(HistoryCommand::Redo),
            ActionId::ClearSelection => Command::Look(LookCommand::ClearSelection),
            ActionId::SwitchLanguage => {
                let other = if self.session.lang() == Lang::Zh { Lang::En } else { Lang::Zh };
                Command::Settings(SettingsCommand::Lang(other))
            }
            ActionId::SwitchTheme => {
                let other = if settings.theme == Theme::Light { Theme::Dark } else { Theme::Light };
                Command::Settings(SettingsCommand::Theme(other))
            }
            ActionId::ShowAllLayers => {
                let layers = self.session.city().map(|city| &city.layers[..]).unwrap_or_default();
                let layers = layers.iter().map(|layer| layer.table().to_owned()).collect();
                Command::Layer(LayerCommand::Visible { layers, visible: true })
            }
            ActionId::DeleteSelected => return self.delete_selected(),
            _ => return,
        };
        self.run(command);
    }

    fn run(&mut self, command: Command) {
        self.session.run(command);
    }

    /// One step for each layer that has something selected.
    fn delete_selected(&mut self) {
        let rows: Vec<_> = self.session.selection().rows.clone().into_iter().collect();
        for (layer, ids) in rows.into_iter().filter(|(_, ids)| !ids.is_empty()) {
            self.run(Command::Edit(EditCommand::Delete { layer, ids: ids.into_iter().collect() }));
        }
    }

    fn pick_file(&mut self, ctx: &Context, id: ActionId) {
        let lang = self.session.lang();
        let file = self.session.city().and_then(|city| city.path.file_stem());
        let stem = file.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let (purpose, suggestion) = match id {
            ActionId::NewCity => (FilePurpose::NewCity, lang.pick("新城市.gpkg", "city.gpkg").to_owned()),
            ActionId::OpenCity => (FilePurpose::OpenCity, String::new()),
            ActionId::ImportFile => (FilePurpose::Import, String::new()),
            ActionId::AddGround => (FilePurpose::Ground, String::new()),
            ActionId::MakeBasemap => (FilePurpose::Basemap, String::new()),
            ActionId::Backup => (FilePurpose::Backup, format!("{stem}-{}.gpkg", lang.pick("备份", "backup"))),
            _ => (FilePurpose::Picture, format!("{stem}-{}.png", jiff::Zoned::now().strftime("%Y-%m-%d"))),
        };
        self.files.open(ctx, purpose, &suggestion, lang);
    }

    /// A file was chosen in a dialog.
    pub(super) fn file_chosen(&mut self, chosen: Chosen, asks: &mut Asks) {
        let Chosen { purpose, paths } = chosen;
        let Some(path) = paths.first().cloned() else { return };
        // The dialog has asked before it gave an existing file to write to.
        let overwrite = true;
        match purpose {
            FilePurpose::NewCity => asks.push(city(CityCommand::New { path, overwrite })),
            FilePurpose::OpenCity => asks.push(city(CityCommand::Open(path))),
            FilePurpose::Backup => asks.push(city(CityCommand::Backup { path, overwrite })),
            FilePurpose::Import => asks.push(UiAsk::ImportFiles(paths)),
            FilePurpose::Ground => asks.extend(paths.into_iter().map(add_ground)),
            FilePurpose::Basemap => {
                let request = self.session.basemap_request(paths, BASEMAP_MARGIN_M);
                asks.push(UiAsk::Run(Command::Exchange(ExchangeCommand::Import(request))));
            }
            FilePurpose::GroundLocate => {
                let command = self.layers.locating.take().map(|name| GroundCommand::Locate { name, path });
                asks.extend(command.map(|command| UiAsk::Run(Command::Ground(command))));
            }
            FilePurpose::NotePhotos => self.panels.note.add_photos(paths),
            FilePurpose::FeaturePhotos => self.add_photos(paths, asks),
            FilePurpose::Export => self.panels.export.take_path(path),
            FilePurpose::Picture => asks.push(self.picture(path, overwrite)),
            FilePurpose::Sheet(_) | FilePurpose::SheetFolder => {
                asks.extend(self.panels.print.print(&self.session, &path));
            }
            FilePurpose::StyleImport => self.panels.right.style.import(path, &self.session, asks),
            FilePurpose::StyleExport => self.panels.right.style.export(path, overwrite, asks),
            FilePurpose::RecipeOpen => {
                if let Some(recipe) = self.session.read_recipe(&path) {
                    self.panels.import.follow(recipe, asks);
                }
            }
            FilePurpose::RecipeSave => asks.extend(self.panels.import.recipe().map(|(recipe, _)| {
                let recipe = Box::new(recipe);
                UiAsk::Run(Command::Exchange(ExchangeCommand::SaveRecipe { path, recipe }))
            })),
            FilePurpose::SewerOut | FilePurpose::SewerProfile => {
                self.panels.right.sewer.write_to(path, self.session.lang(), asks);
            }
            FilePurpose::SewerDefects => self.panels.defects.open(path),
            FilePurpose::SewerCosts => self.read_costs(&path, asks),
            FilePurpose::SewerModel => self.panels.right.sewer.swmm.write_to(&self.session, path, asks),
            FilePurpose::ProfileOpen => {
                if let Some(profile) = self.session.read_profile(&path) {
                    self.panels.export.follow(&profile, &self.session);
                }
            }
            FilePurpose::ProfileSave => {
                let profile = self.panels.export.profile(&self.session).unwrap_or_else(|| Profile::new(None, None));
                asks.push(UiAsk::Run(Command::Exchange(ExchangeCommand::SaveProfile { path, profile })));
            }
        }
    }

    /// What the map shows now, as a picture with twice the pixels of the screen at 100 %.
    fn picture(&self, path: PathBuf, overwrite: bool) -> UiAsk {
        const PIXEL_RATIO: f32 = 2.0;
        let seen = self.map.camera.bounds_world();
        let [west, south] = place::lonlat_from_world(seen.min);
        let [east, north] = place::lonlat_from_world(seen.max);
        let settings = self.session.settings();
        UiAsk::Run(Command::Exchange(ExchangeCommand::Picture(RenderRequest {
            path,
            overwrite,
            size_px: self.map.camera.size_px().map(|side| (side * f64::from(PIXEL_RATIO)) as u32),
            pixel_ratio: PIXEL_RATIO,
            frame: RenderFrame::Bounds(Bounds::new(west, south, east, north)),
            denominator: None,
            layers: Vec::new(),
            lang: self.session.lang(),
            dark: settings.theme == Theme::Dark,
            sheet: None,
        })))
    }

    fn add_photos(&self, photos: Vec<PathBuf>, asks: &mut Asks) {
        let shown = self.session.details().and_then(|details| details.hits.get(details.current));
        asks.extend(shown.map(|at| {
            let (layer, id) = (at.layer.clone(), at.id);
            UiAsk::Run(Command::Edit(EditCommand::AddPhotos { layer, id, photos }))
        }));
    }
}

/// Has what looks like a base map among dropped files added; the other files.
pub(super) fn laid_under(paths: Vec<PathBuf>, asks: &mut Asks) -> Vec<PathBuf> {
    let (grounds, others): (Vec<_>, Vec<_>) = paths.into_iter().partition(|path| ground::is_likely(path));
    asks.extend(grounds.into_iter().map(add_ground));
    // A world file and what says its system belong to the picture that they were dropped with.
    let beside = ["pgw", "jgw", "tfw", "wld", "prj", "xml", "ovr"];
    let is_beside = |path: &PathBuf| {
        let ending = path.extension().map(|ending| ending.to_string_lossy().to_lowercase()).unwrap_or_default();
        beside.contains(&ending.as_str())
    };
    let has_ground = asks.iter().any(|ask| matches!(ask, UiAsk::Run(Command::Ground(_))));
    others.into_iter().filter(|path| !(has_ground && is_beside(path))).collect()
}

/// A base map that was chosen or dropped.
pub(super) fn add_ground(path: PathBuf) -> UiAsk {
    UiAsk::Run(Command::Ground(GroundCommand::Add { path, datum: None }))
}

fn city(command: CityCommand) -> UiAsk {
    UiAsk::Run(Command::City(command))
}
