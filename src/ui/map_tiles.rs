//! The map's ground and words on the screen: asks the session for the tiles that are missing and shows what there is.
//!
//! Panning moves textures, zooming scales those of the last scale until sharp ones arrive, and an edit makes only the
//! tiles stale that it touches. Words lie on a sheet somewhat larger than the view, which moves with the map.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use egui::{Color32, ColorImage, Context, Pos2, Rect, TextureHandle, TextureOptions, Ui, pos2, vec2};

use super::camera::Camera;
use crate::render::build::MARGIN_PX;
use crate::render::tile::{TILE_PX, Tile, TileSet};
use crate::render::view::View;
use crate::session::Session;
use crate::session::painting::{MapPiece, MapWish, Pixels, Sheet, Words};
use crate::session::settings::Theme;
use crate::session::state::CityView;
use crate::text::Lang;

/// The sheet of words reaches so far beyond the view, logical pixels.
const WORDS_BEYOND_PX: f64 = 256.0;
/// So long a frame may spend on taking over textures.
const A_FRAME: Duration = Duration::from_millis(2);
/// Tiles of other scales that are taken over in one frame.
const STAND_INS_A_FRAME: usize = 2;
/// A new tile comes up in so many seconds.
const FADE_S: f64 = 0.12;
/// Tiles that are kept at least, and for each tile in view.
const KEEP_LEAST: usize = 40;
const KEEP_FOR_EACH: usize = 3;
/// Tiles around the view are asked for once the scale has stayed for so many seconds.
const AHEAD_AFTER_S: f64 = 0.15;
/// A sheet of words of another scale is shown while it is not larger or smaller than this.
const WORDS_ZOOM: std::ops::Range<f64> = 0.7..1.45;

/// What the diagnostics show.
#[derive(Clone, Copy, Debug, Default)]
pub struct TileFacts {
    /// Features painted on the tiles in view.
    pub features: usize,
    /// Their positions.
    pub vertices: usize,
    /// From the last wish to its last piece, milliseconds.
    pub millis: f64,
    /// Tiles kept.
    pub tiles: usize,
    /// Their bytes.
    pub bytes: usize,
    /// Pieces painted since the window opened.
    pub painted: u64,
}

struct Kept {
    texture: TextureHandle,
    revision: u64,
    /// Frame in which it was last in view.
    used: u64,
    born_s: f64,
    features: usize,
    vertices: usize,
}

/// A sheet of words on the screen, or on its way there.
struct WordSheet {
    words: Words,
    revision: u64,
    /// Which of the words' sheets this is, and its texture.
    textures: Vec<TextureHandle>,
}

/// Tiles and words that are shown and asked for.
#[derive(Default)]
pub struct Tiles {
    kept: HashMap<Tile, Kept>,
    words: Option<WordSheet>,
    coming: Option<WordSheet>,
    /// Finished pieces of this scale for the next frames.
    waiting: VecDeque<MapPiece>,
    wished: Option<(MapWish, u64, Lang)>,
    city: Option<std::path::PathBuf>,
    frame: u64,
    set: Option<TileSet>,
    set_since_s: f64,
    facts: TileFacts,
}

impl Tiles {
    /// What the diagnostics show.
    pub fn facts(&self) -> TileFacts {
        self.facts
    }

    /// Takes in what is finished and asks for what is missing. `pointer_px` is where the eye probably is.
    pub fn follow(&mut self, ctx: &Context, session: &mut Session, camera: &Camera, pointer_px: Option<[f64; 2]>) {
        let path = session.city().map(|city| city.path.clone());
        if path != self.city {
            *self = Self { city: path, facts: self.facts, frame: self.frame, ..Self::default() };
        }
        self.frame += 1;
        self.take(ctx, session);
        if session.city().is_some() {
            self.ask(ctx, session, &view_of(ctx, camera), pointer_px);
            self.forget(session.city());
        }
    }

