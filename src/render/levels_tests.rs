//! Simplified levels against the exact way, on a crowd of pipes, houses and posts.

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

use super::build::MapLayer;
use super::levels::{LevelKey, Levels};
use super::map::paint_tile;
use super::painter::Picture;
use super::view::View;
use crate::geom::crs::Crs;
use crate::index::layer::{LayerIndex, LayerIndexBuilder};
use crate::index::pack::{Packer, Unpacker};
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::style::{Ink, Paint, Rule, Size, Stroke, Style};
use crate::model::value::Value;
use crate::task::{Cancel, Courtesy};
use crate::text::Text;

/// Features of the crowd, on 8 × 8 km.
const CROWD: i64 = 24_000;

struct Crowd {
    index: LayerIndex,
    schema: Schema,
    style: Style,
}

fn crowd(style: Style, geometry: fn([f64; 2], &mut ChaCha8Rng) -> Geometry) -> Crowd {
    let schema = Schema {
        table: "crowd".into(),
        name: Text::same("crowd"),
        kind: "plain".into(),
        geometry: None,
        crs: Crs::WEB_MERCATOR,
        z_order: 0,
        fields: vec![Field::int("dn", "管径", "Diameter")],
    };
    let mut builder = LayerIndexBuilder::new(&schema, &style.fields());
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    for id in 1..=CROWD {
        let at = [rng.random::<f64>() * 8000.0, rng.random::<f64>() * 8000.0];
        builder.push(id, Some(&geometry(at, &mut rng)), &[Value::Int(300 + id % 3 * 300)], &Some);
    }
    let mut index = builder.finish();
    index.build_tree();
    Crowd { index, schema, style }
}

fn pipes() -> Crowd {
    let ink = |ink| Paint::Stroke(Stroke::solid(Ink::new(ink, ink), Size::Px(1.0)));
    let rules = vec![Rule::all(vec![ink(0x1F_77_B4)]).when("dn >= 600"), Rule::all(vec![ink(0xA0_52_2D)])];
    crowd(Style::new(rules, Vec::new()), |[x, y], rng| {
        let [east, north] = [rng.random_range(-45.0..45.0), rng.random_range(-45.0..45.0)];
        Geometry::line(&[[x, y], [x + east, y + north], [x + 2.0 * east, y + 1.8 * north]])
    })
}

fn houses() -> Crowd {
    let edge = Paint::Stroke(Stroke::solid(Ink::new(0x60_40_20, 0x60_40_20), Size::Px(0.6)));
    let fill = Paint::Fill { ink: Ink::new(0xC0_90_60, 0xC0_90_60), opacity: 0.8 };
    crowd(Style::new(vec![Rule::all(vec![fill, edge])], Vec::new()), |[x, y], rng| {
        let [w, h] = [rng.random_range(8.0..30.0), rng.random_range(8.0..30.0)];
        Geometry::polygon(&[[x, y], [x + w, y], [x + w, y + h], [x, y + h], [x, y]])
    })
}

fn posts() -> Crowd {
    let ink = Ink::new(0x22_88_44, 0x22_88_44);
    let disc = Paint::Disc { ink, size: Size::Px(2.0), ring: None };
    crowd(Style::new(vec![Rule::all(vec![disc])], Vec::new()), |[x, y], _| Geometry::point(x, y))
}

impl Crowd {
    fn levels(&self) -> Levels {
        Levels::make(&self.index, &self.schema, &self.style, &Cancel::default(), &Courtesy::default())
            .expect("levels of a crowd")
    }

    fn paint(&self, view: &View, levels: Option<&Levels>) -> Picture {
        let Self { index, schema, style } = self;
        let layer = MapLayer { index, schema, style, opacity: 1.0, levels };
        paint_tile(&[layer], &[], view, false, &Cancel::default()).expect("not cancelled").0
    }
}

