//! Cross sections: SWMM's two dozen words and the few shapes of a sewer record.

/// The first letters of the shapes, as SWMM tells them apart.
const SHAPES: &[&str] = &[
    "DUMMY",
    "CIRCULAR",
    "FILLED_CIRCULAR",
    "RECT_CLOSED",
    "RECT_OPEN",
    "TRAPEZOIDAL",
    "TRIANGULAR",
    "PARABOLIC",
    "POWER",
    "RECT_TRIANG",
    "RECT_ROUND",
    "MODBASKET",
    "HORIZ_ELLIPSE",
    "VERT_ELLIPSE",
    "ARCH",
    "EGG",
    "HORSESHOE",
    "GOTHIC",
    "CATENARY",
    "SEMIELLIPTICAL",
    "BASKETHANDLE",
    "SEMICIRCULAR",
    "IRREGULAR",
    "CUSTOM",
    "FORCE_MAIN",
    "STREET",
];

/// Whether SWMM has such a shape.
pub(super) fn is_known(shape: &str) -> bool {
    let shape = shape.to_ascii_uppercase();
    SHAPES.iter().any(|known| shape.starts_with(known))
}

/// What a sewer record calls SWMM's shape; `None` for a link that has none, and for a word that is no shape.
pub(super) fn section_of(shape: &str) -> Option<&'static str> {
    let shape = shape.to_ascii_uppercase();
    Some(match shape.as_str() {
        "DUMMY" => return None,
        _ if !is_known(&shape) => return None,
        "CIRCULAR" | "FORCE_MAIN" | "FILLED_CIRCULAR" => "circle",
        "TRAPEZOIDAL" => "trapezoid",
        "TRIANGULAR" => "triangle",
        "HORIZ_ELLIPSE" | "VERT_ELLIPSE" => "ellipse",
        _ if shape.starts_with("RECT") => "rectangle",
        _ => "irregular",
    })
}

/// Whether the second number of a shape is its width (for a trapezoid that of its bottom, for a triangle of its top).
pub(super) fn has_width(shape: &str) -> bool {
    let shape = shape.to_ascii_uppercase();
    shape.starts_with("RECT")
        || matches!(
            shape.as_str(),
            "TRAPEZOIDAL"
                | "TRIANGULAR"
                | "HORIZ_ELLIPSE"
                | "VERT_ELLIPSE"
                | "ARCH"
                | "PARABOLIC"
                | "POWER"
                | "MODBASKETHANDLE"
        )
}

/// Whether the first number of a shape is its height; for others a word stands there.
pub(super) fn has_height(shape: &str) -> bool {
    !matches!(shape.to_ascii_uppercase().as_str(), "IRREGULAR" | "STREET" | "DUMMY")
}

/// SWMM's shape for the word of a record. What has no word here becomes a rectangle where a width is known, else a
/// circle.
pub(super) fn shape_of(section: Option<&str>, height_m: f64, width_m: Option<f64>) -> &'static str {
    match (section, width_m) {
        (Some("trapezoid"), Some(_)) => "TRAPEZOIDAL",
        (Some("triangle"), Some(_)) => "TRIANGULAR",
        (Some("ellipse"), Some(width)) if width > height_m => "HORIZ_ELLIPSE",
        (Some("ellipse"), Some(_)) => "VERT_ELLIPSE",
        (Some("rectangle" | "irregular"), Some(_)) => "RECT_CLOSED",
        (Some("rectangle"), None) => "RECT_CLOSED",
        _ => "CIRCULAR",
    }
}