    /// Takes over finished pieces: those of the scale on the screen first, a few of other scales to stand in, none that
    /// would only wait for its turn while better ones are behind it.
    fn take(&mut self, ctx: &Context, session: &mut Session) {
        let arrived = session.take_map();
        self.facts.painted += arrived.len() as u64;
        let (own, others): (Vec<MapPiece>, Vec<MapPiece>) = arrived.into_iter().partition(|piece| match piece {
            MapPiece::Tile(tile, _) => Some(tile.set) == self.set,
            MapPiece::Words { .. } => true,
        });
        self.waiting.retain(|piece| !matches!(piece, MapPiece::Tile(tile, _) if Some(tile.set) != self.set));
        self.waiting.extend(own);
        let stop = Instant::now() + A_FRAME;
        let mut stand_ins = others.into_iter().rev().take(STAND_INS_A_FRAME);
        self.upload_words(ctx, stop);
        while let Some(piece) = self.waiting.pop_front().or_else(|| stand_ins.next()) {
            match piece {
                MapPiece::Tile(tile, pixels) => self.keep(ctx, tile, &pixels),
                MapPiece::Words { words, revision, millis } => {
                    self.facts.millis = millis;
                    self.coming = Some(WordSheet { words, revision, textures: Vec::new() });
                    self.upload_words(ctx, stop);
                }
            }
            if Instant::now() >= stop {
                break;
            }
        }
        if !self.waiting.is_empty() {
            ctx.request_repaint();
        }
    }

    fn keep(&mut self, ctx: &Context, tile: Tile, pixels: &Pixels) {
        let Some(texture) = upload(ctx, pixels.size, &pixels.rgba) else { return };
        self.facts.millis = pixels.millis;
        // A tile in place of a stale one is simply there; one in place of nothing comes up.
        let born_s = if self.kept.contains_key(&tile) { 0.0 } else { ctx.input(|input| input.time) };
        let (features, vertices) = (pixels.features, pixels.vertices);
        let new = Kept { texture, revision: pixels.revision, used: self.frame, born_s, features, vertices };
        self.kept.insert(tile, new);
    }

    /// Takes over the sheets of new words; they are shown when all are there.
    fn upload_words(&mut self, ctx: &Context, stop: Instant) {
        let Some(mut coming) = self.coming.take() else { return };
        while let Some(Sheet { size, rgba, .. }) = coming.words.sheets.get_mut(coming.textures.len()) {
            if Instant::now() >= stop {
                ctx.request_repaint();
                self.coming = Some(coming);
                return;
            }
            let Some(texture) = upload(ctx, *size, rgba) else { return };
            *rgba = Vec::new();
            coming.textures.push(texture);
        }
        self.words = Some(coming);
    }

    fn ask(&mut self, ctx: &Context, session: &mut Session, view: &View, pointer_px: Option<[f64; 2]>) {
        let Some(city) = session.city() else { return };
        let (now, lang) = (ctx.input(|input| input.time), session.lang());
        let dark = session.settings().theme == Theme::Dark;
        let set = TileSet::of(view, dark);
        if self.set.replace(set) != Some(set) {
            self.set_since_s = now;
        }
        let mut tiles = set.tiles(view, 0);
        (self.facts.features, self.facts.vertices) = (0, 0);
        tiles.retain(|tile| !self.is_fresh(city, tile) && !self.is_on_its_way(city, tile));
        if let Some(pointer) = pointer_px {
            let half = set.side_px() / 2.0;
            let apart = |tile: &Tile| {
                let [x, y] = tile.corner_in(view);
                (x + half - pointer[0]).hypot(y + half - pointer[1])
            };
            tiles.sort_by(|a, b| apart(a).total_cmp(&apart(b)));
        }
        let on_their_way = self.waiting.iter().any(|piece| matches!(piece, MapPiece::Words { .. }));
        let labels = (!on_their_way && !self.has_words(city, view, lang, dark)).then(|| words_view(view));
        let mut ahead = Vec::new();
        let settled_s = now - self.set_since_s;
        if settled_s < AHEAD_AFTER_S {
            ctx.request_repaint_after_secs((AHEAD_AFTER_S - settled_s) as f32 + 0.01);
        } else {
            let seen = set.tiles(view, 0);
            ahead = set.tiles(view, 1);
            ahead.retain(|tile| !seen.contains(tile) && !self.is_fresh(city, tile) && !self.is_on_its_way(city, tile));
        }
        let (wish, revision) = (MapWish { tiles, labels, ahead, dark }, city.revision);
        if self.wished.as_ref().is_none_or(|known| known.0 != wish || known.1 != revision || known.2 != lang) {
            session.wish_map(wish.clone());
            self.wished = Some((wish, revision, lang));
        }
    }

