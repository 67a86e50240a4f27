//! `sewer profile`: a long profile as picture, table or rows.

use std::path::{Path, PathBuf};

use clap::{ArgGroup, Args};
use serde_json::{Value as Json, json};

use super::questions::{if_no_way, tell_file};
use super::sums::length;
use crate::cli::Run;
use crate::cli::console::Reply;
use crate::cli::table::Table;
use crate::session::answer::Failure;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::place::{Members, SewerPlace};
use crate::session::sewer::profile::{
    Across, Paper, ProfileDrawn, ProfileLook, ProfileSheet, is_picture, profile_title,
};
use crate::session::sewer::questions::{ProfileAnswer, ProfileCourse};
use crate::text;
use crate::text::Lang;
use crate::trades::sewer::profile::{Crossing, Passing, Profile, Reach, Station};
use crate::trades::sewer::section::Size;

/// `sewer profile`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("course").required(true).multiple(true).args(["from", "down", "longest"])))]
pub(in crate::cli) struct ProfileArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    city: PathBuf,
    /// 起点：编号、图层/行号 或 经度,纬度 | Where it begins: a code, LAYER/ID or LON,LAT
    #[arg(long, value_name = "PLACE", requires = "to", allow_hyphen_values = true)]
    from: Option<String>,
    /// 终点 | Where it ends
    #[arg(long, value_name = "PLACE", requires = "from", allow_hyphen_values = true)]
    to: Option<String>,
    /// 从这里顺主流向到处理厂或排放口 | From here down the main way to a plant or outfall
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["from", "longest"], allow_hyphen_values = true)]
    down: Option<String>,
    /// 到这个节点的最长管路，不写则到任一处理厂或排放口 | The longest path to this node; to any plant or outfall if none is named
    #[arg(long, value_name = "PLACE", num_args = 0..=1, default_missing_value = "", conflicts_with = "from")]
    longest: Option<String>,
    /// 起终点之间不论流向 | Between the two, whichever way the pipes run
    #[arg(long, requires = "from")]
    any_way: bool,
    /// 图纸，横放：a4、a3（默认）、a2、a1、a0、宽x高（毫米），或 long（不分页的长图） | Paper, landscape: a4, a3 (the default), a2, a1, a0, `WxH` in mm, or long (one picture without pages)
    #[arg(long, value_name = "PAPER", value_parser = paper, default_value = "a3", hide_default_value = true, requires = "out")]
    paper: PaperWish,
    /// 图纸竖放 | Paper upright
    #[arg(long, requires = "out")]
    upright: bool,
    /// 横向比例尺分母，如 1000 或 1:1000；auto（默认）一页放得下就尽量大，否则 1:1000 分页；fit 总是一页 | Scale of lengths, as 1000 or 1:1000; auto (the default) is the largest that fits a page, or 1:1000 on several; fit is always one page
    #[arg(long, value_name = "N", value_parser = across, default_value = "auto", hide_default_value = true, requires = "out")]
    scale: Across,
    /// 纵向比例尺分母，如 100（默认 1:100，放不下则取下一档） | Scale of heights, as 100 (by default 1:100, or the next that fits)
    #[arg(long, value_name = "N", value_parser = up, default_value = "auto", hide_default_value = true, requires = "out")]
    vscale: UpWish,
    /// 高程放大倍数，代替 --vscale | How many times larger heights are, instead of --vscale
    #[arg(long, value_name = "N", value_parser = times, conflicts_with = "vscale")]
    exaggeration: Option<f64>,
    /// 缺测管底用虚线按里程内插（只画线，不填数） | Bridge missing inverts by dashed straight lines (no numbers are made up)
    #[arg(long)]
    interpolate: bool,
    /// 深色底 | On a dark ground
    #[arg(long)]
    dark: bool,
    /// 写到文件：.pdf（多页一个文件）、.svg、.png（多页各一个文件：名-1.svg …）、.csv、.xlsx、.geojson … | Write it to a file: .pdf (all pages in one), .svg, .png (a file for each page: name-1.svg …), .csv, .xlsx, .geojson …
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long, requires = "out")]
    overwrite: bool,
}

