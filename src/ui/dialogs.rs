//! Choosing files: the desktop's own dialog on a thread of its own, a plain path field where the desktop has none.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use egui::{Context, Id, Modal, RichText, TextEdit, Ui};

use super::ask::FilePurpose;
use super::theme::{self, Tokens};
use super::widgets;
use crate::text::{Lang, Text};

/// Nobody closes a dialog this fast: the desktop could not show one.
const TOO_FAST: Duration = Duration::from_millis(400);

/// Paths that were chosen, and what for.
#[derive(Debug)]
pub struct Chosen {
    /// What for.
    pub purpose: FilePurpose,
    /// One path, or several where several make sense; never none.
    pub paths: Vec<PathBuf>,
}

struct Answer {
    purpose: FilePurpose,
    paths: Vec<PathBuf>,
    took: Duration,
}

#[derive(Debug)]
struct PathField {
    purpose: FilePurpose,
    words: String,
}

/// File dialogs that are open.
pub struct FileDialogs {
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
    is_open: bool,
    path_field: Option<PathField>,
}

impl Default for FileDialogs {
    fn default() -> Self {
        let (sender, answers) = channel();
        Self { answers, sender, is_open: false, path_field: None }
    }
}

impl FileDialogs {
    /// Opens a dialog, unless one is open. `suggestion` is a file name to save as.
    pub fn open(&mut self, ctx: &Context, purpose: FilePurpose, suggestion: &str, lang: Lang) {
        if self.is_open || self.path_field.is_some() {
            return;
        }
        self.is_open = true;
        let (sender, ctx) = (self.sender.clone(), ctx.clone());
        let dialog = dialog(purpose, suggestion, lang);
        std::thread::spawn(move || {
            let started = Instant::now();
            let paths = show(dialog, purpose);
            let _ = sender.send(Answer { purpose, paths, took: started.elapsed() });
            ctx.request_repaint();
        });
    }

    /// Shows the path field where there is one, and hands over what was chosen.
    pub fn poll(&mut self, ctx: &Context, lang: Lang) -> Option<Chosen> {
        if let Ok(answer) = self.answers.try_recv() {
            self.is_open = false;
            if !answer.paths.is_empty() {
                return Some(Chosen { purpose: answer.purpose, paths: answer.paths });
            }
            if answer.took < TOO_FAST {
                let words = default_folder().display().to_string();
                self.path_field = Some(PathField { purpose: answer.purpose, words });
            }
        }
        self.path_field_ui(ctx, lang)
    }

    fn path_field_ui(&mut self, ctx: &Context, lang: Lang) -> Option<Chosen> {
        let field = self.path_field.as_mut()?;
        let mut end = None;
        let modal = Modal::new(Id::unique("path-field")).show(ctx, |ui| {
            ui.set_width(560.0);
            end = path_form(ui, field, lang);
        });
        if end.is_none() && !modal.should_close() {
            return None;
        }
        let field = self.path_field.take()?;
        let words = field.words.trim().to_owned();
        (end == Some(true) && !words.is_empty())
            .then(|| Chosen { purpose: field.purpose, paths: vec![PathBuf::from(words)] })
    }
}

/// The form's end: `true` to go on with the path, `false` to give up.
fn path_form(ui: &mut Ui, field: &mut PathField, lang: Lang) -> Option<bool> {
    ui.label(RichText::new(title(field.purpose).get(lang)).font(theme::title()));
    let why = lang
        .pick("这台电脑没有可用的文件对话框，请输入完整路径", "This desktop has no file dialog; type the whole path");
    ui.label(RichText::new(why).font(theme::note()).color(Tokens::of(ui).text2));
    ui.add_space(8.0);
    let name = lang.pick("文件路径", "Path of the file");
    let edit = TextEdit::singleline(&mut field.words).desired_width(f32::INFINITY);
    let response = ui.add(edit).accessible_name(name);
    let entered = response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
    if !response.has_focus() && !entered {
        response.request_focus();
    }
    ui.add_space(12.0);
    let mut end = entered.then_some(true);
    ui.horizontal(|ui| {
        if widgets::primary_button(ui, None, lang.pick("确定", "OK")).clicked() {
            end = Some(true);
        }
        if widgets::text_button(ui, lang.pick("取消", "Cancel")).clicked() {
            end = Some(false);
        }
    });
    end
}

