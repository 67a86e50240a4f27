//! Carries out what menus, keys and panels ask of the sewer workbench.

use std::path::Path;

use egui::{Context, Ui};

use super::panel::Awaited;
use super::strip::{strip_height, strip_ui};
use super::{ask, profile};
use crate::kinds::pipe_styles;
use crate::model::style::Style;
use crate::session::action::ActionId;
use crate::session::command::{Command, StyleCommand};
use crate::session::sewer::board::{SewerSlot, SewerTopic};
use crate::session::sewer::command::SewerCommand;
use crate::session::sewer::{SewerAnswer, SewerAsk};
use crate::ui::app::App;
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::map_panel::{self, MapPanel};
use crate::ui::right_panel::RightTab;
use crate::ui::tools::ToolKind;
use crate::ui::visit;

/// A result that is smaller than this on the screen is as good as not seen, logical pixels.
const LEAST_RESULT_PX: f64 = 24.0;

impl App {
    /// Asks, and opens the panel where the answer comes.
    pub(in crate::ui) fn ask_sewers(&mut self, ask: SewerAsk) {
        let ask = self.panels.right.sewer.as_switched(ask);
        let topic = ask.topic();
        self.show_sewers(topic);
        self.panels.right.sewer.awaited =
            ask::is_looked_for(&ask).map(|is_of_map| Awaited { topic, is_of_map, room: None });
        self.session.run(Command::Sewer(SewerCommand::Ask(ask)));
    }

    /// Opens the panel at a topic; what needs no more words is asked at once.
    pub(in crate::ui) fn sewer_topic(&mut self, topic: SewerTopic) {
        self.show_sewers(topic);
        if self.session.sewer().slot(topic).is_none()
            && let Some(ask) = ask::usual(&self.session, topic)
        {
            self.session.run(Command::Sewer(SewerCommand::Ask(ask)));
        }
    }

    fn show_sewers(&mut self, topic: SewerTopic) {
        self.shell.right = true;
        self.panels.right.tab = RightTab::Sewer;
        self.panels.right.sewer.open(topic);
    }

    /// Asks for a file to write what is shown of a topic to.
    pub(in crate::ui) fn write_sewers(&mut self, ctx: &Context, topic: SewerTopic) {
        if topic == SewerTopic::Profile {
            return self.panels.profile.open_sheet();
        }
        let Some(slot) = self.session.sewer().slot(topic) else { return };
        let mut asks = Asks::new();
        self.panels.right.sewer.write(slot, &mut asks);
        asks.into_iter().for_each(|ask| self.carry_out(ctx, ask));
    }

    /// Does an action of the sewer menu; `false` if it is none.
    pub(in crate::ui) fn sewer_action(&mut self, ctx: &Context, id: ActionId) -> bool {
        let topic = match id {
            ActionId::SewerPanel => {
                self.right_tab(RightTab::Sewer);
                return true;
            }
            ActionId::LongestWay => {
                self.ask_sewers(SewerAsk::Longest(None));
                return true;
            }
            ActionId::EnterInspection => {
                self.show_sewers(SewerTopic::Condition);
                let pipe = self.shown_pipe();
                self.panels.right.sewer.enter(pipe);
                return true;
            }
            ActionId::ImportDefects => {
                self.carry_out(ctx, UiAsk::PickFile(FilePurpose::SewerDefects));
                return true;
            }
            ActionId::UnitCosts => {
                self.panels.costs.open(&self.session);
                return true;
            }
            ActionId::WriteRatings => {
                let rules = self.session.settings().sewer.rules();
                self.session.run(Command::Sewer(SewerCommand::WriteRatings(rules)));
                return true;
            }
            ActionId::PipesByLoad => {
                let ask = match self.session.sewer().slot(SewerTopic::Capacity).map(|slot| &slot.asked) {
                    Some(SewerAsk::Capacity(ask)) => ask.clone(),
                    _ => self.session.settings().sewer.loads(),
                };
                self.session.run(Command::Sewer(SewerCommand::KeepLoads(Box::new(ask))));
                return true;
            }
            ActionId::WriteSwmm => {
                self.panels.right.sewer.swmm.open();
                return true;
            }
            ActionId::PipesByGrade => return self.style_pipes(|_| Some(pipe_styles::by_grade())),
            ActionId::PipesByDirection => return self.style_pipes(|_| Some(pipe_styles::by_direction())),
            ActionId::PipesUsual => return self.style_pipes(|_| None),
            ActionId::HideSewer => {
                let state = &mut self.panels.right.sewer;
                state.is_on_map = !state.is_on_map;
                return true;
            }
            ActionId::ClearSewer => {
                self.clear_sewers();
                return true;
            }
            ActionId::SewerChecks => SewerTopic::Checks,
            ActionId::SewerCross => SewerTopic::Cross,
            ActionId::SewerCondition => SewerTopic::Condition,
            ActionId::SewerInspected => SewerTopic::Inspected,
            ActionId::SewerPlan => SewerTopic::Plan,
            ActionId::SewerBasins => SewerTopic::Basins,
            ActionId::SewerUsers => SewerTopic::Users,
            ActionId::SewerCapacity => SewerTopic::Capacity,
            _ => return false,
        };
        self.sewer_topic(topic);
        true
    }

