//! What can be wrong with one feature of a GeoJSON file, and what a person is told.

use super::geojson_check::words;
use super::guess_crs::is_swapped;
use crate::model::geometry::Bounds;
use crate::task::Problem;
use crate::text;
use crate::text::Text;

/// What is wrong with a feature. Errors leave it out, warnings keep it.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Fault {
    Malformed(String),
    Unreadable(String),
    NotAFeature,
    UnknownType(String),
    BadGeometry,
    BadCoordinates,
    BadNesting,
    ShortLine,
    ShortRing,
    TooDeep,
    OutOfRange([f64; 2]),
    RingOpen([f64; 2]),
    HeightMissing,
    BeyondDateLine([f64; 2]),
    BadProperties,
    BadId,
    BareGeometry,
    BadText,
}

impl Fault {
    /// Whether the feature cannot be taken.
    pub(super) fn is_error(&self) -> bool {
        !matches!(
            self,
            Self::RingOpen(_)
                | Self::HeightMissing
                | Self::BeyondDateLine(_)
                | Self::BadProperties
                | Self::BadId
                | Self::BareGeometry
                | Self::BadText
        )
    }

    /// What a person is told.
    pub(super) fn problem(&self, number: u64) -> Problem {
        let (rule, what) = self.words();
        let made = if self.is_error() { Problem::error(rule, what) } else { Problem::warning(rule, what) };
        made.of_feature(i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Where it is, in the file's coordinates.
    pub(super) fn place(&self) -> Option<[f64; 2]> {
        match self {
            Self::RingOpen(at) | Self::BeyondDateLine(at) => Some(*at),
            _ => None,
        }
    }

    fn words(&self) -> (&'static str, Text) {
        match self {
            Self::Malformed(what) => {
                let Text { zh, en } = words(what);
                ("geojson.not-well-formed", text!("这一行不是完整的 JSON：{zh}", "this line is no JSON: {en}"))
            }
            Self::Unreadable(what) => {
                let Text { zh, en } = words(what);
                ("geojson.unreadable", text!("要素无法读取：{zh}", "it cannot be read: {en}"))
            }
            Self::NotAFeature => ("geojson.not-a-feature", Text::new("不是 GeoJSON 要素", "it is no GeoJSON feature")),
            Self::UnknownType(word) => {
                ("geojson.unknown-type", text!("未知的类型“{word}”", "“{word}” is no type of GeoJSON"))
            }
            Self::BadGeometry => ("geojson.bad-geometry", Text::new("几何不是对象", "its geometry is no object")),
            Self::BadCoordinates => (
                "geojson.bad-coordinates",
                Text::new("坐标不是数字（每个位置至少两个）", "its coordinates are not numbers, two or more each"),
            ),
            Self::BadNesting => {
                ("geojson.bad-nesting", Text::new("坐标的层次与几何类型不符", "its coordinates do not fit its type"))
            }
            Self::ShortLine => ("geojson.short-line", Text::new("线少于两个点", "a line has fewer than two positions")),
            Self::ShortRing => {
                ("geojson.short-ring", Text::new("面的边界少于四个点", "a ring has fewer than four positions"))
            }
            Self::TooDeep => {
                ("geojson.too-deep", Text::new("几何集合嵌套太深", "its collections are nested too deeply"))
            }
            Self::OutOfRange([x, y]) if is_swapped(&Bounds::new(*x, *y, *x, *y)) => (
                "geojson.out-of-range",
                text!(
                    "坐标 ({x}, {y}) 像是纬度在前、经度在后；可交换坐标轴读入：--crs EPSG:4326 --swap-axes",
                    "({x}, {y}) looks like latitude before longitude; read it with the axes exchanged: --crs EPSG:4326 \
                     --swap-axes"
                ),
            ),
            Self::OutOfRange([x, y]) => (
                "geojson.out-of-range",
                text!(
                    "坐标 ({x}, {y}) 不是经纬度；若是平面坐标，请指定坐标系",
                    "({x}, {y}) is no longitude and latitude; if it is projected, choose its coordinate system"
                ),
            ),
            Self::RingOpen(_) => {
                ("geojson.ring-open", Text::new("面的边界没有闭合，已自动闭合", "a ring was open and has been closed"))
            }
            Self::HeightMissing => (
                "geojson.height-missing",
                Text::new("部分位置没有高程，按 0 处理", "some positions have no height: taken as 0"),
            ),
            Self::BeyondDateLine([x, _]) => {
                ("geojson.beyond-date-line", text!("经度 {x} 超出 ±180°", "longitude {x} is beyond 180°"))
            }
            Self::BadProperties => {
                ("geojson.bad-properties", Text::new("属性不是对象，已忽略", "its properties are no object: left out"))
            }
            Self::BadId => {
                ("geojson.bad-id", Text::new("id 既非数字也非文字，已忽略", "its id is no number or text: left out"))
            }
            Self::BareGeometry => {
                ("geojson.bare-geometry", Text::new("几何没有包在要素里", "it is a geometry outside a feature"))
            }
            Self::BadText => (
                "geojson.bad-text",
                Text::new("文字中有残缺的字符，已替换", "its text has broken characters: replaced"),
            ),
        }
    }
}
