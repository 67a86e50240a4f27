//! What is asked of single nodes: what they are, whether water ends there, what they are called.

use crate::analysis::network::Way;

use super::pipe::{Node, NodeType, RowRef};
use super::sewers::Sewers;

impl Sewers {
    /// A node's row; `None` for one that only pipes imply.
    pub fn node_row(&self, node: u32) -> Option<&Node> {
        self.node(node)?.row.as_ref()
    }

    /// What a node is.
    pub fn node_type(&self, node: u32) -> NodeType {
        self.node_row(node).map_or(NodeType::Other, |row| row.node_type)
    }

    /// Whether a node is a treatment plant: what comes to it ends there, and what leaves it is clean.
    pub fn is_plant(&self, node: u32) -> bool {
        self.node_type(node) == NodeType::Plant
    }

    /// Whether water may end at a node: at a plant, at an outfall, and in a tank that nothing leaves.
    pub fn is_outlet(&self, node: u32) -> bool {
        match self.node_type(node) {
            NodeType::Plant | NodeType::Outfall => true,
            NodeType::Storage => self.network().degree(node, Way::Down) == 0,
            _ => false,
        }
    }

    /// Whether the water of a pipe goes on where the pipe ends: anywhere but at a plant.
    pub fn passes_on(&self, pipe: u32) -> bool {
        self.network().ends(pipe).is_some_and(|[_, to]| !self.is_plant(to))
    }

    /// What a node is called: its code, its row as `row_name` words it, or its place as `LON,LAT`.
    pub fn node_name(&self, node: u32, row_name: impl FnOnce(RowRef) -> Box<str>) -> Box<str> {
        let Some(joint) = self.node(node) else { return Box::default() };
        match (&joint.row, joint.at) {
            _ if !joint.code.is_empty() => joint.code.clone(),
            (Some(row), _) => row_name(row.row),
            (None, Some([lon, lat])) => format!("{lon:.7},{lat:.7}").into(),
            (None, None) => Box::default(),
        }
    }
}

/// A row where its layer has no name at hand.
pub(super) fn row_number(row: RowRef) -> Box<str> {
    format!("#{}", row.id).into()
}

#[cfg(test)]
mod tests {
    use super::super::pipe::Pipe;
    use super::super::sewers::Joining;
    use super::*;

    #[test]
    fn water_ends_at_plants_and_outfalls_and_in_tanks_that_nothing_leaves() {
        let types = [NodeType::Plant, NodeType::Outfall, NodeType::Storage, NodeType::Pump, NodeType::Manhole];
        let node = |(id, node_type): (i64, NodeType)| Node {
            row: RowRef { layer: 1, id },
            code: id.to_string().into(),
            node_type,
            ..Node::default()
        };
        let outlets = |from_code: &str| {
            let pipe = Pipe { from_code: from_code.into(), to_code: "out".into(), ..Pipe::default() };
            let sewers = Sewers::new(vec![pipe], (0..).zip(types).map(node).collect(), Joining::default());
            let is_outlet = |code: i64| sewers.is_outlet(sewers.nodes_with_code(&code.to_string())[0]);
            (0..5).map(is_outlet).collect::<Vec<_>>()
        };
        assert_eq!(outlets("1"), [true, true, true, false, false]);
        assert_eq!(outlets("2"), [true, true, false, false, false], "water passes through this tank");
    }
}
