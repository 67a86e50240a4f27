//! What is being made of a layer's style before it is kept: which form it is shown in, and how rules come from values.
//!
//! Knows no widgets. Invariant: `style` can be painted at any moment; rules that wait for the values of a field stay
//! what they were until the values are there.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::surveys::Surveys;
use crate::model::classes::{Method, breaks};
use crate::model::expr::{Comparison, Expr};
use crate::model::geometry::GeometryKind;
use crate::model::ramp::{self, Ramp, ramp};
use crate::model::schema::{Field, Schema};
use crate::model::style::{Classing, Crowd, Ink, Paint, Rule, ScaleRange, Size, Style};
use crate::model::style_make as make;
use crate::model::value::Value;
use crate::session::state::LayerView;
use crate::text::Text;

use super::fields::{is_amount, is_class};

/// So many values get a rule of their own at first; the rest is taken together.
const MOST_VALUES: usize = 60;
/// Classes of a number at first.
const CLASSES: usize = 5;
/// So long what was sent to be kept is awaited, seconds.
const PATIENCE_S: f64 = 3.0;

/// How a style is shown and changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Form {
    /// All features alike.
    Single,
    /// One look for each value.
    Values,
    /// One look for each class of a number.
    Classes,
    /// Rules with conditions of their own.
    Rules,
    /// Density as colours.
    Heat,
    /// Points that lie close together as one.
    Clusters,
}

impl Form {
    /// Every form, in the order of the chooser.
    pub(super) const ALL: [Self; 6] =
        [Self::Single, Self::Values, Self::Classes, Self::Rules, Self::Heat, Self::Clusters];

    /// What a person reads.
    pub(super) fn name(self) -> Text {
        match self {
            Self::Single => Text::new("单一符号", "Single symbol"),
            Self::Values => Text::new("分类", "Categorised"),
            Self::Classes => Text::new("分级", "Graduated"),
            Self::Rules => Text::new("规则", "Rules"),
            Self::Heat => Text::new("热力图", "Heat map"),
            Self::Clusters => Text::new("点聚合", "Clusters"),
        }
    }

    /// Whether a layer can be shown so.
    pub(super) fn fits(self, schema: &Schema) -> bool {
        match self {
            Self::Single | Self::Rules => true,
            Self::Values => schema.fields.iter().any(is_class),
            Self::Classes => schema.fields.iter().any(is_amount),
            Self::Heat | Self::Clusters => {
                matches!(schema.geometry, Some(GeometryKind::Point | GeometryKind::MultiPoint))
            }
        }
    }

    /// The form in which a style is changed best.
    fn of(style: &Style) -> Self {
        match (&style.crowd, &style.classing) {
            (Crowd::Heat { .. }, _) => Self::Heat,
            (Crowd::Clusters { .. }, _) => Self::Clusters,
            (Crowd::Each, Some(Classing::ByValue { .. })) => Self::Values,
            (Crowd::Each, Some(Classing::ByNumber { .. })) => Self::Classes,
            (Crowd::Each, None) if matches!(&style.rules[..], [rule] if rule.filter.is_none()) => Self::Single,
            (Crowd::Each, None) => Self::Rules,
        }
    }
}

/// A style on its way.
#[derive(Debug)]
pub(super) struct Draft {
    /// As it stands now.
    pub(super) style: Style,
    /// How it is shown.
    pub(super) form: Form,
    /// What classes are painted with, but for their colour or size.
    pub(super) base: Vec<Paint>,
    /// Pixels of the first and the last class, where classes differ by size.
    pub(super) sizes: Option<[f32; 2]>,
    /// The rule that is unfolded, and the words of its condition while they are typed.
    pub(super) rule: Option<(usize, String)>,
    /// The label rule that is shown.
    pub(super) label: usize,
    /// Labels that were switched off.
    pub(super) silent: Vec<crate::model::style::LabelRule>,
    /// Whether some features have no value in the field of the classes: they have a rule of their own then.
    pub(super) has_unknown: bool,
    /// The scales at which the layer was seen before it got a form that would not have been seen.
    pub(super) lifted: Option<ScaleRange>,
    /// Whether rules are to be made as soon as the values of their field are known.
    waits: bool,
    /// What the style was in forms that were left.
    aside: BTreeMap<Form, Style>,
    kept: Arc<Style>,
    /// What was sent to be kept, and when.
    sent: Option<(Style, f64)>,
}

