//! A layer's style as QGIS's own style file (of 3.22): what it says in the file, so that the layer looks alike there.
//!
//! A style made of classes becomes a renderer of classes, anything else a renderer of rules with their conditions and
//! scales. Colours are those of the light map; sizes that follow the scale or a field become expressions.

use super::qgis_expr::{self, MM_PER_PX, short};
use super::qml_symbol::{self, Symbol, color};
use super::sitter::{Shape, Sitter, shape_of};
use super::xml::Xml;
use crate::model::expr::{Comparison, Expr};
use crate::model::ramp;
use crate::model::style::{Crowd, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::model::value::Value;

/// Largest denominator that QGIS is told instead of none.
const NO_SCALE: f64 = 0.0;

/// The style file; `None` for a layer without a place.
pub fn write(style: &Style, sitter: &Sitter<'_>) -> Option<String> {
    let shape = shape_of(sitter.schema)?;
    let mut qml = Qml { style, sitter, shape, xml: Xml::default() };
    qml.xml.out.push_str("<!DOCTYPE qgis PUBLIC 'http://mrcc.com/qgis.dtd' 'SYSTEM'>\n");
    let scale = qml.common_scale();
    let (has_scale, [most, least]) =
        (if scale.is_some() { "1" } else { "0" }, scales(scale.unwrap_or(ScaleRange::ALL)));
    let labels = if style.labels.is_empty() { "0" } else { "1" };
    qml.xml.open(
        "qgis",
        &[
            ("version", "3.22.0"),
            ("styleCategories", "LayerConfiguration|Symbology|Labeling|Rendering"),
            ("hasScaleBasedVisibilityFlag", has_scale),
            ("minScale", &most),
            ("maxScale", &least),
            ("labelsEnabled", labels),
            ("simplifyDrawingHints", "1"),
        ],
    );
    qml.renderer(scale.is_some());
    if !style.labels.is_empty() {
        qml.labeling();
    }
    // A style for points is refused by the lines of a layer of both.
    qml.xml.text(
        "layerGeometryType",
        &[],
        match shape {
            Shape::Marker => "0",
            Shape::Line => "1",
            Shape::Fill => "2",
        },
    );
    qml.xml.text("blendMode", &[], "0");
    qml.xml.text("layerOpacity", &[], &short(sitter.opacity.into()));
    qml.xml.close();
    Some(qml.xml.out)
}

/// Largest and smallest denominator as QGIS has them: 0 is none.
fn scales(scale: ScaleRange) -> [String; 2] {
    [if scale.most.is_finite() { scale.most } else { NO_SCALE }, scale.least].map(|denominator| denominator.to_string())
}

/// The classes that a style's rules are, if they are nothing else.
enum Classes<'a> {
    /// One rule for everything.
    One(&'a Rule),
    /// One for each value, and perhaps one for the rest.
    Values(&'a str),
    /// One for each run of numbers: bounds of each.
    Runs(&'a str, Vec<[f64; 2]>),
}

struct Qml<'a> {
    style: &'a Style,
    sitter: &'a Sitter<'a>,
    shape: Shape,
    xml: Xml,
}

impl<'a> Qml<'a> {
    /// Rules that paint something.
    fn rules(&self) -> Vec<&'a Rule> {
        self.style.rules.iter().filter(|rule| !rule.paints.is_empty()).collect()
    }

    /// The scales of the whole layer, if they are those of all rules and no label has others.
    fn common_scale(&self) -> Option<ScaleRange> {
        let rules = self.rules();
        let first = rules.first()?.scale;
        let is_common = rules.iter().all(|rule| rule.scale == first) && self.style.labels.is_empty();
        (first != ScaleRange::ALL && is_common && self.style.crowd == Crowd::Each && self.classes().is_some())
            .then_some(first)
    }

    fn classes(&self) -> Option<Classes<'a>> {
        let rules = self.rules();
        let first = rules.first()?;
        if rules.iter().any(|rule| rule.pass != first.pass || rule.scale != first.scale) {
            return None;
        }
        if let [rule] = rules[..]
            && rule.filter.is_none()
        {
            return Some(Classes::One(rule));
        }
        let runs: Option<Vec<_>> = rules.iter().map(|rule| run_of(rule.filter.as_ref()?)).collect();
        if let Some(runs) = runs.filter(|runs| runs.iter().all(|(field, _)| *field == runs[0].0)) {
            return Some(Classes::Runs(runs[0].0, runs.iter().map(|(_, run)| *run).collect()));
        }
        let (rest, named): (Vec<&Rule>, Vec<&Rule>) = rules.iter().partition(|rule| rule.filter.is_none());
        let field = value_of(named.first()?)?.0;
        let is_all = named.iter().all(|rule| value_of(rule).is_some_and(|(other, _)| other == field));
        let ends = rest.is_empty() || (rest.len() == 1 && rules.last().is_some_and(|rule| rule.filter.is_none()));
        (is_all && ends).then_some(Classes::Values(field))
    }

    fn renderer(&mut self, scale_is_layers: bool) {
        match &self.style.crowd {
            Crowd::Heat { .. } if self.shape == Shape::Marker => self.heat(),
            Crowd::Clusters { ink, radius_px, .. } if self.shape == Shape::Marker => {
                let tolerance = short(f64::from(*radius_px) * MM_PER_PX);
                let attributes = [("type", "pointCluster"), ("tolerance", &*tolerance), ("toleranceUnit", "MM")];
                self.xml.open("renderer-v2", &attributes);
                self.each(false);
                qml_symbol::write_cluster(ink.light, &mut self.xml);
                self.xml.close();
            }
            _ => self.each(scale_is_layers),
        }
    }

    /// Every feature for itself.
    fn each(&mut self, scale_is_layers: bool) {
        let classes = self.classes();
        let has_scale = self.rules().iter().any(|rule| rule.scale != ScaleRange::ALL);
        match classes.filter(|_| scale_is_layers || !has_scale) {
            Some(Classes::One(rule)) => self.single(rule),
            Some(Classes::Values(field)) => self.categories(field),
            Some(Classes::Runs(field, runs)) => self.ranges(field, &runs),
            None => self.rule_based(),
        }
    }

    /// Begins a renderer; with several paints all first ones lie under all second ones.
    fn open(&mut self, kind: &str, more: &[(&str, &str)]) {
        let rules = self.rules();
        let is_layered = rules.iter().any(|rule| rule.paints.len() > 1 || rule.pass != rules[0].pass);
        let levels = if is_layered { "1" } else { "0" };
        let attributes = [("type", kind), ("symbollevels", levels), ("enableorderby", "0"), ("forceraster", "0")];
        self.xml.open("renderer-v2", &[&attributes[..], more].concat());
    }

    fn symbols(&mut self, rules: &[&Rule]) {
        // Of one pass all first paints come first; in the order of the rules within them.
        let mut order: Vec<(u8, usize)> = rules.iter().map(|rule| rule.pass).zip(0..).collect();
        order.sort_unstable();
        let mut levels = vec![0; rules.len()];
        let mut next = 0;
        for (_, rule) in order {
            levels[rule] = next;
            next += rules[rule].paints.len();
        }
        self.xml.open("symbols", &[]);
        for (name, (rule, level)) in rules.iter().zip(levels).enumerate() {
            let symbol = Symbol { name: &name.to_string(), shape: self.shape, paints: &rule.paints, level };
            qml_symbol::write(&symbol, self.sitter.symbols, &mut self.xml);
        }
        self.xml.close();
    }

    fn single(&mut self, rule: &Rule) {
        self.open("singleSymbol", &[]);
        self.symbols(&[rule]);
        self.xml.close();
    }

    fn categories(&mut self, field: &str) {
        let column = self.column(field);
        self.open("categorizedSymbol", &[("attr", &column)]);
        let rules = self.rules();
        self.xml.open("categories", &[]);
        for (symbol, rule) in rules.iter().enumerate() {
            let (value, kind) = value_of(rule).map_or((String::new(), "string"), |(_, value)| {
                let kind = match value {
                    Value::Int(_) => "long",
                    Value::Real(_) => "double",
                    Value::Bool(_) => "bool",
                    _ => "string",
                };
                (value.to_string(), kind)
            });
            let (symbol, label) = (symbol.to_string(), rule.name.get(self.sitter.lang));
            self.xml.leaf(
                "category",
                &[("value", &value), ("type", kind), ("symbol", &symbol), ("label", label), ("render", "true")],
            );
        }
        self.xml.close();
        self.symbols(&rules);
        self.xml.close();
    }

    fn ranges(&mut self, field: &str, runs: &[[f64; 2]]) {
        let column = self.column(field);
        self.open("graduatedSymbol", &[("attr", &column), ("graduatedMethod", "GraduatedColor")]);
        let rules = self.rules();
        self.xml.open("ranges", &[]);
        for (symbol, (rule, [least, most])) in rules.iter().zip(runs).enumerate() {
            // QGIS's classes hold both bounds and the first one wins: a bound is of the upper class with us, so that the
            // lower one ends a hair before it.
            let is_last = symbol + 1 == runs.len();
            let upper = if is_last { *most } else { most.next_down() };
            let [symbol, lower, upper] = [symbol.to_string(), least.to_string(), upper.to_string()];
            let label = rule.name.get(self.sitter.lang);
            self.xml.leaf(
                "range",
                &[("lower", &lower), ("upper", &upper), ("symbol", &symbol), ("label", label), ("render", "true")],
            );
        }
        self.xml.close();
        self.symbols(&rules);
        self.xml.close();
    }

    fn column(&self, field: &str) -> String {
        self.sitter.schema.field(field).map_or_else(|| field.to_owned(), |field| field.id.to_string())
    }

    /// Of each of our passes the first rule takes a feature; of QGIS's rules all do, so that each leaves out what the ones
    /// before it take. Passes become groups: what no rule of a group takes falls to the group's own rule for the rest.
    fn rule_based(&mut self) {
        self.open("RuleRenderer", &[]);
        let rules = self.rules();
        self.xml.open("rules", &[("key", "root")]);
        let mut passes: Vec<u8> = rules.iter().map(|rule| rule.pass).collect();
        passes.sort_unstable();
        passes.dedup();
        for pass in &passes {
            let key = format!("pass-{pass}");
            if passes.len() > 1 {
                self.xml.open("rule", &[("key", &key)]);
            }
            self.rules_of_pass(&rules, *pass);
            if passes.len() > 1 {
                self.xml.close();
            }
        }
        self.xml.close();
        self.symbols(&rules);
        self.xml.close();
    }

    fn rules_of_pass(&mut self, rules: &[&Rule], pass: u8) {
        let of_pass: Vec<(usize, &&Rule)> = rules.iter().enumerate().filter(|(_, rule)| rule.pass == pass).collect();
        for (place, (symbol, rule)) in of_pass.iter().enumerate() {
            let before = of_pass[..place].iter().map(|(_, before)| **before);
            let before: Vec<&Rule> = before.filter(|before| overlap(before.scale, rule.scale)).collect();
            let covers =
                |before: &&Rule| before.scale.least <= rule.scale.least && rule.scale.most <= before.scale.most;
            if before.iter().any(|before| before.filter.is_none() && covers(before)) {
                // Nothing is left for it.
                continue;
            }
            let filter = self.exclusive_filter(rule, &before);
            let [symbol, key] = [symbol.to_string(), format!("rule-{symbol}")];
            let [most, least] = scales(rule.scale);
            let label = rule.name.get(self.sitter.lang);
            let mut attributes = vec![("key", &*key), ("symbol", &*symbol), ("label", label)];
            if let Some(filter) = &filter {
                attributes.push(("filter", filter));
            }
            if rule.scale.least > 0.0 {
                attributes.push(("scalemindenom", &least));
            }
            if rule.scale.most.is_finite() {
                attributes.push(("scalemaxdenom", &most));
            }
            self.xml.leaf("rule", &attributes);
        }
    }

    fn exclusive_filter(&self, rule: &Rule, before: &[&Rule]) -> Option<String> {
        let schema = self.sitter.schema;
        let Some(own) = &rule.filter else {
            return (!before.is_empty()).then(|| "ELSE".to_owned());
        };
        let mut words = qgis_expr::filter(own, schema);
        let others = before.iter().filter_map(|rule| rule.filter.as_ref()).filter(|other| !are_apart(own, other));
        let others: Vec<String> =
            others.map(|other| format!("coalesce({}, FALSE)", qgis_expr::filter(other, schema))).collect();
        if !others.is_empty() {
            words = format!("({words}) AND NOT ({})", others.join(" OR "));
        }
        Some(words)
    }

    fn heat(&mut self) {
        let Crowd::Heat { ramp, radius, weight, most } = &self.style.crowd else { return };
        let Some(ramp) = ramp::ramp(ramp).or_else(|| ramp::ramp(ramp::USUAL)) else { return };
        let radius = short(qgis_expr::millimetres(radius).fixed);
        let most = most.map_or_else(|| "0".to_owned(), |most| most.to_string());
        let weight = weight.as_deref().map(|field| qgis_expr::name(&self.column(field))).unwrap_or_default();
        self.xml.open(
            "renderer-v2",
            &[
                ("type", "heatmapRenderer"),
                ("radius", &radius),
                ("radius_unit", "0"),
                ("max_value", &most),
                ("weight_expression", &weight),
                ("quality", "2"),
                ("forceraster", "0"),
            ],
        );
        self.xml.open("colorramp", &[("type", "gradient"), ("name", "[source]")]);
        self.xml.open("Option", &[("type", "Map")]);
        let stop = |share: f32| {
            let [red, green, blue, alpha] = ramp.ink(share.into()).light.with_opacity((share / 0.2).min(1.0) * 0.85).0;
            format!("{red},{green},{blue},{alpha}")
        };
        let stops: Vec<String> =
            (1_u8..10).map(|tenth| f32::from(tenth) / 10.0).map(|share| format!("{share};{}", stop(share))).collect();
        let options = [
            ("color1", stop(0.0)),
            ("color2", stop(1.0)),
            ("discrete", "0".to_owned()),
            ("rampType", "gradient".to_owned()),
            ("stops", stops.join(":")),
        ];
        for (name, value) in &options {
            self.xml.leaf("Option", &[("name", name), ("value", value), ("type", "QString")]);
        }
        self.xml.close();
        self.xml.close();
        self.xml.close();
    }

    fn labeling(&mut self) {
        self.xml.open("labeling", &[("type", "rule-based")]);
        self.xml.open("rules", &[("key", "labels")]);
        let style = self.style;
        for (number, label) in style.labels.iter().enumerate() {
            self.label(label, number);
        }
        self.xml.close();
        self.xml.close();
    }

    fn label(&mut self, label: &LabelRule, number: usize) {
        let schema = self.sitter.schema;
        let key = format!("label-{number}");
        let filter = label.filter.as_ref().map(|filter| qgis_expr::filter(filter, schema));
        let [most, least] = scales(label.scale);
        let mut attributes = vec![("key", &*key)];
        attributes.extend(filter.as_deref().map(|filter| ("filter", filter)));
        if label.scale.least > 0.0 {
            attributes.push(("scalemindenom", &least));
        }
        if label.scale.most.is_finite() {
            attributes.push(("scalemaxdenom", &most));
        }
        self.xml.open("rule", &attributes);
        self.xml.open("settings", &[("calloutType", "simple")]);
        self.text_style(label);
        let placement = match (label.placement, self.shape) {
            (Placement::Along, Shape::Line) => "2",
            (Placement::Along, _) => "7",
            (Placement::Around, Shape::Marker) => "6",
            (Placement::Around, _) => "0",
            (Placement::Inside, Shape::Marker) => "1",
            (Placement::Inside, _) => "0",
        };
        // Over the middle of a point, on and above or below a line.
        let flags = if label.offset > 0.0 {
            "2"
        } else if label.offset < 0.0 {
            "4"
        } else {
            "1"
        };
        let distance = short(f64::from(label.offset.abs()) * MM_PER_PX * 0.3);
        self.xml.leaf(
            "placement",
            &[
                ("placement", placement),
                ("placementFlags", flags),
                ("dist", &distance),
                ("distUnits", "MM"),
                ("quadOffset", "4"),
                ("priority", &(label.priority / 10).min(10).to_string()),
                (
                    "fitInPolygonOnly",
                    if label.placement == Placement::Inside && self.shape == Shape::Fill { "1" } else { "0" },
                ),
            ],
        );
        let merge = if label.placement == Placement::Along { "1" } else { "0" };
        self.xml.leaf("rendering", &[("drawLabels", "1"), ("mergeLines", merge), ("obstacle", "1")]);
        self.xml.close();
        self.xml.close();
    }

    fn text_style(&mut self, label: &LabelRule) {
        let words = qgis_expr::template(label.template.get(self.sitter.lang), self.sitter.schema, self.sitter.lang);
        let size = qgis_expr::millimetres(&label.size);
        self.xml.open(
            "text-style",
            &[
                ("fieldName", &words),
                ("isExpression", "1"),
                ("fontFamily", "Noto Sans CJK SC"),
                ("fontSize", &short(size.fixed)),
                ("fontSizeUnit", "MM"),
                ("textColor", &color(label.ink.light)),
                ("fontItalic", if label.italic { "1" } else { "0" }),
                ("fontWeight", if label.medium { "63" } else { "50" }),
                ("textOpacity", "1"),
            ],
        );
        // Half of our three pixels lie on each side of a character's edge.
        let halo = short(1.5 * MM_PER_PX);
        self.xml.leaf(
            "text-buffer",
            &[
                ("bufferDraw", "1"),
                ("bufferSize", &halo),
                ("bufferSizeUnits", "MM"),
                ("bufferColor", &color(label.halo.light)),
            ],
        );
        self.xml.close();
    }
}