    /// Whether a tile is painted and waits to be taken over.
    fn is_on_its_way(&self, city: &CityView, tile: &Tile) -> bool {
        self.waiting.iter().any(|piece| {
            matches!(piece, MapPiece::Tile(waiting, pixels) if waiting == tile && pixels.revision == city.revision)
        })
    }

    /// Whether a tile is there and up to date; it counts as used.
    fn is_fresh(&mut self, city: &CityView, tile: &Tile) -> bool {
        let Some(kept) = self.kept.get_mut(tile) else { return false };
        kept.used = self.frame;
        self.facts.features += kept.features;
        self.facts.vertices += kept.vertices;
        if kept.revision != city.revision && !city.is_stale(kept.revision, &tile.bounds_world(MARGIN_PX)) {
            kept.revision = city.revision;
        }
        kept.revision == city.revision
    }

    /// Whether the words on the screen, or on their way there, are those of this view.
    fn has_words(&mut self, city: &CityView, view: &View, lang: Lang, dark: bool) -> bool {
        let Some(sheet) = self.coming.as_mut().or(self.words.as_mut()) else { return false };
        let have = &sheet.words.view;
        let is_same = TileSet::of(have, dark) == TileSet::of(view, dark);
        if !is_same || sheet.words.lang != lang || sheet.words.dark != dark {
            return false;
        }
        if sheet.revision != city.revision && !city.is_stale(sheet.revision, &have.bounds_world(MARGIN_PX)) {
            sheet.revision = city.revision;
        }
        let (outer, inner) = (have.corner_px(), view.corner_px());
        let has_room = (0..2).all(|axis| {
            let before = inner[axis] - outer[axis];
            let after = have.size_px[axis] - view.size_px[axis] - before;
            before.min(after) > WORDS_BEYOND_PX / 3.0
        });
        has_room && sheet.revision == city.revision
    }

    /// Lets go of what has not been seen for longest, and of tiles of other scales that show what is no longer so: they
    /// would stand in for better ones.
    fn forget(&mut self, city: Option<&CityView>) {
        let is_stale = |tile: &Tile, kept: &Kept| {
            city.is_some_and(|city| city.is_stale(kept.revision, &tile.bounds_world(MARGIN_PX)))
        };
        let set = self.set;
        self.kept.retain(|tile, kept| Some(tile.set) == set || !is_stale(tile, kept));
        let in_view = self.kept.values().filter(|kept| kept.used == self.frame).count();
        let most = KEEP_LEAST.max(in_view * KEEP_FOR_EACH);
        if self.kept.len() > most {
            let mut ages: Vec<u64> = self.kept.values().map(|kept| kept.used).collect();
            ages.sort_unstable();
            let oldest = ages[ages.len() - most];
            self.kept.retain(|_, kept| kept.used >= oldest || kept.used == self.frame);
        }
        self.facts.tiles = self.kept.len();
        self.facts.bytes = self.kept.len() * (TILE_PX * TILE_PX * 4) as usize;
    }

