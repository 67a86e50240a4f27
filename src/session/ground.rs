//! Base maps of the open city: which files lie under it, in which datum, how much of them is seen.
//!
//! The list is kept in the city as a setting, with paths that go with the city's folder. It is no step of the journal:
//! the data are the same with and without it. The files are opened by the keeper and shared by all who paint.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::SystemTime;

use crate::geom::crs::Crs;
use crate::geom::transform::{degrees_from_mercator, mercator_from_degrees};
use crate::io::error::ReadError;
pub use crate::io::ground::Ground;
use crate::io::ground::GroundPlace;
use crate::model::geometry::Bounds;
use crate::model::ground::{GroundPixels, GroundShape};
use crate::render::ground::{Backdrop, GroundLayer};
use crate::render::view::ground_per_world;
use crate::store::command::{Action, Write};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::task::Cancel;
use crate::text;
use crate::text::Text;

use super::Session;
use super::answer::{Answer, Failure, FailureKind};
use super::command::{GroundCommand, ImportRequest, JobId};
use super::import::{Plan, Source};
use super::place;
use super::snapshot::world_bounds;

/// Key of the setting that holds the list, as JSON.
const KEY: &str = "ground";
/// Most base maps of a city.
const MOST: usize = 64;
/// Words in a file's name or credits that tell whose datum it is in.
const SHIFTED: [(&str, Crs); 10] = [
    ("gcj", Crs::Gcj02),
    ("高德", Crs::Gcj02),
    ("amap", Crs::Gcj02),
    ("autonavi", Crs::Gcj02),
    ("腾讯", Crs::Gcj02),
    ("tencent", Crs::Gcj02),
    ("火星", Crs::Gcj02),
    ("百度", Crs::Bd09),
    ("baidu", Crs::Bd09),
    ("bd09", Crs::Bd09),
];

/// A base map as the city keeps it; the topmost comes first.
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Kept {
    name: String,
    /// Relative to the city's folder where it lies in it.
    path: String,
    datum: String,
    opacity: f32,
    visible: bool,
    dim: bool,
}

/// A base map of the open city, as the window sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundView {
    /// Its name in the layer tree: its word in commands.
    pub name: String,
    /// The file.
    pub path: PathBuf,
    /// WGS 84 for a file as it stands, GCJ-02 or BD-09 for one of a Chinese web map, or the CRS of a picture that does
    /// not say its own.
    pub datum: Crs,
    /// 0 is clear, 1 is solid.
    pub opacity: f32,
    /// Whether the eye is open.
    pub visible: bool,
    /// Whether it is darker on the dark map.
    pub dim: bool,
    /// Why it is not shown: missing, damaged, in an unknown system.
    pub trouble: Option<Text>,
    /// Around all of it, Web Mercator metres.
    pub bounds_world: Option<Bounds>,
    laid: Option<Arc<Laid>>,
}

impl GroundView {
    /// The opened file, if it could be.
    pub fn ground(&self) -> Option<&Ground> {
        self.laid.as_ref().map(|laid| &*laid.ground)
    }

    fn kept(&self, city: &Path) -> Kept {
        Kept {
            name: self.name.clone(),
            path: kept_path(&self.path, city),
            datum: self.datum.to_string(),
            opacity: self.opacity,
            visible: self.visible,
            dim: self.dim,
        }
    }
}

/// An opened base map in its place.
#[derive(Debug)]
struct Laid {
    ground: Arc<Ground>,
    place: GroundPlace,
}

impl PartialEq for Laid {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(self, other)
    }
}

impl Backdrop for Laid {
    fn px_from_lonlat(&self, lonlat: [f64; 2]) -> Option<[f64; 2]> {
        self.place.px_from_lonlat(lonlat)
    }

    fn extent_px(&self) -> Bounds {
        self.ground.extent_px()
    }

