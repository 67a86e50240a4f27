//! What `import` says: of files that were taken in, tried, or held against a layer.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use super::console::{NumberOf, Reply, problem_json};
use super::exchange::found_lines;
use super::table::count;
use crate::geom::crs::Crs;
use crate::model::geometry::Bounds;
use crate::model::value::Value;
use crate::session::Trial;
use crate::session::answer::ImportedLayer;
use crate::session::compare::{Comparison, Difference, DifferenceKind};
use crate::session::crs::datum::DatumVerdict;
use crate::session::place;
use crate::session::state::{CrsOrigin, PreviewLayer};
use crate::task::Problems;
use crate::text;
use crate::text::{Lang, Text};

/// Differences that are written one by one for people.
const SHOWN: usize = 20;

/// Files were taken in.
pub(super) fn imported(
    layers: &[ImportedLayer],
    problems: &Problems,
    rejects: &[(PathBuf, u64)],
    datum: &[(PathBuf, DatumVerdict)],
) -> Reply {
    let json = imported_json(layers, problems, rejects, datum);
    let words = |lang| {
        // What looks wrong is a problem and stands among them.
        let quiet = datum.iter().filter(|(_, verdict)| !matches!(verdict, DatumVerdict::LooksLike { .. }));
        let lines: Vec<String> = quiet.map(|(_, verdict)| format!("{}\n", verdict.text().get(lang))).collect();
        format!("{}\n{}", imported_lines(layers, problems, rejects, lang), lines.concat()).trim_end().to_owned()
    };
    Reply::done(json, Text::owned(words(Lang::Zh), words(Lang::En)))
}

/// What was taken in, for programs.
pub(super) fn imported_json(
    layers: &[ImportedLayer],
    problems: &Problems,
    rejects: &[(PathBuf, u64)],
    datum: &[(PathBuf, DatumVerdict)],
) -> Json {
    let list = layers.iter().map(|it| json!({"name": it.name, "kind": it.kind, "features": it.features}));
    let mapped = layers
        .iter()
        .flat_map(|layer| layer.mapped.iter().map(|(from, to)| json!({"layer": layer.name, "from": from, "to": to})));
    let kept = rejects.iter().map(|(file, features)| json!({"file": file.display().to_string(), "features": features}));
    json!({
        "layers": list.collect::<Vec<_>>(),
        "mapped": mapped.collect::<Vec<_>>(),
        "problems": problems.listed.iter().map(problem_json).collect::<Vec<_>>(),
        "problems_omitted": problems.omitted,
        "rejects": kept.collect::<Vec<_>>(),
        "datum": datum.iter().map(|(file, verdict)| datum_json(Some(file), verdict)).collect::<Vec<_>>(),
    })
}

fn imported_lines(layers: &[ImportedLayer], problems: &Problems, rejects: &[(PathBuf, u64)], lang: Lang) -> String {
    let each = layers.iter().map(|layer| {
        let (name, rows) = (&layer.name, count(layer.features));
        let taken = text!("图层 {name}：读入 {rows} 个要素\n", "layer {name}: {rows} features taken in\n");
        format!("{}{}", taken.get(lang), mapped_line(&layer.mapped, lang))
    });
    let mut lines: String = each.collect();
    for (file, features) in rejects {
        let file = file.display();
        let kept =
            text!("没有导入的 {features} 个要素存到 {file}\n", "{features} refused features are kept in {file}\n");
        lines.push_str(kept.get(lang));
    }
    format!("{lines}{}", found_lines(problems, NumberOf::Feature, lang)).trim_end().to_owned()
}

