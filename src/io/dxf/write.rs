//! Writing DXF: release 2007 (`AC1021`, text in UTF-8), points, polylines and closed polylines on one layer.
//!
//! The tables and handles are the fewest that AutoCAD asks for since release 2000.

use std::io::Write;

use super::super::error::WriteError;
use super::super::format::{WriteOptions, Writer, Written};
use super::super::geojson_write_shape::put_number;
use super::super::outgoing::Outgoing;
use crate::model::feature::Feature;
use crate::model::geometry::{Coords, Geometry, GeometryKind, Visitor};
use crate::model::schema::Schema;
use crate::task::{Problem, Problems};
use crate::text;
use crate::text::Text;

/// Bytes that are collected before they are written.
const BUFFER: usize = 1 << 20;
/// Handle of the model space, which owns every entity.
const MODEL_SPACE: u64 = 0x1f;
/// Handle of the first entity; those below belong to the tables.
const FIRST_HANDLE: u64 = 0x100;

/// Begins a drawing.
pub(in super::super) fn create<'a>(
    out: &'a mut dyn Write,
    schema: &Schema,
    options: &WriteOptions,
) -> Result<Box<dyn Writer + 'a>, WriteError> {
    let outgoing = Outgoing::in_any_crs(schema, options)?;
    let layer: String = schema
        .table
        .chars()
        .map(|one| if "<>/\\\":;?*|=`',".contains(one) || one.is_control() { '_' } else { one })
        .collect();
    let mut problems = Problems::default();
    let crs = outgoing.crs;
    problems.push(Problem::warning(
        "dxf.crs",
        text!(
            "DXF 不记录坐标系：坐标为 {crs}",
            "DXF does not say which coordinate system it is in: this one is in {crs}"
        ),
    ));
    if !schema.fields.is_empty() {
        let count = schema.fields.len();
        let what =
            text!("DXF 不保存属性：{count} 个字段未写出", "DXF holds no attributes: {count} columns are left out");
        problems.push(Problem::warning("dxf.attributes", what));
    }
    let mut buffer = Vec::new();
    if let Some(note) = &options.note {
        for words in [&note.zh, &note.en] {
            put(&mut buffer, 999, &words.replace(['\n', '\r'], " "));
        }
    }
    // Degrees are no unit of length.
    let units = if crs.is_geographic() { "0" } else { "6" };
    put_pairs(&mut buffer, HEAD, units, &layer);
    let written = Written { problems, ..Written::default() };
    let entities = Entities {
        buffer,
        layer,
        decimals: options.decimals.min(15),
        handle: FIRST_HANDLE,
        holes: 0,
        within: Vec::new(),
        rings: 0,
    };
    Ok(Box::new(DxfWriter { out, outgoing, entities, written }))
}

struct DxfWriter<'a> {
    out: &'a mut dyn Write,
    outgoing: Outgoing,
    entities: Entities,
    written: Written,
}

impl Writer for DxfWriter<'_> {
    fn write(&mut self, feature: &Feature) -> Result<(), WriteError> {
        let left_out = match self.outgoing.geometry(feature) {
            Ok(Some(geometry)) if !geometry.is_empty() => {
                self.entities.add(&geometry);
                self.written.features += 1;
                None
            }
            Ok(_) => Some(Text::new("没有位置，DXF 无法保存", "it has no place, so DXF cannot hold it")),
            Err(what) => Some(what),
        };
        if let Some(what) = left_out {
            self.written.problems.push(Problem::error("dxf.not-written", what).of_feature(feature.id));
        }
        if self.entities.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    fn finish(mut self: Box<Self>) -> Result<Written, WriteError> {
        put_pairs(&mut self.entities.buffer, TAIL, "", "");
        self.flush()?;
        self.out.flush()?;
        let holes = self.entities.holes;
        if holes > 0 {
            let what = text!(
                "DXF 的面没有洞：{holes} 个洞写成了单独的闭合线",
                "areas have no holes in DXF: {holes} of them became closed lines of their own"
            );
            self.written.problems.push(Problem::warning("dxf.holes", what));
        }
        Ok(self.written)
    }
}

