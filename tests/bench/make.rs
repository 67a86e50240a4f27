//! A neutral city for benchmarks: random pipes, buildings and components around Jiujiang, always the same for a size.

use std::fs::File;
use std::io::{BufWriter, Result, Write};
use std::path::{Path, PathBuf};

use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;

/// South-west corner, degrees.
const CORNER: [f64; 2] = [115.90, 29.62];
/// Metres to a degree of longitude and latitude there.
const METRES: [f64; 2] = [96_700.0, 110_900.0];

/// Writes the files unless they are there: half pipes, a fifth buildings, the rest components. 324 km² a million.
pub(crate) fn make(folder: &Path, features: usize) -> Result<Vec<PathBuf>> {
    std::fs::create_dir_all(folder)?;
    let side = (features as f64 / 1e6).sqrt() * 18_000.0;
    let (pipes, buildings) = (features / 2, features / 5);
    let components = features - pipes - buildings;
    let makers: [(&str, usize, fn(usize, f64, &mut ChaCha8Rng) -> String); 3] =
        [("pipes", pipes, pipe), ("buildings", buildings, building), ("components", components, component)];
    let mut paths = Vec::new();
    for (seed, (name, count, one)) in (1_u64..).zip(makers) {
        let path = folder.join(format!("{name}.geojson"));
        if !path.exists() {
            let mut rng = ChaCha8Rng::seed_from_u64(seed);
            let mut out = BufWriter::with_capacity(1 << 20, File::create(&path)?);
            writeln!(out, r#"{{"type":"FeatureCollection","features":["#)?;
            for id in 0..count {
                let row = one(id, side, &mut rng);
                writeln!(out, "{row}{}", if id + 1 < count { "," } else { "" })?;
            }
            writeln!(out, "]}}")?;
            out.flush()?;
        }
        paths.push(path);
    }
    Ok(paths)
}

fn feature(id: usize, properties: &str, geometry: &str, coordinates: &str) -> String {
    format!(
        r#"{{"type":"Feature","id":{id},"properties":{{{properties}}},"geometry":{{"type":"{geometry}","coordinates":{coordinates}}}}}"#
    )
}

fn lonlat([x, y]: [f64; 2]) -> String {
    format!("[{:.7},{:.7}]", CORNER[0] + x / METRES[0], CORNER[1] + y / METRES[1])
}

fn joined(places: &[[f64; 2]]) -> String {
    places.iter().map(|at| lonlat(*at)).collect::<Vec<_>>().join(",")
}

fn one_of<'a>(rng: &mut ChaCha8Rng, words: &[&'a str]) -> &'a str {
    words[rng.random_range(0..words.len())]
}

fn pipe(id: usize, side: f64, rng: &mut ChaCha8Rng) -> String {
    let (mut at, along) = ([rng.random::<f64>() * side, rng.random::<f64>() * side], rng.random_range(0..2));
    let mut places = vec![at];
    for _ in 0..rng.random_range(1..8) {
        at[along] += rng.random_range(4.0..15.0);
        at[1 - along] += rng.random_range(-1.0..1.0);
        places.push(at);
    }
    let kind = one_of(rng, &["污水", "雨水", "合流"]);
    let material = one_of(rng, &["HDPE", "钢筋混凝土", "球墨铸铁"]);
    let diameter = [300, 400, 500, 600, 800, 1000, 1200][rng.random_range(0..7)];
    let (built, invert) = (rng.random_range(1985..2024), rng.random_range(8.0..20.0));
    let properties = format!(
        r#""code":"P{id:08}","kind":"{kind}","diameter_mm":{diameter},"material":"{material}","built":{built},"up_invert_m":{invert:.3}"#
    );
    feature(id, &properties, "LineString", &format!("[{}]", joined(&places)))
}

fn building(id: usize, side: f64, rng: &mut ChaCha8Rng) -> String {
    let (x, y) = (rng.random::<f64>() * side, rng.random::<f64>() * side);
    let (w, h, turn) = (rng.random_range(8.0..40.0), rng.random_range(8.0..40.0), rng.random_range(0.0..3.1));
    let mut ring = vec![[0.0, 0.0], [w, 0.0], [w, h], [0.0, h]];
    if rng.random_bool(0.4) {
        ring = vec![[0.0, 0.0], [w, 0.0], [w, h / 2.0], [w / 2.0, h / 2.0], [w / 2.0, h], [0.0, h]];
    }
    ring.push(ring[0]);
    let (sin, cos) = f64::sin_cos(turn);
    let places: Vec<[f64; 2]> = ring.iter().map(|[a, b]| [x + a * cos - b * sin, y + a * sin + b * cos]).collect();
    let (floors, usage) = (rng.random_range(1..34), one_of(rng, &["住宅", "商业", "学校", "厂房"]));
    let properties = format!(r#""code":"B{id:08}","floors":{floors},"use":"{usage}""#);
    feature(id, &properties, "Polygon", &format!("[[{}]]", joined(&places)))
}

fn component(id: usize, side: f64, rng: &mut ChaCha8Rng) -> String {
    let classes = ["检查井盖", "路灯", "行道树", "垃圾箱", "四分类垃圾亭", "雨水箅子", "监控探头", "交通标志牌"];
    let (class, state, road) = (one_of(rng, &classes), rng.random_range(0..4), rng.random_range(1..401));
    let at = lonlat([rng.random::<f64>() * side, rng.random::<f64>() * side]);
    feature(id, &format!(r#""code":"C{id:08}","class":"{class}","state":{state},"road":"第{road}路""#), "Point", &at)
}
