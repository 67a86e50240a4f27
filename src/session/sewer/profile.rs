//! The long profile as a picture: levels over chainage, and under it the table that Chinese longitudinal sections have.
//!
//! One scene for the window and for files. What is not known is not drawn, and said so.

mod plot;
mod table;

use std::path::Path;
use std::sync::Arc;

use crate::model::style::{Cap, Ink, Rgba};
use crate::render::decor::{Align, write};
use crate::render::path;
use crate::render::scene::{Item, Scene};
use crate::task::Task;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::profile::Profile;

use super::SewerDesk;
use super::out::OutFile;
use super::questions::ProfileAnswer;
use crate::session::answer::Failure;
use crate::session::render_file;

const PAPER: Ink = Ink::new(0xFF_FFFF, 0x1B_1F23);
const INK: Ink = Ink::new(0x1E_2328, 0xE8_EAEC);
const FAINT: Ink = Ink::new(0x5F_666D, 0xA3_ABB3);
const LINE: Ink = Ink::new(0xD9_D6CF, 0x37_3D44);
const GROUND: Ink = Ink::new(0x6B_5B3E, 0xC9_B68D);
const RED: Ink = Ink::new(0xB3_261E, 0xFF_6B6B);
const MARK: Ink = Ink::new(0x8A_5800, 0xE9_B44C);
/// The map's colours of storm, foul, combined and unknown sewers.
const SYSTEMS: [Ink; 4] = [
    Ink::new(0x1F_77B4, 0x5A_A9E6),
    Ink::new(0xA0_522D, 0xD6_905F),
    Ink::new(0x63_278A, 0xF0_B0E0),
    Ink::new(0x6B_7280, 0x9A_A3AE),
];

/// Room left of the plot for the names of the table's rows, above it for the head, and at the other edges, pixels.
const LEFT: f32 = 150.0;
const TOP: f32 = 84.0;
const EDGE: f32 = 28.0;
/// Least and usual height of the plot.
const PLOT_PX: [f64; 2] = [140.0, 380.0];
/// Highest plot: where an exaggeration would ask for more, the picture gets narrower.
const MOST_PLOT_PX: f64 = 3000.0;
/// Narrowest and widest plot.
const WIDTH_PX: [f64; 2] = [560.0, 12_000.0];
/// Room between the frame and the first and the last node, pixels.
const INSET: f32 = 20.0;
/// Pixels to a metre on paper.
const PX_PER_PAPER_M: f64 = 96.0 / 0.0254;
/// Wished width of a station.
const STATION_PX: f64 = 46.0;
/// Vertical exaggerations that are taken by themselves.
const ROUND: [f64; 15] = [1.0, 2.0, 3.0, 4.0, 5.0, 8.0, 10.0, 15.0, 20.0, 25.0, 30.0, 40.0, 50.0, 100.0, 200.0];
/// Scales that are taken by themselves, within a power of ten.
const SCALES: [f64; 6] = [1.0, 1.5, 2.0, 2.5, 4.0, 5.0];

/// How a profile is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileLook {
    /// Language.
    pub lang: Lang,
    /// On a dark ground.
    pub dark: bool,
    /// How many times larger heights are than lengths; a round number that fills the picture if there is none.
    pub exaggeration: Option<f64>,
    /// Width of the whole picture, logical pixels; by the number of nodes if there is none.
    pub width_px: Option<f64>,
    /// Physical pixels to a logical one.
    pub pixel_ratio: f64,
}

impl ProfileLook {
    /// For a file.
    pub fn new(lang: Lang) -> Self {
        Self { lang, dark: false, exaggeration: None, width_px: None, pixel_ratio: 2.0 }
    }
}

/// Where chainages and levels are on the picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileScale {
    /// The plot: left, top, right, bottom.
    pub plot: [f32; 4],
    /// Pixels to a metre of chainage.
    pub px_per_m: f64,
    /// How many times larger heights are.
    pub exaggeration: f64,
    /// Level at the plot's lower edge, metres.
    pub low_m: f64,
}

