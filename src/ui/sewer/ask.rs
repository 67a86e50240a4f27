//! Questions to the sewers, as the window asks them: from the map's tools and menus, and of each topic the usual one.

use crate::session::Session;
use crate::session::command::{Command, SettingsCommand};
use crate::session::map::clusters::Glance;
use crate::session::place;
use crate::session::sewer::SewerAsk;
use crate::session::sewer::board::SewerTopic;
use crate::session::sewer::checks::CheckAsk;
use crate::session::sewer::place::SewerPlace;
use crate::session::sewer::questions::{Direction, ProfileCourse};
use crate::session::sewer::settings::SewerSettings;
use crate::session::sewer::users::UsersAsk;
use crate::session::state::{FeatureRef, LayerView};
use crate::trades::sewer::basins::EndsAt;
use crate::trades::sewer::inspected::By;

use crate::ui::ask::UiAsk;
use crate::ui::tools::ToolKind;

/// A click this many times farther from a pipe than the pointer's tolerance still means it, where nothing nearer is drawn.
const REACH: f64 = 4.0;

/// The pipe or node under the pointer; where none is drawn, the place itself: small pipes are not drawn from afar.
pub(in crate::ui) fn place(session: &Session, glance: &Glance) -> SewerPlace {
    if let Some(FeatureRef { layer, id }) = at(session, glance) {
        return SewerPlace::Row { layer, id };
    }
    // A tenth of a metre is less than a pixel at any scale.
    let lonlat = place::lonlat_from_world(glance.at_world).map(|degrees| (degrees * 1e6).round() / 1e6);
    // Web Mercator's metres are longer than those of the ground.
    let reach_m = glance.tolerance_m * REACH * lonlat[1].to_radians().cos();
    SewerPlace::At { lonlat, reach_m: reach_m.max(5.0) }
}

/// The pipe or node that is drawn under the pointer.
pub(in crate::ui) fn at(session: &Session, glance: &Glance) -> Option<FeatureRef> {
    session.hover_of(glance, &is_sewer)
}

/// Whether a layer is part of the network.
pub(in crate::ui) fn is_sewer(layer: &LayerView) -> bool {
    is_pipes(layer) || layer.kind.id == "sewer_node"
}

/// Whether a layer holds pipes.
pub(in crate::ui) fn is_pipes(layer: &LayerView) -> bool {
    layer.kind.id == "sewer_pipe"
}

/// What a tool asks about places that were clicked.
pub(in crate::ui) fn of_tool(kind: ToolKind, places: Vec<SewerPlace>) -> Option<SewerAsk> {
    let mut places = places.into_iter();
    let first = places.next()?;
    Some(match kind {
        ToolKind::TraceUp => trace(first, Direction::Up),
        ToolKind::TraceDown => trace(first, Direction::Down),
        ToolKind::ClosePipe => SewerAsk::Close(vec![first]),
        ToolKind::Path => SewerAsk::Path { from: first, to: places.next()?, with_flow: true },
        ToolKind::Profile => SewerAsk::Profile(match places.next() {
            Some(to) => ProfileCourse::Joining([first, to]),
            None => ProfileCourse::Down(first),
        }),
        _ => return None,
    })
}

/// Of a question whose result lies at some place: whether that was pointed at on the map. `None` for questions about all
/// of the network.
pub(in crate::ui) fn is_looked_for(ask: &SewerAsk) -> Option<bool> {
    let is_of_map = |place: &SewerPlace| !matches!(place, SewerPlace::Words(_));
    match ask {
        SewerAsk::Trace { from, .. } | SewerAsk::Profile(ProfileCourse::Down(from)) => Some(is_of_map(from)),
        SewerAsk::Path { from, to, .. } | SewerAsk::Profile(ProfileCourse::Between { from, to, .. }) => {
            Some(is_of_map(from) && is_of_map(to))
        }
        SewerAsk::Profile(ProfileCourse::Joining(places)) => Some(places.iter().all(is_of_map)),
        SewerAsk::Close(places) => Some(places.iter().all(is_of_map)),
        SewerAsk::Longest(_) | SewerAsk::Profile(ProfileCourse::Longest(_)) => Some(false),
        _ => None,
    }
}

/// A trace from a place.
pub(in crate::ui) fn trace(from: SewerPlace, direction: Direction) -> SewerAsk {
    SewerAsk::Trace { from, direction }
}

/// Keeps what a bureau chose for its sewers; the plan that is shown is made anew with it, for the same budget.
pub(in crate::ui) fn with_settings(session: &Session, settings: SewerSettings) -> [UiAsk; 2] {
    let budget_yuan = match session.sewer().slot(SewerTopic::Plan).map(|slot| &slot.asked) {
        Some(SewerAsk::Plan(ask)) => ask.budget_yuan,
        _ => None,
    };
    let plan = settings.plan(budget_yuan);
    [UiAsk::Run(Command::Settings(SettingsCommand::Sewer(settings))), UiAsk::Sewer(SewerAsk::Plan(plan))]
}

/// What is asked of a topic when nobody says more; `None` where a place is needed first.
pub(in crate::ui) fn usual(session: &Session, topic: SewerTopic) -> Option<SewerAsk> {
    let settings = &session.settings().sewer;
    Some(match topic {
        SewerTopic::Summary => SewerAsk::Summary,
        SewerTopic::Trace | SewerTopic::Profile | SewerTopic::Pipe | SewerTopic::Defects => return None,
        SewerTopic::Checks => SewerAsk::Check(CheckAsk::default()),
        SewerTopic::Cross => SewerAsk::Cross,
        SewerTopic::Condition => SewerAsk::Condition(settings.rules()),
        SewerTopic::Inspected => SewerAsk::Inspected(By::Year),
        SewerTopic::Plan => SewerAsk::Plan(settings.plan(None)),
        SewerTopic::Basins => SewerAsk::Basins(EndsAt::All),
        SewerTopic::Users => {
            SewerAsk::Users(UsersAsk { outfalls: true, rules: settings.users.rules(), ..UsersAsk::default() })
        }
        SewerTopic::Capacity => SewerAsk::Capacity(settings.loads()),
    })
}
