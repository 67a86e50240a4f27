//! The passes over an OpenStreetMap file: relations, then the nodes that ways need, then the ways, then areas of many
//! ways.
//!
//! Only positions of needed nodes are kept, as two sorted arrays: 16 bytes a node.

use std::collections::BTreeMap;
use std::path::Path;

use rayon::prelude::*;

use super::super::error::ReadError;
use super::element::{Element, Fold, Kinds, Place, See, Tag, lonlat, tag};
use super::pbf::Blocks;
use super::rings::join;
use super::themes::{Shape, THEMES, Taken, main_key, theme_of};
use super::xml;
use crate::model::feature::Feature;
use crate::model::geometry::{Geometry, GeometryKind, WkbWriter};
use crate::task::{Problem, Problems, Task};
use crate::text;
use crate::text::Text;

/// Memory that the positions may take beside that in proportion to the file, bytes.
const FREE_BYTES: u64 = 100 << 20;
/// Memory in proportion to the file's size. Files of the XML form need a part of it, PBF about four.
const TIMES_SIZE: u64 = 12;
/// A node that is needed and has not been met.
const MISSING: Place = [i32::MIN; 2];
/// Keys that are counted one by one.
const MAX_KEYS: usize = 1000;
/// Relations that are put together at once.
const AT_ONCE: usize = 256;

/// How a file is laid out.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Xml,
    Pbf(Blocks),
}

impl Source {
    fn pass<T: Default + Send>(
        &mut self,
        path: &Path,
        want: Kinds,
        task: &mut Task,
        what: &Text,
        see: &See<'_, T>,
        fold: &mut Fold<'_, T>,
    ) -> Result<(), ReadError> {
        match self {
            Self::Xml => xml::pass(path, want, task, what, see, fold),
            Self::Pbf(blocks) => blocks.pass(path, want, task, what, see, fold),
        }
    }
}

/// Takes a feature with the place of its theme.
pub(super) type Emit<'a> = dyn FnMut(usize, Feature) -> Result<(), ReadError> + 'a;

/// What is not among the features.
#[derive(Debug, Default)]
pub(super) struct Rest {
    pub problems: Problems,
    /// Elements with tags that no theme takes, by what they are.
    pub left: BTreeMap<String, u64>,
}

impl Rest {
    fn leave(&mut self, tags: &[Tag<'_>]) {
        let Some(key) = main_key(tags) else { return };
        if let Some(count) = self.left.get_mut(key) {
            *count += 1;
        } else if self.left.len() < MAX_KEYS {
            self.left.insert(key.to_owned(), 1);
        }
    }

    fn append(&mut self, later: Self) {
        self.problems.append(later.problems);
        for (key, count) in later.left {
            if self.left.len() < MAX_KEYS || self.left.contains_key(&key) {
                *self.left.entry(key).or_default() += count;
            }
        }
    }
}

/// An area whose border is cut into ways.
#[derive(Debug)]
struct Area {
    id: i64,
    theme: usize,
    feature: Feature,
    ways: Vec<i64>,
}

/// What one piece of the file tells.
#[derive(Default)]
struct Notes {
    areas: Vec<Area>,
    nodes: Vec<i64>,
    places: Vec<(usize, Place)>,
    features: Vec<(usize, Feature)>,
    paths: Vec<(usize, Vec<Place>)>,
    rest: Rest,
}

/// Goes over the whole file.
pub(super) fn extract(
    path: &Path,
    source: &mut Source,
    wanted: &[bool],
    task: &mut Task,
    emit: &mut Emit<'_>,
) -> Result<Rest, ReadError> {
    let mut work = Work {
        wanted,
        room: FREE_BYTES + TIMES_SIZE * std::fs::metadata(path)?.len(),
        areas: Vec::new(),
        members: Vec::new(),
        nodes: Vec::new(),
        places: Vec::new(),
        paths: Vec::new(),
        rest: Rest::default(),
    };
    work.relations(path, source, task)?;
    work.needed_nodes(path, source, task)?;
    work.nodes(path, source, task, emit)?;
    work.ways(path, source, task, emit)?;
    work.areas(task, emit)?;
    Ok(work.rest)
}

struct Work<'a> {
    wanted: &'a [bool],
    /// Memory that is left, bytes.
    room: u64,
    areas: Vec<Area>,
    /// Ways that areas are made of, sorted; and their positions.
    members: Vec<i64>,
    paths: Vec<Vec<Place>>,
    /// Nodes that are needed, sorted; and their positions.
    nodes: Vec<i64>,
    places: Vec<Place>,
    rest: Rest,
}

