//! Styles as text: what a city keeps of a layer's own style, and the file `.citystyle.json` that takes it to another city.
//!
//! JSON of version 1. A reader takes what it knows and ignores other members; a value that it does not understand is an
//! error with its place (`rules[2].paints[0].ink`). Sizes are numbers of pixels or objects, see `style_write`.

use std::path::Path;

use serde_json::Value as Json;

use super::style_write::{self, CAPS, MARKS, PLACEMENTS, VERSION};
use crate::model::classes::Method;
use crate::model::expr::Expr;
use crate::model::ramp;
use crate::model::style::{
    Classing, Crowd, Ink, LabelRule, Paint, Placement, Rgba, Rule, ScaleRange, Size, Stroke, Style,
};
use crate::text;
use crate::text::Text;
use crate::text::disk::{Doing, why};

/// How the name of a style file ends.
pub const ENDING: &str = ".citystyle.json";

/// No style is larger, bytes.
const LARGEST: u64 = 16 << 20;

/// Sizes inside sizes go no deeper.
const DEEPEST: usize = 8;

/// Why some text is no style.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("style, {place}: {}", .what.en)]
pub struct StyleError {
    /// Where: a line and column, or the way to a member.
    pub place: String,
    /// What is wrong there.
    pub what: Text,
}

impl StyleError {
    /// What the window and the command line show.
    pub fn headline(&self) -> Text {
        let (place, Text { zh, en }) = (&self.place, &self.what);
        text!("样式文件 {place} 处有误：{zh}", "The style is wrong at {place}: {en}")
    }
}

/// A style as one line of text.
pub fn write(style: &Style) -> String {
    style_write::json(style).to_string()
}

/// A style as text for people to read.
pub fn write_pretty(style: &Style) -> String {
    format!("{:#}\n", style_write::json(style))
}

/// Reads what [`write()`] writes.
///
/// # Errors
/// The first place that is not understood.
pub fn read(text: &str) -> Result<Style, StyleError> {
    let json: Json = serde_json::from_str(text.trim_start_matches('\u{FEFF}')).map_err(|error| {
        let place = format!("{}:{}", error.line(), error.column());
        StyleError { place, what: Text::new("不是 JSON", "this is no JSON") }
    })?;
    let at = At { json: &json, place: String::new() };
    match at.json.get("citystyle").and_then(Json::as_u64) {
        Some(1..=VERSION) => {}
        Some(_) => {
            let what =
                Text::new("样式来自更新的版本，请升级程序", "the style comes from a newer version of the program");
            return Err(StyleError { place: "citystyle".to_owned(), what });
        }
        None => return Err(at.wrong(Text::new("不是城格的样式文件", "this is no style of citygrid"))),
    }
    Ok(Style {
        rules: at.list("rules", read_rule)?,
        labels: at.list("labels", read_label)?,
        crowd: at.maybe("crowd", |at| read_crowd(&at))?.unwrap_or_default(),
        classing: at.maybe("classing", |at| read_classing(&at))?,
    })
}

/// Reads a style file.
///
/// # Errors
/// Why it cannot be read, in words for a person.
pub fn load(path: &Path) -> Result<Style, Text> {
    let unreadable = |error: &std::io::Error| {
        let (path, Text { zh, en }) = (path.display(), why(error, Doing::Reading));
        text!("无法读取 {path}：{zh}", "{path} cannot be read: {en}")
    };
    let size = std::fs::metadata(path).map_err(|error| unreadable(&error))?.len();
    if size > LARGEST {
        return Err(Text::new("不是城格的样式文件：太大了", "This is no style of citygrid: it is too large"));
    }
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error))?;
    read(&String::from_utf8_lossy(&bytes)).map_err(|error| error.headline())
}

/// A member of the file and the way to it.
struct At<'a> {
    json: &'a Json,
    place: String,
}

impl<'a> At<'a> {
    fn wrong(&self, what: Text) -> StyleError {
        StyleError { place: if self.place.is_empty() { "1:1".to_owned() } else { self.place.clone() }, what }
    }

