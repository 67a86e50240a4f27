//! `style`: how a layer looks, made from the values of a field, taken from a file or written to one.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value as Json, json};

use super::city::find_schema;
use super::console::Reply;
use super::table::{Table, count};
use super::words::BadWord;
use super::{Run, usage};
use crate::model::classes::{self, Method};
use crate::model::expr::{Comparison, Expr};
use crate::model::ramp::{self, RAMPS, Ramp};
use crate::model::schema::Field;
use crate::model::style::{Classing, Crowd, Rgba, Rule, Style};
use crate::model::style_make;
use crate::model::value::FieldType;
use crate::session::answer::Failure;
use crate::session::command::{Command, StyleCommand};
use crate::session::legend;
use crate::session::state::LayerView;
use crate::session::style::edit::FieldSurvey;
use crate::text;
use crate::text::{Lang, Text};

/// Classes of a number if nobody says how many, and the most there can be.
const CLASSES: (usize, u8) = (5, 20);

/// `style`.
#[derive(Debug, Args)]
pub(super) struct StyleArgs {
    /// 城市文件（.gpkg） | The city's file (.gpkg)
    #[arg(value_name = "CITY")]
    pub(super) city: PathBuf,
    /// 图层的代号或名称 | The layer, by table or name
    #[arg(long, value_name = "LAYER")]
    layer: String,
    /// 把样式写到文件：.citystyle.json、.qml（QGIS）或 .sld | Write the style: .citystyle.json, .qml (QGIS) or .sld
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// 读入样式文件（.citystyle.json） | Take the style of a file (.citystyle.json)
    #[arg(long, value_name = "FILE", conflicts_with_all = ["by", "reset"])]
    set: Option<PathBuf>,
    /// 恢复图层类型的默认样式 | The style of the layer's kind again
    #[arg(long, conflicts_with = "by")]
    reset: bool,
    /// 按字段的值分类或分级 | Classes from the values of a field
    #[arg(long, value_name = "FIELD")]
    by: Option<String>,
    /// 数字的分级方法：quantile、equal、jenks、pretty | Classes of a number: quantile, equal, jenks or pretty
    #[arg(long, value_name = "METHOD", requires = "by", conflicts_with = "breaks", value_parser = method)]
    method: Option<Method>,
    /// 分成几级 | How many classes
    #[arg(long, value_name = "N", requires = "by", conflicts_with = "breaks",
          value_parser = clap::value_parser!(u8).range(1..=i64::from(CLASSES.1)))]
    classes: Option<u8>,
    /// 色带 | The colour ramp
    #[arg(long, value_name = "RAMP", requires = "by", value_parser = ramp_word)]
    ramp: Option<&'static Ramp>,
    /// 色带反向 | The ramp from its end to its beginning
    #[arg(long, requires = "by")]
    reversed: bool,
    /// 自定界限，由小到大，如 0,300,600 | Bounds of the classes, ascending, as 0,300,600
    #[arg(long, value_name = "A,B,C", requires = "by", allow_hyphen_values = true, value_parser = bounds)]
    breaks: Option<Bounds>,
    /// 允许覆盖已有文件 | Replace an existing file
    #[arg(long)]
    overwrite: bool,
}

/// Bounds that somebody typed.
#[derive(Clone, Debug)]
struct Bounds(Vec<f64>);

/// Changes a layer's style as asked, writes it if asked, and says what its classes are.
pub(super) fn style(run: &mut Run, args: StyleArgs) -> Result<Reply, Failure> {
    let layer = find_schema(run, &args.layer)?.table;
    if let Some(path) = args.set.clone() {
        run.finish(Command::Style(StyleCommand::Import { layer: layer.clone(), path }))?;
    } else if args.reset {
        run.finish(Command::Style(StyleCommand::Reset(layer.clone())))?;
    } else if let Some(field) = &args.by {
        let survey = run.session.field_survey(&layer, field)?;
        let style = by_field(&view(run, &layer)?, &survey, &args)?;
        if let Some(words) = few_classes(&style, &args) {
            run.console.say(&words);
        }
        if style.rules.iter().any(style_make::is_no_data) {
            let features = count(survey.unknown);
            run.console.say(&text!(
                "{features} 个要素没有数值，画作“无数据”",
                "{features} features have no value and are drawn as “No data”"
            ));
        }
        run.finish(Command::Style(StyleCommand::Set { layer: layer.clone(), style }))?;
    }
    if let Some(path) = args.out.clone() {
        let overwrite = args.overwrite;
        run.finish(Command::Style(StyleCommand::Export { layer: layer.clone(), path, overwrite }))?;
    }
    let view = view(run, &layer)?;
    let survey = match &view.kept_style.classing {
        Some(Classing::ByValue { field, .. } | Classing::ByNumber { field, .. }) => {
            run.session.field_survey(&layer, field).ok()
        }
        None => None,
    };
    let rows: Vec<Class> =
        legend::rows(&view.kept_style).into_iter().map(|rule| Class::of(rule, survey.as_ref(), &view)).collect();
    let json: Vec<Json> = rows.iter().map(|row| row.json(run.lang())).collect();
    let lines = lines(&view, &rows, run.lang());
    Ok(Reply::result(json!({ "layer": layer, "classes": json }), lines))
}

