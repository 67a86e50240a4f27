//! What a person is told of a shapefile: how it was understood, and what is wrong with it.

use super::super::error::ReadError;
use super::super::source::Source;
use super::cell::CellFault;
use super::dbf::Head;
use super::files::Files;
use super::part::{Fault, Faults, Look, Part};
use super::records::{Found, Records};
use super::shape::ShapeFault;
use crate::geom::transform::Transform;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;
use crate::text::encoding::Encoding;

/// What was gathered to be told.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// How the file was understood.
    pub understood: Vec<Text>,
    /// What is wrong with it and with its rows.
    pub problems: Problems,
}

impl Told {
    fn warn(&mut self, rule: &'static str, what: Text) {
        self.problems.push(Problem::warning(rule, what));
    }

    /// Which of the files are not there.
    pub(super) fn parts(&mut self, files: &Files) {
        let has_traces = files.shx.is_some() || files.prj.is_some();
        match (&files.shp, &files.dbf) {
            (Some(_), None) => self.warn(
                "shapefile.no-table",
                Text::new(
                    "旁边没有同名的 .dbf 文件：只读入图形，没有属性",
                    "there is no .dbf file of its name beside it: the shapes come in without attributes",
                ),
            ),
            (None, Some(_)) if has_traces => self.warn(
                "shapefile.no-shapes",
                Text::new(
                    "旁边没有同名的 .shp 文件：只读入属性，没有位置",
                    "there is no .shp file of its name beside it: the attributes come in without a place",
                ),
            ),
            (None, Some(_)) => self.understood.push(Text::new(
                "旁边没有同名的 .shp 文件：作为没有位置的表格读入",
                "there is no .shp file of its name beside it: read as a table without places",
            )),
            _ => {}
        }
    }

    /// How the records were found, and whether the file is whole.
    pub(super) fn records(&mut self, records: &Records, shp: &Source) -> Result<(), ReadError> {
        match records.found {
            Found::Indexed => {}
            Found::Unindexed => self.understood.push(Text::new(
                "没有 .shx 索引文件，已逐条读取 .shp 重建索引",
                "there is no .shx file: the index was made anew from the .shp file",
            )),
            Found::Misled => self.warn(
                "shapefile.wrong-index",
                Text::new(
                    ".shx 索引与 .shp 不一致，已按 .shp 重建索引",
                    "the .shx index does not fit the .shp file: it was made anew",
                ),
            ),
        }
        let head = shp.read(24, 4)?;
        let promised = head.first_chunk::<4>().map_or(0, |four| u64::from(u32::from_be_bytes(*four)) * 2);
        if promised > shp.len() {
            let there = shp.len();
            let what = text!(
                ".shp 文件不完整：应有 {promised} 字节，只有 {there} 字节",
                "the .shp file ends early: it should have {promised} bytes and has {there}"
            );
            self.warn("shapefile.cut", what);
        }
        Ok(())
    }

    /// Whether the table is whole.
    pub(super) fn table(&mut self, head: &Head) {
        let (promised, there) = (head.promised, head.rows);
        if promised > there {
            let what = text!(
                ".dbf 文件不完整：应有 {promised} 行，只有 {there} 行",
                "the .dbf file ends early: it should have {promised} rows and has {there}"
            );
            self.warn("shapefile.cut", what);
        }
    }

    /// A column that is in another encoding than the rest.
    pub(super) fn other_encoding(&mut self, column: &str, encoding: Encoding) {
        self.understood.push(text!(
            "字段“{column}”与其他字段编码不同，按内容以 {encoding} 读取",
            "the column “{column}” is in another encoding than the others: read as {encoding}, by its bytes"
        ));
    }

    /// What only the look at all rows has shown.
    pub(super) fn look(&mut self, part: &Part, look: &Look) {
        let deleted = look.deleted;
        if deleted > 0 {
            self.understood
                .push(text!("{deleted} 行已标记为删除，不读入", "{deleted} rows are marked as deleted and left out"));
        }
        if look.has_measures {
            self.understood.push(Text::new("里程值（M）不读入", "measures (M values) are left out"));
        }
        let (shapes, rows) = (part.shape_count(), part.table_count());
        if part.has() == (true, true) && shapes != rows {
            let what = text!(
                ".shp 有 {shapes} 个图形，.dbf 有 {rows} 行，数目不一致",
                "the .shp file has {shapes} shapes, the .dbf file {rows} rows"
            );
            self.warn("shapefile.counts-differ", what);
        }
    }

