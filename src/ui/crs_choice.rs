//! Choosing the coordinate reference system of a file: the ones this city meets, or any EPSG code.

use egui::{ComboBox, Ui};

use super::widgets::text_field;
use crate::geom::crs::Crs;
use crate::text::{Lang, Text};

/// A choice that may be half typed.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct CrsChoice {
    /// `None` takes what the file says.
    pub(super) crs: Option<Crs>,
    /// An EPSG code being typed; `None` while one of the list is chosen.
    typed: Option<String>,
}

/// The systems of the list, the bureau's own first.
fn known() -> [(Crs, Text); 7] {
    [
        (Crs::CGCS2000, Text::new("CGCS2000 经纬度（EPSG:4490）", "CGCS2000 degrees (EPSG:4490)")),
        (Crs::WGS84, Text::new("WGS 84 经纬度（EPSG:4326）", "WGS 84 degrees (EPSG:4326)")),
        (
            Crs::Epsg(4548),
            Text::new("CGCS2000 3° 带 中央经线 117°（EPSG:4548）", "CGCS2000 3° zone, meridian 117° (EPSG:4548)"),
        ),
        (Crs::Epsg(4527), Text::new("CGCS2000 3° 带 第 39 带（EPSG:4527）", "CGCS2000 3° zone 39 (EPSG:4527)")),
        (Crs::WEB_MERCATOR, Text::new("Web 墨卡托（EPSG:3857）", "Web Mercator (EPSG:3857)")),
        (Crs::Gcj02, Text::new("GCJ-02 火星坐标（高德、腾讯）", "GCJ-02 (Amap, Tencent)")),
        (Crs::Bd09, Text::new("BD-09 百度坐标", "BD-09 (Baidu)")),
    ]
}

/// What a system is called.
pub(super) fn name(crs: Crs, lang: Lang) -> String {
    let known = known().into_iter().find(|(each, _)| *each == crs);
    known.map_or_else(|| crs.to_string(), |(_, name)| name.get(lang).to_owned())
}

/// Draws the choice; whether another system was chosen. `says` is what the file itself says.
pub(super) fn crs_choice(ui: &mut Ui, lang: Lang, says: Crs, choice: &mut CrsChoice) -> bool {
    let before = choice.crs;
    ui.horizontal(|ui| {
        let shown = match (&choice.typed, choice.crs) {
            (Some(_), _) => lang.pick("其他 EPSG", "Another EPSG code").to_owned(),
            (None, Some(crs)) => name(crs, lang),
            (None, None) => as_file(says, lang),
        };
        let list = ComboBox::from_id_salt("crs").width(330.0).height(320.0).selected_text(shown).truncate();
        let list = list.show_ui(ui, |ui| list_ui(ui, lang, says, choice));
        list.response.accessible_name(lang.pick("坐标系", "Coordinate system"));
        if let Some(words) = &mut choice.typed {
            ui.set_max_width(ui.available_width().min(160.0));
            text_field(ui, words, lang.pick("EPSG 代码", "EPSG code"));
            choice.crs = words.trim().parse().ok().map(Crs::Epsg).or(before);
        }
    });
    choice.crs != before
}

fn as_file(says: Crs, lang: Lang) -> String {
    match says {
        Crs::Unknown => lang.pick("文件没有说明", "The file does not say").to_owned(),
        says => format!("{} {}", lang.pick("按文件：", "As the file says:"), name(says, lang)),
    }
}

fn list_ui(ui: &mut Ui, lang: Lang, says: Crs, choice: &mut CrsChoice) {
    let mut pick = |ui: &mut Ui, crs: Option<Crs>, words: &str| {
        if ui.selectable_label(choice.typed.is_none() && choice.crs == crs, words).clicked() {
            *choice = CrsChoice { crs, typed: None };
        }
    };
    pick(ui, None, &as_file(says, lang));
    for (crs, words) in known() {
        pick(ui, Some(crs), words.get(lang));
    }
    let is_typed = choice.typed.is_some();
    if ui.selectable_label(is_typed, lang.pick("其他 EPSG…", "Another EPSG code…")).clicked() && !is_typed {
        choice.typed = Some(String::new());
    }
}