/// The layer as it is in the file now.
fn view(run: &Run, layer: &str) -> Result<LayerView, Failure> {
    let found = run.session.layers()?.into_iter().find(|view| view.table() == layer);
    found.ok_or_else(|| usage(text!("城市里没有图层“{layer}”", "the city has no layer “{layer}”")))
}

/// The layer's style with rules for the values of a field; its labels and the scales at which it is seen stay.
fn by_field(view: &LayerView, survey: &FieldSurvey, args: &StyleArgs) -> Result<Style, Failure> {
    if !view.has_geometry() {
        return Err(usage(Text::new("这个图层没有几何，无从绘制", "the layer has no places that could be drawn")));
    }
    let Some(field) = view.schema.field(&survey.field) else { return Ok((*view.kept_style).clone()) };
    let base = style_make::base(&view.kept_style, view.schema.geometry);
    let is_number = matches!(field.field_type, FieldType::Int | FieldType::Real) && field.codes.is_empty();
    let (rules, classing) = if is_number {
        let bounds = bounds_of(field, survey, args)?;
        let ramp = args.ramp.or_else(|| ramp::ramp(ramp::USUAL)).unwrap_or(&RAMPS[0]);
        let inks = style_make::class_inks(&base, ramp, bounds.len().saturating_sub(1), args.reversed);
        let classing = Classing::ByNumber {
            field: survey.field.clone(),
            method: if args.breaks.is_some() { Method::Manual } else { args.method.unwrap_or_default() },
            classes: classes::closed(&bounds).len().saturating_sub(1),
            ramp: ramp.id.to_owned(),
            reversed: args.reversed,
        };
        let mut rules = style_make::graduated(&base, field, &bounds, &inks);
        if survey.unknown > 0 {
            rules.push(style_make::no_data(&base, field));
        }
        (rules, classing)
    } else {
        if args.method.is_some() || args.classes.is_some() || args.breaks.is_some() {
            let (zh, en) = (&field.name.zh, &field.name.en);
            return Err(usage(text!(
                "字段“{zh}”不是数字，不能分级",
                "field “{en}” holds no numbers to make classes of"
            )));
        }
        let ramp = args.ramp.or_else(|| ramp::ramp(ramp::USUAL_QUALITATIVE)).unwrap_or(&RAMPS[0]);
        let classing = Classing::ByValue { field: survey.field.clone(), ramp: ramp.id.to_owned() };
        (style_make::categorised(&base, field, &survey.words, ramp), classing)
    };
    let rules = style_make::in_place_of(&view.kept_style, view.schema.geometry, rules);
    let labels = view.kept_style.labels.clone();
    Ok(Style { rules, labels, crowd: Crowd::Each, classing: Some(classing) })
}

fn bounds_of(field: &Field, survey: &FieldSurvey, args: &StyleArgs) -> Result<Vec<f64>, Failure> {
    if let Some(Bounds(bounds)) = &args.breaks {
        return Ok(classes::reaching(&survey.numbers, bounds));
    }
    let classes = args.classes.map_or(CLASSES.0, usize::from);
    let bounds = classes::breaks(&survey.numbers, args.method.unwrap_or_default(), classes);
    if bounds.is_empty() {
        let (zh, en) = (&field.name.zh, &field.name.en);
        return Err(usage(text!("字段“{zh}”还没有数字", "field “{en}” has no number yet")));
    }
    Ok(bounds)
}

/// That there are fewer classes than were asked for, if so.
fn few_classes(style: &Style, args: &StyleArgs) -> Option<Text> {
    let Some(Classing::ByNumber { method, classes, .. }) = &style.classing else { return None };
    args.classes.and_then(|asked| classes::fewer(*method, asked.into(), *classes))
}

/// A row of the legend.
struct Class {
    name: Text,
    bounds: Option<[f64; 2]>,
    count: Option<u64>,
    color: Option<Rgba>,
}

