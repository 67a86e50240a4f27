//! Our own words about a layer: name, place in the tree, opacity, style, visibility, revision.

use rusqlite::{Connection, OptionalExtension, params};

use crate::text::Text;

use super::adopt::REVISION_KEY;
use super::catalog::{self, Contents, Table, exists};
use super::codec::{In, Out};
use super::command::LayerState;
use super::error::StoreError;
use super::schema_json;

/// What is kept about a layer beside its table.
pub(super) struct Kept {
    pub state: LayerState,
    pub visible: bool,
    pub revision: i64,
}

/// What we know about a layer; sensible things for one that we never touched.
pub(super) fn kept(conn: &Connection, contents: &Contents, place: usize) -> Result<Kept, StoreError> {
    let is_ours = exists(conn, "citygrid_layers")?;
    let found = if is_ours { read(conn, &contents.table)? } else { None };
    if let Some(found) = found {
        return Ok(found);
    }
    // What another program added stands below all that we know.
    let below = if is_ours { "SELECT coalesce(max(position) + 1, 0) FROM citygrid_layers" } else { "SELECT 0" };
    let below: i64 = conn.prepare_cached(below)?.query_row([], |row| row.get(0))?;
    Ok(Kept {
        state: LayerState {
            name: Text::same(&contents.identifier),
            opacity: 1.0,
            position: if is_ours { below } else { i64::try_from(place).unwrap_or(i64::MAX) },
            group: String::new(),
            style: None,
        },
        visible: true,
        revision: 0,
    })
}

fn read(conn: &Connection, table: &str) -> Result<Option<Kept>, StoreError> {
    let mut statement = conn.prepare_cached(
        "SELECT name_zh, name_en, opacity, position, group_id, style, visible, revision FROM citygrid_layers
         WHERE table_name = ?1",
    )?;
    let found = statement.query_row([table], |row| {
        Ok(Kept {
            state: LayerState {
                name: Text::owned(row.get(0)?, row.get(1)?),
                opacity: row.get::<_, f64>(2)? as f32,
                position: row.get(3)?,
                group: row.get(4)?,
                style: row.get(5)?,
            },
            visible: row.get(6)?,
            revision: row.get(7)?,
        })
    });
    Ok(found.optional()?)
}

/// Makes sure that the layer has its row, and returns what is in it.
pub(super) fn ensure(conn: &Connection, name: &str) -> Result<Kept, StoreError> {
    let all = catalog::contents(conn)?;
    let place = all.iter().position(|contents| contents.table.eq_ignore_ascii_case(name));
    let place = place.ok_or_else(|| StoreError::UnknownLayer { layer: name.to_owned() })?;
    if let Some(kept) = read(conn, name)? {
        return Ok(kept);
    }
    let kept = kept(conn, &all[place], place)?;
    conn.execute(
        "INSERT INTO citygrid_layers (table_name, name_zh, name_en, position) VALUES (?1, ?2, ?3, ?4)",
        params![all[place].table, kept.state.name.zh, kept.state.name.en, kept.state.position],
    )?;
    Ok(kept)
}

/// Adds the row of a new layer: above all layers with the same or a smaller z-order, under the rest. Positions ascend
/// from the top of the map.
pub(super) fn add(conn: &Connection, table: &Table) -> Result<(), StoreError> {
    let schema = &table.schema;
    let below = conn.query_row(
        "SELECT min(position) FROM citygrid_layers
         WHERE table_name != ?1 AND coalesce(json_extract(schema, '$.z_order'), 0) <= ?2",
        params![schema.table, schema.z_order],
        |row| row.get::<_, Option<i64>>(0),
    )?;
    let position: i64 = match below {
        Some(below) => {
            conn.execute("UPDATE citygrid_layers SET position = position - 1 WHERE position < ?1", [below])?;
            below - 1
        }
        None => conn.query_row("SELECT coalesce(max(position) + 1, 0) FROM citygrid_layers", [], |row| row.get(0))?,
    };
    conn.execute(
        "INSERT OR REPLACE INTO citygrid_layers (table_name, schema, name_zh, name_en, position, revision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            schema.table,
            schema_json::write(schema),
            schema.name.zh,
            schema.name.en,
            position,
            next_revision(conn)?
        ],
    )?;
    Ok(())
}