    /// What of the sewers lies over the map, and the place that chart or map points at.
    pub(in crate::ui) fn sewer_on_map(&mut self, ui: &Ui) {
        self.follow_pipe();
        self.come_to_sewers(ui);
        self.map.sewer_topics = self.panels.right.sewer.on_map(&self.session);
        if profile::is_open(&self.session) {
            let pointer = self.map.is_pointed_at(ui.ctx()).then(|| self.map.pointer_world());
            let metres_per_px = self.map.camera.view().metres_per_px;
            self.panels.profile.point_from_map(&self.session, pointer, metres_per_px);
        }
        self.map.sewer.spot_world = self.panels.profile.spot_world().filter(|_| profile::is_open(&self.session));
    }

    /// Brings the map to a result that was asked for, if it is not to be seen there.
    fn come_to_sewers(&mut self, ui: &Ui) {
        let Some(Awaited { topic, is_of_map, room }) = self.panels.right.sewer.awaited else { return };
        let slot = self.session.sewer().slot(topic);
        if slot.is_some_and(SewerSlot::is_waiting) {
            return;
        }
        // A profile comes with a dock of its own: the map is fitted once it has the size that this leaves it.
        let now = ui.available_rect_before_wrap();
        if room != Some(now) {
            self.panels.right.sewer.awaited = Some(Awaited { topic, is_of_map, room: Some(now) });
            return ui.ctx().request_repaint();
        }
        self.panels.right.sewer.awaited = None;
        let Some(drawing) = slot.and_then(|slot| slot.shown.as_ref()).map(|shown| &shown.drawing) else { return };
        let Some(bounds) = drawing.bounds else { return };
        let (seen, metres_per_px) = (self.map.camera.bounds_world(), self.map.camera.view().metres_per_px);
        let is_seen = if is_of_map {
            let places = drawing.positions.iter().chain(drawing.points.iter().map(|point| &point.at_world));
            places.copied().any(|at| seen.contains(at))
        } else {
            let is_large = bounds.width().max(bounds.height()) >= LEAST_RESULT_PX * metres_per_px;
            is_large && seen.contains(bounds.min) && seen.contains(bounds.max)
        };
        if !is_seen {
            map_panel::go(&mut self.map, &UiAsk::ZoomTo(visit::with_surroundings(&bounds)));
        }
    }

    /// Says over the map what the question came to whose result lies there.
    pub(in crate::ui) fn sewer_strip(&self, ui: &Ui, asks: &mut Asks) {
        let state = &self.panels.right.sewer;
        if state.is_on_map {
            strip_ui(ui, &self.session, state.topic, self.map.rooms()[1], asks);
        }
    }

    /// How much of the top of the map the strip takes up: messages stand below it.
    pub(in crate::ui) fn sewer_strip_height(&self) -> f32 {
        let state = &self.panels.right.sewer;
        if state.is_on_map { strip_height(&self.session, state.topic, self.map.rooms()[1]) } else { 0.0 }
    }

