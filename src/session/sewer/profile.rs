//! The long profile as a drawing: levels over chainage, and under it the table that Chinese longitudinal sections have. On
//! pages of a chosen paper at chosen scales, or as one long picture; and as rows.
//!
//! What is not known is not drawn, and said so.

mod block;
mod names;
mod pages;
mod plot;
mod room;
mod rows;
mod scale;
mod table;
#[cfg(test)]
#[allow(clippy::float_cmp)] // what is compared is copied or exact
mod tests;

use std::path::Path;
use std::sync::Arc;

use crate::model::style::{Cap, Ink, Rgba};
use crate::render::decor::{Align, width, write};
use crate::render::painter;
use crate::render::paper;
use crate::render::path;
use crate::render::scene::{Item, Scene};
use crate::task::{Cancel, Cancelled, Task};
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::profile::Profile;

use super::SewerDesk;
use super::out::OutFile;
use super::questions::ProfileAnswer;
use crate::session::answer::Failure;
use crate::session::render_file;

use self::room::{Remark, Room};
use self::scale::ProfileScale;

pub use crate::render::paper::Paper;

pub use self::pages::{Across, MOST_PAGES, ProfilePages, ProfileSheet, USUAL_SCALES};

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

/// Smallest words, pixels.
const SMALLEST: f32 = 6.5;

/// How a profile is drawn.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ProfileLook {
    /// Language.
    pub lang: Lang,
    /// On a dark ground.
    pub dark: bool,
    /// The paper and the scales.
    pub sheet: ProfileSheet,
    /// How many times larger heights are than lengths; a usual number that fits if there is none.
    pub exaggeration: Option<f64>,
    /// Whether gaps between known inverts are bridged by dashed straight lines.
    pub has_bridges: bool,
    /// Physical pixels to a logical one.
    pub pixel_ratio: f64,
}

impl ProfileLook {
    /// For a file: pages of A3.
    pub fn new(lang: Lang) -> Self {
        let sheet = ProfileSheet::default();
        Self { lang, dark: false, sheet, exaggeration: None, has_bridges: false, pixel_ratio: 2.0 }
    }
}

/// What a drawing says of itself beside the profile.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProfileHead {
    /// The city.
    pub city: String,
    /// The day it was drawn, ISO 8601.
    pub date: String,
}

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ProfileDrawn {
    /// How many pages.
    pub pages: usize,
    /// Whether each is a file of its own.
    pub in_files: bool,
}

/// A page to look at.
#[derive(Clone, Debug)]
pub struct ProfilePicture {
    /// Width and height, physical pixels.
    pub size: [usize; 2],
    /// RGBA; nothing is clear.
    pub rgba: Vec<u8>,
    /// Which page, from 0.
    pub page: usize,
    /// Pages in all.
    pub pages: usize,
    /// Denominators of the scales of lengths and of heights.
    pub scales: [f64; 2],
}

/// One page as a picture.
fn page_scene(
    answer: &ProfileAnswer,
    look: &ProfileLook,
    pages: &ProfilePages,
    head: &ProfileHead,
    page: usize,
) -> Scene {
    let scale = pages.scale(page);
    let scene = Scene {
        size_px: pages.size_px(),
        pixel_ratio: look.pixel_ratio,
        dark: look.dark,
        background: Some(PAPER.on(look.dark)),
        ..Scene::default()
    };
    let columns = table::columns(&answer.profile, &scale);
    let mut sheet = Sheet {
        scene,
        scale,
        look: *look,
        profile: &answer.profile,
        columns,
        is_lettered: Vec::new(),
        room: Room::default(),
        remarks: Vec::new(),
        left_out: 0,
        dumb: 0,
    };
    sheet.plot();
    sheet.match_lines(page, pages);
    sheet.names();
    sheet.head(answer);
    sheet.table();
    sheet.block(answer, pages, head, page);
    sheet.scene
}

/// A picture that is being drawn.
struct Sheet<'a> {
    scene: Scene,
    scale: ProfileScale,
    look: ProfileLook,
    profile: &'a Profile,
    /// The nodes on it, and where their columns of the table stand.
    columns: Vec<(usize, f32)>,
    /// Whether each has its numbers.
    is_lettered: Vec<bool>,
    /// Where words stand in the plot, and those that wait for their place.
    room: Room,
    remarks: Vec<Remark>,
    /// Names of crossing pipes, and nodes, that found no room.
    left_out: usize,
    dumb: usize,
}

