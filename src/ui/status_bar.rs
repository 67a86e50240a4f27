//! The status bar: saved or not, what goes on, where the pointer is, coordinates, scale, who works here.

use egui::text::CCursorRange;
use egui::text_edit::TextEditState;
use egui::{
    Align, Align2, Button, Key, Layout, Popup, ProgressBar, Rect, Response, RichText, Role, Sense, Stroke, Ui,
    WidgetInfo, vec2,
};

use super::ask::{Asks, UiAsk};
use super::camera::{SCALE_LIMITS, View};
use super::crs_choice::CrsList;
use super::icons::{icon, icon_fill};
use super::theme::{self, Tokens};
use super::turn_field::{TurnState, turn_field_ui};
use super::widgets;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::command::{Command, SettingsCommand};
use crate::session::place;
use crate::session::settings::CoordinateStyle;
use crate::session::state::JobView;
use crate::text;
use crate::text::{Lang, Text};

/// Scales to choose from.
const SCALES: [f64; 10] =
    [500.0, 1_000.0, 2_000.0, 2_500.0, 5_000.0, 10_000.0, 25_000.0, 50_000.0, 100_000.0, 250_000.0];

/// What the status bar remembers: the scale, the turn and the coordinate system that are being typed.
#[derive(Debug, Default)]
pub struct StatusState {
    scale_words: String,
    wrong: Option<Text>,
    turn: TurnState,
    systems: CrsList,
}

/// What it must know of the map.
#[derive(Clone, Copy, Debug)]
pub struct MapStatus {
    /// Where the map looks.
    pub view: View,
    /// The place under the pointer, or the last one, Web Mercator metres; `None` until the pointer comes to the map.
    pub pointer_world: Option<[f64; 2]>,
}

/// Shows the bar.
pub fn status_ui(ui: &mut Ui, session: &Session, map: MapStatus, state: &mut StatusState, asks: &mut Asks) {
    ui.spacing_mut().item_spacing.x = 0.0;
    ui.spacing_mut().interact_size.y = 22.0;
    ui.style_mut().text_styles.insert(egui::TextStyle::Button, theme::note());
    ui.style_mut().text_styles.insert(egui::TextStyle::Body, theme::note());
    ui.horizontal_centered(|ui| {
        ui.add_space(12.0);
        saved(ui, session);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            ui.add_space(8.0);
            author(ui, session, asks);
            turn_field_ui(ui, session.lang(), map.view, &mut state.turn, asks);
            divider(ui);
            scale(ui, session.lang(), map.view, state, asks);
            coordinate_style(ui, session, &mut state.systems, asks);
            if session.city().is_some() {
                coordinate(ui, session, map, asks);
            }
            ui.with_layout(Layout::left_to_right(Align::Center), |ui| message(ui, session, asks));
        });
    });
}

fn divider(ui: &mut Ui) {
    let (rect, _) = ui.allocate_exact_size(vec2(17.0, 28.0), Sense::hover());
    ui.painter().vline(rect.center().x, rect.y_range(), Stroke::new(1.0, Tokens::of(ui).line));
}

fn saved(ui: &mut Ui, session: &Session) {
    let (tokens, lang) = (Tokens::of(ui), session.lang());
    let Some(city) = session.city() else {
        ui.label(RichText::new(lang.pick("没有打开城市", "No city is open")).color(tokens.text2));
        return;
    };
    if let Some(why) = &city.read_only {
        ui.label(icon("LOCK").color(tokens.warn));
        ui.add_space(6.0);
        ui.label(lang.pick("只读", "Read-only")).on_hover_text(why.get(lang));
    } else if city.pending > 0 {
        ui.label(icon("HOURGLASS").color(tokens.text2));
        ui.add_space(6.0);
        ui.label(match lang {
            Lang::Zh => format!("正在保存 {} 步", city.pending),
            Lang::En => format!("Saving {}", city.pending),
        });
    } else {
        ui.label(icon_fill("CHECK_CIRCLE").color(tokens.ok));
        ui.add_space(6.0);
        let time = city.saved_at.as_deref().unwrap_or_default();
        ui.label(format!("{} {time}", lang.pick("已全部保存", "All saved")));
    }
    divider(ui);
}

