//! Scenes as pages of a PDF: shapes stay shapes, words stay text that can be searched and copied, in the program's own
//! fonts, of which only the characters used are embedded.
//!
//! A logical pixel of the scene (96 to the inch) is three quarters of a PDF point.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::Arc;

use krilla::color::rgb;
use krilla::geom::{Path, PathBuilder, Point, Rect, Size, Transform};
use krilla::graphic::Graphic;
use krilla::image::Image;
use krilla::metadata::Metadata;
use krilla::num::NormalizedF32;
use krilla::page::PageSettings;
use krilla::paint::{Fill, FillRule, LineCap, LineJoin, Stroke};
use krilla::surface::Surface;
use krilla::text::{Font, GlyphId, KrillaGlyph};
use krilla::{Data, Document};
use vello_cpu::kurbo::{BezPath, Cap as PenCap, Join, PathEl};

use super::font;
use super::painter;
use super::scene::{Item, PlacedGlyph, Scene, TextRun};
use super::symbol;
use crate::model::style::{Cap, Rgba};

/// Points to a logical pixel.
const POINTS: f32 = 0.75;

/// Turns that differ by less, radians, are one.
const SAME_TURN: f32 = 1e-3;

/// Characters that stand no higher or lower than this, in ems, stand on one line.
const LEVEL: f32 = 0.01;

/// A character's place in its text, and where it stands.
type Character<'a> = (Range<usize>, &'a PlacedGlyph);

/// Why there is no PDF.
#[derive(Debug, thiserror::Error)]
pub enum PdfError {
    /// A page without width or height, or larger than PDF allows.
    #[error("the page has no size that PDF allows")]
    Size,
    /// What the library says.
    #[error("the PDF cannot be put together: {0}")]
    Library(String),
}

/// A PDF that takes one page after the other.
pub struct Pdf {
    document: Document,
    fonts: [Font; 2],
    /// Glyphs whose character the file knows, by weight.
    known: HashSet<(bool, u32)>,
}

impl Pdf {
    /// An empty one; `language` is `zh` or `en`.
    ///
    /// # Errors
    /// [`PdfError::Library`], if the program's own fonts cannot be embedded.
    pub fn new(title: &str, language: &str) -> Result<Self, PdfError> {
        let read =
            |bytes: &'static [u8]| Font::new(Data::from(bytes), 0).ok_or_else(|| PdfError::Library("font".to_owned()));
        let fonts = [read(font::REGULAR)?, read(font::MEDIUM)?];
        let mut document = Document::new();
        let metadata = Metadata::new().title(title.to_owned()).language(language.to_owned());
        document.set_metadata(metadata.creator("citygrid 城格".to_owned()));
        Ok(Self { document, fonts, known: HashSet::new() })
    }

    /// Adds a scene as a page of its size.
    ///
    /// # Errors
    /// [`PdfError::Size`].
    pub fn page(&mut self, scene: &Scene) -> Result<(), PdfError> {
        let [width, height] = scene.size_px.map(|side| side as f32 * POINTS);
        let settings = PageSettings::from_wh(width, height).ok_or(PdfError::Size)?;
        let mut page = self.document.start_page_with(settings);
        let surface = page.surface();
        let (fonts, known) = (&self.fonts, &mut self.known);
        Writer { scene, surface, fonts, known, symbols: HashMap::new(), open: 0 }.write();
        page.finish();
        Ok(())
    }

    /// The bytes of the file.
    ///
    /// # Errors
    /// [`PdfError::Library`].
    pub fn finish(self) -> Result<Vec<u8>, PdfError> {
        self.document.finish().map_err(|error| PdfError::Library(format!("{error:?}")))
    }
}

/// Writes one page.
struct Writer<'a> {
    scene: &'a Scene,
    surface: Surface<'a>,
    fonts: &'a [Font; 2],
    known: &'a mut HashSet<(bool, u32)>,
    /// Symbols in their own units, made once.
    symbols: HashMap<Arc<str>, Graphic>,
    /// Groups that are open.
    open: usize,
}

