//! The menu row: mark, menus from the list of actions, and at the right file, sample chip, language and theme.

use egui::{Align, Button, Color32, Layout, MenuBar, Response, RichText, Sense, Ui, pos2, vec2};

use super::ask::{Asks, UiAsk};
use super::icons::icon;
use super::possible;
use super::theme::{self, Tokens};
use super::widgets::{self, Tone};
use crate::session::Session;
use crate::session::action::{ACTIONS, Action, ActionId, Menu, action};
use crate::session::command::{CityCommand, Command};
use crate::session::settings::Theme;
use crate::text::Lang;

/// Actions before which a menu draws a line.
const STARTS_A_GROUP: [ActionId; 19] = [
    ActionId::ImportFile,
    ActionId::Backup,
    ActionId::CloseCity,
    ActionId::NotePoint,
    ActionId::EditForm,
    ActionId::MeasureLength,
    ActionId::ZoomIn,
    ActionId::TurnLeft,
    ActionId::AddBookmark,
    ActionId::CoordinateGrid,
    ActionId::AllPanels,
    ActionId::AttributeTable,
    ActionId::RenameLayer,
    ActionId::SelectWhere,
    ActionId::SewerPanel,
    ActionId::EnterInspection,
    ActionId::PipesByGrade,
    ActionId::HideSewer,
    ActionId::OpenSettings,
];

/// Shows the row.
pub fn menu_ui(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    MenuBar::new().ui(ui, |ui| {
        ui.spacing_mut().item_spacing.x = 0.0;
        ui.spacing_mut().button_padding = vec2(9.0, 3.0);
        ui.add_space(10.0);
        mark(ui);
        ui.add_space(6.0);
        for menu in Menu::ALL {
            ui.menu_button(menu.name().get(session.lang()), |ui| menu_items(ui, session, menu, asks));
        }
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| right_side(ui, session, asks));
    });
}

/// The program's mark: four cells of a grid, one of them lit, and its name.
fn mark(ui: &mut Ui) {
    let tokens = Tokens::of(ui);
    let (rect, _) = ui.allocate_exact_size(vec2(20.0, 20.0), Sense::hover());
    let cell = |column: f32, row: f32, side: f32, color: Color32| {
        let min = pos2(rect.left() + column, rect.top() + row);
        ui.painter().rect_filled(egui::Rect::from_min_size(min, vec2(side, side)), 2, color);
    };
    cell(0.0, 0.0, 9.0, tokens.accent);
    cell(11.0, 0.0, 9.0, tokens.accent.gamma_multiply(0.45));
    cell(0.0, 11.0, 9.0, tokens.accent.gamma_multiply(0.45));
    cell(11.0, 11.0, 9.0, tokens.accent);
    ui.add_space(6.0);
    ui.label(RichText::new("城格").font(theme::medium(14.0)));
}

fn menu_items(ui: &mut Ui, session: &Session, menu: Menu, asks: &mut Asks) {
    ui.set_width(if session.lang() == Lang::Zh { 260.0 } else { 340.0 });
    ui.spacing_mut().item_spacing.y = 0.0;
    for action in ACTIONS.iter().filter(|action| action.menu == menu) {
        if STARTS_A_GROUP.contains(&action.id) {
            ui.separator();
        }
        if item(ui, session, action).clicked() {
            asks.push(UiAsk::Act(action.id));
            ui.close();
        }
        if action.id == ActionId::OpenCity {
            recent_items(ui, session, asks);
        }
    }
}

/// One action as a menu row: icon, words, keys.
pub fn item(ui: &mut Ui, session: &Session, action: &Action) -> Response {
    let tokens = Tokens::of(ui);
    let name = possible::name(session, action);
    let name = name.get(session.lang());
    let keys = RichText::new(possible::key_words(action)).font(theme::note()).color(tokens.text2);
    let button = Button::new((icon(action.icon).color(tokens.text2), name))
        .shortcut_text(keys)
        .min_size(vec2(ui.available_width(), 28.0));
    ui.add_enabled(possible::is_possible(session, action), button).accessible_name(name)
}

fn recent_items(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let recent = &session.settings().recent;
    if recent.is_empty() {
        return;
    }
    ui.menu_button((icon("CLOCK"), session.lang().pick("最近打开", "Recent cities")), |ui| {
        for path in recent {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
            if ui.button(name).on_hover_text(path.display().to_string()).clicked() {
                asks.push(UiAsk::Run(Command::City(CityCommand::Open(path.clone()))));
                ui.close();
            }
        }
    });
}

fn right_side(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    ui.add_space(8.0);
    let is_dark = session.settings().theme == Theme::Dark;
    let (theme_icon, theme_name) = if is_dark {
        ("SUN", lang.pick("换成浅色", "Switch to light"))
    } else {
        ("MOON", lang.pick("换成深色", "Switch to dark"))
    };
    if widgets::icon_button(ui, theme_icon, theme_name).clicked() {
        asks.push(UiAsk::Act(ActionId::SwitchTheme));
    }
    let language = Button::new((icon("TRANSLATE"), lang.pick("中文", "English"))).frame(false);
    let switch = action(ActionId::SwitchLanguage).name.get(lang);
    if ui.add(language).accessible_name(switch).on_hover_text(switch).clicked() {
        asks.push(UiAsk::Act(ActionId::SwitchLanguage));
    }
    let Some(city) = session.city() else { return };
    ui.add_space(8.0);
    ui.separator();
    ui.add_space(8.0);
    if city.is_sample {
        widgets::chip(ui, lang.pick("示例数据", "Sample data"), Tone::Warn);
        ui.add_space(8.0);
    }
    let file = city.path.file_name().unwrap_or_default().to_string_lossy();
    let words = RichText::new(file).color(Tokens::of(ui).text2);
    let label = egui::Label::new(words).truncate().show_tooltip_when_elided(false);
    ui.add(label).on_hover_text(city.path.display().to_string());
    ui.add_space(6.0);
    ui.label(icon("DATABASE").color(Tokens::of(ui).text2));
}
