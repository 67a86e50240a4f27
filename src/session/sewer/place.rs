//! Places in the sewer network as people say them, and how pipes and nodes are called when they are told.

use std::collections::BTreeMap;

use crate::analysis::network::Way;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::pipe::RowRef;
use crate::trades::sewer::sewers::Sewers;
use crate::trades::sewer::trace::Start;

use super::live::LiveNetwork;
use crate::session::answer::{Failure, FailureKind};

/// How far from a typed place the nearest pipe or node may be, metres.
const REACH_M: f64 = 100.0;

/// A node that is not this much farther than the nearest pipe is meant rather than the pipe: pipes end at nodes, metres.
const NODE_BEFORE_PIPE_M: f64 = 1.0;

/// Most names in a list of those that might be meant.
const MOST_NAMES: usize = 5;

/// A place in the network: a node, or a point of a pipe.
#[derive(Clone, Debug, PartialEq)]
pub enum SewerPlace {
    /// As typed: a code, `node:CODE` or `pipe:CODE` where both have it, `LAYER/ID`, or `LON,LAT` in degrees.
    Words(String),
    /// A row of a layer, by table name.
    Row {
        /// Table name.
        layer: String,
        /// Row.
        id: i64,
    },
    /// A point of the map.
    At {
        /// Longitude and latitude, degrees.
        lonlat: [f64; 2],
        /// How far away what is meant may be, metres.
        reach_m: f64,
    },
}

/// What a [`SewerPlace`] named.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundPlace {
    /// The node, or the pipe.
    pub start: Start,
    /// What it is called.
    pub name: String,
    /// How far it is from the point that was given, metres; `None` where it was named.
    pub away_m: Option<f64>,
    /// What else might have been meant.
    pub note: Option<Text>,
}

impl FoundPlace {
    /// Whether it is a pipe.
    pub fn is_pipe(&self) -> bool {
        matches!(self.start, Start::Pipe(_))
    }
}

/// Pipes and nodes of an answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Members {
    /// Table name → rows.
    pub rows: BTreeMap<String, Vec<i64>>,
    /// What its pipes are called, in the order of the answer.
    pub pipes: Vec<Box<str>>,
    /// What its nodes are called.
    pub nodes: Vec<Box<str>>,
}

impl LiveNetwork {
    /// What a place names.
    ///
    /// # Errors
    /// It names nothing, several things, or a pipe that is not in the network.
    pub fn find(&self, place: &SewerPlace) -> Result<FoundPlace, Failure> {
        let found = match place {
            SewerPlace::Words(words) => self.find_words(words.trim())?,
            SewerPlace::Row { layer, id } => self.find_row(layer, *id)?,
            SewerPlace::At { lonlat, reach_m } => self.find_at(*lonlat, *reach_m)?,
        };
        if let Start::Pipe(pipe) = found.start
            && self.sewers.flow(pipe).is_none()
        {
            let name = found.name;
            return Err(usage(text!(
                "管段“{name}”不在管网中：已停用，或既无节点也无线形",
                "Pipe “{name}” is not in the network: it is out of use, or has neither nodes nor a line"
            )));
        }
        Ok(found)
    }

    /// What a place names, which has to be a node.
    ///
    /// # Errors
    /// As [`LiveNetwork::find`]; it is a pipe.
    pub fn find_node(&self, place: &SewerPlace) -> Result<(u32, FoundPlace), Failure> {
        let found = self.find(place)?;
        match found.start {
            Start::Node(node) => Ok((node, found)),
            Start::Pipe(_) => {
                let name = found.name;
                Err(usage(text!("“{name}”是管段，这里需要节点", "“{name}” is a pipe; a node is wanted here")))
            }
        }
    }

    /// What a place names, which has to be a pipe; where a node has the same code, the pipe is meant.
    ///
    /// # Errors
    /// As [`LiveNetwork::find`]; it is a node.
    pub fn find_pipe(&self, place: &SewerPlace) -> Result<(u32, FoundPlace), Failure> {
        let found = match place {
            SewerPlace::Words(words) if !self.pipes_coded(words.trim()).is_empty() => {
                self.find(&SewerPlace::Words(format!("pipe:{}", words.trim())))?
            }
            place => self.find(place)?,
        };
        match found.start {
            Start::Pipe(pipe) => Ok((pipe, found)),
            Start::Node(_) => {
                let name = found.name;
                Err(usage(text!("“{name}”是节点，这里需要管段", "“{name}” is a node; a pipe is wanted here")))
            }
        }
    }

