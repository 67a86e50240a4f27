//! Picking rows of the attribute table by mouse, and copying them: plain steps without a screen.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::sync::Arc;

use super::show;
use crate::model::feature::Feature;
use crate::model::schema::{Field, Schema};
use crate::model::value::{FieldType, Value};
use crate::session::command::{LookCommand, SelectMode, TableCommand};
use crate::session::state::TableView;
use crate::text::Lang;

/// Most rows that go to the clipboard; more are an export.
pub(super) const MOST_COPIED: usize = 50_000;

/// What a click on a row selects. `anchor` is the row clicked before without Shift.
pub(super) fn pick(
    table: &TableView,
    selected: &dyn Fn(i64) -> bool,
    row: usize,
    anchor: Option<usize>,
    keys: egui::Modifiers,
) -> Option<LookCommand> {
    let id = *table.ids.get(row)?;
    let (ids, mode) = match (keys.shift, keys.command) {
        (true, command) => {
            let ids = table.ids.get(span(row, anchor.unwrap_or(row), table.ids.len()))?.to_vec();
            (ids, if command { SelectMode::Add } else { SelectMode::Replace })
        }
        (false, true) => (vec![id], if selected(id) { SelectMode::Remove } else { SelectMode::Add }),
        (false, false) => (vec![id], SelectMode::Replace),
    };
    Some(LookCommand::Select { layer: table.layer.clone(), ids, mode })
}

fn span(row: usize, anchor: usize, rows: usize) -> RangeInclusive<usize> {
    let anchor = anchor.min(rows.saturating_sub(1));
    row.min(anchor)..=row.max(anchor)
}

/// What a click on a column's head asks for: up, then down, then as in the file.
pub(super) fn sort(table: &TableView, field: &str) -> TableCommand {
    TableCommand::Sort(match &table.sort {
        Some((sorted, false)) if sorted == field => Some((field.to_owned(), true)),
        Some((sorted, true)) if sorted == field => None,
        _ => Some((field.to_owned(), false)),
    })
}

/// Rows on their way to the clipboard: read page by page, as the session has them.
#[derive(Debug)]
pub(super) struct CopyRows {
    /// Places in the table that are still to be read, last first.
    left: Vec<usize>,
    total: usize,
    lines: String,
    cut: bool,
}

impl CopyRows {
    /// The rows of `table` with these ids, in the table's order; all rows if there are none.
    pub(super) fn new(table: &TableView, selected: &BTreeSet<i64>, schema: &Schema, lang: Lang) -> Self {
        let rows = table.ids.iter().enumerate();
        let wanted = rows.filter(|(_, id)| selected.is_empty() || selected.contains(id)).map(|(row, _)| row);
        let mut left: Vec<usize> = wanted.take(MOST_COPIED + 1).collect();
        let cut = left.len() > MOST_COPIED;
        left.truncate(MOST_COPIED);
        left.reverse();
        let heads: Vec<String> = schema.fields.iter().map(|field| head(field, lang)).collect();
        Self { total: left.len(), left, lines: heads.join("\t") + "\n", cut }
    }

    /// Takes in what can be read now; the text once all is there.
    pub(super) fn go_on(
        &mut self,
        schema: &Schema,
        lang: Lang,
        read: &mut dyn FnMut(usize) -> Option<Arc<Feature>>,
    ) -> Option<String> {
        while let Some(&row) = self.left.last() {
            let feature = read(row)?;
            self.left.pop();
            let cells = schema.fields.iter().zip(&feature.values).map(|(field, value)| cell(field, value, lang));
            self.lines.push_str(&cells.collect::<Vec<_>>().join("\t"));
            self.lines.push('\n');
        }
        Some(std::mem::take(&mut self.lines))
    }

    /// Rows read, and rows in all.
    pub(super) fn progress(&self) -> (usize, usize) {
        (self.total - self.left.len(), self.total)
    }

    /// Whether there were more rows than a clipboard should take.
    pub(super) fn is_cut(&self) -> bool {
        self.cut
    }
}

fn head(field: &Field, lang: Lang) -> String {
    let name = field.name.get(lang);
    if field.unit.is_empty() { name.to_owned() } else { format!("{name} ({})", field.unit) }
}

/// A cell of the clipboard: numbers without their unit, so that a spreadsheet can add them up.
fn cell(field: &Field, value: &Value, lang: Lang) -> String {
    let is_number = matches!(field.field_type, FieldType::Int | FieldType::Real) && field.codes.is_empty();
    let words = if is_number { value.to_string() } else { show::value_text(field, value, lang) };
    words.replace(['\t', '\n', '\r'], " ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ui::sample;
    use egui::Modifiers;

    #[test]
    fn a_click_picks_one_ctrl_toggles_and_shift_spans() {
        check(2, None, Modifiers::NONE, "Replace 30");
        check(2, Some(0), Modifiers::COMMAND, "Add 30");
        check(0, Some(0), Modifiers::COMMAND, "Remove 10");
        check(3, Some(1), Modifiers::SHIFT, "Replace 20 30 40");
        check(1, Some(3), Modifiers::SHIFT, "Replace 20 30 40");
        check(1, Some(99), Modifiers::SHIFT | Modifiers::COMMAND, "Add 20 30 40");
        check(2, None, Modifiers::SHIFT, "Replace 30");
    }

    #[test]
    fn clicks_on_a_head_sort_up_then_down_then_not_at_all() {
        let mut table = table();
        for expected in [Some(false), Some(true), None] {
            let TableCommand::Sort(sort) = sort(&table, "depth_m") else { panic!("no sort") };
            assert_eq!(sort, expected.map(|down| ("depth_m".to_owned(), down)));
            table.sort = sort;
        }
    }

    #[test]
    fn selected_rows_are_copied_in_the_order_of_the_table_when_all_are_read() {
        let (table, schema) = (table(), sample::manhole_schema());
        let mut copy = CopyRows::new(&table, &BTreeSet::from([40, 10]), &schema, Lang::En);
        let row = |id: i64| {
            let values = vec![format!("WS\t{id}").into(), Value::Real(2.5), Value::from("ws"), Value::Null];
            Some(Arc::new(Feature { id, geometry: None, values }))
        };
        let first_page = copy.go_on(&schema, Lang::En, &mut |place| if place == 0 { row(10) } else { None });
        assert_eq!((first_page, copy.progress()), (None, (1, 2)));
        let text = copy.go_on(&schema, Lang::En, &mut |place| row(table.ids[place])).unwrap();
        assert_eq!(text, "Number\tDepth (m)\tClass\tRemark\nWS 10\t2.5\tFoul\t\nWS 40\t2.5\tFoul\t\n");
    }

    #[track_caller]
    fn check(row: usize, anchor: Option<usize>, keys: Modifiers, expected: &str) {
        let Some(LookCommand::Select { ids, mode, .. }) = pick(&table(), &|id| id == 10, row, anchor, keys) else {
            panic!("nothing was picked");
        };
        let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
        assert_eq!(format!("{mode:?} {}", ids.join(" ")), expected);
    }

    fn table() -> TableView {
        sample::table(vec![10, 20, 30, 40])
    }
}