    fn pixels(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Option<GroundPixels> {
        self.ground.pixels(window, step, cancel)
    }

    fn shapes(&self, window: &Bounds, step: f64, cancel: &Cancel) -> Vec<GroundShape> {
        self.ground.shapes(window, step, cancel)
    }

    fn is_drawn(&self) -> bool {
        self.ground.is_drawn()
    }

    fn attribution(&self) -> &str {
        self.ground.attribution()
    }
}

impl Laid {
    /// Web Mercator metres around what it covers.
    fn bounds_world(&self) -> Option<Bounds> {
        let (extent, mut bounds) = (self.ground.extent_px(), Bounds::EMPTY);
        for (x, y) in (0..=8).flat_map(|y| (0..=8).map(move |x| (x, y))) {
            let at = [
                extent.min[0] + extent.width() * f64::from(x) / 8.0,
                extent.min[1] + extent.height() * f64::from(y) / 8.0,
            ];
            if let Some(lonlat) = self.place.lonlat_from_px(at) {
                bounds.extend(mercator_from_degrees(lonlat));
            }
        }
        (!bounds.is_empty()).then_some(bounds)
    }
}

/// What tells one opening of a file from another.
#[derive(Clone, PartialEq)]
struct Stamp {
    path: PathBuf,
    len: u64,
    changed: Option<SystemTime>,
    datum: Crs,
}

/// Opens a base map, or finds it opened: everybody who shows it shares what is decoded.
fn opened(path: &Path, datum: Crs) -> Result<Arc<Laid>, ReadError> {
    static OPEN: Mutex<Vec<(Stamp, Weak<Laid>)>> = Mutex::new(Vec::new());
    let file = path.metadata()?;
    let stamp = Stamp { path: path.to_owned(), len: file.len(), changed: file.modified().ok(), datum };
    let mut open = OPEN.lock().unwrap_or_else(PoisonError::into_inner);
    open.retain(|(_, laid)| laid.strong_count() > 0);
    if let Some(laid) = open.iter().find(|(other, _)| *other == stamp).and_then(|(_, laid)| laid.upgrade()) {
        return Ok(laid);
    }
    let asked = (!matches!(datum, Crs::WGS84 | Crs::Gcj02 | Crs::Bd09)).then_some(datum);
    let ground = Arc::new(Ground::open(path, asked)?);
    let place = ground.place(datum).map_err(|_| ReadError::UnknownCrs { name: ground.crs().to_string() })?;
    let laid = Arc::new(Laid { ground, place });
    open.push((stamp, Arc::downgrade(&laid)));
    Ok(laid)
}

/// The base maps of a city, opened; the topmost comes first.
pub(super) fn read(reader: &Reader, city: &Path) -> Vec<GroundView> {
    kept(reader).unwrap_or_default().into_iter().map(|kept| view(kept, city)).collect()
}

/// Whether a city shows any.
pub(super) fn any_visible(reader: &Reader) -> bool {
    kept(reader).unwrap_or_default().iter().any(|kept| kept.visible)
}

/// What is painted under the layers, the lowest first.
pub(super) fn shown(grounds: &[GroundView]) -> Vec<GroundLayer> {
    let visible = grounds.iter().rev().filter(|ground| ground.visible);
    let layers = visible.filter_map(|ground| {
        let backdrop: Arc<dyn Backdrop> = Arc::clone(ground.laid.as_ref()?) as Arc<dyn Backdrop>;
        Some(GroundLayer { backdrop, opacity: ground.opacity, dim: ground.dim })
    });
    layers.collect()
}

/// Whether a file may be a base map rather than data or a city, by its name and what lies beside it.
pub fn is_likely(path: &Path) -> bool {
    Ground::is_likely(path)
}

fn kept(reader: &Reader) -> Result<Vec<Kept>, StoreError> {
    let json = reader.setting(KEY)?.unwrap_or_default();
    let mut kept: Vec<Kept> = serde_json::from_str(&json).unwrap_or_default();
    kept.truncate(MOST);
    Ok(kept)
}

fn view(kept: Kept, city: &Path) -> GroundView {
    let path = full_path(&kept.path, city);
    let datum = Crs::parse(&kept.datum).unwrap_or(Crs::WGS84);
    let laid = opened(&path, datum);
    let trouble = laid.as_ref().err().map(|error| match error {
        ReadError::Io(cause) if cause.kind() == std::io::ErrorKind::NotFound => {
            Text::new("找不到文件", "The file is not there")
        }
        error => error.headline(),
    });
    let laid = laid.ok();
    GroundView {
        name: kept.name,
        path,
        datum,
        opacity: if kept.opacity.is_finite() { kept.opacity.clamp(0.0, 1.0) } else { 1.0 },
        visible: kept.visible,
        dim: kept.dim,
        trouble,
        bounds_world: laid.as_ref().and_then(|laid| laid.bounds_world()),
        laid,
    }
}

/// A path as the city keeps it: what lies in its folder goes with it.
fn kept_path(path: &Path, city: &Path) -> String {
    let folder = city.parent().unwrap_or(Path::new(""));
    let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let (path, folder) = (whole(path), whole(folder));
    let inside = path.strip_prefix(&folder).unwrap_or(&path);
    inside.to_string_lossy().replace('\\', "/")
}

fn full_path(kept: &str, city: &Path) -> PathBuf {
    let folder = city.parent().unwrap_or(Path::new(""));
    let path = folder.join(kept);
    std::path::absolute(&path).unwrap_or(path)
}

/// The datum that a file's name and credits speak of; files themselves never say it.
fn guessed_datum(path: &Path, ground: &Ground) -> Crs {
    let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
    let words = format!("{name} {} {}", ground.name(), ground.attribution()).to_lowercase();
    SHIFTED.iter().find(|(word, _)| words.contains(word)).map_or(Crs::WGS84, |(_, datum)| *datum)
}

impl Session {
    /// The base maps of the open city as the file has them, the topmost first.
    ///
    /// # Errors
    /// No city is open, or it cannot be read.
    pub fn grounds(&self) -> Result<Vec<GroundView>, Failure> {
        let open = self.opened()?;
        Ok(read(&open.city.reader()?, open.city.path()))
    }