impl ProfileScale {
    /// Where a chainage is, pixels from the left.
    pub fn x(&self, chainage_m: f64) -> f32 {
        self.plot[0] + INSET + (chainage_m * self.px_per_m) as f32
    }

    /// Where a level is, pixels from the top.
    pub fn y(&self, level_m: f64) -> f32 {
        self.plot[3] - ((level_m - self.low_m) * self.px_per_m * self.exaggeration) as f32
    }

    /// The chainage at a place of the picture, metres.
    pub fn chainage_m(&self, x: f32) -> f64 {
        f64::from(x - self.plot[0] - INSET) / self.px_per_m
    }

    fn of(profile: &Profile, look: &ProfileLook) -> Self {
        let length_m = profile.length_m.max(1.0);
        let known = profile.levels_m();
        let [low, high] = known.unwrap_or([0.0, 1.0]);
        let pad_m = ((high - low) * 0.08).max(0.3);
        // More at the top, for the names of what crosses.
        let (low_m, range_m) = (low - pad_m, high - low + 3.0 * pad_m);
        let mut px_per_m = if let Some(width) = look.width_px {
            (width - f64::from(LEFT + EDGE + 2.0 * INSET)).clamp(WIDTH_PX[0], WIDTH_PX[1]) / length_m
        } else {
            let wished = (profile.stations.len() as f64 * STATION_PX).max(900.0);
            PX_PER_PAPER_M / round_scale(PX_PER_PAPER_M * length_m / wished, PX_PER_PAPER_M * length_m / WIDTH_PX[1])
        };
        let exaggeration = look.exaggeration.filter(|it| it.is_finite() && *it > 0.0).unwrap_or_else(|| {
            let fits = PLOT_PX[1] / (range_m * px_per_m);
            ROUND.into_iter().rev().find(|&round| round <= fits).unwrap_or(ROUND[0])
        });
        px_per_m = px_per_m.min(MOST_PLOT_PX / (range_m * exaggeration));
        let height = (range_m * px_per_m * exaggeration).max(PLOT_PX[0]);
        let plot = [LEFT, TOP, LEFT + 2.0 * INSET + (length_m * px_per_m) as f32, TOP + height as f32];
        Self { plot, px_per_m, exaggeration, low_m }
    }
}

/// A profile as a picture, and where things are on it.
pub fn profile_scene(answer: &ProfileAnswer, look: &ProfileLook) -> (Scene, ProfileScale) {
    let scale = ProfileScale::of(&answer.profile, look);
    let size_px = [
        f64::from(scale.plot[2].max(LEFT + WIDTH_PX[0] as f32) + EDGE),
        f64::from(scale.plot[3] + table::HEIGHT + EDGE),
    ];
    let scene = Scene {
        size_px,
        pixel_ratio: look.pixel_ratio,
        dark: look.dark,
        background: Some(PAPER.on(look.dark)),
        ..Scene::default()
    };
    let mut sheet = Sheet { scene, scale, look: *look, profile: &answer.profile };
    sheet.levels();
    sheet.ground();
    answer.profile.reaches.iter().for_each(|reach| sheet.reach(reach));
    sheet.shafts();
    answer.profile.crossings.iter().for_each(|crossing| sheet.crossing(crossing));
    sheet.crossing_names();
    sheet.frame();
    sheet.head(answer);
    sheet.table();
    (sheet.scene, scale)
}

/// A picture that is being drawn.
struct Sheet<'a> {
    scene: Scene,
    scale: ProfileScale,
    look: ProfileLook,
    profile: &'a Profile,
}

