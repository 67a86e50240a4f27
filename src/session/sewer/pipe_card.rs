//! Everything that the workbench knows of one pipe: how it lies, which way it runs and what says so, its inspections and
//! defects, and what they come to.

use crate::task::Task;
use crate::trades::sewer::cjj181::Rules;
use crate::trades::sewer::condition::{Which, conditions};
use crate::trades::sewer::sewers::Flow;

use super::SewerDesk;
use super::condition::{RatedPipe, rated_pipe};
use crate::session::answer::Failure;
use crate::session::state::FeatureRef;

/// See the module's head.
#[derive(Clone, Debug, PartialEq)]
pub struct PipeCard {
    /// Its row.
    pub at: FeatureRef,
    /// Its code; its row where it has none.
    pub code: String,
    /// How it lies in the network; `None` for one that is out of use, or without nodes and line.
    pub flow: Option<Flow>,
    /// What its nodes are called, in the direction of flow.
    pub nodes: [String; 2],
    /// Fall along the flow, metres a metre.
    pub slope: Option<f64>,
    /// Length, metres.
    pub length_m: f64,
    /// The line along the flow, longitude and latitude.
    pub line: Vec<[f64; 2]>,
    /// Its condition by each inspection, the one that counts first.
    pub inspections: Vec<RatedPipe>,
}

impl PipeCard {
    /// Whether a row is one of its inspections or of their defects.
    pub fn has_row(&self, at: &FeatureRef) -> bool {
        let mut inspections = self.inspections.iter();
        inspections.any(|it| it.inspection.as_ref() == Some(at) || it.defects.iter().any(|defect| defect.at == *at))
    }
}

impl SewerDesk {
    /// What is known of a pipe; `None` if there is no such row.
    ///
    /// # Errors
    /// The city cannot be read; cancelled.
    pub fn pipe_card(&self, at: &FeatureRef, rules: Rules, task: &Task<'_>) -> Result<Option<PipeCard>, Failure> {
        let mut rows = self.condition_rows()?;
        self.with(task, |live| {
            let sewers = &live.sewers;
            let number = live.row(&at.layer, at.id).and_then(|row| sewers.pipe_of_row(row))?;
            let pipe = sewers.pipe(number)?;
            rows.inspections.retain(|it| it.pipe_code == pipe.code);
            rows.findings.retain(|it| it.pipe_code == pipe.code || it.pipe_code.is_empty());
            let found = conditions(sewers, &rows.inspections, &rows.findings, rules, Which::Every);
            let mut own: Vec<_> = found.pipes.into_iter().filter(|condition| condition.pipe == number).collect();
            own.sort_by_key(|condition| !condition.is_latest);
            let flow = sewers.flow(number).copied();
            let nodes = flow
                .map_or([String::new(), String::new()], |flow| flow.nodes.map(|node| live.node_name(node).to_string()));
            Some(PipeCard {
                at: at.clone(),
                code: live.pipe_name(number).to_string(),
                flow,
                nodes,
                slope: sewers.slope(number),
                length_m: sewers.length_m(number),
                line: sewers.line_along(number),
                inspections: own.into_iter().filter_map(|condition| rated_pipe(live, &rows, condition)).collect(),
            })
        })
    }
}
