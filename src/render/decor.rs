//! What a picture of the map carries beside the map: scale bar, north arrow, the mark of invented data.

use std::sync::Arc;

use super::board::Words;
use super::path::Rect;
use super::scene::{Item, Scene, TextRun};
use super::view::View;
use crate::model::style::{Cap, Ink, Rgba};
use crate::text::{Lang, Text};

const PANEL: Ink = Ink::new(0xFB_FAF7, 0x1B_1F23);
const INK: Ink = Ink::new(0x1E_2328, 0xE8_EAEC);
const WARN: Ink = Ink::new(0x8A_5800, 0xE9_B44C);
const WARN_GROUND: Ink = Ink::new(0xFB_F0D9, 0x37_2C14);

/// Pixels between the edge of the picture and what stands there.
const EDGE: f32 = 12.0;

/// Longest scale bar in pixels.
const LONGEST: f64 = 160.0;

/// Something that a picture may carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// How long a round number of metres is, at the lower left.
    ScaleBar,
    /// Where north is, at the upper right.
    North,
    /// That the data are invented, at the upper left.
    SampleData,
}

/// Puts marks on a finished scene of `view`.
pub fn decorate(scene: &mut Scene, view: &View, lang: Lang, marks: &[Mark]) {
    for mark in marks {
        match mark {
            Mark::ScaleBar => scale_bar(scene, view),
            Mark::North => north(scene, view, lang),
            Mark::SampleData => sample_mark(scene, lang),
        }
    }
}

/// The boxes that marks take: words of the map keep clear of them.
pub(super) fn places(view: &View, lang: Lang, marks: &[Mark]) -> Vec<Rect> {
    let place = |mark: &Mark| match mark {
        Mark::ScaleBar => scale_bar_place(view, bar_length(view).1),
        Mark::North => {
            let [x, y] = north_place(view);
            [x - 20.0, y - 24.0, x + 20.0, y + 24.0]
        }
        Mark::SampleData => sample_place(lang),
    };
    marks.iter().map(place).collect()
}

/// The longest 1, 2 or 5 × 10ⁿ metres on the ground that take no more than so many pixels.
pub fn round_length_m(ground_m_per_px: f64, most_px: f64) -> f64 {
    let most = (ground_m_per_px * most_px).max(1e-3);
    let power = 10_f64.powf(most.log10().floor());
    [5.0, 2.0, 1.0].into_iter().map(|step| step * power).find(|&length| length <= most * 1.000_001).unwrap_or(power)
}

/// A length as a person reads it on a map: `200 m`, `5 km`.
pub fn length_text(metres: f64) -> String {
    if metres >= 1000.0 { format!("{} km", metres / 1000.0) } else { format!("{metres} m") }
}

/// Metres and pixels of the scale bar.
fn bar_length(view: &View) -> (f64, f32) {
    let metres = round_length_m(view.ground_m_per_px(), LONGEST);
    (metres, (metres / view.ground_m_per_px()) as f32)
}

fn scale_bar_place(view: &View, length: f32) -> Rect {
    let bottom = view.size_px[1] as f32 - EDGE;
    [EDGE, bottom - 32.0, EDGE + length + 24.0, bottom]
}

fn scale_bar(scene: &mut Scene, view: &View) {
    let (metres, length) = bar_length(view);
    let [left, top, right, bottom] = scale_bar_place(view, length);
    fill(scene, [left, top, right, bottom], PANEL, 0.92);
    let (from, top) = (left + 12.0, bottom - 11.0);
    fill(scene, [from - 0.5, top - 0.5, from + length + 0.5, top + 4.5], INK, 1.0);
    for part in [0.0, 0.5] {
        let start = from + length * (part + 0.25);
        fill(scene, [start, top + 0.5, start + length * 0.25 - 0.5, top + 3.5], PANEL, 1.0);
    }
    let middle = bottom - 21.0;
    words(scene, "0", [from, middle], Align::Left, INK);
    words(scene, &length_text(metres), [from + length, middle], Align::Right, INK);
}

fn north_place(view: &View) -> [f32; 2] {
    [view.size_px[0] as f32 - EDGE - 17.0, EDGE + 22.0]
}