    /// A member that is there and not `null`.
    fn get(&self, name: &str) -> Option<At<'a>> {
        let json = self.json.get(name).filter(|json| !json.is_null())?;
        let dot = if self.place.is_empty() { "" } else { "." };
        Some(At { json, place: format!("{}{dot}{name}", self.place) })
    }

    fn item(&self, index: usize) -> Option<At<'a>> {
        let json = self.json.get(index).filter(|json| !json.is_null())?;
        Some(At { json, place: format!("{}[{index}]", self.place) })
    }

    fn needed(&self, name: &str) -> Result<At<'a>, StyleError> {
        self.get(name).ok_or_else(|| self.wrong(text!("缺少 {name}", "{name} is missing")))
    }

    fn maybe<T>(
        &self,
        name: &str,
        read: impl FnOnce(At<'a>) -> Result<T, StyleError>,
    ) -> Result<Option<T>, StyleError> {
        self.get(name).map(read).transpose()
    }

    fn list<T>(&self, name: &str, read: impl Fn(&At<'a>) -> Result<T, StyleError>) -> Result<Vec<T>, StyleError> {
        let Some(list) = self.get(name) else { return Ok(Vec::new()) };
        let Some(items) = list.json.as_array() else {
            return Err(list.wrong(Text::new("应是列表", "this should be a list")));
        };
        (0..items.len()).filter_map(|index| list.item(index)).map(|item| read(&item)).collect()
    }

    fn words(&self) -> Result<&'a str, StyleError> {
        self.json.as_str().ok_or_else(|| self.wrong(Text::new("应是文字", "this should be text")))
    }

    fn number(&self) -> Result<f64, StyleError> {
        let number = self.json.as_f64().filter(|number| number.is_finite());
        number.ok_or_else(|| self.wrong(Text::new("应是数字", "this should be a number")))
    }

    fn px(&self) -> Result<f32, StyleError> {
        Ok(self.number()? as f32)
    }

    fn px_or(&self, name: &str, otherwise: f32) -> Result<f32, StyleError> {
        Ok(self.maybe(name, |at| at.px())?.unwrap_or(otherwise))
    }

    fn yes(&self, name: &str) -> Result<bool, StyleError> {
        let read = |at: At<'_>| {
            at.json.as_bool().ok_or_else(|| at.wrong(Text::new("应是 true 或 false", "this should be true or false")))
        };
        Ok(self.maybe(name, read)?.unwrap_or(false))
    }

    fn pair(&self) -> Result<[f64; 2], StyleError> {
        match (self.item(0), self.item(1)) {
            (Some(first), Some(second)) => Ok([first.number()?, second.number()?]),
            _ => Err(self.wrong(Text::new("应是两个数字", "this should be two numbers"))),
        }
    }

    fn one_of<T: Copy>(&self, words: &[(&str, T)]) -> Result<T, StyleError> {
        let word = self.words()?;
        words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value).ok_or_else(|| self.unknown(word))
    }

    fn unknown(&self, word: &str) -> StyleError {
        self.wrong(text!("不认识“{word}”", "“{word}” is not known"))
    }

    fn text(&self) -> Result<Text, StyleError> {
        if let Some(word) = self.json.as_str() {
            return Ok(Text::same(word));
        }
        Ok(Text::owned(self.needed("zh")?.words()?.to_owned(), self.needed("en")?.words()?.to_owned()))
    }

    fn scale(&self, name: &str) -> Result<ScaleRange, StyleError> {
        let Some(range) = self.get(name) else { return Ok(ScaleRange::ALL) };
        let side = |index: usize, open: f64| range.item(index).map_or(Ok(open), |at| at.number());
        Ok(ScaleRange { least: side(0, 0.0)?, most: side(1, f64::INFINITY)? })
    }

    fn filter(&self) -> Result<Option<Expr>, StyleError> {
        self.maybe("filter", |at| Expr::parse(at.words()?).map_err(|error| at.wrong(error.what)))
    }

    fn ink(&self) -> Result<Ink, StyleError> {
        if self.json.is_string() {
            return Ok(Ink::from_light(self.color()?));
        }
        match (self.item(0), self.item(1)) {
            (Some(light), Some(dark)) => Ok(Ink { light: light.color()?, dark: dark.color()? }),
            _ => Err(self.wrong(Text::new(
                "应是一个颜色，或浅色与深色地图各一个",
                "this should be a colour, or one for the light and one for the dark map",
            ))),
        }
    }

    fn color(&self) -> Result<Rgba, StyleError> {
        let words = self.words()?;
        let digits = words.strip_prefix('#').filter(|digits| digits.is_ascii() && matches!(digits.len(), 6 | 8));
        let part = |at: usize| digits.and_then(|digits| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok());
        let alpha = if digits.is_some_and(|digits| digits.len() == 6) { Some(255) } else { part(6) };
        match (part(0), part(2), part(4), alpha) {
            (Some(red), Some(green), Some(blue), Some(alpha)) => Ok(Rgba([red, green, blue, alpha])),
            _ => Err(self.wrong(text!("“{words}”不是 #RRGGBB", "“{words}” is not #RRGGBB"))),
        }
    }

    fn size(&self, depth: usize) -> Result<Size, StyleError> {
        if self.json.is_number() {
            return Ok(Size::Px(self.px()?));
        }
        if depth > DEEPEST {
            return Err(self.wrong(Text::new("大小嵌套过深", "sizes are nested too deeply")));
        }
        let inner = |name: &str| Ok::<_, StyleError>(Box::new(self.needed(name)?.size(depth + 1)?));
        if let Some(stops) = self.get("by_scale") {
            let stops = self
                .list("by_scale", |at| at.pair().map(|[scale, px]| (scale, px as f32)))
                .and_then(|read| if is_ascending(&read) { Ok(read) } else { Err(stops.wrong(not_ascending())) })?;
            return Ok(Size::ByScale(stops));
        }
        if let Some(metres) = self.get("ground_m") {
            return Ok(Size::Ground { metres: metres.number()?, least: inner("least")? });
        }
        if let Some(more) = self.get("plus") {
            return Ok(Size::Plus(inner("size")?, more.px()?));
        }
        let field = || Ok::<_, StyleError>(self.needed("field")?.words()?.to_owned());
        if let Some(values) = self.get("values") {
            let px = self.needed("px")?.pair()?.map(|px| px as f32);
            return Ok(Size::Between { field: field()?, values: values.pair()?, px });
        }
        if self.get("base").is_some() {
            return Ok(Size::ByField { base: inner("base")?, field: field()?, per: inner("per")? });
        }
        Err(self.wrong(Text::new("应是大小", "this should be a size")))
    }

    fn size_or(&self, name: &str, otherwise: f32) -> Result<Size, StyleError> {
        Ok(self.maybe(name, |at| at.size(0))?.unwrap_or(Size::Px(otherwise)))
    }
}

