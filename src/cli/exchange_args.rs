//! What can be typed for the verbs that take files in, write files and draw maps.

use std::path::PathBuf;

use clap::Args;

use super::args::RowArgs;
use super::words::{Box4, Near, Pair, Size, WhichCrs};
use crate::session::compare::TakenParts;
use crate::text::encoding::Encoding;

/// `import`.
#[derive(Debug, Args)]
pub(super) struct ImportArgs {
    /// 要读入的文件 | Files to take in
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// 读入到哪个城市 | The city that takes them in
    #[arg(long = "into", value_name = "CITY", required_unless_present = "dry_run")]
    pub(super) city: Option<PathBuf>,
    /// 只预览：格式、编码、坐标系、图层、字段对应和问题，什么也不写 | Look only: format, encoding, CRS, layers, fields, problems; nothing is written
    #[arg(long)]
    pub(super) dry_run: bool,
    /// 图层名：已有则追加，没有则新建（默认用文件名） | The layer to make or append to (the file's name by default)
    #[arg(long, value_name = "NAME")]
    pub(super) layer: Option<String>,
    /// 图层类型的代号或名称，auto 为自动判断 | The kind of layer, by id or name; auto guesses it
    #[arg(long, value_name = "KIND")]
    pub(super) kind: Option<String>,
    /// 文件的坐标系：EPSG:4548、GCJ02、BD09、+proj=…、自有坐标系名；local 为位置不明 | CRS of the file: EPSG:4548, GCJ02, BD09, +proj=…, the name of your own; local if nobody knows the place
    #[arg(long, value_name = "CRS")]
    pub(super) crs: Option<WhichCrs>,
    /// 文件里坐标轴颠倒（纬度或北坐标在前），要和 --crs 一起用 | The file has its axes exchanged, latitude or northing first; with --crs
    #[arg(long, requires = "crs")]
    pub(super) swap_axes: bool,
    /// 文件的文字编码：UTF-8、GBK、BIG5 …（默认自动判断） | Encoding of the file's text: UTF-8, GBK, BIG5 … (found out by default)
    #[arg(long, value_name = "E", value_parser = super::words::encoding)]
    pub(super) encoding: Option<Encoding>,
    /// 文件字段=本程序字段，可多次 | Their field = our field; may be repeated
    #[arg(long, value_name = "THEIRS=OURS")]
    pub(super) map: Vec<Pair>,
    /// 本程序字段=每行都填的固定值，可多次 | Our field = the value that every row gets; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(super) set: Vec<Pair>,
    /// 只要文件里的这个图层或工作表，可多次 | This layer or sheet of the file alone; may be repeated
    #[arg(long, value_name = "SHEET")]
    pub(super) only: Vec<String>,
    /// 表格里放 X 坐标或经度的列 | The column of a table that holds x or longitude
    #[arg(long, value_name = "COLUMN", requires = "y")]
    pub(super) x: Option<String>,
    /// 表格里放 Y 坐标或纬度的列 | The column of a table that holds y or latitude
    #[arg(long, value_name = "COLUMN", requires = "x")]
    pub(super) y: Option<String>,
    /// 表格里放 WKT 的列 | The column of a table that holds well-known text
    #[arg(long, value_name = "COLUMN", conflicts_with_all = ["x", "y"])]
    pub(super) wkt: Option<String>,
    /// 表格没有位置，只取属性 | The rows of a table have no place
    #[arg(long, conflicts_with_all = ["x", "y", "wkt"])]
    pub(super) no_place: bool,
    /// 按方案读入（其他选项优先） | Take the file in by a recipe (other options come first)
    #[arg(long, value_name = "RECIPE.json")]
    pub(super) recipe: Option<PathBuf>,
    /// 把这次的设置存为方案 | Keep how this file is taken in as a recipe
    #[arg(long, value_name = "RECIPE.json")]
    pub(super) save_recipe: Option<PathBuf>,
    /// 把没有导入的要素连同原因存到文件；有值读不懂又无处存放的也不导入 | Keep refused features in a file, with the reasons; those of which a value would be lost are refused too
    #[arg(long, value_name = "FILE")]
    pub(super) rejects: Option<PathBuf>,
    /// 退回文件已存在时覆盖 | Replace an existing file of refused features
    #[arg(long, requires = "rejects")]
    pub(super) overwrite: bool,
    /// 不导入，与这个图层比较：新增、移动、变更、消失 | Import nothing, compare with this layer: added, moved, changed, gone
    #[arg(long, value_name = "LAYER", conflicts_with_all = ["dry_run", "layer", "kind", "rejects", "save_recipe"])]
    pub(super) compare: Option<String>,
    /// 比较时按哪个字段对应（默认按 code，没有则按位置） | The field that tells things apart (code by default, else their place)
    #[arg(long, value_name = "FIELD", requires = "compare")]
    pub(super) key: Option<String>,
    /// 接收比较出的差别：all 或 added,moved,changed,gone，一步可撤销 | Take differences over: all or added,moved,changed,gone; one step for undo
    #[arg(long, value_name = "WHICH", requires = "compare", value_parser = super::words::parts)]
    pub(super) take: Option<TakenParts>,
    /// 坐标看起来像另一坐标系时也照样接收 | Take over although the coordinates look like those of another system
    #[arg(long, requires = "take")]
    pub(super) as_declared: bool,
    /// 点线面放进同一图层 | Mixed geometry in one layer
    #[arg(long)]
    pub(super) one_layer: bool,
    /// 有一个要素不合格就拒绝整个文件 | Refuse everything if one feature is bad
    #[arg(long)]
    pub(super) strict: bool,
    /// 保留 GeoJSON 原文：没改过的要素导出时逐字节不变 | Keep the text of GeoJSON: unchanged features go out byte for byte
    #[arg(long)]
    pub(super) lossless: bool,
}

