//! Paints as QGIS's symbols: one symbol for a rule, one layer of it for each paint.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::qgis_expr::{MM_PER_PX, Millimetres, millimetres, short};
use super::sitter::{Shape, SymbolSource};
use super::xml::Xml;
use crate::model::style::{Cap, LineMark, Paint, Rgba, Size, Stroke};

fn word_of(shape: Shape) -> &'static str {
    match shape {
        Shape::Marker => "marker",
        Shape::Line => "line",
        Shape::Fill => "fill",
    }
}

/// What a symbol is made of.
pub(super) struct Symbol<'a> {
    /// Its name among others.
    pub(super) name: &'a str,
    /// What it is drawn on.
    pub(super) shape: Shape,
    /// In order.
    pub(super) paints: &'a [Paint],
    /// Number of its first paint in the order of all of them; the following ones count up.
    pub(super) level: usize,
}

/// Writes a symbol.
pub(super) fn write(symbol: &Symbol<'_>, source: SymbolSource<'_>, xml: &mut Xml) {
    let attributes = [("type", word_of(symbol.shape)), ("name", symbol.name), ("alpha", "1")];
    xml.open("symbol", &[&attributes[..], &[("clip_to_extent", "1"), ("force_rhr", "0")]].concat());
    for (level, paint) in (symbol.level..).zip(symbol.paints) {
        paint_layers(paint, symbol, level, source, xml);
    }
    xml.close();
}

