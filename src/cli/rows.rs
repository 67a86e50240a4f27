//! Verbs about rows: `query`, `note`, `edit`, `delete`.

use serde_json::{Value as Json, json};

use super::args::{DeleteArgs, EditArgs, NoteArgs, QueryArgs, RowArgs};
use super::city::{find_schema, unexpected};
use super::console::{Held, Human, Reply};
use super::table::{Table, count, real};
use super::values::assignment;
use super::words::Pair;
use super::{Run, usage};
use crate::geom::crs::Crs;
use crate::kinds;
use crate::model::expr::{Expr, ExprError};
use crate::model::feature::Delta;
use crate::model::geometry::Geometry;
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::session::answer::{Answer, Failure, FailureKind};
use crate::session::command::{Command, EditCommand, NoteDraft, RowFilter};
use crate::task::{Problems, Severity};
use crate::text;
use crate::text::disk::{Doing, why};
use crate::text::{Lang, Text};

/// Rows shown to a person who set no limit.
const SHOWN_ROWS: usize = 100;

/// Rows as GeoJSON for programs, as a table for people.
pub(super) fn query(run: &mut Run, args: QueryArgs) -> Result<Reply, Failure> {
    let schema = find_schema(run, &args.layer)?;
    let table = schema.table.clone();
    let filter = row_filter(args.rows, &schema)?;
    if run.console.json && !run.one_line {
        return stream(run, &table, &filter);
    }
    if run.console.json {
        return Ok(Reply::result(collect(run, &table, &filter)?, String::new()));
    }
    let limit = filter.limit.unwrap_or(SHOWN_ROWS);
    let asked = RowFilter { limit: Some(limit.saturating_add(1)), ..filter };
    let rows = collect(run, &table, &asked)?;
    Ok(Reply::result(Json::Null, row_lines(&rows, &schema, limit, run.lang())))
}

/// Leaves a note.
pub(super) fn note(run: &mut Run, args: NoteArgs) -> Result<Reply, Failure> {
    let on = match &args.on {
        Some(on) => Some((find_schema(run, &on.layer)?.table, on.id)),
        None => None,
    };
    let draft = NoteDraft {
        geometry: args.at.map(|at| Geometry::point(at.0[0], at.0[1])),
        on,
        text: args.text.unwrap_or_default(),
        values: note_values(run, &args.set)?,
        photos: args.photo,
    };
    let changed = run.change(EditCommand::AddNote(draft))?.ok_or_else(unexpected)?;
    let (layer, id) = (&changed.layer, changed.id);
    Ok(Reply::done(changed.json(), text!("已写下标注 {layer}/{id}", "left the note {layer}/{id}")))
}

/// Changes values of rows, as one step.
pub(super) fn edit(run: &mut Run, args: &EditArgs) -> Result<Reply, Failure> {
    let schema = find_schema(run, &args.layer)?;
    let set = args.set.iter().map(|pair| assignment(&schema, &pair.left, &pair.right));
    let set = set.collect::<Result<Vec<_>, _>>()?;
    let mut deltas = Vec::new();
    for old in run.session.rows(&schema.table, &args.ids.0)? {
        let (id, mut new) = (old.id, old.clone());
        new.values.resize(schema.fields.len(), Value::Null);
        for (index, value) in &set {
            new.values[*index].clone_from(value);
        }
        deltas.push(Delta { layer: schema.table.clone(), id, old: Some(old), new: Some(new) });
    }
    let label = edit_label(&schema, &args.ids.0, &set);
    let Some(changed) = run.change(EditCommand::Change { label, deltas })? else {
        let json = json!({ "layer": schema.table, "id": args.ids.0.first(), "step": null });
        return Ok(Reply::done(
            json,
            Text::new("没有改动：值本来就是这样", "nothing changed: the values were so already"),
        ));
    };
    let rows = count(args.ids.0.len() as u64);
    Ok(Reply::done(changed.json(), text!("已修改 {rows} 行", "{rows} rows changed")))
}

