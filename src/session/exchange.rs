//! Files come in and go out: the one door to import, comparison and export, and what both ways share.

pub mod formats;
pub(super) mod lossless;
pub(super) mod passport;

use std::path::Path;

use crate::text::Text;

use super::Session;
use super::answer::{Failure, FailureKind};
use super::command::{ExchangeCommand, JobId};

impl Session {
    pub(super) fn run_exchange(&mut self, command: ExchangeCommand) -> Result<Option<JobId>, Failure> {
        match command {
            ExchangeCommand::Survey { path, read } => {
                self.refuse_the_open_city(&path)?;
                Ok(Some(self.survey(path, read)))
            }
            ExchangeCommand::Import(request) => {
                request.paths.iter().try_for_each(|path| self.refuse_the_open_city(path))?;
                self.import(request).map(Some)
            }
            ExchangeCommand::Export(request) => self.export(request).map(Some),
            ExchangeCommand::Picture(request) => self.picture_job(request).map(Some),
            ExchangeCommand::Compare(request) => self.compare(request).map(Some),
            ExchangeCommand::Take { which, parts } => self.take_differences(&which, parts),
            ExchangeCommand::EndCompare => {
                self.lists.comparison = None;
                Ok(None)
            }
            ExchangeCommand::KeepRecipe(recipe) => self.keep_recipe(*recipe).map(|()| None),
            ExchangeCommand::SaveProfile { path, profile } => self.save_profile(&path, &profile).map(|()| None),
            ExchangeCommand::SaveRecipe { path, recipe } => self.save_recipe(&path, &recipe).map(|()| None),
        }
    }

    /// A city is no source for itself: to look into its file by another way would let go of the locks on it.
    pub(super) fn refuse_the_open_city(&self, path: &Path) -> Result<(), Failure> {
        let is_it = |city: &Path| city.canonicalize().is_ok_and(|city| path.canonicalize().is_ok_and(|it| it == city));
        if self.open.as_ref().is_some_and(|open| is_it(open.city.path())) {
            let text = Text::new(
                "这就是已打开的城市文件，不能导入自己",
                "This is the city that is open: it cannot be imported into itself",
            );
            return Err(Failure::new(FailureKind::Usage, text));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
