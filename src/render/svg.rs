//! A scene as SVG 1.1: shapes stay shapes, symbols are defined once and used, words are outlines with
//! their text as label and, without ink, as characters.
//!
//! Units are the scene's logical pixels (96 to the inch), which are SVG's own.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::ops::Range;

use vello_cpu::kurbo::{Affine, BezPath, Cap as PenCap, Join, PathEl};

use super::font;
use super::painter;
use super::scene::{Item, PlacedGlyph, Scene, TextRun};
use super::symbol::{self, Symbol};
use crate::model::style::{Cap, Rgba};

/// The scene as the text of an SVG file; `title` is what a reader of the picture is told.
pub fn write(scene: &Scene, title: &str) -> String {
    let mut svg = Svg { scene, out: String::new(), open: Vec::new() };
    let [width, height] = scene.size_px;
    let _ = write!(
        svg.out,
        r#"<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="{width}" height="{height}" viewBox="0 0 {width} {height}">"#
    );
    let _ = write!(svg.out, "<title>{}</title>", escaped(title));
    svg.symbols();
    if let Some(color) = scene.background {
        let _ = write!(svg.out, r#"<rect width="{width}" height="{height}"{}/>"#, ink("fill", color));
    }
    scene.items.iter().for_each(|item| svg.item(item));
    while let Some(end) = svg.open.pop() {
        svg.out.push_str(end);
    }
    svg.out.push_str("</svg>\n");
    svg.out
}

struct Svg<'a> {
    scene: &'a Scene,
    out: String,
    /// What ends the groups that are open.
    open: Vec<&'static str>,
}