impl Draft {
    /// As the layer is kept.
    pub(super) fn new(layer: &LayerView) -> Self {
        let style = Style::clone(&layer.kept_style);
        let form = Form::of(&style);
        Self {
            base: make::base(&style, layer.schema.geometry),
            sizes: if form == Form::Classes { sizes_of(&style.rules) } else { None },
            has_unknown: style.rules.iter().any(make::is_no_data),
            lifted: None,
            style,
            form,
            rule: None,
            label: 0,
            silent: Vec::new(),
            waits: false,
            aside: BTreeMap::new(),
            kept: Arc::clone(&layer.kept_style),
            sent: None,
        }
    }

    /// A style from elsewhere, not kept yet.
    pub(super) fn of(style: Style, layer: &LayerView) -> Self {
        let tried = LayerView { kept_style: Arc::new(style), ..layer.clone() };
        Self { kept: Arc::clone(&layer.kept_style), ..Self::new(&tried) }
    }

    /// Takes note of what is kept now. What was undone, or changed by another way, takes the place of the draft; `true`
    /// if so.
    pub(super) fn follow(&mut self, layer: &LayerView) -> bool {
        let kept = &layer.kept_style;
        if Arc::ptr_eq(kept, &self.kept) {
            return false;
        }
        let is_ours = self.sent.as_ref().is_some_and(|(sent, _)| sent == &**kept);
        if is_ours || **kept == *self.kept {
            self.kept = Arc::clone(kept);
            return false;
        }
        *self = Self::new(layer);
        true
    }

    /// Whether there is something to keep or to give up.
    pub(super) fn is_changed(&self, now_s: f64) -> bool {
        let is_sent = self.sent.as_ref().is_some_and(|(sent, at_s)| now_s - at_s < PATIENCE_S && *sent == self.style);
        self.style != *self.kept && !is_sent
    }

    /// The style that is to be kept.
    pub(super) fn send(&mut self, now_s: f64) -> Style {
        self.sent = Some((self.style.clone(), now_s));
        self.style.clone()
    }

    /// Shows the style in another form. What it was in a form that was left before comes back.
    pub(super) fn take_form(&mut self, form: Form, schema: &Schema) {
        if form == self.form {
            return;
        }
        let labels = self.style.labels.clone();
        self.aside.insert(self.form, self.style.clone());
        self.form = form;
        self.rule = None;
        if let Some(before) = self.aside.remove(&form) {
            self.style = Style { labels, ..before };
            return;
        }
        let scale = make::whole_scale(&self.style);
        self.base = make::base(&self.style, schema.geometry);
        self.style.crowd = Crowd::Each;
        match form {
            Form::Single => {
                self.style.classing = None;
                let rule = Rule { name: schema.name.clone(), ..Rule::all(self.base.clone()) };
                self.style.rules = vec![rule.at(scale)];
            }
            Form::Rules => self.style.classing = None,
            Form::Values => self.take_field(best(schema, is_class), schema),
            Form::Classes => self.take_field(best(schema, is_amount), schema),
            Form::Heat => {
                let radius = Size::Px(24.0);
                self.style.crowd = Crowd::Heat { ramp: "yellow-red".to_owned(), radius, weight: None, most: None };
            }
            Form::Clusters => {
                let ink = make::main_ink(&self.base).unwrap_or(Ink::new(0x1F_77B4, 0x5A_A9E6));
                self.style.crowd = Crowd::Clusters { ink, radius_px: 40.0, closer_than: 2_500.0 };
            }
        }
    }

    /// Lets a style that was just chosen be seen at 1:`denominator`: nobody asks for classes or densities in order not to
    /// see them.
    pub(super) fn lift(&mut self, denominator: f64) {
        let scale = make::whole_scale(&self.style);
        let is_asked = !matches!(self.form, Form::Single | Form::Rules);
        self.lifted = (is_asked && !scale.holds(denominator)).then_some(scale);
        if self.lifted.is_some() {
            self.style.rules.iter_mut().for_each(|rule| rule.scale = ScaleRange::ALL);
        }
    }

    /// Tells features apart by another field.
    pub(super) fn take_field(&mut self, field: Option<&Field>, schema: &Schema) {
        let Some(field) = field else { return };
        let ramp_of = |usual: &str| match &self.style.classing {
            Some(Classing::ByValue { ramp, .. } | Classing::ByNumber { ramp, .. }) => ramp.clone(),
            None => usual.to_owned(),
        };
        let field_id = field.id.to_string();
        self.style.classing = Some(match (self.form, &self.style.classing) {
            (Form::Classes, Some(Classing::ByNumber { method, classes, ramp, reversed, .. })) => {
                let method = if *method == Method::Manual { Method::Quantile } else { *method };
                let (classes, ramp, reversed) = (*classes, ramp.clone(), *reversed);
                Classing::ByNumber { field: field_id, method, classes, ramp, reversed }
            }
            (Form::Classes, _) => Classing::ByNumber {
                field: field_id,
                method: Method::Quantile,
                classes: CLASSES,
                ramp: ramp::USUAL.to_owned(),
                reversed: false,
            },
            (_, Some(Classing::ByNumber { .. })) => {
                Classing::ByValue { field: field_id, ramp: ramp::USUAL_QUALITATIVE.to_owned() }
            }
            _ => Classing::ByValue { field: field_id, ramp: ramp_of(ramp::USUAL_QUALITATIVE) },
        });
        debug_assert!(schema.field(&field.id).is_some(), "a field of the layer");
        self.waits = true;
    }

