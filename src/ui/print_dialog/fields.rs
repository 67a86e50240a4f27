//! The fields of the dialog, from the paper down to the file.

use egui::{ComboBox, DragValue, RichText, Ui, vec2};

use super::PrintState;
use super::plan::{Fit, Series};
use crate::render::paper::{NAMED, PARTS, SIDE_MM};
use crate::session::Session;
use crate::session::state::CityView;
use crate::text::Lang;
use crate::ui::ask::SheetFile;
use crate::ui::camera::Camera;
use crate::ui::expr_field::expr_field;
use crate::ui::show;
use crate::ui::status_bar::{read_scale, scale_words};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{Tone, choice_chip, dialog_row, field_error, hint_bar, section, text_button, text_field};

/// Width of the names at the left.
const NAMES: f32 = 76.0;
/// Sharpness of pixel pictures, pixels to the inch.
const DPI: [u32; 5] = [96, 150, 200, 300, 600];

/// Draws all fields.
pub(super) fn fields_ui(ui: &mut Ui, session: &Session, camera: &Camera, state: &mut PrintState) {
    let (lang, Some(city)) = (session.lang(), session.city()) else { return };
    ui.spacing_mut().item_spacing = vec2(6.0, 6.0);
    paper(ui, lang, state);
    section(ui, lang.pick("地图", "Map"), "");
    map(ui, lang, city, camera, state);
    section(ui, lang.pick("文字", "Words"), "");
    words(ui, lang, state);
    section(ui, lang.pick("内容", "Contents"), "");
    parts(ui, lang, state);
    if city.is_sample {
        let words =
            lang.pick("示例数据会在图上标明，不能去掉。", "Sample data are marked on the sheet; the mark stays.");
        hint_bar(ui, Tone::Warn, words);
    }
    section(ui, lang.pick("分幅", "Series"), "");
    series(ui, session, city, state);
    section(ui, lang.pick("文件", "File"), "");
    file(ui, lang, state);
}

fn row<R>(ui: &mut Ui, name: &str, add: impl FnOnce(&mut Ui) -> R) -> R {
    dialog_row(ui, name, NAMES - 6.0, add)
}

fn paper(ui: &mut Ui, lang: Lang, state: &mut PrintState) {
    let plan = &mut state.plan;
    row(ui, lang.pick("纸张", "Paper"), |ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (number, (name, _)) in NAMED.iter().enumerate() {
            if choice_chip(ui, name, plan.named == Some(number)).clicked() {
                plan.named = Some(number);
            }
        }
        if choice_chip(ui, lang.pick("自定", "Other"), plan.named.is_none()).clicked() {
            plan.custom_mm = plan.paper().size_mm;
            plan.named = None;
        }
    });
    if plan.named.is_none() {
        row(ui, lang.pick("宽 × 高", "W × H"), |ui| {
            let names = [lang.pick("纸宽", "Paper width"), lang.pick("纸高", "Paper height")];
            for (side, name) in plan.custom_mm.iter_mut().zip(names) {
                let field = DragValue::new(side).range(SIDE_MM[0]..=SIDE_MM[1]).max_decimals(1).suffix(" mm");
                ui.add(field).accessible_name(name);
            }
        });
        return;
    }
    row(ui, lang.pick("方向", "Lies"), |ui| {
        for (upright, name) in [(false, lang.pick("横", "Landscape")), (true, lang.pick("竖", "Portrait"))] {
            if choice_chip(ui, name, plan.upright == upright).clicked() {
                plan.upright = upright;
            }
        }
    });
}

/// Scale, place and turn.
fn map(ui: &mut Ui, lang: Lang, city: &CityView, camera: &Camera, state: &mut PrintState) {
    let fit = state.plan.series.as_ref().map(|series| series.fit);
    row(ui, lang.pick("比例尺", "Scale"), |ui| match fit {
        Some(Fit::All) => {
            ui.label(lang.pick("同一比例尺，容下每个要素", "One for all, with room for each feature"));
        }
        Some(Fit::Each) => {
            ui.label(lang.pick("每页适合要素", "Fits the feature of each page"));
        }
        Some(Fit::Typed) | None => scale_field(ui, lang, state),
    });
    if let Some(Err(wrong)) = state.scale_words.as_deref().map(read_scale) {
        field_error(ui, wrong.get(lang));
    }
    if state.plan.series.is_none() {
        row(ui, lang.pick("位置", "Place"), |ui| {
            if text_button(ui, lang.pick("当前视图", "Current view")).clicked() {
                state.plan.show(camera);
            }
            if text_button(ui, lang.pick("全市", "Whole city")).clicked() {
                state.plan.show_city(city);
            }
        });
        let hint = lang.pick("在预览中拖动地图可移动位置", "Drag the map in the preview to move it");
        ui.label(RichText::new(hint).font(theme::note()).color(Tokens::of(ui).text2));
    }
    row(ui, lang.pick("旋转", "Turn"), |ui| {
        let field = DragValue::new(&mut state.plan.rotation_deg).range(-180.0..=180.0).max_decimals(1).suffix("°");
        ui.add(field).accessible_name(lang.pick("地图旋转", "Turn of the map"));
        let is_turned = state.plan.rotation_deg != 0.0;
        if is_turned && text_button(ui, lang.pick("北朝上", "North up")).clicked() {
            state.plan.rotation_deg = 0.0;
        }
    });
}

