//! The sewer workbench in the window: its panel, what it draws over the map, the long profile.

pub(super) mod ask;
pub(super) mod card;
pub(super) mod costs_dialog;
pub(super) mod defects_dialog;
pub(super) mod overlay;
pub mod panel;
pub(super) mod perform;
pub(super) mod profile;
pub(super) mod strip;
pub mod swmm_dialog;
