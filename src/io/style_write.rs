//! Styles as JSON: what [`read`](super::style_file::read) reads.

use serde_json::{Map, Value as Json, json};

use crate::model::style::{
    Cap, Classing, Crowd, Ink, LabelRule, LineMark, Paint, Placement, Rgba, Rule, ScaleRange, Size, Stroke, Style,
};
use crate::text::Text;

/// The version that this program writes, and the newest one it reads.
pub(super) const VERSION: u64 = 1;

/// Words for marks, line ends and places of labels.
pub(super) const MARKS: &[(&str, LineMark)] =
    &[("arrow", LineMark::Arrow), ("cross", LineMark::Cross), ("tick", LineMark::Tick)];
pub(super) const CAPS: &[(&str, Cap)] = &[("butt", Cap::Butt), ("round", Cap::Round)];
pub(super) const PLACEMENTS: &[(&str, Placement)] =
    &[("around", Placement::Around), ("inside", Placement::Inside), ("along", Placement::Along)];

/// A style as JSON.
pub(super) fn json(style: &Style) -> Json {
    let mut out = Map::new();
    out.insert("citystyle".into(), VERSION.into());
    out.insert("rules".into(), style.rules.iter().map(rule_json).collect());
    out.insert("labels".into(), style.labels.iter().map(label_json).collect());
    match &style.crowd {
        Crowd::Each => {}
        Crowd::Clusters { ink, radius_px, closer_than } => {
            let crowd = json!({ "type": "clusters", "ink": ink_json(*ink), "radius_px": number(*radius_px), "closer_than": closer_than });
            out.insert("crowd".into(), crowd);
        }
        Crowd::Heat { ramp, radius, weight, most } => {
            let crowd =
                json!({ "type": "heat", "ramp": ramp, "radius": size_json(radius), "weight": weight, "most": most });
            out.insert("crowd".into(), crowd);
        }
    }
    if let Some(classing) = &style.classing {
        out.insert("classing".into(), classing_json(classing));
    }
    Json::Object(out)
}

fn rule_json(rule: &Rule) -> Json {
    json!({
        "name": text_json(&rule.name),
        "filter": rule.filter.as_ref().map(ToString::to_string),
        "scale": scale_json(rule.scale),
        "pass": rule.pass,
        "paints": rule.paints.iter().map(paint_json).collect::<Vec<_>>(),
    })
}

fn paint_json(paint: &Paint) -> Json {
    match paint {
        Paint::Fill { ink, opacity } => json!({ "type": "fill", "ink": ink_json(*ink), "opacity": number(*opacity) }),
        Paint::Hatch { ink, opacity, angle_deg, spacing_px, width, crossed } => json!({
            "type": "hatch",
            "ink": ink_json(*ink),
            "opacity": number(*opacity),
            "angle_deg": number(*angle_deg),
            "spacing_px": number(*spacing_px),
            "width": size_json(width),
            "crossed": crossed,
        }),
        Paint::Stroke(stroke) => {
            let mut out = stroke_json(stroke);
            out["type"] = "stroke".into();
            out
        }
        Paint::Marks { mark, ink, size, every, offset } => json!({
            "type": "marks",
            "mark": word_of(MARKS, *mark),
            "ink": ink_json(*ink),
            "size": size_json(size),
            "every": number(*every),
            "offset": size_json(offset),
        }),
        Paint::Symbol { id, size } => json!({ "type": "symbol", "id": id, "size": size_json(size) }),
        Paint::Disc { ink, size, ring } => json!({
            "type": "disc",
            "ink": ink_json(*ink),
            "size": size_json(size),
            "ring": ring.as_ref().map(stroke_json),
        }),
    }
}

fn stroke_json(stroke: &Stroke) -> Json {
    json!({
        "ink": ink_json(stroke.ink),
        "opacity": number(stroke.opacity),
        "width": size_json(&stroke.width),
        "dash": stroke.dash.iter().map(|&part| number(part)).collect::<Vec<_>>(),
        "cap": word_of(CAPS, stroke.cap),
        "offset": size_json(&stroke.offset),
    })
}

fn label_json(label: &LabelRule) -> Json {
    json!({
        "template": text_json(&label.template),
        "filter": label.filter.as_ref().map(ToString::to_string),
        "scale": scale_json(label.scale),
        "placement": word_of(PLACEMENTS, label.placement),
        "priority": label.priority,
        "size": size_json(&label.size),
        "ink": ink_json(label.ink),
        "halo": ink_json(label.halo),
        "italic": label.italic,
        "medium": label.medium,
        "spacing": number(label.spacing),
        "offset": number(label.offset),
        "once": label.once,
    })
}

fn classing_json(classing: &Classing) -> Json {
    match classing {
        Classing::ByValue { field, ramp } => json!({ "by": "value", "field": field, "ramp": ramp }),
        Classing::ByNumber { field, method, classes, ramp, reversed } => json!({
            "by": "number",
            "field": field,
            "method": method.id(),
            "classes": classes,
            "ramp": ramp,
            "reversed": reversed,
        }),
    }
}

/// `2.5` · `{"by_scale": [[2500, 1.8], [50000, 0.9]]}` · `{"ground_m": 3, "least": SIZE}` · `{"base": SIZE, "field": "f", "per":
/// SIZE}` · `{"field": "f", "values": [0, 9], "px": [1, 5]}` · `{"plus": 2, "size": SIZE}`.
fn size_json(size: &Size) -> Json {
    match size {
        Size::Px(px) => number(*px),
        Size::ByScale(stops) => {
            json!({ "by_scale": stops.iter().map(|(at, px)| json!([at, number(*px)])).collect::<Vec<_>>() })
        }
        Size::Ground { metres, least } => json!({ "ground_m": metres, "least": size_json(least) }),
        Size::ByField { base, field, per } => {
            json!({ "base": size_json(base), "field": field, "per": size_json(per) })
        }
        Size::Between { field, values, px } => json!({ "field": field, "values": values, "px": px.map(number) }),
        Size::Plus(size, more) => json!({ "plus": number(*more), "size": size_json(size) }),
    }
}

/// The shortest number that reads back the same: not the crumbs of a number of half the length.
fn number(number: f32) -> Json {
    number.to_string().parse::<f64>().map_or(Json::Null, Json::from)
}

fn text_json(text: &Text) -> Json {
    if text.zh == text.en { json!(text.zh) } else { json!({ "zh": text.zh, "en": text.en }) }
}

fn ink_json(ink: Ink) -> Json {
    json!([hex(ink.light), hex(ink.dark)])
}

fn hex(Rgba([red, green, blue, alpha]): Rgba) -> String {
    let solid = format!("#{red:02X}{green:02X}{blue:02X}");
    if alpha == 255 { solid } else { format!("{solid}{alpha:02X}") }
}

fn scale_json(scale: ScaleRange) -> Json {
    json!([scale.least, scale.most.is_finite().then_some(scale.most)])
}

fn word_of<T: PartialEq>(words: &[(&'static str, T)], value: T) -> &'static str {
    words.iter().find(|(_, other)| *other == value).map_or("", |(word, _)| word)
}
