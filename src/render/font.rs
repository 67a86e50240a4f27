//! The two fonts of the program: which glyph a character has, how wide it is, its outline and the outline's halo.
//!
//! Outlines are in em units (1 is the character height), y downwards, origin at the left end of the base line. Chinese
//! and Latin need no more than the font's character map and advances.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::outline::{DrawSettings, OutlineGlyphCollection, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};
use vello_cpu::kurbo::{self, Affine, BezPath, Join, Stroke, StrokeOpts};

/// The regular font's file. A `static`, so that the program carries it once: a constant is copied to wherever it is named.
pub static REGULAR: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Regular.otf");
/// The medium font's file.
pub static MEDIUM: &[u8] = include_bytes!("../../assets/fonts/NotoSansSC-Medium.otf");

/// From the base line up to the top of capital letters and of Chinese characters' ink, in ems.
pub const INK_TOP: f32 = 0.84;
/// From the base line down to the bottom of Chinese characters' ink, in ems.
pub const INK_BOTTOM: f32 = 0.10;
/// Sideways step for each step upwards in slanted text.
pub const SLANT: f64 = 0.21;

/// How far an outline may be from the true one, in ems.
const TOLERANCE_EM: f64 = 0.008;

/// One of the two fonts.
pub struct Face {
    charmap: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    outlines: OutlineGlyphCollection<'static>,
    shapes: RwLock<HashMap<u32, Arc<BezPath>>>,
    halos: RwLock<HashMap<(u32, u16), Arc<BezPath>>>,
}

/// The font of medium weight, or the regular one.
pub fn face(medium: bool) -> &'static Face {
    static FACES: LazyLock<[Face; 2]> = LazyLock::new(|| [Face::read(REGULAR), Face::read(MEDIUM)]);
    &FACES[usize::from(medium)]
}

impl Face {
    fn read(bytes: &'static [u8]) -> Self {
        let font = FontRef::new(bytes).expect("the program's own fonts are well formed");
        Self {
            charmap: font.charmap(),
            metrics: font.glyph_metrics(Size::new(1.0), LocationRef::default()),
            outlines: font.outline_glyphs(),
            shapes: RwLock::default(),
            halos: RwLock::default(),
        }
    }

    /// The glyph of a character; that of a box if the font has none, so that nothing vanishes without a trace.
    pub fn glyph(&self, character: char) -> u32 {
        let shown = !character.is_control() && !matches!(character, '\u{200B}'..='\u{200F}' | '\u{FE00}'..='\u{FE0F}');
        let instead = || self.charmap.map('□').filter(|_| shown);
        self.charmap.map(character).or_else(instead).map_or(0, GlyphId::to_u32)
    }

    /// How far the next character is, in ems.
    pub fn advance(&self, glyph: u32) -> f32 {
        self.metrics.advance_width(GlyphId::new(glyph)).unwrap_or(1.0)
    }

    /// Width of a line of text in ems.
    pub fn width(&self, text: &str) -> f32 {
        text.chars().map(|character| self.advance(self.glyph(character))).sum()
    }

    /// The glyph's outline.
    pub fn shape(&self, glyph: u32) -> Arc<BezPath> {
        cached(&self.shapes, glyph, || self.draw(glyph))
    }

    /// A line around the glyph's outline, as a shape to fill; `width_em` is the line's whole width.
    pub fn halo(&self, glyph: u32, width_em: f32) -> Arc<BezPath> {
        let key = (width_em * 256.0).round().clamp(0.0, 1024.0) as u16;
        cached(&self.halos, (glyph, key), || {
            let style = Stroke::new(f64::from(key) / 256.0).with_join(Join::Bevel);
            kurbo::stroke(self.shape(glyph).iter(), &style, &StrokeOpts::default(), TOLERANCE_EM * 2.0)
        })
    }

    fn draw(&self, glyph: u32) -> BezPath {
        let mut pen = Pen(BezPath::new());
        if let Some(outline) = self.outlines.get(GlyphId::new(glyph)) {
            let settings = DrawSettings::unhinted(Size::new(1.0), LocationRef::default());
            if outline.draw(settings, &mut pen).is_err() {
                return BezPath::new();
            }
        }
        let mut flat = BezPath::new();
        kurbo::flatten(pen.0.iter(), TOLERANCE_EM, |element| flat.push(element));
        flat.apply_affine(Affine::FLIP_Y);
        flat
    }
}

/// Words as glyph numbers with their advances in ems.
pub fn glyphs(medium: bool, text: &str) -> impl Iterator<Item = (char, u32, f32)> + '_ {
    let face = face(medium);
    text.chars().map(|character| {
        let glyph = face.glyph(character);
        (character, glyph, face.advance(glyph))
    })
}

/// Whether a character is written upright in a full square: Chinese and its punctuation.
pub fn is_wide(character: char) -> bool {
    matches!(character as u32, 0x2E80..=0x9FFF | 0xF900..=0xFAFF | 0xFF00..=0xFF60 | 0x20000..=0x3FFFF)
}

fn cached<K: Eq + std::hash::Hash>(
    cache: &RwLock<HashMap<K, Arc<BezPath>>>,
    key: K,
    draw: impl FnOnce() -> BezPath,
) -> Arc<BezPath> {
    if let Some(found) = cache.read().ok().and_then(|cache| cache.get(&key).cloned()) {
        return found;
    }
    let path = Arc::new(draw());
    if let Ok(mut cache) = cache.write() {
        cache.insert(key, Arc::clone(&path));
    }
    path
}

struct Pen(BezPath);

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.0.move_to((f64::from(x), f64::from(y)));
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.0.line_to((f64::from(x), f64::from(y)));
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.0.quad_to((f64::from(cx), f64::from(cy)), (f64::from(x), f64::from(y)));
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.0.curve_to((f64::from(ax), f64::from(ay)), (f64::from(bx), f64::from(by)), (f64::from(x), f64::from(y)));
    }

    fn close(&mut self) {
        self.0.close_path();
    }
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use super::*;
    use vello_cpu::kurbo::Shape as _;

    #[test]
    fn the_fonts_know_what_a_city_is_written_with() {
        for medium in [false, true] {
            for character in "九江浔阳濂溪DN800 3.4‰ m² °C → ✓ Ω，。《》①".chars() {
                assert_ne!(face(medium).glyph(character), 0, "{character}");
            }
        }
    }

    #[test]
    fn chinese_is_one_em_wide_and_digits_are_all_alike() {
        let face = face(false);
        assert!((face.width("九江") - 2.0).abs() < 1e-3);
        assert_eq!(face.width("1111"), face.width("8888"));
    }

    #[test]
    fn outlines_stand_on_the_base_line_and_halos_are_around_them() {
        let face = face(true);
        let shape = face.shape(face.glyph('H')).bounding_box();
        assert!(shape.y0 < -0.6 && shape.y1.abs() < 0.01, "{shape:?}");
        let halo = face.halo(face.glyph('H'), 0.25).bounding_box();
        assert!((halo.x0 - (shape.x0 - 0.125)).abs() < 0.01, "{halo:?}");
    }
}
