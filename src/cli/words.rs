//! Reads single words of the command line: places, boxes, row numbers, sizes. Says what is wrong in both languages.

use std::fmt;
use std::str::FromStr;

use crate::geom::crs::Crs;
use crate::model::geometry::Bounds;
use crate::session::compare::TakenParts;
use crate::session::export::redact::WIDEST_M;
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

/// Most rows that one list of numbers may name.
const MAX_IDS: usize = 1_000_000;
/// Longest side of a picture, pixels.
const MAX_SIDE_PX: u32 = 16_384;
/// Most pixels of a picture.
const MAX_PIXELS: u64 = 100_000_000;

/// Why a word makes no sense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadWord(pub(super) Text);

impl fmt::Display for BadWord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0.en)
    }
}

impl std::error::Error for BadWord {}

/// Longitude and latitude, degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct LonLat(pub(super) [f64; 2]);

impl FromStr for LonLat {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let [lon, lat] = numbers(words, &Text::new("经度,纬度", "LON,LAT"))?;
        lonlat(lon, lat).map(Self)
    }
}

/// A place and a distance in metres.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Near {
    /// Longitude and latitude, degrees.
    pub(super) at: [f64; 2],
    /// Distance, metres.
    pub(super) metres: f64,
}

impl FromStr for Near {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let [lon, lat, metres] = numbers(words, &Text::new("经度,纬度,米", "LON,LAT,METRES"))?;
        if metres <= 0.0 {
            return Err(BadWord(Text::new("距离要大于 0 米", "the distance must be more than 0 metres")));
        }
        Ok(Self { at: lonlat(lon, lat)?, metres })
    }
}

/// West, south, east, north in degrees.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Box4(pub(super) Bounds);

impl FromStr for Box4 {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let [west, south, east, north] = numbers(words, &Text::new("西,南,东,北", "W,S,E,N"))?;
        lonlat(west, south)?;
        lonlat(east, north)?;
        if west > east || south > north {
            return Err(BadWord(Text::new(
                "顺序应为西,南,东,北：西小于东，南小于北",
                "the order is west, south, east, north: west below east, south below north",
            )));
        }
        Ok(Self(Bounds::new(west, south, east, north)))
    }
}

/// Row numbers: `1,2,5-9`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ids(pub(super) Vec<i64>);

impl FromStr for Ids {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let mut ids = Vec::new();
        for word in plain(words).split(',').map(str::trim).filter(|word| !word.is_empty()) {
            let (first, last) = id_range(word).ok_or_else(|| {
                BadWord(text!("行号“{word}”看不懂，应如 1,2,5-9", "“{word}” is no row number; write 1,2,5-9"))
            })?;
            let room = i64::try_from(MAX_IDS - ids.len()).unwrap_or(i64::MAX);
            if last.saturating_sub(first) >= room {
                return Err(BadWord(text!("行号超过 {MAX_IDS} 个", "more than {MAX_IDS} row numbers")));
            }
            ids.extend(first..=last);
        }
        if ids.is_empty() {
            return Err(BadWord(Text::new("没有行号", "there is no row number")));
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(Self(ids))
    }
}

/// A feature: `LAYER/ID`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct On {
    /// Layer, as written.
    pub(super) layer: String,
    /// Row.
    pub(super) id: i64,
}

impl FromStr for On {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let parts = words.rsplit_once(['/', '／']);
        let parsed = parts.and_then(|(layer, id)| Some((layer.trim(), plain(id).trim().parse().ok()?)));
        match parsed {
            Some((layer, id)) if !layer.is_empty() => Ok(Self { layer: layer.to_owned(), id }),
            _ => Err(BadWord(text!("“{words}”应写成 图层/行号", "write LAYER/ID, not “{words}”"))),
        }
    }
}

/// Two words with `=` between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pair {
    /// Before the first `=`.
    pub(super) left: String,
    /// Behind it.
    pub(super) right: String,
}

impl FromStr for Pair {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        match words.split_once(['=', '＝']) {
            Some((left, right)) if !left.trim().is_empty() => {
                Ok(Self { left: left.trim().to_owned(), right: right.to_owned() })
            }
            _ => Err(BadWord(text!("“{words}”里应有等号：名称=值", "“{words}” needs a name, = and a value"))),
        }
    }
}

/// Width and height in pixels: `1600x1000`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Size(pub(super) [u32; 2]);

impl FromStr for Size {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        let plain = plain(words);
        let sides = plain.split_once(['x', 'X', '×', '*']);
        let parsed = sides.and_then(|(w, h)| Some([w.trim().parse().ok()?, h.trim().parse().ok()?]));
        let Some([width, height]) = parsed else {
            return Err(BadWord(text!("“{words}”应写成 宽x高，如 1600x1000", "write WxH as 1600x1000, not “{words}”")));
        };
        let fits = (1..=MAX_SIDE_PX).contains(&width) && (1..=MAX_SIDE_PX).contains(&height);
        if !fits || u64::from(width) * u64::from(height) > MAX_PIXELS {
            return Err(BadWord(text!(
                "图片大小应在 1 到 {MAX_SIDE_PX} 像素之间，总数不超过一亿",
                "a picture has 1 to {MAX_SIDE_PX} pixels a side and at most 100 million in all"
            )));
        }
        Ok(Self([width, height]))
    }
}