/// `export`.
#[derive(Debug, Args)]
pub(super) struct ExportArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 图层的代号或名称 | The layer, by table or name
    #[arg(long, value_name = "LAYER")]
    pub(super) layer: String,
    /// 写到哪里，后缀决定格式 | The file; its ending names the format
    #[arg(long, value_name = "FILE")]
    pub(super) out: PathBuf,
    /// Which rows.
    #[command(flatten)]
    pub(super) rows: RowArgs,
    /// 文件的坐标系（GeoJSON、KML、GPX 固定为 WGS 84） | CRS of the file (GeoJSON, KML and GPX are always WGS 84)
    #[arg(long, value_name = "CRS")]
    pub(super) crs: Option<WhichCrs>,
    /// 坐标小数位数 | Decimals of a coordinate in degrees
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u8).range(0..=15))]
    pub(super) decimals: u8,
    /// 用名称代替代码 | Names of coded values instead of the codes
    #[arg(long)]
    pub(super) labels: bool,
    /// 写出外包范围 | Write a bounding box
    #[arg(long)]
    pub(super) write_bbox: bool,
    /// 旁边写一份数据护照：来源、时间、范围、问题、SHA-256 | Write a passport beside it: source, time, extent, problems, SHA-256
    #[arg(long)]
    pub(super) passport: bool,
    /// 脱敏：按导出方案（字段、取整） | Redact by an export profile (fields, rounding)
    #[arg(long, value_name = "PROFILE.json")]
    pub(super) profile: Option<PathBuf>,
    /// 脱敏：只写这些字段，用逗号隔开 | Redact: these fields alone, with commas between
    #[arg(long, value_name = "FIELDS", value_delimiter = ',')]
    pub(super) fields: Option<Vec<String>>,
    /// 脱敏：位置取整到多少米的网格 | Redact: places on a grid of so many metres
    #[arg(long, value_name = "METRES", value_parser = super::words::grid_m)]
    pub(super) round_m: Option<f64>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// `render`.
