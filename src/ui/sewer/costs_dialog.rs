//! The table of unit costs: work, largest diameter, price. What makes sense is kept at once, and the plan is made anew with
//! it; what does not is said below and changes nothing.

use egui::{ComboBox, Context, Grid, RichText, ScrollArea, Ui};

use super::ask::with_settings;
use crate::session::Session;
use crate::session::sewer::plan::WATCH_YEARS;
use crate::session::sewer::settings::SewerSettings;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::plan::{Costs, UnitCost, Work};
use crate::ui::ask::{Asks, FilePurpose, UiAsk};
use crate::ui::sheet::{Sheet, foot, sheet};
use crate::ui::theme::{self, Tokens};
use crate::ui::widgets::{Tone, button, field_error, hint_bar, icon_button, text_button, text_field};

/// Width of the dialog, and of the fields of a line.
const WIDTH: f32 = 560.0;
const FIELD: f32 = 130.0;
/// Most years between two inspections.
const MOST_YEARS: u32 = 100;

/// The dialog while it is open.
#[derive(Debug, Default)]
pub(in crate::ui) struct CostsState(Option<Draft>);

/// What is typed.
#[derive(Debug)]
struct Draft {
    lines: Vec<Line>,
    years: String,
    /// The settings that the lines were made of, or have become.
    kept: SewerSettings,
    problem: Option<Text>,
}

#[derive(Debug)]
struct Line {
    work: Work,
    up_to: String,
    price: String,
}

impl Draft {
    fn of(settings: &SewerSettings) -> Self {
        let line = |line: &UnitCost| Line {
            work: line.work,
            up_to: line.up_to_mm.map(|size| size.to_string()).unwrap_or_default(),
            price: line.yuan_per_m.to_string(),
        };
        Self {
            lines: settings.costs().lines().iter().map(line).collect(),
            years: settings.watch_years.map(|years| years.to_string()).unwrap_or_default(),
            kept: settings.clone(),
            problem: None,
        }
    }

    /// The settings that the fields say.
    fn read(&self) -> Result<SewerSettings, Text> {
        if self.lines.is_empty() {
            return Err(Text::new("至少要有一行单价", "A table of costs has a line at least"));
        }
        let lines = (1_usize..).zip(&self.lines).map(|(number, line)| {
            let what = |zh: &str, en: &str| text!("第 {number} 行：{zh}", "line {number}: {en}");
            let up_to_mm = match line.up_to.trim() {
                "" => None,
                words => Some(amount(words).ok_or_else(|| what("管径上限要写成数字", "the diameter is a number"))?),
            };
            let price = amount(&line.price).ok_or_else(|| what("单价要写成数字", "the price is a number"))?;
            Ok(UnitCost { work: line.work, up_to_mm, yuan_per_m: price })
        });
        let costs = Costs::new(lines.collect::<Result<_, Text>>()?)?;
        let watch_years = match self.years.trim() {
            "" => None,
            words => Some(words.parse().ok().filter(|years| (1..=MOST_YEARS).contains(years)).ok_or_else(|| {
                text!("复测间隔是 1 到 {MOST_YEARS} 的整数", "years are a whole number from 1 to {MOST_YEARS}")
            })?),
        };
        let settings = SewerSettings { watch_years, ..self.kept.clone() };
        // What nobody has changed stays the program's assumption.
        let is_as_kept = costs.lines() == self.kept.costs().lines();
        Ok(if is_as_kept { settings } else { settings.with_costs(&costs) })
    }
}

/// A number as people write it: `1,200`.
fn amount(words: &str) -> Option<f64> {
    let plain: String = words.chars().filter(|letter| !letter.is_whitespace() && *letter != ',').collect();
    plain.parse().ok().filter(|number: &f64| number.is_finite())
}

impl CostsState {
    /// Opens the dialog.
    pub(in crate::ui) fn open(&mut self, session: &Session) {
        self.0 = Some(Draft::of(&session.settings().sewer));
    }
}

/// Draws the dialog while it is open.
pub(in crate::ui) fn costs_ui(ctx: &Context, session: &Session, state: &mut CostsState, asks: &mut Asks) {
    let Some(draft) = &mut state.0 else { return };
    let (lang, settings) = (session.lang(), &session.settings().sewer);
    if *settings != draft.kept {
        // A table was read in, or the assumed one has come back.
        *draft = Draft::of(settings);
    }
    let frame =
        Sheet { id: "sewer-costs", title: lang.pick("养护单价", "Unit costs"), icon: "TABLE", width: WIDTH, lang };
    let mut is_done = false;
    let closed = sheet(ctx, &frame, |ui| is_done = contents(ui, session, draft, asks));
    if closed || is_done {
        state.0 = None;
    }
}

