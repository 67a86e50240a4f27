//! A city in a folder of its own, for tests: what they do with it again and again is said here once.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::model::feature::{Delta, Feature};
use crate::model::geometry::Geometry;
use crate::model::value::Value;
use crate::text::Text;

use super::answer::{Answer, Failure};
use super::command::{CityCommand, Command, EditCommand, ExchangeCommand, HistoryCommand, ImportRequest, LayerCommand};
use super::state::LayerView;
use super::{NoWake, Session, Wake};

/// Longest time for what threads do on a slow machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A session, mostly with a city that is open, and the folder in which all is that belongs to it.
pub(crate) struct TestCity {
    /// It ends before its folder goes.
    pub(crate) session: Session,
    settings: PathBuf,
    folder: Arc<TempDir>,
}

impl TestCity {
    /// An empty city, open as the command line has it: without a map.
    pub(crate) fn new() -> Self {
        Self::without_city().with_city()
    }

    /// An empty city, open as the window has it.
    pub(crate) fn with_map() -> Self {
        Self::in_folder(new_folder(), "settings", Session::new).with_city()
    }

    /// A session without a map and without a city.
    pub(crate) fn without_city() -> Self {
        Self::in_folder(new_folder(), "settings", Session::headless)
    }

    /// Another session of the same person in the same folder, without a map and without a city.
    pub(crate) fn another(&self) -> Self {
        Self::in_folder(Arc::clone(&self.folder), "settings", Session::headless)
    }

    /// The same with a map.
    pub(crate) fn another_with_map(&self) -> Self {
        Self::in_folder(Arc::clone(&self.folder), "settings", Session::new)
    }

    /// The session of another person in the same folder, without a map and without a city.
    pub(crate) fn of_another_person(&self) -> Self {
        Self::in_folder(Arc::clone(&self.folder), "other", Session::headless)
    }

    fn in_folder(folder: Arc<TempDir>, settings: &str, start: fn(PathBuf, Arc<dyn Wake>) -> Session) -> Self {
        let settings = folder.path().join(settings);
        Self { session: start(settings.clone(), Arc::new(NoWake)), settings, folder }
    }

    fn with_city(mut self) -> Self {
        let path = self.city_path();
        self.run(Command::City(CityCommand::New { path, overwrite: false }));
        self
    }

    /// The session for somebody who keeps it, a window say; the folder stays as long as the other half is kept.
    pub(crate) fn into_session(self) -> (Session, Arc<TempDir>) {
        (self.session, self.folder)
    }

    /// Opens the city of the folder.
    #[track_caller]
    pub(crate) fn open(&mut self) {
        self.run(Command::City(CityCommand::Open(self.city_path())));
    }

    /// The folder.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A file in the folder, which may not be there yet.
    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The file of the city.
    pub(crate) fn city_path(&self) -> PathBuf {
        self.path("九江.gpkg")
    }

    /// Where the person's own settings are.
    pub(crate) fn settings(&self) -> &Path {
        &self.settings
    }

    /// Writes a file into the folder.
    #[track_caller]
    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, content).expect("written");
        path
    }

    /// The text of a file in the folder.
    #[track_caller]
    pub(crate) fn read(&self, name: impl AsRef<Path>) -> String {
        std::fs::read_to_string(self.path(name)).expect("a text")
    }

    /// Takes a command and waits for its good end.
    #[track_caller]
    pub(crate) fn run(&mut self, command: Command) -> Answer {
        self.try_run(command).expect("done")
    }

    /// Takes a command and waits for its end.
    pub(crate) fn try_run(&mut self, command: Command) -> Result<Answer, Failure> {
        self.session.finish(command, &mut |_| {})
    }

    /// Takes files in.
    #[track_caller]
    pub(crate) fn import(&mut self, request: ImportRequest) -> Answer {
        self.run(Command::Exchange(ExchangeCommand::Import(request)))
    }

    /// Makes a layer of a kind.
    #[track_caller]
    pub(crate) fn create(&mut self, kind: &str) {
        self.run(Command::Layer(LayerCommand::Create { kind: kind.to_owned() }));
    }

    /// Adds features to a layer in one step, each with the values of some fields.
    #[track_caller]
    pub(crate) fn add<'a>(
        &mut self,
        layer: &str,
        features: impl IntoIterator<Item = (Geometry, Vec<(&'a str, Value)>)>,
    ) {
        // What was opened is not there at once.
        self.wait(|session| session.city().is_some_and(|city| city.layer(layer).is_some()));
        let schema = Arc::clone(&self.layer(layer).schema);
        let delta = |(geometry, told): (Geometry, Vec<(&str, Value)>)| {
            let mut values = vec![Value::Null; schema.fields.len()];
            for (field, value) in told {
                values[schema.field_index(field).expect("a field of the layer")] = value;
            }
            let new = Some(Feature { id: 0, geometry: Some(geometry), values });
            Delta { layer: layer.to_owned(), id: 0, old: None, new }
        };
        let (label, deltas) = (Text::new("加", "Add"), features.into_iter().map(delta).collect());
        self.run(Command::Edit(EditCommand::Change { label, deltas }));
    }

    /// Takes the last step back.
    #[track_caller]
    pub(crate) fn undo(&mut self) {
        self.run(Command::History(HistoryCommand::Undo));
    }

    /// Takes the step again that was taken back.
    #[track_caller]
    pub(crate) fn redo(&mut self) {
        self.run(Command::History(HistoryCommand::Redo));
    }

    /// A layer as the window reads it.
    #[track_caller]
    pub(crate) fn layer(&self, table: &str) -> &LayerView {
        self.session.city().and_then(|city| city.layer(table)).expect("the layer")
    }

    /// Waits until something is so.
    #[track_caller]
    pub(crate) fn wait(&mut self, is_so: impl Fn(&Session) -> bool) {
        self.wait_for(|session| is_so(session).then_some(()));
    }

    /// Waits until something is there, and gets it.
    #[track_caller]
    pub(crate) fn wait_for<T>(&mut self, mut get: impl FnMut(&mut Session) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        loop {
            self.session.poll();
            if let Some(there) = get(&mut self.session) {
                return there;
            }
            assert!(Instant::now() < end, "it never came");
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

fn new_folder() -> Arc<TempDir> {
    Arc::new(tempfile::tempdir().expect("a folder"))
}