/// A verdict on the coordinate system of a file, for programs.
fn datum_json(file: Option<&Path>, verdict: &DatumVerdict) -> Json {
    let rounded = |number: f64| (number * 100.0).round() / 100.0;
    let (mut rms, mut moves, mut on) = (None, None, None);
    match verdict {
        DatumVerdict::FitsAsDeclared { rms_m, layer } => (rms, on) = (Some(rounded(*rms_m)), Some(layer)),
        DatumVerdict::LooksLike { rms_m, moves_m, layer, .. } => {
            (rms, moves, on) = (Some(rounded(*rms_m)), moves_m.map(rounded), Some(layer));
        }
        DatumVerdict::CannotTell(_) => {}
    }
    let Text { zh, en } = verdict.text();
    let mut json = json!({
        "verdict": verdict.code(),
        "crs": verdict.crs().map(|crs| crs.to_string()),
        "rms_m": rms,
        "moves_m": moves,
        "layer": on.map(|layer| json!({"zh": layer.zh, "en": layer.en})),
        "what": {"zh": zh, "en": en},
    });
    if let Some(file) = file {
        json["file"] = json!(file.display().to_string());
    }
    json
}

/// Which columns became which fields; nothing for none.
pub(super) fn mapped_line(pairs: &[(String, String)], lang: Lang) -> String {
    if pairs.is_empty() {
        return String::new();
    }
    let pairs: Vec<String> = pairs.iter().map(|(from, to)| format!("{from} → {to}")).collect();
    let pairs = pairs.join(lang.pick("，", ", "));
    text!("  字段对应：{pairs}\n", "  columns to fields: {pairs}\n").get(lang).to_owned()
}

/// Files were looked into.
pub(super) fn tried(trials: &[Trial], lang: Lang) -> Reply {
    let json = json!({ "files": trials.iter().map(trial_json).collect::<Vec<_>>() });
    let lines: String = trials.iter().map(|trial| trial_lines(trial, lang)).collect();
    Reply::result(json, lines)
}

fn trial_json(trial: &Trial) -> Json {
    let preview = &trial.preview;
    let layers = preview.layers.iter().zip(&trial.becomes).map(|(layer, becomes)| {
        let fields = layer.fields.iter().map(|field| {
            let kind = format!("{:?}", field.field_type).to_lowercase();
            json!({"name": field.name.zh, "id": field.id, "type": kind})
        });
        let becomes = becomes.as_ref().map(|it| {
            let mapped = it.mapped.iter().map(|(from, to)| json!({"from": from, "to": to}));
            json!({"layer": it.name, "kind": it.kind, "mapped": mapped.collect::<Vec<_>>()})
        });
        json!({
            "name": layer.name,
            "features": layer.features,
            "geometry": layer.geometry.map(super::super::model::geometry::GeometryKind::geojson_name),
            "extent": extent(layer).map(|it| [it.min[0], it.min[1], it.max[0], it.max[1]]),
            "guessed_kind": layer.guessed_kind.map(|kind| kind.id),
            "fields": fields.collect::<Vec<_>>(),
            "becomes": becomes,
        })
    });
    let both = |text: &Text| json!({"zh": text.zh, "en": text.en});
    json!({
        "file": preview.path.display().to_string(),
        "format": preview.format_id,
        "encoding": preview.encoding.map(|encoding| encoding.to_string()),
        "crs": preview.crs.to_string(),
        "crs_origin": origin(preview.crs_origin).0,
        "layers": layers.collect::<Vec<_>>(),
        "understood": preview.understood.iter().map(both).collect::<Vec<_>>(),
        "datum": preview.datum.as_ref().map(|verdict| datum_json(None, verdict)),
        "problems": preview.problems.iter().map(problem_json).collect::<Vec<_>>(),
    })
}

/// How a CRS is known: for programs and for people.
fn origin(origin: CrsOrigin) -> (&'static str, Text) {
    match origin {
        CrsOrigin::Asked => ("asked", Text::new("按指定", "as asked")),
        CrsOrigin::Declared => ("declared", Text::new("文件写明", "the file says so")),
        CrsOrigin::Format => ("format", Text::new("格式规定", "the format has no other")),
        CrsOrigin::Guessed => ("guessed", Text::new("推测，请核对", "guessed: check it")),
    }
}