impl Svg<'_> {
    /// Every symbol that is used, once.
    fn symbols(&mut self) {
        let used: BTreeSet<&str> = self
            .scene
            .items
            .iter()
            .filter_map(|item| if let Item::Symbol { id, .. } = item { Some(&**id) } else { None })
            .collect();
        if used.is_empty() {
            return;
        }
        self.out.push_str("<defs>");
        for id in used {
            let Some(Symbol { size: [width, height], shapes }) = symbol::symbol(id, self.scene.dark) else { continue };
            let _ = write!(self.out, r#"<symbol id="{id}" viewBox="0 0 {width} {height}" overflow="visible">"#);
            for shape in shapes {
                let _ = write!(self.out, r#"<path d="{}""#, path_data(&shape.path));
                self.out.push_str(&shape.fill.map_or_else(|| r#" fill="none""#.to_owned(), |color| ink("fill", color)));
                if let Some((color, pen)) = &shape.stroke {
                    self.out.push_str(&ink("stroke", *color));
                    let cap = if pen.start_cap == PenCap::Round { "round" } else { "butt" };
                    let join = if pen.join == Join::Round { "round" } else { "miter" };
                    let _ = write!(
                        self.out,
                        r#" stroke-width="{}" stroke-linecap="{cap}" stroke-linejoin="{join}""#,
                        short(pen.width)
                    );
                }
                self.out.push_str("/>");
            }
            self.out.push_str("</symbol>");
        }
        self.out.push_str("</defs>");
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fill { paths, color } => {
                let _ = write!(self.out, r#"<path d="{}"{}/>"#, self.data(paths), ink("fill", *color));
            }
            Item::Stroke { paths, color, width, cap } => {
                let cap = if *cap == Cap::Round { r#" stroke-linecap="round""# } else { "" };
                let _ = write!(
                    self.out,
                    r#"<path d="{}" fill="none"{} stroke-width="{}"{cap} stroke-linejoin="round"/>"#,
                    self.data(paths),
                    ink("stroke", *color),
                    short(f64::from(*width))
                );
            }
            Item::Cover { color, width, cover } => self.cover(*color, usize::from(*width), cover),
            Item::Raster { width, rgba } => {
                let width = usize::from(*width);
                self.image(painter::png([width, rgba.len() / (width * 4).max(1)], rgba.to_vec()));
            }
            Item::Symbol { id, at, size } => {
                let Some(symbol) = symbol::symbol(id, self.scene.dark) else { return };
                let height = f64::from(*size);
                let width = height * symbol.size[0] / symbol.size[1];
                let (x, y) = (f64::from(at[0]) - width / 2.0, f64::from(at[1]) - height / 2.0);
                let _ = write!(
                    self.out,
                    r##"<use xlink:href="#{id}" x="{}" y="{}" width="{}" height="{}"/>"##,
                    short(x),
                    short(y),
                    short(width),
                    short(height)
                );
            }
            Item::Disc { at, size, color, ring } => {
                let _ = write!(
                    self.out,
                    r#"<circle cx="{}" cy="{}" r="{}"{}"#,
                    short(at[0].into()),
                    short(at[1].into()),
                    short(f64::from(size / 2.0)),
                    ink("fill", *color)
                );
                if let Some((color, width)) = ring {
                    let _ = write!(self.out, r#"{} stroke-width="{}""#, ink("stroke", *color), short((*width).into()));
                }
                self.out.push_str("/>");
            }
            Item::Text(run) => self.text(run),
            Item::Opacity(opacity) => {
                let _ = write!(self.out, r#"<g opacity="{}">"#, short((*opacity).into()));
                self.open.push("</g>");
            }
            Item::Clip([left, top, right, bottom]) => {
                // A nested picture clips at its edges, and its view box keeps coordinates as they are.
                let [x, y, width, height] = [*left, *top, right - left, bottom - top].map(|n| short(n.into()));
                let _ = write!(
                    self.out,
                    r#"<svg x="{x}" y="{y}" width="{width}" height="{height}" viewBox="{x} {y} {width} {height}">"#
                );
                self.open.push("</svg>");
            }
            Item::Pop => self.out.push_str(self.open.pop().unwrap_or_default()),
        }
    }

    /// What is too small to be shapes stays a picture of its cover.
    fn cover(&mut self, color: Rgba, width: usize, cover: &[u8]) {
        let height = cover.len() / width.max(1);
        self.image(painter::cover_png(color, [width, height], cover));
    }

    /// A picture over the whole scene.
    fn image(&mut self, png: Option<Vec<u8>>) {
        let Some(png) = png else { return };
        let [across, down] = self.scene.size_px;
        let _ = write!(
            self.out,
            r#"<image width="{across}" height="{down}" xlink:href="data:image/png;base64,{}"/>"#,
            base64::Engine::encode(&base64::engine::general_purpose::STANDARD, png)
        );
    }

    fn text(&mut self, run: &TextRun) {
        let face = font::face(run.medium);
        let slant = if run.italic { Affine::skew(-font::SLANT, 0.0) } else { Affine::IDENTITY };
        let mut words = BezPath::new();
        for glyph in &run.glyphs {
            let place = Affine::translate((f64::from(glyph.at[0]), f64::from(glyph.at[1])))
                * Affine::rotate(f64::from(glyph.turn_rad))
                * Affine::scale(f64::from(run.size))
                * slant;
            words.extend((place * (*face.shape(glyph.id)).clone()).iter());
        }
        let data = path_data(&words);
        let _ = write!(self.out, r#"<g aria-label="{}">"#, escaped(&run.text));
        if let Some((color, width)) = run.halo {
            let _ = write!(
                self.out,
                r#"<path d="{data}" fill="none"{} stroke-width="{}" stroke-linejoin="round"/>"#,
                ink("stroke", color),
                short(width.into())
            );
        }
        let _ = write!(self.out, r#"<path d="{data}"{}/>"#, ink("fill", run.color));
        self.letters(run);
        self.out.push_str("</g>");
    }

    /// The same words once more as characters without any ink: they are found and copied, in whatever font the reader
    /// has, while the outlines show them.
    fn letters(&mut self, run: &TextRun) {
        let each = |number: &dyn Fn(&PlacedGlyph) -> f64| -> String {
            run.glyphs.iter().map(|glyph| short(number(glyph))).collect::<Vec<_>>().join(" ")
        };
        let (x, y) = (each(&|glyph| glyph.at[0].into()), each(&|glyph| glyph.at[1].into()));
        let is_turned = run.glyphs.iter().any(|glyph| glyph.turn_rad != 0.0);
        let turns = if is_turned {
            format!(r#" rotate="{}""#, each(&|glyph| f64::from(glyph.turn_rad).to_degrees()))
        } else {
            String::new()
        };
        let (size, words) = (short(run.size.into()), escaped(&run.text));
        let _ = write!(
            self.out,
            r#"<text x="{x}" y="{y}"{turns} font-family="sans-serif" font-size="{size}" fill="none" pointer-events="all">{words}</text>"#
        );
    }

    fn data(&self, paths: &Range<u32>) -> String {
        let mut data = String::new();
        for span in &self.scene.paths[paths.start as usize..paths.end as usize] {
            for (index, at) in self.scene.positions(*span).iter().enumerate() {
                let step = if index == 0 { 'M' } else { 'L' };
                let _ = write!(data, "{step}{} {}", short(at[0].into()), short(at[1].into()));
            }
            if span.closed {
                data.push('Z');
            }
        }
        data
    }
}

fn path_data(path: &BezPath) -> String {
    let mut data = String::new();
    for element in path.iter() {
        let (step, places) = match element {
            PathEl::MoveTo(at) => ('M', vec![at]),
            PathEl::LineTo(at) => ('L', vec![at]),
            PathEl::QuadTo(one, at) => ('Q', vec![one, at]),
            PathEl::CurveTo(one, two, at) => ('C', vec![one, two, at]),
            PathEl::ClosePath => ('Z', Vec::new()),
        };
        data.push(step);
        let numbers: Vec<String> = places.iter().map(|at| format!("{} {}", short(at.x), short(at.y))).collect();
        data.push_str(&numbers.join(" "));
    }
    data
}

/// A colour as an attribute, with its opacity where it is seen through.
fn ink(attribute: &str, color: Rgba) -> String {
    let [red, green, blue, alpha] = color.0;
    let solid = format!(r##" {attribute}="#{red:02x}{green:02x}{blue:02x}""##);
    if alpha == 255 {
        return solid;
    }
    format!(r#"{solid} {attribute}-opacity="{}""#, short(f64::from(alpha) / 255.0))
}

/// A number with two decimals, and none that say nothing.
fn short(number: f64) -> String {
    let text = format!("{number:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" || text.is_empty() { "0".to_owned() } else { text.to_owned() }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            // XML has no place for the other control characters.
            control if control.is_control() => out.push(' '),
            other => out.push(other),
        }
    }
    out
}
