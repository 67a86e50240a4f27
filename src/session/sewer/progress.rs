//! What has become of findings that were kept under a name, written to files: one row a finding, with whether it is new,
//! there still, or gone.

use crate::geom::crs::Crs;
use crate::io::format::Written;
use crate::kinds;
use crate::model::feature::Feature;
use crate::model::schema::{Code, Field, Schema};
use crate::task::Task;
use crate::text::Text;

use super::SewerDesk;
use super::checks::{FoundFault, fault_point, fault_values};
use super::marks::Progress;
use super::out::OutFile;
use crate::session::answer::Failure;

/// What has become of one finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Became {
    /// It was not there then.
    New,
    /// It is there still.
    Still,
    /// It is gone.
    Gone,
}

impl Became {
    /// All, in the order in which lists have them.
    pub const ALL: [Self; 3] = [Self::New, Self::Still, Self::Gone];

    /// Its word in files.
    pub fn code(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Still => "still",
            Self::Gone => "gone",
        }
    }

    /// What a person reads.
    pub fn name(self) -> Text {
        match self {
            Self::New => Text::new("新增", "New"),
            Self::Still => Text::new("仍在", "Still there"),
            Self::Gone => Text::new("已消除", "Gone"),
        }
    }
}

impl Progress {
    /// The findings that became so.
    pub fn faults(&self, became: Became) -> &[FoundFault] {
        match became {
            Became::New => &self.new,
            Became::Still => &self.remaining,
            Became::Gone => &self.gone,
        }
    }
}

impl SewerDesk {
    /// Writes what has become of a campaign's findings as points.
    ///
    /// # Errors
    /// See [`SewerDesk::write_rows`].
    pub fn write_progress(&self, found: &Progress, out: &OutFile, task: &mut Task<'_>) -> Result<Written, Failure> {
        let faults = Became::ALL.into_iter().flat_map(|became| found.faults(became).iter().map(move |it| (became, it)));
        let row = |(id, (became, fault)): (i64, (Became, &FoundFault))| {
            let mut values = vec![became.code().into(), found.campaign.as_str().into()];
            values.extend([found.checked_on.as_str().into(), fault.rule.into()]);
            values.extend(fault_values(fault));
            Feature { id, geometry: fault_point(fault), values }
        };
        let rows: Vec<Feature> = (1..).zip(faults).map(row).collect();
        self.write_rows(out, &schema(), &rows, task)
    }
}

/// That of kept findings, with what became of each before it.
fn schema() -> Schema {
    let kind = kinds::find("sewer_finding").unwrap_or_else(kinds::plain);
    let mut schema = kind.schema(Crs::CGCS2000);
    let codes = Became::ALL.map(|became| Code { value: became.code().into(), name: became.name() }).to_vec();
    schema.fields.insert(0, Field { codes, ..Field::text("became", "变化", "Became") });
    schema
}
