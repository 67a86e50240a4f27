//! The systems of a bureau's own: kept in the settings of a person, and in every city that has a layer in one.

use serde::{Deserialize, Serialize};

use crate::geom::crs::{Crs, CrsError};
use crate::geom::own::{OwnCrs, OwnForm};
use crate::text;
use crate::text::Text;

use crate::session::Session;
use crate::session::answer::{Failure, FailureKind};
use crate::session::settings::Settings;

/// Most systems that a person keeps.
const MOST: usize = 200;
/// Longest name, characters.
const MOST_CHARS: usize = 60;

/// A system as it stands in the settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct KeptSystem {
    /// What the bureau calls it.
    pub name: String,
    /// Its line: `+proj=…` or `+base=…`, see [`OwnForm`].
    pub definition: String,
}

impl KeptSystem {
    /// The system, if the line still says one: settings may come from elsewhere.
    pub fn crs(&self) -> Option<Crs> {
        let form = self.definition.parse().ok()?;
        OwnCrs { name: self.name.clone(), form }.learn().ok()
    }
}

impl Settings {
    /// Keeps a system, in the place of one that was called `was`; a name stands for one system only.
    ///
    /// # Errors
    /// `Usage` for a name or a definition that cannot be.
    pub(in crate::session) fn keep_system(
        &mut self,
        was: Option<&str>,
        name: &str,
        form: &OwnForm,
    ) -> Result<(), Failure> {
        let refused = |text| Failure::new(FailureKind::Usage, text);
        let name = name.trim();
        if name.is_empty() || name.chars().count() > MOST_CHARS || name.chars().any(char::is_control) {
            return Err(refused(text!(
                "坐标系要有名称，最多 {MOST_CHARS} 个字",
                "A coordinate system needs a name of at most {MOST_CHARS} characters"
            )));
        }
        // A name that reads as something else could never be chosen by it.
        if Crs::parse(name).is_ok() {
            return Err(refused(text!("“{name}”已是另一个坐标系的名称", "“{name}” already names another system")));
        }
        OwnCrs { name: name.to_owned(), form: form.clone() }.learn().map_err(|error| refused(told(&error)))?;
        let taken = |kept: &KeptSystem| kept.name == name && was != Some(name);
        if self.systems.iter().any(taken) {
            return Err(refused(text!("已经有名为“{name}”的坐标系", "There is a system named “{name}” already")));
        }
        let system = KeptSystem { name: name.to_owned(), definition: form.to_string() };
        let place = self.systems.iter().position(|kept| Some(kept.name.as_str()) == was);
        match place {
            Some(place) => self.systems[place] = system,
            None if self.systems.len() < MOST => self.systems.push(system),
            None => return Err(refused(text!("最多保留 {MOST} 个坐标系", "At most {MOST} systems are kept"))),
        }
        Ok(())
    }

    /// Forgets a system; layers that are in it stay in it.
    pub(in crate::session) fn forget_system(&mut self, name: &str) {
        self.systems.retain(|kept| kept.name != name);
    }
}

impl Session {
    /// The systems of one's own that can be chosen: those of the settings, then others that the open city has layers in.
    pub fn own_systems(&self) -> Vec<Crs> {
        let mut found: Vec<Crs> = self.settings().systems.iter().filter_map(KeptSystem::crs).collect();
        let layers = self.city().into_iter().flat_map(|city| &city.layers);
        for crs in layers.map(|layer| layer.schema.crs).filter(|crs| matches!(crs, Crs::Own(_))) {
            if !found.contains(&crs) {
                found.push(crs);
            }
        }
        found
    }

    /// The system that words mean: the name of one of one's own, or whatever [`Crs::parse`] reads.
    ///
    /// # Errors
    /// `Usage` for words that mean none.
    pub fn crs_named(&self, words: &str) -> Result<Crs, Failure> {
        let named = |crs: &Crs| crs.own().is_some_and(|own| own.name == words.trim());
        if let Some(crs) = self.own_systems().into_iter().find(named) {
            return Ok(crs);
        }
        Crs::parse(words).map_err(|error| Failure::new(FailureKind::Usage, told(&error)))
    }
}

/// What is wrong with a system, for a person.
fn told(error: &CrsError) -> Text {
    Text::owned(error.zh(), error.en())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRID: &str = "+base=EPSG:4548 +shift=380000,3260000 +turn=12.5 +scale=1";

    #[test]
    fn a_system_is_kept_changed_and_forgotten_by_its_name() {
        let mut settings = Settings::default();
        let [grid, plane] = [GRID, "+proj=tmerc +lon_0=115.9 +ellps=GRS80"].map(|line| line.parse().expect(line));
        settings.keep_system(None, " 九江独立坐标系 ", &grid).expect("kept");
        settings.keep_system(Some("九江独立坐标系"), "九江坐标系", &plane).expect("changed");
        let names: Vec<&str> = settings.systems.iter().map(|kept| kept.name.as_str()).collect();
        assert_eq!(names, ["九江坐标系"]);
        assert_eq!(settings.systems[0].crs().map(|crs| crs.title().0), Some("九江坐标系".to_owned()));
        settings.forget_system("九江坐标系");
        assert_eq!(settings.systems, []);
    }

    #[test]
    fn a_name_that_is_taken_or_means_something_else_is_refused() {
        let mut settings = Settings::default();
        let grid: OwnForm = GRID.parse().expect(GRID);
        settings.keep_system(None, "甲", &grid).expect("kept");
        for name in ["甲", "", "4548", "GCJ02", "a\nb"] {
            assert!(settings.keep_system(None, name, &grid).is_err(), "{name}");
        }
        assert!(settings.keep_system(Some("甲"), "甲", &grid).is_ok(), "its own name is its own");
    }
}
