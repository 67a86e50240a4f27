//! Verbs about a city as a whole: `new`, `demo`, `info`, `layers`, `kinds`.

use clap::Args;
use serde_json::{Value as Json, json};

use super::args::{DemoArgs, LayersArgs, NewArgs};
use super::console::Reply;
use super::figures;
use super::table::{Table, count, real};
use super::{Run, usage};
use crate::kinds;
use crate::kinds::kind::Kind;
use crate::model::geometry::{Bounds, GeometryKind};
use crate::model::schema::{Field, Schema};
use crate::model::value::FieldType;
use crate::session::answer::{Answer, CityInfo, Failure, FailureKind, LayerFigures};
use crate::session::command::{CityCommand, Command, LayerCommand};
use crate::session::state::LayerView;
use crate::text;
use crate::text::{Lang, Text};

/// `kinds`.
#[derive(Debug, Args)]
pub(super) struct KindsArgs {
    /// 类型的代号或名称 | A kind by id or name
    #[arg(value_name = "KIND")]
    pub(super) kind: Option<String>,
}

/// Makes an empty city, perhaps with empty layers.
pub(super) fn new(run: &mut Run, args: NewArgs) -> Result<Reply, Failure> {
    let kinds = args.layer.iter().map(|word| find_kind(word)).collect::<Result<Vec<_>, _>>()?;
    let city = args.city.display().to_string();
    run.finish(Command::City(CityCommand::New { path: args.city, overwrite: args.overwrite }))?;
    run.know_layers()?;
    add_layers(run, &kinds)?;
    let layers: Vec<&str> = kinds.iter().map(|kind| kind.id).collect();
    Ok(Reply::done(json!({ "city": city, "layers": layers }), text!("已新建 {city}", "made {city}")))
}

/// Writes the sample city.
pub(super) fn demo(run: &mut Run, args: DemoArgs) -> Result<Reply, Failure> {
    let DemoArgs { out, seed, scale, overwrite } = args;
    let answer = run.finish(Command::City(CityCommand::Demo { path: out, seed, scale, overwrite }))?;
    let Answer::Demo { city, sha256, seed } = answer else {
        return Err(unexpected());
    };
    let city = city.display().to_string();
    let message = text!("已写出示例城市 {city}\nSHA-256 {sha256}", "wrote the sample city {city}\nSHA-256 {sha256}");
    Ok(Reply::done(json!({ "city": city, "sha256": sha256, "seed": seed }), message))
}

/// Layers, their sizes, and the bureau's figures.
pub(super) fn info(run: &mut Run) -> Result<Reply, Failure> {
    let info = run.session.info()?;
    let json = json!({
        "city": info.path.display().to_string(),
        "format_version": info.format_version,
        "sample": info.is_sample,
        "layers": info.layers.iter().map(layer_json).collect::<Vec<_>>(),
        "figures": figures::json(&info.figures),
    });
    Ok(Reply::result(json, info_lines(&info, run.lang())))
}

/// Lists layers, after adding, removing, renaming, showing and hiding some.
pub(super) fn layers(run: &mut Run, args: &LayersArgs) -> Result<Reply, Failure> {
    let kinds = args.add.iter().map(|word| find_kind(word)).collect::<Result<Vec<_>, _>>()?;
    let commands = layer_commands(run, args)?;
    add_layers(run, &kinds)?;
    for command in commands {
        run.finish(Command::Layer(command))?;
    }
    let layers = run.session.layers()?;
    Ok(Reply::result(layers.iter().map(view_json).collect(), view_lines(&layers, run.lang())))
}

/// Lists the kinds, or the fields of one.
pub(super) fn kinds(args: &KindsArgs, lang: Lang) -> Result<Reply, Failure> {
    match &args.kind {
        Some(word) => {
            let kind = find_kind(word)?;
            Ok(Reply::result(kind_json(kind), field_lines(kind, lang)))
        }
        None => Ok(Reply::result(kinds::all().iter().map(kind_json).collect(), kind_lines(lang))),
    }
}

