//! Coordinate reference systems and their names; the way between them is in [`super::transform`].

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use super::own::{self, OwnCrs, OwnForm};

/// A coordinate reference system that a layer can be in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Crs {
    /// An EPSG code. Positions are x = easting or longitude, y = northing or latitude, whatever axis order EPSG lists.
    Epsg(u32),
    /// GCJ-02 longitude and latitude: the shifted coordinates of Chinese web maps.
    Gcj02,
    /// BD-09 longitude and latitude: GCJ-02 shifted once more.
    Bd09,
    /// A system of the bureau's own, by its place in the list of those that this run of the program knows
    /// ([`OwnCrs::learn`]). The number means nothing outside this run: what is kept is [`Crs::own`].
    Own(u32),
    /// Coordinates of which nothing is known: drawn only if they look like WGS 84 degrees.
    Unknown,
}

/// Why coordinates cannot be understood or converted.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CrsError {
    /// The words name no CRS.
    #[error("“{0}” is no coordinate system this program knows")]
    NoCrs(String),
    /// The CRS is known by name only: no definition, or a projection that is not computed here.
    #[error("{0} cannot be computed")]
    Unsupported(Crs),
    /// The position does not exist in the CRS, or has no image in the other one.
    #[error("({}, {}) lies outside {crs}", .at[0], .at[1])]
    OutOfRange {
        /// x and y.
        at: [f64; 2],
        /// The CRS that does not hold them.
        crs: Crs,
    },
}

impl CrsError {
    /// What to tell a person, in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Self::NoCrs(word) => format!("不认识坐标系“{word}”"),
            Self::Unsupported(crs) => format!("无法换算坐标系 {crs}"),
            Self::OutOfRange { at: [x, y], crs } => format!("坐标 ({x}, {y}) 超出 {crs} 的范围"),
        }
    }

    /// What to tell a person, in English.
    pub fn en(&self) -> String {
        self.to_string()
    }
}

impl Crs {
    /// WGS 84 longitude and latitude in degrees.
    pub const WGS84: Self = Self::Epsg(4326);
    /// CGCS2000 longitude and latitude in degrees, the bureau's own.
    pub const CGCS2000: Self = Self::Epsg(4490);
    /// Web Mercator metres, the map's world.
    pub const WEB_MERCATOR: Self = Self::Epsg(3857);

    /// Reads what people, files and [`Crs`]'s own `Display` write: `EPSG:4548`, `4490`, `GCJ02`, `BD-09`, `CRS84`,
    /// `urn:ogc:def:crs:EPSG::4326`, `http://www.opengis.net/def/crs/OGC/1.3/CRS84`, and the line of a system of one's
    /// own, `+proj=…` or `+base=…`.
    ///
    /// # Errors
    /// [`CrsError::NoCrs`] for other words, for EPSG codes without a definition and for lines that cannot be computed.
    pub fn parse(words: &str) -> Result<Self, CrsError> {
        if words.trim_start().starts_with('+') {
            return OwnCrs { name: String::new(), form: words.parse()? }.learn();
        }
        let no_crs = || CrsError::NoCrs(words.trim().to_owned());
        let plain = words.trim().to_ascii_uppercase();
        // URNs and URLs end in the code, after the authority and perhaps a version.
        let code = plain.rsplit([':', '/', '#']).next().unwrap_or_default().trim();
        let squeezed: String = code.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
        match squeezed.as_str() {
            "CRS84" | "CRS84H" | "WGS84" => return Ok(Self::WGS84),
            "CGCS2000" => return Ok(Self::CGCS2000),
            "GCJ02" => return Ok(Self::Gcj02),
            "BD09" | "BD09LL" => return Ok(Self::Bd09),
            "UNKNOWN" => return Ok(Self::Unknown),
            _ => {}
        }
        let authority = &plain[..plain.len() - code.len().min(plain.len())];
        let known_authority = authority.is_empty() || authority.contains("EPSG") || authority.contains("ESRI");
        let number = u32::from_str(code).ok().filter(|_| known_authority).ok_or_else(no_crs)?;
        let crs = match number {
            900_913 | 102_100 | 102_113 | 3785 => Self::WEB_MERCATOR,
            _ => Self::Epsg(number),
        };
        crs.definition().map(|_| crs).ok_or_else(no_crs)
    }

