//! What can be typed: every verb with its options. Words stand here in both languages, `中文 | English`; `help` picks one.

use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, Parser, Subcommand};

use super::city::KindsArgs;
use super::exchange_args::{ExportArgs, ImportArgs, RenderArgs};
use super::ground::{BasemapArgs, GroundArgs};
use super::sewer::SewerArgs;
use super::style::StyleArgs;
use super::words::{Box4, Ids, LonLat, Near, On, Pair};

/// 城格：离线的城市管理地图。不带命令则打开窗口。 | citygrid: a city's map without a network. No verb opens the window.
#[derive(Debug, Parser)]
#[command(
    name = "citygrid",
    version,
    disable_help_flag = true,
    disable_version_flag = true,
    disable_help_subcommand = true,
    after_help = "\
例子 | Examples:
  citygrid demo jiujiang.gpkg                              # 写出示例城市 | write the sample city
  citygrid jiujiang.gpkg                                   # 打开窗口 | open the window on it
  citygrid info jiujiang.gpkg                              # 图层与数量 | layers and figures
  citygrid import kiosks.geojson --into city.gpkg          # 读入文件 | take a file in
  citygrid export city.gpkg --layer kiosk --out k.geojson  # 写出文件 | write a file
  citygrid import --help                                   # 某个命令的说明 | help on one verb

退出码 | Exit codes:
  0    # 完成 | done
  1    # 查出了问题（check、sewer） | findings (check, sewer)
  2    # 命令写错 | wrong words
  3    # 文件无法读写或已存在 | a file cannot be read or written, or exists already
  4    # 数据被拒绝 | data refused
  130  # 被 Ctrl-C 停止，文件不变 | stopped by Ctrl-C, files as they were"
)]
pub(super) struct Words {
    /// What to do.
    #[command(subcommand)]
    pub(super) verb: Option<Verb>,
    /// Options of every verb.
    #[command(flatten)]
    pub(super) global: Global,
}

/// Options that every verb takes.
#[derive(Clone, Debug, Args)]
pub(super) struct Global {
    /// 结果以 JSON 写到标准输出 | Print the result as JSON on standard output
    #[arg(long, global = true)]
    pub(super) json: bool,
    /// 语言：zh 或 en（默认随系统） | Language, zh or en (the system's by default)
    #[arg(long, global = true, value_name = "zh|en", value_parser = ["zh", "en"], hide_possible_values = true)]
    pub(super) lang: Option<String>,
    /// 不显示进度和提示 | No progress, no messages
    #[arg(long, short, global = true)]
    pub(super) quiet: bool,
    /// 显示说明 | Show help
    #[arg(long, short, global = true, action = ArgAction::Help)]
    help: Option<bool>,
    /// 显示版本 | Show the version
    #[arg(long, short = 'V', action = ArgAction::Version)]
    version: Option<bool>,
}