    /// Makes the rules anew from the values of the field, at once or when they are known.
    pub(super) fn classify(&mut self) {
        self.waits = true;
    }

    /// Makes rules that wait, if the values are known now.
    pub(super) fn settle(&mut self, schema: &Schema, surveys: &mut Surveys) {
        if !self.waits || !matches!(self.form, Form::Values | Form::Classes) {
            return;
        }
        let Some(classing) = self.style.classing.clone() else { return };
        let (Classing::ByValue { field, .. } | Classing::ByNumber { field, .. }) = &classing;
        let (Some(field), Some(survey)) = (schema.field(field), surveys.of(field)) else { return };
        self.waits = false;
        match &classing {
            Classing::ByValue { ramp, .. } => {
                let mut values: Vec<(Value, u64)> = survey.words.iter().take(MOST_VALUES).cloned().collect();
                arrange(field, &mut values);
                let rules = make::categorised(&self.base, field, &values, known(ramp));
                self.set_rules(rules, schema);
            }
            Classing::ByNumber { method, classes, .. } => {
                self.has_unknown = survey.unknown > 0;
                let bounds = breaks(&survey.numbers, *method, *classes);
                self.set_bounds(field, &bounds, schema);
            }
        }
    }

    /// Whether the rules still wait for values.
    pub(super) fn waits(&self) -> bool {
        self.waits
    }

    /// Makes the classes of these bounds; infinite outer ones make open classes.
    pub(super) fn set_bounds(&mut self, field: &Field, bounds: &[f64], schema: &Schema) {
        let Some(Classing::ByNumber { ramp, reversed, .. }) = &self.style.classing else { return };
        let count = bounds.len().saturating_sub(1);
        let mut rules = match self.sizes {
            Some(px) => make::graduated_sizes(&self.base, field, bounds, px),
            None => make::graduated(&self.base, field, bounds, &self.inks(ramp, count, *reversed)),
        };
        if self.has_unknown {
            rules.push(make::no_data(&self.base, field));
        }
        self.set_rules(rules, schema);
    }

    /// The bounds of the classes as they stand; none if a rule is no class.
    pub(super) fn bounds(&self) -> Vec<f64> {
        bounds_of(&self.style.rules).unwrap_or_default()
    }

    /// The rules that have a class, without the ones for the rest and for features without a value.
    pub(super) fn classed(&self) -> usize {
        self.style.rules.iter().filter(|rule| is_class_rule(rule)).count()
    }

    /// Gives the classes the colours of their ramp; names and conditions stay.
    pub(super) fn recolor(&mut self) {
        let (ramp, reversed) = match &self.style.classing {
            Some(Classing::ByValue { ramp, .. }) => (ramp, false),
            Some(Classing::ByNumber { ramp, reversed, .. }) => (ramp, *reversed),
            None => return,
        };
        let inks = self.inks(ramp, self.classed(), reversed);
        let classed = self.style.rules.iter_mut().filter(|rule| is_class_rule(rule));
        classed.zip(inks).for_each(|(rule, ink)| rule.paints = make::recolored(&rule.paints, ink));
    }

    /// Other paints for all classes; each keeps its colour or its size, its name and its condition.
    pub(super) fn set_base(&mut self, base: Vec<Paint>, schema: &Schema) {
        self.base = base;
        if let (Some(_), Some(Classing::ByNumber { field, .. })) = (self.sizes, &self.style.classing) {
            let names: Vec<Text> = self.style.rules.iter().map(|rule| rule.name.clone()).collect();
            let bounds = self.bounds();
            if let Some(field) = schema.field(&field.clone()) {
                self.set_bounds(field, &bounds, schema);
            }
            self.style.rules.iter_mut().zip(names).for_each(|(rule, name)| rule.name = name);
            return;
        }
        for rule in &mut self.style.rules {
            if let Some(ink) = make::main_ink(&rule.paints) {
                rule.paints = make::recolored(&self.base, ink);
            }
        }
    }

