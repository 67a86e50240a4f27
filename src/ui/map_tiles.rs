//! The map's ground and words on the screen: asks the session for the tiles that are missing and shows what there is.
//!
//! Panning moves textures, zooming and turning show those of the last scale and turn until sharp ones arrive, and an edit
//! makes only the tiles stale that it touches. Words lie on a sheet somewhat larger than the view, which moves with the
//! map. Each pane of the window has tiles of its own.

use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

use egui::{Color32, ColorImage, Context, Mesh, Painter, Pos2, Rect, TextureHandle, TextureOptions, Ui, pos2};

use super::camera::Camera;
use crate::render::build::MARGIN_PX;
use crate::render::tile::{TILE_PX, Tile, TileSet, WORDS_BEYOND_PX, words_view};
use crate::render::view::View;
use crate::session::Session;
use crate::session::map::painting::{MapPiece, MapWish, Pane, Pixels, Sheet, Words};
use crate::session::map::shown::Shown;
use crate::session::settings::Theme;
use crate::session::state::CityView;
use crate::text::Lang;

/// So long a frame may spend on taking over textures, in all panes together.
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
/// A view that has not moved for so many seconds stands still; its words are then made anew if they were made for one so
/// many pixels aside.
const STILL_S: f64 = 0.25;
const ASIDE_PX: f64 = 6.0;
/// And while it is turned by less than this, radians.
const WORDS_TURN: f64 = 0.4;

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
    is_whole: bool,
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
    is_whole: bool,
    /// Which of the words' sheets this is, and its texture.
    textures: Vec<TextureHandle>,
}

/// What a pane is to show.
#[derive(Clone, Copy)]
pub struct Sight<'a> {
    /// Where it looks.
    pub camera: &'a Camera,
    /// The layers on it.
    pub shown: &'a Shown,
    /// Where the eye probably is, logical pixels from its upper left corner.
    pub pointer_px: Option<[f64; 2]>,
    /// When this frame has taken over enough: see [`frame_end`].
    pub stop: Instant,
}

/// When a frame that begins now has taken over enough textures.
pub fn frame_end() -> Instant {
    Instant::now() + A_FRAME
}

/// Tiles and words that are shown and asked for.
#[derive(Default)]
pub struct Tiles {
    pane: Pane,
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
    /// What is seen, and since when.
    still: Option<(View, f64)>,
    facts: TileFacts,
}

impl Tiles {
    /// What the diagnostics show.
    pub fn facts(&self) -> TileFacts {
        self.facts
    }

    /// Whether all that the camera sees is there, tiles and words, and whether nothing comes up any more.
    pub(super) fn rest(&mut self, ctx: &Context, session: &Session, camera: &Camera) -> [bool; 2] {
        let (Some(city), Some(set)) = (session.city(), self.set) else { return [false, false] };
        let (view, now) = (view_of(ctx, camera), ctx.input(|input| input.time));
        let seen: Vec<Option<&Kept>> = set.tiles(&view, 0).iter().map(|tile| self.kept.get(tile)).collect();
        let is_whole =
            seen.iter().flatten().all(|kept| kept.is_whole) && self.words.as_ref().is_some_and(|it| it.is_whole);
        let is_painted = seen.iter().all(|kept| kept.is_some_and(|kept| kept.revision == city.revision));
        let is_calm = seen.iter().flatten().all(|kept| now - kept.born_s >= FADE_S);
        let is_known = city.revision > 0 && (is_whole || city.is_ready(&view));
        let has_words = self.coming.is_none() && self.has_words(city, &view, session.lang(), (set.dark, false));
        [is_known && is_painted && has_words, is_calm]
    }

    /// Those of a pane.
    pub fn of_pane(pane: Pane) -> Self {
        Self { pane, ..Self::default() }
    }