    /// Whether positions are longitude and latitude in degrees.
    pub fn is_geographic(self) -> bool {
        match self {
            Self::Epsg(_) => self.definition().is_some_and(|definition| definition.proj4.contains("+proj=longlat")),
            Self::Gcj02 | Self::Bd09 => true,
            Self::Own(_) => self.own().is_some_and(|own| own.form.is_geographic()),
            Self::Unknown => false,
        }
    }

    /// The name, in Chinese and in English.
    pub fn title(self) -> (String, String) {
        let fixed = |zh: &str, en: &str| (zh.to_owned(), en.to_owned());
        match self {
            Self::WGS84 => fixed("WGS 84 经纬度", "WGS 84 longitude and latitude"),
            Self::CGCS2000 => fixed("2000国家大地坐标系经纬度", "CGCS2000 longitude and latitude"),
            Self::WEB_MERCATOR => fixed("Web 墨卡托", "Web Mercator"),
            Self::Epsg(4479) => fixed("2000国家大地坐标系地心直角坐标", "CGCS2000 geocentric"),
            Self::Epsg(4480) => fixed("2000国家大地坐标系经纬度和大地高", "CGCS2000 with ellipsoidal height"),
            Self::Gcj02 => fixed("GCJ-02 经纬度（火星坐标，有偏移）", "GCJ-02 longitude and latitude (shifted)"),
            Self::Bd09 => fixed("BD-09 经纬度（百度坐标，有偏移）", "BD-09 longitude and latitude (shifted)"),
            Self::Unknown => fixed("坐标系未知", "unknown coordinate system"),
            Self::Own(_) => {
                if let Some(base) = own::east_first(self) {
                    let (zh, en) = base.title();
                    return (format!("{zh}，北在前、东在后"), format!("{en}, north before east"));
                }
                let name = self.own().map(|own| own.name.clone()).filter(|name| !name.is_empty());
                let name = name.unwrap_or_else(|| self.to_string());
                (name.clone(), name)
            }
            Self::Epsg(code) => {
                let english = self.definition().and_then(|definition| definition.wkt.split('"').nth(1));
                let english = english.map_or_else(|| format!("EPSG:{code}"), str::to_owned);
                (chinese_title(&english), english)
            }
        }
    }

    /// The definition as well-known text (OGC 01-009), for files that carry one; none for an unknown CRS.
    pub fn definition_wkt(self) -> Option<String> {
        match self {
            Self::Epsg(_) => self.definition().map(|definition| definition.wkt.to_owned()),
            Self::Gcj02 => Some(local_wkt("GCJ-02 (shifted)")),
            Self::Bd09 => Some(local_wkt("BD-09 (shifted)")),
            Self::Own(_) => self.own().map(|own| super::wkt_write::own_wkt(&own)),
            Self::Unknown => None,
        }
    }

    /// Name and form of a system of the bureau's own.
    pub fn own(self) -> Option<Arc<OwnCrs>> {
        let Self::Own(place) = self else { return None };
        own::known(place)
    }

    /// The PROJ string of a system of EPSG's or of one's own that has one.
    pub fn proj_words(self) -> Option<String> {
        match (self.own().map(|own| own.form.clone()), self) {
            (Some(OwnForm::Proj(words)), _) => Some(words),
            (_, crs) => crs.proj_string().map(str::to_owned),
        }
    }

    /// The PROJ string, if EPSG lists the CRS.
    pub(super) fn proj_string(self) -> Option<&'static str> {
        self.definition().map(|definition| definition.proj4)
    }

    fn definition(self) -> Option<crs_definitions::Def> {
        let Self::Epsg(code) = self else { return None };
        crs_definitions::from_code(u16::try_from(code).ok()?)
    }
}

impl fmt::Display for Crs {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Epsg(code) => write!(out, "EPSG:{code}"),
            Self::Gcj02 => out.write_str("GCJ02"),
            Self::Bd09 => out.write_str("BD09"),
            Self::Own(place) => match self.own() {
                Some(own) => own.form.fmt(out),
                None => write!(out, "OWN:{place}"),
            },
            Self::Unknown => out.write_str("UNKNOWN"),
        }
    }
}

