//! How the file is understood: format, encoding, CRS, columns of the place; with the evidence, and where it would lie.

use egui::{ComboBox, RichText, Ui};

use super::super::ask::{Asks, UiAsk};
use super::super::crs_choice::{self, crs_choice};
use super::super::icons::icon;
use super::super::import_state::{Choices, PlaceWay, Reading};
use super::super::theme::{self, Tokens};
use super::super::widgets::{Tone, button, chip, choice_chip, hint_bar};
use super::{Doubt, End, bounds_world, gap_m, place_map, quiet, recipe_buttons, row};
use crate::geom::crs::Crs;
use crate::geom::own;
use crate::model::geometry::Bounds;
use crate::session::crs::datum::DatumVerdict;
use crate::session::place;
use crate::session::state::{CityView, CrsOrigin, ImportPreview};
use crate::text::encoding::Encoding;
use crate::text::{Lang, Text};

/// Encodings that files of this country come in.
const ENCODINGS: [(Encoding, &str); 4] = [
    (Encoding::UTF_8, "UTF-8"),
    (Encoding::GB18030, "GBK / GB18030"),
    (Encoding::BIG5, "Big5"),
    (Encoding::WINDOWS_1252, "Windows-1252"),
];

/// Name and format of the file, and which of several it is.
pub(super) fn file_line(ui: &mut Ui, lang: Lang, preview: &ImportPreview, (number, of): (usize, usize)) {
    let name = preview.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    ui.horizontal(|ui| {
        ui.label(icon("FILE").color(Tokens::of(ui).text2));
        ui.label(RichText::new(name).font(theme::medium(14.0))).on_hover_text(preview.path.display().to_string());
        let words = quiet(ui, preview.format.get(lang));
        ui.label(words);
        if of > 1 {
            let words = match lang {
                Lang::Zh => format!("第 {number} 个，共 {of} 个"),
                Lang::En => format!("{number} of {of}"),
            };
            chip(ui, &words, Tone::Plain);
        }
    });
}

/// How it is read and where it lies.
pub(super) fn understanding(
    ui: &mut Ui,
    lang: Lang,
    city: Option<&CityView>,
    preview: &ImportPreview,
    choices: &mut Choices,
    reading: &mut Reading,
    asks: &mut Asks,
) -> End {
    let before = reading.clone();
    ui.horizontal_top(|ui| {
        ui.vertical(|ui| {
            ui.set_width(ui.available_width() - place_map::WIDTH - 12.0);
            if let Some(encoding) = preview.encoding {
                row(ui, lang.pick("文字编码", "Encoding"), |ui| encoding_choice(ui, lang, encoding, reading));
            }
            row(ui, lang.pick("坐标系", "CRS"), |ui| _ = crs_choice(ui, lang, preview.crs, &mut reading.crs));
            row(ui, "", |ui| axes_ui(ui, lang, preview.crs, reading));
            row(ui, "", |ui| origin_ui(ui, lang, (preview, city), choices, reading));
            row(ui, lang.pick("落在", "Lies at"), |ui| place_line(ui, lang, city, preview, asks));
        });
        place_map::place_map_ui(ui, lang, city, preview);
    });
    datum_ui(ui, lang, preview, reading);
    if preview.has_place_columns {
        row(ui, lang.pick("位置列", "Place in"), |ui| place_columns(ui, lang, &preview.columns, reading));
    }
    let is_mixed = preview.layers.iter().filter(|layer| layer.geometry.is_some()).count() > 1;
    if is_mixed || reading.one_layer {
        let words = lang.pick("点、线、面放进同一个图层", "Points, lines and areas in one layer");
        ui.checkbox(&mut reading.one_layer, words);
    }
    for sentence in &preview.understood {
        ui.horizontal_wrapped(|ui| {
            ui.label(icon("INFO").color(Tokens::of(ui).text2).size(14.0));
            let words = quiet(ui, sentence.get(lang));
            ui.label(words);
        });
    }
    if reading.is_as(&before) { End::Open } else { End::Again }
}

