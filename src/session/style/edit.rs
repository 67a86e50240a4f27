//! How layers look: styles kept in the city, tried out on the screen, taken in from files and written to them; what the
//! values of a field are, for whoever makes a style from them.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::io::atomic;
use crate::io::error::WriteError;
use crate::io::sitter::Sitter;
use crate::io::{qml, sld, style_file};
use crate::model::geometry::GeometryKind;
use crate::model::schema::Schema;
use crate::model::style::{Classing, Crowd, Style};
use crate::model::style_make;
use crate::model::value::{FieldType, Value};
use crate::store::command::{Action, LayerState};
use crate::store::error::StoreError;
use crate::store::reader::Reader;
use crate::text;
use crate::text::{Lang, Text};

use super::usual_style;
use crate::session::Session;
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{JobId, StyleCommand};
use crate::session::events::Event;
use crate::session::layers::state_of;
use crate::session::look::librarian::Topic;
use crate::session::rows::find_schema;
use crate::session::state::LayerView;

/// Most different values that a survey lists.
const MOST_WORDS: usize = 500;

/// What is in a field of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct FieldSurvey {
    /// Table name.
    pub layer: String,
    /// Field id.
    pub field: String,
    /// The field's numbers, ascending, one for each feature that has one; none for a field of words.
    pub numbers: Arc<[f64]>,
    /// Its values and how often each is there, most frequent first, at most 500.
    pub words: Arc<[(Value, u64)]>,
    /// How many different values there are.
    pub distinct: usize,
    /// Features without a value.
    pub unknown: u64,
}

/// What the session remembers of styles.
#[derive(Default)]
pub(in crate::session) struct Styling {
    preview: Option<Preview>,
    survey: Option<FieldSurvey>,
    request: u64,
}

/// A style that is only tried out.
struct Preview {
    layer: String,
    style: Arc<Style>,
}

impl Styling {
    /// Takes in a survey, unless another one was asked for since.
    pub(in crate::session) fn arrive(&mut self, request: u64, survey: FieldSurvey) {
        if request == self.request {
            self.survey = Some(survey);
        }
    }

    /// Puts the style that is tried out over what the file says.
    pub(in crate::session) fn dress(&self, layers: &mut [LayerView]) {
        let Some(preview) = &self.preview else { return };
        if let Some(layer) = layers.iter_mut().find(|layer| layer.table() == preview.layer) {
            layer.style = Arc::clone(&preview.style);
            // Counted for other rows.
            layer.legend_counts = Arc::default();
        }
    }
}

impl Session {
    pub(in crate::session) fn run_style(&mut self, command: StyleCommand) -> Result<Option<JobId>, Failure> {
        match command {
            StyleCommand::Set { layer, style } => self.set_style(&layer, &style).map(Some),
            StyleCommand::Reset(layer) => {
                let view = self.layer(&layer)?;
                let usual = usual_style(view.kind, &view.schema);
                self.set_style(&layer, &usual).map(Some)
            }
            StyleCommand::Preview { layer, style } => self.preview_style(&layer, style).map(|()| None),
            StyleCommand::Survey { layer, field } => self.survey_field(&layer, field).map(|()| None),
            StyleCommand::Export { layer, path, overwrite } => self.export_style(&layer, path, overwrite).map(Some),
            StyleCommand::Import { layer, path } => self.import_style(&layer, &path).map(Some),
        }
    }

    /// What the last survey found; `None` until its answer is there.
    pub fn style_survey(&self) -> Option<&FieldSurvey> {
        self.lists.styling.survey.as_ref()
    }

    /// What is in a field of a layer, read now: for callers that can wait.
    ///
    /// # Errors
    /// There is no such layer or field, or the city cannot be read.
    pub fn field_survey(&self, layer: &str, field: &str) -> Result<FieldSurvey, Failure> {
        let reader = self.opened()?.city.reader()?;
        let schema = find_schema(&reader, layer)?;
        let Some(index) = schema.field_index(field) else { return Err(no_field(&schema, field)) };
        let id = schema.fields[index].id.to_string();
        Ok(survey(&reader, &schema, id)?)
    }

    /// Ends the style that is tried out, if there is one.
    pub(in crate::session) fn end_style_preview(&mut self) {
        let Some(Preview { layer, .. }) = self.lists.styling.preview.take() else { return };
        let Some(open) = &mut self.open else { return };
        open.keeper.want(&layer, None);
        if let Some(layer) = open.view.layers.iter_mut().find(|it| it.table() == layer) {
            layer.style = Arc::clone(&layer.kept_style);
            open.view.change(None);
        }
    }