/// A layer of a symbol: its class, its options, and those that follow expressions.
struct Layer<'a> {
    class: &'a str,
    level: usize,
    options: Vec<(&'static str, String)>,
    defined: Vec<(&'static str, String)>,
}

impl<'a> Layer<'a> {
    fn new(class: &'a str, level: usize) -> Self {
        Self { class, level, options: Vec::new(), defined: Vec::new() }
    }

    fn set(mut self, option: &'static str, value: impl Into<String>) -> Self {
        self.options.push((option, value.into()));
        self
    }

    /// A size in millimetres, with its unit, and the property that may define it.
    fn size(mut self, option: &'static str, unit: &'static str, property: &'static str, size: &Size) -> Self {
        let Millimetres { fixed, expression } = millimetres(size);
        self.options.push((option, short(fixed)));
        self.options.push((unit, "MM".to_owned()));
        self.defined.extend(expression.map(|expression| (property, expression)));
        self
    }

    fn open(&self, xml: &mut Xml) {
        let level = self.level.to_string();
        xml.open("layer", &[("class", self.class), ("pass", &level), ("locked", "0"), ("enabled", "1")]);
        xml.open("Option", &[("type", "Map")]);
        for (name, value) in &self.options {
            xml.leaf("Option", &[("name", name), ("value", value), ("type", "QString")]);
        }
        xml.close();
        if !self.defined.is_empty() {
            data_defined(&self.defined, xml);
        }
    }

    fn write(&self, xml: &mut Xml) {
        self.open(xml);
        xml.close();
    }
}

/// Properties that follow expressions.
pub(super) fn data_defined(properties: &[(&'static str, String)], xml: &mut Xml) {
    xml.open("data_defined_properties", &[]);
    xml.open("Option", &[("type", "Map")]);
    xml.leaf("Option", &[("name", "name"), ("value", ""), ("type", "QString")]);
    xml.open("Option", &[("name", "properties"), ("type", "Map")]);
    for (property, expression) in properties {
        xml.open("Option", &[("name", property), ("type", "Map")]);
        xml.leaf("Option", &[("name", "active"), ("value", "true"), ("type", "bool")]);
        xml.leaf("Option", &[("name", "expression"), ("value", expression), ("type", "QString")]);
        xml.leaf("Option", &[("name", "type"), ("value", "3"), ("type", "int")]);
        xml.close();
    }
    xml.close();
    xml.leaf("Option", &[("name", "type"), ("value", "collection"), ("type", "QString")]);
    xml.close();
    xml.close();
}

/// `r,g,b,a`.
pub(super) fn color(Rgba([red, green, blue, alpha]): Rgba) -> String {
    format!("{red},{green},{blue},{alpha}")
}

fn mm(px: f32) -> String {
    short(f64::from(px) * MM_PER_PX)
}

fn paint_layers(paint: &Paint, symbol: &Symbol<'_>, level: usize, source: SymbolSource<'_>, xml: &mut Xml) {
    match (symbol.shape, paint) {
        (Shape::Fill, Paint::Fill { ink, opacity }) => Layer::new("SimpleFill", level)
            .set("color", color(ink.light.with_opacity(*opacity)))
            .set("style", "solid")
            .set("outline_style", "no")
            .write(xml),
        (Shape::Fill, Paint::Hatch { ink, opacity, angle_deg, spacing_px, width, crossed }) => {
            let line = Stroke::solid(*ink, width.clone()).opacity(*opacity);
            for angle in [Some(*angle_deg), crossed.then_some(angle_deg + 90.0)].into_iter().flatten() {
                pattern(&line, angle, *spacing_px, level, xml);
            }
        }
        (Shape::Line | Shape::Fill, Paint::Stroke(stroke)) => line_layer(stroke, level).write(xml),
        (Shape::Line | Shape::Fill, Paint::Marks { mark, ink, size, every, offset }) => {
            let layer = Layer::new("MarkerLine", level)
                .set("placement", "interval")
                .set("placements", "Interval")
                .set("interval", mm(*every))
                .set("interval_unit", "MM")
                .set("offset_along_line", mm(every / 2.0))
                .set("offset_along_line_unit", "MM")
                .set("rotate", "1")
                .size("offset", "offset_unit", "offset", offset);
            with_sub_marker(&layer, symbol.name, &mark_layer(*mark, ink.light, size), xml);
        }
        (Shape::Line, Paint::Symbol { id, size }) => {
            let Some(marker) = svg_layer(id, size, level, source) else { return };
            let layer = Layer::new("MarkerLine", level).set("placement", "centralpoint").set("rotate", "0");
            with_sub_marker(&layer, symbol.name, &marker, xml);
        }
        (Shape::Fill, Paint::Symbol { id, size }) => {
            let Some(marker) = svg_layer(id, size, level, source) else { return };
            let layer = Layer::new("CentroidFill", level).set("point_on_surface", "1").set("point_on_all_parts", "0");
            with_sub_marker(&layer, symbol.name, &marker, xml);
        }
        (Shape::Marker, Paint::Symbol { id, size }) => {
            if let Some(layer) = svg_layer(id, size, level, source) {
                layer.write(xml);
            }
        }
        (Shape::Marker, Paint::Disc { ink, size, ring }) => {
            disc_layer(ink.light, size, ring.as_ref(), level).write(xml);
        }
        // Discs stand on points alone, insides and lines on what has them.
        _ => {}
    }
}

fn line_layer(stroke: &Stroke, level: usize) -> Layer<'static> {
    let cap = if stroke.cap == Cap::Round { "round" } else { "flat" };
    let layer = Layer::new("SimpleLine", level)
        .set("line_color", color(stroke.ink.light.with_opacity(stroke.opacity)))
        .set("line_style", "solid")
        .set("capstyle", cap)
        .set("joinstyle", "round")
        .size("line_width", "line_width_unit", "outlineWidth", &stroke.width)
        .size("offset", "offset_unit", "offset", &stroke.offset);
    if stroke.dash.is_empty() {
        return layer.set("use_custom_dash", "0");
    }
    // A line of an odd number of parts begins anew the other way round.
    let times = if stroke.dash.len() % 2 == 1 { 2 } else { 1 };
    let dash: Vec<String> = stroke.dash.repeat(times).into_iter().map(mm).collect();
    layer.set("use_custom_dash", "1").set("customdash", dash.join(";")).set("customdash_unit", "MM")
}

fn disc_layer(ink: Rgba, size: &Size, ring: Option<&Stroke>, level: usize) -> Layer<'static> {
    let layer = Layer::new("SimpleMarker", level)
        .set("name", "circle")
        .set("color", color(ink))
        .size("size", "size_unit", "size", size)
        .set("scale_method", "diameter");
    match ring {
        Some(ring) => layer
            .set("outline_style", "solid")
            .set("outline_color", color(ring.ink.light.with_opacity(ring.opacity)))
            .size("outline_width", "outline_width_unit", "outlineWidth", &ring.width),
        None => layer.set("outline_style", "no"),
    }
}

fn mark_layer(mark: LineMark, ink: Rgba, size: &Size) -> Layer<'static> {
    // QGIS's triangle points up, ours along the line.
    let (name, angle) = match mark {
        LineMark::Arrow => ("triangle", "90"),
        LineMark::Cross => ("cross2", "0"),
        LineMark::Tick => ("line", "0"),
    };
    let layer = Layer::new("SimpleMarker", 0)
        .set("name", name)
        .set("angle", angle)
        .set("color", color(ink))
        .set("outline_color", color(ink))
        .size("size", "size_unit", "size", size);
    match mark {
        LineMark::Arrow => layer.set("outline_style", "no"),
        LineMark::Cross | LineMark::Tick => {
            layer.set("outline_style", "solid").set("outline_width", mm(1.2)).set("outline_width_unit", "MM")
        }
    }
}

