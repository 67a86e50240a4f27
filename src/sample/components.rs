//! City components (部件): lamps, trees, covers, signs and all that stands along streets, by the national classes.

use std::collections::BTreeMap;

use super::clock::day;
use super::network::width_m;
use super::plane::{P, along, left, point_along};
use super::rng::Rng;
use super::rows::{Rows, point};
use super::sewer_layout::{NodeKind, Water};
use super::sewers::Sewerage;
use super::world::World;

/// A street lamp, for its controller.
pub(super) struct Lamp {
    /// Where it stands.
    pub(super) at: P,
    /// Its identifier.
    pub(super) code: String,
    /// The run of street it lights.
    pub(super) run: usize,
}

/// Things along streets: class, metres between two by road class (0: none), metres from the kerb, department.
struct Along {
    class: &'static str,
    every_m: [f64; 3],
    from_kerb_m: f64,
    both_sides: bool,
}

const ALONG: &[Along] = &[
    Along { class: "01037", every_m: [34., 38., 62.], from_kerb_m: 0.6, both_sides: false },
    Along { class: "04002", every_m: [22., 27., 160.], from_kerb_m: 1.4, both_sides: true },
    Along { class: "03005", every_m: [110., 150., 330.], from_kerb_m: 1.0, both_sides: true },
    Along { class: "02010", every_m: [140., 180., 520.], from_kerb_m: 0.5, both_sides: true },
    Along { class: "02012", every_m: [260., 260., 330.], from_kerb_m: 0.9, both_sides: false },
    Along { class: "01001", every_m: [150., 160., 260.], from_kerb_m: -1.6, both_sides: false },
    Along { class: "01007", every_m: [120., 140., 320.], from_kerb_m: 2.0, both_sides: false },
    Along { class: "01005", every_m: [160., 180., 420.], from_kerb_m: 1.7, both_sides: false },
    Along { class: "01011", every_m: [160., 170., 300.], from_kerb_m: -0.9, both_sides: false },
    Along { class: "01013", every_m: [120., 120., 380.], from_kerb_m: 0.8, both_sides: false },
    Along { class: "01027", every_m: [420., 420., 700.], from_kerb_m: 2.3, both_sides: false },
    Along { class: "01031", every_m: [0., 0., 170.], from_kerb_m: 0.7, both_sides: false },
    Along { class: "01050", every_m: [300., 420., 0.], from_kerb_m: 0.7, both_sides: false },
    Along { class: "01060", every_m: [900., 1000., 0.], from_kerb_m: 2.2, both_sides: false },
    Along { class: "02004", every_m: [430., 520., 0.], from_kerb_m: 1.2, both_sides: true },
    Along { class: "02021", every_m: [90., 160., 0.], from_kerb_m: 0.3, both_sides: true },
    Along { class: "02025", every_m: [260., 300., 900.], from_kerb_m: 2.4, both_sides: true },
    Along { class: "03006", every_m: [700., 800., 0.], from_kerb_m: 3.0, both_sides: false },
    Along { class: "03008", every_m: [800., 700., 900.], from_kerb_m: 2.6, both_sides: false },
    Along { class: "03016", every_m: [480., 600., 0.], from_kerb_m: 1.8, both_sides: false },
    Along { class: "03001", every_m: [1300., 1300., 2600.], from_kerb_m: 5.0, both_sides: false },
    Along { class: "04007", every_m: [300., 380., 0.], from_kerb_m: 2.2, both_sides: false },
    Along { class: "01054", every_m: [900., 900., 1500.], from_kerb_m: 3.4, both_sides: false },
];

/// Components as rows, and the lamps among them.
pub(super) fn rows(world: &World, sewerage: &Sewerage) -> (Rows, Vec<Lamp>) {
    let mut writer = Writer {
        world,
        rng: Rng::new(world.seed, "components"),
        rows: Rows::new("component"),
        sequence: BTreeMap::new(),
        lamps: Vec::new(),
    };
    for link in (0..world.network.links.len()).filter(|&link| world.town_links[link]) {
        let line = world.network.line(link);
        for things in ALONG {
            writer.line_up(link, &line, things);
        }
        writer.signals(link, &line);
    }
    writer.covers(sewerage);
    (writer.rows, writer.lamps)
}

struct Writer<'a> {
    world: &'a World,
    rng: Rng,
    rows: Rows,
    /// Next number by district and class.
    sequence: BTreeMap<(String, &'static str), u32>,
    lamps: Vec<Lamp>,
}

