//! The long profile in the dock: ground, inverts, crowns and nodes over the chainage, with the table that longitudinal
//! sections have below; what is pointed at here is marked on the map, and the other way round.

mod chart;
mod course;
mod names;
mod sheet;
mod strip;

use std::sync::Arc;

use egui::{
    Align, Context, DragValue, EventFilter, Key, Layout, Modifiers, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2,
};

use self::chart::Axes;
use self::course::OnMap;
use self::sheet::SheetState;
use super::panel::{SewerState, run};
use crate::session::Session;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::questions::ProfileAnswer;
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{button, choice_chip, focus_ring, icon_button};

/// Least and most that heights are enlarged.
const TIMES: [f64; 2] = [0.1, 1000.0];
/// The pointer is this near to the course on the map to show in the chart, logical pixels.
const NEAR_PX: f64 = 14.0;
/// Shortest stretch that is looked at, metres.
const LEAST_SPAN_M: f64 = 5.0;
/// Scroll points for twice the scale.
const SCROLL_FOR_DOUBLE: f32 = 120.0;
/// Farthest that levels are moved, points.
const MOST_LIFT_PX: f32 = 4000.0;

/// What the dock remembers of the profile between frames.
#[derive(Default)]
pub(in crate::ui) struct ProfileState {
    /// How many times larger heights are; none fills the height.
    exaggeration: Option<f64>,
    /// How far the hand has moved the levels up, points.
    lift_px: f32,
    /// How many times larger they were in the last frame.
    drawn_times: f64,
    /// The stretch that is looked at, metres; none for all of it.
    span_m: Option<[f64; 2]>,
    /// The chainage that is pointed at: in the chart, or on the map.
    pointed_m: Option<f64>,
    /// Whether the pointer is in the chart.
    is_in_chart: bool,
    /// Whether the keys are the chart's.
    has_keys: bool,
    revision: u64,
    on_map: OnMap,
    /// The drawing that goes to a file.
    sheet: SheetState,
}

impl ProfileState {
    /// Follows the pointer on the map: near the course it points at a chainage of the chart.
    pub(in crate::ui) fn point_from_map(
        &mut self,
        session: &Session,
        pointer_world: Option<[f64; 2]>,
        metres_per_px: f64,
    ) {
        self.follow(session);
        if !self.is_in_chart {
            let near = pointer_world.and_then(|at| self.on_map.chainage_near(at, NEAR_PX * metres_per_px));
            // A place that the keys have chosen stays until another is pointed at.
            self.pointed_m = near.or(self.pointed_m.filter(|_| self.has_keys));
        }
    }

    /// Opens the dialog that writes the profile to a file.
    pub(in crate::ui) fn open_sheet(&mut self) {
        self.sheet.open(self.exaggeration);
    }

    /// The place on the map of the chainage that is pointed at, Web Mercator metres.
    pub(in crate::ui) fn spot_world(&self) -> Option<[f64; 2]> {
        self.on_map.place_at(self.pointed_m?)
    }

    fn follow(&mut self, session: &Session) {
        let slot = session.sewer().slot(SewerTopic::Profile);
        let revision = slot.map_or(0, |slot| slot.revision);
        if revision == self.revision {
            return;
        }
        self.revision = revision;
        let found = slot.and_then(|slot| slot.answer.as_ref().zip(slot.shown.as_ref()));
        let (on_map, length_m) = match found {
            Some((answer, shown)) => match answer.as_ref() {
                SewerAnswer::Profile(found) => (OnMap::of(found, shown), found.profile.length_m),
                _ => (OnMap::default(), 0.0),
            },
            None => (OnMap::default(), 0.0),
        };
        self.on_map = on_map;
        // A stretch that is no longer there would leave the chart empty.
        self.span_m = self.span_m.filter(|span| span[1] <= length_m);
    }
}

/// Whether there is a profile to be shown.
pub(in crate::ui) fn is_open(session: &Session) -> bool {
    session.sewer().slot(SewerTopic::Profile).is_some()
}

/// Draws the dialog that writes the profile to a file, while it is open.
pub(in crate::ui) fn profile_sheet_ui(
    ctx: &Context,
    session: &Session,
    state: &mut ProfileState,
    sewer: &mut SewerState,
    asks: &mut Asks,
) {
    sheet::sheet_ui(ctx, session, &mut state.sheet, sewer, asks);
}

/// Draws the dock.
pub(in crate::ui) fn profile_ui(ui: &mut Ui, session: &Session, state: &mut ProfileState, asks: &mut Asks) {
    state.follow(session);
    let lang = session.lang();
    let Some(slot) = session.sewer().slot(SewerTopic::Profile) else { return };
    let answer = slot.answer.as_ref().map(Arc::clone);
    let found = match answer.as_deref() {
        Some(SewerAnswer::Profile(found)) => Some(found),
        _ => None,
    };
    head(ui, session, state, found, asks);
    match (found, &slot.failure) {
        (Some(found), _) => chart_ui(ui, lang, state, found),
        (None, Some(failure)) => {
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                ui.add_space(12.0);
                ui.label(RichText::new(failure.text.get(lang)).color(Tokens::of(ui).err));
            });
        }
        (None, None) => {
            ui.add_space(8.0);
            ui.horizontal(|ui| {
                ui.add_space(12.0);
                ui.label(RichText::new(lang.pick("正在计算…", "Working…")).color(Tokens::of(ui).text2));
            });
        }
    }
}

