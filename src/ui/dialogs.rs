//! Choosing files: the desktop's own dialog on a thread of its own, a plain path field where the desktop has none.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::{Duration, Instant};

use egui::{Context, Id, Modal, RichText, TextEdit, Ui};

use super::ask::FilePurpose;
use super::sheet::modal_frame;
use super::theme::{self, Tokens};
use super::widgets;
use crate::session::exchange::formats::{self, FileType};
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
    /// Why the path will not do.
    problem: Option<Text>,
    /// The file that is there already: the second OK replaces it.
    replaces: Option<PathBuf>,
}

impl PathField {
    fn new(purpose: FilePurpose, words: String) -> Self {
        Self { purpose, words, problem: None, replaces: None }
    }

    /// The file that was typed, or why it will not do. Nobody else has asked before a file is replaced.
    fn chosen(&mut self) -> Result<PathBuf, Text> {
        let words = self.words.trim();
        let typed = PathBuf::from(words);
        if words.is_empty() {
            return Err(Text::new("请输入文件的路径", "Type the path of the file"));
        }
        if self.purpose == FilePurpose::SheetFolder {
            let none = || Text::new("没有这个文件夹", "There is no such folder");
            return typed.is_dir().then_some(typed).ok_or_else(none);
        }
        if typed.is_dir() || words.ends_with(std::path::is_separator) {
            return Err(Text::new("这是一个文件夹，请在后面写上文件名", "This is a folder; add the name of the file"));
        }
        if !saves(self.purpose) {
            let none = || Text::new("没有这个文件", "There is no such file");
            return typed.is_file().then_some(typed).ok_or_else(none);
        }
        let path = ended(typed, self.purpose);
        if path.parent().is_some_and(|folder| !folder.as_os_str().is_empty() && !folder.is_dir()) {
            return Err(Text::new("没有这个文件夹", "There is no such folder"));
        }
        if path.exists() && self.replaces.as_ref() != Some(&path) {
            self.replaces = Some(path);
            let again = Text::new("已有这个文件；再按一次“确定”就替换它", "The file exists; OK once more replaces it");
            return Err(again);
        }
        Ok(path)
    }
}

/// File dialogs that are open.
pub struct FileDialogs {
    answers: Receiver<Answer>,
    sender: Sender<Answer>,
    is_open: bool,
    /// File name to save as, for the path field.
    suggestion: String,
    path_field: Option<PathField>,
}

impl Default for FileDialogs {
    fn default() -> Self {
        let (sender, answers) = channel();
        Self { answers, sender, is_open: false, suggestion: String::new(), path_field: None }
    }
}

impl FileDialogs {
    /// Opens a dialog, unless one is open. `suggestion` is a file name to save as.
    pub fn open(&mut self, ctx: &Context, purpose: FilePurpose, suggestion: &str, lang: Lang) {
        if self.is_open || self.path_field.is_some() {
            return;
        }
        self.is_open = true;
        suggestion.clone_into(&mut self.suggestion);
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
                let words = default_folder().join(&self.suggestion).display().to_string();
                self.path_field = Some(PathField::new(answer.purpose, words));
            }
        }
        self.path_field_ui(ctx, lang)
    }

    fn path_field_ui(&mut self, ctx: &Context, lang: Lang) -> Option<Chosen> {
        let field = self.path_field.as_mut()?;
        let mut end = None;
        let modal = Modal::new(Id::unique("path-field")).frame(modal_frame(ctx)).show(ctx, |ui| {
            ui.set_width(560.0_f32.min(ctx.content_rect().width() - 64.0));
            end = path_form(ui, field, lang);
        });
        if end.is_none() && !modal.should_close() {
            return None;
        }
        let chosen = match end {
            Some(true) => match field.chosen() {
                Ok(path) => Some(Chosen { purpose: field.purpose, paths: vec![path] }),
                Err(problem) => {
                    field.problem = Some(problem);
                    ctx.request_repaint();
                    return None;
                }
            },
            _ => None,
        };
        self.path_field = None;
        chosen
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
    if response.changed() {
        field.problem = None;
    }
    if let Some(problem) = &field.problem {
        widgets::field_error(ui, problem.get(lang));
    }
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
        FilePurpose::Ground => Text::new("添加离线底图", "Add an offline base map"),
        FilePurpose::Basemap => Text::new("用 OSM 数据做底图", "Make a base map of OSM data"),
        FilePurpose::GroundLocate => Text::new("找底图文件", "Find the base map's file"),
        FilePurpose::Export => Text::new("导出图层", "Export the layer"),
        FilePurpose::Backup => Text::new("备份城市", "Back up the city"),
        FilePurpose::Picture => Text::new("地图存为图片", "Save the map as a picture"),
        FilePurpose::Sheet(_) => Text::new("打印地图到文件", "Print the map to a file"),
        FilePurpose::SheetFolder => Text::new("打印到哪个文件夹", "Folder for the printed pages"),
        FilePurpose::NotePhotos | FilePurpose::FeaturePhotos => Text::new("添加照片", "Add photos"),
        FilePurpose::StyleImport => Text::new("读入样式", "Read a style"),
        FilePurpose::StyleExport => Text::new("样式存为文件", "Save the style to a file"),
        FilePurpose::RecipeOpen => Text::new("用导入方案", "Use an import recipe"),
        FilePurpose::RecipeSave => Text::new("存为导入方案", "Save as an import recipe"),
        FilePurpose::ProfileOpen => Text::new("用导出方案", "Use an export profile"),
        FilePurpose::ProfileSave => Text::new("存为导出方案", "Save as an export profile"),
        FilePurpose::SewerOut => Text::new("导出管网结果", "Export what the sewers said"),
        FilePurpose::SewerProfile => Text::new("导出纵断面", "Export the long profile"),
        FilePurpose::SewerDefects => Text::new("导入检测缺陷表", "Import a table of defects"),
        FilePurpose::SewerCosts => Text::new("读入单价表", "Read unit costs"),
        FilePurpose::SewerModel => Text::new("写成 SWMM 模型", "Write a SWMM model"),
    }
}

