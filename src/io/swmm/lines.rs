//! Lines of a model: new ones in SWMM's own columns, and old ones in which single words are replaced.

use super::inp::{Section, quoted, ranges, words};
use super::model::number;
use super::network::{Link, LinkKind, Node, NodeKind};
use super::rows::tidy;
use super::shape::shape_of;
use super::units::Units;

/// Surface of a storage unit of which no curve is known, m².
pub(super) const STORAGE_M2: f64 = 100.0;
/// Coefficients of devices of which nothing but their place is known: SWMM's own proposals.
const ORIFICE_COEFFICIENT: f64 = 0.65;
const WEIR_COEFFICIENT_SI: f64 = 1.84;
const WEIR_COEFFICIENT_US: f64 = 3.33;

/// Name of the curve of pumps that share their node with other links, and what they raise from a metre of water on, L/s.
pub(super) const PUMP_CURVE: &str = "CITYGRID_PUMP";
pub(super) const PUMP_L_S: f64 = 50.0;

/// A number as short as it can be, to the billionth.
pub(super) fn plain(number: f64) -> String {
    tidy(number).to_string()
}

/// A coordinate: as short as it can be and still the same number.
pub(super) fn coordinate(number: f64) -> String {
    number.to_string()
}

/// How lengths are written in a model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Form {
    pub units: Units,
    /// Whether ends of links are given as levels.
    pub has_levels: bool,
}

impl Form {
    /// Metres in the model's unit.
    pub(super) fn length(self, metres: f64) -> String {
        plain(metres / self.units.length_m())
    }

    /// A length that may not be known.
    pub(super) fn maybe(self, metres: Option<f64>) -> String {
        metres.map_or_else(|| "0".to_owned(), |metres| self.length(metres))
    }

    /// Square metres in the model's unit.
    pub(super) fn square(self, square_m: Option<f64>) -> String {
        let unit = self.units.length_m() * self.units.length_m();
        square_m.map_or_else(|| "0".to_owned(), |square| plain(square / unit))
    }

    /// A flow.
    pub(super) fn flow(self, l_s: f64) -> String {
        plain(l_s / self.units.flow_l_s)
    }

    /// The end of a link as the model counts it. A level below the bottom of the node is written as that bottom.
    pub(super) fn offset(self, level_m: Option<f64>, bottom_m: Option<f64>) -> String {
        match (level_m, bottom_m) {
            (None, _) if self.has_levels => "*".to_owned(),
            (None, _) => "0".to_owned(),
            (Some(level), _) if self.has_levels => self.length(level),
            (Some(level), bottom) => self.length((level - bottom.unwrap_or(level)).max(0.0)),
        }
    }

    /// The line that defines a new node.
    pub(super) fn node(self, node: &Node) -> (Section, String) {
        let (name, bottom) = (quoted(&node.name), self.maybe(node.bottom_m));
        let [depth, init] = [node.depth_m, node.init_depth_m].map(|depth| self.maybe(depth));
        match node.kind {
            NodeKind::Junction | NodeKind::Divider => {
                let (over, ponded) = (self.maybe(node.surcharge_depth_m), self.square(node.ponded_area_m2));
                (Section::Junctions, format!("{name:<16} {bottom:<10} {depth:<10} {init:<10} {over:<10} {ponded}"))
            }
            NodeKind::Outfall => {
                let gate = if node.has_flap == Some(true) { "YES" } else { "NO" };
                let boundary = self.boundary(node).unwrap_or_else(|| vec!["FREE".to_owned()]);
                let [kind, stage] = [0, 1].map(|at| boundary.get(at).map_or("", String::as_str));
                (Section::Outfalls, format!("{name:<16} {bottom:<10} {kind:<10} {stage:<16} {gate}"))
            }
            NodeKind::Storage => {
                let area = self.square(Some(STORAGE_M2));
                let storage = storage_words(node);
                let shape = storage.map_or_else(|| format!("FUNCTIONAL 0 0 {area} 0 0"), |words| words.join(" "));
                let line = format!("{name:<16} {bottom:<10} {depth:<10} {init:<10} {shape}");
                (Section::Storage, line)
            }
        }
    }

