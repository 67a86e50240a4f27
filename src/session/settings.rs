//! What a person set on this machine: language, theme, name, units. Kept as a small JSON file of the user, not in the city.

use std::path::{Path, PathBuf};

use directories::ProjectDirs;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::geom::crs::Crs;
use crate::text::Lang;

use super::crs::systems::KeptSystem;
use super::sewer::settings::SewerSettings;

/// Name of the file.
const FILE: &str = "settings.json";

/// Light or dark.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Theme {
    /// Dark on light.
    #[default]
    Light,
    /// Light on dark.
    Dark,
}

/// Units of lengths and areas shown to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// m, km, m², km².
    #[default]
    Metric,
    /// m, km, 亩 (666.67 m²), hectares.
    Mu,
}

/// How coordinates are shown and copied.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CoordinateStyle {
    /// CGCS2000 degrees with decimals.
    #[default]
    Degrees,
    /// CGCS2000 degrees, minutes, seconds.
    Dms,
    /// CGCS2000 3-degree Gauss–Krüger, central meridian 117 (EPSG:4548), metres.
    GaussKruger117,
    /// GCJ-02 degrees, as Chinese web maps show.
    Gcj02,
    /// BD-09 degrees, as Baidu's maps show.
    Bd09,
    /// Any other system.
    #[serde(with = "crs_words")]
    System(Crs),
}

/// A system in the settings file: by the words that [`Crs::parse`] reads. One that is not known any more is CGCS2000.
mod crs_words {
    use serde::{Deserialize as _, Deserializer, Serializer};

    use crate::geom::crs::Crs;

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
    pub(super) fn serialize<S: Serializer>(crs: &Crs, into: S) -> Result<S::Ok, S::Error> {
        into.serialize_str(&crs.to_string())
    }

    pub(super) fn deserialize<'a, D: Deserializer<'a>>(from: D) -> Result<Crs, D::Error> {
        let words = String::deserialize(from)?;
        Ok(Crs::parse(&words).unwrap_or(Crs::CGCS2000))
    }
}

/// How the window was left. Logical pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WindowShape {
    /// Width and height of what is inside, while it does not fill the screen.
    pub size: [f32; 2],
    /// Whether it filled the screen.
    pub maximized: bool,
    /// Width of the left panel.
    pub left_width: f32,
    /// Width of the right panel.
    pub right_width: f32,
    /// Height of the dock.
    pub dock_height: f32,
    /// Whether the left panel was open.
    pub left_open: bool,
    /// Whether the right panel was open.
    pub right_open: bool,
    /// The tab of the right panel: `details`, `notes`, `history`.
    pub right_tab: String,
    /// Whether the coordinate grid was drawn.
    pub map_grid: bool,
    /// Whether the small map of the whole city was open.
    pub overview_map: bool,
}

impl Default for WindowShape {
    fn default() -> Self {
        Self {
            size: [1600.0, 1000.0],
            maximized: false,
            left_width: 288.0,
            right_width: 344.0,
            dock_height: 336.0,
            left_open: true,
            right_open: true,
            right_tab: "details".to_owned(),
            map_grid: false,
            overview_map: false,
        }
    }
}

impl WindowShape {
    /// The same with measures that a window can have, whatever was in the file.
    pub fn sound(mut self) -> Self {
        let usual = Self::default();
        let hold = |value: &mut f32, [least, most]: [f32; 2], usual: f32| {
            *value = if value.is_finite() { value.clamp(least, most) } else { usual };
        };
        let [width, height] = &mut self.size;
        hold(width, [800.0, 16_000.0], usual.size[0]);
        hold(height, [520.0, 16_000.0], usual.size[1]);
        hold(&mut self.left_width, [100.0, 2000.0], usual.left_width);
        hold(&mut self.right_width, [100.0, 2000.0], usual.right_width);
        hold(&mut self.dock_height, [100.0, 2000.0], usual.dock_height);
        self
    }
}

/// Where a city was looked at last.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptView {
    /// The city's file.
    pub city: PathBuf,
    /// Middle of the map, Web Mercator metres.
    pub center_world: [f64; 2],
    /// World metres per logical pixel.
    pub metres_per_px: f64,
    /// Turn of the map, clockwise, radians.
    #[serde(default)]
    pub rotation_rad: f64,
}

/// Cities whose views are kept.
const MOST_VIEWS: usize = 20;

/// All settings. A file that is missing, broken or from another version gives the defaults.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// `zh` or `en`.
    pub lang: String,
    /// Light or dark.
    pub theme: Theme,
    /// The name that goes with each change.
    pub author: String,
    /// Units.
    pub units: Units,
    /// Coordinates.
    pub coordinates: CoordinateStyle,
    /// Coordinate systems of one's own.
    pub systems: Vec<KeptSystem>,
    /// Cities opened, latest first.
    pub recent: Vec<PathBuf>,
    /// Whether the first-start page was seen.
    pub welcome_seen: bool,
    /// How the window was left.
    pub window: WindowShape,
    /// Where each city was looked at last, latest first.
    pub views: Vec<KeptView>,
    /// How sewers are rated, and what their repair costs.
    pub sewer: SewerSettings,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lang: "zh".to_owned(),
            theme: Theme::default(),
            author: String::new(),
            units: Units::default(),
            coordinates: CoordinateStyle::default(),
            systems: Vec::new(),
            recent: Vec::new(),
            welcome_seen: false,
            window: WindowShape::default(),
            views: Vec::new(),
            sewer: SewerSettings::default(),
        }
    }
}