/// A job's progress, or what is selected.
fn message(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    if let Some(job) = session.jobs().first() {
        return progress(ui, session, job, asks);
    }
    let words = selection_words(session);
    ui.add(egui::Label::new(RichText::new(words).color(Tokens::of(ui).text2)).truncate());
}

fn progress(ui: &mut Ui, session: &Session, job: &JobView, asks: &mut Asks) {
    let lang = session.lang();
    let report = job.report.as_ref();
    let what = report.map_or(&job.title, |report| &report.what).get(lang).to_owned();
    ui.add(egui::Label::new(if what.is_empty() { job.title.get(lang) } else { &what }).truncate());
    ui.add_space(8.0);
    let bar = ProgressBar::new(report.and_then(crate::task::Report::fraction).unwrap_or(0.0));
    ui.add(bar.desired_width(140.0).desired_height(4.0).fill(Tokens::of(ui).accent))
        .accessible_name(job.title.get(lang));
    ui.add_space(8.0);
    // Steps may be features, bytes or tiles: a share means the same for all of them.
    let count = report.map_or_else(String::new, |report| match report.fraction() {
        Some(share) => format!("{:.0}%", share * 100.0),
        None => grouped(report.done),
    });
    ui.label(RichText::new(count).color(Tokens::of(ui).text2));
    let more = session.jobs().len() - 1;
    if more > 0 {
        ui.label(RichText::new(format!("  +{more}")).color(Tokens::of(ui).text2));
    }
    ui.add_space(8.0);
    if flat(ui, "X_CIRCLE", lang.pick("取消", "Cancel")).clicked() {
        asks.push(UiAsk::Run(Command::CancelJob(job.id)));
    }
}

/// `已选 3 · 检查井 WS-YQ-0417`.
pub fn selection_words(session: &Session) -> String {
    let lang = session.lang();
    let count = session.selection().len();
    let picked = (count > 0).then(|| match lang {
        Lang::Zh => format!("已选 {}", grouped(count as u64)),
        Lang::En => format!("{} selected", grouped(count as u64)),
    });
    let row = session.details().and_then(|details| details.row.as_ref());
    let shown = row.map(|row| {
        let layer = session.city().and_then(|city| city.layer(&row.at.layer));
        let layer = layer.map_or("", |layer| layer.name.get(lang));
        format!("{layer} {}", row.title)
    });
    picked.into_iter().chain(shown).collect::<Vec<_>>().join(" · ")
}

/// A number with commas between thousands.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

fn flat(ui: &mut Ui, icon_name: &str, words: &str) -> Response {
    let mark = icon(icon_name).color(Tokens::of(ui).text2);
    ui.add(Button::new((mark, RichText::new(words).font(theme::note()))).frame(false)).accessible_name(words)
}

/// The place under the pointer; before it was on the map, the map's middle.
fn coordinate(ui: &mut Ui, session: &Session, map: MapStatus, asks: &mut Asks) {
    let lang = session.lang();
    let world = map.pointer_world.unwrap_or(map.view.center_world);
    let words = place::format_place(world, session.settings().coordinates);
    let name = match map.pointer_world {
        Some(_) => lang.pick("复制坐标", "Copy the coordinate"),
        None => lang.pick("地图中心；点此复制坐标", "The map's middle; click to copy the coordinate"),
    };
    // As wide as the longest coordinate so far: the bar must not dance under the pointer.
    let widest = format!("{words}00");
    let width = widgets::layout(ui, &widest, theme::note()).size().x + 44.0;
    let (rect, _) = ui.allocate_exact_size(vec2(width, 22.0), Sense::hover());
    let builder = egui::UiBuilder::new().max_rect(rect).layout(Layout::left_to_right(Align::Center));
    let clicked = ui.scope_builder(builder, |ui| flat(ui, "CROSSHAIR_SIMPLE", &words).on_hover_text(name).clicked());
    if clicked.inner {
        asks.push(UiAsk::Copy(words));
    }
    divider(ui);
}