    fn set_style(&mut self, layer: &str, style: &Style) -> Result<JobId, Failure> {
        let view = self.layer(layer)?;
        let is_usual = *style == usual_style(view.kind, &view.schema);
        let style_text = (!is_usual).then(|| style_file::write(style));
        let state = LayerState { style: style_text, ..state_of(view) };
        let (table, label) = (view.table().to_owned(), style_label(&view.name));
        let job = self.submit(label, Action::LayerState { table: table.clone(), state })?;
        // What is kept and what was tried out are one now: the screen does not fall back in between.
        self.lists.styling.preview = None;
        let open = self.opened_mut()?;
        open.keeper.want(&table, None);
        if let Some(layer) = open.view.layers.iter_mut().find(|it| it.table() == table) {
            layer.kept_style = Arc::new(style.clone());
            if layer.style != layer.kept_style {
                layer.style = Arc::clone(&layer.kept_style);
                layer.legend_counts = Arc::default();
            }
            layer.has_own_style = !is_usual;
            open.view.change(None);
        }
        Ok(job)
    }

    fn preview_style(&mut self, layer: &str, style: Option<Style>) -> Result<(), Failure> {
        let table = self.layer(layer)?.table().to_owned();
        let is_other = self.lists.styling.preview.as_ref().is_some_and(|preview| preview.layer != table);
        let Some(style) = style.map(Arc::new) else {
            if !is_other {
                self.end_style_preview();
            }
            return Ok(());
        };
        if is_other {
            self.end_style_preview();
        }
        let open = self.opened_mut()?;
        open.keeper.want(&table, Some(Arc::clone(&style)));
        self.lists.styling.preview = Some(Preview { layer: table, style });
        if let Some(open) = &mut self.open {
            self.lists.styling.dress(&mut open.view.layers);
            open.view.change(None);
        }
        Ok(())
    }

    fn survey_field(&mut self, layer: &str, field: String) -> Result<(), Failure> {
        let schema = Arc::clone(&self.layer(layer)?.schema);
        let Some(index) = schema.field_index(&field) else { return Err(no_field(&schema, &field)) };
        let id = schema.fields[index].id.to_string();
        self.lists.styling.survey = None;
        let open = self.opened_mut()?;
        self.lists.styling.request = open.librarian.ask(Topic::FieldSurvey, move |reader, request| {
            Ok(Event::FieldSurvey(request, survey(reader, &schema, id)?))
        });
        Ok(())
    }

    fn export_style(&mut self, layer: &str, path: PathBuf, overwrite: bool) -> Result<JobId, Failure> {
        let view = self.layer(layer)?;
        let text = in_format(view, &path, self.lang())?;
        Ok(self.jobs.start(Text::new("导出样式", "Exporting the style"), move |_, _| {
            let written = atomic::write(&path, overwrite, |out| Ok(out.write_all(text.as_bytes())?));
            written.map_err(|error| write_failure(&error))?;
            let path = path.display();
            Ok(Answer::Told(text!("样式已写到 {path}", "The style was written to {path}")))
        }))
    }

    fn import_style(&mut self, layer: &str, path: &Path) -> Result<JobId, Failure> {
        let style = self.style_from_file(layer, path)?;
        self.set_style(layer, &style)
    }

    /// The style in a file, for a layer that can follow it. Style files are small: they are read at once.
    ///
    /// # Errors
    /// There is no such layer, the file cannot be read, or the layer has not what the style needs.
    pub fn style_from_file(&self, layer: &str, path: &Path) -> Result<Style, Failure> {
        if ["qml", "sld"].iter().any(|ending| path.extension().is_some_and(|it| it.eq_ignore_ascii_case(ending))) {
            let text = text!(
                "只能读入 {ENDING} 样式文件；.qml 和 .sld 只能写出",
                "Only {ENDING} files can be read; .qml and .sld are written only",
                ENDING = style_file::ENDING
            );
            return Err(Failure::new(FailureKind::Data, text));
        }
        let style = style_file::load(path).map_err(|text| Failure::new(FailureKind::File, text))?;
        let view = self.layer(layer)?;
        match misfit(&style, &view.schema) {
            Some(text) => Err(Failure::new(FailureKind::Data, text)),
            None => Ok(style),
        }
    }
}