impl Work<'_> {
    fn relations(&mut self, path: &Path, source: &mut Source, task: &mut Task) -> Result<(), ReadError> {
        let wanted = self.wanted;
        let see = |notes: &mut Notes, element: Element<'_>| {
            let Element::Relation { id, ways, tags } = element else { return };
            let is_area = matches!(tag(tags, "type"), Some("multipolygon" | "boundary"));
            match theme_of(Shape::Area, tags).filter(|_| is_area) {
                Some(taken) if wanted[taken.theme] => {
                    let feature = feature("relation", id, taken, tags);
                    notes.areas.push(Area { id, theme: taken.theme, feature, ways: ways.to_vec() });
                }
                Some(_) => {}
                None => notes.rest.leave(tags),
            }
        };
        let (areas, members, rest, room) = (&mut self.areas, &mut self.members, &mut self.rest, &mut self.room);
        let what = Text::new("正在查找面", "Looking for areas");
        source.pass(path, Kinds::RELATIONS, task, &what, &see, &mut |notes| {
            for area in notes.areas {
                spend(room, 512 + 16 * area.ways.len())?;
                members.extend(&area.ways);
                areas.push(area);
            }
            rest.append(notes.rest);
            Ok(())
        })?;
        members.sort_unstable();
        members.dedup();
        Ok(())
    }

    fn needed_nodes(&mut self, path: &Path, source: &mut Source, task: &mut Task) -> Result<(), ReadError> {
        let (wanted, members) = (self.wanted, &self.members);
        let see = |notes: &mut Notes, element: Element<'_>| {
            let Element::Way { id, nodes, tags } = element else { return };
            let is_taken = theme_of_way(nodes, tags).is_some_and(|(_, taken)| wanted[taken.theme]);
            if is_taken || members.binary_search(&id).is_ok() {
                notes.nodes.extend(nodes);
            }
        };
        let (needed, room) = (&mut self.nodes, &mut self.room);
        let what = Text::new("正在读取线", "Reading the ways");
        source.pass(path, Kinds::WAYS, task, &what, &see, &mut |notes| {
            spend(room, 16 * notes.nodes.len())?;
            needed.extend(notes.nodes);
            Ok(())
        })?;
        needed.par_sort_unstable();
        needed.dedup();
        needed.shrink_to_fit();
        self.places = vec![MISSING; needed.len()];
        Ok(())
    }

    fn nodes(
        &mut self,
        path: &Path,
        source: &mut Source,
        task: &mut Task,
        emit: &mut Emit<'_>,
    ) -> Result<(), ReadError> {
        let (wanted, needed) = (self.wanted, &self.nodes);
        let see = |notes: &mut Notes, element: Element<'_>| {
            let Element::Node { id, at, tags } = element else { return };
            if let Ok(place) = needed.binary_search(&id) {
                notes.places.push((place, at));
            }
            if tags.is_empty() {
                return;
            }
            match theme_of(Shape::Point, tags) {
                Some(taken) if wanted[taken.theme] => {
                    let [lon, lat] = lonlat(at);
                    let geometry = Some(Geometry::point(lon, lat));
                    notes.features.push((taken.theme, Feature { geometry, ..feature("node", id, taken, tags) }));
                }
                Some(_) => {}
                None => notes.rest.leave(tags),
            }
        };
        let (places, rest) = (&mut self.places, &mut self.rest);
        let what = Text::new("正在读取点", "Reading the nodes");
        source.pass(path, Kinds::NODES, task, &what, &see, &mut |notes| {
            notes.places.into_iter().for_each(|(place, at)| places[place] = at);
            rest.append(notes.rest);
            notes.features.into_iter().try_for_each(|(theme, feature)| emit(theme, feature))
        })
    }

    fn ways(
        &mut self,
        path: &Path,
        source: &mut Source,
        task: &mut Task,
        emit: &mut Emit<'_>,
    ) -> Result<(), ReadError> {
        let (wanted, members, known) = (self.wanted, &self.members, (&self.nodes[..], &self.places[..]));
        let see = |notes: &mut Notes, element: Element<'_>| {
            let Element::Way { id, nodes, tags } = element else { return };
            let member = members.binary_search(&id);
            let taken = theme_of_way(nodes, tags);
            if let Some((shape, taken)) = taken.filter(|(_, taken)| wanted[taken.theme]) {
                let feature = feature("way", id, taken, tags);
                way(id, &found(nodes, known), shape, (taken.theme, feature), notes);
            } else if taken.is_none() && member.is_err() {
                notes.rest.leave(tags);
            }
            if let Ok(place) = member {
                let is_there = |place: &Place| *place != MISSING;
                notes.paths.push((place, found(nodes, known).into_iter().filter(is_there).collect()));
            }
        };
        let (rest, room) = (&mut self.rest, &mut self.room);
        let mut paths = vec![Vec::new(); members.len()];
        let what = Text::new("正在生成线和面", "Making lines and areas");
        source.pass(path, Kinds::WAYS, task, &what, &see, &mut |notes| {
            for (place, path) in notes.paths {
                spend(room, 8 * path.len())?;
                paths[place] = path;
            }
            rest.append(notes.rest);
            notes.features.into_iter().try_for_each(|(theme, feature)| emit(theme, feature))
        })?;
        self.paths = paths;
        Ok(())
    }

    fn areas(&mut self, task: &mut Task, emit: &mut Emit<'_>) -> Result<(), ReadError> {
        let what = Text::new("正在拼合面", "Putting areas together");
        let total = self.areas.len() as u64;
        let areas = std::mem::take(&mut self.areas);
        let (members, paths) = (&self.members, &self.paths);
        for (round, some) in areas.chunks(AT_ONCE).enumerate() {
            task.report(&what, (round * AT_ONCE) as u64, Some(total))?;
            let made: Vec<(Option<Geometry>, Option<Problem>)> =
                some.par_iter().map(|area| put_together(area, members, paths)).collect();
            for (area, (geometry, problem)) in some.iter().zip(made) {
                problem.into_iter().for_each(|problem| self.rest.problems.push(problem));
                if geometry.is_some() {
                    emit(area.theme, Feature { geometry, ..area.feature.clone() })?;
                }
            }
        }
        task.report(&what, total, Some(total))?;
        Ok(())
    }
}

