//! What lies under a map: pixels and quiet shapes of a base map, in the base map's own plane.
//!
//! The plane of a base map is that of its pixels at full size, x to the right and y downwards from its upper left corner.

/// A piece of a base map.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundPixels {
    /// The upper left corner of the piece, in pieces' pixels from that of the base map.
    pub origin: [i64; 2],
    /// Pixels at full size to one of the piece.
    pub scale: f64,
    /// Width and height in pixels.
    pub size: [usize; 2],
    /// Red, green, blue, alpha, not premultiplied, row by row.
    pub rgba: Vec<u8>,
}

/// What a shape of a base map is, in the order of painting.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ShapeClass {
    /// Woods, parks, grass.
    Green,
    /// Seas, lakes, wide rivers.
    Water,
    /// Rivers and streams drawn as lines.
    Stream,
    /// Houses.
    Building,
    /// Foot ways and tracks.
    Path,
    /// Streets of a quarter.
    Street,
    /// Roads that join quarters.
    Road,
    /// Motorways and trunk roads.
    Highway,
    /// Railways.
    Rail,
    /// Borders.
    Border,
    /// A name.
    Place,
}

/// A shape of a base map that has shapes rather than pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct GroundShape {
    /// What it is.
    pub class: ShapeClass,
    /// Whether the parts are rings around an area.
    pub is_area: bool,
    /// Rings, lines or places, in the base map's plane.
    pub parts: Vec<Vec<[f64; 2]>>,
    /// Its name, where it is one.
    pub name: String,
    /// For names, the larger the smaller: 0 for a large city.
    pub rank: u8,
}
