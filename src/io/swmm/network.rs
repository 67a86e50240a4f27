//! What is written: nodes and links in metres, and the frame of a model that is made from nothing.

use std::collections::BTreeSet;

use super::units::Units;
use crate::model::value::Value;

/// What an element was in the text that is written again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// Its number among the elements of the file, from 1.
    pub number: i64,
    /// Ids of the fields whose values are others now.
    pub changed: BTreeSet<String>,
    /// Whether it lies elsewhere, or has another shape.
    pub is_moved: bool,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NodeKind {
    /// Where links meet.
    #[default]
    Junction,
    /// Where water leaves.
    Outfall,
    /// Where water waits.
    Storage,
    /// Where water is parted by a rule.
    Divider,
}

/// A node of the network; lengths and levels in metres.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Node {
    /// What it was; `None` for a new one.
    pub kept: Option<Kept>,
    /// Its name, as a model may spell it.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Where, in the coordinates of the model.
    pub place: Option<[f64; 2]>,
    /// Level of its bottom.
    pub bottom_m: Option<f64>,
    /// From the bottom to the ground.
    pub depth_m: Option<f64>,
    /// Water in it at the beginning.
    pub init_depth_m: Option<f64>,
    /// Head above the ground before it overflows.
    pub surcharge_depth_m: Option<f64>,
    /// Surface that it floods, m².
    pub ponded_area_m2: Option<f64>,
    /// Dry-weather flow that enters here, L/s.
    pub dry_flow_l_s: Option<f64>,
    /// Another steady flow that enters here, L/s.
    pub inflow_l_s: Option<f64>,
    /// Whether an outfall has a flap gate.
    pub has_flap: Option<bool>,
    /// What an outfall runs into, by SWMM's word (`FREE`, `FIXED` …).
    pub boundary: Option<String>,
    /// The level that goes with it in metres, or the name of a curve or series.
    pub stage: Option<String>,
    /// How the surface of a storage unit changes with depth, in SWMM's words.
    pub storage: Option<String>,
    /// A word about it.
    pub tag: Option<String>,
    /// What is said about it.
    pub remark: Option<String>,
}

/// What a link is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LinkKind {
    /// Pipe or channel.
    #[default]
    Conduit,
    /// Pump.
    Pump,
    /// Orifice.
    Orifice,
    /// Weir.
    Weir,
    /// Outlet.
    Outlet,
}

/// A link of the network; lengths and levels in metres.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Link {
    /// What it was; `None` for a new one.
    pub kept: Option<Kept>,
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: LinkKind,
    /// Name of the node where it begins, and of that where it ends.
    pub ends: [String; 2],
    /// Positions between its ends, in the coordinates of the model.
    pub vertices: Vec<[f64; 2]>,
    /// Its length.
    pub length_m: Option<f64>,
    /// Manning's n.
    pub manning_n: Option<f64>,
    /// Levels of its ends.
    pub inverts_m: [Option<f64>; 2],
    /// The shape of its section, by the word of the record.
    pub section: Option<String>,
    /// Height of its section; the diameter of a round one.
    pub height_mm: Option<f64>,
    /// Width of its section.
    pub width_mm: Option<f64>,
    /// How many lie beside each other.
    pub barrels: Option<i64>,
    /// Whether it is a pressure main.
    pub is_pressure: Option<bool>,
    /// SWMM's own word for the shape of its section.
    pub shape: Option<String>,
    /// The curve of a pump; what sort of orifice, weir or outlet it is.
    pub device: Option<String>,
    /// A word about it.
    pub tag: Option<String>,
    /// What is said about it.
    pub remark: Option<String>,
}

/// A subcatchment.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Area {
    /// What it was; `None` for a new one.
    pub kept: Option<Kept>,
    /// Its values, in the order of the fields of [`Layer::Areas`](super::Layer::Areas).
    pub values: Vec<Value>,
    /// Its outline, in the coordinates of the model; not closed.
    pub ring: Option<Vec<[f64; 2]>>,
    /// What its outline encloses, square metres.
    pub drawn_m2: Option<f64>,
}

/// A rain gage.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Gage {
    /// What it was; `None` for a new one.
    pub kept: Option<Kept>,
    /// Its values, in the order of the fields of [`Layer::Gages`](super::Layer::Gages).
    pub values: Vec<Value>,
    /// Where, in the coordinates of the model.
    pub place: Option<[f64; 2]>,
}

