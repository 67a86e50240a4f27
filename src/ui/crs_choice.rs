//! Choosing a coordinate reference system: a searchable list of those that a Chinese city meets, the bureau's own, and
//! any other by its EPSG code or PROJ string.

use std::collections::BTreeSet;
use std::sync::Arc;

use egui::{ComboBox, Context, Id, PopupCloseBehavior, RichText, ScrollArea, Ui, pos2};

use super::ask::{Asks, UiAsk};
use super::theme::{self, Tokens};
use super::widgets::{button, focus_when_it_comes, list_row, search_field, text_in};
use crate::geom::catalogue;
use crate::geom::crs::Crs;
use crate::session::{Session, place};
use crate::text::Lang;

/// Longitude that likely systems are proposed for while no city is open: that of the bureau.
const HOME_LON: f64 = 116.0;
/// Height of a row, logical pixels.
const ROW: f32 = 30.0;

/// A choice that may be half typed.
#[derive(Clone, Debug, Default)]
pub(super) struct CrsChoice {
    /// `None` takes what the file says.
    pub(super) crs: Option<Crs>,
    /// The list, with what is typed into its search.
    pub(super) list: CrsList,
}

/// The list with its search.
#[derive(Clone, Debug, Default)]
pub(super) struct CrsList {
    words: String,
    /// The systems of one's own that there were when the form of a new one was asked for.
    before_form: Option<Arc<[Crs]>>,
}

/// What the lists know of the city that is open, wherever they are drawn.
#[derive(Clone, Debug)]
struct Around {
    own: Arc<[Crs]>,
    lon: f64,
    wants_form: bool,
}

impl Default for Around {
    fn default() -> Self {
        Self { own: Arc::default(), lon: HOME_LON, wants_form: false }
    }
}

fn around_id() -> Id {
    Id::unique("crs-around")
}

/// Lets the lists keep up with the city that is open and the systems of one's own, once a frame; asks for the form of a
/// new system when one of them was told to.
pub(super) fn crs_around(ctx: &Context, session: &Session, asks: &mut Asks) {
    let bounds = session.city().into_iter().flat_map(|city| &city.layers).filter_map(|layer| layer.bounds_world);
    let whole = bounds.reduce(|left, right| left.union(&right));
    let lon = whole.map_or(HOME_LON, |bounds| place::lonlat_from_world(bounds.center())[0]);
    let now = Around { own: session.own_systems().into(), lon, wants_form: false };
    let before: Around = ctx.data_mut(|data| data.get_temp(around_id()).unwrap_or_default());
    if before.wants_form {
        asks.push(UiAsk::OwnSystem(None));
    }
    ctx.data_mut(|data| data.insert_temp(around_id(), now));
}

/// What a system is called.
pub(super) fn name(crs: Crs, lang: Lang) -> String {
    match crs {
        Crs::Gcj02 => lang.pick("GCJ-02 火星坐标（高德、腾讯）", "GCJ-02 (Amap, Tencent)").to_owned(),
        Crs::Bd09 => lang.pick("BD-09 百度坐标", "BD-09 (Baidu)").to_owned(),
        Crs::Epsg(code) => {
            let title = title(crs, lang);
            match lang {
                Lang::Zh => format!("{title}（EPSG:{code}）"),
                Lang::En => format!("{title} (EPSG:{code})"),
            }
        }
        Crs::Own(_) | Crs::Unknown => title(crs, lang),
    }
}

