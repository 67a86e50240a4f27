//! A second map with layers of its own: beside the first one and linked to it, or over the right part of it, cut by a
//! divider that a hand can move (swipe).

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{
    Button, CursorIcon, Frame, Id, Key, Layout, Margin, Popup, PopupCloseBehavior, Rect, Role, ScrollArea, Sense,
    Stroke, StrokeKind, Ui, UiBuilder, WidgetInfo, pos2, vec2,
};

use super::ask::UiAsk;
use super::camera::{Camera, View};
use super::icons::{icon, icon_char};
use super::map_grid::MapGrid;
use super::map_hand::HandState;
use super::map_marks::Marks;
use super::map_panel::MapAsk;
use super::map_tiles::Tiles;
use super::theme::{self, RADIUS_CARD, Tokens};
use super::widgets;
use crate::session::Session;
use crate::session::action::ActionId;
use crate::session::map::painting::Pane;
use crate::session::map::shown::Shown;
use crate::session::state::LayerView;
use crate::text::Lang;

/// Width of the divider, and of what a hand can take hold of.
const DIVIDER: f32 = 6.0;
const GRIP: f32 = 14.0;
/// No side of the divider gets narrower than this.
const LEAST_SIDE: f32 = 120.0;
/// An arrow key moves the divider by so much of the map's width.
const KEY_STEP: f32 = 0.02;

/// What the second map follows of the first one, and the first one of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Link {
    /// Place, scale and turn.
    #[default]
    All,
    /// The place alone.
    Place,
    /// Nothing.
    Free,
}

impl Link {
    const ALL: [Self; 3] = [Self::All, Self::Place, Self::Free];

    fn name(self, lang: Lang) -> &'static str {
        match self {
            Self::All => lang.pick("位置与比例联动", "Place and scale linked"),
            Self::Place => lang.pick("只联动位置", "Place linked alone"),
            Self::Free => lang.pick("不联动", "Not linked"),
        }
    }

    fn icon(self) -> &'static str {
        if self == Self::Free { "LINK_BREAK" } else { "LINK" }
    }

    /// Where a map that looked at `own` looks once the other one has gone to `leader`.
    fn along(self, leader: View, own: View) -> View {
        match self {
            Self::All => leader,
            Self::Place => View { center_world: leader.center_world, ..own },
            Self::Free => own,
        }
    }
}

/// See the module's head.
pub(super) struct SecondMap {
    pub(super) camera: Camera,
    pub(super) tiles: Tiles,
    pub(super) marks: Marks,
    pub(super) grid: MapGrid,
    pub(super) hand: HandState,
    /// Its layers.
    pub(super) shown: Shown,
    /// Over the first map, not beside it.
    pub(super) is_swipe: bool,
    /// It goes with the next frame.
    pub(super) is_closing: bool,
    link: Link,
    /// Where the divider stands, as a share of the width.
    share: f32,
    /// Where both maps looked at the end of the last frame.
    seen: Option<[View; 2]>,
}

impl SecondMap {
    /// One that shows what the first map shows.
    pub(super) fn new(session: &Session, camera: &Camera, is_swipe: bool) -> Self {
        let layers = session.city().map(|city| &city.layers[..]).unwrap_or_default();
        let mut camera = camera.clone();
        camera.forget();
        Self {
            camera,
            tiles: Tiles::of_pane(Pane::Second),
            marks: Marks::default(),
            grid: MapGrid::default(),
            hand: HandState::default(),
            shown: these(layers.iter().filter(|layer| layer.visible)),
            is_swipe,
            is_closing: false,
            link: Link::default(),
            share: 0.5,
            seen: None,
        }
    }

    /// What its action does while it is open: takes on the other form, or goes.
    pub(super) fn switch(&mut self, is_swipe: bool) {
        self.is_closing = self.is_swipe == is_swipe;
        self.is_swipe = is_swipe;
    }

    /// The middle of the divider.
    fn divider(&self, room: Rect) -> f32 {
        let side = LEAST_SIDE.min(room.width() / 2.0);
        (room.left() + room.width() * self.share).clamp(room.left() + side, room.right() - side).round()
    }

    /// The first map's part of the room, the second's, and what of the second's is to be seen.
    pub(super) fn places(&self, room: Rect) -> [Rect; 3] {
        let middle = self.divider(room);
        if self.is_swipe {
            return [room, room, room.with_min_x(middle)];
        }
        let right = room.with_min_x(middle + DIVIDER / 2.0);
        [room.with_max_x(middle - DIVIDER / 2.0), right, right]
    }

    /// One map goes along with the other: with the one that was moved in this frame.
    pub(super) fn go_along(&mut self, main: &mut Camera) {
        let link = if self.is_swipe { Link::All } else { self.link };
        let is_led = self.seen.is_some_and(|[first, second]| main.view() == first && self.camera.view() != second);
        if is_led && !self.is_swipe {
            main.go_along(link.along(self.camera.view(), main.view()));
            if self.hand.is_idle() {
                main.settle();
            }
        } else {
            self.camera.go_along(link.along(main.view(), self.camera.view()));
            self.camera.forget();
        }
        self.seen = Some([main.view(), self.camera.view()]);
    }
}

