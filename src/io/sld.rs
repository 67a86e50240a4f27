//! A layer's style as OGC Styled Layer Descriptor 1.0, for servers and programs beside QGIS: colours of the light map, sizes
//! in pixels at 1:5,000, what the language has no words for left out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::qgis_expr::{short, usual_px};
use super::sitter::{Shape, Sitter, SymbolSource, shape_of};
use super::xml::Xml;
use crate::model::expr::{Comparison, Expr};
use crate::model::label::{self, Piece};
use crate::model::style::{Cap, LabelRule, LineMark, Paint, Placement, Rgba, Rule, ScaleRange, Size, Stroke, Style};
use crate::model::value::Value;

/// The style; `None` for a layer without a place.
pub fn write(style: &Style, sitter: &Sitter<'_>) -> Option<String> {
    let shape = shape_of(sitter.schema)?;
    let mut sld = Sld { sitter, shape, xml: Xml::default() };
    sld.xml.out.push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    sld.xml.open(
        "StyledLayerDescriptor",
        &[
            ("version", "1.0.0"),
            ("xmlns", "http://www.opengis.net/sld"),
            ("xmlns:ogc", "http://www.opengis.net/ogc"),
            ("xmlns:xlink", "http://www.w3.org/1999/xlink"),
        ],
    );
    sld.xml.open("NamedLayer", &[]);
    sld.xml.text("Name", &[], &sitter.schema.table);
    sld.xml.open("UserStyle", &[]);
    sld.xml.text("Title", &[], sitter.schema.name.get(sitter.lang));
    let mut passes: Vec<u8> = style.rules.iter().map(|rule| rule.pass).collect();
    passes.sort_unstable();
    passes.dedup();
    for pass in passes {
        sld.xml.open("FeatureTypeStyle", &[]);
        style.rules.iter().filter(|rule| rule.pass == pass && !rule.paints.is_empty()).for_each(|rule| sld.rule(rule));
        sld.xml.close();
    }
    if !style.labels.is_empty() {
        sld.xml.open("FeatureTypeStyle", &[]);
        style.labels.iter().for_each(|label| sld.label(label));
        sld.xml.close();
    }
    (0..3).for_each(|_| sld.xml.close());
    Some(sld.xml.out)
}

struct Sld<'a> {
    sitter: &'a Sitter<'a>,
    shape: Shape,
    xml: Xml,
}