    /// A pipe's code, or its row as `LAYER/ID`: words that find it again.
    pub fn pipe_name(&self, pipe: u32) -> Box<str> {
        match self.sewers.pipe(pipe) {
            Some(pipe) if !pipe.code.is_empty() => pipe.code.clone(),
            Some(pipe) => self.row_name(pipe.row),
            None => Box::default(),
        }
    }

    /// A node's code, its row as `LAYER/ID`, or its place as `LON,LAT`: words that find it again.
    pub fn node_name(&self, node: u32) -> Box<str> {
        self.sewers.node_name(node, |row| self.row_name(row))
    }

    /// A row as `LAYER/ID`.
    pub fn row_name(&self, row: RowRef) -> Box<str> {
        format!("{}/{}", self.table(row), row.id).into()
    }

    /// Pipes and nodes by name and row.
    pub fn members(&self, pipes: &[u32], nodes: &[u32]) -> Members {
        let mut rows: Vec<Vec<i64>> = vec![Vec::new(); self.layers.len()];
        let pipe_rows = pipes.iter().filter_map(|&pipe| Some(self.sewers.pipe(pipe)?.row));
        let node_rows = nodes.iter().filter_map(|&node| Some(self.sewers.node(node)?.row.as_ref()?.row));
        for row in pipe_rows.chain(node_rows) {
            if let Some(ids) = rows.get_mut(usize::from(row.layer)) {
                ids.push(row.id);
            }
        }
        let tables = self.layers.iter().map(|layer| layer.schema.table.clone());
        Members {
            rows: tables.zip(rows).filter(|(_, ids)| !ids.is_empty()).collect(),
            pipes: pipes.iter().map(|&pipe| self.pipe_name(pipe)).collect(),
            nodes: nodes.iter().map(|&node| self.node_name(node)).collect(),
        }
    }

    fn find_words(&self, words: &str) -> Result<FoundPlace, Failure> {
        let named = |code: &str| Failure::new(FailureKind::Usage, nothing(code));
        if let Some(code) = words.strip_prefix("node:") {
            return self.one(self.nodes_coded(code), code)?.ok_or_else(|| named(code));
        }
        if let Some(code) = words.strip_prefix("pipe:") {
            return self.one(self.pipes_coded(code), code)?.ok_or_else(|| named(code));
        }
        let (nodes, pipes) = (self.nodes_coded(words), self.pipes_coded(words));
        let is_both = !nodes.is_empty() && !pipes.is_empty();
        let note = is_both.then(|| {
            text!(
                "“{words}”既是节点又是管段，按节点处理；要查管段请写 pipe:{words}",
                "“{words}” is a node and a pipe; the node was taken: for the pipe write pipe:{words}"
            )
        });
        let found = match self.one(nodes, words)? {
            Some(found) => Some(found),
            None => self.one(pipes, words)?,
        };
        if let Some(found) = found {
            return Ok(FoundPlace { note, ..found });
        }
        if let Some((layer, id)) = words.rsplit_once('/').and_then(|(layer, id)| Some((layer, id.parse().ok()?)))
            && self.layer_named(layer).is_some()
        {
            return self.find_row(layer, id);
        }
        match lonlat(words) {
            Some(lonlat) => self.find_at(lonlat, REACH_M),
            None => Err(named(words)),
        }
    }

    /// The only one of several starts.
    fn one(&self, starts: Vec<Start>, code: &str) -> Result<Option<FoundPlace>, Failure> {
        let [start] = starts[..] else {
            if starts.is_empty() {
                return Ok(None);
            }
            let rows: Vec<RowRef> = starts.iter().filter_map(|start| self.row_of(*start)).collect();
            let names: Vec<Box<str>> = rows.iter().take(MOST_NAMES).map(|row| self.row_name(*row)).collect();
            let (count, zh, en) = (starts.len(), names.join("、"), names.join(", "));
            let more = if starts.len() > names.len() { "…" } else { "" };
            return Err(usage(text!(
                "编号“{code}”有 {count} 个：{zh}{more}，请写 图层/行号",
                "{count} have the code “{code}”: {en}{more}; write LAYER/ID"
            )));
        };
        Ok(Some(FoundPlace { start, name: self.start_name(start), away_m: None, note: None }))
    }