/// A scale is taken once the field is left: half a number is another scale.
fn scale_field(ui: &mut Ui, lang: Lang, state: &mut PrintState) {
    let mut typed = state.scale_words.clone().unwrap_or_else(|| scale_words(state.plan.denominator));
    let field = ui.scope(|ui| {
        ui.set_max_width(120.0);
        text_field(ui, &mut typed, lang.pick("图幅比例尺", "Scale of the sheet"))
    });
    let field = field.inner;
    if field.has_focus() || field.changed() {
        state.scale_words = Some(typed);
    } else if field.lost_focus() {
        if let Ok(denominator) = read_scale(&typed) {
            state.plan.denominator = denominator;
        }
        state.scale_words = None;
    }
}

fn words(ui: &mut Ui, lang: Lang, state: &mut PrintState) {
    let plan = &mut state.plan;
    let fields = [
        (lang.pick("标题", "Title"), &mut plan.title),
        (lang.pick("副标题", "Subtitle"), &mut plan.subtitle),
        (lang.pick("资料来源", "Source"), &mut plan.source),
        (lang.pick("制图人", "Drawn by"), &mut plan.author),
    ];
    for (name, words) in fields {
        row(ui, name, |ui| text_field(ui, words, name));
    }
    row(ui, lang.pick("语言", "Language"), |ui| {
        for (of, name) in [(Lang::Zh, "中文"), (Lang::En, "English")] {
            if choice_chip(ui, name, plan.lang == of).clicked() {
                plan.lang = of;
            }
        }
    });
}

fn parts(ui: &mut Ui, lang: Lang, state: &mut PrintState) {
    ui.columns(2, |columns| {
        for (number, part) in PARTS.iter().enumerate() {
            columns[number % 2].checkbox((part.of)(&mut state.plan.parts), part.name.get(lang));
        }
    });
}

fn series(ui: &mut Ui, session: &Session, city: &CityView, state: &mut PrintState) {
    let lang = session.lang();
    let mut is_on = state.plan.series.is_some();
    if ui.checkbox(&mut is_on, lang.pick("一个要素一页", "One page for each feature")).changed() {
        state.page.number = 0;
        if is_on {
            state.plan.start_series(city);
        } else {
            state.plan.series = None;
        }
    }
    let Some(series) = &mut state.plan.series else { return };
    row(ui, lang.pick("图层", "Layer"), |ui| layer_box(ui, lang, city, series));
    if let Some(layer) = city.layer(&series.layer) {
        expr_field(ui, lang, &layer.schema, &mut series.condition);
    }
    let selected = session.selection().rows.get(&series.layer).map_or(0, std::collections::BTreeSet::len);
    if selected > 0 || series.selected_only {
        let count = show::count(selected as u64);
        let words = match lang {
            Lang::Zh => format!("只印所选（{count}）"),
            Lang::En => format!("Selected ones alone ({count})"),
        };
        ui.checkbox(&mut series.selected_only, words);
    }
    row(ui, lang.pick("每页", "Pages"), |ui| {
        let choices = [
            (Fit::All, lang.pick("同一比例尺", "One scale")),
            (Fit::Each, lang.pick("各自适合", "Fit each")),
            (Fit::Typed, lang.pick("指定", "As typed")),
        ];
        for (fit, name) in choices {
            if choice_chip(ui, name, series.fit == fit).clicked() {
                series.fit = fit;
            }
        }
    });
    if series.fit != Fit::Typed {
        row(ui, lang.pick("留边", "Margin"), |ui| {
            let field = DragValue::new(&mut series.margin_percent).range(0.0..=200.0).max_decimals(0).suffix(" %");
            ui.add(field).accessible_name(lang.pick("要素四周留边", "Margin around a feature"));
        });
    }
}

fn layer_box(ui: &mut Ui, lang: Lang, city: &CityView, series: &mut Series) {
    let name = city.layer(&series.layer).map_or(series.layer.as_str(), |layer| layer.name.get(lang)).to_owned();
    let list = ComboBox::from_id_salt("series-layer").width(230.0).height(320.0).selected_text(name);
    let list = list.show_ui(ui, |ui| {
        for layer in city.layers.iter().filter(|layer| layer.has_geometry() && layer.count > 0) {
            let words = format!("{}  {}", layer.name.get(lang), show::count(layer.count));
            if ui.selectable_label(series.layer == layer.table(), words).clicked() {
                layer.table().clone_into(&mut series.layer);
                (series.condition, series.selected_only) = (String::new(), false);
            }
        }
    });
    list.response.accessible_name(lang.pick("分幅图层", "Layer of the series"));
}

fn file(ui: &mut Ui, lang: Lang, state: &mut PrintState) {
    row(ui, lang.pick("格式", "Format"), |ui| {
        for kind in SheetFile::ALL {
            if choice_chip(ui, kind.name(), state.file.kind == kind).clicked() {
                state.file.kind = kind;
            }
        }
    });
    if state.file.kind == SheetFile::Png {
        row(ui, lang.pick("分辨率", "Sharpness"), |ui| {
            ui.spacing_mut().item_spacing.x = 4.0;
            for dpi in DPI {
                if choice_chip(ui, &dpi.to_string(), state.file.dpi == dpi).clicked() {
                    state.file.dpi = dpi;
                }
            }
            ui.label("dpi");
        });
    }
    if state.plan.series.is_some() && state.file.kind == SheetFile::Pdf {
        row(ui, lang.pick("多页", "Pages"), |ui| {
            let choices =
                [(false, lang.pick("合成一个 PDF", "One PDF")), (true, lang.pick("每页一个文件", "A file for each"))];
            for (in_files, name) in choices {
                if choice_chip(ui, name, state.file.in_files == in_files).clicked() {
                    state.file.in_files = in_files;
                }
            }
        });
    }
}
