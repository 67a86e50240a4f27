//! The settings of this person on this machine. Each takes effect at once; there is nothing to confirm.

use egui::{Context, RichText, Ui};

use super::ask::{Asks, UiAsk};
use super::sheet::{Sheet, sheet};
use super::theme::{self, LABEL_WIDTH, Tokens};
use super::widgets::{button, choice_chip, icon_button, text_field};
use crate::session::Session;
use crate::session::command::{Command, SettingsCommand};
use crate::session::settings::{CoordinateStyle, Settings, Theme, Units};
use crate::text::{Lang, Text};

/// Whether the dialog is open, and the name being typed.
#[derive(Debug, Default)]
pub struct SettingsState {
    is_open: bool,
    author: Option<String>,
}

impl SettingsState {
    /// Opens it.
    pub fn open(&mut self) {
        self.is_open = true;
    }

    /// Whether it is on the screen.
    pub fn is_open(&self) -> bool {
        self.is_open
    }
}

/// Draws the dialog while it is open.
pub fn settings_ui(ctx: &Context, session: &Session, state: &mut SettingsState, asks: &mut Asks) {
    if !state.is_open {
        return;
    }
    let lang = session.lang();
    let title = lang.pick("设置", "Settings");
    let frame = Sheet { id: "settings", title, icon: "GEAR", width: 520.0, lang };
    let mut commands = Vec::new();
    let closed = sheet(ctx, &frame, |ui| {
        // The window may speak another language than the one that is remembered.
        let settings = Settings { lang: lang.code().to_owned(), ..session.settings().clone() };
        commands = choices(ui, &settings, &mut state.author);
        systems(ui, &settings, asks);
    });
    if closed {
        // The name may still be in the field.
        commands.extend(author_typed(session.settings(), state));
        state.is_open = false;
    }
    asks.extend(commands.into_iter().map(|command| UiAsk::Run(Command::Settings(command))));
}

fn author_typed(settings: &Settings, state: &mut SettingsState) -> Option<SettingsCommand> {
    let author = state.author.take()?.trim().to_owned();
    (author != settings.author).then_some(SettingsCommand::Author(author))
}

/// Every setting with its choices; what was changed comes back.
fn choices(ui: &mut Ui, settings: &Settings, author: &mut Option<String>) -> Vec<SettingsCommand> {
    let lang = settings.lang();
    let mut changed = Vec::new();
    ui.spacing_mut().item_spacing.y = 12.0;
    row(ui, lang, &Text::new("语言", "Language"), |ui| {
        let words = [(Lang::Zh, Text::same("中文")), (Lang::En, Text::same("English"))];
        changed.extend(chips(ui, lang, lang, &words).map(SettingsCommand::Lang));
    });
    row(ui, lang, &Text::new("主题", "Theme"), |ui| {
        let words = [(Theme::Light, Text::new("浅色", "Light")), (Theme::Dark, Text::new("深色", "Dark"))];
        changed.extend(chips(ui, lang, settings.theme, &words).map(SettingsCommand::Theme));
    });
    row(ui, lang, &Text::new("姓名", "Your name"), |ui| changed.extend(author_field(ui, settings, author)));
    row(ui, lang, &Text::new("单位", "Units"), |ui| {
        let words = [
            (Units::Metric, Text::same("m · km · m² · km²")),
            (Units::Mu, Text::new("m · km · 亩 · 公顷", "m · km · mu · hectares")),
        ];
        changed.extend(chips(ui, lang, settings.units, &words).map(SettingsCommand::Units));
    });
    row(ui, lang, &Text::new("坐标", "Coordinates"), |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            changed
                .extend(chips(ui, lang, settings.coordinates, &coordinate_styles()).map(SettingsCommand::Coordinates));
        });
    });
    changed
}

/// The coordinate systems of one's own: each with its definition, to change or forget.
fn systems(ui: &mut Ui, settings: &Settings, asks: &mut Asks) {
    let lang = settings.lang();
    ui.add_space(12.0);
    row(ui, lang, &Text::new("自有坐标系", "Own systems"), |ui| {
        ui.vertical(|ui| {
            ui.spacing_mut().item_spacing.y = 4.0;
            for kept in &settings.systems {
                ui.horizontal(|ui| {
                    ui.label(&kept.name).on_hover_text(&kept.definition);
                    let (change, forget) = match lang {
                        Lang::Zh => (format!("修改 {}", kept.name), format!("删除 {}", kept.name)),
                        Lang::En => (format!("Change {}", kept.name), format!("Delete {}", kept.name)),
                    };
                    if icon_button(ui, "PENCIL_SIMPLE", &change).clicked() {
                        asks.push(UiAsk::OwnSystem(Some(kept.name.clone())));
                    }
                    if icon_button(ui, "TRASH", &forget).clicked() {
                        asks.push(UiAsk::Run(Command::Settings(SettingsCommand::ForgetSystem(kept.name.clone()))));
                    }
                });
            }
            if button(ui, "PLUS", lang.pick("新建坐标系…", "New system…")).clicked() {
                asks.push(UiAsk::OwnSystem(None));
            }
        });
    });
}

