//! The bureau's own figures, which the sample city meets, and what they become in a larger or smaller one.

/// How much of everything there is.
pub(super) struct Figures {
    /// Unit-grid cells, and their area.
    pub(super) cells: usize,
    pub(super) area_m2: f64,
    /// Foul and combined sewers.
    pub(super) foul_m: f64,
    /// Inspected sewers.
    pub(super) inspected_m: f64,
    /// Four-class kiosks.
    pub(super) kiosks: usize,
    /// Compounds without property management.
    pub(super) unmanaged: usize,
    /// Roads with overhead cables treated; those with new ducts, and the length of these.
    pub(super) cable_roads: usize,
    pub(super) duct_roads: usize,
    pub(super) duct_m: f64,
    /// Roads with a chief; key roads among them.
    pub(super) chief_roads: usize,
    pub(super) key_roads: usize,
    /// Cameras, and those online.
    pub(super) cameras: usize,
    pub(super) cameras_online: usize,
    /// Sensors in manholes.
    pub(super) sensors: usize,
    /// Lamp controllers.
    pub(super) controllers: usize,
    /// Bridges.
    pub(super) bridges: usize,
    /// Incinerators, kitchen-waste plants, bulky-waste yards.
    pub(super) waste_plants: [usize; 3],
    /// Cases and notes.
    pub(super) cases: usize,
    pub(super) notes: usize,
    /// Drainage users in shops along the streets, and permits that end soon.
    pub(super) shops: usize,
    pub(super) expiring: usize,
    /// What is wrong with drainage users: unlicensed, expired, no grease trap, joined to a storm sewer, no lateral near.
    pub(super) user_faults: [usize; 5],
    /// Planted faults: adverse slopes, big into small, cross connections, orphans.
    pub(super) faults: [usize; 4],
}

impl Figures {
    /// The figures of a city of `scale` × 80 km².
    pub(super) fn new(scale: f64) -> Self {
        let count = |real: f64| (real * scale).round().max(1.0) as usize;
        Self {
            cells: count(8034.0),
            area_m2: 80e6 * scale,
            foul_m: 1_095_580.0 * scale,
            inspected_m: 105_414.0 * scale,
            kiosks: count(337.0),
            unmanaged: count(515.0),
            cable_roads: count(153.0),
            duct_roads: count(12.0),
            duct_m: 4000.0 * scale,
            chief_roads: count(71.0),
            key_roads: count(12.0),
            cameras: count(200.0),
            cameras_online: count(175.0),
            sensors: count(40.0),
            controllers: count(200.0),
            bridges: count(55.0),
            waste_plants: [count(3.0), count(12.0), count(7.0)],
            cases: count(1286.0),
            notes: count(214.0),
            shops: count(480.0),
            expiring: count(20.0),
            user_faults: [count(60.0), count(45.0), count(50.0), count(35.0), count(25.0)],
            faults: [count(40.0), count(30.0), count(25.0), count(20.0)],
        }
    }
}
