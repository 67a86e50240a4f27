//! The symbols that come with the program, from `assets/symbols`.

/// Makes the table of symbols: id, SVG for the light map, SVG for the dark map.
macro_rules! symbols {
    ($($id:literal)*) => {
        &[$((
            $id,
            include_str!(concat!("../../assets/symbols/", $id, ".svg")),
            include_str!(concat!("../../assets/symbols/dark/", $id, ".svg")),
        )),*]
    };
}

/// Every symbol, by id: on the light map and on the dark one.
pub const SYMBOLS: &[(&str, &str, &str)] = symbols! {
    "bridge"
    "bulky-plant"
    "camera-offline"
    "camera-online"
    "case-checking"
    "case-closed"
    "case-collected"
    "case-dispatched"
    "case-filed"
    "case-handling"
    "case-overdue"
    "case-rejected"
    "case-suspended"
    "handhole"
    "incinerator"
    "inlet"
    "kiosk-check"
    "kiosk-closed"
    "kiosk-missing"
    "kiosk-ok"
    "kitchen-plant"
    "lamp-fault"
    "lamp-on"
    "manhole-combined"
    "manhole-foul"
    "manhole-storm"
    "manhole-unknown"
    "note-high-done"
    "note-high-open"
    "note-high-overdue"
    "note-high-work"
    "note-low-done"
    "note-low-open"
    "note-low-overdue"
    "note-low-work"
    "note-mid-done"
    "note-mid-open"
    "note-mid-overdue"
    "note-mid-work"
    "outfall"
    "plant"
    "pole"
    "pump"
    "sensor-alarm"
    "sensor-ok"
    "user-home"
    "user-licensed"
    "user-unlicensed"
};