/// Around a layer, WGS 84 degrees.
fn extent(layer: &PreviewLayer) -> Option<Bounds> {
    let world = layer.bounds_world?;
    Some(Bounds { min: place::lonlat_from_world(world.min), max: place::lonlat_from_world(world.max) })
}

fn trial_lines(trial: &Trial, lang: Lang) -> String {
    let preview = &trial.preview;
    let mut lines = format!("{}\n", preview.path.display());
    let mut add = |text: Text| lines.push_str(&format!("  {}\n", text.get(lang)));
    let (Text { zh, en }, crs) = (preview.format.clone(), preview.crs);
    let how = origin(preview.crs_origin).1;
    add(text!("格式：{zh}", "format: {en}"));
    if let Some(encoding) = preview.encoding {
        add(text!("文字编码：{encoding}", "encoding: {encoding}"));
    }
    let (zh, en) = (how.zh, how.en);
    add(text!("坐标系：{crs}（{zh}）", "CRS: {crs} ({en})"));
    preview.understood.iter().cloned().for_each(&mut add);
    if preview.crs == Crs::Unknown && preview.crs_origin == CrsOrigin::Guessed {
        add(Text::new(
            "坐标系用 --crs 指定；坐标轴颠倒时加 --swap-axes，位置不明时用 --crs local",
            "say the system with --crs, --swap-axes for a northing before the easting, --crs local if nobody knows the place",
        ));
    }
    let quiet = preview.datum.iter().filter(|verdict| !matches!(verdict, DatumVerdict::LooksLike { .. }));
    quiet.for_each(|verdict| add(verdict.text()));
    for (layer, becomes) in preview.layers.iter().zip(&trial.becomes) {
        lines.push_str(&layer_lines(layer, becomes.as_ref(), lang));
    }
    let problems = Problems { listed: preview.problems.clone(), omitted: 0 };
    lines + &found_lines(&problems, NumberOf::Feature, lang)
}

fn layer_lines(layer: &PreviewLayer, becomes: Option<&ImportedLayer>, lang: Lang) -> String {
    let (name, rows, fields) = (&layer.name, count(layer.features), layer.fields.len());
    let what = layer.geometry.map_or("—", |kind| kind.geojson_name());
    let head = text!(
        "  图层 {name}：{rows} 个要素，{what}，{fields} 个字段\n",
        "  layer {name}: {rows} features, {what}, {fields} fields\n"
    );
    let mut lines = head.get(lang).to_owned();
    if let Some(Bounds { min: [west, south], max: [east, north] }) = extent(layer) {
        lines.push_str(&format!("    {west:.5},{south:.5},{east:.5},{north:.5}\n"));
    }
    match becomes {
        None => lines.push_str(lang.pick("    不导入\n", "    stays out\n")),
        Some(becomes) => {
            let (to, kind) = (&becomes.name, &becomes.kind);
            lines.push_str(text!("    作为 {to}（{kind}）\n", "    becomes {to} ({kind})\n").get(lang));
            let mapped = mapped_line(&becomes.mapped, lang);
            if !mapped.is_empty() {
                lines.push_str(&format!("  {mapped}"));
            }
        }
    }
    lines
}

