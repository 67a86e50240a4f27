//! `ground`: the offline base maps of a city.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::city::unexpected;
use super::console::Reply;
use super::import_words::imported;
use super::table::Table;
use super::words::WhichCrs;
use super::{Run, usage};
use crate::session::answer::{Answer, Failure};
use crate::session::command::{Command, ExchangeCommand, GroundCommand};
use crate::session::ground::GroundView;
use crate::text;
use crate::text::Lang;

/// Examples of the verb.
pub(super) const EXAMPLES: &str = "\
  citygrid ground city.gpkg                                     # 列出 | list
  citygrid ground city.gpkg --add 影像.mbtiles                  # 添加 | add one
  citygrid ground city.gpkg --add 街道.mbtiles --datum GCJ02    # 瓦片是火星坐标，底图纠偏 | a shifted tile set is moved to fit
  citygrid ground city.gpkg --add 航拍.tif --datum EPSG:4548    # 图片没写坐标系 | a picture that does not say its system
  citygrid ground city.gpkg --remove 影像                       # 移除，文件不动 | remove; the file stays";

/// Examples of the verb.
pub(super) const BASEMAP_EXAMPLES: &str = "\
  citygrid basemap 江西.osm.pbf --into city.gpkg                 # 道路、水系、建筑等，按城市范围 | roads, water, buildings within the city
  citygrid basemap 江西.osm.pbf --into city.gpkg --margin 3000   # 外扩 3 公里 | and three kilometres around it";

/// `ground`.
#[derive(Debug, Args)]
pub(super) struct GroundArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 添加底图：MBTiles、PMTiles、GeoPackage 瓦片、GeoTIFF、带坐标文件的图片 | Add MBTiles, PMTiles, GeoPackage tiles, GeoTIFF or a picture with a world file
    #[arg(long, value_name = "FILE")]
    pub(super) add: Vec<PathBuf>,
    /// 底图的基准：WGS84、GCJ02、BD09，或图片的坐标系 | Its datum: WGS84, GCJ02 or BD09, or a picture's CRS
    #[arg(long, value_name = "CRS", requires = "add")]
    pub(super) datum: Option<WhichCrs>,
    /// 不透明度，0 到 1 | How much of it is seen, 0 to 1
    #[arg(long, value_name = "0-1", requires = "add")]
    pub(super) opacity: Option<f32>,
    /// 移除底图，文件不动 | Take a base map out; its file stays
    #[arg(long, value_name = "NAME")]
    pub(super) remove: Vec<String>,
    /// 显示底图 | Open the eye of a base map
    #[arg(long, value_name = "NAME")]
    pub(super) show: Vec<String>,
    /// 隐藏底图 | Close the eye of a base map
    #[arg(long, value_name = "NAME")]
    pub(super) hide: Vec<String>,
}

/// `basemap`.
#[derive(Debug, Args)]
pub(super) struct BasemapArgs {
    /// OpenStreetMap 文件（.osm.pbf、.osm） | A file of OpenStreetMap (.osm.pbf, .osm)
    #[arg(value_name = "FILE", required = true)]
    pub(super) files: Vec<PathBuf>,
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(long = "into", value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 城市范围外扩多少米（默认 1000） | Metres around the city that are taken too (1000 by default)
    #[arg(long, value_name = "M", default_value_t = 1000.0, hide_default_value = true)]
    pub(super) margin: f64,
}

/// Lists base maps, after adding, removing, showing and hiding some.
pub(super) fn ground(run: &mut Run, args: &GroundArgs) -> Result<Reply, Failure> {
    if args.opacity.is_some_and(|opacity| !(0.0..=1.0).contains(&opacity)) {
        return Err(usage(text!("不透明度应在 0 到 1 之间", "an opacity is from 0 to 1")));
    }
    let datum = args.datum.as_ref().map(|datum| run.crs(datum)).transpose()?;
    for path in &args.add {
        run.finish(Command::Ground(GroundCommand::Add { path: path.clone(), datum }))?;
        let added = run.session.grounds()?.first().map(|ground| ground.name.clone());
        if let (Some(opacity), Some(name)) = (args.opacity, added) {
            run.know_grounds()?;
            run.finish(Command::Ground(GroundCommand::Opacity { name, opacity }))?;
        }
    }
    run.know_grounds()?;
    for name in &args.remove {
        run.finish(Command::Ground(GroundCommand::Remove(name.clone())))?;
    }
    for (names, visible) in [(&args.show, true), (&args.hide, false)] {
        for name in names {
            run.finish(Command::Ground(GroundCommand::Visible { name: name.clone(), visible }))?;
        }
    }
    let grounds = run.session.grounds()?;
    let lang = run.lang();
    Ok(Reply::result(grounds.iter().map(|ground| ground_json(ground, lang)).collect(), lines(&grounds, lang)))
}

/// Takes OpenStreetMap's data in as the city's base layers.
pub(super) fn basemap(run: &mut Run, args: &BasemapArgs) -> Result<Reply, Failure> {
    if !(0.0..=100_000.0).contains(&args.margin) {
        return Err(usage(text!("外扩应在 0 到 100000 米之间", "a margin has 0 to 100000 metres")));
    }
    let request = run.session.basemap_request(args.files.clone(), args.margin);
    match run.finish(Command::Exchange(ExchangeCommand::Import(request)))? {
        Answer::Imported { layers, problems, rejects, datum } => Ok(imported(&layers, &problems, &rejects, &datum)),
        _ => Err(unexpected()),
    }
}

fn ground_json(ground: &GroundView, lang: Lang) -> Json {
    let opened = ground.ground();
    json!({
        "name": ground.name,
        "file": ground.path.display().to_string(),
        "kind": opened.map(|opened| opened.kind().name().en),
        "datum": ground.datum.to_string(),
        "crs": opened.map(|opened| opened.crs().to_string()),
        "zooms": opened.and_then(super::super::io::ground::Ground::zooms),
        "opacity": ground.opacity,
        "visible": ground.visible,
        "attribution": opened.map(super::super::io::ground::Ground::attribution),
        "trouble": ground.trouble.as_ref().map(|trouble| trouble.get(lang)),
    })
}

fn lines(grounds: &[GroundView], lang: Lang) -> String {
    let zh = ["底图", "格式", "坐标系", "基准", ">不透明度", "可见", "文件"];
    let en = ["Base map", "Format", "CRS", "Datum", ">Opacity", "Visible", "File"];
    let mut table = Table::new(if lang == Lang::Zh { zh } else { en });
    for ground in grounds {
        let kind = ground.ground().map(|opened| opened.kind().name().get(lang).to_owned());
        let trouble = || ground.trouble.as_ref().map(|trouble| trouble.get(lang).to_owned());
        table.row([
            ground.name.clone(),
            kind.or_else(trouble).unwrap_or_default(),
            ground.ground().map(|opened| opened.crs().to_string()).unwrap_or_default(),
            ground.datum.to_string(),
            format!("{:.0}%", ground.opacity * 100.0),
            if ground.visible { lang.pick("是", "yes") } else { lang.pick("否", "no") }.to_owned(),
            ground.path.display().to_string(),
        ]);
    }
    table.lines()
}