    fn row_of(&self, start: Start) -> Option<RowRef> {
        match start {
            Start::Node(node) => Some(self.sewers.node(node)?.row.as_ref()?.row),
            Start::Pipe(pipe) => Some(self.sewers.pipe(pipe)?.row),
        }
    }

    fn start_name(&self, start: Start) -> String {
        match start {
            Start::Node(node) => self.node_name(node).into(),
            Start::Pipe(pipe) => self.pipe_name(pipe).into(),
        }
    }

    fn nodes_coded(&self, code: &str) -> Vec<Start> {
        self.sewers.nodes_with_code(code).iter().map(|&node| Start::Node(node)).collect()
    }

    fn pipes_coded(&self, code: &str) -> Vec<Start> {
        let has_it = self.sewers.pipes().filter(|(_, pipe)| !code.is_empty() && &*pipe.code == code);
        has_it.map(|(pipe, _)| Start::Pipe(pipe)).collect()
    }

    fn layer_named(&self, word: &str) -> Option<&str> {
        let schemas = || self.layers.iter().map(|layer| &layer.schema);
        let found = schemas().find(|schema| schema.table == word).or_else(|| schemas().find(|it| it.name.is(word)));
        found.map(|schema| schema.table.as_str())
    }

    fn find_row(&self, layer: &str, id: i64) -> Result<FoundPlace, Failure> {
        let no_layer = || usage(text!("“{layer}”不是排水管网的图层", "“{layer}” is no layer of the sewer network"));
        let table = self.layer_named(layer).ok_or_else(no_layer)?;
        let row = self.row(table, id).ok_or_else(no_layer)?;
        let node = self.sewers.node_of_row(row).map(Start::Node);
        let start = node.or_else(|| self.sewers.pipe_of_row(row).map(Start::Pipe));
        let start =
            start.ok_or_else(|| usage(text!("图层“{layer}”没有要素 {id}", "Layer “{layer}” has no feature {id}")))?;
        Ok(FoundPlace { start, name: self.start_name(start), away_m: None, note: None })
    }

    fn find_at(&self, lonlat: [f64; 2], reach_m: f64) -> Result<FoundPlace, Failure> {
        let pipe = self.sewers.pipe_near(lonlat, reach_m);
        let node = self.sewers.nodes_near(lonlat, reach_m).into_iter().find(|(node, _)| has_pipes(&self.sewers, *node));
        let found = match (node, pipe) {
            (Some((node, away_m)), pipe) if pipe.is_none_or(|pipe| away_m <= pipe.away_m + NODE_BEFORE_PIPE_M) => {
                Some((Start::Node(node), away_m))
            }
            (_, pipe) => pipe.map(|pipe| (Start::Pipe(pipe.pipe), pipe.away_m)),
        };
        let (start, away_m) = found.ok_or_else(|| {
            let ([lon, lat], reach_m) = (lonlat, reach_m.round());
            usage(text!(
                "{lon},{lat} 周围 {reach_m} 米内没有管段或节点",
                "There is no pipe or node within {reach_m} m of {lon},{lat}"
            ))
        })?;
        Ok(FoundPlace { start, name: self.start_name(start), away_m: Some(away_m), note: None })
    }
}

fn has_pipes(sewers: &Sewers, node: u32) -> bool {
    [Way::Down, Way::Up].into_iter().any(|way| sewers.network().edges_at(node, way).next().is_some())
}

fn lonlat(words: &str) -> Option<[f64; 2]> {
    let (lon, lat) = words.split_once([',', '，'])?;
    let degrees = |word: &str, most: f64| word.trim().parse::<f64>().ok().filter(|it| it.abs() <= most);
    Some([degrees(lon, 180.0)?, degrees(lat, 90.0)?])
}

fn nothing(words: &str) -> Text {
    text!(
        "没有编号为“{words}”的管段或节点（也可写 图层/行号 或 经度,纬度）",
        "No pipe or node has the code “{words}” (LAYER/ID or LON,LAT will do as well)"
    )
}

fn usage(text: Text) -> Failure {
    Failure::new(FailureKind::Usage, text)
}