fn encoding_choice(ui: &mut Ui, lang: Lang, found: Encoding, reading: &mut Reading) {
    let name_of = |encoding: Encoding| {
        let known = ENCODINGS.iter().find(|(each, _)| *each == encoding);
        known.map_or_else(|| encoding.to_string(), |(_, name)| (*name).to_owned())
    };
    let auto = match (reading.encoding, lang) {
        (None, Lang::Zh) => format!("自动（{}）", name_of(found)),
        (None, Lang::En) => format!("Found out ({})", name_of(found)),
        (Some(_), lang) => lang.pick("自动", "Found out").to_owned(),
    };
    let shown = reading.encoding.map_or(auto.clone(), name_of);
    let list = ComboBox::from_id_salt("encoding").width(200.0).selected_text(shown).show_ui(ui, |ui| {
        ui.selectable_value(&mut reading.encoding, None, auto);
        for (encoding, name) in ENCODINGS {
            ui.selectable_value(&mut reading.encoding, Some(encoding), name);
        }
    });
    list.response.accessible_name(lang.pick("文字编码", "Encoding"));
}

/// The switch for a file that puts north or latitude first: of the system that was chosen, or that the file says.
fn axes_ui(ui: &mut Ui, lang: Lang, says: Crs, reading: &mut Reading) {
    let now = reading.crs.crs.unwrap_or(says);
    let base = own::east_first(now);
    let other = base.or_else(|| own::north_first(now));
    let mut is_exchanged = base.is_some();
    let words = lang.pick("交换坐标轴（文件中 X 为北或纬度在前）", "Exchange the axes (north or latitude first)");
    let switch = ui.add_enabled(other.is_some(), egui::Checkbox::new(&mut is_exchanged, words));
    let why = lang.pick("先选坐标系", "Choose the coordinate system first");
    if let (true, Some(other)) = (switch.on_disabled_hover_text(why).changed(), other) {
        reading.crs.crs = Some(other);
    }
}

/// How the CRS is known; a guess asks for a look, and where there is nothing to look at for a system or none at all.
fn origin_ui(
    ui: &mut Ui,
    lang: Lang,
    (preview, city): (&ImportPreview, Option<&CityView>),
    choices: &mut Choices,
    reading: &mut Reading,
) {
    let doubt = Doubt::of(preview, city);
    if doubt == Doubt::NoPlace {
        ui.vertical(|ui| {
            chip(ui, lang.pick("请选择坐标系", "Choose a coordinate system"), Tone::Warn);
            if preview.has_place_columns {
                let words = lang.pick("读入为没有位置的表", "Read as a table without places");
                if button(ui, "TABLE", words).clicked() {
                    (reading.way, reading.place) = (PlaceWay::Nowhere, [String::new(), String::new()]);
                }
            }
            let words = lang.pick("位置不明，放在自己的平面上", "Place unknown: put it on a plane of its own");
            ui.checkbox(&mut choices.place_unknown, words);
        });
        return;
    }
    let (words, tone) = match preview.crs_origin {
        CrsOrigin::Declared => (Text::new("文件中写明", "The file says so"), Tone::Ok),
        CrsOrigin::Format => (Text::new("格式规定如此", "The format has no other"), Tone::Ok),
        CrsOrigin::Asked => (Text::new("按您的指定", "As you said"), Tone::Info),
        CrsOrigin::Guessed => (Text::new("根据数值推测", "Guessed by the numbers"), Tone::Warn),
    };
    chip(ui, words.get(lang), tone);
    if doubt != Doubt::None {
        ui.checkbox(&mut choices.place_is_right, lang.pick("位置看过了，没错", "I have looked: the place is right"));
    }
}

/// Whether it lies on what the city has; if it would in another system, the way to read it in that.
fn datum_ui(ui: &mut Ui, lang: Lang, preview: &ImportPreview, reading: &mut Reading) {
    let Some(verdict) = &preview.datum else { return };
    let words = verdict.text();
    let tone = match verdict {
        DatumVerdict::FitsAsDeclared { .. } => Tone::Ok,
        DatumVerdict::LooksLike { .. } => Tone::Warn,
        DatumVerdict::CannotTell(_) => {
            let words = quiet(ui, words.get(lang));
            ui.label(words);
            return;
        }
    };
    hint_bar(ui, tone, words.get(lang));
    if let Some(crs) = verdict.crs() {
        let name = crs_choice::name(crs, lang);
        let word = match lang {
            Lang::Zh => format!("按 {name} 读入"),
            Lang::En => format!("Read as {name}"),
        };
        if button(ui, "CROSSHAIR", &word).clicked() {
            reading.crs.crs = Some(crs);
        }
    }
}