impl DxfWriter<'_> {
    fn flush(&mut self) -> Result<(), WriteError> {
        self.out.write_all(&self.entities.buffer)?;
        self.written.bytes += self.entities.buffer.len() as u64;
        self.entities.buffer.clear();
        Ok(())
    }
}

/// The entities as text.
struct Entities {
    buffer: Vec<u8>,
    layer: String,
    decimals: u8,
    handle: u64,
    holes: u64,
    /// The geometries around this place, and rings of the innermost so far.
    within: Vec<GeometryKind>,
    rings: u64,
}

impl Visitor for Entities {
    fn begin(&mut self, kind: GeometryKind, _: usize) {
        self.within.push(kind);
        self.rings = 0;
    }

    fn path(&mut self, coords: Coords<'_>) {
        match self.within.last() {
            Some(GeometryKind::Point) if coords.xy(0)[0].is_finite() => self.point(&coords),
            Some(GeometryKind::LineString) if !coords.is_empty() => self.line(&coords, false),
            Some(GeometryKind::Polygon) if !coords.is_empty() => {
                self.holes += u64::from(self.rings > 0);
                self.rings += 1;
                self.line(&coords, true);
            }
            _ => {}
        }
    }

    fn end(&mut self, _: GeometryKind) {
        self.within.pop();
    }
}

impl Entities {
    fn add(&mut self, geometry: &Geometry) {
        geometry.walk(self);
    }

    fn point(&mut self, coords: &Coords<'_>) {
        self.head("POINT", MODEL_SPACE, Some("AcDbPoint"));
        self.position(coords.xy(0), coords.z(0).unwrap_or_default());
    }

    /// A flat polyline with its height, or one in space where heights differ.
    fn line(&mut self, coords: &Coords<'_>, is_closed: bool) {
        // The last position of a ring repeats the first.
        let count = coords.len() - usize::from(is_closed && coords.len() > 1);
        let height = coords.z(0).unwrap_or_default();
        if (0..count).any(|place| coords.z(place).unwrap_or_default() != height) {
            return self.line_in_space(coords, count, is_closed);
        }
        self.head("LWPOLYLINE", MODEL_SPACE, Some("AcDbPolyline"));
        put(&mut self.buffer, 90, &count.to_string());
        put(&mut self.buffer, 70, if is_closed { "1" } else { "0" });
        if height != 0.0 {
            self.number(38, height);
        }
        for place in 0..count {
            let [x, y] = coords.xy(place);
            self.number(10, x);
            self.number(20, y);
        }
    }

    fn line_in_space(&mut self, coords: &Coords<'_>, count: usize, is_closed: bool) {
        self.head("POLYLINE", MODEL_SPACE, Some("AcDb3dPolyline"));
        let owner = self.handle - 1;
        put(&mut self.buffer, 66, "1");
        self.position([0.0; 2], 0.0);
        put(&mut self.buffer, 70, if is_closed { "9" } else { "8" });
        for place in 0..count {
            self.head("VERTEX", owner, Some("AcDbVertex"));
            put(&mut self.buffer, 100, "AcDb3dPolylineVertex");
            self.position(coords.xy(place), coords.z(place).unwrap_or_default());
            put(&mut self.buffer, 70, "32");
        }
        self.head("SEQEND", owner, None);
    }

    fn head(&mut self, kind: &str, owner: u64, class: Option<&str>) {
        let handle = self.handle;
        self.handle += 1;
        put(&mut self.buffer, 0, kind);
        put(&mut self.buffer, 5, &format!("{handle:X}"));
        put(&mut self.buffer, 330, &format!("{owner:X}"));
        put(&mut self.buffer, 100, "AcDbEntity");
        put(&mut self.buffer, 8, &self.layer);
        if let Some(class) = class {
            put(&mut self.buffer, 100, class);
        }
    }

    fn position(&mut self, [x, y]: [f64; 2], z: f64) {
        self.number(10, x);
        self.number(20, y);
        self.number(30, z);
    }

