//! Checks of the network: one list of rules, each a function over the live network.
//!
//! Ids SW01 to SW32 and their parameters follow the bureau's table of sewer checks (made from surveys after CJJ 61 and
//! from the census guideline); SW33 to SW39 are this program's own. Rules judge by the direction of the record: inverts
//! that contradict it are a finding, never a silent turn. Pressure mains, pumps and weirs and pipes at siphon wells are
//! excused from the rules about slopes; a drop manhole explains a steep pipe into it, but never a rising one.
//!
//! One fault is told once where that can be known: a pipe that lies twice is no overlap, a dead end that a reversed pipe
//! makes is no dead end of its own, an odd size that makes a large pipe run into a small one is told there.

mod attributes;
mod drawing;
#[cfg(test)]
mod drawing_tests;
mod flow;
mod geometry;
mod levels;
mod places;
mod references;
mod rules;
#[cfg(test)]
mod sample_tests;
mod scene;
mod segments;
pub mod settings;
mod sizes;
mod surveys;
mod systems;
#[cfg(test)]
mod tests;

use crate::text::Text;

use super::pipe::RowRef;
use super::sewers::Sewers;

pub use rules::RULES;
pub use settings::Settings;
pub use surveys::{Long, Survey, SurveyDefect};

use scene::Scene;

/// Most findings of one rule that are kept one by one; the rest is counted.
pub const MOST_FINDINGS: usize = 100_000;

/// How grave a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// It is wrong.
    Error,
    /// Somebody should look at it.
    Warning,
    /// It is unusual.
    Info,
}

impl Severity {
    /// The word on the command line and in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::Error => Text::new("错误", "Error"),
            Self::Warning => Text::new("注意", "Warning"),
            Self::Info => Text::new("提示", "Hint"),
        }
    }
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// `SW10`; stable, for filters, marks and files.
    pub id: &'static str,
    /// What it finds.
    pub name: Text,
    /// When it fires and what is excused.
    pub why: Text,
    /// How grave its findings are.
    pub severity: Severity,
    run: fn(&Scene<'_>, &mut Found),
}

impl PartialEq for Rule {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Rule {}

impl Rule {
    /// The rule with this id, letter case aside.
    pub fn find(id: &str) -> Option<&'static Self> {
        RULES.iter().find(|rule| rule.id.eq_ignore_ascii_case(id.trim()))
    }
}

/// One thing that a rule has found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Id of the rule.
    pub rule: &'static str,
    /// How grave it is.
    pub severity: Severity,
    /// The row it is about.
    pub element: RowRef,
    /// Another row that has to do with it.
    pub other: Option<RowRef>,
    /// Longitude and latitude, degrees; `None` for what has no place.
    pub at: Option<[f64; 2]>,
    /// What is wrong, with the values.
    pub what: Text,
    /// What would mend it, where that is certain.
    pub fix: Option<Fix>,
}

/// What mends a finding: changes of rows, one step to undo.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What a person reads on the button.
    pub label: Text,
    /// The changes.
    pub changes: Vec<Change>,
}

/// One change of a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// A field gets a text.
    Text(RowRef, &'static str, Box<str>),
    /// A field gets a number.
    Number(RowRef, &'static str, f64),
    /// A field gets empty.
    Clear(RowRef, &'static str),
    /// The two node codes change places.
    SwapNodes(RowRef),
    /// The pipe runs the other way: node codes and inverts change places, the line turns around if asked.
    Reverse {
        /// The pipe.
        row: RowRef,
        /// Whether the line turns around too: not where it was drawn with the true flow already.
        line: bool,
    },
    /// The line turns around; nodes and inverts stay.
    TurnLine(RowRef),
    /// The row goes, if it is the same as another in every value and its shape.
    DeleteCopy {
        /// The row that goes.
        row: RowRef,
        /// The row that stays.
        of: RowRef,
    },
}

impl Change {
    /// The row that changes.
    pub fn row(&self) -> RowRef {
        match *self {
            Self::Text(row, ..) | Self::Number(row, ..) | Self::Clear(row, _) => row,
            Self::SwapNodes(row) | Self::TurnLine(row) => row,
            Self::Reverse { row, .. } | Self::DeleteCopy { row, .. } => row,
        }
    }
}

impl Finding {
    /// A finding about a row; its rule and severity come with [`Found::add`].
    fn new(element: RowRef, at: Option<[f64; 2]>, what: Text) -> Self {
        Self { rule: "", severity: Severity::Info, element, other: None, at, what, fix: None }
    }

    fn with(self, other: RowRef) -> Self {
        Self { other: Some(other), ..self }
    }

    fn fixed_by(self, label: Text, changes: Vec<Change>) -> Self {
        let fix = (!changes.is_empty()).then_some(Fix { label, changes });
        Self { fix, ..self }
    }
}

/// What one rule has found so far.
struct Found {
    rule: &'static Rule,
    findings: Vec<Finding>,
    total: usize,
    notes: Vec<Text>,
}

impl Found {
    fn add(&mut self, finding: Finding) {
        self.total += 1;
        if self.findings.len() < MOST_FINDINGS {
            self.findings.push(Finding { rule: self.rule.id, severity: self.rule.severity, ..finding });
        }
    }

    /// What holds of the whole city is said once, not of every row.
    fn note(&mut self, words: Text) {
        self.notes.push(words);
    }

    fn add_some(&mut self, finding: Option<Finding>) {
        finding.into_iter().for_each(|finding| self.add(finding));
    }
}

/// How many findings a rule has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Count {
    /// Id of the rule.
    pub rule: &'static str,
    /// Findings, those that are not listed too.
    pub findings: usize,
}

/// What the rules have found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The findings, in the order of the rules and of the rows.
    pub findings: Vec<Finding>,
    /// Of each rule that was asked, how many there are.
    pub counts: Vec<Count>,
    /// What holds of the whole city, and is told once rather than of every row.
    pub notes: Vec<Text>,
}

impl Outcome {
    /// Findings that are counted but not listed.
    pub fn omitted(&self) -> usize {
        self.counts.iter().map(|count| count.findings).sum::<usize>() - self.findings.len()
    }
}

/// Holds rules against the network; `asked` says which, `surveys` are the inspections that two of them are about.
pub fn check(sewers: &Sewers, surveys: &[Survey], settings: &Settings, asked: impl Fn(&Rule) -> bool) -> Outcome {
    let scene = Scene::new(sewers, surveys, settings);
    let mut outcome = Outcome::default();
    for rule in RULES.iter().filter(|rule| asked(rule)) {
        let mut found = Found { rule, findings: Vec::new(), total: 0, notes: Vec::new() };
        (rule.run)(&scene, &mut found);
        found.findings.sort_by_key(|finding| (finding.element, finding.other));
        outcome.counts.push(Count { rule: rule.id, findings: found.total });
        outcome.findings.append(&mut found.findings);
        outcome.notes.append(&mut found.notes);
    }
    outcome
}
