//! The frame of a dialog: a heading with a close button, contents, buttons at the foot. The map can be used meanwhile.

use egui::{Align, Align2, Context, Id, Key, Layout, Margin, Modifiers, Rect, RichText, Stroke, Ui, Window};

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

/// Draws a dialog in the middle of the window; whether it was closed, by its button or with Esc.
pub(super) fn sheet(ctx: &Context, sheet: &Sheet<'_>, contents: impl FnOnce(&mut Ui)) -> bool {
    hold_keys(ctx, sheet.id);
    let tokens = Tokens::of_ctx(ctx);
    let dark = ctx.global_style().visuals.dark_mode;
    let screen = ctx.content_rect();
    let mut closed = false;
    let mut window = Window::new(sheet.title)
        .id(Id::unique(sheet.id))
        .title_bar(false)
        .resizable(false)
        .collapsible(false)
        .pivot(Align2::CENTER_CENTER)
        .default_pos(screen.center())
        .constrain_to(screen.shrink(8.0))
        .frame(floating_frame_of(tokens, dark).fill(tokens.panel));
    if is_other_screen(ctx, sheet.id, screen) {
        window = window.current_pos(screen.center());
    }
    window.show(ctx, |ui| {
        ui.set_width(sheet.width.min(screen.width() - 32.0));
        closed = head(ui, sheet);
        ui.painter().hline(ui.max_rect().x_range(), ui.cursor().top(), Stroke::new(1.0, tokens.line));
        egui::Frame::new().inner_margin(Margin::same(16)).show(ui, contents);
    });
    let popup_open = egui::Popup::is_any_open(ctx);
    let by_key = !popup_open && ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    closed || by_key
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

/// Whether the window has got another size since the dialog was last drawn: then it goes back to the middle. Until then
/// it stays where a hand has moved it.
fn is_other_screen(ctx: &Context, id: &'static str, screen: Rect) -> bool {
    let key = Id::unique(("sheet-screen", id));
    ctx.data_mut(|data| {
        let before = data.get_temp::<Rect>(key);
        data.insert_temp(key, screen);
        before.is_some_and(|before| before != screen)
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
    ui.with_layout(Layout::right_to_left(Align::Center), add).inner
}