/// Counts a change of the layer's rows. The number is never used twice in the file, so that a removed layer and a new
/// one of its name cannot be taken for each other.
pub(super) fn touch(conn: &Connection, table: &Table) -> Result<(), StoreError> {
    let revision = next_revision(conn)?;
    let sql = "UPDATE citygrid_layers SET revision = ?2 WHERE table_name = ?1";
    if conn.prepare_cached(sql)?.execute(params![table.schema.table, revision])? == 0 {
        ensure(conn, &table.schema.table)?;
        conn.prepare_cached(sql)?.execute(params![table.schema.table, revision])?;
    }
    Ok(())
}

fn next_revision(conn: &Connection) -> Result<i64, StoreError> {
    let mut statement = conn.prepare_cached(
        "INSERT INTO citygrid_settings (key, value) VALUES (?1, '1')
         ON CONFLICT (key) DO UPDATE SET value = CAST(value AS INTEGER) + 1 RETURNING CAST(value AS INTEGER)",
    )?;
    Ok(statement.query_row([REVISION_KEY], |row| row.get(0))?)
}

/// Sets the state and returns what it was.
pub(super) fn set(conn: &Connection, name: &str, state: &LayerState) -> Result<LayerState, StoreError> {
    let old = ensure(conn, name)?.state;
    conn.execute(
        "UPDATE citygrid_layers SET name_zh = ?2, name_en = ?3, opacity = ?4, position = ?5, group_id = ?6, style = ?7
         WHERE table_name = ?1",
        params![
            name,
            state.name.zh,
            state.name.en,
            f64::from(state.opacity.clamp(0.0, 1.0)),
            state.position,
            state.group,
            state.style
        ],
    )?;
    if old.name != state.name {
        // Other programs read the name here; it must be unique, so a second layer of that name keeps its own.
        conn.execute(
            "UPDATE OR IGNORE gpkg_contents SET identifier = ?2 WHERE table_name = ?1 COLLATE NOCASE",
            params![name, state.name.zh],
        )?;
    }
    Ok(old)
}

/// Shows or hides a layer.
pub(super) fn set_visible(conn: &Connection, name: &str, visible: bool) -> Result<(), StoreError> {
    ensure(conn, name)?;
    conn.execute("UPDATE citygrid_layers SET visible = ?2 WHERE table_name = ?1", params![name, visible])?;
    Ok(())
}

/// A change of state as the journal keeps it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct StateChange {
    pub table: String,
    pub old: LayerState,
    pub new: LayerState,
}

/// First byte of a step about one layer, and of one about several: how many, then each.
const ONE: u8 = 1;
const SEVERAL: u8 = 2;

impl StateChange {
    /// The step's payload.
    pub(super) fn write_all(changes: &[Self]) -> Vec<u8> {
        if let [change] = changes {
            let mut out = Out(vec![ONE]);
            change.write(&mut out);
            return out.0;
        }
        let mut out = Out(vec![SEVERAL]);
        out.number(changes.len() as u64);
        changes.iter().for_each(|change| change.write(&mut out));
        out.0
    }

    /// Reads what [`StateChange::write_all`] writes.
    pub(super) fn read_all(bytes: &[u8]) -> Option<Vec<Self>> {
        let mut input = In(bytes);
        let count = match input.byte()? {
            ONE => 1,
            SEVERAL => input.count()?,
            _ => return None,
        };
        (0..count).map(|_| Self::read(&mut input)).collect()
    }

    fn write(&self, out: &mut Out) {
        out.bytes(self.table.as_bytes());
        for state in [&self.old, &self.new] {
            out.bytes(state.name.zh.as_bytes());
            out.bytes(state.name.en.as_bytes());
            out.0.extend_from_slice(&state.opacity.to_le_bytes());
            out.signed(state.position);
            out.bytes(state.group.as_bytes());
            out.0.push(u8::from(state.style.is_some()));
            out.bytes(state.style.as_deref().unwrap_or_default().as_bytes());
        }
    }

    fn read(input: &mut In<'_>) -> Option<Self> {
        let table = input.text()?;
        Some(Self { table, old: read_state(input)?, new: read_state(input)? })
    }
}

fn read_state(input: &mut In<'_>) -> Option<LayerState> {
    let name = Text::owned(input.text()?, input.text()?);
    let (opacity, rest) = input.0.split_at_checked(4)?;
    let opacity = f32::from_le_bytes(opacity.try_into().ok()?);
    input.0 = rest;
    let (position, group, styled) = (input.signed()?, input.text()?, input.byte()? == 1);
    let style = input.text()?;
    Some(LayerState { name, opacity, position, group, style: styled.then_some(style) })
}