/// Files that may be base maps.
const GROUND_ENDINGS: &[&str] = &["mbtiles", "pmtiles", "gpkg", "tif", "tiff", "png", "jpg", "jpeg", "webp"];

/// Name of the kind of file in both languages, and its endings.
fn filter(purpose: FilePurpose) -> (Text, &'static [&'static str]) {
    match purpose {
        FilePurpose::NewCity | FilePurpose::OpenCity | FilePurpose::Backup => {
            (Text::new("城市文件", "City file"), &["gpkg"])
        }
        FilePurpose::Import => (Text::new("地理数据", "Map data"), all_endings(true)),
        FilePurpose::Ground | FilePurpose::GroundLocate => (Text::new("底图", "Base maps"), GROUND_ENDINGS),
        FilePurpose::Basemap => (Text::same("OpenStreetMap"), &["osm.pbf", "pbf", "osm"]),
        FilePurpose::Export => (Text::new("地理数据", "Map data"), all_endings(false)),
        FilePurpose::Picture => (Text::new("图片", "Picture"), &["png", "pdf", "svg"]),
        FilePurpose::Sheet(file) => (Text::same(file.name()), file.endings()),
        FilePurpose::SheetFolder => (Text::new("文件夹", "Folder"), &["*"]),
        FilePurpose::NotePhotos | FilePurpose::FeaturePhotos => {
            (Text::new("照片", "Photos"), &["jpg", "jpeg", "png", "webp"])
        }
        FilePurpose::StyleImport => (Text::new("样式", "Style"), &["citystyle.json", "json"]),
        FilePurpose::StyleExport => (Text::new("样式", "Style"), &["citystyle.json", "json", "qml", "sld"]),
        FilePurpose::RecipeOpen | FilePurpose::RecipeSave => (Text::new("导入方案", "Import recipe"), &["json"]),
        FilePurpose::ProfileOpen | FilePurpose::ProfileSave => (Text::new("导出方案", "Export profile"), &["json"]),
        FilePurpose::SewerOut => {
            (Text::new("结果", "Result"), &["geojson", "xlsx", "csv", "gpkg", "shp", "kml", "dxf"])
        }
        FilePurpose::SewerModel => (Text::same("EPA SWMM 5"), &["inp"]),
        FilePurpose::SewerProfile => {
            (Text::new("纵断面", "Long profile"), &["pdf", "svg", "png", "csv", "xlsx", "geojson"])
        }
        FilePurpose::SewerDefects | FilePurpose::SewerCosts => {
            (Text::new("表格", "Table"), &["xlsx", "csv", "txt", "tsv", "xls", "et", "ods"])
        }
    }
}

/// The endings of all files that can be read, or written; put together once.
fn all_endings(reads: bool) -> &'static [&'static str] {
    static READ: OnceLock<Vec<&'static str>> = OnceLock::new();
    static WRITTEN: OnceLock<Vec<&'static str>> = OnceLock::new();
    let endings = |all: Vec<FileType>| all.into_iter().flat_map(FileType::endings).copied().collect();
    if reads {
        READ.get_or_init(|| endings(formats::readable().collect()))
    } else {
        WRITTEN.get_or_init(|| endings(formats::writable().collect()))
    }
}

fn dialog(purpose: FilePurpose, suggestion: &str, lang: Lang) -> rfd::FileDialog {
    let (name, endings) = filter(purpose);
    let dialog = rfd::FileDialog::new().set_title(title(purpose).get(lang)).add_filter(name.get(lang), endings);
    let of_format =
        |dialog: rfd::FileDialog, format: FileType| dialog.add_filter(format.name().get(lang), format.endings());
    let dialog = match purpose {
        FilePurpose::Import => {
            let all = formats::readable().fold(dialog, of_format);
            all.add_filter(lang.pick("所有文件", "All files"), &["*"])
        }
        FilePurpose::Export => formats::writable().fold(dialog, of_format),
        _ => dialog,
    };
    if suggestion.is_empty() { dialog } else { dialog.set_file_name(suggestion) }
}

