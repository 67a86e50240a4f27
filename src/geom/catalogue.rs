//! The list of systems that a Chinese city meets, to choose from: every zone of CGCS2000, Xi'an 80, Beijing 54 and New
//! Beijing, UTM on WGS 84, and the shifted degrees of web maps. Definitions are EPSG's; the list only says which.

use std::sync::LazyLock;

use super::crs::Crs;
use super::definition::Definition;

/// The codes of the list, from first to last, in the order in which it is shown.
const CODES: [(u32, u32); 18] = [
    (4490, 4490),
    (4534, 4554),
    (4513, 4533),
    (4502, 4512),
    (4491, 4501),
    (4326, 4326),
    (3857, 3857),
    (4610, 4610),
    (2327, 2390),
    (4214, 4214),
    (2401, 2442),
    (21_413, 21_423),
    (21_453, 21_463),
    (4555, 4555),
    (4568, 4589),
    (4652, 4656),
    (4766, 4800),
    (4812, 4812),
];
/// Codes that stand alone behind those.
const MORE: [(u32, u32); 3] = [(4822, 4822), (32_601, 32_660), (32_701, 32_760)];

/// The national system that a row belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Family {
    /// 2000国家大地坐标系.
    Cgcs2000,
    /// 1980西安坐标系.
    Xian1980,
    /// 1954年北京坐标系.
    Beijing1954,
    /// 新1954年北京坐标系.
    NewBeijing,
    /// WGS 84, with UTM and Web Mercator.
    Wgs84,
    /// Degrees of Chinese web maps.
    Shifted,
}

/// A zone of a projection.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zone {
    /// Gauss–Krüger or UTM.
    pub projection: Projection,
    /// Central meridian, degrees.
    pub meridian_deg: f64,
    /// Width, degrees: 3 or 6.
    pub width_deg: u8,
    /// Number of the zone, as its projection counts.
    pub number: u8,
    /// Whether eastings begin with the number of the zone (带号).
    pub has_prefix: bool,
}

/// How a zone is projected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Projection {
    /// Gauss–Krüger, scale 1.
    GaussKruger,
    /// UTM, scale 0.9996.
    Utm,
}

/// A row of the list.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The system.
    pub crs: Crs,
    /// What it belongs to.
    pub family: Family,
    /// Its zone, if it is projected by zones.
    pub zone: Option<Zone>,
    /// Its name in Chinese.
    pub zh: String,
    /// Its name in English.
    pub en: String,
    /// All that a search looks through, in small letters.
    words: String,
}

static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| {
    let coded = CODES.into_iter().chain(MORE).flat_map(|(first, last)| first..=last).map(Crs::Epsg);
    // The shifted degrees stand where people look for degrees.
    let mut entries: Vec<Entry> = coded.filter_map(Entry::new).collect();
    let after = entries.iter().position(|entry| entry.crs == Crs::WEB_MERCATOR).map_or(0, |at| at + 1);
    entries.splice(after..after, [Crs::Gcj02, Crs::Bd09].into_iter().filter_map(Entry::new));
    entries
});

/// Every row.
pub fn entries() -> &'static [Entry] {
    &ENTRIES
}

/// The row of a system.
pub fn entry(crs: Crs) -> Option<&'static Entry> {
    entries().iter().find(|entry| entry.crs == crs)
}

/// The Gauss–Krüger system of a family with this meridian.
pub fn gauss_kruger(family: Family, width_deg: u8, meridian_deg: f64, has_prefix: bool) -> Option<Crs> {
    let is_it = |entry: &&Entry| {
        entry.family == family
            && entry.zone.is_some_and(|zone| {
                zone.projection == Projection::GaussKruger
                    && zone.width_deg == width_deg
                    && zone.has_prefix == has_prefix
                    && zone.meridian_deg == meridian_deg
            })
    };
    entries().iter().find(is_it).map(|entry| entry.crs)
}

/// Central meridian of the 3-degree zone that a longitude lies in.
pub fn meridian_of(lon: f64) -> f64 {
    (lon / 3.0).round() * 3.0
}

