//! What a panel asks of the window: a command for the session, or something only the window can do.
//!
//! Panels read the session and push what they want; [`App`](super::app::App) carries it out after the frame is laid out.

use std::path::PathBuf;

use super::camera::View;
use crate::model::geometry::Bounds;
use crate::session::action::ActionId;
use crate::session::command::Command;
use crate::session::sewer::SewerAsk;
use crate::session::sewer::board::SewerTopic;
use crate::session::state::FeatureRef;

/// One wish of a panel.
#[derive(Debug)]
pub enum UiAsk {
    /// For the session.
    Run(Command),
    /// Asks the sewers something and shows what comes of it.
    Sewer(SewerAsk),
    /// Asks for a file and writes what is shown of a topic of the sewers to it.
    WriteSewer(SewerTopic),
    /// Opens the sewer panel at a topic, and asks for what belongs there if nothing was asked yet.
    SewerTopic(SewerTopic),
    /// An action by its id, as from a menu.
    Act(ActionId),
    /// Moves the map to a box, Web Mercator metres.
    ZoomTo(Bounds),
    /// Moves the middle of the map, Web Mercator metres; the scale stays.
    GoTo([f64; 2]),
    /// Moves the map to a place and scale: Web Mercator metres, world metres per logical pixel.
    GoToScale([f64; 2], f64),
    /// Moves the map to a view: its place, scale and turn.
    GoToView(View),
    /// Turns the map: clockwise, radians; 0 has north at the top.
    Turn(f64),
    /// Moves the map to a place that was asked for by its coordinates, close enough to see it, and marks it for a while.
    Spot([f64; 2]),
    /// Puts words on the clipboard and says so.
    Copy(String),
    /// Opens the attribute table of a layer.
    OpenTable(String),
    /// Chooses a layer and opens its style.
    StyleLayer(String),
    /// Opens the attribute form of a feature.
    EditForm(FeatureRef),
    /// Opens the note form about a feature.
    NoteOn(FeatureRef),
    /// Opens the export dialog for a layer.
    ExportLayer(String),
    /// Shows a photo of a feature large: photo ids of the row, and which.
    ShowPhoto(Vec<i64>, usize),
    /// Shows the list of problems of a notice or an import.
    ShowProblems,
    /// Lets the person choose a file or folder; the answer comes back to `purpose`.
    PickFile(FilePurpose),
    /// Opens the form of a coordinate system of one's own: a new one, or the kept one of this name.
    OwnSystem(Option<String>),
    /// Opens the import dialog for words that were pasted on the map.
    Paste(String),
    /// Opens the import dialog for files that were chosen or dropped.
    ImportFiles(Vec<PathBuf>),
}

/// What a sheet is written as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SheetFile {
    /// Vectors and many pages.
    Pdf,
    /// Vectors.
    Svg,
    /// Pixels.
    Png,
}

impl SheetFile {
    /// All, the most wanted first.
    pub const ALL: [Self; 3] = [Self::Pdf, Self::Svg, Self::Png];

    /// The name of the format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdf => "PDF",
            Self::Svg => "SVG",
            Self::Png => "PNG",
        }
    }

    /// The end of its file names.
    pub fn ending(self) -> &'static str {
        self.endings()[0]
    }

    /// The same as a list, for a file dialog.
    pub fn endings(self) -> &'static [&'static str] {
        match self {
            Self::Pdf => &["pdf"],
            Self::Svg => &["svg"],
            Self::Png => &["png"],
        }
    }
}

/// What a chosen file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FilePurpose {
    /// A new city.
    NewCity,
    /// An existing city.
    OpenCity,
    /// A file to take in.
    Import,
    /// A base map to lie under the city.
    Ground,
    /// Where a base map that is gone is now.
    GroundLocate,
    /// OpenStreetMap's data to make a base map of.
    Basemap,
    /// Where an export goes.
    Export,
    /// Where a copy of the city goes.
    Backup,
    /// Where the map's picture goes.
    Picture,
    /// Where a printed sheet goes, or all pages of a series.
    Sheet(SheetFile),
    /// The folder that takes a file for each page of a series.
    SheetFolder,
    /// Photos for the note that is being written.
    NotePhotos,
    /// Photos for the feature in the details panel.
    FeaturePhotos,
    /// A style to take in.
    StyleImport,
    /// Where a layer's style goes.
    StyleExport,
    /// An import recipe to follow.
    RecipeOpen,
    /// Where an import recipe goes.
    RecipeSave,
    /// An export profile to follow.
    ProfileOpen,
    /// Where an export profile goes.
    ProfileSave,
    /// Where a result of the sewer workbench goes.
    SewerOut,
    /// Where a long profile goes.
    SewerProfile,
    /// A contractor's table of defects.
    SewerDefects,
    /// A table of unit costs.
    SewerCosts,
    /// Where a SWMM model goes.
    SewerModel,
}

/// What the panels ask for in one frame, in order.
pub type Asks = Vec<UiAsk>;