fn these<'a>(layers: impl Iterator<Item = &'a LayerView>) -> Shown {
    Shown::These(Arc::new(layers.map(|layer| layer.table().to_owned()).collect()))
}

/// The divider between the two maps: dragged, or moved by the arrow keys while it has the focus.
pub(super) fn divider_ui(ui: &Ui, session: &Session, second: &mut SecondMap, room: Rect) {
    let middle = second.divider(room);
    let grip = Rect::from_x_y_ranges(middle - GRIP / 2.0..=middle + GRIP / 2.0, room.y_range());
    let response = ui.interact(grip, Id::unique("map-divider"), Sense::click_and_drag());
    let name = session.lang().pick("两图分隔线", "Divider between the maps");
    response.widget_info(|| WidgetInfo::labeled(Role::Splitter, true, name));
    if let Some(at) = response.interact_pointer_pos().filter(|_| response.dragged()) {
        second.share = (at.x - room.left()) / room.width().max(1.0);
    }
    if response.has_focus() {
        let arrows = egui::EventFilter { horizontal_arrows: true, ..egui::EventFilter::default() };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(response.id, arrows));
        let step = ui.input(|input| {
            f32::from(i8::from(input.key_pressed(Key::ArrowRight)) - i8::from(input.key_pressed(Key::ArrowLeft)))
        });
        second.share = (second.share + step * KEY_STEP).clamp(0.0, 1.0);
    }
    draw_divider(ui, second, room, response.hovered() || response.dragged() || response.has_focus());
    response.on_hover_cursor(CursorIcon::ResizeHorizontal);
}

fn draw_divider(ui: &Ui, second: &SecondMap, room: Rect, is_lit: bool) {
    let (tokens, painter, middle) = (Tokens::of(ui), ui.painter().with_clip_rect(room), second.divider(room));
    let color = if is_lit { tokens.accent } else { tokens.line_strong };
    if !second.is_swipe {
        let bar = Rect::from_x_y_ranges(middle - DIVIDER / 2.0..=middle + DIVIDER / 2.0, room.y_range());
        painter.rect_filled(bar, 0, if is_lit { tokens.accent } else { tokens.panel });
        return;
    }
    painter.vline(middle, room.y_range(), Stroke::new(4.0, tokens.raised));
    painter.vline(middle, room.y_range(), Stroke::new(2.0, tokens.accent));
    let knob = Rect::from_center_size(pos2(middle, room.center().y), vec2(22.0, 32.0));
    painter.rect(knob, RADIUS_CARD, tokens.raised, Stroke::new(1.0, color), StrokeKind::Inside);
    let mark = icon_char("CARET_LEFT").to_string() + &icon_char("CARET_RIGHT").to_string();
    painter.text(knob.center(), egui::Align2::CENTER_CENTER, mark, theme::icon_font(10.0), tokens.text);
}

/// Where the row of buttons of a second map stands, of which `clip` is to be seen.
pub(super) fn head_place(clip: Rect) -> Rect {
    let at = clip.left_top() + vec2(12.0, 12.0);
    Rect::from_min_max(at, pos2(clip.right() - 12.0, at.y + 36.0))
}

/// The second map's own row of buttons, at its upper left: its layers, its link, its form, and away with it.
pub(super) fn head_ui(ui: &mut Ui, session: &Session, second: &mut SecondMap, place: Rect, out: &mut Vec<MapAsk>) {
    let (lang, tokens) = (session.lang(), Tokens::of(ui));
    let room = head_place(place);
    let mut head = ui.new_child(UiBuilder::new().id_salt("second-map").max_rect(room).layout(Layout::default()));
    let frame = Frame::new().fill(tokens.raised).stroke(Stroke::new(1.0, tokens.line_strong));
    frame.corner_radius(RADIUS_CARD).inner_margin(Margin::symmetric(4, 2)).show(&mut head, |ui| {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 2.0;
            layers_button(ui, session, second);
            if !second.is_swipe {
                link_button(ui, lang, second);
            }
            let (icon_name, name, other) = if second.is_swipe {
                ("COLUMNS", lang.pick("改为左右两图", "Side by side instead"), ActionId::SecondMap)
            } else {
                ("SQUARE_HALF", lang.pick("改为卷帘", "Swipe instead"), ActionId::Swipe)
            };
            if widgets::icon_button(ui, icon_name, name).clicked() {
                out.push(MapAsk::Ask(UiAsk::Act(other)));
            }
            if widgets::icon_button(ui, "X", lang.pick("收起第二张图", "Close the second map")).clicked() {
                second.is_closing = true;
            }
        });
    });
}

