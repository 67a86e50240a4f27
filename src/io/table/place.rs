//! Where a table keeps the place of a row: by the names of its columns, and by what stands in them.

use super::degrees::{coordinate, pair};
use crate::geom::crs::Crs;
use crate::io::format::PlaceColumns;
use crate::io::wkt;
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};
use crate::text;
use crate::text::Text;

/// The columns that hold the place, by their number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::io) enum Place {
    /// Rows have no place.
    #[default]
    Nowhere,
    /// East and north in a column each, and perhaps a height.
    Xy { x: usize, y: usize, z: Option<usize> },
    /// Both in one.
    Pair { column: usize, is_north_first: bool },
    /// A whole geometry: well-known text, or well-known binary in hexadecimal digits.
    Wkt(usize),
}

/// What was found, and what a person should know of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::io) struct Found {
    pub place: Place,
    /// The CRS that the names of the columns speak of.
    pub crs: Option<Crs>,
    pub understood: Vec<Text>,
}

/// Why a cell is no place.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::io) enum BadPlace {
    /// No coordinate: the words.
    NoNumber(String),
    /// Zero and zero: nobody measured it.
    Zero,
    /// Degrees that no place on earth has.
    OffTheGlobe([f64; 2]),
    /// Well-known text that is none.
    Wkt(Text),
}

impl Place {
    /// The columns that it takes.
    pub(in crate::io) fn columns(self) -> impl Iterator<Item = usize> {
        let (first, second, third) = match self {
            Self::Nowhere => (None, None, None),
            Self::Xy { x, y, z } => (Some(x), Some(y), z),
            Self::Pair { column, .. } | Self::Wkt(column) => (Some(column), None, None),
        };
        [first, second, third].into_iter().flatten()
    }

    /// The place of a row, none if its cells are blank.
    pub(in crate::io) fn of<'a>(
        self,
        cell: impl Fn(usize) -> &'a str,
        is_geographic: bool,
    ) -> Result<Option<Geometry>, BadPlace> {
        let number = |column| {
            let word = cell(column);
            coordinate(word).ok_or_else(|| BadPlace::NoNumber(word.chars().take(40).collect()))
        };
        let is_blank = |column: usize| cell(column).trim().is_empty();
        let ([x, y], z) = match self {
            Self::Nowhere => return Ok(None),
            Self::Xy { x, y, .. } if is_blank(x) && is_blank(y) => return Ok(None),
            Self::Pair { column, .. } | Self::Wkt(column) if is_blank(column) => return Ok(None),
            Self::Wkt(column) => {
                let shape = shape(cell(column))?;
                let outside = Some(shape.bounds()).filter(|bounds| is_geographic && !bounds.is_empty());
                let corners = outside.into_iter().flat_map(|bounds| [bounds.min, bounds.max]);
                let mut beyond = corners.filter(|&[x, y]| is_beyond([x, y]));
                return beyond.next().map_or(Ok(Some(shape)), |at| Err(BadPlace::OffTheGlobe(at)));
            }
            Self::Xy { x, y, z } => ([number(x)?, number(y)?], z.and_then(|z| coordinate(cell(z)))),
            Self::Pair { column, is_north_first } => {
                let word = cell(column);
                let [a, b] = pair(word).ok_or_else(|| BadPlace::NoNumber(word.chars().take(40).collect()))?;
                (if is_north_first { [b, a] } else { [a, b] }, None)
            }
        };
        if x == 0.0 && y == 0.0 {
            return Err(BadPlace::Zero);
        }
        if is_geographic && is_beyond([x, y]) {
            return Err(BadPlace::OffTheGlobe([x, y]));
        }
        Ok(point(x, y, z))
    }
}

/// Whether degrees are those of no place, or no numbers.
fn is_beyond([x, y]: [f64; 2]) -> bool {
    !((-180.0..=180.0).contains(&x) && (-90.0..=90.0).contains(&y))
}

impl BadPlace {
    /// What a person is told.
    pub(in crate::io) fn words(&self) -> Text {
        match self {
            Self::NoNumber(word) => {
                text!("“{word}”不是坐标，此行没有位置", "“{word}” is no coordinate: the row has no place")
            }
            Self::Zero => Text::new("坐标为 0, 0，视为没有位置", "its coordinates are 0, 0: taken as no place"),
            Self::OffTheGlobe([x, y]) => text!(
                "({x}, {y}) 不是经纬度，此行没有位置；若是平面坐标，请指定坐标系",
                "({x}, {y}) is no longitude and latitude: the row has no place; if it is projected, choose its coordinate system"
            ),
            Self::Wkt(Text { zh, en }) => text!("几何文字无法读取：{zh}", "its geometry cannot be read: {en}"),
        }
    }
}

