//! Visits the places of a tour one after the other, each once the map before it is sharp, and writes down how long
//! everything took. Without a tour it writes down what a person's hand does.

use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use egui::{Context, ViewportCommand};

use super::app::App;
use super::camera::{Camera, View};
use super::map_tiles::TileFacts;
use crate::session::Session;
use crate::session::place;
use crate::session::state::NoticeLevel;
use crate::session::tour::{SeenView, TourStep, Trace, WindowPlan};
use crate::text;
use crate::text::Text;

/// A map that is not sharp after so many seconds never will be.
const PATIENCE_S: f64 = 120.0;

/// While the map is painted the tour looks at it so often at least.
const GLANCE: Duration = Duration::from_millis(50);

/// The tour of a window, and what is written down.
#[derive(Debug)]
pub(super) struct Tour {
    driver: Driver,
    trace: Option<Trace>,
    started: Instant,
    frames: u64,
    /// Why the tour came to nothing, for whoever opened the window.
    trouble: Trouble,
}

/// A failure that outlives the window.
pub(super) type Trouble = Arc<OnceLock<Text>>;

impl Tour {
    /// The tour of a plan; `None` where nothing is to be visited or written down.
    pub(super) fn of(plan: &mut WindowPlan, trouble: Trouble) -> Option<Self> {
        let (steps, trace) = (std::mem::take(&mut plan.tour), plan.trace.take());
        if steps.is_empty() && trace.is_none() && !plan.quit {
            return None;
        }
        Some(Self { driver: Driver::new(steps, plan.quit), trace, started: plan.started, frames: 0, trouble })
    }

    /// Makes the next step, if its time has come; before anything looks at the camera.
    fn before(&mut self, camera: &mut Camera) {
        let now_s = self.now_s();
        match self.driver.begin(now_s) {
            Some(TourStep::Place { lonlat, denominator }) => {
                let center_world = place::world_from_lonlat(lonlat);
                let metres_per_px = place::metres_per_px(denominator, center_world);
                camera.go(View { center_world, metres_per_px, ..camera.view() });
            }
            Some(TourStep::Pan(delta_px)) => camera.pan_px(delta_px),
            Some(TourStep::Zoom(factor)) => camera.zoom(factor),
            None => return,
        }
        camera.settle();
    }

    /// Takes in a frame at its end: its own time, and how the map is by now.
    fn after(&mut self, own_ms: f64, facts: TileFacts, seen: Seen) -> Next {
        self.frames += 1;
        let (now_s, view) = (self.now_s(), seen.view);
        if let Some(trace) = &mut self.trace {
            trace.frame(self.frames, own_ms);
        }
        let (next, sharp) = self.driver.end(now_s, seen);
        if let (Some((number, sharp_s)), Some(trace)) = (sharp, &mut self.trace) {
            trace.view(SeenView {
                number,
                denominator: view.denominator(),
                sharp_ms: sharp_s * 1e3,
                features: facts.features,
                vertices: facts.vertices,
            });
        }
        next
    }

    /// Writes the last line.
    fn finish(self) {
        let start_ms = self.driver.first_sharp_s.map(|since_s| since_s * 1e3);
        let Some(Err(error)) = self.trace.map(|trace| trace.finish(start_ms, self.frames)) else { return };
        let Text { zh, en } = text::disk::why(&error, text::disk::Doing::Writing);
        let _ = self.trouble.set(text!("测量结果写不下去：{zh}", "the trace cannot be written: {en}"));
    }

    fn now_s(&self) -> f64 {
        self.started.elapsed().as_secs_f64()
    }
}

impl App {
    /// The tour's step of this frame.
    pub(super) fn tour_step(&mut self) {
        if let Some(tour) = &mut self.shell.tour {
            tour.before(&mut self.map.camera);
        }
    }

