//! Reading OpenStreetMap: PBF and XML, as the layers of a base map.
//!
//! What lies where in the tags is data: see [`themes`]. What no theme takes is counted and told of.

mod element;
mod extract;
mod pbf;
mod rings;
mod themes;
mod wire;
mod xml;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use super::error::ReadError;
use super::format::{self, CrsOrigin, ReadOptions, Sink, Survey};
use super::gather::{Gather, Homes};
use crate::geom::crs::Crs;
use crate::task::{Problems, Task};
use crate::text;
use crate::text::Text;

use extract::{Source, extract};
use themes::THEMES;

/// Kinds of element that are named one by one in what is said about the rest.
const MOST_NAMED: usize = 8;

/// Whether a file that begins like this may be OpenStreetMap's.
pub(super) fn is_begun(beginning: &[u8]) -> bool {
    pbf::is_begun(beginning) || xml::is_begun(beginning)
}

/// What the second pass has to know.
struct Plan {
    source: Source,
    wanted: Vec<bool>,
    /// Where the features of each theme go.
    homes: Vec<Option<Homes>>,
}

/// The first pass.
pub(super) fn survey(path: &Path, options: &ReadOptions, task: &mut Task) -> Result<Survey, ReadError> {
    let bytes = std::fs::metadata(path)?.len();
    if bytes == 0 {
        return Err(ReadError::Empty);
    }
    let mut source = source_of(path, task)?;
    let wanted: Vec<bool> = THEMES
        .iter()
        .map(|theme| options.only.is_empty() || options.only.iter().any(|name| name == theme.name))
        .collect();
    let mut gathered: Vec<Gather> = THEMES.iter().map(|_| Gather::default()).collect();
    let rest = extract(path, &mut source, &wanted, task, &mut |theme, feature| {
        gathered[theme].see(feature.geometry.as_ref(), || feature.values);
        Ok(())
    })?;
    let mut layers = Vec::new();
    let homes = THEMES.iter().zip(gathered).map(|(theme, gather)| {
        if gather.features() == 0 {
            return None;
        }
        let name = options.layer_name.as_ref().map(|name| format!("{name}_{}", theme.name));
        let name = name.as_deref().unwrap_or(theme.name);
        let (drafts, homes) = gather.into_layers(name, &theme.fields(), options, layers.len(), &|values| values);
        layers.extend(drafts);
        Some(homes)
    });
    let homes = homes.collect();
    if layers.is_empty() {
        let first = rest.problems.listed.into_iter().next().map(|problem| problem.what);
        let none = Text::new("没有道路、水系、建筑等可用的要素", "there are no roads, water, buildings or the like");
        return Err(ReadError::NothingUsable { first: first.unwrap_or(none) });
    }
    Ok(Survey {
        format: format::format_named("osm").unwrap_or(&format::FORMATS[0]),
        crs: options.crs.unwrap_or(Crs::WGS84),
        crs_origin: if options.crs.is_some() { CrsOrigin::Asked } else { CrsOrigin::Format },
        encoding: None,
        understood: understood(&rest.left),
        layers,
        problems: rest.problems,
        bytes,
        plan: Arc::new(Plan { source, wanted, homes }),
    })
}

/// The second pass.
pub(super) fn read(path: &Path, survey: &Survey, task: &mut Task, sink: &mut Sink<'_>) -> Result<Problems, ReadError> {
    let plan = survey.plan.downcast_ref::<Plan>().ok_or_else(|| ReadError::NotSupported { path: path.to_owned() })?;
    let mut number = 0;
    extract(path, &mut plan.source.clone(), &plan.wanted, task, &mut |theme, mut feature| {
        number += 1;
        let Some(homes) = plan.homes[theme] else { return Ok(()) };
        let (layer, geometry) = homes.put(feature.geometry.take());
        match sink(layer, number, crate::model::feature::Feature { geometry, ..feature }) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(ReadError::Stopped),
        }
    })?;
    Ok(Problems::default())
}

fn source_of(path: &Path, task: &Task) -> Result<Source, ReadError> {
    let mut beginning = Vec::new();
    File::open(path)?.take(64).read_to_end(&mut beginning)?;
    Ok(if pbf::is_begun(&beginning) { Source::Pbf(pbf::Blocks::find(path, task)?) } else { Source::Xml })
}

/// What was left where it is, most of it first.
fn understood(left: &BTreeMap<String, u64>) -> Vec<Text> {
    let mut all: Vec<(&str, u64)> = left.iter().map(|(key, count)| (key.as_str(), *count)).collect();
    all.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let total: u64 = all.iter().map(|(_, count)| count).sum();
    let mut said = vec![Text::new(
        "按标签分为道路、水系、建筑、绿地等图层；坐标为 WGS 84",
        "Tags decide the layer: roads, water, buildings, green and so on; coordinates are in WGS 84",
    )];
    if total > 0 {
        let named: Vec<String> = all.iter().take(MOST_NAMED).map(|(key, count)| format!("{key} {count}")).collect();
        let (zh, en) = (named.join("、"), named.join(", "));
        let more = if all.len() > MOST_NAMED { "…" } else { "" };
        said.push(text!(
            "另有 {total} 个带标签的对象不属于这些图层，未读入：{zh}{more}",
            "{total} other things with tags belong to none of these layers and are left out: {en}{more}"
        ));
    }
    said
}

#[cfg(test)]
mod tests;