fn head(ui: &mut Ui, session: &Session, state: &mut ProfileState, found: Option<&ProfileAnswer>, asks: &mut Asks) {
    let lang = session.lang();
    egui::Frame::new().inner_margin(egui::Margin::symmetric(8, 4)).show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon("CHART_LINE").color(Tokens::of(ui).text2));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                if icon_button(ui, "X", lang.pick("关闭纵断面", "Close the profile")).clicked() {
                    run(asks, SewerCommand::Forget(SewerTopic::Profile));
                }
                if found.is_some() && button(ui, "EXPORT", lang.pick("导出纵断面…", "Export the profile…")).clicked()
                {
                    asks.push(UiAsk::WriteSewer(SewerTopic::Profile));
                }
                let whole = lang.pick("看全程", "Show all of it");
                let is_moved = state.span_m.is_some() || state.lift_px != 0.0;
                if is_moved && icon_button(ui, "CORNERS_OUT", whole).clicked() {
                    (state.span_m, state.lift_px) = (None, 0.0);
                }
                exaggeration(ui, lang, state);
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    let shown = session.sewer().shown(SewerTopic::Profile);
                    let words = shown.map(|shown| format!("{} · {}", shown.title.get(lang), shown.strip.get(lang)));
                    let title = RichText::new(words.unwrap_or_default()).font(theme::medium(14.0));
                    ui.add(egui::Label::new(title).truncate());
                });
            });
        });
    });
}

/// How many times larger heights are: typed or dragged, or fitted to what is looked at.
fn exaggeration(ui: &mut Ui, lang: Lang, state: &mut ProfileState) {
    let is_fitted = state.exaggeration.is_none();
    if choice_chip(ui, lang.pick("自动", "Fit"), is_fitted).clicked() {
        // Leaving what was fitted keeps it as a number.
        state.exaggeration = if is_fitted { Some(rounded(state.drawn_times)) } else { None };
        state.lift_px = 0.0;
    }
    let mut times = state.exaggeration.unwrap_or_else(|| rounded(state.drawn_times));
    let speed = times * 0.01;
    let field = DragValue::new(&mut times).range(TIMES[0]..=TIMES[1]).speed(speed).max_decimals(1).prefix("× ");
    let name = lang.pick("高度放大", "Vertical exaggeration");
    let field = ui.add(field).accessible_name(name).on_hover_text(name);
    if field.changed() {
        state.exaggeration = Some(times);
    }
    if field.lost_focus() {
        keep_escape(ui);
    }
    ui.label(RichText::new(lang.pick("高度", "Heights")).color(Tokens::of(ui).text2));
}

/// Esc that leaves a field does no more than that.
fn keep_escape(ui: &Ui) {
    ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
}

/// `37`, or `2.5` where that says more.
fn rounded(times: f64) -> f64 {
    let times = if times < 10.0 { (times * 10.0).round() / 10.0 } else { times.round() };
    times.clamp(TIMES[0], TIMES[1])
}

fn chart_ui(ui: &mut Ui, lang: Lang, state: &mut ProfileState, found: &ProfileAnswer) {
    let room = ui.available_rect_before_wrap().shrink2(vec2(8.0, 2.0));
    ui.advance_cursor_after_rect(room);
    if room.height() < 60.0 || room.width() < 160.0 {
        return;
    }
    let profile = &found.profile;
    let rows = strip::rows_in(room.height());
    let plot_bottom = room.bottom() - strip::height(rows);
    let plot = Rect::from_min_max(room.min + vec2(strip::HEADS, 8.0), egui::pos2(room.right() - 12.0, plot_bottom));
    let response = ui.interact(room, egui::Id::unique("profile-chart"), Sense::click_and_drag());
    let whole = [0.0, profile.length_m.max(LEAST_SPAN_M)];
    let mut span = state.span_m.unwrap_or(whole);
    navigate(ui, &response, plot, whole, &mut span);
    if response.clicked() {
        response.request_focus();
    }
    if response.lost_focus() {
        keep_escape(ui);
    }
    state.has_keys = response.has_focus();
    if state.has_keys {
        keys(ui, &response, found, whole, &mut span, state);
        focus_ring(ui, &response);
    }
    state.span_m = (span != whole).then_some(span);
    if response.double_clicked() {
        state.lift_px = 0.0;
    } else if response.dragged() && state.exaggeration.is_some() {
        // Fitted heights have nothing above or below them.
        state.lift_px = (state.lift_px + response.drag_delta().y).clamp(-MOST_LIFT_PX, MOST_LIFT_PX);
    }
    let lift_px = if state.exaggeration.is_some() { state.lift_px } else { 0.0 };
    let axes = Axes::new(profile, plot, span, state.exaggeration, -lift_px);
    let times = axes.exaggeration();
    if (times - state.drawn_times).abs() > 0.05 {
        // The head is drawn before the chart.
        state.drawn_times = times;
        ui.ctx().request_repaint();
    }
    point(ui, &response, &axes, state, profile.length_m);
    chart::draw(ui, lang, found, &axes);
    strip::draw(ui, lang, found, &axes, room, rows);
    if let Some(at) = state.pointed_m {
        chart::draw_pointer(ui, lang, found, &axes, at, room.bottom());
    }
    let told = state.pointed_m.map_or_else(String::new, |at| chart::words_at(found, at, lang).join("，"));
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, lang.pick("纵断面图", "Long profile chart")));
    ui.ctx().accesskit_node_builder(response.id, |node| node.set_value(told));
}

