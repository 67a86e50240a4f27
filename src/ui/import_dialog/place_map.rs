//! A small map of the city with the frame of what would come in: a file whose axes are exchanged lies elsewhere at once.

use egui::{Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo, pos2, vec2};

use super::super::theme::{self, Tokens};
use super::super::widgets::{layout, text_in};
use crate::model::geometry::Bounds;
use crate::session::state::{CityView, ImportPreview};
use crate::text::Lang;

/// Its size.
pub(super) const WIDTH: f32 = 208.0;
const HEIGHT: f32 = 128.0;
/// A frame smaller than this is drawn with a ring around it.
const SMALL: f32 = 8.0;

/// Draws it.
pub(super) fn place_map_ui(ui: &mut Ui, lang: Lang, city: Option<&CityView>, preview: &ImportPreview) {
    let (room, response) = ui.allocate_exact_size(vec2(WIDTH, HEIGHT), Sense::hover());
    let data: Vec<Bounds> = preview.layers.iter().filter_map(|layer| layer.bounds_world).collect();
    let home = city.and_then(CityView::home_world);
    let words = said(lang, home.as_ref(), &data);
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, words));
    let tokens = Tokens::of(ui);
    let painter = ui.painter().with_clip_rect(room);
    painter.rect_filled(room, theme::RADIUS, tokens.land);
    if let Some(whole) = data.iter().chain(&home).copied().reduce(|one, other| one.union(&other)) {
        let view = View::of(&whole, room);
        if let Some(home) = home {
            let rect = view.rect(&home);
            painter.rect(rect, 0, tokens.sunk, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
            if rect.width() > 60.0 && rect.height() > 24.0 {
                let name = lang.pick("本市", "The city");
                text_in(ui, rect.left_top() + vec2(4.0, 9.0), name, theme::note(), tokens.text2, 60.0);
            }
        }
        for bounds in &data {
            let rect = view.rect(bounds);
            painter.rect(
                rect,
                0,
                tokens.accent.gamma_multiply(0.16),
                Stroke::new(1.6, tokens.accent),
                StrokeKind::Middle,
            );
            if rect.size().max_elem() < SMALL {
                painter.circle_stroke(rect.center(), SMALL, Stroke::new(1.6, tokens.accent));
            }
        }
    } else {
        let galley = layout(ui, words, theme::note());
        painter.galley_with_override_text_color(room.center() - galley.size() / 2.0, galley, tokens.text2);
    }
    painter.rect_stroke(room, theme::RADIUS, Stroke::new(1.0, tokens.line_strong), StrokeKind::Inside);
    response.on_hover_text(words);
}

/// What the small map shows, in words.
fn said(lang: Lang, home: Option<&Bounds>, data: &[Bounds]) -> &'static str {
    match home {
        _ if data.is_empty() => lang.pick("没有位置", "No place"),
        Some(home) if data.iter().any(|bounds| bounds.intersects(home)) => {
            lang.pick("落在本市范围内", "Lies within the city")
        }
        Some(_) => lang.pick("不在本市范围内，请检查坐标系", "Lies outside the city: check the coordinate system"),
        None => lang.pick("数据的范围", "The frame of the data"),
    }
}

/// From the world to the small map.
struct View {
    center_world: [f64; 2],
    px_per_metre: f64,
    room: Rect,
}

impl View {
    fn of(whole: &Bounds, room: Rect) -> Self {
        let side = (whole.width() / f64::from(room.width())).max(whole.height() / f64::from(room.height()));
        Self { center_world: whole.center(), px_per_metre: 0.86 / side.max(0.01), room }
    }

    fn rect(&self, world: &Bounds) -> Rect {
        let at = |[x, y]: [f64; 2]| {
            let (right, up) =
                ((x - self.center_world[0]) * self.px_per_metre, (y - self.center_world[1]) * self.px_per_metre);
            pos2(self.room.center().x + right as f32, self.room.center().y - up as f32)
        };
        Rect::from_two_pos(at(world.min), at(world.max))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_is_within_the_small_map_and_north_is_up() {
        let room = Rect::from_min_size(pos2(10.0, 20.0), vec2(WIDTH, HEIGHT));
        let whole = Bounds::new(0.0, 0.0, 1000.0, 9000.0);
        let view = View::of(&whole, room);
        assert!(room.contains_rect(view.rect(&whole)));
        let north = view.rect(&Bounds::new(0.0, 8000.0, 1000.0, 9000.0));
        assert!(north.bottom() < room.center().y);
    }

    #[test]
    fn a_place_outside_the_city_is_said() {
        let city = Bounds::new(0.0, 0.0, 10.0, 10.0);
        assert!(said(Lang::En, Some(&city), &[Bounds::new(90.0, 90.0, 95.0, 95.0)]).contains("outside"));
        assert!(said(Lang::En, Some(&city), &[Bounds::new(9.0, 9.0, 95.0, 95.0)]).contains("within"));
    }
}
