//! The rule about systems that are joined and should not be; where they are is found in [`joins`](super::super::joins).

use crate::text;

use super::super::joins::JoinWay;
use super::scene::Scene;
use super::{Finding, Found};

/// SW14.
pub(super) fn cross_connections(scene: &Scene<'_>, found: &mut Found) {
    for join in scene.joins() {
        let Some(laid) = scene.one(join.pipe) else { continue };
        let (node, from, to) = (scene.node_name(join.node), join.from.name(), join.to.name());
        let ((from_zh, to_zh), (from_en, to_en)) = ((from.zh, to.zh), (from.en, to.en));
        let what = match join.way {
            JoinWay::Arrives => text!(
                "混接：{from_zh}管在井 {node} 接入{to_zh}管",
                "Cross connection: a {from_en} pipe runs into a {to_en} sewer at node {node}"
            ),
            JoinWay::Branches => text!(
                "混接：{from_zh}管在井 {node} 分出{to_zh}管",
                "Cross connection: a {to_en} pipe branches off a {from_en} sewer at node {node}"
            ),
            JoinWay::Shares => text!(
                "混接：{from_zh}管与{to_zh}管共用井 {node}",
                "Cross connection: {from_en} and {to_en} sewers share node {node}"
            ),
            JoinWay::Ends => text!(
                "混接：{from_zh}管接入{to_zh}的末端 {node}",
                "Cross connection: a {from_en} pipe ends at {node}, which is {to_en}"
            ),
        };
        found.add(Finding::new(laid.pipe.row, scene.at(join.node), what));
    }
}
