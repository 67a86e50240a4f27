//! The long profile in the dock: ground, inverts, crowns and nodes over the chainage, with the table that longitudinal
//! sections have below; what is pointed at here is marked on the map, and the other way round.

mod chart;
mod course;
mod strip;

use std::sync::Arc;

use egui::{Align, ComboBox, Key, Layout, Rect, RichText, Role, Sense, Ui, WidgetInfo, vec2};

use self::chart::Axes;
use self::course::OnMap;
use super::panel::run;
use crate::session::Session;
use crate::session::sewer::SewerAnswer;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::questions::ProfileAnswer;
use crate::text::Lang;
use crate::ui::ask::{Asks, UiAsk};
use crate::ui::icons::icon;
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{button, icon_button};

/// Exaggerations to choose from; none fills the height.
const EXAGGERATIONS: [f64; 7] = [1.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0];
/// The pointer is this near to the course on the map to show in the chart, logical pixels.
const NEAR_PX: f64 = 14.0;
/// Shortest stretch that is looked at, metres.
const LEAST_SPAN_M: f64 = 5.0;
/// Scroll points for twice the scale.
const SCROLL_FOR_DOUBLE: f32 = 120.0;

/// What the dock remembers of the profile between frames.
#[derive(Default)]
pub(in crate::ui) struct ProfileState {
    /// How many times larger heights are; none fills the height.
    pub(in crate::ui) exaggeration: Option<f64>,
    /// How many times larger they were in the last frame.
    drawn_times: f64,
    /// The stretch that is looked at, metres; none for all of it.
    span_m: Option<[f64; 2]>,
    /// The chainage that is pointed at: in the chart, or on the map.
    pointed_m: Option<f64>,
    /// Whether the pointer is in the chart.
    is_in_chart: bool,
    revision: u64,
    on_map: OnMap,
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
            self.pointed_m = pointer_world.and_then(|at| self.on_map.chainage_near(at, NEAR_PX * metres_per_px));
        }
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
                if state.span_m.is_some() && icon_button(ui, "CORNERS_OUT", whole).clicked() {
                    state.span_m = None;
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

fn exaggeration(ui: &mut Ui, lang: Lang, state: &mut ProfileState) {
    let words = |times: Option<f64>| match (times, lang) {
        (None, Lang::Zh) => "高度 自动".to_owned(),
        (None, Lang::En) => "Heights fitted".to_owned(),
        (Some(times), Lang::Zh) => format!("高度 × {times:.0}"),
        (Some(times), Lang::En) => format!("Heights × {times:.0}"),
    };
    // What is fitted says what it came to: a section on paper names its scales.
    let chosen = match state.exaggeration {
        None if state.drawn_times > 0.0 => format!("{} × {}", words(None), times_words(state.drawn_times)),
        times => words(times),
    };
    let combo = ComboBox::from_id_salt("exaggeration").selected_text(chosen).width(130.0);
    let shown = combo.show_ui(ui, |ui| {
        for times in std::iter::once(None).chain(EXAGGERATIONS.map(Some)) {
            ui.selectable_value(&mut state.exaggeration, times, words(times));
        }
    });
    let name = lang.pick("高度放大", "Vertical exaggeration");
    shown.response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, name));
}

/// `37`, or `2.5` where that says more.
fn times_words(times: f64) -> String {
    if times < 10.0 { format!("{times:.1}") } else { format!("{times:.0}") }
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
    state.span_m = (span != whole).then_some(span);
    let axes = Axes::new(profile, plot, span, state.exaggeration);
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
    let keys = response.has_focus().then(|| {
        ui.input(|input| {
            f64::from(u8::from(input.key_pressed(Key::ArrowRight)))
                - f64::from(u8::from(input.key_pressed(Key::ArrowLeft)))
        })
    });
    let moved = moved + keys.unwrap_or(0.0) * (span[1] - span[0]) / 10.0;
    *span = [span[0] + moved, span[1] + moved];
    let surplus = (whole[0] - span[0]).max(0.0) - (span[1] - whole[1]).max(0.0);
    *span = [(span[0] + surplus).max(whole[0]), (span[1] + surplus).min(whole[1])];
    if response.double_clicked() {
        *span = whole;
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
