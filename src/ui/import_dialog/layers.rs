//! Which layers of the file come in, and for the one that is shown: its kind, the layer it goes to, values for every row.

use egui::{ComboBox, Ui};

use super::super::import_state::{Choices, LayerChoices};
use super::super::show;
use super::super::widgets::{button, choice_chip, icon_button, text_field};
use super::{quiet, row};
use crate::kinds;
use crate::model::geometry::GeometryKind;
use crate::session::state::{CityView, ImportPreview, PreviewLayer};
use crate::text::Lang;

/// The layers of the file with check boxes; of a single one what it is.
pub(super) fn layers_ui(ui: &mut Ui, lang: Lang, choices: &mut Choices, preview: &ImportPreview) {
    if let ([_], [layer]) = (&choices.layers[..], &preview.layers[..]) {
        let words = quiet(ui, about(layer, lang));
        ui.label(words);
        return;
    }
    let Choices { layers, current, .. } = choices;
    for (place, (own, layer)) in layers.iter_mut().zip(&preview.layers).enumerate() {
        ui.horizontal(|ui| {
            ui.checkbox(&mut own.take, "").accessible_name(format!("{} {}", lang.pick("导入", "Import"), layer.name));
            if choice_chip(ui, &layer.name, *current == place).clicked() {
                *current = place;
            }
            let words = quiet(ui, about(layer, lang));
            ui.label(words);
        });
    }
}

fn about(layer: &PreviewLayer, lang: Lang) -> String {
    let kind = layer.geometry.map_or(lang.pick("无几何", "no geometry"), |kind| geometry_name(kind, lang));
    let (features, fields) = (show::count(layer.features), layer.fields.len());
    match lang {
        Lang::Zh => format!("{features} 个要素 · {kind} · {fields} 个字段"),
        Lang::En => {
            let [s, of_fields] = [layer.features == 1, fields == 1].map(|is_one| if is_one { "" } else { "s" });
            format!("{features} feature{s} · {kind} · {fields} field{of_fields}")
        }
    }
}

fn geometry_name(kind: GeometryKind, lang: Lang) -> &'static str {
    match kind.dimension() {
        Some(0) => lang.pick("点", "points"),
        Some(1) => lang.pick("线", "lines"),
        Some(2) => lang.pick("面", "areas"),
        _ => lang.pick("混合", "mixed"),
    }
}

/// Kind, and a new layer or one to append to.
pub(super) fn target(ui: &mut Ui, lang: Lang, city: Option<&CityView>, choices: &mut Choices) {
    let Choices { layers, current, new_city, .. } = choices;
    let Some(layer) = layers.get_mut(*current) else { return };
    row(ui, lang.pick("类别", "Kind"), |ui| kind_choice(ui, lang, city, layer));
    row(ui, lang.pick("放进", "Into"), |ui| layer_choice(ui, lang, city, layer));
    if city.is_none() {
        let name = lang.pick("新城市文件", "New city file");
        row(ui, name, |ui| text_field(ui, new_city, name));
    }
    constants(ui, lang, layer);
}

fn kind_choice(ui: &mut Ui, lang: Lang, city: Option<&CityView>, layer: &mut LayerChoices) {
    let list = ComboBox::from_id_salt("kind").width(330.0).height(360.0);
    let list = list.selected_text(layer.kind.name.get(lang).to_owned()).show_ui(ui, |ui| {
        for kind in kinds::all() {
            if ui.selectable_label(layer.kind.id == kind.id, kind.name.get(lang)).clicked() {
                layer.set_kind(kind);
                // A city has one layer of a kind as a rule: more of the same belongs there.
                let same = city.and_then(|city| city.layers.iter().find(|layer| layer.kind.id == kind.id));
                layer.append = same.filter(|_| kind.id != "plain").map(|layer| layer.table().to_owned());
            }
        }
    });
    list.response.accessible_name(lang.pick("类别", "Kind"));
}

