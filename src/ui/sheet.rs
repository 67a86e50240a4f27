//! The frame of a dialog: a heading with a close button, contents, buttons at the foot. The map can be used meanwhile.

use egui::{Align, Align2, Context, Id, Key, Layout, Margin, Modifiers, Rect, RichText, Stroke, Ui, Window, vec2};

use super::icons::icon;
use super::map_panel::MapPanel;
use super::theme::{self, Tokens};
use super::widgets::{floating_frame_of, icon_button};
use crate::text::Lang;

/// What a dialog is called and how wide it is.
pub(super) struct Sheet<'a> {
    /// A word of its own among all dialogs.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'a str,
    /// The icon beside the heading.
    pub(super) icon: &'static str,
    /// Width of the contents, logical pixels.
    pub(super) width: f32,
    /// Language.
    pub(super) lang: Lang,
}

/// Where a dialog comes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// In the middle of the window.
    Middle,
    /// At its right edge, so that the map is seen beside it.
    Right,
}

/// What came of drawing a dialog.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shown {
    /// Whether it was closed, by its button or with Esc.
    pub(super) closed: bool,
    /// What it covers.
    pub(super) rect: Rect,
}

/// Draws a dialog in the middle of the window; whether it was closed, by its button or with Esc.
pub(super) fn sheet(ctx: &Context, sheet: &Sheet<'_>, contents: impl FnOnce(&mut Ui)) -> bool {
    sheet_at(ctx, sheet, Side::Middle, contents).closed
}

/// Draws a dialog. It is as high as its contents, from the first frame on.
pub(super) fn sheet_at(ctx: &Context, sheet: &Sheet<'_>, side: Side, contents: impl FnOnce(&mut Ui)) -> Shown {
    hold_keys(ctx, sheet.id);
    let tokens = Tokens::of_ctx(ctx);
    let dark = ctx.global_style().visuals.dark_mode;
    let screen = ctx.content_rect();
    let room = screen.shrink(8.0);
    let (pivot, place) = match side {
        Side::Middle => (Align2::CENTER_CENTER, room.center()),
        Side::Right => (Align2::RIGHT_CENTER, room.right_center()),
    };
    let mut closed = false;
    let mut window = Window::new(sheet.title)
        .id(Id::unique(sheet.id))
        .title_bar(false)
        .resizable(false)
        .collapsible(false)
        // Offered less, the contents would be cut until they have grown frame by frame to what they need.
        .min_height(room.height())
        .pivot(pivot)
        .default_pos(place)
        .constrain_to(room)
        .frame(floating_frame_of(tokens, dark).fill(tokens.panel));
    // When the window gets another size the dialog goes back to its place; until then it stays where a hand has moved it.
    if is_other(ctx, ("sheet-screen", sheet.id), screen) {
        window = window.current_pos(place);
    }
    let shown = window.show(ctx, |ui| {
        ui.set_width(sheet.width.min(screen.width() - 32.0));
        closed = head(ui, sheet);
        ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), Stroke::new(1.0, tokens.line));
        egui::Frame::new().inner_margin(Margin::same(16)).show(ui, contents);
    });
    let popup_open = egui::Popup::is_any_open(ctx);
    let by_key = !popup_open && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    let rect = shown.map_or(Rect::NOTHING, |shown| shown.response.rect);
    if is_other(ctx, ("sheet-size", sheet.id), rect.size()) {
        // It is placed by the size that it had the frame before.
        ctx.request_repaint();
    }
    Shown { closed: closed || by_key, rect }
}

/// Says that a dialog is on the screen in this frame. When it comes up it takes the focus from what lies behind it.
pub(super) fn hold_keys(ctx: &Context, id: &'static str) {
    let frame = ctx.cumulative_frame_nr();
    let seen = |data: &mut egui::util::IdTypeMap, key: &str| {
        let key = Id::unique(("sheet-seen", key));
        let before = data.get_temp::<u64>(key);
        data.insert_temp(key, frame);
        before.is_some_and(|before| before + 1 >= frame)
    };
    let was_open = ctx.data_mut(|data| {
        seen(data, "any");
        seen(data, id)
    });
    if !was_open && let Some(focused) = ctx.memory(egui::Memory::focused) {
        ctx.memory_mut(|memory| memory.surrender_focus(focused));
    }
}

