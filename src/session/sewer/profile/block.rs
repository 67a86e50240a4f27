//! What a drawing of a profile says of itself: heading, legend, and the title block (标题栏) under the table.

use super::pages::ProfilePages;
use super::plot::{GUESS, PRESSED, system_ink};
use super::{FAINT, GROUND, INK, LINE, MARK, ProfileHead, RED, Sheet, profile_title, stake, table};
use crate::model::style::Ink;
use crate::render::decor::{Align, width};
use crate::session::sewer::questions::ProfileAnswer;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::pipe::System;

/// Height of the block and the room above it, pixels of an A3 sheet.
pub(super) const HEIGHT: f32 = 74.0;
/// Room between the table and the block.
const GAP: f32 = 10.0;
/// Share of the width of each field of the block: city, title, stretch, scales, length, date, page.
const WIDTHS: [f32; 7] = [0.14, 0.27, 0.155, 0.155, 0.095, 0.09, 0.095];

/// How something in the legend is drawn.
#[derive(Clone, Copy)]
enum Sign {
    Line(Ink),
    Dashed(Ink, (f32, &'static [f32])),
    Pipe(Ink),
    Round,
    Diamond,
}

impl Sheet<'_> {
    /// Title, legend, and the mark of invented data.
    pub(super) fn head(&mut self, answer: &ProfileAnswer) {
        let (size, lang) = (self.scale.size, self.look.lang);
        let (left, right, top) = (self.scale.heads, self.scale.plot[2], self.scale.plot[1] - 62.0 * self.scale.size);
        let mut room_to = right;
        if answer.is_sample {
            let mark = lang.pick("示例数据 · 虚构", "Sample data · invented");
            let from = right - width(mark, 12.0 * size) - 16.0 * size;
            self.boxed([from, top, right, top + 24.0 * size], MARK, 1.4);
            let at = [f32::midpoint(from, right), top + 12.0 * size];
            self.say(mark, at, Align::Middle, MARK, 12.0 * size);
            room_to = from - 12.0 * size;
        }
        let title = profile_title(answer);
        self.say_within(title.get(lang), [left, top + 12.0 * size], Align::Left, (INK, 18.0 * size), room_to - left);
        self.legend([left, top + 42.0 * size]);
    }

    /// What of lines and colours there is in the profile, and what it means.
    fn legend(&mut self, [mut x, y]: [f32; 2]) {
        let (size, lang, right) = (self.scale.size, self.look.lang, self.scale.plot[2]);
        for (sign, name) in self.signs() {
            let words = name.get(lang);
            let wide = 26.0 * size + width(words, 10.0 * size) + 16.0 * size;
            if x + wide > right {
                break;
            }
            let (end, middle) = (x + 20.0 * size, x + 10.0 * size);
            match sign {
                Sign::Line(ink) => self.line(&[[x, y], [end, y]], ink, 2.0),
                Sign::Dashed(ink, dashes) => self.dashed(&[[x, y], [end, y]], ink, dashes),
                Sign::Pipe(ink) => {
                    let (top, bottom) = (y - 4.0 * size, y + 4.0 * size);
                    self.area(&[[x, top], [end, top], [end, bottom], [x, bottom]], ink, 0.2);
                    self.line(&[[x, top], [end, top]], ink, 1.2);
                    self.line(&[[x, bottom], [end, bottom]], ink, 2.0);
                }
                Sign::Round => {
                    let ring = (0_u8..16).map(|step| (f32::from(step) * std::f32::consts::TAU / 16.0).sin_cos());
                    let ring: Vec<[f32; 2]> = ring.map(|(sin, cos)| [middle + 3.5 * cos, y + 5.0 * sin]).collect();
                    self.outline(&ring, INK, 1.3);
                }
                Sign::Diamond => {
                    let ring = [[middle, y - 4.0], [middle + 3.5, y], [middle, y + 4.0], [middle - 3.5, y]];
                    self.outline(&ring, INK, 1.3);
                }
            }
            self.say(words, [x + 26.0 * size, y], Align::Left, INK, 10.0 * size);
            x += wide;
        }
    }

    fn signs(&self) -> Vec<(Sign, Text)> {
        let profile = self.profile;
        let has = |system: System| profile.reaches.iter().any(|reach| reach.system == system);
        let mut signs = Vec::new();
        let mut add = |is_there: bool, sign: Sign, name: Text| signs.extend(is_there.then_some((sign, name)));
        let has_ground = profile.stations.iter().any(|station| station.ground_m.is_some());
        add(has_ground, Sign::Line(GROUND), Text::new("地面线", "Ground"));
        for (system, name) in [
            (System::Foul, Text::new("污水管", "Foul sewer")),
            (System::Storm, Text::new("雨水管", "Storm sewer")),
            (System::Combined, Text::new("合流管", "Combined sewer")),
            (System::Unknown, Text::new("类型不明", "System not known")),
        ] {
            add(has(system), Sign::Pipe(system_ink(system)), name);
        }
        let is_there = profile.reaches.iter().any(|reach| reach.is_pressure);
        add(is_there, Sign::Dashed(INK, PRESSED), Text::new("压力管", "Under pressure"));
        let is_there = profile.reaches.iter().any(|reach| reach.is_adverse);
        add(is_there, Sign::Pipe(RED), Text::new("逆坡", "Adverse slope"));
        let is_there = profile.crossings.iter().any(|crossing| crossing.invert_m.is_some());
        add(is_there, Sign::Round, Text::new("交叉管", "Crossing pipe"));
        let is_there = profile.crossings.iter().any(|crossing| crossing.invert_m.is_none());
        add(is_there, Sign::Diamond, Text::new("交叉管，标高不明", "Crossing pipe, level not known"));
        let is_there = self.look.has_bridges && !profile.bridges().is_empty();
        add(is_there, Sign::Dashed(FAINT, GUESS), Text::new("按里程内插，非实测", "Interpolated, not measured"));
        signs
    }

    /// The title block: whose, what, where, how large, when, which page; and by what rules the numbers are.
    pub(super) fn block(&mut self, answer: &ProfileAnswer, pages: &ProfilePages, head: &ProfileHead, page: usize) {
        let (size, lang) = (self.scale.size, self.look.lang);
        let (left, right) = (self.scale.heads, self.scale.plot[2]);
        let top = self.scale.plot[3] + (table::HEIGHT + GAP) * size;
        let (middle, bottom) = (top + 34.0 * size, top + (HEIGHT - GAP) * size);
        let [across, up] = pages.scales().map(short);
        let [from, to] = pages.span_m(page).map(stake);
        let (length_m, number, count) = (answer.profile.length_m, page + 1, pages.count());
        let times = short(self.scale.exaggeration());
        let fields = [
            (Text::new("城市", "City"), Text::same(head.city.as_str())),
            (Text::new("图名", "Drawing"), profile_title(answer)),
            (Text::new("里程", "Chainage"), text!("{from} ～ {to}", "{from} – {to}")),
            (
                Text::new("比例", "Scale"),
                text!("横 1:{across}　纵 1:{up}（×{times}）", "Across 1:{across}, up 1:{up} (×{times})"),
            ),
            (Text::new("全长", "Length"), Text::same(format!("{length_m:.2} m"))),
            (Text::new("日期", "Date"), Text::same(head.date.as_str())),
            (Text::new("图幅", "Sheet"), text!("第 {number} 页　共 {count} 页", "Page {number} of {count}")),
        ];
        let mut x = left;
        for ((name, words), share) in fields.iter().zip(WIDTHS) {
            let wide = (right - left) * share;
            let room = wide - 12.0 * size;
            let ink = (FAINT, 8.5 * size);
            self.say_within(name.get(lang), [x + 6.0 * size, top + 9.0 * size], Align::Left, ink, room);
            let ink = (INK, 12.0 * size);
            self.say_within(words.get(lang), [x + 6.0 * size, top + 23.0 * size], Align::Left, ink, room);
            x += wide;
            self.line(&[[x, top], [x, middle]], LINE, 0.8);
        }
        self.line(&[[left, middle], [right, middle]], LINE, 0.8);
        let room = right - left - 12.0 * size;
        let lines = lines_of(&self.notes(answer), lang, |line| width(line, 9.5 * size) <= room);
        let step = 12.0 * size;
        let first = f32::midpoint(middle, bottom) - step * (lines.len() - 1) as f32 / 2.0;
        for (number, line) in lines.iter().enumerate() {
            let at = [left + 6.0 * size, first + step * number as f32];
            self.say_within(line, at, Align::Left, (FAINT, 9.5 * size), room);
        }
        self.boxed([left, top, right, bottom], INK, 1.2);
    }

    /// By what rules the numbers are.
    fn notes(&self, answer: &ProfileAnswer) -> Vec<Text> {
        let is_derived = self.profile.stations.iter().any(|station| station.is_ground_derived);
        let mut notes = vec![
            if is_derived {
                Text::new(
                    "标高单位 m，按记录，未记录处留空；括号内地面标高由井底标高加井深推算",
                    "Levels in metres as recorded, what is not recorded is left blank; in brackets the ground is worked \
                     out as floor + depth",
                )
            } else {
                Text::new(
                    "标高单位 m，均按记录，未记录处留空",
                    "Levels in metres as recorded; what is not recorded is left blank",
                )
            },
            Text::new("覆土=地面-(管底+管内高)，不计管壁", "cover = ground - (invert + inner height), walls left out"),
            Text::new("距离为图上长度，坡度按记录管长", "lengths as on the map, slopes over recorded lengths"),
            Text::new("箭头为水流方向", "arrows show the flow"),
        ];
        if !self.profile.crossings.is_empty() {
            notes.push(Text::new(
                "交叉管标高按两端内插，净距不计管壁",
                "levels of crossing pipes straight between their ends, clearances without walls",
            ));
        }
        if self.look.has_bridges {
            notes.push(Text::new("灰虚线为内插，仅供参考", "grey dashes are interpolated, for guidance alone"));
        }
        if self.dumb > 0 {
            let count = self.dumb;
            notes.push(text!(
                "本页 {count} 个节点太密未列数，请用更大比例尺",
                "{count} nodes here stand too close to be lettered: take a larger scale"
            ));
        }
        if self.left_out > 0 {
            let count = self.left_out;
            notes.push(text!(
                "本页 {count} 处交叉管未注名，见表",
                "{count} crossings here are not lettered, see the table"
            ));
        }
        if answer.is_sample {
            notes.push(Text::new("示例数据，全部为虚构", "sample data, all of it invented"));
        }
        notes
    }
}

/// Notes on one line, or on two where they do not fit one.
fn lines_of(notes: &[Text], lang: Lang, fits: impl Fn(&str) -> bool) -> Vec<String> {
    let joined =
        |notes: &[Text]| notes.iter().map(|note| note.get(lang)).collect::<Vec<_>>().join(lang.pick("；", "; "));
    let (head, end) = (lang.pick("说明：", "Notes: "), lang.pick("。", "."));
    let whole = format!("{head}{}{end}", joined(notes));
    if fits(&whole) || notes.len() < 2 {
        return vec![whole];
    }
    let first = |count: &usize| format!("{head}{}{}", joined(&notes[..*count]), lang.pick("；", ";"));
    let count = (1..notes.len()).rev().find(|count| fits(&first(count))).unwrap_or(1);
    vec![first(&count), format!("{}{end}", joined(&notes[count..]))]
}

/// `1000`, or `12.5` where that says more.
fn short(number: f64) -> String {
    let tenths = (number * 10.0).round() / 10.0;
    format!("{tenths}")
}
