//! The attribute table: row ids in order, and the rows that are on screen, page by page.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::expr::Expr;
use crate::model::feature::Feature;
use crate::store::query::Query;
use crate::text::Text;

use super::expr_failure;
use super::librarian::Topic;
use crate::session::Session;
use crate::session::answer::Failure;
use crate::session::command::TableCommand;
use crate::session::events::Event;
use crate::session::state::TableView;

/// Rows read at once.
const PAGE: usize = 200;

/// Pages kept: some thousand rows, whatever the layer's size.
const MOST_PAGES: usize = 24;

/// The table's state.
#[derive(Default)]
pub(in crate::session) struct Table {
    /// What the window sees.
    pub(in crate::session) view: Option<TableView>,
    /// Ids in the order asked for, before the selection is looked at.
    all_ids: Arc<Vec<i64>>,
    pages: BTreeMap<usize, Vec<Arc<Feature>>>,
    /// Pages asked for and not yet here, with the request that asked.
    waiting: BTreeMap<usize, u64>,
    ids_request: u64,
    /// Pages by last use, oldest first.
    used: Vec<usize>,
}

impl Table {
    /// Takes in an order.
    pub(in crate::session) fn arrive_ids(&mut self, request: u64, ids: Result<Vec<i64>, Text>) {
        let Some(view) = self.view.as_mut().filter(|_| request == self.ids_request) else { return };
        view.loading = false;
        match ids {
            Ok(ids) => {
                view.filter_error = None;
                self.all_ids = Arc::new(ids);
            }
            Err(text) => view.filter_error = Some(text),
        }
        self.forget_rows();
    }

    /// Takes in rows.
    pub(in crate::session) fn arrive_rows(&mut self, request: u64, page: usize, rows: Vec<Arc<Feature>>) {
        if self.waiting.get(&page) == Some(&request) {
            self.waiting.remove(&page);
            self.pages.insert(page, rows);
        }
    }

    fn forget_rows(&mut self) {
        self.pages.clear();
        self.waiting.clear();
        self.used.clear();
    }

    fn touch(&mut self, page: usize) {
        self.used.retain(|&used| used != page);
        self.used.push(page);
        while self.used.len() > MOST_PAGES {
            let oldest = self.used.remove(0);
            self.pages.remove(&oldest);
        }
    }
}

impl Session {
    pub(super) fn run_table(&mut self, command: TableCommand) -> Result<(), Failure> {
        match command {
            TableCommand::Open(layer) => self.open_table(&layer)?,
            TableCommand::Close => self.lists.table = Table::default(),
            TableCommand::Sort(sort) => self.change_table(|view| view.sort = sort),
            TableCommand::Filter(filter) => self.change_table(|view| view.filter = filter),
            TableCommand::SelectedOnly(only) => {
                if let Some(view) = &mut self.lists.table.view {
                    view.selected_only = only;
                }
                self.show_table_ids();
            }
        }
        Ok(())
    }

    fn open_table(&mut self, layer: &str) -> Result<(), Failure> {
        let layer = self.layer(layer)?;
        let view = TableView {
            layer: layer.table().to_owned(),
            sort: None,
            filter: String::new(),
            filter_error: None,
            selected_only: false,
            ids: Arc::default(),
            loading: true,
            total: layer.count,
        };
        self.lists.table = Table { view: Some(view), ..Table::default() };
        self.refresh_table();
        Ok(())
    }

    fn change_table(&mut self, change: impl FnOnce(&mut TableView)) {
        if let Some(view) = &mut self.lists.table.view {
            change(view);
        }
        self.refresh_table();
    }

    /// Works the order out again; the old one stays on screen until then.
    pub(in crate::session) fn refresh_table(&mut self) {
        let Some(open) = self.open.as_mut() else { return };
        let Some(view) = &mut self.lists.table.view else { return };
        let Some(layer) = open.view.layer(&view.layer) else { return };
        view.total = layer.count;
        let mut query = Query { order: view.sort.clone(), ..Query::default() };
        if !view.filter.trim().is_empty() {
            match Expr::read(&view.filter, &layer.schema) {
                Ok(expr) => query.filter = Some(expr),
                Err(error) => {
                    view.filter_error = Some(expr_failure(&error).text);
                    return;
                }
            }
        }
        view.loading = true;
        let table = view.layer.clone();
        self.lists.table.ids_request = open.librarian.ask(Topic::TableIds, move |reader, request| {
            let ids = reader.ids(&table, &query).map_err(|error| error.headline());
            Ok(Event::TableIds(request, ids))
        });
    }

    /// The selection has changed: a table of selected rows follows.
    pub(super) fn table_selection_changed(&mut self) {
        if self.lists.table.view.as_ref().is_some_and(|view| view.selected_only) {
            self.show_table_ids();
        }
    }

    pub(in crate::session) fn show_table_ids(&mut self) {
        let table = &mut self.lists.table;
        let Some(view) = &mut table.view else { return };
        view.ids = if view.selected_only {
            let none = BTreeSet::new();
            let selected = self.selection.rows.get(&view.layer).unwrap_or(&none);
            Arc::new(table.all_ids.iter().copied().filter(|id| selected.contains(id)).collect())
        } else {
            Arc::clone(&table.all_ids)
        };
        table.forget_rows();
    }

    /// One row of the attribute table, if it has been read; asks for its page otherwise.
    pub fn table_row(&mut self, row: usize) -> Option<Arc<Feature>> {
        let (page, place) = (row / PAGE, row % PAGE);
        let table = &mut self.lists.table;
        let view = table.view.as_ref()?;
        if let Some(rows) = table.pages.get(&page) {
            let found = rows.get(place).cloned();
            table.touch(page);
            return found;
        }
        let open = self.open.as_mut()?;
        if !table.waiting.contains_key(&page) {
            let ids: Vec<i64> = view.ids.iter().skip(page * PAGE).take(PAGE).copied().collect();
            let layer = view.layer.clone();
            let request = open.librarian.ask(Topic::TableRows, move |reader, request| {
                let rows = reader.features(&layer, &ids)?;
                Ok(Event::TableRows(request, page, in_order(rows, &ids)))
            });
            table.waiting.clear();
            table.waiting.insert(page, request);
        }
        None
    }
}

/// Rows in the order of their ids; a row that has gone meanwhile leaves an empty one, so that places stay right.
fn in_order(rows: Vec<Feature>, ids: &[i64]) -> Vec<Arc<Feature>> {
    let mut by_id: BTreeMap<i64, Arc<Feature>> = rows.into_iter().map(|row| (row.id, Arc::new(row))).collect();
    let empty = |id| Arc::new(Feature { id, ..Feature::default() });
    ids.iter().map(|&id| by_id.remove(&id).unwrap_or_else(|| empty(id))).collect()
}
