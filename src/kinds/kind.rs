//! What a kind of layer must say about itself.

use crate::geom::crs::Crs;
use crate::model::feature::Feature;
use crate::model::geometry::GeometryKind;
use crate::model::schema::{Field, Schema};
use crate::model::style::Style;
use crate::task::Problem;
use crate::text::Text;

/// The group of the layer tree in which a kind stands, from top to bottom.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Notes and cases.
    Notes,
    /// Sewers.
    Sewer,
    /// Waste kiosks and plants.
    Waste,
    /// Roads with cables and chiefs.
    Roads,
    /// Cameras, sensors, lamps, components, bridges.
    Devices,
    /// Unit grid.
    Grid,
    /// What a file brought.
    Other,
    /// The quiet base map.
    Base,
}

impl Group {
    /// All, in the order of the layer tree.
    pub const ALL: [Self; 8] =
        [Self::Notes, Self::Sewer, Self::Waste, Self::Roads, Self::Devices, Self::Grid, Self::Other, Self::Base];

    /// Its heading.
    pub fn name(self) -> Text {
        match self {
            Self::Notes => Text::new("标注与案件", "Notes and cases"),
            Self::Sewer => Text::new("排水管网", "Sewers"),
            Self::Waste => Text::new("环境卫生", "Sanitation"),
            Self::Roads => Text::new("道路与线缆", "Roads and cables"),
            Self::Devices => Text::new("智能设施", "Devices"),
            Self::Grid => Text::new("单元网格", "Unit grid"),
            Self::Other => Text::new("其他图层", "Other layers"),
            Self::Base => Text::new("底图", "Base map"),
        }
    }
}

/// Everything the program must know about a kind of layer.
///
/// The file's table, the import mapping, the attribute form, the legend, the command line's word list and the checks
/// are all derived from this value.
#[derive(Debug)]
pub struct Kind {
    /// Table name in the file and word on the command line. Never changes.
    pub id: &'static str,
    /// What the user sees.
    pub name: Text,
    /// Where it stands in the layer tree.
    pub group: Group,
    /// Painting order of the map: lower lies under higher.
    pub z_order: i32,
    /// What its features are, `None` for rows without a place.
    pub geometry: Option<GeometryKind>,
    /// Columns, in the order the table shows them.
    pub fields: Vec<Field>,
    /// Field ids that name one feature to a person, best first (`name`, `code`): title, search, label.
    pub title: &'static [&'static str],
    /// Drawing and labels.
    pub style: Style,
    /// Looks at one feature after an edit or an import.
    pub check: fn(&Kind, &Feature) -> Vec<Problem>,
}

impl Kind {
    /// The schema of a new layer of this kind.
    pub fn schema(&self, crs: Crs) -> Schema {
        Schema {
            table: self.id.to_owned(),
            name: self.name.clone(),
            kind: self.id.to_owned(),
            geometry: self.geometry,
            crs,
            z_order: self.z_order,
            fields: self.fields.clone(),
        }
    }
}