fn north(scene: &mut Scene, view: &View, lang: Lang) {
    let [x, y] = north_place(view);
    let (sin, cos) = (view.rotation_rad as f32).sin_cos();
    let place = |right: f32, up: f32| [x + right * cos + up * sin, y + right * sin - up * cos];
    let first = scene.next_path();
    scene.push_path([place(0.0, 18.0), place(7.5, -7.0), place(0.0, -2.5), place(-7.5, -7.0)], true);
    let paths = first..scene.next_path();
    let (panel, ink) = (PANEL.on(scene.dark), INK.on(scene.dark));
    scene.items.push(Item::Stroke { paths: paths.clone(), color: panel, width: 3.0, cap: Cap::Round });
    scene.items.push(Item::Fill { paths, color: ink });
    words(scene, Text::new("北", "N").get(lang), place(0.0, -16.0), Align::Middle, INK);
}

const SAMPLE: Text = Text::new("示例数据，纯属虚构", "Sample data, invented");

fn sample_place(lang: Lang) -> Rect {
    [EDGE, EDGE, EDGE + width(SAMPLE.get(lang), 12.0) + 16.0, EDGE + 24.0]
}

fn sample_mark(scene: &mut Scene, lang: Lang) {
    fill(scene, sample_place(lang), WARN_GROUND, 0.95);
    words(scene, SAMPLE.get(lang), [EDGE + 8.0, EDGE + 12.0], Align::Left, WARN);
}

fn fill(scene: &mut Scene, [left, top, right, bottom]: [f32; 4], ink: Ink, opacity: f32) {
    let first = scene.next_path();
    scene.push_path([[left, top], [right, top], [right, bottom], [left, bottom]], true);
    let color = ink.on(scene.dark).with_opacity(opacity);
    scene.items.push(Item::Fill { paths: first..scene.next_path(), color });
}

/// Which part of words stands at their place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Align {
    /// Their beginning.
    Left,
    /// Their middle.
    Middle,
    /// Their end.
    Right,
}

fn words(scene: &mut Scene, text: &str, at: [f32; 2], align: Align, ink: Ink) {
    write(scene, text, at, align, ink.on(scene.dark), 12.0);
}

/// Width of words as [`write()`] sets them.
pub fn width(text: &str, size: f32) -> f32 {
    Words::new(text, true, size, 0.0).width
}

/// Words on one line of medium weight, `size` pixels high, around or beside a place at half their height.
pub fn write(scene: &mut Scene, text: &str, at: [f32; 2], align: Align, color: Rgba, size: f32) {
    let words = Words::new(text, true, size, 0.0);
    let middle = match align {
        Align::Left => at[0] + words.width / 2.0,
        Align::Middle => at[0],
        Align::Right => at[0] - words.width / 2.0,
    };
    scene.items.push(Item::Text(Arc::new(TextRun {
        text: text.to_owned(),
        glyphs: words.level([middle, at[1]]).glyphs,
        size: words.size,
        medium: true,
        italic: false,
        color,
        halo: None,
    })));
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_a_round_length_that_fits() {
        for (metres_per_px, want) in [(0.66, 100.0), (10.6, 1000.0), (0.05, 5.0), (12.5, 2000.0), (300.0, 20_000.0)] {
            assert_eq!(round_length_m(metres_per_px, 160.0), want);
        }
        assert_eq!([length_text(200.0), length_text(5000.0), length_text(0.5)], ["200 m", "5 km", "0.5 m"]);
    }

    #[test]
    fn marks_say_what_they_are_in_both_languages() {
        let view = View::at_scale([0.0, 0.0], 2500.0, [400.0, 300.0]);
        let check = |lang: Lang, want: &[&str]| {
            let mut scene = Scene { size_px: view.size_px, pixel_ratio: 1.0, ..Scene::default() };
            decorate(&mut scene, &view, lang, &[Mark::ScaleBar, Mark::North, Mark::SampleData]);
            let texts: Vec<String> = scene
                .items
                .iter()
                .filter_map(|item| if let Item::Text(run) = item { Some(run.text.clone()) } else { None })
                .collect();
            assert_eq!(texts, want);
        };
        check(Lang::Zh, &["0", "100 m", "北", "示例数据，纯属虚构"]);
        check(Lang::En, &["0", "100 m", "N", "Sample data, invented"]);
    }
}
