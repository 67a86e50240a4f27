//! The finder of cross connections, with names: nodes and pipes of the live network, users from their layers.

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::Value;
use crate::task::Task;
use crate::text::{Lang, Text};
use crate::trades::sewer::cross::{Candidate, FoulOutfall, Sewage, cross_connections};
use crate::trades::sewer::joins::JoinWay;
use crate::trades::sewer::pipe::System;
use crate::trades::sewer::users::Users;

use super::SewerDesk;
use super::checks::{FaultKey, marks};
use super::live::LiveNetwork;
use super::out::OutFile;
use crate::session::answer::Failure;
use crate::session::state::FeatureRef;

/// The rule whose marks take a candidate off the list.
const RULE: &str = "SW14";

/// Where systems are joined that should not be, likeliest first.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CrossReport {
    /// Places to look into.
    pub candidates: Vec<CrossPlace>,
    /// Candidates whose pipes are all marked as no fault.
    pub excused: usize,
    /// Storm outfalls that foul water can reach.
    pub outfalls: Vec<OutfallPlace>,
}

/// One place to look into.
#[derive(Clone, Debug, PartialEq)]
pub struct CrossPlace {
    /// Code of the node, else its row or place.
    pub node: String,
    /// Its row; `None` for a node that pipes imply.
    pub at: Option<FeatureRef>,
    /// Longitude and latitude, degrees.
    pub place: Option<[f64; 2]>,
    /// Codes of the pipes in the wrong place.
    pub pipes: Vec<String>,
    /// Their rows.
    pub pipe_rows: Vec<FeatureRef>,
    /// The system that the water comes from.
    pub from: System,
    /// The system that it gets into.
    pub to: System,
    /// How they meet; `None` for a user.
    pub way: Option<JoinWay>,
    /// How likely it is, 0 to 1.
    pub score: f64,
    /// Share of the first system in the sewer above.
    pub purity: Option<f64>,
    /// Sewer of the first system above, metres.
    pub upstream_m: f64,
    /// Discharge of known users above, m³/d.
    pub volume_m3_per_d: f64,
    /// What it is.
    pub what: Text,
    /// What speaks for it and against it.
    pub evidence: Vec<Text>,
    /// The manhole to open first: its name, its row, and why.
    pub open_first: Option<(String, Option<FeatureRef>, Text)>,
}

/// A storm outfall that foul water can reach.
#[derive(Clone, Debug, PartialEq)]
pub struct OutfallPlace {
    /// Its code, else its row.
    pub node: String,
    /// Its row.
    pub at: Option<FeatureRef>,
    /// Longitude and latitude, degrees.
    pub place: Option<[f64; 2]>,
    /// Lengths above it, joins and users.
    pub above: FoulOutfall,
    /// Codes of the nodes where other water gets in.
    pub joins: Vec<String>,
}

/// The word for how systems meet.
pub fn way_code(way: Option<JoinWay>) -> &'static str {
    match way {
        Some(JoinWay::Arrives) => "arrives",
        Some(JoinWay::Branches) => "branches",
        Some(JoinWay::Shares) => "shares",
        Some(JoinWay::Ends) => "ends",
        None => "user",
    }
}

impl SewerDesk {
    /// Looks for cross connections.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn cross(&self, task: &mut Task<'_>) -> Result<CrossReport, Failure> {
        task.report(&Text::new("查找混接", "Looking for cross connections"), 0, None)?;
        let users = self.user_rows(task)?.users;
        let marks = marks(&self.city().reader()?)?;
        self.with(task, |live| {
            let sewage = Sewage::of(&live.sewers, &Users::new(&live.sewers, users, self.user_rules().clone()));
            let found = cross_connections(&live.sewers, &sewage);
            let mut report = CrossReport::default();
            for candidate in &found.candidates {
                let place = place_of(live, candidate);
                let is_marked =
                    |at: &FeatureRef| marks.contains_key(&FaultKey { rule: RULE.to_owned(), at: at.clone() });
                if !place.pipe_rows.is_empty() && place.pipe_rows.iter().all(is_marked) {
                    report.excused += 1;
                } else {
                    report.candidates.push(place);
                }
            }
            report.outfalls = found.outfalls.into_iter().map(|above| outfall_of(live, above)).collect();
            report
        })
    }

    /// Writes the candidates as points.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_cross(&self, report: &CrossReport, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let rows: Vec<Feature> = (1..).zip(&report.candidates).map(|(id, it)| row_of(id, it, out.lang)).collect();
        self.write_rows(out, &schema(), &rows, task)
    }
}