fn point(x: f64, y: f64, z: Option<f64>) -> Option<Geometry> {
    let mut out = WkbWriter::new(z.is_some());
    out.head(GeometryKind::Point, 1);
    out.position(x, y, z.unwrap_or(0.0));
    Geometry::from_writer(out).ok()
}

/// Well-known text, or binary in hexadecimal digits as PostGIS writes it.
fn shape(word: &str) -> Result<Geometry, BadPlace> {
    let word = word.trim();
    if let Some(bytes) = hexadecimal(word) {
        let garbled = |_| BadPlace::Wkt(Text::new("二进制几何已损坏", "its binary geometry is garbled"));
        return Geometry::from_wkb(&bytes).map_err(garbled);
    }
    wkt::parse(word).map(|parsed| parsed.geometry).map_err(|error| BadPlace::Wkt(error.what))
}

/// The bytes, if the word is the hexadecimal form of a geometry.
fn hexadecimal(word: &str) -> Option<Vec<u8>> {
    let is_it = word.len() >= 18 && word.len().is_multiple_of(2) && (word.starts_with("01") || word.starts_with("00"));
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8);
    is_it.then(|| word.as_bytes().chunks_exact(2).map(|two| Some(digit(two[0])? * 16 + digit(two[1])?)).collect())?
}

fn is_shape(word: &str) -> bool {
    let head: String = word.chars().take(200).collect();
    wkt::is_begun(&head) || hexadecimal(word).is_some_and(|bytes| Geometry::from_wkb(&bytes).is_ok())
}

/// Finds the place by what is asked for, or by names and values; `rows` are some rows of data.
pub(in crate::io) fn find(names: &[String], rows: &[Vec<String>], asked: Option<&PlaceColumns>) -> Result<Found, Text> {
    if let Some(asked) = asked {
        return as_asked(names, asked);
    }
    let table = Table { names, rows };
    let found = table.shapes_named().or_else(|| table.named()).or_else(|| table.one_column(true));
    let found = found.or_else(|| table.shapes()).or_else(|| table.one_column(false)).or_else(|| table.by_values());
    Ok(found.unwrap_or_default())
}

fn as_asked(names: &[String], asked: &PlaceColumns) -> Result<Found, Text> {
    let column = |name: &String| {
        let exact = names.iter().position(|known| known == name);
        let column = exact.or_else(|| names.iter().position(|known| known.eq_ignore_ascii_case(name.trim())));
        column.ok_or_else(|| text!("没有名为“{name}”的列", "there is no column “{name}”"))
    };
    let place = match asked {
        PlaceColumns::Nowhere => Place::Nowhere,
        PlaceColumns::Wkt(name) => Place::Wkt(column(name)?),
        PlaceColumns::Xy(x, y) => Place::Xy { x: column(x)?, y: column(y)?, z: None },
    };
    Ok(Found { place, ..Found::default() })
}

/// What a column's name says that it holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Axis {
    Lon,
    Lat,
    East,
    North,
    X,
    Y,
}

const AXES: [(Axis, &[&str]); 6] = [
    (Axis::Lon, &["经度", "东经", "longitude", "long", "lon", "lng"]),
    (Axis::Lat, &["纬度", "北纬", "latitude", "lat"]),
    (Axis::East, &["东坐标", "横坐标", "东距", "easting", "east"]),
    (Axis::North, &["北坐标", "纵坐标", "北距", "northing", "north"]),
    (Axis::X, &["x坐标", "坐标x", "xcoord", "coordx", "pointx", "x"]),
    (Axis::Y, &["y坐标", "坐标y", "ycoord", "coordy", "pointy", "y"]),
];
const PAIRS: [(Axis, Axis); 3] = [(Axis::Lon, Axis::Lat), (Axis::East, Axis::North), (Axis::X, Axis::Y)];
const HEIGHTS: [&str; 4] = ["z", "z坐标", "坐标z", "zcoord"];
const SHAPES: [&str; 10] = ["wkt", "ewkt", "wkb", "geom", "thegeom", "geometry", "wktgeom", "geomwkt", "shape", "几何"];
const BOTH: [&str; 15] = [
    "位置",
    "坐标",
    "经纬度",
    "坐标位置",
    "地理坐标",
    "纬经度",
    "location",
    "coordinates",
    "coordinate",
    "coords",
    "lonlat",
    "lnglat",
    "latlon",
    "latlng",
    "position",
];

