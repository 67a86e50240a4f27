//! At which scales something is drawn.

use egui::{DragValue, Popup, Ui};

use super::fields::{of, row};
use crate::model::style::{ScaleRange, Style};
use crate::text;
use crate::text::{Lang, Text};
use crate::ui::widgets;

/// Denominators that are offered.
const OFFERED: [f64; 11] =
    [500.0, 1_000.0, 2_000.0, 2_500.0, 5_000.0, 10_000.0, 25_000.0, 50_000.0, 100_000.0, 250_000.0, 1_000_000.0];

/// Two rows: from the farthest to the closest look.
pub(super) fn scale_rows(ui: &mut Ui, lang: Lang, name: &str, scale: &mut ScaleRange) {
    let label = lang.pick("远至", "Farthest");
    let mut most = if scale.most.is_finite() { scale.most } else { 0.0 };
    end_row(ui, lang, label, &of(name, label, lang), &mut most);
    scale.most = if most > 0.0 { most } else { f64::INFINITY };
    let label = lang.pick("近至", "Closest");
    end_row(ui, lang, label, &of(name, label, lang), &mut scale.least);
    // A range that holds nothing would hide the layer for good.
    if scale.least >= scale.most {
        scale.least = 0.0;
    }
}

/// One end; nothing is no limit.
fn end_row(ui: &mut Ui, lang: Lang, label: &str, name: &str, denominator: &mut f64) {
    let any = lang.pick("不限", "No limit");
    row(ui, label, |ui| {
        let speed = (*denominator * 0.01).max(10.0);
        let drag = DragValue::new(denominator)
            .range(0.0..=1e8)
            .speed(speed)
            .max_decimals(0)
            .update_while_editing(false)
            .custom_formatter(|value, _| if value < 1.0 { any.to_owned() } else { scale_words(value) })
            .custom_parser(read);
        ui.add(drag).accessible_name(name);
        let list = widgets::icon_button(ui, "CARET_DOWN", &of(name, lang.pick("常用比例尺", "Usual scales"), lang));
        Popup::menu(&list).show(|ui| {
            for offer in std::iter::once(0.0).chain(OFFERED) {
                let words = if offer < 1.0 { any.to_owned() } else { scale_words(offer) };
                if ui.selectable_label(offer == *denominator, words).clicked() {
                    *denominator = offer;
                }
            }
        });
    });
}

/// From which scale on a style is seen, if nothing of it is at 1:`denominator`.
pub(super) fn unseen_words(style: &Style, denominator: f64) -> Option<Text> {
    let scales = || style.rules.iter().map(|rule| rule.scale);
    // Points that are shown together are seen whatever the scale of those that stand alone.
    let is_seen = style.crowd.gathers(denominator) || scales().any(|scale| scale.holds(denominator));
    if style.rules.is_empty() || is_seen {
        return None;
    }
    let inwards = scales().map(|scale| scale.most).filter(|most| *most <= denominator).reduce(f64::max);
    if let Some(most) = inwards {
        let scale = scale_words(most);
        return Some(text!("在 {scale} 以内可见", "Seen from {scale} inwards"));
    }
    let scale = scale_words(scales().map(|scale| scale.least).reduce(f64::min)?);
    Some(text!("在 {scale} 以外可见", "Seen from {scale} outwards"))
}

/// That a limit was taken away, and which.
pub(super) fn lifted_words(scale: ScaleRange) -> Text {
    let Text { zh, en } = match (scale.least > 0.0, scale.most.is_finite()) {
        (true, true) => {
            let [least, most] = [scale.least, scale.most].map(scale_words);
            text!("{least} 到 {most} 之间", "from {least} to {most}")
        }
        (true, false) => {
            let least = scale_words(scale.least);
            text!("{least} 以外", "from {least} outwards")
        }
        (false, _) => {
            let most = scale_words(scale.most);
            text!("{most} 以内", "from {most} inwards")
        }
    };
    text!(
        "原来只在{zh}可见，当前比例尺看不到，已取消限制",
        "It was seen {en} alone, not at this scale: the limit was taken away"
    )
}

fn scale_words(denominator: f64) -> String {
    format!("1:{}", crate::ui::show::count(denominator.round() as u64))
}

/// Reads `1:25,000`, `25000`; anything else is no limit.
fn read(words: &str) -> Option<f64> {
    let plain: String = words.trim().trim_start_matches("1:").chars().filter(|letter| *letter != ',').collect();
    Some(plain.trim().parse().unwrap_or(0.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::style::Rule;

    #[test]
    fn who_looks_from_too_far_or_too_near_is_told_where_the_layer_is_seen() {
        let rule = |scale| Rule::all(Vec::new()).at(scale);
        let style = Style::new(vec![rule(ScaleRange::between(500.0, 25_000.0))], Vec::new());
        let words = |denominator| unseen_words(&style, denominator).map(|words| words.en.into_owned());
        assert_eq!(words(25_000.0).as_deref(), Some("Seen from 1:25,000 inwards"));
        assert_eq!(words(200.0).as_deref(), Some("Seen from 1:500 outwards"));
        assert_eq!(words(5_000.0), None);
    }

    #[test]
    fn scales_are_read_as_people_write_them() {
        assert_eq!(["1:25,000", " 25000", "不限", ""].map(read), [25_000.0, 25_000.0, 0.0, 0.0].map(Some));
    }
}