impl ProfileArgs {
    /// The city that is asked about.
    pub(super) fn city(&self) -> &Path {
        &self.city
    }

    fn look(&self, lang: Lang) -> ProfileLook {
        let paper = self.paper.0.map(|Paper { size_mm: [width, height] }| Paper {
            size_mm: if self.upright { [height.min(width), height.max(width)] } else { [width, height] },
        });
        ProfileLook {
            dark: self.dark,
            sheet: ProfileSheet { paper, across: self.scale, up: self.vscale.0 },
            exaggeration: self.exaggeration,
            has_bridges: self.interpolate,
            ..ProfileLook::new(lang)
        }
    }

    fn course(&self) -> ProfileCourse {
        let place = |words: &str| SewerPlace::Words(words.to_owned());
        match (&self.from, &self.to, &self.down) {
            (Some(from), Some(to), _) => {
                ProfileCourse::Between { from: place(from), to: place(to), with_flow: !self.any_way }
            }
            (_, _, Some(from)) => ProfileCourse::Down(place(from)),
            _ => ProfileCourse::Longest(self.longest.as_deref().filter(|words| !words.is_empty()).map(place)),
        }
    }
}

/// A paper, or none for one long picture.
#[derive(Clone, Copy, Debug)]
struct PaperWish(Option<Paper>);

fn paper(word: &str) -> Result<PaperWish, String> {
    if word.eq_ignore_ascii_case("long") {
        return Ok(PaperWish(None));
    }
    let paper = Paper::parse(word, true).map(|paper| PaperWish(Some(paper)));
    paper.ok_or_else(|| "a4 a3 a2 a1 a0 420x297 long".to_owned())
}

fn across(word: &str) -> Result<Across, String> {
    match word {
        "auto" => Ok(Across::Usual),
        "fit" => Ok(Across::OnePage),
        word => Ok(Across::At(denominator(word)?)),
    }
}

/// The denominator of the scale of heights, or none for one that fits.
#[derive(Clone, Copy, Debug)]
struct UpWish(Option<f64>);

fn up(word: &str) -> Result<UpWish, String> {
    Ok(UpWish(if word == "auto" { None } else { Some(denominator(word)?) }))
}

fn denominator(word: &str) -> Result<f64, String> {
    let word = word.trim();
    let number = word.strip_prefix("1:").or_else(|| word.strip_prefix("1：")).unwrap_or(word).trim().parse().ok();
    let number = number.filter(|number: &f64| (1.0..=1_000_000.0).contains(number));
    number.ok_or_else(|| "auto, 1 … 1000000".to_owned())
}

fn times(word: &str) -> Result<f64, String> {
    let number = word.parse().ok().filter(|times: &f64| (0.1..=1000.0).contains(times));
    number.ok_or_else(|| "0.1 … 1000".to_owned())
}

/// The long profile along a course.
pub(super) fn profile(run: &mut Run, args: &ProfileArgs) -> Result<Reply, Failure> {
    let (course, lang) = (args.course(), run.lang());
    if let (Some(from), Some(to)) = (&args.from, &args.to)
        && let Some(reply) = if_no_way(run, from, to, !args.any_way)?
    {
        return Ok(reply);
    }
    let file = args.out.clone().map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let look = args.look(lang);
    let mut drawn = None;
    let (found, rows) = run.ask_sewers(|desk, task| {
        let found = desk.profile(&course, task)?;
        let rows = match &file {
            Some(file) if is_picture(&file.path) => {
                drawn = Some(desk.draw_profile(&found, &look, file, task)?);
                None
            }
            Some(file) => Some(desk.write_profile(&found, file, task)?.features),
            None => None,
        };
        Ok((found, rows))
    })?;
    // A picture or a table of it is in the file: what is left to say is how long it is.
    let lines = if file.is_some() { head_lines(&found, lang) } else { profile_lines(&found, lang) };
    let mut json = profile_json(&found);
    tell_file(run, &mut json, file.as_ref(), rows);
    if let (Some(file), Some(ProfileDrawn { pages, in_files })) = (&file, drawn) {
        let name = file.path.display().to_string();
        let words = if in_files {
            text!(
                "已画出纵断面 {pages} 页，每页一个文件：{name}（-1 … -{pages}）",
                "drew the profile: {pages} pages, each a file: {name} (-1 … -{pages})"
            )
        } else {
            text!("已画出纵断面 {pages} 页：{name}", "drew the profile, pages {pages}: {name}")
        };
        run.console.say(&words);
        json["file"] = json!(name);
        json["pages"] = json!(pages);
    }
    Ok(Reply::result(json, lines))
}