/// Small letters, without spaces, signs, and units in brackets.
fn plain(name: &str) -> String {
    let head = name.split(['(', '（', '[', '［']).next().unwrap_or_default();
    let head = if head.trim().is_empty() { name } else { head };
    let kept = head.chars().filter(|c| !c.is_whitespace() && !matches!(c, '_' | '-' | '.' | '/' | ':' | '：' | '*'));
    kept.flat_map(char::to_lowercase).collect()
}

/// The axis that a name speaks of, and what else it says: `起点经度` is the longitude of `起点`.
fn axis(name: &str) -> Option<(Axis, String)> {
    let name = plain(name);
    let words = AXES.iter().flat_map(|(axis, words)| words.iter().map(move |word| (*axis, *word)));
    let found = words.filter_map(|(axis, word)| {
        let is_long = word.len() > 2; // a letter alone stands alone, or behind Chinese words
        let before = name.strip_suffix(word).filter(|rest| is_long || rest.is_empty() || !rest.is_ascii());
        let rest = before.or_else(|| name.strip_prefix(word).filter(|_| is_long))?;
        Some((axis, word.len(), rest.to_owned()))
    });
    found.max_by_key(|(_, len, _)| *len).map(|(axis, _, rest)| (axis, rest))
}

/// The shifted systems of web maps, where a name admits them.
fn shifted(name: &str) -> Option<Crs> {
    let name = plain(name);
    let says = |words: &[&str]| words.iter().any(|word| name.contains(word));
    if says(&["gcj", "火星", "高德", "腾讯", "amap"]) {
        return Some(Crs::Gcj02);
    }
    says(&["bd09", "百度", "baidu"]).then_some(Crs::Bd09)
}

/// Names and some rows.
struct Table<'a> {
    names: &'a [String],
    rows: &'a [Vec<String>],
}