/// The picture itself stands in the style: there is no folder that QGIS could look in.
fn svg_layer(id: &str, size: &Size, level: usize, source: SymbolSource<'_>) -> Option<Layer<'static>> {
    let svg = source(id)?;
    let layer = Layer::new("SvgMarker", level)
        .set("name", format!("base64:{}", STANDARD.encode(svg)))
        .set("color", "0,0,0,255")
        .set("outline_color", "0,0,0,255")
        .set("outline_width", "0")
        .set("fixedAspectRatio", "0")
        .size("size", "size_unit", "size", size);
    Some(layer)
}

fn with_sub_marker(layer: &Layer<'_>, name: &str, marker: &Layer<'_>, xml: &mut Xml) {
    layer.open(xml);
    let name = format!("@{name}@{}", layer.level);
    let attributes = [("type", "marker"), ("name", &*name), ("alpha", "1")];
    xml.open("symbol", &[&attributes[..], &[("clip_to_extent", "1"), ("force_rhr", "0")]].concat());
    marker.write(xml);
    xml.close();
    xml.close();
}

fn pattern(line: &Stroke, angle_deg: f32, spacing_px: f32, level: usize, xml: &mut Xml) {
    let layer = Layer::new("LinePatternFill", level)
        .set("angle", short(angle_deg.rem_euclid(360.0).into()))
        .set("distance", mm(spacing_px))
        .set("distance_unit", "MM")
        .set("color", color(line.ink.light.with_opacity(line.opacity)))
        .size("line_width", "line_width_unit", "lineWidth", &line.width);
    layer.open(xml);
    let name = format!("@{level}");
    let attributes = [("type", "line"), ("name", &*name), ("alpha", "1")];
    xml.open("symbol", &[&attributes[..], &[("clip_to_extent", "1"), ("force_rhr", "0")]].concat());
    line_layer(line, 0).write(xml);
    xml.close();
    xml.close();
}

/// The sign of a cluster: a disc that grows with the number, and the number.
pub(super) fn write_cluster(ink: Rgba, xml: &mut Xml) {
    let attributes = [("type", "marker"), ("name", "centerSymbol"), ("alpha", "1")];
    xml.open("symbol", &[&attributes[..], &[("clip_to_extent", "1"), ("force_rhr", "0")]].concat());
    let [least, most] = [22.0, 52.0].map(mm);
    let mut disc = disc_layer(ink, &Size::Px(28.0), None, 0);
    disc.defined.push(("size", format!("scale_linear(log10(max(@cluster_size, 1)), 0, 4, {least}, {most})")));
    disc.write(xml);
    let mut number = Layer::new("FontMarker", 0)
        .set("chr", "2")
        .set("font", "Noto Sans")
        .set("color", "255,255,255,255")
        .set("size", mm(12.0))
        .set("size_unit", "MM")
        .set("horizontal_anchor_point", "1")
        .set("vertical_anchor_point", "1");
    number.defined.push(("char", "@cluster_size".to_owned()));
    number.write(xml);
    xml.close();
}
