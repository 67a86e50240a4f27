//! The legend of a sheet: what is visible at its scale, in as many columns as its room needs.

use super::crowd_legend::CrowdSign;
use super::decor::{self, Align, write};
use super::map::LAND;
use super::paper::PX;
use super::scene::{Item, Scene};
use super::sheet::{FAINT, INK, Sheet, fill};
use super::swatch::swatch_scene;
use super::view::View;
use crate::model::ramp::Ramp;
use crate::model::style::{Ink, Paint, Rule, ScaleRange};
use crate::text;
use crate::text::Text;

/// Height of a row at its best and at its closest, and width of its picture, millimetres.
const ROW_MM: f64 = 7.0;
const LEAST_ROW_MM: f64 = 4.3;
const SWATCH_MM: f64 = 9.0;
/// So far to the right stands what a heading heads, millimetres.
const INDENT_MM: f64 = 2.0;
/// Words too long for their column are made so much smaller at most.
const LEAST_WORDS: f32 = 0.82;
/// Longest words of a row that names a layer and a class of it, in Chinese and in English.
const MOST_IN_ONE: [usize; 2] = [8, 16];
/// Steps of a ramp, and its longest.
const SHADES: usize = 32;
const SHADES_MM: f64 = 40.0;
/// Most columns.
const MOST_COLUMNS: usize = 3;
/// A column is no narrower than this.
const LEAST_COLUMN_MM: f64 = 34.0;

/// A row of the legend.
#[derive(Clone, Debug)]
pub struct LegendRow {
    /// What a person reads.
    pub name: Text,
    /// How it looks; `None` for a heading.
    pub sign: Option<Sign>,
    /// Whether it belongs to the heading before it.
    pub is_member: bool,
}

/// How a row of the legend looks.
#[derive(Clone, Debug)]
pub enum Sign {
    /// What a rule paints.
    Rule(Rule),
    /// Points shown together.
    Crowd(CrowdSign),
}

/// What of a layer is on the sheet.
#[derive(Debug)]
pub struct Shown<'a> {
    /// The layer's name.
    pub name: &'a Text,
    /// The rules that paint something.
    pub rules: Vec<Rule>,
    /// Whether the layer tells several classes apart at some scale: one that is drawn alone is then called by its own
    /// name.
    pub has_classes: bool,
    /// Points shown together.
    pub crowd: Option<CrowdSign>,
}

/// The legend of layers at one scale: a heading for each layer that is drawn, and its named rules.
pub fn legend_rows<'a>(layers: impl Iterator<Item = Shown<'a>>, denominator: f64) -> Vec<LegendRow> {
    let mut rows = Vec::new();
    let heading = |name: &Text| LegendRow { name: name.clone(), sign: None, is_member: false };
    let ruled = |name: &Text, rule: Rule, is_member: bool| {
        let sign = Some(Sign::Rule(rule));
        LegendRow { name: name.clone(), sign, is_member }
    };
    for Shown { name, rules, has_classes, crowd } in layers {
        let is_crowd = crowd.is_some();
        if let Some(crowd) = crowd {
            rows.push(heading(name));
            let words = if let CrowdSign::Disc { name, .. } = &crowd { name.clone() } else { Text::default() };
            rows.push(LegendRow { name: words, sign: Some(Sign::Crowd(crowd)), is_member: true });
        }
        let in_force = |rule: &&Rule| rule.scale.holds(denominator) && !rule.paints.is_empty();
        let drawn: Vec<&Rule> = rules.iter().filter(in_force).collect();
        // The same name at several scales is one row.
        let mut named: Vec<&Rule> = Vec::new();
        for rule in drawn.iter().filter(|rule| !rule.name.zh.is_empty()) {
            if !named.iter().any(|known| known.name == rule.name) {
                named.push(rule);
            }
        }
        let Some(first) = drawn.first() else { continue };
        if let ([only], false, true) = (&named[..], is_crowd, has_classes)
            && let Some(words) = in_one(name, &only.name)
        {
            rows.push(ruled(&words, whole(only, &drawn), false));
        } else if named.len() > 1 || (has_classes && !named.is_empty()) {
            if !is_crowd {
                rows.push(heading(name));
            }
            rows.extend(named.into_iter().map(|rule| ruled(&rule.name, whole(rule, &drawn), true)));
        } else {
            let rule = named.first().unwrap_or(first);
            let alone = Text::new("单独的要素", "Single feature");
            rows.push(ruled(if is_crowd { &alone } else { name }, whole(rule, &drawn), is_crowd));
        }
    }
    rows
}