/// The field and the bounds of `f >= a AND f < b`.
fn run_of(filter: &Expr) -> Option<(&str, [f64; 2])> {
    let Expr::And(low, high) = filter else { return None };
    match (&**low, &**high) {
        (
            Expr::Compare { field, comparison: Comparison::AtLeast, value: least },
            Expr::Compare { field: other, comparison: Comparison::Less | Comparison::AtMost, value: most },
        ) if field == other => Some((field, [least.as_f64()?, most.as_f64()?])),
        _ => None,
    }
}

/// The field and the value of `f = v`.
fn value_of(rule: &Rule) -> Option<(&str, &Value)> {
    match rule.filter.as_ref()? {
        Expr::Compare { field, comparison: Comparison::Equal, value } => Some((field, value)),
        _ => None,
    }
}

fn overlap(one: ScaleRange, other: ScaleRange) -> bool {
    one.least < other.most && other.least < one.most
}

/// Whether two conditions can be seen never to hold together: some part of each asks the same field for another value.
fn are_apart(one: &Expr, other: &Expr) -> bool {
    let (ones, others) = (parts(one), parts(other));
    ones.iter().any(|one| {
        others.iter().any(|other| match (one, other) {
            (
                Expr::Compare { field, comparison: Comparison::Equal, value },
                Expr::Compare { field: same, comparison: Comparison::Equal, value: another },
            ) => field == same && value != another,
            _ => false,
        }) || run_of_parts(&ones)
            .zip(run_of_parts(&others))
            .is_some_and(|((field, [least, most]), (same, [from, to]))| field == same && (most <= from || to <= least))
    })
}

/// The conditions that must all hold.
fn parts(expr: &Expr) -> Vec<&Expr> {
    match expr {
        Expr::And(left, right) => [parts(left), parts(right)].concat(),
        other => vec![other],
    }
}

fn run_of_parts<'a>(all: &[&'a Expr]) -> Option<(&'a str, [f64; 2])> {
    let find = |wanted: &[Comparison]| {
        all.iter().find_map(|part| match part {
            Expr::Compare { field, comparison, value } if wanted.contains(comparison) => {
                Some((field.as_str(), value.as_f64()?))
            }
            _ => None,
        })
    };
    let (field, least) = find(&[Comparison::AtLeast])?;
    let (same, most) = find(&[Comparison::Less])?;
    (field == same).then_some((field, [least, most]))
}

#[cfg(test)]
#[path = "qml_tests.rs"]
mod tests;
