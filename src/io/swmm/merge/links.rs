//! Links written again: their lines, their cross sections, what they hang on.

use super::super::inp::{Section, key, quoted};
use super::super::lines::{Edited, PUMP_L_S, plain, position};
use super::super::network::{Link, LinkKind};
use super::super::rows::Layer;
use super::super::shape::{has_height, has_width, is_known};
use super::{Changed, MANNING_N, Now, Work, has};
use crate::task::Problem;
use crate::text;

/// Fields that stand in the lines that define a link.
const DEFINING: &[&str] =
    &["code", "from_node", "to_node", "length_m", "manning_n", "invert_up_m", "invert_down_m", "device", "remark"];

fn class_of(section: Section) -> LinkKind {
    match section {
        Section::Pumps => LinkKind::Pump,
        Section::Orifices => LinkKind::Orifice,
        Section::Weirs => LinkKind::Weir,
        Section::Outlets => LinkKind::Outlet,
        _ => LinkKind::Conduit,
    }
}

/// Sorts of a device, and where in its line the word for it stands.
fn devices(class: LinkKind) -> (usize, &'static [&'static str]) {
    match class {
        LinkKind::Conduit => (0, &[]),
        LinkKind::Pump => (3, &[]),
        LinkKind::Orifice => (3, &["SIDE", "BOTTOM"]),
        LinkKind::Weir => (3, &["TRANSVERSE", "SIDEFLOW", "V-NOTCH", "TRAPEZOIDAL", "ROADWAY"]),
        LinkKind::Outlet => (4, &["FUNCTIONAL/DEPTH", "FUNCTIONAL/HEAD", "TABULAR/DEPTH", "TABULAR/HEAD"]),
    }
}

/// What is made up of a cross section.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Guess {
    Sides,
    Width,
    Round,
    Shape,
}

/// Whether a cross section is drawn anew by the words of the record, not word by word; `before` is SWMM's shape.
pub(super) fn is_redrawn(link: &Link, before: &str) -> bool {
    let kept = link.kept.as_ref();
    (has(kept, "section") && link.section.is_some())
        || (!has_height(before) && has(kept, "diameter_mm") && link.height_mm.is_some())
}