fn default_folder() -> PathBuf {
    let folders = directories::UserDirs::new();
    let documents = folders.as_ref().and_then(|folders| folders.document_dir());
    let home = folders.as_ref().map(directories::UserDirs::home_dir);
    documents.or(home).map(std::path::Path::to_owned).unwrap_or_default().join("")
}

fn title(purpose: FilePurpose) -> Text {
    match purpose {
        FilePurpose::NewCity => Text::new("新建城市", "New city"),
        FilePurpose::OpenCity => Text::new("打开城市", "Open city"),
        FilePurpose::Import => Text::new("导入文件", "Import a file"),
        FilePurpose::Export => Text::new("导出 GeoJSON", "Export GeoJSON"),
        FilePurpose::Backup => Text::new("备份城市", "Back up the city"),
        FilePurpose::Picture => Text::new("地图存为图片", "Save the map as a picture"),
        FilePurpose::NotePhotos | FilePurpose::FeaturePhotos => Text::new("添加照片", "Add photos"),
    }
}

/// Name of the kind of file in both languages, and its endings.
fn filter(purpose: FilePurpose) -> (Text, &'static [&'static str]) {
    match purpose {
        FilePurpose::NewCity | FilePurpose::OpenCity | FilePurpose::Backup => {
            (Text::new("城市文件", "City file"), &["gpkg"])
        }
        FilePurpose::Import => (Text::new("地理数据", "Map data"), &["geojson", "json", "geojsonl", "ndjson", "gpkg"]),
        FilePurpose::Export => (Text::new("GeoJSON", "GeoJSON"), &["geojson", "json"]),
        FilePurpose::Picture => (Text::new("图片", "Picture"), &["png"]),
        FilePurpose::NotePhotos | FilePurpose::FeaturePhotos => {
            (Text::new("照片", "Photos"), &["jpg", "jpeg", "png", "webp"])
        }
    }
}

fn dialog(purpose: FilePurpose, suggestion: &str, lang: Lang) -> rfd::FileDialog {
    let (name, endings) = filter(purpose);
    let dialog = rfd::FileDialog::new().set_title(title(purpose).get(lang)).add_filter(name.get(lang), endings);
    let dialog = if purpose == FilePurpose::Import {
        dialog.add_filter(lang.pick("所有文件", "All files"), &["*"])
    } else {
        dialog
    };
    if suggestion.is_empty() { dialog } else { dialog.set_file_name(suggestion) }
}

fn show(dialog: rfd::FileDialog, purpose: FilePurpose) -> Vec<PathBuf> {
    match purpose {
        FilePurpose::OpenCity => dialog.pick_file().into_iter().collect(),
        FilePurpose::Import | FilePurpose::NotePhotos | FilePurpose::FeaturePhotos => {
            dialog.pick_files().unwrap_or_default()
        }
        FilePurpose::NewCity | FilePurpose::Export | FilePurpose::Backup | FilePurpose::Picture => {
            let path = dialog.save_file();
            path.map(|path| with_ending(path, filter(purpose).1)).into_iter().collect()
        }
    }
}

/// The path with the first of `endings` where it has none of them.
fn with_ending(path: PathBuf, endings: &[&str]) -> PathBuf {
    let has = path.extension().is_some_and(|have| endings.iter().any(|ending| have.eq_ignore_ascii_case(ending)));
    if has {
        return path;
    }
    let mut whole = path.into_os_string();
    whole.push(".");
    whole.push(endings[0]);
    PathBuf::from(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_saved_file_gets_the_ending_it_lacks() {
        let check =
            |path: &str, want: &str| assert_eq!(with_ending(path.into(), &["geojson", "json"]), PathBuf::from(want));
        check("路灯", "路灯.geojson");
        check("v1.2", "v1.2.geojson");
        check("a.JSON", "a.JSON");
    }
}