fn spend(room: &mut u64, bytes: usize) -> Result<(), ReadError> {
    let left = room.checked_sub(bytes as u64);
    *room = left.ok_or(ReadError::TooMuchMemory)?;
    Ok(())
}

fn feature(kind: &str, id: i64, taken: Taken<'_>, tags: &[Tag<'_>]) -> Feature {
    let values = THEMES[taken.theme].values(&format!("{kind}/{id}"), taken, tags);
    Feature { id: 0, geometry: None, values }
}

/// Whether a way is an area or a line, and its theme. A closed way may be either: its tags tell.
fn theme_of_way<'a>(nodes: &[i64], tags: &[Tag<'a>]) -> Option<(Shape, Taken<'a>)> {
    if tags.is_empty() {
        return None;
    }
    let is_closed = nodes.len() >= 4 && nodes.first() == nodes.last();
    let said = tag(tags, "area");
    let area = || theme_of(Shape::Area, tags).filter(|_| is_closed && said != Some("no"));
    let line = || theme_of(Shape::Line, tags).filter(|_| !is_closed || said != Some("yes"));
    line().map(|taken| (Shape::Line, taken)).or_else(|| area().map(|taken| (Shape::Area, taken)))
}

/// The positions of nodes, [`MISSING`] for those that the file does not hold.
fn found(nodes: &[i64], (known, places): (&[i64], &[Place])) -> Vec<Place> {
    nodes.iter().map(|node| known.binary_search(node).map_or(MISSING, |place| places[place])).collect()
}