impl Sheet<'_> {
    fn ink(&self, ink: Ink) -> Rgba {
        ink.on(self.look.dark)
    }

    fn say(&mut self, text: &str, at: [f32; 2], align: Align, ink: Ink, size: f32) {
        let color = self.ink(ink);
        write(&mut self.scene, text, at, align, color, size);
    }

    /// Words that run upward around a place.
    fn say_up(&mut self, text: &str, at: [f32; 2], ink: Ink, size: f32) {
        let color = self.ink(ink);
        write(&mut self.scene, text, [0.0, 0.0], Align::Middle, color, size);
        if let Some(Item::Text(run)) = self.scene.items.last_mut() {
            for glyph in &mut Arc::make_mut(run).glyphs {
                let [x, y] = glyph.at;
                glyph.at = [at[0] + y, at[1] - x];
                glyph.turn_rad = -std::f32::consts::FRAC_PI_2;
            }
        }
    }

    fn line(&mut self, points: &[[f32; 2]], ink: Ink, width: f32) {
        let first = self.scene.next_path();
        self.scene.push_path(points.iter().copied(), false);
        let (paths, color) = (first..self.scene.next_path(), self.ink(ink));
        self.scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Butt });
    }

    fn dashed(&mut self, points: &[[f32; 2]], ink: Ink, width: f32) {
        let first = self.scene.next_path();
        path::dashes(points, &[4.0, 3.0], 0.0, |dash| self.scene.push_path(dash.iter().copied(), false));
        let (paths, color) = (first..self.scene.next_path(), self.ink(ink));
        self.scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Butt });
    }

    fn area(&mut self, ring: &[[f32; 2]], ink: Ink, opacity: f32) {
        let first = self.scene.next_path();
        self.scene.push_path(ring.iter().copied(), true);
        let color = self.ink(ink).with_opacity(opacity);
        self.scene.items.push(Item::Fill { paths: first..self.scene.next_path(), color });
    }

    fn outline(&mut self, ring: &[[f32; 2]], ink: Ink, width: f32) {
        let first = self.scene.next_path();
        self.scene.push_path(ring.iter().copied(), true);
        let (paths, color) = (first..self.scene.next_path(), self.ink(ink));
        self.scene.items.push(Item::Stroke { paths, color, width, cap: Cap::Butt });
    }
}

/// Whether a file's name asks for a picture rather than for rows.
pub fn is_picture(path: &Path) -> bool {
    render_file::is_picture(path)
}

/// What a profile is called.
pub fn profile_title(answer: &ProfileAnswer) -> Text {
    let nodes = &answer.course.members.nodes;
    let (from, to) = (nodes.first().cloned().unwrap_or_default(), nodes.last().cloned().unwrap_or_default());
    text!("排水管道纵断面图 {from} → {to}", "Long profile {from} → {to}")
}

/// A round denominator: the largest that is no larger than `wished`, or the least that is no smaller than `least`.
fn round_scale(wished: f64, least: f64) -> f64 {
    let powers = (0..8).map(|power| 10_f64.powi(power));
    let mut scales = powers.flat_map(|power| SCALES.map(|scale| scale * power));
    let below = scales.clone().take_while(|scale| *scale <= wished).last().filter(|scale| *scale >= least);
    below.or_else(|| scales.find(|scale| *scale >= least)).unwrap_or(wished)
}

