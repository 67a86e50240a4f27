//! Map symbols: a small part of SVG (paths, circles, ellipses, rectangles, lines, polygons, groups) as shapes to paint.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use roxmltree::{Document, Node};
use vello_cpu::kurbo::{Affine, BezPath, Cap, Circle, Ellipse, Join, Line, RoundedRect, Shape as _, Stroke};

use super::symbol_list::SYMBOLS;
use crate::model::style::Rgba;

/// Deepest nesting of groups that is read.
const MAX_DEPTH: usize = 16;

/// Curves of a symbol are this exact, in its own units of a 24th of its size.
const TOLERANCE: f64 = 0.02;

/// One shape of a symbol.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Outline, in the symbol's units.
    pub path: BezPath,
    /// Colour inside.
    pub fill: Option<Rgba>,
    /// Colour and pen of the border.
    pub stroke: Option<(Rgba, Stroke)>,
}

/// A symbol.
#[derive(Clone, Debug)]
pub struct Symbol {
    /// Width and height in its own units.
    pub size: [f64; 2],
    /// What it is made of, in order; the upper left corner is 0, 0.
    pub shapes: Vec<Shape>,
}

/// Why a text is no symbol.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSymbol {
    /// It is not XML.
    #[error("the symbol is not XML: {0}")]
    Xml(String),
    /// It says something that is not drawn.
    #[error("the symbol has {0}")]
    Unsupported(String),
}

/// The symbol with this id on the light or dark map.
pub fn symbol(id: &str, dark: bool) -> Option<&'static Symbol> {
    static ALL: LazyLock<BTreeMap<&str, [Symbol; 2]>> = LazyLock::new(|| {
        let read = |svg| Symbol::read(svg).expect("the program's own symbols are well formed");
        SYMBOLS.iter().map(|&(id, light, dark)| (id, [read(light), read(dark)])).collect()
    });
    ALL.get(id).map(|both| &both[usize::from(dark)])
}

impl Symbol {
    /// Reads an SVG.
    ///
    /// # Errors
    /// See [`BadSymbol`].
    pub fn read(svg: &str) -> Result<Self, BadSymbol> {
        let document = Document::parse(svg).map_err(|error| BadSymbol::Xml(error.to_string()))?;
        let root = document.root_element();
        let view_box =
            root.attribute("viewBox").map(numbers).transpose()?.unwrap_or_else(|| vec![0.0, 0.0, 24.0, 24.0]);
        let [x, y, width, height] = view_box[..] else { return Err(unsupported("a viewBox without four numbers")) };
        if !(width > 0.0 && height > 0.0) {
            return Err(unsupported("an empty viewBox"));
        }
        let mut shapes = Vec::new();
        let pen = Pen::default();
        children(root, Affine::translate((-x, -y)), &pen, 0, &mut shapes)?;
        Ok(Self { size: [width, height], shapes })
    }
}

/// What shapes inherit from the groups around them.
#[derive(Clone, Debug)]
struct Pen {
    fill: Option<Rgba>,
    stroke: Option<Rgba>,
    width: f64,
    cap: Cap,
    join: Join,
    opacity: f32,
}

impl Default for Pen {
    fn default() -> Self {
        let fill = Some(Rgba::hex(0));
        Self { fill, stroke: None, width: 1.0, cap: Cap::Butt, join: Join::Miter, opacity: 1.0 }
    }
}

impl Pen {
    fn read(&self, node: Node) -> Result<Self, BadSymbol> {
        let mut pen = self.clone();
        for attribute in node.attributes() {
            let value = attribute.value();
            match attribute.name() {
                "fill" => pen.fill = color(value)?,
                "stroke" => pen.stroke = color(value)?,
                "stroke-width" => pen.width = number(value)?,
                "stroke-linecap" if value == "round" => pen.cap = Cap::Round,
                "stroke-linecap" if value == "square" => pen.cap = Cap::Square,
                "stroke-linejoin" if value == "round" => pen.join = Join::Round,
                "stroke-linejoin" if value == "bevel" => pen.join = Join::Bevel,
                "opacity" | "fill-opacity" => pen.opacity *= number(value)? as f32,
                _ => {}
            }
        }
        Ok(pen)
    }

    fn shape(&self, path: BezPath) -> Shape {
        let seen = |color: Rgba| color.with_opacity(self.opacity);
        let stroke = Stroke::new(self.width).with_caps(self.cap).with_join(self.join);
        Shape { path, fill: self.fill.map(seen), stroke: self.stroke.map(|color| (seen(color), stroke)) }
    }
}

fn children(node: Node, place: Affine, pen: &Pen, depth: usize, out: &mut Vec<Shape>) -> Result<(), BadSymbol> {
    if depth > MAX_DEPTH {
        return Err(unsupported("groups nested too deeply"));
    }
    for child in node.children().filter(Node::is_element) {
        let pen = pen.read(child)?;
        let place = place * child.attribute("transform").map_or(Ok(Affine::IDENTITY), transform)?;
        if child.tag_name().name() == "g" {
            children(child, place, &pen, depth + 1, out)?;
        } else if let Some(path) = outline(child)? {
            out.push(pen.shape(place * path));
        }
    }
    Ok(())
}