/// A coordinate reference system: `EPSG:4548`, `4548`, `GCJ02`, `BD09`, `+proj=…`, or the name of one of one's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum WhichCrs {
    /// Understood by itself.
    Known(Crs),
    /// A name that the settings or the city may know.
    Named(String),
}

impl FromStr for WhichCrs {
    type Err = BadWord;

    fn from_str(words: &str) -> Result<Self, BadWord> {
        match Crs::parse(&plain(words)) {
            Ok(crs) => Ok(Self::Known(crs)),
            // Nobody names a system like a number or a definition.
            Err(_) if words.contains(char::is_alphabetic) && !words.contains(['+', ':', '/']) => {
                Ok(Self::Named(words.trim().to_owned()))
            }
            Err(error) => Err(BadWord(Text::owned(error.zh(), error.en()))),
        }
    }
}

/// How many rows at most.
pub(super) fn limit(words: &str) -> Result<usize, BadWord> {
    plain(words)
        .trim()
        .parse()
        .map_err(|_| BadWord(text!("“{words}”应是 0 或以上的整数", "“{words}” must be a whole number, 0 or more")))
}

/// How many times the real size the sample city is.
pub(super) fn scale(words: &str) -> Result<f64, BadWord> {
    between(words, 0.01, 100.0)
}

/// A scale's denominator.
pub(super) fn denominator(words: &str) -> Result<f64, BadWord> {
    let number = words.rsplit([':', '：']).next().unwrap_or(words).replace([',', '，'], "");
    between(&number, 1.0, 50_000_000.0)
}

/// Pixels to the inch, as physical pixels for one logical.
pub(super) fn dpi(words: &str) -> Result<f32, BadWord> {
    between(words, 48.0, 768.0).map(|dpi| (dpi / 96.0) as f32)
}

/// The width of a grid, metres.
pub(super) fn grid_m(words: &str) -> Result<f64, BadWord> {
    between(words, 0.01, WIDEST_M)
}

/// Turn of a map in degrees.
pub(super) fn turn(words: &str) -> Result<f64, BadWord> {
    between(words, -360.0, 360.0)
}

/// Physical pixels for one logical.
pub(super) fn pixel_ratio(words: &str) -> Result<f32, BadWord> {
    between(words, 0.5, 8.0).map(|ratio| ratio as f32)
}

/// Which parts of differences are taken over.
pub(super) fn parts(words: &str) -> Result<TakenParts, BadWord> {
    TakenParts::parse(words).map_err(|word| {
        BadWord(text!(
            "“{word}”不是差别的类别，可选 all、added、moved、changed、gone",
            "“{word}” is no kind of difference; these are: all, added, moved, changed, gone"
        ))
    })
}

/// An encoding of text, by any of its names.
pub(super) fn encoding(words: &str) -> Result<Encoding, BadWord> {
    Encoding::parse(words).ok_or_else(|| {
        BadWord(text!(
            "不认识文字编码“{words}”，常用的有 UTF-8、GBK、BIG5",
            "“{words}” is no encoding; UTF-8, GBK and BIG5 are"
        ))
    })
}

/// Full-width digits, commas and signs as the ones programs read.
fn plain(words: &str) -> String {
    let narrow = |c: char| match c {
        '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '、' => ',',
        '−' | '–' => '-',
        '\u{3000}' => ' ',
        _ => c,
    };
    words.chars().map(narrow).collect()
}

fn numbers<const N: usize>(words: &str, shape: &Text) -> Result<[f64; N], BadWord> {
    let found: Option<Vec<f64>> = plain(words).split(',').map(number).collect();
    found.and_then(|found| found.try_into().ok()).ok_or_else(|| {
        let (zh, en) = (&shape.zh, &shape.en);
        BadWord(text!("“{words}”应写成 {zh}", "write {en}, not “{words}”"))
    })
}

