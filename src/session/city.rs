//! Opening, making, copying and closing cities.

use std::path::{Path, PathBuf};

use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::sample::{self, Fault, SampleCity, SampleOptions};
use crate::store::city::City;
use crate::store::command::{Action, Write};
use crate::store::create::create_with;
use crate::store::error::StoreError;
use crate::store::import::{Import, ImportStop, Target};
use crate::task::Cancel;
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

use super::Session;
use super::answer::{Answer, Failure, FailureKind};
use super::command::{CityCommand, HistoryCommand, JobId, SettingsCommand};
use super::events::Event;
use super::open_city::Opened;
use super::settings::Settings;
use super::snapshot::Touched;

/// Table of the faults that the sample's maker put in on purpose.
const FAULT_TABLE: &str = "planted_fault";

/// Table of what is wrong with drainage users on purpose.
const USER_FAULT_TABLE: &str = "planted_user_fault";

impl Session {
    pub(super) fn run_city(&mut self, command: CityCommand) -> Result<Option<JobId>, Failure> {
        match command {
            CityCommand::New { path, overwrite } => self.new_city(path, overwrite).map(Some),
            CityCommand::Open(path) => Ok(Some(self.open_city(path))),
            CityCommand::Demo { path, seed, scale, overwrite } => {
                Ok(Some(self.make_sample(path, SampleOptions { seed, scale }, overwrite)))
            }
            CityCommand::OwnSample => self.own_sample().map(Some),
            CityCommand::Backup { path, overwrite } => self.back_up(path, overwrite).map(Some),
            CityCommand::Close => {
                self.close_city();
                Ok(None)
            }
        }
    }

    /// Ends the open city's threads and closes its file.
    pub(super) fn close_city(&mut self) {
        self.jobs.cancel_all();
        if let (Some(open), Some(look)) = (&self.open, self.look_now.take()) {
            open.keep_look(look);
        }
        self.open = None;
        self.selection = super::Selection::default();
        self.look = super::look::Looking::default();
        self.lists = super::Lists::default();
        self.sewer = super::sewer::board::SewerBoard::default();
        self.pieces.clear();
        if let Some(painter) = &self.painter {
            painter.rest();
        }
    }

    fn new_city(&mut self, path: PathBuf, overwrite: bool) -> Result<JobId, Failure> {
        self.make_room(&path);
        let post = self.post.clone();
        Ok(self.jobs.start(Text::new("新建城市", "Making a city"), move |_, _| {
            refuse_edited_city(&path)?;
            create_with(&path, overwrite, |_| Ok::<_, StoreError>(()))?;
            post.send(Event::Opened(Box::new(Opened { city: City::open(&path)? })));
            Ok(Answer::Done)
        }))
    }

    fn open_city(&mut self, path: PathBuf) -> JobId {
        self.make_room(&path);
        let post = self.post.clone();
        self.jobs.start(Text::new("打开城市", "Opening the city"), move |_, _| {
            let city = City::open(&path)?;
            post.send(Event::Opened(Box::new(Opened { city })));
            Ok(Answer::Done)
        })
    }

    /// A file is not opened, replaced or written over while this window has it open.
    fn make_room(&mut self, path: &Path) {
        if self.open.as_ref().is_some_and(|open| same_file(&open.path(), path)) {
            self.close_city();
        }
    }

    fn back_up(&mut self, path: PathBuf, overwrite: bool) -> Result<JobId, Failure> {
        let open = self.opened()?;
        if same_file(&open.path(), &path) {
            let text = Text::new("备份不能写到城市文件本身", "A backup cannot go onto the city file itself");
            return Err(Failure::new(FailureKind::Usage, text));
        }
        let city = std::sync::Arc::clone(&open.city);
        Ok(self.jobs.start(Text::new("备份城市", "Backing up"), move |_, mut task| {
            city.backup(&path, overwrite, &mut task)?;
            let path = path.display();
            Ok(Answer::Told(text!("已备份到 {path}", "Backed up to {path}")))
        }))
    }

    fn own_sample(&mut self) -> Result<JobId, Failure> {
        let path = Settings::sample_path();
        if path.exists() {
            return Ok(self.open_city(path));
        }
        // On a fresh machine nobody has made this person's data folder yet.
        Settings::make_folder_of(&path).map_err(|error| StoreError::io(&path, error))?;
        Ok(self.make_sample(path, SampleOptions::default(), false))
    }