fn is_ascending(stops: &[(f64, f32)]) -> bool {
    stops.iter().all(|stop| stop.0 > 0.0) && stops.windows(2).all(|pair| pair[0].0 < pair[1].0)
}

fn not_ascending() -> Text {
    Text::new("比例尺分母应大于 0 并由小到大", "denominators should be above 0 and ascend")
}

fn read_rule(at: &At<'_>) -> Result<Rule, StyleError> {
    let pass = at.maybe("pass", |at| {
        let pass = at.json.as_u64().and_then(|pass| u8::try_from(pass).ok());
        pass.ok_or_else(|| at.wrong(Text::new("应在 0 到 255 之间", "this should be between 0 and 255")))
    });
    Ok(Rule {
        name: at.maybe("name", |at| at.text())?.unwrap_or_default(),
        filter: at.filter()?,
        scale: at.scale("scale")?,
        pass: pass?.unwrap_or(0),
        paints: at.list("paints", read_paint)?,
    })
}

fn read_paint(at: &At<'_>) -> Result<Paint, StyleError> {
    let kind = at.needed("type")?;
    Ok(match kind.words()? {
        "fill" => Paint::Fill { ink: at.needed("ink")?.ink()?, opacity: at.px_or("opacity", 1.0)? },
        "hatch" => Paint::Hatch {
            ink: at.needed("ink")?.ink()?,
            opacity: at.px_or("opacity", 1.0)?,
            angle_deg: at.px_or("angle_deg", 45.0)?,
            spacing_px: at.px_or("spacing_px", 8.0)?,
            width: at.size_or("width", 1.0)?,
            crossed: at.yes("crossed")?,
        },
        "stroke" => Paint::Stroke(read_stroke(at)?),
        "marks" => Paint::Marks {
            mark: at.needed("mark")?.one_of(MARKS)?,
            ink: at.needed("ink")?.ink()?,
            size: at.size_or("size", 8.0)?,
            every: at.px_or("every", 64.0)?,
            offset: at.size_or("offset", 0.0)?,
        },
        "symbol" => Paint::Symbol { id: at.needed("id")?.words()?.to_owned(), size: at.size_or("size", 16.0)? },
        "disc" => Paint::Disc {
            ink: at.needed("ink")?.ink()?,
            size: at.size_or("size", 8.0)?,
            ring: at.maybe("ring", |at| read_stroke(&at))?,
        },
        other => return Err(kind.unknown(other)),
    })
}

