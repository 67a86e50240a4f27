//! Little pictures of rules, for legends and the layer tree.

use std::sync::Arc;

use super::hatch::Lines;
use super::marks::mark_shapes;
use super::painter::{self, Picture};
use super::path::{self, Station};
use super::scene::{Item, Scene};
use super::view::METRES_PER_PIXEL;
use crate::model::style::{Cap, LineMark, Paint, Rule, Size};
use crate::task::Cancel;

/// The scale at which sizes are taken, unless the rule is for another.
const DENOMINATOR: f64 = 2500.0;

/// Thickest line and largest symbol, as a share of the picture's height.
const FULLEST: f32 = 0.9;

/// A picture of what `rule` paints, on clear ground; `size_px` in logical pixels.
pub fn swatch(rule: &Rule, dark: bool, size_px: [f64; 2], pixel_ratio: f64) -> Picture {
    let scene = swatch_scene(rule, dark, size_px, pixel_ratio);
    painter::paint(&scene, &Cancel::default()).unwrap_or(Picture { width: 0, height: 0, rgba: Vec::new() })
}

/// The same as a scene.
pub fn swatch_scene(rule: &Rule, dark: bool, size_px: [f64; 2], pixel_ratio: f64) -> Scene {
    let scene = Scene { size_px, pixel_ratio, dark, ..Scene::default() };
    let is_area = rule.paints.iter().any(|paint| matches!(paint, Paint::Fill { .. } | Paint::Hatch { .. }));
    let is_point = |paint: &Paint| matches!(paint, Paint::Symbol { .. } | Paint::Disc { .. });
    let denominator = DENOMINATOR.min(rule.scale.most * 0.99).max(rule.scale.least).max(1.0);
    let mut swatch = Swatch { scene, dark, is_area, denominator, thickest: 0.0 };
    let strokes =
        rule.paints.iter().filter_map(|paint| if let Paint::Stroke(stroke) = paint { Some(stroke) } else { None });
    swatch.thickest = strokes.map(|stroke| swatch.full_px(&stroke.width)).fold(0.0, f32::max);
    for paint in rule.paints.iter().filter(|paint| !is_area || !is_point(paint)) {
        swatch.paint(paint);
    }
    swatch.scene
}

struct Swatch {
    scene: Scene,
    dark: bool,
    is_area: bool,
    denominator: f64,
    /// Width of the widest stroke on the map, pixels.
    thickest: f32,
}

impl Swatch {
    fn size(&self) -> [f32; 2] {
        self.scene.size_px.map(|side| side as f32)
    }

    /// A size as it is on the map.
    fn full_px(&self, size: &Size) -> f32 {
        size.px(self.denominator, self.denominator * METRES_PER_PIXEL, &|_| None)
    }

    fn px(&self, size: &Size) -> f32 {
        self.full_px(size).clamp(0.0, self.size()[1] * FULLEST)
    }

    /// Width of a stroke. Where the widest has no room all lose as much, so that a casing stays as wide as it is; what
    /// little would be left of then keeps its share.
    fn stroke_px(&self, width: &Size) -> f32 {
        let (px, most) = (self.full_px(width), self.size()[1] * FULLEST);
        if self.thickest <= most {
            return px.max(0.0);
        }
        let narrower = px - (self.thickest - most);
        if narrower >= most / 2.0 { narrower } else { px.max(0.0) * most / self.thickest }
    }

