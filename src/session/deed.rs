//! What kind of thing a person did: a complaint about it goes away once the same kind of thing has gone well.

use super::command::{Command, EditCommand, ExchangeCommand, LookCommand};

/// Kinds of doing. A failure of one is put right by a success of the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Opening or making a city.
    City,
    /// Backing it up.
    Backup,
    /// Changing rows.
    Edit,
    /// Writing a note.
    Note,
    /// Hanging photos on a row, or taking them off.
    Photo,
    /// Changing layers.
    Layer,
    /// Changing how layers look.
    Style,
    /// Taking a file in, or looking into it first.
    Import,
    /// Writing a file.
    Export,
    /// Writing a picture of the map.
    Picture,
    /// Undo and redo.
    History,
    /// Selecting by condition.
    Select,
    /// The attribute table.
    Table,
    /// Keeping places.
    Bookmark,
    /// Asking the sewers, or changing them by what was found.
    Sewer,
    /// Settings.
    Settings,
}

impl Deed {
    /// The kind of a command; `None` for those that cannot fail, or are no doing of a person.
    pub(super) fn of(command: &Command) -> Option<Self> {
        Some(match command {
            Command::City(super::command::CityCommand::Backup { .. }) => Self::Backup,
            Command::City(_) => Self::City,
            Command::Edit(EditCommand::AddNote(_)) => Self::Note,
            Command::Edit(EditCommand::AddPhotos { .. } | EditCommand::RemovePhoto { .. }) => Self::Photo,
            Command::Edit(_) => Self::Edit,
            Command::Layer(_) | Command::Ground(_) => Self::Layer,
            Command::Style(_) => Self::Style,
            Command::Exchange(
                ExchangeCommand::Survey { .. }
                | ExchangeCommand::Import(_)
                | ExchangeCommand::Compare(_)
                | ExchangeCommand::Take { .. }
                | ExchangeCommand::EndCompare
                | ExchangeCommand::KeepRecipe(_)
                | ExchangeCommand::SaveRecipe { .. },
            ) => Self::Import,
            Command::Exchange(ExchangeCommand::Export(_) | ExchangeCommand::SaveProfile { .. }) => Self::Export,
            Command::Exchange(ExchangeCommand::Picture(_)) => Self::Picture,
            Command::History(_) => Self::History,
            Command::Look(LookCommand::SelectWhere { .. } | LookCommand::SelectAll(_)) => Self::Select,
            Command::Look(LookCommand::Table(_)) => Self::Table,
            Command::Look(LookCommand::AddBookmark(_) | LookCommand::RemoveBookmark(_)) => Self::Bookmark,
            Command::Sewer(_) => Self::Sewer,
            Command::Settings(_) => Self::Settings,
            Command::Look(_) | Command::CancelJob(_) => return None,
        })
    }
}