/// A file was held against a layer.
pub(super) fn compared(comparison: &Comparison, lang: Lang) -> Reply {
    let counts: Vec<usize> = DifferenceKind::ALL.iter().map(|kind| all_of(comparison, *kind)).collect();
    let taken = comparison.differences.iter().filter(|difference| difference.taken).count();
    let mut json = json!({
        "layer": comparison.schema.table,
        "key": comparison.key,
        "compared": comparison.compared,
        "same": comparison.same,
        "taken": taken,
        "differences": comparison.differences.iter().map(|it| difference_json(comparison, it)).collect::<Vec<_>>(),
        "problems": comparison.problems.listed.iter().map(problem_json).collect::<Vec<_>>(),
        "problems_omitted": comparison.problems.omitted,
        "datum": comparison.datum.as_ref().map(|verdict| datum_json(None, verdict)),
    });
    for (kind, count) in DifferenceKind::ALL.iter().zip(&counts) {
        json[kind.code()] = json!(count);
    }
    let [added, moved, changed, gone] = counts[..] else { return Reply::result(json, String::new()) };
    let same = count(comparison.same);
    let head = text!(
        "相同 {same}，新增 {added}，移动 {moved}，变更 {changed}，消失 {gone}\n",
        "{same} the same, {added} added, {moved} moved, {changed} changed, {gone} gone\n"
    );
    let mut lines = head.get(lang).to_owned();
    lines.extend(comparison.differences.iter().take(SHOWN).map(|it| difference_line(comparison, it, lang)));
    if comparison.differences.len() > SHOWN {
        let more = comparison.differences.len() - SHOWN;
        lines.push_str(text!("  …还有 {more} 个\n", "  … and {more} more\n").get(lang));
    }
    if taken > 0 {
        lines.push_str(text!("已接收 {taken} 个\n", "{taken} taken over\n").get(lang));
    }
    let quiet = comparison.datum.iter().filter(|verdict| !matches!(verdict, DatumVerdict::LooksLike { .. }));
    quiet.for_each(|verdict| lines.push_str(&format!("{}\n", verdict.text().get(lang))));
    lines.push_str(&found_lines(&comparison.problems, NumberOf::Feature, lang));
    Reply::result(json, lines)
}

fn all_of(comparison: &Comparison, kind: DifferenceKind) -> usize {
    comparison.differences.iter().filter(|difference| difference.kind() == kind).count()
}

fn difference_json(comparison: &Comparison, difference: &Difference) -> Json {
    let value = |value: &Value| match value {
        Value::Null => Json::Null,
        Value::Bool(yes) => json!(yes),
        Value::Int(number) => json!(number),
        Value::Real(number) => json!(number),
        other => json!(other.to_string()),
    };
    let fields = difference.fields.iter().map(|&place| {
        let [old, new] = difference.values(place);
        json!({"field": comparison.schema.fields[place].id, "old": value(old), "new": value(new)})
    });
    json!({
        "kind": difference.kind().code(),
        "id": difference.old.as_ref().map(|row| row.id),
        "feature": difference.number,
        "key": key_of(comparison, difference),
        "moved_m": difference.moved_m.map(|moved_m| (moved_m * 1000.0).round() / 1000.0),
        "fields": fields.collect::<Vec<_>>(),
        "at": difference.bounds_world.map(|bounds| place::lonlat_from_world(bounds.center())),
        "taken": difference.taken,
    })
}

fn key_of(comparison: &Comparison, difference: &Difference) -> Option<String> {
    let place = comparison.schema.field_index(comparison.key.as_deref()?)?;
    let row = difference.new.as_ref().or(difference.old.as_ref())?;
    row.values.get(place).map(ToString::to_string)
}

fn difference_line(comparison: &Comparison, difference: &Difference, lang: Lang) -> String {
    let name = key_of(comparison, difference).unwrap_or_else(|| match difference.number {
        Some(number) => format!("#{number}"),
        None => format!("{}/{}", comparison.schema.table, difference.id()),
    });
    let mut words = Vec::new();
    if let Some(moved_m) = difference.moved_m {
        words.push(format!("{moved_m:.2} m"));
    }
    words.extend(difference.fields.iter().map(|&place| {
        let [old, new] = difference.values(place);
        format!("{}: {old} → {new}", comparison.schema.fields[place].name.get(lang))
    }));
    format!("  {} {name} {}\n", difference.kind().name().get(lang), words.join(lang.pick("；", "; ")))
}
