//! Inspected sewers: whole pipes street by street, one of them in part, so that the length is the bureau's figure; the
//! defects found, and the ratings of CJJ 181-2012 that follow from them.

use super::clock::day;
use super::network::Network;
use super::plane::round_to;
use super::rng::Rng;
use super::rows::{Rows, cents};
use super::sewer_layout::{NodeKind, Pipe, Water};
use super::sewer_rating::{Defect, rate};
use super::sewers::Sewerage;
use super::world::World;
use crate::model::value::Value;

/// The result for a pipe.
#[derive(Clone)]
pub(super) struct Inspected {
    /// Repair grade, 1 to 4.
    pub(super) grade: i64,
    /// The day.
    pub(super) on: Value,
}

/// Code, highest grade, whether it is structural, how often it comes, what is written.
const DEFECTS: &[(&str, i64, bool, u32, &str)] = &[
    ("PL", 4, true, 18, "管壁破裂"),
    ("BX", 4, true, 9, "管道变形"),
    ("FS", 3, true, 12, "管壁腐蚀"),
    ("CK", 4, true, 14, "接口错口"),
    ("QF", 4, true, 7, "管道起伏，局部积水"),
    ("TJ", 4, true, 10, "接口脱节"),
    ("TL", 2, true, 5, "橡胶圈脱落"),
    ("AJ", 3, true, 6, "支管暗接"),
    ("CR", 3, true, 4, "异物穿入"),
    ("SL", 4, true, 8, "接口渗漏"),
    ("CJ", 4, false, 22, "管底淤积"),
    ("JG", 4, false, 8, "管壁结垢"),
    ("ZW", 4, false, 8, "管内障碍物"),
    ("CQ", 4, false, 2, "残墙"),
    ("SG", 4, false, 7, "树根侵入"),
    ("FZ", 3, false, 3, "水面浮渣"),
];

const CONTRACTORS: &[&str] = &["浔城管网检测有限公司", "庐源市政工程检测中心", "长江水环境检测有限公司"];

/// Inspects: results by pipe, inspections and defects as rows.
pub(super) fn inspect(world: &World, sewerage: &Sewerage) -> (Vec<Option<Inspected>>, Rows, Rows) {
    let mut rng = Rng::new(world.seed, "inspections");
    let mut results = vec![None; sewerage.sewers.pipes.len()];
    let (mut inspections, mut defects) = (Rows::new("sewer_inspection"), Rows::new("sewer_defect"));
    let mut names = super::names::Names::new(world.seed, "inspectors");
    let people: Vec<String> = (0..6).map(|_| names.person()).collect();
    let mut left_m = world.figures.inspected_m;
    let mut centimetres = 0.0;
    for pipe in order(world, sewerage, &mut rng) {
        let whole_m = round_to(sewerage.sewers.pipes[pipe].length_m, 100.0);
        let length_m = round_to(whole_m.min(left_m), 100.0);
        if length_m <= 0.0 {
            break;
        }
        left_m = round_to(left_m - length_m, 100.0);
        centimetres += length_m;
        let number = inspections.len() + 1;
        let found = defects_of(&sewerage.sewers.pipes[pipe], sewerage.years[pipe], length_m, &mut rng);
        let on = day(40 + (number / 6) as i64 % 700);
        let inspection = Inspection { number, pipe, length_m, whole_m, on: on.clone() };
        let inspector: &String = rng.pick(&people);
        let grade = inspection.write(world, sewerage, &found, inspector, &mut inspections);
        inspection.write_defects(sewerage, &found, &mut defects, &mut rng);
        results[pipe] = Some(Inspected { grade, on });
    }
    debug_assert!((centimetres - world.figures.inspected_m).abs() < 60.0);
    (results, inspections, defects)
}

/// Pipes street by street, the wide streets and the old town first.
fn order(world: &World, sewerage: &Sewerage, rng: &mut Rng) -> Vec<usize> {
    let network: &Network = &world.network;
    let mut rank: Vec<f64> =
        (0..network.runs.len()).map(|run| rng.unit() + f64::from(network.runs[run].class) * 0.25).collect();
    rank.iter_mut().enumerate().for_each(|(run, rank)| *rank += run as f64 * 1e-9);
    let sewers = &sewerage.sewers;
    let mut pipes: Vec<usize> = (0..sewers.pipes.len())
        .filter(|&pipe| {
            let own = &sewers.pipes[pipe];
            let kinds = [own.from, own.to].map(|node| sewers.nodes[node as usize].kind);
            !own.is_pressure && kinds == [NodeKind::Manhole; 2]
        })
        .collect();
    let key = |pipe: usize| rank[sewers.pipes[pipe].run];
    pipes.sort_by(|&a, &b| key(a).total_cmp(&key(b)).then(a.cmp(&b)));
    pipes
}