impl Work<'_> {
    pub(super) fn edit_link(&mut self, at: usize) {
        let was = &self.model.links[at];
        let Some(link) = self.links[at] else {
            self.done.removed += 1;
            return self.remove(was.line);
        };
        let kept = link.kept.as_ref().filter(|kept| kept.is_moved || !kept.changed.is_empty());
        self.done.changed += u64::from(kept.is_some());
        let mut left = Changed::of(kept);
        let is_other = left.take("link_type");
        if is_other && link.kind != class_of(was.section) {
            self.remove(was.line);
            self.redefine_link(was.xsection.is_none(), link);
            left.take_all(DEFINING);
        } else {
            self.edit_link_line(at, link, &mut left);
        }
        self.edit_section(at, link, &mut left);
        if kept.is_some_and(|kept| kept.is_moved) {
            self.add_vertices(link);
        }
        if left.take("tag") && was.tag.is_none() {
            self.add_tag("Link", &link.name, link.tag.as_ref());
        }
        self.tell_left(Layer::Links, &link.name, left);
    }

    fn edit_link_line(&mut self, at: usize, link: &Link, left: &mut Changed<'_>) {
        let model = self.model;
        let was = &model.links[at];
        let words = model.words(was.line);
        if left.take("remark") {
            self.describe(was.line, words.first().copied().unwrap_or_default(), link.remark.as_deref());
        }
        let mut line = Edited::new(model.inp.line(model.inp.lines[was.line as usize]));
        if left.take("code") {
            line.set(0, quoted(&link.name), "");
        }
        for (end, field) in ["from_node", "to_node"].into_iter().enumerate() {
            let now = was.ends[end].map(|node| self.node_now(node as usize));
            match now {
                _ if left.take(field) => line.set(1 + end, quoted(&link.ends[end]), "?"),
                Some(Now::Named(name)) => line.set(1 + end, name, "?"),
                Some(Now::Gone) => self.tell_end(&link.name, &link.ends[end]),
                Some(Now::Same) | None => {}
            }
        }
        let class = class_of(was.section);
        if class == LinkKind::Conduit {
            if left.take("length_m") {
                line.set(3, self.form.maybe(link.length_m), "0");
            }
            if left.take("manning_n") {
                if link.manning_n.is_none() {
                    self.tell_unknown(link, ("粗糙系数", "roughness"), &format!("n = {MANNING_N}"));
                }
                line.set(4, plain(link.manning_n.unwrap_or(MANNING_N)), "0");
            }
        }
        self.edit_offsets(at, link, &mut line, left);
        if class != LinkKind::Conduit && left.take("device") {
            self.edit_device(class, link, &words, &mut line);
        }
        self.put(was.line as usize, line);
    }

    fn edit_offsets(&mut self, at: usize, link: &Link, line: &mut Edited<'_>, left: &mut Changed<'_>) {
        let places: &[usize] = match class_of(self.model.links[at].section) {
            LinkKind::Conduit => &[5, 6],
            LinkKind::Orifice | LinkKind::Weir => &[4],
            LinkKind::Outlet => &[3],
            LinkKind::Pump => &[],
        };
        for (end, place) in places.iter().enumerate() {
            let is_joined_anew = has(link.kept.as_ref(), ["from_node", "to_node"][end]);
            let is_set = left.take(["invert_up_m", "invert_down_m"][end]);
            if is_set || (!self.form.has_levels && self.is_base_moved(at, end, is_joined_anew)) {
                let bottom = self.bottoms_m.get(&key(&link.ends[end])).copied().flatten();
                self.tell_below(link, end, bottom);
                if is_set && link.inverts_m[end].is_none() {
                    let node = &link.ends[end];
                    self.tell_unknown(
                        link,
                        ("管底标高", "invert"),
                        &format!("{node} {:.3} m", bottom.unwrap_or_default()),
                    );
                }
                line.set(*place, self.form.offset(link.inverts_m[end], bottom), "0");
            }
        }
    }

    /// Tells a value that was cleared and that SWMM must have.
    fn tell_unknown(&mut self, link: &Link, (zh, en): (&str, &str), written: &str) {
        let name = &link.name;
        let what = text!("“{name}”没有{zh}，按 {written} 写出", "“{name}” has no {en}: {written} is written");
        self.done.problems.push(Problem::warning("swmm.size", what));
    }

    /// The curve of a pump, or what sort of device it is.
    fn edit_device(&mut self, class: LinkKind, link: &Link, words: &[&str], line: &mut Edited<'_>) {
        let (place, sorts) = devices(class);
        let before = words.get(place).copied().unwrap_or_default().to_ascii_uppercase();
        let word = link.device.as_deref().unwrap_or_default().trim();
        let upper = word.to_ascii_uppercase();
        let is_sound = match class {
            LinkKind::Pump => word == "*" || self.names.curves.contains(&upper),
            // What stands behind is a curve for the one, numbers for the other.
            LinkKind::Outlet => sorts.contains(&upper.as_str()) && upper.split('/').next() == before.split('/').next(),
            _ => sorts.contains(&upper.as_str()),
        };
        if is_sound {
            line.set(place, if class == LinkKind::Pump { quoted(word) } else { upper }, "*");
        } else {
            self.tell_word(&link.name, ("构件形式", "device"), word);
        }
    }

    /// Asks which fields of its cross section are others: the line of it is written where it stands, or added here.
    fn edit_section(&mut self, at: usize, link: &Link, left: &mut Changed<'_>) {
        let was = &self.model.links[at];
        let words = was.xsection.map(|line| self.model.words(line)).unwrap_or_default();
        let before = words.get(1).copied().unwrap_or_default();
        let is_shaped = matches!(link.kind, LinkKind::Conduit | LinkKind::Orifice | LinkKind::Weir);
        if !is_shaped {
            return;
        }
        if was.xsection.is_none() {
            if ["diameter_mm", "width_mm", "section", "barrels"].into_iter().any(|field| left.has(field)) {
                self.drawn_section(link).into_iter().for_each(|line| self.add(Section::Xsections, line));
            }
            left.take_all(&["diameter_mm", "width_mm", "section", "barrels"]);
            return;
        }
        let is_redrawn = is_redrawn(link, before);
        if left.has("swmm_shape") {
            let shape = link.shape.as_deref().unwrap_or_default();
            let is_plain = |shape: &str| is_known(shape) && has_height(shape) && !shape.eq_ignore_ascii_case("CUSTOM");
            if is_plain(shape) && is_plain(before) {
                left.take("swmm_shape");
            } else if is_redrawn {
                // The section says it already.
                left.take("swmm_shape");
            } else {
                left.take("swmm_shape");
                self.tell_word(&link.name, ("SWMM 断面", "SWMM shape"), shape);
            }
        }
        left.take("diameter_mm");
        if is_redrawn && self.form.xsection(link).is_some() {
            left.take("section");
        }
        let now = self.shape_now(link, before, is_redrawn);
        if is_redrawn || has_width(&now) || link.width_mm.is_none() {
            left.take("width_mm");
        }
        if link.kind == LinkKind::Conduit {
            left.take("barrels");
            let is_round =
                |shape: &str| shape.eq_ignore_ascii_case("CIRCULAR") || shape.eq_ignore_ascii_case("FORCE_MAIN");
            if left.has("is_pressure") && is_round(&now) {
                left.take("is_pressure");
            }
        }
    }

    /// SWMM's word for the shape that a link is written with.
    pub(super) fn shape_now(&self, link: &Link, before: &str, is_redrawn: bool) -> String {
        let asked = link.shape.as_deref().filter(|_| has(link.kept.as_ref(), "swmm_shape"));
        match asked {
            Some(shape) if is_known(shape) && has_height(shape) && has_height(before) => shape.to_ascii_uppercase(),
            _ if is_redrawn => {
                let line = self.form.xsection(link).unwrap_or_default();
                line.split_whitespace().nth(1).unwrap_or_default().to_owned()
            }
            _ => before.to_ascii_uppercase(),
        }
    }

    /// The line of a cross section by the words of the record; what they leave open is counted.
    pub(super) fn drawn_section(&mut self, link: &Link) -> Option<String> {
        let line = self.form.xsection(link)?;
        let shape = line.split_whitespace().nth(1).unwrap_or_default();
        let what = match shape {
            "TRAPEZOIDAL" => Some(Guess::Sides),
            "RECT_CLOSED" | "RECT_OPEN" if link.width_mm.is_none() => Some(Guess::Width),
            "RECT_CLOSED" | "CIRCULAR" if link.section.as_deref() == Some("irregular") => Some(Guess::Shape),
            "CIRCULAR"
                if link.kind == LinkKind::Conduit && !matches!(link.section.as_deref(), None | Some("circle")) =>
            {
                Some(Guess::Round)
            }
            _ => None,
        };
        if let Some(what) = what {
            let (count, _) = self.guesses.entry(what).or_insert_with(|| (0, link.name.clone()));
            *count += 1;
        }
        Some(line)
    }

    /// Tells what was made up of cross sections, once for each sort.
    pub(super) fn tell_guesses(&mut self) {
        for (guess, (count, first)) in std::mem::take(&mut self.guesses) {
            let what = match guess {
                Guess::Sides => text!(
                    "{count} 个梯形断面（如“{first}”）没有边坡，按 1:1 写出",
                    "{count} trapezoids (“{first}” is one) have no bank slope: 1:1 is written"
                ),
                Guess::Width => text!(
                    "{count} 个矩形断面（如“{first}”）没有宽度，宽按高写出",
                    "{count} rectangles (“{first}” is one) have no width: as wide as they are high"
                ),
                Guess::Round => text!(
                    "{count} 个椭圆、梯形或三角形断面（如“{first}”）没有宽度，按同高的圆形写出",
                    "{count} ellipses, trapezoids or triangles (“{first}” is one) have no width: written as circles of \
                     their height"
                ),
                Guess::Shape => text!(
                    "{count} 个不规则断面（如“{first}”）没有断面数据，按矩形或圆形写出",
                    "{count} irregular sections (“{first}” is one) have no shape: written as rectangles or circles"
                ),
            };
            self.done.problems.push(Problem::warning("swmm.assumed", what));
        }
    }

    /// Whether the node that an end is counted from is another, or on another level.
    fn is_base_moved(&self, link: usize, end: usize, is_other: bool) -> bool {
        let node = self.model.links[link].ends[end].and_then(|node| self.nodes[node as usize]);
        is_other || node.is_some_and(|node| has(node.kept.as_ref(), "bottom_level_m"))
    }

    fn redefine_link(&mut self, has_no_section: bool, link: &Link) {
        let is_alone = self.begin.get(&key(&link.ends[0])).is_none_or(|count| *count == 1);
        let (section, line) = self.form.link(link, self.bottoms_of(link), is_alone);
        self.define(section, line, link.remark.as_ref());
        self.tell_device(link, is_alone);
        if has_no_section {
            self.drawn_section(link).into_iter().for_each(|line| self.add(Section::Xsections, line));
        }
    }

    /// Of pumps, orifices, weirs and outlets the record knows no more than where they are.
    fn tell_device(&mut self, link: &Link, is_alone: bool) {
        let name = &link.name;
        let what = match link.kind {
            LinkKind::Conduit => return,
            LinkKind::Pump if is_alone => text!(
                "水泵“{name}”没有曲线，按理想泵写出（来多少排多少）",
                "pump “{name}” has no curve: written as an ideal one, which raises whatever comes"
            ),
            LinkKind::Pump => {
                if !self.new.contains_key(&Section::Curves) {
                    let curve = self.form.pump_curve();
                    self.new.insert(Section::Curves, curve.to_vec());
                }
                text!(
                    "水泵“{name}”没有曲线，又与其他连接同一起点，按水深 1 m 时 {PUMP_L_S:.0} L/s 写出，请修改",
                    "pump “{name}” has no curve and begins where other links do: {PUMP_L_S:.0} L/s at a metre of water is \
                     written, change it"
                )
            }
            _ => text!(
                "“{name}”没有流量系数，按 SWMM 的默认值写出",
                "“{name}” has no coefficients: those that SWMM proposes are written"
            ),
        };
        self.done.problems.push(Problem::warning("swmm.assumed", what));
    }

    fn bottoms_of(&self, link: &Link) -> [Option<f64>; 2] {
        [0, 1].map(|end| self.bottoms_m.get(&key(&link.ends[end])).copied().flatten())
    }

    fn tell_end(&mut self, link: &str, node: &str) {
        let what = text!(
            "连接“{link}”的端点“{node}”已删除，模型无法运行",
            "link “{link}” ends at “{node}”, which is gone: the model will not run"
        );
        self.tell("swmm.no-node", what);
    }

    fn tell_below(&mut self, link: &Link, end: usize, bottom_m: Option<f64>) {
        let Some((level, bottom)) = link.inverts_m[end].zip(bottom_m) else { return };
        let has_end = match link.kind {
            LinkKind::Conduit => true,
            LinkKind::Pump => false,
            _ => end == 0,
        };
        if has_end && level < bottom - 1e-6 && !self.form.has_levels {
            let (name, node) = (&link.name, &link.ends[end]);
            let what = text!(
                "连接“{name}”的管底 {level:.3} m 低于“{node}”的井底 {bottom:.3} m，按井底写出",
                "link “{name}” at {level:.3} m lies below the bottom of “{node}”, {bottom:.3} m: written at that bottom"
            );
            self.tell("swmm.below", what);
        }
    }

    pub(super) fn add_link(&mut self, link: &Link) {
        self.done.added += 1;
        let bottoms = self.bottoms_of(link);
        (0..2).for_each(|end| self.tell_below(link, end, bottoms[end]));
        self.redefine_link(true, link);
        self.add_vertices(link);
        self.add_tag("Link", &link.name, link.tag.as_ref());
    }

    fn add_vertices(&mut self, link: &Link) {
        let lines = link.vertices.iter().map(|at| position(&link.name, *at));
        let lines: Vec<String> = lines.collect();
        if !lines.is_empty() {
            self.new.entry(Section::Vertices).or_default().extend(lines);
        }
    }
}
