//! The squares that the map on the screen is painted in.
//!
//! Tiles of one [`TileSet`] have the same scale, turn, sharpness, theme and layers, so that they fit together without a
//! seam. A tile's place is counted from the world's origin: the same place at the same scale is the same tile, wherever
//! the view was when it was asked for.

use std::hash::{Hash, Hasher};

use super::view::View;
use crate::model::geometry::Bounds;

/// The sheet of words reaches so far beyond the view, logical pixels.
pub const WORDS_BEYOND_PX: f64 = 256.0;

/// Width and height of a tile, physical pixels.
pub const TILE_PX: u32 = 512;

/// What tiles must have in common to lie side by side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TileSet {
    /// World metres (Web Mercator) to one logical pixel.
    pub metres_per_px: f64,
    /// Turn of the map, clockwise on the screen, radians.
    pub rotation_rad: f64,
    /// Physical pixels to one logical pixel.
    pub pixel_ratio: f64,
    /// On the dark map.
    pub dark: bool,
    /// Which layers are on it: a number that whoever asks gives, the same for the same layers; 0 for those that are
    /// visible by themselves.
    pub layers: u64,
}

/// One square of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Its set.
    pub set: TileSet,
    /// Tiles to the right of the world's origin, on the turned map.
    pub column: i64,
    /// Tiles below the world's origin.
    pub row: i64,
}

impl TileSet {
    /// The set that shows `view` sharply, with the layers that are visible by themselves.
    pub fn of(view: &View, dark: bool) -> Self {
        let View { metres_per_px, rotation_rad, pixel_ratio, .. } = *view;
        Self { metres_per_px, rotation_rad, pixel_ratio, dark, layers: 0 }
    }

    /// Side of a tile in logical pixels.
    pub fn side_px(&self) -> f64 {
        f64::from(TILE_PX) / self.pixel_ratio
    }

    /// The tiles that a view at the set's own scale and turn shows and `ring` more on every side, from its middle
    /// outwards.
    pub fn tiles(&self, view: &View, ring: i64) -> Vec<Tile> {
        let side = self.side_px();
        let (corner, size) = (view.corner_px(), view.size_px);
        let middle = [0, 1].map(|axis| corner[axis] + size[axis] / 2.0);
        let span = |axis: usize| {
            let first = (corner[axis] / side).floor() as i64 - ring;
            let last = ((corner[axis] + size[axis]) / side).ceil() as i64 - 1 + ring;
            first..=last.max(first)
        };
        let mut tiles: Vec<Tile> =
            span(1).flat_map(|row| span(0).map(move |column| Tile { set: *self, column, row })).collect();
        let apart = |tile: &Tile| {
            let (x, y) = (tile.column as f64 + 0.5 - middle[0] / side, tile.row as f64 + 0.5 - middle[1] / side);
            x * x + y * y
        };
        tiles.sort_by(|a, b| apart(a).total_cmp(&apart(b)));
        tiles
    }
}

/// The view of a sheet of words: larger than what is seen, and beginning at a whole pixel of the endless map.
pub fn words_view(view: &View) -> View {
    let size_px = view.size_px.map(|side| (side + 2.0 * WORDS_BEYOND_PX).ceil());
    let corner = view.corner_px().map(|at| ((at - WORDS_BEYOND_PX) * view.pixel_ratio).floor() / view.pixel_ratio);
    View { size_px, ..*view }.with_corner_px(corner)
}

impl Eq for TileSet {}

impl Hash for TileSet {
    fn hash<H: Hasher>(&self, state: &mut H) {
        [self.metres_per_px, self.rotation_rad, self.pixel_ratio].map(f64::to_bits).hash(state);
        (self.dark, self.layers).hash(state);
    }
}

impl Tile {
    /// The view that is painted for it.
    pub fn view(&self) -> View {
        let TileSet { metres_per_px, rotation_rad, pixel_ratio, .. } = self.set;
        let side = self.set.side_px();
        let view = View { rotation_rad, ..View::new([0.0; 2], metres_per_px, [side; 2]).pixel_ratio(pixel_ratio) };
        view.with_corner_px([self.column as f64 * side, self.row as f64 * side])
    }

    /// All that may leave a trace on the tile, Web Mercator metres: its ground and `margin_px` around it.
    pub fn bounds_world(&self, margin_px: f64) -> Bounds {
        self.view().bounds_world(margin_px)
    }

    /// Where its upper left corner lies in a view of the same turn, logical pixels.
    pub fn corner_in(&self, view: &View) -> [f64; 2] {
        let (corner, zoom) = (view.corner_px(), self.set.metres_per_px / view.metres_per_px);
        let side = self.set.side_px() * zoom;
        [self.column as f64 * side - corner[0], self.row as f64 * side - corner[1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(rotation_rad: f64, pixel_ratio: f64) -> View {
        let view = View::new([12_916_000.0, 3_465_000.0], 3.7, [1280.0, 800.0]).pixel_ratio(pixel_ratio);
        View { rotation_rad, ..view }
    }

    #[test]
    fn the_tiles_of_a_view_cover_it_whatever_its_turn() {
        for (rotation_rad, pixel_ratio) in [(0.0, 1.0), (0.7, 1.5), (-2.0, 2.0)] {
            let view = view(rotation_rad, pixel_ratio);
            let set = TileSet::of(&view, false);
            let tiles = set.tiles(&view, 0);
            for at in [[0.5, 0.5], [1279.0, 0.5], [640.0, 400.0], [3.0, 799.0], [1279.0, 799.0]] {
                let holds = |tile: &&Tile| {
                    let corner = tile.corner_in(&view);
                    (0..2).all(|axis| (corner[axis]..corner[axis] + set.side_px()).contains(&at[axis]))
                };
                assert_eq!(tiles.iter().filter(holds).count(), 1, "{at:?} at {rotation_rad}");
            }
        }
    }

    #[test]
    fn a_tile_shows_the_ground_that_it_covers_on_the_screen() {
        for rotation_rad in [0.0, 1.1] {
            let view = view(rotation_rad, 1.5);
            for tile in TileSet::of(&view, true).tiles(&view, 1) {
                let (corner, half) = (tile.corner_in(&view), tile.set.side_px() / 2.0);
                let middle = view.world_from_screen(corner.map(|side| side + half));
                let own = tile.view().center_world;
                assert!((middle[0] - own[0]).abs() < 1e-5 && (middle[1] - own[1]).abs() < 1e-5, "{middle:?} {own:?}");
            }
        }
    }

    #[test]
    fn the_nearest_tiles_come_first() {
        let view = view(0.0, 1.0);
        let tiles = TileSet::of(&view, false).tiles(&view, 1);
        let [x, y] = tiles[0].corner_in(&view);
        assert!((x..x + 512.0).contains(&640.0) && (y..y + 512.0).contains(&400.0));
    }
}