    /// Takes in what is finished and asks for what is missing.
    pub fn follow(&mut self, ctx: &Context, session: &mut Session, sight: Sight<'_>) {
        let path = session.city().map(|city| city.path.clone());
        if path != self.city {
            *self = Self { pane: self.pane, city: path, facts: self.facts, frame: self.frame, ..Self::default() };
        }
        self.frame += 1;
        self.face(ctx, session, sight);
        self.take(ctx, session, sight.stop);
        if session.city().is_some() {
            self.ask(ctx, session, sight);
            self.forget(session.city());
        }
    }

    /// The pane is closed: nothing more is painted for it.
    pub fn close(&mut self, session: &mut Session) {
        session.wish_map(MapWish { pane: self.pane, ..MapWish::default() });
        *self = Self::of_pane(self.pane);
    }

    /// Takes over finished pieces: those of the scale on the screen first, a few of other scales to stand in, none that
    /// would only wait for its turn while better ones are behind it.
    fn take(&mut self, ctx: &Context, session: &mut Session, stop: Instant) {
        let arrived = session.take_map(self.pane);
        self.facts.painted += arrived.len() as u64;
        let (own, others): (Vec<MapPiece>, Vec<MapPiece>) = arrived.into_iter().partition(|piece| match piece {
            MapPiece::Tile(tile, _) => Some(tile.set) == self.set,
            MapPiece::Words { .. } => true,
        });
        self.waiting.retain(|piece| !matches!(piece, MapPiece::Tile(tile, _) if Some(tile.set) != self.set));
        self.waiting.extend(own);
        let mut stand_ins = others.into_iter().rev().take(STAND_INS_A_FRAME);
        self.upload_words(ctx, stop);
        while let Some(piece) = self.waiting.pop_front().or_else(|| stand_ins.next()) {
            match piece {
                MapPiece::Tile(tile, pixels) => self.keep(ctx, tile, pixels),
                MapPiece::Words { words, revision, is_whole, millis } => {
                    self.facts.millis = millis;
                    self.coming = Some(WordSheet { words, revision, is_whole, textures: Vec::new() });
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

    fn keep(&mut self, ctx: &Context, tile: Tile, pixels: Pixels) {
        let Some(texture) = upload(ctx, pixels.size, pixels.rgba) else { return };
        self.facts.millis = pixels.millis;
        // A tile in place of a stale one is simply there; one in place of nothing comes up.
        let born_s = if self.kept.contains_key(&tile) { 0.0 } else { ctx.input(|input| input.time) };
        let (features, vertices) = (pixels.features, pixels.vertices);
        let Pixels { revision, is_whole, .. } = pixels;
        let new = Kept { texture, revision, is_whole, used: self.frame, born_s, features, vertices };
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
            let Some(texture) = upload(ctx, *size, std::mem::take(rgba)) else { return };
            coming.textures.push(texture);
        }
        self.words = Some(coming);
    }

    /// Turns to the tiles that the camera sees now.
    fn face(&mut self, ctx: &Context, session: &Session, sight: Sight<'_>) {
        let dark = session.settings().theme == Theme::Dark;
        let set = TileSet { layers: sight.shown.number(), ..TileSet::of(&view_of(ctx, sight.camera), dark) };
        if self.set.replace(set) != Some(set) {
            self.set_since_s = ctx.input(|input| input.time);
        }
    }

    fn ask(&mut self, ctx: &Context, session: &mut Session, sight: Sight<'_>) {
        let (Some(city), Some(set)) = (session.city(), self.set) else { return };
        let (view, now, lang) = (view_of(ctx, sight.camera), ctx.input(|input| input.time), session.lang());
        let dark = set.dark;
        let seen = set.tiles(&view, 0);
        let mut tiles = seen.clone();
        (self.facts.features, self.facts.vertices) = (0, 0);
        tiles.retain(|tile| !self.is_fresh(city, tile) && !self.is_on_its_way(city, tile));
        if let Some(pointer) = sight.pointer_px {
            let half = set.side_px() / 2.0;
            let apart = |tile: &Tile| {
                let [x, y] = tile.corner_in(&view);
                (x + half - pointer[0]).hypot(y + half - pointer[1])
            };
            tiles.sort_by(|a, b| apart(a).total_cmp(&apart(b)));
        }
        let (mut labels, mut ahead) = (None, Vec::new());
        if self.pane != Pane::Overview {
            let on_their_way = self.waiting.iter().any(|piece| matches!(piece, MapPiece::Words { .. }));
            let since_s = self.still.filter(|(still, _)| *still == view).map_or(now, |(_, since_s)| since_s);
            self.still = Some((view, since_s));
            let is_still = now - since_s >= STILL_S;
            if !is_still {
                ctx.request_repaint_after_secs((STILL_S - (now - since_s)) as f32 + 0.01);
            }
            labels = (!on_their_way && !self.has_words(city, &view, lang, (dark, is_still))).then(|| words_view(&view));
            let settled_s = now - self.set_since_s;
            if !city.is_ready(&view) {
                // What is painted now would have to be painted again.
            } else if settled_s < AHEAD_AFTER_S {
                ctx.request_repaint_after_secs((AHEAD_AFTER_S - settled_s) as f32 + 0.01);
            } else {
                ahead = set.tiles(&view, 1);
                ahead.retain(|it| !seen.contains(it) && !self.is_fresh(city, it) && !self.is_on_its_way(city, it));
            }
        }
        let revision = city.revision;
        if self.pane == Pane::Main && *sight.shown == Shown::Visible {
            session.looks_at(view, dark);
        }
        let wish = MapWish { pane: self.pane, shown: sight.shown.clone(), tiles, labels, ahead, dark };
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
        let is_stale = || city.is_stale(kept.revision, kept.is_whole, &tile.bounds_world(MARGIN_PX));
        if kept.revision != city.revision && !is_stale() {
            kept.revision = city.revision;
        }
        kept.revision == city.revision
    }

    /// Whether the words on the screen, or on their way there, are those of this view: of one that stands still, made for
    /// it, so that none is cut at its edges; of one that moves, such as reach beyond it.
    fn has_words(&mut self, city: &CityView, view: &View, lang: Lang, (dark, is_still): (bool, bool)) -> bool {
        let Some(sheet) = self.coming.as_mut().or(self.words.as_mut()) else { return false };
        let have = &sheet.words.view;
        let is_same = TileSet::of(have, dark) == TileSet::of(view, dark)
            && self.set.is_some_and(|set| set.layers == sheet.words.layers);
        if !is_same || sheet.words.lang != lang || sheet.words.dark != dark {
            return false;
        }
        let is_stale = || city.is_stale(sheet.revision, sheet.is_whole, &have.bounds_world(MARGIN_PX));
        if sheet.revision != city.revision && !is_stale() {
            sheet.revision = city.revision;
        }
        let (outer, inner) = (have.corner_px(), view.corner_px());
        let has_room = (0..2).all(|axis| {
            let before = inner[axis] - outer[axis];
            let after = have.size_px[axis] - view.size_px[axis] - before;
            let least = if is_still { WORDS_BEYOND_PX - ASIDE_PX } else { WORDS_BEYOND_PX / 3.0 };
            before.min(after) > least
        });
        has_room && sheet.revision == city.revision
    }

    /// Lets go of what has not been seen for longest, and of tiles of other scales that show what is no longer so: they
    /// would stand in for better ones.
    fn forget(&mut self, city: Option<&CityView>) {
        let is_stale = |tile: &Tile, kept: &Kept| {
            city.is_some_and(|city| city.is_stale(kept.revision, kept.is_whole, &tile.bounds_world(MARGIN_PX)))
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

    /// Draws the ground as far as it is there, at its place; `map` is all of the pane, `clip` the part of it that is to be
    /// seen.
    pub fn draw_ground(&self, ui: &Ui, map: Rect, clip: Rect, camera: &Camera) {
        let (painter, view) = (ui.painter().with_clip_rect(clip), view_of(ui.ctx(), camera));
        let Some(set) = self.set else { return };
        let now = ui.input(|input| input.time);
        let own = set.tiles(&view, 0);
        let up = |kept: &Kept| ((now - kept.born_s) / FADE_S).clamp(0.0, 1.0) as f32;
        let is_covered = own.iter().all(|tile| self.kept.get(tile).is_some_and(|kept| up(kept) >= 1.0));
        if !is_covered {
            for tile in self.stand_ins(&set) {
                let side = tile.set.side_px();
                draw_piece(&painter, &self.kept[tile].texture, &tile.view(), [side; 2], &view, map);
            }
        }
        for tile in &own {
            let Some(kept) = self.kept.get(tile) else { continue };
            let share = up(kept);
            if share < 1.0 {
                ui.ctx().request_repaint();
            }
            let tint = Color32::WHITE.linear_multiply(share);
            painter.image(kept.texture.id(), place(tile, &view, map), WHOLE, tint);
        }
    }

    /// Tiles of other sets: those of other layers first, then coarse ones, then those of another turn, so that the best
    /// lies on top.
    fn stand_ins(&self, set: &TileSet) -> Vec<&Tile> {
        let mut tiles: Vec<&Tile> =
            self.kept.keys().filter(|tile| tile.set != *set && tile.set.dark == set.dark).collect();
        let turn = |tile: &Tile| (tile.set.rotation_rad - set.rotation_rad).abs();
        tiles.sort_by(|a, b| {
            let by_layers = (a.set.layers == set.layers).cmp(&(b.set.layers == set.layers));
            let by_scale = b.set.metres_per_px.total_cmp(&a.set.metres_per_px);
            by_layers.then(by_scale).then(turn(b).total_cmp(&turn(a)))
        });
        tiles
    }

    /// Draws the words: over what is selected, which lies over the ground.
    pub fn draw_words(&self, ui: &Ui, map: Rect, clip: Rect, camera: &Camera) {
        let (painter, view) = (&ui.painter().with_clip_rect(clip), &view_of(ui.ctx(), camera));
        let Some(sheet) = &self.words else { return };
        let have = &sheet.words.view;
        let zoom = have.metres_per_px / view.metres_per_px;
        let turn_rad = (have.rotation_rad - view.rotation_rad).abs();
        if !WORDS_ZOOM.contains(&zoom) || turn_rad > WORDS_TURN {
            return;
        }
        let (corner, ratio) = (have.corner_px(), have.pixel_ratio);
        let is_sharp = zoom == 1.0 && turn_rad == 0.0;
        let origin = screen_origin(view, map);
        for (Sheet { at, size, .. }, texture) in sheet.words.sheets.iter().zip(&sheet.textures) {
            let (at, size) = (at.map(|side| side as f64 / ratio), size.map(|side| side as f64 / ratio));
            if is_sharp {
                let min = [0, 1].map(|axis| corner[axis] + at[axis] + origin[axis]);
                let rect = Rect::from_min_max(position(min), position([min[0] + size[0], min[1] + size[1]]));
                painter.image(texture.id(), rect, WHOLE, Color32::WHITE);
            } else {
                let part = View { size_px: size, ..*have }.with_corner_px([corner[0] + at[0], corner[1] + at[1]]);
                draw_piece(painter, texture, &part, size, view, map);
            }
        }
    }
}

/// Draws a texture that shows `shows`, of any scale and turn, where that lies in `view`.
fn draw_piece(painter: &Painter, texture: &TextureHandle, shows: &View, size: [f64; 2], view: &View, map: Rect) {
    let corners = [[0.0, 0.0], [size[0], 0.0], size, [0.0, size[1]]];
    let places = corners.map(|corner| {
        let [x, y] = view.screen_from_world(shows.world_from_screen(corner));
        position([x + f64::from(map.left()), y + f64::from(map.top())])
    });
    if !Rect::from_points(&places).intersects(painter.clip_rect()) {
        return;
    }
    let mut mesh = Mesh::with_texture(texture.id());
    for (pos, uv) in places.into_iter().zip([WHOLE.left_top(), WHOLE.right_top(), WHOLE.max, WHOLE.left_bottom()]) {
        mesh.vertices.push(egui::epaint::Vertex { pos, uv, color: Color32::WHITE });
    }
    mesh.add_triangle(0, 1, 2);
    mesh.add_triangle(0, 2, 3);
    painter.add(mesh);
}

/// All of a texture.
const WHOLE: Rect = Rect { min: Pos2::ZERO, max: Pos2 { x: 1.0, y: 1.0 } };

fn view_of(ctx: &Context, camera: &Camera) -> View {
    camera.picture(ctx.pixels_per_point().into())
}

/// Where the world's origin is on the screen, logical pixels: on a whole physical pixel, for what is shown at its own
/// scale and turn.
fn screen_origin(view: &View, map: Rect) -> [f64; 2] {
    let corner = view.corner_px();
    [0, 1].map(|axis| ((f64::from(map.min[axis]) - corner[axis]) * view.pixel_ratio).round() / view.pixel_ratio)
}

fn position([x, y]: [f64; 2]) -> Pos2 {
    pos2(x as f32, y as f32)
}

/// Where a tile of the view's own scale and turn lies on the screen.
fn place(tile: &Tile, view: &View, map: Rect) -> Rect {
    let (side, origin) = (tile.set.side_px(), screen_origin(view, map));
    let corner = |column: i64, row: i64| position([column as f64 * side + origin[0], row as f64 * side + origin[1]]);
    Rect::from_min_max(corner(tile.column, tile.row), corner(tile.column + 1, tile.row + 1))
}

/// `None` for pixels that do not fit their size.
fn upload(ctx: &Context, size: [usize; 2], rgba: Vec<u32>) -> Option<TextureHandle> {
    if rgba.is_empty() || rgba.len() != size[0] * size[1] {
        return None;
    }
    // The painter's pixels are egui's as they are: nothing is copied on the drawing thread.
    let image = ColorImage::new(size, bytemuck::allocation::cast_vec(rgba));
    Some(ctx.load_texture("map", image, TextureOptions::LINEAR))
}

#[cfg(test)]
mod tests {
    use super::*;
    use egui::vec2;

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
                let rect = place(tile, &view, map);
                let next = place(&Tile { column: tile.column + 1, ..*tile }, &view, map);
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
    fn after_a_zoom_and_a_turn_the_old_tiles_stand_in_until_sharp_ones_come() {
        let (ctx, map) = (Context::default(), Rect::from_min_size(pos2(0.0, 0.0), vec2(801.0, 600.0)));
        let mut camera = Camera::default();
        camera.resize([801.0, 600.0]);
        let mut tiles = Tiles::default();
        let before = TileSet::of(&view_of(&ctx, &camera), false);
        for tile in before.tiles(&view_of(&ctx, &camera), 0) {
            let texture = ctx.load_texture("map", ColorImage::filled([1, 1], Color32::WHITE), TextureOptions::LINEAR);
            let kept = Kept { texture, revision: 1, is_whole: false, used: 1, born_s: -9.0, features: 0, vertices: 0 };
            tiles.kept.insert(tile, kept);
        }
        camera.zoom_about([400.0, 300.0], 1.7);
        camera.turn_about([400.0, 300.0], 0.3);
        tiles.set = Some(TileSet::of(&view_of(&ctx, &camera), false));
        let mut drawn = Rect::NOTHING;
        let mut output = ctx.run_ui(egui::RawInput::default(), |ui| tiles.draw_ground(ui, map, map, &camera));
        output.textures_delta.clear();
        for shape in output.shapes {
            drawn |= shape.shape.visual_bounding_rect();
        }
        assert!(drawn.contains_rect(map), "{drawn:?}");
    }
}
