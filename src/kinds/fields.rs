//! Columns that many kinds share, so that one thing has one name everywhere.

use crate::model::schema::{Code, Field};
use crate::text::Text;

/// The number or word by which the bureau's records name one thing.
pub(super) fn code(zh: &'static str, en: &'static str) -> Field {
    Field::text("code", zh, en).required().aliases(&[
        "id",
        "no",
        "number",
        "bm",
        "编号",
        "编码",
        "代码",
        "facility id",
        "asset id",
        "object code",
        "gisid",
        "bsm",
    ])
}

/// A name in Chinese.
pub(super) fn name() -> Field {
    Field::text("name", "名称", "Name").aliases(&["mc", "名", "title"])
}

/// A name in Latin letters, for maps in English.
pub(super) fn name_en() -> Field {
    Field::text("name_en", "英文名", "English name").aliases(&["name:en", "pinyin", "拼音"])
}

/// Whose it is.
pub(super) fn owner() -> Field {
    Field::text("owner", "权属单位", "Owner").aliases(&["qsdw", "qsdwmc", "权属", "产权单位", "owned by", "ownership"])
}

/// Where it is, in words.
pub(super) fn address() -> Field {
    Field::text("address", "地址", "Address").aliases(&["addr", "location", "位置", "地点", "所在位置", "dz"])
}

/// The road it lies on.
pub(super) fn road_name() -> Field {
    Field::text("road_name", "所在道路", "Road").aliases(&[
        "lane way",
        "road",
        "street name",
        "street nam",
        "street",
        "道路名称",
        "道路",
        "路名",
    ])
}

/// Code of the sub-district, 9 digits.
pub(super) fn street_code() -> Field {
    Field::text("street_code", "街道代码", "Sub-district code").aliases(&["szjddm", "jddm", "所在街道代码", "街道编码"])
}

/// Code of the community, 12 digits.
pub(super) fn community_code() -> Field {
    Field::text("community_code", "社区代码", "Community code").aliases(&["szsqdm", "sqdm", "所在社区代码", "社区编码"])
}

/// Code of the unit grid cell, 15 characters.
pub(super) fn cell_code() -> Field {
    Field::text("cell_code", "单元网格代码", "Unit grid cell").aliases(&[
        "szdywgbsm",
        "bgcode",
        "bgid",
        "grid code",
        "所在单元网格标识码",
        "单元网格",
        "网格编码",
    ])
}

/// Year of construction.
pub(super) fn built_year() -> Field {
    Field::int("built_year", "建成年份", "Year built").range(1800.0, 2100.0).aliases(&[
        "year",
        "build year",
        "installed year",
        "install year",
        "year installed",
        "install date",
        "installation",
        "installati",
        "build date",
        "construction year",
        "approximate year built",
        "建设年代",
        "建设年份",
        "建成年代",
        "竣工年份",
        "埋设年代",
    ])
}

/// Anything else somebody should know.
pub(super) fn remark() -> Field {
    Field::text("remark", "备注", "Remark").aliases(&["note", "notes", "comment", "comments", "remarks", "bz", "说明"])
}

/// A length along the line, in metres.
pub(super) fn length_m() -> Field {
    Field::real("length_m", "长度", "Length", "m").range(0.0, 100_000.0).aliases(&[
        "length",
        "pipe len",
        "pipe length",
        "pipe lengt",
        "feature length",
        "recorded length",
        "asb length",
        "管长",
        "管段长度",
        "cd",
    ])
}

/// The same field with coded values: `(value, zh, en)`.
pub(super) fn with_codes(field: Field, codes: &[(&'static str, &'static str, &'static str)]) -> Field {
    let codes = codes.iter().map(|&(value, zh, en)| Code { value: value.into(), name: Text::new(zh, en) });
    Field { codes: codes.collect(), ..field }
}

/// Codes from a table compiled into the program: a head line, then `code,zh,en` without quotes.
pub(super) fn codes_from_table(table: &'static str) -> Vec<Code> {
    let rows = table.lines().skip(1).filter_map(|line| {
        let mut cells = line.splitn(3, ',');
        let (value, zh, en) = (cells.next()?, cells.next()?, cells.next()?);
        Some(Code { value: value.into(), name: Text::new(zh, en) })
    });
    rows.collect()
}
