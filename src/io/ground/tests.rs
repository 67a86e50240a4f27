//! Base maps made here: what they say, and that no bytes do harm.

use std::fs;
use std::path::Path;

use proptest::prelude::*;

use super::*;
use crate::geom::gcj;

const RED: [u8; 4] = [220, 30, 30, 255];
const BLUE: [u8; 4] = [30, 30, 220, 255];
/// A place in Jiujiang.
const HERE: [f64; 2] = [115.99, 29.72];

/// A PNG in one colour on the left and another on the right.
fn halves(side: u32) -> Vec<u8> {
    let picture = image::RgbaImage::from_fn(side, side, |x, _| image::Rgba(if x < side / 2 { RED } else { BLUE }));
    let mut png = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut png, image::ImageFormat::Png).expect("a PNG");
    png.into_inner()
}

/// The tile of a zoom level that holds a place.
fn tile_at(zoom: u8, lonlat: [f64; 2]) -> [u64; 2] {
    let world = crate::geom::transform::mercator_from_degrees(lonlat);
    let share = [(world[0] + MERCATOR_EDGE_M), (MERCATOR_EDGE_M - world[1])].map(|side| side / MERCATOR_EDGE_M / 2.0);
    share.map(|share| (share * f64::from(1_u32 << zoom)) as u64)
}

fn mbtiles(path: &Path, tiles: &[(u8, [u64; 2])]) {
    let conn = rusqlite::Connection::open(path).expect("a file");
    conn.execute_batch(
        "CREATE TABLE metadata (name TEXT, value TEXT);
         CREATE TABLE tiles (zoom_level INTEGER, tile_column INTEGER, tile_row INTEGER, tile_data BLOB);
         INSERT INTO metadata VALUES ('name', '影像'), ('format', 'png'), ('attribution', '<a href=x>&copy; 某局</a>');",
    )
    .expect("tables");
    for (zoom, [column, row]) in tiles {
        let from_south = (1_i64 << zoom) - 1 - *row as i64;
        let values = (zoom, *column as i64, from_south, halves(256));
        conn.execute("INSERT INTO tiles VALUES (?1, ?2, ?3, ?4)", values).expect("a tile");
    }
}

/// PMTiles with one tile, by the specification.
fn pmtiles(zoom: u8, at: [u64; 2], kind: u8, tile: &[u8]) -> Vec<u8> {
    let number = pmtiles_number(zoom, at);
    let mut root = vec![1];
    for value in [number, 1, tile.len() as u64, 1] {
        let mut value = value;
        while value > 0x7f {
            root.push((value & 0x7f) as u8 | 0x80);
            value >>= 7;
        }
        root.push(value as u8);
    }
    let mut file = b"PMTiles\x03".to_vec();
    let data = 127 + root.len() as u64 + 2;
    for value in [127, root.len() as u64, 127 + root.len() as u64, 2, 0, 0, data, tile.len() as u64, 1, 1, 1] {
        file.extend(value.to_le_bytes());
    }
    file.extend([1, 1, 1, kind, zoom, zoom]);
    for degrees in [-180.0, -85.0, 180.0, 85.0_f64] {
        file.extend(((degrees * 1e7) as i32).to_le_bytes());
    }
    file.extend([0; 9]);
    assert_eq!(file.len(), 127);
    file.extend(root);
    file.extend(b"{}");
    file.extend(tile);
    file
}

/// The same number as counted by walking the curve: the reader's own way is checked against the specification elsewhere.
fn pmtiles_number(zoom: u8, [column, row]: [u64; 2]) -> u64 {
    let before: u64 = (0..u32::from(zoom)).map(|zoom| 4_u64.pow(zoom)).sum();
    let (mut x, mut y, mut along) = (column as i64, row as i64, 0_i64);
    let mut side = 1_i64 << zoom >> 1;
    while side > 0 {
        let (right, down) = (i64::from(x & side > 0), i64::from(y & side > 0));
        along += side * side * ((3 * right) ^ down);
        if down == 0 {
            if right == 1 {
                (x, y) = (side - 1 - (x & (side - 1)), side - 1 - (y & (side - 1)));
            } else {
                (x, y) = (x & (side - 1), y & (side - 1));
            }
            (x, y) = (y, x);
        } else {
            (x, y) = (x & (side - 1), y & (side - 1));
        }
        side >>= 1;
    }
    before + along as u64
}

/// The colour of a base map at a place, at full size.
fn color_at(ground: &Ground, datum: Crs, lonlat: [f64; 2]) -> Option<[u8; 4]> {
    let at = ground.place(datum).expect("a place").px_from_lonlat(lonlat)?;
    let window = Bounds::new(at[0] - 2.0, at[1] - 2.0, at[0] + 2.0, at[1] + 2.0);
    let pixels = ground.pixels(&window, 1.0, &Cancel::default())?;
    let [x, y] = [0, 1].map(|axis| (at[axis] / pixels.scale).floor() as i64 - pixels.origin[axis]);
    let first = (y as usize * pixels.size[0] + x as usize) * 4;
    pixels.rgba[first..first + 4].try_into().ok()
}

