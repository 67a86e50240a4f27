//! Sums over pipes and nodes, for programs and for people.

use serde_json::{Value as Json, json};

use crate::cli::table::{Table, count, real};
use crate::kinds;
use crate::text;
use crate::text::{Lang, Text};
use crate::trades::sewer::pipe::System;
use crate::trades::sewer::section::Size;
use crate::trades::sewer::trace::{Amount, Sums};

/// What directions of flow came from, by the word programs read.
static DIRECTIONS: [(&str, Text); 3] = [
    ("record", Text::new("流向按记录", "Direction by the record")),
    ("inverts", Text::new("流向按管底标高", "Direction by inverts")),
    ("drawn", Text::new("流向按画线", "Direction as drawn")),
];

/// Pipes and metres.
pub(super) fn amount_json(amount: &Amount) -> Json {
    json!({ "pipes": amount.pipes, "length_m": amount.length_m })
}

/// Pipes of one size; a width is told of sections that are no circles alone.
fn size_json(size: &Size, amount: &Amount) -> Json {
    let mut json = amount_json(amount);
    json["diameter_mm"] = json!(size.height_mm);
    if size.is_shaped {
        json["width_mm"] = json!(size.width_mm);
    }
    json
}

/// All sums.
pub(super) fn sums_json(sums: &Sums) -> Json {
    let with = |key: &str, value: Json, amount: &Amount| {
        let mut json = amount_json(amount);
        json[key] = value;
        json
    };
    let directions = DIRECTIONS.iter().zip(&sums.by_direction);
    let uses = &sums.uses;
    json!({
        "pipes": sums.pipes,
        "nodes": sums.nodes,
        "length_m": sums.length_m,
        "devices": sums.devices,
        "by_diameter": sums.by_size.iter().map(|(size, it)| size_json(size, it)).collect::<Vec<_>>(),
        "by_material":
            sums.by_material.iter().map(|(code, it)| with("material", json!(code), it)).collect::<Vec<_>>(),
        "by_system":
            sums.by_system.iter().map(|(system, it)| with("system", json!(system.code()), it)).collect::<Vec<_>>(),
        "directions": directions.map(|((word, _), it)| ((*word).to_owned(), json!(it.pipes))).collect::<Json>(),
        "inspected_m": sums.inspected_m,
        "inspected_share": sums.inspected_share(),
        "worst_grade": sums.worst_grade,
        "graded_m": sums.graded_m,
        "users": uses.users,
        "households": uses.households,
        "kitchens": uses.kitchens,
        "volume_m3_per_d": uses.volume_m3_per_d,
    })
}

/// A length for people: metres up to a kilometre.
pub(super) fn length(length_m: f64) -> String {
    if length_m < 1000.0 { format!("{length_m:.1} m") } else { format!("{:.3} km", length_m / 1000.0) }
}

/// All sums as a table.
pub(super) fn sum_lines(sums: &Sums, lang: Lang) -> String {
    let mut table = Table::new(match lang {
        Lang::Zh => ["项目", ">管段", ">长度"],
        Lang::En => ["What", ">Pipes", ">Length"],
    });
    let mut amount = |name: String, it: &Amount| table.row([name, count(it.pipes as u64), length(it.length_m)]);
    amount(lang.pick("管段", "Pipes").to_owned(), &Amount { pipes: sums.pipes, length_m: sums.length_m });
    for (system, it) in &sums.by_system {
        amount(format!("  {}", system_name(*system).get(lang)), it);
    }
    for (size, it) in &sums.by_size {
        let name = size.words().unwrap_or_else(|| lang.pick("管径未知", "no diameter").to_owned());
        amount(format!("  {name}"), it);
    }
    for (code, it) in &sums.by_material {
        amount(format!("  {}", material_name(code, lang)), it);
    }
    for ((_, name), it) in DIRECTIONS.iter().zip(&sums.by_direction).filter(|(_, it)| it.pipes > 0) {
        amount(format!("  {}", name.get(lang)), it);
    }
    format!("{}\n{}", table.lines(), facts(sums, lang))
}

/// Sums that are no lengths.
fn facts(sums: &Sums, lang: Lang) -> String {
    let share = sums.inspected_share().map_or_else(|| "—".to_owned(), |share| format!("{:.1} %", share * 100.0));
    let (nodes, metres) = (count(sums.nodes as u64), length(sums.inspected_m));
    let worst = sums.worst_grade.map_or_else(|| "—".to_owned(), |grade| grade.to_string());
    let uses = &sums.uses;
    let (users, kitchens) = (count(uses.users as u64), count(uses.kitchens as u64));
    let (homes, volume) = (real(uses.households as f64, 0), real(uses.volume_m3_per_d, 1));
    text!(
        "节点 {nodes}；已检测 {metres}（{share}），最差等级 {worst}\n排水户 {users}（餐饮 {kitchens}），{homes} 户，{volume} m³/d\n",
        "{nodes} nodes; inspected {metres} ({share}), worst grade {worst}\n{users} drainage users ({kitchens} kitchens), {homes} households, {volume} m³/d\n"
    )
    .get(lang)
    .to_owned()
}

fn system_name(system: System) -> Text {
    match system {
        System::Storm => Text::new("雨水", "storm"),
        System::Foul => Text::new("污水", "foul"),
        System::Combined => Text::new("合流", "combined"),
        System::Unknown => Text::new("类别未知", "system unknown"),
    }
}

fn material_name(code: &str, lang: Lang) -> String {
    let field = kinds::find("sewer_pipe").and_then(|kind| kind.fields.iter().find(|field| field.id == "material"));
    let known = field.and_then(|field| field.codes.iter().find(|known| known.value == code));
    match known {
        Some(known) => known.name.get(lang).to_owned(),
        None if code.is_empty() => lang.pick("管材未知", "no material").to_owned(),
        None => code.to_owned(),
    }
}
