//! Choosing a size: so many pixels, by scale, true on the ground, or by a value of the feature.

use egui::{DragValue, Popup, Ui};

use super::Desk;
use super::fields::{choice_row, fields, is_amount, number, of, remark, row};
use crate::model::style::Size;
use crate::session::legend::LEGEND_DENOMINATOR;
use crate::text::Text;
use crate::ui::icons::icon;
use crate::ui::widgets;

/// World metres of one pixel at 1:1.
const METRES_PER_PX: f64 = 0.0254 / 96.0;

/// What a size depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Vary {
    Fixed,
    Scale,
    Ground,
    Field,
}

impl Vary {
    const ALL: [Self; 4] = [Self::Fixed, Self::Scale, Self::Ground, Self::Field];

    fn of(size: &Size) -> Self {
        match size {
            Size::Px(_) => Self::Fixed,
            Size::ByScale(_) => Self::Scale,
            Size::Ground { .. } => Self::Ground,
            Size::ByField { .. } | Size::Between { .. } => Self::Field,
            Size::Plus(inner, _) => Self::of(inner),
        }
    }

    fn name(self) -> Text {
        match self {
            Self::Fixed => Text::new("固定", "Fixed"),
            Self::Scale => Text::new("随比例尺", "By scale"),
            Self::Ground => Text::new("地面实际大小", "True on the ground"),
            Self::Field => Text::new("随数值", "By value"),
        }
    }
}

/// One size, or a part of one.
struct Part<'a> {
    /// What stands beside its first row.
    label: &'a str,
    /// What it is called in full.
    name: String,
    /// Largest number that makes sense, and its unit.
    most: f32,
    unit: &'static str,
    /// In which ways it may vary.
    offered: &'a [Vary],
}

impl<'a> Part<'a> {
    fn whole(label: &'a str, name: &str) -> Self {
        Self { label, name: name.to_owned(), most: 200.0, unit: " px", offered: &Vary::ALL }
    }

    /// A part of this one, which varies by scale at most.
    fn inner(&self, desk: &Desk<'_>, label: &'a str) -> Self {
        let name = of(&self.name, label, desk.lang);
        Self { offered: &[Vary::Fixed, Vary::Scale], ..Self::whole(label, &name) }
    }

    fn number(&self, ui: &mut Ui, name: &str, value: &mut f32) {
        number(ui, name, value, 0.0..=self.most, (0.1, self.unit));
    }
}

/// Rows for a size. `label` stands beside the first, `name` is what the size is called in full.
pub(super) fn size_rows(ui: &mut Ui, desk: &mut Desk<'_>, label: &str, name: &str, size: &mut Size) {
    rows(ui, desk, &Part::whole(label, name), size);
}

fn rows(ui: &mut Ui, desk: &mut Desk<'_>, part: &Part<'_>, size: &mut Size) {
    row(ui, part.label, |ui| {
        head(ui, desk, part, size);
        vary_menu(ui, desk, part, size);
    });
    let lang = desk.lang;
    match size {
        Size::Px(_) => {}
        Size::ByScale(stops) => scale_rows(ui, desk, part, stops),
        Size::Ground { least, .. } => rows(ui, desk, &part.inner(desk, lang.pick("至少", "At least")), least),
        Size::Between { field, values, px } => between_rows(ui, desk, part, (field, values, px)),
        Size::ByField { base, field, per } => by_field_rows(ui, desk, part, (field, base, per)),
        Size::Plus(inner, more) => {
            let label = lang.pick("另加", "Plus");
            row(ui, label, |ui| number(ui, &of(&part.name, label, lang), more, -20.0..=40.0, (0.1, " px")));
            let label = lang.pick("底数", "Base");
            rows(ui, desk, &Part::whole(label, &of(&part.name, label, lang)), inner);
        }
    }
}

/// What stands in the first row itself.
fn head(ui: &mut Ui, desk: &Desk<'_>, part: &Part<'_>, size: &mut Size) {
    match size {
        Size::Px(px) => part.number(ui, &part.name, px),
        Size::Ground { metres, .. } => _ = number(ui, &part.name, metres, 0.0..=10_000.0, (0.1, " m")),
        _ => _ = ui.label(Vary::of(size).name().get(desk.lang)),
    }
}

fn vary_menu(ui: &mut Ui, desk: &mut Desk<'_>, part: &Part<'_>, size: &mut Size) {
    let lang = desk.lang;
    let word = of(&part.name, lang.pick("变化方式", "Variation"), lang);
    let button = widgets::icon_button(ui, "SLIDERS_HORIZONTAL", &word);
    let now = Vary::of(size);
    let has_amounts = desk.layer.schema.fields.iter().any(is_amount);
    Popup::menu(&button).show(|ui| {
        for vary in part.offered.iter().copied().filter(|vary| *vary != Vary::Field || has_amounts) {
            let mark = icon(if vary == now { "CHECK" } else { "DOT" });
            let name = vary.name();
            let name = name.get(lang);
            if ui.button((mark, name)).accessible_name(name).clicked() && vary != now {
                *size = converted(size, vary, desk);
            }
        }
    });
}