/// The systems that a city at this longitude is likely to have its data in, likeliest first.
pub fn likely(lon: f64) -> Vec<Crs> {
    let meridian = meridian_of(lon);
    let six = ((lon / 6.0).floor() + 0.5) * 6.0;
    let zone = |family, width, meridian, has_prefix| gauss_kruger(family, width, meridian, has_prefix);
    let old = [Family::Xian1980, Family::Beijing1954];
    let mut list = vec![
        Some(Crs::CGCS2000),
        zone(Family::Cgcs2000, 3, meridian, false),
        zone(Family::Cgcs2000, 3, meridian, true),
        Some(Crs::WGS84),
        Some(Crs::Gcj02),
        Some(Crs::Bd09),
        Some(Crs::WEB_MERCATOR),
    ];
    list.extend(old.into_iter().flat_map(|family| [false, true].map(|prefix| zone(family, 3, meridian, prefix))));
    list.extend([false, true].map(|prefix| zone(Family::Cgcs2000, 6, six, prefix)));
    list.into_iter().flatten().collect()
}

/// The rows that all the words fit, best first: words of a name in either language, a code, a meridian (`117`, `117E`),
/// a zone (`39带`), a width (`3度`). Among equals those near `lon` come first. No words give every row.
pub fn search(words: &str, lon: f64) -> Vec<&'static Entry> {
    let wanted: Vec<Wanted> = words.split_whitespace().map(Wanted::read).collect();
    let likely = likely(lon);
    let mut found: Vec<(usize, usize, &Entry)> = Vec::new();
    for entry in entries() {
        let ranks: Option<Vec<usize>> = wanted.iter().map(|word| word.rank(entry)).collect();
        if let Some(ranks) = ranks {
            let near = likely.iter().position(|crs| *crs == entry.crs).unwrap_or(likely.len());
            found.push((ranks.into_iter().sum(), near, entry));
        }
    }
    found.sort_by_key(|(rank, near, _)| (*rank, *near));
    found.into_iter().map(|(.., entry)| entry).collect()
}

impl Entry {
    fn new(crs: Crs) -> Option<Self> {
        let (zh, en) = crs.title();
        let family = match crs {
            Crs::Gcj02 | Crs::Bd09 => Family::Shifted,
            Crs::WGS84 | Crs::WEB_MERCATOR => Family::Wgs84,
            _ => family(en.split(" / ").next().unwrap_or_default())?,
        };
        let zone = zone_of(crs, &en);
        let by_zone = zone.map_or_else(String::new, |zone| {
            let Zone { meridian_deg, width_deg, number, .. } = zone;
            format!(" {width_deg}度带 {width_deg}°带 {number}带 {meridian_deg}e {meridian_deg}° 带号{number}")
        });
        let words = format!("{zh} {en} {crs} {}{by_zone}", other_names(family)).to_lowercase();
        Some(Self { crs, family, zone, zh, en, words })
    }

    /// Its number in the EPSG list.
    pub fn code(&self) -> Option<u32> {
        match self.crs {
            Crs::Epsg(code) => Some(code),
            _ => None,
        }
    }
}

fn family(name: &str) -> Option<Family> {
    Some(match name {
        "Xian 1980" => Family::Xian1980,
        "Beijing 1954" => Family::Beijing1954,
        "New Beijing" => Family::NewBeijing,
        "WGS 84" => Family::Wgs84,
        name if name.starts_with("CGCS2000") => Family::Cgcs2000,
        _ => return None,
    })
}

/// What people type for a family.
fn other_names(family: Family) -> &'static str {
    match family {
        Family::Cgcs2000 => "国家2000 大地2000 2000国家大地坐标系 china 2000",
        Family::Xian1980 => "西安80 西安1980 国家80 xian80 xi'an 80",
        Family::Beijing1954 => "北京54 北京1954 beijing54 bj54",
        Family::NewBeijing => "新北京54 新54",
        Family::Wgs84 => "wgs84 通用横轴墨卡托",
        Family::Shifted => "火星坐标 高德 腾讯 百度 amap tencent baidu gcj02 bd09",
    }
}

