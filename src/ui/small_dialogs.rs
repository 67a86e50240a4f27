//! Small dialogs: a new layer, bookmarks, selecting by condition, about.

use egui::{Context, Id, Key, Modal, RichText, ScrollArea, Ui, vec2};

use super::ask::{Asks, UiAsk};
use super::camera::View;
use super::legend;
use super::sheet::modal_frame;
use super::theme::{self, ROW, Tokens};
use super::widgets::{self, Tone};
use crate::kinds;
use crate::kinds::kind::{Group, Kind};
use crate::model::expr::Expr;
use crate::session::Session;
use crate::session::command::{Command, LayerCommand, LookCommand, SelectMode};
use crate::session::state::{Bookmark, LayerView};
use crate::text::Lang;

/// Which small dialog is open.
#[derive(Debug, Default)]
pub enum SmallDialog {
    /// None.
    #[default]
    Closed,
    /// Which kind the new layer is.
    NewLayer,
    /// Name of a new bookmark.
    AddBookmark(String),
    /// The bookmarks of the city.
    Bookmarks,
    /// Layer and condition.
    SelectWhere {
        /// Table name.
        layer: String,
        /// EXPR, as typed.
        filter: String,
        /// What it does with the selection there is.
        mode: SelectMode,
    },
    /// What this program is.
    About,
}

/// Shows the dialog that is open. `view` is what a bookmark would keep.
pub fn small_dialogs_ui(ctx: &Context, session: &Session, view: View, state: &mut SmallDialog, asks: &mut Asks) {
    if matches!(state, SmallDialog::Closed) {
        return;
    }
    let lang = session.lang();
    let mut done = false;
    let modal = Modal::new(Id::unique("small-dialog")).frame(modal_frame(ctx)).show(ctx, |ui| {
        ui.set_width(440.0);
        ui.label(RichText::new(title(state, lang)).font(theme::title()));
        ui.add_space(8.0);
        done = match state {
            SmallDialog::Closed => true,
            SmallDialog::NewLayer => new_layer(ui, session, asks),
            SmallDialog::AddBookmark(name) => add_bookmark(ui, lang, name, view, asks),
            SmallDialog::Bookmarks => bookmarks(ui, session, asks),
            SmallDialog::SelectWhere { layer, filter, mode } => select_where(ui, session, layer, filter, mode, asks),
            SmallDialog::About => about(ui, lang),
        };
    });
    if done || modal.should_close() {
        *state = SmallDialog::Closed;
    }
}

fn title(state: &SmallDialog, lang: Lang) -> &'static str {
    match state {
        SmallDialog::Closed => "",
        SmallDialog::NewLayer => lang.pick("新建图层", "New layer"),
        SmallDialog::AddBookmark(_) => lang.pick("添加书签", "Add a bookmark"),
        SmallDialog::Bookmarks => lang.pick("书签", "Bookmarks"),
        SmallDialog::SelectWhere { .. } => lang.pick("按条件选择", "Select by condition"),
        SmallDialog::About => lang.pick("关于城格", "About citygrid"),
    }
}

/// Lists the kinds that the city has no layer of yet.
fn new_layer(ui: &mut Ui, session: &Session, asks: &mut Asks) -> bool {
    let lang = session.lang();
    let has = |kind: &Kind| session.city().is_some_and(|city| city.layer(kind.id).is_some());
    let kinds: Vec<&Kind> = kinds::all().iter().filter(|kind| !has(kind) && kind.group != Group::Other).collect();
    if kinds.is_empty() {
        ui.label(lang.pick("每一类图层都已经有了", "The city has a layer of every kind already"));
    }
    let mut done = false;
    ScrollArea::vertical().max_height(400.0).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        for kind in kinds {
            let name = kind.name.get(lang);
            let (rect, response) = widgets::list_row(ui, ROW, false, name);
            legend::group_sign(ui, egui::Rect::from_min_size(rect.min, vec2(32.0, ROW)), kind.group);
            let at = egui::pos2(rect.left() + 36.0, rect.center().y);
            let used = widgets::text_in(ui, at, name, theme::body(), Tokens::of(ui).text, 240.0);
            let group = kind.group.name();
            let beside = at + vec2(used + 12.0, 0.0);
            widgets::text_in(ui, beside, group.get(lang), theme::note(), Tokens::of(ui).text2, 140.0);
            if response.clicked() {
                asks.push(UiAsk::Run(Command::Layer(LayerCommand::Create { kind: kind.id.to_owned() })));
                done = true;
            }
        }
    });
    ui.add_space(8.0);
    done || widgets::text_button(ui, lang.pick("取消", "Cancel")).clicked()
}