/// Wheel zooms about the pointer, dragging moves along, a double click shows all.
fn navigate(ui: &Ui, response: &egui::Response, plot: Rect, whole: [f64; 2], span: &mut [f64; 2]) {
    let length = span[1] - span[0];
    let per_px = length / f64::from(plot.width().max(1.0));
    if let Some(at) = response.hover_pos() {
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta().y, input.zoom_delta()));
        let factor = f64::from((scroll / SCROLL_FOR_DOUBLE).exp2()) * f64::from(pinch);
        if (factor - 1.0).abs() > 1e-6 {
            let fixed = span[0] + f64::from(at.x - plot.left()) * per_px;
            let share = ((fixed - span[0]) / length).clamp(0.0, 1.0);
            let new = (length / factor).clamp(LEAST_SPAN_M.min(whole[1]), whole[1] - whole[0]);
            *span = [fixed - share * new, fixed + (1.0 - share) * new];
        }
    }
    let moved = if response.dragged() { -f64::from(response.drag_delta().x) * per_px } else { 0.0 };
    *span = held([span[0] + moved, span[1] + moved], whole);
    if response.double_clicked() {
        *span = whole;
    }
}

/// A stretch that lies within the whole, as long as it was where there is room.
fn held(span: [f64; 2], whole: [f64; 2]) -> [f64; 2] {
    let surplus = (whole[0] - span[0]).max(0.0) - (span[1] - whole[1]).max(0.0);
    [(span[0] + surplus).max(whole[0]), (span[1] + surplus).min(whole[1])]
}

/// Arrows go from node to node, Home and End to the ends, + and − zoom about the place, Page keys move along, 0 shows all.
fn keys(
    ui: &Ui,
    response: &egui::Response,
    found: &ProfileAnswer,
    whole: [f64; 2],
    span: &mut [f64; 2],
    state: &mut ProfileState,
) {
    let arrows = EventFilter { horizontal_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
    let pressed = |keys: &[Key]| ui.input(|input| keys.iter().any(|key| input.key_pressed(*key)));
    let stations = &found.profile.stations;
    let here = state.pointed_m.unwrap_or(span[0]);
    let next = if pressed(&[Key::ArrowRight]) {
        stations.iter().map(|it| it.chainage_m).find(|at| *at > here + 1e-6)
    } else if pressed(&[Key::ArrowLeft]) {
        stations.iter().rev().map(|it| it.chainage_m).find(|at| *at < here - 1e-6)
    } else if pressed(&[Key::Home]) {
        Some(0.0)
    } else if pressed(&[Key::End]) {
        Some(found.profile.length_m)
    } else {
        None
    };
    let length = span[1] - span[0];
    if let Some(at) = next {
        state.pointed_m = Some(at);
        if !(span[0]..=span[1]).contains(&at) {
            *span = held([at - length / 2.0, at + length / 2.0], whole);
        }
    }
    let zoom = if pressed(&[Key::Plus, Key::Equals]) {
        Some(0.5)
    } else if pressed(&[Key::Minus]) {
        Some(2.0)
    } else {
        None
    };
    if let Some(zoom) = zoom {
        let at =
            state.pointed_m.filter(|at| (span[0]..=span[1]).contains(at)).unwrap_or(f64::midpoint(span[0], span[1]));
        let new = (length * zoom).clamp(LEAST_SPAN_M.min(whole[1]), whole[1] - whole[0]);
        let share = (at - span[0]) / length;
        *span = held([at - share * new, at + (1.0 - share) * new], whole);
    }
    let page = f64::from(i8::from(pressed(&[Key::PageDown])) - i8::from(pressed(&[Key::PageUp]))) * length * 0.8;
    *span = held([span[0] + page, span[1] + page], whole);
    if pressed(&[Key::Num0]) {
        (*span, state.lift_px) = (whole, 0.0);
    }
}

fn point(ui: &Ui, response: &egui::Response, axes: &Axes, state: &mut ProfileState, length_m: f64) {
    let at = response.hover_pos().filter(|at| at.x >= axes.plot.left() - 4.0);
    state.is_in_chart = at.is_some();
    if let Some(at) = at {
        let chainage = axes.chainage(at.x).clamp(0.0, length_m);
        if state.pointed_m != Some(chainage) {
            state.pointed_m = Some(chainage);
            ui.ctx().request_repaint();
        }
    }
}