impl<'a> Table<'a> {
    /// The cells of a column that say something.
    fn cells(&self, column: usize) -> impl Iterator<Item = &'a str> {
        let cells = self.rows.iter().filter_map(move |row| row.get(column)).map(|cell| cell.trim());
        cells.filter(|cell| !cell.is_empty())
    }

    /// Whether at least so many of a hundred cells are so, and there is one.
    fn most(&self, column: usize, percent: usize, is_so: impl Fn(&str) -> bool) -> bool {
        let (mut all, mut so) = (0, 0);
        for cell in self.cells(column) {
            all += 1;
            so += usize::from(is_so(cell));
        }
        so > 0 && so * 100 >= all * percent
    }

    fn shapes_named(&self) -> Option<Found> {
        let is_named = |column: &usize| SHAPES.contains(&plain(&self.names[*column]).as_str());
        let column = (0..self.names.len()).filter(is_named).find(|&column| self.most(column, 50, is_shape))?;
        Some(self.shape_in(column))
    }

    fn shapes(&self) -> Option<Found> {
        (0..self.names.len()).find(|&column| self.most(column, 80, is_shape)).map(|column| self.shape_in(column))
    }

    fn shape_in(&self, column: usize) -> Found {
        let name = &self.names[column];
        let understood = text!("位置取自“{name}”列的几何文字（WKT）", "places are the well-known text in “{name}”");
        let mut srids = self.cells(column).filter_map(|cell| wkt::parse(cell).ok()).map(|parsed| parsed.srid);
        let first = srids.next().flatten().filter(|first| srids.all(|srid| srid == Some(*first)));
        let crs = first.map(Crs::Epsg).filter(|crs| Crs::parse(&crs.to_string()).is_ok());
        Found { place: Place::Wkt(column), crs, understood: vec![understood] }
    }

    /// Two columns that are called like coordinates and hold numbers.
    fn named(&self) -> Option<Found> {
        let axes: Vec<_> = self.names.iter().map(|name| axis(name)).collect();
        let mut several = None;
        for (east, north) in PAIRS {
            let pairs: Vec<(usize, usize)> = (0..axes.len())
                .filter_map(|x| {
                    let (found, rest) = axes[x].as_ref()?;
                    let y = axes.iter().position(|other| *other == Some((north, rest.clone())))?;
                    (*found == east && self.are_numbers(x) && self.are_numbers(y)).then_some((x, y))
                })
                .collect();
            let bare = pairs.iter().find(|(x, _)| axes[*x].as_ref().is_some_and(|(_, rest)| rest.is_empty()));
            match (bare, pairs.as_slice()) {
                (Some(&(x, y)), _) | (None, &[(x, y)]) => return Some(self.pair_of(x, y)),
                (None, []) => {}
                (None, _) => several = Some(()),
            }
        }
        several.map(|()| {
            let understood = Text::new(
                "有好几对坐标列，不知取哪一对：请指定",
                "several pairs of columns hold coordinates: choose the ones that give the place",
            );
            Found { understood: vec![understood], ..Found::default() }
        })
    }

    fn are_numbers(&self, column: usize) -> bool {
        self.cells(column).next().is_none() || self.most(column, 50, |cell| coordinate(cell).is_some())
    }

    fn range(&self, column: usize) -> [f64; 2] {
        let numbers = self.cells(column).filter_map(coordinate).filter(|&number| number != 0.0);
        numbers.fold([f64::INFINITY, f64::NEG_INFINITY], |[least, most], number| [least.min(number), most.max(number)])
    }

    fn pair_of(&self, x: usize, y: usize) -> Found {
        let is_swapped = is_swapped(self.range(x), self.range(y));
        let (x, y) = if is_swapped { (y, x) } else { (x, y) };
        let (east, north) = (&self.names[x], &self.names[y]);
        let mut understood = vec![text!(
            "位置取自“{east}”（东）和“{north}”（北）两列",
            "places are in “{east}” (east) and “{north}” (north)"
        )];
        if is_swapped {
            let [least, most] = self.range(y);
            understood.push(text!(
                "“{north}”的值在 {least} 到 {most} 之间，只能是北向（测量的 X 轴向北）",
                "“{north}” is between {least} and {most}, which can only be north (surveyors' x points north)"
            ));
        }
        let crs = shifted(east).or_else(|| shifted(north));
        let z = (0..self.names.len()).find(|&column| HEIGHTS.contains(&plain(&self.names[column]).as_str()));
        let z = z.filter(|&z| self.cells(z).next().is_some() && self.most(z, 100, |cell| coordinate(cell).is_some()));
        Found { place: Place::Xy { x, y, z }, crs, understood }
    }

    /// One column with both coordinates, known by its name or by its values alone.
    fn one_column(&self, by_name: bool) -> Option<Found> {
        let is_pair = |cell: &str| pair(cell).is_some_and(|[a, b]| a.abs().min(b.abs()) <= 90.0 || a.abs() > 1e5);
        let is_lonlat = |cell: &str| {
            let plain = pair(cell).filter(|_| cell.matches('.').count() == 2 || cell.contains(['°', '度']));
            plain.is_some_and(|[a, b]| is_in_china(a, b) || is_in_china(b, a))
        };
        let column = (0..self.names.len()).find(|&column| {
            let is_named = BOTH.iter().any(|word| plain(&self.names[column]).ends_with(word));
            if by_name { is_named && self.most(column, 50, is_pair) } else { self.most(column, 80, is_lonlat) }
        })?;
        let name = &self.names[column];
        let firsts = self.cells(column).filter_map(pair);
        let (mut first, mut second) = (0.0_f64, 0.0_f64);
        for [a, b] in firsts {
            (first, second) = (first.max(a.abs()), second.max(b.abs()));
        }
        let is_called_so = ["latl", "纬经", "lat,"].iter().any(|word| plain(name).contains(word));
        let is_degrees = first.max(second) <= 180.0;
        let is_north_first = if is_degrees { second > 90.0 || (first <= 90.0 && is_called_so) } else { second > first };
        let understood = if is_north_first {
            text!("位置取自“{name}”一列，北在前、东在后", "places are in “{name}”, north before east")
        } else {
            text!("位置取自“{name}”一列，东在前、北在后", "places are in “{name}”, east before north")
        };
        Some(Found { place: Place::Pair { column, is_north_first }, crs: shifted(name), understood: vec![understood] })
    }

    /// The only two columns whose numbers can be longitudes and latitudes of China, with three decimals or more.
    fn by_values(&self) -> Option<Found> {
        let is_fine = |cell: &str| cell.split('.').nth(1).is_some_and(|decimals| decimals.len() >= 3);
        let is_within = |column: usize, least: f64, most: f64| {
            let is_so = |cell: &str| coordinate(cell).is_some_and(|number| (least..=most).contains(&number));
            self.most(column, 100, is_so) && self.most(column, 80, is_fine)
        };
        let only = |least, most| {
            let mut columns = (0..self.names.len()).filter(|&column| is_within(column, least, most));
            columns.next().filter(|_| columns.next().is_none())
        };
        let (x, y) = (only(CHINA[0], CHINA[2])?, only(CHINA[1], CHINA[3])?);
        let (east, north) = (&self.names[x], &self.names[y]);
        let understood = text!(
            "“{east}”和“{north}”两列的数值像经度和纬度，作为位置",
            "“{east}” and “{north}” hold what look like longitudes and latitudes: taken as the place"
        );
        Some(Found { place: Place::Xy { x, y, z: None }, crs: None, understood: vec![understood] })
    }
}