    fn number(&mut self, code: u16, number: f64) {
        self.buffer.extend_from_slice(code.to_string().as_bytes());
        self.buffer.push(b'\n');
        put_number(&mut self.buffer, number, self.decimals);
        self.buffer.push(b'\n');
    }
}

fn put(out: &mut Vec<u8>, code: u16, value: &str) {
    out.extend_from_slice(code.to_string().as_bytes());
    out.push(b'\n');
    out.extend_from_slice(value.as_bytes());
    out.push(b'\n');
}

/// A list of pairs as the file has them: a line for the code, a line for the value.
fn put_pairs(out: &mut Vec<u8>, pairs: &str, units: &str, layer: &str) {
    for pair in pairs.trim().split(['|', '\n']) {
        let (code, value) = pair.split_once('=').unwrap_or((pair, ""));
        out.extend_from_slice(code.as_bytes());
        out.push(b'\n');
        out.extend_from_slice(value.replace("{units}", units).replace("{layer}", layer).as_bytes());
        out.push(b'\n');
    }
}

/// What stands before the entities, as `code=value`: header, tables with their handles, the two spaces.
const HEAD: &str = "
0=SECTION|2=HEADER|9=$ACADVER|1=AC1021|9=$DWGCODEPAGE|3=ANSI_936|9=$INSUNITS|70={units}|9=$HANDSEED|5=FFFFFFFF
0=ENDSEC
0=SECTION|2=CLASSES
0=ENDSEC
0=SECTION|2=TABLES
0=TABLE|2=VPORT|5=8|330=0|100=AcDbSymbolTable|70=0
0=ENDTAB
0=TABLE|2=LTYPE|5=5|330=0|100=AcDbSymbolTable|70=3
0=LTYPE|5=14|330=5|100=AcDbSymbolTableRecord|100=AcDbLinetypeTableRecord|2=ByBlock|70=0|3=|72=65|73=0|40=0.0
0=LTYPE|5=15|330=5|100=AcDbSymbolTableRecord|100=AcDbLinetypeTableRecord|2=ByLayer|70=0|3=|72=65|73=0|40=0.0
0=LTYPE|5=16|330=5|100=AcDbSymbolTableRecord|100=AcDbLinetypeTableRecord|2=Continuous|70=0|3=|72=65|73=0|40=0.0
0=ENDTAB
0=TABLE|2=LAYER|5=2|330=0|100=AcDbSymbolTable|70=2
0=LAYER|5=10|330=2|100=AcDbSymbolTableRecord|100=AcDbLayerTableRecord|2=0|70=0|62=7|6=Continuous|370=-3|390=F
0=LAYER|5=30|330=2|100=AcDbSymbolTableRecord|100=AcDbLayerTableRecord|2={layer}|70=0|62=7|6=Continuous|370=-3
390=F
0=ENDTAB
0=TABLE|2=STYLE|5=3|330=0|100=AcDbSymbolTable|70=1
0=STYLE|5=11|330=3|100=AcDbSymbolTableRecord|100=AcDbTextStyleTableRecord|2=Standard|70=0|40=0.0|41=1.0|50=0.0
71=0|42=2.5|3=txt|4=
0=ENDTAB
0=TABLE|2=VIEW|5=6|330=0|100=AcDbSymbolTable|70=0
0=ENDTAB
0=TABLE|2=UCS|5=7|330=0|100=AcDbSymbolTable|70=0
0=ENDTAB
0=TABLE|2=APPID|5=9|330=0|100=AcDbSymbolTable|70=1
0=APPID|5=12|330=9|100=AcDbSymbolTableRecord|100=AcDbRegAppTableRecord|2=ACAD|70=0
0=ENDTAB
0=TABLE|2=DIMSTYLE|5=A|330=0|100=AcDbSymbolTable|70=1|100=AcDbDimStyleTable
0=DIMSTYLE|105=27|330=A|100=AcDbSymbolTableRecord|100=AcDbDimStyleTableRecord|2=Standard|70=0|340=11
0=ENDTAB
0=TABLE|2=BLOCK_RECORD|5=1|330=0|100=AcDbSymbolTable|70=2
0=BLOCK_RECORD|5=1F|330=1|100=AcDbSymbolTableRecord|100=AcDbBlockTableRecord|2=*Model_Space|340=22
0=BLOCK_RECORD|5=1B|330=1|100=AcDbSymbolTableRecord|100=AcDbBlockTableRecord|2=*Paper_Space|340=1E
0=ENDTAB
0=ENDSEC
0=SECTION|2=BLOCKS
0=BLOCK|5=20|330=1F|100=AcDbEntity|8=0|100=AcDbBlockBegin|2=*Model_Space|70=0|10=0.0|20=0.0|30=0.0
3=*Model_Space|1=
0=ENDBLK|5=21|330=1F|100=AcDbEntity|8=0|100=AcDbBlockEnd
0=BLOCK|5=1C|330=1B|100=AcDbEntity|67=1|8=0|100=AcDbBlockBegin|2=*Paper_Space|70=0|10=0.0|20=0.0|30=0.0
3=*Paper_Space|1=
0=ENDBLK|5=1D|330=1B|100=AcDbEntity|67=1|8=0|100=AcDbBlockEnd
0=ENDSEC
0=SECTION|2=ENTITIES
";