/// Left of the middle of the tile at [`HERE`] is red, right of it blue.
#[track_caller]
fn check_halves(ground: &Ground, datum: Crs, zoom: u8, shift: impl Fn([f64; 2]) -> [f64; 2]) {
    let [column, row] = tile_at(zoom, HERE);
    let tiles = f64::from(1_u32 << zoom);
    let place = |share: f64| {
        let side = 2.0 * MERCATOR_EDGE_M / tiles;
        let world = [(column as f64 + share) * side - MERCATOR_EDGE_M, MERCATOR_EDGE_M - (row as f64 + 0.5) * side];
        shift(degrees_from_mercator(world))
    };
    assert_eq!(color_at(ground, datum, place(0.45)), Some(RED), "left");
    assert_eq!(color_at(ground, datum, place(0.55)), Some(BLUE), "right");
}

#[test]
fn a_tile_set_lies_where_its_datum_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.mbtiles");
    mbtiles(&path, &[(16, tile_at(16, HERE))]);
    let ground = Ground::open(&path, None).expect("a base map");
    assert_eq!((ground.name(), ground.attribution(), ground.zooms()), ("影像", "© 某局", Some([16, 16])));
    check_halves(&ground, Crs::WGS84, 16, |at| at);
    check_halves(&ground, Crs::Gcj02, 16, gcj::wgs_from_gcj);
    check_halves(&ground, Crs::Bd09, 16, |at| gcj::wgs_from_gcj(gcj::gcj_from_bd(at)));
}

#[test]
fn what_a_deep_level_lacks_is_shown_from_the_one_above() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.mbtiles");
    // The deeper level has a tile on the other side of the world alone.
    mbtiles(&path, &[(16, tile_at(16, HERE)), (17, [0, 0])]);
    let ground = Ground::open(&path, None).expect("a base map");
    check_halves(&ground, Crs::WGS84, 16, |at| at);
}

#[test]
fn pmtiles_of_pictures_are_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pmtiles");
    fs::write(&path, pmtiles(15, tile_at(15, HERE), 2, &halves(256))).expect("written");
    let ground = Ground::open(&path, None).expect("a base map");
    assert_eq!((ground.name(), ground.kind()), ("a", GroundKind::PmTiles));
    check_halves(&ground, Crs::WGS84, 15, |at| at);
}

/// A vector tile with one lake over its western half.
fn lake() -> Vec<u8> {
    let geometry = [&[9, 0, 0, 26][..], &[0x80, 0x20, 0, 0, 0x80, 0x40, 0xff, 0x1f, 0], &[15]].concat();
    let mut feature = vec![0x18, 3, 0x22, geometry.len() as u8];
    feature.extend(geometry);
    let mut layer = vec![0x0a, 5];
    layer.extend(b"water");
    layer.extend([0x12, feature.len() as u8]);
    layer.extend(feature);
    layer.extend([0x28, 0x80, 0x20]);
    let mut tile = vec![0x1a, layer.len() as u8];
    tile.extend(layer);
    tile
}

#[test]
fn a_vector_tile_gives_shapes_in_the_plane() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pmtiles");
    let [column, row] = tile_at(14, HERE);
    fs::write(&path, pmtiles(14, [column, row], 1, &lake())).expect("written");
    let ground = Ground::open(&path, None).expect("a base map");
    assert!(ground.is_drawn());
    let corner = [column as f64 * 512.0, row as f64 * 512.0];
    let window = Bounds::new(corner[0] + 1.0, corner[1] + 1.0, corner[0] + 511.0, corner[1] + 511.0);
    let shapes = ground.shapes(&window, 1.0, &Cancel::default());
    assert_eq!(shapes.len(), 1);
    assert_eq!((shapes[0].class, shapes[0].is_area), (crate::model::ground::ShapeClass::Water, true));
    let expected = [[0.0, 0.0], [256.0, 0.0], [256.0, 512.0], [0.0, 512.0]];
    assert_eq!(shapes[0].parts, [expected.map(|at| [at[0] + corner[0], at[1] + corner[1]]).to_vec()]);
}