/// Where it would lie, in degrees, with the way to see it on the map.
fn place_line(ui: &mut Ui, lang: Lang, city: Option<&CityView>, preview: &ImportPreview, asks: &mut Asks) {
    let Some(bounds) = bounds_world(preview) else {
        ui.label(lang.pick("没有可显示的位置", "No place that can be shown"));
        return;
    };
    ui.vertical(|ui| {
        ui.label(extent_words(&bounds));
        if let Some(gap_m) = gap_m(preview, city) {
            let km = place::about_km(gap_m);
            let words = match lang {
                Lang::Zh => format!("距本市约 {km} km"),
                Lang::En => format!("About {km} km from the city"),
            };
            chip(ui, &words, Tone::Warn);
        }
        if button(ui, "MAP_TRIFOLD", lang.pick("在地图上看", "Show on the map")).clicked() {
            asks.push(UiAsk::ZoomTo(bounds));
        }
    });
}

/// `115.9312–116.0512°E 29.6612–29.7512°N`.
fn extent_words(world: &Bounds) -> String {
    let ([west, south], [east, north]) = (place::lonlat_from_world(world.min), place::lonlat_from_world(world.max));
    format!("{west:.4}–{east:.4}°E  {south:.4}–{north:.4}°N")
}

/// Which columns of a table hold the place.
fn place_columns(ui: &mut Ui, lang: Lang, names: &[String], reading: &mut Reading) {
    let ways = [
        (PlaceWay::Auto, lang.pick("自动", "Found out")),
        (PlaceWay::Xy, lang.pick("X、Y 两列", "Columns x and y")),
        (PlaceWay::Wkt, lang.pick("WKT 一列", "A column of WKT")),
        (PlaceWay::Nowhere, lang.pick("没有位置", "No place")),
    ];
    ui.horizontal_wrapped(|ui| {
        ui.spacing_mut().item_spacing.x = 4.0;
        for (way, words) in ways {
            if choice_chip(ui, words, reading.way == way).clicked() && reading.way != way {
                reading.way = way;
                reading.place = [String::new(), String::new()];
            }
        }
        let [x, y] = &mut reading.place;
        match reading.way {
            PlaceWay::Xy => {
                column_choice(ui, lang.pick("X 或经度", "x or longitude"), names, x);
                column_choice(ui, lang.pick("Y 或纬度", "y or latitude"), names, y);
            }
            PlaceWay::Wkt => column_choice(ui, lang.pick("WKT 列", "Column of WKT"), names, x),
            PlaceWay::Auto | PlaceWay::Nowhere => {}
        }
    });
}

fn column_choice(ui: &mut Ui, name: &str, names: &[String], chosen: &mut String) {
    let shown = if chosen.is_empty() { name.to_owned() } else { chosen.clone() };
    let list = ComboBox::from_id_salt(name).width(120.0).height(320.0).selected_text(shown);
    let list = list.show_ui(ui, |ui| {
        for column in names {
            ui.selectable_value(chosen, column.clone(), column);
        }
    });
    list.response.on_hover_text(name).accessible_name(name);
}

/// What is known of earlier files of this shape; whether their way is to be followed.
pub(super) fn recipe_bar(
    ui: &mut Ui,
    lang: Lang,
    preview: &ImportPreview,
    misfits: Option<&[Text]>,
    asks: &mut Asks,
) -> bool {
    match misfits {
        Some([]) => {
            hint_bar(ui, Tone::Ok, lang.pick("已按方案设置，列都对得上。", "Set as the recipe says; all columns fit."));
        }
        Some(misfits) => {
            let words: Vec<&str> = misfits.iter().map(|text| text.get(lang)).collect();
            hint_bar(ui, Tone::Warn, words.join("\n"));
        }
        None => {}
    }
    ui.horizontal_wrapped(|ui| {
        let words = lang.pick("沿用上次同样文件的设置", "As the last file of this shape");
        let followed =
            preview.recipe.is_some() && misfits.is_none() && button(ui, "CLOCK_COUNTER_CLOCKWISE", words).clicked();
        recipe_buttons(ui, lang, asks);
        followed
    })
    .inner
}