/// Makes the features of a way: of a line that was cut at the border of the file every piece that is there, of an area
/// what its nodes that are there enclose.
fn way(id: i64, places: &[Place], shape: Shape, (theme, feature): (usize, Feature), notes: &mut Notes) {
    let missing = places.iter().filter(|place| **place == MISSING).count();
    let before = notes.features.len();
    if shape == Shape::Area {
        let mut ring: Vec<Place> = places.iter().copied().filter(|place| *place != MISSING).collect();
        if ring.first() != ring.last() {
            ring.extend(ring.first().copied());
        }
        if let Some(geometry) = join(&[ring]).into_area() {
            notes.features.push((theme, Feature { geometry: Some(geometry), ..feature }));
        }
    } else {
        for run in places.split(|place| *place == MISSING) {
            if let Some(geometry) = line(run) {
                notes.features.push((theme, Feature { geometry: Some(geometry), ..feature.clone() }));
            }
        }
    }
    let problem = match (notes.features.len() > before, missing) {
        (true, 0) => return,
        (true, _) => {
            let what = text!(
                "路径 {id} 有 {missing} 个节点不在文件中，已按现有节点读入",
                "way {id}: {missing} of its nodes are not in the file; what is there was taken"
            );
            Problem::warning("osm.clipped", what)
        }
        (false, 0) => {
            let what = text!("路径 {id} 没有长度或面积，已略过", "way {id} has no length or area: left out");
            Problem::error("osm.no-extent", what)
        }
        (false, _) => {
            let what = text!("路径 {id} 的节点不在文件中，已略过", "way {id}: its nodes are not in the file: left out");
            Problem::error("osm.no-nodes", what)
        }
    };
    let first = places.iter().find(|place| **place != MISSING);
    notes.rest.problems.push(Problem { at: first.copied().map(lonlat), ..problem });
}

fn line(run: &[Place]) -> Option<Geometry> {
    if run.iter().all(|place| *place == run[0]) {
        return None;
    }
    let mut out = WkbWriter::new(false);
    out.head(GeometryKind::LineString, run.len());
    for [lon, lat] in run.iter().copied().map(lonlat) {
        out.position(lon, lat, 0.0);
    }
    Geometry::from_writer(out).ok()
}

/// Makes the polygons of a relation.
fn put_together(area: &Area, members: &[i64], paths: &[Vec<Place>]) -> (Option<Geometry>, Option<Problem>) {
    let pieces: Vec<Vec<Place>> = area
        .ways
        .iter()
        .filter_map(|way| Some(paths[members.binary_search(way).ok()?].clone()))
        .filter(|path| path.len() > 1)
        .collect();
    let absent = area.ways.len() - pieces.len();
    let at = pieces.iter().flatten().next().copied().map(lonlat);
    let rings = join(&pieces);
    let loose = rings.loose;
    let id = area.id;
    let geometry = rings.into_area();
    let problem = if geometry.is_none() {
        let what = text!(
            "关系 {id} 的边界不闭合（缺 {absent} 条路径），已略过",
            "relation {id}: its border does not close ({absent} ways are missing): left out"
        );
        Problem::error("osm.open-border", what)
    } else if absent + loose > 0 {
        let what = text!(
            "关系 {id} 有 {absent} 条路径不在文件中、{loose} 段不闭合，只取了闭合的部分",
            "relation {id}: {absent} ways are not in the file and {loose} pieces do not close; only what closes was taken"
        );
        Problem::warning("osm.clipped", what)
    } else {
        return (geometry, None);
    };
    (geometry, Some(Problem { at, ..problem }))
}