    fn make_sample(&mut self, path: PathBuf, options: SampleOptions, overwrite: bool) -> JobId {
        self.make_room(&path);
        let post = self.post.clone();
        let (title, open_it) = (Text::new("生成示例城市", "Making the sample city"), self.has_map);
        self.jobs.start(title, move |_, mut task| {
            refuse_edited_city(&path)?;
            let mut made = sample::generate(&options, &mut task)?;
            let sha256 = sample::fingerprint(&made);
            // The first layer in the file lies on top of the map.
            made.layers.sort_by_key(|layer| std::cmp::Reverse(super::snapshot::kind_of(layer.kind).z_order));
            create_with(&path, overwrite, |city| write_sample(city, made, options.seed, task.cancel()))?;
            if open_it {
                post.send(Event::Opened(Box::new(Opened { city: City::open(&path)? })));
            }
            Ok(Answer::Demo { city: path, sha256, seed: options.seed })
        })
    }

    pub(super) fn run_history(&mut self, command: HistoryCommand) -> Result<Option<JobId>, Failure> {
        self.end_style_preview();
        let view = &self.opened()?.view;
        // Without a map the layer list may not have arrived yet: the file itself knows best.
        let nothing = view.revision > 0
            && match command {
                HistoryCommand::Undo => view.undo.is_none(),
                HistoryCommand::Redo => view.redo.is_none(),
            };
        if nothing {
            let job = self.jobs.number();
            self.post.send(Event::Finished(job, Ok(Answer::NothingToUndo)));
            return Ok(Some(job));
        }
        let (action, words) = match command {
            HistoryCommand::Undo => (Action::Undo, view.undo.clone().map(undone_words)),
            HistoryCommand::Redo => (Action::Redo, view.redo.clone().map(redone_words)),
        };
        let job = self.submit(Text::default(), action)?;
        self.lists.history_words = words.map(|words| (job, words));
        Ok(Some(job))
    }

    /// Queues a command to the file; its end comes through the keeper.
    pub(super) fn submit(&mut self, label: Text, action: Action) -> Result<JobId, Failure> {
        let author = self.author();
        let job = self.jobs.number();
        let open = self.opened_mut()?;
        if let Some(reason) = &open.view.read_only {
            return Err(Failure::new(FailureKind::File, reason.clone()));
        }
        let cancel = Cancel::default();
        let ticket = open.city.submit_stoppable(Write { label, author, action }, cancel.clone());
        open.view.pending += 1;
        open.keeper.watch(job, ticket);
        self.jobs.add_edit(job, cancel);
        Ok(job)
    }

    pub(super) fn run_settings(&mut self, command: SettingsCommand) -> Result<(), Failure> {
        let settings = &mut self.settings;
        match command {
            // What a person chooses now wins over what the program was started with.
            SettingsCommand::Lang(lang) => {
                self.spoken = self.spoken.map(|_| lang);
                settings.set_lang(lang);
            }
            SettingsCommand::Theme(theme) => settings.theme = theme,
            SettingsCommand::Author(author) => author.trim().clone_into(&mut settings.author),
            SettingsCommand::Units(units) => settings.units = units,
            SettingsCommand::Coordinates(style) => settings.coordinates = style,
            SettingsCommand::KeepSystem { was, name, form } => {
                settings.keep_system(was.as_deref(), &name, &form)?;
                let kept = text!("坐标系“{name}”已保存", "The coordinate system “{name}” is kept");
                self.notify(super::NoticeLevel::Ok, kept, Vec::new());
            }
            SettingsCommand::ForgetSystem(name) => settings.forget_system(&name),
            SettingsCommand::Sewer(sewer) => {
                let is_joined_anew = settings.sewer.joining != sewer.joining;
                settings.sewer = sewer;
                if is_joined_anew {
                    self.refresh_sewer(&Touched::EVERYTHING);
                }
            }
            SettingsCommand::WelcomeSeen => settings.welcome_seen = true,
            // Nothing that is painted depends on these two.
            SettingsCommand::Window(shape) => {
                settings.window = shape.sound();
                self.save_settings();
                return Ok(());
            }
            SettingsCommand::View(view) => {
                settings.keep_view(view);
                self.save_settings();
                return Ok(());
            }
            SettingsCommand::KeepNotes { city, notes } => {
                self.keep_notes(&city, notes);
                return Ok(());
            }
        }
        self.save_settings();
        if let Some(open) = &mut self.open {
            open.view.change(None);
        }
        // Names, sizes and coordinates are written as the settings say.
        self.refresh_details();
        Ok(())
    }

    /// Keeps the settings; a folder that cannot be written costs a notice, not the work.
    pub(super) fn save_settings(&mut self) {
        if self.has_map
            && let Err(error) = self.settings.save(&self.settings_folder)
        {
            let Text { zh, en } = why(&error, Doing::Writing);
            let text = text!("设置无法保存：{zh}", "The settings cannot be saved: {en}");
            self.notify(super::NoticeLevel::Warning, text, Vec::new());
        }
    }
}