/// A GeoTIFF of two halves in a projected system.
fn geotiff(path: &Path, [x, y]: [f64; 2]) {
    use ::tiff::encoder::{TiffEncoder, colortype::RGB8};
    use ::tiff::tags::Tag;
    let file = fs::File::create(path).expect("a file");
    let mut tiff = TiffEncoder::new(file).expect("a TIFF");
    let mut picture = tiff.new_image::<RGB8>(400, 300).expect("a picture");
    let tags = picture.encoder();
    tags.write_tag(Tag::ModelPixelScaleTag, &[0.5, 0.5, 0.0][..]).expect("a tag");
    tags.write_tag(Tag::ModelTiepointTag, &[0.0, 0.0, 0.0, x, y, 0.0][..]).expect("a tag");
    let keys: [u16; 16] = [1, 1, 0, 3, 1024, 0, 1, 1, 1025, 0, 1, 1, 3072, 0, 1, 4548];
    tags.write_tag(Tag::GeoKeyDirectoryTag, &keys[..]).expect("a tag");
    let pixels: Vec<u8> =
        (0..300).flat_map(|_| (0..400).flat_map(|x| if x < 200 { [220, 30, 30] } else { [30, 30, 220] })).collect();
    picture.write_data(&pixels).expect("written");
}

/// A TIFF of four by two pixels by the specification, little-endian, with a world file beside it.
fn small_tiff(path: &Path, tags: &[(u16, &[u16])], samples: &[u8]) {
    let mut all: Vec<(u16, Vec<u16>)> = vec![(256, vec![4]), (257, vec![2]), (259, vec![1]), (278, vec![2])];
    all.extend(tags.iter().map(|(tag, values)| (*tag, values.to_vec())));
    let strips = if tags.contains(&(284, &[2])) { 3 } else { 1 };
    let data = 8 + samples.len() as u32;
    let length = samples.len() / strips;
    all.push((273, (0..strips).map(|strip| (8 + strip * length) as u16).collect()));
    all.push((279, vec![length as u16; strips]));
    all.sort();
    let mut file = b"II*\0".to_vec();
    file.extend(data.to_le_bytes());
    file.extend(samples);
    let mut behind = data + 2 + all.len() as u32 * 12 + 4;
    let mut more = Vec::new();
    file.extend((all.len() as u16).to_le_bytes());
    for (tag, values) in &all {
        file.extend([tag.to_le_bytes(), 3_u16.to_le_bytes()].concat());
        file.extend((values.len() as u32).to_le_bytes());
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        if bytes.len() <= 4 {
            file.extend(bytes.iter().chain(&[0; 4]).take(4));
        } else {
            file.extend(behind.to_le_bytes());
            behind += bytes.len() as u32;
            more.extend(bytes);
        }
    }
    file.extend([0; 4]);
    file.extend(more);
    fs::write(path, file).expect("written");
    fs::write(path.with_extension("tfw"), "1\n0\n0\n-1\n400000.5\n3289999.5\n").expect("written");
}

#[test]
fn a_picture_is_seen_however_its_samples_are_stored() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tif");
    // The left half red or dark, the right one blue or light.
    let check = |tags: &[(u16, &[u16])], samples: &[u8], left: [u8; 3], right: [u8; 3]| {
        small_tiff(&path, tags, samples);
        let ground = Ground::open(&path, Some(Crs::Epsg(4548))).expect("a picture");
        let window = Bounds::new(0.0, 0.0, 4.0, 2.0);
        let seen = ground.pixels(&window, 1.0, &Cancel::default()).expect("pixels");
        let at = |x: i64| {
            let [x, y] = [x - seen.origin[0], 1 - seen.origin[1]].map(|along| along as usize);
            [0, 1, 2].map(|part| seen.rgba[(y * seen.size[0] + x) * 4 + part])
        };
        assert_eq!((at(0), at(3)), (left, right), "{tags:?}");
    };
    let (red, blue) = ([200, 30, 40], [10, 20, 220]);
    let planes: Vec<u8> = (0..3).flat_map(|part| [red[part], red[part], blue[part], blue[part]].repeat(2)).collect();
    check(&[(258, &[8, 8, 8]), (262, &[2]), (277, &[3]), (284, &[2])], &planes, red, blue);
    let mut table = vec![0_u16; 768];
    for part in 0..3 {
        table[part * 256 + 5] = u16::from(red[part]) << 8;
        table[part * 256 + 9] = u16::from(blue[part]) << 8;
    }
    check(&[(258, &[8]), (262, &[3]), (277, &[1]), (320, &table)], &[5, 5, 9, 9].repeat(2), red, blue);
    check(&[(258, &[1]), (262, &[1]), (277, &[1])], &[0b0011_0000; 2], [0; 3], [255; 3]);
    let dark_and_light = [100_u16, 100, 2000, 2000].repeat(2);
    let sixteen: Vec<u8> = dark_and_light.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    check(&[(258, &[16]), (262, &[1]), (277, &[1])], &sixteen, [0; 3], [255; 3]);
}