/// Takes rows away.
pub(super) fn delete(run: &mut Run, args: DeleteArgs) -> Result<Reply, Failure> {
    let layer = find_schema(run, &args.layer)?.table;
    run.session.rows(&layer, &args.ids.0)?;
    let rows = args.ids.0.len();
    let changed = run.change(EditCommand::Delete { layer, ids: args.ids.0 })?.ok_or_else(unexpected)?;
    let mut json = changed.json();
    json["features"] = json!(rows);
    Ok(Reply::done(json, text!("已删除 {rows} 行，可撤销", "{rows} rows deleted; undo brings them back")))
}

/// Which rows, with the condition read and checked against the layer.
pub(super) fn row_filter(args: RowArgs, schema: &Schema) -> Result<RowFilter, Failure> {
    let filter = args.filter.as_deref().map(|words| condition(words, schema)).transpose()?;
    Ok(RowFilter {
        filter,
        bounds: args.bbox.map(|bbox| bbox.0),
        ids: args.ids.map(|ids| ids.0),
        near: args.near.map(|near| (near.at, near.metres)),
        limit: args.limit,
    })
}

/// A condition that is not yet checked against a layer.
pub(super) fn expression(words: &str) -> Result<Expr, Failure> {
    Expr::parse(words).map_err(|error| usage(expr_text(words, &error)))
}

fn condition(words: &str, schema: &Schema) -> Result<Expr, Failure> {
    let parsed = Expr::parse(words).and_then(|expr| expr.check(schema).map(|()| expr));
    parsed.map_err(|error| usage(expr_text(words, &error)))
}

/// What is wrong with a condition, with a mark under the place.
fn expr_text(words: &str, error: &ExprError) -> Text {
    let before: String = words.chars().take(error.at).collect();
    let pad = " ".repeat(unicode_width::UnicodeWidthStr::width(before.as_str()));
    let Text { zh, en } = &error.what;
    text!("条件有误：{zh}\n  {words}\n  {pad}^", "wrong condition: {en}\n  {words}\n  {pad}^")
}

/// A change that is on the disk.
pub(super) struct Changed {
    layer: String,
    id: i64,
    step: i64,
}

impl Changed {
    fn json(&self) -> Json {
        json!({ "layer": self.layer, "id": self.id, "step": self.step })
    }
}

impl Run {
    /// Makes an edit; none where everything was so already, which is no step of the journal.
    fn change(&mut self, edit: EditCommand) -> Result<Option<Changed>, Failure> {
        match self.finish(Command::Edit(edit))? {
            Answer::Changed { layer, id, step, .. } => Ok(Some(Changed { layer, id, step })),
            Answer::Done => Ok(None),
            _ => Err(unexpected()),
        }
    }
}

fn stream(run: &Run, table: &str, filter: &RowFilter) -> Result<Reply, Failure> {
    let mut out = Held::new();
    match run.session.query(table, filter, &mut out) {
        Err(_) if out.reader_left() => {}
        Err(failure) => return Err(failure),
        Ok((_, problems)) => {
            out.finish().map_err(|error| {
                let Text { zh, en } = why(&error, Doing::Writing);
                Failure::new(FailureKind::File, text!("无法输出：{zh}", "cannot print: {en}"))
            })?;
            tell_left_out(run, &problems);
        }
    }
    Ok(Reply { json: Json::Null, human: Human::Written, findings: false })
}

/// Rows that have no place on the globe cannot stand in the answer; nobody should take it for all there is.
fn tell_left_out(run: &Run, problems: &Problems) {
    let rows = problems.listed.iter().filter(|problem| problem.severity == Severity::Error).count();
    if rows > 0 {
        run.console.say(&text!(
            "另有 {rows} 行的位置超出坐标系的范围，没有列出（见 check）",
            "{rows} more rows lie outside the area of their CRS and are not listed (see check)"
        ));
    }
}