/// A kind by id or by name in either language.
pub(super) fn find_kind(word: &str) -> Result<&'static Kind, Failure> {
    let same = |kind: &&Kind| kind.id.eq_ignore_ascii_case(word) || kind.name.is(word);
    kinds::all().iter().find(same).ok_or_else(|| {
        let known: Vec<&str> = kinds::all().iter().map(|kind| kind.id).collect();
        let known = known.join(" ");
        usage(text!("没有“{word}”这个图层类型，可用：{known}", "there is no kind “{word}”; the kinds are: {known}"))
    })
}

/// The shape of a layer, by table or by name in either language.
pub(super) fn find_schema(run: &Run, word: &str) -> Result<Schema, Failure> {
    run.session.schema(word).map_err(|failure| {
        let layers = run.session.layers().ok().filter(|_| failure.kind == FailureKind::Usage);
        let Some(layers) = layers else { return failure };
        let known: Vec<&str> = layers.iter().map(LayerView::table).collect();
        let known = known.join(" ");
        usage(text!("城市里没有图层“{word}”，现有：{known}", "the city has no layer “{word}”; it has: {known}"))
    })
}

/// The session answered something else than was asked.
pub(super) fn unexpected() -> Failure {
    Failure::new(FailureKind::File, Text::new("没有打开的城市", "no city is open"))
}