/// Mean colour of squares of eight pixels: what the eye sees of a crowd.
fn squares(picture: &Picture) -> Vec<[f64; 3]> {
    let (width, rows) = (picture.width as usize, picture.height as usize / 8);
    let mean = |column: usize, row: usize, part: usize| {
        let pixels = (0..64).map(|n| ((row * 8 + n / 8) * width + column * 8 + n % 8) * 4 + part);
        pixels.map(|at| f64::from(picture.rgba[at])).sum::<f64>() / 64.0
    };
    (0..rows).flat_map(|row| (0..width / 8).map(move |column| [0, 1, 2].map(|part| mean(column, row, part)))).collect()
}

/// Largest and mean difference of two pictures, square by square, 255ths.
fn apart(a: &Picture, b: &Picture) -> [f64; 2] {
    let (a, b) = (squares(a), squares(b));
    let parts = a.iter().flatten().zip(b.iter().flatten()).map(|(a, b)| (a - b).abs());
    let (most, sum) = parts.clone().fold((0.0_f64, 0.0), |(most, sum), part| (most.max(part), sum + part));
    [most, sum / parts.count() as f64]
}

#[track_caller]
fn looks_alike(crowd: &Crowd, metres_per_px: f64) {
    let levels = crowd.levels();
    let view = View::new([4000.0, 4000.0], metres_per_px, [256.0, 256.0]);
    assert!(levels.suffice(&crowd.schema, &crowd.style, &view), "no level at {metres_per_px} m a pixel");
    let [most, mean] = apart(&crowd.paint(&view, None), &crowd.paint(&view, Some(&levels)));
    assert!(most < 30.0 && mean < 6.0, "most {most:.1}, mean {mean:.1}");
}

#[test]
fn a_simplified_city_looks_like_the_city() {
    for metres_per_px in [17.0, 25.0, 40.0] {
        looks_alike(&pipes(), metres_per_px);
        looks_alike(&houses(), metres_per_px);
        looks_alike(&posts(), metres_per_px);
    }
}

#[test]
fn tiles_of_a_level_are_parts_of_one_picture() {
    let (crowd, half) = (pipes(), 128);
    let levels = crowd.levels();
    let whole = crowd.paint(&View::new([4000.0, 4000.0], 20.0, [256.0, 128.0]), Some(&levels));
    for (side, center) in [(0, 4000.0 - 64.0 * 20.0), (1, 4000.0 + 64.0 * 20.0)] {
        let tile = crowd.paint(&View::new([center, 4000.0], 20.0, [128.0, 128.0]), Some(&levels));
        for row in 0..half {
            let at = (row * 256 + side * half) * 4;
            let (of_tile, of_whole) = (&tile.rgba[row * half * 4..][..half * 4], &whole.rgba[at..][..half * 4]);
            let most = of_tile.iter().zip(of_whole).map(|(a, b)| a.abs_diff(*b)).max().unwrap_or(0);
            assert!(most <= 2, "row {row} of tile {side} differs by {most}");
        }
    }
}

#[test]
fn levels_come_back_from_bytes() {
    let crowd = pipes();
    let levels = crowd.levels();
    let mut bytes = Vec::new();
    let mut packer = Packer::new(&mut bytes);
    levels.pack(&mut packer).unwrap();
    packer.finish().unwrap();
    let read = |bytes: &[u8]| {
        let mut input = Unpacker::new(bytes, bytes.len() as u64);
        let levels = Levels::unpack(&mut input, LevelKey::of(&crowd.style))?;
        input.finish().map(|()| levels)
    };
    let view = View::new([4000.0, 4000.0], 20.0, [128.0, 128.0]);
    let again = read(&bytes).unwrap();
    assert!(crowd.paint(&view, Some(&again)).rgba == crowd.paint(&view, Some(&levels)).rgba);
    assert!(read(&bytes[..bytes.len() / 2]).is_err());
    let damaged = bytes.len() / 3;
    bytes[damaged] ^= 4;
    assert!(read(&bytes).is_err());
}

#[test]
fn a_style_with_other_conditions_wants_other_levels() {
    let crowd = pipes();
    let levels = crowd.levels();
    let mut recolored = crowd.style.clone();
    recolored.rules[0].paints.clone_from(&crowd.style.rules[1].paints);
    assert!(levels.serve(&recolored));
    let mut other = crowd.style.clone();
    other.rules[0] = Rule::all(Vec::new()).when("dn >= 900");
    assert!(!levels.serve(&other));
}