impl Writer<'_> {
    fn write(mut self) {
        self.surface.push_transform(&Transform::from_scale(POINTS, POINTS));
        self.background();
        let scene = self.scene;
        scene.items.iter().for_each(|item| self.item(item));
        (0..=self.open).for_each(|_| self.surface.pop());
        self.surface.finish();
    }

    fn background(&mut self) {
        let [width, height] = self.scene.size_px.map(|side| side as f32);
        let (Some(color), Some(all)) = (self.scene.background, rectangle([0.0, 0.0, width, height])) else { return };
        self.fill(color, &all);
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Fill { paths, color } => {
                if let Some(path) = self.path(paths) {
                    self.fill(*color, &path);
                }
            }
            Item::Stroke { paths, color, width, cap } => {
                if let Some(path) = self.path(paths) {
                    let cap = if *cap == Cap::Round { LineCap::Round } else { LineCap::Butt };
                    self.stroke(stroke(*color, *width, cap, LineJoin::Round), &path);
                }
            }
            Item::Cover { color, width, cover } => self.cover(*color, usize::from(*width), cover),
            Item::Raster { width, rgba } => self.image(usize::from(*width), rgba.to_vec()),
            Item::Symbol { id, at, size } => self.symbol(id, *at, *size),
            Item::Disc { at, size, color, ring } => {
                let Some(path) = circle(*at, size / 2.0) else { return };
                self.fill(*color, &path);
                if let Some((color, width)) = ring {
                    self.stroke(stroke(*color, *width, LineCap::Butt, LineJoin::Round), &path);
                }
            }
            Item::Text(run) => self.text(run),
            Item::Opacity(opacity) => {
                self.surface.push_opacity(share(*opacity));
                self.open += 1;
            }
            Item::Clip(area) => {
                if let Some(path) = rectangle(*area) {
                    self.surface.push_clip_path(&path, &FillRule::NonZero);
                    self.open += 1;
                }
            }
            Item::Pop if self.open > 0 => {
                self.surface.pop();
                self.open -= 1;
            }
            Item::Pop => {}
        }
    }

    fn fill(&mut self, color: Rgba, path: &Path) {
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(color)));
        self.surface.draw_path(path);
    }

    fn stroke(&mut self, stroke: Stroke, path: &Path) {
        self.surface.set_fill(None);
        self.surface.set_stroke(Some(stroke));
        self.surface.draw_path(path);
    }

    fn path(&self, paths: &Range<u32>) -> Option<Path> {
        let mut builder = PathBuilder::new();
        for span in &self.scene.paths[paths.start as usize..paths.end as usize] {
            for (index, &[x, y]) in self.scene.positions(*span).iter().enumerate() {
                if index == 0 { builder.move_to(x, y) } else { builder.line_to(x, y) }
            }
            if span.closed {
                builder.close();
            }
        }
        builder.finish()
    }

    /// What is too small to be shapes stays a picture of its cover.
    fn cover(&mut self, color: Rgba, width: usize, cover: &[u8]) {
        self.image(width, painter::cover_rgba(color, cover));
    }

    /// A picture over the whole scene: straight red, green, blue and alpha.
    fn image(&mut self, width: usize, rgba: Vec<u8>) {
        let height = rgba.len() / (width * 4).max(1);
        let [across, down] = self.scene.size_px.map(|side| side as f32);
        let Some(size) = Size::from_wh(across, down).filter(|_| height > 0) else { return };
        self.surface.draw_image(Image::from_rgba8(rgba, width as u32, height as u32), size);
    }

    fn symbol(&mut self, id: &Arc<str>, at: [f32; 2], size: f32) {
        let Some(symbol) = symbol::symbol(id, self.scene.dark) else { return };
        if !self.symbols.contains_key(id) {
            let graphic = self.graphic(symbol);
            self.symbols.insert(Arc::clone(id), graphic);
        }
        let zoom = size / symbol.size[1] as f32;
        let (x, y) = (at[0] - symbol.size[0] as f32 * zoom / 2.0, at[1] - size / 2.0);
        self.surface.push_transform(&Transform::from_row(zoom, 0.0, 0.0, zoom, x, y));
        self.surface.draw_graphic(self.symbols[id].clone());
        self.surface.pop();
    }

    fn graphic(&mut self, symbol: &symbol::Symbol) -> Graphic {
        let mut builder = self.surface.stream_builder();
        let mut surface = builder.surface();
        for shape in &symbol.shapes {
            let Some(path) = bez_path(&shape.path) else { continue };
            surface.set_fill(shape.fill.map(fill));
            surface.set_stroke(shape.stroke.as_ref().map(|(color, pen)| {
                let cap = if pen.start_cap == PenCap::Round { LineCap::Round } else { LineCap::Butt };
                let join = if pen.join == Join::Round { LineJoin::Round } else { LineJoin::Miter };
                stroke(*color, pen.width as f32, cap, join)
            }));
            if shape.fill.is_some() || shape.stroke.is_some() {
                surface.draw_path(&path);
            }
        }
        surface.finish();
        Graphic::new(builder.finish(), false)
    }

    /// Words: their halo as a stroke of the outlines, then the characters themselves as text.
    fn text(&mut self, run: &TextRun) {
        if let Some((color, width)) = run.halo {
            let face = font::face(run.medium);
            for glyph in &run.glyphs {
                let Some(path) = bez_path(&face.shape(glyph.id)) else { continue };
                self.surface.push_transform(&glyph_place(glyph.at, glyph.turn_rad, run));
                self.stroke(stroke(color, width / run.size, LineCap::Round, LineJoin::Round), &path);
                self.surface.pop();
            }
        }
        self.surface.set_stroke(None);
        self.surface.set_fill(Some(fill(run.color)));
        let characters: Vec<Character<'_>> = run
            .text
            .char_indices()
            .zip(&run.glyphs)
            .map(|((start, character), glyph)| (start..start + character.len_utf8(), glyph))
            .collect();
        let Some((_, first)) = characters.first() else { return };
        if characters.iter().all(|(_, glyph)| (glyph.turn_rad - first.turn_rad).abs() < SAME_TURN) {
            self.straight(run, &characters);
        } else {
            self.bent(run, &characters);
        }
    }

    /// Characters of one turn, in one piece. A reader of the file takes level ones for a line by itself; of others, one
    /// below the other or turned, it is told what they are together.
    fn straight(&mut self, run: &TextRun, characters: &[Character<'_>]) {
        let place = glyph_place(characters[0].1.at, characters[0].1.turn_rad, run);
        let steps: Vec<[f32; 2]> = characters.iter().map(|(_, glyph)| step_in(&place, glyph.at)).collect();
        let is_level = place.ky() == 0.0 && place.sx() > 0.0 && steps.iter().all(|step| step[1].abs() < LEVEL);
        if !is_level {
            self.make_known(run, characters);
        }
        let glyphs: Vec<KrillaGlyph> = characters
            .iter()
            .enumerate()
            .map(|(at, (own, glyph))| {
                let advance = steps.get(at + 1).map_or(0.0, |next| next[0] - steps[at][0]);
                let range = if is_level { own.clone() } else { 0..run.text.len() };
                KrillaGlyph::new(GlyphId::new(glyph.id), advance, 0.0, -steps[at][1], 0.0, range, None)
            })
            .collect();
        self.glyphs(run, &place, &glyphs, &run.text);
    }

    /// Characters that each turn with a line: the first stands for all of them, the others for nothing more.
    fn bent(&mut self, run: &TextRun, characters: &[Character<'_>]) {
        self.make_known(run, characters);
        for (at, (_, glyph)) in characters.iter().enumerate() {
            let range = if at == 0 { 0..run.text.len() } else { 0..0 };
            let one = KrillaGlyph::new(GlyphId::new(glyph.id), 0.0, 0.0, 0.0, 0.0, range, None);
            self.glyphs(run, &glyph_place(glyph.at, glyph.turn_rad, run), &[one], &run.text);
        }
    }

    fn glyphs(&mut self, run: &TextRun, place: &Transform, glyphs: &[KrillaGlyph], text: &str) {
        let font = self.fonts[usize::from(run.medium)].clone();
        self.surface.push_transform(place);
        self.surface.draw_glyphs(Point::from_xy(0.0, 0.0), glyphs, font, text, 1.0, false);
        self.surface.pop();
    }

    /// Tells the font which character each of these glyphs is, by drawing them on a page that nobody sees: the first
    /// word with a glyph would be taken for its meaning everywhere.
    fn make_known(&mut self, run: &TextRun, characters: &[Character<'_>]) {
        let is_new = |(_, glyph): &&Character<'_>| self.known.insert((run.medium, glyph.id));
        let new: Vec<KrillaGlyph> = characters
            .iter()
            .filter(is_new)
            .map(|(range, glyph)| KrillaGlyph::new(GlyphId::new(glyph.id), 0.0, 0.0, 0.0, 0.0, range.clone(), None))
            .collect();
        if new.is_empty() {
            return;
        }
        let font = self.fonts[usize::from(run.medium)].clone();
        let mut builder = self.surface.stream_builder();
        let mut surface = builder.surface();
        surface.draw_glyphs(Point::from_xy(0.0, 0.0), &new, font, &run.text, 1.0, false);
        surface.finish();
    }
}

/// How far a place lies from where a character stands, in its own ems, y downwards.
fn step_in(place: &Transform, [x, y]: [f32; 2]) -> [f32; 2] {
    let (x, y) = (x - place.tx(), y - place.ty());
    let area = place.sx() * place.sy() - place.kx() * place.ky();
    [(x * place.sy() - y * place.kx()) / area, (y * place.sx() - x * place.ky()) / area]
}

/// From ems, y downwards, to the scene.
fn glyph_place([x, y]: [f32; 2], turn_rad: f32, run: &TextRun) -> Transform {
    let (sin, cos) = turn_rad.sin_cos();
    let slant = if run.italic { -font::SLANT as f32 } else { 0.0 };
    let size = run.size;
    Transform::from_row(cos * size, sin * size, (cos * slant - sin) * size, (sin * slant + cos) * size, x, y)
}

fn fill(color: Rgba) -> Fill {
    let [red, green, blue, alpha] = color.0;
    let paint = rgb::Color::new(red, green, blue).into();
    Fill { paint, opacity: share(f32::from(alpha) / 255.0), rule: FillRule::NonZero }
}

fn stroke(color: Rgba, width: f32, line_cap: LineCap, line_join: LineJoin) -> Stroke {
    let Fill { paint, opacity, .. } = fill(color);
    Stroke { paint, width, miter_limit: 4.0, line_cap, line_join, opacity, dash: None }
}

fn share(share: f32) -> NormalizedF32 {
    NormalizedF32::new(share.clamp(0.0, 1.0)).unwrap_or(NormalizedF32::ONE)
}

fn rectangle([left, top, right, bottom]: [f32; 4]) -> Option<Path> {
    let mut builder = PathBuilder::new();
    builder.push_rect(Rect::from_ltrb(left, top, right, bottom)?);
    builder.finish()
}

/// Four curves: as near to a circle as a printer can tell.
fn circle([x, y]: [f32; 2], radius: f32) -> Option<Path> {
    const HANDLE: f32 = 0.552_284_8;
    let handle = radius * HANDLE;
    let mut builder = PathBuilder::new();
    builder.move_to(x + radius, y);
    builder.cubic_to(x + radius, y + handle, x + handle, y + radius, x, y + radius);
    builder.cubic_to(x - handle, y + radius, x - radius, y + handle, x - radius, y);
    builder.cubic_to(x - radius, y - handle, x - handle, y - radius, x, y - radius);
    builder.cubic_to(x + handle, y - radius, x + radius, y - handle, x + radius, y);
    builder.close();
    builder.finish()
}

fn bez_path(path: &BezPath) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for element in path.iter() {
        match element {
            PathEl::MoveTo(at) => builder.move_to(at.x as f32, at.y as f32),
            PathEl::LineTo(at) => builder.line_to(at.x as f32, at.y as f32),
            PathEl::QuadTo(one, at) => builder.quad_to(one.x as f32, one.y as f32, at.x as f32, at.y as f32),
            PathEl::CurveTo(one, two, at) => {
                builder.cubic_to(one.x as f32, one.y as f32, two.x as f32, two.y as f32, at.x as f32, at.y as f32);
            }
            PathEl::ClosePath => builder.close(),
        }
    }
    builder.finish()
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use super::*;

    /// How often a page with these words says what characters are together; each with its place and turn.
    fn together(text: &str, places: &[([f32; 2], f32)]) -> usize {
        let glyphs =
            font::glyphs(false, text).zip(places).map(|((_, id, _), &(at, turn_rad))| PlacedGlyph { id, at, turn_rad });
        let run = TextRun {
            text: text.to_owned(),
            glyphs: glyphs.collect(),
            size: 12.0,
            medium: false,
            italic: false,
            color: Rgba::hex(0),
            halo: None,
        };
        let items = vec![Item::Text(Arc::new(run))];
        let scene = Scene { size_px: [200.0, 200.0], pixel_ratio: 1.0, items, ..Scene::default() };
        let mut pdf = Pdf::new("t", "zh").expect("fonts");
        pdf.page(&scene).expect("a page");
        let bytes = pdf.finish().expect("a file");
        let begins = bytes.windows(7).enumerate().filter(|(_, word)| *word == b"stream\n").map(|(at, _)| at + 7);
        let page = |from: usize| {
            let mut words = Vec::new();
            flate2::read::ZlibDecoder::new(&bytes[from..]).read_to_end(&mut words).ok()?;
            Some(String::from_utf8_lossy(&words).matches("/ActualText").count())
        };
        begins.filter_map(page).sum()
    }

    #[test]
    fn names_that_stand_or_bend_are_told_to_be_one_word() {
        let at = |step: u8| 40.0 + 12.0 * f32::from(step);
        let level: Vec<_> = (0..4).map(|step| ([at(step), 50.0], 0.0)).collect();
        let standing: Vec<_> = (0..4).map(|step| ([50.0, at(step)], 0.0)).collect();
        let turned: Vec<_> = (0..4).map(|step| ([at(step), at(step)], 0.785)).collect();
        let bent: Vec<_> = (0..4).map(|step| ([at(step), 50.0], f32::from(step) * 0.1)).collect();
        let said = [&level, &standing, &turned, &bent].map(|places| together("庐山北路", places));
        // Along a bend the first character says it and the others nothing more.
        assert_eq!(said, [0, 1, 1, 4]);
    }
}