fn add_bookmark(ui: &mut Ui, lang: Lang, name: &mut String, view: View, asks: &mut Asks) -> bool {
    let field = widgets::text_field(ui, name, lang.pick("书签名称", "Name of the bookmark"));
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    if !entered && ui.memory(egui::Memory::focused).is_none() {
        field.request_focus();
    }
    ui.add_space(12.0);
    let end = ok_cancel(ui, lang, lang.pick("添加", "Add"), !name.trim().is_empty());
    if (end == Some(true) || entered) && !name.trim().is_empty() {
        let View { center_world, metres_per_px, rotation_rad } = view;
        let bookmark = Bookmark { name: name.trim().to_owned(), center_world, metres_per_px, rotation_rad };
        asks.push(UiAsk::Run(Command::Look(LookCommand::AddBookmark(bookmark))));
        return true;
    }
    end == Some(false)
}

/// `true` for the button that goes on, `false` for Cancel.
fn ok_cancel(ui: &mut Ui, lang: Lang, go: &str, can_go: bool) -> Option<bool> {
    ui.horizontal(|ui| {
        let go = ui.add_enabled_ui(can_go, |ui| widgets::primary_button(ui, None, go)).inner.clicked();
        let stop = widgets::text_button(ui, lang.pick("取消", "Cancel")).clicked();
        if go { Some(true) } else { stop.then_some(false) }
    })
    .inner
}

fn bookmarks(ui: &mut Ui, session: &Session, asks: &mut Asks) -> bool {
    let lang = session.lang();
    let list = session.city().map_or(&[][..], |city| &city.bookmarks);
    let mut done = false;
    if list.is_empty() {
        let words = lang.pick("还没有书签：Ctrl+B 记下现在的视图", "No bookmarks yet: Ctrl+B keeps the view of now");
        ui.label(RichText::new(words).color(Tokens::of(ui).text2));
    }
    for bookmark in list {
        ui.horizontal(|ui| {
            let width = ui.available_width() - 40.0;
            let go = egui::Button::new((super::icons::icon("BOOKMARK_SIMPLE"), &*bookmark.name)).truncate();
            if ui.add(go.min_size(vec2(width, ROW))).accessible_name(&*bookmark.name).clicked() {
                let Bookmark { center_world, metres_per_px, rotation_rad, .. } = *bookmark;
                asks.push(UiAsk::GoToView(View { center_world, metres_per_px, rotation_rad }));
                done = true;
            }
            let remove = match lang {
                Lang::Zh => format!("删除书签 {}", bookmark.name),
                Lang::En => format!("Remove the bookmark {}", bookmark.name),
            };
            if widgets::icon_button(ui, "TRASH", &remove).clicked() {
                asks.push(UiAsk::Run(Command::Look(LookCommand::RemoveBookmark(bookmark.name.clone()))));
            }
        });
    }
    ui.add_space(8.0);
    done || widgets::text_button(ui, lang.pick("关闭", "Close")).clicked()
}

