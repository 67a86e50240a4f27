//! Verbs that take files in and write them: `import`, `export`, `render`.

use std::path::Path;

use serde_json::json;

use super::args::{ExportArgs, ImportArgs, RenderArgs};
use super::city::{find_kind, find_schema, unexpected};
use super::console::{Reply, problem_json, problem_lines};
use super::rows::row_filter;
use super::table::count;
use super::{Run, usage};
use crate::session::answer::{Answer, Failure, ImportedLayer, RenderFrame, RenderRequest};
use crate::session::command::{Command, ExchangeCommand, ExportRequest, ImportRequest};
use crate::task::Problem;
use crate::text;
use crate::text::Lang;

/// Takes files into a city, which is made if absent; what comes to nothing leaves no new file behind.
pub(super) fn import_into(run: &mut Run, args: &ImportArgs) -> Result<Reply, Failure> {
    let request = import_request(args)?;
    let path = args.city.clone();
    if path.exists() {
        run.open(path)?;
        return imported(run, request);
    }
    imported(run, ImportRequest { new_city: Some(path), ..request })
}

/// Takes files into the open city.
pub(super) fn import(run: &mut Run, args: &ImportArgs) -> Result<Reply, Failure> {
    let request = import_request(args)?;
    imported(run, request)
}

/// Writes a layer to a file.
pub(super) fn export(run: &mut Run, args: ExportArgs) -> Result<Reply, Failure> {
    let schema = find_schema(run, &args.layer)?;
    let request = ExportRequest {
        rows: row_filter(args.rows, &schema)?,
        layer: schema.table,
        path: args.out,
        overwrite: args.overwrite,
        crs: args.crs.map(|crs| crs.0),
        decimals: args.decimals,
        labels: args.labels,
        bbox: args.write_bbox,
    };
    let answer = run.finish(Command::Exchange(ExchangeCommand::Export(request)))?;
    let Answer::Exported { file, features, bytes } = answer else {
        return Err(unexpected());
    };
    let file = file.display().to_string();
    let rows = count(features);
    let message = text!("已写出 {rows} 个要素：{file}", "wrote {rows} features: {file}");
    Ok(Reply::done(json!({ "file": file, "features": features, "bytes": bytes }), message))
}

/// Draws a map into a picture.
pub(super) fn render(run: &mut Run, args: RenderArgs) -> Result<Reply, Failure> {
    refuse_other_pictures(&args.out)?;
    let layers = args.layers.iter().filter(|word| !word.trim().is_empty());
    let layers = layers.map(|word| find_schema(run, word.trim()).map(|schema| schema.table));
    let [width, height] = args.size.0;
    let request = RenderRequest {
        layers: layers.collect::<Result<_, _>>()?,
        overwrite: args.overwrite,
        size_px: args.size.0,
        pixel_ratio: args.ratio,
        frame: match (args.bbox, args.around) {
            (Some(bbox), _) => RenderFrame::Bounds(bbox.0),
            (None, Some(near)) => RenderFrame::Around(near.at, near.metres),
            (None, None) => RenderFrame::All,
        },
        lang: run.lang(),
        dark: args.dark,
        path: args.out,
    };
    run.session.render(&request)?;
    let file = request.path.display().to_string();
    let message = text!("已画出 {width}×{height}：{file}", "drew {width}×{height}: {file}");
    Ok(Reply::done(json!({ "file": file, "width": width, "height": height }), message))
}

fn import_request(args: &ImportArgs) -> Result<ImportRequest, Failure> {
    let kind = args.kind.as_deref().map(find_kind).transpose()?;
    Ok(ImportRequest {
        paths: args.files.clone(),
        crs: args.crs.map(|crs| crs.0),
        layer: args.layer.clone(),
        kind: kind.map(|kind| kind.id.to_owned()),
        map: args.map.iter().map(|pair| (pair.left.clone(), pair.right.trim().to_owned())).collect(),
        one_layer: args.one_layer,
        strict: args.strict,
        new_city: None,
    })
}

fn imported(run: &mut Run, request: ImportRequest) -> Result<Reply, Failure> {
    let answer = run.finish(Command::Exchange(ExchangeCommand::Import(request)))?;
    let Answer::Imported { layers, problems } = answer else {
        return Err(unexpected());
    };
    let list = layers.iter().map(|it| json!({"name": it.name, "kind": it.kind, "features": it.features}));
    let json = json!({
        "layers": list.collect::<Vec<_>>(),
        "problems": problems.iter().map(problem_json).collect::<Vec<_>>(),
    });
    let words = |lang| imported_lines(&layers, &problems, lang);
    let message = crate::text::Text::owned(words(Lang::Zh), words(Lang::En));
    Ok(Reply::done(json, message))
}

fn imported_lines(layers: &[ImportedLayer], problems: &[Problem], lang: Lang) -> String {
    let each = layers.iter().map(|layer| {
        let (name, rows) = (&layer.name, count(layer.features));
        text!("图层 {name}：读入 {rows} 个要素\n", "layer {name}: {rows} features taken in\n").get(lang).to_owned()
    });
    let mut lines: String = each.collect();
    if !problems.is_empty() {
        let found = count(problems.len() as u64);
        lines.push_str(text!("{found} 个问题：\n", "{found} problems:\n").get(lang));
        lines.push_str(&problem_lines(problems, lang));
    }
    lines.trim_end().to_owned()
}

fn refuse_other_pictures(path: &Path) -> Result<(), Failure> {
    let ending = path.extension().map(|ending| ending.to_string_lossy().to_ascii_lowercase()).unwrap_or_default();
    if ending == "png" {
        return Ok(());
    }
    Err(usage(text!("目前只能画成 .png，不能画成“.{ending}”", "a map can be drawn as .png so far, not as “.{ending}”")))
}