/// All that is written into a model.
#[derive(Clone, Copy, Debug, Default)]
pub struct Written<'a> {
    /// Nodes; those that are not among them go.
    pub nodes: &'a [Node],
    /// Links, likewise.
    pub links: &'a [Link],
    /// Subcatchments, likewise; `None` leaves them as they are.
    pub areas: Option<&'a [Area]>,
    /// Rain gages, likewise.
    pub gages: Option<&'a [Gage]>,
    /// What is said above the dry-weather flows that are written.
    pub flow_note: &'a str,
}

/// A model without elements: options for a run of a day, and the box of the map.
pub fn template(title: &str, units: Units, map: [f64; 4], is_degrees: bool) -> String {
    let title = title.replace(['[', '\n', '\r', ';'], " ");
    let [west, south, east, north] = map.map(super::lines::coordinate);
    let map_units = if is_degrees { "Degrees" } else { "Meters" };
    let flow = units.flow;
    format!(
        "[TITLE]\n{title}\n\n\
         [OPTIONS]\n\
         FLOW_UNITS           {flow}\n\
         INFILTRATION         HORTON\n\
         FLOW_ROUTING         DYNWAVE\n\
         LINK_OFFSETS         ELEVATION\n\
         MIN_SLOPE            0\n\
         ALLOW_PONDING        NO\n\
         SKIP_STEADY_STATE    NO\n\
         START_DATE           01/01/2026\n\
         START_TIME           00:00:00\n\
         REPORT_START_DATE    01/01/2026\n\
         REPORT_START_TIME    00:00:00\n\
         END_DATE             01/02/2026\n\
         END_TIME             00:00:00\n\
         DRY_DAYS             0\n\
         REPORT_STEP          00:15:00\n\
         WET_STEP             00:05:00\n\
         DRY_STEP             01:00:00\n\
         ROUTING_STEP         0:00:10\n\
         INERTIAL_DAMPING     PARTIAL\n\
         NORMAL_FLOW_LIMITED  BOTH\n\
         FORCE_MAIN_EQUATION  H-W\n\
         VARIABLE_STEP        0.75\n\
         LENGTHENING_STEP     0\n\
         MAX_TRIALS           8\n\
         HEAD_TOLERANCE       0.0015\n\n\
         [EVAPORATION]\nCONSTANT             0.0\nDRY_ONLY             NO\n\n\
         [JUNCTIONS]\n;;Name           Elevation  MaxDepth   InitDepth  SurDepth   Aponded\n\n\
         [OUTFALLS]\n;;Name           Elevation  Type       Stage Data       Gated\n\n\
         [STORAGE]\n;;Name           Elev.      MaxDepth   InitDepth  Shape      Curve\n\n\
         [CONDUITS]\n;;Name           From Node        To Node          Length     Roughness  InOffset   OutOffset\n\n\
         [PUMPS]\n;;Name           From Node        To Node          Curve            Status   Startup  Shutoff\n\n\
         [ORIFICES]\n;;Name           From Node        To Node          Type         Offset     Qcoeff     Gated\n\n\
         [WEIRS]\n;;Name           From Node        To Node          Type         CrestHt    Qcoeff     Gated\n\n\
         [OUTLETS]\n;;Name           From Node        To Node          Offset     Type            Coeff      Expon\n\n\
         [XSECTIONS]\n;;Link           Shape        Geom1      Geom2      Geom3      Geom4      Barrels\n\n\
         [INFLOWS]\n;;Node           Constituent      Time Series      Type     Mfactor  Sfactor  Baseline\n\n\
         [DWF]\n;;Node           Constituent      Baseline   Patterns\n\n\
         [CURVES]\n;;Name           Type       X-Value    Y-Value\n\n\
         [REPORT]\nINPUT      NO\nCONTROLS   NO\nSUBCATCHMENTS ALL\nNODES ALL\nLINKS ALL\n\n\
         [TAGS]\n\n\
         [MAP]\nDIMENSIONS {west} {south} {east} {north}\nUnits      {map_units}\n\n\
         [COORDINATES]\n;;Node           X-Coord            Y-Coord\n\n\
         [VERTICES]\n;;Link           X-Coord            Y-Coord\n"
    )
}