/// A layer and its only class in one row, if that is no longer than a row may be.
fn in_one(layer: &Text, class: &Text) -> Option<Text> {
    let [zh, en] = [(&layer.zh, &class.zh, "："), (&layer.en, &class.en, ": ")].map(|(layer, class, colon)| {
        if class.starts_with(&**layer) { class.to_string() } else { format!("{layer}{colon}{class}") }
    });
    (zh.chars().count() <= MOST_IN_ONE[0] && en.chars().count() <= MOST_IN_ONE[1]).then(|| Text::owned(zh, en))
}

/// The rule with what nameless rules paint for the same features: a white road is seen by its edges, a railway by the
/// ties over its bed.
fn whole(rule: &Rule, drawn: &[&Rule]) -> Rule {
    let is_part = |other: &&&Rule| other.name.zh.is_empty() && other.filter == rule.filter;
    let parts = || drawn.iter().filter(is_part);
    let under = parts().filter(|other| other.pass < rule.pass).flat_map(|other| &other.paints);
    let over = parts().filter(|other| other.pass > rule.pass).flat_map(|other| &other.paints);
    let over = over.filter(|paint| matches!(paint, Paint::Stroke(_)));
    Rule { paints: under.chain(&rule.paints).chain(over).cloned().collect(), ..rule.clone() }
}

/// How the rows are set: columns from the left, and the height of a row.
#[derive(Clone, Debug, PartialEq)]
struct Setting {
    columns: Vec<[f32; 4]>,
    row_px: f32,
    /// Whether what stands under a heading may go on in the next column.
    parts_groups: bool,
}

/// Where a row stands.
#[derive(Clone, Debug, PartialEq)]
struct Place {
    /// Its number in the legend.
    row: usize,
    /// Whether it is a heading that has stood in another column before.
    is_again: bool,
    /// Left end, middle of the height.
    at: [f32; 2],
    /// Width of its column.
    width: f32,
}

impl Setting {
    /// As few columns as will do, then closer together.
    fn of(rows: &[LegendRow], areas: &[[f32; 4]], k: f32) -> Self {
        let mm = |mm: f64| (mm * PX) as f32 * k;
        let least = mm(LEAST_COLUMN_MM);
        let most = areas.first().map_or(1, |[left, _, right, _]| ((right - left) / least) as usize);
        let most = most.clamp(1, MOST_COLUMNS);
        let cut = |columns: usize| -> Vec<[f32; 4]> {
            let cut_one = |&[left, top, right, bottom]: &[f32; 4]| {
                let columns = columns.min(((right - left) / least).max(1.0) as usize);
                let wide = (right - left) / columns as f32;
                (0..columns).map(move |at| [left + wide * at as f32, top, left + wide * (at + 1) as f32, bottom])
            };
            areas.iter().flat_map(cut_one).collect()
        };
        // A little closer is better than another column, much closer is not.
        let tries = [ROW_MM, 5.6].into_iter().flat_map(|row_mm| (1..=most).map(move |columns| (row_mm, columns)));
        let closest = std::iter::once((LEAST_ROW_MM, most));
        let setting = |(row_mm, columns)| Self { columns: cut(columns), row_px: mm(row_mm), parts_groups: false };
        let mut settings = tries.chain(closest).map(setting);
        let fits = settings.find(|setting| setting.places(rows).last().is_some_and(|last| last.row + 1 == rows.len()));
        fits.unwrap_or_else(|| Self { columns: cut(most), row_px: mm(LEAST_ROW_MM), parts_groups: true })
    }

    /// Where rows stand, as far as there is room. A heading stands in one column with what it heads; where that cannot be
    /// it comes again in the next.
    fn places(&self, rows: &[LegendRow]) -> Vec<Place> {
        let mut places = Vec::new();
        let mut columns = self.columns.iter();
        let Some(mut column) = columns.next() else { return places };
        let mut y = column[1];
        for (row, line) in rows.iter().enumerate() {
            let needs = self.row_px * self.together(rows, row) as f32;
            let mut heading = None;
            // Half a pixel is lost in rounding.
            while y + needs > column[3] + 0.5 {
                let Some(next) = columns.next() else { return places };
                (column, y) = (next, next[1]);
                heading = rows[..row].iter().rposition(|line| line.sign.is_none()).filter(|_| line.is_member);
            }
            for (row, is_again) in heading.map(|heading| (heading, true)).into_iter().chain([(row, false)]) {
                let at = [column[0], y + self.row_px / 2.0];
                places.push(Place { row, is_again, at, width: column[2] - column[0] });
                y += self.row_px;
            }
        }
        places
    }

    /// How many rows from this one on stand in one column.
    fn together(&self, rows: &[LegendRow], row: usize) -> usize {
        if rows[row].sign.is_some() {
            return 1;
        }
        let members = rows[row + 1..].iter().take_while(|line| line.is_member).count();
        let highest = self.columns.iter().map(|column| column[3] - column[1]).fold(0.0, f32::max);
        let is_too_long = (members + 1) as f32 * self.row_px > highest + 0.5;
        if self.parts_groups || is_too_long { 1 + members.min(1) } else { 1 + members }
    }
}