    /// What is wrong with single rows.
    pub(super) fn faults(&mut self, part: &Part, faults: Faults, to_wgs84: Option<&Transform>, more: u64) {
        for (row, fault, at) in faults {
            let (rule, what) = words(fault, part);
            let is_error = matches!(fault, Fault::Shape(fault) if fault.is_error()) || fault == Fault::TooLarge;
            let made = if is_error { Problem::error(rule, what) } else { Problem::warning(rule, what) };
            let at = at.and_then(|at| to_wgs84?.point(at).ok());
            self.problems.push(Problem { at, ..made.of_feature(i64::try_from(row + 1).unwrap_or(i64::MAX)) });
        }
        self.problems.omitted += more;
    }
}

fn words(fault: Fault, part: &Part) -> (&'static str, Text) {
    match fault {
        Fault::Shape(fault) => shape_words(fault),
        Fault::Cell(fault, column) => cell_words(fault, part.column_name(column)),
        Fault::NoShape => {
            ("shapefile.no-shape", Text::new(".shp 里没有这一行的图形", "the .shp file has no shape for this row"))
        }
        Fault::NoRow => {
            ("shapefile.no-row", Text::new(".dbf 里没有这一行的属性", "the .dbf file has no row for this shape"))
        }
        Fault::TooLarge => (
            "shapefile.too-large",
            Text::new("图形过大（超过 256 MB），未读入", "its shape is larger than 256 MB: left out"),
        ),
    }
}

fn shape_words(fault: ShapeFault) -> (&'static str, Text) {
    match fault {
        ShapeFault::Cut => (
            "shapefile.bad-shape",
            Text::new("图形记录不完整或有误，几何置空", "its shape is cut off or garbled: left without a place"),
        ),
        ShapeFault::UnknownType(number) => {
            ("shapefile.unknown-type", text!("未知的图形类型 {number}", "{number} is no shape type of the format"))
        }
        ShapeFault::MultiPatch => (
            "shapefile.multipatch",
            Text::new(
                "多面体（MultiPatch）不支持，几何置空",
                "surfaces (MultiPatch) are not supported: left without a place",
            ),
        ),
        ShapeFault::NotFinite => (
            "shapefile.not-finite",
            Text::new("坐标不是有效数字，几何置空", "its coordinates are no finite numbers: left without a place"),
        ),
        ShapeFault::Short => (
            "shapefile.short-part",
            Text::new("有的线少于两个点或面边界少于四个点，已略去", "a line or ring of too few positions was left out"),
        ),
        ShapeFault::Nothing => (
            "shapefile.empty",
            Text::new("图形没有可用的坐标，几何置空", "nothing of its shape can be used: left without a place"),
        ),
        ShapeFault::RingOpen => {
            ("shapefile.ring-open", Text::new("面的边界没有闭合，已自动闭合", "a ring was open and has been closed"))
        }
        ShapeFault::RingsAlike => (
            "shapefile.rings-alike",
            Text::new(
                "所有边界方向相同，按内外关系判断了孔洞",
                "all rings turn the same way: holes were found by what lies inside what",
            ),
        ),
        ShapeFault::HoleAlone => (
            "shapefile.hole-alone",
            Text::new("有孔洞不在任何外边界内，已作为面读入", "a hole lies in no outer ring: it was read as an area"),
        ),
        ShapeFault::Tangled => (
            "shapefile.tangled",
            Text::new("边界相互嵌套过多，孔洞可能判断不全", "too many rings lie inside each other: holes may be wrong"),
        ),
        ShapeFault::HeightMissing => (
            "shapefile.height-missing",
            Text::new("部分位置没有高程，按 0 处理", "some positions have no height: taken as 0"),
        ),
    }
}

fn cell_words(fault: CellFault, column: &str) -> (&'static str, Text) {
    match fault {
        CellFault::Text => (
            "shapefile.bad-text",
            text!(
                "字段“{column}”有无法解码的文字，已用 � 代替",
                "“{column}” has bytes that are no text: replaced by �"
            ),
        ),
        CellFault::Number => {
            ("shapefile.bad-number", text!("字段“{column}”的值不是数字，置空", "“{column}” is no number: left empty"))
        }
        CellFault::Day => {
            ("shapefile.bad-date", text!("字段“{column}”的值不是日期，置空", "“{column}” is no date: left empty"))
        }
        CellFault::Memo => (
            "shapefile.no-memo",
            text!(
                "字段“{column}”的备注内容找不到（.dbt/.fpt），置空",
                "the text of “{column}” is not in the .dbt or .fpt file: left empty"
            ),
        ),
    }
}