impl Settings {
    /// The language.
    pub fn lang(&self) -> Lang {
        Lang::from_code(&self.lang).unwrap_or_default()
    }

    /// Where the settings live: the folder that `CITYGRID_SETTINGS` names (a stick, a test), or this person's own.
    pub fn default_folder() -> PathBuf {
        named_folder_or(ProjectDirs::config_dir)
    }

    /// Where this person's sample city is kept: beside the settings on a stick, else in the person's data folder.
    pub fn sample_path() -> PathBuf {
        named_folder_or(ProjectDirs::data_dir).join("九江示范城.gpkg")
    }

    /// Makes the folder that a file of this person's own is to stand in.
    ///
    /// # Errors
    /// What the disk says.
    pub(super) fn make_folder_of(file: &Path) -> std::io::Result<()> {
        file.parent().map_or(Ok(()), std::fs::create_dir_all)
    }

    /// Sets the language.
    pub(super) fn set_lang(&mut self, lang: Lang) {
        lang.code().clone_into(&mut self.lang);
    }

    /// Reads the file in `folder`.
    pub fn load(folder: &Path) -> Self {
        load_beside(folder, FILE)
    }

    /// Writes the file in `folder`, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        save_beside(folder, FILE, self)
    }

    /// Where a city was looked at last.
    pub fn view_of(&self, city: &Path) -> Option<&KeptView> {
        self.views.iter().find(|view| view.city == city)
    }

    /// Keeps where a city is looked at, in place of what was kept of it before. A view of nowhere is not kept.
    pub(super) fn keep_view(&mut self, view: KeptView) {
        let numbers = [view.metres_per_px, view.rotation_rad];
        if view.center_world.iter().chain(&numbers).all(|value| value.is_finite()) {
            self.views.retain(|known| known.city != view.city);
            self.views.insert(0, view);
            self.views.truncate(MOST_VIEWS);
        }
    }

    /// Puts a city at the head of the recent list.
    pub fn remember(&mut self, path: &Path) {
        self.recent.retain(|known| known != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(10);
    }
}

/// The folder that `CITYGRID_SETTINGS` names, or one of this person's own.
fn named_folder_or(own: fn(&ProjectDirs) -> &Path) -> PathBuf {
    let named = std::env::var_os("CITYGRID_SETTINGS").filter(|folder| !folder.is_empty()).map(PathBuf::from);
    let own = || ProjectDirs::from("", "", "citygrid").map(|dirs| own(&dirs).to_owned());
    named.or_else(own).unwrap_or_else(|| PathBuf::from(".citygrid"))
}

/// Reads a JSON file of the settings' folder; one that is missing or broken gives the default.
pub(super) fn load_beside<T: DeserializeOwned + Default>(folder: &Path, name: &str) -> T {
    let bytes = std::fs::read(folder.join(name)).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// Writes a JSON file of the settings' folder, whole or not at all.
pub(super) fn save_beside<T: Serialize>(folder: &Path, name: &str, value: &T) -> std::io::Result<()> {
    std::fs::create_dir_all(folder)?;
    let file = tempfile::NamedTempFile::new_in(folder)?;
    serde_json::to_writer_pretty(&file, value)?;
    file.persist(folder.join(name)).map_err(|error| error.error)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn view(city: &str, metres_per_px: f64) -> KeptView {
        KeptView { city: city.into(), center_world: [1.0, 2.0], metres_per_px, rotation_rad: 0.0 }
    }

    #[test]
    fn window_and_views_are_there_again_at_the_next_start() {
        let folder = tempfile::tempdir().expect("a folder for settings");
        let mut settings = Settings::default();
        settings.window.left_width = 333.0;
        settings.window.right_tab = "notes".to_owned();
        settings.keep_view(view("a.gpkg", 4.0));
        settings.keep_view(view("b.gpkg", 5.0));
        settings.keep_view(view("a.gpkg", 6.0));
        settings.save(folder.path()).expect("saved");
        let again = Settings::load(folder.path());
        assert_eq!(again, settings);
        assert_eq!(again.view_of(Path::new("a.gpkg")).map(|view| view.metres_per_px), Some(6.0));
        assert_eq!(again.views.len(), 2);
    }

    #[test]
    fn settings_of_an_older_program_and_senseless_measures_do_no_harm() {
        let older: Settings = serde_json::from_str(r#"{"lang":"en"}"#).expect("settings");
        assert_eq!((older.lang(), older.window), (Lang::En, WindowShape::default()));
        let wild = WindowShape { size: [3.0, f32::NAN], left_width: -9.0, ..WindowShape::default() }.sound();
        assert_eq!((wild.size, wild.left_width), ([800.0, 1000.0], 100.0));
        let mut settings = Settings::default();
        settings.keep_view(view("a.gpkg", f64::NAN));
        assert!(settings.views.is_empty());
    }
}