impl Class {
    fn of(rule: &Rule, survey: Option<&FieldSurvey>, view: &LayerView) -> Self {
        let bounds = rule.filter.as_ref().and_then(bounds_in);
        let value = rule.filter.as_ref().and_then(|filter| match filter {
            Expr::Compare { comparison: Comparison::Equal, value, .. } => Some(value),
            _ => None,
        });
        let count = survey.and_then(|survey| match (bounds, value) {
            _ if style_make::is_no_data(rule) => Some(survey.unknown),
            (Some((bounds, holds_end)), _) => {
                let below = |bound: f64| survey.numbers.partition_point(|&number| number < bound);
                let end =
                    if holds_end { survey.numbers.partition_point(|&it| it <= bounds[1]) } else { below(bounds[1]) };
                Some(end.saturating_sub(below(bounds[0])) as u64)
            }
            (None, Some(value)) => survey.words.iter().find(|(word, _)| word == value).map(|(_, count)| *count),
            (None, None) => {
                let named: u64 = survey.words.iter().map(|(_, count)| count).sum();
                Some(view.count.saturating_sub(named))
            }
        });
        let color = style_make::main_ink(&rule.paints).map(|ink| ink.light);
        Self { name: rule.name.clone(), bounds: bounds.map(|(bounds, _)| bounds), count, color }
    }

    fn json(&self, lang: Lang) -> Json {
        json!({
            "name": self.name.get(lang),
            "from": self.bounds.map(|bounds| bounds[0]).filter(|bound| bound.is_finite()),
            "to": self.bounds.map(|bounds| bounds[1]).filter(|bound| bound.is_finite()),
            "count": self.count,
            "color": self.color.map(hex),
        })
    }
}

/// The bounds of `f >= a AND f < b`, and whether the upper one belongs to it; an open class has one of the two.
fn bounds_in(filter: &Expr) -> Option<([f64; 2], bool)> {
    let (low, high) = match filter {
        Expr::And(low, high) => (low, high),
        Expr::Compare { comparison: Comparison::Less, value, .. } => {
            return Some(([f64::NEG_INFINITY, value.as_f64()?], false));
        }
        Expr::Compare { comparison: Comparison::AtLeast, value, .. } => {
            return Some(([value.as_f64()?, f64::INFINITY], true));
        }
        _ => return None,
    };
    match (&**low, &**high) {
        (
            Expr::Compare { comparison: Comparison::AtLeast, value: least, field },
            Expr::Compare { comparison, value: most, field: other },
        ) if field == other && matches!(comparison, Comparison::Less | Comparison::AtMost) => {
            Some(([least.as_f64()?, most.as_f64()?], *comparison == Comparison::AtMost))
        }
        _ => None,
    }
}

fn hex(Rgba([red, green, blue, _]): Rgba) -> String {
    format!("#{red:02x}{green:02x}{blue:02x}")
}

fn lines(view: &LayerView, rows: &[Class], lang: Lang) -> String {
    let heads = match lang {
        Lang::Zh => ["图例", ">数量", "颜色"],
        Lang::En => ["Legend", ">Features", "Colour"],
    };
    let mut table = Table::new(heads);
    for row in rows {
        let features = row.count.map(count).unwrap_or_default();
        table.row([row.name.get(lang).to_owned(), features, row.color.map(hex).unwrap_or_default()]);
    }
    let own = if view.has_own_style {
        lang.pick("自定样式", "a style of its own")
    } else {
        lang.pick("默认样式", "its kind's style")
    };
    let (open, close) = (lang.pick("（", " ("), lang.pick("）", ")"));
    format!("{}{open}{own}{close}\n\n{}", view.name.get(lang), table.lines())
}

fn method(word: &str) -> Result<Method, BadWord> {
    let found = Method::find(word).filter(|method| *method != Method::Manual);
    found.ok_or_else(|| {
        BadWord(text!(
            "没有“{word}”这种方法，可用：quantile equal jenks pretty",
            "there is no method “{word}”; there are: quantile equal jenks pretty"
        ))
    })
}

fn ramp_word(word: &str) -> Result<&'static Ramp, BadWord> {
    ramp::ramp(word).ok_or_else(|| {
        let known: Vec<&str> = RAMPS.iter().map(|ramp| ramp.id).collect();
        let known = known.join(" ");
        BadWord(text!("没有“{word}”这种色带，可用：{known}", "there is no ramp “{word}”; there are: {known}"))
    })
}

fn bounds(words: &str) -> Result<Bounds, BadWord> {
    let parsed: Option<Vec<f64>> = words.replace('，', ",").split(',').map(|word| word.trim().parse().ok()).collect();
    let is_sound = |bounds: &Vec<f64>| {
        bounds.len() > 1
            && bounds.iter().all(|bound: &f64| bound.is_finite())
            && bounds.windows(2).all(|pair| pair[0] < pair[1])
    };
    parsed.filter(is_sound).map(Bounds).ok_or_else(|| {
        BadWord(text!(
            "“{words}”应是由小到大的两个以上数字，如 0,300,600",
            "“{words}” should be two numbers or more, ascending, as 0,300,600"
        ))
    })
}
