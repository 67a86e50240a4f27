//! How large the network is, and what says which way its water runs.

use std::sync::Arc;

use crate::session::sewer::live::LiveNetwork;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::sewers::DirectionBy;
use crate::trades::sewer::summary::Summary;

use super::{Bar, Bars, Drawing, Layers, SewerShown, Sum, Tone, count, length, length_words};

const WAYS: [(DirectionBy, Text, Tone); 3] = [
    (DirectionBy::Record, Text::new("记录的起止井", "The record"), Tone::Good),
    (DirectionBy::Inverts, Text::new("管底标高", "The inverts"), Tone::Warn),
    (DirectionBy::Drawn, Text::new("绘制方向", "The drawn line"), Tone::Bad),
];

pub(super) fn summary(live: &LiveNetwork, found: &Summary) -> SewerShown {
    let sewers = &live.sewers;
    let mut drawing = Drawing::default();
    let mut amounts = [(0_usize, 0.0_f64); 3];
    let mut outside = 0;
    for (pipe, _) in sewers.pipes() {
        let Some(flow) = sewers.flow(pipe) else {
            outside += 1;
            continue;
        };
        let way = WAYS.iter().position(|(by, ..)| *by == flow.by).unwrap_or_default();
        amounts[way] = (amounts[way].0 + 1, amounts[way].1 + sewers.length_m(pipe));
        drawing.add_pipe(live, pipe, WAYS[way].2, false);
    }
    let bars = WAYS.into_iter().zip(amounts).map(|((_, name, tone), (pipes, length_m))| {
        let length = length_words(length_m);
        Bar { name, amount: length_m, words: text!("{length} · {pipes} 段", "{length} · {pipes}"), tone }
    });
    let joining = sewers.joining();
    let snap_m = joining.snap_m;
    let (first_zh, first_en) = if joining.trusts_inverts {
        ("标高优先，其次记录", "the inverts first, then the record")
    } else {
        ("记录优先，其次标高", "the record first, then the inverts")
    };
    SewerShown {
        title: Text::new("排水管网概况", "The network as a whole"),
        subtitle: Text::new("按流向依据着色", "coloured by what says the direction"),
        sums: vec![
            Sum::new(Text::new("管段", "Pipes"), count(found.pipes)),
            Sum::new(
                Text::new("不在管网中（未投用、停用等）", "Not in the network (not in use yet, retired …)"),
                count(outside),
            )
            .part(),
            Sum::new(Text::new("总长", "Length"), length(found.length_m)),
            Sum::new(Text::new("节点", "Nodes"), count(found.nodes)),
            Sum::new(Text::new("没有记录的节点", "Nodes without a row"), count(found.implied_nodes)).part(),
            Sum::new(Text::new("互不相连的部分", "Parts that do not hang together"), count(found.parts)),
        ],
        bars: vec![Bars { name: Text::new("流向依据", "What says the direction"), bars: bars.collect() }],
        notes: vec![text!(
            "端点 {snap_m} m 以内视为相接；流向：{first_zh}，再次绘制方向",
            "Ends within {snap_m} m of a node join it; direction: {first_en}, then as drawn"
        )],
        drawing: Arc::new(drawing),
        layers: Layers::of(live),
        ..SewerShown::default()
    }
}