    /// Draws what there is, at its place.
    pub fn draw(&self, ui: &Ui, map: Rect, camera: &Camera) {
        let (painter, view) = (ui.painter().with_clip_rect(map), view_of(ui.ctx(), camera));
        let Some(set) = self.set else { return };
        let now = ui.input(|input| input.time);
        let own = set.tiles(&view, 0);
        let up = |kept: &Kept| ((now - kept.born_s) / FADE_S).clamp(0.0, 1.0) as f32;
        let is_covered = own.iter().all(|tile| self.kept.get(tile).is_some_and(|kept| up(kept) >= 1.0));
        if !is_covered {
            for tile in self.stand_ins(&set) {
                let rect = place(tile, &view, map, false);
                if rect.intersects(map) {
                    painter.image(self.kept[tile].texture.id(), rect, WHOLE, Color32::WHITE);
                }
            }
        }
        for tile in &own {
            let Some(kept) = self.kept.get(tile) else { continue };
            let share = up(kept);
            if share < 1.0 {
                ui.ctx().request_repaint();
            }
            let tint = Color32::WHITE.linear_multiply(share);
            painter.image(kept.texture.id(), place(tile, &view, map, true), WHOLE, tint);
        }
        self.draw_words(&painter, map, &view);
    }

    /// Tiles of other scales, coarse ones first.
    fn stand_ins(&self, set: &TileSet) -> Vec<&Tile> {
        let fits =
            |tile: &&Tile| tile.set != *set && tile.set.dark == set.dark && tile.set.rotation_rad == set.rotation_rad;
        let mut tiles: Vec<&Tile> = self.kept.keys().filter(fits).collect();
        tiles.sort_by(|a, b| b.set.metres_per_px.total_cmp(&a.set.metres_per_px));
        tiles
    }

    fn draw_words(&self, painter: &egui::Painter, map: Rect, view: &View) {
        let Some(sheet) = &self.words else { return };
        let have = &sheet.words.view;
        let zoom = have.metres_per_px / view.metres_per_px;
        if !WORDS_ZOOM.contains(&zoom) || have.rotation_rad != view.rotation_rad {
            return;
        }
        let (corner, ratio) = (have.corner_px(), have.pixel_ratio);
        let origin = screen_origin(view, map, zoom == 1.0);
        for (Sheet { at, size, .. }, texture) in sheet.words.sheets.iter().zip(&sheet.textures) {
            let min = [0, 1].map(|axis| (corner[axis] + at[axis] as f64 / ratio) * zoom + origin[axis]);
            let size = size.map(|side| side as f64 / ratio * zoom);
            let rect = Rect::from_min_size(position(min), vec2(size[0] as f32, size[1] as f32));
            painter.image(texture.id(), rect, WHOLE, Color32::WHITE);
        }
    }
}

/// All of a texture.
const WHOLE: Rect = Rect { min: Pos2::ZERO, max: Pos2 { x: 1.0, y: 1.0 } };

fn view_of(ctx: &Context, camera: &Camera) -> View {
    let look = camera.view();
    View::new(look.center_world, look.metres_per_px, camera.size_px()).pixel_ratio(ctx.pixels_per_point().into())
}

/// The view of a sheet of words: larger than what is seen, and beginning at a whole pixel of the endless map.
fn words_view(view: &View) -> View {
    let size_px = view.size_px.map(|side| (side + 2.0 * WORDS_BEYOND_PX).ceil());
    let corner = view.corner_px().map(|at| ((at - WORDS_BEYOND_PX) * view.pixel_ratio).floor() / view.pixel_ratio);
    View { size_px, ..*view }.with_corner_px(corner)
}

/// Where the world's origin is on the screen, logical pixels; for what is drawn at its own scale on a whole pixel.
fn screen_origin(view: &View, map: Rect, is_sharp: bool) -> [f64; 2] {
    let corner = view.corner_px();
    [0, 1].map(|axis| {
        let exact = f64::from(map.min[axis]) - corner[axis];
        if is_sharp { (exact * view.pixel_ratio).round() / view.pixel_ratio } else { exact }
    })
}