fn profile_json(found: &ProfileAnswer) -> Json {
    let (profile, Members { pipes, nodes, .. }) = (&found.profile, &found.course.members);
    json!({
        "sample": found.is_sample,
        "length_m": profile.length_m,
        "pipe_codes": pipes,
        "node_codes": nodes,
        "left_out": found.course.left_out,
        "nodes": profile.stations.iter().zip(nodes.iter().map(|name| &**name)).map(station_json).collect::<Vec<_>>(),
        "pipes": profile.reaches.iter().zip(pipes.iter().map(|name| &**name)).map(reach_json).collect::<Vec<_>>(),
        "crossings": profile.crossings.iter().map(crossing_json).collect::<Vec<_>>(),
    })
}

fn station_json((station, name): (&Station, &str)) -> Json {
    json!({
        "node": name,
        "chainage_m": station.chainage_m,
        "ground_m": station.ground_m,
        "ground_derived": station.is_ground_derived,
        "floor_m": station.floor_m,
        "drop_m": station.drop_m,
        "at": station.at,
    })
}

fn reach_json((reach, name): (&Reach, &str)) -> Json {
    json!({
        "pipe": name,
        "system": reach.system.code(),
        "chainage_m": reach.chainages_m,
        "diameter_mm": reach.diameter_mm,
        "width_mm": reach.width_mm,
        "invert_m": reach.inverts_m,
        "crown_m": reach.crowns_m,
        "cover_m": reach.covers_m,
        "slope_permille": reach.slope.map(|slope| slope * 1000.0),
        "with_flow": reach.is_along,
        "adverse": reach.is_adverse,
        "pressure": reach.is_pressure,
        "siphon": reach.is_siphon,
        "stated_length_m": reach.stated_length_m,
    })
}

fn crossing_json(crossing: &Crossing) -> Json {
    json!({
        "pipe": crossing.code,
        "system": crossing.system.code(),
        "chainage_m": crossing.chainage_m,
        "diameter_mm": crossing.diameter_mm,
        "width_mm": crossing.width_mm,
        "invert_m": crossing.invert_m,
        "crown_m": crossing.crown_m,
        "passes": crossing.passing.map(Passing::code),
        "gap_m": crossing.gap_m,
        "at": crossing.at,
    })
}

fn profile_lines(found: &ProfileAnswer, lang: Lang) -> String {
    let profile = &found.profile;
    let mut table = Table::new(match lang {
        Lang::Zh => {
            ["井号", ">里程", ">地面", ">管底进", ">管底出", ">覆土", ">管径", ">坡度 ‰", ">距离", "管段", "注"]
        }
        Lang::En => [
            "Node",
            ">Chainage",
            ">Ground",
            ">Invert in",
            ">Invert out",
            ">Cover",
            ">mm",
            ">Slope ‰",
            ">Length",
            "Pipe",
            "Note",
        ],
    });
    let level = |level: Option<f64>| level.map_or_else(|| "—".to_owned(), |level| format!("{level:.3}"));
    for (place, station) in profile.stations.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| profile.reaches.get(before));
        let behind = profile.reaches.get(place);
        table.row([
            station.code.to_string(),
            format!("{:.2}", station.chainage_m),
            if station.is_ground_derived { format!("({})", level(station.ground_m)) } else { level(station.ground_m) },
            before.map_or_else(String::new, |reach| level(reach.inverts_m[1])),
            behind.map_or_else(String::new, |reach| level(reach.inverts_m[0])),
            behind
                .map_or_else(String::new, |it| it.covers_m[0].map_or("—".to_owned(), |cover| format!("{cover:.2}"))),
            behind.and_then(|reach| plain_size(reach.size())).unwrap_or_default(),
            behind.and_then(|reach| reach.slope).map_or_else(String::new, |slope| format!("{:.2}", slope * 1000.0)),
            behind.map_or_else(String::new, |it| format!("{:.2}", it.chainages_m[1] - it.chainages_m[0])),
            behind.map_or_else(String::new, |reach| reach.code.to_string()),
            behind.map_or_else(String::new, |reach| remark(reach, lang)),
        ]);
    }
    let (passing, derived) = (crossing_lines(profile, lang), derived_line(profile, lang));
    let head = head_lines(found, lang);
    format!("{head}\n{}{derived}{passing}", table.lines())
}