/// The country: west, south, east, north in degrees.
const CHINA: [f64; 4] = [73.0, 3.0, 136.0, 54.0];

fn is_in_china(lon: f64, lat: f64) -> bool {
    (CHINA[0]..=CHINA[2]).contains(&lon) && (CHINA[1]..=CHINA[3]).contains(&lat)
}

/// Whether what is called east can only be north, and the other way round.
fn is_swapped([x_least, x_most]: [f64; 2], [y_least, y_most]: [f64; 2]) -> bool {
    if x_least > x_most || y_least > y_most {
        return false;
    }
    let is_degrees = [x_least, x_most, y_least, y_most].iter().all(|number| number.abs() <= 180.0);
    if is_degrees {
        return y_most.abs().max(y_least.abs()) > 90.0 && x_most.abs().max(x_least.abs()) <= 90.0;
    }
    let is_north = |least: f64, most: f64| least >= 1.6e6 && most <= 6.2e6;
    let is_east = |least: f64, most: f64| (least >= 0.0 && most < 1e6) || (least >= 1.3e7 && most < 4.6e7);
    is_north(x_least, x_most) && is_east(y_least, y_most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_found_by_name() {
        check("名称,经度,纬度|a,116,29.7", "Xy { x: 1, y: 2, z: None }");
        check("LAT,LNG,x,y|29.7,116,1,2", "Xy { x: 1, y: 0, z: None }");
        check("东坐标(m),北坐标(m),Z|401296,3288402,12", "Xy { x: 0, y: 1, z: Some(2) }");
        check("设备经度,设备纬度|116,29", "Xy { x: 0, y: 1, z: None }");
        check("起点经度,起点纬度,终点经度,终点纬度|116,29,117,30", "Nowhere");
        check("id,the_geom|1,POINT(1 2)", "Wkt(1)");
        check("a,位置|1,\"29.7;116\"", "Pair { column: 1, is_north_first: true }");
        check("lateral,population|1,2", "Nowhere");
    }

    #[test]
    fn places_are_found_by_what_stands_there() {
        check("a,b,c|1,116.0123,29.7012|2,116.1234,29.7123", "Xy { x: 1, y: 2, z: None }");
        check("a,b|1,0101000000000000000000F03F0000000000000040", "Wkt(1)");
        check("a,b|1,\"116.01;29.70\"", "Pair { column: 1, is_north_first: false }");
        check("a,b|1,2.5", "Nowhere");
    }

    #[test]
    fn a_surveyors_x_points_north() {
        check("X,Y|3288402.35,401296.43", "Xy { x: 1, y: 0, z: None }");
        check("X坐标,Y坐标|3288402.35,39401296.43", "Xy { x: 1, y: 0, z: None }");
        check("x,y|29.7,116.0", "Xy { x: 1, y: 0, z: None }");
        check("X,Y|401296.43,3288402.35", "Xy { x: 0, y: 1, z: None }");
    }

    /// The first row names the columns; `;` stands for a comma inside a cell.
    #[track_caller]
    fn check(table: &str, expected: &str) {
        let cell = |cell: &str| cell.trim_matches('"').replace(';', ",");
        let mut rows = table.split('|').map(|row| row.split(',').map(cell).collect::<Vec<_>>());
        let names = rows.next().expect("names");
        let found = find(&names, &rows.collect::<Vec<_>>(), None).expect("found");
        assert_eq!(format!("{:?}", found.place), expected, "{table}");
    }

    #[test]
    fn well_known_text_beyond_the_globe_is_no_place() {
        let of = |words: &'static str, is_geographic| Place::Wkt(0).of(|_| words, is_geographic);
        let line = "LINESTRING (116 29, 401296 3288402)";
        assert!(matches!(of(line, true), Err(BadPlace::OffTheGlobe(_))));
        assert!(of(line, false).is_ok() && of("LINESTRING (116 29, 116.1 29.1)", true).is_ok());
    }
}
