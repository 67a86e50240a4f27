//! Our coordinate reference systems in the file's list, and the file's in ours.

use geopackage::core::srs::epsg_definition;
use geopackage::{GeoPackage, Srs};
use rusqlite::{Connection, OptionalExtension, params};

use crate::geom::crs::Crs;
use crate::geom::wkt;

use super::error::StoreError;

/// `organization` of the systems that only we know.
const OURS: &str = "CITYGRID";
/// The shifted coordinates of Chinese web maps.
const GCJ02: i32 = 900_002;
/// Those, shifted once more.
const BD09: i32 = 900_009;
/// From here on the systems of the bureau's own, each with its definition.
const OWN: i32 = 910_000;

/// What an id of `gpkg_spatial_ref_sys` means to us.
pub(super) fn crs_of(conn: &Connection, srs_id: i32) -> Result<Crs, StoreError> {
    let row: Option<(String, i64, String)> = conn
        .prepare_cached(
            "SELECT upper(organization), organization_coordsys_id, definition FROM gpkg_spatial_ref_sys
             WHERE srs_id = ?1",
        )?
        .query_row([srs_id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((organization, code, definition)) = row else { return Ok(Crs::Unknown) };
    let code = u32::try_from(code).ok().filter(|code| *code > 0);
    Ok(match (organization.as_str(), code) {
        (OURS, Some(code)) if code == GCJ02.cast_unsigned() => Crs::Gcj02,
        (OURS, Some(code)) if code == BD09.cast_unsigned() => Crs::Bd09,
        ("EPSG", Some(code)) => Crs::Epsg(code),
        // Esri keeps EPSG's numbers below its own.
        ("ESRI", Some(code)) if code < 32_768 => Crs::Epsg(code),
        // A number of EPSG that this program cannot compute stays a number: other programs know it.
        _ => match wkt::crs_from_wkt(&definition) {
            Ok(crs) => crs,
            Err(_) => epsg_at_end(&definition).map_or(Crs::Unknown, Crs::Epsg),
        },
    })
}

/// The id of `crs` in the file, added if it is not there.
pub(super) fn ensure(package: &GeoPackage, crs: Crs) -> Result<i32, StoreError> {
    match crs {
        Crs::Epsg(code) => ensure_epsg(package, code),
        Crs::Gcj02 => ensure_local(package, GCJ02, "GCJ-02 (shifted, not WGS 84)"),
        Crs::Bd09 => ensure_local(package, BD09, "BD-09 (shifted, not WGS 84)"),
        Crs::Own(_) => ensure_own(package, crs),
        Crs::Unknown => Ok(-1),
    }
}

/// A city carries its own systems: the definition says all that it takes to compute one, here and elsewhere.
fn ensure_own(package: &GeoPackage, crs: Crs) -> Result<i32, StoreError> {
    let (Some(own), Some(wkt)) = (crs.own(), crs.definition_wkt()) else { return Ok(-1) };
    let conn = package.connection();
    let known: Option<i32> = conn
        .query_row(
            "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE organization = ?1 AND definition = ?2",
            params![OURS, wkt],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let code: i32 = conn.query_row(
        "SELECT max(coalesce(max(organization_coordsys_id), 0) + 1, ?2) FROM gpkg_spatial_ref_sys
         WHERE organization = ?1",
        params![OURS, OWN],
        |row| row.get(0),
    )?;
    let id = free_id(conn, code)?;
    let line = own.form.to_string();
    insert(package, if own.name.is_empty() { &line } else { &own.name }, id, (OURS, code), wkt)?;
    Ok(id)
}

fn ensure_epsg(package: &GeoPackage, code: u32) -> Result<i32, StoreError> {
    let conn = package.connection();
    let known: Option<i32> = conn
        .query_row(
            "SELECT srs_id FROM gpkg_spatial_ref_sys
             WHERE upper(organization) = 'EPSG' AND organization_coordsys_id = ?1 ORDER BY srs_id LIMIT 1",
            [code],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let code_i32 = i32::try_from(code).unwrap_or(i32::MAX);
    let id = free_id(conn, code_i32)?;
    let (name, wkt) = definition(code);
    insert(package, &name, id, ("EPSG", code_i32), wkt)?;
    Ok(id)
}

/// Name and WKT 1 of an EPSG code; `undefined`, as the standard has it, for one that nobody here knows.
fn definition(code: u32) -> (String, String) {
    if let Some(known) = i32::try_from(code).ok().and_then(epsg_definition) {
        return (known.name.into_owned(), known.definition.into_owned());
    }
    let wkt = u16::try_from(code).ok().and_then(crs_definitions::from_code).map(|def| def.wkt);
    let Some(wkt) = wkt.filter(|wkt| !wkt.is_empty()) else {
        return (format!("EPSG:{code}"), "undefined".to_owned());
    };
    let name = wkt.split('"').nth(1).unwrap_or_default();
    (name.to_owned(), wkt.to_owned())
}

/// Coordinates that other programs must not take for degrees on an ellipsoid: an engineering system says "unknown"
/// to them instead of drawing 500 m off.
fn ensure_local(package: &GeoPackage, id: i32, name: &str) -> Result<i32, StoreError> {
    let conn = package.connection();
    let wkt = format!(
        "LOCAL_CS[\"{name}\",LOCAL_DATUM[\"{name}\",32767],UNIT[\"degree\",0.0174532925199433],\
         AXIS[\"Longitude\",EAST],AXIS[\"Latitude\",NORTH]]"
    );
    let known: Option<i32> = conn
        .query_row(
            "SELECT srs_id FROM gpkg_spatial_ref_sys WHERE organization = ?1 AND organization_coordsys_id = ?2",
            params![OURS, id],
            |row| row.get(0),
        )
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let free = free_id(conn, id)?;
    insert(package, name, free, (OURS, id), wkt)?;
    Ok(free)
}

fn insert(package: &GeoPackage, name: &str, id: i32, authority: (&str, i32), wkt: String) -> Result<(), StoreError> {
    package.add_srs(&Srs {
        name: name.to_owned(),
        srs_id: id,
        organization: authority.0.to_owned(),
        organization_coordsys_id: authority.1,
        definition: wkt,
        description: None,
        definition_wkt2: None,
        epoch: None,
    })?;
    Ok(())
}

fn free_id(conn: &Connection, wanted: i32) -> Result<i32, StoreError> {
    let taken: bool =
        conn.query_row("SELECT EXISTS (SELECT 1 FROM gpkg_spatial_ref_sys WHERE srs_id = ?1)", [wanted], |row| {
            row.get(0)
        })?;
    if !taken {
        return Ok(wanted);
    }
    let next = conn.query_row("SELECT max(max(srs_id), 99999) + 1 FROM gpkg_spatial_ref_sys", [], |row| row.get(0))?;
    Ok(next)
}

/// The EPSG code that a WKT of either generation ends with, which is that of the whole system.
fn epsg_at_end(wkt: &str) -> Option<u32> {
    let tail = wkt.trim_end().strip_suffix("]]").or_else(|| wkt.trim_end().strip_suffix("))"))?;
    let start = tail.rfind(['[', '('])?;
    let (kind, inner) = (&tail[..start], &tail[start + 1..]);
    if !kind.ends_with("AUTHORITY") && !kind.ends_with("ID") {
        return None;
    }
    let mut parts = inner.split(',').map(|part| part.trim().trim_matches('"'));
    (parts.next()?.eq_ignore_ascii_case("EPSG")).then_some(())?;
    parts.next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_authority_of_a_wkt_names_the_system() {
        check(r#"GEOGCS["x",DATUM["y",AUTHORITY["EPSG","1043"]],AUTHORITY["EPSG","4490"]]"#, Some(4490));
        check(r#"PROJCRS["x",BASEGEOGCRS["y"],ID["EPSG",4548]]"#, Some(4548));
        check(r#"GEOGCS["x",DATUM["y",AUTHORITY["EPSG","1043"]],UNIT["degree",0.01]]"#, None);
        check("undefined", None);
        check("", None);
    }

    #[track_caller]
    fn check(wkt: &str, expected: Option<u32>) {
        assert_eq!(epsg_at_end(wkt), expected, "{wkt}");
    }
}