    /// The tour looks at the frame that ends, whose own code took so long.
    pub(super) fn tour_look(&mut self, ctx: &Context, own_ms: f64) {
        let Some(tour) = &mut self.shell.tour else { return };
        let [is_whole, is_calm] = self.map.tiles.rest(ctx, &self.session, &self.map.camera);
        let seen = Seen { view: self.map.camera.view(), is_whole, is_calm, is_hopeless: is_hopeless(&self.session) };
        match tour.after(own_ms, self.map.tiles.facts(), seen) {
            Next::Wait => ctx.request_repaint(),
            // Each piece of the map brings a frame of its own; more would take time from those that paint.
            Next::Pause => ctx.request_repaint_after(GLANCE),
            Next::Nothing => {}
            Next::Close => ctx.send_viewport_cmd(ViewportCommand::Close),
            Next::GiveUp => {
                let words = Text::new("地图一直没有画完，巡游中止", "the map was never finished; the tour was stopped");
                let said = self.session.notices().iter().find(|notice| notice.level == NoticeLevel::Error);
                let _ = tour.trouble.set(said.map_or(words, |notice| notice.text.clone()));
                ctx.send_viewport_cmd(ViewportCommand::Close);
            }
        }
    }

    /// The window closes.
    pub(super) fn tour_end(&mut self) {
        if let Some(tour) = self.shell.tour.take() {
            tour.finish();
        }
    }
}

/// Whether no city will come by itself.
fn is_hopeless(session: &Session) -> bool {
    let has_failed = session.notices().iter().any(|notice| notice.level == NoticeLevel::Error);
    session.city().is_none() && session.jobs().is_empty() && has_failed
}

/// What a frame shows at its end.
#[derive(Clone, Copy, Debug)]
struct Seen {
    view: View,
    /// Whether all tiles and words of the view are there.
    is_whole: bool,
    /// Whether no tile comes up any more.
    is_calm: bool,
    is_hopeless: bool,
}

/// What comes after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Another frame, at once.
    Wait,
    /// Another frame when something has come.
    Pause,
    /// Whatever the person does: frames come as they are needed.
    Nothing,
    /// The end of the window.
    Close,
    /// The same, without having seen everything.
    GiveUp,
}

/// What the tour waits for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Phase {
    /// The first sharp map.
    Start,
    /// A sharp map of the view that was gone to at this time, seconds.
    Going { since_s: f64 },
    /// The end of all fades.
    Fading,
    /// The next step.
    Ready,
    /// A person's hand, or the end of the window.
    Done,
}

/// The order of a tour, without a window: times are seconds since the process began.
#[derive(Debug)]
struct Driver {
    /// Steps that are left, the next one last.
    steps: Vec<TourStep>,
    quit: bool,
    /// Whether the tour moves the map, and not a person.
    drives: bool,
    phase: Phase,
    view: Option<View>,
    views: u64,
    frame_s: f64,
    first_sharp_s: Option<f64>,
}

impl Driver {
    fn new(mut steps: Vec<TourStep>, quit: bool) -> Self {
        steps.reverse();
        let drives = quit || !steps.is_empty();
        let (phase, view, first_sharp_s) = (Phase::Start, None, None);
        Self { steps, quit, drives, phase, view, views: 0, frame_s: 0.0, first_sharp_s }
    }

    /// Takes in the beginning of a frame; the step to make in it, if there is one.
    fn begin(&mut self, now_s: f64) -> Option<TourStep> {
        self.frame_s = now_s;
        let step = (self.phase == Phase::Ready).then(|| self.steps.pop()).flatten()?;
        self.phase = Phase::Going { since_s: now_s };
        Some(step)
    }

    /// Takes in the end of a frame; the number of the view that has become sharp with it, and after how many seconds.
    fn end(&mut self, now_s: f64, seen: Seen) -> (Next, Option<(u64, f64)>) {
        let has_moved = self.view.replace(seen.view).is_some_and(|before| before != seen.view);
        if has_moved && !self.drives && self.phase != Phase::Start {
            self.phase = Phase::Going { since_s: self.frame_s };
        }
        let mut sharp = None;
        match self.phase {
            Phase::Start if seen.is_whole => self.first_sharp_s = Some(now_s),
            Phase::Going { since_s } if seen.is_whole => {
                self.views += 1;
                sharp = Some((self.views, now_s - since_s));
            }
            Phase::Start | Phase::Going { .. } => return (self.patience(now_s, seen.is_hopeless), None),
            Phase::Fading => {}
            Phase::Ready | Phase::Done => return (Next::Nothing, None),
        }
        if !seen.is_calm {
            self.phase = Phase::Fading;
            return (Next::Wait, sharp);
        }
        if self.steps.is_empty() {
            self.phase = Phase::Done;
            self.drives = false;
            return (if self.quit { Next::Close } else { Next::Nothing }, sharp);
        }
        self.phase = Phase::Ready;
        (Next::Wait, sharp)
    }