/// Another way to say about the same size.
fn converted(size: &Size, to: Vary, desk: &mut Desk<'_>) -> Size {
    let px = size.px(LEGEND_DENOMINATOR, LEGEND_DENOMINATOR * METRES_PER_PX, &|_| None).max(0.5);
    match to {
        Vary::Fixed => Size::Px(px),
        Vary::Scale => Size::ByScale(vec![(1_000.0, px * 1.5), (LEGEND_DENOMINATOR, px), (10_000.0, px * 0.5)]),
        Vary::Ground => {
            let metres = f64::from(px) * LEGEND_DENOMINATOR * METRES_PER_PX;
            Size::Ground { metres: (metres * 10.0).round() / 10.0, least: Box::new(Size::Px(1.0)) }
        }
        Vary::Field => {
            let field = desk.layer.schema.fields.iter().find(|field| is_amount(field));
            let field = field.map(|field| field.id.to_string()).unwrap_or_default();
            let values = amounts(desk, &field);
            Size::Between { field, values, px: [px * 0.6, px * 2.5] }
        }
    }
}

/// Least and most value of a field: what is there, else what makes sense.
fn amounts(desk: &mut Desk<'_>, id: &str) -> [f64; 2] {
    let sensible = desk.layer.schema.field(id).and_then(|field| field.range).unwrap_or((0.0, 100.0));
    let there = desk.surveys.of(id).and_then(|survey| Some([*survey.numbers.first()?, *survey.numbers.last()?]));
    there.unwrap_or([sensible.0, sensible.1])
}

/// A field, its values at both ends, and the pixels there.
fn between_rows(
    ui: &mut Ui,
    desk: &mut Desk<'_>,
    part: &Part<'_>,
    (field, values, px): (&mut String, &mut [f64; 2], &mut [f32; 2]),
) {
    let lang = desk.lang;
    if field_row(ui, desk, part, field) {
        *values = amounts(desk, field);
    }
    let ends =
        [(lang.pick("从", "From"), lang.pick("起点", "Start")), (lang.pick("到", "To"), lang.pick("终点", "End"))];
    for (at, (label, end)) in ends.into_iter().enumerate() {
        let name = of(&part.name, end, lang);
        row(ui, label, |ui| {
            number(ui, &of(&name, lang.pick("数值", "Value"), lang), &mut values[at], -1e9..=1e9, (1.0, ""));
            part.number(ui, &name, &mut px[at]);
        });
    }
    match desk.surveys.of(field).and_then(|survey| Some([*survey.numbers.first()?, *survey.numbers.last()?])) {
        Some(found) if found != *values => row(ui, "", |ui| {
            let words = format!("{} {} – {}", lang.pick("取数据范围", "Take"), figures(found[0]), figures(found[1]));
            if widgets::button(ui, "ARROWS_LEFT_RIGHT", &words).clicked() {
                *values = found;
            }
        }),
        _ => {}
    }
}

fn field_row(ui: &mut Ui, desk: &Desk<'_>, part: &Part<'_>, field: &mut String) -> bool {
    let all = fields(&desk.layer.schema, desk.lang, is_amount);
    let label = desk.lang.pick("字段", "Field");
    choice_row(ui, label, &of(&part.name, label, desk.lang), field, &all)
}

/// What the kinds' styles have: so many pixels without the field, and one more for each so many of it.
fn by_field_rows(
    ui: &mut Ui,
    desk: &mut Desk<'_>,
    part: &Part<'_>,
    (field, base, per): (&mut String, &mut Size, &mut Size),
) {
    let lang = desk.lang;
    field_row(ui, desk, part, field);
    rows(ui, desk, &part.inner(desk, lang.pick("无值时", "Without it")), base);
    let units = Part { most: 1e7, unit: "", ..part.inner(desk, lang.pick("每像素", "Per pixel")) };
    rows(ui, desk, &units, per);
    remark(ui, lang.pick("字段值每增加这么多，加一个像素", "One pixel more for each so many of the field"));
}

/// A number without idle digits.
pub(super) fn figures(value: f64) -> String {
    let decimals = if value.abs() >= 100.0 || value == value.trunc() { 0 } else { 2 };
    let words = format!("{value:.decimals$}");
    if words.contains('.') { words.trim_end_matches('0').trim_end_matches('.').to_owned() } else { words }
}

fn scale_rows(ui: &mut Ui, desk: &Desk<'_>, part: &Part<'_>, stops: &mut Vec<(f64, f32)>) {
    let (lang, mut gone) = (desk.lang, None);
    for at in 0..stops.len() {
        // A denominator stays between its neighbours: rows do not change places under the hand.
        let least = at.checked_sub(1).map_or(1.0, |before| stops[before].0 + 1.0);
        let most = stops.get(at + 1).map_or(1e8, |after| after.0 - 1.0);
        let (denominator, px) = &mut stops[at];
        let nth = format!("{} {}", lang.pick("比例尺", "scale"), at + 1);
        let nth = of(&part.name, &nth, lang);
        row(ui, "", |ui| {
            let scale = DragValue::new(denominator).range(least..=most).speed(50.0).max_decimals(0).prefix("1:");
            let scale = scale.clamp_existing_to_range(false).update_while_editing(false);
            ui.add(scale).accessible_name(&nth);
            part.number(ui, &of(&nth, lang.pick("大小", "size"), lang), px);
            if widgets::icon_button(ui, "X", &format!("{} {nth}", lang.pick("移除", "Remove"))).clicked() {
                gone = Some(at);
            }
        });
    }
    if let Some(at) = gone.filter(|_| stops.len() > 1) {
        stops.remove(at);
    }
    row(ui, "", |ui| {
        if widgets::button(ui, "PLUS", lang.pick("加一个比例尺", "Add a scale")).clicked() {
            let (denominator, px) = stops.last().copied().unwrap_or((LEGEND_DENOMINATOR, 1.0));
            stops.push((denominator * 2.0, px));
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_shown_without_idle_digits() {
        assert_eq!([0.5, 600.0, 1234.56, 2.0, 0.126].map(figures), ["0.5", "600", "1235", "2", "0.13"]);
    }
}