/// A CRS that other programs should not take for WGS 84: they then say "unknown" rather than draw 500 m off.
fn local_wkt(name: &str) -> String {
    format!(
        "LOCAL_CS[\"{name}\",LOCAL_DATUM[\"{name}\",32767],UNIT[\"degree\",0.0174532925199433],AXIS[\"Longitude\",EAST],\
         AXIS[\"Latitude\",NORTH]]"
    )
}

/// The names that Chinese surveyors use, for the systems they use; other names stay English.
fn chinese_title(english: &str) -> String {
    chinese_parts(english).unwrap_or_else(|| english.to_owned())
}

fn chinese_parts(english: &str) -> Option<String> {
    let (datum, projection) = english.split_once(" / ").unwrap_or((english, ""));
    let datum = match datum {
        "CGCS2000" => "CGCS2000",
        "Xian 1980" => "1980西安坐标系",
        "Beijing 1954" => "1954北京坐标系",
        "New Beijing" => "新1954北京坐标系",
        _ => return None,
    };
    if projection.is_empty() {
        return Some(datum.to_owned());
    }
    let (width, zone) = match projection.strip_prefix("3-degree Gauss-Kruger ") {
        Some(zone) => (3, zone),
        None => (6, projection.strip_prefix("Gauss-Kruger ")?),
    };
    let by_number = zone.strip_prefix("zone ").map(|number| format!("{number}带"));
    let zone = by_number.or_else(|| zone.strip_prefix("CM ").map(|meridian| format!("中央经线{meridian}")))?;
    Some(format!("{datum} / {width}度带高斯-克吕格 {zone}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_write_a_crs_is_read() {
        for words in ["EPSG:4548", "epsg:4548", " 4548 ", "urn:ogc:def:crs:EPSG::4548", "EPSG/0/4548"] {
            check(words, Some(Crs::Epsg(4548)));
        }
        for words in ["urn:ogc:def:crs:OGC:1.3:CRS84", "http://www.opengis.net/def/crs/OGC/1.3/CRS84", "WGS 84", "4326"]
        {
            check(words, Some(Crs::WGS84));
        }
        check("http://www.opengis.net/gml/srs/epsg.xml#4490", Some(Crs::CGCS2000));
        check("EPSG:900913", Some(Crs::WEB_MERCATOR));
        check("gcj-02", Some(Crs::Gcj02));
        check("BD09", Some(Crs::Bd09));
        for words in ["", "EPSG:", "EPSG:1", "EPSG:99999999999", "NAD:4326", "中文", "urn:ogc:def:crs:OGC:1.3:CRS27"]
        {
            check(words, None);
        }
    }

    #[test]
    fn what_is_displayed_reads_back() {
        for crs in [Crs::WGS84, Crs::Epsg(4513), Crs::Gcj02, Crs::Bd09, Crs::Unknown] {
            check(&crs.to_string(), Some(crs));
        }
    }

    #[test]
    fn names_are_those_that_surveyors_use() {
        named(4548, "CGCS2000 / 3度带高斯-克吕格 中央经线117E", "CGCS2000 / 3-degree Gauss-Kruger CM 117E");
        named(4498, "CGCS2000 / 6度带高斯-克吕格 20带", "CGCS2000 / Gauss-Kruger zone 20");
        named(2363, "1980西安坐标系 / 3度带高斯-克吕格 39带", "Xian 1980 / 3-degree Gauss-Kruger zone 39");
        named(4214, "1954北京坐标系", "Beijing 1954");
        named(32650, "WGS 84 / UTM zone 50N", "WGS 84 / UTM zone 50N");
    }

    #[test]
    fn every_chinese_system_is_defined() {
        for code in (4491..=4554).chain([4490, 4326, 3857, 4610, 4214, 2363, 2384, 2415, 2436]) {
            let crs = Crs::Epsg(code);
            assert!(crs.definition_wkt().is_some_and(|wkt| wkt.contains(&code.to_string())), "{crs}");
            assert_eq!(crs.is_geographic(), matches!(code, 4490 | 4326 | 4610 | 4214), "{crs}");
        }
    }

    #[track_caller]
    fn check(words: &str, expected: Option<Crs>) {
        assert_eq!(Crs::parse(words).ok(), expected, "{words}");
    }

    #[track_caller]
    fn named(code: u32, zh: &str, en: &str) {
        assert_eq!(Crs::Epsg(code).title(), (zh.to_owned(), en.to_owned()));
    }
}