#[derive(Debug, Args)]
pub(super) struct RenderArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 地图文件（.png、.svg 或 .pdf） | The map (.png, .svg or .pdf)
    #[arg(long, value_name = "MAP")]
    pub(super) out: PathBuf,
    /// 宽x高，像素（矢量图按每英寸 96 像素） | Width x height in pixels (vectors: 96 to the inch)
    #[arg(long, value_name = "WxH", default_value = "1600x1000")]
    pub(super) size: Size,
    /// 比例尺分母，如 2000；此时范围只定中心 | The scale's denominator, such as 2000; the frame then says the middle
    #[arg(long, value_name = "N", value_parser = super::words::denominator)]
    pub(super) scale: Option<f64>,
    /// 每英寸像素数，代替 --ratio：96 为一倍 | Pixels to the inch, in place of --ratio: 96 is once
    #[arg(long, value_name = "DPI", value_parser = super::words::dpi, conflicts_with = "ratio")]
    pub(super) dpi: Option<f32>,
    /// 打印图幅：A4 到 A0，或 宽x高（毫米） | As a sheet of paper: A4 to A0, or `WxH` in millimetres
    #[arg(long, value_name = "PAPER", conflicts_with = "size")]
    pub(super) sheet: Option<String>,
    /// 图幅竖放（默认横放） | The sheet stands upright (it lies otherwise)
    #[arg(long, requires = "sheet")]
    pub(super) portrait: bool,
    /// 图幅标题 | Title of the sheet
    #[arg(long, value_name = "TEXT", requires = "sheet")]
    pub(super) title: Option<String>,
    /// 图幅的副标题，如单位名称 | A line under the title, such as the bureau's name
    #[arg(long, value_name = "TEXT", requires = "sheet")]
    pub(super) subtitle: Option<String>,
    /// 制图人 | Who drew the sheet
    #[arg(long, value_name = "NAME", requires = "sheet")]
    pub(super) author: Option<String>,
    /// 图幅不要的部分，用逗号隔开：legend,grid,overview,bar,north,date | Parts to leave off the sheet, with commas between: legend,grid,overview,bar,north,date
    #[arg(long, value_name = "PARTS", requires = "sheet", value_delimiter = ',')]
    pub(super) without: Vec<String>,
    /// 地图顺时针转多少度 | Turn of the sheet's map, degrees clockwise
    #[arg(long, value_name = "DEGREES", requires = "sheet", default_value_t = 0.0, value_parser = super::words::turn, allow_hyphen_values = true)]
    pub(super) turn: f64,
    /// 图幅的资料来源 | Where the sheet's data come from
    #[arg(long, value_name = "TEXT", requires = "sheet")]
    pub(super) source: Option<String>,
    /// 分幅：该图层每个要素一页；文件名里有 {} 则每页一个文件 | One page for each feature of a layer; with {} in the file's name each page is a file
    #[arg(long, value_name = "LAYER", requires = "sheet")]
    pub(super) series: Option<String>,
    /// 分幅每页各用合适的比例尺（默认同一比例尺，容下最大的要素） | Each page of a series at the scale that fits its feature (all have the one that fits the largest otherwise)
    #[arg(long, requires = "series", conflicts_with = "scale")]
    pub(super) fit_each: bool,
    /// 分幅只取符合条件的要素 | A series of the features that pass a condition
    #[arg(long = "where", value_name = "EXPR", requires = "series")]
    pub(super) filter: Option<String>,
    /// 范围：西,南,东,北（度） | A box in degrees: west, south, east, north
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true, conflicts_with = "around")]
    pub(super) bbox: Option<Box4>,
    /// 中心与到近边的距离 | A place, and the distance from it to the nearer edges
    #[arg(long, value_name = "LON,LAT,METRES", allow_hyphen_values = true)]
    pub(super) around: Option<Near>,
    /// 图层，用逗号隔开（默认为可见图层） | Layers, with commas between (the visible ones by default)
    #[arg(long, value_name = "A,B", value_delimiter = ',')]
    pub(super) layers: Vec<String>,
    /// 放大倍数：2 使线和字都大一倍 | 2 draws lines and text twice as big
    #[arg(long, value_name = "K", default_value_t = 1.0, value_parser = super::words::pixel_ratio)]
    pub(super) ratio: f32,
    /// 深色地图 | On the dark map
    #[arg(long)]
    pub(super) dark: bool,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long)]
    pub(super) overwrite: bool,
}