impl Sheet<'_> {
    fn ink(&self, ink: Ink) -> Rgba {
        ink.on(self.look.dark)
    }

    fn say(&mut self, text: &str, at: [f32; 2], align: Align, ink: Ink, size: f32) {
        let color = self.ink(ink);
        write(&mut self.scene, text, at, align, color, size);
    }

    /// Words that are made smaller until they fit.
    fn say_within(&mut self, text: &str, at: [f32; 2], align: Align, (ink, size): (Ink, f32), room: f32) {
        let size = size * (room / width(text, size).max(1.0)).min(1.0);
        self.say(text, at, align, ink, size.max(SMALLEST));
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

    fn dashed(&mut self, points: &[[f32; 2]], ink: Ink, (width, pattern): (f32, &[f32])) {
        let first = self.scene.next_path();
        path::dashes(points, pattern, 0.0, |dash| self.scene.push_path(dash.iter().copied(), false));
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

    fn boxed(&mut self, [left, top, right, bottom]: [f32; 4], ink: Ink, width: f32) {
        self.outline(&[[left, top], [right, top], [right, bottom], [left, bottom]], ink, width);
    }
}

/// Names of papers, the smallest first.
pub fn paper_names() -> impl Iterator<Item = &'static str> {
    paper::NAMED.iter().map(|(name, _)| *name)
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

/// A chainage as it stands on drawings: `3+160.05`.
fn stake(chainage_m: f64) -> String {
    // To the centimetre first: 999.996 is in the next kilometre.
    let centimetres = (chainage_m.max(0.0) * 100.0).round();
    let kilometres = (centimetres / 100_000.0).floor();
    format!("{kilometres}+{:06.2}", centimetres / 100.0 - kilometres * 1000.0)
}

impl SewerDesk {
    /// Writes a profile as a picture: a PDF of all pages, or of PNG and SVG a file for each (`name-1.svg` …) where there
    /// are several.
    ///
    /// # Errors
    /// The ending is none of these; the levels do not fit the paper at that scale; there would be too many pages; a file is
    /// there already or cannot be written; cancelled.
    pub fn draw_profile(
        &self,
        answer: &ProfileAnswer,
        look: &ProfileLook,
        out: &OutFile,
        task: &mut Task<'_>,
    ) -> Result<ProfileDrawn, Failure> {
        let (head, look) = (self.profile_head(), ProfileLook { lang: out.lang, ..*look });
        let pages = ProfilePages::of(&answer.profile, &look)?;
        let size_px = pages.size_px();
        let most = f64::from(render_file::MOST_PX) / size_px[0].max(size_px[1]);
        let look = ProfileLook { pixel_ratio: look.pixel_ratio.min(most), ..look };
        let title = profile_title(answer).get(out.lang).to_owned();
        let mut draw = |page: usize, task: &mut Task<'_>| -> Result<Scene, Cancelled> {
            let words = Text::new("绘制图幅", "Drawing sheets");
            task.report(&words, page as u64, Some(pages.count() as u64))?;
            Ok(page_scene(answer, &look, &pages, &head, page))
        };
        let in_files =
            render_file::scenes_to_files(pages.count(), &title, (&out.path, out.overwrite, out.lang), task, &mut draw)?;
        Ok(ProfileDrawn { pages: pages.count(), in_files })
    }

    /// A page as it would be drawn; beyond the last one the last.
    ///
    /// # Errors
    /// As [`SewerDesk::draw_profile`].
    pub fn profile_page(
        &self,
        answer: &ProfileAnswer,
        look: &ProfileLook,
        page: usize,
        cancel: &Cancel,
    ) -> Result<ProfilePicture, Failure> {
        let pages = ProfilePages::of(&answer.profile, look)?;
        let (page, size_px) = (page.min(pages.count() - 1), pages.size_px());
        let most = f64::from(render_file::MOST_PX) / size_px[0].max(size_px[1]);
        let look = ProfileLook { pixel_ratio: look.pixel_ratio.min(most), ..*look };
        let scene = page_scene(answer, &look, &pages, &self.profile_head(), page);
        let picture = painter::paint(&scene, cancel).ok_or(Cancelled)?;
        let size = [picture.width, picture.height].map(|side| side as usize);
        Ok(ProfilePicture { size, rgba: picture.rgba, page, pages: pages.count(), scales: pages.scales() })
    }

    fn profile_head(&self) -> ProfileHead {
        let city = self.city().path().file_stem().map(|name| name.to_string_lossy().into_owned());
        let date = jiff::Zoned::now().strftime("%Y-%m-%d").to_string();
        ProfileHead { city: city.unwrap_or_default(), date }
    }
}