fn layer_choice(ui: &mut Ui, lang: Lang, city: Option<&CityView>, choices: &mut LayerChoices) {
    let new = lang.pick("新图层", "A new layer");
    let Some(city) = city else {
        text_field(ui, &mut choices.name, lang.pick("图层名称", "Name of the layer"));
        return;
    };
    let chosen = choices.append.as_deref().and_then(|table| city.layer(table));
    let shown = chosen.map_or(new, |layer| layer.name.get(lang)).to_owned();
    let kind = choices.kind.id;
    let list = ComboBox::from_id_salt("into").width(200.0).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(&mut choices.append, None, new);
        for layer in city.layers.iter().filter(|layer| layer.kind.id == kind) {
            let words = format!("{} {}", lang.pick("追加到", "Append to"), layer.name.get(lang));
            ui.selectable_value(&mut choices.append, Some(layer.table().to_owned()), words);
        }
    });
    list.response.accessible_name(lang.pick("放进", "Into"));
    if choices.append.is_none() {
        text_field(ui, &mut choices.name, lang.pick("图层名称", "Name of the layer"));
    }
}

/// Values that every row gets, whatever the file says.
fn constants(ui: &mut Ui, lang: Lang, layer: &mut LayerChoices) {
    let kind = layer.kind;
    let mut gone = None;
    for (place, (field, value)) in layer.set.iter_mut().enumerate() {
        row(ui, lang.pick("固定值", "Fixed value"), |ui| {
            field_choice(ui, lang, kind, place, field);
            ui.label("=");
            let room = ui.available_width() - 40.0;
            ui.scope(|ui| {
                ui.set_max_width(room.min(260.0));
                value_field(ui, lang, kind, (place, field.as_str()), value);
            });
            if icon_button(ui, "X", lang.pick("去掉这个固定值", "Take this value away")).clicked() {
                gone = Some(place);
            }
        });
    }
    if let Some(place) = gone {
        layer.set.remove(place);
    }
    let tip = lang.pick(
        "每一行都填同样的值，例如文件名里才有的类型",
        "The same value in every row: a type that only the file's name tells",
    );
    if button(ui, "PLUS", lang.pick("固定值", "Fixed value")).on_hover_text(tip).clicked() {
        layer.set.push((String::new(), String::new()));
    }
}

/// A field of the kind, or one by its name.
fn field_choice(ui: &mut Ui, lang: Lang, kind: &kinds::kind::Kind, place: usize, field: &mut String) {
    let name = format!("{} {}", lang.pick("固定值的字段", "Field of the value"), place + 1);
    if kind.fields.is_empty() {
        ui.scope(|ui| {
            ui.set_max_width(160.0);
            text_field(ui, field, &name);
        });
        return;
    }
    let shown = kind.fields.iter().find(|own| own.id == *field).map(|own| own.name.get(lang));
    let shown = shown.unwrap_or(lang.pick("选字段", "Choose a field")).to_owned();
    let list = ComboBox::from_id_salt(("set", place)).width(160.0).height(320.0).selected_text(shown);
    let list = list.show_ui(ui, |ui| {
        for own in kind.fields.iter().filter(|own| !own.read_only) {
            ui.selectable_value(field, own.id.to_string(), own.name.get(lang));
        }
    });
    list.response.accessible_name(name);
}

/// One of the codes where the field has some, else words.
fn value_field(ui: &mut Ui, lang: Lang, kind: &kinds::kind::Kind, (place, field): (usize, &str), value: &mut String) {
    let name = format!("{} {}", lang.pick("固定值", "Fixed value"), place + 1);
    let codes = kind.fields.iter().find(|own| own.id == field).map_or(&[][..], |own| &own.codes);
    if codes.is_empty() {
        text_field(ui, value, &name);
        return;
    }
    let shown =
        codes.iter().find(|code| code.value == *value).map_or(value.clone(), |code| code.name.get(lang).to_owned());
    let list = ComboBox::from_id_salt(("value", place)).width(200.0).height(320.0).selected_text(shown);
    let list = list.show_ui(ui, |ui| {
        for code in codes {
            ui.selectable_value(value, code.value.to_string(), code.name.get(lang));
        }
    });
    list.response.accessible_name(name);
}