/// The verbs.
#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// 打开窗口 | Open the window on a city
    #[command(after_help = "\
  citygrid open jiujiang.gpkg                                            # 打开这个城市 | open this city
  citygrid open jiujiang.gpkg --tour t.jsonl --trace times.jsonl --quit  # 走一遍并计时 | visit places, write down times

  {\"lon\":115.99,\"lat\":29.72,\"scale\":2500}
  {\"pan_px\":[-300,0]}
  {\"zoom\":2}
  # 巡游文件每行一步，地图画清后走下一步 | a tour has one step a line; each waits until the map is sharp")]
    Open(OpenArgs),
    /// 写出示例城市（虚构数据） | Write the sample city (invented data)
    #[command(after_help = "\
  citygrid demo jiujiang.gpkg           # 九江示例 | Jiujiang in outline
  citygrid demo big.gpkg --scale 10     # 十倍大小 | ten times the size
  citygrid demo a.gpkg --seed 7 --json  # 同一种子得到同样的数据 | the same seed makes the same rows")]
    Demo(DemoArgs),
    /// 新建空城市 | Make an empty city
    #[command(after_help = "\
  citygrid new city.gpkg                                 # 空文件 | an empty file
  citygrid new city.gpkg --layer kiosk --layer 排水管道  # 带两个空图层 | with two empty layers")]
    New(NewArgs),
    /// 列出或增减图层 | List layers, add or remove them
    #[command(after_help = "\
  citygrid layers city.gpkg                            # 列出 | list
  citygrid layers city.gpkg --add note                 # 新建空图层 | add an empty layer
  citygrid layers city.gpkg --rename kiosk=垃圾分类点  # 改名 | rename
  citygrid layers city.gpkg --remove kiosk             # 移除，可撤销 | remove; undo brings it back")]
    Layers(LayersArgs),
    /// 排水管网：追溯、检查、评估、养护计划 | Sewers: trace, check, rate, plan
    #[command(after_help = super::sewer::EXAMPLES)]
    Sewer(SewerArgs),
    /// 列出或增减离线底图 | List offline base maps, add or remove them
    #[command(after_help = super::ground::EXAMPLES)]
    Ground(GroundArgs),
    /// 用 OpenStreetMap 数据做底图：只取城市范围内的 | Make a base map of OpenStreetMap's data, clipped to the city
    #[command(after_help = super::ground::BASEMAP_EXAMPLES)]
    Basemap(BasemapArgs),
    /// 列出图层类型及其字段 | List the kinds of layer and their fields
    #[command(after_help = "\
  citygrid kinds        # 全部类型 | every kind
  citygrid kinds kiosk  # 一种类型的字段与代码 | fields and codes of one kind")]
    Kinds(KindsArgs),
    /// 图层、数量、长度、面积、坐标系、范围 | Layers, counts, lengths, areas, CRS, extents, figures
    #[command(after_help = "\
  citygrid info city.gpkg         # 表格 | as tables
  citygrid info city.gpkg --json  # 给程序读 | for programs")]
    Info(InfoArgs),
    /// 把文件读入城市（城市不存在则新建） | Take files into a city, which is made if absent
    #[command(after_help = "\
  citygrid import kiosks.geojson --into city.gpkg --kind kiosk      # 读入为投放点 | as waste kiosks
  citygrid import a.geojson b.geojson --into city.gpkg              # 每个文件一个图层 | a layer for each file
  citygrid import a.geojson --into city.gpkg --crs GCJ02            # 文件是火星坐标 | the file is in GCJ-02
  citygrid import a.geojson --into city.gpkg --kind sewer_pipe --map 管径=diameter_mm  # 字段对应 | their field to ours
  citygrid import 公厕.csv --dry-run                                # 先看会怎样 | look first
  citygrid import 公厕.csv --into city.gpkg --set 类型=公厕 --rejects 退回.csv  # 固定值；没导入的另存 | a value for all, refused rows kept
  citygrid import 模型.inp --into city.gpkg --crs local              # SWMM 模型，位置不明 | a model of SWMM, place unknown
  citygrid import 井盖.csv --into city.gpkg --compare 检查井 --take added,changed  # 与已有图层比较 | hold it against a layer")]
    Import(ImportArgs),
    /// 把图层写成文件 | Write a layer to a file
    #[command(after_help = "\
  citygrid export city.gpkg --layer kiosk --out k.geojson                   # 全部，后缀决定格式 | everything; the ending names the format
  citygrid export city.gpkg --layer kiosk --out k.geojson --where \"state = 'ok'\"   # 按条件 | some rows
  citygrid export city.gpkg --layer kiosk --out k.geojson --bbox 115.9,29.6,116.1,29.8  # 按范围 | in a box")]
    Export(ExportArgs),
    /// 不开窗口画一张地图 | Draw a map without a window
    #[command(after_help = "\
  citygrid render city.gpkg --out map.png                                    # 全图 | everything
  citygrid render city.gpkg --out map.png --around 116.0,29.7,800            # 某处 800 米 | 800 m around a place
  citygrid render city.gpkg --out map.png --layers road,kiosk --size 2000x1500  # 选图层与大小 | layers and size")]
    Render(RenderArgs),
    /// 查询图层的行 | Rows of a layer
    #[command(after_help = "\
  citygrid query city.gpkg --layer sewer_pipe --where \"diameter_mm >= 600\"      # 按条件 | by a condition
  citygrid query city.gpkg --layer kiosk --near 116.0,29.7,500 --limit 10       # 附近 | nearby
  citygrid query city.gpkg --layer kiosk --json > rows.geojson                  # GeoJSON | as GeoJSON

条件 | Conditions:
  = <> < > <= >=  LIKE  IN (…)  BETWEEN … AND …  IS NULL  AND OR NOT ( )
  # 字段可用代号或任一语言的名称，文字用单引号 | fields by id or name in either language, text in single quotes")]
    Query(QueryArgs),
    /// 图层样式：分类、分级、读入、写出 | How a layer looks: classes, from a file, to a file
    #[command(after_help = "\
  citygrid style city.gpkg --layer sewer_pipe                       # 现有图例 | the legend as it is
  citygrid style city.gpkg --layer sewer_pipe --by 管径 --classes 5  # 按数字分级 | classes of a number
  citygrid style city.gpkg --layer kiosk --by state --ramp tolbright  # 按值分类 | a colour for each value
  citygrid style city.gpkg --layer kiosk --out kiosk.qml            # 写成 QGIS 样式 | as a style of QGIS
  citygrid style city.gpkg --layer kiosk --set kiosk.citystyle.json  # 读入样式 | take a style in
  citygrid style city.gpkg --layer kiosk --reset                    # 恢复默认 | its kind's style again")]
    Style(StyleArgs),
    /// 写一条标注 | Leave a note
    #[command(after_help = "\
  citygrid note city.gpkg --at 115.99,29.72 --text 井盖破损                     # 在某点 | at a place
  citygrid note city.gpkg --on kiosk/12 --text 桶满                            # 关于某个要素 | about a feature
  citygrid note city.gpkg --on kiosk/12 --text 桶满 --photo p.jpg --set 程度=紧急  # 附照片 | with a photo")]
    Note(NoteArgs),
    /// 修改要素的值 | Change the values of rows
    #[command(after_help = "\
  citygrid edit city.gpkg --layer kiosk --id 12 --set state=closed   # 代码或名称均可 | codes by value or by name
  citygrid edit city.gpkg --layer kiosk --ids 1,5-9 --set name=       # 等号后为空即清除 | nothing behind = clears")]
    Edit(EditArgs),
    /// 删除要素，可撤销 | Delete rows; undo brings them back
    #[command(after_help = "  citygrid delete city.gpkg --layer note --ids 3,7-9  # 删除四行 | four rows")]
    Delete(DeleteArgs),
    /// 检查文件与数据 | Check the file and the data
    #[command(after_help = "\
  citygrid check city.gpkg               # 有问题则退出码为 1 | exit code 1 if there are findings
  citygrid check city.gpkg --layer note  # 只查一层 | one layer")]
    Check(CheckArgs),
    /// 撤销上一步，隔天也行 | Take the last step back, tomorrow too
    #[command(after_help = "  citygrid undo city.gpkg  # 撤销 | take back")]
    Undo(CityArgs),
    /// 重做 | Do the step again
    #[command(after_help = "  citygrid redo city.gpkg  # 重做 | do again")]
    Redo(CityArgs),
    /// 操作记录 | The journal, oldest first
    #[command(after_help = "  citygrid history city.gpkg  # 谁在何时做了什么 | who did what and when")]
    History(CityArgs),
    /// 备份城市 | Copy a city, consistent even while it is in use
    #[command(after_help = "  citygrid backup city.gpkg 2026-11-22.gpkg  # 完整副本 | a whole copy")]
    Backup(BackupArgs),
    /// 逐行执行 JSON 命令，落盘后才回答 | Run one JSON command a line, answered once it is on the disk
    #[command(after_help = "\
  citygrid script city.gpkg steps.jsonl  # 重放一串操作 | replay a list of steps
  … | citygrid script city.gpkg -        # 从标准输入读 | from standard input

  {\"note\":{\"at\":[115.99,29.72],\"text\":\"井盖破损\",\"photo\":[\"p.jpg\"]}}
  {\"edit\":{\"layer\":\"note\",\"id\":1,\"set\":{\"state\":\"done\"}}}
  {\"delete\":{\"layer\":\"note\",\"ids\":[1,2]}}
  {\"undo\":{}}
  # 命令与选项同上，每行回答一行 JSON | verbs and options as above, one line of JSON for each")]
    Script(ScriptArgs),
}

/// The window.
#[derive(Debug, Args)]
pub(super) struct OpenArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: Option<PathBuf>,
    /// 按文件走一遍地图 | Visit the places of a file
    #[arg(long, value_name = "TOUR.jsonl")]
    pub(super) tour: Option<PathBuf>,
    /// 把每帧和每个视图的用时写到文件 | Write down the time of every frame and view
    #[arg(long, value_name = "TRACE.jsonl")]
    pub(super) trace: Option<PathBuf>,
    /// 走完后关闭窗口 | Close the window afterwards
    #[arg(long)]
    pub(super) quit: bool,
}

/// A city and nothing else.
#[derive(Debug, Args)]
pub(super) struct CityArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
}

/// `demo`.
#[derive(Debug, Args)]
pub(super) struct DemoArgs {
    /// 写到哪里 | Where to write it
    #[arg(value_name = "OUT.gpkg")]
    pub(super) out: PathBuf,
    /// 随机种子，相同则数据相同 | The same seed makes the same city
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(super) seed: u64,
    /// 大小倍数 | How many times the real size
    #[arg(long, value_name = "K", default_value_t = 1.0, value_parser = super::words::scale)]
    pub(super) scale: f64,
    /// 允许覆盖没有操作记录的文件 | Replace an existing file, unless it has a journal
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// `new`.
#[derive(Debug, Args)]
pub(super) struct NewArgs {
    /// 新文件（.gpkg） | The new file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 同时新建的空图层：类型的代号或名称，可多次 | An empty layer of this kind (id or name); may be repeated
    #[arg(long, value_name = "KIND")]
    pub(super) layer: Vec<String>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// `layers`.
#[derive(Debug, Args)]
pub(super) struct LayersArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 新建空图层：类型的代号或名称 | Add an empty layer of this kind
    #[arg(long, value_name = "KIND")]
    pub(super) add: Vec<String>,
    /// 移除图层，可撤销 | Take a layer out; undo brings it back
    #[arg(long, value_name = "LAYER")]
    pub(super) remove: Vec<String>,
    /// 图层改名 | Give a layer another name
    #[arg(long, value_name = "LAYER=NAME")]
    pub(super) rename: Vec<Pair>,
    /// 显示图层 | Open the eye of a layer
    #[arg(long, value_name = "LAYER")]
    pub(super) show: Vec<String>,
    /// 隐藏图层 | Close the eye of a layer
    #[arg(long, value_name = "LAYER")]
    pub(super) hide: Vec<String>,
}

/// `info`.
#[derive(Debug, Args)]
pub(super) struct InfoArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
}

/// Which rows.
#[derive(Debug, Default, Args)]
pub(super) struct RowArgs {
    /// 条件，如 "管径 >= 600 AND 类别 = '雨水'" | A condition, as "height > 3 AND state = 'open'"
    #[arg(long = "where", value_name = "EXPR")]
    pub(super) filter: Option<String>,
    /// 范围：西,南,东,北（度） | A box in degrees: west, south, east, north
    #[arg(long, value_name = "W,S,E,N", allow_hyphen_values = true)]
    pub(super) bbox: Option<Box4>,
    /// 行号，如 1,2,5-9 | Row numbers, as 1,2,5-9
    #[arg(long, value_name = "IDS")]
    pub(super) ids: Option<Ids>,
    /// 某点周围若干米 | Within so many metres of a place
    #[arg(long, value_name = "LON,LAT,METRES", allow_hyphen_values = true)]
    pub(super) near: Option<Near>,
    /// 最多多少行 | At most so many rows
    #[arg(long, value_name = "N", allow_hyphen_values = true, value_parser = super::words::limit)]
    pub(super) limit: Option<usize>,
}

/// `query`.
#[derive(Debug, Args)]
pub(super) struct QueryArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 图层的代号或名称 | The layer, by table or name
    #[arg(long, value_name = "LAYER")]
    pub(super) layer: String,
    /// Which rows.
    #[command(flatten)]
    pub(super) rows: RowArgs,
}

/// `note`.
#[derive(Debug, Args)]
#[command(group = ArgGroup::new("place").args(["at", "on"]).required(true))]
pub(super) struct NoteArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 位置：经度,纬度 | The place: longitude, latitude
    #[arg(long, value_name = "LON,LAT", allow_hyphen_values = true)]
    pub(super) at: Option<LonLat>,
    /// 关于哪个要素：图层/行号 | The feature it is about: layer/row
    #[arg(long, value_name = "LAYER/ID")]
    pub(super) on: Option<On>,
    /// 内容，有照片时可省略 | What is wrong; not needed with a photo
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "photo")]
    pub(super) text: Option<String>,
    /// 照片文件，可多次 | A picture file; may be repeated
    #[arg(long, value_name = "FILE")]
    pub(super) photo: Vec<PathBuf>,
    /// 其他字段，如 severity=high，可多次 | Other fields, as severity=high; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(super) set: Vec<Pair>,
}