    /// What an outfall runs into: SWMM's word, and what goes with it; `None` where they make no sense.
    pub(super) fn boundary(self, node: &Node) -> Option<Vec<String>> {
        let kind = node.boundary.as_deref().unwrap_or("FREE").trim().to_ascii_uppercase();
        let stage = node.stage.as_deref().map(str::trim).filter(|stage| !stage.is_empty());
        match (kind.as_str(), stage) {
            ("FREE" | "NORMAL", _) => Some(vec![kind]),
            ("FIXED", Some(stage)) => Some(vec![kind, self.length(number(stage)?)]),
            ("TIDAL" | "TIMESERIES", Some(name)) => Some(vec![kind, quoted(name)]),
            _ => None,
        }
    }

    /// The line that defines a new link; `bottoms_m` are the levels of the nodes at its ends, `is_alone` whether no other
    /// link begins where it does: only then SWMM lets a pump raise whatever comes.
    pub(super) fn link(self, link: &Link, bottoms_m: [Option<f64>; 2], is_alone: bool) -> (Section, String) {
        let name = quoted(&link.name);
        let [from, to] = [0, 1].map(|end| quoted(&link.ends[end]));
        let [up, down] = [0, 1].map(|end| self.offset(link.inverts_m[end], bottoms_m[end]));
        let begin = format!("{name:<16} {from:<16} {to:<16}");
        match link.kind {
            LinkKind::Conduit => {
                let length = self.maybe(link.length_m);
                let n = plain(link.manning_n.unwrap_or(super::merge::MANNING_N));
                (Section::Conduits, format!("{begin} {length:<10} {n:<10} {up:<10} {down:<10} 0          0"))
            }
            LinkKind::Pump => {
                let curve = if is_alone { "*" } else { PUMP_CURVE };
                (Section::Pumps, format!("{begin} {curve:<16} ON       0        0"))
            }
            LinkKind::Orifice => {
                (Section::Orifices, format!("{begin} SIDE         {up:<10} {ORIFICE_COEFFICIENT:<10} NO       0"))
            }
            LinkKind::Weir => {
                let coefficient = if self.units.is_us { WEIR_COEFFICIENT_US } else { WEIR_COEFFICIENT_SI };
                let line = format!("{begin} TRANSVERSE   {up:<10} {coefficient:<10} NO       0        0          YES");
                (Section::Weirs, line)
            }
            LinkKind::Outlet => {
                (Section::Outlets, format!("{begin} {up:<10} FUNCTIONAL/DEPTH 10.0       0.5        NO"))
            }
        }
    }

    /// The curve of pumps that share their node.
    pub(super) fn pump_curve(self) -> [String; 2] {
        let (depth, flow) = (self.length(1.0), self.flow(PUMP_L_S));
        [format!("{PUMP_CURVE:<16} PUMP4      0          0"), format!("{PUMP_CURVE:<16}            {depth:<10} {flow}")]
    }

    /// The line of a link's cross section; `None` for a link that has none.
    pub(super) fn xsection(self, link: &Link) -> Option<String> {
        let name = quoted(&link.name);
        let (height_m, width_m) = (link.height_mm? / 1000.0, link.width_mm.map(|width| width / 1000.0));
        let shape = match link.kind {
            LinkKind::Pump | LinkKind::Outlet => return None,
            LinkKind::Weir => "RECT_OPEN",
            LinkKind::Orifice if link.section.as_deref() == Some("rectangle") => "RECT_CLOSED",
            LinkKind::Orifice => "CIRCULAR",
            LinkKind::Conduit => shape_of(link.section.as_deref(), height_m, width_m),
        };
        let height = self.length(height_m);
        let width = if shape == "CIRCULAR" { "0".to_owned() } else { self.length(width_m.unwrap_or(height_m)) };
        // Both sides of a trapezoid of which no slope is known rise by one in one.
        let sides = if shape == "TRAPEZOIDAL" { "1          1" } else { "0          0" };
        let barrels = link.barrels.unwrap_or(1);
        Some(format!("{name:<16} {shape:<12} {height:<10} {width:<10} {sides:<21} {barrels}"))
    }
}