    /// The import that makes a base map of OpenStreetMap's data: layers of this city's kinds, and of the region's
    /// features those that the city and `margin_m` metres around it hold; all of them while the city is empty.
    pub fn basemap_request(&self, paths: Vec<PathBuf>, margin_m: f64) -> ImportRequest {
        let home = self.city().and_then(super::state::CityView::home_world);
        let within = home.map(|home| {
            let margin = margin_m / ground_per_world(home.center()[1]);
            let grown = home.grown(margin);
            let ([west, south], [east, north]) = (degrees_from_mercator(grown.min), degrees_from_mercator(grown.max));
            Bounds::new(west, south, east, north)
        });
        ImportRequest { paths, kind: Some("auto".to_owned()), within, ..ImportRequest::default() }
    }

    pub(super) fn run_ground(&mut self, command: GroundCommand) -> Result<Option<JobId>, Failure> {
        match command {
            GroundCommand::Add { path, datum } => self.add_ground(path, datum).map(Some),
            GroundCommand::Remove(name) => self.change_grounds(&name, |grounds, at| _ = grounds.remove(at)).map(Some),
            GroundCommand::Opacity { name, opacity } => {
                let opacity = opacity.clamp(0.0, 1.0);
                self.change_grounds(&name, |grounds, at| grounds[at].opacity = opacity).map(Some)
            }
            GroundCommand::Visible { name, visible } => {
                self.change_grounds(&name, |grounds, at| grounds[at].visible = visible).map(Some)
            }
            GroundCommand::Dim { name, dim } => {
                self.change_grounds(&name, |grounds, at| grounds[at].dim = dim).map(Some)
            }
            GroundCommand::Datum { name, datum } => {
                self.change_grounds(&name, |grounds, at| grounds[at].datum = datum).map(Some)
            }
            GroundCommand::Locate { name, path } => {
                self.change_grounds(&name, |grounds, at| grounds[at].path = path).map(Some)
            }
            GroundCommand::Raise(name) => {
                self.change_grounds(&name, |grounds, at| grounds.swap(at, at.saturating_sub(1))).map(Some)
            }
        }
    }

    /// Changes the list at the place of one of its base maps, and keeps it.
    fn change_grounds(
        &mut self,
        name: &str,
        change: impl FnOnce(&mut Vec<GroundView>, usize),
    ) -> Result<JobId, Failure> {
        let open = self.opened_mut()?;
        let city = open.city.path().to_owned();
        // Two quick clicks: the second builds on the first, which the file may not have yet.
        let mut grounds = open.view.grounds.clone();
        let at = grounds.iter().position(|ground| ground.name == name);
        let at = at.ok_or_else(|| {
            Failure::new(FailureKind::Usage, text!("没有底图“{name}”", "There is no base map “{name}”"))
        })?;
        change(&mut grounds, at);
        let kept: Vec<Kept> = grounds.iter().map(|ground| ground.kept(&city)).collect();
        let job = self.submit(Text::default(), setting(&kept))?;
        let view = &mut self.opened_mut()?.view;
        view.grounds = grounds;
        view.change(None);
        Ok(job)
    }

