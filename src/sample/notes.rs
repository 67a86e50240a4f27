//! Notes that inspectors have left, in all severities and states: on manholes, pipes, kiosks, and on places.

use super::cases::street_place;
use super::clock::{day, instant};
use super::kiosks::Kiosk;
use super::names::Names;
use super::plane::{P, along, lerp, lon_lat};
use super::rng::Rng;
use super::rows::{Rows, line, point};
use super::sewer_layout::NodeKind;
use super::sewers::Sewerage;
use super::world::World;
use crate::model::geometry::Geometry;
use crate::model::value::Value;

/// Category and what people write.
const ON_PLACES: &[(&str, &[&str])] = &[
    ("road", &["人行道板破损约 3 平方米", "路面塌陷，先围挡", "路缘石松动", "盲道被电动车占用"]),
    ("order", &["夜市占道，建议增设隔离", "临时摊点聚集", "共享单车停放区不足"]),
    ("green", &["行道树死株，待补植", "绿地黄土裸露约 20 平方米", "灌木遮挡视线"]),
    ("cable", &["线缆下垂，离地约 3.5 米", "废弃线缆未剪除", "整治后又新拉一条"]),
    ("device", &["路灯杆检修门缺失", "监控被树枝遮挡", "交接箱门未锁"]),
    ("other", &["与社区约好周三现场会", "居民反映夜间异味"]),
];
const ON_MANHOLES: &[&str] =
    &["井盖与路面高差约 2 厘米", "井盖异响，夜间扰民", "井内淤积约 15 厘米", "井盖标识为雨水，实为污水", "爬梯锈蚀"];
const ON_PIPES: &[&str] =
    &["疑似逆坡，请复测两端标高", "管径与竣工图不符", "旱天有流水，疑似混接", "雨天满管，下游可能堵塞"];
const ON_KIOSKS: &[&str] = &["厨余桶缺一只", "洗手池无水", "满溢，需增加清运", "雨棚漏水", "宣传栏褪色"];

/// Notes as rows.
pub(super) fn rows(world: &World, sewerage: &Sewerage, kiosks: &[Kiosk]) -> Rows {
    let mut names = Names::new(world.seed, "note people");
    let mut writer = Writer { world, rng: Rng::new(world.seed, "notes"), rows: Rows::new("note"), people: Vec::new() };
    writer.people = (0..14).map(|_| names.person()).collect();
    for number in 0..world.figures.notes {
        match number % 8 {
            0 | 4 => writer.on_manhole(sewerage),
            2 => writer.on_pipe(sewerage),
            5 if !kiosks.is_empty() => writer.on_kiosk(kiosks),
            7 => writer.drawn(number),
            _ => writer.on_place(),
        }
    }
    writer.rows
}

struct Writer<'a> {
    world: &'a World,
    rng: Rng,
    rows: Rows,
    people: Vec<String>,
}

impl Writer<'_> {
    fn on_manhole(&mut self, sewerage: &Sewerage) {
        let nodes = &sewerage.sewers.nodes;
        let node = (0..50).map(|_| self.rng.below(nodes.len())).find(|&node| nodes[node].kind == NodeKind::Manhole);
        let node = node.unwrap_or(0);
        let text = *self.rng.pick(ON_MANHOLES);
        let (at, road) = (nodes[node].at, self.world.road_name(nodes[node].run));
        self.add(point(at), at, (text, "sewer"), Some(("sewer_node", node as i64 + 1)), road);
    }

    fn on_pipe(&mut self, sewerage: &Sewerage) {
        let pipe = self.rng.below(sewerage.sewers.pipes.len());
        let own = &sewerage.sewers.pipes[pipe];
        let [a, b] = [own.from, own.to].map(|node| sewerage.sewers.nodes[node as usize].at);
        let text = *self.rng.pick(ON_PIPES);
        let at = lerp(a, b, 0.5);
        self.add(point(at), at, (text, "sewer"), Some(("sewer_pipe", pipe as i64 + 1)), self.world.road_name(own.run));
    }

    fn on_kiosk(&mut self, kiosks: &[Kiosk]) {
        let kiosk = self.rng.below(kiosks.len());
        let text = *self.rng.pick(ON_KIOSKS);
        let at = kiosks[kiosk].at;
        self.add(point(at), at, (text, "waste"), Some(("kiosk", kiosk as i64 + 1)), &kiosks[kiosk].name);
    }

    fn on_place(&mut self) {
        let (at, run) = street_place(self.world, &mut self.rng);
        let (category, texts) = *self.rng.pick(ON_PLACES);
        let text = *self.rng.pick(texts);
        self.add(point(at), at, (text, category), None, self.world.road_name(run));
    }

    /// A line or an area that somebody has drawn.
    fn drawn(&mut self, number: usize) {
        let (at, run) = street_place(self.world, &mut self.rng);
        let road = self.world.road_name(run);
        if number % 16 == 7 {
            let own = &self.world.network.runs[run].line;
            let nearest = (0..own.len())
                .min_by(|&a, &b| super::plane::distance(own[a], at).total_cmp(&super::plane::distance(own[b], at)));
            let from = nearest.unwrap_or(0).min(own.len().saturating_sub(2));
            let part = [own[from], own[from + 1]];
            self.add(line(&part), at, ("此段人行道整体下沉，建议大修", "road"), None, road);
        } else {
            let corners =
                [[-9.0, -6.0], [10.0, -7.0], [8.0, 7.0], [-8.0, 8.0]].map(|off: P| lon_lat(along(at, off, 1.0)));
            self.add(Geometry::polygon(&corners), at, ("此处拟设共享单车停放区", "order"), None, road);
        }
    }

    fn add(
        &mut self,
        geometry: Geometry,
        at: P,
        (text, category): (&'static str, &'static str),
        on: Option<(&'static str, i64)>,
        place: &str,
    ) {
        let rng = &mut self.rng;
        let age_days = rng.below(60) as i64;
        let number = self.rows.len();
        let severity = ["low", "mid", "high"][if number < 3 { number } else { rng.weighted(&[48, 38, 14]) }];
        let state = ["open", "work", "done"][if number < 3 { number } else { rng.weighted(&[46, 18, 36]) }];
        let due_in = [14, 7, 2][["low", "mid", "high"].iter().position(|&it| it == severity).unwrap_or(0)] - age_days;
        let author = rng.pick(&self.people).clone();
        let minutes = age_days * 1440 + rng.below(600) as i64;
        let done = state == "done";
        let closed = if done { instant((minutes * 2 / 5).max(3)) } else { Value::Null };
        let closer = done.then(|| rng.pick(&self.people).clone());
        self.rows.add(
            geometry,
            vec![
                ("text", text.into()),
                ("category", category.into()),
                ("severity", severity.into()),
                ("state", state.into()),
                ("author", author.into()),
                ("created", instant(minutes)),
                ("due", day(-due_in)),
                ("overdue", (!done && due_in < 0).into()),
                ("on_layer", on.map(|on| on.0).into()),
                ("on_id", on.map(|on| on.1).into()),
                ("place", place.into()),
                ("cell_code", self.world.codes_at(at).map(|codes| codes.cell).into()),
                ("closed_at", closed),
                ("closed_by", closer.into()),
            ],
        );
    }
}