/// Old and clay or concrete pipes have more.
fn defects_of(pipe: &Pipe, year: i64, length_m: f64, rng: &mut Rng) -> Vec<Found> {
    let age = (2026 - year).max(0) as f64;
    let expected = (0.25 + age * 0.035) * (length_m / 40.0).min(1.5);
    let mut found = Vec::new();
    while found.len() < 7 && rng.chance(expected / (expected + 1.0)) {
        let weights: Vec<u32> = DEFECTS.iter().map(|defect| defect.3).collect();
        let kind = rng.weighted(&weights);
        let (code, highest, ..) = DEFECTS[kind];
        if (code == "TL" && age < 8.0) || (code == "FS" && pipe.water == Water::Storm) {
            continue;
        }
        let grade = [1_i64, 2, 3, 4][rng.weighted(&[46, 33, 15, 6])].min(highest);
        let start_m =
            round_to(rng.between(0.3, (length_m - 0.6).max(0.4)), 10.0).min(round_to(length_m - 0.1, 10.0)).max(0.0);
        let long = matches!(code, "FS" | "CJ" | "JG" | "QF" | "BX") && rng.chance(0.5);
        let run_m = if long { rng.between(1.0, 8.0) } else { 0.0 };
        let end_m = round_to((start_m + run_m).min(length_m), 10.0).max(start_m);
        found.push(Found { kind, grade, start_m, end_m });
    }
    found.sort_by(|a, b| a.start_m.total_cmp(&b.start_m));
    found
}

struct Found {
    kind: usize,
    grade: i64,
    start_m: f64,
    end_m: f64,
}

impl Found {
    fn defect(&self) -> Defect {
        let (code, _, is_structural, ..) = DEFECTS[self.kind];
        Defect { code, grade: self.grade, is_structural, start_m: self.start_m, end_m: self.end_m }
    }
}

struct Inspection {
    number: usize,
    pipe: usize,
    length_m: f64,
    whole_m: f64,
    on: Value,
}

impl Inspection {
    fn code(&self) -> String {
        format!("JC-{:05}", self.number)
    }

    fn write(&self, world: &World, sewerage: &Sewerage, found: &[Found], who: &str, rows: &mut Rows) -> i64 {
        let pipe = &sewerage.sewers.pipes[self.pipe];
        let run = &world.network.runs[pipe.run];
        let is_center = matches!(
            world.ground.character(run.line[0]),
            super::geography::Character::OldTown | super::geography::Character::Central
        );
        let area = match run.class {
            1 => "trunk",
            _ if is_center && self.number.is_multiple_of(4) => "centre",
            _ => "road",
        };
        let soil = if world.ground.to_water.between(run.line[0]) < 350.0 { "medium" } else { "ordinary" };
        let defects: Vec<Defect> = found.iter().map(Found::defect).collect();
        let rated = rate(&defects, self.whole_m, pipe.diameter_mm, area, soil);
        let [from, to] = [pipe.from, pipe.to].map(|node| sewerage.node_codes[node as usize].as_str());
        let against = self.number.is_multiple_of(5);
        let partial = self.length_m < self.whole_m;
        let video = format!("{from}-{to}-{}.mp4", self.on);
        let number = |value: f64| cents(value);
        rows.add(
            None,
            vec![
                ("code", self.code().into()),
                ("pipe_code", sewerage.pipe_codes[self.pipe].as_str().into()),
                ("from_node", from.into()),
                ("to_node", to.into()),
                ("method", if self.number.is_multiple_of(9) { "qv" } else { "cctv" }.into()),
                ("direction", if against { "against" } else { "with" }.into()),
                ("inspected_on", self.on.clone()),
                ("length_inspected_m", number(self.length_m)),
                ("inspected_by", CONTRACTORS[self.number % CONTRACTORS.len()].into()),
                ("inspector", who.into()),
                ("video", video.into()),
                ("area_class", area.into()),
                ("soil_class", soil.into()),
                ("structure_f", number(rated.structure)),
                ("density_sm", rated.structure_density.map(|it| round_to(it, 100.0)).into()),
                ("ri", number(rated.repair)),
                ("repair_grade", rated.repair_grade.into()),
                ("function_g", number(rated.function)),
                ("density_ym", rated.function_density.map(|it| round_to(it, 100.0)).into()),
                ("mi", number(rated.maintenance)),
                ("maintenance_grade", rated.maintenance_grade.into()),
                ("remark", partial.then_some("水位高，检测至中途").into()),
            ],
        );
        rated.repair_grade
    }

    fn write_defects(&self, sewerage: &Sewerage, found: &[Found], rows: &mut Rows, rng: &mut Rng) {
        for (photo, found) in (1..).zip(found) {
            let (code, _, is_structural, _, words) = DEFECTS[found.kind];
            let clock = match code {
                "CJ" | "QF" | "FZ" => "0507".to_owned(),
                _ if found.grade > 2 => format!("{:02}{:02}", 1 + rng.below(6), 7 + rng.below(6)),
                _ => format!("00{:02}", 1 + rng.below(12)),
            };
            let degree = ["轻微", "中等", "严重", "重大"][(found.grade - 1) as usize];
            let score = super::sewer_rating::score(code, found.grade);
            debug_assert!(is_structural || score >= 0.0);
            rows.add(
                None,
                vec![
                    ("inspection_code", self.code().into()),
                    ("pipe_code", sewerage.pipe_codes[self.pipe].as_str().into()),
                    ("defect", code.into()),
                    ("grade", found.grade.into()),
                    ("start_m", cents(found.start_m)),
                    ("end_m", cents(found.end_m)),
                    ("clock", clock.into()),
                    ("score", (code != "FZ").then_some(score).into()),
                    ("photo", format!("{}-{photo:02}.jpg", self.code()).into()),
                    ("description", format!("{words}，{degree}").into()),
                ],
            );
        }
    }
}
