//! Which rows somebody asks for.

use geopackage::core::ident::quote;

use crate::model::expr::Expr;
use crate::model::geometry::Bounds;
use crate::model::value::Value;

use super::catalog::Table;
use super::error::StoreError;
use super::expr_sql;

/// Which rows of a layer, and in which order. The default is all of them by id.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Query {
    /// Those for which it holds; words are field ids or names, values as stored ([`Expr::resolve`]).
    pub filter: Option<Expr>,
    /// Those whose box touches this one, in the layer's CRS.
    pub bounds: Option<Bounds>,
    /// Those with an id from here to there, both included.
    pub ids: Option<[i64; 2]>,
    /// By this field, `true` for descending; what is unknown comes last.
    pub order: Option<(String, bool)>,
    /// So many at most.
    pub limit: Option<u64>,
    /// Leaving out the first so many.
    pub offset: u64,
}

impl Query {
    /// All rows for which `filter` holds.
    pub fn filtered(filter: Expr) -> Self {
        Self { filter: Some(filter), ..Self::default() }
    }

    /// All rows whose box touches `bounds` (layer's CRS).
    pub fn within(bounds: Bounds) -> Self {
        Self { bounds: Some(bounds), ..Self::default() }
    }
}

/// A query as SQL after `FROM`, and the values of its question marks.
pub(super) struct Clauses {
    pub sql: String,
    pub bound: Vec<Value>,
}

/// `FROM … WHERE … ORDER BY … LIMIT …` of a query over `table`.
pub(super) fn clauses(table: &Table, query: &Query) -> Result<Clauses, StoreError> {
    let mut clauses = matching(table, query)?;
    match &query.order {
        Some((word, descending)) => {
            let column = expr_sql::column(word, table)?;
            let direction = if *descending { "DESC" } else { "ASC" };
            clauses.sql.push_str(&format!(" ORDER BY {column} {direction} NULLS LAST, {}", table.key));
        }
        None => clauses.sql.push_str(&format!(" ORDER BY {}", table.key)),
    }
    if query.limit.is_some() || query.offset > 0 {
        clauses.sql.push_str(" LIMIT ? OFFSET ?");
        let number = |number: u64| Value::Int(i64::try_from(number).unwrap_or(i64::MAX));
        clauses.bound.extend([query.limit.map_or(Value::Int(-1), number), number(query.offset)]);
    }
    Ok(clauses)
}

/// `FROM … WHERE …` of a query over `table`, without order.
pub(super) fn matching(table: &Table, query: &Query) -> Result<Clauses, StoreError> {
    let mut bound = Vec::new();
    let mut conditions = Vec::new();
    if let Some(bounds) = &query.bounds {
        bounds_condition(table, bounds, &mut conditions, &mut bound)?;
    }
    if let Some([first, last]) = query.ids {
        conditions.push(format!("{} BETWEEN ? AND ?", table.key));
        bound.extend([Value::Int(first), Value::Int(last)]);
    }
    if let Some(filter) = &query.filter {
        conditions.push(expr_sql::condition(filter, table, &mut bound)?);
    }
    let mut sql = format!(" FROM {}", table.from);
    if !conditions.is_empty() {
        sql.push_str(&format!(" WHERE {}", conditions.join(" AND ")));
    }
    Ok(Clauses { sql, bound })
}

/// The R-tree keeps boxes rounded outwards to f32, so it only proposes; the geometry's own box decides.
fn bounds_condition(
    table: &Table,
    bounds: &Bounds,
    conditions: &mut Vec<String>,
    bound: &mut Vec<Value>,
) -> Result<(), StoreError> {
    let Some(column) = &table.geometry else {
        conditions.push("0".to_owned()); // rows without a place are nowhere
        return Ok(());
    };
    let [west, south, east, north] = [bounds.min[0], bounds.min[1], bounds.max[0], bounds.max[1]].map(Value::Real);
    if let Some(index) = table.index()? {
        conditions.push(format!(
            "{} IN (SELECT id FROM {index} WHERE maxx >= ? AND minx <= ? AND maxy >= ? AND miny <= ?)",
            table.key
        ));
        bound.extend([west.clone(), east.clone(), south.clone(), north.clone()]);
    }
    conditions.push(format!("citygrid_hits({}, ?, ?, ?, ?)", quote(&column.name)?));
    bound.extend([west, south, east, north]);
    Ok(())
}
