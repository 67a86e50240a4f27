//! What can be asked of the sewer workbench, and what changes through it.

use crate::trades::sewer::cjj181::Rules;

use super::SewerAsk;
use super::board::SewerTopic;
use super::capacity::CapacityAsk;
use super::checks::{CheckAsk, FaultKey};
use super::defects::DefectImport;
use super::out::OutFile;
use super::profile::ProfileLook;
use super::swmm::SwmmRequest;

/// The sewer workbench.
#[derive(Debug)]
pub enum SewerCommand {
    /// Asks something of the network for the window; the answer stands in [`Session::sewer`](crate::session::Session::sewer).
    /// Asked again by itself after every edit.
    Ask(SewerAsk),
    /// Writes the ratings of CJJ 181 into inspections and pipes, as one step.
    WriteRatings(Rules),
    /// Takes a table of defects in, as one step.
    ImportDefects(Box<DefectImport>),
    /// Asks and writes what comes of it to a file; its ending names the format.
    Write {
        /// The question.
        ask: SewerAsk,
        /// The file.
        out: OutFile,
        /// How a long profile is drawn.
        look: ProfileLook,
    },
    /// Makes a layer of what is shown of a topic, as one step.
    Keep(SewerTopic),
    /// Makes the layer of loads, or brings it up to date, as one step.
    KeepLoads(Box<CapacityAsk>),
    /// Writes the sewers as a model of EPA SWMM.
    WriteSwmm(Box<SwmmRequest>),
    /// Marks a finding of the checks as no fault, as one step; said again it gets another reason.
    Excuse {
        /// The finding; its layer by table name or name.
        key: FaultKey,
        /// Why it is none.
        because: String,
    },
    /// Takes such a mark back.
    Accuse(FaultKey),
    /// Makes the fixes that the checks offer, as one step.
    Fix {
        /// What is checked.
        ask: CheckAsk,
        /// The findings; all that have a fix if there is nothing said.
        only: Option<Vec<FaultKey>>,
    },
    /// Keeps today's findings under a name, to be compared with later ones.
    KeepCheck {
        /// The name.
        campaign: String,
        /// What is checked.
        ask: CheckAsk,
    },
    /// Takes an answer off the map and the panel.
    Forget(SewerTopic),
}