fn position([x, y]: [f64; 2]) -> Pos2 {
    pos2(x as f32, y as f32)
}

/// Where a tile lies on the screen.
fn place(tile: &Tile, view: &View, map: Rect, is_sharp: bool) -> Rect {
    let side = tile.set.side_px() * tile.set.metres_per_px / view.metres_per_px;
    let origin = screen_origin(view, map, is_sharp);
    let corner = |column: i64, row: i64| position([column as f64 * side + origin[0], row as f64 * side + origin[1]]);
    Rect::from_min_max(corner(tile.column, tile.row), corner(tile.column + 1, tile.row + 1))
}

/// `None` for pixels that do not fit their size.
fn upload(ctx: &Context, size: [usize; 2], rgba: &[u8]) -> Option<TextureHandle> {
    if rgba.is_empty() || rgba.len() != size[0] * size[1] * 4 {
        return None;
    }
    // The painter's bytes are egui's as they are: one copy, no arithmetic on the drawing thread.
    let image = ColorImage::new(size, bytemuck::allocation::pod_collect_to_vec(rgba));
    Some(ctx.load_texture("map", image, TextureOptions::LINEAR))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(pixel_ratio: f64) -> View {
        View::new([12_916_000.3, 3_465_000.7], 2.3, [801.0, 600.0]).pixel_ratio(pixel_ratio)
    }

    #[test]
    fn tiles_lie_on_whole_pixels_without_a_seam() {
        for pixel_ratio in [1.0, 1.5, 2.0] {
            let view = view(pixel_ratio);
            let map = Rect::from_min_size(pos2(288.0, 76.0), vec2(801.0, 600.0));
            let tiles = TileSet::of(&view, false).tiles(&view, 0);
            for tile in &tiles {
                let rect = place(tile, &view, map, true);
                let next = place(&Tile { column: tile.column + 1, ..*tile }, &view, map, true);
                assert_eq!(rect.max.x, next.min.x);
                let physical = f64::from(rect.min.x) * pixel_ratio;
                assert!((physical - physical.round()).abs() < 1e-3, "{physical}");
            }
        }
    }

    #[test]
    fn a_sheet_of_words_holds_the_view_and_begins_at_a_whole_pixel() {
        for pixel_ratio in [1.0, 1.5] {
            let view = view(pixel_ratio);
            let sheet = words_view(&view);
            let (outer, inner) = (sheet.corner_px(), view.corner_px());
            for axis in 0..2 {
                let before = inner[axis] - outer[axis];
                assert!((255.9..258.0).contains(&before), "{before}");
                let physical = outer[axis] * pixel_ratio;
                assert!((physical - physical.round()).abs() < 1e-4, "{physical}");
            }
        }
    }

    #[test]
    fn after_a_zoom_the_old_tiles_stand_in_until_sharp_ones_come() {
        let (ctx, map) = (Context::default(), Rect::from_min_size(pos2(0.0, 0.0), vec2(801.0, 600.0)));
        let mut camera = Camera::default();
        camera.resize([801.0, 600.0]);
        let mut tiles = Tiles::default();
        let before = TileSet::of(&view_of(&ctx, &camera), false);
        for tile in before.tiles(&view_of(&ctx, &camera), 0) {
            let texture = ctx.load_texture("map", ColorImage::filled([1, 1], Color32::WHITE), TextureOptions::LINEAR);
            let kept = Kept { texture, revision: 1, used: 1, born_s: -9.0, features: 0, vertices: 0 };
            tiles.kept.insert(tile, kept);
        }
        camera.zoom_about([400.0, 300.0], 1.7);
        tiles.set = Some(TileSet::of(&view_of(&ctx, &camera), false));
        let mut drawn = Rect::NOTHING;
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| tiles.draw(ui, map, &camera));
        output.textures_delta.clear();
        for shape in output.shapes {
            drawn |= shape.shape.visual_bounding_rect();
        }
        assert!(drawn.contains_rect(map), "{drawn:?}");
    }
}
