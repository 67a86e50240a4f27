//! `sewer profile`: a long profile as picture, table or rows.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value as Json, json};

use super::questions::tell_file;
use super::sums::length;
use crate::cli::Run;
use crate::cli::console::Reply;
use crate::cli::table::Table;
use crate::session::answer::Failure;
use crate::session::sewer::out::OutFile;
use crate::session::sewer::place::{Members, SewerPlace};
use crate::session::sewer::profile::{ProfileLook, is_picture, profile_title};
use crate::session::sewer::questions::{ProfileAnswer, ProfileCourse};
use crate::text;
use crate::text::Lang;
use crate::trades::sewer::profile::{Crossing, Reach, Station};

/// `sewer profile`.
#[derive(Debug, Args)]
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
    #[arg(long, value_name = "PLACE", conflicts_with_all = ["from", "longest"], required_unless_present_any = ["from", "longest"], allow_hyphen_values = true)]
    down: Option<String>,
    /// 到这个节点的最长管路，不写则到任一处理厂或排放口 | The longest path to this node; to any plant or outfall if none is named
    #[arg(long, value_name = "PLACE", num_args = 0..=1, default_missing_value = "", conflicts_with = "from")]
    longest: Option<String>,
    /// 起终点之间不论流向 | Between the two, whichever way the pipes run
    #[arg(long, requires = "from")]
    any_way: bool,
    /// 高程放大倍数（默认自动） | How many times larger heights are (chosen by default)
    #[arg(long, value_name = "N", value_parser = times)]
    exaggeration: Option<f64>,
    /// 深色底 | On a dark ground
    #[arg(long)]
    dark: bool,
    /// 写到文件：.svg、.pdf、.png、.csv、.xlsx、.geojson … | Write it to a file: .svg, .pdf, .png, .csv, .xlsx, .geojson …
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

fn times(word: &str) -> Result<f64, String> {
    let number = word.parse().ok().filter(|times: &f64| (0.1..=1000.0).contains(times));
    number.ok_or_else(|| "0.1 … 1000".to_owned())
}

/// The long profile along a course.
pub(super) fn profile(run: &mut Run, args: &ProfileArgs) -> Result<Reply, Failure> {
    let (course, lang) = (args.course(), run.lang());
    let file = args.out.clone().map(|path| OutFile { path, overwrite: args.overwrite, lang });
    let look = ProfileLook { dark: args.dark, exaggeration: args.exaggeration, ..ProfileLook::new(lang) };
    let (found, rows) = run.ask_sewers(|desk, task| {
        let found = desk.profile(&course, task)?;
        let rows = match &file {
            Some(file) if is_picture(&file.path) => {
                desk.draw_profile(&found, &look, file, task)?;
                None
            }
            Some(file) => Some(desk.write_profile(&found, file, task)?.features),
            None => None,
        };
        Ok((found, rows))
    })?;
    let mut json = profile_json(&found);
    tell_file(run, &mut json, file.as_ref(), rows);
    if let (Some(file), None) = (&file, rows) {
        let name = file.path.display().to_string();
        run.console.say(&text!("已画出纵断面：{name}", "drew the profile: {name}"));
        json["file"] = json!(name);
    }
    Ok(Reply::result(json, profile_lines(&found, lang)))
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
    })
}

fn crossing_json(crossing: &Crossing) -> Json {
    json!({
        "pipe": crossing.code,
        "system": crossing.system.code(),
        "chainage_m": crossing.chainage_m,
        "diameter_mm": crossing.diameter_mm,
        "invert_m": crossing.invert_m,
        "gap_m": crossing.gap_m,
        "at": crossing.at,
    })
}

fn profile_lines(found: &ProfileAnswer, lang: Lang) -> String {
    let profile = &found.profile;
    let mut table = Table::new(match lang {
        Lang::Zh => ["井号", ">里程", ">地面", ">管底进", ">管底出", ">管径", ">坡度 ‰", ">距离", "管段", "注"],
        Lang::En => {
            ["Node", ">Chainage", ">Ground", ">Invert in", ">Invert out", ">mm", ">Slope ‰", ">Length", "Pipe", "Note"]
        }
    });
    let level = |level: Option<f64>| level.map_or_else(|| "—".to_owned(), |level| format!("{level:.3}"));
    for (place, station) in profile.stations.iter().enumerate() {
        let before = place.checked_sub(1).and_then(|before| profile.reaches.get(before));
        let behind = profile.reaches.get(place);
        let is_adverse = behind.is_some_and(|reach| reach.is_adverse);
        table.row([
            station.code.to_string(),
            format!("{:.2}", station.chainage_m),
            level(station.ground_m),
            before.map_or_else(String::new, |reach| level(reach.inverts_m[1])),
            behind.map_or_else(String::new, |reach| level(reach.inverts_m[0])),
            behind.and_then(|reach| reach.diameter_mm).map_or_else(String::new, |size| size.to_string()),
            behind.and_then(|reach| reach.slope).map_or_else(String::new, |slope| format!("{:.2}", slope * 1000.0)),
            behind.map_or_else(String::new, |it| format!("{:.2}", it.chainages_m[1] - it.chainages_m[0])),
            behind.map_or_else(String::new, |reach| reach.code.to_string()),
            if is_adverse { lang.pick("逆坡", "adverse") } else { "" }.to_owned(),
        ]);
    }
    let (title, whole, crossings) = (profile_title(found), length(profile.length_m), profile.crossings.len());
    let sample =
        if found.is_sample { lang.pick("示例数据，纯属虚构\n", "Sample data, invented\n") } else { "" };
    let foot = text!("全长 {whole}，交叉管 {crossings} 处\n", "{whole} long, crossed by {crossings} pipes\n");
    format!("{}\n{sample}\n{}\n{}", title.get(lang), table.lines(), foot.get(lang))
}
