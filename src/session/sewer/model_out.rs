//! A SWMM model written for the window: in a job, with what stands against a run told as problems of the file.

use crate::session::Session;
use crate::session::answer::{Answer, Failure};
use crate::session::command::JobId;
use crate::text::Text;

use super::swmm::SwmmRequest;

impl Session {
    /// Writes the sewers as a model of EPA SWMM.
    pub(super) fn write_swmm(&mut self, request: SwmmRequest) -> Result<JobId, Failure> {
        self.refuse_the_open_city(&request.path)?;
        let desk = self.sewers()?;
        Ok(self.jobs.start(Text::new("写出 SWMM 模型", "Writing a SWMM model"), move |_, mut task| {
            let report = desk.write_swmm(&request, &mut task)?;
            Ok(Answer::Exported {
                file: request.path,
                features: (report.nodes + report.links) as u64,
                bytes: report.bytes,
                problems: report.problems,
                passport: None,
            })
        }))
    }
}
