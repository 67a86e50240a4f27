//! The unit grid: cells of about 10,000 m².

use super::check;
use super::fields;
use super::kind::{Group, Kind};
use super::look;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::Field;
use crate::model::style::{Ink, LabelRule, Placement, Rule, ScaleRange, Style};
use crate::task::Problem;
use crate::text::Text;

/// One cell of the unit grid (万米单元网格), inside one community.
pub(super) fn cell() -> Kind {
    Kind {
        id: "cell",
        name: Text::new("单元网格", "Unit grid cell"),
        group: Group::Grid,
        z_order: 40,
        geometry: Some(GeometryKind::MultiPolygon),
        fields: cell_fields(),
        title: &["code"],
        style: style(),
        check: check_cell,
    }
}

fn cell_fields() -> Vec<Field> {
    vec![
        fields::code("网格编码", "Cell code").aliases(&[
            "bgcode",
            "bgid",
            "szdywgbsm",
            "dywgbsm",
            "单元网格编码",
            "单元网格标识码",
            "网格代码",
            "grid code",
            "cell code",
        ]),
        Field::real("area_m2", "面积", "Area", "m²").range(0.0, 1e7).aliases(&["area", "mj", "网格面积", "shape area"]),
        fields::community_code(),
        fields::street_code(),
        Field::date("start_date", "初始日期", "Start date").aliases(&["csrq", "启用日期", "起始日期"]),
        Field::date("end_date", "终止日期", "End date").aliases(&["zzrq", "bgrq", "停用日期", "变更日期"]),
        fields::remark(),
    ]
}

fn check_cell(kind: &Kind, feature: &Feature) -> Vec<Problem> {
    let mut found = check::check(kind, feature);
    let text = |field| check::value(kind, feature, field).as_str().unwrap_or_default();
    let code = text("code");
    let is_code = code.len() == 15 && code.bytes().all(|byte| byte.is_ascii_digit() || byte.is_ascii_uppercase());
    if !code.is_empty() && !is_code {
        let what = Text::new("网格编码应为 15 位数字或大写字母", "A cell code has 15 digits or capital letters");
        found.push(check::warning(kind, feature, "cell.code", what));
    }
    let parents = ["community_code", "street_code"];
    if is_code && parents.into_iter().any(|parent| !code.starts_with(text(parent))) {
        let what = Text::new(
            "网格编码与所属社区或街道代码不符",
            "The cell code does not begin with its community's or sub-district's",
        );
        found.push(check::warning(kind, feature, "cell.parent", what));
    }
    found
}

fn style() -> Style {
    let hairline = Ink::new(0x8A_8F7A, 0x6F_7B73);
    let width = look::by_scale(&[(1_000.0, 1.0), (2_500.0, 0.8), (8_000.0, 0.5)]);
    let border = Rule::all(vec![look::dashes(hairline, width, &[6.0, 4.0])])
        .named("万米网格界", "Unit grid cell")
        .at(ScaleRange::closer_than(12_000.0));
    let code = LabelRule {
        scale: ScaleRange::closer_than(1_500.0),
        ink: look::TEXT2,
        ..look::label("{code}", "{code}", Placement::Inside, 15, look::px(10.5))
    };
    Style::new(vec![border], vec![code])
}