#[test]
fn a_picture_of_another_kind_is_no_damaged_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tif");
    small_tiff(&path, &[(258, &[8, 8, 8, 8]), (262, &[5]), (277, &[4])], &[9; 32]);
    let refused = Ground::open(&path, Some(Crs::Epsg(4548))).expect_err("inks");
    assert!(matches!(refused, ReadError::NotRead { .. }), "{refused}");
}

#[test]
fn a_geotiff_lies_in_the_system_that_it_says() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.tif");
    let corner = [402_300.0, 3_289_000.0];
    geotiff(&path, corner);
    let ground = Ground::open(&path, None).expect("a base map");
    assert_eq!((ground.crs(), ground.kind()), (Crs::Epsg(4548), GroundKind::GeoTiff));
    let to_lonlat = crate::geom::transform::Transform::new(Crs::Epsg(4548), Crs::WGS84).expect("a way");
    let at = |column: f64| to_lonlat.point([corner[0] + column * 0.5, corner[1] - 150.0 * 0.5]).expect("a place");
    assert_eq!(color_at(&ground, Crs::WGS84, at(190.0)), Some(RED));
    assert_eq!(color_at(&ground, Crs::WGS84, at(210.0)), Some(BLUE));
    // From further away than it was made for, halves stay halves.
    let all = Bounds::new(0.0, 0.0, 400.0, 300.0);
    let small = ground.pixels(&all, 20.0, &Cancel::default()).expect("pixels");
    assert!(small.scale >= 10.0 && small.size[0] < 50, "{} {:?}", small.scale, small.size);
}

#[test]
fn a_picture_needs_a_world_file_and_is_told_its_system() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.png");
    fs::write(&path, halves(256)).expect("written");
    assert!(!Ground::is_likely(&path));
    assert!(matches!(Ground::open(&path, None), Err(ReadError::Damaged { .. })));
    fs::write(folder.path().join("a.pgw"), "0.5\n0\n0\n-0.5\n402300.25\n3288999.75\n").expect("written");
    assert!(Ground::is_likely(&path));
    assert!(matches!(Ground::open(&path, None), Err(ReadError::UnknownCrs { .. })));
    let ground = Ground::open(&path, Some(Crs::Epsg(4548))).expect("a base map");
    let to_lonlat = crate::geom::transform::Transform::new(Crs::Epsg(4548), Crs::WGS84).expect("a way");
    let at = to_lonlat.point([402_300.0 + 50.0, 3_289_000.0 - 50.0]).expect("a place");
    assert_eq!(color_at(&ground, Crs::WGS84, at), Some(RED));
}

#[test]
fn a_directory_that_leads_to_itself_ends() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("a.pmtiles");
    let mut file = pmtiles(3, [1, 1], 2, &halves(16));
    // The only entry is a directory now, and the directories begin where the root does.
    let number = file[127 + 1];
    file[127..127 + 5].copy_from_slice(&[1, number, 0, 5, 1]);
    file[16..24].copy_from_slice(&5_u64.to_le_bytes());
    file[40..48].copy_from_slice(&127_u64.to_le_bytes());
    fs::write(&path, file).expect("written");
    let ground = Ground::open(&path, None).expect("its head is sound");
    assert_eq!(color_at(&ground, Crs::WGS84, HERE), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_bytes_do_harm(
        which in 0_usize..5,
        cut in 0.0..1.0_f64,
        hurts in proptest::collection::vec((0.0..1.0_f64, any::<u8>()), 0..12),
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a");
        match which {
            0 => mbtiles(&path, &[(5, tile_at(5, HERE))]),
            1 => geotiff(&path, [402_300.0, 3_289_000.0]),
            2 => fs::write(&path, pmtiles(5, tile_at(5, HERE), 2, &halves(64))).expect("written"),
            3 => fs::write(&path, pmtiles(5, tile_at(5, HERE), 1, &lake())).expect("written"),
            _ => fs::write(&path, halves(64)).expect("written"),
        }
        fs::write(path.with_extension("wld"), "0.5 0 0 -0.5 100 30").expect("written");
        let mut bytes = fs::read(&path).expect("bytes");
        for (place, byte) in hurts {
            // Heads and directories come first: most harm is done there.
            let at = (place * place * place * (bytes.len() - 1) as f64) as usize;
            bytes[at] = byte;
        }
        if cut < 0.5 {
            bytes.truncate((cut * 2.0 * bytes.len() as f64) as usize);
        }
        fs::write(&path, bytes).expect("written");
        if let Ok(ground) = Ground::open(&path, None) {
            let extent = ground.extent_px();
            let cancel = Cancel::default();
            for step in [1.0, extent.width() / 256.0] {
                let middle = extent.center();
                let half = 200.0 * step.max(1e-3);
                let window = Bounds::new(middle[0] - half, middle[1] - half, middle[0] + half, middle[1] + half);
                let _ = ground.pixels(&window, step, &cancel);
                let _ = ground.shapes(&window, step, &cancel);
            }
        }
    }
}