/// Name of a way to write coordinates.
pub fn style_name(style: CoordinateStyle) -> Text {
    match style {
        CoordinateStyle::Degrees => Text::new("CGCS2000 经纬度", "CGCS2000 lat/lon"),
        CoordinateStyle::Dms => Text::new("CGCS2000 度分秒", "CGCS2000 d m s"),
        CoordinateStyle::GaussKruger117 => Text::new("CGCS2000 3°带 117°E", "CGCS2000 3° GK 117°E"),
        CoordinateStyle::Gcj02 => Text::new("GCJ-02 经纬度", "GCJ-02 lat/lon"),
        CoordinateStyle::Bd09 => Text::new("BD-09 经纬度", "BD-09 lat/lon"),
        CoordinateStyle::System(crs) => {
            let (zh, en) = crs.title();
            Text::owned(zh, en)
        }
    }
}

/// All ways to write coordinates.
pub const STYLES: [CoordinateStyle; 5] = [
    CoordinateStyle::Degrees,
    CoordinateStyle::Dms,
    CoordinateStyle::GaussKruger117,
    CoordinateStyle::Gcj02,
    CoordinateStyle::Bd09,
];

fn coordinate_style(ui: &mut Ui, session: &Session, list: &mut CrsList, asks: &mut Asks) {
    let (lang, now) = (session.lang(), session.settings().coordinates);
    let button = flat(ui, "GLOBE_HEMISPHERE_EAST", style_name(now).get(lang));
    let button = button.on_hover_text(lang.pick("坐标的写法", "How coordinates are written"));
    Popup::menu(&button).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        let listed =
            STYLES.into_iter().find(|&style| ui.selectable_label(style == now, style_name(style).get(lang)).clicked());
        ui.separator();
        let other = if let CoordinateStyle::System(crs) = now { Some(crs) } else { None };
        let other = list.ui(ui, lang, other).map(CoordinateStyle::System);
        if let Some(style) = listed.or(other) {
            asks.push(UiAsk::Run(Command::Settings(SettingsCommand::Coordinates(style))));
            ui.close();
        }
    });
    divider(ui);
}

fn scale(ui: &mut Ui, lang: Lang, view: View, state: &mut StatusState, asks: &mut Asks) {
    let words = scale_words(view.denominator());
    let button = Button::new((RichText::new(&words).font(theme::note()), icon("CARET_DOWN").size(12.0))).frame(false);
    let name = lang.pick("比例尺", "Scale");
    let response = ui.add(button).on_hover_text(name);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, format!("{name} {words}")));
    let opens = response.clicked();
    Popup::menu(&response).close_behavior(egui::PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(150.0);
        if opens {
            state.scale_words.clone_from(&words);
            state.wrong = None;
        }
        if let Some(denominator) = scale_menu(ui, lang, state, opens) {
            let metres_per_px = place::metres_per_px(denominator, view.center_world);
            asks.push(UiAsk::GoToScale(view.center_world, metres_per_px));
            ui.close();
        }
    });
    divider(ui);
}

fn scale_menu(ui: &mut Ui, lang: Lang, state: &mut StatusState, opens: bool) -> Option<f64> {
    let name = lang.pick("输入比例尺", "Type a scale");
    let (field, is_entered) = typed_field(ui, &mut state.scale_words, name, opens);
    let mut chosen = None;
    if is_entered {
        match read_scale(&state.scale_words) {
            Ok(denominator) => chosen = Some(denominator),
            Err(wrong) => {
                state.wrong = Some(wrong);
                field.request_focus();
            }
        }
    }
    if let Some(wrong) = &state.wrong {
        widgets::field_error(ui, wrong.get(lang));
    }
    ui.separator();
    for denominator in SCALES {
        if ui.selectable_label(false, scale_words(denominator)).clicked() {
            chosen = Some(denominator);
        }
    }
    chosen
}