/// Draws the rows of `sheet` into areas of the sheet; `k` is how large its words are.
pub(super) fn draw(scene: &mut Scene, areas: &[[f32; 4]], sheet: &Sheet, view: &View, k: f32) {
    let setting = Setting::of(&sheet.legend, areas, k);
    let mut places = setting.places(&sheet.legend);
    let is_cut = places.last().is_none_or(|last| last.row + 1 < sheet.legend.len());
    let last = if is_cut { places.pop() } else { None };
    let shown = places.iter().filter(|place| !place.is_again).count();
    let scale = f64::from(k) * PX;
    let swatch_px = [SWATCH_MM * scale, (f64::from(setting.row_px) * 0.82).min(6.0 * scale)];
    let half = swatch_px[1] as f32 / 2.0;
    for Place { row, is_again, at: [left, y], width } in places {
        let line = &sheet.legend[row];
        let x = left + if line.is_member { (INDENT_MM * scale) as f32 } else { 0.0 };
        let right = left + width - 3.0 * k;
        let words_at = match &line.sign {
            None => x,
            Some(Sign::Rule(rule)) => {
                let rule = at_scale(rule, view.denominator());
                if !rule.paints.iter().all(is_point) {
                    fill(scene, [x, y - half, x + swatch_px[0] as f32, y + half], LAND.on(false));
                }
                scene.place(swatch_scene(&rule, false, swatch_px, sheet.pixel_ratio), [x, y - half]);
                x + swatch_px[0] as f32 + 8.0 * k
            }
            Some(Sign::Crowd(CrowdSign::Disc { ink, .. })) => {
                disc(scene, *ink, [x + swatch_px[0] as f32 / 2.0, y], half * 2.0);
                x + swatch_px[0] as f32 + 8.0 * k
            }
            Some(Sign::Crowd(CrowdSign::Ramp { ramp, ends })) => {
                let ends = [ends[0].get(sheet.lang), ends[1].get(sheet.lang)];
                shades(scene, ramp, ends, [x, y, right, half], k);
                continue;
            }
        };
        let size = if line.sign.is_none() { 11.5 } else { 11.0 } * k;
        let again = if is_again { sheet.lang.pick("（续）", " (continued)") } else { "" };
        let (words, room) = (format!("{}{again}", line.name.get(sheet.lang)), right - words_at);
        // Somewhat smaller is better than cut.
        let size = size * (room / decor::width(&words, size).max(1.0)).clamp(LEAST_WORDS, 1.0);
        write(scene, &clipped(&words, size, room), [words_at, y], Align::Left, INK, size);
    }
    if let Some(Place { at: [x, y], .. }) = last {
        let more = sheet.legend.len() - shown;
        let text = text!("另有 {more} 项", "and {more} more");
        write(scene, text.get(sheet.lang), [x, y], Align::Left, FAINT, 10.0 * k);
    }
}

/// A disc that stands for several features.
fn disc(scene: &mut Scene, ink: Ink, at: [f32; 2], size: f32) {
    let color = ink.on(false);
    scene.items.push(Item::Disc { at, size, color, ring: None });
    write(scene, CrowdSign::NUMBER, at, Align::Middle, color.against(), size * 0.55);
}

/// A ramp from `left` to `right` with words at both ends.
fn shades(scene: &mut Scene, ramp: &Ramp, ends: [&str; 2], [left, y, right, half]: [f32; 4], k: f32) {
    let (size, gap) = (11.0 * k, 6.0 * k);
    let first = left + decor::width(ends[0], size) + gap;
    let last = (right - decor::width(ends[1], size) - gap).min(first + SHADES_MM as f32 * PX as f32 * k);
    write(scene, ends[0], [left, y], Align::Left, INK, size);
    if last > first {
        let inks = ramp.inks(SHADES, false);
        let wide = (last - first) / inks.len() as f32;
        for (at, ink) in inks.into_iter().enumerate() {
            let x = first + wide * at as f32;
            fill(scene, [x, y - half, x + wide, y + half], ink.on(false));
        }
    }
    write(scene, ends[1], [last.max(first) + gap, y], Align::Left, INK, size);
}

/// Words that end with `…` where the room does.
fn clipped(words: &str, size: f32, room: f32) -> String {
    let mut out = words.to_owned();
    while decor::width(&out, size) > room && out.chars().count() > 1 {
        out = out.trim_end_matches('…').to_owned();
        out.pop();
        out.push('…');
    }
    out
}

fn is_point(paint: &Paint) -> bool {
    matches!(paint, Paint::Symbol { .. } | Paint::Disc { .. })
}