/// Whether two paths name one file, however they are written.
fn same_file(left: &Path, right: &Path) -> bool {
    match (left.canonicalize(), right.canonicalize()) {
        (Ok(left), Ok(right)) => left == right,
        _ => left == right,
    }
}

/// A city that somebody has worked on is never replaced by the sample.
fn undone_words(Text { zh, en }: Text) -> Text {
    text!("已撤销：{zh}", "Undone: {en}")
}

fn redone_words(Text { zh, en }: Text) -> Text {
    text!("已重做：{zh}", "Done again: {en}")
}

fn refuse_edited_city(path: &Path) -> Result<(), Failure> {
    if !path.exists() {
        return Ok(());
    }
    let Ok(city) = City::open_read_only(path) else { return Ok(()) };
    if city.reader()?.history()?.is_empty() {
        return Ok(());
    }
    let shown = path.display();
    let text = text!(
        "{shown} 已有编辑记录，不会被覆盖，请另取文件名",
        "{shown} holds somebody's edits and is not replaced: choose another name"
    );
    Err(Failure::new(FailureKind::File, text))
}

fn write_sample(city: &City, made: SampleCity, seed: u64, cancel: &Cancel) -> Result<(), StoreError> {
    let author = "citygrid".to_owned();
    city.dress_with(super::style::dress);
    let write = |label: Text, action: Action| -> Result<(), StoreError> {
        city.submit(Write { label, author: author.clone(), action }).wait().map(|_| ())
    };
    let rows = SampleRows { made: Some(made), cancel: cancel.clone() };
    write(Text::new("生成示例城市", "Make the sample city"), Action::Import(Box::new(rows)))?;
    let mark = format!("seed {seed}; 虚构数据 / invented data");
    write(Text::default(), Action::Setting { key: super::snapshot::SAMPLE_KEY.into(), value: Some(mark) })?;
    write(Text::default(), Action::TrimJournal { keep: 0 })
}

/// The sample's rows on their way into the file.
struct SampleRows {
    made: Option<SampleCity>,
    cancel: Cancel,
}

impl Import for SampleRows {
    fn targets(&self) -> Vec<Target> {
        let layers = self.made.iter().flat_map(|made| &made.layers);
        let mut targets: Vec<Target> = layers
            .filter_map(|layer| kinds::find(layer.kind))
            .map(|kind| Target { schema: kind.schema(Crs::CGCS2000), append: false })
            .collect();
        let tables = [
            (FAULT_TABLE, Text::new("预设缺陷（示例）", "Planted faults (sample)")),
            (USER_FAULT_TABLE, Text::new("预设排水户问题（示例）", "Planted faults of users (sample)")),
        ];
        targets.extend(tables.map(|(table, name)| Target { schema: fault_schema(table, name), append: false }));
        targets
    }

    fn feed(&mut self, sink: &mut dyn FnMut(usize, Feature) -> Result<(), StoreError>) -> Result<(), ImportStop> {
        let Some(made) = self.made.take() else { return Ok(()) };
        let count = made.layers.len();
        for (target, layer) in made.layers.into_iter().enumerate() {
            for feature in layer.features {
                sink(target, feature)?;
            }
            if self.cancel.is_cancelled() {
                return Err(ImportStop::Cancelled);
            }
        }
        for (target, faults) in (count..).zip([made.faults, made.user_faults]) {
            for (id, fault) in (1..).zip(faults) {
                sink(target, fault_row(id, fault))?;
            }
        }
        Ok(())
    }
}

fn fault_row(id: i64, fault: Fault) -> Feature {
    let words = [fault.rule, fault.layer].map(Value::from);
    let rest = [Value::Int(fault.feature_id), fault.code.into()];
    let what = [fault.what.zh.as_ref(), fault.what.en.as_ref()].map(Value::from);
    Feature { id, geometry: None, values: words.into_iter().chain(rest).chain(what).collect() }
}

fn fault_schema(table: &str, name: Text) -> Schema {
    let fields = vec![
        Field::text("rule", "规则", "Rule"),
        Field::text("layer", "图层", "Layer"),
        Field::int("feature_id", "要素号", "Feature"),
        Field::text("code", "编号", "Code"),
        Field::text("what_zh", "说明", "What, in Chinese"),
        Field::text("what_en", "英文说明", "What, in English"),
    ];
    Schema {
        table: table.to_owned(),
        name,
        kind: "plain".to_owned(),
        geometry: None,
        crs: Crs::Unknown,
        z_order: 0,
        fields,
    }
}
