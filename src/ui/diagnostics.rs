//! Diagnostics (F12): how long frames and tiles take, what they hold, on which driver.

use std::collections::VecDeque;

use egui::{Context, Grid, RichText, Ui};

use super::map_tiles::TileFacts;
use super::sheet::{Sheet, sheet};
use super::show::count as grouped;
use super::theme::{self, Tokens};
use super::widgets;
use crate::session::Session;
use crate::text::Lang;

/// Frames that are kept for the figures.
const FRAMES: usize = 240;

/// Times of the last frames, and whether they are shown.
#[derive(Debug, Default)]
pub struct Diagnostics {
    /// Whether the window is open.
    pub open: bool,
    renderer: String,
    millis: VecDeque<f32>,
    frames: u64,
}

impl Diagnostics {
    /// Closed, on a graphics driver with this name.
    pub fn new(renderer: String) -> Self {
        Self { renderer, ..Self::default() }
    }

    /// Takes in the time of one frame of the program's own code.
    pub fn add(&mut self, millis: f32) {
        self.frames += 1;
        self.millis.push_back(millis);
        if self.millis.len() > FRAMES {
            self.millis.pop_front();
        }
    }

    /// Median and 99th percentile, milliseconds.
    fn figures(&self) -> [f32; 2] {
        let mut sorted: Vec<f32> = self.millis.iter().copied().collect();
        sorted.sort_by(f32::total_cmp);
        let at =
            |share: f32| sorted.get(((sorted.len() as f32 - 1.0) * share).round() as usize).copied().unwrap_or(0.0);
        [at(0.5), at(0.99)]
    }
}

/// Shows the window, if it is open.
pub fn diagnostics_ui(ctx: &Context, session: &Session, state: &mut Diagnostics, tiles: TileFacts) {
    if !state.open {
        return;
    }
    let lang = session.lang();
    let title = lang.pick("诊断信息", "Diagnostics");
    let frame = Sheet { id: "diagnostics", title, icon: "GAUGE", width: 400.0, lang };
    let closed = sheet(ctx, &frame, |ui| {
        let rows = rows(session, state, tiles, lang);
        Grid::new("diagnostics-rows").num_columns(2).spacing([24.0, 4.0]).show(ui, |ui| {
            rows.iter().for_each(|(name, value)| row(ui, name, value));
        });
        ui.add_space(8.0);
        if widgets::button(ui, "COPY", lang.pick("复制", "Copy")).clicked() {
            let lines = rows.iter().map(|(name, value)| format!("{name}: {value}\n"));
            ui.ctx().copy_text(lines.collect());
        }
    });
    state.open = !closed;
}

fn row(ui: &mut Ui, name: &str, value: &str) {
    ui.label(RichText::new(name).font(theme::note()).color(Tokens::of(ui).text2));
    ui.label(RichText::new(value).font(theme::note()));
    ui.end_row();
}

fn rows(session: &Session, state: &Diagnostics, tiles: TileFacts, lang: Lang) -> Vec<(&'static str, String)> {
    let [median, worst] = state.figures();
    let city = session.city();
    let features: u64 = city.map_or(0, |city| city.layers.iter().map(|layer| layer.count).sum());
    vec![
        (lang.pick("版本", "Version"), env!("CARGO_PKG_VERSION").to_owned()),
        (lang.pick("显示驱动", "Driver"), state.renderer.clone()),
        (
            lang.pick("帧（自身代码）", "Frame (own code)"),
            format!("{median:.2} ms, p99 {worst:.2} ms, #{}", state.frames),
        ),
        (lang.pick("瓦片延迟", "Tile latency"), format!("{:.1} ms, #{}", tiles.millis, tiles.painted)),
        (
            lang.pick("瓦片缓存", "Tiles kept"),
            format!("{}, {:.1} MB", tiles.tiles, tiles.bytes as f64 / f64::from(1 << 20)),
        ),
        (lang.pick("画出要素", "Features painted"), grouped(tiles.features as u64)),
        (lang.pick("画出顶点", "Positions painted"), grouped(tiles.vertices as u64)),
        (lang.pick("要素总数", "Features in all"), grouped(features)),
        (lang.pick("已选", "Selected"), grouped(session.selection().len() as u64)),
        (lang.pick("任务", "Jobs"), session.jobs().len().to_string()),
        (lang.pick("文件", "File"), city.map_or_else(String::new, |city| city.path.display().to_string())),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_come_from_the_last_frames() {
        let mut state = Diagnostics::default();
        assert_eq!(state.figures(), [0.0, 0.0]);
        (0..1000).for_each(|frame| state.add(frame as f32));
        let [median, worst] = state.figures();
        assert!((median - 879.5).abs() < 1.0 && worst > 995.0);
    }
}
