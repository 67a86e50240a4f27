//! The long profile: its course on the map, its reaches and stations as lists. The chart itself is drawn by the window.

use std::sync::Arc;

use crate::model::schema::Field;
use crate::model::value::Value;
use crate::session::place;
use crate::session::sewer::live::LiveNetwork;
use crate::session::sewer::questions::ProfileAnswer;
use crate::text;
use crate::text::Text;
use crate::trades::sewer::profile::{Crossing, Passing};

use super::condition::{both, words};
use super::ways::{course_drawing, ends_of, system_name};
use super::{Layers, SewerShown, ShownRow, ShownTable, Sum, Tone, count, length, length_words};

pub(super) fn profile(live: &LiveNetwork, found: &ProfileAnswer) -> SewerShown {
    let profile = &found.profile;
    let adverse = profile.reaches.iter().filter(|reach| reach.is_adverse).count();
    let gaps = profile.reaches.iter().filter(|reach| reach.inverts_m.contains(&None)).count();
    let least = profile.reaches.iter().flat_map(|reach| reach.covers_m).flatten().fold(f64::INFINITY, f64::min);
    let (far, stations) = (length_words(profile.length_m), profile.stations.len());
    let mut sums = vec![
        Sum::new(Text::new("长度", "Length"), length(profile.length_m)),
        Sum::new(Text::new("管段", "Pipes"), count(profile.reaches.len())),
        Sum::new(Text::new("逆坡管段", "Adverse pipes"), count(adverse)).bad(adverse > 0),
        Sum::new(Text::new("缺管底标高的管段", "Pipes without an invert"), count(gaps)).bad(gaps > 0),
        Sum::new(Text::new("交叉管线", "Crossing pipes"), count(profile.crossings.len())),
    ];
    if least.is_finite() {
        sums.push(Sum::new(Text::new("最小覆土", "Least cover"), Text::same(format!("{least:.2} m"))).bad(least < 0.0));
    }
    SewerShown {
        title: ends_of(&found.course),
        subtitle: Text::new("纵断面", "Long profile"),
        strip: text!("{far} · {stations} 井", "{far} · {stations} nodes"),
        sums,
        notes: vec![Text::new("没有记录的标高留空，不推算", "Levels that nobody recorded stay blank")],
        tables: vec![reaches(found), stations_table(found), crossings(found)],
        drawing: Arc::new(course_drawing(live, &found.course)),
        layers: Layers::of(live),
        ..SewerShown::default()
    }
}

fn level(value: Option<f64>) -> Value {
    value.map_or(Value::Null, |value| Value::Real((value * 1000.0).round() / 1000.0))
}

fn reaches(found: &ProfileAnswer) -> ShownTable {
    let fields = vec![
        Field::text("pipe", "管段", "Pipe"),
        Field::real("from_m", "起点里程", "From", "m"),
        Field::real("to_m", "终点里程", "To", "m"),
        Field::real("diameter_mm", "管径", "Diameter", "mm"),
        Field::real("invert_from_m", "起点管底", "Invert", "m"),
        Field::real("invert_to_m", "终点管底", "Invert at end", "m"),
        Field::real("slope_permille", "坡度", "Gradient", "‰"),
        Field::real("cover_from_m", "起点覆土", "Cover", "m"),
        Field::real("cover_to_m", "终点覆土", "Cover at end", "m"),
        Field::bool("with_flow", "与水流同向", "Along the flow"),
    ];
    let mut table = ShownTable::new("reaches", Text::new("管段", "Pipes"), fields);
    for reach in &found.profile.reaches {
        let values = vec![
            words(&reach.code),
            level(Some(reach.chainages_m[0])),
            level(Some(reach.chainages_m[1])),
            reach.diameter_mm.map_or(Value::Null, Value::Real),
            level(reach.inverts_m[0]),
            level(reach.inverts_m[1]),
            reach.slope.map_or(Value::Null, |slope| Value::Real((slope * 100_000.0).round() / 100.0)),
            level(reach.covers_m[0]),
            level(reach.covers_m[1]),
            Value::from(reach.is_along),
        ];
        let tone = if reach.is_adverse { Tone::Bad } else { Tone::of_system(reach.system) };
        table.push(ShownRow { at: Some(reach.row), values, tone: Some(tone), ..ShownRow::default() });
    }
    table
}

fn stations_table(found: &ProfileAnswer) -> ShownTable {
    let fields = vec![
        Field::text("node", "井号", "Node"),
        Field::real("chainage_m", "里程", "Chainage", "m"),
        Field::real("ground_m", "地面标高", "Ground", "m"),
        Field::real("floor_m", "井底标高", "Floor", "m"),
        Field::real("drop_m", "跌水", "Drop", "m"),
    ];
    let mut table = ShownTable::new("stations", Text::new("节点", "Nodes"), fields);
    for station in &found.profile.stations {
        let values = vec![
            words(&station.code),
            level(Some(station.chainage_m)),
            level(station.ground_m),
            level(station.floor_m),
            level(station.drop_m),
        ];
        let place_world = station.at.map(place::world_from_lonlat);
        table.push(ShownRow { at: station.row, place_world, values, tone: None });
    }
    table
}

fn crossings(found: &ProfileAnswer) -> ShownTable {
    let fields = vec![
        Field::text("pipe", "交叉管", "Crossing pipe"),
        Field::text("system", "类型", "System"),
        Field::real("chainage_m", "里程", "Chainage", "m"),
        Field::real("invert_m", "管底标高", "Invert", "m"),
        Field::real("crown_m", "管内顶标高", "Crown", "m"),
        Field::text("passes", "穿越", "Passes"),
        Field::real("gap_m", "净距", "Gap", "m"),
    ];
    let mut table = ShownTable::new("crossings", Text::new("交叉", "Crossings"), fields);
    for crossing in &found.profile.crossings {
        let values = vec![
            words(&crossing.code),
            both(&system_name(crossing.system)),
            level(Some(crossing.chainage_m)),
            level(crossing.invert_m),
            level(crossing.crown_m),
            passes(crossing).map_or(Value::Null, |text| both(&text)),
            level(crossing.gap_m),
        ];
        let is_bad = crossing.passing == Some(Passing::Through);
        let tone = if is_bad { Tone::Bad } else { Tone::of_system(crossing.system) };
        let place_world = Some(place::world_from_lonlat(crossing.at));
        table.push(ShownRow { at: Some(crossing.row), place_world, values, tone: Some(tone) });
    }
    table
}

/// How a pipe passes; that its level is not known where it is not.
fn passes(crossing: &Crossing) -> Option<Text> {
    Some(match crossing.passing {
        Some(Passing::Above) => Text::new("上穿", "Above"),
        Some(Passing::Below) => Text::new("下穿", "Below"),
        Some(Passing::Through) => Text::new("相碰", "Through"),
        None if crossing.invert_m.is_none() => Text::new("标高不明", "Level not known"),
        None => return None,
    })
}