    /// A pipe that comes into the details is asked about; one that leaves them is forgotten.
    pub(in crate::ui) fn follow_pipe(&mut self) {
        let shown = self.session.details().and_then(|details| details.hits.get(details.current));
        let shown =
            shown.filter(|at| self.session.city().and_then(|city| city.layer(&at.layer)).is_some_and(ask::is_pipes));
        let rules = self.session.settings().sewer.rules();
        let wanted = shown.map(|at| SewerAsk::Pipe(at.clone(), rules));
        let asked = self.session.sewer().slot(SewerTopic::Pipe).map(|slot| &slot.asked);
        // A defect of the pipe that comes into the details is read beside the others on the map.
        let is_of_pipe =
            self.session.details().and_then(|details| details.hits.get(details.current)).is_some_and(|at| {
                let answer = self.session.sewer().slot(SewerTopic::Pipe).and_then(|slot| slot.answer.as_deref());
                matches!(answer, Some(SewerAnswer::Pipe(Some(card))) if card.has_row(at))
            });
        if wanted.as_ref() == asked || is_of_pipe {
            return;
        }
        let command = match wanted {
            Some(ask) => SewerCommand::Ask(ask),
            None => SewerCommand::Forget(SewerTopic::Pipe),
        };
        self.session.run(Command::Sewer(command));
    }

    /// The code of the pipe in the details; empty for one without, and until its row is read.
    fn shown_pipe(&self) -> Option<String> {
        let details = self.session.details()?;
        let at = details.hits.get(details.current)?;
        let layer = self.session.city()?.layer(&at.layer).filter(|layer| ask::is_pipes(layer))?;
        let place = layer.schema.field_index("code")?;
        let row = details.row.as_ref().filter(|row| row.at == *at);
        let code = row.and_then(|row| row.feature.values.get(place)?.as_str());
        Some(code.unwrap_or_default().to_owned())
    }

    /// Gives every layer of pipes a style of its own, or its kind's again: one step each.
    fn style_pipes(&mut self, style: impl Fn(&str) -> Option<Style>) -> bool {
        let layers = self.session.city().map(|city| &city.layers[..]).unwrap_or_default();
        let tables: Vec<String> =
            layers.iter().filter(|layer| ask::is_pipes(layer)).map(|layer| layer.table().to_owned()).collect();
        for layer in tables {
            let command = match style(&layer) {
                Some(style) => StyleCommand::Set { layer, style },
                None => StyleCommand::Reset(layer),
            };
            self.session.run(Command::Style(command));
        }
        true
    }

    fn clear_sewers(&mut self) {
        let topics: Vec<SewerTopic> = self.session.sewer().slots().map(|(topic, _)| topic).collect();
        for topic in topics {
            self.session.run(Command::Sewer(SewerCommand::Forget(topic)));
        }
    }

    /// Esc takes a trace off the map, and hides what takes longer to find again.
    pub(in crate::ui) fn put_sewer_away(&mut self, ctx: &Context) {
        let state = &self.panels.right.sewer;
        let topic = state.topic;
        let is_free = ctx.memory(egui::Memory::focused).is_none_or(|id| id == MapPanel::id());
        let is_covered = egui::Popup::is_any_open(ctx) || ctx.memory(|memory| memory.top_modal_layer().is_some());
        let has_drawing = self.session.sewer().shown(topic).is_some_and(|shown| shown.drawing.bounds.is_some());
        // A tool in hand goes first.
        let is_busy = self.map.tool.kind() != ToolKind::Identify || crate::ui::sheet::holds_keys(ctx);
        if !is_free || is_covered || is_busy || !state.is_on_map || !has_drawing {
            return;
        }
        if !ctx.input_mut(|input| input.consume_key(egui::Modifiers::NONE, egui::Key::Escape)) {
            return;
        }
        match topic {
            SewerTopic::Trace | SewerTopic::Profile => {
                self.session.run(Command::Sewer(SewerCommand::Forget(topic)));
            }
            _ => self.panels.right.sewer.is_on_map = false,
        }
    }

    /// Unit costs from a file become the bureau's, and the plan is made anew with them.
    pub(in crate::ui) fn read_costs(&mut self, path: &Path, asks: &mut Asks) {
        let Some(costs) = self.session.read_costs(path) else { return };
        let settings = self.session.settings().sewer.clone().with_costs(&costs);
        asks.extend(ask::with_settings(&self.session, settings));
    }
}