/// How the surface of a storage unit changes with depth; `None` where nothing or nonsense is said.
pub(super) fn storage_words(node: &Node) -> Option<Vec<String>> {
    let line = node.storage.as_deref()?;
    let [kind, rest @ ..] = &words(line)[..] else { return None };
    let is_number = |word: &&str| number(word).is_some();
    let numbers = rest.iter().take_while(|word| is_number(word)).count();
    let is_sound = match kind.to_ascii_uppercase().as_str() {
        "TABULAR" => !rest.is_empty() && rest[1..].iter().all(is_number),
        "FUNCTIONAL" | "CYLINDRICAL" | "CONICAL" | "PARABOLOID" | "PARABOLIC" | "PYRAMIDAL" => {
            numbers >= 3 && numbers == rest.len()
        }
        _ => false,
    };
    is_sound.then(|| words(line).into_iter().map(quoted).collect())
}

/// The line of a position.
pub(super) fn position(name: &str, [x, y]: [f64; 2]) -> String {
    let (name, x, y) = (quoted(name), coordinate(x), coordinate(y));
    format!("{name:<16} {x:<18} {y}")
}

/// A line in which words are replaced; everything else stays as it is.
pub(super) struct Edited<'a> {
    line: &'a str,
    words: Vec<String>,
    is_changed: bool,
}

impl<'a> Edited<'a> {
    pub(super) fn new(line: &'a str) -> Self {
        let words = ranges(line).into_iter().map(|range| line[range].to_owned()).collect();
        Self { line, words, is_changed: false }
    }

    /// Replaces a word; words that are missing before it become `filler`.
    pub(super) fn set(&mut self, at: usize, word: String, filler: &str) {
        while self.words.len() <= at {
            self.words.push(filler.to_owned());
            self.is_changed = true;
        }
        if self.words[at] != word {
            self.words[at] = word;
            self.is_changed = true;
        }
    }

    /// Replaces all words from one on; words that are missing before them become `filler`.
    pub(super) fn set_tail(&mut self, from: usize, tail: &[String], filler: &str) {
        if self.words.len() > from + tail.len() {
            self.words.truncate(from + tail.len());
            self.is_changed = true;
        }
        tail.iter().enumerate().for_each(|(at, word)| self.set(from + at, word.clone(), filler));
    }

    /// The line as it is now, if it is another.
    pub(super) fn changed(self) -> Option<String> {
        if !self.is_changed {
            return None;
        }
        let old = ranges(self.line);
        let mut out = String::with_capacity(self.line.len() + 16);
        let mut end = 0;
        for (range, word) in old.iter().zip(&self.words) {
            out.push_str(&self.line[end..range.start]);
            out.push_str(word);
            // A shorter word keeps the columns behind it in their place.
            let behind = self.line[range.end..].bytes().take_while(|byte| *byte == b' ').count();
            let pad = self.line[range.clone()].chars().count().saturating_sub(word.chars().count());
            if behind > 0 && range.end + behind < self.line.len() {
                out.push_str(&" ".repeat(pad));
            }
            end = range.end;
        }
        for word in self.words.iter().skip(old.len()) {
            out.push(' ');
            out.push_str(word);
        }
        if self.words.len() < old.len() {
            end = old.last().map_or(end, |last| last.end);
        }
        out.push_str(&self.line[end..]);
        Some(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replaced_word_leaves_the_rest_of_its_line() {
        check("J1   1.25   2  ; 备注", 1, "3", "J1   3      2  ; 备注");
        check("J1\t1.25\t2", 2, "12.5", "J1\t1.25\t12.5");
        check("J1 1", 3, "7", "J1 1 0 7");
        check("\"井 1\" 1", 0, "J2", "J2    1");
    }

    #[test]
    fn a_shorter_tail_takes_words_away_and_leaves_the_comment() {
        for (tail, expected) in [("FREE NO", "O1 9 FREE  NO ; 河"), ("FIXED 2 NO S1", "O1 9 FIXED 2 NO S1 ; 河")] {
            let mut edited = Edited::new("O1 9 FIXED 1.5 NO ; 河");
            let tail: Vec<String> = tail.split(' ').map(str::to_owned).collect();
            edited.set_tail(2, &tail, "0");
            let squeezed = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(edited.changed().map(|line| squeezed(&line)), Some(squeezed(expected)));
        }
    }

    #[track_caller]
    fn check(line: &str, at: usize, word: &str, expected: &str) {
        let mut edited = Edited::new(line);
        edited.set(at, word.to_owned(), "0");
        assert_eq!(edited.changed().as_deref(), Some(expected));
    }
}