fn number(word: &str) -> Option<f64> {
    word.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn lonlat(lon: f64, lat: f64) -> Result<[f64; 2], BadWord> {
    if lon.abs() <= 180.0 && lat.abs() <= 90.0 {
        return Ok([lon, lat]);
    }
    let swapped = lat.abs() <= 180.0 && lon.abs() <= 90.0;
    Err(BadWord(if swapped {
        text!("{lon},{lat} 似乎写反了：先经度后纬度", "{lon},{lat} looks swapped: longitude comes first")
    } else {
        text!("{lon},{lat} 不是经纬度（度）", "{lon},{lat} is no longitude and latitude in degrees")
    }))
}

fn id_range(word: &str) -> Option<(i64, i64)> {
    if let Ok(id) = word.parse() {
        return Some((id, id));
    }
    let (first, last) = word.split_once('-')?;
    let (first, last) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
    (first <= last).then_some((first, last))
}

fn between(words: &str, least: f64, most: f64) -> Result<f64, BadWord> {
    number(&plain(words)).filter(|number| (least..=most).contains(number)).ok_or_else(|| {
        BadWord(text!("“{words}”应在 {least} 和 {most} 之间", "“{words}” must be between {least} and {most}"))
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Debug;

    use super::*;

    #[test]
    fn places_take_full_width_commas_and_negative_numbers() {
        check("116.0，29.7", Ok(LonLat([116.0, 29.7])));
        check("-73.5, 40.25", Ok(LonLat([-73.5, 40.25])));
    }

    #[test]
    fn swapped_places_are_named_as_such() {
        check::<LonLat>("29.7,116.0", Err("29.7,116 looks swapped: longitude comes first"));
        check::<LonLat>("NaN,1", Err("write LON,LAT, not “NaN,1”"));
        check::<LonLat>("500,300", Err("500,300 is no longitude and latitude in degrees"));
    }

    #[test]
    fn boxes_run_from_west_to_east() {
        check("1,2,3,4", Ok(Box4(Bounds::new(1.0, 2.0, 3.0, 4.0))));
        check::<Box4>("1,2,3", Err("write W,S,E,N, not “1,2,3”"));
        check::<Box4>("3,2,1,4", Err("the order is west, south, east, north: west below east, south below north"));
    }

    #[test]
    fn row_numbers_come_sorted_and_once() {
        check("9-7", Err::<Ids, _>("“9-7” is no row number; write 1,2,5-9"));
        check("7,5-6、5", Ok(Ids(vec![5, 6, 7])));
        check::<Ids>(" , ", Err("there is no row number"));
    }

    #[test]
    fn a_hostile_range_is_refused_before_it_is_spread_out() {
        check::<Ids>("1-9223372036854775807", Err("more than 1000000 row numbers"));
        check::<Ids>("-9223372036854775808", Ok(Ids(vec![i64::MIN])));
    }

    #[test]
    fn a_limit_is_a_whole_number() {
        let said = |words| limit(words).map_err(|bad| bad.0.en.into_owned());
        assert_eq!([said("0"), said(" 12 ")], [Ok(0), Ok(12)]);
        assert_eq!(said("１０"), Ok(10));
        assert_eq!(said("-1"), Err("“-1” must be a whole number, 0 or more".to_owned()));
    }

    #[test]
    fn a_feature_is_named_by_layer_and_row() {
        check("kiosk/12", Ok(On { layer: "kiosk".to_owned(), id: 12 }));
        check::<On>("kiosk", Err("write LAYER/ID, not “kiosk”"));
    }

    #[test]
    fn the_value_of_a_pair_may_hold_the_sign_itself() {
        check("名称=a=b", Ok(Pair { left: "名称".to_owned(), right: "a=b".to_owned() }));
        check::<Pair>("=b", Err("“=b” needs a name, = and a value"));
    }

    #[test]
    fn pictures_have_a_size_that_fits_in_memory() {
        check("1600×1000", Ok(Size([1600, 1000])));
        check::<Size>("0x5", Err("a picture has 1 to 16384 pixels a side and at most 100 million in all"));
        check::<Size>("99999x5", Err("a picture has 1 to 16384 pixels a side and at most 100 million in all"));
        check::<Size>("big", Err("write WxH as 1600x1000, not “big”"));
    }

    #[test]
    fn reference_systems_are_known_by_code_or_name() {
        check("EPSG:4548", Ok(WhichCrs::Known(Crs::Epsg(4548))));
        check("4490", Ok(WhichCrs::Known(Crs::CGCS2000)));
        check("gcj-02", Ok(WhichCrs::Known(Crs::Gcj02)));
        check("BD09", Ok(WhichCrs::Known(Crs::Bd09)));
        check("城建坐标", Ok(WhichCrs::Named("城建坐标".to_owned())));
        assert!(matches!("+proj=tmerc +lon_0=115.9".parse(), Ok(WhichCrs::Known(Crs::Own(_)))));
        for words in ["EPSG:1", "+proj=mars", "12345678"] {
            assert!(words.parse::<WhichCrs>().is_err(), "{words}");
        }
    }

    #[track_caller]
    fn check<T: FromStr<Err = BadWord> + PartialEq + Debug>(words: &str, expected: Result<T, &str>) {
        let got = words.parse::<T>().map_err(|bad| bad.0.en.into_owned());
        assert_eq!(got, expected.map_err(str::to_owned));
    }
}