impl SewerDesk {
    /// Writes a profile as a picture: PNG, SVG or PDF; its width and height come back, pixels.
    ///
    /// # Errors
    /// The ending is none of these; the file is there already or cannot be written; cancelled.
    pub fn draw_profile(
        &self,
        answer: &ProfileAnswer,
        look: &ProfileLook,
        out: &OutFile,
        task: &Task<'_>,
    ) -> Result<[u32; 2], Failure> {
        let (mut scene, _) = profile_scene(answer, look);
        let longest = scene.size_px[0].max(scene.size_px[1]);
        scene.pixel_ratio = scene.pixel_ratio.min(f64::from(render_file::MOST_PX) / longest);
        let title = profile_title(answer).get(out.lang).to_owned();
        render_file::scene_to_file(&scene, title, (&out.path, out.overwrite, out.lang), task.cancel())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::sewer::place::Members;
    use crate::session::sewer::questions::CourseAnswer;
    use crate::trades::sewer::profile::{Crossing, Reach, Station};
    use crate::trades::sewer::trace::Sums;
    use crate::trades::sewer::ways::Course;

    fn answer(is_sample: bool) -> ProfileAnswer {
        let station = |code: &str, chainage_m: f64, ground_m: Option<f64>| Station {
            code: code.into(),
            chainage_m,
            ground_m,
            floor_m: ground_m.map(|ground| ground - 3.0),
            ..Station::default()
        };
        let reach = |chainages_m: [f64; 2], inverts_m: [Option<f64>; 2]| Reach {
            code: "P".into(),
            chainages_m,
            inverts_m,
            crowns_m: inverts_m.map(|level| level.map(|level| level + 0.5)),
            diameter_mm: Some(500.0),
            is_along: true,
            slope: inverts_m[0].zip(inverts_m[1]).map(|(up, down)| (up - down) / (chainages_m[1] - chainages_m[0])),
            ..Reach::default()
        };
        let profile = Profile {
            stations: vec![
                station("WS-1", 0.0, Some(20.0)),
                station("WS-2", 60.0, Some(19.6)),
                station("WS-3", 100.0, None),
            ],
            reaches: vec![reach([0.0, 60.0], [Some(17.0), Some(16.8)]), reach([60.0, 100.0], [Some(16.7), None])],
            crossings: vec![Crossing {
                chainage_m: 30.0,
                invert_m: Some(18.0),
                diameter_mm: Some(300.0),
                ..Crossing::default()
            }],
            length_m: 100.0,
        };
        let nodes = ["WS-1", "WS-2", "WS-3"].map(Into::into).to_vec();
        let members = Members { nodes, ..Members::default() };
        let course = CourseAnswer { course: Course::default(), members, sums: Sums::default(), left_out: Vec::new() };
        ProfileAnswer { course, profile, is_sample }
    }

    fn texts(scene: &Scene) -> Vec<&str> {
        let items = scene.items.iter();
        items.filter_map(|item| if let Item::Text(run) = item { Some(run.text.as_str()) } else { None }).collect()
    }

    #[test]
    fn a_picture_says_what_is_known_and_what_is_missing() {
        let (scene, scale) = profile_scene(&answer(false), &ProfileLook::new(Lang::Zh));
        let told = texts(&scene);
        for word in
            ["排水管道纵断面图 WS-1 → WS-3", "缺管底标高", "WS-2", "20.000", "16.800/16.700", "DN500", "3.33", "60.00"]
        {
            assert!(told.contains(&word), "{word} in {told:?}");
        }
        assert!(!told.iter().any(|word| word.contains("示例")));
        assert!((scale.chainage_m(scale.x(42.0)) - 42.0).abs() < 1e-3);
    }

    #[test]
    fn invented_levels_are_marked_and_an_exaggeration_is_kept() {
        let look = ProfileLook { exaggeration: Some(7.0), dark: true, ..ProfileLook::new(Lang::En) };
        let (scene, scale) = profile_scene(&answer(true), &look);
        assert!(texts(&scene).contains(&"Sample data · invented"));
        let rise = scale.y(17.0) - scale.y(18.0);
        assert!((rise / (scale.x(1.0) - scale.x(0.0)) - 7.0).abs() < 0.01);
        // Everything stays on the paper.
        let [wide, high] = scene.size_px.map(|side| side as f32);
        assert!(scene.points.iter().all(|[x, y]| (0.0..=wide).contains(x) && (0.0..=high).contains(y)));
    }

    #[test]
    fn a_profile_of_nothing_known_is_drawn_without_levels() {
        let mut nothing = answer(false);
        nothing.profile.stations.iter_mut().for_each(|it| (it.ground_m, it.floor_m) = (None, None));
        nothing.profile.reaches.iter_mut().for_each(|it| (it.inverts_m, it.crowns_m) = ([None; 2], [None; 2]));
        nothing.profile.crossings.clear();
        let (scene, _) = profile_scene(&nothing, &ProfileLook::new(Lang::En));
        assert_eq!(texts(&scene).iter().filter(|word| **word == "no inverts").count(), 2);
    }
}