/// Why a layer would not be drawn as a style from elsewhere means it: a field that it does not have, or nothing that can
/// be seen on its geometry.
fn misfit(style: &Style, schema: &Schema) -> Option<Text> {
    let (zh, en) = (&schema.name.zh, &schema.name.en);
    let classed = match &style.classing {
        Some(Classing::ByValue { field, .. } | Classing::ByNumber { field, .. }) => Some(field.clone()),
        None => None,
    };
    let is_known = |field: &String| schema.field(field).is_some() || field.eq_ignore_ascii_case("fid");
    let mut wanted = style.fields().into_iter().chain(style.label_fields()).chain(classed);
    if let Some(field) = wanted.find(|field| !is_known(field)) {
        return Some(text!(
            "样式要用字段“{field}”，图层“{zh}”没有它",
            "The style needs the field “{field}”, which layer “{en}” does not have"
        ));
    }
    let is_point = schema.geometry.and_then(GeometryKind::dimension).is_none_or(|dimension| dimension == 0);
    let mut paints = style.rules.iter().flat_map(|rule| &rule.paints).peekable();
    let is_for_others = match style.crowd {
        Crowd::Each => paints.peek().is_some() && !paints.any(|paint| style_make::fits(paint, schema.geometry)),
        Crowd::Clusters { .. } | Crowd::Heat { .. } => !is_point,
    };
    is_for_others.then(|| {
        text!(
            "样式是给另一种几何的，图层“{zh}”用它什么也画不出",
            "The style is for another kind of geometry: nothing of layer “{en}” could be seen in it"
        )
    })
}

/// The style that is kept, in the format that a file's ending names.
fn in_format(layer: &LayerView, path: &Path, lang: Lang) -> Result<String, Failure> {
    let symbols = super::light_symbol;
    let sitter = Sitter { schema: &layer.schema, opacity: layer.opacity, lang, symbols: &symbols };
    let no_words = || {
        let text = Text::new("没有几何的图层没有这种样式", "A layer without places has no such style");
        Failure::new(FailureKind::Usage, text)
    };
    match path.extension().and_then(|ending| ending.to_str()).map(str::to_ascii_lowercase).as_deref() {
        Some("qml") => qml::write(&layer.kept_style, &sitter).ok_or_else(no_words),
        Some("sld") => sld::write(&layer.kept_style, &sitter).ok_or_else(no_words),
        Some("json") => Ok(style_file::write_pretty(&layer.kept_style)),
        _ => {
            let text = text!(
                "样式文件应以 {ENDING}、.qml 或 .sld 结尾",
                "A style file ends in {ENDING}, .qml or .sld",
                ENDING = style_file::ENDING
            );
            Err(Failure::new(FailureKind::Usage, text))
        }
    }
}

fn style_label(Text { zh, en }: &Text) -> Text {
    text!("图层“{zh}”的样式", "Style of “{en}”")
}

fn no_field(schema: &Schema, field: &str) -> Failure {
    let (zh, en) = (&schema.name.zh, &schema.name.en);
    Failure::new(FailureKind::Usage, text!("图层“{zh}”没有字段“{field}”", "Layer “{en}” has no field “{field}”"))
}

fn write_failure(error: &WriteError) -> Failure {
    Failure::new(FailureKind::File, error.headline())
}

fn survey(reader: &Reader, schema: &Schema, field: String) -> Result<FieldSurvey, StoreError> {
    let mut words = reader.distinct(&schema.table, &field, usize::MAX)?;
    let unknown = words.iter().filter(|(value, _)| value.is_null()).map(|(_, count)| count).sum();
    words.retain(|(value, _)| !value.is_null());
    let is_number = schema.field(&field).is_some_and(|it| matches!(it.field_type, FieldType::Int | FieldType::Real));
    let mut numbers: Vec<f64> = Vec::new();
    if is_number {
        for (value, count) in &words {
            let number = value.as_f64().filter(|number| number.is_finite());
            numbers.extend(number.into_iter().flat_map(|number| std::iter::repeat_n(number, *count as usize)));
        }
        numbers.sort_by(f64::total_cmp);
    }
    let distinct = words.len();
    words.truncate(MOST_WORDS);
    let layer = schema.table.clone();
    Ok(FieldSurvey { layer, field, numbers: numbers.into(), words: words.into(), distinct, unknown })
}