fn read_stroke(at: &At<'_>) -> Result<Stroke, StyleError> {
    Ok(Stroke {
        ink: at.needed("ink")?.ink()?,
        opacity: at.px_or("opacity", 1.0)?,
        width: at.size_or("width", 1.0)?,
        dash: at.list("dash", At::px)?,
        cap: at.maybe("cap", |at| at.one_of(CAPS))?.unwrap_or_default(),
        offset: at.size_or("offset", 0.0)?,
    })
}

fn read_label(at: &At<'_>) -> Result<LabelRule, StyleError> {
    let priority = at.maybe("priority", |at| at.number())?.unwrap_or(20.0).clamp(0.0, 255.0) as u8;
    Ok(LabelRule {
        template: at.needed("template")?.text()?,
        filter: at.filter()?,
        scale: at.scale("scale")?,
        placement: at.maybe("placement", |at| at.one_of(PLACEMENTS))?.unwrap_or(Placement::Around),
        priority,
        size: at.size_or("size", 12.0)?,
        ink: at.needed("ink")?.ink()?,
        halo: at.needed("halo")?.ink()?,
        italic: at.yes("italic")?,
        medium: at.yes("medium")?,
        spacing: at.px_or("spacing", 0.0)?,
        offset: at.px_or("offset", 0.0)?,
        once: at.yes("once")?,
    })
}

fn read_crowd(at: &At<'_>) -> Result<Crowd, StyleError> {
    let kind = at.needed("type")?;
    Ok(match kind.words()? {
        "each" => Crowd::Each,
        "clusters" => Crowd::Clusters {
            ink: at.needed("ink")?.ink()?,
            radius_px: at.px_or("radius_px", 40.0)?,
            closer_than: at.maybe("closer_than", |at| at.number())?.unwrap_or(0.0),
        },
        "heat" => Crowd::Heat {
            ramp: read_ramp(at)?,
            radius: at.size_or("radius", 24.0)?,
            weight: at.maybe("weight", |at| Ok(at.words()?.to_owned()))?,
            most: at.maybe("most", |at| at.number())?,
        },
        other => return Err(kind.unknown(other)),
    })
}

fn read_classing(at: &At<'_>) -> Result<Classing, StyleError> {
    let (by, field) = (at.needed("by")?, at.needed("field")?.words()?.to_owned());
    Ok(match by.words()? {
        "value" => Classing::ByValue { field, ramp: read_ramp(at)? },
        "number" => {
            let method = at.needed("method")?;
            Classing::ByNumber {
                field,
                method: Method::find(method.words()?).ok_or_else(|| method.unknown(method.words().unwrap_or("")))?,
                classes: at.maybe("classes", |at| at.number())?.unwrap_or(5.0).clamp(1.0, 100.0) as usize,
                ramp: read_ramp(at)?,
                reversed: at.yes("reversed")?,
            }
        }
        other => return Err(by.unknown(other)),
    })
}

fn read_ramp(at: &At<'_>) -> Result<String, StyleError> {
    let ramp = at.needed("ramp")?;
    let id = ramp.words()?;
    if ramp::ramp(id).is_some() { Ok(id.to_owned()) } else { Err(ramp.unknown(id)) }
}

#[cfg(test)]
#[path = "style_file_tests.rs"]
mod tests;