fn zone_of(crs: Crs, en: &str) -> Option<Zone> {
    let plane = Definition::read(crs.proj_string()?)?.plane?;
    let given = plane.gauss.given;
    let projection = if given.scale == 1.0 { Projection::GaussKruger } else { Projection::Utm };
    let width_deg = if en.contains("3-degree") { 3 } else { 6 };
    let has_prefix = given.false_easting_m > 1e6;
    let number = match (projection, width_deg) {
        (Projection::Utm, _) => (given.meridian_deg + 183.0) / 6.0,
        (Projection::GaussKruger, 3) => given.meridian_deg / 3.0,
        (Projection::GaussKruger, _) => (given.meridian_deg + 3.0) / 6.0,
    };
    Some(Zone { projection, meridian_deg: given.meridian_deg, width_deg, number: number as u8, has_prefix })
}

/// A word of a search.
struct Wanted {
    word: String,
    number: Option<u32>,
    /// The number of a zone: `39带`, `第39带`.
    zone: Option<u8>,
}

impl Wanted {
    fn read(word: &str) -> Self {
        let narrow = |c: char| match c {
            '\u{FF01}'..='\u{FF5E}' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
            _ => c,
        };
        let word = word.chars().map(narrow).collect::<String>().to_lowercase();
        let number = word.strip_prefix("epsg:").unwrap_or(&word).parse().ok();
        let zone = word.trim_start_matches('第').strip_suffix('带').and_then(|digits| digits.parse().ok());
        Self { word, number, zone }
    }

    /// 0 for the best fit; none if the row is not meant.
    fn rank(&self, entry: &Entry) -> Option<usize> {
        if let (Some(wanted), Some(zone)) = (self.zone, entry.zone) {
            // Who names a zone has its number before the easting.
            return (zone.number == wanted).then_some(usize::from(!zone.has_prefix));
        }
        let Some(number) = self.number else { return entry.words.contains(&self.word).then_some(0) };
        let zone = entry.zone;
        if entry.code() == Some(number) || zone.is_some_and(|zone| zone.meridian_deg == f64::from(number)) {
            return Some(0);
        }
        if zone.is_some_and(|zone| u32::from(zone.number) == number || u32::from(zone.width_deg) == number) {
            return Some(1);
        }
        let starts = entry.code().is_some_and(|code| code.to_string().starts_with(&number.to_string()));
        let named = entry.words.split(|c: char| !c.is_ascii_digit()).any(|digits| digits == self.word);
        if starts || named { Some(2) } else { None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const JIUJIANG: f64 = 116.0;

    #[test]
    fn every_zone_of_every_national_system_is_there() {
        let count = |family| entries().iter().filter(|entry| entry.family == family).count();
        // Degrees, 21 zones of 3 degrees and 11 of 6, each with the zone before the easting and without.
        for family in [Family::Cgcs2000, Family::Xian1980, Family::Beijing1954, Family::NewBeijing] {
            assert_eq!(count(family), 65, "{family:?}");
        }
        assert_eq!(count(Family::Wgs84), 2 + 120);
        assert_eq!(count(Family::Shifted), 2);
        for entry in entries() {
            assert!(!entry.zh.is_empty() && !entry.en.is_empty(), "{}", entry.crs);
        }
    }

    #[test]
    fn a_zone_is_found_by_whatever_people_type() {
        check("117", 4548);
        check("39带", 4527);
        check("cgcs 3度 117", 4548);
        check("西安80 39带", 2363);
        check("北京54 117", 2436);
        check("xian 6-degree", 0);
        check("utm 50n", 32_650);
        check("4547", 4547);
        check("EPSG:4490", 4490);
        check("６度 20带", 4498);
        check("web", 3857);
        check("火星 99", 0);
    }

    #[test]
    fn the_likeliest_systems_come_first() {
        let first = search("", JIUJIANG).into_iter().take(3).map(|entry| entry.crs).collect::<Vec<_>>();
        assert_eq!(first, [Crs::CGCS2000, Crs::Epsg(4548), Crs::Epsg(4527)]);
        assert_eq!(search("3度", 114.2)[0].crs, Crs::Epsg(4547));
        assert_eq!(search("火星", JIUJIANG)[0].crs, Crs::Gcj02);
    }

    /// The best row for the words; 0 for none.
    #[track_caller]
    fn check(words: &str, code: u32) {
        let found = search(words, JIUJIANG).first().and_then(|entry| entry.code()).unwrap_or_default();
        assert_eq!(found, code, "{words}");
    }
}