    fn add_ground(&mut self, path: PathBuf, datum: Option<Crs>) -> Result<JobId, Failure> {
        let author = self.author();
        let open = self.opened()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let (city, follower) = (Arc::clone(&open.city), open.keeper.follower());
        // A picture that does not say its system is most likely in the one that the city's data came in.
        let mut systems: Vec<Crs> = open.view.layers.iter().map(|layer| layer.schema.crs).collect();
        systems.retain(|crs| !crs.is_geographic() && *crs != Crs::Unknown);
        systems.dedup();
        let home = open.view.bounds_world();
        Ok(self.jobs.start(Text::new("添加底图", "Adding a base map"), move |_, _| {
            let (datum, laid) = lay(&path, datum, &systems, home).map_err(|error| failed(&path, &error))?;
            let mut grounds = kept(&city.reader()?)?;
            if grounds.len() >= MOST {
                let text = text!("底图最多 {MOST} 张", "A city has {MOST} base maps at most");
                return Err(Failure::new(FailureKind::Usage, text));
            }
            let name = free_name(laid.ground.name(), &grounds);
            let told = told(&name, &laid.ground, datum);
            let path = kept_path(&path, city.path());
            let (datum, dim) = (datum.to_string(), !laid.ground.is_drawn());
            grounds.insert(0, Kept { name, path, datum, opacity: 1.0, visible: true, dim });
            let write = Write { label: Text::default(), author, action: setting(&grounds) };
            follower.follow(city.submit(write).wait()?);
            Ok(Answer::Told(told))
        }))
    }
}

/// Refuses files of which nothing can lie in a box (degrees): they would come in as layers without a feature.
///
/// # Errors
/// One lies elsewhere.
pub(super) fn refuse_elsewhere(plan: &Plan) -> Result<(), Failure> {
    let Some(within) = plan.within.and_then(|within| world_bounds(within, Crs::WGS84)) else { return Ok(()) };
    for Source { path, survey, .. } in &plan.sources {
        let drafts = survey.layers.iter().filter(|draft| !draft.bounds.is_empty());
        let bounds = drafts.filter_map(|draft| world_bounds(draft.bounds, draft.crs.unwrap_or(survey.crs)));
        let gap_m = bounds.reduce(|all, bounds| all.union(&bounds)).and_then(|bounds| place::gap_m(&bounds, &within));
        if let Some(gap_m) = gap_m {
            let (name, km) = (path.display(), place::about_km(gap_m));
            let text = text!(
                "{name}：文件不在本市范围，相距约 {km} 公里，没有写入任何内容",
                "{name}: the file lies about {km} km outside the city; nothing was written"
            );
            return Err(Failure::new(FailureKind::Data, text));
        }
    }
    Ok(())
}

fn setting(kept: &[Kept]) -> Action {
    let value = (!kept.is_empty()).then(|| serde_json::to_string(kept).unwrap_or_default());
    Action::Setting { key: KEY.to_owned(), value }
}

/// Opens a file that is new to the city, in the datum asked for or the likeliest.
fn lay(path: &Path, asked: Option<Crs>, systems: &[Crs], home: Option<Bounds>) -> Result<(Crs, Arc<Laid>), ReadError> {
    if let Some(datum) = asked {
        return Ok((datum, opened(path, datum)?));
    }
    match opened(path, Crs::WGS84) {
        Ok(laid) => {
            let datum = guessed_datum(path, &laid.ground);
            Ok((datum, if datum == Crs::WGS84 { laid } else { opened(path, datum)? }))
        }
        Err(ReadError::UnknownCrs { name }) => {
            let meets = |laid: &Laid| home.zip(laid.bounds_world()).is_some_and(|(home, own)| home.intersects(&own));
            let tried = systems.iter().filter_map(|&crs| Some((crs, opened(path, crs).ok()?)));
            let fitting = { tried }.find(|(_, laid)| meets(laid));
            fitting.ok_or(ReadError::UnknownCrs { name })
        }
        Err(error) => Err(error),
    }
}

fn failed(path: &Path, error: &ReadError) -> Failure {
    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let text = match error {
        ReadError::UnknownCrs { name: system } => text!(
            "“{name}”的坐标系不明（{system}），请用 citygrid ground --datum EPSG:代号 指定",
            "The coordinate system of “{name}” is not known ({system}): say it with citygrid ground --datum EPSG:code"
        ),
        ReadError::NotSupported { .. } => text!(
            "“{name}”不是底图：请用 MBTiles、PMTiles、GeoPackage 瓦片、GeoTIFF 或带坐标文件的图片",
            "“{name}” is no base map: use MBTiles, PMTiles, GeoPackage tiles, GeoTIFF or a picture with a world file"
        ),
        error => {
            let Text { zh, en } = error.headline();
            text!("底图“{name}”：{zh}", "Base map “{name}”: {en}")
        }
    };
    Failure::new(FailureKind::File, text)
}

fn free_name(wanted: &str, grounds: &[Kept]) -> String {
    let wanted: String = wanted.trim().chars().take(60).collect();
    let numbered = (2..).map(|number| format!("{wanted} {number}"));
    let mut names = std::iter::once(wanted.clone()).chain(numbered);
    names.find(|name| grounds.iter().all(|ground| ground.name != *name)).unwrap_or_default()
}

fn told(name: &str, ground: &Ground, datum: Crs) -> Text {
    let Text { zh, en } = ground.kind().name();
    match datum {
        Crs::Gcj02 | Crs::Bd09 => text!(
            "已添加底图“{name}”（{zh}，按 {datum} 纠偏；不对可在底图菜单里改基准）",
            "Added base map “{name}” ({en}, moved from {datum}; its menu has other datums)"
        ),
        _ => text!(
            "已添加底图“{name}”（{zh}，不纠偏；若偏几百米，请在底图菜单里改为 GCJ-02）",
            "Added base map “{name}” ({en}, as it stands; if it is some hundred metres off, set GCJ-02 in its menu)"
        ),
    }
}

#[cfg(test)]
mod tests;