fn row_at(live: &LiveNetwork, node: u32) -> Option<FeatureRef> {
    live.sewers.node_row(node).map(|row| live.feature(row.row))
}

fn place_of(live: &LiveNetwork, candidate: &Candidate) -> CrossPlace {
    let pipe_row = |pipe: &u32| Some(live.feature(live.sewers.pipe(*pipe)?.row));
    let open_first = candidate.open_first.as_ref();
    CrossPlace {
        node: live.node_name(candidate.node).into(),
        at: row_at(live, candidate.node),
        place: live.sewers.node(candidate.node).and_then(|joint| joint.at),
        pipes: candidate.pipes.iter().map(|&pipe| live.pipe_name(pipe).into()).collect(),
        pipe_rows: candidate.pipes.iter().filter_map(pipe_row).collect(),
        from: candidate.from,
        to: candidate.to,
        way: candidate.way,
        score: candidate.score,
        purity: candidate.purity,
        upstream_m: candidate.upstream_m,
        volume_m3_per_d: candidate.volume_m3_per_d,
        what: candidate.what.clone(),
        evidence: candidate.evidence.clone(),
        open_first: open_first
            .map(|look| (live.node_name(look.node).into(), row_at(live, look.node), look.why.clone())),
    }
}

fn outfall_of(live: &LiveNetwork, above: FoulOutfall) -> OutfallPlace {
    OutfallPlace {
        node: live.node_name(above.node).into(),
        at: row_at(live, above.node),
        place: live.sewers.node(above.node).and_then(|joint| joint.at),
        joins: above.joins.iter().map(|&node| live.node_name(node).into()).collect(),
        above,
    }
}

fn schema() -> Schema {
    let system = |id, zh, en| {
        let codes = [("storm", "雨水", "Storm"), ("foul", "污水", "Foul"), ("combined", "合流", "Combined")];
        Field::coded(id, zh, en, &codes)
    };
    Schema {
        table: "cross_connection".to_owned(),
        name: Text::new("混接疑点", "Cross connections"),
        kind: "plain".to_owned(),
        geometry: Some(GeometryKind::Point),
        crs: Crs::CGCS2000,
        z_order: 0,
        fields: vec![
            Field::int("rank", "序号", "Rank"),
            Field::real("score", "可能性", "Score", ""),
            Field::text("node", "井号", "Node"),
            system("from_system", "来水", "From"),
            system("to_system", "接入", "To"),
            Field::text("pipes", "管段", "Pipes"),
            Field::text("what", "说明", "What"),
            Field::real("purity", "上游纯度", "Purity upstream", ""),
            Field::real("upstream_m", "上游长度", "Upstream", "m"),
            Field::real("volume_m3_per_d", "上游排水量", "Discharge upstream", "m³/d"),
            Field::text("evidence", "依据", "Evidence"),
            Field::text("open_first", "先开哪口井", "Open first"),
            Field::text("open_why", "为什么", "Why there"),
        ],
    }
}

fn row_of(rank: i64, place: &CrossPlace, lang: Lang) -> Feature {
    let evidence: Vec<&str> = place.evidence.iter().map(|text| text.get(lang)).collect();
    let (open, why) = match &place.open_first {
        Some((node, _, why)) => (Value::from(node.as_str()), Value::from(why.get(lang))),
        None => (Value::Null, Value::Null),
    };
    let values = vec![
        Value::Int(rank),
        place.score.into(),
        place.node.as_str().into(),
        place.from.code().into(),
        place.to.code().into(),
        place.pipes.join(", ").into(),
        place.what.get(lang).into(),
        place.purity.into(),
        place.upstream_m.into(),
        place.volume_m3_per_d.into(),
        evidence.join(lang.pick("；", "; ")).into(),
        open,
        why,
    ];
    Feature { id: rank, geometry: place.place.map(|[lon, lat]| Geometry::point(lon, lat)), values }
}