/// Whether the dialog is done with.
fn contents(ui: &mut Ui, session: &Session, draft: &mut Draft, asks: &mut Asks) -> bool {
    let lang = session.lang();
    ui.spacing_mut().item_spacing.y = 8.0;
    if draft.kept.costs().is_assumed() {
        let words = lang.pick(
            "这些单价是程序的假定，不是本单位的价格；改动任何一行就成为本单位的单价表。",
            "These costs are the program's assumptions; change a line and the table is the bureau's own.",
        );
        hint_bar(ui, Tone::Warn, words);
    }
    let room = (ui.ctx().content_rect().height() - 330.0).max(120.0);
    let mut is_changed = false;
    ScrollArea::vertical().id_salt("costs").max_height(room).auto_shrink([false, true]).show(ui, |ui| {
        is_changed = lines_ui(ui, lang, &mut draft.lines);
    });
    if button(ui, "PLUS", lang.pick("加一行", "Add a line")).clicked() {
        let work = draft.lines.last().map_or(Work::Local, |line| line.work);
        draft.lines.push(Line { work, up_to: String::new(), price: String::new() });
    }
    ui.horizontal(|ui| {
        ui.label(lang.pick("只需观察的管段，隔几年再检测", "Years until a watched pipe is inspected again"));
        let name = lang.pick("复测间隔，年", "Years between inspections");
        is_changed |= small_field(ui, &mut draft.years, name, 60.0);
        let usual = match lang {
            Lang::Zh => format!("空着为 {WATCH_YEARS} 年"),
            Lang::En => format!("{WATCH_YEARS} if empty"),
        };
        ui.label(RichText::new(usual).font(theme::note()).color(Tokens::of(ui).text2));
    });
    if is_changed {
        match draft.read() {
            Ok(settings) => {
                draft.problem = None;
                if settings != draft.kept {
                    draft.kept = settings.clone();
                    asks.extend(with_settings(session, settings));
                }
            }
            Err(problem) => draft.problem = Some(problem),
        }
    }
    if let Some(problem) = &draft.problem {
        field_error(ui, problem.get(lang));
    }
    buttons(ui, session, draft, asks)
}

fn buttons(ui: &mut Ui, session: &Session, draft: &Draft, asks: &mut Asks) -> bool {
    let lang = session.lang();
    foot(ui, |ui| {
        let is_done = text_button(ui, lang.pick("完成", "Done")).clicked();
        if button(ui, "FILE_CSV", lang.pick("从文件读入…", "Read from a file…")).clicked() {
            asks.push(UiAsk::PickFile(FilePurpose::SewerCosts));
        }
        let reset = lang.pick("恢复假定单价", "Back to the assumed costs");
        if button(ui, "ARROW_COUNTER_CLOCKWISE", reset).clicked() {
            let settings = SewerSettings { costs: Vec::new(), ..draft.kept.clone() };
            asks.extend(with_settings(session, settings));
        }
        is_done
    })
}

/// The table; whether something was changed for good: a field was left, a work chosen, a line taken away.
fn lines_ui(ui: &mut Ui, lang: Lang, lines: &mut Vec<Line>) -> bool {
    let (mut is_changed, mut gone) = (false, None);
    Grid::new("costs").num_columns(4).spacing([12.0, 6.0]).show(ui, |ui| {
        let heads = [
            lang.pick("措施", "Work"),
            lang.pick("管径上限 mm（空着为更大的）", "Up to mm (empty: larger)"),
            lang.pick("单价 元/m", "Yuan per m"),
        ];
        for head in heads {
            ui.label(RichText::new(head).font(theme::note()).color(Tokens::of(ui).text2));
        }
        ui.end_row();
        for (place, line) in lines.iter_mut().enumerate() {
            let number = place + 1;
            let name = |zh: &str, en: &str| match lang {
                Lang::Zh => format!("{zh} {number}"),
                Lang::En => format!("{en} {number}"),
            };
            is_changed |= work_ui(ui, lang, line, &name("措施", "Work"), place);
            is_changed |= small_field(ui, &mut line.up_to, &name("管径上限", "Diameter up to"), FIELD);
            is_changed |= small_field(ui, &mut line.price, &name("单价", "Price"), FIELD);
            let take = match lang {
                Lang::Zh => format!("去掉第 {number} 行"),
                Lang::En => format!("Take line {number} away"),
            };
            if icon_button(ui, "TRASH", &take).clicked() {
                gone = Some(place);
            }
            ui.end_row();
        }
    });
    if let Some(place) = gone {
        lines.remove(place);
    }
    is_changed || gone.is_some()
}

fn work_ui(ui: &mut Ui, lang: Lang, line: &mut Line, name: &str, place: usize) -> bool {
    let before = line.work;
    let list =
        ComboBox::from_id_salt(("work", place)).width(150.0).selected_text(line.work.name().get(lang).to_owned());
    let list = list.show_ui(ui, |ui| {
        for work in Work::ALL {
            ui.selectable_value(&mut line.work, work, work.name().get(lang).to_owned());
        }
    });
    list.response.accessible_name(name);
    line.work != before
}

/// A field of a number; whether it was left, or Enter pressed in it.
fn small_field(ui: &mut Ui, words: &mut String, name: &str, width: f32) -> bool {
    ui.scope(|ui| {
        ui.set_width(width);
        text_field(ui, words, name).lost_focus()
    })
    .inner
}
