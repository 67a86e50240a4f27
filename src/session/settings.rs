//! What a person set on this machine: language, theme, name, units. Kept as a small JSON file of the user, not in the city.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::text::Lang;

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
}

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
    /// Cities opened, latest first.
    pub recent: Vec<PathBuf>,
    /// Whether the first-start page was seen.
    pub welcome_seen: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lang: "zh".to_owned(),
            theme: Theme::default(),
            author: String::new(),
            units: Units::default(),
            coordinates: CoordinateStyle::default(),
            recent: Vec::new(),
            welcome_seen: false,
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
        let own = || directories::ProjectDirs::from("", "", "citygrid").map(|dirs| dirs.config_dir().to_owned());
        named_folder().or_else(own).unwrap_or_else(|| PathBuf::from(".citygrid"))
    }

    /// Where this person's sample city is kept: beside the settings on a stick, else in the person's data folder.
    pub fn sample_path() -> PathBuf {
        let own = || directories::ProjectDirs::from("", "", "citygrid").map(|dirs| dirs.data_dir().to_owned());
        let folder = named_folder().or_else(own).unwrap_or_else(|| PathBuf::from(".citygrid"));
        folder.join("九江示范城.gpkg")
    }

    /// Sets the language.
    pub(super) fn set_lang(&mut self, lang: Lang) {
        lang.code().clone_into(&mut self.lang);
    }

    /// Reads the file in `folder`.
    pub fn load(folder: &Path) -> Self {
        let bytes = std::fs::read(file_in(folder)).unwrap_or_default();
        serde_json::from_slice(&bytes).unwrap_or_default()
    }

    /// Writes the file in `folder`, whole or not at all.
    ///
    /// # Errors
    /// The folder cannot be made or written.
    pub fn save(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&file, self)?;
        file.persist(file_in(folder)).map_err(|error| error.error)?;
        Ok(())
    }

    /// Puts a city at the head of the recent list.
    pub fn remember(&mut self, path: &Path) {
        self.recent.retain(|known| known != path);
        self.recent.insert(0, path.to_owned());
        self.recent.truncate(10);
    }
}

fn named_folder() -> Option<PathBuf> {
    std::env::var_os("CITYGRID_SETTINGS").filter(|folder| !folder.is_empty()).map(PathBuf::from)
}

fn file_in(folder: &Path) -> PathBuf {
    folder.join("settings.json")
}