/// `1:2,500`.
pub fn scale_words(denominator: f64) -> String {
    let rounded = if denominator > 100.0 { denominator.round() } else { denominator.max(1.0) };
    format!("1:{}", grouped(rounded as u64))
}

/// A field of a menu of the bar: it has the focus when the menu opens. Says whether Enter ended it.
pub(super) fn typed_field(ui: &mut Ui, words: &mut String, name: &str, opens: bool) -> (Response, bool) {
    let field = widgets::text_field(ui, words, name);
    // A menu is laid out once before it is shown, and what asks for the focus then may not get it: it asks until it has.
    let waits = field.id.with("waits for the focus");
    if opens {
        ui.data_mut(|data| data.insert_temp(waits, true));
    }
    if ui.data(|data| data.get_temp::<bool>(waits)).is_some() {
        if field.has_focus() && !opens {
            select_all(ui, &field, words);
            ui.data_mut(|data| data.remove::<bool>(waits));
        } else {
            field.request_focus();
            ui.ctx().request_repaint();
        }
    } else if field.gained_focus() || field.clicked() {
        select_all(ui, &field, words);
    }
    let is_entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    (field, is_entered)
}

/// What is typed into the field takes the place of what stands in it.
fn select_all(ui: &Ui, field: &Response, words: &str) {
    let mut state = TextEditState::load(ui.ctx(), field.id).unwrap_or_default();
    state.cursor.set_char_range(Some(CCursorRange::select_all_str(words)));
    state.store(ui.ctx(), field.id);
}

/// Reads `1:2,500`, `1：2500`, `2500`, `1/2500`, inside the limits of the map; or says what is wrong.
pub(super) fn read_scale(words: &str) -> Result<f64, Text> {
    let tail = words.rsplit([':', '：', '/']).next().unwrap_or_default();
    let digits: String = tail.chars().filter(|sign| !matches!(sign, ',' | '，' | ' ')).collect();
    let known = digits.parse::<f64>().ok().filter(|denominator| denominator.is_finite());
    let denominator = known.ok_or_else(|| Text::new("写成 1:2500 或 2500", "Write 1:2500 or 2500"))?;
    let [closest, farthest] = SCALE_LIMITS;
    if (closest..=farthest).contains(&denominator) {
        return Ok(denominator);
    }
    let [closest, farthest] = SCALE_LIMITS.map(scale_words);
    Err(text!("比例尺在 {closest} 和 {farthest} 之间", "Scales go from {closest} to {farthest}"))
}

fn author(ui: &mut Ui, session: &Session, asks: &mut Asks) {
    let lang = session.lang();
    let author = &session.settings().author;
    let words = if author.is_empty() { lang.pick("未署名", "No name yet") } else { author };
    let tip = lang.pick("谁在修改；点此更改", "Who makes the changes; click to set");
    if flat(ui, "USER", words).on_hover_text(tip).clicked() {
        asks.push(UiAsk::Act(ActionId::OpenSettings));
    }
    divider(ui);
}

/// Draws the scale bar at the lower left of the map.
pub fn scale_bar(ui: &Ui, map: Rect, view: View) {
    let tokens = Tokens::of(ui);
    let (width, words) = bar_of(map, view);
    let panel = scale_bar_place(map, view);
    let painter = ui.painter();
    painter.rect_filled(panel, theme::RADIUS, tokens.panel.gamma_multiply(0.85));
    let bar = Rect::from_min_size(panel.left_bottom() + vec2(8.0, -9.0), vec2(width, 4.0));
    painter.rect_filled(bar, 0, tokens.text);
    for part in [1.0_f32, 3.0] {
        let from = bar.left() + width * part / 4.0;
        let gap = Rect::from_min_size(egui::pos2(from, bar.top() + 1.0), vec2(width / 4.0, 2.0));
        painter.rect_filled(gap, 0, tokens.raised);
    }
    let above = bar.top() - 2.0;
    painter.text(egui::pos2(bar.left(), above), Align2::LEFT_BOTTOM, "0", theme::note(), tokens.text);
    painter.text(egui::pos2(bar.right(), above), Align2::RIGHT_BOTTOM, words, theme::note(), tokens.text);
}