fn coordinate_styles() -> [(CoordinateStyle, Text); 5] {
    [
        (CoordinateStyle::Degrees, Text::new("CGCS2000 度", "CGCS2000 degrees")),
        (CoordinateStyle::Dms, Text::new("CGCS2000 度分秒", "CGCS2000 degrees, minutes, seconds")),
        (
            CoordinateStyle::GaussKruger117,
            Text::new("CGCS2000 高斯 3° 带 117°（EPSG:4548）", "CGCS2000 Gauss–Krüger 3° zone 117° (EPSG:4548)"),
        ),
        (CoordinateStyle::Gcj02, Text::new("GCJ-02 度（网络地图）", "GCJ-02 degrees (web maps)")),
        (CoordinateStyle::Bd09, Text::new("BD-09 度（百度地图）", "BD-09 degrees (Baidu maps)")),
    ]
}

fn author_field(ui: &mut Ui, settings: &Settings, author: &mut Option<String>) -> Option<SettingsCommand> {
    let lang = settings.lang();
    let mut words = author.clone().unwrap_or_else(|| settings.author.clone());
    let mut changed = None;
    ui.vertical(|ui| {
        let field = text_field(ui, &mut words, lang.pick("姓名", "Your name"));
        let hint = lang.pick("写进每条标注和每步修改", "Goes with each note and each change");
        ui.label(RichText::new(hint).font(theme::note()).color(Tokens::of(ui).text2));
        if field.lost_focus() && words.trim() != settings.author {
            changed = Some(SettingsCommand::Author(words.trim().to_owned()));
        }
        *author = field.has_focus().then_some(words);
    });
    changed
}

fn row(ui: &mut Ui, lang: Lang, name: &Text, add: impl FnOnce(&mut Ui)) {
    ui.horizontal_top(|ui| {
        let words = RichText::new(name.get(lang)).color(Tokens::of(ui).text2);
        ui.scope(|ui| {
            ui.set_width(LABEL_WIDTH);
            ui.add_space(4.0);
            ui.label(words);
        });
        add(ui);
    });
}

/// One chip a value; the one that was chosen, if it is another.
fn chips<T: Copy + PartialEq>(ui: &mut Ui, lang: Lang, now: T, words: &[(T, Text)]) -> Option<T> {
    let mut chosen = None;
    for (value, name) in words {
        if choice_chip(ui, name.get(lang), *value == now).clicked() && *value != now {
            chosen = Some(*value);
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::crs::systems::KeptSystem;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn each_choice_is_one_command_and_the_chosen_one_is_none() {
        check("中文", &[]);
        check("English", &["Lang(En)"]);
        check("深色", &["Theme(Dark)"]);
        check("m · km · 亩 · 公顷", &["Units(Mu)"]);
        check("GCJ-02 度（网络地图）", &["Coordinates(Gcj02)"]);
    }

    #[test]
    fn a_name_is_taken_when_the_field_is_left() {
        let mut harness = harness();
        harness.get_by_role_and_label(egui::Role::TextInput, "姓名").focus();
        harness.run();
        harness.get_by_role_and_label(egui::Role::TextInput, "姓名").type_text("李敏");
        harness.run();
        assert!(harness.state().is_empty());
        harness.get_by_label("浅色").focus();
        harness.run();
        assert_eq!(*harness.state(), ["Author(\"李敏\")"]);
    }

    #[test]
    fn a_system_of_ones_own_is_changed_or_forgotten_by_its_name() {
        let settings = Settings {
            systems: vec![KeptSystem { name: "独立坐标".into(), definition: "+proj=tmerc +lon_0=116".into() }],
            ..Settings::default()
        };
        let builder = Harness::builder().with_size(egui::vec2(560.0, 400.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(move |ui, asks: &mut Asks| systems(ui, &settings, asks), Asks::new());
        for name in ["修改 独立坐标", "删除 独立坐标", "新建坐标系…"] {
            harness.get_by_label(name).click();
            harness.run();
        }
        let asked: Vec<String> = harness.state().iter().map(|ask| format!("{ask:?}")).collect();
        let expected =
            ["OwnSystem(Some(\"独立坐标\"))", "Run(Settings(ForgetSystem(\"独立坐标\")))", "OwnSystem(None)"];
        assert_eq!(asked, expected);
    }

    #[track_caller]
    fn check(choice: &str, expected: &[&str]) {
        let mut harness = harness();
        harness.get_by_label(choice).click();
        harness.run();
        assert_eq!(*harness.state(), expected);
    }

    fn harness() -> Harness<'static, Vec<String>> {
        let builder = Harness::builder().with_size(egui::vec2(560.0, 400.0)).with_context_setup(theme::install);
        let mut author = None;
        builder.build_ui_state(
            move |ui, changed: &mut Vec<String>| {
                let settings = Settings::default();
                changed.extend(choices(ui, &settings, &mut author).iter().map(|change| format!("{change:?}")));
            },
            Vec::new(),
        )
    }
}
