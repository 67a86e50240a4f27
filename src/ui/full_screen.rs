//! The map alone: full screen without bars and panels, and all panels put away at once.

use egui::{Area, Context, Frame, Id, Key, Modifiers, Order, Rect, Stroke, ViewportCommand, vec2};

use super::app::App;
use super::ask::{Asks, UiAsk};
use super::theme::{RADIUS_CARD, Tokens};
use super::widgets::icon_button;
use crate::session::action::ActionId;

impl App {
    /// Into full screen, or back to the window.
    pub(super) fn switch_full_screen(&mut self, ctx: &Context) {
        self.shell.full_screen = !self.shell.full_screen;
        ctx.send_viewport_cmd(ViewportCommand::Fullscreen(self.shell.full_screen));
    }

    /// Puts the panels at both sides away; if both are away, those come back that were open.
    pub(super) fn switch_panels(&mut self) {
        let shell = &mut self.shell;
        if shell.left || shell.right {
            shell.put_away = [shell.left, shell.right];
            (shell.left, shell.right) = (false, false);
        } else {
            let [left, right] = shell.put_away;
            (shell.left, shell.right) = if left || right { (left, right) } else { (true, true) };
        }
    }

    /// Esc leads out of full screen, unless something on the map has more use for it.
    pub(super) fn leave_full_screen(&mut self, ctx: &Context) {
        let is_covered = egui::Popup::is_any_open(ctx) || ctx.memory(|memory| memory.top_modal_layer().is_some());
        if !self.shell.full_screen || is_covered || ctx.text_edit_focused() || self.map.tool.is_drawing() {
            return;
        }
        if ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
            self.switch_full_screen(ctx);
        }
    }

    /// The way out for the mouse, at the upper right of what is free of the maps.
    pub(super) fn full_screen_ui(&self, ctx: &Context, free: Rect, asks: &mut Asks) {
        if !self.shell.full_screen {
            return;
        }
        let name = self.session.lang().pick("退出全屏（Esc）", "Leave full screen (Esc)");
        let corner = free.right_top() + vec2(-12.0, 12.0);
        let area = Area::new(Id::unique("full-screen")).order(Order::Middle).constrain(false);
        area.fixed_pos(corner).pivot(egui::Align2::RIGHT_TOP).show(ctx, |ui| {
            let tokens = Tokens::of(ui);
            let frame = Frame::new().fill(tokens.raised).stroke(Stroke::new(1.0, tokens.line_strong));
            frame.corner_radius(RADIUS_CARD).inner_margin(2).show(ui, |ui| {
                if icon_button(ui, "CORNERS_IN", name).clicked() {
                    asks.push(UiAsk::Act(ActionId::FullScreen));
                }
            });
        });
    }
}
