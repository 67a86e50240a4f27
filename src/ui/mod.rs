//! The window.

pub mod app;
pub mod ask;
pub mod camera;
pub mod compare_dialog;
mod compare_marks;
mod crs_choice;
mod crs_form;
pub mod details_panel;
pub mod diagnostics;
pub mod dialogs;
pub mod export_dialog;
mod export_redact;
mod expr_field;
pub mod form;
pub mod form_ui;
mod full_screen;
mod grounds_panel;
pub mod history_panel;
pub mod icons;
pub mod import_dialog;
mod import_state;
pub mod key_sheet;
pub mod keys;
pub mod layers_panel;
pub mod layers_state;
pub mod legend;
mod map_buttons;
mod map_grid;
mod map_hand;
pub mod map_marks;
pub mod map_menu;
pub mod map_panel;
mod map_spot;
#[cfg(test)]
mod map_tests;
pub mod map_tiles;
pub mod menu;
mod note_card;
pub mod note_form;
pub mod notes_panel;
pub mod notices;
mod overview_map;
pub mod palette;
mod palette_rows;
pub mod panels;
pub mod perform;
pub mod photo_view;
pub mod possible;
pub mod print_dialog;
pub mod right_panel;
#[cfg(test)]
mod sample;
mod second_map;
pub mod settings_dialog;
pub mod sewer;
mod sheet;
pub mod show;
pub mod signs;
pub mod small_dialogs;
pub mod status_bar;
pub mod style_panel;
pub mod table_panel;
mod table_rows;
#[cfg(test)]
mod test_steps;
pub mod theme;
mod thumbs;
pub mod toolbar;
pub mod tools;
mod tour;
mod turn_field;
mod visit;
pub mod welcome;
pub mod widgets;
mod window_shape;

use std::io::Write as _;
use std::process::ExitCode;
use std::sync::Arc;

use crate::session::settings::Settings;
use crate::session::tour::WindowPlan;
use crate::session::{Session, Wake};
use crate::text::Text;

/// Wakes the window when a thread of the session has news.
struct Waker(egui::Context);

impl Wake for Waker {
    fn wake(&self) {
        self.0.request_repaint();
    }

    fn wake_within(&self, wait: std::time::Duration) {
        self.0.request_repaint_after(wait);
    }
}

/// Opens the window, on the plan's city or else on the last one, or on the sample city at the first start. Returns when
/// it is closed.
pub fn run(mut plan: WindowPlan) -> ExitCode {
    let window = Settings::load(&Settings::default_folder()).window.sound();
    let viewport = egui::ViewportBuilder::default()
        .with_app_id("citygrid")
        .with_title("城格")
        .with_inner_size(window.size)
        .with_maximized(window.maximized)
        .with_min_inner_size([800.0, 520.0]);
    let options =
        eframe::NativeOptions { viewport, renderer: eframe::Renderer::Wgpu, ..eframe::NativeOptions::default() };
    let trouble = tour::Trouble::default();
    let of_tour = Arc::clone(&trouble);
    let started = eframe::run_native(
        "citygrid",
        options,
        Box::new(move |creation| {
            theme::install(&creation.egui_ctx);
            let wake = Arc::new(Waker(creation.egui_ctx.clone()));
            let mut session = Session::new(Settings::default_folder(), wake);
            if let Some(lang) = plan.lang {
                session.speak(lang);
            }
            let renderer = creation.wgpu_render_state.as_ref().map(|state| {
                let info = state.adapter.get_info();
                format!("{} ({})", info.name, info.backend)
            });
            let tour = tour::Tour::of(&mut plan, of_tour);
            Ok(Box::new(app::App::new(session, renderer.unwrap_or_default()).on_tour(tour).open_first(plan.city)))
        }),
    );
    let trouble = match &started {
        Ok(()) => trouble.get().cloned(),
        Err(error) => Some(no_window(&error.to_string())),
    };
    let Some(words) = trouble else { return ExitCode::SUCCESS };
    complain(&words);
    ExitCode::from(3)
}

fn complain(words: &Text) {
    // There is no window to say it in, and nobody to tell if stderr is closed too.
    let _ = writeln!(std::io::stderr(), "{}\n\n{}", words.zh, words.en);
}

/// What to do when no window can be opened.
fn no_window(why: &str) -> Text {
    crate::text!(
        "无法打开窗口：{why}\n\
         城格需要 Vulkan 或 OpenGL 驱动。没有显卡的电脑请安装软件驱动，例如：\n\
         sudo apt install mesa-vulkan-drivers libgl1-mesa-dri\n\
         命令行功能不受影响：citygrid --help",
        "The window cannot be opened: {why}\n\
         citygrid needs a Vulkan or OpenGL driver. Without a graphics card install the software driver, for example:\n\
         sudo apt install mesa-vulkan-drivers libgl1-mesa-dri\n\
         The command line works without it: citygrid --help"
    )
}