    /// Rules for values that came since, in front of the rule for the rest.
    pub(super) fn add_values(&mut self, field: &Field, missing: &[(Value, u64)]) {
        let Some(Classing::ByValue { ramp, .. }) = &self.style.classing else { return };
        let before = self.classed();
        let inks = self.inks(ramp, before + missing.len(), false);
        let mut made = make::categorised(&self.base, field, missing, known(ramp));
        made.truncate(missing.len());
        let scale = make::whole_scale(&self.style);
        for (rule, ink) in made.iter_mut().zip(&inks[before..]) {
            rule.paints = make::recolored(&rule.paints, *ink);
            rule.scale = scale;
        }
        let rest = self.style.rules.iter().position(|rule| rule.filter.is_none()).unwrap_or(self.style.rules.len());
        self.style.rules.splice(rest..rest, made);
    }

    /// The colours of so many classes.
    fn inks(&self, ramp: &str, count: usize, reversed: bool) -> Vec<Ink> {
        make::class_inks(&self.base, known(ramp), count, reversed)
    }

    /// Rules at the scales at which the layer was seen before.
    fn set_rules(&mut self, rules: Vec<Rule>, schema: &Schema) {
        self.style.rules = make::in_place_of(&self.style, schema.geometry, rules);
    }
}

/// The ramp, or the usual one in place of a word that nobody knows.
fn known(id: &str) -> &'static Ramp {
    ramp(id).or_else(|| ramp(ramp::USUAL)).unwrap_or(&ramp::RAMPS[0])
}

/// The field that says most at first sight: one with coded values, then any.
fn best(schema: &Schema, fits: fn(&Field) -> bool) -> Option<&Field> {
    let mut fitting = schema.fields.iter().filter(|field| fits(field));
    fitting.clone().find(|field| !field.codes.is_empty()).or_else(|| fitting.next())
}

/// Values in the order of their table of codes, numbers and days ascending, words as often as they are there.
fn arrange(field: &Field, values: &mut [(Value, u64)]) {
    if !field.codes.is_empty() {
        let place = |value: &Value| field.codes.iter().position(|code| code.value == value.to_string());
        values.sort_by_key(|(value, _)| place(value).unwrap_or(usize::MAX));
    } else if values.iter().all(|(value, _)| value.as_f64().is_some()) {
        values.sort_by(|left, right| left.0.as_f64().unwrap_or(0.0).total_cmp(&right.0.as_f64().unwrap_or(0.0)));
    }
}

fn is_class_rule(rule: &Rule) -> bool {
    rule.filter.is_some() && !make::is_no_data(rule)
}

/// The bounds of rules that are classes of one number, each beginning where the one before it ends.
fn bounds_of(rules: &[Rule]) -> Option<Vec<f64>> {
    let mut bounds = Vec::new();
    for rule in rules.iter().filter(|rule| !make::is_no_data(rule)) {
        let [from, to] = class_of(rule.filter.as_ref()?)?;
        if bounds.is_empty() {
            bounds.push(from);
        }
        bounds.push(to);
    }
    Some(bounds)
}

/// The bounds of one class; an open one has an infinite bound.
fn class_of(filter: &Expr) -> Option<[f64; 2]> {
    let (from, to) = match filter {
        Expr::And(from, to) => (from, to),
        Expr::Compare { comparison: Comparison::Less, value, .. } => {
            return Some([f64::NEG_INFINITY, value.as_f64()?]);
        }
        Expr::Compare { comparison: Comparison::AtLeast, value, .. } => return Some([value.as_f64()?, f64::INFINITY]),
        _ => return None,
    };
    let bound = |side: &Expr, fits: &[Comparison]| match side {
        Expr::Compare { comparison, value, .. } if fits.contains(comparison) => value.as_f64(),
        _ => None,
    };
    let from = bound(from, &[Comparison::AtLeast])?;
    Some([from, bound(to, &[Comparison::Less, Comparison::AtMost])?])
}

/// Pixels of the first and the last class, if the classes are of one colour.
fn sizes_of(rules: &[Rule]) -> Option<[f32; 2]> {
    let classed = rules.split_last().filter(|(last, _)| make::is_no_data(last)).map_or(rules, |(_, classed)| classed);
    let [first, .., last] = classed else { return None };
    let is_one = classed.iter().all(|rule| make::main_ink(&rule.paints) == make::main_ink(&first.paints));
    let px = |rule: &Rule| {
        rule.paints.iter().rev().find_map(|paint| match paint {
            Paint::Disc { size: Size::Px(px), .. } | Paint::Symbol { size: Size::Px(px), .. } => Some(*px),
            Paint::Stroke(stroke) => match stroke.width {
                Size::Px(px) => Some(px),
                _ => None,
            },
            _ => None,
        })
    };
    is_one.then(|| Some([px(first)?, px(last)?])).flatten()
}