fn select_where(
    ui: &mut Ui,
    session: &Session,
    layer: &mut String,
    filter: &mut String,
    mode: &mut SelectMode,
    asks: &mut Asks,
) -> bool {
    let lang = session.lang();
    let layers = session.city().map_or(&[][..], |city| &city.layers);
    let chosen = layers.iter().find(|known| known.table() == layer.as_str());
    let words = chosen.map_or("", |layer| layer.name.get(lang)).to_owned();
    let name = lang.pick("图层", "Layer");
    let combo = egui::ComboBox::from_id_salt("where-layer").selected_text(words).width(280.0);
    let shown = combo.show_ui(ui, |ui| {
        for known in layers {
            ui.selectable_value(layer, known.table().to_owned(), known.name.get(lang));
        }
    });
    shown.response.accessible_name(name);
    ui.add_space(4.0);
    let field = widgets::text_field(ui, filter, lang.pick("条件", "Condition"));
    let entered = field.lost_focus() && ui.input(|input| input.key_pressed(Key::Enter));
    let problem = chosen.and_then(|layer| what_is_wrong(layer, filter, lang));
    match (&problem, chosen) {
        (Some(words), _) if !filter.trim().is_empty() => widgets::field_error(ui, words),
        (_, Some(layer)) => field_names(ui, layer, lang),
        _ => {}
    }
    ui.add_space(4.0);
    modes(ui, lang, mode);
    ui.add_space(12.0);
    let can_go = problem.is_none();
    let end = ok_cancel(ui, lang, lang.pick("选择", "Select"), can_go);
    if can_go && (end == Some(true) || entered) {
        let look = LookCommand::SelectWhere { layer: layer.clone(), filter: filter.clone(), mode: *mode };
        asks.push(UiAsk::Run(Command::Look(look)));
        return true;
    }
    end == Some(false)
}

fn what_is_wrong(layer: &LayerView, filter: &str, lang: Lang) -> Option<String> {
    let checked = Expr::parse(filter).and_then(|expr| expr.check(&layer.schema));
    checked.err().map(|error| error.what.get(lang).to_owned())
}

fn field_names(ui: &mut Ui, layer: &LayerView, lang: Lang) {
    let names: Vec<&str> = layer.schema.fields.iter().take(12).map(|field| field.name.get(lang)).collect();
    let words = format!("{} {}", lang.pick("字段：", "Fields:"), names.join(lang.pick("、", ", ")));
    ui.label(RichText::new(words).font(theme::note()).color(Tokens::of(ui).text2));
}

fn modes(ui: &mut Ui, lang: Lang, mode: &mut SelectMode) {
    let all = [
        (SelectMode::Replace, lang.pick("重新选择", "New selection")),
        (SelectMode::Add, lang.pick("加入", "Add")),
        (SelectMode::Remove, lang.pick("移出", "Remove")),
        (SelectMode::Intersect, lang.pick("在已选中选", "Within the selection")),
    ];
    ui.horizontal_wrapped(|ui| {
        for (value, words) in all {
            if widgets::choice_chip(ui, words, *mode == value).clicked() {
                *mode = value;
            }
        }
    });
}

fn about(ui: &mut Ui, lang: Lang) -> bool {
    let version = env!("CARGO_PKG_VERSION");
    ui.label(format!("{} {version}", lang.pick("城格 citygrid", "citygrid 城格")));
    let what = lang.pick(
        "城市管理局的离线桌面地图：一座城市一个文件，不需要服务器，不联网。",
        "An offline desktop GIS for a city-management bureau: one file per city, no server, no network.",
    );
    ui.label(what);
    ui.add_space(8.0);
    let licences = lang.pick(
        "程序：MIT 或 Apache-2.0。字体：思源黑体（SIL OFL 1.1）。图标：Phosphor（MIT）。",
        "Program: MIT or Apache-2.0. Font: Noto Sans SC (SIL OFL 1.1). Icons: Phosphor (MIT).",
    );
    widgets::hint_bar(ui, Tone::Plain, licences);
    ui.add_space(8.0);
    widgets::text_button(ui, lang.pick("关闭", "Close")).clicked()
}
