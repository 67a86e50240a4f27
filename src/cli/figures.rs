//! The bureau's figures: their names for people, and numbers as programs read them.

use serde_json::{Map, Number, Value as Json};

use super::table::{Table, real};
use crate::text::{Lang, Text};

/// Figures by the names that `info --json` gives them.
const NAMES: &[(&str, Text)] = &[
    ("grid_km2", Text::new("单元网格面积 km²", "Unit grid, km²")),
    ("cells", Text::new("单元网格", "Grid cells")),
    ("foul_sewer_km", Text::new("污水与合流管 km", "Foul and combined sewers, km")),
    ("storm_sewer_km", Text::new("雨水管 km", "Storm sewers, km")),
    ("inspected_km", Text::new("已检测管道 km", "Inspected sewers, km")),
    ("kiosks", Text::new("四分类垃圾亭", "Waste kiosks")),
    ("compounds_without_management", Text::new("无物业小区", "Compounds without management")),
    ("cable_roads", Text::new("缆线整治道路", "Roads with cable treatment")),
    ("duct_roads", Text::new("弱电管道道路", "Roads with ducts")),
    ("duct_km", Text::new("弱电管道 km", "Ducts, km")),
    ("chief_roads", Text::new("路长制道路", "Roads with a road chief")),
    ("cameras", Text::new("摄像头", "Cameras")),
    ("cameras_online", Text::new("在线摄像头", "Cameras online")),
    ("manhole_sensors", Text::new("井盖传感器", "Manhole sensors")),
    ("lamp_controllers", Text::new("路灯控制器", "Lamp controllers")),
    ("bridges", Text::new("桥梁", "Bridges")),
    ("incinerators", Text::new("焚烧设施", "Incinerators")),
    ("kitchen_waste_plants", Text::new("厨余垃圾设施", "Kitchen-waste plants")),
    ("bulky_waste_plants", Text::new("大件垃圾设施", "Bulky-waste plants")),
];

/// The figures as one object, in their order; counts as whole numbers.
pub(super) fn json(figures: &[(&'static str, f64)]) -> Json {
    let members = figures.iter().map(|&(name, value)| {
        let measured = name.ends_with("_km") || name.ends_with("_km2");
        let number = if measured { rounded(value, 6) } else { Json::from(value.round() as i64) };
        (name.to_owned(), number)
    });
    Json::Object(members.collect::<Map<_, _>>())
}

/// The figures as a table.
pub(super) fn lines(figures: &[(&'static str, f64)], lang: Lang) -> String {
    let mut table = Table::new([lang.pick("指标", "Figure"), lang.pick(">数值", ">Value")]);
    for &(id, value) in figures {
        let name = NAMES.iter().find(|known| known.0 == id).map_or(id, |known| known.1.get(lang));
        table.row([name.to_owned(), real(value, 3)]);
    }
    table.lines()
}

/// A number with so many decimals and no more; `null` if it is none.
pub(super) fn rounded(value: f64, decimals: i32) -> Json {
    let factor = 10_f64.powi(decimals);
    Number::from_f64((value * factor).round() / factor).map_or(Json::Null, Json::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_are_whole_numbers_and_measures_are_not() {
        let figures = [("cells", 8000.0), ("foul_sewer_km", 1_095.580_000_000_1), ("duct_km", 4.0)];
        assert_eq!(json(&figures).to_string(), r#"{"cells":8000,"foul_sewer_km":1095.58,"duct_km":4.0}"#);
    }
}