fn collect(run: &Run, table: &str, filter: &RowFilter) -> Result<Json, Failure> {
    let mut bytes = Vec::new();
    let (_, problems) = run.session.query(table, filter, &mut bytes)?;
    tell_left_out(run, &problems);
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::new(FailureKind::Data, text!("结果无法读出：{error}", "unreadable rows: {error}")))
}

fn row_lines(rows: &Json, schema: &Schema, limit: usize, lang: Lang) -> String {
    let none = Vec::new();
    let features = rows["features"].as_array().unwrap_or(&none);
    let shown = &features[..features.len().min(limit)];
    let filled = |field: &&Field| shown.iter().any(|row| !row["properties"][field.id.as_ref()].is_null());
    let fields: Vec<&Field> = schema.fields.iter().filter(filled).collect();
    let heads: Vec<String> = fields.iter().map(|field| head(field, lang)).collect();
    let mut table = Table::new(std::iter::once(lang.pick(">行号", ">Row")).chain(heads.iter().map(String::as_str)));
    for row in shown {
        let cells = fields.iter().map(|field| cell(field, &row["properties"][field.id.as_ref()], lang));
        table.row(std::iter::once(id_of(row)).chain(cells));
    }
    let found = count(shown.len() as u64);
    let more = features.len() > limit;
    let end = if more {
        text!("前 {found} 行，还有更多（--limit）", "the first {found} rows; there are more (--limit)")
    } else {
        text!("共 {found} 行", "{found} rows")
    };
    format!("{}\n{}\n", table.lines(), end.get(lang))
}

fn head(field: &Field, lang: Lang) -> String {
    let right = if matches!(field.field_type, FieldType::Int | FieldType::Real) { ">" } else { "" };
    let unit = if field.unit.is_empty() { String::new() } else { format!(" {}", field.unit) };
    format!("{right}{}{unit}", field.name.get(lang))
}

fn id_of(row: &Json) -> String {
    match &row["id"] {
        Json::String(id) => id.clone(),
        other => other.to_string(),
    }
}

fn cell(field: &Field, json: &Json, lang: Lang) -> String {
    let value = match json {
        Json::Null => Value::Null,
        Json::Bool(yes) => Value::Bool(*yes),
        Json::Number(number) => number.as_i64().map_or_else(|| Value::from(number.as_f64()), Value::Int),
        Json::String(words) => Value::from(words.as_str()),
        nested => Value::from(nested.to_string()),
    };
    match (field.field_type, value.as_f64()) {
        (FieldType::Real, Some(number)) => real(number, 3),
        _ => field.display(&value, lang),
    }
}

fn note_values(run: &Run, set: &[Pair]) -> Result<Vec<(String, Value)>, Failure> {
    let own = run.session.layers()?.into_iter().find(|layer| layer.kind.id == "note").map(|layer| layer.schema);
    let schema = match own {
        Some(schema) => (*schema).clone(),
        None => kinds::find("note").ok_or_else(unexpected)?.schema(Crs::CGCS2000),
    };
    let named = set.iter().map(|pair| {
        let (index, value) = assignment(&schema, &pair.left, &pair.right)?;
        Ok((schema.fields[index].id.to_string(), value))
    });
    named.collect()
}

fn edit_label(schema: &Schema, ids: &[i64], set: &[(usize, Value)]) -> Text {
    let (rows, first) = (ids.len(), ids.first().copied().unwrap_or_default());
    let names = |lang| set.iter().map(|(index, _)| schema.fields[*index].name.get(lang)).collect::<Vec<_>>().join(", ");
    let (zh, en) = (schema.name.get(Lang::Zh), schema.name.get(Lang::En));
    let (fields_zh, fields_en) = (names(Lang::Zh), names(Lang::En));
    if rows == 1 {
        text!("修改{zh} {first}：{fields_zh}", "Change {en} {first}: {fields_en}")
    } else {
        text!("修改{zh} {rows} 行：{fields_zh}", "Change {rows} rows of {en}: {fields_en}")
    }
}