    fn paint(&mut self, paint: &Paint) {
        let [width_px, height_px] = self.size();
        let middle = [width_px / 2.0, height_px / 2.0];
        let first = self.scene.next_path();
        let item = match paint {
            Paint::Fill { ink, opacity } => {
                self.scene.push_path(rectangle([width_px, height_px]), true);
                let color = ink.on(self.dark).with_opacity(*opacity);
                Item::Fill { paths: first..self.scene.next_path(), color }
            }
            Paint::Hatch { ink, opacity, angle_deg, spacing_px, width, crossed } => {
                let (area, spacing) = (rectangle([width_px, height_px]), spacing_px.min(height_px * 0.5));
                for angle in [Some(*angle_deg), crossed.then_some(angle_deg + 90.0)].into_iter().flatten() {
                    Lines::new(angle, 0.0, spacing, [0.0; 2]).inside(&[area], &mut self.scene);
                }
                let color = ink.on(self.dark).with_opacity(*opacity);
                let paths = first..self.scene.next_path();
                Item::Stroke { paths, color, width: self.px(width).max(0.6), cap: Cap::Butt }
            }
            Paint::Stroke(stroke) => {
                let color = stroke.ink.on(self.dark).with_opacity(stroke.opacity);
                let line = self.line(stroke.cap);
                path::dashes(&line, &stroke.dash, 0.0, |dash| self.scene.push_path(dash.iter().copied(), false));
                let (paths, width) = (first..self.scene.next_path(), self.stroke_px(&stroke.width).max(0.8));
                Item::Stroke { paths, color, width, cap: stroke.cap }
            }
            Paint::Marks { mark, ink, size, .. } => {
                let (size, color) = (self.px(size), ink.on(self.dark));
                mark_shapes(*mark, Station { at: middle, direction: [1.0, 0.0] }, size, &mut self.scene);
                let paths = first..self.scene.next_path();
                match mark {
                    LineMark::Arrow => Item::Fill { paths, color },
                    LineMark::Cross | LineMark::Tick => Item::Stroke { paths, color, width: 1.4, cap: Cap::Butt },
                }
            }
            Paint::Symbol { id, size } => {
                Item::Symbol { id: Arc::from(id.as_str()), at: middle, size: self.px(size).max(height_px * FULLEST) }
            }
            Paint::Disc { ink, size, ring } => {
                let ring = ring.as_ref().map(|ring| (ring.ink.on(self.dark), self.px(&ring.width)));
                Item::Disc { at: middle, size: self.px(size).min(height_px * 0.7), color: ink.on(self.dark), ring }
            }
        };
        self.scene.items.push(item);
    }

    /// A level line across the picture, or the border of an area.
    fn line(&self, cap: Cap) -> Vec<[f32; 2]> {
        let [width, height] = self.size();
        if self.is_area {
            let corners = rectangle([width, height]);
            return corners.into_iter().chain([corners[0]]).collect();
        }
        let inset = if cap == Cap::Round { 2.0 } else { 0.0 };
        vec![[inset, height / 2.0], [width - inset, height / 2.0]]
    }
}

fn rectangle([width, height]: [f32; 2]) -> [[f32; 2]; 4] {
    let (x, y) = (width * 0.06, height * 0.12);
    [[x, y], [width - x, y], [width - x, height - y], [x, height - y]]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::style::{Ink, ScaleRange, Stroke};

    fn check(paints: Vec<Paint>, want: &[&str]) {
        let scene = swatch_scene(&Rule::all(paints), false, [28.0, 16.0], 1.0);
        let names: Vec<String> = scene
            .items
            .iter()
            .map(|item| format!("{item:?}").split([' ', '(']).next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(names, want);
    }

    #[test]
    fn a_swatch_shows_what_the_rule_paints() {
        let ink = Ink::new(0xFF_0000, 0x00_FF00);
        let line = || Paint::Stroke(Stroke::solid(ink, Size::Px(2.0)));
        let disc = || Paint::Disc { ink, size: Size::Px(6.0), ring: None };
        check(vec![line()], &["Stroke"]);
        check(vec![Paint::Fill { ink, opacity: 0.5 }, line(), disc()], &["Fill", "Stroke"]);
        check(vec![disc(), Paint::Symbol { id: "pump".into(), size: Size::Px(9.0) }], &["Disc", "Symbol"]);
    }

    #[test]
    fn a_road_too_wide_for_its_swatch_keeps_its_edges() {
        let ink = Ink::new(0xFF_0000, 0x00_FF00);
        let line = |width: f32| Paint::Stroke(Stroke::solid(ink, Size::Px(width)));
        let widths = |paints: Vec<Paint>| -> Vec<f32> {
            let scene = swatch_scene(&Rule::all(paints), false, [30.0, 10.0], 1.0);
            let width = |item: &Item| if let Item::Stroke { width, .. } = item { Some(*width) } else { None };
            scene.items.iter().filter_map(width).collect()
        };
        assert_eq!(widths(vec![line(43.0), line(40.0)]), [9.0, 6.0]);
        assert_eq!(widths(vec![line(36.0), line(4.0)]), [9.0, 1.0]);
        assert_eq!(widths(vec![line(6.0), line(4.0)]), [6.0, 4.0]);
    }

    #[test]
    fn a_swatch_has_the_asked_size_and_colour() {
        let ink = Ink::new(0xFF_0000, 0x00_FF00);
        let rule = Rule::all(vec![Paint::Fill { ink, opacity: 1.0 }]).at(ScaleRange::farther_than(9000.0));
        let picture = swatch(&rule, true, [20.0, 10.0], 2.0);
        assert_eq!((picture.width, picture.height), (40, 20));
        let middle = (10 * 40 + 20) * 4;
        assert_eq!(picture.rgba[middle..middle + 4], [0, 255, 0, 255]);
        assert_eq!(picture.rgba[..4], [0; 4]);
    }
}