fn layers_button(ui: &mut Ui, session: &Session, second: &mut SecondMap) {
    let lang = session.lang();
    let layers = session.city().map(|city| &city.layers[..]).unwrap_or_default();
    let count = layers.iter().filter(|layer| layer.has_geometry() && second.shown.holds(layer)).count();
    let name = lang.pick("此图的图层", "Layers of this map");
    let words = format!("{name} {count}");
    let button = Button::new((icon("STACK"), words.as_str(), icon("CARET_DOWN").size(12.0))).frame(false);
    let response = ui.add(button).accessible_name(name);
    Popup::menu(&response).close_behavior(PopupCloseBehavior::CloseOnClickOutside).show(|ui| {
        ui.set_width(240.0);
        ui.horizontal_wrapped(|ui| {
            if widgets::text_button(ui, lang.pick("与图层树相同", "As in the layer tree")).clicked() {
                second.shown = these(layers.iter().filter(|layer| layer.visible));
            }
            if widgets::text_button(ui, lang.pick("全部", "All")).clicked() {
                second.shown = these(layers.iter());
            }
            if widgets::text_button(ui, lang.pick("全不选", "None")).clicked() {
                second.shown = these([].iter());
            }
        });
        ui.separator();
        ScrollArea::vertical().max_height(420.0).show(ui, |ui| {
            for layer in layers.iter().filter(|layer| layer.has_geometry()) {
                let mut is_on = second.shown.holds(layer);
                if ui.checkbox(&mut is_on, layer.name.get(lang)).changed() {
                    second.shown = toggled(&second.shown, layer, layers);
                }
            }
        });
    });
}

/// The same layers with one more or one less.
fn toggled(shown: &Shown, layer: &LayerView, all: &[LayerView]) -> Shown {
    let mut tables: BTreeSet<String> =
        all.iter().filter(|layer| shown.holds(layer)).map(|layer| layer.table().to_owned()).collect();
    if !tables.remove(layer.table()) {
        tables.insert(layer.table().to_owned());
    }
    Shown::These(Arc::new(tables))
}

fn link_button(ui: &mut Ui, lang: Lang, second: &mut SecondMap) {
    let name = lang.pick("两图联动", "Link of the maps");
    let response = widgets::icon_button(ui, second.link.icon(), name);
    Popup::menu(&response).show(|ui| {
        for link in Link::ALL {
            if ui.selectable_label(second.link == link, link.name(lang)).clicked() {
                second.link = link;
                ui.close();
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sample;

    fn second() -> SecondMap {
        SecondMap {
            camera: Camera::default(),
            tiles: Tiles::of_pane(Pane::Second),
            marks: Marks::default(),
            grid: MapGrid::default(),
            hand: HandState::default(),
            shown: Shown::default(),
            is_swipe: false,
            is_closing: false,
            link: Link::All,
            share: 0.5,
            seen: None,
        }
    }

    #[test]
    fn whichever_map_is_moved_the_other_goes_along_as_far_as_they_are_linked() {
        let (mut main, mut second) = (Camera::default(), second());
        second.go_along(&mut main);
        main.zoom(2.0);
        second.go_along(&mut main);
        assert_eq!(second.camera.view(), main.view());
        second.camera.pan_px([50.0, 0.0]);
        second.go_along(&mut main);
        assert_eq!(second.camera.view(), main.view());

        second.link = Link::Place;
        let scale = main.view().metres_per_px;
        second.camera.zoom(3.0);
        second.camera.pan_px([50.0, 0.0]);
        second.go_along(&mut main);
        assert_eq!(main.view().center_world, second.camera.view().center_world);
        assert!((main.view().metres_per_px - scale).abs() < 1e-9);

        second.link = Link::Free;
        let there = second.camera.view();
        main.pan_px([9.0, 9.0]);
        second.go_along(&mut main);
        assert_eq!(second.camera.view(), there);
    }

    #[test]
    fn the_divider_leaves_room_on_both_sides_and_swipe_shares_one_map() {
        let room = Rect::from_min_size(pos2(100.0, 50.0), vec2(900.0, 600.0));
        let mut second = second();
        second.share = 0.01;
        let [first, right, clip] = second.places(room);
        assert!(first.width() >= LEAST_SIDE - DIVIDER && right == clip && !first.intersects(right));
        second.switch(true);
        assert!(!second.is_closing);
        let [first, right, clip] = second.places(room);
        assert!(first == room && right == room && clip.right() == room.right() && clip.left() > room.left());
        second.switch(true);
        assert!(second.is_closing);
    }

    #[test]
    fn a_layer_is_taken_off_the_second_map_and_put_back() {
        let layers = sample::city().layers;
        let without = toggled(&Shown::Visible, &layers[0], &layers);
        assert!(!without.holds(&layers[0]) && without.holds(&layers[1]));
        assert_eq!(toggled(&without, &layers[0], &layers), these(layers.iter()));
    }
}