fn title(crs: Crs, lang: Lang) -> String {
    let (zh, en) = crs.title();
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// Draws the choice; whether another system was chosen. `says` is what the file itself says.
pub(super) fn crs_choice(ui: &mut Ui, lang: Lang, says: Crs, choice: &mut CrsChoice) -> bool {
    let before = choice.crs;
    if let Some(made) = choice.list.made(ui) {
        choice.crs = Some(made);
    }
    let shown = choice.crs.map_or_else(|| as_file(says, lang), |crs| name(crs, lang));
    let list = ComboBox::from_id_salt("crs").width(330.0).height(460.0).selected_text(shown).truncate();
    let list = list.close_behavior(PopupCloseBehavior::CloseOnClickOutside).show_ui(ui, |ui| {
        let file = as_file(says, lang);
        if row(ui, &file, choice.crs.is_none()) {
            choice.crs = None;
            ui.close();
        }
        if let Some(crs) = choice.list.ui(ui, lang, choice.crs) {
            choice.crs = Some(crs);
            ui.close();
        }
    });
    if list.inner.is_none() {
        choice.list.words.clear();
    }
    list.response.accessible_name(lang.pick("坐标系", "Coordinate system"));
    choice.crs != before
}

fn as_file(says: Crs, lang: Lang) -> String {
    match says {
        Crs::Unknown => lang.pick("文件没有说明", "The file does not say").to_owned(),
        says => format!("{} {}", lang.pick("按文件：", "As the file says:"), name(says, lang)),
    }
}

impl CrsList {
    /// The system that was made in the form which this list has asked for.
    fn made(&mut self, ui: &Ui) -> Option<Crs> {
        let before = self.before_form.as_ref()?;
        let around: Around = ui.data(|data| data.get_temp(around_id()).unwrap_or_default());
        let made = around.own.iter().copied().find(|crs| !before.contains(crs))?;
        self.before_form = None;
        Some(made)
    }

    /// Draws search and list; the system that was chosen. The caller closes whatever it is drawn in.
    pub(super) fn ui(&mut self, ui: &mut Ui, lang: Lang, now: Option<Crs>) -> Option<Crs> {
        ui.set_min_width(380.0);
        let hint = lang.pick("名称、EPSG 代码、117、39带、+proj=…", "Name, EPSG code, 117, zone 39, +proj=…");
        let search = search_field(ui, &mut self.words, hint);
        focus_when_it_comes(ui, &search);
        let around: Around = ui.data_mut(|data| data.get_temp(around_id()).unwrap_or_default());
        let rows = self.rows(&around);
        let mut chosen = None;
        if rows.is_empty() {
            let none = lang.pick("没有这样的坐标系", "There is no such system");
            ui.label(RichText::new(none).color(Tokens::of(ui).text2));
        }
        ui.spacing_mut().item_spacing.y = 0.0;
        // Whether it opens above or below its button: it stays within the window.
        let room = (ui.ctx().content_rect().height() / 2.0 - 120.0).clamp(ROW * 3.0, ROW * 10.0);
        ScrollArea::vertical().id_salt("systems").max_height(room).show_rows(ui, ROW, rows.len(), |ui, seen| {
            for crs in &rows[seen] {
                if row(ui, &name(*crs, lang), now == Some(*crs)) {
                    chosen = Some(*crs);
                }
            }
        });
        ui.add_space(4.0);
        if button(ui, "PLUS", lang.pick("自定义坐标系…", "A system of your own…")).clicked() {
            self.before_form = Some(Arc::clone(&around.own));
            ui.data_mut(|data| data.insert_temp(around_id(), Around { wants_form: true, ..around }));
            ui.close();
        }
        if chosen.is_some() {
            self.words.clear();
        }
        chosen
    }

    /// The bureau's own first, then the likely ones, then all; with words only those that fit.
    fn rows(&self, around: &Around) -> Vec<Crs> {
        let words = self.words.trim();
        let fits = |crs: &&Crs| {
            let (zh, en) = crs.title();
            format!("{zh} {en} {crs}").to_lowercase().contains(&words.to_lowercase())
        };
        let mut rows: Vec<Crs> = around.own.iter().filter(fits).copied().collect();
        if words.is_empty() {
            rows.extend(catalogue::likely(around.lon));
        }
        let found = catalogue::search(words, around.lon).into_iter().map(|entry| entry.crs);
        let listed: BTreeSet<String> = rows.iter().map(ToString::to_string).collect();
        rows.extend(found.filter(|crs| !listed.contains(&crs.to_string())));
        // Anything else that can be computed is found by its whole name.
        if rows.is_empty() {
            rows.extend(Crs::parse(words).ok().filter(|crs| *crs != Crs::Unknown));
        }
        rows
    }
}

fn row(ui: &mut Ui, words: &str, is_chosen: bool) -> bool {
    let (rect, response) = list_row(ui, ROW, is_chosen, words);
    let at = pos2(rect.left() + 8.0, rect.center().y);
    text_in(ui, at, words, theme::body(), Tokens::of(ui).text, rect.width() - 16.0);
    response.on_hover_text(words).clicked()
}

#[cfg(test)]
mod tests {
    use egui_kittest::{Harness, kittest::Queryable as _};

    use super::*;

    #[test]
    fn a_system_is_found_by_its_meridian_and_chosen() {
        let mut harness = harness();
        harness.get_by_label("坐标系").click();
        harness.run();
        harness.get_by_role(egui::Role::TextInput).type_text("西安 117");
        harness.run();
        harness.get_by_label("1980西安坐标系 / 3度带高斯-克吕格 中央经线117E（EPSG:2384）").click();
        harness.run();
        assert_eq!(harness.state().crs, Some(Crs::Epsg(2384)));
    }

    #[test]
    fn a_system_that_is_not_listed_is_found_by_its_code() {
        let rows = |words: &str| CrsList { words: words.to_owned(), ..CrsList::default() }.rows(&Around::default());
        assert_eq!(rows("EPSG:2056"), [Crs::Epsg(2056)]);
        assert_eq!(rows("mars"), []);
    }

    #[test]
    fn the_bureaus_own_and_the_likely_ones_come_first() {
        let own = Crs::parse("+proj=tmerc +lon_0=115.9 +k=1 +x_0=500000 +ellps=GRS80").expect("a system");
        let around = Around { own: [own].into(), ..Around::default() };
        assert_eq!(CrsList::default().rows(&around)[..3], [own, Crs::CGCS2000, Crs::Epsg(4548)]);
    }

    #[test]
    fn a_system_that_is_made_in_the_form_is_chosen_where_it_was_asked_for() {
        let mut harness = harness();
        harness.get_by_label("坐标系").click();
        harness.run();
        harness.get_by_label("自定义坐标系…").click();
        harness.run();
        assert_eq!(harness.state().crs, None);
        let made = Crs::parse("+proj=tmerc +lon_0=115.9 +k=1 +x_0=500000 +ellps=GRS80").expect("a system");
        let around = Around { own: [made].into(), ..Around::default() };
        harness.ctx.data_mut(|data| data.insert_temp(around_id(), around));
        harness.run();
        assert_eq!(harness.state().crs, Some(made));
    }

    #[test]
    fn what_was_searched_for_is_forgotten_when_the_list_closes() {
        let mut harness = harness();
        harness.get_by_label("坐标系").click();
        harness.run();
        harness.get_by_role(egui::Role::TextInput).type_text("西安 117");
        harness.run();
        harness.key_press(egui::Key::Escape);
        harness.run();
        assert_eq!(harness.state().list.words, "");
    }

    fn harness() -> Harness<'static, CrsChoice> {
        let builder = Harness::builder().with_size(egui::vec2(560.0, 900.0)).with_context_setup(theme::install);
        builder.build_ui_state(
            |ui, choice: &mut CrsChoice| {
                crs_choice(ui, Lang::Zh, Crs::Unknown, choice);
            },
            CrsChoice::default(),
        )
    }
}
