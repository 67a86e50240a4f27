//! What the words of a model cannot mean: numbers that are none or are impossible, shapes and sections that SWMM does not
//! know. The rest of their line is read all the same.

use super::super::error::ReadError;
use super::inp::{Line, Section, is_unknown_head, key, words};
use super::model::{Model, number, short};
use super::rows::{Layer, divider_depth};
use super::shape::{has_height, has_width, is_known};
use crate::model::schema::Field;
use crate::task::{Problem, Task};
use crate::text;

/// Lines between two looks at whether to go on.
const PATIENCE: usize = 4096;

/// What a number may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Bound {
    /// Any number.
    Any,
    /// Any number, or `*` for none.
    Level,
    /// Zero or more.
    NotNegative,
    /// More than zero.
    Positive,
    /// From 0 to 100.
    Percent,
    /// How many pipes lie beside each other: from 1 to 1000.
    Count,
}

impl Bound {
    /// Whether a number may be so.
    pub(super) fn holds(self, number: f64) -> bool {
        match self {
            Self::Any | Self::Level => true,
            Self::NotNegative => number >= 0.0,
            Self::Positive => number > 0.0,
            Self::Percent => (0.0..=100.0).contains(&number),
            Self::Count => (1.0..=1000.0).contains(&number),
        }
    }
}