impl Writer<'_> {
    fn line_up(&mut self, link: usize, line: &[P], things: &Along) {
        let own = &self.world.network.links[link];
        let every = things.every_m[usize::from(own.class.clamp(1, 3)) - 1];
        if every == 0.0 {
            return;
        }
        let clear_m = 7.0;
        let room_m = own.length_m - 2.0 * clear_m;
        let ideal = room_m / every;
        let count = ideal.floor() as usize + usize::from(self.rng.chance(ideal - ideal.floor()));
        let kerb_m = width_m(own.class) / 2.0 + things.from_kerb_m;
        for number in 0..if room_m > 4.0 { count } else { 0 } {
            let spread = room_m / count as f64;
            let far = clear_m + spread * (number as f64 + 0.5);
            let sides: &[f64] = match (things.both_sides && own.class < 3, (number + link) % 2) {
                (true, _) => &[1.0, -1.0],
                (_, 0) => &[1.0],
                _ => &[-1.0],
            };
            for side in sides {
                let (on, ahead) = point_along(line, far + self.rng.between(-0.06, 0.06) * spread);
                let at = along(on, left(ahead), side * kerb_m);
                self.add(things.class, at, Some(own.run));
            }
        }
    }

    /// Signals stand where two wide streets meet.
    fn signals(&mut self, link: usize, line: &[P]) {
        let own = &self.world.network.links[link];
        let last = line.len() - 1;
        for (node, near, next) in
            [(own.nodes[0], line[0], line[1]), (own.nodes[own.nodes.len() - 1], line[last], line[last - 1])]
        {
            let around = &self.world.network.ends[node as usize];
            let wide = around.iter().filter(|&&other| self.world.network.links[other].class <= 2).count();
            if own.class <= 2 && wide >= 3 && around.len() >= 3 {
                let back = super::plane::unit(super::plane::sub(next, near));
                let at = along(along(near, back, 14.0), left(back), -width_m(own.class) / 2.0 - 0.4);
                self.add("02014", at, Some(own.run));
            }
        }
    }

    /// Covers of manholes and grates of inlets, one in three: the rest has not been handed over yet.
    fn covers(&mut self, sewerage: &Sewerage) {
        for (number, node) in sewerage.sewers.nodes.iter().enumerate() {
            let class = match (node.kind, node.water) {
                (NodeKind::Inlet, _) => "01004",
                (NodeKind::Manhole, Water::Storm) => "01003",
                (NodeKind::Manhole, _) => "01002",
                (NodeKind::Pump, _) => "01072",
                (NodeKind::Outfall, _) => "01073",
                (NodeKind::Plant, _) => continue,
            };
            if number % 3 == 0 || matches!(node.kind, NodeKind::Pump | NodeKind::Outfall) {
                self.add(class, node.at, Some(node.run));
            }
        }
    }

    fn add(&mut self, class: &'static str, at: P, run: Option<usize>) {
        let Some(codes) = self.world.codes_at(at) else { return };
        let number = self.sequence.entry((codes.street[..6].to_owned(), class)).or_default();
        *number += 1;
        let code = format!("{}{class}{number:06}", &codes.street[..6]);
        let state = ["sound", "damaged", "lost", "abandoned", "removed"][self.rng.weighted(&[960, 28, 5, 5, 2])];
        let (department, owner) = keepers(class);
        let accuracy = if class.starts_with("04") { "B" } else { "A" };
        if let (Some(run), "01037") = (run, class) {
            self.lamps.push(Lamp { at, code: code.clone(), run });
        }
        let changed = state != "sound";
        self.rows.add(
            point(at),
            vec![
                ("code", code.into()),
                ("class_code", class.into()),
                ("state", state.into()),
                ("department", department.into()),
                ("owner", owner.into()),
                ("maintainer", owner.into()),
                ("cell_code", codes.cell.into()),
                ("first_date", day(500 + self.rng.below(1500) as i64)),
                (
                    "change_date",
                    if changed { day(self.rng.below(300) as i64) } else { crate::model::value::Value::Null },
                ),
                ("data_source", if self.rng.chance(0.9) { "surveyed" } else { "topographic" }.into()),
                ("accuracy", accuracy.into()),
                ("street_code", codes.street.into()),
                ("community_code", codes.community.into()),
            ],
        );
    }
}

/// Who is in charge of a class, and who owns it.
fn keepers(class: &str) -> (&'static str, &'static str) {
    match class {
        "01001" => ("市城市管理局", "市水务集团"),
        "01005" | "01029" => ("国网九江供电公司", "国网九江供电公司"),
        "01007" | "01027" | "01031" => ("市通信发展管理办公室", "中国铁塔九江分公司"),
        "01011" => ("市城市管理局", "市燃气公司"),
        "01013" => ("市消防救援支队", "市水务集团"),
        "01037" | "01060" => ("市城市管理局", "市路灯管理所"),
        "01050" | "02010" | "02014" => ("市公安局交通警察支队", "市公安局交通警察支队"),
        "02004" => ("市交通运输局", "市公交集团"),
        "02012" => ("市民政局", "市民政局"),
        _ if class.starts_with("04") => ("市城市管理局", "市园林绿化服务中心"),
        _ if class.starts_with("03") => ("市城市管理局", "市环境卫生管理处"),
        _ => ("市城市管理局", "市市政工程管理处"),
    }
}