fn add_layers(run: &mut Run, kinds: &[&'static Kind]) -> Result<(), Failure> {
    for kind in kinds {
        run.finish(Command::Layer(LayerCommand::Create { kind: kind.id.to_owned() }))?;
    }
    Ok(())
}

fn layer_commands(run: &Run, args: &LayersArgs) -> Result<Vec<LayerCommand>, Failure> {
    let table = |word: &String| find_schema(run, word).map(|schema| schema.table);
    let mut commands = Vec::new();
    for word in &args.remove {
        commands.push(LayerCommand::Remove(table(word)?));
    }
    for pair in &args.rename {
        commands.push(LayerCommand::Rename { layer: table(&pair.left)?, name: pair.right.clone() });
    }
    for (words, visible) in [(&args.show, true), (&args.hide, false)] {
        if !words.is_empty() {
            let layers = words.iter().map(table).collect::<Result<_, _>>()?;
            commands.push(LayerCommand::Visible { layers, visible });
        }
    }
    Ok(commands)
}

fn layer_json(layer: &LayerFigures) -> Json {
    json!({
        "name": layer.name,
        "kind": layer.kind,
        "geometry": layer.geometry.map(GeometryKind::geojson_name),
        "crs": layer.crs.to_string(),
        "features": layer.features,
        "length_m": figures::rounded(layer.length_m, 3),
        "area_m2": figures::rounded(layer.area_m2, 3),
        "extent": layer.extent.as_ref().map(extent_json),
        "zh": layer.title.zh,
        "en": layer.title.en,
    })
}

fn extent_json(extent: &Bounds) -> Json {
    json!([extent.min[0], extent.min[1], extent.max[0], extent.max[1]])
}

fn info_lines(info: &CityInfo, lang: Lang) -> String {
    let mut table = Table::new(lang_heads(
        lang,
        &["图层", "名称", "类型", "坐标系", ">数量", ">长度 km", ">面积 km²"],
        &["Layer", "Name", "Geometry", "CRS", ">Features", ">Length km", ">Area km²"],
    ));
    for layer in &info.layers {
        table.row([
            layer.name.clone(),
            layer.title.get(lang).to_owned(),
            layer.geometry.map_or("", GeometryKind::geojson_name).to_owned(),
            layer.crs.to_string(),
            count(layer.features),
            real(layer.length_m / 1e3, 3),
            real(layer.area_m2 / 1e6, 3),
        ]);
    }
    let path = info.path.display();
    let sample = if info.is_sample { lang.pick("（虚构的示例数据）", " (invented sample data)") } else { "" };
    format!("{path}{sample}\n\n{}\n{}", table.lines(), figures::lines(&info.figures, lang))
}

fn view_json(layer: &LayerView) -> Json {
    json!({
        "name": layer.table(),
        "zh": layer.name.zh,
        "en": layer.name.en,
        "kind": layer.kind.id,
        "geometry": layer.schema.geometry.map(GeometryKind::geojson_name),
        "crs": layer.schema.crs.to_string(),
        "features": layer.count,
        "visible": layer.visible,
    })
}

fn view_lines(layers: &[LayerView], lang: Lang) -> String {
    let mut table = Table::new(lang_heads(
        lang,
        &["图层", "名称", "类型", "坐标系", ">数量", "可见"],
        &["Layer", "Name", "Kind", "CRS", ">Features", "Visible"],
    ));
    for layer in layers {
        table.row([
            layer.table().to_owned(),
            layer.name.get(lang).to_owned(),
            layer.kind.name.get(lang).to_owned(),
            layer.schema.crs.to_string(),
            count(layer.count),
            if layer.visible { lang.pick("是", "yes") } else { lang.pick("否", "no") }.to_owned(),
        ]);
    }
    table.lines()
}

fn kind_json(kind: &Kind) -> Json {
    json!({
        "id": kind.id,
        "zh": kind.name.zh,
        "en": kind.name.en,
        "geometry": kind.geometry.map(GeometryKind::geojson_name),
        "fields": kind.fields.iter().map(field_json).collect::<Vec<_>>(),
    })
}

fn field_json(field: &Field) -> Json {
    let codes = field.codes.iter().map(|code| json!({"value": code.value, "zh": code.name.zh, "en": code.name.en}));
    json!({
        "id": field.id,
        "zh": field.name.zh,
        "en": field.name.en,
        "type": type_name(field.field_type).en,
        "unit": field.unit,
        "required": field.required,
        "codes": codes.collect::<Vec<_>>(),
    })
}

fn kind_lines(lang: Lang) -> String {
    let mut table = Table::new(lang_heads(
        lang,
        &["类型", "名称", "分组", "几何", ">字段"],
        &["Kind", "Name", "Group", "Geometry", ">Fields"],
    ));
    for kind in kinds::all() {
        table.row([
            kind.id.to_owned(),
            kind.name.get(lang).to_owned(),
            kind.group.name().get(lang).to_owned(),
            kind.geometry.map_or("", GeometryKind::geojson_name).to_owned(),
            kind.fields.len().to_string(),
        ]);
    }
    table.lines()
}

fn field_lines(kind: &Kind, lang: Lang) -> String {
    let mut table = Table::new(lang_heads(
        lang,
        &["字段", "名称", "类型", "单位", "必填"],
        &["Field", "Name", "Type", "Unit", "Required"],
    ));
    for field in &kind.fields {
        table.row([
            field.id.to_string(),
            field.name.get(lang).to_owned(),
            type_name(field.field_type).get(lang).to_owned(),
            field.unit.to_string(),
            if field.required { lang.pick("是", "yes") } else { "" }.to_owned(),
        ]);
    }
    let coded = kind.fields.iter().filter(|field| !field.codes.is_empty()).map(|field| code_line(field, lang));
    format!("{} {}\n\n{}\n{}", kind.id, kind.name.get(lang), table.lines(), coded.collect::<String>())
}

fn code_line(field: &Field, lang: Lang) -> String {
    let codes = field.codes.iter().map(|code| format!("{} {}", code.value, code.name.get(lang)));
    format!("{}: {}\n", field.id, codes.collect::<Vec<_>>().join(" · "))
}

/// What a field holds, for people; the English word is also the one for programs.
pub(super) fn type_name(field_type: FieldType) -> Text {
    match field_type {
        FieldType::Bool => Text::new("是否", "bool"),
        FieldType::Int => Text::new("整数", "int"),
        FieldType::Real => Text::new("数", "real"),
        FieldType::Text => Text::new("文字", "text"),
        FieldType::Date => Text::new("日期", "date"),
        FieldType::DateTime => Text::new("时刻", "datetime"),
        FieldType::Blob => Text::new("二进制", "blob"),
        FieldType::Json => Text::new("JSON", "json"),
    }
}

/// The headings in one language.
pub(super) fn lang_heads<'a, const N: usize>(lang: Lang, zh: &[&'a str; N], en: &[&'a str; N]) -> [&'a str; N] {
    match lang {
        Lang::Zh => *zh,
        Lang::En => *en,
    }
}