fn outline(node: Node) -> Result<Option<BezPath>, BadSymbol> {
    let get = |name: &str| node.attribute(name).map_or(Ok(0.0), number);
    Ok(Some(match node.tag_name().name() {
        "path" => {
            let d = node.attribute("d").unwrap_or_default();
            BezPath::from_svg(d).map_err(|error| unsupported(&format!("a path that cannot be read: {error}")))?
        }
        "circle" => Circle::new((get("cx")?, get("cy")?), get("r")?).to_path(TOLERANCE),
        "ellipse" => Ellipse::new((get("cx")?, get("cy")?), (get("rx")?, get("ry")?), 0.0).to_path(TOLERANCE),
        "rect" => {
            let (x, y) = (get("x")?, get("y")?);
            let radius = if node.has_attribute("rx") { get("rx")? } else { get("ry")? };
            RoundedRect::new(x, y, x + get("width")?, y + get("height")?, radius).to_path(TOLERANCE)
        }
        "line" => Line::new((get("x1")?, get("y1")?), (get("x2")?, get("y2")?)).to_path(TOLERANCE),
        "polygon" | "polyline" => {
            let points = numbers(node.attribute("points").unwrap_or_default())?;
            let mut path = BezPath::new();
            for (index, at) in points.chunks_exact(2).enumerate() {
                if index == 0 { path.move_to((at[0], at[1])) } else { path.line_to((at[0], at[1])) }
            }
            if node.tag_name().name() == "polygon" && !path.is_empty() {
                path.close_path();
            }
            path
        }
        "title" | "desc" | "metadata" | "defs" => return Ok(None),
        other => return Err(unsupported(&format!("an element <{other}>"))),
    }))
}

/// `translate(…)`, `scale(…)`, `rotate(…)`, `matrix(…)`, one after the other.
fn transform(text: &str) -> Result<Affine, BadSymbol> {
    let mut all = Affine::IDENTITY;
    for part in text.split(')').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, inside) = part.split_once('(').ok_or_else(|| unsupported("a transform without brackets"))?;
        let values = numbers(inside)?;
        all *= match (name.trim_matches([' ', ',']), &values[..]) {
            ("translate", [right]) => Affine::translate((*right, 0.0)),
            ("translate", [right, down]) => Affine::translate((*right, *down)),
            ("scale", [both]) => Affine::scale(*both),
            ("scale", [across, down]) => Affine::scale_non_uniform(*across, *down),
            ("rotate", [degrees]) => Affine::rotate(degrees.to_radians()),
            ("rotate", [degrees, x, y]) => Affine::rotate_about(degrees.to_radians(), (*x, *y)),
            ("matrix", values) if values.len() == 6 => Affine::new(std::array::from_fn(|index| values[index])),
            (other, _) => return Err(unsupported(&format!("a transform {other}"))),
        };
    }
    Ok(all)
}

fn color(text: &str) -> Result<Option<Rgba>, BadSymbol> {
    if text == "none" {
        return Ok(None);
    }
    let digits = text.strip_prefix('#').unwrap_or_default();
    let long =
        if digits.len() == 3 { digits.chars().flat_map(|digit| [digit, digit]).collect() } else { digits.to_owned() };
    match u32::from_str_radix(&long, 16) {
        Ok(rgb) if long.len() == 6 => Ok(Some(Rgba::hex(rgb))),
        _ => Err(unsupported(&format!("a colour {text}"))),
    }
}

fn numbers(text: &str) -> Result<Vec<f64>, BadSymbol> {
    text.split([' ', ',', '\n', '\t']).filter(|word| !word.is_empty()).map(number).collect()
}

fn number(text: &str) -> Result<f64, BadSymbol> {
    let number = text.trim().trim_end_matches("px").parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| unsupported(&format!("a number {text}")))
}

fn unsupported(what: &str) -> BadSymbol {
    BadSymbol::Unsupported(what.to_owned())
}

#[cfg(test)]
#[allow(clippy::float_cmp)] // the numbers compared are exact
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_file_in_assets_is_listed_and_can_be_drawn() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/symbols");
        let names = |folder: &Path| -> Vec<String> {
            let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
            let svg = files.filter(|path| path.extension().is_some_and(|end| end == "svg"));
            let mut names: Vec<String> = svg.map(|path| path.file_stem().unwrap().to_string_lossy().into()).collect();
            names.sort();
            names
        };
        let listed: Vec<&str> = SYMBOLS.iter().map(|entry| entry.0).collect();
        assert_eq!(names(&folder), listed);
        assert_eq!(names(&folder.join("dark")), listed);
        for id in listed {
            for dark in [false, true] {
                let symbol = symbol(id, dark).unwrap();
                assert!(!symbol.shapes.is_empty() && symbol.size == [24.0, 24.0], "{id}");
            }
        }
    }

    #[test]
    fn groups_hand_down_colour_and_place() {
        let symbol = Symbol::read(
            r##"<svg viewBox="0 0 10 10"><g fill="#f00" transform="translate(2 3) scale(2)" opacity="0.5">
                <rect x="0" y="0" width="1" height="2"/><polygon points="0,0 1,0 1,1" fill="none" stroke="#00ff00"/>
            </g></svg>"##,
        )
        .unwrap();
        assert_eq!(symbol.shapes.len(), 2);
        assert_eq!(symbol.shapes[0].fill, Some(Rgba([255, 0, 0, 128])));
        let bounds = symbol.shapes[0].path.bounding_box();
        assert_eq!([bounds.x0, bounds.y0, bounds.x1, bounds.y1], [2.0, 3.0, 4.0, 7.0]);
        assert_eq!(symbol.shapes[1].fill, None);
    }

    #[test]
    fn what_is_not_drawn_is_refused() {
        let check = |inside: &str, want: &str| {
            let error = Symbol::read(&format!("<svg>{inside}</svg>")).unwrap_err();
            assert!(error.to_string().contains(want), "{error}");
        };
        check("<text>a</text>", "<text>");
        check(r#"<path d="M q"/>"#, "cannot be read");
        check(r#"<circle r="1" fill="url(#a)"/>"#, "url(#a)");
        check(r#"<rect width="1e999"/>"#, "1e999");
        check(&format!("{}{}", "<g>".repeat(50), "</g>".repeat(50)), "nested");
        check("<g", "XML");
    }
}