/// Where it stands on a map.
pub(super) fn scale_bar_place(map: Rect, view: View) -> Rect {
    Rect::from_min_size(map.left_bottom() + vec2(16.0, -44.0), vec2(bar_of(map, view).0 + 16.0, 32.0))
}

/// Its length on the screen, and what that is on the ground.
fn bar_of(map: Rect, view: View) -> (f32, String) {
    let metres_per_px = place::denominator(view.metres_per_px, view.center_world) * (0.0254 / 96.0);
    // The zoom buttons stand at the other side.
    let room = f64::from(map.width() - 100.0).clamp(40.0, 190.0);
    let (length_m, words) = nice_length(metres_per_px * room);
    ((length_m / metres_per_px) as f32, words)
}

/// The longest of 1, 2, 5 × 10ⁿ metres that is no longer than `most_m`, and its words.
fn nice_length(most_m: f64) -> (f64, String) {
    let power = 10f64.powf(most_m.max(0.01).log10().floor());
    let length_m =
        [5.0, 2.0, 1.0].map(|step| step * power).into_iter().find(|length| *length <= most_m).unwrap_or(power);
    let words = if length_m >= 1000.0 { format!("{} km", length_m / 1000.0) } else { format!("{length_m} m") };
    (length_m, words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn scales_are_read_as_people_type_them() {
        for words in ["1:2500", "1:2,500", " 1：2500", "2500", "1/2500"] {
            assert_eq!(read_scale(words), Ok(2500.0), "{words}");
        }
        for words in ["", "1:", "abc", "1:1e999", "nan"] {
            assert!(read_scale(words).is_err_and(|wrong| wrong.zh.contains("2500")), "{words}");
        }
    }

    #[test]
    fn a_scale_beyond_the_limits_is_refused_with_the_limits() {
        for words in ["1:49", "0", "-5", "20000001", "1:1e99"] {
            assert!(read_scale(words).is_err_and(|wrong| wrong.en.contains("1:20,000,000")), "{words}");
        }
        assert_eq!(read_scale("1:50"), Ok(50.0));
        assert_eq!(read_scale("1:20,000,000"), Ok(20_000_000.0));
    }

    #[test]
    fn a_click_on_the_scale_selects_its_words_and_typing_replaces_them() {
        let metres_per_px = place::metres_per_px(5000.0, [0.0; 2]);
        let view = View { center_world: [0.0; 2], metres_per_px, rotation_rad: 0.0 };
        let builder = Harness::builder().with_size(vec2(400.0, 600.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            move |ui, (state, asks): &mut (StatusState, Asks)| scale(ui, Lang::En, view, state, asks),
            (StatusState::default(), Asks::new()),
        );
        harness.get_by_label("Scale 1:5,000").click();
        harness.run();
        harness.get_by_label("Type a scale").type_text("30000000");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        assert!(harness.query_by_label_contains("Scales go from").is_some());
        harness.get_by_label("Type a scale").click();
        harness.run();
        harness.get_by_label("Type a scale").type_text("1:800");
        harness.run();
        harness.key_press(Key::Enter);
        harness.run();
        let [UiAsk::GoToScale(_, metres_per_px)] = harness.state().1[..] else { panic!("{:?}", harness.state().1) };
        assert!((place::denominator(metres_per_px, [0.0; 2]) - 800.0).abs() < 1e-6);
    }

    #[test]
    fn the_scale_bar_has_a_round_length() {
        let check = |most: f64, words: &str| assert_eq!(nice_length(most).1, words);
        check(163.0, "100 m");
        check(213.0, "200 m");
        check(7000.0, "5 km");
        check(0.7, "0.5 m");
    }

    #[test]
    fn thousands_are_set_apart() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(999), "999");
        assert_eq!(grouped(1_095_580), "1,095,580");
    }
}