/// A word that must be a number: its place in the line, the field that it becomes, what it may be.
type Wanted = (usize, &'static str, Bound);

impl Model {
    /// Tells every number, shape and section that cannot be read.
    ///
    /// # Errors
    /// Stopped.
    pub(super) fn tell_unreadable(&mut self, task: &Task<'_>) -> Result<(), ReadError> {
        let fields = Layer::ALL.map(Layer::fields);
        let mut found = Vec::new();
        for (place, line) in self.inp.lines.iter().enumerate() {
            if place % PATIENCE == 0 {
                task.check()?;
            }
            if line.is_head {
                found.extend(self.unknown_section(*line));
            } else {
                self.unreadable(*line, &fields, &mut found);
            }
        }
        found.into_iter().for_each(|problem| self.problems.push(problem));
        Ok(())
    }

    fn unknown_section(&self, line: Line) -> Option<Problem> {
        let head = self.inp.line(line);
        is_unknown_head(head).then(|| {
            let head = short(head.split(';').next().unwrap_or_default());
            let what = text!(
                "SWMM 没有“{head}”这一节，其内容没有读取，原样保留",
                "SWMM has no section “{head}”: what stands in it is not read, and kept as it is"
            );
            Problem::warning("swmm.section", what)
        })
    }

    fn unreadable(&self, line: Line, fields: &[Vec<Field>; 4], found: &mut Vec<Problem>) {
        let Some((layer, wanted)) = self.wanted(line) else { return };
        let words = words(self.inp.line(line));
        let name = short(words.first().copied().unwrap_or_default());
        if line.section == Section::Xsections
            && let Some(shape) = words.get(1).filter(|shape| !is_known(shape))
        {
            let shape = short(shape);
            let what = text!(
                "“{name}”的断面“{shape}”SWMM 不认识，断面形式按未填处理",
                "SWMM knows no shape “{shape}”, which “{name}” has: its section is left empty"
            );
            found.push(Problem::warning("swmm.shape", what));
        }
        for (at, field, bound) in wanted {
            let Some(word) = words.get(at).filter(|word| bound != Bound::Level || **word != "*") else { continue };
            let number = number(word);
            if number.is_some_and(|number| bound.holds(number)) {
                continue;
            }
            let Some(field) = fields[layer as usize].iter().find(|known| known.id == field) else { continue };
            let (zh, en, word) = (&field.name.zh, &field.name.en, short(word));
            let what = if number.is_none() {
                text!(
                    "“{name}”的{zh}“{word}”不是数字，按未填处理",
                    "“{name}”: “{word}” is no number ({en}); it is left empty"
                )
            } else {
                text!(
                    "“{name}”的{zh}不可能是“{word}”，按未填处理",
                    "“{name}”: “{word}” is impossible ({en}); it is left empty"
                )
            };
            found.push(Problem::warning("swmm.number", what));
        }
    }

    /// The numbers of a line that become values of a row, and the layer of that row.
    fn wanted(&self, line: Line) -> Option<(Layer, Vec<Wanted>)> {
        use Bound::{Any, Level, NotNegative, Percent, Positive};
        let words = || words(self.inp.line(line));
        let is_flow = || words().get(1).is_some_and(|word| word.eq_ignore_ascii_case("FLOW"));
        let bottom = (1, "bottom_level_m", Any);
        let water = |first: usize| [(first, "depth_m", NotNegative), (first + 1, "init_depth_m", NotNegative)];
        let above =
            |first: usize| [(first, "surcharge_depth_m", NotNegative), (first + 1, "ponded_area_m2", NotNegative)];
        let spread = |first: usize| [&[bottom][..], &water(first), &above(first + 2)].concat();
        Some(match line.section {
            Section::Junctions => (Layer::Nodes, spread(2)),
            Section::Dividers => (Layer::Nodes, spread(divider_depth(words().get(3).copied().unwrap_or_default()))),
            Section::Storage => (Layer::Nodes, [&[bottom][..], &water(2)].concat()),
            Section::Outfalls => (Layer::Nodes, vec![bottom]),
            Section::Dwf if is_flow() => (Layer::Nodes, vec![(2, "dry_flow_l_s", Any)]),
            Section::Inflows if is_flow() => (Layer::Nodes, vec![(6, "inflow_l_s", Any)]),
            Section::Conduits => {
                let ends = [(5, "invert_up_m", Level), (6, "invert_down_m", Level)];
                let own = [(3, "length_m", Positive), (4, "manning_n", Positive)];
                (Layer::Links, [own, ends].concat())
            }
            Section::Orifices | Section::Weirs => (Layer::Links, vec![(4, "invert_up_m", Level)]),
            Section::Outlets => (Layer::Links, vec![(3, "invert_up_m", Level)]),
            Section::Xsections => (Layer::Links, self.wanted_of_shape(&words())?),
            Section::Subcatchments => {
                let size = [(3, "area_ha", NotNegative), (4, "impervious_pct", Percent)];
                (Layer::Areas, [size, [(5, "width_m", NotNegative), (6, "slope_pct", NotNegative)]].concat())
            }
            Section::Subareas => {
                let rough = [(1, "n_impervious", NotNegative), (2, "n_pervious", NotNegative)];
                let store = [(3, "store_impervious_mm", NotNegative), (4, "store_pervious_mm", NotNegative)];
                (Layer::Areas, [&rough[..], &store, &[(5, "zero_store_pct", Percent)]].concat())
            }
            _ => return None,
        })
    }

    /// Those of a cross section; `None` for a link that has none.
    fn wanted_of_shape(&self, words: &[&str]) -> Option<Vec<Wanted>> {
        let link = *self.link_names.get(&key(words.first()?))?;
        let section = self.links[link as usize].section;
        let shape = words.get(1)?.to_ascii_uppercase();
        if !matches!(section, Section::Conduits | Section::Orifices | Section::Weirs) {
            return None;
        }
        let mut wanted = Vec::new();
        if has_height(&shape) {
            wanted.push((2, "diameter_mm", Bound::Positive));
        }
        // Other shapes have standard sizes, with a zero for the width.
        if shape.starts_with("RECT") || shape == "TRIANGULAR" {
            wanted.push((3, "width_mm", Bound::Positive));
        } else if has_width(&shape) {
            wanted.push((3, "width_mm", Bound::NotNegative));
        }
        if section == Section::Conduits {
            wanted.push((6, "barrels", Bound::Count));
        }
        Some(wanted)
    }
}
