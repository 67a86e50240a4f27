//! The panels and dialogs beside the map that are open, with what each remembers.

use std::path::PathBuf;

use egui::{Context, Ui};

use super::ask::Asks;
use super::compare_dialog::{CompareState, compare_ui};
use super::crs_choice::crs_around;
use super::crs_form::{CrsFormState, crs_form_ui};
use super::export_dialog::{ExportState, export_ui};
use super::import_dialog::{ImportState, import_ui};
use super::key_sheet::{KeySheetState, key_sheet_ui};
use super::note_form::NoteFormState;
use super::palette::{PaletteState, palette_ui};
use super::photo_view::{PhotoState, photo_ui};
use super::print_dialog::PrintState;
use super::right_panel::RightState;
use super::settings_dialog::{SettingsState, settings_ui};
use super::sewer;
use super::sewer::costs_dialog::{CostsState, costs_ui};
use super::sewer::defects_dialog::{DefectsState, defects_ui};
use super::sewer::profile::{ProfileState, profile_sheet_ui, profile_ui};
use super::small_dialogs::SmallDialog;
use super::table_panel::{TableState, table_ui};
use super::welcome::{WelcomeState, welcome_ui};
use super::widgets::tab;
use crate::model::geometry::Bounds;
use crate::session::Session;

/// States of the panels.
#[derive(Default)]
pub struct Panels {
    /// The right panel.
    pub right: RightState,
    /// The note that is being written.
    pub note: NoteFormState,
    /// Dialogs of a few lines.
    pub small: SmallDialog,
    /// Search and actions.
    pub palette: PaletteState,
    /// What goes out.
    pub export: ExportState,
    /// What goes on paper.
    pub print: PrintState,
    /// What comes in.
    pub import: ImportState,
    /// A coordinate system of the bureau's own.
    pub crs_form: CrsFormState,
    /// What came in, held against a layer.
    pub compare: CompareState,
    /// Language, theme, name.
    pub settings: SettingsState,
    /// All keys.
    pub keys: KeySheetState,
    /// A photo as large as the window.
    pub photo: PhotoState,
    /// Where to start.
    pub welcome: WelcomeState,
    /// The long profile.
    pub(super) profile: ProfileState,
    /// A table of defects that comes in.
    pub(super) defects: DefectsState,
    /// Unit costs of the repair plan.
    pub(super) costs: CostsState,
    dock: Dock,
    table: TableState,
}

/// What the dock shows where there are two things.
#[derive(Default)]
struct Dock {
    had_profile: bool,
    shows_profile: bool,
}

impl Panels {
    /// Whether the dock is open: it shows the attribute table, or a long profile.
    pub fn has_dock(session: &Session) -> bool {
        session.table().is_some() || sewer::profile::is_open(session)
    }

    /// Shows the dock.
    pub fn dock_ui(&mut self, ui: &mut Ui, session: &mut Session, asks: &mut Asks) {
        let has_profile = sewer::profile::is_open(session);
        // What was opened last comes to the front.
        if has_profile != self.dock.had_profile {
            self.dock = Dock { had_profile: has_profile, shows_profile: has_profile };
        }
        if has_profile && session.table().is_some() {
            let lang = session.lang();
            ui.horizontal(|ui| {
                ui.spacing_mut().item_spacing.x = 0.0;
                ui.add_space(8.0);
                let shown = self.dock.shows_profile;
                if tab(ui, "CHART_LINE", lang.pick("纵断面", "Profile"), shown).clicked() {
                    self.dock.shows_profile = true;
                }
                if tab(ui, "TABLE", lang.pick("属性表", "Table"), !shown).clicked() {
                    self.dock.shows_profile = false;
                }
            });
        }
        if has_profile && (self.dock.shows_profile || session.table().is_none()) {
            profile_ui(ui, session, &mut self.profile, asks);
        } else {
            table_ui(ui, session, &mut self.table, asks);
        }
    }

    /// Files were chosen or dropped: the import dialog looks into them.
    pub fn start_import(&mut self, files: Vec<PathBuf>) -> Asks {
        let mut asks = Asks::new();
        self.import.start(files, &mut asks);
        asks
    }

    /// Shows the dialogs that are open. `view_world` is what the map shows, Web Mercator metres.
    pub fn dialogs_ui(&mut self, ctx: &Context, session: &mut Session, view_world: Bounds, asks: &mut Asks) {
        let lang = session.lang();
        crs_around(ctx, session, asks);
        welcome_ui(ctx, session, &mut self.welcome, asks);
        import_ui(ctx, session, &mut self.import, asks);
        compare_ui(ctx, session, &mut self.compare, asks);
        export_ui(ctx, session, view_world, &mut self.export, asks);
        defects_ui(ctx, session, &mut self.defects, asks);
        costs_ui(ctx, session, &mut self.costs, asks);
        settings_ui(ctx, session, &mut self.settings, asks);
        crs_form_ui(ctx, session, &mut self.crs_form, asks);
        key_sheet_ui(ctx, lang, &mut self.keys);
        photo_ui(ctx, session, &mut self.photo);
        sewer::swmm_dialog::swmm_ui(ctx, session, &mut self.right.sewer.swmm, asks);
        profile_sheet_ui(ctx, session, &mut self.profile, &mut self.right.sewer, asks);
        palette_ui(ctx, session, &mut self.palette, asks);
    }
}