/// `edit`.
#[derive(Debug, Args)]
pub(super) struct EditArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 图层的代号或名称 | The layer, by table or name
    #[arg(long, value_name = "LAYER")]
    pub(super) layer: String,
    /// 行号，如 3 或 1,2,5-9 | Row numbers, as 3 or 1,2,5-9
    #[arg(long, visible_alias = "id", value_name = "IDS")]
    pub(super) ids: Ids,
    /// 字段=值，可多次；值为空即清除 | Field = value; may be repeated; an empty value clears
    #[arg(long, value_name = "FIELD=VALUE", required = true)]
    pub(super) set: Vec<Pair>,
}

/// `delete`.
#[derive(Debug, Args)]
pub(super) struct DeleteArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 图层的代号或名称 | The layer, by table or name
    #[arg(long, value_name = "LAYER")]
    pub(super) layer: String,
    /// 行号，如 3 或 1,2,5-9 | Row numbers, as 3 or 1,2,5-9
    #[arg(long, visible_alias = "id", value_name = "IDS")]
    pub(super) ids: Ids,
}

/// `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 只查这个图层 | This layer alone
    #[arg(long, value_name = "LAYER")]
    pub(super) layer: Option<String>,
}

/// `backup`.
#[derive(Debug, Args)]
pub(super) struct BackupArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 副本写到哪里 | Where the copy goes
    #[arg(value_name = "OUT.gpkg")]
    pub(super) out: PathBuf,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long)]
    pub(super) overwrite: bool,
}

/// `script`.
#[derive(Debug, Args)]
pub(super) struct ScriptArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 命令文件，- 为标准输入 | The commands; - is standard input
    #[arg(value_name = "FILE|-")]
    pub(super) file: PathBuf,
    /// 出错后继续下一行 | Go on after a line that fails
    #[arg(long)]
    pub(super) keep_going: bool,
}