impl Sld<'_> {
    fn rule(&mut self, rule: &Rule) {
        self.xml.open("Rule", &[]);
        let name = rule.name.get(self.sitter.lang);
        if !name.is_empty() {
            self.xml.text("Title", &[], name);
        }
        match &rule.filter {
            Some(filter) => self.filter(filter),
            None => self.xml.leaf("ElseFilter", &[]),
        }
        self.scales(rule.scale);
        for paint in &rule.paints {
            self.paint(paint, self.sitter.symbols);
        }
        self.xml.close();
    }

    fn scales(&mut self, scale: ScaleRange) {
        if scale.least > 0.0 {
            self.xml.text("MinScaleDenominator", &[], &scale.least.to_string());
        }
        if scale.most.is_finite() {
            self.xml.text("MaxScaleDenominator", &[], &scale.most.to_string());
        }
    }

    fn paint(&mut self, paint: &Paint, source: SymbolSource<'_>) {
        match (self.shape, paint) {
            (Shape::Fill, Paint::Fill { ink, opacity }) => {
                self.xml.open("PolygonSymbolizer", &[]);
                self.fill(ink.light.with_opacity(*opacity));
                self.xml.close();
            }
            (Shape::Fill, Paint::Hatch { ink, opacity, spacing_px, width, crossed, .. }) => {
                let name = if *crossed { "shape://times" } else { "shape://slash" };
                self.xml.open("PolygonSymbolizer", &[]);
                self.xml.open("Fill", &[]);
                self.xml.open("GraphicFill", &[]);
                let stroke = Stroke::solid(*ink, width.clone()).opacity(*opacity);
                self.mark(name, None, Some(&stroke), f64::from(*spacing_px));
                (0..3).for_each(|_| self.xml.close());
            }
            (Shape::Line | Shape::Fill, Paint::Stroke(stroke)) => {
                self.xml.open("LineSymbolizer", &[]);
                self.stroke(stroke);
                self.xml.close();
            }
            (Shape::Line | Shape::Fill, Paint::Marks { mark, ink, size, .. }) => {
                let (name, inside) = match mark {
                    LineMark::Arrow => ("triangle", Some(ink.light)),
                    LineMark::Cross => ("x", None),
                    LineMark::Tick => ("shape://vertline", None),
                };
                let line = inside.is_none().then(|| Stroke::solid(*ink, Size::Px(1.2)));
                self.xml.open("LineSymbolizer", &[]);
                self.xml.open("Stroke", &[]);
                self.xml.open("GraphicStroke", &[]);
                self.mark(name, inside, line.as_ref(), usual_px(size).into());
                (0..3).for_each(|_| self.xml.close());
            }
            (_, Paint::Symbol { id, size }) => {
                let Some(svg) = source(id) else { return };
                let href = format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg));
                self.xml.open("PointSymbolizer", &[]);
                self.xml.open("Graphic", &[]);
                self.xml.open("ExternalGraphic", &[]);
                self.xml.leaf("OnlineResource", &[("xlink:type", "simple"), ("xlink:href", &href)]);
                self.xml.text("Format", &[], "image/svg+xml");
                self.xml.close();
                self.xml.text("Size", &[], &short(usual_px(size).into()));
                (0..2).for_each(|_| self.xml.close());
            }
            (Shape::Marker, Paint::Disc { ink, size, ring }) => {
                self.xml.open("PointSymbolizer", &[]);
                self.mark("circle", Some(ink.light), ring.as_ref(), usual_px(size).into());
                self.xml.close();
            }
            _ => {}
        }
    }

    fn mark(&mut self, name: &str, inside: Option<Rgba>, line: Option<&Stroke>, size: f64) {
        self.xml.open("Graphic", &[]);
        self.xml.open("Mark", &[]);
        self.xml.text("WellKnownName", &[], name);
        if let Some(color) = inside {
            self.fill(color);
        }
        if let Some(stroke) = line {
            self.stroke(stroke);
        }
        self.xml.close();
        self.xml.text("Size", &[], &short(size));
        self.xml.close();
    }

    fn fill(&mut self, color: Rgba) {
        self.xml.open("Fill", &[]);
        self.color("fill", color);
        self.xml.close();
    }

    fn stroke(&mut self, stroke: &Stroke) {
        self.xml.open("Stroke", &[]);
        self.color("stroke", stroke.ink.light.with_opacity(stroke.opacity));
        self.parameter("stroke-width", &short(usual_px(&stroke.width).into()));
        self.parameter("stroke-linecap", if stroke.cap == Cap::Round { "round" } else { "butt" });
        self.parameter("stroke-linejoin", "round");
        if !stroke.dash.is_empty() {
            let dash: Vec<String> = stroke.dash.iter().map(|&part| short(part.into())).collect();
            self.parameter("stroke-dasharray", &dash.join(" "));
        }
        self.xml.close();
    }

    fn color(&mut self, what: &str, Rgba([red, green, blue, alpha]): Rgba) {
        self.parameter(what, &format!("#{red:02x}{green:02x}{blue:02x}"));
        if alpha < 255 {
            self.parameter(&format!("{what}-opacity"), &short((f64::from(alpha) / 2.55).round() / 100.0));
        }
    }

    fn parameter(&mut self, name: &str, value: &str) {
        self.xml.text("CssParameter", &[("name", name)], value);
    }

    fn label(&mut self, label: &LabelRule) {
        self.xml.open("Rule", &[]);
        if let Some(filter) = &label.filter {
            self.filter(filter);
        }
        self.scales(label.scale);
        self.xml.open("TextSymbolizer", &[]);
        self.xml.open("Label", &[]);
        self.words(label.template.get(self.sitter.lang));
        self.xml.close();
        self.xml.open("Font", &[]);
        self.parameter("font-family", "Noto Sans CJK SC");
        self.parameter("font-size", &short(usual_px(&label.size).into()));
        self.parameter("font-style", if label.italic { "italic" } else { "normal" });
        self.xml.close();
        self.xml.open("LabelPlacement", &[]);
        if label.placement == Placement::Along {
            self.xml.leaf("LinePlacement", &[]);
        } else {
            self.xml.leaf("PointPlacement", &[]);
        }
        self.xml.close();
        self.xml.open("Halo", &[]);
        self.xml.text("Radius", &[], "1.5");
        self.fill(label.halo.light);
        self.xml.close();
        self.fill(label.ink.light);
        (0..2).for_each(|_| self.xml.close());
    }

    /// Words and fields one after the other; what may be left out has no words here, so that it is.
    fn words(&mut self, template: &str) {
        for piece in label::pieces(template) {
            match piece {
                Piece::Words(words) => self.xml.text("ogc:Literal", &[], words),
                Piece::Value(what) => {
                    if let Some((id, _)) = label::alternatives(what).last() {
                        self.xml.text("ogc:PropertyName", &[], &self.column(id));
                    }
                }
                Piece::Optional(_) => {}
            }
        }
    }

    fn column(&self, word: &str) -> String {
        self.sitter.schema.field(word).map_or_else(|| word.to_owned(), |field| field.id.to_string())
    }

    fn filter(&mut self, filter: &Expr) {
        let resolved = filter.clone().resolve(self.sitter.schema).unwrap_or_else(|_| filter.clone());
        self.xml.open("ogc:Filter", &[]);
        self.condition(&resolved);
        self.xml.close();
    }

    fn condition(&mut self, expr: &Expr) {
        match expr {
            Expr::And(left, right) => self.both("ogc:And", left, right),
            Expr::Or(left, right) => self.both("ogc:Or", left, right),
            Expr::Not(inner) => {
                self.xml.open("ogc:Not", &[]);
                self.condition(inner);
                self.xml.close();
            }
            Expr::Compare { field, comparison, value } => self.compare(field, *comparison, value),
            Expr::Like { field, pattern } => {
                let attributes = [("wildCard", "%"), ("singleChar", "_"), ("escape", "\\")];
                self.xml.open("ogc:PropertyIsLike", &attributes);
                self.xml.text("ogc:PropertyName", &[], field);
                self.xml.text("ogc:Literal", &[], &pattern.replace('\\', "\\\\"));
                self.xml.close();
            }
            Expr::In { field, values } => match &values[..] {
                // Nothing is in nothing.
                [] => self.compare(field, Comparison::NotEqual, &Value::Null),
                [one] => self.compare(field, Comparison::Equal, one),
                many => {
                    self.xml.open("ogc:Or", &[]);
                    many.iter().for_each(|value| self.compare(field, Comparison::Equal, value));
                    self.xml.close();
                }
            },
            Expr::IsNull { field } => {
                self.xml.open("ogc:PropertyIsNull", &[]);
                self.xml.text("ogc:PropertyName", &[], field);
                self.xml.close();
            }
        }
    }

    fn both(&mut self, name: &'static str, left: &Expr, right: &Expr) {
        self.xml.open(name, &[]);
        self.condition(left);
        self.condition(right);
        self.xml.close();
    }

    fn compare(&mut self, field: &str, comparison: Comparison, value: &Value) {
        let name = match comparison {
            Comparison::Equal => "ogc:PropertyIsEqualTo",
            Comparison::NotEqual => "ogc:PropertyIsNotEqualTo",
            Comparison::Less => "ogc:PropertyIsLessThan",
            Comparison::Greater => "ogc:PropertyIsGreaterThan",
            Comparison::AtMost => "ogc:PropertyIsLessThanOrEqualTo",
            Comparison::AtLeast => "ogc:PropertyIsGreaterThanOrEqualTo",
        };
        self.xml.open(name, &[]);
        self.xml.text("ogc:PropertyName", &[], field);
        self.xml.text("ogc:Literal", &[], &value.to_string());
        self.xml.close();
    }
}