/// Whether the file is written, not read.
fn saves(purpose: FilePurpose) -> bool {
    matches!(
        purpose,
        FilePurpose::NewCity
            | FilePurpose::Export
            | FilePurpose::Backup
            | FilePurpose::Picture
            | FilePurpose::Sheet(_)
            | FilePurpose::StyleExport
            | FilePurpose::RecipeSave
            | FilePurpose::ProfileSave
            | FilePurpose::SewerOut
            | FilePurpose::SewerModel
            | FilePurpose::SewerProfile
    )
}

fn show(dialog: rfd::FileDialog, purpose: FilePurpose) -> Vec<PathBuf> {
    match purpose {
        FilePurpose::OpenCity
        | FilePurpose::StyleImport
        | FilePurpose::RecipeOpen
        | FilePurpose::ProfileOpen
        | FilePurpose::SewerDefects
        | FilePurpose::SewerCosts
        | FilePurpose::GroundLocate => dialog.pick_file().into_iter().collect(),
        FilePurpose::SheetFolder => dialog.pick_folder().into_iter().collect(),
        FilePurpose::Import
        | FilePurpose::Basemap
        | FilePurpose::Ground
        | FilePurpose::NotePhotos
        | FilePurpose::FeaturePhotos => dialog.pick_files().unwrap_or_default(),
        FilePurpose::NewCity
        | FilePurpose::Export
        | FilePurpose::Backup
        | FilePurpose::Picture
        | FilePurpose::Sheet(_)
        | FilePurpose::StyleExport
        | FilePurpose::RecipeSave
        | FilePurpose::SewerOut
        | FilePurpose::SewerModel
        | FilePurpose::SewerProfile
        | FilePurpose::ProfileSave => {
            let path = dialog.save_file();
            path.map(|path| ended(path, purpose)).into_iter().collect()
        }
    }
}

/// The path with an ending. That of an export is put on by its dialog, which knows the format.
fn ended(path: PathBuf, purpose: FilePurpose) -> PathBuf {
    if purpose == FilePurpose::Export { path } else { with_ending(path, filter(purpose).1) }
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
    use egui_kittest::{Harness, kittest::Queryable as _};

    #[test]
    fn a_saved_file_gets_the_ending_it_lacks() {
        let check =
            |path: &str, want: &str| assert_eq!(with_ending(path.into(), &["geojson", "json"]), PathBuf::from(want));
        check("路灯", "路灯.geojson");
        check("v1.2", "v1.2.geojson");
        check("a.JSON", "a.JSON");
    }

    #[test]
    fn a_folder_is_no_file_and_the_field_stays_open_to_say_so() {
        let folder = tempfile::tempdir().expect("a folder");
        let words = folder.path().display().to_string();
        let dialogs = FileDialogs {
            path_field: Some(PathField::new(FilePurpose::Picture, words.clone())),
            ..FileDialogs::default()
        };
        let builder = Harness::builder().with_size(egui::vec2(700.0, 300.0)).with_context_setup(theme::install);
        let mut harness = builder.build_ui_state(
            |ui, (dialogs, chosen): &mut (FileDialogs, Option<Chosen>)| {
                let now = dialogs.poll(ui.ctx(), Lang::En);
                *chosen = chosen.take().or(now);
            },
            (dialogs, None),
        );
        harness.run();
        harness.key_press(egui::Key::Enter);
        harness.run();
        assert!(harness.query_by_label_contains("This is a folder").is_some());
        harness.get_by_label("Path of the file").type_text("/map");
        harness.run();
        harness.key_press(egui::Key::Enter);
        harness.run();
        let chosen = harness.state().1.as_ref().expect("a file").paths.clone();
        assert_eq!(chosen, [PathBuf::from(format!("{words}/map.png"))]);
        assert!(harness.state().0.path_field.is_none());
    }

    #[test]
    fn a_file_that_is_there_is_replaced_at_the_second_word_and_one_that_is_not_cannot_be_read() {
        let file = tempfile::Builder::new().suffix(".png").tempfile().expect("a file");
        let words = file.path().display().to_string();
        let mut save = PathField::new(FilePurpose::Picture, words.clone());
        assert!(save.chosen().is_err_and(|why| why.en.contains("exists")));
        assert_eq!(save.chosen(), Ok(file.path().to_owned()));
        assert_eq!(PathField::new(FilePurpose::Import, words.clone()).chosen(), Ok(file.path().to_owned()));
        for (words, why) in [(format!("{words}-none"), "no such file"), (String::new(), "Type the path")] {
            let refused = PathField::new(FilePurpose::OpenCity, words).chosen();
            assert!(refused.is_err_and(|said| said.en.contains(why)), "{why}");
        }
        let nowhere = PathField::new(FilePurpose::Backup, format!("{words}-none/a.gpkg")).chosen();
        assert!(nowhere.is_err_and(|said| said.en.contains("no such folder")));
    }
}