/// What stands behind the entities: the dictionaries and layouts.
const TAIL: &str = "
0=ENDSEC
0=SECTION|2=OBJECTS
0=DICTIONARY|5=C|330=0|100=AcDbDictionary|281=1|3=ACAD_GROUP|350=D|3=ACAD_LAYOUT|350=1A|3=ACAD_PLOTSTYLENAME
350=E
0=DICTIONARY|5=D|330=C|100=AcDbDictionary|281=1
0=ACDBDICTIONARYWDFLT|5=E|330=C|100=AcDbDictionary|281=1|3=Normal|350=F|100=AcDbDictionaryWithDefault|340=F
0=ACDBPLACEHOLDER|5=F|330=E
0=DICTIONARY|5=1A|330=C|100=AcDbDictionary|281=1|3=Layout1|350=1E|3=Model|350=22
0=LAYOUT|5=1E|330=1A|100=AcDbPlotSettings|1=|2=none_device|4=|6=|40=0.0|41=0.0|42=0.0|43=0.0|44=0.0|45=0.0
46=0.0|47=0.0|48=0.0|49=0.0|140=0.0|141=0.0|142=1.0|143=1.0|70=688|72=0|73=0|74=5|7=|75=16|147=1.0|148=0.0
149=0.0|100=AcDbLayout|1=Layout1|70=1|71=1|10=0.0|20=0.0|11=420.0|21=297.0|12=0.0|22=0.0|32=0.0|14=1E+20
24=1E+20|34=1E+20|15=-1E+20|25=-1E+20|35=-1E+20|146=0.0|13=0.0|23=0.0|33=0.0|16=1.0|26=0.0|36=0.0|17=0.0|27=1.0
37=0.0|76=0|330=1B
0=LAYOUT|5=22|330=1A|100=AcDbPlotSettings|1=|2=none_device|4=|6=|40=0.0|41=0.0|42=0.0|43=0.0|44=0.0|45=0.0
46=0.0|47=0.0|48=0.0|49=0.0|140=0.0|141=0.0|142=1.0|143=1.0|70=1712|72=0|73=0|74=5|7=|75=16|147=1.0|148=0.0
149=0.0|100=AcDbLayout|1=Model|70=1|71=0|10=0.0|20=0.0|11=420.0|21=297.0|12=0.0|22=0.0|32=0.0|14=1E+20|24=1E+20
34=1E+20|15=-1E+20|25=-1E+20|35=-1E+20|146=0.0|13=0.0|23=0.0|33=0.0|16=1.0|26=0.0|36=0.0|17=0.0|27=1.0|37=0.0
76=0|330=1F
0=ENDSEC
0=EOF
";