/// Whether keys belong to a dialog and not to the map behind it: one is open, and nobody has clicked the map since.
pub(super) fn holds_keys(ctx: &Context) -> bool {
    let seen = ctx.data(|data| data.get_temp::<u64>(Id::unique(("sheet-seen", "any"))));
    let is_open = seen.is_some_and(|seen| seen + 1 >= ctx.cumulative_frame_nr());
    is_open && ctx.memory(egui::Memory::focused) != Some(MapPanel::id())
}

/// Whether something of a dialog is not what it was in the last frame that drew it.
fn is_other<T: Clone + PartialEq + Send + Sync + 'static>(ctx: &Context, of: (&str, &str), now: T) -> bool {
    let key = Id::unique(of);
    ctx.data_mut(|data| {
        let is_other = data.get_temp::<T>(key).is_some_and(|before| before != now);
        data.insert_temp(key, now);
        is_other
    })
}

/// The frame of a dialog that has to be answered first: as [`sheet`]'s, with its padding.
pub(super) fn modal_frame(ctx: &Context) -> egui::Frame {
    let tokens = Tokens::of_ctx(ctx);
    let dark = ctx.global_style().visuals.dark_mode;
    floating_frame_of(tokens, dark).fill(tokens.panel).inner_margin(Margin::same(16))
}

fn head(ui: &mut Ui, sheet: &Sheet<'_>) -> bool {
    let frame = egui::Frame::new().inner_margin(Margin { left: 16, right: 8, top: 8, bottom: 8 });
    let shown = frame.show(ui, |ui| {
        ui.horizontal(|ui| {
            ui.label(icon(sheet.icon).color(Tokens::of(ui).text2));
            ui.label(RichText::new(sheet.title).font(theme::medium(16.0)));
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
                icon_button(ui, "X", sheet.lang.pick("关闭", "Close")).clicked()
            })
            .inner
        })
        .inner
    });
    shown.inner
}

/// The foot of a dialog: its buttons at the right, the one that goes on last in `add`, drawn from right to left.
pub(super) fn foot<R>(ui: &mut Ui, add: impl FnOnce(&mut Ui) -> R) -> R {
    ui.add_space(12.0);
    // As high as a button: with all the height that is left, the buttons would float in its middle.
    let size = vec2(ui.available_width(), theme::CONTROL);
    ui.allocate_ui_with_layout(size, Layout::right_to_left(Align::Center), add).inner
}

#[cfg(test)]
mod tests {
    use egui_kittest::Harness;

    use super::*;

    /// Lines of text above the button; what is drawn of the dialog, the button, and the dialog.
    type Dialog = (usize, [Rect; 3]);

    fn dialog(ui: &mut Ui, (lines, places): &mut Dialog) {
        let frame = Sheet { id: "test", title: "Test", icon: "X", width: 400.0, lang: Lang::En };
        let [mut seen, mut button] = [Rect::NOTHING; 2];
        let shown = sheet_at(ui.ctx(), &frame, Side::Middle, |ui| {
            (0..*lines).for_each(|line| _ = ui.label(line.to_string()));
            foot(ui, |ui| (seen, button) = (ui.clip_rect(), ui.button("OK").rect));
        });
        *places = [seen, button, shown.rect];
    }

    #[test]
    fn what_comes_into_a_dialog_is_seen_at_once_and_what_goes_leaves_no_gap() {
        let builder = Harness::builder().with_size(vec2(800.0, 800.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(dialog, (1, [Rect::NOTHING; 3]));
        harness.run();
        harness.state_mut().0 = 20;
        // The second frame puts it back into the middle.
        (0..2).for_each(|_| harness.step());
        let [seen, button, _] = harness.state().1;
        assert!(seen.contains_rect(button), "{seen} cuts {button}");
        for lines in [20, 2] {
            harness.state_mut().0 = lines;
            harness.run();
            let [_, button, dialog] = harness.state().1;
            let below = dialog.bottom() - button.bottom();
            assert!((10.0..30.0).contains(&below), "{below} below the button with {lines} lines");
            assert!((dialog.center().y - 400.0).abs() < 4.0, "{dialog} is in the middle");
        }
    }
}