/// What the profile is, how long, and how many pipes cross it.
fn head_lines(found: &ProfileAnswer, lang: Lang) -> String {
    let profile = &found.profile;
    let (title, whole) = (profile_title(found), length(profile.length_m));
    let sample =
        if found.is_sample { lang.pick("示例数据，纯属虚构\n", "Sample data, invented\n") } else { "" };
    let [nodes, pipes, crossings] = [profile.stations.len(), profile.reaches.len(), profile.crossings.len()];
    let by = if crossings == 1 { "pipe" } else { "pipes" };
    let foot = text!(
        "全长 {whole}，节点 {nodes} 个，管段 {pipes} 段，交叉管 {crossings} 处\n",
        "{whole} long, nodes: {nodes}, pipes: {pipes}, crossed by {crossings} {by}\n"
    );
    format!("{}\n{sample}{}", title.get(lang), foot.get(lang))
}

/// What brackets around a ground mean.
fn derived_line(profile: &Profile, lang: Lang) -> &'static str {
    let is_derived = profile.stations.iter().any(|station| station.is_ground_derived);
    let words = lang.pick("括号内地面标高由井底标高加井深推算\n", "In brackets: ground worked out as floor + depth\n");
    if is_derived { words } else { "" }
}

/// A size under a heading that says mm.
fn plain_size(size: Size) -> Option<String> {
    size.words().map(|words| words.trim_start_matches("DN").to_owned())
}

/// Metres to the centimetre, never a zero below zero.
fn centimetres(metres: f64) -> String {
    format!("{:.2}", (metres * 100.0).round() / 100.0 + 0.0)
}

/// What is to be said of a pipe beside its numbers.
fn remark(reach: &Reach, lang: Lang) -> String {
    let mut words = Vec::new();
    let mut add = |is_so: bool, zh: &'static str, en: &'static str| words.extend(is_so.then(|| lang.pick(zh, en)));
    add(reach.is_adverse, "逆坡", "adverse");
    add(reach.is_pressure, "压力管", "pressure");
    add(reach.is_siphon, "倒虹管", "siphon");
    add(!reach.is_along, "逆水流", "against the flow");
    words.join(lang.pick("、", ", "))
}

/// What crosses, how high, and with how much room.
fn crossing_lines(profile: &Profile, lang: Lang) -> String {
    if profile.crossings.is_empty() {
        return String::new();
    }
    let mut table = Table::new(match lang {
        Lang::Zh => [">里程", "交叉管", ">管径", ">管底", ">管内顶", ">净距", "穿越"],
        Lang::En => [">Chainage", "Crossing pipe", ">mm", ">Invert", ">Crown", ">Gap", "Passes"],
    });
    let level = |level: Option<f64>| level.map_or_else(|| "—".to_owned(), |level| format!("{level:.3}"));
    for it in &profile.crossings {
        let passes = match it.passing {
            Some(Passing::Above) => lang.pick("上穿", "above"),
            Some(Passing::Below) => lang.pick("下穿", "below"),
            Some(Passing::Through) => lang.pick("相碰", "through"),
            None if it.invert_m.is_none() => lang.pick("标高不明", "level not known"),
            None => "",
        };
        table.row([
            format!("{:.2}", it.chainage_m),
            it.code.to_string(),
            plain_size(it.size()).unwrap_or_default(),
            level(it.invert_m),
            level(it.crown_m),
            it.gap_m.map_or_else(|| "—".to_owned(), centimetres),
            passes.to_owned(),
        ]);
    }
    format!("\n{}", table.lines())
}