    /// Whether it is worth waiting on for a sharp map. A person may leave a city unopened for as long as they like.
    fn patience(&mut self, now_s: f64, is_hopeless: bool) -> Next {
        if !self.drives {
            return Next::Nothing;
        }
        let since_s = if let Phase::Going { since_s } = self.phase { since_s } else { 0.0 };
        if !is_hopeless && now_s - since_s <= PATIENCE_S {
            return Next::Pause;
        }
        self.phase = Phase::Done;
        self.steps.clear();
        self.drives = false;
        Next::GiveUp
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: [bool; 2] = [true, true];
    const FADING: [bool; 2] = [true, false];
    const MISSING: [bool; 2] = [false, false];

    /// A camera and a driver at a frame a tenth of a second.
    struct Desk {
        driver: Driver,
        view: View,
        now_s: f64,
    }

    impl Desk {
        fn new(steps: Vec<TourStep>, quit: bool) -> Self {
            Self { driver: Driver::new(steps, quit), view: View::default(), now_s: 1.0 }
        }

        /// A frame that ends with the map like this: whether a step was made, what comes next, which view is sharp and
        /// after how many tenths of a second.
        fn frame(&mut self, [is_whole, is_calm]: [bool; 2]) -> (bool, Next, Option<(u64, i64)>) {
            let step = self.driver.begin(self.now_s);
            if step.is_some() {
                self.view.metres_per_px /= 2.0;
            }
            self.now_s += 0.1;
            let seen = Seen { view: self.view, is_whole, is_calm, is_hopeless: false };
            let (next, sharp) = self.driver.end(self.now_s, seen);
            (step.is_some(), next, sharp.map(|(number, sharp_s)| (number, (sharp_s * 10.0).round() as i64)))
        }
    }

    #[test]
    fn each_step_waits_until_the_map_is_sharp_and_still() {
        let mut desk = Desk::new(vec![TourStep::Zoom(2.0), TourStep::Zoom(2.0)], true);
        assert_eq!(desk.frame(MISSING), (false, Next::Pause, None));
        assert_eq!(desk.frame(FADING), (false, Next::Wait, None));
        assert_eq!(desk.frame(WHOLE), (false, Next::Wait, None));
        assert_eq!(desk.driver.first_sharp_s.map(|since_s| (since_s * 10.0).round()), Some(12.0));
        assert_eq!(desk.frame(MISSING), (true, Next::Pause, None));
        assert_eq!(desk.frame(MISSING), (false, Next::Pause, None));
        assert_eq!(desk.frame(FADING), (false, Next::Wait, Some((1, 3))));
        assert_eq!(desk.frame(WHOLE), (false, Next::Wait, None));
        assert_eq!(desk.frame(WHOLE), (true, Next::Close, Some((2, 1))));
        assert_eq!(desk.frame(WHOLE), (false, Next::Nothing, None));
    }

    #[test]
    fn what_a_hand_does_is_measured_too() {
        let mut desk = Desk::new(Vec::new(), false);
        assert_eq!(desk.frame(MISSING), (false, Next::Nothing, None));
        assert_eq!(desk.frame(WHOLE), (false, Next::Nothing, None));
        desk.view.center_world[0] += 9.0;
        assert_eq!(desk.frame(MISSING), (false, Next::Nothing, None));
        assert_eq!(desk.frame(WHOLE), (false, Next::Nothing, Some((1, 2))));
        assert_eq!(desk.frame(WHOLE), (false, Next::Nothing, None));
    }

    #[test]
    fn a_map_that_never_comes_ends_the_tour() {
        let mut desk = Desk::new(vec![TourStep::Zoom(2.0)], false);
        desk.frame(MISSING);
        desk.now_s += PATIENCE_S;
        assert_eq!(desk.frame(MISSING), (false, Next::GiveUp, None));
        assert_eq!(desk.frame(WHOLE), (false, Next::Nothing, None));
    }
}