/// The rule as it looks at this scale.
fn at_scale(rule: &Rule, denominator: f64) -> Rule {
    let mut rule = Rule { scale: ScaleRange::between(denominator * 0.99, denominator * 1.01), ..rule.clone() };
    // What may be a point or an area is known by its symbol.
    if rule.paints.iter().any(is_point) {
        rule.paints.retain(is_point);
    }
    rule
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::style::{Crowd, Size};

    /// So many rows, of which those at `headings` head all that follow.
    fn rows(count: usize, headings: &[usize]) -> Vec<LegendRow> {
        let sign = |at: usize| (!headings.contains(&at)).then(|| Sign::Rule(Rule::all(Vec::new())));
        let is_member = |at: usize| sign(at).is_some() && headings.iter().any(|&heading| heading < at);
        let row = |at| LegendRow { name: Text::new("行", "Row"), sign: sign(at), is_member: is_member(at) };
        (0..count).map(row).collect()
    }

    const AREA: [[f32; 4]; 1] = [[0.0, 0.0, 280.0, 380.0]];

    #[test]
    fn a_long_legend_takes_another_column_before_it_is_cut() {
        let check = |count: usize, columns: usize, shown: usize| {
            let rows = rows(count, &[]);
            let setting = Setting::of(&rows, &AREA, 1.0);
            assert_eq!((setting.columns.len(), setting.places(&rows).len()), (columns, shown), "{count}");
        };
        check(1, 1, 1);
        check(14, 1, 14);
        check(20, 2, 20);
        check(200, 2, 46);
    }

    #[test]
    fn a_heading_goes_to_the_next_column_with_all_that_it_heads() {
        let rows = rows(20, &[8, 14]);
        let setting = Setting::of(&rows, &AREA, 1.0);
        let lefts: Vec<f32> = setting.places(&rows).iter().map(|place| place.at[0]).collect();
        assert_eq!(lefts.iter().position(|&left| left == 140.0), Some(14), "{lefts:?}");
    }

    #[test]
    fn what_is_too_long_for_one_column_has_its_heading_again_in_the_next() {
        let rows = rows(40, &[0]);
        let setting = Setting::of(&rows, &AREA, 1.0);
        let places = setting.places(&rows);
        let again: Vec<&Place> = places.iter().filter(|place| place.is_again).collect();
        assert!(matches!(&again[..], [Place { row: 0, at: [140.0, _], .. }]), "{again:?}");
        assert_eq!(places.len(), 41);
    }

    #[test]
    fn a_class_that_is_drawn_alone_is_called_by_its_own_name() {
        let check = |class: &'static str, has_classes: bool, expected: &[(&str, bool)]| {
            let ink = Ink::new(0x20_60_90, 0x80_B0_E0);
            let dot = Paint::Disc { ink, size: Size::Px(6.0), ring: None };
            let name = Text::new("排水节点", "Sewer node");
            let rules = vec![Rule::all(vec![dot]).named(class, "Pump")];
            let rows = legend_rows(std::iter::once(Shown { name: &name, rules, has_classes, crowd: None }), 50_000.0);
            let said: Vec<(&str, bool)> = rows.iter().map(|row| (&*row.name.zh, row.is_member)).collect();
            assert_eq!(said, expected);
        };
        check("污水处理厂", true, &[("排水节点", false), ("污水处理厂", true)]);
        check("泵站", true, &[("排水节点：泵站", false)]);
        check("污水处理厂", false, &[("排水节点", false)]);
    }

    #[test]
    fn points_shown_together_have_a_row_that_says_what_it_means() {
        let check = |crowd: Crowd, rules: Vec<Rule>, expected: &[&str]| {
            let name = Text::new("案件", "Cases");
            let shown = Shown { name: &name, rules, has_classes: false, crowd: CrowdSign::of(&crowd) };
            let rows = legend_rows(std::iter::once(shown), 5_000.0);
            let words = |row: &LegendRow| match &row.sign {
                Some(Sign::Crowd(CrowdSign::Ramp { ends, .. })) => format!("{}…{}", ends[0].en, ends[1].en),
                _ => row.name.en.to_string(),
            };
            assert_eq!(rows.iter().map(words).collect::<Vec<_>>(), expected);
        };
        let ink = Ink::new(0x20_60_90, 0x80_B0_E0);
        let heat = |most| Crowd::Heat { ramp: "reds".into(), radius: Size::Px(20.0), weight: None, most };
        check(heat(None), Vec::new(), &["Cases", "Few…Many"]);
        check(heat(Some(12.0)), Vec::new(), &["Cases", "0…≥ 12"]);
        let dot = || Rule::all(vec![Paint::Disc { ink, size: Size::Px(6.0), ring: None }]);
        let clusters = Crowd::Clusters { ink, radius_px: 40.0, closer_than: 2_500.0 };
        check(clusters, vec![dot()], &["Cases", "n features", "Single feature"]);
        check(Crowd::Each, vec![dot()], &["Cases"]);
    }
}
